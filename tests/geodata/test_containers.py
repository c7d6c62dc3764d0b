"""Files that hold files: their parts, and the traps among them."""

from __future__ import annotations

import gzip
import io
import stat
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio

from geodata import containers
from geodata.archives import Limits, harmless, unpacked_zip
from geodata.containers import opened
from geodata.errors import CallError, DataError, UnreadableError
from geodata.read import read_table
from tests import tiny


def villages() -> gpd.GeoDataFrame:
    return tiny.villages().drop(columns="centre").reset_index()[["village", "geometry"]]


def packed(path: Path, entries: Mapping[str, bytes | Path]) -> Path:
    """A ZIP of these entries."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in entries.items():
            archive.writestr(name, body if isinstance(body, bytes) else body.read_bytes())
    return path


def shapefile(folder: Path, stem: str) -> dict[str, bytes]:
    villages().to_file(folder / f"{stem}.shp")
    return {p.name: p.read_bytes() for p in sorted(folder.glob(f"{stem}.*"))}


def titles(path: Path) -> list[str]:
    with opened(path) as parts:
        return [part.title for part in parts]


@pytest.fixture(autouse=True)
def passing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder that each test finds empty when it ends."""
    folder = tmp_path / "passing"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_plain_file_is_its_own_part(tmp_path: Path) -> None:
    villages().to_file(tmp_path / "v.gpkg", layer="thon")
    with opened(tmp_path / "v.gpkg") as parts:
        (part,) = parts
        assert (part.name, part.layer, part.kind, part.several) == (
            "v.gpkg",
            "thon",
            ".gpkg",
            False,
        )
        assert part.title == "v.gpkg"
        assert part.path == tmp_path / "v.gpkg"


@pytest.mark.parametrize("name", ["v.csv.gz", "v.geojson.gz", "v.gpkg.gz", "v.gz"])
def test_gzip_of_any_table(tmp_path: Path, passing: Path, name: str) -> None:
    inner = tmp_path / "v.gpkg"
    if "csv" in name:
        inner = tmp_path / "v.csv"
        villages().drop(columns="geometry").to_csv(inner)
    elif "geojson" in name:
        inner = tmp_path / "v.geojson"
        villages().to_crs("EPSG:4326").to_file(inner)
    else:
        villages().to_file(inner)
    (tmp_path / name).write_bytes(gzip.compress(inner.read_bytes()))
    assert len(read_table(tmp_path / name)) == 9
    assert not list(passing.iterdir())


def test_two_shapefiles_of_one_name_in_two_folders_are_chosen_between(
    tmp_path: Path, passing: Path
) -> None:
    one = shapefile(tmp_path, "v")
    entries = {f"{folder}/{name}": body for folder in ("cũ", "mới") for name, body in one.items()}
    path = packed(tmp_path / "a.zip", {**entries, "đọc tôi.txt": b"hello", "ban do.pdf": b"%PDF"})
    with pytest.raises(CallError, match=r"2 layers \(cũ/v\.shp, mới/v\.shp\); say which"):
        read_table(path)
    assert len(read_table(path, layer="mới/v.shp")) == 9
    with pytest.raises(CallError, match=r"no layer none; it has cũ/v\.shp, mới/v\.shp"):
        read_table(path, layer="none")
    with pytest.raises(CallError, match="2 layers"):
        read_table(path, layer="v")
    assert not list(passing.iterdir())


def test_layers_inside_an_archive_are_chosen_by_file_by_layer_or_by_both(tmp_path: Path) -> None:
    for layer in ("one", "two"):
        villages().to_file(tmp_path / "a.gpkg", layer=layer)
    villages().iloc[:3].to_file(tmp_path / "b.gpkg", layer="one")
    path = packed(tmp_path / "z.zip", {n: tmp_path / n for n in ("a.gpkg", "b.gpkg")})
    assert titles(path) == ["a.gpkg: one", "a.gpkg: two", "b.gpkg"]
    assert len(read_table(path, layer="two")) == 9
    assert len(read_table(path, layer="b.gpkg")) == 3
    assert len(read_table(path, layer="a.gpkg: one")) == 9


def test_a_kml_of_two_folders_has_two_layers(tmp_path: Path) -> None:
    square = "<Point><coordinates>105.6,18.6</coordinates></Point>"
    folders = "".join(
        f"<Folder><name>{name}</name><Placemark><name>x</name>{square}</Placemark></Folder>"
        for name in ("Viettel 4G", "Viettel 3G")
    )
    text = f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{folders}</Document></kml>'
    path = packed(tmp_path / "a.kmz", {"doc.kml": text.encode()})
    assert titles(path) == ["doc.kml: Viettel 4G", "doc.kml: Viettel 3G"]
    assert len(read_table(path, layer="Viettel 3G")) == 1


def test_a_folder_is_its_files_and_one_file_is_enough(tmp_path: Path) -> None:
    folder = tmp_path / "layers"
    (folder / "deep").mkdir(parents=True)
    villages().to_file(folder / "deep" / "v.shp")
    (folder / "notes.md").write_text("nothing", encoding="utf-8")
    assert titles(folder) == ["deep/v.shp"]
    assert len(read_table(folder)) == 9
    villages().to_file(folder / "w.gpkg")
    with pytest.raises(CallError, match="2 layers"):
        read_table(folder)
    assert len(read_table(folder, layer="w.gpkg")) == 9


def geodatabase(folder: Path, *layers: str) -> Path:
    for layer in layers:
        villages().to_file(folder / "v.gdb", layer=layer, driver="OpenFileGDB")
    return folder / "v.gdb"


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("renamed", [False, True])
def test_geodatabases_zipped_or_not(tmp_path: Path, zipped: bool, renamed: bool) -> None:
    path = geodatabase(tmp_path, "thon", "xa")
    if zipped:
        inside = {f"data/v.gdb/{p.name}": p for p in sorted(path.iterdir())}
        path = packed(tmp_path / "v.zip", inside)
    elif renamed:
        path = path.rename(tmp_path / "a folder")
    assert [title.partition(": ")[2] for title in titles(path)] == ["thon", "xa"]
    assert len(read_table(path, layer="xa")) == 9
    with pytest.raises(CallError, match=r"2 layers \(thon, xa\)"):
        read_table(path)


def test_workbooks_show_the_sheets_that_hold_anything(tmp_path: Path) -> None:
    with pd.ExcelWriter(tmp_path / "v.xlsx") as book:
        for sheet in ("One", "Two"):
            pd.DataFrame({"a": ["b"]}).to_excel(book, sheet_name=sheet, index=False)
        pd.DataFrame().to_excel(book, sheet_name="Nothing", index=False)
    assert titles(tmp_path / "v.xlsx") == ["v.xlsx: One", "v.xlsx: Two"]


def raster(path: Path) -> Path:
    made = rasterio.open(
        path, "w", driver="GTiff", width=4, height=4, count=1, dtype="uint8", crs=tiny.CRS,
        transform=rasterio.Affine(100, 0, tiny.X0, 0, -100, tiny.Y0),
    )  # fmt: skip
    with made as target:
        target.write(np.ones((1, 4, 4), "uint8"))
    return path


def test_rasters_are_told_apart_and_are_no_table(tmp_path: Path) -> None:
    path = raster(tmp_path / "MCE_VN4G_2022.tif")
    with opened(path) as parts:
        assert [part.is_raster for part in parts] == [True]
    with pytest.raises(UnreadableError, match="is a raster of cells"):
        read_table(path)
    both = packed(tmp_path / "a.zip", {"m.tif": path, **shapefile(tmp_path, "v")})
    with opened(both) as parts:
        assert sorted((part.name, part.is_raster) for part in parts) == [
            ("m.tif", True), ("v.shp", False)
        ]  # fmt: skip
    assert len(read_table(both)) == 9


def test_a_broken_file_does_not_hide_a_whole_one_but_alone_it_is_told(tmp_path: Path) -> None:
    whole = shapefile(tmp_path, "v")
    path = packed(tmp_path / "a.zip", {"broken.gpkg": b"SQLite format 3\x00no", **whole})
    assert len(read_table(path)) == 9
    with pytest.raises(UnreadableError, match=r"broken\.gpkg cannot be read"):
        read_table(packed(tmp_path / "b.zip", {"broken.gpkg": b"SQLite format 3\x00no"}))


def _link() -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo("v.csv")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, b"/etc/passwd"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("../evil.csv", "leads out of the archive"),
        ("a/../../evil.csv", "leads out of the archive"),
        ("/etc/evil.csv", "leads out of the archive"),
        ("..\\evil.csv", "leads out of the archive"),
        ("C:\\evil.csv", "leads out of the archive"),
        ("C:evil.csv", "leads out of the archive"),
        ("inner.zip", "another archive"),
        ("inner.KMZ", "another archive"),
        ("v.csv.gz", "another archive"),
    ],
)
def test_names_that_are_traps_are_refused(
    tmp_path: Path, passing: Path, name: str, told: str
) -> None:
    before = set(tmp_path.parent.rglob("*evil*"))
    with pytest.raises(DataError, match=told):
        read_table(packed(tmp_path / "a.zip", {"v.csv": b"a,b\n1,2\n", name: b"a,b\n1,2\n"}))
    assert set(tmp_path.parent.rglob("*evil*")) == before
    assert not list(passing.iterdir())


def test_an_archive_under_a_plain_name_is_an_archive_all_the_same(tmp_path: Path) -> None:
    inner = packed(tmp_path / "inner.zip", {"v.csv": b"a,b\n1,2\n"})
    with pytest.raises(UnreadableError, match="another archive"):
        read_table(packed(tmp_path / "a.zip", {"v.csv": inner}))
    (tmp_path / "b.gz").write_bytes(gzip.compress(inner.read_bytes()))
    with pytest.raises(UnreadableError, match="another archive"):
        read_table(tmp_path / "b.gz")


def test_links_and_locked_archives_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(*_link())
    with pytest.raises(DataError, match="is a link and no file"):
        read_table(tmp_path / "a.zip")
    body = bytearray(packed(tmp_path / "b.zip", {"v.csv": b"a,b\n1,2\n"}).read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(mark) + at] |= 1
    (tmp_path / "b.zip").write_bytes(body)
    with pytest.raises(DataError, match="locked with a password"):
        read_table(tmp_path / "b.zip")


def _bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("v.csv", b"0" * 30_000_000)
    return path


def _lying(path: Path) -> Path:
    """A bomb whose headers say it is small, packed and unpacked."""
    body = bytearray(_bomb(path).read_bytes())
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = body.index(mark) + at
        body[start : start + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(body)
    return path


def _gzip_bomb(path: Path) -> Path:
    path.write_bytes(gzip.compress(b"0" * 30_000_000))
    return path


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (_bomb, "unpacks to 1 files of 30 MB"),
        (_lying, "cannot be read|grows beyond"),
        (_gzip_bomb, "grows beyond 1. MB"),
    ],
)
def test_bombs_are_refused(
    tmp_path: Path, passing: Path, make: Callable[[Path], Path], told: str
) -> None:
    with pytest.raises((DataError, UnreadableError), match=told):
        read_table(make(tmp_path / "a.zip"))
    assert not list(passing.iterdir())


def test_many_files_many_bytes_and_much_time_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {f"{k}.csv": b"a,b\n1,2\n" * 100_000 for k in range(5)})
    for limits, told in (
        (Limits(most_files=4), "unpacks to 5 files"),
        (Limits(most_bytes=3_000_000), "of 4 MB together"),
        (Limits(most_seconds=0), "longer than 0 seconds"),
    ):
        with pytest.raises(DataError, match=told), opened(path, limits=limits):
            pass


def test_an_archive_cut_short_or_damaged_is_told(tmp_path: Path) -> None:
    whole = packed(tmp_path / "a.zip", shapefile(tmp_path, "v")).read_bytes()
    for body in (whole[:200], whole[:40] + bytes(20) + whole[60:]):
        (tmp_path / "b.zip").write_bytes(body)
        with pytest.raises(UnreadableError, match=r"b\.zip cannot be read"):
            read_table(tmp_path / "b.zip")
    (tmp_path / "c.gz").write_bytes(gzip.compress(b"a,b\n1,2\n" * 1000)[:-12])
    with pytest.raises(UnreadableError, match=r"c\.gz cannot be read"):
        read_table(tmp_path / "c.gz")


@pytest.mark.parametrize(
    ("start", "kind"), [(b"Rar!\x1a\x07\x01", "RAR"), (b"7z\xbc\xaf\x27\x1c", "7z")]
)
def test_archives_of_other_kinds_are_named(tmp_path: Path, start: bytes, kind: str) -> None:
    (tmp_path / "a.zip").write_bytes(start + bytes(100))
    with pytest.raises(UnreadableError, match=f"of the kind {kind}"):
        read_table(tmp_path / "a.zip")


def test_two_entries_of_one_name_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("v.csv", b"a\n1\n")
        archive.writestr("V.csv", b"a\n2\n")
    with pytest.raises(DataError, match="two files of the name"):
        read_table(tmp_path / "a.zip")


def test_names_in_utf_8_that_do_not_say_so_are_read_right(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("Thon.csv", b"a,b\n1,2\n")
    body = out.getvalue().replace(b"Thon.csv", "Thô".encode() + b".csv")
    (tmp_path / "a.zip").write_bytes(body)
    assert titles(tmp_path / "a.zip") == ["Thô.csv"]


@pytest.mark.parametrize("name", ["con.csv", "a" * 300 + ".csv", " .csv", "a:b.csv", "..."])
def test_names_on_disk_are_harmless(tmp_path: Path, name: str) -> None:
    made = tmp_path / harmless(name)
    made.write_bytes(b"x")
    assert made.parent == tmp_path
    assert made.stem.casefold() != "con"


def test_unpacking_says_what_lay_where(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"x/y/v.csv": b"a", "x/w.csv": b"b", ".hidden": b"c"})
    (tmp_path / "out").mkdir()
    found = unpacked_zip(path, tmp_path / "out")
    assert [(one.name, one.path.read_bytes()) for one in found] == [
        ("x/y/v.csv", b"a"), ("x/w.csv", b"b")
    ]  # fmt: skip


def test_an_entry_without_a_name_is_passed_over(tmp_path: Path) -> None:
    body = packed(tmp_path / "a.zip", {"v": b"1", "v.csv": b"a,b\n1,2\n"}).read_bytes()
    for mark, at in ((b"PK\x03\x04", 30), (b"PK\x01\x02", 46)):
        place = body.index(mark) + at
        body = body[:place] + b"\0" + body[place + 1 :]
    (tmp_path / "a.zip").write_bytes(body)
    assert titles(tmp_path / "a.zip") == ["v.csv"]


def test_a_prj_in_no_encoding_and_a_sheet_of_nothing_are_told(tmp_path: Path) -> None:
    shapefile(tmp_path, "v")
    told = (tmp_path / "v.prj").read_bytes()
    (tmp_path / "v.prj").write_bytes(told[:8] + b"\xd6" + told[9:])
    with pytest.raises(UnreadableError, match=r"v\.shp holds no layer that can be read"):
        read_table(tmp_path / "v.shp")
    pd.DataFrame().to_excel(tmp_path / "v.xlsx", index=False)
    with pytest.raises(DataError, match="holds no rows"):
        read_table(tmp_path / "v.xlsx")


def test_a_file_found_fit_is_looked_through_again_once_it_or_one_beside_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.shp"
    tiny.villages().drop(columns="centre").to_file(path)
    looked: list[Path] = []
    require = containers.require_self_contained

    def noted(path: Path, kind: str) -> None:
        looked.append(path)
        require(path, kind)

    monkeypatch.setattr(containers, "require_self_contained", noted)
    for _ in range(2):
        with containers.known_to_gdal(path, ".shp"):
            pass
    assert looked == [path]
    prj = path.with_suffix(".prj")
    prj.write_text("+proj=longlat +nadgrids=/etc/passwd")
    with pytest.raises(UnreadableError), containers.known_to_gdal(path, ".shp"):
        pass
    with pytest.raises(UnreadableError), containers.known_to_gdal(path, ".shp"):
        pass  # what was refused is not remembered as fit
