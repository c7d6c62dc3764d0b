"""Which study the server shows, opened once for all sessions."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import platformdirs
import streamlit as st

import geodata
from geodata.study.assess import assess_study
from geodata.study.results import Run, latest_run
from ui.maps.assets import asset_store
from ui.maps.feed import Feed, make_feed

STUDY_VARIABLE = "PHUSONG_STUDY"
TILES_VARIABLE = "PHUSONG_TILES"
BUILT_IN_VERSION = 1
"""Part of the built-in study's folder: a reconstruction made otherwise gets another."""

Progress = Callable[[float], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Opened:
    """A run and its map, shared between sessions: nobody changes it."""

    run: Run
    feed: Feed


def named_study() -> Path | None:
    """The study somebody asked for when starting the server, or None for the built-in one."""
    named = os.environ.get(STUDY_VARIABLE, "").strip()
    return Path(named) if named else None


def tile_address() -> str | None:
    """The address pattern of online map tiles: none unless the server's owner sets one."""
    return os.environ.get(TILES_VARIABLE, "").strip() or None


def built_in_folder() -> Path:
    """Where the reconstruction lives on this machine, made or not."""
    return Path(platformdirs.user_data_dir("phusong")) / f"nghe_an-{BUILT_IN_VERSION}"


def built_in_study(*, progress: Progress | None = None) -> Path:
    """The reconstruction's folder, made on first use.

    It is made beside its place and moved there whole, so that neither a crash nor a
    second process leaves or sees half a study.
    """
    folder = built_in_folder()
    if (folder / "study.toml").is_file():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(mkdtemp(prefix=".unfinished-", dir=folder.parent))
    try:
        geodata.reconstruct(unfinished, progress=progress)
        _move(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def open_study() -> Opened:
    """The study of this server with its published run; measured now if it never was."""
    path = named_study() or built_in_study()
    return _opened(str(path), _stamp(path))


@st.cache_resource(max_entries=4, show_spinner=False)
def _opened(path: str, stamp: str) -> Opened:  # noqa: ARG001  # the stamp only names the entry
    study = geodata.open_study(Path(path))
    run = latest_run(study) or assess_study(study)
    return Opened(run=run, feed=make_feed(run, asset_store()))


def _stamp(path: Path) -> str:
    """Changes when the study file or what is published of it does."""
    folder = path if path.is_dir() else path.parent
    toml = folder / "study.toml" if path.is_dir() else path
    looked_at = (toml, folder / "results" / "current", folder / "results")
    return " ".join(str(p.stat().st_mtime_ns) if p.exists() else "-" for p in looked_at)


def _move(unfinished: Path, folder: Path) -> None:
    """Put the finished study in place, unless another process was first."""
    try:
        unfinished.replace(folder)
    except OSError:
        if not (folder / "study.toml").is_file():
            raise
