"""Keys of an entry of the study file that mean nothing for the file they stand beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from geodata.errors import phrase
from geodata.filing import REACH_CAP_M, Filing
from geodata.findings import Finding, finding

WHY: Mapping[str, str] = MappingProxyType(
    {
        "threshold_dbm": "the file tells no levels in dBm; all of it counts",
        "strongest_dbm": "the file is no raster of levels in dBm",
        "classes": "the file has no column of classes; name it as class_column",
        "class_column": "the file has no column of classes",
        "band": "the file is no raster",
        "reach_m": "the file holds no sites",
        "reach_cap_m": "the file holds no sites",
        "accuracy_m": "levels in dBm have no outline",
    }
)
NO_EFFECT = "{file}: {key} in its entry has no effect: {why}"

OTHERWISE = "it is a raster, and has no columns of places"
"""What is said of keys that only tables know."""


def without_effect(filing: Filing, file: str, used: frozenset[str]) -> tuple[Finding, ...]:
    """A warning for each key that the study file sets and that is not among those ``used``.

    Grades say for themselves that a file has none (`geodata.grades.no_grades`).
    """
    return tuple(_unused(filing, file, used))


def _unused(filing: Filing, file: str, used: frozenset[str]) -> Iterator[Finding]:
    cap = filing.reach_cap_m
    told: dict[str, object] = {
        "threshold_dbm": filing.threshold_dbm,
        "strongest_dbm": filing.strongest_dbm,
        "classes": filing.classes,
        "class_column": filing.class_column,
        "band": filing.band,
        "reach_m": filing.reach_m,
        "reach_cap_m": None if cap == REACH_CAP_M else cap,
        "accuracy_m": filing.accuracy_m,
        "columns": filing.columns or None,
        "swap_xy": filing.said.swap_xy,
        "xy_unit": None if filing.said.xy_unit == "m" else filing.said.xy_unit,
    }
    for key, value in told.items():
        if value is not None and key not in used:
            yield finding(
                "key-without-effect", "warning",
                NO_EFFECT,
                file=file, key=key, why=phrase(WHY.get(key, OTHERWISE)),
            )  # fmt: skip
