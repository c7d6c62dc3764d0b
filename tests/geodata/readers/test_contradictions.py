"""Files that contradict themselves: each kind of damage is told or refused, and sound files not."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from pyarrow import parquet

from geodata import GeodataError, UnreadableError
from geodata.placing import _holds_pairs
from geodata.rasters import opened
from geodata.read import read
from tests import tiny
from tests.corpus._layers import write_raster

Change = Callable[[bytearray], None]


def villages() -> gpd.GeoDataFrame:
    table = tiny.villages().drop(columns="centre").reset_index()
    table["people"] = range(100, 109)
    return table


def written(folder: Path, ending: str) -> Path:
    path, table = folder / f"v{ending}", villages()
    if ending == ".parquet":
        table.to_parquet(path, write_covering_bbox=True)
    elif ending in (".mif", ".geojson"):
        table.to_crs("EPSG:4326").to_file(path)
    else:
        table.to_file(path)
    return path


def damaged(path: Path, change: Change) -> Path:
    body = bytearray(path.read_bytes())
    before = bytes(body)
    change(body)
    assert bytes(body) != before
    path.write_bytes(body)
    return path


def kinds(path: Path) -> set[str]:
    return {one.kind for one in read(path, unplaced=True).findings}


def put(place: int, layout: str, *numbers: float) -> Change:
    return lambda body: struct.pack_into(layout, body, place, *numbers)


def instead(old: bytes, new: bytes) -> Change:
    def change(body: bytearray) -> None:
        body[:] = bytes(body).replace(old, new, 1)

    return change


FIRST = 100 + 8
"""Where the content of the first record of a .shp begins: type, box, counts, one part, corners."""

CORNER = FIRST + 4 + 32 + 8 + 4


@pytest.mark.parametrize("ending", [".shp", ".gpkg", ".fgb", ".parquet", ".mif", ".geojson"])
def test_sound_files_say_nothing(tmp_path: Path, ending: str) -> None:
    assert kinds(written(tmp_path, ending)) <= {"encoding-names"}


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (put(CORNER + 16, "<d", 1.0), "shape-boxes"),
        (put(CORNER + 16, "<d", float("nan")), "corners-no-numbers"),
        (put(FIRST + 4, "<d", 1.0), "shape-boxes"),
        (put(36, "<d", 1.0), "shapefile-heads"),
        (lambda body: body.extend(bytes(40)), "shapefile-heads"),
    ],
)
def test_a_shp_whose_corners_boxes_and_head_disagree_is_told(
    tmp_path: Path, change: Change, kind: str
) -> None:
    assert kind in kinds(damaged(written(tmp_path, ".shp"), change))


@pytest.mark.parametrize(
    "change",
    [
        put(FIRST, "<i", 3),
        put(FIRST + 36, "<i", 2),
        put(FIRST + 40, "<i", 3),
        put(FIRST + 44, "<i", 2),
    ],
    ids=["type", "parts", "corners", "first part"],
)
def test_a_shp_whose_counts_disagree_is_refused(tmp_path: Path, change: Change) -> None:
    with pytest.raises(UnreadableError, match="is cut short or damaged"):
        read(damaged(written(tmp_path, ".shp"), change))


def _people(body: bytearray, letters: bytes) -> None:
    """Put letters where the first row of a .dbf has the people, its first number."""
    at = body.index(b"100", struct.unpack_from("<H", body, 8)[0])
    body[at : at + 3] = letters


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda body: _people(body, b"1x0"), "no-numbers"),
        (lambda body: _people(body, b"1 0"), "no-numbers"),
        (lambda body: _people(body, b"1-0"), "no-numbers"),
        (lambda body: body.__setitem__(struct.unpack_from("<H", body, 8)[0], 0x2A), "rows-deleted"),
        (lambda body: body.__setitem__(struct.unpack_from("<H", body, 8)[0], 0x21), "dbf-marks"),
    ],
)
def test_a_dbf_whose_cells_or_marks_are_damaged_is_told(
    tmp_path: Path, change: Change, kind: str
) -> None:
    path = written(tmp_path, ".shp")
    damaged(path.with_suffix(".dbf"), change)
    assert kind in kinds(path)


@pytest.mark.parametrize(
    "change",
    [put(32 + 11, "B", ord("K")), put(32 + 16, "B", 7), put(10, "<H", 30), put(8, "<H", 64)],
    ids=["type", "length", "row", "head"],
)
def test_a_dbf_whose_fields_do_not_fill_its_rows_is_refused(tmp_path: Path, change: Change) -> None:
    path = written(tmp_path, ".shp")
    damaged(path.with_suffix(".dbf"), change)
    with pytest.raises(UnreadableError, match=r"its \.dbf is cut short or damaged"):
        read(path)


def test_a_text_field_with_another_number_behind_its_length_is_read(tmp_path: Path) -> None:
    """Some programs put a way of showing a text where Clipper has its length's second byte."""
    path = written(tmp_path, ".shp")
    sound = read(path).table
    damaged(path.with_suffix(".dbf"), put(32 + 17, "B", 1))
    assert read(path).table.equals(sound)


def test_a_mif_with_metadata_in_its_head_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, ".mif")
    told = b'Begin_Metadata\n"\\IsReadOnly" = "FALSE"\nEnd_Metadata\nCoordSys'
    damaged(path, instead(b"CoordSys", told))
    assert len(read(path, unplaced=True).table) == 9


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"PARAMETER[", b"PARBMETER["), (b"PROJCS[", b"PROJ\n\n["), (b"]]", b"]"), (b"[", b"\x01")],
)
def test_a_prj_of_unknown_words_is_refused(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = written(tmp_path, ".shp")
    damaged(path.with_suffix(".prj"), instead(old, new))
    with pytest.raises(UnreadableError, match=r"its \.prj is cut short or damaged"):
        read(path)


def test_a_corner_beyond_its_box_is_told_of_a_package_and_a_flatgeobuf(tmp_path: Path) -> None:
    corner = struct.pack("<d", villages().geometry.iloc[0].bounds[0])
    for ending in (".gpkg", ".fgb"):
        path = written(tmp_path, ending)

        def change(body: bytearray) -> None:
            at = bytes(body).rindex(corner)
            body[at : at + 8] = struct.pack("<d", villages().geometry.iloc[0].bounds[0] - 7000)

        assert "shape-boxes" in kinds(damaged(path, change))


def test_a_package_of_which_pages_disagree_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, ".gpkg")
    with pytest.raises(UnreadableError, match="pages of its database contradict each other"):
        read(damaged(path, put(36, ">I", 5)))


def test_values_beyond_their_range_in_parquet_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "v.parquet"
    table = pa.table({"id": pa.array([1, 2, 3], pa.int64())})
    parquet.write_table(table, path, compression="none", use_dictionary=False)
    damaged(path, instead(struct.pack("<3q", 1, 2, 3), struct.pack("<3q", 1, 2, 9)))
    with pytest.raises(UnreadableError, match="values of column id are beyond the range"):
        read(path, unplaced=True)


def test_shapes_beyond_the_boxes_of_their_rows_in_parquet_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "v.parquet"
    villages().to_parquet(path, write_covering_bbox=True, compression="none")
    corner = struct.pack("<2d", *shapely.get_coordinates(villages().geometry.iloc[4])[0])
    damaged(path, instead(corner, struct.pack("<2d", 500_000.0, 2_066_000.0)))
    with pytest.raises(UnreadableError, match="values of column geometry are beyond the range"):
        read(path)


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        (b"Region 1", b"Region 2", ".mif"),
        (b"  5\n", b"  4\n", ".mif"),
        (b"Columns", b"Colunms", ".mif"),
        (b"CoordSys", b"CoordSyt", ".mif"),
        (b"Brush", b"Brusi", ".mif"),
        (b"CoordSys", b"Version 300\nCoordSys", ".mif"),
        (b".", b"x", ".mif"),
        (b'",', b'"', ".mid"),
        (b'"', b"", ".mid"),
    ],
)
def test_a_mif_of_other_counts_or_words_is_refused(
    tmp_path: Path, old: bytes, new: bytes, part: str
) -> None:
    path = written(tmp_path, ".mif")
    damaged(path.with_suffix(part), instead(old, new))
    with pytest.raises(UnreadableError, match=rf"line \d+ of its \{part} is not as the format"):
        read(path, unplaced=True)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (b'"Feature", "properties"', b'"Feature", "propertios"', "json-members"),
        (b'"coordinates"', b'"coordinatos"', "json-members"),
        (b'"Polygon"', b'"Polygun"', "json-members"),
        (b'"commune_code"', b'"commune\xff\xffde"', "json-no-utf-8"),
    ],
)
def test_a_geojson_whose_features_lack_members_is_told(
    tmp_path: Path, old: bytes, new: bytes, kind: str
) -> None:
    path = written(tmp_path, ".geojson")
    assert kind in kinds(damaged(path, instead(old, new)))


CSV = "thôn,dân,lon,lat\n" + "".join(f"Xóm {k},{k}00,105.6{k},18.6{k}\n" for k in range(1, 6))


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("Xóm 3,300", "Xóm 3300", "ragged-rows"),
        ("Xóm 3,300", "Xóm 3,3,00", "ragged-rows"),
        ("dân,", "dân", "ragged-rows"),
        ("Xóm 3", '"Xóm" 3', "stray-quotes"),
        ("Xóm 3", "Xóm\x01 3", "odd-signs"),
        ("thôn,dân", "1,2,3,4\nthôn,dân", "rows-above-header"),
        ("thôn,dân", "1\nthôn,dân", "rows-above-header"),
    ],
)
def test_a_csv_whose_rows_disagree_is_told(tmp_path: Path, old: str, new: str, kind: str) -> None:
    path = tmp_path / "v.csv"
    path.write_text(CSV, encoding="utf-8")
    assert kinds(path) == set()
    path.write_text(CSV.replace(old, new, 1), encoding="utf-8")
    assert kinds(path) == {kind}


def test_a_csv_read_as_one_column_though_its_header_has_several_is_told(tmp_path: Path) -> None:
    path = tmp_path / "v.csv"
    path.write_text("name,lat,lon\nOrléans,18.67,105n,18.67,105.68\nÉvry", encoding="utf-8")
    assert "one-column" in kinds(path)


def test_a_tab_whose_dat_is_not_as_long_as_its_rows_is_told(tmp_path: Path) -> None:
    path = tmp_path / "v.tab"
    villages().to_crs("EPSG:4326").to_file(path, driver="MapInfo File")
    assert "table-length" not in kinds(path)
    damaged(path.with_suffix(".dat"), lambda body: body.extend(b";;;"))
    assert "table-length" in kinds(path)


def test_a_mif_of_long_numbers_takes_no_longer_than_others(tmp_path: Path) -> None:
    path = written(tmp_path, ".mif")
    damaged(path, instead(b"Region 1", b"Point " + b"1" * 20_000 + b"x 1\nRegion 1"))
    with pytest.raises(UnreadableError, match="is not as the format"):
        read(path, unplaced=True)


def test_a_map_file_read_as_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "v.mif"
    path.write_text(CSV, encoding="utf-8")
    assert kinds(path) == {"text-for-a-map"}


def _tag(body: bytearray, tag: int) -> int:
    """Where the value of a tag of a small TIFF stands."""
    (at,) = struct.unpack_from("<I", body, 4)
    (count,) = struct.unpack_from("<H", body, at)
    return next(
        k + 8
        for k in range(at + 2, at + 2 + 12 * count, 12)
        if struct.unpack_from("<H", body, k)[0] == tag
    )


@pytest.mark.parametrize("tag", [256, 257, 258, 259, 273, 277, 278, 279])
def test_a_tiff_whose_tags_disagree_is_refused(tmp_path: Path, tag: int) -> None:
    path = write_raster(tmp_path / "v.tif", [[-80.0, -90.0], [-100.0, -110.0]], dtype="float32")
    assert opened(path, file=path.name).width == 2

    def change(body: bytearray) -> None:
        struct.pack_into("<H", body, _tag(body, tag), 1 if tag in (257, 278, 279) else 30_000)

    with pytest.raises(UnreadableError, match="cannot be read"):
        opened(damaged(path, change), file=path.name)


def test_a_turned_box_of_numbers_is_no_range(tmp_path: Path) -> None:
    """Over the 180th meridian west lies east of east (GeoParquet 1.1): nothing is refused."""
    path = tmp_path / "v.parquet"
    shapes = gpd.GeoSeries.from_xy(np.array([179.5, -179.5]), np.array([1.0, 2.0]), crs=4326)
    gpd.GeoDataFrame({"id": ["a", "b"]}, geometry=shapes).to_parquet(path)
    whole = parquet.read_table(path)
    geo = whole.schema.metadata[b"geo"].replace(
        b"[-179.5, 1.0, 179.5, 2.0]", b"[179.5, 1.0, -179.5, 2.0]"
    )
    parquet.write_table(whole.replace_schema_metadata({b"geo": geo}), path)
    assert len(read(path).table) == 2


def test_a_column_of_pairs_without_any_holds_none() -> None:
    assert not _holds_pairs(pd.Series(["-", None, ""]))


def test_a_raster_whose_corners_are_endless_is_refused(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "v.tif", [[-80.0, -90.0], [-100.0, -110.0]], dtype="float32")
    sound = struct.pack("<d", opened(path, file=path.name).transform.a)
    damaged(path, instead(sound, struct.pack("<d", 1.7e308)))
    with pytest.raises(GeodataError, match="does not say where it lies"):
        opened(path, file=path.name)
