"""Which column is which: standard fields found under the many names people give them."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping

import pandas as pd

from geodata.errors import DataError

ALIASES: Mapping[str, tuple[str, ...]] = {
    "village_id": ("village id", "id thon", "ma thon", "ma ban", "ma xom", "ma thon ban", "poi id"),
    "village": (
        "village",
        "village name",
        "thon",
        "ban",
        "xom",
        "khoi",
        "ten thon",
        "ten ban",
        "ten xom",
        "ten thon ban",
        "thon ban",
        "thon ban xom khoi",
        "thon xom",
        "thon to dan pho",
        "hamlet",
        "to dan pho",
        "name",
        "ten",
    ),
    "commune_code": ("commune code", "ma xa", "ward code", "ma phuong xa", "maxa"),
    "commune": (
        "commune",
        "commune name",
        "xa",
        "ten xa",
        "xa phuong",
        "phuong xa",
        "ward",
        "ward full name",
        "ward name",
        "xa phuong thi tran",
    ),
    "district_code": ("district code", "ma huyen", "mahuyen", "ma quan huyen"),
    "district": ("district", "district name", "huyen", "ten huyen", "quan huyen", "huyen thi"),
    "population": ("population", "dan so", "danso", "so dan", "nhan khau", "so nhan khau"),
    "households": ("households", "so ho", "soho", "ho", "ho dan", "so ho dan"),
    "electrified": ("electrified", "dien luoi", "co dien", "has electricity", "dien"),
    "fund_eligible": ("fund eligible", "vtci", "vien thong cong ich", "dac biet kho khan", "dbkk"),
    "lon": ("lon", "lng", "long", "longitude", "kinh do"),
    "lat": ("lat", "latitude", "vi do"),
    "x": ("x", "toa do x", "x m", "xcoord"),
    "y": ("y", "toa do y", "y m", "ycoord"),
    "operator": ("operator", "nha mang", "doanh nghiep", "operator name", "brandname"),
    "technology": ("technology", "cong nghe", "radio type", "techno", "the he"),
    "code": ("code", "ma"),
    "name": ("name", "ten"),
    "zone": ("zone", "vung", "khu vuc", "ten vung", "name"),
    "phase": ("phase", "giai doan"),
    "status": ("status", "trang thai", "tinh trang"),
    "start": ("start", "bat dau", "ngay bat dau", "date"),
}
"""Standard field → names it goes by, in `plain` form, the most telling first."""

YES = frozenset({"1", "true", "yes", "y", "x", "co", "dung", "t"})
NO = frozenset({"0", "false", "no", "n", "khong", "chua", "sai", "f"})


def plain(text: str) -> str:
    """A name without marks, case, punctuation or doubled spaces; for comparing, never showing.

    >>> plain("TÊN_THÔN / Bản")
    'ten thon ban'
    """
    flat = unicodedata.normalize("NFD", str(text).casefold())
    bare = "".join(c for c in flat if not unicodedata.combining(c)).replace("đ", "d")
    return " ".join(re.findall(r"[a-z0-9]+", bare))


def find_columns(
    columns: Iterable[str],
    wanted: Iterable[str],
    *,
    given: Mapping[str, str] | None = None,
    file: str = "",
) -> dict[str, str]:
    """Standard field → column of the table, for those of ``wanted`` that are there.

    ``given`` columns win over detection. Raises `DataError` for a given column that is not
    in the table, naming the nearest one that is.
    """
    names = [str(column) for column in columns]
    found: dict[str, str] = {}
    for field, asked in (given or {}).items():
        if asked not in names:
            near = difflib.get_close_matches(plain(asked), [plain(n) for n in names], n=1)
            hint = next((n for n in names if near and plain(n) == near[0]), None)
            raise DataError(
                "{file} has no column {column} (asked for as {field}); it has {names}{hint}",
                file=file,
                column=asked,
                field=field,
                names=", ".join(names[:30]),
                hint=f" — {hint}?" if hint else "",
            )
        found[field] = asked
    by_plain: dict[str, str] = {}
    for name in names:
        by_plain.setdefault(plain(name), name)
    for field in wanted:
        if field in found:
            continue
        names_of = (plain(field), *ALIASES.get(field, ()))
        free = (by_plain[a] for a in names_of if a in by_plain)
        column = next((c for c in free if c not in found.values()), None)
        if column is not None:
            found[field] = column
    return found


def text(column: pd.Series) -> pd.Series[str]:
    """A column as text in one Unicode form (NFC); empty and missing are NA."""
    values = [_one_text(value) for value in column]
    return pd.Series(values, index=column.index, dtype="string")


def _one_text(value: object) -> str | None:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):  # noqa: PLR0124  # NaN is the one number unlike itself
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return unicodedata.normalize("NFC", str(value)).strip() or None


def numbers(column: pd.Series, *, field: str, file: str) -> pd.Series[float]:
    """A column as numbers, with points or commas as Vietnamese or English writes them.

    Missing stays missing. Raises `DataError` with the first row that is no number.
    """
    if pd.api.types.is_numeric_dtype(column):
        return column.astype("Float64").astype("float64")
    values = [_one_number(cell) for cell in text(column)]
    wrong = [k for k, value in enumerate(values) if value == "?"]
    if wrong:
        raise DataError(
            "{file}, row {row}: {field} is {found}, which is not a number; correct it",
            file=file,
            row=wrong[0] + 1,
            field=field,
            found=repr(column.iloc[wrong[0]]),
        )
    return pd.Series(values, index=column.index, dtype="float64")


def _one_number(cell: object) -> float | str | None:
    """A number, None where nothing is written, "?" where something else is."""
    if cell is None or cell is pd.NA:
        return None
    bare = str(cell).replace("\u00a0", "").replace(" ", "")
    if re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?", bare):
        bare = bare.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", bare):
        bare = bare.replace(",", "")
    else:
        bare = bare.replace(",", ".")
    return float(bare) if re.fullmatch(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", bare) else "?"


def truths(column: pd.Series, *, field: str, file: str) -> pd.Series[bool]:
    """A column as yes or no, in Vietnamese, English or ticks; missing stays missing.

    Raises `DataError` with the first row that is neither.
    """
    if pd.api.types.is_bool_dtype(column):
        return column.astype("boolean")
    values: list[bool | None] = []
    cells: list[object] = list(text(column))
    for k, cell in enumerate(cells):
        word = None if cell is pd.NA else plain(str(cell))
        if word is not None and word not in YES | NO:
            raise DataError(
                "{file}, row {row}: {field} is {found}; write có or không, yes or no",
                file=file,
                row=k + 1,
                field=field,
                found=repr(cell),
            )
        values.append(None if word is None else word in YES)
    return pd.Series(values, index=column.index, dtype="boolean")
