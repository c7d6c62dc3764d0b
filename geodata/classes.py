"""Polygons that say they are no coverage: columns of classes, as polygonised rasters have them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geodata.class_text import with_described
from geodata.class_words import ClassKind, kind_of_column, may_say_no, says_no
from geodata.columns import NOTHING, find_columns
from geodata.errors import DataError, Phrase
from geodata.filing import Filing
from geodata.findings import Finding, finding
from geodata.placing import PLACES

Class = float | str
"""A class: a number, or a word without case."""

FILLS = 0.9
"""Polygons that cover this share of the box around them are those of a whole raster."""

WEAKEST_DBM, SURELY_DBM, STRONGEST_DBM = -160.0, -100.0, -30.0
"""Numbers from the first to 0 may be dBm; from the second on every rule counts them as served.
What lies wholly between the first and the last is dBm under any name."""

MOST_CLASSES = 32
MOST_WORDS = 1000
MOST_TOLD = 12
LONGEST = 40


@dataclass(frozen=True, kw_only=True, eq=False)
class Kept:
    """Which rows count, what is said of the others, and which ``keys`` of the entry were used."""

    kept: npt.NDArray[np.bool_]
    findings: tuple[Finding, ...] = ()
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, eq=False)
class Classes:
    """A column of classes: the place of each row's in ``order`` (-1: it says nothing).

    ``words`` are the classes as the file writes them, ``km2`` their areas, ``silent_km2`` that
    of rows that say nothing. ``fills``: the polygons fill the box around them, or the study.
    ``chosen``: the study file names the column.
    """

    file: str
    name: str
    kind: ClassKind | None
    of: npt.NDArray[np.intp]
    words: dict[Class, str]
    km2: dict[Class, float]
    fills: bool = False
    silent_km2: float = 0.0
    chosen: bool = False

    @property
    def order(self) -> list[Class]:
        """The classes, as they come."""
        return list(self.km2)

    @property
    def numbers(self) -> list[float]:
        """The classes that are numbers, from the least on."""
        return sorted(one for one in self.km2 if isinstance(one, float))

    @property
    def levels(self) -> list[float]:
        """Its classes as levels in dBm, where they are; fillings beside them are no levels."""
        found = [one for one in self.numbers if WEAKEST_DBM <= one < 0]
        rest = len(self.km2) - len(found)
        return found if found and rest <= 2 and len(found) > rest else []

    @property
    def seem_levels(self) -> bool:
        """Whether they look like dBm, some of them weak, though no name says so."""
        found = self.numbers
        return (
            self.kind is None
            and not self.chosen
            and 1 < len(found) == len(self.km2)
            and WEAKEST_DBM <= found[0] < SURELY_DBM
            and found[-1] <= STRONGEST_DBM
        )

    @property
    def told(self) -> Phrase:
        """Its classes with their areas, the largest first; "–" is the area that tells none.

        Areas are numbers of the phrase, so that each language writes them its own way.
        """
        order = sorted(self.km2, key=lambda one: (-self.km2[one], str(one)))[:MOST_TOLD]
        areas = [(self.words[one], self.km2[one]) for one in order]
        gaps = [f"{{class_{k}}}: {{area_{k}}} km²" for k in range(len(areas))]
        gaps += ["…"] if len(self.km2) > MOST_TOLD else []
        gaps += ["–: {silent} km²"] if self.silent_km2 else []
        parts: dict[str, object] = {"silent": round(float(self.silent_km2), 1)}
        for k, (name, area) in enumerate(areas):
            parts |= {f"class_{k}": name, f"area_{k}": round(float(area), 1)}
        return Phrase("; ".join(gaps), parts)

    def rows_of(self, chosen: Sequence[Class]) -> npt.NDArray[np.bool_]:
        """The rows of some classes."""
        places = [at for at, one in enumerate(self.order) if one in chosen]
        found: npt.NDArray[np.bool_] = np.isin(self.of, places)
        return found

    def listed(self, chosen: Sequence[Class]) -> str:
        """Some classes as the file writes them."""
        return ", ".join(self.words[one] for one in chosen)


def counted_classes(
    table: pd.DataFrame, shapes: gpd.GeoSeries, filing: Filing, *, file: str, used: Sequence[str]
) -> Kept:
    """Which rows of a table of polygons count, by their classes.

    ``shapes`` are parallel to the rows, in metres; columns that are ``used`` mean something
    else. What is surely no coverage does not count, and that is told. Raises `DataError`, with
    the classes and their areas, where the study file must say which count.
    """
    columns = list(_columns(table, shapes, filing, file, used))
    if filing.class_column is not None or (filing.classes is not None and columns):
        return _chosen(columns, filing, file)
    kept, findings, keys = np.ones(len(table), dtype=bool), list[Finding](), set[str]()
    for one in columns:
        found = _judged(one, filing)
        kept &= found.kept
        findings += found.findings
        keys |= found.keys
    return Kept(kept=kept, findings=tuple(findings), keys=frozenset(keys))


def class_of(value: object) -> Class | None:
    """A cell as a class; None where it says nothing.

    >>> class_of(1), class_of("01"), class_of("-95,5 dBm"), class_of(" Không "), class_of("-")
    (1.0, 1.0, -95.5, 'không', None)
    >>> class_of("85 %"), class_of("0,0%")
    (85.0, 0.0)
    """
    if isinstance(value, str):
        written = " ".join(unicodedata.normalize("NFC", value).split()).casefold()
        if not written or written in NOTHING - {"none", "null"}:
            return None
        number = re.fullmatch(r"([+\-−]?\d+(?:[.,]\d+)?)\s*(?:dbm|%)?", written)
        return written if number is None else float(number[1].replace(",", ".").replace("−", "-"))
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (bool, int, float, np.number, np.bool_)):
        return float(value) if np.isfinite(value) else None
    return str(value).casefold()


def _columns(
    table: pd.DataFrame, shapes: gpd.GeoSeries, filing: Filing, file: str, used: Sequence[str]
) -> Iterator[Classes]:
    """The columns that hold classes: the one named, those so called, those that say "no signal"."""
    shape = table.geometry.name if isinstance(table, gpd.GeoDataFrame) else ""
    table = with_described(table)
    names = [name for name in table.columns if name != shape and str(name) not in used]
    if filing.class_column is not None:
        given = {"class": filing.class_column}
        names = [find_columns(names, (), given=given, file=file)["class"]]
    area = shapely.area(shapes.to_numpy()) / 1e6
    area = np.nan_to_num(area)
    fills = float(area.sum()) >= FILLS * min(_whole_km2(shapes, filing))
    for name in names:
        kind = kind_of_column(str(name))
        if filing.class_column is not None:
            kind = kind or "pixels"
        values = table[name].to_numpy(dtype=object)
        named = kind is not None or _has_words(values)
        if not named and not _may_be_classes(table[name], fills=fills):
            continue
        found = _of_column(values, area)
        if found is not None:
            of, words, km2 = found
            yield Classes(
                file=file, name=str(name), kind=kind, of=of, words=words, km2=km2, fills=fills,
                silent_km2=float(area[of < 0].sum()), chosen=filing.class_column is not None,
            )  # fmt: skip


def _whole_km2(shapes: gpd.GeoSeries, filing: Filing) -> tuple[float, ...]:
    """What polygons would fill: the box around them, and the units of the study."""
    box = float(shapely.box(*shapes.total_bounds).area) / 1e6
    units = None if filing.within is None else filing.within.areas
    if units is None or len(units) < 2:  # a box around a country
        return (box,)
    return box, float(units.area.sum()) / 1e6


def _may_be_classes(column: pd.Series, *, fills: bool) -> bool:
    """Whether a column whose name tells nothing may hold classes, or levels in dBm.

    Few numbers with 0 or weak levels among them, or words for yes and no, where the polygons
    fill the whole area; numbers that are all like levels anywhere.
    """
    if find_columns([str(column.name)], PLACES):
        return False
    cells = column.dropna().unique()
    if not 1 < len(cells) <= MOST_WORDS:
        return False
    found = [class_of(cell) for cell in cells]
    numbers = [one for one in found if isinstance(one, float)]
    if len(numbers) == len(found):
        if pd.api.types.is_bool_dtype(column):
            return fills
        weak = WEAKEST_DBM <= min(numbers) < SURELY_DBM
        if len(set(numbers)) < 2 or (weak and max(numbers) <= STRONGEST_DBM):
            return len(set(numbers)) > 1
        known = 0.0 in numbers or any(WEAKEST_DBM <= one < SURELY_DBM for one in numbers)
        return fills and len(numbers) <= MOST_CLASSES and known
    words = {str(cell) for cell in cells if isinstance(cell, (str, bool))}
    return fills and len(cells) <= MOST_CLASSES and may_say_no(words)


def _has_words(values: npt.NDArray[np.object_]) -> bool:
    """Whether some cell says in words that there is no coverage."""
    words = {one for one in values if isinstance(one, str)}
    return len(words) <= MOST_WORDS and any(says_no(one, in_classes=False) for one in words)


def _of_column(
    values: npt.NDArray[np.object_], area: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.intp], dict[Class, str], dict[Class, float]] | None:
    """The classes of a column: the place of each row's, their words, and their areas in km²."""
    codes, cells = pd.factorize(values)
    words: dict[Class, str] = {}
    known: dict[Class, int] = {}
    places = np.full(len(cells) + 1, -1)  # the last one is for cells that say nothing
    for at, cell in enumerate(cells):
        one = class_of(cell)
        if one is None:
            continue
        told = f"{one:g}" if isinstance(one, float) else " ".join(str(cell).split())[:LONGEST]
        words.setdefault(one, told)
        places[at] = known.setdefault(one, len(known))
    if not words:
        return None
    of = places[codes]
    sizes = np.bincount(of[of >= 0], area[of >= 0], len(words)).tolist()
    return of, words, dict(zip(words, sizes, strict=True))


def _chosen(columns: Sequence[Classes], filing: Filing, file: str) -> Kept:
    """Rows of the classes that the study file names, or judged by the column that it names."""
    if filing.classes is None:
        if not columns:
            raise DataError(
                "{file}: the column {column} holds nothing; name another as class_column",
                file=file,
                column=filing.class_column,
            )
        found = _judged(columns[0], filing)
        return Kept(kept=found.kept, findings=found.findings,
                    keys=found.keys | {"class_column"})  # fmt: skip
    wanted = [class_of(value) for value in filing.classes]
    having = [one for one in columns if any(value in one.km2 for value in wanted)]
    if len(having) > 1:
        raise DataError(
            "{file} has several columns with such classes: {names}; say which with "
            "class_column = … in its entry",
            file=file,
            names=", ".join(one.name for one in having),
        )
    one = (having or list(columns))[0]
    strange = [str(v) for v, key in zip(filing.classes, wanted, strict=True) if key not in one.km2]
    if strange:
        raise DataError(
            "{file}: class {found} does not occur in {column}; it has {classes}",
            file=file,
            found=", ".join(strange),
            column=one.name,
            classes=one.told,
        )
    kept = one.rows_of([value for value in wanted if value is not None])
    rest = [value for value in one.km2 if value not in wanted]
    note = finding(
        "classes-chosen", "note",
        "{file}: by {column}, only {counted} count, as its entry says; {others} do not",
        file=file, column=one.name, counted=one.listed([v for v in one.km2 if v in wanted]),
        others=one.listed(rest) or "–",
    )  # fmt: skip
    return Kept(kept=kept, findings=(note,), keys=frozenset({"classes", "class_column"}))


def _judged(one: Classes, filing: Filing) -> Kept:
    """What of a column nobody explained counts."""
    every = np.ones(len(one.of), dtype=bool)
    if one.seem_levels:
        return _like_levels(one)
    if one.levels and one.kind is not None:
        return _by_level(one, filing)
    none = _background(one)
    if none and len(none) < len(one.km2):
        rest = [value for value in one.km2 if value not in none]
        if len(rest) > 1 and one.kind == "pixels":
            raise _open(one)
        doubt = finding(
            "classes", "warning",
            "{file}: {column} tells classes ({classes}); {none} is no coverage and does not "
            "count, all else does (classes = … in its entry says which count)",
            file=one.file, column=one.name, classes=one.told, none=one.listed(none),
        )  # fmt: skip
        return Kept(kept=~one.rows_of(none), findings=(doubt,))
    if none or (len(one.km2) > 1 and (one.kind == "pixels" or _has_ranges(one))):
        raise _open(one)
    several = len(one.km2) > 1 and one.kind != "yes-no"
    many = len(one.km2) > MOST_CLASSES and not (0.0 in one.km2 and one.kind)
    if not (several or (one.silent_km2 and one.kind)) or many or not one.fills:
        return Kept(kept=every)
    doubt = finding(
        "classes-doubt", "warning",
        "{file}: {column} tells classes ({classes}), and the polygons fill the whole area, so that "
        "some may be no coverage; all count until classes = … in its entry says which do",
        file=one.file, column=one.name, classes=one.told,
    )  # fmt: skip
    return Kept(kept=every, findings=(doubt,))


def _has_ranges(one: Classes) -> bool:
    """Whether a column of levels holds ranges of them, such as "-95 … -105"."""
    words = [value for value in one.km2 if isinstance(value, str)]
    return one.kind == "dbm" and any(re.search(r"\d\d", word) for word in words)


def _background(one: Classes) -> list[Class]:
    """The classes that are no coverage: 0, and words that say so."""
    in_classes = one.kind is not None
    found: list[Class] = [
        value
        for value in one.km2
        if isinstance(value, str) and says_no(one.words[value], in_classes=in_classes)
    ]
    alone = len(one.km2) == 1 and one.kind not in ("pixels", "yes-no")
    few = len(one.km2) <= MOST_CLASSES or one.kind == "yes-no"
    if 0.0 in one.km2 and in_classes and not alone and few:
        found.append(0.0)
    return found


def _by_level(one: Classes, filing: Filing) -> Kept:
    """Rows whose level reaches the threshold. Raises `DataError` where one is needed."""
    levels = one.levels
    if filing.threshold_dbm is not None:
        reached: list[Class] = [level for level in levels if level >= filing.threshold_dbm]
        kept = one.rows_of(reached)
        note = finding(
            "below-threshold", "note",
            "{file}: {count} rows are below {threshold} dBm and do not count, as its entry says",
            file=one.file, count=int((~kept).sum()), threshold=f"{filing.threshold_dbm:g}",
        )  # fmt: skip
        return Kept(kept=kept, findings=(note,), keys=frozenset({"threshold_dbm"}))
    if len(levels) == len(one.km2) and min(levels) >= SURELY_DBM:
        return Kept(kept=np.ones(len(one.of), dtype=bool))
    raise DataError(
        "{file}: {column} tells levels in dBm ({classes}), and from which on they are coverage is "
        "not said; write threshold_dbm = … in its entry",
        file=one.file,
        column=one.name,
        classes=one.told,
    )


def _like_levels(one: Classes) -> Kept:
    """All rows, and a doubt: numbers that look like levels under a name that does not say so."""
    doubt = finding(
        "classes-doubt", "warning",
        "{file}: {column} holds numbers like levels in dBm ({classes}); all of it counts until "
        "its entry says class_column = {quoted} and threshold_dbm = …, or which classes = … do",
        file=one.file, column=one.name, classes=one.told, quoted=f'"{one.name}"',
    )  # fmt: skip
    return Kept(kept=np.ones(len(one.of), dtype=bool), findings=(doubt,))


def _open(one: Classes) -> DataError:
    return DataError(
        "{file}: {column} tells classes ({classes}), and which of them are coverage is not said; "
        "write those that are as classes = […] in its entry",
        file=one.file,
        column=one.name,
        classes=one.told,
    )
