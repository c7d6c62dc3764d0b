"""Uploaded files: unpacked, looked into and read in a sandbox, never by the server itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ParamSpec

import streamlit as st

from geodata.errors import GeodataError, Phrase
from geodata.followup import Reading, read_follow_up
from geodata.incoming import receive, unpack_archive
from geodata.understood import Received, Understood, look_into
from ui import studies
from ui.upload_limits import keep_with_session

SHEET = "follow-up sheet"

P = ParamSpec("P")


def received(files: list[tuple[str, bytes]]) -> list[tuple[Received, Understood]]:
    """What was dropped, unpacked and looked into in a sandbox."""
    folder = studies.upload_folder()
    keep_with_session(folder)
    granted = studies.sandbox().granting(folder)

    def unpack(path: Path, inside: Path) -> tuple[Received, ...] | None:
        return granted.call(unpack_archive, path, inside)

    seen: list[tuple[Received, Understood]] = []
    for one in receive(files, folder, unpack=unpack):
        try:
            found = granted.call(look_into, one)
            # the layer is taken from there, and never the path
            seen += [(replace(one, layer=part.layer), what) for part, what in found]
        except GeodataError as error:
            trouble = Phrase(error.template, error.parts)
            seen.append((one, Understood(role="aside", trouble=trouble)))
    return seen


def sheet_read(sent: Any, known: list[str]) -> Reading | GeodataError:
    """A sheet read in a sandbox, once for as long as it is there."""
    key = (sent.file_id, hash(tuple(known)))
    held = st.session_state.get(SHEET)
    if held is None or held[0] != key:
        name = Path(sent.name).name
        granted = studies.sandbox().granting(file=name)
        try:
            held = (key, granted.call(read_follow_up, sent.getvalue(), known, file=name))
        except GeodataError as error:
            held = (key, error)
        st.session_state[SHEET] = held
    reading: Reading | GeodataError = held[1]
    return reading


def read_apart(
    name: str,
    function: Callable[P, None],
    folders: Sequence[Path],
    readable: Sequence[Path],
    *args: P.args,
    **named: P.kwargs,
) -> None:
    """Have files of a study called ``name`` read in a sandbox; see `geodata.incoming.Run`."""
    sandbox = studies.sandbox()
    granted = sandbox.granting(*folders, readable=readable, limits=studies.MAKE, file=name)
    with sandbox.turn(str(folders[0]) if folders else name):
        granted.call(function, *args, **named)
