"""What a MapInfo .TAB declares: a table of its own, or a name for others' files.

MapInfo's *seamless* tables and views have GDAL open whatever table they name, wherever it lies.
"""

from __future__ import annotations

import re
from pathlib import Path

from geodata.errors import UnreadableError

MOST_BYTES = 1_000_000
SEAMLESS = re.compile(r'(?i)"\\IsSeamless"\s*=\s*"TRUE"')
OTHERS = re.compile(r"(?i)(open\s+table|create\s+view|(?:create\s+)?virtual\s+table)\b")
FILE = re.compile(r'(?i)file\s+"?([^"]*)"?')
"""How lines begin that name other tables."""


def require_own_table(path: Path, *, name: str) -> None:
    """Refuse a .TAB that has other tables than its own opened. Raises `UnreadableError`."""
    with path.open("rb") as stream:
        raw = stream.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise UnreadableError(
            "{file} is no MapInfo table: it is longer than one is; send the table that MapInfo "
            "saved, with its .DAT, .MAP and .ID files",
            file=name,
        )
    for line in re.split(r"[\r\n]+", raw.decode("latin-1")):
        found = _names_other(line.strip(), path.stem)
        if found:
            raise UnreadableError(
                "{file} is no table of its own but leads to others ({found}); open it in MapInfo "
                "and save a copy as a table",
                file=name,
                found=found[:80],
            )


def _names_other(line: str, stem: str) -> str:
    """The line, where it leads to another table; "" where it does not."""
    named = FILE.match(line)
    if named and Path(named[1]).stem.casefold() == stem.casefold():
        own = not re.search(r"[/\\:]", named[1])
    else:
        own = not named
    return "" if own and not SEAMLESS.match(line) and not OTHERS.match(line) else line
