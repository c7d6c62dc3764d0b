"""Every face says that figures are of before, and asks whoever may publish."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path

import geopandas as gpd
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner, Result

import geodata
from geodata.access import Rights, restrict
from geodata.errors import KeptResultError
from geodata.export.standing import standing_text
from geodata.export.zones import zone_table
from geodata.postgis.rows import kind_of
from geodata.study.assess import assess_study, run_to_show
from geodata.study.reopen import published_id
from geodata.study.results import Run
from tests import folder
from tests.geodata.study.test_outdated import judge_otherwise
from tests.ui.tiny_run import give, open_page, tiny_run, view_of, words
from ui import studies
from ui.choices import Choices
from ui.command import command
from ui.first.page import first_view
from ui.maps.folium_map import write_html
from ui.opened import opened_run
from ui.sheets import sheet_of
from ui.text_page import page
from ui.texts import Language
from ui.variables import STUDY_VARIABLE

LOOKS = Rights(may_change_rules=False, may_change_data=False)
OF_BETA = Rights(operator="Beta", may_change_rules=False)
STORED = {
    "en": "made on {day} by another version of the program",
    "vi": "do phiên bản khác của chương trình tính",
}
CHANGED = {"en": "Changed since: Alpha.gpkg.", "vi": "Từ đó đã thay đổi: Alpha.gpkg."}
WHO = {
    "en": "Whoever may publish here can have it assessed anew.",
    "vi": "Người có quyền công bố ở đây có thể cho tính lại.",
}
BUTTON = {"en": "Assess anew", "vi": "Tính lại"}


def shifted(file: Path) -> None:
    """Move the layer of Alpha."""
    alpha = gpd.read_file(file / "Alpha.gpkg")
    alpha.geometry = alpha.geometry.translate(xoff=1000)
    alpha.to_file(file / "Alpha.gpkg")


@pytest.fixture
def old(tmp_path: Path) -> Run:
    """A published run of inputs that have changed since."""
    run = tiny_run(tmp_path / "s")
    shifted(run.study.folder)
    shown = run_to_show(geodata.open_study(run.study.folder))
    assert (shown.run_id, shown.summary.headline) == (run.run_id, run.summary.headline)
    assert shown.outdated is not None
    return shown


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_page_says_why_and_who_may_publish_assesses_anew(
    monkeypatch: pytest.MonkeyPatch, old: Run, language: Language
) -> None:
    app = open_page(monkeypatch, old, "overview", lang=language)
    assert not app.exception
    told = [one.value.replace("\\", "") for one in app.warning]
    assert any(CHANGED[language] in one and old.run_id in one for one in told)
    assert app.metric[0].value == "6/9"
    assert published_id(old.study) == old.run_id
    next(button for button in app.button if button.label == BUTTON[language]).click().run()
    assert not app.exception
    assert published_id(old.study) != old.run_id
    again = run_to_show(geodata.open_study(old.study.folder))
    assert (again.outdated, again.run_id) == (None, published_id(old.study))
    assert again.summary.headline != old.summary.headline
    app = open_page(monkeypatch, again, "overview", lang=language)
    assert BUTTON[language] not in [button.label for button in app.button]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("path", ["", "gaps", "area"])
def test_the_first_view_and_the_text_page_say_the_same(
    old: Run, language: Language, path: str
) -> None:
    for rights, who in ((LOOKS, True), (Rights(), False)):
        opened = opened_run(old, rights=rights)
        for choice in (Choices(language=language), Choices(language=language, district="417")):
            first = unescape(first_view(opened, choice, path, base="") or "")
            text = unescape(page(view_of(opened, language=language, district=choice.district)))
            for told in (first, text):
                assert told.count(CHANGED[language]) == 1
            assert (WHO[language] in first) == who


@pytest.mark.heavy
def test_who_may_not_publish_is_told_who_can(monkeypatch: pytest.MonkeyPatch, old: Run) -> None:
    for name in ("overview", "gaps", "method"):
        app = open_page(monkeypatch, old, name, LOOKS, lang="en")
        assert WHO["en"] in words(app).replace("\\", "")
        assert BUTTON["en"] not in [button.label for button in app.button]


def test_an_operators_people_read_no_name_of_a_file(old: Run) -> None:
    text = standing_text(restrict(old, OF_BETA), "en")
    assert "Alpha" not in text
    assert "Changed since: files or settings of the study." in text


@pytest.mark.parametrize("language", ["vi", "en"])
def test_stored_verdicts_of_another_version_are_shown_and_cut(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, language: Language
) -> None:
    run = tiny_run(tmp_path / "s")
    between = run.sureness.between
    whole = opened_run(run)
    hills = restrict(run, Rights(districts=frozenset({"417"})))
    expected = hills.summary.headline, hills.sureness.between
    judge_otherwise(monkeypatch)
    shown = run_to_show(geodata.open_study(run.study.folder))
    opened = opened_run(shown)
    view = view_of(opened, language=language)
    assert view.headline() == run.summary.headline
    assert view.sureness.between == between
    assert opened.ordered(shown.assessment.rule, 0).villages["verdict"].tolist() == (
        whole.ordered(run.assessment.rule, 0).villages["verdict"].tolist()
    )
    part = restrict(shown, Rights(districts=frozenset({"417"})))
    assert (part.summary.headline, part.sureness.between) == expected
    app = open_page(monkeypatch, shown, "overview", lang=language)
    day = f"{run.made_at.day} {run.made_at:%B %Y}"
    told = " ".join(one.value.replace("\\", "") for one in app.warning)
    assert STORED[language].format(day=day) in told
    assert app.metric[0].value == "6/9"


def test_what_is_taken_away_says_so(old: Run, tmp_path: Path) -> None:
    table = geodata.uncovered_list(old, language="en")
    assert set(table["Kind of data"]) == {"RECONSTRUCTION; not assessed anew since changes"}
    path = geodata.export_list(table, tmp_path / "list.xlsx", run=old, language="en")
    book = CalamineWorkbook.from_path(path)
    for name in book.sheet_names:
        cells = [str(cell) for row in book.get_sheet_by_name(name).to_python() for cell in row]
        assert any(CHANGED["en"] in cell for cell in cells), name
    assert set(zone_table(old, "village", language="vi")["Loại số liệu"]) == {
        "SỐ LIỆU MÔ PHỎNG; chưa tính lại theo hiện trạng"
    }
    for language in ("vi", "en"):
        sheet = sheet_of(view_of(opened_run(old), language=language, district="417"))
        assert CHANGED[language] in sheet.warning
        assert CHANGED[language] in kind_of(old)[1]
    write_html(old, tmp_path / "map.html", language="en")
    assert CHANGED["en"] in unescape((tmp_path / "map.html").read_text("utf-8"))


def call(*words: object, language: str = "en") -> Result:
    environment = {"PHUSONG_LANGUAGE": language, "COLUMNS": "200"}
    return CliRunner().invoke(command, [str(word) for word in words], env=environment)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_command_line_shows_what_is_published_and_says_what_changed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, language: Language
) -> None:
    study = folder.write(tmp_path / "study").parent
    old = assess_study(geodata.open_study(study), publish=True)
    judge_otherwise(monkeypatch)
    done = call("export", study, "-o", tmp_path / "list.csv", language=language)
    assert done.exit_code == 0
    assert old.run_id in (tmp_path / "list.csv").read_text("utf-8")
    day = f"{old.made_at.day} {old.made_at:%B %Y}"
    assert STORED[language].format(day=day) in done.stderr
    assert "phusong assess STUDY --publish" in done.stderr
    done = call("assess", study, "--json")
    told = json.loads(done.stdout)
    assert (told["covered"], told["outdated"]) == (3, None)
    assert told["since"] == {
        "run_id": old.run_id,
        "made_at": old.made_at.isoformat(),
        "versions": ["judging"],
        "files": [],
        "settings": [],
        "other_verdicts": 3,
    }
    done = call("assess", study, language=language)
    judged = "how the program judges" if language == "en" else "cách chương trình kết luận"
    assert judged in done.stdout
    assert call("assess", study, "--publish").exit_code == 0
    done = call("export", study, "-o", tmp_path / "list.csv", language=language)
    assert old.run_id not in (tmp_path / "list.csv").read_text("utf-8")
    assert STORED[language].format(day=day) not in done.stderr


@pytest.mark.heavy
@pytest.mark.parametrize("rights", [Rights(), LOOKS])
def test_stored_results_that_are_damaged_are_told_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rights: Rights
) -> None:
    run = tiny_run(tmp_path / "s")
    judge_otherwise(monkeypatch)
    (run.folder / "villages.parquet").unlink()
    monkeypatch.setenv(STUDY_VARIABLE, str(run.study.folder))
    app = open_page(monkeypatch, run, "overview", rights, lang="en")
    monkeypatch.setattr(studies, "open_study", _refused)
    give(monkeypatch, rights)
    app = app.run()
    assert "villages.parquet is gone or is not what was written" in app.error[0].value.replace(
        "\\", ""
    )
    labels = [button.label for button in app.button]
    if not rights.may_change_rules:
        assert BUTTON["en"] not in labels
        assert WHO["en"] in words(app)
        return
    next(button for button in app.button if button.label == BUTTON["en"]).click().run()
    assert published_id(run.study) != run.run_id
    assert run_to_show(geodata.open_study(run.study.folder)).outdated is None


def _refused(**_: object) -> None:
    raise KeptResultError(
        "{file} is gone or is not what was written with its run; assess the study again",
        file="results/x/villages.parquet",
    )
