"""The data report on the page Data."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from streamlit.testing.v1 import AppTest

from geodata.access import Rights
from geodata.errors import CallError
from geodata.report import check_study
from geodata.study.results import Run
from tests.ui.tiny_run import open_page, tiny_run, words
from ui import studies
from ui.opened import opened_run
from ui.screens.data_report import places_of, report_file
from ui.texts import translator

DISTRICT = Rights(
    districts=frozenset({"412"}), operator="", may_change_rules=False, may_change_data=False
)
OPERATOR = Rights(operator="Alpha", may_change_rules=False, may_change_data=False)


def html(app: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in app.get("html"))


@pytest.mark.parametrize(
    ("language", "sentence", "file"),
    [("vi", "trông như công thức", "Mỗi tệp là gì"), ("en", "look like a formula", "What each")],
)
def test_the_page_tells_what_was_found(
    monkeypatch: pytest.MonkeyPatch, run: Run, language: str, sentence: str, file: str
) -> None:
    app = open_page(monkeypatch, run, "data", lang=language)
    assert not app.exception
    told = html(app)
    assert sentence in told
    assert "villages.gpkg" in told
    assert "EPSG:9208" in told
    assert [box.label for box in app.expander if box.label.startswith(file)]
    assert "\u202e" not in told
    assert "<img" not in told


@pytest.mark.heavy
@pytest.mark.parametrize("rights", [DISTRICT, OPERATOR])
def test_who_sees_a_part_gets_no_report(
    monkeypatch: pytest.MonkeyPatch, run: Run, rights: Rights
) -> None:
    app = open_page(monkeypatch, run, "data", rights, lang="en")
    assert not app.exception
    assert "only those see it who see them all" in words(app)
    assert "gpkg" not in html(app)
    with pytest.raises(CallError, match="whole study"):
        studies.report_of(opened_run(run, rights=rights))


def test_the_report_is_made_once(run: Run) -> None:
    opened = opened_run(run)
    assert studies.report_of(opened) is studies.report_of(opened_run(run))


@pytest.mark.heavy
def test_the_map_is_given_places_in_degrees_the_worst_first(tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "study")
    points = places_of(check_study(run.study.inputs[0], study=run.study))
    assert points
    assert all(18.6 < lat < 18.8 and 105.6 < lon < 105.8 for lat, lon, _ in points)
    letters = [letter for *_, letter in points]
    assert letters == sorted(letters, key="ewn".index)


def test_the_workbook_of_the_page_opens(run: Run) -> None:
    report = studies.report_of(opened_run(run))
    book = openpyxl.load_workbook(io.BytesIO(report_file((report,), translator("vi"))))
    assert "Điều cần xem" in book.sheetnames
    assert "DỮ LIỆU MÔ PHỎNG" in str(book.worksheets[0]["A3"].value)


FILE_ROW = """
from pathlib import Path
import streamlit as st
from geodata.understood import Received, Understood
from ui.screens.data import _file_row
from ui.texts import translator
one = Received(name="a.shp", path=Path("a.shp"))
found = Understood(role="layer", shape="polygon", rows=3, operator="Alpha", technology="4G")
st.text(repr(_file_row(0, one, found, translator("en")).crs))
"""


def test_no_coordinate_system_is_chosen_for_a_file_that_says_none() -> None:
    app = AppTest.from_string(FILE_ROW, default_timeout=30).run()
    assert not app.exception
    assert app.text[0].value == "''"
