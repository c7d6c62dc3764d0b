"""Faults of a study file: where each stands, and all of them in one error."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from geodata.errors import GeodataError, Phrase, StudyError, phrase
from geodata.postgis.address import hidden

Fault = tuple[int, Phrase]
"""Line (0 where it has none) and sentence."""

DAY = "input should be a day such as 2023-08-30"

WANTED: Mapping[str, str] = MappingProxyType(
    {
        "bool_parsing": "input should be a valid boolean, true or false",
        "bool_type": "input should be a valid boolean, true or false",
        "date_from_datetime_inexact": DAY,
        "date_from_datetime_parsing": DAY,
        "date_parsing": DAY,
        "date_type": DAY,
        "dict_type": "input should be a table of keys and values",
        "finite_number": "input should be a number",
        "float_parsing": "input should be a number",
        "float_type": "input should be a number",
        "greater_than": "input should be greater than {limit}",
        "greater_than_equal": "input should be greater than or equal to {limit}",
        "int_from_float": "input should be a whole number",
        "int_parsing": "input should be a whole number",
        "int_parsing_size": "input should be a whole number",
        "int_type": "input should be a whole number",
        "less_than": "input should be less than {limit}",
        "less_than_equal": "input should be less than or equal to {limit}",
        "list_type": "input should be a list in square brackets",
        "literal_error": "input should be {expected}",
        "model_type": "input should be a table of keys and values",
        "string_type": "input should be a valid string",
        "tuple_type": "input should be a list in square brackets",
    }
)
"""Kinds of fault, as pydantic names them, and what each should have been."""


class FaultError(ValueError):
    """What a check of ours found: its ``phrase`` stays whole on the way through pydantic."""

    def __init__(self, template: str, /, **parts: object) -> None:
        self.phrase = phrase(template, **parts)
        super().__init__(str(self.phrase))


def told(path: Path, faults: Sequence[Phrase]) -> StudyError:
    """The error that says all faults of a file, numbered."""
    return StudyError(
        "{file} has one fault:" if len(faults) == 1 else "{file} has {count} faults:",
        file=path.name,
        count=len(faults),
        faults=tuple(faults),
    )


def sentence_of(problem: Mapping[str, Any], where: Phrase) -> Phrase:
    """A problem of pydantic's as one sentence: where, what was expected, what was found."""
    wanted, value = _wanted(problem), problem["input"]
    said = isinstance(value, str) and repr(value) in str(wanted)
    if said or not isinstance(value, (str, int, float, bool)):
        return phrase("{where}: {wanted}", where=where, wanted=wanted)
    found = hidden(repr(value))[:80]
    return phrase("{where}: {wanted} (found {found})", where=where, wanted=wanted, found=found)


def _wanted(problem: Mapping[str, Any]) -> Phrase:
    """What should have stood there; in pydantic's own English where we have no words for it."""
    context, template = problem.get("ctx", {}), WANTED.get(problem["type"])
    error = context.get("error")
    if isinstance(error, FaultError):
        return error.phrase
    if isinstance(error, GeodataError):
        return Phrase(error.template, error.parts)
    if template is None:
        message = str(problem["msg"])
        return phrase("{message}", message=message[:1].lower() + message[1:])
    limits = [context[name] for name in ("gt", "ge", "lt", "le") if name in context]
    return phrase(
        template,
        limit=f"{limits[0]:g}" if limits else "",
        expected=str(context.get("expected", "")).replace(" or ", ", "),
    )


def where_of(place: list[Any], text: str) -> tuple[int, Phrase]:
    """The line of a key (0 where the text has none), and how to find it."""
    key = ".".join(str(p) if isinstance(p, str) else f"[{p + 1}]" for p in place)
    key = key.replace(".[", "[")
    line = line_of(place, text)
    if line is None:
        return 0, phrase("{key}", key=key)
    return line, phrase("line {line}, {key}", line=line, key=key)


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
