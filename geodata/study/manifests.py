"""What a run's manifest and the names of what was published tell, read back and checked."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from coverage.model import Expected, LayerInfo, Rule
from geodata.errors import KeptResultError, Phrase, UnreadableError, phrase
from geodata.files import text_of
from geodata.study.kept import Named
from geodata.study.parts import AREAS

NEEDED = ("made_at", "measures", "rule", "expected", "layers")
"""What a manifest must have for its run to be read back."""

DIGEST = "sha256"
"""Where a manifest has the digest of all else it says; earlier versions wrote none."""

RUN_ID = re.compile(r"\d{8}-[0-9a-f]{10}")

OTHER = phrase("it is not what was written")

_RULE, _LAYER = TypeAdapter(Rule), TypeAdapter(LayerInfo)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run's folder. Raises `KeptResultError` where it is no manifest.

    What `NEEDED` names is of the right type, and the whole of it what was written, of the run that
    its folder is named by.
    """
    reason: str | Phrase
    try:
        text = text_of(folder / "manifest.json")
        manifest = dict(json.loads(text))
        reason = ", ".join(f"{key} is missing" for key in NEEDED if key not in manifest)
        if not reason:
            _check(manifest)
            own = manifest.get(DIGEST) in (None, digest_of(manifest))
            reason = "" if own and manifest.get("run_id") in (None, folder.name) else OTHER
    except ValidationError:
        reason = OTHER
    except (ArithmeticError, LookupError, OSError, RecursionError, TypeError, ValueError) as error:
        reason = str(error)
    if reason:
        raise KeptResultError(
            "{file} cannot be read: {reason}; remove the folder and assess the study again",
            file=f"results/{folder.name}/manifest.json",
            reason=reason,
        )
    return manifest


def digest_of(manifest: Mapping[str, Any]) -> str:
    """The digest of all that a manifest says but for the digest."""
    rest = {key: value for key, value in manifest.items() if key != DIGEST}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _check(manifest: dict[str, Any]) -> None:
    """Raise `TypeError`, `LookupError` or `ValueError` where a value is of another type."""
    if datetime.fromisoformat(manifest["made_at"]).tzinfo is None:
        raise ValueError(manifest["made_at"])
    if not isinstance(manifest["measures"], str) or not isinstance(manifest["rule"], dict):
        raise TypeError(OTHER)
    if not isinstance(manifest.get("files", {}), dict):
        raise TypeError(OTHER)
    if manifest.get("as_of") is not None:
        date.fromisoformat(manifest["as_of"])
    expected_told(manifest)
    layers_told(manifest)


def damaged_file(folder: Path, manifest: Mapping[str, Any]) -> str:
    """The first of a run's files that is not what its manifest says; "" where all are."""
    for name, digest in manifest.get("files", {}).items():
        if file_digest(folder / Path(name).name) != digest:
            return str(name)
    return ""


def file_digest(path: Path) -> str:
    """The SHA-256 of one file; "" where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


def require_whole(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Raise `KeptResultError` where a file of a run is gone, or is another's."""
    name = damaged_file(folder, manifest)
    if name:
        raise KeptResultError(
            "{file} is gone or is not what was written with its run; assess the study again",
            file=f"results/{folder.name}/{name}",
        )


def published_in(results: Path) -> str | None:
    """The run that is published of those in a folder, or None.

    Raises `KeptResultError` where ``current`` is there and names no run.
    """
    lines = _lines(results / "current")
    if lines is None:
        return None
    if len(lines) != 1 or not RUN_ID.fullmatch(lines[0]):
        raise KeptResultError(
            "{file} names no run; remove it, and assess and publish the study again",
            file="results/current",
        )
    return lines[0]


def published_if_told(results: Path) -> str | None:
    """As `published_in`; None also where ``current`` names no run."""
    try:
        return published_in(results)
    except UnreadableError:
        return None


def history_in(results: Path) -> list[str]:
    """The runs that were ever published, the latest last; what names none is left out."""
    try:
        lines = _lines(results / "history") or []
    except UnreadableError:
        return []
    return [line for line in lines if RUN_ID.fullmatch(line)]


def is_history_damaged(results: Path) -> bool:
    """Whether ``history`` is there and holds nothing, or what names no run.

    A folder in its place is told where something is published (`require_no_folders`).
    """
    try:
        lines = _lines(results / "history")
    except UnreadableError:
        return False
    return lines is not None and (not lines or not all(map(RUN_ID.fullmatch, lines)))


def require_no_folders(results: Path) -> None:
    """Raise `UnreadableError` where a folder is in the place of what publishing writes."""
    for name in ("current", "history"):
        if (results / name).is_dir():
            raise UnreadableError(
                "{file} is a folder where a file should be; remove or rename it, and try again",
                file=f"results/{name}",
            )


def require_folders(results: Path) -> None:
    """Raise `UnreadableError` where a file is in the place of a folder of results."""
    for path in (results, results / "measures"):
        if path.is_file():
            raise UnreadableError(
                "{file} is a file where a folder should be; remove or rename it, and try again",
                file=path.relative_to(results.parent).as_posix(),
            )


def _lines(path: Path) -> list[str] | None:
    """The words of a file, None where it is not there. Raises `UnreadableError` for a folder."""
    require_folders(path.parent)
    if path.is_dir():
        require_no_folders(path.parent)
    try:
        return text_of(path, errors="replace").split()
    except FileNotFoundError:
        return None


def parts_named(manifest: dict[str, Any]) -> tuple[Named, ...]:
    """Kind and key of each part of a run's measures, the areas first.

    Earlier versions measured nothing else, and kept it under the key of all.
    """
    parts = manifest.get("parts")
    try:
        found = [(str(part["kind"]), str(part["key"])) for part in parts or ()]
    except (KeyError, TypeError):
        found = []
    return tuple(found) or ((AREAS, str(manifest["measures"])),)


def rule_told(manifest: dict[str, Any]) -> Rule | None:
    """The rule of a manifest, None where another version wrote it."""
    table: dict[str, Any] = manifest["rule"]
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    try:
        made = Rule(**values)
        return made if _RULE.validate_python(values) == made else None
    except (TypeError, ValidationError):
        return None


def expected_told(manifest: dict[str, Any]) -> Expected:
    """Who should have filed, by a manifest."""
    table: dict[str, Sequence[Any]] = manifest["expected"]
    return Expected(operators=tuple(table["operators"]), technologies=tuple(table["technologies"]))


def layers_told(manifest: dict[str, Any]) -> tuple[LayerInfo, ...]:
    """The layers of a manifest. Raises `ValueError` or `TypeError` where they are none."""
    tables: list[dict[str, Any]] = manifest["layers"]
    values = [
        {**table, "as_of": table["as_of"] and date.fromisoformat(table["as_of"])}
        for table in tables
    ]
    found = tuple(LayerInfo(**one) for one in values)
    if found != tuple(map(_LAYER.validate_python, values)):
        raise ValueError(OTHER)
    return found
