"""The files of coverage and of measurements that a study names, as layers and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pyproj

from coverage.model import LayerInfo
from coverage.pixels import AnyLayer, SignalLayer
from geodata.coordinate_checks import elsewhere_findings
from geodata.diagnose import AsSaid, Extent
from geodata.files import found_files
from geodata.filing import Filing, Measurements
from geodata.filings import SILENT, layers_in, measurements_in
from geodata.layers import extent_of
from geodata.placing import NOTHING_SAID, Placement
from geodata.postgis.address import is_address, name_of
from geodata.signals import limited
from geodata.study.digests import read_digests
from geodata.study.in_files import LayerInFile, seen_in
from geodata.study.reader import Reader
from geodata.study.settings import LayerTable, MeasurementsTable
from geodata.study.superseded import Entry

NEAR_M = 50_000.0
"""What lies farther from every village serves none of them, and is near none."""

Bounds = tuple[float, float, float, float]


def near_of(villages: gpd.GeoDataFrame) -> Bounds:
    """The villages' bounds and 50 km around (x0, y0, x1, y1, study metres)."""
    x0, y0, x1, y1 = villages.total_bounds
    return x0 - NEAR_M, y0 - NEAR_M, x1 + NEAR_M, y1 + NEAR_M


def layers_of(
    reader: Reader,
    table: LayerTable,
    crs: pyproj.CRS,
    near: Bounds,
    within: Extent | None = None,
) -> list[Entry]:
    """The layers of one ``[[layers]]`` entry. Raises whatever is wrong with its files."""
    filing = Filing(
        operator=table.operator,
        technology=table.technology,
        evidence=table.evidence,
        as_of=table.as_of,
        source=table.source,
        columns=table.columns,
        reach_m=table.reach_m,
        reach_cap_m=table.reach_cap_m,
        threshold_dbm=table.threshold_dbm,
        strongest_dbm=table.strongest_dbm,
        grades=table.grades,
        accuracy_m=table.accuracy_m,
        classes=table.classes,
        class_column=table.class_column,
        band=table.band,
        near=near,
        said=table.said,
        within=within,
    )
    extent = None
    if table.extent:
        extent = extent_of(
            reader.read(table.extent, crs=table.extent_crs),
            crs=crs,
            file=name_of(table.extent),
            said=AsSaid(crs=table.extent_crs),
            within=within,
        )
    found: list[tuple[AnyLayer, str]] = []
    for name, title in _named(reader.folder, table):
        left = left_in_file(reader, name, table, filing, crs)
        if left is not None:
            found.append((left, title))
            continue
        with reader.open(
            name,
            file=title,
            layer=table.layer,
            crs=table.crs,
            encoding=table.encoding,
            band=table.band,
        ) as parts:
            for one in parts:
                made = layers_in(one, filing, crs=crs, kind=table.kind, convention=table.convention)
                reader.findings += made.findings
                found += [(layer, one.file) for layer in made.layers]
    if extent is not None:
        found = [(_limited(layer, extent), title) for layer, title in found]
    return [
        Entry(layer=layer, keep_older=table.keep_older, extent=extent, name=title)
        for layer, title in found
    ]


SIMPLE = {
    "path", "operator", "technology", "as_of", "evidence", "source", "kind", "extent", "extent_crs",
    "keep_older",
}  # fmt: skip
"""An entry that says nothing else needs no other look into its file."""


@contextmanager
def looking_ahead(reader: Reader, tables: Sequence[LayerTable], crs: pyproj.CRS) -> Iterator[None]:
    """Look at large layers beside the block, one after the other, before it comes to them.

    What is found there is `left_in_file`'s, and so is what is wrong. One that nobody waits for any
    more when the block ends is looked at in vain.
    """
    paths = [
        reader.folder / name
        for table in tables
        if not is_address(table.path)
        for name, _ in _named(reader.folder, table)
        if _may_stay(reader.folder / name, table)
    ]
    pool = ThreadPoolExecutor(1)
    try:
        reader.ahead = {
            path: pool.submit(seen_in, path, crs, digest=read_digests)
            for path in dict.fromkeys(paths)
        }
        yield
    finally:
        reader.ahead = {}
        pool.shutdown(cancel_futures=True)


def _may_stay(path: Path, table: LayerTable) -> bool:
    """Whether a layer may stay in its file, by what its entry says."""
    simple = table.model_fields_set <= SIMPLE and table.kind in (None, "footprint")
    told = table.operator is not None and table.technology is not None
    return simple and told and path.suffix == ".parquet" and path.is_file()


def left_in_file(
    reader: Reader, name: str, table: LayerTable, filing: Filing, crs: pyproj.CRS
) -> LayerInFile | None:
    """A large layer that stays in its file (see `geodata.study.in_files`); None for others."""
    path = reader.folder / name
    if is_address(name) or not _may_stay(path, table):
        return None
    if filing.operator is None or filing.technology is None:
        return None
    ahead = reader.ahead.get(path)
    seen = seen_in(path, crs, digest=read_digests) if ahead is None else ahead.result()
    if seen is None:
        return None
    reader.take(path, seen=seen.read)
    middles = gpd.GeoDataFrame(geometry=seen.middles)
    placed = Placement(table=middles, system=crs, said=NOTHING_SAID)
    reader.findings += elsewhere_findings(placed, filing.within, file=path.name)
    info = LayerInfo(
        operator=filing.operator,
        technology=filing.technology,
        evidence=filing.evidence or "declared",
        as_of=filing.as_of,
        source=filing.source,
    )
    return LayerInFile(info=info, near=seen, bounds=seen.bounds, rows=seen.rows, system=seen.crs)


def _limited(layer: AnyLayer, extent: gpd.GeoSeries) -> AnyLayer:
    """The layer, which speaks inside the extent alone."""
    if isinstance(layer, SignalLayer):
        return limited(layer, extent)
    return replace(layer, extent=extent)


def _named(folder: Path, table: LayerTable) -> Iterator[tuple[str, str]]:
    """Each file of a layer's path, or its one table: what to read, and what to call it."""
    if is_address(table.path):
        yield table.address, name_of(table.address)
        return
    for path in found_files(folder, table.path):
        inside = folder in path.parents
        yield str(path), path.relative_to(folder).as_posix() if inside else path.name


def measurements_of(
    reader: Reader,
    table: MeasurementsTable | None,
    crs: pyproj.CRS,
    within: Extent | None = None,
) -> Measurements | None:
    """The speed tests or drive tests that the study names."""
    if table is None:
        return None
    filing = replace(
        SILENT,
        operator=table.operator,
        technology=table.technology,
        as_of=table.as_of,
        source=table.source,
        columns=table.columns,
        said=table.said,
        within=within,
    )
    file = name_of(table.address)
    with reader.open(
        table.address, file=file, layer=table.layer, crs=table.crs, encoding=table.encoding
    ) as (one, *_):
        found = measurements_in(one, filing, crs=crs, convention=table.convention)
    reader.findings += found.findings
    return found
