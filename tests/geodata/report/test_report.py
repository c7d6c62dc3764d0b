from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon, box

import geodata
from geodata.checks.overlaps import overlapping
from geodata.errors import CallError, UnreadableError, UnwrittenError
from geodata.export.report_book import write_report
from geodata.findings import Finding
from geodata.report import Report, check_file, check_path, check_study
from geodata.report.mend import clean_text
from geodata.report.repair import repair_study, repaired_zip
from geodata.study.shrunk import shrunk_layers
from tests import folder, tiny
from tests.full_disk import full_disk
from tests.laws import examples

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "nghe_an"
MARK = "\n[reconstruction]\nseed = 1\nversion = 1\nreal = []\n"


def kinds(report: Report) -> list[str]:
    return [finding.kind for finding in report.everything]


def one(report: Report, kind: str) -> Finding:
    (found,) = (finding for finding in report.everything if finding.kind == kind)
    return found


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return folder.write(tmp_path / "study")


def change_villages(file: Path, change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]) -> None:
    path = file.parent / "villages.gpkg"
    change(gpd.read_file(path)).to_file(path)


def test_a_good_study_is_described_and_nothing_is_wrong(study: Path) -> None:
    report = check_study(study)
    assert report.counts["error"] == report.counts["warning"] == 0
    assert [(f.file, f.role, f.rows) for f in report.files] == [
        ("villages.gpkg", "villages", 9),
        ("centres.gpkg", "centres", 9),
        ("districts.gpkg", "districts", 2),
        ("communes.gpkg", "communes", 3),
        ("layers/alpha_4g.gpkg", "layer", 1),
        ("layers/beta_3g.gpkg", "layer", 2),
    ]
    villages = report.files[0]
    assert villages.crs == "EPSG:9208"
    assert villages.columns["population"] == "population"
    assert sum(villages.shapes.values()) == 9
    assert villages.extent is not None
    west, south, east, north = villages.extent
    assert 105.6 < west < east < 105.8
    assert 18.6 < south < north < 18.8
    assert report.files[4].title == "Alpha 4G"
    assert report.files[4].as_of == date(2023, 8, 30)


@pytest.mark.heavy
def test_a_report_writes_nothing(study: Path) -> None:
    before = sorted(study.parent.rglob("*"))
    check_study(study)
    assert sorted(study.parent.rglob("*")) == before


def test_one_bad_file_hinders_no_other(study: Path) -> None:
    (study.parent / "layers" / "alpha_4g.gpkg").write_bytes(b"SQLite format 3\0 and no more")
    change_villages(study, lambda t: t.assign(village="=1+1"))
    report = check_study(study)
    bad = [file for file in report.files if not file.readable]
    assert [file.file for file in bad] == ["layers/alpha_4g.gpkg"]
    assert not report.is_readable
    assert {"unreadable", "name-formula"} <= set(kinds(report))
    assert "filing-missing" not in kinds(report)
    assert report.files[5].rows == 2


def test_a_missing_file_and_a_bad_entry_hinder_no_other(study: Path) -> None:
    (study.parent / "centres.gpkg").unlink()
    text = study.read_text("utf-8").replace("as_of = 2023-08-30\ncrs", 'as_of = "soon"\ncrs')
    study.write_text(text.replace('technology = "3G"', 'technologie = "3G"'), "utf-8")
    report = check_study(study)
    assert report.as_of is None
    assert kinds(report).count("study-file") == 3
    assert [f.file for f in report.files if not f.readable] == ["centres.gpkg"]
    assert [f.rows for f in report.files if f.role == "layer"] == [1, 2]


@pytest.mark.heavy
def test_what_other_commands_refuse_is_an_error_here(study: Path) -> None:
    change_villages(study, lambda t: t.assign(electrified="maybe"))
    with pytest.raises(geodata.DataError):
        geodata.open_study(study)
    report = check_study(study)
    assert report.counts["error"] == 1
    assert "electrified" in str(report.everything[0].sentence)


def test_no_study_file_and_none_that_is_toml(tmp_path: Path) -> None:
    with pytest.raises(geodata.MissingFileError):
        check_study(tmp_path / "study.toml")
    (tmp_path / "study.toml").write_text("= nonsense", "utf-8")
    with pytest.raises(UnreadableError):
        check_study(tmp_path)
    assert kinds(check_path(tmp_path)) == ["unreadable"]


def test_overlap_is_measured_and_placed(study: Path) -> None:
    def overlap(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        x, y = tiny.X0, tiny.Y0
        table.loc[8, "geometry"] = box(x + 1700, y + 2000, x + 3000, y + 3000)
        return table

    change_villages(study, overlap)
    found = one(check_study(study), "village-overlap")
    assert found.rows == (8, 9)
    assert found.sentence.parts["pairs"] == 1
    assert str(found.sentence.parts["area"]) == "30.0 ha"
    assert found.places is not None
    (place,) = found.places
    assert box(tiny.X0 + 1700, tiny.Y0 + 2000, tiny.X0 + 2000, tiny.Y0 + 3000).contains(place)


squares = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 3)), min_size=2, max_size=8
)


@given(squares)
@settings(max_examples=examples(60), deadline=None)
def test_pairs_found_through_the_coverage_are_those_of_plain_geometry(
    told: list[tuple[int, int, int]],
) -> None:
    shapes = shapely.box(*zip(*[(10 * x, 10 * y, 10 * (x + s), 10 * (y + s)) for x, y, s in told],
                              strict=True))  # fmt: skip
    pairs, common = overlapping(shapes)
    found = {(int(a), int(b)): float(c.area) for (a, b), c in zip(pairs, common, strict=True)}
    plain = {
        (a, b): shapes[a].intersection(shapes[b]).area
        for a in range(len(shapes))
        for b in range(a + 1, len(shapes))
    }
    assert found == pytest.approx({pair: area for pair, area in plain.items() if area > 0})


@pytest.mark.heavy
def test_a_layer_that_shrank_since_the_published_result(study: Path) -> None:
    geodata.assess_study(geodata.open_study(study), publish=True)
    assert not [k for k in kinds(check_study(study)) if k.startswith("layer-")]
    smaller = gpd.GeoDataFrame(
        geometry=[box(tiny.X0, tiny.Y0, tiny.X0 + 1000, tiny.Y0 + 2000)], crs=tiny.CRS
    )
    smaller.to_file(study.parent / "layers" / "alpha_4g.gpkg")
    found = one(check_study(study), "layer-shrank")
    # it covered 1 and a half columns of three: 4.5 km²; now two villages: 2 km²
    assert found.sentence.parts["percent"] == pytest.approx(55.6)
    assert found.count == 4
    assert found.rows == (2, 5, 7, 8)
    (study.parent / "layers" / "beta_3g.gpkg").unlink()
    text = study.read_text("utf-8")
    begins = text.index('[[layers]]\noperator = "Beta"')
    study.write_text(text[:begins] + text[text.index("[[published]]") :], "utf-8")
    assert {"layer-shrank", "layer-gone"} <= set(kinds(check_study(study)))
    assert not shrunk_layers(geodata.open_study(folder.write(study.parent.parent / "other")))


def test_a_repaired_copy_says_what_was_changed_row_by_row(study: Path, tmp_path: Path) -> None:
    x, y = tiny.X0, tiny.Y0

    def spoil(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        table.loc[0, "village"] = "Xo\u0301m\u202e 1"
        table.loc[8, "geometry"] = Polygon(
            [(x + 2000, y + 2000), (x + 3000, y + 3000), (x + 3000, y + 2000), (x + 2000, y + 3000)]
        )
        return table.loc[[0, 1, 2, 3, 4, 5, 6, 7, 8, 4]].reset_index(drop=True)

    change_villages(study, spoil)
    before = {p: p.read_bytes() for p in study.parent.rglob("*") if p.is_file()}
    made = repair_study(study, tmp_path / "copy", language="en")
    assert {p: p.read_bytes() for p in study.parent.rglob("*") if p.is_file()} == before
    told = [(c.file, c.row, c.id, c.what) for c in made.changes]
    assert told == [
        ("villages.gpkg", 1, "v1", "name"),
        ("villages.gpkg", 9, "v9", "geometry"),
        ("villages.gpkg", 10, "v5", "repeated-row"),
    ]
    mended = gpd.read_file(tmp_path / "copy" / "villages.gpkg")
    assert len(mended) == 9
    assert mended["village"][0] == "Xóm 1"
    assert mended.geometry.is_valid.all()
    report = check_study(tmp_path / "copy")
    assert not report.counts["error"] + report.counts["warning"]
    assert geodata.open_study(tmp_path / "copy").villages.geometry["v9"].area == pytest.approx(5e5)
    page = openpyxl.load_workbook(made.listing).active
    assert [cell.value for cell in page[4]][:4] == ["villages.gpkg", "1", "v1", page[4][3].value]
    assert r"\u202e" in str(page[4][4].value)


def test_a_repaired_copy_comes_whole_or_not_at_all(study: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(CallError, match="is there already"):
        repair_study(study, tmp_path / "there", language="en")
    with pytest.raises(CallError, match="lies in the study"):
        repair_study(study, study.parent / "copy", language="en")
    assert not list(study.parent.glob("**/copy*"))
    shutil.move(study.parent / "centres.gpkg", tmp_path / "centres.gpkg")
    text = study.read_text("utf-8").replace('"centres.gpkg"', '"../centres.gpkg"')
    study.write_text(text, "utf-8")
    with pytest.raises(CallError, match="outside of its folder"):
        repair_study(study, tmp_path / "new", language="en")
    assert not (tmp_path / "new").exists()


def test_a_repaired_copy_that_does_not_fit_is_told_by_its_own_name(
    study: Path, tmp_path: Path
) -> None:
    with full_disk(), pytest.raises(UnwrittenError, match="files may not grow") as caught:
        repair_study(study, tmp_path / "copy", language="en")
    assert str(caught.value).startswith(f"{tmp_path / 'copy'} cannot be written: ")
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("loss", ["rows", "refused"])
def test_a_repaired_copy_that_lost_rows_is_not_believed(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    def spoil(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        table.loc[0, "village"] = "Xo\u0301m 1"
        return table

    change_villages(study, spoil)
    keep = pyogrio.write_dataframe

    def lose(table: gpd.GeoDataFrame, *rest: object, **options: object) -> None:
        if loss == "refused":
            raise pyogrio.errors.DataSourceError("sqlite3_exec() failed: disk I/O error")
        keep(table.iloc[:-1], *rest, **options)

    monkeypatch.setattr(pyogrio, "write_dataframe", lose)
    with pytest.raises(UnwrittenError, match="copy cannot be written: not all of it"):
        repair_study(study, tmp_path / "copy", language="en")
    assert not (tmp_path / "copy").exists()


def test_a_village_with_a_name_and_no_place_is_never_taken_out(study: Path, tmp_path: Path) -> None:
    def spoil(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        table.loc[3, "geometry"] = None
        return table

    change_villages(study, spoil)
    assert one(check_study(study), "geometry-empty").rows == (4,)
    made = repair_study(study, tmp_path / "copy", language="vi")
    assert made.count == 0
    assert len(gpd.read_file(tmp_path / "copy" / "villages.gpkg")) == 9


def test_a_repaired_geoparquet_has_boxes_and_the_same_rows(study: Path, tmp_path: Path) -> None:
    """What is read has boxes too, which are no column of the table and are made anew."""
    villages = gpd.read_file(study.parent / "villages.gpkg")
    villages.loc[2, "village"] = "Xóm\u202e 3"
    villages.to_parquet(study.parent / "villages.parquet", write_covering_bbox=True, index=False)
    (study.parent / "villages.gpkg").unlink()
    study.write_text(study.read_text("utf-8").replace("villages.gpkg", "villages.parquet"), "utf-8")
    made = repair_study(study, tmp_path / "copy", language="en")
    assert [(c.file, c.row, c.what) for c in made.changes] == [("villages.parquet", 3, "name")]
    path = tmp_path / "copy" / "villages.parquet"
    kept = gpd.read_parquet(path)
    assert list(kept.columns) == list(villages.columns)
    assert kept.hilbert_distance().is_monotonic_increasing
    assert sorted(kept["village"]) == sorted(villages["village"].str.replace("\u202e", ""))
    x, y = villages.geometry[8].representative_point().coords[0]
    near = gpd.read_parquet(path, bbox=(x, y, x, y))
    assert near["village"].tolist() == [villages["village"][8]]


def test_the_copy_travels_as_a_zip(study: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.zip").write_bytes(repaired_zip(study, language="vi"))
    shutil.unpack_archive(tmp_path / "copy.zip", tmp_path / "unpacked")
    assert geodata.open_study(tmp_path / "unpacked").name == "Nine villages"


@pytest.mark.heavy
@given(st.text(max_size=30))
def test_a_clean_text_stays_as_it_is(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)


def test_the_workbook_is_harmless_and_bears_its_mark(study: Path, tmp_path: Path) -> None:
    study.write_text(study.read_text("utf-8") + MARK, "utf-8")
    change_villages(study, lambda t: t.assign(village='=HYPERLINK("http://x")'))
    report = check_study(study)
    path = write_report([report], tmp_path / "r.xlsx", language="vi", told=str)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Các tệp", "Điều cần xem", "Dòng cần xem", "Các cột"]
    cells = [cell for page in book for row in page.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert "DỮ LIỆU MÔ PHỎNG" in str(book["Các tệp"]["A3"].value)
    rows = [row for row in book["Dòng cần xem"].iter_rows(min_row=6, values_only=True) if row[0]]
    assert len(rows) == 9
    assert [row[2] for row in rows] == list(range(1, 10))
    assert all(18.6 < row[3] < 18.8 and 105.6 < row[4] < 105.8 for row in rows)


def test_an_archive_is_reported_part_by_part(tmp_path: Path, study: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "layers"), "zip", study.parent / "layers")
    report = check_file(archive)
    assert [file.role for file in report.files] == ["table", "table"]
    assert report.is_readable
    (tmp_path / "empty.gpkg").write_bytes(b"")
    assert not check_file(tmp_path / "empty.gpkg").is_readable


@pytest.mark.skipif(not DATA.exists(), reason="the real data is not here")
def test_real_points_share_places_and_are_rounded() -> None:
    report = check_file(DATA / "village_points.gpkg")
    assert report.files[0].rows == 2946
    assert one(report, "place-shared").count == 311
    rounded = one(report, "place-rounded")
    assert rounded.sentence.parts["percent"] == 42
    assert rounded.count == 1226


@pytest.mark.heavy
@pytest.mark.skipif(not DATA.exists(), reason="the real data is not here")
def test_real_units_of_two_structures_differ_at_the_border(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(
        'schema = 1\nname = "real"\nas_of = 2025-07-01\n'
        f'[villages]\npath = "{DATA.as_posix()}/village_points.gpkg"\n'
        f'[[units]]\nvalid_from = 2025-07-01\ncommunes = "{DATA.as_posix()}/wards_2025.gpkg"\n'
        f'districts = "{DATA.as_posix()}/districts_2023.gpkg"\n',
        "utf-8",
    )
    report = check_study(tmp_path)
    found = one(report, "outline-differs")
    assert str(found.sentence.parts["missing"]) == "18.5 km²"
    assert str(found.sentence.parts["more"]) == "23.5 km²"
    assert "unit-overlap" not in kinds(report)


def test_of_a_workbook_with_titles_or_further_sheets_nothing_is_lost(
    study: Path, tmp_path: Path
) -> None:
    centres = study.parent / "centres.xlsx"
    book = openpyxl.Workbook()
    page = book.active
    page.append(["SỞ THÔNG TIN VÀ TRUYỀN THÔNG"])
    page.append(["village_id", "village", "lon", "lat"])
    for key, point in tiny.villages()["centre"].to_crs("EPSG:4326").items():
        page.append([key, "Xo\u0301m", point.x, point.y])
    book.save(centres)
    text = study.read_text("utf-8").replace('"centres.gpkg"', '"centres.xlsx"')
    study.write_text(text, "utf-8")
    made = repair_study(study, tmp_path / "copy", language="en")
    assert [(c.file, c.what) for c in made.changes] == [("centres.xlsx", "not-repaired")]
    assert (tmp_path / "copy" / "centres.xlsx").read_bytes() == centres.read_bytes()


def quarters() -> gpd.GeoDataFrame:
    """The nine villages in four each: enough of them for a sign test."""
    rows = []
    for key, village in tiny.villages().iterrows():
        x, y, *_ = village.geometry.bounds
        for k in range(4):
            left, low = x + 500 * (k % 2), y + 500 * (k // 2)
            part = box(left, low, left + 500, low + 500)
            rows.append({**village, "village_id": f"{key}-{k}", "geometry": part,
                         "centre": part.centroid})  # fmt: skip
    return gpd.GeoDataFrame(rows, crs=tiny.CRS).set_index("village_id")


def test_villages_that_name_their_communes_tell_a_datum_that_was_lost(tmp_path: Path) -> None:
    """224.5 m are no matter of an extent: the same numbers, said to be on WGS 84."""
    told = {}
    for name, system in (("right", "EPSG:3405"), ("lost", "EPSG:32648")):
        file = folder.write(tmp_path / name, villages=quarters())
        (file.parent / "villages.gpkg").unlink()
        written = quarters().drop(columns="centre").reset_index().to_crs("EPSG:3405")
        written.set_crs(system, allow_override=True).to_file(file.parent / "villages.gpkg")
        told[name] = [f for f in check_study(file).everything if f.kind == "crs-lost-datum"]
    assert told["right"] == []
    assert [f.file for f in told["lost"]] == ["villages.gpkg"]
    assert 'write crs = "EPSG:3405"' in str(told["lost"][0].sentence)


def test_a_layer_that_reaches_beyond_the_province_is_no_error(study: Path) -> None:
    path = study.parent / "layers" / "beta_3g.gpkg"
    layer = gpd.read_file(path)
    far = [box(x, 2_065_000, x + 500, 2_066_000) for x in (630_000, 540_000)]
    path.unlink()
    gpd.GeoDataFrame(geometry=[*layer.geometry, *far], crs=layer.crs).to_file(path)
    report = check_study(study)
    assert report.counts["error"] == report.counts["warning"] == 0
    assert one(report, "outside-extent").rows == (3, 4)
    assert "partly-outside" not in kinds(report)


def test_a_sum_under_an_official_list_is_no_village_without_a_place(study: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    page.append(["STT", "Xã", "Thôn", "Dân số", "X", "Y"])
    for k, (name, point) in enumerate(tiny.villages()["centre"].items(), 1):
        page.append([k, "Xã 0", f"Xóm {name}", 100, point.y, point.x])
    page.append(["Tổng cộng", None, None, 900, None, None])
    book.save(study.parent / "list.xlsx")
    text = study.read_text("utf-8").replace(
        '"villages.gpkg"\ncentres = "centres.gpkg"', '"list.xlsx"'
    )
    study.write_text(text, "utf-8")
    assert len(geodata.open_study(study).villages) == 9
    found = one(check_study(study), "list-left-out")
    assert (found.severity, found.rows) == ("note", (11,))
