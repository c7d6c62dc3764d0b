"""Files as the checks are given them, made without a disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from shapely import box

from geodata.checks.model import Role, Subject, Together
from geodata.coordinates import study_crs
from tests import tiny

CRS = study_crs(tiny.CRS)
X, Y = tiny.X0, tiny.Y0


def square(x: float, y: float, side: float = 1000.0) -> shapely.Polygon:
    """A square whose south-west corner lies ``x`` and ``y`` metres from the nine villages'."""
    return box(X + x, Y + y, X + x + side, Y + y + side)


def subject(
    role: Role,
    shapes: Sequence[shapely.Geometry | None] | None = None,
    cells: Mapping[str, Sequence[object]] | None = None,
    **told: Any,
) -> Subject:
    """A file of these shapes (none: a table without a place) and columns under our own names."""
    held = pd.DataFrame(dict(cells or {}), dtype="object")
    placed = None
    if shapes is not None:
        held = gpd.GeoDataFrame(held, geometry=list(shapes), crs=CRS)
        placed = held
    return Subject(
        file=told.pop("file", f"{role}.gpkg"),
        role=role,
        table=held,
        columns={name: name for name in cells or {}},
        placed=placed,
        **told,
    )


def together(*subjects: Subject, as_of: date | None = None, **told: Any) -> Together:
    """Files of one study, side by side."""
    return Together(subjects=subjects, crs=CRS, as_of=as_of, **told)
