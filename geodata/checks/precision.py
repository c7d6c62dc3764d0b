"""Coordinates too coarse for the question."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from coverage.transformers import to_system
from geodata.checks.model import Subject, about_rows
from geodata.findings import Finding

WORTH_SAYING = 0.05
"""Share of rounded places from which it is no chance."""

FEWEST = 3
NEAR_MINUTE = 0.0035
"""How far from a whole minute, in minutes, a coordinate of four decimals may lie (18.6667°)."""

METRES_A_MINUTE = 1850


def rounded(subject: Subject) -> Iterator[Finding]:
    """Points whose latitude and longitude are whole minutes of arc: anywhere within 1 km."""
    if subject.placed is None or subject.role not in (
        "villages",
        "centres",
        "sites",
        "settled",
        "table",
    ):
        return
    shapes = subject.placed.geometry.to_numpy()
    points = shapely.get_type_id(shapes) == 0
    if points.sum() < FEWEST:
        return
    degrees = to_system(subject.placed.geometry[points], "EPSG:4326")
    minutes = shapely.get_coordinates(degrees.to_numpy()) * 60
    whole = np.zeros(len(shapes), bool)
    if len(minutes) == points.sum():
        whole[points] = (np.abs(minutes - np.round(minutes)) <= NEAR_MINUTE).all(axis=1)
    if whole.sum() < FEWEST or whole.sum() < WORTH_SAYING * points.sum():
        return
    yield about_rows(
        "place-rounded",
        "warning",
        "{count} of {all} places ({percent} %) are rounded to a minute of arc, so each may lie "
        "about 1 km off; a village's answer may be wrong, ask for exact coordinates",
        of=subject,
        where=whole,
        percent=round(100 * float(whole.mean())),
    )
