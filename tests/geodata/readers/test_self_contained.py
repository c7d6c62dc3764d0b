from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio

from geodata import GeodataError, rasters
from geodata.checks.rasters import read_raster
from geodata.containers import opened
from geodata.read import read_part, read_table
from geodata.readers import require_self_contained
from tests import canaries, reaching, reaching_packages, reaching_rasters, tiny
from tests.canaries import SECRET, Canary, squares
from tests.hostile import REGISTERED
from tests.reaching import Maker


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Canary]:
    with canaries.canaries(tmp_path / "outside", monkeypatch) as made:
        yield made


def made(tmp_path: Path, canary: Canary, make: Maker) -> Path:
    folder = tmp_path / "inside"
    folder.mkdir()
    path = make(folder, canary)
    canary.forget()
    return path


def everything_in(path: Path) -> str:
    """All that the readers give of a file: tables moved to the study's system, and pixels."""
    told = []
    with opened(path) as parts:
        for part in parts:
            if part.is_raster:
                head = rasters.opened(part.path, file=part.name)
                told.append(repr((read_raster(part.path), rasters.units_told(head))))
                told.append(repr(np.unique(rasters.sample(head).values)))
                told += [repr(p[1].values) for p in rasters.pieces(head, near=None, crs=head.crs)]
                continue
            table = read_part(part, unplaced=True).table
            told.append(table.to_csv())
            if isinstance(table, gpd.GeoDataFrame) and table.crs is not None:
                told.append(repr(table.to_crs("EPSG:9208").total_bounds))
    return "\n".join(told)


def named(make: Maker) -> str:
    return make.__name__.replace("_", " ")


@pytest.mark.parametrize("make", reaching.REFUSED, ids=named)
def test_a_file_that_leads_to_others_is_refused_and_opens_none(
    tmp_path: Path, canary: Canary, make: Maker
) -> None:
    path = made(tmp_path, canary, make)
    with pytest.raises(GeodataError, match=reaching.REFUSED[make]) as refusal:
        everything_in(path)
    assert canary.touched() == []
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("make", reaching.READ, ids=named)
def test_a_file_that_names_others_is_read_without_them(
    tmp_path: Path, canary: Canary, make: Maker
) -> None:
    path = made(tmp_path, canary, make)
    told = everything_in(path)
    assert canary.touched() == []
    assert SECRET not in told


@pytest.mark.parametrize("make", reaching_rasters.REFUSED, ids=named)
def test_every_way_to_open_a_raster_looks_first(
    tmp_path: Path, canary: Canary, make: Maker
) -> None:
    path = made(tmp_path, canary, make)
    with pytest.raises(GeodataError, match=reaching.REFUSED[make]):
        read_raster(path)
    with pytest.raises(GeodataError, match=reaching.REFUSED[make]):
        rasters.opened(path, file="v.tif")
    assert canary.touched() == []


def test_what_was_written_last_is_looked_at_before_anybody_opens_a_geopackage(
    tmp_path: Path, canary: Canary
) -> None:
    path = made(tmp_path, canary, reaching_packages.package_in_its_journal)
    with pytest.raises(GeodataError, match="VirtualText would fill"):
        require_self_contained(path, ".gpkg")


def test_the_canaries_notice_who_comes(canary: Canary) -> None:
    assert canary.touched() == []
    canary.file("csv").read_text()
    assert canary.touched() == ["opened secret.csv"]
    import socket  # noqa: PLC0415  # only here

    with (
        socket.create_connection(canary.tcp.getsockname()),
        socket.socket(type=socket.SOCK_DGRAM) as knocking,
    ):
        knocking.sendto(b"x", canary.udp.getsockname())
        assert canary.touched() == ["TCP", "UDP"]


@pytest.mark.parametrize("text", ["+proj=longlat +ellps=bessel +nadgrids={}", "+init={}:1"])
def test_a_system_that_a_form_says_names_no_file(canary: Canary, tmp_path: Path, text: str) -> None:
    squares().to_file(tmp_path / "v.gpkg")
    canary.forget()
    said = text.format(canary.file("csv"))
    with pytest.raises(GeodataError, match="coordinate system"):
        read_table(tmp_path / "v.gpkg", crs=said)
    with pytest.raises(GeodataError, match="names a file"):
        rasters.opened(reaching_rasters.raster(tmp_path), file="v.tif", crs=said)
    assert canary.touched() == []


@pytest.mark.parametrize("name", ["v.gpkg", "v.shp", "v.tab", "v.fgb", "v.geojson", "v.gdb"])
def test_ordinary_map_files_are_read_as_before(tmp_path: Path, name: str) -> None:
    driver = {".tab": "MapInfo File", ".gdb": "OpenFileGDB"}.get(Path(name).suffix)
    squares().to_crs("EPSG:4326").to_file(tmp_path / name, driver=driver)
    table = read_table(tmp_path / name)
    assert sorted(table["village"]) == sorted(squares()["village"])
    assert table.to_crs(tiny.CRS).area.round(-3).eq(1e6).all()


SCHEMA = """
CREATE INDEX names ON v (lower(village), length(village)) WHERE fid > 0;
CREATE TABLE log (
    fid INTEGER, at TEXT DEFAULT (strftime('%Y', 'now')), name TEXT(10),
    twice INTEGER GENERATED ALWAYS AS (abs(fid) * 2),
    CHECK (fid IN (1, 2) OR fid > 0), FOREIGN KEY (fid) REFERENCES v(fid)
);
CREATE TRIGGER kept AFTER UPDATE OF village ON v BEGIN
    INSERT INTO log (fid) VALUES (NEW.fid);
    UPDATE OR REPLACE log SET at = datetime('now') WHERE fid IN (SELECT fid FROM v);
    DELETE FROM log WHERE fid IS NOT DISTINCT FROM 3;
END;
CREATE VIEW w AS
    WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 9),
    m AS (SELECT * FROM v)
    SELECT v.fid, v.geom, upper(m.village) AS village
    FROM v JOIN m ON (v.fid = m.fid), n AS numbers WHERE numbers.k = v.fid;
"""


def test_a_geopackage_keeps_its_triggers_indexes_views_and_trees(tmp_path: Path) -> None:
    path = tmp_path / "package.gpkg"
    squares().to_file(path, layer="v")
    with closing(sqlite3.connect(path)) as base, base:
        base.executescript(SCHEMA)
        for statement in REGISTERED:
            base.execute(statement.replace("DELETE", "SELECT 1; --"))
    assert len(read_table(path, layer="v")) == 9
    assert read_table(path, layer="w")["village"].tolist()[0] == "XóM 1"
    with closing(sqlite3.connect(path)) as base:
        entries = base.execute("SELECT sql FROM sqlite_master WHERE sql <> ''").fetchall()
    assert sum("TRIGGER" in sql for (sql,) in entries) > 5


def test_an_external_mask_a_world_file_and_overviews_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "v.tif"
    profile = {"driver": "GTiff", "width": 600, "height": 600, "count": 1, "dtype": "float32"}
    with rasterio.open(path, "w", crs=tiny.CRS, **profile) as target:
        target.write(np.full((1, 600, 600), -90.0, "float32"))
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK="NO", TIFF_USE_OVR="YES"),
        rasterio.open(path, "r+") as target,
    ):
        mask = np.ones((600, 600), bool)
        mask[:300] = False
        target.write_mask(mask)
        target.build_overviews([2])
    (tmp_path / "v.tfw").write_text(f"5\n0\n0\n-5\n{tiny.X0 + 2.5}\n{tiny.Y0 + 2997.5}\n")
    assert {one.name for one in tmp_path.iterdir()} >= {"v.tif.msk", "v.tif.ovr", "v.tfw"}
    about = read_raster(path)
    assert about.masked == pytest.approx(0.5)
    head = rasters.opened(path, file="v.tif")
    assert head.transform.c == tiny.X0


def test_statistics_and_the_rest_of_an_aux_xml_are_read(tmp_path: Path) -> None:
    path = reaching_rasters.raster(tmp_path)
    (tmp_path / "v.tif.aux.xml").write_text(
        "<PAMDataset><PAMRasterBand band='1'><NoDataValue>-1</NoDataValue><Scale>0.5</Scale>"
        "<UnitType>dBm</UnitType><Metadata><MDI key='STATISTICS_MAXIMUM'>-90</MDI></Metadata>"
        "</PAMRasterBand></PAMDataset>"
    )
    head = rasters.opened(path, file="v.tif")
    assert (head.nodata, head.scale) == (-1.0, 0.5)
    assert "dBm" in rasters.units_told(head)


def test_a_geopackage_closed_badly_is_read_with_its_last_rows(tmp_path: Path) -> None:
    path = tmp_path / "v.gpkg"
    squares().iloc[:4].to_file(path, layer="v")
    base = sqlite3.connect(path)
    base.execute("PRAGMA journal_mode = WAL")
    base.execute("PRAGMA wal_autocheckpoint = 0")
    base.execute("CREATE TABLE more (k)")
    base.commit()
    held = {ending: path.with_name(path.name + ending).read_bytes() for ending in ("", "-wal")}
    base.close()
    for ending, body in held.items():
        path.with_name(path.name + ending).write_bytes(body)
    assert len(read_table(path, layer="v")) == 4
