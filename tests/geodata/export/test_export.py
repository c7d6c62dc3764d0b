"""The list of uncovered villages: who is on it, and what each format makes of hostile text."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

import geodata
from coverage.model import Verdict
from geodata import CallError, Run
from geodata.coordinate_checks import definition_findings
from geodata.coordinates import to_study
from geodata.diagnose import AsSaid
from geodata.export.naming import file_name
from geodata.export.safe import for_csv, is_formula, without_tags
from geodata.export.words import HEADINGS
from geodata.read import read_table
from tests import folder, tiny

HOSTILE = {
    "v3": '=HYPERLINK("http://example.org")',
    "v6": "<script>alert(1)</script>\x0b",
    "v9": "\u202e" + "Bản dài " * 60,
}
MADE = '[reconstruction]\nseed = 1\nversion = 1\n\n[villages]\npath = "villages.gpkg"'


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    villages = tiny.villages()
    for village, name in HOSTILE.items():
        villages.loc[village, "village"] = name
    text = folder.STUDY.replace('[villages]\npath = "villages.gpkg"', MADE)
    file = folder.write(tmp_path_factory.mktemp("s") / "study", study=text, villages=villages)
    return geodata.assess_study(geodata.open_study(file))


def written(run: Run, path: Path, **chosen: str) -> Path:
    return geodata.export_list(geodata.uncovered_list(run, **chosen), path, run=run)


def test_who_is_on_the_list_and_in_what_order(run: Run) -> None:
    assert geodata.uncovered_list(run).index.tolist() == ["v9", "v3", "v6"]
    everything = geodata.uncovered_list(run, verdicts=("covered",))
    assert len(everything) == 6


@pytest.mark.parametrize("asked", ["417", "Huyện Kỳ Sơn", "kỳ sơn", "KY SON"])
def test_a_district_by_code_or_name_with_or_without_marks(run: Run, asked: str) -> None:
    assert geodata.uncovered_list(run, district=asked).index.tolist() == ["v9"]


def test_units_and_verdicts_nobody_knows_are_told(run: Run) -> None:
    with pytest.raises(CallError, match="417 Huyện Kỳ Sơn"):
        geodata.uncovered_list(run, district="Kì Sơn")
    with pytest.raises(CallError, match="commune Xã is not one unit"):
        geodata.uncovered_list(run, commune="Xã")
    with pytest.raises(CallError, match="verdict bad is not known"):
        geodata.uncovered_list(run, verdicts=("bad",))


def test_coordinates_are_north_and_east_and_degrees(run: Run) -> None:
    row = geodata.uncovered_list(run, language="en").loc["v9"]
    assert row["X north, m (EPSG:9208)"] == tiny.Y0 + 2500
    assert row["Y east, m (EPSG:9208)"] == tiny.X0 + 2500
    assert row["Latitude (WGS 84)"] == pytest.approx(18.69, abs=0.01)
    assert row["Longitude (WGS 84)"] == pytest.approx(105.70, abs=0.01)


def test_csv_opens_in_excel_and_runs_nothing(run: Run, tmp_path: Path) -> None:
    path = written(run, tmp_path / "l.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    names = [row["Thôn, bản"] for row in rows]
    assert names[1] == "'" + HOSTILE["v3"]
    assert {row["Loại số liệu"] for row in rows} == {"SỐ LIỆU MÔ PHỎNG"}
    assert {row["Mã lần tính"] for row in rows} == {run.run_id}
    assert [float(row["Chênh so với ngưỡng"]) for row in rows] == [-0.5, -0.2, -0.4]
    assert sorted(row["Độ chắc chắn"] for row in rows) == ["chắc chắn", "sát ngưỡng", "sát ngưỡng"]


def test_excel_has_title_filters_and_no_formula(run: Run, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(written(run, tmp_path / "l.xlsx"))
    sheet, method = book.worksheets
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    texts = [str(cell.value) for cell in cells]
    assert HOSTILE["v3"] in texts
    assert all(cell.data_type != "f" for cell in cells)
    assert any("SỐ LIỆU MÔ PHỎNG" in text for text in texts[:3])
    assert any(run.run_id in text for text in texts[:8])
    assert any("6/9 thôn, bản đã phủ sóng; 3 chưa phủ sóng" in text for text in texts[:9])
    assert sheet.auto_filter.ref
    assert sheet.freeze_panes
    assert any("50%" in str(cell.value) for row in method.iter_rows() for cell in row)


def read(path: Path) -> gpd.GeoDataFrame:
    """A map file in the order of its list, which one of parquet has in a column."""
    if path.suffix != ".parquet":
        return gpd.read_file(path)
    return gpd.read_parquet(path).sort_values(HEADINGS["vi"]["number"])


def test_a_list_as_parquet_is_ordered_by_place_and_numbered(run: Run, tmp_path: Path) -> None:
    """All nine villages, so that the orders differ."""
    table = geodata.uncovered_list(run, verdicts=("covered", "weak", "none"))
    path = geodata.export_list(table, tmp_path / "l.parquet", run=run)
    kept = gpd.read_parquet(path)
    number = HEADINGS["vi"]["number"]
    assert kept.hilbert_distance().is_monotonic_increasing
    assert kept[number].tolist() != sorted(kept[number])
    village = HEADINGS["vi"]["village_id"]
    assert kept.sort_values(number)[village].tolist() == table[village].tolist()
    assert list(kept.columns) == list(table.columns)
    near = kept.geometry.iloc[4]
    west, south, east, north = near.buffer(1e-5).bounds
    assert gpd.read_parquet(path, bbox=(west, south, east, north)).geometry.tolist() == [near]


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "kml", "parquet"])
def test_map_formats_keep_place_text_and_mark(run: Run, tmp_path: Path, ending: str) -> None:
    path = written(run, tmp_path / f"l.{ending}")
    table = read(path)
    assert len(table) == 3
    assert table.to_crs("EPSG:9208").geometry.iloc[0].x == pytest.approx(tiny.X0 + 2500, abs=0.1)
    assert (table == "SỐ LIỆU MÔ PHỎNG").any(axis=0).any()
    assert (table == HOSTILE["v3"]).any(axis=0).any()
    if ending == "kml":
        assert "<script>" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("ending", geodata.export.ENDINGS)
def test_an_empty_list_is_still_a_file(run: Run, tmp_path: Path, ending: str) -> None:
    table = geodata.uncovered_list(run, verdicts=("unknown",))
    assert geodata.export_list(table, tmp_path / f"l.{ending}", run=run).stat().st_size > 0


def test_an_observed_study_is_not_called_reconstructed(run: Run) -> None:
    settings = run.study.settings.model_copy(update={"reconstruction": None})
    observed = replace(run, study=replace(run.study, settings=settings))
    kinds = set(geodata.uncovered_list(observed, language="en")["Kind of data"])
    assert kinds == {"As supplied"}


def test_another_ending_is_told(run: Run, tmp_path: Path) -> None:
    with pytest.raises(CallError, match="expected one of csv, xlsx"):
        written(run, tmp_path / "l.doc")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    ["=1", "+1", "-1", "@a", " =1", "＝1+1", "\t=1", "\r1", "\u200e=1", "\ufeff +1", "\x00@a"],
)
def test_what_a_spreadsheet_takes_for_a_formula(text: str) -> None:
    assert is_formula(text)
    assert not is_formula("Xóm 1")


@pytest.mark.parametrize("text", ["Xóm 1; =1+1", "Xóm 1;＠a", "a;-1", "a\t+1"])
def test_a_formula_behind_a_separator_of_other_spreadsheets_is_disarmed(text: str) -> None:
    assert re.search(r"[;\t]'\s*[=+@＠-]", str(for_csv(text)))
    assert for_csv("Xóm 1; Xóm 2") == "Xóm 1; Xóm 2"


@pytest.mark.heavy
@pytest.mark.parametrize("ending", geodata.export.ENDINGS)
def test_no_format_keeps_characters_that_turn_a_text_or_break_a_file(
    run: Run, tmp_path: Path, ending: str
) -> None:
    path = written(run, tmp_path / f"l.{ending}")
    if ending == "xlsx":
        cells = [c.value for row in openpyxl.load_workbook(path).worksheets[0] for c in row]
        text = " ".join(str(cell) for cell in cells)
    elif ending == "csv":
        text = path.read_text(encoding="utf-8-sig")
    else:
        table = gpd.read_parquet(path) if ending == "parquet" else gpd.read_file(path)
        text = table.drop(columns="geometry").to_csv()
    assert "Bản dài Bản dài" in text
    shown_as_html = ending in ("kml", "gpx")
    assert ("‹script>alert(1)‹/script>" in text) is shown_as_html
    assert ("<script>alert(1)</script>" in text) is not shown_as_html
    assert not {"\u202e", "\x0b"} & set(text)


@pytest.mark.parametrize("ending", ["kml", "gpx"])
def test_no_name_is_html_in_a_map_program(run: Run, tmp_path: Path, ending: str) -> None:
    path = written(run, tmp_path / f"l.{ending}")
    words = "".join(ET.fromstring(path.read_bytes()).itertext())  # noqa: S314  # our own
    assert "script>alert(1)" in words
    assert not re.search(r"<[A-Za-z/!?]", words)
    assert without_tags("a < b <3 <i <!-- </b") == "a < b <3 ‹i ‹!-- ‹/b"


def test_a_file_may_bear_a_name_that_its_format_reserves(run: Run, tmp_path: Path) -> None:
    path = written(run, tmp_path / "gpkg_list.gpkg")
    assert len(gpd.read_file(path, layer="villages")) == 3


def test_the_worst_come_first_and_covered_last(run: Run) -> None:
    table = geodata.uncovered_list(run, verdicts=tuple(Verdict), district="412", language="en")
    of_commune = table[table["Commune"] == "Xã 0"]
    assert of_commune["Signal"].tolist() == ["Weak signal", "Covered", "Covered"]


def test_a_commune_whose_name_repeats_is_told_with_its_districts(run: Run) -> None:
    villages = run.study.villages.copy()
    villages["commune"] = "Xã Đồng Văn"
    twice = replace(run, study=replace(run.study, villages=villages))
    with pytest.raises(CallError, match=r"10 Xã Đồng Văn \(Thành phố Vinh\).*\(Huyện Kỳ Sơn\)"):
        geodata.uncovered_list(twice, commune="đồng văn")
    found = geodata.uncovered_list(twice, commune="đồng văn", district="kỳ sơn")
    assert found.index.tolist() == ["v9"]


def test_a_district_in_units_without_districts_is_told(run: Run) -> None:
    units = replace(run.study.units[0], districts=None)
    with pytest.raises(CallError, match="these units have no districts"):
        geodata.uncovered_list(run, district="412", units=units)


def test_a_district_spelled_in_two_ways_is_told_on_one_line(run: Run) -> None:
    villages = run.study.villages.copy()
    villages.loc["v9", "district"] = "Ky Son"
    mixed = replace(run, study=replace(run.study, villages=villages))
    with pytest.raises(CallError) as caught:
        geodata.uncovered_list(mixed, district="nowhere")
    assert "\n" not in str(caught.value)


def test_excel_shows_shares_as_percent_and_places_as_metres(run: Run, tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(written(run, tmp_path / "l.xlsx")).worksheets[0]
    head = next(row for row in sheet.iter_rows() if row[0].value == "STT")
    formats = {cell.value: sheet.cell(cell.row + 1, cell.column).number_format for cell in head}
    assert formats["Chênh so với ngưỡng"] == "0.00%"
    assert formats["X bắc, m (EPSG:9208)"] == "0.00####"
    assert formats["Dân số"] == "#,##0"


def test_excel_titles_a_list_by_what_is_on_it(run: Run, tmp_path: Path) -> None:
    table = geodata.uncovered_list(run, verdicts=tuple(Verdict), language="en")
    path = geodata.export_list(table, tmp_path / "all.xlsx", run=run, language="en")
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert sheet["A1"].value == "Villages by mobile broadband"
    assert any("As of: 2023-08-30" in str(row[0].value) for row in sheet.iter_rows())


@pytest.mark.parametrize(
    ("ending", "within_m"),
    [
        ("gpkg", 0.001), ("shp", 0.001), ("kml", 0.001), ("parquet", 0.001), ("gpx", 0.001),
        ("geojson", 0.02),  # seven decimals of a degree, as RFC 7946 advises
        ("tab", 0.002),  # whole numbers over a degree around the places
    ],
)  # fmt: skip
def test_every_map_format_keeps_the_datum(
    run: Run, tmp_path: Path, ending: str, within_m: float
) -> None:
    path = written(run, tmp_path / f"list.{ending}")
    if ending == "gpx":
        table = gpd.read_file(path, layer="waypoints")
    else:
        table = gpd.GeoDataFrame(read_table(path))
    if ending == "parquet":  # ordered by place
        table = table.sort_values(HEADINGS["vi"]["number"])
    assert table.crs.to_authority() == ("EPSG", "4326")
    assert not definition_findings(table, file=path.name)
    true = run.study.villages.loc[["v9", "v3", "v6"], "centre"].to_numpy()
    at = to_study(table, run.study.crs, file=path.name).geometry.to_numpy()
    assert shapely.distance(at, true).max() < within_m


@pytest.mark.parametrize("ending", ["csv", "xlsx", "tab", "shp"])
def test_the_columns_of_a_list_hold_both_systems_to_a_millimetre(
    run: Run, tmp_path: Path, ending: str
) -> None:
    sheet = "Danh sách" if ending == "xlsx" else None
    raw = pd.DataFrame(read_table(written(run, tmp_path / f"list.{ending}"), layer=sheet))
    raw = raw.drop(columns="geometry", errors="ignore")
    names = {
        "lon": ("Kinh độ", "KINHDO"), "lat": ("Vĩ độ", "VIDO"),
        "x": ("X bắc", "X_BAC"), "y": ("Y đông", "Y_DONG"),
    }  # fmt: skip
    found = {
        field: next(c for c in raw.columns if str(c).startswith(starts))
        for field, starts in names.items()
    }
    raw = raw[raw[found["x"]].notna()]
    true = run.study.villages.loc[["v9", "v3", "v6"], "centre"].to_numpy()
    metres = to_study(
        raw, run.study.crs, file="f", columns={k: found[k] for k in ("x", "y")},
        said=AsSaid(crs="EPSG:9208"),
    )  # fmt: skip
    assert shapely.distance(metres.geometry.to_numpy(), true).max() < 0.0011
    degrees = to_study(raw, run.study.crs, file="f", columns={k: found[k] for k in ("lon", "lat")})
    assert shapely.distance(degrees.geometry.to_numpy(), true).max() < 0.2


def test_a_long_name_of_a_file_keeps_what_was_narrowed_and_that_it_is_simulated(run: Run) -> None:
    rule = replace(run.assessment.rule, name="phương án rất dài " * 8 + "Vietnamobile 4G")
    judged = replace(run.assessment, rule=rule)
    whatif = replace(run, assessment=judged, what_if=True)
    name = file_name(whatif, "csv", place="Xã " + "Rất Dài " * 20)
    assert name.endswith("-dai-vietnamobile-4g_SO-LIEU-MO-PHONG.csv")
    assert len(name) < 220
    alone = replace(run, alone="Viettel")
    assert "_rieng-viettel_SO-LIEU-MO-PHONG" in file_name(alone, "csv")
    assert "_viettel-alone_SIMULATED-DATA" in file_name(alone, "csv", language="en")


def test_the_head_of_a_mapinfo_table_holds_nothing_of_memory(run: Run, tmp_path: Path) -> None:
    table = geodata.uncovered_list(run, verdicts=tuple(Verdict))
    path = geodata.export_list(table, tmp_path / "l.tab", run=run)
    head = path.with_suffix(".dat").read_bytes()
    end = int.from_bytes(head[8:10], "little") - 1
    assert head[end] == 0x0D
    columns = [head[start : start + 32] for start in range(32, end, 32)]
    assert len(columns) == len(gpd.read_file(path).columns) - 1
    for one in columns:
        name, _, behind = one[:11].partition(b"\0")
        assert name.decode().replace("_", "").isalnum()
        assert not any(behind + one[12:16] + one[18:])
