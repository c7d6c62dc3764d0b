"""Files that hold files: archives, folders, geodatabases, layers."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import partial
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geodata.containers import opened
from geodata.read import read, read_table
from tests.corpus import Case
from tests.hostile import KML, PLACE, packed, villages, zip_that_climbs, zip_with_a_link


def _nine(path: Path, layer: str | None = None) -> None:
    table = read_table(path, layer=layer)
    assert len(table) == 9
    assert isinstance(table, gpd.GeoDataFrame)
    assert table.crs is not None


def _rows(path: Path) -> None:
    table = read_table(path)
    assert table.columns.tolist() == ["Thôn", "Xã"]
    assert table["Thôn"].tolist() == ["Xóm 1", "Xóm 2"]


def _titled(*titles: str) -> Callable[[Path], None]:
    def check(path: Path) -> None:
        with opened(path) as parts:
            assert [part.title for part in parts] == list(titles)

    return check


def _shapes(folder: Path, stem: str) -> dict[str, bytes]:
    made = folder / "made"
    made.mkdir(exist_ok=True)
    villages().to_file(made / f"{stem}.shp")
    return {p.name: p.read_bytes() for p in sorted(made.glob(f"{stem}.*"))}


def _zipped_shapefile(folder: Path) -> Path:
    inside = {f"Ranh giới/{name}": body for name, body in _shapes(folder, "thôn bản").items()}
    return packed(folder / "v.zip", {**inside, "__MACOSX/._v.shp": b"x", "doc.pdf": b"%PDF"})


def _zip_of_two(folder: Path) -> Path:
    return packed(folder / "v.zip", {**_shapes(folder, "xa"), **_shapes(folder, "thon")})


def _zip_of_a_list(folder: Path) -> Path:
    return packed(folder / "v.zip", {"ds.csv": "Thôn,Xã\nXóm 1,A\nXóm 2,B\n".encode()})


def _zip_with_a_note(folder: Path) -> Path:
    note = "Kính gửi Sở.\nĐây là danh sách.\n".encode()
    rows = "Thôn\tXã\nXóm 1\tA\nXóm 2\tB\n".encode()
    return packed(folder / "v.zip", {"Ghi chú.txt": note, "ds.txt": rows})


def _kmz(folder: Path) -> Path:
    text = KML.format("".join(PLACE.format(k) for k in range(9)))
    return packed(folder / "v.kmz", {"doc.kml": text.encode(), "files/icon.png": b"\x89PNG"})


def _kml_of_folders(folder: Path) -> Path:
    inside = "".join(
        f"<Folder><name>{name}</name>{PLACE.format(name)}</Folder>"
        for name in ("Viettel 4G", "MobiFone 4G")
    )
    return packed(folder / "v.kmz", {"doc.kml": KML.format(inside).encode()})


def _gzipped(folder: Path, ending: str) -> Path:
    source = folder / f"v{ending}"
    if ending == ".csv":
        source.write_text("Thôn,Xã\nXóm 1,A\nXóm 2,B\n", encoding="utf-8")
    else:
        villages().to_crs("EPSG:4326").to_file(source)
    path = folder / f"v{ending}.gz"
    path.write_bytes(gzip.compress(source.read_bytes()))
    source.unlink()
    return path


def _folder(folder: Path) -> Path:
    (folder / "layers" / "old").mkdir(parents=True)
    villages().to_file(folder / "layers" / "old" / "v.shp")
    (folder / "layers" / "readme.txt").write_text("Nothing, here\nor, there", encoding="utf-8")
    return folder / "layers"


def _package_of_two(folder: Path) -> Path:
    for layer in ("thon", "xa"):
        villages().to_file(folder / "v.gpkg", layer=layer)
    return folder / "v.gpkg"


def _geodatabase(folder: Path, *layers: str) -> Path:
    for layer in layers:
        villages().to_file(folder / "v.gdb", layer=layer, driver="OpenFileGDB")
    return folder / "v.gdb"


def _zipped_geodatabase(folder: Path) -> Path:
    inside = _geodatabase(folder, "thon", "xa")
    entries = {f"So lieu/v.gdb/{p.name}": p.read_bytes() for p in sorted(inside.iterdir())}
    return packed(folder / "v.zip", entries)


def _workbook(folder: Path) -> Path:
    with pd.ExcelWriter(folder / "v.xlsx") as book:
        for name in ("Huyện A", "Huyện B"):
            rows = {"Thôn": ["Xóm 1", "Xóm 2"], "Xã": ["A", "B"]}
            pd.DataFrame(rows).to_excel(book, sheet_name=name, index=False)
    return folder / "v.xlsx"


def _second_sheet(path: Path) -> None:
    assert read_table(path, layer="Huyện B")["Thôn"].tolist() == ["Xóm 1", "Xóm 2"]


def _rar(folder: Path) -> Path:
    (folder / "v.rar").write_bytes(b"Rar!\x1a\x07\x01\x00" + bytes(50))
    return folder / "v.rar"


def _nested(folder: Path) -> Path:
    inner = packed(folder / "inner.zip", {"v.csv": b"a,b\n1,2\n"})
    return packed(folder / "v.zip", {"inner.zip": inner.read_bytes()})


def _no_table(folder: Path) -> Path:
    return packed(folder / "v.zip", {"readme.txt": b"hello", "a.pdf": b"%PDF-1.7"})


def _piece(folder: Path) -> Path:
    return next(p for p in sorted(_geodatabase(folder, "v").iterdir()) if p.suffix == ".gdbtable")


def _without_table(folder: Path) -> Path:
    villages().to_file(folder / "v.shp")
    (folder / "v.dbf").unlink()
    return folder / "v.shp"


def _shapes_alone(path: Path) -> None:
    reading = read(path)
    assert len(reading.table) == 9
    assert [found.kind for found in reading.findings] == ["no-attributes"]


CASES = (
    Case(name="containers-zipped-shapefile", make=_zipped_shapefile, check=_nine),
    Case(
        name="containers-zip-of-two-shapefiles",
        make=_zip_of_two,
        check=_nine,
        refused="v.zip has 2 layers (xa.shp, thon.shp); say which with layer = …",
    ),
    Case(name="containers-zip-of-two-chosen", make=_zip_of_two, check=partial(_nine, layer="thon")),
    Case(name="containers-zipped-list", make=_zip_of_a_list, check=_rows),
    Case(name="containers-zip-with-a-note", make=_zip_with_a_note, check=_rows),
    Case(name="containers-kmz", make=_kmz, check=_nine),
    Case(
        name="containers-kml-of-folders",
        make=_kml_of_folders,
        check=_titled("doc.kml: Viettel 4G", "doc.kml: MobiFone 4G"),
    ),
    Case(name="containers-csv-gz", make=partial(_gzipped, ending=".csv"), check=_rows),
    Case(name="containers-geojson-gz", make=partial(_gzipped, ending=".geojson"), check=_nine),
    Case(name="containers-folder", make=_folder, check=_nine),
    Case(
        name="containers-package-of-two",
        make=_package_of_two,
        check=_nine,
        refused="v.gpkg has 2 layers (thon, xa); say which with layer = …",
    ),
    Case(
        name="containers-package-layer-chosen",
        make=_package_of_two,
        check=partial(_nine, layer="xa"),
    ),
    Case(name="containers-geodatabase", make=lambda f: _geodatabase(f, "thon"), check=_nine),
    Case(
        name="containers-zipped-geodatabase",
        make=_zipped_geodatabase,
        check=partial(_nine, layer="xa"),
    ),
    Case(name="containers-workbook-of-two", make=_workbook, check=_second_sheet),
    Case(name="containers-shapefile-without-table", make=_without_table, check=_shapes_alone),
    Case(name="containers-rar", make=_rar, check=_nine, refused="an archive of the kind RAR"),
    Case(name="containers-nested", make=_nested, check=_nine, refused="holds another archive"),
    Case(
        name="containers-climbing",
        make=zip_that_climbs,
        check=_nine,
        refused="leads out of the archive",
    ),
    Case(
        name="containers-link", make=zip_with_a_link, check=_nine, refused="is a link and no file"
    ),
    Case(name="containers-no-table", make=_no_table, check=_nine, refused="without a table"),
    Case(
        name="containers-piece-of-a-geodatabase",
        make=_piece,
        check=_nine,
        refused="one piece of a file geodatabase",
    ),
)
