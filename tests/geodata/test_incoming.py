"""Dropped files: received safely, recognised, made a study."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st

import geodata
from geodata.checks.rasters import read_raster
from geodata.errors import DataError, GeodataError, Phrase
from geodata.incoming import (
    Choice,
    make_study,
    receive,
    safe_name,
    studies_in,
    unpack_archive,
)
from geodata.sandbox import Limits, LostError, Sandbox
from geodata.study.assess import assess_study
from geodata.understood import Received, look_into, understand
from tests import hostile, tiny
from tests.corpus import all_cases
from tests.corpus._layers import write_raster
from tests.tiny_study import write_study
from ui.texts import phrase_text


def _zip(**entries: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in entries.items():
            archive.writestr(name, body)
    return out.getvalue()


def archive_of_names(count: int) -> bytes:
    """A ZIP of empty files: its list of names alone, as `zipfile` believes it."""
    entry = zipfile.ZipInfo("0")
    with io.BytesIO() as out:
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(entry, b"")
        body = out.getvalue()
    at = body.index(b"PK\x01\x02")
    head, one, tail = body[:at], bytearray(body[at : at + 46]), body[body.index(b"PK\x05\x06") :]
    one[28:30] = (8).to_bytes(2, "little")
    names = b"".join(bytes(one) + b"%08d" % k for k in range(count))
    counted = struct.pack("<HHII", count, count, len(names), at)
    return head + names + tail[:8] + counted + tail[20:]


@given(st.text(max_size=120))
def test_any_name_becomes_harmless(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert "/" not in safe
    assert "\\" not in safe
    assert ".." not in safe
    assert safe.isascii()
    assert len(safe) <= 100


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\con.shp", "con-file.shp"),
        ("Thôn bản (mới).GPKG", "thon-ban-moi.gpkg"),
        ("\0", "file"),
        ("Vùng phủ.TIF.msk", "vung-phu.tif.msk"),
        ("Vùng phủ.tiff.AUX.XML", "vung-phu.tiff.aux.xml"),
        (".tif.msk", "tif.msk"),
    ],
)
def test_names_that_hurt(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_parts_of_a_shapefile_stay_together_zipped_or_not(tmp_path: Path) -> None:
    tiny.villages().drop(columns="centre").reset_index().to_file(tmp_path / "thon.shp")
    parts = [(p.name, p.read_bytes()) for p in sorted(tmp_path.glob("thon.*"))]
    loose = receive(parts, tmp_path / "loose")
    packed = receive([("x.zip", _zip(**dict(parts)))], tmp_path / "packed")
    for received in (loose, packed):
        assert [one.name for one in received] == ["thon.shp"]
        found = understand(received[0])
        assert (found.role, found.rows, found.shape) == ("villages", 9, "polygon")
        assert found.trouble is None


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (_zip(**{"../evil.shp": b"x"}), "leads out of the archive"),
        (_zip(**{"/etc/x.shp": b"x"}), "leads out of the archive"),
        (_zip(**{"a.zip": b"PK"}), "another archive"),
        (_zip(**{"a.csv": b"0" * 30_000_000}), "unpacks to"),
    ],
)
def test_an_archive_that_is_a_trap_is_refused(tmp_path: Path, body: bytes, told: str) -> None:
    received = receive([("x.zip", body), ("v.csv", b"a,b\n1,2\n")], tmp_path / "in")
    found = [understand(one) for one in received]
    assert told in str(found[0].trouble)
    assert found[1].rows == 1
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["v.csv"]


@pytest.mark.parametrize(
    ("name", "operator", "technology"),
    [
        ("viettel_4g", "Viettel", "4G"),
        ("VNPT-LTE", "VinaPhone", "4G"),
        ("Mobi 3G", "MobiFone", "3G"),
        ("vnm umts 2023", "Vietnamobile", "3G"),
        ("phu song 5G NR", "", "5G"),
    ],
)
def test_a_layer_is_known_by_its_name(
    tmp_path: Path, name: str, operator: str, technology: str
) -> None:
    tiny.layers()[0].footprint.to_frame("geometry").to_file(tmp_path / "a.gpkg")
    received = receive([(f"{name}.gpkg", (tmp_path / "a.gpkg").read_bytes())], tmp_path / "in")
    found = understand(received[0])
    assert (found.operator, found.technology) == (operator, technology)
    if operator:
        assert found.role == "layer"


def test_a_vietnamese_list_of_points_is_understood(tmp_path: Path) -> None:
    centres = tiny.villages()
    table = pd.DataFrame(
        {
            "STT": range(1, 10),
            "Huyện": centres["district"],
            "Xã": centres["commune"],
            "Thôn/Bản": centres["village"],
            "Số hộ": centres["households"],
            "Dân số": centres["population"],
            "Điện lưới": ["có"] * 9,
            "Lạ": ["?"] * 9,
            "X": centres["centre"].y,
            "Y": centres["centre"].x,
        }
    )
    table.to_excel(tmp_path / "danh sach.xlsx", index=False)
    body = (tmp_path / "danh sach.xlsx").read_bytes()
    found = understand(receive([("danh sach.xlsx", body)], tmp_path / "in")[0])
    assert found.role == "villages"
    assert found.columns["electrified"] == "Điện lưới"
    assert found.columns["households"] == "Số hộ"
    assert "Lạ" in found.strange
    assert "X" not in found.strange


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    received = receive([("a.pdf", b"%PDF-1.7"), ("b.gpkg", b"")], tmp_path / "in")
    assert [one.name for one in received] == ["a.pdf", "b.gpkg"]
    for one in received:
        found = understand(one)
        assert found.role == "aside"
        assert found.trouble is not None


def _choices(folder: Path, **more: str) -> list[Choice]:
    found = [
        Choice(path=folder / "villages.gpkg", role="villages"),
        Choice(path=folder / "centres.csv", role="centres"),
        Choice(path=folder / "communes.gpkg", role="communes"),
        Choice(path=folder / "districts.gpkg", role="districts"),
        Choice(path=folder / "zones.gpkg", role="zones_5g"),
        Choice(path=folder / "sites.gpkg", role="sites"),
    ]
    for operator, technology in (("Alpha", "4G"), ("Beta", "3G")):
        path = folder / f"{operator}.gpkg"
        found.append(
            Choice(path=path, role="layer", operator=operator, technology=technology, **more)  # type: ignore[arg-type]  # texts
        )
    return found


def test_chosen_files_become_a_study_with_the_same_figures(tmp_path: Path) -> None:
    source = write_study(tmp_path / "source").parent
    home = tmp_path / "home"
    folder = make_study(
        home,
        _choices(source, source='from "them" \\ and us'),
        name='Chín "thôn" \\ <b>',
        as_of=date(2023, 8, 30),
        expected=["Alpha", "Beta"],
    )
    run = assess_study(geodata.open_study(folder))
    headline = run.summary.headline
    assert (headline.covered, headline.weak, headline.none) == (6, 2, 1)
    assert studies_in(home) == {folder.name: 'Chín "thôn" \\ <b>'}
    assert re.fullmatch("chin-thon-b-[0-9a-f]{16}", folder.name)
    assert run.study.sites is not None
    again = make_study(home, _choices(source), name="Chín thôn b", as_of=date(2023, 8, 30))
    assert again.name != folder.name


def test_the_system_that_somebody_says_of_units_is_believed(tmp_path: Path) -> None:
    source = write_study(tmp_path / "source").parent
    for name in ("communes", "districts"):
        units = gpd.read_file(source / f"{name}.gpkg")
        units.to_file(source / f"{name}.shp")
    (source / "communes.prj").unlink()
    choices = [
        Choice(path=source / "villages.gpkg", role="villages"),
        Choice(path=source / "communes.shp", role="communes", crs="EPSG:9208"),
        Choice(path=source / "districts.shp", role="districts"),
    ]
    made = make_study(tmp_path / "home", choices, name="Units", as_of=date(2023, 8, 30))
    assert len(geodata.open_study(made).units[0].communes) == 3


def test_a_study_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    source = write_study(tmp_path / "source").parent
    home = tmp_path / "home"
    lines = gpd.GeoDataFrame(geometry=tiny.villages().boundary, crs=tiny.CRS)
    lines.to_file(source / "Beta.gpkg")
    with pytest.raises(GeodataError, match="no polygons"):
        make_study(home, _choices(source), name="x", as_of=date(2023, 8, 30))
    assert studies_in(home) == {}
    assert not list(home.iterdir())


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    source = write_study(tmp_path / "source").parent
    day = date(2023, 8, 30)
    with pytest.raises(DataError, match="0 files are chosen as villages"):
        make_study(tmp_path / "h", _choices(source)[1:], name="x", as_of=day)
    with pytest.raises(DataError, match="no name"):
        make_study(tmp_path / "h", _choices(source), name=" ", as_of=day)
    layer = Choice(path=source / "Alpha.gpkg", role="layer")
    with pytest.raises(DataError, match="without operator or technology"):
        make_study(tmp_path / "h", [*_choices(source), layer], name="x", as_of=day)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Limits(seconds=3, megabytes=800), preload=["geodata.incoming"]) as made:
        made.call(sorted, [])  # what is timed is a page on which somebody has looked around
        yield made


def _dropped(folder: Path) -> list[tuple[str, bytes]]:
    return [(p.name, p.read_bytes()) for p in sorted(folder.glob("v.*")) if p.is_file()]


def _seen(sandbox: Sandbox, files: list[tuple[str, bytes]], folder: Path) -> list[Phrase | None]:
    """As the page does: what is received here is unpacked and looked into in a sandbox."""
    found: list[Phrase | None] = []
    folder.mkdir(parents=True)
    granted = sandbox.granting(folder)
    for one in receive(files, folder, unpack=partial(granted.call, unpack_archive)):
        try:
            found += [seen.trouble for _, seen in granted.call(look_into, one)]
        except GeodataError as error:
            found.append(Phrase(error.template, error.parts))
    return found


@pytest.mark.heavy
@pytest.mark.parametrize(
    "name",
    ["gpkg-stale-count", "gpkg-coded-domain", "gpkg-zipped-while-open", "json-bare-list",
     "json-concatenated", "kml-two-rings-in-an-inner-boundary", "kml-picture-beside-a-shape",
     "parquet-without-geo", "ods-number", "xlsx-computed"],
)  # fmt: skip
def test_what_is_rewritten_to_be_read_is_read_in_the_sandbox_too(
    tmp_path: Path, sandbox: Sandbox, name: str
) -> None:
    (case,) = (one for one in all_cases() if one.name == name)
    (tmp_path / "made").mkdir()
    files = _dropped(case.make(tmp_path / "made").parent)
    assert _seen(sandbox, files, tmp_path / "in" / "here") == [None]


READ_ALL_THE_SAME = (
    hostile.shapefile_without_table,
    hostile.csv_of_a_thousand_columns,
    hostile.package_with_triggers,
)


@pytest.mark.heavy
@pytest.mark.parametrize(
    "make", [*hostile.SMALL, *hostile.LARGE], ids=lambda make: str(make.__name__)
)
def test_whatever_is_dropped_gives_a_result_or_a_sentence(
    tmp_path: Path, sandbox: Sandbox, make: Callable[[Path], Path]
) -> None:
    (tmp_path / "made").mkdir()
    make(tmp_path / "made")
    files = _dropped(tmp_path / "made")
    outside = {p for p in tmp_path.rglob("*") if p.is_file()}
    found = _seen(sandbox, files, tmp_path / "in" / "here")
    assert found
    if make in READ_ALL_THE_SAME:
        assert found == [None]
    else:
        assert all(found)
    for trouble in filter(None, found):
        assert phrase_text(trouble, "vi") != str(trouble)
    assert {p for p in tmp_path.rglob("*") if p.is_file() and "here" not in p.parts} == outside


def test_layers_of_one_file_are_understood_and_chosen_one_by_one(tmp_path: Path) -> None:
    table = tiny.villages().drop(columns="centre").reset_index()
    table.to_file(tmp_path / "all.gpkg", layer="thon")
    for k, layer in enumerate(tiny.layers()):
        footprint = layer.footprint.to_frame("geometry")
        footprint.to_file(tmp_path / "all.gpkg", layer=("Viettel 4G", "Mobi 3G")[k])
    for level in ("district", "commune"):
        units = table.dissolve(f"{level}_code", aggfunc="first").reset_index()
        columns = [f"{level}_code", level, "district_code", "geometry"]
        units[list(dict.fromkeys(columns))].to_file(tmp_path / "all.gpkg", layer=f"{level}s")
    body = _zip(**{"số liệu/all.gpkg": (tmp_path / "all.gpkg").read_bytes()})
    (one,) = receive([("all.zip", body)], tmp_path / "in")
    seen = look_into(one)
    assert [(found.role, received.layer) for received, found in seen] == [
        ("villages", "thon"),
        ("layer", "Viettel 4G"),
        ("layer", "Mobi 3G"),
        ("districts", "districts"),
        ("communes", "communes"),
    ]
    chosen = [
        Choice(
            path=received.path,
            layer=received.layer,
            role=found.role,
            operator=found.operator,
            technology=found.technology,
        )
        for received, found in seen
    ]
    folder = make_study(tmp_path / "home", chosen, name="x", as_of=date(2023, 8, 30))
    study = geodata.open_study(folder)
    assert {layer.info.title for layer in study.layers} == {"MobiFone 3G", "Viettel 4G"}
    assert len(study.villages) == 9
    assert len(study.units[0].communes) == 3


def test_a_geodatabase_in_a_zip_becomes_a_study(tmp_path: Path) -> None:
    table = tiny.villages().drop(columns="centre").reset_index()
    table.to_file(tmp_path / "v.gdb", layer="thon", driver="OpenFileGDB")
    body = _zip(**{f"v.gdb/{p.name}": p.read_bytes() for p in (tmp_path / "v.gdb").iterdir()})
    (one,) = receive([("v.zip", body)], tmp_path / "in")
    ((received, found),) = look_into(one)
    assert (found.role, found.rows, received.layer) == ("villages", 9, None)
    choice = Choice(path=received.path, role=found.role)
    folder = make_study(tmp_path / "home", [choice], name="x", as_of=date(2023, 8, 30))
    assert len(geodata.open_study(folder).villages) == 9


CELLS = (
    "LTE,452,4,1,11,0,105.6851,18.6715,1000,9,1,1600000000,1693353600,0\n"
    "UMTS,452,2,1,12,0,105.6951,18.6815,500,9,1,1600000000,1690000000,0\n"
)


def test_a_convention_is_recognised_with_all_that_the_file_tells(tmp_path: Path) -> None:
    (one,) = receive([("452.csv", CELLS.encode())], tmp_path / "in")
    found = understand(one)
    assert (found.role, found.convention, found.kind, found.rows) == (
        "layer", "opencellid", "sites", 2,
    )  # fmt: skip
    assert str(found.title) == "OpenCelliD cells"
    assert found.operators == ("Viettel", "VinaPhone")
    assert found.technologies == ("3G", "4G")
    assert (found.operator, found.technology) == ("", "")
    assert found.as_of == date(2023, 8, 30)
    (refused,) = receive([("b.csv", b"RATE_LIMITED")], tmp_path / "more")
    assert "RATE_LIMITED" in str(understand(refused).trouble)


def test_a_raster_is_told_by_its_content_and_its_name(tmp_path: Path) -> None:
    made = write_raster(tmp_path / "a.tif", [[1, 2, 0]], dtype="uint8").read_bytes()
    level = write_raster(tmp_path / "b.tif", [[-90.0, -101.0]], dtype="float32").read_bytes()
    strange = write_raster(tmp_path / "c.tif", [[3, 700]], dtype="uint16").read_bytes()
    named = [("MCE_VN4G_2021.tif", made), ("viettel 4g.tif", level), ("dem.tif", strange)]
    mce, signal, other = (understand(one) for one in receive(named, tmp_path / "in"))
    assert (mce.role, mce.convention, mce.technology) == ("layer", "mce_raster", "4G")
    assert mce.as_of == date(2021, 1, 1)
    assert (signal.role, signal.kind, signal.operator, signal.technology) == (
        "layer", "signal", "Viettel", "4G",
    )  # fmt: skip
    assert "no convention explains" in str(other.trouble)


def masked_raster(folder: Path) -> list[tuple[str, bytes]]:
    """A signal over the villages with its place and its mask beside it: half of it is valid."""
    folder.mkdir()
    path = folder / "Sóng.tif"
    profile = {"driver": "GTiff", "width": 60, "height": 60, "count": 1, "dtype": "float32"}
    with rasterio.open(path, "w", crs=tiny.CRS, **profile) as target:
        target.write(np.full((1, 60, 60), -90.0, "float32"))
    mask = np.full((60, 60), 255, np.uint8)
    mask[:30] = 0
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK="NO"), rasterio.open(path, "r+") as target:
        target.write_mask(mask)
    (folder / "Sóng.tfw").write_text(f"50\n0\n0\n-50\n{tiny.X0 + 25}\n{tiny.Y0 + 2975}\n")
    return [(one.name, one.read_bytes()) for one in sorted(folder.iterdir())]


@pytest.mark.parametrize("packed", [False, True], ids=["loose", "packed"])
def test_a_raster_keeps_its_mask_and_its_place(tmp_path: Path, *, packed: bool) -> None:
    source = write_study(tmp_path / "source").parent
    parts = masked_raster(tmp_path / "raster")
    assert {name for name, _ in parts} == {"Sóng.tif", "Sóng.tif.msk", "Sóng.tfw"}
    files = [("x.zip", _zip(**dict(parts)))] if packed else parts
    (signal,) = receive(files, tmp_path / "in")
    layer = Choice(path=signal.path, role="layer", operator="Alpha", technology="5G",
                   kind="signal", convention="signal_raster", threshold_dbm=-105.0)  # fmt: skip
    folder = make_study(
        tmp_path / "home", [*_choices(source), layer], name="n", as_of=date(2023, 9, 1)
    )
    layers = {one.info.title: one for one in geodata.open_study(folder).layers}
    made = layers["Alpha 5G"]
    assert made.extent.total_bounds[3] == pytest.approx(tiny.Y0 + 3000)
    assert made.footprint.total_bounds[3] == pytest.approx(tiny.Y0 + 1500)  # the mask hides more
    (copy,) = folder.glob("layers/*.tif")
    assert read_raster(copy).masked == pytest.approx(0.5)


def test_two_rasters_of_one_name_keep_each_its_mask(tmp_path: Path) -> None:
    parts = [("v.tif", b"one"), ("v.tif.msk", b"first"), ("v.tif", b"two"), ("v.tif.msk", b"next")]
    assert [one.name for one in receive(parts, tmp_path / "in")] == ["v.tif", "v-2.tif"]
    assert (tmp_path / "in" / "v-2.tif.msk").read_bytes() == b"next"


def test_files_whose_names_become_alike_keep_each_its_own_parts(tmp_path: Path) -> None:
    names = ["v.tif", "V.TIF", "V.TIF.MSK", "Vùng.shp", "vung.shp", "vung.dbf", "Vùng.dbf"]
    receive([(name, name.encode()) for name in names], tmp_path / "in")
    found = {one.name: one.read_bytes().decode() for one in (tmp_path / "in").iterdir()}
    assert found == {
        "v.tif": "v.tif", "v-2.tif": "V.TIF", "v-2.tif.msk": "V.TIF.MSK",
        "vung.shp": "Vùng.shp", "vung.dbf": "Vùng.dbf",
        "vung-2.shp": "vung.shp", "vung-2.dbf": "vung.dbf",
    }  # fmt: skip


@pytest.mark.parametrize("linked", ["v.csv", "v.prj"])
def test_a_link_that_was_left_among_the_files_is_not_followed(tmp_path: Path, linked: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("cookie_secret")
    sent = tmp_path / "in"
    sent.mkdir()
    (sent / "v.csv").write_text("a\n1\n")
    (sent / linked).unlink(missing_ok=True)
    (sent / linked).symlink_to(secret)
    with pytest.raises(DataError, match="is a link and no file"):
        make_study(
            tmp_path / "home", [Choice(path=sent / "v.csv", role="villages")], name="n",
            as_of=date(2023, 9, 1),
        )  # fmt: skip
    assert not list((tmp_path / "home").glob("*/*/*"))


def test_cells_and_a_signal_become_layers_of_a_study(tmp_path: Path) -> None:
    source = write_study(tmp_path / "source").parent
    (source / "452.csv").write_text(CELLS, "utf-8")
    write_raster(source / "rsrp.tif", [[-90.0, -120.0]] * 2, dtype="float32")
    own = ("operator", "technology", "as_of")
    more = [
        Choice(path=source / "452.csv", role="layer", kind="sites", convention="opencellid",
               tells=own),
        Choice(path=source / "rsrp.tif", role="layer", operator="Alpha", technology="5G",
               kind="signal", convention="signal_raster", threshold_dbm=-105.0),
    ]  # fmt: skip
    folder = make_study(
        tmp_path / "home", [*_choices(source), *more], name="n", as_of=date(2023, 9, 1)
    )
    layers = {one.info.title: one for one in geodata.open_study(folder).layers}
    assert {"Viettel 4G", "VinaPhone 3G", "Alpha 5G"} <= layers.keys()
    assert layers["Viettel 4G"].info.as_of == date(2023, 8, 30)
    assert layers["Viettel 4G"].info.evidence == "modelled"
    assert layers["Alpha 5G"].info.as_of == date(2023, 9, 1)
    assert layers["Alpha 5G"].footprint.area.sum() == pytest.approx(500_000.0)
    without = [one for one in more if one.kind == "signal"]
    open_threshold = Choice(**{**vars(without[0]), "threshold_dbm": None})
    folder = make_study(
        tmp_path / "home", [*_choices(source), open_threshold], name="m", as_of=date(2023, 9, 1)
    )
    (signal,) = geodata.open_study(folder).signals
    assert (signal.info.title, signal.info.kind) == ("Alpha 5G", "signal")


def test_an_archive_is_opened_in_the_sandbox_and_never_here(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("an archive was opened here")

    good, names = _zip(**{"v.csv": b"a,b\n1,2\n"}), archive_of_names(5_000)
    monkeypatch.setattr(zipfile, "ZipFile", refuse)
    granted = sandbox.granting(tmp_path)
    files = [("good.zip", good), ("names.zip", names), ("cut.zip", good[:40])]
    (one, many, cut) = receive(
        files, tmp_path, unpack=lambda path, inside: granted.call(unpack_archive, path, inside)
    )
    assert one.path.read_bytes() == b"a,b\n1,2\n"
    assert "unpacks to 5000 files" in str(many.trouble)
    assert cut.trouble is None  # what it is, is told when it is looked into
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["cut.zip", "v.csv"]


def test_what_an_archive_is_said_to_hold_must_lie_where_it_was_unpacked(tmp_path: Path) -> None:
    (tmp_path / "canary.csv").write_bytes(b"a,b\n1,2\n")

    def unpack(path: Path, inside: Path) -> tuple[Received, ...]:  # noqa: ARG001  # asked with both
        inside.mkdir()
        (inside / "link.csv").symlink_to(tmp_path / "canary.csv")
        return (Received(name="link.csv", path=inside / "link.csv"),)

    (one,) = receive([("a.zip", _zip(a=b""))], tmp_path / "in", unpack=unpack)
    assert "leads out of the archive" in str(one.trouble)
    assert not list((tmp_path / "in").iterdir())


@pytest.mark.heavy
def test_a_study_is_opened_in_a_sandbox_that_cannot_change_its_study_file(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    source = write_study(tmp_path / "source").parent
    communes = gpd.read_file(source / "communes.gpkg")
    communes.to_file(source / "communes.shp")
    (source / "communes.prj").unlink()
    choices = [
        Choice(path=source / "villages.gpkg", role="villages"),
        Choice(path=source / "communes.shp", role="communes", crs="EPSG:9208"),
    ]
    limits = Limits(seconds=600, megabytes=2_000)
    seen: list[str] = []

    def run(
        function: Callable[..., None],
        folders: Sequence[Path],
        readable: Sequence[Path],
        *args: object,
        **named: object,
    ) -> None:
        seen.append(function.__name__)
        granted = sandbox.granting(*folders, readable=readable, limits=limits)
        granted.call(function, *args, **named)
        if readable:
            with pytest.raises(LostError):
                granted.call(Path.write_text, readable[0] / "study.toml", "schema = 1")

    day = date(2023, 8, 30)
    made = make_study(tmp_path / "home", choices, name="Units", as_of=day, run=run)
    assert seen == ["convert_layer", "require_study"]
    assert len(geodata.open_study(made).villages) == 9
    (source / "villages.gpkg").write_bytes(b"SQLite format 3\0")
    with pytest.raises(GeodataError):
        make_study(tmp_path / "home", choices, name="Damaged", as_of=day, run=run)
    assert list(studies_in(tmp_path / "home")) == [made.name]
