"""Villages without a place on every face: counted and listed with a word why, and on no map."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pytest

import geodata
from coverage.model import NO_PLACE
from geodata.access import Rights
from geodata.export.picture import area_svg
from geodata.nearest import nearest_tables
from geodata.study.assess import assess_study
from geodata.study.results import Run
from tests.tiny_study import write_study
from tests.ui.tiny_run import open_page, view_of, words
from ui.first.page import first_view
from ui.maps.folium_map import folium_map
from ui.opened import Opened, opened_run
from ui.printed import printed_json, printed_run
from ui.tables import village_list
from ui.text_page import page
from ui.texts import translator

LOST = ["v2", "v9"]
T = translator("en")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """v2 and v9 have no geometry; v2 has no codes of its units either."""
    toml = write_study(tmp_path_factory.mktemp("unplaced") / "study")
    text = toml.read_text("utf-8")
    kept = 'centres = "centres.csv"\nrows_without_place = "unknown"'
    toml.write_text(text.replace('centres = "centres.csv"', kept), "utf-8")
    file = toml.parent / "villages.gpkg"
    table = gpd.read_file(file)
    table.loc[[1, 8], "geometry"] = None
    table.loc[1, ["commune_code", "commune", "district_code", "district"]] = None
    file.unlink()
    table.to_file(file)
    return assess_study(geodata.open_study(toml), publish=True)


@pytest.fixture(scope="module")
def opened(run: Run) -> Opened:
    return opened_run(run)


def test_the_command_line_counts_them_and_says_why(run: Run) -> None:
    told = printed_run(run, None, T, seconds=0.1)
    assert "5 of 9 covered, 2 uncovered (2 weak, 0 with no signal), 2 unknown" in told
    assert "Of these, 2 have no place in the village file and are on no map." in told
    found = json.loads(printed_json(run, None))
    assert (found["villages"], found["unknown"], found["unplaced"]) == (9, 2, 2)
    districts = {
        row["code"]: row["unknown"] for row in found["by_unit"] if row["level"] == "district"
    }
    assert districts == {"": 1, "412": 0, "417": 1}


def test_the_map_has_the_others_alone(opened: Opened) -> None:
    assert opened.feed.ids.tolist() == ["v1", "v3", "v4", "v5", "v6", "v7", "v8"]
    table = json.loads(opened.feed.villages.body)
    assert len(table["points"]) == 14
    assert np.isfinite(table["bounds"]).all()
    assert opened.feed.outlines is not None
    assert len(json.loads(opened.feed.outlines.body)["shapes"]) == 7
    assert [row for chunk in opened.feed.chunks for row in json.loads(chunk.asset.body)["rows"]]
    html = folium_map(opened.run, language="en").get_root().render()
    assert "owned" not in html  # of the name of v9
    assert "Xóm 2" not in html


def test_a_unit_none_of_whose_villages_has_a_place_is_shown_with_all_there_is(
    opened: Opened,
) -> None:
    assert np.isfinite(opened.corners(0, "commune", "12")).all()
    assert opened.corners(0, "commune", "") == json.loads(opened.feed.villages.body)["bounds"]


def test_pictures_leave_them_out(run: Run) -> None:
    verdicts = run.assessment.verdicts["verdict"]
    assert area_svg(run.study.villages, verdicts).count("<path d=") == area_svg(
        run.study.villages.drop(LOST), verdicts
    ).count("<path d=")
    assert area_svg(run.study.villages.loc[LOST], verdicts).startswith("<svg")


def test_nothing_is_near_to_them(run: Run) -> None:
    study = run.study
    covered = run.assessment.verdicts["verdict"] == "covered"
    footprints = [layer.footprint for layer in study.footprints]
    found = nearest_tables(study.villages, covered, footprints=footprints, sites=study.sites)
    for name in ("village", "served", "site"):
        assert found[name].index.tolist() == ["v3", "v6"]


def test_lists_have_them_with_a_word_why(opened: Opened) -> None:
    listed = village_list(view_of(opened, language="en", verdicts="unknown,weak"))
    rows = listed.rows.set_axis(list(listed.ids))
    assert rows.loc[LOST, "Signal"].str.endswith("missing data: no place in the file").all()
    assert not rows.drop(LOST)["Signal"].str.contains("no place").any()


@pytest.mark.parametrize("show", ["overview", "gaps", "area", "rule", "data", "five_g", "method"])
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_page_opens(monkeypatch: pytest.MonkeyPatch, run: Run, show: str, lang: str) -> None:
    for chosen in ({}, {"district": "417"}, {"commune": "12"}):
        app = open_page(monkeypatch, run, show, lang=lang, **chosen)
        assert not app.exception


def test_the_card_says_that_there_is_no_place(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    told = words(open_page(monkeypatch, run, "gaps", lang="en", village="v9"))
    assert "The village file has no place for it" in told
    assert "Huyện Kỳ Sơn" in told
    assert "Every layer tried" not in told


def test_text_and_first_view_say_it(opened: Opened) -> None:
    for chosen in ({}, {"district": "417"}):
        view = view_of(opened, language="en", **chosen)
        count = 1 if chosen else 2
        assert f"Of these, {count} have no place in the village file" in page(view)
        for path in ("", "gaps", "area"):
            assert first_view(opened, view.choices, path, base="")
    assert "(no place in the file)" in page(view_of(opened, language="en", district="417"))


def test_who_sees_one_operator_sees_them_too(run: Run) -> None:
    mine = opened_run(run, rights=Rights(operator="Alpha"))
    assert mine.run.assessment.verdicts.loc[LOST, "decided_by"].tolist() == [NO_PLACE] * 2
    assert mine.run.summary.headline.unplaced == 2
