"""The answers to every way out, put into words and into a table."""

from __future__ import annotations

import gc
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from unittest.mock import patch

import geopandas as gpd
from starlette.types import ASGIApp
from streamlit import config
from streamlit.runtime.media_file_manager import MediaFileManager

import geodata
from geodata.study.assess import assess_study
from tests import drives
from tests.rights_table.asking import ANEW, Desk, Got, ask_all
from tests.rights_table.running import OpenPage, running
from tests.rights_table.states import (
    AS_PUBLISHED,
    AUTH,
    CUT_DOWN,
    KEPT_BACK,
    NOBODY,
    OF_THE_SHARED,
    ON_THE_SAME_PAGES,
    OWN,
    PEOPLE,
    PLACE,
    SHARED,
    SHARED_PLACE,
    STATES,
    Settings,
)
from tests.rights_table.unboxed import Unboxed
from tests.tiny_study import write_study
from tests.ui.signing import begin, cookie
from ui import studies
from ui.sharing import FILE, Sharing
from ui.sign_in.register import FOLDER_VARIABLE
from ui.variables import SETTINGS_VARIABLE, STUDY_VARIABLE
from ui.visitor import email_name

START, END = "<!-- rights -->", "<!-- end of rights -->"
TOO_MUCH = "TOO MUCH"
SLUG, SHARED_SLUG = (f"{name}-{secrets.token_hex(8)}" for name in ("own", "shared"))

Cells = dict[tuple[str, str, str], str]
"""What came back, by kind of person, state and way out."""


async def asked(folder: Path, kinds: Sequence[str]) -> Cells:
    """Ask every way out as these kinds of people in every state."""
    settings = _prepare(folder)
    from app import app  # noqa: PLC0415  # it reads the settings that were just made

    cells: Cells = {}
    # Streamlit drops a file that a button has made once other sessions run; here it stays, so that
    # it is the gate which keeps it
    with (
        patch.object(MediaFileManager, "remove_orphaned_files", lambda _: None),
        patch.object(studies, "sandbox", cache(lambda: Unboxed(studies.READ))),
        patch.object(studies, "prepare_kernels"),  # which a sandbox would lack
        patch.object(gc, "collect"),  # after each run; the process ends before memory does
    ):
        async with running(app):
            await _own_study_shows(app)
            planner = Desk(app=app, cookies=_sign_in("planner"))
            await planner.open()
            whole = await ask_all(planner, planner, SLUG, OWN)
            for kind in kinds:
                for states in ON_THE_SAME_PAGES:
                    cells |= await _columns(kind, states, planner, settings, whole)
            await planner.close()
    return cells


async def _columns(
    kind: str,
    states: Sequence[str],
    planner: Desk,
    settings: Settings,
    whole: Mapping[str, Got],
) -> Cells:
    """What a kind of person gets whose rights change while the pages are open.

    ``planner`` has pages of the server's own study open, whose addresses others may try.
    """
    settings.restore()
    app, study = planner.app, SHARED_SLUG if states[0] in OF_THE_SHARED else ""
    desk = Desk(app=app, cookies=_sign_in(PEOPLE[kind][0]) if kind in PEOPLE else "", study=study)
    await desk.open()
    addresses = desk
    if kind == NOBODY:  # with the addresses that a planner was given
        addresses = Desk(app=app, cookies=_sign_in("planner"), study=study) if study else planner
    if addresses not in (desk, planner):
        await addresses.open()
    if study:
        sent = b" ".join(addresses.pages["gaps"].sent)
        assert SHARED_PLACE.encode() in sent, "the shared study does not show"
    cells: Cells = {}
    for state in states:
        settings.restore()
        await settings.end(kind, state, app=app, cookies=desk.cookies)
        got = await ask_all(desk, addresses, SLUG, OWN)
        kept_back = KEPT_BACK.get((kind, state))
        cells |= {(kind, state, way): _word(one, whole[way], kept_back) for way, one in got.items()}
    await desk.close()
    if addresses not in (desk, planner):
        await addresses.close()
    return cells


def _word(got: Got, whole: Got, kept_back: tuple[str, ...] | None) -> str:
    """A word for what came back; `TOO_MUCH` where it holds what the person may not have."""
    if got.word:
        return got.word
    if kept_back is None or any(name in got.text for name in kept_back):
        return TOO_MUCH
    return "whole" if got == whole else "own part"


def _sign_in(user: str) -> str:
    """Record a new sign-in; gives its cookie."""
    claims: dict[str, object] = {
        "email": f"{user}@example.org",
        "iat": time.time(),
        "nonce": secrets.token_hex(8),
    }
    begin(claims)
    return f"_streamlit_user={cookie(claims)}"


async def _own_study_shows(app: ASGIApp) -> None:
    """Make sure that the maker's study would show, were it open to others."""
    page = OpenPage(app=app, cookies=_sign_in("maker"))
    await page.open("gaps", f"verdict=all&study={SLUG}")
    assert OWN.encode() in b" ".join(page.sent), "its maker does not see the study"
    await page.close()


def _write_shared(folder: Path) -> None:
    """Write the study that its maker shares, whose names are no other study's."""
    toml = drives.plant(write_study(folder))
    toml.write_text(toml.read_text("utf-8").replace("Nine *villages*", SHARED), "utf-8")
    villages = gpd.read_file(toml.parent / "villages.gpkg")
    words = villages.select_dtypes(include=["object", "string"]).columns
    villages[words] = villages[words].replace(PLACE, SHARED_PLACE, regex=True)
    villages.to_file(toml.parent / "villages.gpkg")


def _prepare(folder: Path) -> Settings:
    """Write the studies and the settings, and tell the server where they are."""
    shared = folder / "studies" / SHARED_SLUG
    settings = Settings(file=folder / "settings.toml", shared=shared)
    settings.write()
    _write_shared(shared)
    (folder / "secrets.toml").write_text(AUTH, "utf-8")
    own = write_study(folder / "studies" / SLUG)
    own.write_text(own.read_text("utf-8").replace("Nine *villages*", OWN), "utf-8")
    maker = Sharing(owner=email_name("maker@example.org"))
    (own.parent / FILE).write_text(maker.text(), "utf-8")
    server = drives.plant(write_study(folder / "study"))
    for study in (server, own, shared):  # as results appear a study is opened again
        assess_study(geodata.open_study(study))
    os.environ |= {
        SETTINGS_VARIABLE: str(settings.file),
        FOLDER_VARIABLE: str(folder / "sign-ins"),
        STUDY_VARIABLE: str(server),
        studies.STUDIES_VARIABLE: str(folder / "studies"),
    }
    config.set_option("secrets.files", [str(folder / "secrets.toml")])
    return settings


def markdown(cells: Cells) -> str:
    """A row for each way out of each kind of person, a column for each state."""
    lines = [f"| who | way out | {' | '.join(STATES)} |", "| --- " * (len(STATES) + 2) + "|"]
    for kind, way in dict.fromkeys((kind, way) for kind, _, way in cells):
        row = " | ".join(cells[kind, state, way] for state in STATES)
        lines.append(f"| {kind} | {way} | {row} |")
    return "\n".join(lines) + "\n"


def leaks(cells: Cells) -> list[tuple[str, str, str]]:
    """Where data came back to who has no right to them."""
    return [
        key
        for key, word in cells.items()
        if word == TOO_MUCH
        or (
            (key[0] == NOBODY or key[1] not in (AS_PUBLISHED, CUT_DOWN))
            and word not in ("none", "taken")
            and not word.startswith("refused")
            and not (key[1] in OF_THE_SHARED and key[2] in ANEW and key[0] != NOBODY)
        )
    ]


def read(document: str) -> Cells:
    """The cells of the table that stands in a document."""
    _, _, rest = document.partition(START)
    lines = rest.partition(END)[0].strip().splitlines()
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {
        (kind, state, way): word
        for kind, way, *words in rows
        for state, word in zip(head[2:], words, strict=True)
    }
