"""Structures of units that do not make up one and the same province."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely

from geodata.checks.model import PLACES_KEPT, Together
from geodata.checks.overlaps import area_told
from geodata.findings import Finding, finding

LEAST_M2 = 1_000_000.0
"""Less than a square kilometre is how outlines are drawn."""


def outlines(together: Together) -> Iterator[Finding]:
    """Files of units whose outer border is another than that of the first."""
    units = [s for s in together.of("districts", "communes") if s.outline is not None]
    for other in units[1:]:
        first = units[0]
        missing = shapely.difference(first.outline, other.outline)
        more = shapely.difference(other.outline, first.outline)
        if shapely.area(missing) + shapely.area(more) < LEAST_M2:
            continue
        parts = shapely.get_parts(np.array([missing, more], dtype=object))
        parts = parts[np.argsort(-shapely.area(parts))][:PLACES_KEPT]
        found = finding(
            "outline-differs",
            "note",
            "its outer border is not that of {other}: {missing} are left out and {more} added; "
            "a village there has a unit in one of the two only",
            file=other.file,
            other=first.file,
            missing=area_told(float(shapely.area(missing))),
            more=area_told(float(shapely.area(more))),
        )
        places = gpd.GeoSeries(shapely.point_on_surface(parts), crs=together.crs)
        yield replace(found, places=places)
