"""The files of the study folder: layers, units and the study file itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio

from geodata.reconstruction.gazetteer import CRS
from geodata.reconstruction.grid import Floats, Grid
from geodata.written import write_bytes, write_map

VERSION = 4
AS_OF = "2023-08-30"
SOURCE = (
    "Mô phỏng, không phải số liệu của doanh nghiệp hay cơ quan nhà nước"
    " / Reconstruction, not data of an operator or an authority"
)
STAMP = "2023-08-30T00:00:00.000Z"


def write_layer(table: gpd.GeoDataFrame, path: Path) -> None:
    """A GeoPackage that is the same, byte for byte as far as its content goes, each time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_map(table, path, driver="GPKG", layer=path.stem, layer_metadata={"source": SOURCE})


def write_terrain(height: Floats, grid: Grid, path: Path) -> None:
    """A GeoTIFF of whole metres."""
    profile = {
        "driver": "GTiff",
        "dtype": "int16",
        "count": 1,
        "width": grid.width,
        "height": grid.height,
        "crs": CRS,
        "transform": grid.transform,
        "compress": "deflate",
        "predictor": 2,
    }
    with rasterio.MemoryFile() as made:
        with made.open(**profile) as target:
            target.write(np.rint(height).astype(np.int16), 1)
            target.update_tags(source=SOURCE, units="m")
        write_bytes(made.read(), path)


def _texts(values: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


def study_toml(
    layers: Sequence[tuple[str, str, str]],
    *,
    seed: int,
    real: Sequence[str],
    operators: Sequence[str],
) -> str:
    """The study file. ``layers``: operator, technology and path of each."""
    parts = [
        f'''schema = 1
name = "Nghệ An (mô phỏng / reconstruction)"
as_of = {AS_OF}
crs = "{CRS}"
rule = "vn-village"

[villages]
path = "villages.gpkg"
centres = "centres.gpkg"

[expected]
operators = {_texts(operators)}
technologies = ["3G", "4G"]

[[units]]
valid_from = 2023-01-01
districts = "districts_2023.gpkg"
communes = "communes_2023.gpkg"

[[units]]
valid_from = 2024-12-01
districts = "districts_2024.gpkg"
communes = "communes_2024.gpkg"

[[units]]
valid_from = 2025-07-01
communes = "communes_2025.gpkg"
'''
    ]
    parts += [
        f'''
[[layers]]
operator = "{operator}"
technology = "{technology}"
kind = "footprint"
path = "{path}"
as_of = {AS_OF}
evidence = "modelled"
source = "{SOURCE}"
'''
        for operator, technology, path in layers
    ]
    parts.append(
        f"""
[terrain]
path = "terrain.tif"

[zones_5g]
path = "zones_5g.gpkg"

[sites]
path = "sites.gpkg"

[[published]]
value = 3743
of = 3806
definition = "villages with mobile broadband"
as_of = {AS_OF}
source = "provincial conference, 21 September 2023"

[target]
share = 1.0
by = 2025-12-31

[reconstruction]
seed = {seed}
version = {VERSION}
real = {_texts(real)}
"""
    )
    return "".join(parts)
