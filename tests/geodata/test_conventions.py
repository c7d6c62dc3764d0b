"""The registry, real files, what becomes of sites and rasters, and laws of both."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from shapely import Point

import coverage
import geodata
from geodata import conventions
from geodata.conventions import convention_of, named
from geodata.conventions.ookla import tile_of
from geodata.coordinates import study_crs
from geodata.days import day_of
from geodata.errors import CallError, DataError, StudyError
from geodata.filings import SILENT, Source, candidates, layers_in
from geodata.pixel_areas import pixel_polygons
from geodata.rasters import opened
from geodata.reach import discs
from tests import folder, tiny
from tests.corpus import Case, conventions_areas, conventions_rasters, conventions_sites
from tests.corpus import conventions_tables as tables
from tests.corpus._layers import write_raster
from tests.laws import examples

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CRS = study_crs(tiny.CRS)

FAKE = """
from geodata.convention import Convention
from geodata.conventions.plain_polygons import means
from geodata.errors import phrase

CONVENTION = Convention(
    name="fake", title=phrase("plain polygons"), kind="footprint",
    recognises=lambda candidate: "fake" in candidate.find("fake"), means=means,
)
"""


def test_a_convention_is_added_by_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {one.name for one in conventions.conventions()}
    (tmp_path / "made_up.py").write_text(FAKE, "utf-8")
    monkeypatch.setattr(conventions, "__path__", [*conventions.__path__, str(tmp_path)])
    assert {one.name for one in conventions.conventions()} == before | {"fake"}
    table = tiny.villages().drop(columns="centre").assign(fake=1)
    table.to_file(tmp_path / "x.gpkg")
    with candidates(Source(path=tmp_path / "x.gpkg", file="x.gpkg")) as (one,):
        assert convention_of(one, kinds=("footprint",)).name == "fake"


def test_every_convention_of_the_field_is_there() -> None:
    assert {one.name for one in conventions.conventions()} >= {
        "plain_polygons", "plain_sites", "itu_vector", "itu_raster", "itu_sites", "fcc_bdc",
        "mce_vector", "mce_raster", "arcep_footprints", "peru", "giga", "signal_raster",
        "opencellid", "arcep_sites", "ookla", "drive_tests", "itu_places", "vietnamese_list",
    }  # fmt: skip
    with pytest.raises(CallError, match="there is no convention 'opencell'; expected one of arcep"):
        named("opencell")


ALL = (*conventions_areas.CASES, *conventions_rasters.CASES, *conventions_sites.CASES,
       *tables.CASES)  # fmt: skip


READ = tuple(case for case in ALL if not case.refused)
ANOTHER_NAME = {
    "plain-two-operators-in-columns": "plain_polygons", "plain-one-of-two-chosen": "plain_polygons",
    "own-list-of-sites": "plain_sites", "drive-tests-mapped": "plain_sites",
    "fcc": "fcc_bdc", "fcc-shapefile": "fcc_bdc", "fcc-unknown-code": "fcc_bdc",
    "mce-shapefile": "mce_vector", "arcep": "arcep_footprints",
    "arcep-two-quarters": "arcep_footprints", "arcep-unknown-grade": "arcep_footprints",
    "signal": "signal_raster", "signal-nodata-zero": "signal_raster",
    "signal-zero-undeclared": "signal_raster", "signal-a-level-as-nodata": "signal_raster",
    "signal-without-threshold": "signal_raster", "raster-of-three-classes-told": "",
}  # fmt: skip
"""Cases that do not begin with the name of their convention; "" where the study must say it."""


def _named_after(case: Case) -> str:
    """The convention a case of the corpus is of, by its name."""
    bare = case.name.removeprefix("conventions-")
    if bare in ANOTHER_NAME:
        return ANOTHER_NAME[bare]
    fitting = [c.name for c in conventions.conventions()
               if f"{bare}-".startswith(f"{c.name.replace('_', '-')}-")]  # fmt: skip
    return max(fitting, key=len)


@pytest.mark.parametrize("case", READ, ids=lambda case: case.name)
def test_each_file_of_the_corpus_fits_its_own_convention_and_no_other(
    case: Case, tmp_path: Path
) -> None:
    path = case.make(tmp_path)
    known = conventions.conventions()
    with candidates(Source(path=path, file=path.name)) as found:
        assert found
        for one in found:
            own = [c.name for c in known if not c.fallback and c.recognises(one)]
            fallbacks = [c.name for c in known if c.fallback and c.recognises(one)]
            expected = _named_after(case)
            assert own or fallbacks == ([expected] if expected else [])
            assert own in ([expected], [])


@pytest.mark.parametrize("name", [one.name for one in conventions.conventions()])
def test_a_convention_that_is_forced_on_a_strange_file_says_one_sentence(
    name: str, tmp_path: Path
) -> None:
    table = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    table.to_csv(tmp_path / "strange.csv", index=False)
    path = tmp_path / "strange.csv"
    filing = replace(SILENT, operator="A", technology="4G")
    is_layer = named(name).kind not in ("measurements", "villages")
    with candidates(Source(path=path, file=path.name)) as (one,):
        read = partial(layers_in, one, filing, crs=CRS, convention=name)
        asked = read if is_layer else partial(named(name).means, one, SILENT)
        with pytest.raises(geodata.GeodataError, match=r"^strange\.csv ") as caught:
            asked()
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not DATA.exists(), reason="the real cells are not here")
def test_the_real_cells_of_accra_become_layers_by_radio_and_network() -> None:
    path = DATA / "reference" / "opencellid_accra.csv"
    with candidates(Source(path=path, file=path.name)) as (one,):
        made = layers_in(one, SILENT, crs=study_crs("EPSG:32630"))
    assert {layer.info.title: len(layer.footprint) for layer in made.layers} == {
        "620-01 2G": 13, "620-01 3G": 21, "620-01 4G": 1683, "620-02 2G": 276,
        "620-02 3G": 1620, "620-02 4G": 1006, "620-03 3G": 7, "620-03 4G": 1,
    }  # fmt: skip
    raw = pd.read_csv(path)
    chosen = raw[(raw.radio == "GSM") & (raw.net == 1)]
    layer = next(one for one in made.layers if one.info.title == "620-01 2G")
    places = gpd.GeoSeries.from_xy(chosen.lon, chosen.lat, crs=4326).to_crs(32630)
    assert layer.footprint.centroid.distance(places.reset_index(drop=True)).max() < 1e-6
    area = layer.footprint.area.to_numpy()
    assert area == pytest.approx(math.pi * chosen["range"].to_numpy() ** 2, rel=1e-9)
    assert layer.info.as_of == pd.to_datetime(chosen.updated.max(), unit="s").date()


@pytest.mark.skipif(not DATA.exists(), reason="the real units and villages are not here")
def test_real_units_and_villages_are_read_as_they_are(tmp_path: Path) -> None:
    real = (DATA / "nghe_an").as_posix()
    (tmp_path / "study.toml").write_text(
        'schema = 1\nname = "Nghệ An"\nas_of = 2025-07-01\n[villages]\n'
        f'path = "{real}/village_points.gpkg"\n[[units]]\nvalid_from = 2025-07-01\n'
        f'communes = "{real}/wards_2025.gpkg"\n', "utf-8",
    )  # fmt: skip
    study = geodata.open_study(tmp_path)
    assert len(study.units[0].communes) == 130
    assert len(study.villages) == 2946
    assert not study.layers


@given(st.floats(1.0, 35_000.0))
def test_a_disc_has_the_area_of_its_circle(reach_m: float) -> None:
    (disc,) = discs(np.array([Point(598_000.0, 2_065_000.0)]), np.array([reach_m]))
    assert disc.area == pytest.approx(math.pi * reach_m**2, rel=1e-6)
    away = shapely.distance(Point(598_000.0, 2_065_000.0), shapely.points(disc.exterior.coords))
    assert abs(away / reach_m - 1).max() < 0.001


@settings(deadline=None, max_examples=examples(40))
@given(arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_the_polygons_of_pixels_have_their_area_and_no_more(
    tmp_path_factory: pytest.TempPathFactory, mask: np.ndarray
) -> None:
    path = tmp_path_factory.mktemp("raster") / "m.tif"
    raster = opened(write_raster(path, mask.tolist(), dtype="uint8", cell=30.0), file="m.tif")
    found = pixel_polygons(raster, lambda block: block.values == 1, crs=CRS)
    assert found.union_all().area == pytest.approx(900.0 * mask.sum())
    assert found.area.sum() == pytest.approx(900.0 * mask.sum())


def test_a_raster_read_in_pieces_is_the_same_raster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.random.default_rng(7).integers(0, 2, (40, 30))
    path = write_raster(tmp_path / "m.tif", values.tolist(), dtype="uint8", cell=30.0)
    raster = replace(opened(path, file="m.tif"), block_height=1)
    whole = pixel_polygons(raster, lambda block: block.values == 1, crs=CRS).union_all()
    monkeypatch.setattr("geodata.rasters.PIXELS_AT_ONCE", 90)
    pieces = pixel_polygons(raster, lambda block: block.values == 1, crs=CRS).union_all()
    assert whole.symmetric_difference(pieces).area == pytest.approx(0.0, abs=1e-6)


def test_of_a_large_raster_only_what_is_near_is_read(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "m.tif", np.ones((200, 200)).tolist(), dtype="uint8")
    raster = opened(path, file="m.tif")
    near = (tiny.X0 + 10_000.0, tiny.Y0 - 20_000.0, tiny.X0 + 12_000.0, tiny.Y0 - 18_000.0)
    found = pixel_polygons(raster, lambda block: block.values == 1, crs=CRS, near=near)
    x0, y0, x1, y1 = found.total_bounds
    assert x0 <= near[0] <= near[2] <= x1
    assert (x1 - x0, y1 - y0) <= (4_000.0, 4_000.0)


def test_the_tile_of_a_key_is_the_one_of_bings_own_example() -> None:
    """Bing Maps tile system: tile (3, 5) of zoom 3 has the key 213."""
    keys = pd.Series(["213" + "0" * 13])
    (tile,) = tile_of(keys, file="f").to_crs(4326)
    assert tile.bounds[0] == pytest.approx(3 * 360 / 8 - 180)
    assert tile.bounds[3] == pytest.approx(
        math.degrees(math.atan(math.sinh(math.pi * (1 - 10 / 8))))
    )


@pytest.mark.parametrize(
    ("word", "day"),
    [
        ("2023-08-30", date(2023, 8, 30)), ("30/08/2023", date(2023, 8, 30)),
        ("20230830", date(2023, 8, 30)), ("201812", date(2018, 12, 1)), ("2021", date(2021, 1, 1)),
        ("2023T3", date(2023, 7, 1)), ("Q4 2023", date(2023, 10, 1)), ("2023-13-01", None),
        ("31/02/2023", None), ("", None), ("soon", None), ("1850", None),
    ],
)  # fmt: skip
def test_days_under_many_spellings(word: str, day: date | None) -> None:
    assert day_of(word) == day


def _study(tmp_path: Path, entry: str) -> Path:
    text = folder.STUDY.split("[[layers]]")[0] + "[[layers]]\n" + entry
    return folder.write(tmp_path / "study", study=text)


def test_a_signal_raster_is_no_signal_inside_and_unknown_outside(tmp_path: Path) -> None:
    """One operator's raster covers the two western columns; v1 is strong, v2 has no data."""
    study = _study(
        tmp_path,
        'operator = "Alpha"\ntechnology = "4G"\nkind = "signal"\nthreshold_dbm = -105\n'
        'path = "layers/rsrp.tif"\n',
    )
    study.write_text(study.read_text("utf-8").replace(', "Beta"]', "]"), "utf-8")
    values = [[-120.0, -999.0], [-120.0, -999.0], [-80.0, -999.0]]
    write_raster(study.parent / "layers" / "rsrp.tif", values, dtype="float32", nodata=-999.0,
                 origin=(tiny.X0, tiny.Y0 + 3000), cell=1000.0)  # fmt: skip
    opened_study = geodata.open_study(study)
    assessment = coverage.judge(
        coverage.measure(opened_study.villages, opened_study.layers),
        opened_study.rule,
        expected=opened_study.expected,
    )
    told = assessment.verdicts["verdict"]
    assert told["v1"] == "covered"
    assert set(told[["v2", "v4", "v5", "v7", "v8"]]) == {"none"}
    assert set(told[["v3", "v6", "v9"]]) == {"unknown"}


def test_cells_in_a_study_are_modelled_and_say_so(tmp_path: Path) -> None:
    study = _study(tmp_path, 'kind = "sites"\npath = "layers/452.csv"\nsource = "OpenCelliD"\n')
    body = "LTE,452,4,1,11,0,105.6851,18.6715,600,9,1,1600000000,1693353600,0\n"
    (study.parent / "layers" / "452.csv").write_text(body, "utf-8")
    found = geodata.open_study(study)
    (layer,) = found.layers
    assert (layer.info.operator, layer.info.technology) == ("Viettel", "4G")
    assert (layer.info.evidence, layer.info.as_of) == ("modelled", date(2023, 8, 30))
    assert layer.info.source.startswith("OpenCelliD; ")
    assert {"understood", "discs"} <= {one.kind for one in found.findings}
    assert any("discs around sites" in str(note) for note in found.notes)


def test_the_kind_of_an_entry_must_be_that_of_its_file(tmp_path: Path) -> None:
    study = _study(tmp_path, 'kind = "footprint"\npath = "layers/452.csv"\n')
    body = "LTE,452,4,1,11,0,105.6851,18.6715,600,9,1,1600000000,1693353600,0\n"
    (study.parent / "layers" / "452.csv").write_text(body, "utf-8")
    with pytest.raises(DataError, match="read as OpenCelliD cells, which is of kind sites"):
        geodata.open_study(study)


def test_an_unknown_convention_is_a_fault_with_its_line(tmp_path: Path) -> None:
    study = _study(tmp_path, 'convention = "opencell"\npath = "layers/alpha_4g.gpkg"\n')
    with pytest.raises(StudyError, match=r"layers\[1\]\.convention: there is no convention"):
        geodata.open_study(study)


def test_measurements_are_kept_with_the_study(tmp_path: Path) -> None:
    study = folder.write(tmp_path / "study")
    study.write_text(study.read_text("utf-8") + '\n[measurements]\npath = "log.csv"\n', "utf-8")
    (study.parent / "log.csv").write_text(tables.DRIVE, "utf-8")
    found = geodata.open_study(study).measurements
    assert found is not None
    assert (found.convention, len(found.table)) == ("drive_tests", 2)
    assert found.table.crs == CRS


def test_an_archive_of_named_layers_gives_them_all(tmp_path: Path) -> None:
    shapes = tiny.villages().drop(columns="centre").reset_index()[["village", "geometry"]]
    (tmp_path / "peru").mkdir()
    for name in ("3g-cobertura_garantizada", "4g-cobertura_adicional"):
        shapes.to_file(tmp_path / "peru" / f"{name}.shp")
    filing = replace(SILENT, operator="Bitel")
    with candidates(Source(path=tmp_path / "peru", file="peru")) as parts:
        titles = [layers_in(one, filing, crs=CRS).layers[0].info.title for one in parts]
    assert titles == ["Bitel 3G", "Bitel 4G"]


def test_a_raster_is_refused_before_its_pixels_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=100_000, width=100_000, count=1, dtype="uint8",
        crs=tiny.CRS, transform=rasterio.Affine(1, 0, 0, 0, -1, 0), tiled=True, sparse_ok=True,
    ):  # fmt: skip
        pass
    assert path.stat().st_size < 5_000_000
    with pytest.raises(DataError, match="100000 × 100000 pixels, too large to be read safely"):
        opened(path, file="huge.tif")
