"""The page as Streamlit runs it, without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from geodata.errors import MissingFileError
from tests.ui.tiny_run import published, tiny_run
from ui import studies
from ui.maps.assets import AssetStore
from ui.maps.feed import make_feed
from ui.studies import Opened

MAIN = Path(__file__).parents[2] / "ui" / "main.py"


def _open(monkeypatch: pytest.MonkeyPatch, run: Any, **query: str) -> AppTest:
    opened = Opened(run=run, feed=make_feed(run, AssetStore()))
    monkeypatch.setattr(studies, "open_study", lambda: opened)
    app = AppTest.from_file(str(MAIN), default_timeout=20)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def _spoken(app: AppTest) -> list[Any]:
    return [*app.subheader, *app.markdown, *app.caption]


def _words(app: AppTest) -> str:
    return "\n".join(
        str(element.value) for element in (*app.subheader, *app.markdown, *app.caption)
    )


def test_the_page_opens_in_vietnamese_with_the_headline(
    monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    app = _open(monkeypatch, run)
    assert not app.exception
    assert "6/9 thôn, bản đã phủ sóng" in _words(app)
    assert [metric.value for metric in app.metric] == ["6/9", "3", "0", "1.800"]
    assert app.metric[1].delta == "= 1 trắng sóng + 2 lõm sóng"
    assert "mô phỏng" in app.warning[0].value


def test_the_language_is_in_the_address(monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    app = _open(monkeypatch, run, lang="en")
    assert (
        "6 of 9 villages have mobile broadband (66.67 %); "
        "3 uncovered = 1 no signal + 2 weak; 0 missing data"
    ) in _words(app)


def test_the_area_in_the_address_moves_figures_and_list(
    monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    app = _open(monkeypatch, run, district="417")
    assert [metric.value for metric in app.metric][:2] == ["2/3", "1"]
    assert len(app.dataframe[0].value) == 1


def test_choosing_an_area_moves_the_address(monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    app = _open(monkeypatch, run)
    app.selectbox[0].select("412").run()
    assert app.query_params["district"] == "412"
    assert app.metric[1].value == "2"
    app.selectbox[0].select("").run()
    assert "district" not in app.query_params
    assert app.metric[1].value == "3"


def test_an_area_that_does_not_exist_is_the_whole(
    monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    app = _open(monkeypatch, run, district="<script>", village="nobody")
    assert not app.exception
    assert app.metric[1].value == "3"


def test_a_chosen_village_is_described(monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    words = _words(_open(monkeypatch, run, village="v9", lang="en"))
    assert "no signal" in words
    assert "No grid power" in words
    assert "<script>" not in words


def test_a_published_figure_says_whether_it_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = (published(), published(value=7), published(of=10))
    app = _open(monkeypatch, tiny_run(figures=figures), lang="en")
    words = _words(app)
    assert "agrees with ours" in words
    assert "differs from ours: 6" in words
    assert "not comparable" in words
    assert "[paper](http" not in words


def test_names_reach_the_list_as_text(monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    names = list(_open(monkeypatch, run).dataframe[0].value["Thôn, bản"])
    assert any("<script>" in name for name in names)
    assert not any("\u202e" in name for name in names)


def test_a_study_that_is_not_reconstructed_carries_no_mark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not _open(monkeypatch, tiny_run(reconstruction=False)).warning


def test_an_error_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Opened:
        raise MissingFileError("{path}: there is no such file", path="*study*.toml")

    monkeypatch.setattr(studies, "open_study", fail)
    app = AppTest.from_file(str(MAIN), default_timeout=20).run()
    assert not app.exception
    assert "study" in app.error[0].value
    assert "\\*study" in app.error[0].value
