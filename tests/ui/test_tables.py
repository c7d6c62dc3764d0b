"""The tables of a page, cell by cell: units without people, an operator with two technologies."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.dataframe.lazy_df_source import AUTO_LAZY_ROW_THRESHOLD
from streamlit.testing.v1 import AppTest

from geodata.access import Rights
from geodata.study.results import Run
from tests.ui.tiny_run import view_of
from ui import tables
from ui.opened import Opened, opened_run
from ui.tables import (
    MOST_DRAWN,
    cards,
    cell,
    figures_right,
    filing_rows,
    matrix_rows,
    number_rows,
    unit_list,
    verdict_text,
    village_list,
)
from ui.texts import translator
from ui.view import View

EN, VI = translator("en"), translator("vi")


def columns(rows: pd.DataFrame) -> dict[str, list[object]]:
    """A table as columns, index first, that two tests can compare."""
    named = rows if rows.index.name is None else rows.reset_index()
    return {str(name): named[name].tolist() for name in named}


def test_villages_are_listed_worst_first_with_what_is_known(uneven: Opened) -> None:
    listed = village_list(view_of(uneven, language="en", verdicts="all"))
    assert listed.ids == ("v6", "v3", "v5", "v9", "v7", "v8", "v2", "v1", "v4")
    assert columns(listed.rows) == {
        "Village": [
            "Xóm 6",
            "Xóm 3",
            "Xóm 5",
            "Xóm 9",
            "Xóm 7",
            "Xóm 8",
            "Bản <b>Hai</b>",
            "Xóm 1",
            "Xóm 4",
        ],
        "Signal": [
            "● no signal",
            "▲ weak signal",
            "▲ weak signal",
            "□ missing data",
            "□ missing data",
            "□ missing data",
            "✓ covered",
            "✓ covered",
            "✓ covered",
        ],
        "Commune": ["Xã 1", "Xã 0", "Xã 1", "Xã *Lẻ*", "Xã 2", "Xã 2", "Xã 0", "Xã 0", "Xã 1"],
        "District": [
            "Thành phố Vinh",
            "Thành phố Vinh",
            "Thành phố Vinh",
            "Huyện Kỳ Sơn",
            "Huyện Kỳ Sơn",
            "Huyện Kỳ Sơn",
            "Thành phố Vinh",
            "Thành phố Vinh",
            "Thành phố Vinh",
        ],
        "People": ["   ", "300", "500", "900", "700", "800", "200", "100", "400"],
        "Grid power": ["yes", "no", "yes", "no", None, "yes", "yes", "yes", "yes"],
        "Responsible": [
            "The operators' own duty",
            "Grid power first",
            "The operators' own duty",
            "Grid power first",
            "Not known: power or fund data missing",
            "Public-utility telecom fund",
            "The operators' own duty",
            "The operators' own duty",
            "The operators' own duty",
        ],
        "Best operator": ["Beta", "Beta", "Alpha", "Alpha", "", "", "Alpha", "Alpha", "Alpha"],
        "Area served (%)": [
            "  5.0",
            " 30.0",
            " 33.0",
            " 20.0",
            "  0.0",
            "  0.0",
            " 50.0",
            "100.0",
            " 50.0",
        ],
    }


def test_a_list_by_units_without_districts_names_none(uneven: Opened) -> None:
    listed = village_list(view_of(uneven, units="2025", commune="99"))
    assert listed.ids == ("v6", "v5")
    assert columns(listed.rows) == {
        "Thôn, bản": ["Xóm 6", "Xóm 5"],
        "Tình trạng sóng": ["● trắng sóng", "▲ lõm sóng"],
        "Xã": ["Xã Núi <b>Cao</b>", "Xã Núi <b>Cao</b>"],
        "Dân số": ["   ", "500"],
        "Điện lưới": ["có", "có"],
        "Trách nhiệm": ["Trách nhiệm của doanh nghiệp", "Trách nhiệm của doanh nghiệp"],
        "Nhà mạng tốt nhất": ["Beta", "Alpha"],
        "Diện tích có sóng (%)": [" 5,0", "33,0"],
    }


def test_an_operators_people_read_who_else_serves(uneven: Opened) -> None:
    alone = opened_run(uneven.run, rights=Rights(operator="Beta"))
    rows = village_list(view_of(alone, language="en", verdicts="all")).rows
    assert columns(rows[["Village", "Best operator", "Served by others"]]) == {
        "Village": [
            "Xóm 9",
            "Xóm 7",
            "Xóm 8",
            "Bản <b>Hai</b>",
            "Xóm 4",
            "Xóm 5",
            "Xóm 6",
            "Xóm 3",
            "Xóm 1",
        ],
        "Best operator": ["", "", "", "", "", "", "Beta", "Beta", "Beta"],
        "Served by others": ["no", "no", "no", "yes", "yes", "no", "no", "no", "yes"],
    }


def test_what_came_back_is_listed_where_anything_did(
    uneven: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = pd.DataFrame(
        {"confirmed": ["", "weak"], "note": ["", "nhà\tvăn hóa"], "letter": ["", ""]},
        index=pd.Index(["v1", "v5"], name="village_id"),
    )
    told = replace(uneven, follow_up=lambda: back)
    view = view_of(told, language="en", district="412")
    listed = village_list(view)
    assert listed.ids == ("v6", "v3", "v5")
    assert columns(listed.rows.iloc[:, 9:]) == {
        "Field confirmation": ["", "", "Weak signal"],
        "Note": ["", "", "nhà văn hóa"],
    }
    monkeypatch.setattr(tables, "MOST_ROWS", 2)
    short = village_list(view)
    assert (short.ids, len(short.rows)) == (listed.ids, 2)


FIGURES = pd.DataFrame(
    {
        "villages": [10, 20, 30, 5],
        "uncovered": [2, 3, 3, 0],
        "none": [1, 0, 3, 0],
        "weak": [1, 3, 0, 0],
        "unknown": [0, 1, 0, 0],
        "share": [0.8, 0.8, 0.9, 1.0],
        "population_uncovered": [1500.0, 200.0, None, 0.0],
    },
    index=["a", "b", "c", "d"],
)
NAMES = {"d": "Delta", "c": "Xã\n*Ba*", "b": "Beta", "a": "Alpha", "e": "not in the figures"}


@pytest.mark.parametrize(
    ("by", "order"), [("uncovered", "cbad"), ("share", "bacd"), ("people", "abdc")]
)
def test_units_are_ranked_by_what_is_asked(uneven: Opened, by: str, order: str) -> None:
    assert "".join(unit_list(_view(uneven), FIGURES, NAMES, by).ids) == order


def _view(opened: Opened) -> View:
    return view_of(opened, language="en")


def test_units_have_their_figures_and_no_column_of_noughts(uneven: Opened) -> None:
    assert columns(unit_list(_view(uneven), FIGURES, NAMES, "uncovered").rows) == {
        "Unit": ["Xã *Ba*", "Beta", "Alpha", "Delta"],
        "Uncovered": ["3", "3", "2", "0"],
        "No signal": ["3", "0", "1", "0"],
        "Weak": ["0", "3", "1", "0"],
        "Missing data": ["0", "1", "0", "0"],
        "Covered (%)": [" 90.00", " 80.00", " 80.00", "100.00"],
        "People in gaps": ["     ", "  200", "1,500", "    0"],
    }
    none_missing = FIGURES.assign(unknown=0)
    names = list(unit_list(_view(uneven), none_missing, NAMES, "uncovered").rows)
    assert names == ["Unit", "Uncovered", "No signal", "Weak", "Covered (%)", "People in gaps"]


def test_columns_of_figures_stand_to_the_right_but_the_names_never() -> None:
    rows = pd.DataFrame(columns=["Villages", "Uncovered", "Commune", "People", "Covered (%)"])
    right = figures_right(rows, EN)
    assert list(right) == ["Uncovered", "Covered (%)", "People"]
    assert {one["alignment"] for one in right.values()} == {"right"}
    every = ["Unit", "No signal", "Weak", "Missing data", "Villages", "People in gaps"]
    wide = pd.DataFrame(columns=[*every, "Area served (%)"])
    assert set(figures_right(wide, EN)) == {*every[1:], "Area served (%)"}


def test_a_numbered_table_for_narrow_screens() -> None:
    assert cards({"Na<me": ["a", "b&"], "Note": ["", "n"]}, number="No.") == (
        '<table class="phusong-cards"><thead><tr><th scope="col">No.</th><th '
        'scope="col">Na&lt;me</th><th scope="col">Note</th></tr></thead><tbody><tr><th '
        'scope="row" data-label="No.">1</th><td data-label="Na&lt;me">a</td><td '
        'data-label="Note" class="empty"></td></tr><tr><th scope="row" '
        'data-label="No.">2</th><td data-label="Na&lt;me">b&amp;</td><td '
        'data-label="Note">n</td></tr></tbody></table>'
    )


def test_operators_by_technologies_with_a_dash_where_nobody_filed() -> None:
    matrix = pd.DataFrame({"3G": [0.0, None], "4G": [1200.0, 3.0]}, index=["A*", "B"])
    assert columns(matrix_rows(matrix, VI)) == {
        "Nhà mạng": ["A\\*", "B"],
        "3G": ["0", "–"],
        "4G": ["1.200", "3"],
    }


def test_villages_by_number_of_operators() -> None:
    counts = pd.Series([6, 3], index=[0, 2])
    assert columns(number_rows(counts, 9, EN)) == {
        "Operators": ["0", "2"],
        "Villages": ["6", "3"],
        "Share": ["66.67\xa0%", "33.33\xa0%"],
    }
    assert columns(number_rows(pd.Series([0], index=[0]), 0, EN)) == {
        "Operators": ["0"],
        "Villages": ["0"],
        "Share": ["–"],
    }


def test_filings_with_their_days_and_those_that_are_missing(uneven: Opened, run: Run) -> None:
    assert columns(filing_rows(uneven.run.assessment, EN)) == {
        "Layer": ["Alpha 4G", "Alpha 3G", "Beta 3G", "Beta 4G", "Gamma \\*one\\* 4G"],
        "Filed": [
            "30 August 2023",
            "30 August 2023",
            "01 July 2023",
            "01 July 2023",
            "09 February 2024",
        ],
        "Evidence": ["declared", "declared", "modelled", "measured", "declared"],
        "Villages served": ["3", "0", "1", "0", "0"],
        "Counted": ["yes", "yes", "yes", "yes", "yes"],
    }
    narrow = view_of(uneven, technology="4G").seen
    assert columns(filing_rows(narrow, VI))["Được tính"] == ["có", "không", "không", "có", "có"]
    assert columns(filing_rows(run.assessment, EN)) == {
        "Layer": ["Alpha 4G", "Beta 3G"],
        "Filed": ["30 August 2023", "30 August 2023"],
        "Evidence": ["declared", "declared"],
        "Villages served": ["6", "0"],
        "Counted": ["yes", "yes"],
    }


def test_a_verdict_has_a_sign_and_a_word() -> None:
    kinds = ("covered", "weak", "none", "unknown")
    assert [verdict_text(kind, EN) for kind in kinds] == [
        "✓ covered",
        "▲ weak signal",
        "● no signal",
        "□ missing data",
    ]


def test_a_cell_without_a_name_is_empty() -> None:
    told = [cell(x) for x in (None, float("nan"), pd.NA, "", "a\tb", 0)]
    assert told == ["", "", "", "", "a b", "0"]


def _long_table() -> None:
    import pandas as data  # noqa: ICN001, PLC0415  # the script of a page stands alone

    from ui.tables import draw_table as draw  # noqa: PLC0415
    from ui.texts import translator as words  # noqa: PLC0415

    draw(data.DataFrame({"a": range(150_001)}), words("en"), hide_index=True)


def test_no_table_is_so_long_that_its_rows_are_sent_later() -> None:
    page = AppTest.from_function(_long_table).run(timeout=60)
    assert len(page.dataframe[0].value) == MOST_DRAWN < AUTO_LAZY_ROW_THRESHOLD
    assert page.caption[0].value == "The first 20,000 are listed."


def test_no_module_hands_tables_to_streamlit_past_the_bound() -> None:
    ways = {"dataframe", "data_editor", "write"}
    found = {
        (path.name, node.attr)
        for path in Path(tables.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in ways
        and isinstance(node.value, ast.Name)
        and node.value.id in ("st", "streamlit")
    }
    assert found == {("tables.py", "dataframe")}
