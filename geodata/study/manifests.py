"""What a run's manifest tells, read back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from coverage.model import Expected, LayerInfo, Rule
from geodata.errors import UnreadableError
from geodata.study.kept import Named
from geodata.study.parts import AREAS

NEEDED = ("made_at", "measures", "rule", "expected", "layers")
"""What a manifest must have for its run to be read back."""


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run's folder. Raises `UnreadableError` where it is no manifest."""
    try:
        text = (folder / "manifest.json").read_text(encoding="utf-8")
        manifest = dict(json.loads(text))
        reason = ", ".join(f"{key} is missing" for key in NEEDED if key not in manifest)
    except (OSError, TypeError, ValueError) as error:
        reason = str(error)
    if reason:
        raise UnreadableError(
            "{file} cannot be read: {reason}; remove the folder and assess the study again",
            file=f"results/{folder.name}/manifest.json",
            reason=reason,
        )
    return manifest


def published_in(results: Path) -> str | None:
    """The run that is published of those in a folder, or None."""
    path = results / "current"
    if not path.exists():
        return None
    return path.read_text(encoding="utf-8", errors="replace").strip()


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
        return Rule(**values)
    except TypeError:
        return None


def expected_told(manifest: dict[str, Any]) -> Expected:
    """Who should have filed, by a manifest."""
    table: dict[str, Sequence[Any]] = manifest["expected"]
    return Expected(operators=tuple(table["operators"]), technologies=tuple(table["technologies"]))


def layers_told(manifest: dict[str, Any]) -> tuple[LayerInfo, ...]:
    """The layers of a manifest."""
    tables: list[dict[str, Any]] = manifest["layers"]
    return tuple(
        LayerInfo(**{**table, "as_of": table["as_of"] and date.fromisoformat(table["as_of"])})
        for table in tables
    )
