"""The settings of a study file as far as they are good, so that the rest can be looked at."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from geodata.errors import MissingFileError, StudyError, UnreadableError
from geodata.findings import Finding
from geodata.study.settings import FILE, StudySettings, read_settings

NOWHERE = ""
"""Path of villages where the study file names none."""

TRIES = 50


@dataclass(frozen=True, kw_only=True)
class Lenient:
    """Settings that may lack what was wrong, and what was wrong. ``as_of`` is None if it was."""

    settings: StudySettings
    faults: tuple[Finding, ...]
    as_of: date | None


def lenient_settings(file: Path) -> Lenient:
    """What can be used of a study file, with its faults as findings.

    Raises `MissingFileError` where it is not there and `UnreadableError` where it is no TOML.
    """
    try:
        settings = read_settings(file)
    except StudyError as error:
        faults = error.faults
    else:
        return Lenient(settings=settings, faults=(), as_of=settings.as_of)
    data = _toml(file)
    as_of_is_good = True
    for _ in range(TRIES):
        try:
            kept = StudySettings.model_validate(data)
            break
        except ValidationError as error:
            places = [problem["loc"] for problem in error.errors()]
            as_of_is_good = as_of_is_good and not any(loc[0] == "as_of" for loc in places)
            data = _without(data, places, file)
    else:
        raise UnreadableError(
            "{file} is not a study file: {reason}", file=file.name, reason=str(faults[0])
        )
    return Lenient(
        settings=kept,
        faults=tuple(
            Finding(kind="study-file", severity="error", sentence=f, file=FILE) for f in faults
        ),
        as_of=kept.as_of if as_of_is_good else None,
    )


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise MissingFileError("{file} is not there; check the path", file=str(file)) from error


def _without(
    data: dict[str, Any], places: list[tuple[str | int, ...]], file: Path
) -> dict[str, Any]:
    """The data with what is wrong taken out, and what must be there put in."""
    out = dict(data)
    needed = {
        "schema": 1,
        "name": file.resolve().parent.name or "?",
        "as_of": date(1970, 1, 1),
        "villages": {"path": NOWHERE},
    }
    for loc in places:
        top = str(loc[0])
        value = out.get(top)
        if top in needed:
            out[top] = _pruned(value, loc[1:]) if isinstance(value, dict) and loc[1:] else None
            out[top] = out[top] or needed[top]
        elif isinstance(value, list) and len(loc) > 1 and isinstance(loc[1], int):
            k = loc[1]
            good = _pruned(value[k], loc[2:]) if k < len(value) else None
            out[top] = [*value[:k], *([good] if good else []), *value[k + 1 :]]
        else:
            out.pop(top, None)
    return out


def _pruned(table: Any, loc: tuple[str | int, ...]) -> dict[str, Any] | None:
    """An entry without one bad key; None where that leaves no path to look at."""
    if not isinstance(table, dict) or not loc:
        return None
    kept = {k: v for k, v in table.items() if k != loc[0]}
    wanted = any(isinstance(kept.get(key), str) for key in ("path", "communes"))
    return kept if wanted and len(kept) < len(table) else None
