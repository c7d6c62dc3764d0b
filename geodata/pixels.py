"""Rasters of coverage become layers: levels of signal, or polygons of the pixels that serve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyproj

from coverage.model import Kind, Layer, LayerInfo, Technology
from coverage.pixels import HIGH_DBM, LOW_DBM, AnyLayer
from geodata.errors import DataError
from geodata.filing import Filed, Filing, Pixels
from geodata.fillings import MOST_FILLINGS, Above
from geodata.findings import Finding, finding
from geodata.grades import counted_grades, no_grades, told_grades
from geodata.laid import laid
from geodata.pixel_areas import extent_polygon, pixel_polygons
from geodata.raster_places import place_findings
from geodata.rasters import (
    Block,
    Mask,
    Pixel,
    Raster,
    nodata_is_lowest,
    nodata_meant,
    pieces,
    raster_notes,
    window_near,
)
from geodata.signals import is_level, signal_layer
from geodata.without_effect import without_effect

MOST_VALUES = 50

STRONGEST = 0.8
"""The strongest fifth of a raster's levels lies around sites, and these in the province."""


def drawn(
    pixels: Pixels,
    filing: Filing,
    *,
    crs: pyproj.CRS,
    file: str,
    sampled: Block,
    lasting: bool = True,
) -> Filed:
    """The one layer of a raster; it speaks inside its own extent and nowhere else.

    A raster of dBm is a signal layer, read where it lies as it is needed; with a threshold it
    is the footprint of the pixels that reach it. ``lasting``: the file is where it will stay;
    ``sampled`` are some of its pixels.
    Raises `DataError` for a raster that leaves operator or technology open, whose nodata means
    something, or whose values are no signal.
    """
    operator, technology = _named(pixels, filing, file)
    tally = _Tally(pixels, filing, file)
    notes = (*pixels.findings, *raster_notes(pixels.raster))
    if pixels.classes is None and filing.threshold_dbm is None:
        laid(pixels.raster)  # a turned one is refused before it is read
    where = place_findings(pixels.raster, filing.within, shown=tally.shown(sampled))
    _require_near(pixels.raster, filing, where, crs=crs)
    if pixels.classes is None:
        for _, block in pieces(pixels.raster, near=filing.near, crs=crs):
            tally.look(block)
    if pixels.classes is None and filing.threshold_dbm is None:
        info = _info(pixels, filing, operator, technology, kind="signal")
        made: AnyLayer = signal_layer(pixels.raster, info, lasting=lasting, fillings=tally.fillings)
        empty = not tally.has_levels
    else:
        shapes = pixel_polygons(pixels.raster, tally.served, crs=crs, near=filing.near)
        info = _info(pixels, filing, operator, technology)
        extent = extent_polygon(pixels.raster, crs=crs, near=filing.near)
        made = Layer(info=info, footprint=shapes, extent=extent)
        empty = shapes.empty
    used = {"band", "threshold_dbm", "strongest_dbm"} if pixels.classes is None else {"band"}
    used |= {"accuracy_m"} if isinstance(made, Layer) else set()
    idle = without_effect(filing, file, frozenset(used))
    return Filed(layers=(made,), findings=(*notes, *where, *tally.findings(empty=empty), *idle))


def _require_near(
    raster: Raster, filing: Filing, where: Sequence[Finding], *, crs: pyproj.CRS
) -> None:
    """Raise `DataError` for a raster far from all villages, in words that say why where known."""
    try:
        window_near(raster, near=filing.near, crs=crs)
    except DataError:
        for one in where:
            raise DataError(one.sentence.template, **one.sentence.parts) from None
        raise


def _info(
    pixels: Pixels,
    filing: Filing,
    operator: str,
    technology: Technology,
    *,
    kind: Kind = "footprint",
) -> LayerInfo:
    return LayerInfo(
        operator=operator,
        technology=technology,
        evidence=filing.evidence or pixels.evidence,
        as_of=filing.as_of or pixels.as_of,
        source=filing.source,
        kind=kind,
        accuracy_m=filing.accuracy_m,
    )


def _named(pixels: Pixels, filing: Filing, file: str) -> tuple[str, Technology]:
    technology = filing.technology or pixels.technology
    if filing.operator is not None and technology is not None:
        return filing.operator, technology
    raise DataError(
        "{file} does not say its {field}; add {field} = … to its [[layers]] entry",
        file=file,
        field="operator" if filing.operator is None else "technology",
    )


class _Tally:
    """Says which pixels serve, and counts what it saw on the way."""

    def __init__(self, pixels: Pixels, filing: Filing, file: str) -> None:
        self._raster, self._filing, self._file = pixels.raster, filing, file
        self._classes = pixels.classes
        self._counts: Counter[float] = Counter()
        strongest = filing.strongest_dbm
        self._above = Above() if strongest is None else Above(from_dbm=strongest)
        self._levels = 0
        if pixels.classes is not None:
            self._counted = counted_grades(tuple(pixels.classes.values()), filing, file)
            _require_honest_nodata(pixels.raster, pixels.classes, file)

    def look(self, block: Block) -> None:
        """Count the levels in dBm of one piece, and what is none.

        Raises `DataError` where too many values are no level and not declared as nodata.
        """
        level = is_level(block)
        dbm = block.values[level]
        self._levels += len(dbm)
        self._above.add(dbm)
        odd = block.there & ~level
        found, counts = np.unique(block.values[odd], return_counts=True)
        self._count(found, counts)
        if len(self._counts) > MOST_FILLINGS:
            raise DataError(
                "{file} is read as signal strength in dBm, and holds values such as {values}; "
                "expected {low} to {high}",
                file=self._file,
                values=", ".join(f"{value:g}" for value in sorted(self._counts)[:5]),
                low=f"{LOW_DBM:g}",
                high=f"{HIGH_DBM:g}",
            )

    @property
    def fillings(self) -> tuple[float, ...]:
        """Numbers that look like levels and are none, once all pieces were looked at."""
        return self._above.fillings()

    @property
    def has_levels(self) -> bool:
        """Whether any pixel holds a level."""
        return self._levels > sum(self._above.counts[one] for one in self.fillings)

    def shown(self, block: Block) -> Mask:
        """Pixels that show where the raster lies: those of some class, or the strongest levels."""
        if self._classes is not None:
            return block.there & np.isin(block.values, list(self._classes))
        level = is_level(block)
        if not level.any():
            return level
        seen = Above(from_dbm=self._above.from_dbm)
        seen.add(block.values[level])
        level = is_level(block, seen.fillings())
        if not level.any():
            return level
        strong: Mask = level & (block.values >= np.quantile(block.values[level], STRONGEST))
        return strong

    def served(self, block: Block) -> Mask:
        """Where the pixels of one piece serve."""
        return self._of_class(block) if self._classes is not None else self._strong(block)

    def _of_class(self, block: Block) -> Mask:
        assert self._classes is not None  # noqa: S101  # told to the type checker
        found, counts = np.unique(block.values[block.there], return_counts=True)
        self._count(found, counts)
        wanted = [value for value, grade in self._classes.items() if grade in self._counted]
        return np.isin(block.values, wanted) & block.there

    def _strong(self, block: Block) -> Mask:
        assert self._filing.threshold_dbm is not None  # noqa: S101  # told to the type checker
        return is_level(block, self.fillings) & (block.values >= self._filing.threshold_dbm)

    def _count(self, found: Pixel, counts: Pixel) -> None:
        for value, count in zip(found.tolist(), counts.tolist(), strict=True):
            if len(self._counts) < MOST_VALUES or value in self._counts:
                self._counts[float(value)] += int(count)

    def findings(self, *, empty: bool) -> tuple[Finding, ...]:
        """What is to be said once all pieces are read."""
        found = self._of_grades() if self._classes else self._of_levels()
        if not empty:
            return found
        note = finding(
            "nothing-served", "warning",
            "{file}: no pixel near the villages counts as served", file=self._file,
        )  # fmt: skip
        return (*found, note)

    def _of_grades(self) -> tuple[Finding, ...]:
        assert self._classes is not None  # noqa: S101  # told to the type checker
        counts = {grade: self._counts[value] for value, grade in self._classes.items()}
        found = told_grades(counts, self._counted, self._filing, self._file)
        strange = sorted(set(self._counts) - set(self._classes) - {0.0})
        if not strange:
            return found
        note = finding(
            "unknown-pixels", "warning",
            "{file}: pixels of {values} mean nothing in this convention and count as not served",
            file=self._file, values=", ".join(f"{value:g}" for value in strange[:8]),
        )  # fmt: skip
        return (*found, note)

    def _of_levels(self) -> tuple[Finding, ...]:
        none = self._counts + Counter({one: self._above.counts[one] for one in self.fillings})
        found = [
            finding(
                "undeclared-nodata", "warning",
                "{file}: {count} pixels hold {value}, which is no level in dBm; they are taken "
                "for no signal. Declare {raw} as the raster's nodata",
                file=self._file, count=count, value=f"{value:g}",
                raw=f"{(value - self._raster.offset) / self._raster.scale:g}",
            )
            for value, count in sorted(none.items())
        ]  # fmt: skip
        found += self._too_strong()
        nodata = nodata_meant(self._raster)
        if nodata_is_lowest(self._raster):
            nodata = None  # as -128 of signed bytes
        if nodata is not None and LOW_DBM <= nodata <= HIGH_DBM:
            note = finding(
                "nodata-is-a-level", "warning",
                "{file} declares {value} dBm as nodata, and that is a level that occurs; such "
                "pixels count as no signal",
                file=self._file, value=f"{nodata:g}",
            )  # fmt: skip
            found.append(note)
        return (*found, *no_grades(self._filing, self._file))

    def _too_strong(self) -> Iterator[Finding]:
        """That levels are stronger than handsets report."""
        strong = {v: n for v, n in self._above.counts.items() if v not in self.fillings}
        if strong:
            yield finding(
                "levels-above", "warning",
                "{file}: {count} pixels hold more than {limit} dBm, up to {most}; handsets report "
                "none so strong, and they count as the strongest signal. Are these levels? Where "
                "they are, write strongest_dbm = {most} in its entry",
                file=self._file, count=sum(strong.values()), limit=f"{self._above.from_dbm:g}",
                most=f"{max(strong):g}",
            )  # fmt: skip


def _require_honest_nodata(raster: Raster, classes: Mapping[int, str], file: str) -> None:
    """Raise `DataError` where what means served is declared to mean nothing."""
    nodata = nodata_meant(raster)
    if nodata is None or nodata not in classes:
        return
    raise DataError(
        "{file} declares {value} as nodata, and in its convention {value} means {grade}; set the "
        "raster's nodata right and send it again",
        file=file,
        value=f"{nodata:g}",
        grade=classes[int(nodata)],
    )
