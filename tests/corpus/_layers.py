"""What the cases of conventions share: two squares to declare, and reading a file into layers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import rasterio
from rasterio.transform import from_origin
from shapely import box

from geodata.convention import Candidate
from geodata.conventions import recognised
from geodata.coordinates import study_crs
from geodata.filing import Filed, Kind
from geodata.filings import SILENT, Source, candidates, layers_in
from tests import tiny

CRS: pyproj.CRS = study_crs(tiny.CRS)
X0, Y0 = tiny.X0, tiny.Y0
SQUARES = (box(X0, Y0, X0 + 1000, Y0 + 1000), box(X0 + 2000, Y0, X0 + 4000, Y0 + 1000))
"""Of 1 and 2 km²."""


def squares(**columns: list[object]) -> gpd.GeoDataFrame:
    """The two squares with a value each in every column."""
    return gpd.GeoDataFrame(columns, geometry=list(SQUARES), crs=tiny.CRS)


def read(
    path: Path,
    convention: str,
    *,
    kind: Kind | None = None,
    name: str | None = None,
    crs: str | None = None,
    band: int | None = None,
    **said: object,
) -> Filed:
    """The layers of a file that is recognised as ``convention``, or read so by ``name``."""
    layers, findings = [], []
    with candidates(Source(path=path, file=path.name, crs=crs, band=band)) as found:
        for one in found:
            assert name is not None or _convention(one) == convention
            filing = replace(SILENT, **said)  # type: ignore[arg-type]  # keys of the study file
            made = layers_in(one, filing, crs=CRS, kind=kind, convention=name)
            layers += made.layers
            findings += made.findings
    return Filed(layers=tuple(layers), findings=tuple(findings))


def _convention(candidate: Candidate) -> str:
    found = recognised(candidate)
    return "" if found is None else found.name


def km2(filed: Filed) -> dict[str, float]:
    """Title of each layer → the area of its union, to 10 m²."""
    return {
        one.info.title: round(float(one.footprint.union_all().area) / 1e6, 5)
        for one in filed.layers
    }


def kinds(filed: Filed) -> set[str]:
    """The checks that found something."""
    return {one.kind for one in filed.findings}


def write_raster(
    path: Path,
    values: list[list[float]],
    *,
    dtype: str,
    nodata: float | None = None,
    crs: str | None = tiny.CRS,
    origin: tuple[float, float] = (X0, Y0 + 1000),
    cell: float = 500.0,
) -> Path:
    """A GeoTIFF of a few pixels, its first row in the north."""
    held = np.array(values, dtype=dtype)
    with rasterio.open(
        path, "w", driver="GTiff", height=held.shape[0], width=held.shape[1], count=1,
        dtype=dtype, nodata=nodata, crs=crs, transform=from_origin(*origin, cell, cell),
    ) as out:  # fmt: skip
        out.write(held, 1)
    return path
