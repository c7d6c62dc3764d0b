"""Rasters of coverage become layers: levels of signal, or polygons of the pixels that serve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pyproj

from coverage.model import Kind, Layer, LayerInfo, Technology
from coverage.pixels import HIGH_DBM, LOW_DBM
from geodata.errors import DataError
from geodata.filing import Filed, Filing, Pixels
from geodata.findings import Finding, finding
from geodata.grades import counted_grades, no_grades, told_grades
from geodata.rasters import (
    Mask,
    Pixel,
    Raster,
    extent_polygon,
    is_level,
    missing,
    pieces,
    pixel_polygons,
    real,
)
from geodata.signals import laid, signal_layer

MOST_FILLINGS = 2
"""So many values that are no level may be fillings that nobody declared; more are no dBm."""

MOST_VALUES = 50


def drawn(
    pixels: Pixels, filing: Filing, *, crs: pyproj.CRS, file: str, lasting: bool = True
) -> Filed:
    """The one layer of a raster; it speaks inside its own extent and nowhere else.

    A raster of dBm is a signal layer, read where it lies as it is needed; with a threshold it
    is the footprint of the pixels that reach it. ``lasting``: the file is where it will stay.
    Raises `DataError` for a raster that leaves operator or technology open, whose nodata means
    something, or whose values are no signal.
    """
    operator, technology = _named(pixels, filing, file)
    tally = _Tally(pixels, filing, file)
    if pixels.classes is None and filing.threshold_dbm is None:
        return _signal(pixels, filing, tally, crs=crs, lasting=lasting)
    shapes = pixel_polygons(pixels.raster, tally.served, crs=crs, near=filing.near)
    info = _info(pixels, filing, operator, technology)
    extent = extent_polygon(pixels.raster, crs=crs, near=filing.near)
    layer = Layer(info=info, footprint=shapes, extent=extent)
    return Filed(layers=(layer,), findings=(*pixels.findings, *tally.findings(empty=shapes.empty)))


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


def _signal(
    pixels: Pixels, filing: Filing, tally: _Tally, *, crs: pyproj.CRS, lasting: bool
) -> Filed:
    """A raster of dBm as a signal layer. All near the villages is looked at, nothing is kept."""
    operator, technology = _named(pixels, filing, pixels.raster.file)
    laid(pixels.raster)  # a turned one is refused before it is read
    empty = True
    for _, values in pieces(pixels.raster, near=filing.near, crs=crs):
        empty &= not tally.levels(values).any()
    info = _info(pixels, filing, operator, technology, kind="signal")
    layer = signal_layer(pixels.raster, info, lasting=lasting)
    return Filed(layers=(layer,), findings=(*pixels.findings, *tally.findings(empty=empty)))


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
        if pixels.classes is not None:
            self._counted = counted_grades(tuple(pixels.classes.values()), filing, file)
            _require_honest_nodata(pixels.raster, pixels.classes, file)

    def served(self, values: Pixel) -> Mask:
        """Where the pixels of one piece serve."""
        there = ~missing(self._raster, values)
        return self._of_class(values, there) if self._classes else self._strong(values)

    def _of_class(self, values: Pixel, there: Mask) -> Mask:
        assert self._classes is not None  # noqa: S101  # told to the type checker
        found, counts = np.unique(values[there], return_counts=True)
        self._count(found, counts)
        wanted = [value for value, grade in self._classes.items() if grade in self._counted]
        return np.isin(values, wanted) & there

    def _strong(self, values: Pixel) -> Mask:
        assert self._filing.threshold_dbm is not None  # noqa: S101  # told to the type checker
        level = self.levels(values)
        return level & (real(self._raster, values) >= self._filing.threshold_dbm)

    def levels(self, values: Pixel) -> Mask:
        """Where the pixels of one piece hold a level in dBm.

        Raises `DataError` where too many others are no level and not declared as nodata.
        """
        level = is_level(self._raster, values)
        odd = ~missing(self._raster, values) & ~level
        found, counts = np.unique(real(self._raster, values)[odd], return_counts=True)
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
        return level

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
        found = [
            finding(
                "undeclared-nodata", "warning",
                "{file}: {count} pixels hold {value}, which is no level in dBm; they are taken "
                "for no signal. Declare {value} as the raster's nodata",
                file=self._file, count=count, value=f"{value:g}",
            )
            for value, count in sorted(self._counts.items())
        ]  # fmt: skip
        nodata = self._raster.nodata
        if nodata is not None:
            nodata = float(real(self._raster, np.array(nodata)))
        if nodata is not None and LOW_DBM <= nodata <= HIGH_DBM:
            note = finding(
                "nodata-is-a-level", "warning",
                "{file} declares {value} dBm as nodata, and that is a level that occurs; such "
                "pixels count as no signal",
                file=self._file, value=f"{nodata:g}",
            )  # fmt: skip
            found.append(note)
        return (*found, *no_grades(self._filing, self._file))


def _require_honest_nodata(raster: Raster, classes: Mapping[int, str], file: str) -> None:
    """Raise `DataError` where what means served is declared to mean nothing."""
    if raster.nodata is None or raster.nodata not in classes:
        return
    raise DataError(
        "{file} declares {value} as nodata, and in its convention {value} means {grade}; set the "
        "raster's nodata right and send it again",
        file=file,
        value=f"{raster.nodata:g}",
        grade=classes[int(raster.nodata)],
    )
