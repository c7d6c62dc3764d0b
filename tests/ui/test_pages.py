"""The pages as Streamlit runs them, without a browser."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from html import unescape
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from streamlit.testing.v1 import AppTest

import coverage
import geodata
from geodata.access import Rights
from geodata.errors import MissingFileError
from geodata.export.sheet_words import SHEET
from geodata.study.places import Structure
from geodata.study.reopen import latest_run
from geodata.study.results import Run
from geodata.study.variants import load_variants, remove_variant, save_variant
from tests import table_study
from tests.gis import PASSWORD, Gis
from tests.ui.tiny_run import give, open_page, tiny_run, view_of, without_units, words
from ui import studies, text_page
from ui.downloads import follow_up_file, list_file
from ui.frame import _same_frame
from ui.opened import opened_run
from ui.plain import escaped
from ui.tables import figures_right, village_list
from ui.texts import translator

MAIN = Path(__file__).parents[2] / "ui" / "main.py"
PAGES = ("overview", "gaps", "area", "five_g", "rule", "data", "method")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_opens_and_says_what_it_rests_on(
    monkeypatch: pytest.MonkeyPatch, run: Run, name: str, language: str
) -> None:
    app = open_page(monkeypatch, run, name, lang=language, village="v9")
    assert not app.exception
    told = words(app)
    assert ("mô phỏng" if language == "vi" else "simulated") in app.warning[0].value
    assert run.run_id.replace("-", "\\-") in told
    assert ("30/08/2023" if language == "vi" else "30 August 2023") in told.replace("\\", "")


@pytest.mark.heavy
@pytest.mark.parametrize("name", PAGES)
def test_nonsense_in_the_address_is_left_aside(
    monkeypatch: pytest.MonkeyPatch, run: Run, name: str
) -> None:
    nonsense = dict.fromkeys(
        ("study", "units", "district", "commune", "operator", "technology", "verdict", "power",
         "people", "served", "village", "zone", "layers", "level", "try"),
        "<script>'; -- ../../etc",
    )  # fmt: skip
    app = open_page(monkeypatch, run, name, **nonsense)
    assert not app.exception
    assert not app.error


@pytest.fixture(scope="module")
def unplaced(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return without_units(tmp_path_factory.mktemp("unplaced"))


@pytest.mark.parametrize("name", PAGES)
def test_a_study_without_units_has_every_page(
    monkeypatch: pytest.MonkeyPatch, unplaced: Run, name: str
) -> None:
    app = open_page(monkeypatch, unplaced, name, lang="en", district="417", commune="1")
    assert not app.exception
    assert not app.error
    told = "does not say in which district or commune" in words(app)
    assert told == (name in ("overview", "area"))


def test_a_study_without_units_has_its_list_and_its_text(unplaced: Run) -> None:
    view = view_of(opened_run(unplaced))
    listed = village_list(view)
    assert len(listed.ids) == 3
    told = text_page.page(view)
    assert "6 trên 9 thôn, bản" in told
    assert "không cho biết thôn, bản thuộc huyện hay xã nào" in told
    for ending in ("csv", "xlsx", "gpx"):
        assert list_file(view, listed.ids, ending)


def test_the_overview_reads_the_headline_aloud(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    app = open_page(monkeypatch, run, "overview", lang="en")
    told = words(app).replace("\\", "")
    assert "6 of 9 villages have mobile broadband, 66.67 %" in told
    assert "3 still have none, of which 1 have no signal at all and 2 have weak signal" in told
    assert [metric.value for metric in app.metric] == ["6/9", "3", "0", "1,800"]
    assert app.metric[1].delta == "= 1 no signal + 2 weak; between 2 and 6"
    assert "6 if footprints end short of where they are drawn. So much the data leave" in told
    assert "Weak signal: 2, that is 22.22 % of all 9 villages and 25.00 % of the 8" in told
    assert "agrees with ours" in told
    assert "[paper](http" not in words(app)


def test_a_published_figure_may_differ_or_be_of_something_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = tiny_run(tmp_path / "s", published=((7, 9), (6, 10)))
    told = words(open_page(monkeypatch, run, "overview", lang="en"))
    assert "differs from ours: 6" in told
    assert "not comparable" in told


def test_missing_filings_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "s", expected=("Alpha", "Beta", "Gamma"))
    app = open_page(monkeypatch, run, "overview", lang="en")
    assert app.metric[2].value == "3"
    filings = app.table[-1].value
    assert filings.loc["Gamma", "Filed"] == "missing"


def test_the_ranking_follows_what_is_asked(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    app = open_page(monkeypatch, run, "overview", lang="en")
    assert list(app.dataframe[0].value["Unit"]) == ["Thành phố Vinh", "Huyện Kỳ Sơn"]
    app.selectbox(key="choose level").select("commune").run()
    assert list(app.dataframe[0].value["Unit"]) == ["Xã 0", "Xã 1", "Xã 2"]
    app.selectbox(key="choose ranking").select("people").run()
    assert list(app.dataframe[0].value["Unit"]) == ["Xã 2", "Xã 1", "Xã 0"]


def test_operators_and_technologies_are_counted(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    app = open_page(monkeypatch, run, "overview", lang="en")
    numbers, matrix = app.table[0].value, app.table[1].value
    assert dict(numbers["Villages"]) == {"0": "3", "1": "6", "2": "0"}
    assert matrix.loc["Alpha", "4G"] == "6"
    assert matrix.loc["Alpha", "3G"] == "–"


def test_filters_move_figures_and_list_together(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    app = open_page(monkeypatch, run, "gaps", lang="en")
    assert len(app.dataframe[0].value) == 3
    assert "3 villages listed: 3 (between 2 and 6) = 1 no signal + 2 weak" in words(app)
    app.selectbox(key="choose district").select("417").run()
    assert app.query_params["district"] == "417"
    assert len(app.dataframe[0].value) == 1
    assert "1 village listed: 1 (between 1 and 2) = 1 no signal + 0 weak" in words(app)
    app.button[0].click().run()
    assert "district" not in app.query_params
    assert len(app.dataframe[0].value) == 3


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("village", "sentence"),
    [
        ("v1", "Beta reaches no part of it."),
        ("v1", "Other operators serve it."),
        ("v9", "No other operator serves it."),
        ("v3", "Beta serves 30.0 % of the area, 20.0 % short of 50 %. It does not serve the"),
        ("v9", "Beta reaches no part of it."),
    ],
)
def test_the_card_tells_an_operators_people_of_their_own_layers_alone(
    monkeypatch: pytest.MonkeyPatch, run: Run, village: str, sentence: str
) -> None:
    beta = Rights(operator="Beta", may_change_rules=False, may_change_data=False)
    app = open_page(monkeypatch, run, "gaps", beta, lang="en", village=village, verdict="all")
    told = words(app).replace("\\", "")
    assert sentence in told
    assert "Alpha" not in told
    assert "No operator" not in told
    assert "Nobody" not in told


@pytest.mark.heavy
def test_an_operators_people_are_given_no_count_of_operators(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    heading = "Villages by number of operators"
    beta = Rights(operator="Beta", may_change_rules=False, may_change_data=False)
    assert heading not in words(open_page(monkeypatch, run, "overview", beta, lang="en"))
    assert heading in words(open_page(monkeypatch, run, "overview", lang="en"))


@pytest.mark.heavy
def test_the_card_looked_through_one_operator_says_nothing_of_the_rest(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    app = open_page(monkeypatch, run, "gaps", lang="en", operator="Beta", village="v1")
    told = words(app).replace("\\", "")
    assert "Beta reaches no part of it." in told
    assert "No operator reaches" not in told


def test_the_card_says_when_too_few_operators_serve(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    rule = replace(run.assessment.rule, name="two", min_operators=2)
    two = replace(run, assessment=coverage.judge(run.assessment.measures, rule))
    app = open_page(monkeypatch, two, "gaps", lang="en", village="v1")
    assert "Alpha serve it, and the rule asks for 2 operators." in words(app).replace("\\", "")


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("query", "counted"),
    [
        ({"technology": "4G"}, "Counted here: 4G of all operators."),
        ({"technology": "4G", "operator": "Beta"}, "Counted here: – of Beta."),
        ({"operator": "Alpha"}, "Counted here: 4G of Alpha."),
    ],
)
def test_the_card_names_what_is_counted_where_that_is_not_all(
    monkeypatch: pytest.MonkeyPatch, run: Run, query: dict[str, str], counted: str
) -> None:
    app = open_page(monkeypatch, run, "gaps", lang="en", village="v3", **query)
    assert counted in words(app)
    whole = open_page(monkeypatch, run, "gaps", lang="en", village="v3")
    assert "Counted here" not in words(whole)


def test_the_card_tells_who_serves_the_centre_from_who_serves_the_area(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    measures = run.assessment.measures
    centre = measures.centre.copy()
    centre[2] = 2  # the centre of v3 by Beta, which serves 30 % of it
    centre[0] = 0  # that of v1 by nobody; Alpha serves all of it
    rule = replace(run.assessment.rule, name="area", covered_share=0.3)
    judged = coverage.judge(replace(measures, centre=centre), rule)
    for village, sentence in (
        ("v3", "Beta serve the village centre."),
        ("v1", "Alpha serve at least 30 % of the area."),
    ):
        told = words(
            open_page(
                monkeypatch,
                replace(run, assessment=judged),
                "gaps",
                lang="en",
                village=village,
                verdict="all",
            )
        )
        assert sentence in told.replace("\\", "")


@pytest.mark.heavy
def test_the_card_of_two_operators_says_centre_or_area(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    measures = run.assessment.measures
    third = replace(measures.layers[1], operator="Gamma")
    here = measures.village == 0
    combination = measures.combination | (here.astype("uint64") << 2)
    two = replace(
        measures,
        layers=(*measures.layers, third),
        combination=combination,
        extent_share=measures.extent_share[:, [0, 1, 1]],
        extent_centre=measures.extent_centre[:, [0, 1, 1]],
    )
    rule = replace(run.assessment.rule, name="two", min_operators=2)
    judged = replace(run, assessment=coverage.judge(two, rule))
    app = open_page(monkeypatch, judged, "gaps", lang="en", village="v1", verdict="all")
    sentence = "Alpha, Gamma serve the village centre or at least 50 % of the area."
    assert sentence in words(app).replace("\\", "")


@pytest.mark.heavy
def test_an_operator_whom_the_rule_leaves_out_is_told_of_its_own_service(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    rule = replace(run.assessment.rule, name="one", operators=("Beta",))
    left_out = replace(run, assessment=coverage.judge(run.assessment.measures, rule))
    alpha = Rights(operator="Alpha", may_change_rules=False, may_change_data=False)
    app = open_page(monkeypatch, left_out, "gaps", alpha, lang="en", village="v1")
    told = words(app)
    assert "Alpha serve the village centre." in told
    assert "Of layers and sites only those of Alpha are shown." in told
    assert "Beta" not in told


def test_the_follow_up_and_the_waypoints_name_whose_eyes_and_which_rule(run: Run) -> None:
    view = view_of(opened_run(run), language="en", operator="Beta", verdicts="all")
    book = CalamineWorkbook.from_filelike(BytesIO(follow_up_file(view, ("v1",))))
    told = str(book.get_sheet_by_index(0).to_python())
    assert "Beta" in told.split("Village id", maxsplit=1)[0]
    assert "No signal" in told
    points = list_file(view, ("v1",), "gpx").decode()
    for word in ("vn-village Beta", run.run_id, "2023-08-30"):
        assert word in points


@pytest.mark.heavy
def test_names_are_found_without_marks(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    app = open_page(monkeypatch, run, "gaps", name="ky son", verdict="all")
    assert len(app.dataframe[0].value) == 3
    app = open_page(monkeypatch, run, "gaps", name="MUONG moi", verdict="all")
    assert len(app.dataframe[0].value) == 3


@pytest.mark.heavy
def test_looking_through_one_operator_says_so(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    app = open_page(monkeypatch, run, "gaps", lang="en", operator="Beta")
    assert "Seen through Beta alone" in words(app)
    assert len(app.dataframe[0].value) == 9
    app = open_page(
        monkeypatch, run, "gaps", lang="en", operator="Beta", served="others", verdict="all"
    )
    assert len(app.dataframe[0].value) == 6


def test_the_card_says_why(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    app = open_page(monkeypatch, run, "gaps", lang="en", village="v3")
    told = words(app).replace("\\", "")
    assert "The best, Beta, serves 30.0 % of the area, 20.0 % short of 50 %" in told
    assert "Nobody serves the centre." in told
    assert "The operators' own duty" in told
    assert "Nearest covered village" in told
    assert "Nearest place with signal: **" in told
    assert "Beta B1" in told
    layers = app.table[0].value
    assert layers.loc["Beta 3G", "Share of the area"].replace("\u00a0", " ") == "30.0 %"
    assert layers.loc["Beta 3G", "Margin"].replace("\u00a0", " ") == "−20.0 %"
    assert "dBm" in told
    assert "Terrain" in told


@pytest.mark.heavy
def test_hostile_names_are_text(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    for village in ("v9", "v6", "v3", "v5", "v8"):
        app = open_page(monkeypatch, run, "gaps", village=village, verdict="all")
        assert not app.exception
        assert "<img" not in words(app).replace("\\<", "")
        assert "\u202e" not in words(app)
    names = list(app.dataframe[0].value["Thôn, bản"])
    assert any("<img" in name for name in names)


def test_my_area_opens_on_todays_units(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    app = open_page(monkeypatch, run, "area", lang="en")
    shown = app.selectbox(key="my unit").options
    assert shown[1].startswith("Xã Mường Mới (before: Xã 0, Thành phố Vinh)")
    assert any("units from 01 January 2023" in one for one in shown)
    app.selectbox(key="my unit").select("2025-07-01 commune 10").run()
    assert not app.exception
    assert app.query_params["commune"] == "10"
    assert [metric.value for metric in app.metric][:2] == ["2/3", "1"]
    listed = app.get("html")[-1].proto.body
    assert '<td data-label="Formerly of">Xã 0, Thành phố Vinh</td>' in listed


def test_the_search_finds_old_and_new_names(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    for asked, found in (
        ("xa 0", "Xã Mường Mới"),
        ("muong moi", "Xã Mường Mới"),
        ("ky son", "Huyện Kỳ Sơn"),
    ):
        app = open_page(monkeypatch, run, "area", name=asked)
        assert any(one.startswith(found) for one in app.selectbox(key="my unit").options)
    app = open_page(monkeypatch, run, "area", name="khong co dau", lang="en")
    assert "No unit bears the name" in words(app)


def test_zones_in_figures(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    app = open_page(monkeypatch, run, "five_g", lang="en")
    phases, zones, units = (table.value for table in app.table)
    assert list(phases["Villages"]) == ["3", "1"]
    assert list(phases["km²"]) == ["3", "1"]
    assert list(zones["Status"]) == ["live", "planned"]
    assert units.reset_index()[["Zone", "Unit", "Villages"]].values.tolist() == [
        ["Vinh", "Huyện Kỳ Sơn", "1"],
        ["Vinh", "Thành phố Vinh", "2"],
        [escaped("Sau <i>này</i>"), "Thành phố Vinh", "1"],
    ]


def test_a_rule_is_tried_out_without_changing_anything(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    app = open_page(monkeypatch, run, "rule", lang="en")
    assert "0 villages would change" in words(app)
    app = open_page(monkeypatch, run, "rule", lang="en", **{"try": "covered_share:0.3"})
    assert "1 village would change" in words(app)
    assert "Tried out, kept under no name yet" in words(app)
    assert "7 of 9 covered" in words(app)
    other = open_page(monkeypatch, run, "overview", lang="en")
    assert other.metric[0].value == "6/9"


def test_a_variant_is_kept_named_and_published(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = tiny_run(tmp_path / "s")
    app = open_page(monkeypatch, run, "rule", lang="en", **{"try": "covered_share:0.3"})
    app.text_input[0].set_value("Ngưỡng 30 %")
    app.button[0].click().run()
    assert list(load_variants(run.study)) == ["nguong-30"]
    assert app.query_params["variant"] == "nguong-30"
    seen = open_page(monkeypatch, run, "overview", lang="en", variant="nguong-30")
    assert seen.metric[0].value == "7/9"
    assert "Variant “Ngưỡng 30 %”" in words(seen)
    assert (run.study.folder / "results" / "current").read_text().strip() == run.run_id
    app = open_page(monkeypatch, run, "rule", lang="en", variant="nguong-30")
    next(button for button in app.button if button.label == "Publish now").click().run()
    assert (run.study.folder / "results" / "current").read_text().strip() != run.run_id


@pytest.mark.heavy
def test_who_sees_one_district_publishes_the_figures_of_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = tiny_run(tmp_path / "s")
    hills = Rights(districts=frozenset({"417"}), may_change_data=False)
    save_variant(run.study, "thirty", replace(run.assessment.rule, covered_share=0.3))
    app = open_page(monkeypatch, run, "rule", hills, lang="en", variant="thirty")
    next(button for button in app.button if button.label == "Publish now").click().run()
    published = latest_run(geodata.open_study(run.study.folder))
    assert published is not None
    assert published.run_id != run.run_id
    assert published.summary.headline.villages == 9


def test_a_frame_is_drawn_anew_where_a_variant_came_changed_or_went(tmp_path: Path) -> None:
    opened = opened_run(tiny_run(tmp_path / "s"))
    study, rule = opened.run.study, opened.run.assessment.rule
    before = view_of(opened, variant="thirty")
    assert before.rule == rule
    save_variant(study, "thirty", replace(rule, covered_share=0.3))
    kept = view_of(opened, variant="thirty")
    assert kept.is_variant
    assert not _same_frame(kept, before)
    assert _same_frame(kept, view_of(opened, variant="thirty", village="v9", verdicts="none"))
    save_variant(study, "thirty", replace(rule, covered_share=0.4))
    assert not _same_frame(view_of(opened, variant="thirty"), kept)
    remove_variant(study, "thirty")
    assert not _same_frame(view_of(opened, variant="thirty"), kept)
    assert not _same_frame(before, view_of(opened_run(opened.run), variant="thirty"))


def test_a_page_that_fails_keeps_its_head(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    opened = opened_run(run)
    monkeypatch.setattr(studies, "open_study", lambda slug="", rights=None: opened)  # noqa: ARG005  # one study
    app = AppTest.from_file(str(MAIN), default_timeout=30).run()
    links = len(app.get("page_link"))
    assert links
    monkeypatch.setattr(studies, "open_study", lambda slug="", rights=None: {}["nothing"])  # noqa: ARG005  # it fails
    app.run()
    assert app.exception
    assert len(app.get("page_link")) == links
    assert app.header[0].value


@pytest.mark.parametrize("label", ["Publish now", "Forget this variant"])
@pytest.mark.parametrize("left", [None, Rights(may_change_rules=False)])
def test_a_button_outlives_no_rights(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, label: str, left: Rights | None
) -> None:
    run = tiny_run(tmp_path / "s")
    save_variant(run.study, "thirty", replace(run.assessment.rule, covered_share=0.3))
    app = open_page(monkeypatch, run, "rule", lang="en", variant="thirty")
    give(monkeypatch, left)
    next(button for button in app.button if button.label == label).click().run()
    assert (run.study.folder / "results" / "current").read_text().strip() == run.run_id
    assert list(load_variants(run.study)) == ["thirty"]


def test_whom_one_operator_serves_is_listed_unless_verdicts_are_chosen(run: Run) -> None:
    opened = opened_run(run)
    assert list(opened.run.study.villages.index[view_of(opened, served="one").keep])
    assert not view_of(opened, served="one", verdicts="none").keep.any()
    beta = opened_run(run, rights=Rights(operator="Beta"))
    others = view_of(beta, served="others").keep
    assert list(others.index[others]) == ["v1", "v2", "v4", "v5", "v7", "v8"]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_text_page_of_no_area_bears_all_that_a_page_must(run: Run, language: str) -> None:
    view = view_of(opened_run(run), language=language, variant="peru-60")
    told = unescape(text_page.page(view))
    for words_ in (run.run_id, SHEET[view.t.language]["simulated_long"], view.t(view.rule.title)):
        assert words_ in told
    assert view.t.number(view.headline().covered) in told


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("language", "waits", "refuses", "shown"),
    [
        ("en", "“Letter 1603/BTTTT-CVT” cannot be chosen yet: its numbers (share of the area",
         "rule vn-1603 has no numbers yet", "Shown are the published figures."),
        ("vi", "các con số của cách tính này (tỷ lệ diện tích để tính là phủ sóng",
         "tiêu chí vn-1603 chưa có số liệu", "Đang hiện số liệu đã công bố."),
    ],
)  # fmt: skip
def test_a_rule_without_numbers_is_named_and_never_chosen(
    monkeypatch: pytest.MonkeyPatch, run: Run, language: str, waits: str, refuses: str, shown: str
) -> None:
    app = open_page(monkeypatch, run, "rule", lang=language)
    assert waits in words(app).replace("\\", "")
    options = app.selectbox(key="choose variant").options
    assert not [option for option in options if "1603" in option]
    assert len(options) == len(coverage.RULES)
    for name in PAGES:
        app = open_page(monkeypatch, run, name, lang=language, variant="vn-1603")
        assert not app.exception
        assert not app.error
        told = words(app).replace("\\", "")
        assert refuses in told
        assert shown in told
        assert run.run_id in told
    assert view_of(opened_run(run), variant="vn-1603").headline() == run.summary.headline


def test_the_text_page_of_460_communes_stays_small_for_who_signed_in(run: Run) -> None:
    view = view_of(opened_run(run))
    names = [f"Xã Châu Hội Nghĩa Thuận Số {k}" for k in range(460)]
    places = pd.DataFrame(
        {
            "commune_code": [f"{17000 + k}" for k in range(460)],
            "commune": names,
            "district_code": "",
            "district": "",
        },
        index=[f"v{k}" for k in range(460)],
    )
    many = replace(
        view, structure=Structure(valid_from=date(2023, 1, 1), places=places, boundaries={})
    )
    told = text_page.page(many, key="k" * 400)
    assert all(name in told for name in names)
    assert told.count("<option") == 460
    assert len(told.encode()) < 60_000


def test_the_text_page_offers_the_communes_of_the_district_looked_at(run: Run) -> None:
    told = text_page.page(view_of(opened_run(run), district="417", units="2023-01-01"), key="me")
    assert '<option value="417" selected>Huyện Kỳ Sơn' in told
    assert '<option value="12">Xã 2' in told
    assert '<option value="10">' not in told
    assert told.count('name="key" value="me"') == 2
    assert told.count('name="units" value="2023-01-01"') == 2


@pytest.mark.heavy
def test_who_may_not_change_rules_may_try_them(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    rights = Rights(may_change_rules=False, may_change_data=False)
    app = open_page(monkeypatch, run, "rule", rights, lang="en")
    assert "keeping and publishing them is for others" in words(app)
    assert not app.text_input
    app = open_page(monkeypatch, run, "data", rights, lang="en")
    assert "changing it is for others" in words(app)


def test_the_frame_has_all_pages(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    opened = opened_run(run)
    monkeypatch.setattr(studies, "open_study", lambda slug="", rights=None: opened)  # noqa: ARG005  # one study
    app = AppTest.from_file(str(MAIN), default_timeout=30).run()
    assert not app.exception
    assert "thôn, bản đã có sóng" in words(app).replace("\\", "")


@pytest.mark.heavy
def test_a_study_that_is_not_reconstructed_carries_no_mark(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = tiny_run(tmp_path / "s", reconstruction=False)
    assert not open_page(monkeypatch, run, "overview").warning


def test_an_error_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(slug: str = "", *, rights: Rights | None = None) -> None:  # noqa: ARG001  # as open_study
        raise MissingFileError("{path}: there is no such file", path="*study*.toml")

    monkeypatch.setattr(studies, "open_study", fail)
    app = AppTest.from_file(str(MAIN), default_timeout=30).run()
    assert not app.exception
    assert "\\*study" in app.error[0].value


def test_a_very_long_list_is_cut_on_the_page_and_whole_in_the_file(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setattr("ui.tables.MOST_ROWS", 2)
    app = open_page(monkeypatch, run, "gaps", lang="en")
    assert len(app.dataframe[0].value) == 2
    assert "The first 2 are listed; a file has them all." in words(app)
    assert "3 villages listed" in words(app)


@pytest.mark.heavy
def test_figures_follow_the_language_of_the_page(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    for language, head, told in (
        ("vi", "Diện tích có sóng (%)", "30,0"),
        ("en", "Area served (%)", "30.0"),
    ):
        app = open_page(monkeypatch, run, "gaps", lang=language)
        assert told in [text.strip() for text in app.dataframe[0].value[head]]


@pytest.mark.heavy
@pytest.mark.parametrize("language", ["vi", "en"])
def test_figures_stand_to_the_right_and_names_to_the_left(
    monkeypatch: pytest.MonkeyPatch, run: Run, language: str
) -> None:
    t = translator(language)
    rows = open_page(monkeypatch, run, "gaps", lang=language).dataframe[0].value
    assert set(figures_right(rows, t)) == {t("People"), t("Area served (%)")}
    rows = open_page(monkeypatch, run, "overview", lang=language).dataframe[0].value
    assert len(figures_right(rows, t)) == 5


def test_settings_emptied_while_the_server_runs_open_nothing(
    monkeypatch: pytest.MonkeyPatch, run: Run, tmp_path: Path
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("", encoding="utf-8")
    monkeypatch.setenv("PHUSONG_SETTINGS", str(settings))
    app = AppTest.from_file(str(MAIN), default_timeout=60)
    monkeypatch.setenv("PHUSONG_STUDY", str(run.study.folder))
    app.run()
    assert not app.exception
    assert not app.metric
    assert "settings" in app.error[0].value


@pytest.mark.heavy
def test_only_the_working_page_looks_through_one_operator_and_its_files_say_so(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    for name in ("overview", "area"):
        app = open_page(monkeypatch, run, name, lang="en", district="412", operator="Beta")
        assert app.metric[0].value == "4/6"
    view = view_of(opened_run(run), language="en", operator="Beta", verdicts="all")
    assert view.seen_run.what_if
    assert view.seen_run.assessment.rule.title.endswith(": Beta")
    body = list_file(view, ("v1", "v3"), "csv").decode("utf-8-sig")
    assert "No signal" in next(line for line in body.splitlines() if "v1" in line)
    assert "Beta" in body


@pytest.mark.heavy
def test_tables_of_a_database_are_named_without_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, gis: Gis
) -> None:
    file, schema = table_study.write(tmp_path, gis)
    on_tables = geodata.assess_study(geodata.open_study(file), publish=True)
    for name in PAGES:
        app = open_page(monkeypatch, on_tables, name, lang="en", village="v9")
        assert not app.exception
        told = words(app).replace("\\", "")
        assert PASSWORD not in told
        assert gis.planner not in told
        if name == "data":
            assert f"Table {schema}.alpha ({gis.place}): 1 rows" in told


@pytest.mark.heavy
def test_an_operators_people_are_told_that_figures_are_their_own(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    beta = Rights(operator="Beta", may_change_rules=False, may_change_data=False)
    app = open_page(monkeypatch, run, "five_g", beta, lang="en")
    assert "Counted here: zones and 5G of Beta alone." in words(app)
    view = view_of(opened_run(run, rights=beta), language="en", verdicts="all")
    head = list_file(view, ("v1",), "csv").decode("utf-8-sig").splitlines()
    assert not any("all operators" in line for line in head)
    whole = view_of(opened_run(run), language="en", verdicts="all")
    assert "all operators" in list_file(whole, ("v1",), "csv").decode("utf-8-sig")


@pytest.mark.heavy
def test_tables_of_the_whole_study_say_so_beside_an_area(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    told = "whole study, whatever area"
    app = open_page(monkeypatch, run, "overview", lang="en", district="417")
    assert told in words(app)
    assert told not in words(open_page(monkeypatch, run, "overview", lang="en"))
