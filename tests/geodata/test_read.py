"""Every format gives the same villages; what is no table gives one sentence."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import pytest
import shapely
from pyarrow import parquet

from geodata import (
    CallError,
    DataError,
    GeodataError,
    MissingFileError,
    UnreadableError,
    read_table,
    sheets,
)
from tests import tiny

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def villages() -> gpd.GeoDataFrame:
    return tiny.villages().drop(columns="centre").reset_index()


@pytest.mark.parametrize(
    ("name", "driver"),
    [
        ("v.gpkg", "GPKG"),
        ("v.shp", "ESRI Shapefile"),
        ("v.geojson", "GeoJSON"),
        ("v.fgb", "FlatGeobuf"),
        ("v.kml", "KML"),
        ("v.tab", "MapInfo File"),
        ("v.mif", "MapInfo File"),
        ("v.parquet", None),
    ],
)
def test_every_map_format_gives_the_same_squares(
    tmp_path: Path, name: str, driver: str | None
) -> None:
    table = villages()
    degrees = driver in ("GeoJSON", "KML", "MapInfo File")  # its writer loses VN-2000
    if driver is None:
        table.to_parquet(tmp_path / name)
    elif degrees:
        table.to_crs("EPSG:4326").to_file(tmp_path / name, driver=driver)
    else:
        table.to_file(tmp_path / name, driver=driver)
    read = read_table(tmp_path / name)
    assert isinstance(read, gpd.GeoDataFrame)
    squares = read.to_crs(tiny.CRS).geometry
    order = squares.centroid.y.round(-2) * 1e7 + squares.centroid.x
    squares = squares.loc[order.sort_values().index].reset_index(drop=True)
    overlap = squares.intersection(table.geometry).area
    # the text formats round: KML and GeoJSON to some millimetres, MapInfo to its own grid
    assert (overlap / 1e6 > 0.9999).all()


@pytest.mark.parametrize("right", ["gpkg", "geojson", "fgb", "kml", "parquet"])
@pytest.mark.parametrize("wrong", ["csv", "xlsx", "shp", "zip"])
def test_the_content_decides_and_not_the_ending(tmp_path: Path, right: str, wrong: str) -> None:
    named = tmp_path / f"v.{right}"
    table = villages().to_crs("EPSG:4326")
    if right == "parquet":
        table.to_parquet(named)
    else:
        table.to_file(named, driver="KML" if right == "kml" else None)
    assert len(read_table(named.rename(tmp_path / f"w.{wrong}"))) == 9


@pytest.mark.parametrize(("main", "driver"), [("v.shp", None), ("v.tab", "MapInfo File")])
def test_files_beside_are_found_under_a_wrong_ending(
    tmp_path: Path, main: str, driver: str | None
) -> None:
    villages()[["village", "geometry"]].to_file(tmp_path / main, driver=driver)
    assert len(read_table((tmp_path / main).rename(tmp_path / "v.csv"))) == 9


def test_kmz_and_zipped_shapefiles(tmp_path: Path) -> None:
    table = villages()[["village", "geometry"]]
    table.to_file(tmp_path / "v.shp")
    table.to_crs("EPSG:4326").to_file(tmp_path / "v.kml", driver="KML")
    with zipfile.ZipFile(tmp_path / "v.kmz", "w") as archive:
        archive.write(tmp_path / "v.kml", "doc.kml")
    with zipfile.ZipFile(tmp_path / "v.zip", "w") as archive:
        for ending in ("shp", "shx", "dbf", "prj"):
            archive.write(tmp_path / f"v.{ending}", f"a folder/v.{ending}")
        archive.writestr("readme.txt", "no map")
    assert len(read_table(tmp_path / "v.kmz")) == len(read_table(tmp_path / "v.zip")) == 9
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("readme.txt", "no map")
    with pytest.raises(UnreadableError, match="an archive without a table or map layer"):
        read_table(tmp_path / "none.zip")


def test_a_table_of_styles_beside_the_layer_is_passed_over(tmp_path: Path) -> None:
    villages().to_file(tmp_path / "v.gpkg", layer="villages")
    styles = pd.DataFrame({"styleQML": ["<qgis/>"]})
    pyogrio.write_dataframe(styles, tmp_path / "v.gpkg", layer="layer_styles", append=True)
    assert len(read_table(tmp_path / "v.gpkg")) == 9


def test_the_index_of_a_written_parquet_stays_a_column(tmp_path: Path) -> None:
    tiny.villages().drop(columns="centre").to_parquet(tmp_path / "v.parquet")
    read = read_table(tmp_path / "v.parquet")
    assert read["village_id"].tolist() == tiny.villages().index.tolist()
    assert read.index.tolist() == list(range(1, 10))


def test_csv_with_semicolons_and_a_title_above_the_header(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "\ufeffDANH SÁCH THÔN;;\nThôn;Kinh độ;Vĩ độ\nXóm 1;105,68;18,67\nXóm 2;105,69;18,68\n",
        encoding="utf-8",
    )
    table = read_table(path)
    assert table.columns.tolist() == ["Thôn", "Kinh độ", "Vĩ độ"]
    assert table["Thôn"].tolist() == ["Xóm 1", "Xóm 2"]


def test_excel(tmp_path: Path) -> None:
    pd.DataFrame({"Thôn": ["Xóm 1"], "Số hộ": [25], "lat": [18.67]}).to_excel(
        tmp_path / "v.xlsx", index=False
    )
    table = read_table(tmp_path / "v.xlsx")
    assert table.iloc[0].tolist() == ["Xóm 1", "25", 18.67]
    assert table.index.tolist() == [2]  # as the spreadsheet counts


def test_a_workbook_with_two_filled_sheets_must_be_chosen_from(tmp_path: Path) -> None:
    with pd.ExcelWriter(tmp_path / "v.xlsx") as book:
        pd.DataFrame({"a": ["b"]}).to_excel(book, sheet_name="One", index=False)
        pd.DataFrame().to_excel(book, sheet_name="Nothing", index=False)
        pd.DataFrame({"c": ["d"]}).to_excel(book, sheet_name="Two", index=False)
    with pytest.raises(CallError, match=r"2 layers \(One, Two\)"):
        read_table(tmp_path / "v.xlsx")
    assert read_table(tmp_path / "v.xlsx", layer="Two").columns.tolist() == ["c"]


def test_two_columns_of_one_name_stay_two(tmp_path: Path) -> None:
    table = read_table(_written(tmp_path / "v.csv", "X,X,\n1,2,3\n"))
    assert table.columns.tolist() == ["X", "X 2", "column 3"]


def test_a_csv_whose_first_column_is_version_is_no_mapinfo_file(tmp_path: Path) -> None:
    assert len(read_table(_written(tmp_path / "v.csv", "version,a\nx,y\n"))) == 1


def test_the_row_of_a_csv_is_the_line_of_the_file(tmp_path: Path) -> None:
    table = read_table(_written(tmp_path / "v.csv", "DANH SÁCH,\n\nThôn,Xã\nA,B\n\nC,D\n"))
    assert table.index.tolist() == [4, 6]


def test_text_in_utf_16_as_excel_saves_it(tmp_path: Path) -> None:
    table = read_table(_written(tmp_path / "v.txt", "Thôn\tXã\nXóm 1\tB\n".encode("utf-16")))
    assert table.iloc[0].tolist() == ["Xóm 1", "B"]


def _written(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("name", "content", "error", "sentence"),
    [
        ("v.gpkg", b"", UnreadableError, "v.gpkg is empty"),
        ("v.shp", b"%PDF-1.7 nothing", UnreadableError, "v.shp is not a table or a map layer"),
        ("v.gpkg", b"SQLite format 3\x00 cut short", UnreadableError, "v.gpkg cannot be read"),
        ("v.geojson", '{"type": "FeatureColl', UnreadableError, "v.geojson is cut short"),
        ("v.parquet", b"PAR1 cut short", UnreadableError, "v.parquet cannot be read"),
        ("v.xlsx", b"PK\x03\x04 cut short", UnreadableError, "v.xlsx cannot be read"),
        ("v.csv", "a,b\n", DataError, "v.csv holds no rows"),
        ("v.csv", b"Th\xabn,X\xb7\na,\x01b\n", UnreadableError, "v.csv is not text"),
        ("v.kml", "<!DOCTYPE html><html>no</html>", UnreadableError, "v.kml is a web page"),
        ("v.kml", '<?xml version="1.0"?><OGRVRTDataSource/>', UnreadableError, "is not a table"),
        ("v.shp", b"\x00\x00\x27\x0a" + b"\x00" * 96, UnreadableError, r"without the \.shx file"),
    ],
)
def test_what_is_no_table_gives_one_sentence(
    tmp_path: Path, name: str, content: bytes | str, error: type[GeodataError], sentence: str
) -> None:
    with pytest.raises(error, match=sentence) as caught:
        read_table(_written(tmp_path / name, content))
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="is not there"):
        read_table(tmp_path / "none.gpkg")
    with pytest.raises(UnreadableError, match="is a folder"):
        read_table(tmp_path)


def test_no_geometry_and_no_rows(tmp_path: Path) -> None:
    empty = villages()
    empty["geometry"] = None
    empty.set_geometry("geometry", crs=tiny.CRS).to_file(tmp_path / "e.gpkg")
    with pytest.raises(DataError, match=r"e\.gpkg has no geometry"):
        read_table(tmp_path / "e.gpkg")
    villages().iloc[:0].to_file(tmp_path / "z.gpkg")
    with pytest.raises(DataError, match=r"z\.gpkg holds no rows"):
        read_table(tmp_path / "z.gpkg")


def test_no_coordinate_system_unless_the_study_says_it(tmp_path: Path) -> None:
    villages().to_file(tmp_path / "v.shp")
    (tmp_path / "v.prj").unlink()
    with pytest.raises(DataError, match=r"the \.prj is missing"):
        read_table(tmp_path / "v.shp")
    assert read_table(tmp_path / "v.shp", crs="EPSG:9208").crs == tiny.CRS


def test_several_layers_must_be_chosen(tmp_path: Path) -> None:
    for layer in ("one", "two"):
        villages().to_file(tmp_path / "v.gpkg", layer=layer)
    with pytest.raises(CallError, match="2 layers"):
        read_table(tmp_path / "v.gpkg")
    with pytest.raises(CallError, match="no layer three"):
        read_table(tmp_path / "v.gpkg", layer="three")
    assert len(read_table(tmp_path / "v.gpkg", layer="two")) == 9


def test_geoparquet_without_a_crs_key_is_in_degrees(tmp_path: Path) -> None:
    points = gpd.GeoDataFrame(geometry=[shapely.Point(105.6882, 18.6734)], crs="OGC:CRS84")
    points.to_parquet(tmp_path / "p.parquet")
    assert read_table(tmp_path / "p.parquet").crs.is_geographic


@pytest.mark.parametrize(
    ("name", "rows"),
    [("districts_2023", 21), ("wards_2025", 130), ("village_points", 2946)],
)
def test_the_real_files(name: str, rows: int) -> None:
    path = DATA / "nghe_an" / f"{name}.gpkg"
    if not path.exists():
        pytest.skip(f"{path} is not on this machine")
    assert len(read_table(path)) == rows


def test_a_parquet_file_damaged_in_the_middle_is_told(tmp_path: Path) -> None:
    path = tmp_path / "v.parquet"
    villages().to_parquet(path)
    content = bytearray(path.read_bytes())
    content[60:400] = bytes(340)
    with pytest.raises(UnreadableError, match=r"^v\.parquet cannot be read"):
        read_table(_written(path, bytes(content)))


@pytest.mark.parametrize(
    ("meta", "sentence"),
    [
        ('{"columns": 3}', "its geo metadata is not GeoParquet's"),
        ('{"primary_column": "g", "columns": {}}', "its geo metadata is not GeoParquet's"),
        ('{"primary_column": "a", "columns": {"a": {"encoding": "point"}}}', "geometry as point"),
        ('{"primary_column": "a", "columns": {"a": {"encoding": "WKB"}}}', "row 1: the shape"),
        ("{", "cannot be read"),
    ],
)
def test_parquet_with_odd_metadata_is_told(tmp_path: Path, meta: str, sentence: str) -> None:
    table = pa.table({"a": [b"no wkb"]}).replace_schema_metadata({"geo": meta})
    parquet.write_table(table, tmp_path / "v.parquet")
    with pytest.raises(UnreadableError, match=sentence):
        read_table(tmp_path / "v.parquet")


def test_a_parquet_table_without_geometry_is_a_table(tmp_path: Path) -> None:
    pd.DataFrame({"lon": [105.7], "lat": [18.7]}).to_parquet(tmp_path / "v.parquet")
    assert not isinstance(read_table(tmp_path / "v.parquet"), gpd.GeoDataFrame)


def _said(path: Path) -> str:
    """The sentence a file ends in, or nothing where it can be read."""
    try:
        read_table(path)
    except GeodataError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", ["v.gpkg", "v.fgb", "v.geojson", "v.parquet", "v.xlsx"])
def test_damaged_files_never_end_in_a_traceback(tmp_path: Path, name: str) -> None:
    table, path = villages().to_crs("EPSG:4326"), tmp_path / name
    if name == "v.xlsx":
        pd.DataFrame(table.drop(columns="geometry")).to_excel(path, index=False)
    elif name == "v.parquet":
        table.to_parquet(path)
    else:
        table.to_file(path)
    dice, whole = np.random.default_rng(7), np.frombuffer(path.read_bytes(), np.uint8)
    said = []
    for _ in range(30):
        content = whole[: dice.integers(1, len(whole) + 1)].copy()
        content[dice.integers(len(content), size=dice.choice([0, 1, 30]))] = dice.integers(256)
        said.append(_said(_written(path, content.tobytes())))
    assert "\n" not in "".join(said)
    assert sum(sentence != "" for sentence in said) > 15


def test_a_csv_with_a_long_cell_is_read(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text(f"thon,ghi chu\nXóm 1,{'x' * 200_000}\n", "utf-8")
    assert len(read_table(tmp_path / "v.csv")["ghi chu"][2]) == 200_000


def test_a_cell_of_many_lines_says_where_a_quotation_mark_was_left_open(tmp_path: Path) -> None:
    lines = "".join(f"Xóm {k},Xã\n" for k in range(20_000))
    (tmp_path / "v.csv").write_text(f'thon,xa\nXóm 0,"Xã\n{lines}', "utf-8")
    with pytest.raises(UnreadableError, match="many lines in row 2"):
        read_table(tmp_path / "v.csv")


def test_a_cell_longer_than_any_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_LETTERS", 1000)
    (tmp_path / "v.csv").write_text(f"thon,xa\nXóm 1,{'x' * 2000}\n", "utf-8")
    with pytest.raises(UnreadableError, match="a cell of more than"):
        read_table(tmp_path / "v.csv")


def test_how_long_a_cell_of_other_programs_may_be_stays_as_it_was(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    (tmp_path / "v.csv").write_text(f"thon,ghi chu\nXóm 1,{'x' * 200_000}\n", "utf-8")
    read_table(tmp_path / "v.csv")
    assert csv.field_size_limit() == before == 131_072
