"""Outcome of reading a file, to be compared with that of the same file after damage.

A damaged file *changed silently* where it is read as the sound one is, its figures are others,
and neither a refusal nor a finding says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import pandas as pd
import pyproj
import shapely

from coverage.errors import CoverageError
from coverage.model import Layer
from coverage.pixels import AnyLayer
from geodata.containers import Part, opened
from geodata.convention import Candidate
from geodata.errors import GeodataError
from geodata.filing import Filing
from geodata.filings import layers_in
from geodata.findings import Finding
from geodata.read import read_part

PARTS = 4
"""So many parts of a file are read."""

MOST_PIXELS = 4_000_000
FILING = Filing(
    operator="Alpha",
    technology="4G",
    evidence="declared",
    as_of=date(2023, 8, 30),
    source="",
    columns=MappingProxyType({}),
)

Figures = dict[str, str]
"""Name of what was read (rows, a column, shapes, pixels) → digest of it."""


@dataclass(kw_only=True)
class Outcome:
    """What came of a file: ``figures`` and ``refusals`` by way of reading and part."""

    figures: dict[str, Figures] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    findings: set[str] = field(default_factory=set)

    @property
    def refusal(self) -> str:
        """The sentence that refuses the file; "" where one of its parts is read either way."""
        if any(self.figures.values()):
            return ""
        sentences = [one or "an error without words" for one in self.refusals.values()]
        return sentences[0]


def outcome_of(path: Path) -> Outcome:
    """Read a file as table and as layer, as the program does."""
    found = Outcome()
    try:
        with opened(path) as parts:
            for way, figures_of in WAYS.items():
                for number, part in enumerate(parts[:PARTS]):
                    key = f"{way} {number}"
                    try:
                        found.figures[key] = figures_of(part, found)
                    except (GeodataError, CoverageError) as error:
                        found.refusals[key] = str(error)
    except (GeodataError, CoverageError) as error:
        found.refusals["file"] = str(error)
    assert any(found.figures.values()) or found.refusals, f"{path.name}: neither read nor refused"
    return found


def changed(sound: Outcome, damaged: Outcome) -> tuple[str, ...]:
    """Names of the figures that differ where nothing says so; none where something does."""
    if sound.refusal or damaged.refusal:
        return ()
    if damaged.findings - sound.findings or set(damaged.refusals) - set(sound.refusals):
        return ()
    return tuple(dict.fromkeys(_differing(sound.figures, damaged.figures)))


def _differing(sound: Mapping[str, Figures], damaged: Mapping[str, Figures]) -> Iterator[str]:
    for key in sorted({*sound, *damaged}):
        if key not in damaged:
            yield "a part is gone"
        elif key in sound:
            before, after = sound[key], damaged[key]
            for name in [*before, *(one for one in after if one not in before)]:
                if before.get(name) != after.get(name):
                    yield name if name in FIGURES else "columns"


FIGURES = ("rows", "columns", "system", "shapes", "layers", "pixels", "values")


def _table(part: Part, found: Outcome) -> Figures:
    if part.is_raster:
        return {}
    reading = read_part(part, unplaced=True)
    _keep(reading.findings, found)
    table = reading.table
    figures = {"rows": str(len(table)), "columns": _digest(map(str, table.columns))}
    plain = table
    if isinstance(table, gpd.GeoDataFrame):
        figures["system"] = _digest([str(table.crs and table.crs.to_wkt())])
        figures["shapes"] = _shapes(table.geometry)
        plain = pd.DataFrame(table.drop(columns=table.geometry.name))
    figures["values"] = _digest(repr(plain.iloc[:, k].tolist()) for k in range(plain.shape[1]))
    return figures


def _layer(part: Part, found: Outcome) -> Figures:
    candidate = Candidate(part=part, file=part.name)
    filed = layers_in(candidate, FILING, crs=pyproj.CRS("EPSG:9208"))
    _keep(filed.findings, found)
    figures = {"layers": _digest(repr(one.info) for one in filed.layers)}
    for layer in filed.layers:
        name = "shapes" if isinstance(layer, Layer) else "pixels"
        figures[name] = _digest([figures.get(name, ""), _area(layer)])
    return figures if filed.layers else {}


WAYS: Mapping[str, Callable[[Part, Outcome], Figures]] = {"table": _table, "layer": _layer}


def _area(layer: AnyLayer) -> str:
    if isinstance(layer, Layer):
        return _shapes(layer.footprint) + ("" if layer.extent is None else _shapes(layer.extent))
    grid = layer.grid
    if grid.width * grid.height > MOST_PIXELS:
        return layer.key
    levels = layer.levels((0, 0, grid.height, grid.width))
    return hashlib.sha256(levels.tobytes()).hexdigest() + repr(grid)


def _shapes(shapes: gpd.GeoSeries) -> str:
    return _digest(map(repr, shapely.to_wkb(shapes.to_numpy()).tolist()))


def _keep(findings: tuple[Finding, ...], found: Outcome) -> None:
    """Remember what was found: notes by kind and count alone, as they repeat what was read."""
    for one in findings:
        sentence = str(one.sentence)
        assert sentence, "a finding without words"
        note = f"{one.kind} {one.count}"
        found.findings.add(note if one.severity == "note" else f"{one.kind}: {sentence}")


def _digest(texts: Iterator[str] | list[str] | map[str]) -> str:
    whole = hashlib.sha256()
    for text in texts:
        whole.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return whole.hexdigest()
