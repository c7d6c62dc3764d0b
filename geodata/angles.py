"""Coordinates as people write them: degrees, minutes and seconds, commas, separators, metres."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.columns import NOTHING, row_number
from geodata.errors import DataError
from geodata.placeless import FARTHEST

Floats = npt.NDArray[np.float64]
Axis = Literal["east", "north", ""]

SIDES: dict[str, tuple[Axis, int]] = {
    "n": ("north", 1), "b": ("north", 1), "bac": ("north", 1), "vb": ("north", 1),
    "s": ("north", -1), "nam": ("north", -1),
    "e": ("east", 1), "d": ("east", 1), "dong": ("east", 1), "kd": ("east", 1),
    "w": ("east", -1), "t": ("east", -1), "tay": ("east", -1),
}  # fmt: skip
"""Words for a side of the world, marks dropped, in English and in Vietnamese (Bắc, Đông)."""

SIGNS = (
    (r"''|[\u2033\u201c\u201d\u201e\u02ba\u301e]|giay|sec\b", '"'),
    (r"[\u2032\u2018\u2019\u02b9\u00b4\u0060]|phut|min\b", "'"),
    (r"[\u00ba\u02da\u25e6\u00b0]|(?<=\d)\s*o(?![a-z])|\bdo\b|(?<=\d)do\b|deg\b", "°"),
)
"""Signs and words that stand for seconds, minutes and degrees, the longer first."""

NUMBER = r"\d+(?:[.,]\d+)?"
MARKED = re.compile(
    rf"(?P<d>{NUMBER})\s*[°d]\s*(?:(?P<m>{NUMBER})\s*(?:['m]|$)\s*)?(?:(?P<s>{NUMBER})\s*[\"s']?)?"
)
BARE = re.compile(
    r"(?P<d>\d{1,3})[\s:\-]+(?P<m>\d{1,2}(?:[.,]\d+)?)(?:[\s:\-]+(?P<s>\d{1,2}(?:[.,]\d+)?))?"
)
PACKED = re.compile(r"(?P<d>\d{2,3})(?P<m>\d{2})(?P<s>\d{2}(?:[.,]\d+)?)")
PLAIN = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")


@dataclass(frozen=True)
class Written:
    """One cell: its value (NaN where nothing is written), and which axis it says it is of.

    ``angle`` tells that it was written as degrees and minutes, or with the sign of a degree;
    ``packed`` that degrees, minutes and seconds stand without anything between them.
    """

    value: float
    axis: Axis = ""
    angle: bool = False
    packed: bool = False


NOWHERE = Written(math.nan)


LOST = frozenset(
    {"#n/a", "#n/a n/a", "#na", "#ref!", "#value!", "#div/0!", "#name?", "#null!", "#num!", "?",
     "khong co", "chua co", "khong ro", "chua ro", "không có", "chưa có", "không rõ", "chưa rõ"}
)  # fmt: skip
"""What stands in a cell whose place was lost: a spreadsheet's errors, and words."""


def written(cell: object, *, thousands: str = "") -> Written | None:
    """What a cell says, or None where that is no coordinate.

    ``thousands`` is the sign, found by `thousands_of`, that only parts thousands here.

    >>> written("18°40′30″N").value
    18.675
    >>> written("105,6882").value, written("2.065.678,573").value
    (105.6882, 2065678.573)
    """
    if isinstance(cell, (int, float, np.number)) and not isinstance(cell, bool):
        return Written(float(cell)) if abs(float(cell)) < FARTHEST else NOWHERE
    text = "" if cell is None or cell is pd.NA else _flat(str(cell))
    return NOWHERE if not text or says_nothing(text) else _written(text, thousands)


def says_nothing(cell: str) -> bool:
    """Whether a cell says that there is no place: what people write, and what spreadsheets do.

    >>> says_nothing("#N/A"), says_nothing("-"), says_nothing("0")
    (True, True, False)
    """
    return cell.strip().casefold() in NOTHING | LOST


def _written(text: str, thousands: str) -> Written | None:
    bare, axis, sign = _side(text)
    if bare.startswith(("-", "+")) and not axis:
        sign, bare = (-1 if bare[0] == "-" else 1), bare[1:].strip()
    for pattern in (MARKED, BARE):
        found = pattern.fullmatch(bare)
        value = _degrees(found) if found else None
        if value is not None:
            return Written(sign * value, axis, angle=True)
    value = _number(bare, thousands)
    if value is None:
        return None
    packed = _packed(bare) if axis and value > 180 else None
    if packed is not None:
        return Written(sign * packed, axis, angle=True, packed=True)
    return Written(sign * value, axis, angle=bare.endswith("°"))


def _flat(text: str) -> str:
    """A cell in small letters, without marks, its many degree and minute signs made one each."""
    signs = unicodedata.normalize("NFC", text).casefold().strip()
    parts = unicodedata.normalize("NFD", signs.replace("º", "°").replace("đ", "d"))
    flat = "".join(c for c in parts if not unicodedata.combining(c))
    flat = re.sub(r"[\u00a0\u2007\u2009\u202f\s]+", " ", flat)
    flat = re.sub(r"[\u2010-\u2015\u2212]", "-", flat).strip()
    for pattern, sign in SIGNS:
        flat = re.sub(pattern, sign, flat)
    return flat


def _side(text: str) -> tuple[str, Axis, int]:
    """A cell without the letter of its side of the world, the axis and the sign of that side."""
    words = "|".join(sorted(SIDES, key=len, reverse=True))
    before = re.fullmatch(rf"({words})\.?[\s:=]*([\d].*)", text)
    after = re.fullmatch(rf"(.*[\d.°'\"])\s*({words})\.?", text)
    if before is None and after is None:
        return text, "", 1
    bare, word = (before[2], before[1]) if before else (after[1], after[2])  # type: ignore[index]
    if word in "ds" and re.search(r"\d\s*[dm]|^\d{1,3}\s*$", bare):  # 18d40m24s: no side at all
        return text, "", 1
    axis, sign = SIDES[word]
    return bare.strip(), axis, sign


def _degrees(found: re.Match[str]) -> float | None:
    """Degrees out of degrees, minutes and seconds; None where one of them is over 60."""
    parts = found.groupdict()
    degrees, minutes, seconds = (
        float((parts.get(name) or "0").replace(",", ".")) for name in ("d", "m", "s")
    )
    fractions = [not value.is_integer() for value in (degrees, minutes)]
    if minutes > 60 or seconds > 60 or degrees > 360:
        return None
    if (fractions[0] and parts.get("m")) or (fractions[1] and parts.get("s")):
        return None
    return degrees + minutes / 60 + seconds / 3600


def _packed(text: str) -> float | None:
    found = PACKED.fullmatch(text)
    return _degrees(found) if found else None


def _number(text: str, thousands: str) -> float | None:
    """A decimal number with points or commas, as English or Vietnamese writes it."""
    bare = re.sub(r"°$|\s*(m|km)$", "", text)
    if re.fullmatch(r"\d{1,3}(?: \d{3})+(?:[.,]\d+)?", bare):
        bare = bare.replace(" ", "")
    for point, comma in ((".", ","), (",", ".")):
        grouped = rf"\d{{1,3}}(?:\{point}\d{{3}})+(?:\{comma}\d+)?"
        sure = bare.count(point) > 1 or comma in bare or thousands == point
        if sure and re.fullmatch(grouped, bare):
            return float(bare.replace(point, "").replace(comma, "."))
    bare = bare.replace(",", ".")
    return float(bare) if PLAIN.fullmatch(bare) else None


def thousands_of(columns: Sequence[pd.Series]) -> str:
    """The sign that parts thousands in these columns, where one cell leaves no doubt; else "".

    Beside "2.065.678" the "598.773" of the same table is no fraction.
    """
    signs = set()
    for column in columns:
        for cell in column:
            found = re.fullmatch(r"\s*\d{1,3}([.,])\d{3}\1\d{3}(?:[.,]\d+)?\s*m?\s*", str(cell))
            if found:
                signs.add(found[1])
    return signs.pop() if len(signs) == 1 else ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Coordinate:
    """A column of coordinates, NaN where a cell is empty.

    ``axis`` is the side that its letters tell, "" where they tell none; ``angles`` whether
    any cell was written in degrees and minutes.
    """

    values: pd.Series
    axis: Axis = ""
    angles: bool = False
    packed: bool = False


def coordinate(column: pd.Series, *, field: str, file: str, thousands: str = "") -> Coordinate:
    """A column as coordinates, however they are written.

    Raises `DataError` with the first row that is none, or whose letter says another side than
    the rows before it.
    """
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = column.astype("float64")
        return Coordinate(values=values.where(values.abs() < FARTHEST))
    cells = [written(cell, thousands=thousands) for cell in column]
    axis: Axis = next((cell.axis for cell in cells if cell is not None and cell.axis), "")
    for at, (cell, told) in enumerate(zip(cells, column, strict=True)):
        if cell is None or (cell.axis and cell.axis != axis):
            raise DataError(
                "{file}, row {row}: {field} is {found}, which is no coordinate; write degrees "
                "such as 18.6734 or 18°40′24″N, or metres",
                file=file,
                row=row_number(column.index, at),
                field=field,
                found=repr(told),
            )
    known = [cell for cell in cells if cell is not None]
    return Coordinate(
        values=pd.Series([cell.value for cell in known], index=column.index, dtype="float64"),
        axis=axis,
        angles=any(cell.angle for cell in known),
        packed=any(cell.packed for cell in known),
    )


def unpacked(values: pd.Series, *, most: float) -> pd.Series | None:
    """Degrees out of numbers such as 184024.5 (18°40′24.5″), where all of a column fit that."""
    known = values.dropna().to_numpy()
    degrees, rest = np.divmod(known, 10_000)
    minutes, seconds = np.divmod(rest, 100)
    fits = (degrees <= most) & (degrees >= 1) & (minutes < 60) & (seconds < 60)
    if not len(known) or not fits.all():
        return None
    out = values.copy()
    out[values.notna()] = degrees + minutes / 60 + seconds / 3600
    return out


def split_pair(column: pd.Series, *, field: str, file: str) -> tuple[pd.Series, pd.Series]:
    """One column of "lat, lon" as two of text, in the order written; empty stays missing.

    Raises `DataError` with the first row that does not hold two coordinates.
    """
    pairs = [_pair(cell) for cell in column]
    for at, (pair, told) in enumerate(zip(pairs, column, strict=True)):
        if pair is None:
            raise DataError(
                "{file}, row {row}: {field} is {found}, which is not two coordinates; write "
                "them such as 18.6734, 105.6882",
                file=file,
                row=row_number(column.index, at),
                field=field,
                found=repr(told),
            )
    first, second = zip(*(pair or (None, None) for pair in pairs), strict=True)
    return (
        pd.Series(first, index=column.index, dtype="object"),
        pd.Series(second, index=column.index, dtype="object"),
    )


Pair = tuple[str | None, str | None]


def _pair(cell: object) -> Pair | None:
    if cell is None or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell)):
        return None, None
    text = str(cell).strip().strip("()[]{}").strip()
    if not text or says_nothing(text):
        return None, None
    for way in (
        r"\s*[;|/]\s*",
        r"\s*,\s+",
        r"(?<=[A-Za-zĐđ])\s*[,\s]\s*(?=\d)",
        r"\s*,\s*",
        r"\s+",
    ):
        parts = re.split(way, text)
        if len(parts) == 2 and all(written(part) not in (None, NOWHERE) for part in parts):
            return parts[0], parts[1]
    return None
