"""Faults of a study file: where each stands, and all of them in one error."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from geodata.errors import StudyError

Fault = tuple[int, str]
"""Line (0 where it has none) and sentence."""


def told(path: Path, faults: list[str]) -> StudyError:
    """The error that says all faults of a file, numbered."""
    listed = "\n".join(f"  {k}. {fault}" for k, fault in enumerate(faults, 1))
    if len(faults) == 1:
        return StudyError(
            "{file} has one fault: {listed}", file=path.name, listed=faults[0], faults=tuple(faults)
        )
    return StudyError(
        "{file} has {count} faults:\n{listed}",
        file=path.name,
        count=len(faults),
        listed=listed,
        faults=tuple(faults),
    )


def where_of(place: list[Any], text: str) -> tuple[int, str]:
    """The line of a key (0 where the text has none), and how to find it."""
    key = ".".join(str(p) if isinstance(p, str) else f"[{p + 1}]" for p in place)
    key = key.replace(".[", "[")
    line = line_of(place, text)
    return (line, f"line {line}, {key}") if line else (0, key)


def line_of(place: list[Any], text: str) -> int | None:
    """Line (from 1) of a key in a TOML text, or of its table; None where neither stands there."""
    table = str(place[0])
    occurrence = place[1] if len(place) > 1 and isinstance(place[1], int) else 0
    key = str(next((p for p in reversed(place) if isinstance(p, str)), ""))
    current, seen, table_line = "", -1, None
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\[?\s*([\w.\-]+)\s*\]\]?", line)
        if header:
            current = header.group(1)
            if current == table:
                seen += 1
                if seen == occurrence:
                    table_line = number
            continue
        here = (not current and len(place) == 1) or (current == table and seen == occurrence)
        if here and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
        if not current and re.match(rf"\s*{re.escape(table)}\s*=", line):
            table_line = number
    return table_line
