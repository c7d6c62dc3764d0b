"""Which column is which: standard fields found under the many names people give them."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.errors import DataError, Phrase, phrase
from geodata.syllables import TONES

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
    "district": (
        "district",
        "district name",
        "huyen",
        "ten huyen",
        "quan huyen",
        "huyen thi",
        "huyen thi thanh pho",
    ),
    "province": ("province", "tinh", "ten tinh", "tinh thanh pho"),
    "population": ("population", "dan so", "danso", "so dan", "nhan khau", "so nhan khau"),
    "households": ("households", "so ho", "soho", "ho", "ho dan", "so ho dan"),
    "weight": ("weight", "trong so"),
    "electrified": ("electrified", "dien luoi", "co dien", "has electricity"),
    "fund_eligible": ("fund eligible", "vtci", "vien thong cong ich", "dac biet kho khan", "dbkk"),
    "lon": ("lon", "lng", "long", "longitude", "kinh do", "kinh do e", "kinh do dong"),
    "lat": ("lat", "latitude", "vi do", "vi do n", "vi do bac"),
    "x": ("x", "toa do x", "x m", "x vn2000", "xcoord", "coord x", "point x", "easting"),
    "y": ("y", "toa do y", "y m", "y vn2000", "ycoord", "coord y", "point y", "northing"),
    "latlon": (
        "lat lon",
        "lat long",
        "lat lng",
        "lon lat",
        "toa do",
        "toa do gps",
        "gps",
        "vi do kinh do",
        "kinh do vi do",
        "coordinates",
        "vi tri",
        "location",
    ),
    "wkt": ("wkt", "geom", "the geom", "geometry", "wkt geom", "geom wkt", "wkt geometry", "shape"),
    "operator": ("operator", "nha mang", "doanh nghiep", "operator name", "brandname"),
    "technology": ("technology", "cong nghe", "radio type", "techno", "the he"),
    "code": ("code", "ma"),
    "name": ("name", "ten"),
    "zone": ("zone", "vung", "khu vuc", "ten vung", "name"),
    "phase": ("phase", "giai doan"),
    "status": ("status", "trang thai", "tinh trang"),
    "site": ("site", "site id", "tram", "ten tram", "ma tram", "bts", "name"),
    "technologies": ("technologies", "technology", "cong nghe", "radio"),
    "source": ("source", "nguon"),
    "start": ("start", "bat dau", "ngay bat dau", "date"),
}
"""Standard field → names it goes by, in `plain` form, the most telling first."""

YES = frozenset({"1", "true", "yes", "y", "x", "co", "dung", "t"})
NO = frozenset({"0", "false", "no", "n", "khong", "chua", "sai", "f", "khong co", "chua co"})
TICKS = frozenset("✓✔☑☒xX×")
NOTHING = frozenset({"-", "–", "—", "n/a", "na", "nan", "null", "none", "…", "..."})
"""What people write into a cell to say that they know nothing."""

COUNTS = frozenset({"population", "households"})


def plain(text: str) -> str:
    """A name without marks, case, punctuation or doubled spaces; for comparing, never showing.

    >>> plain("TÊN_THÔN / Bản")
    'ten thon ban'
    """
    flat = unicodedata.normalize("NFD", str(text).casefold())
    bare = "".join(c for c in flat if not unicodedata.combining(c)).replace("đ", "d")
    return " ".join(re.findall(r"[a-z0-9]+", bare))


def marked(text: str) -> str:
    """A name with its marks, wherever in a syllable they are put; for comparing, never showing.

    Stricter than `plain`: Hoà is Hòa and Thuỷ is Thủy, but Đông is not Đồng.

    >>> marked("Thái Hoà") == marked("THÁI HÒA"), marked("Đông") == marked("Đồng")
    (True, False)
    """
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", str(text)).casefold())
    return " ".join(map(_tone_last, words))


def _tone_last(word: str) -> str:
    """A word with its tones behind it: which letter carries one is a matter of spelling."""
    apart = unicodedata.normalize("NFD", word)
    letters = "".join(sign for sign in apart if sign not in TONES)
    tones = "".join(sign for sign in apart if sign in TONES)
    return unicodedata.normalize("NFC", letters) + tones


def find_columns(
    columns: Iterable[str],
    wanted: Iterable[str],
    *,
    given: Mapping[str, str] | None = None,
    file: str = "",
) -> dict[str, str]:
    """Standard field → column of the table, for those of ``wanted`` that are there.

    ``given`` columns win over detection; of others, marks, case, spaces and underscores do
    not matter. Raises `DataError` for a given column that is not
    in the table, naming the nearest one that is.
    """
    names = [str(column) for column in columns]
    found = {field: _given(asked, field, names, file) for field, asked in (given or {}).items()}
    by_key: dict[str, str] = {}
    for name in names:
        by_key.setdefault(_key(name), name)
    for field in wanted:
        if field in found:
            continue
        free = (by_key[key] for key in _keys(field, names) if key in by_key)
        column = next((c for c in free if c not in found.values()), None)
        if column is not None:
            found[field] = column
    return found


def columns_told(columns: Iterable[object]) -> Phrase:
    """The columns that we know by name, and how many others there are.

    The first line of what is no table is contents, and no error shows them.

    >>> str(columns_told(["Thôn", "Dân số", "root:x:0:0"]))
    'Thôn, Dân số and 1 others'
    """
    names = [str(column) for column in columns]
    known = [name for name in names if _key(name) in _known_keys()]
    if not known:
        return phrase("{count} columns of no known name", count=len(names))
    return phrase(
        "{names} and {count} others", names=", ".join(known[:30]), count=len(names) - len(known)
    )


@cache
def _known_keys() -> frozenset[str]:
    fields = {key for field in ALIASES for key in (*_whole_keys(field), *_cut_keys(field))}
    return frozenset(fields)


def _given(asked: str, field: str, names: list[str], file: str) -> str:
    """The column asked for, which must be there; Unicode forms may differ."""
    same = {unicodedata.normalize("NFC", name): name for name in names}
    column = same.get(unicodedata.normalize("NFC", asked))
    if column is not None:
        return column
    near = difflib.get_close_matches(plain(asked), [plain(n) for n in names], n=1)
    hint = next((n for n in names if near and plain(n) == near[0]), None)
    raise DataError(
        "{file} has no column {column} (asked for as {field}); it has {names}{hint}",
        file=file,
        column=asked,
        field=field,
        names=columns_told(names),
        hint=f" — {hint}?" if hint else "",
    )


@lru_cache(maxsize=4096)
def _key(name: str) -> str:
    """What two spellings of a column's name have in common: "TenThon" is "Tên thôn"."""
    return plain(name).replace(" ", "")


def _keys(field: str, names: list[str]) -> tuple[str, ...]:
    """Keys a field goes by. A Shapefile keeps the first ten letters of a name, so try those."""
    keys = _whole_keys(field)
    return keys + _cut_keys(field) if any(len(name) == 10 for name in names) else keys


@cache
def _whole_keys(field: str) -> tuple[str, ...]:
    return tuple(_key(alias) for alias in _aliases(field))


@cache
def _cut_keys(field: str) -> tuple[str, ...]:
    return tuple(_key(alias.replace(" ", "_")[:10]) for alias in _aliases(field) if len(alias) > 10)


def _aliases(field: str) -> tuple[str, ...]:
    return (plain(field), *ALIASES.get(field, ()))


def row_number(index: pd.Index, at: int) -> int:
    """How people count the row at a position: as the file does where `read_table` read it."""
    return int(index[at]) if index.name == "row" else at + 1


def listed_rows(rows: Sequence[int], *, most: int = 200) -> str:
    """Row numbers as people write them, those in a line as one.

    >>> listed_rows([2, 5, 6, 7, 9])
    '2, 5-7, 9'
    """
    parts: list[list[int]] = []
    for row in rows:
        if parts and row == parts[-1][1] + 1:
            parts[-1][1] = row
        else:
            parts.append([row, row])
    told = [str(a) if a == b else f"{a}-{b}" for a, b in parts]
    return ", ".join(told[:most]) + (", …" if len(told) > most else "")


def row_numbers(index: pd.Index) -> npt.NDArray[np.int64]:
    """`row_number` of every row."""
    if index.name == "row":
        return index.to_numpy(dtype=np.int64)
    return np.arange(1, len(index) + 1, dtype=np.int64)


def text(column: pd.Series) -> pd.Series[str]:
    """A column as text in one Unicode form (NFC); empty and missing are NA."""
    values = [_one_text(value) for value in column.to_numpy(dtype=object)]
    return pd.Series(values, index=column.index, dtype="string")


def _one_text(value: object) -> str | None:
    if isinstance(value, str):
        told = value if value.isascii() else unicodedata.normalize("NFC", value)
        return told.strip() or None
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):  # noqa: PLR0124  # NaN is the one number unlike itself
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return unicodedata.normalize("NFC", str(value)).strip() or None


def numbers(column: pd.Series, *, field: str, file: str) -> pd.Series[float]:
    """A column as numbers, with points or commas as Vietnamese or English writes them.

    ``1.234`` is a thousand and more where ``field`` counts people, and little over one where
    it does not. Missing stays missing. Raises `DataError` with the first row that is no
    number, or a count below zero.
    """
    whole = field in COUNTS
    values = [_one_number(cell, whole=whole) for cell in column]
    for at, (cell, value) in enumerate(zip(column, values, strict=True)):
        if value is not None and not math.isfinite(value):
            raise DataError(
                "{file}, row {row}: {field} is {found}, which is not a number; correct it",
                file=file,
                row=row_number(column.index, at),
                field=field,
                found=repr(cell),
            )
        if value is not None and whole and value < 0:
            raise DataError(
                "{file}, row {row}: {field} is {found}, which is less than nothing; correct it",
                file=file,
                row=row_number(column.index, at),
                field=field,
                found=repr(cell),
            )
    return pd.Series(values, index=column.index, dtype="float64")


def _one_number(cell: object, *, whole: bool) -> float | None:
    """A number, None where nothing is written, infinity where something else is."""
    if isinstance(cell, (int, float, np.number)) and not isinstance(cell, bool):
        return None if np.isnan(cell) else float(cell)
    written = _one_text(cell)
    if written is None or written.casefold() in NOTHING:
        return None
    bare = re.sub(r"[\s\u00a0\u202f]", "", written)
    for point, comma in ((".", ","), (",", ".")):
        grouped = rf"[+-]?\d{{1,3}}(\{point}\d{{3}})+(\{comma}\d+)?"
        sure = whole or bare.count(point) > 1 or comma in bare
        if sure and re.fullmatch(grouped, bare):
            return float(bare.replace(point, "").replace(comma, "."))
    bare = bare.replace(",", ".")
    return float(bare) if re.fullmatch(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", bare) else math.inf


def truths(column: pd.Series, *, field: str, file: str) -> pd.Series[bool]:
    """A column as yes or no, in Vietnamese, English or ticks; missing stays missing.

    In a column of ticks alone, an empty cell is one not ticked. Raises `DataError` with the
    first row that is neither.
    """
    if pd.api.types.is_bool_dtype(column):
        return column.astype("boolean")
    words = [_one_word(cell) for cell in column]
    for at, (cell, word) in enumerate(zip(column, words, strict=True)):
        if word is not None and word not in YES | NO:
            raise DataError(
                "{file}, row {row}: {field} is {found}; write có or không, yes or no",
                file=file,
                row=row_number(column.index, at),
                field=field,
                found=repr(cell),
            )
    ticked = {word for word in words if word is not None} == {"x"}
    values = [_truth(word, ticked=ticked) for word in words]
    return pd.Series(values, index=column.index, dtype="boolean")


def _truth(word: str | None, *, ticked: bool) -> bool | None:
    if word is None:
        return False if ticked else None
    return word in YES


def _one_word(cell: object) -> str | None:
    written = _one_text(cell)
    if written is None or written.casefold() in NOTHING:
        return None
    return "x" if written in TICKS else plain(written)
