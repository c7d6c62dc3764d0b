"""Every way a raster is read, in every way one is written, against exactextract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from rasterio.enums import ColorInterp
from shapely import Polygon

import coverage
from coverage.pixels import AnyLayer
from coverage.shares import share_by
from geodata.errors import UnreadableError
from geodata.population import counted, people_near
from geodata.rasters import opened
from geodata.reconstruction.grid import Grid
from geodata.reconstruction.terrain import real_terrain
from tests import tiny
from tests.corpus._layers import read, write_raster

X, Y, STEP = tiny.X0, tiny.Y0, 100.0
ROWS, COLUMNS = 20, 30
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a raster is written: its numbers, what is empty in it, and which way it runs."""

    dtype: str = "float32"
    scale: float = 1.0
    offset: float = 0.0
    empty: str = "nodata"
    run: str = "south-east"

    def __str__(self) -> str:
        return f"{self.dtype} {self.scale:g} {self.offset:g} {self.empty} {self.run}"


def write(path: Path, values: Floats, there: npt.NDArray[np.bool_], form: Form) -> Path:
    """A GeoTIFF that means ``values`` where it is ``there``, and nothing elsewhere."""
    raw = np.round((values - form.offset) / form.scale, 3)
    filling = raw[there].max()  # a number that would count as the strongest
    nodata = None
    if form.empty == "nodata":
        filling = nodata = 120 if "int" in form.dtype else -9999.0
    if form.empty == "nan":
        filling = np.nan
    raw = np.where(there, raw, filling).astype(form.dtype)
    flip = (slice(None, None, -1 if "north" in form.run else 1),
            slice(None, None, -1 if "west" in form.run else 1))  # fmt: skip
    raw, seen = raw[flip], there[flip].astype(np.uint8) * 255
    a, e = (-STEP if "west" in form.run else STEP), (STEP if "north" in form.run else -STEP)
    x, y = (X + COLUMNS * STEP if a < 0 else X), (Y if e > 0 else Y + ROWS * STEP)
    bands = 2 if form.empty == "alpha" else 1
    inside = "YES" if form.empty == "mask inside" else "NO"
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=inside),
        rasterio.open(
            path, "w", driver="GTiff", height=ROWS, width=COLUMNS, count=bands, dtype=form.dtype,
            crs=tiny.CRS, transform=rasterio.Affine(a, 0, x, 0, e, y), nodata=nodata,
            tiled=True, blockxsize=16, blockysize=16,
        ) as out,
    ):  # fmt: skip
        out.write(raw, 1)
        out.scales, out.offsets = (form.scale,) * bands, (form.offset,) * bands
        if form.empty.startswith("mask"):
            out.write_mask(seen)
        if bands == 2:
            out.write((seen > 0).astype(form.dtype), 2)
            out.colorinterp = (ColorInterp.gray, ColorInterp.alpha)
    return path


def villages() -> gpd.GeoDataFrame:
    """Three polygons whose edges cross pixels."""
    shapes = [
        Polygon([(X + 130, Y + 90), (X + 1410, Y + 310), (X + 700, Y + 1870)]),
        Polygon([(X + 1510, Y), (X + 2930, Y + 40), (X + 2210, Y + 1990), (X + 1600, Y + 950)]),
        Polygon([(X + 10, Y + 1350), (X + 420, Y + 1340), (X + 380, Y + 1930)]),
    ]  # fmt: skip
    told = {"village_id": ["a", "b", "c"], "population": [1, 1, 1]}
    table = gpd.GeoDataFrame(told, geometry=shapes, crs=tiny.CRS).set_index("village_id")
    return table.assign(centre=gpd.GeoSeries([None] * 3, index=table.index, crs=tiny.CRS))


def expected(values: Floats, *, operation: str = "mean") -> Floats:
    """What exactextract makes of pixels in each village."""
    source = NumPyRasterSource(
        values, xmin=X, ymin=Y, xmax=X + COLUMNS * STEP, ymax=Y + ROWS * STEP, srs_wkt=None
    )
    shapes = villages().reset_index(drop=True)[["geometry"]]
    found = exact_extract(source, shapes, operation, output="pandas", include_geom=False)
    return found[operation].to_numpy()


RNG = np.random.default_rng(20)
WHOLE = RNG.integers(0, 100, (ROWS, COLUMNS)).astype(float)
THERE = RNG.random((ROWS, COLUMNS)) > 0.3
RUNS = ("south-east", "north-east", "south-west", "north-west")
EMPTY = ("nodata", "nan", "mask inside", "mask beside", "alpha")
TYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64")
PLAIN = (
    *(Form(run=run) for run in RUNS),
    *(Form(empty=empty) for empty in EMPTY),
    *(Form(dtype=dtype) for dtype in TYPES),
    *(Form(dtype=dtype, empty="mask inside", run="north-west") for dtype in TYPES),
    Form(dtype="uint8", empty="alpha", run="south-west"),
    Form(dtype="float64", scale=0.5, offset=0.5, empty="nan"),
    Form(dtype="uint16", scale=0.1, empty="mask beside", run="north-east"),
    Form(dtype="int32", scale=0.01, offset=-3.0, empty="alpha"),
)
LEVELS = (
    *(form for form in PLAIN if not form.dtype.startswith("u")),
    Form(dtype="uint8", offset=-160.0),
    Form(dtype="uint8", offset=-160.0, empty="mask inside", run="south-west"),
    Form(dtype="uint16", offset=-200.0, scale=0.1, empty="alpha"),
    Form(dtype="uint32", offset=-160.0, empty="mask beside", run="north-east"),
)


def share(layer: AnyLayer) -> Floats:
    """The share of each village that a layer serves."""
    measures = coverage.measure(villages(), (layer,))
    return share_by(measures, coverage.RULES["vn-village"], [True])


def signal(path: Path, form: Form) -> tuple[Floats, Floats]:
    dbm = -125.0 + WHOLE * 0.5  # half decibels in decimals
    dbm = dbm if form.dtype.startswith("float") or form.scale != 1 else np.floor(dbm)
    write(path, dbm, THERE, form)
    found = read(path, "signal_raster", operator="A", technology="4G")
    return share(found.layers[0]), expected((THERE & (dbm >= -105)).astype(float))


def threshold(path: Path, form: Form) -> tuple[Floats, Floats]:
    write(path, -125.0 + np.floor(WHOLE * 0.5), THERE, form)
    found = read(path, "signal_raster", operator="A", technology="4G", threshold_dbm=-100.0)
    return share(found.layers[0]), expected((THERE & (WHOLE >= 50)).astype(float))


def classes(path: Path, form: Form) -> tuple[Floats, Floats]:
    write(path, (WHOLE >= 40).astype(float), THERE, form)
    found = read(path, "itu_raster", operator="A", technology="4G")
    return share(found.layers[0]), expected((THERE & (WHOLE >= 40)).astype(float))


def people(path: Path, form: Form) -> tuple[Floats, Floats]:
    write(path, WHOLE, THERE, form)
    near = people_near(opened(path, file=path.name), villages().geometry)
    source = near.source("count", counted(near, villages().geometry).key)
    layer = read(write(path.with_name("c.tif"), WHOLE > 0, THERE, Form()), "itu_raster",
                 operator="A", technology="4G").layers[0]  # fmt: skip
    found = coverage.measure(villages(), (layer,), amounts={"people": source}).amounts["people"]
    return found.total, expected(np.where(THERE, WHOLE, 0.0), operation="sum")


def terrain(path: Path, form: Form) -> tuple[Floats, Floats]:
    write(path, WHOLE, THERE, form)
    grid = Grid(left_m=X, top_m=Y + ROWS * STEP, step_m=STEP, width=COLUMNS, height=ROWS)
    found = real_terrain(path, on=grid)
    return expected(found), expected(np.where(THERE, WHOLE, 0.0))


def _cases() -> list[tuple[Callable[[Path, Form], tuple[Floats, Floats]], Form]]:
    whole = [form for form in PLAIN if form.offset == 0.0 or form.scale < 1.0]
    return [
        *((signal, form) for form in LEVELS if form.scale <= 0.5 or form.offset in (0.0, -160.0)),
        *((threshold, form) for form in LEVELS),
        *((classes, form) for form in whole),
        *((people, form) for form in whole),
        *((terrain, form) for form in whole),
    ]


@pytest.mark.parametrize(
    ("path_of", "form"), _cases(), ids=lambda one: getattr(one, "__name__", str(one))
)
def test_each_reading_of_each_form_is_what_exactextract_finds(
    path_of: Callable[[Path, Form], tuple[Floats, Floats]], form: Form, tmp_path: Path
) -> None:
    found, right = path_of(tmp_path / "r.tif", form)
    assert right.max() > 0
    np.testing.assert_allclose(found, right, rtol=1e-6)  # coverage fractions of theirs are float32


def test_a_mask_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    path = write(tmp_path / "r.tif", WHOLE, THERE, Form(empty="nan"))
    small = tmp_path / "small.tif"
    with rasterio.open(
        small, "w", driver="GTiff", height=2, width=2, count=1, dtype="uint8",
        transform=rasterio.Affine(1, 0, 0, 0, -1, 0),
    ) as out:  # fmt: skip
        out.write(np.ones((1, 2, 2), np.uint8))
    small.rename(tmp_path / "r.tif.msk")
    with pytest.raises(UnreadableError, match=r"mask r\.tif\.msk"):
        opened(path, file="r.tif")


def test_a_mask_beside_a_raster_has_no_library_warn(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    path = write_raster(tmp_path / "rsrp.tif", [[-80.0, -90.0]], dtype="float32")
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK="NO"),
        rasterio.open(path, "r+") as out,
    ):
        out.write_mask(np.array([[255, 0]], np.uint8))
    recwarn.clear()
    assert opened(path, file="rsrp.tif").masked
    assert not [one for one in recwarn if "NotGeoreferenced" in str(one.category)]
