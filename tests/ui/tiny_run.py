"""A run over the nine villages of `tests.tiny_study`, and pages over it."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from streamlit.testing.v1 import AppTest

import geodata
from geodata.access import EVERYTHING, Rights
from geodata.study.assess import assess_study
from geodata.study.results import Run
from tests.tiny_study import write_study
from ui import access, frame, studies
from ui.choices import Choices
from ui.opened import Opened, opened_run
from ui.view import View, make_view


def tiny_run(folder: Path, **options: Any) -> Run:
    """The study written, opened, assessed and published."""
    return assess_study(geodata.open_study(write_study(folder, **options)), publish=True)


def without_units(folder: Path) -> Run:
    """The same villages where nothing tells the district or commune of any."""
    toml = write_study(folder)
    tables = re.split(r"(?m)^(?=\[)", toml.read_text("utf-8"))
    toml.write_text("".join(one for one in tables if not one.startswith("[[units]]")), "utf-8")
    villages = gpd.read_file(folder / "villages.gpkg")
    told = [name for name in villages if "district" in name or "commune" in name]
    assert told
    villages.drop(columns=told).to_file(folder / "villages.gpkg")
    return assess_study(geodata.open_study(toml), publish=True)


def view_of(opened: Opened, **choices: str) -> View:
    """What a reader with these choices sees."""
    return make_view(opened, Choices(**choices))  # type: ignore[arg-type]  # every field is text


def open_page(
    monkeypatch: pytest.MonkeyPatch,
    run: Run,
    show: str,
    rights: Rights = EVERYTHING,
    /,
    **query: str,
) -> AppTest:
    """A page as Streamlit runs it, without a browser."""
    opened = _opened_once(run, rights)
    give(monkeypatch, rights)
    monkeypatch.setattr(studies, "open_study", lambda slug="", rights=None: opened)  # noqa: ARG005  # one study
    path = {"overview": "", "five_g": "5g"}.get(show, show)
    made = f"page(next(entry for entry in PAGES if entry.path == {path!r}))()"
    script = f"from ui.frame import page\nfrom ui.navigation import PAGES\n{made}"
    app = AppTest.from_string(script, default_timeout=30)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


@lru_cache(maxsize=16)
def _opened_once(run: Run, rights: Rights) -> Opened:
    """A run made ready for the pages once, as the server does: nobody changes it."""
    return opened_run(run, rights=rights)


def give(monkeypatch: pytest.MonkeyPatch, rights: Rights | None) -> None:
    """Whoever looks at the pages has these rights from now on."""
    for module in (access, frame):
        monkeypatch.setattr(module, "current_rights", lambda: rights)


def words(app: AppTest) -> str:
    """All that a page says in text."""
    kinds = (app.subheader, app.markdown, app.caption, app.info, app.warning, app.error)
    told = "\n".join(str(element.value) for kind in kinds for element in kind)
    return told.replace("\u00a0", " ")
