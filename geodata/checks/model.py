"""What a check is given: one file as it was read, and all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from geodata.areas import valid_polygons
from geodata.columns import row_number
from geodata.errors import phrase
from geodata.findings import ROWS_KEPT, Finding, Severity

Role = Literal[
    "villages", "centres", "districts", "communes", "layer", "extent", "zones_5g", "sites",
    "population", "terrain", "measurements", "raster", "settled", "table", "study",
]  # fmt: skip

Bools = npt.NDArray[np.bool_]

PLACES_KEPT = 500
"""So many places are kept with a finding, for a map."""

AREAL: frozenset[Role] = frozenset({"districts", "communes", "layer", "extent", "zones_5g"})
"""Roles that need polygons."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """One file of a study, read.

    ``columns`` maps our fields to the file's columns. ``placed`` is the table in the study's
    metres with the same index, None where it has no place. ``operator`` and ``technology``
    are what the study file says of a layer, "" where columns say it. ``convention`` is the name
    of the layout it follows, "" for a plain one, and ``filings`` the operators and technologies
    that this speaks of. ``keeps_unplaced``: the study file keeps its rows without a place.
    """

    file: str
    role: Role
    table: pd.DataFrame
    columns: Mapping[str, str] = field(default_factory=dict)
    placed: gpd.GeoDataFrame | None = None
    operator: str = ""
    technology: str = ""
    as_of: date | None = None
    valid_from: date | None = None
    convention: str = ""
    keeps_unplaced: bool = False
    filings: tuple[tuple[str, str], ...] = ()

    def column(self, name: str) -> pd.Series | None:
        """The file's column for one of our fields, None where it has none."""
        found = self.columns.get(name)
        return None if found is None or found not in self.table else self.table[found]

    @cached_property
    def outline(self) -> BaseGeometry | None:
        """All its polygons united, None where it has none."""
        if self.placed is None:
            return None
        shapes = valid_polygons(self.placed.geometry, file=self.file).dropna().to_numpy()
        if not len(shapes):
            return None
        fits = shapely.is_empty(shapely.coverage_invalid_edges(shapes)).all()
        return shapely.coverage_union_all(shapes) if fits else shapely.union_all(shapes)

    @property
    def title(self) -> str:
        """What a sentence calls it: a layer by operator and technology, else by its file."""
        return f"{self.operator} {self.technology}".strip() or self.file


@dataclass(frozen=True, kw_only=True, eq=False)
class Together:
    """All files of a study that could be read. ``as_of`` is None where the study has no day.

    ``unread`` are operator and technology of layers that are there and could not be read.
    """

    subjects: tuple[Subject, ...]
    crs: pyproj.CRS
    as_of: date | None = None
    operators: tuple[str, ...] = ()
    technologies: tuple[str, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()

    def of(self, *roles: Role) -> tuple[Subject, ...]:
        """The files of some roles, in their order."""
        return tuple(subject for subject in self.subjects if subject.role in roles)

    def area(self) -> npt.NDArray[np.float64] | None:
        """The extent of the study (x0, y0, x1, y1, metres): its units', else its villages'."""
        for roles in (("districts", "communes"), ("villages",)):
            boxes = [
                np.asarray(s.placed.total_bounds, dtype=np.float64)
                for s in self.of(*roles)
                if s.placed is not None
            ]
            boxes = [box for box in boxes if np.isfinite(box).all()]
            if boxes:
                held = np.array(boxes)
                return np.concatenate([held[:, :2].min(axis=0), held[:, 2:].max(axis=0)])
        return None


def about_rows(
    kind: str,
    severity: Severity,
    template: str,
    /,
    *,
    of: Subject,
    where: Bools | Sequence[bool],
    **parts: object,
) -> Finding:
    """A finding about some rows of a file: the first of them, how many, and where they lie.

    The sentence may use ``{count}`` and ``{all}``.
    """
    marked = np.asarray(where, dtype=bool)
    at = np.flatnonzero(marked)
    rows = tuple(row_number(of.table.index, int(k)) for k in at[:ROWS_KEPT])
    parts = {"count": len(at), "all": len(marked), "file": of.file, **parts}
    return Finding(
        kind=kind,
        severity=severity,
        sentence=phrase(template, **parts),
        file=of.file,
        rows=rows,
        count=len(at),
        places=places_at(of, at),
    )


def places_at(of: Subject, at: npt.NDArray[np.intp]) -> gpd.GeoSeries | None:
    """A point for each of some rows that has a place, the first ones; None where none has."""
    if of.placed is None or not len(at):
        return None
    shapes = of.placed.geometry.iloc[at[:PLACES_KEPT]]
    shapes = shapes[~(shapely.is_missing(shapes.array) | shapely.is_empty(shapes.array))]
    if shapes.empty:
        return None
    return gpd.GeoSeries(shapes.representative_point(), crs=of.placed.crs)
