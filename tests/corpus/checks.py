"""Small studies and files, each with one thing wrong that the data report must find."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from rasterio.transform import from_origin
from shapely import Point, Polygon, box
from shapely.affinity import translate

from geodata.report import check_path
from tests import folder as study
from tests import tiny
from tests.corpus import Case

Villages = gpd.GeoDataFrame


def _finds(*kinds: str) -> Callable[[Path], None]:
    """A check that the report has exactly these kinds of errors and warnings."""

    def check(path: Path) -> None:
        found = {f.kind for f in check_path(path).everything if f.severity != "note"}
        assert found == set(kinds)

    return check


def _notes(*kinds: str) -> Callable[[Path], None]:
    """A check that the report has these notes, and no error or warning."""

    def check(path: Path) -> None:
        found = check_path(path).everything
        assert set(kinds) <= {f.kind for f in found if f.severity == "note"}
        assert not [f.kind for f in found if f.severity != "note"]

    return check


def _study(change: Callable[[Villages], Villages]) -> Callable[[Path], Path]:
    """The nine villages with something changed."""

    def make(target: Path) -> Path:
        file = study.write(target / "study")
        changed = change(tiny.villages()).drop(columns="centre").reset_index()
        changed.to_file(file.parent / "villages.gpkg")
        return file

    return make


def _told(old: str, new: str) -> Callable[[Path], Path]:
    """The nine villages with another study file."""

    def make(target: Path) -> Path:
        assert old in study.STUDY
        return study.write(target / "study", study=study.STUDY.replace(old, new))

    return make


def _with(table: Villages, key: str, column: str, value: object) -> Villages:
    table.loc[key, column] = value
    return table


def _bow_tie(table: Villages) -> Villages:
    x, y = tiny.X0 + 2000, tiny.Y0 + 2000
    shape = Polygon([(x, y), (x + 1000, y + 1000), (x + 1000, y), (x, y + 1000)])
    return _with(table, "v9", "geometry", shape)


def _overlap(table: Villages) -> Villages:
    return _with(table, "v9", "geometry", translate(table.geometry["v9"], -300, 0))


def _sliver(table: Villages) -> Villages:
    return _with(table, "v9", "geometry", translate(table.geometry["v9"], -0.5, 0))


def _formula(table: Villages) -> Villages:
    return _with(table, "v4", "village", "=HYPERLINK(0)")


def _turned(table: Villages) -> Villages:
    return _with(table, "v4", "village", "Xóm \u202egnuorg")


def _nameless(table: Villages) -> Villages:
    return _with(table, "v4", "village", None)


def _swapped(table: Villages) -> Villages:
    return table.assign(population=table["households"], households=table["population"])


def _crowd(table: Villages) -> Villages:
    return _with(table, "v4", "population", 250_000)


def _nobody(table: Villages) -> Villages:
    table = _with(table, "v4", "population", 0)
    return _with(table, "v4", "households", 0)


def _same_places(target: Path) -> Path:
    path = target / "thon.csv"
    rows = ["Thôn;Dân số;lon;lat"]
    rows += [f"Xóm {k};{100 + k};105.6{k % 4}171;18.6{k % 4}232" for k in range(8)]
    path.write_text("\n".join(rows), "utf-8")
    return path


def _minutes(target: Path) -> Path:
    path = target / "thon.csv"
    rows = ["Thôn;Dân số;lon;lat"]
    rows += [f"Xóm {k};{100 + k};{105 + k / 60:.5f};{18 + k / 60:.5f}" for k in range(1, 6)]
    rows += [f"Xóm {k};{100 + k};105.{k}1713;18.{k}2329" for k in range(6, 9)]
    path.write_text("\n".join(rows), "utf-8")
    return path


def _total_row(target: Path) -> Path:
    path = target / "danh sach thon.csv"
    rows = ["Thôn,Dân số,lon,lat", "Xóm 1,100,105.61713,18.62329", "Xóm 2,200,105.62713,18.63329"]
    path.write_text("\n".join([*rows, "Tổng cộng,400,105.63,18.64"]), "utf-8")
    return path


def _same_rows(target: Path) -> Path:
    path = target / "viettel_4g.gpkg"
    shape = box(tiny.X0, tiny.Y0, tiny.X0 + 500, tiny.Y0 + 500)
    gpd.GeoDataFrame({"kind": ["a", "a"]}, geometry=[shape, shape], crs=tiny.CRS).to_file(path)
    return path


def _sums(target: Path) -> Path:
    file = study.write(target / "study")
    path = file.parent / "communes.gpkg"
    units = gpd.read_file(path)
    units.assign(population=[600, 1500, 9999]).to_file(path)
    return file


def _raster(name: str, nodata: float | None, values: float) -> Callable[[Path], Path]:
    def make(target: Path) -> Path:
        path = target / name
        cells = np.full((8, 8), values, np.float32)
        cells[:4] = 0.0 if nodata is None else nodata
        with rasterio.open(
            path, "w", driver="GTiff", width=8, height=8, count=1, dtype="float32",
            crs=tiny.CRS, transform=from_origin(tiny.X0, tiny.Y0 + 3000, 400, 400), nodata=nodata,
        ) as made:  # fmt: skip
            made.write(cells, 1)
        return path

    return make


def _shifted_layer(target: Path) -> Path:
    file = study.write(target / "study")
    path = file.parent / "layers" / "beta_3g.gpkg"
    layer = gpd.read_file(path)
    layer.set_geometry(layer.translate(79_100, 0)).to_file(path)
    return file


def _clipped(target: Path) -> Path:
    file = study.write(target / "study")
    whole = box(tiny.X0, tiny.Y0, tiny.X0 + 3000, tiny.Y0 + 3000)
    layer = gpd.GeoDataFrame(geometry=[whole], crs=tiny.CRS)
    layer.to_file(file.parent / "layers" / "alpha_4g.gpkg")
    return file


def _lines(target: Path) -> Path:
    file = study.write(target / "study")
    path = file.parent / "layers" / "beta_3g.gpkg"
    layer = gpd.read_file(path)
    layer.set_geometry(layer.boundary).to_file(path)
    return file


def _unknown(target: Path) -> Path:
    path = target / "bang.csv"
    pd.DataFrame({"foo": [1, 2], "bar": [3, 4]}).to_csv(path, index=False)
    return path


def _bad_third_file(target: Path) -> Path:
    file = study.write(target / "study")
    (file.parent / "layers" / "beta_3g.gpkg").write_bytes(b"")
    return file


def _two_faults(target: Path) -> Path:
    file = study.write(target / "study", villages=_formula(tiny.villages()))
    text = file.read_text("utf-8").replace('technology = "4G"', 'technology = "6G"')
    file.write_text(text, "utf-8")
    return file


def _outside_site(target: Path) -> Path:
    file = study.write(target / "study")
    sites = gpd.GeoDataFrame(
        {"site": ["A", "B"], "operator": ["Alpha", "Beta"]},
        geometry=[Point(tiny.X0, tiny.Y0), Point(tiny.X0 + 90_000, tiny.Y0)],
        crs=tiny.CRS,
    )
    sites.to_file(file.parent / "sites.gpkg")
    with file.open("a", encoding="utf-8") as stream:
        stream.write('\n[sites]\npath = "sites.gpkg"\n')
    return file


LAST = 'path = "layers/beta_3g.gpkg"\nas_of = '
EXPECTED = 'operators = ["Alpha", "Beta"]'
CASES = (
    Case(name="checks-nothing-wrong", make=_study(lambda t: t), check=_finds()),
    Case(name="checks-bow-tie", make=_study(_bow_tie), check=_finds("geometry-invalid")),
    Case(name="checks-overlap", make=_study(_overlap), check=_finds("village-overlap")),
    Case(name="checks-sliver", make=_study(_sliver), check=_notes("village-sliver")),
    Case(name="checks-formula", make=_study(_formula), check=_finds("name-formula")),
    Case(name="checks-direction-mark", make=_study(_turned), check=_finds("name-unseen")),
    Case(name="checks-no-name", make=_study(_nameless), check=_finds("name-empty")),
    Case(
        name="checks-people-swapped", make=_study(_swapped), check=_finds("households-over-people")
    ),
    Case(
        name="checks-people-absurd",
        make=_study(_crowd),
        check=_finds("people-absurd", "people-per-household"),
    ),
    Case(name="checks-people-none", make=_study(_nobody), check=_finds("people-none")),
    Case(name="checks-population-sum", make=_sums, check=_finds("population-sum")),
    Case(name="checks-total-row", make=_total_row, check=_finds("row-total", "population-sum")),
    Case(name="checks-same-places", make=_same_places, check=_finds("place-shared")),
    Case(name="checks-minutes-of-arc", make=_minutes, check=_finds("place-rounded")),
    Case(name="checks-same-rows", make=_same_rows, check=_finds("row-repeated")),
    Case(name="checks-unknown-table", make=_unknown, check=_finds("not-understood")),
    Case(
        name="checks-signal-nodata-in-range",
        make=_raster("viettel_4g.tif", -120.0, -85.0),
        check=_finds("nodata-signal"),
    ),
    Case(
        name="checks-signal-nodata-unset",
        make=_raster("viettel_4g.tif", None, -85.0),
        check=_finds("nodata-unset", "nodata-unmasked"),
    ),
    Case(
        name="checks-population-nodata-zero",
        make=_raster("population.tif", 0.0, 12.0),
        check=_finds("nodata-zero"),
    ),
    Case(name="checks-layer-elsewhere", make=_shifted_layer, check=_finds("crs-wrong-meridian")),
    Case(name="checks-layer-cut-at-border", make=_clipped, check=_notes("ends-at-border")),
    Case(name="checks-layer-of-lines", make=_lines, check=_finds("geometry-kind")),
    Case(name="checks-site-elsewhere", make=_outside_site, check=_finds("outside-extent")),
    Case(
        name="checks-layer-old",
        make=_told(f"{LAST}2023-08-30", f"{LAST}2021-08-30"),
        check=_finds("layer-older"),
    ),
    Case(
        name="checks-layer-newer",
        make=_told(f"{LAST}2023-08-30", f"{LAST}2024-02-28"),
        check=_finds("layer-newer"),
    ),
    Case(
        name="checks-operator-missing",
        make=_told(EXPECTED, 'operators = ["Alpha", "Beta", "Gamma"]'),
        check=_finds("filing-missing"),
    ),
    Case(
        name="checks-technology-missing",
        make=_told(EXPECTED, f'{EXPECTED}\ntechnologies = ["4G"]'),
        check=_finds("filing-missing"),
    ),
    Case(name="checks-empty-layer-file", make=_bad_third_file, check=_finds("unreadable")),
    Case(
        name="checks-study-file-and-villages",
        make=_two_faults,
        check=_finds("study-file", "name-formula"),
    ),
)
