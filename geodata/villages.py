"""The village table: polygons or points in, one standard table out."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from coverage.model import VILLAGE_COLUMNS
from geodata.areas import valid_polygons
from geodata.columns import (
    find_columns,
    listed_rows,
    numbers,
    plain,
    row_number,
    row_numbers,
    text,
    truths,
)
from geodata.coordinates import brought, require_inside, to_study
from geodata.diagnose import AsSaid, Extent
from geodata.errors import DataError, Phrase, phrase
from geodata.leading_zeros import with_zeros
from geodata.placeless import without_place
from geodata.placing import NOTHING_SAID, PLACES, place
from geodata.unit_match import TOLD, with_units
from geodata.units import SEGMENTS, Units

NUMBERS = ("population", "households")
TRUTHS = ("electrified", "fund_eligible")
NAMED_WITHIN_M = 5_000.0
"""How far from its village a centre may lie that is known by name alone."""


def village_table(  # noqa: PLR0913  # what the study file says of a file is many things
    raw: pd.DataFrame,
    *,
    crs: pyproj.CRS,
    file: str,
    columns: Mapping[str, str] | None = None,
    radius_m: float,
    units: Units | None = None,
    said: AsSaid = NOTHING_SAID,
    extent: Extent | None = None,
    keep_unplaced: bool = False,
) -> tuple[gpd.GeoDataFrame, tuple[Phrase, ...]]:
    """The standard table (see `coverage.model.VILLAGE_COLUMNS`), not yet indexed by id.

    Points become discs of ``radius_m`` and are their own ``centre``. A ``village_id``
    column is kept where there is one. Communes and districts that the file does not name
    come from ``units``. ``said`` is what the study file says of the coordinates, ``extent``
    where the study lies. With ``keep_unplaced`` rows without a place have no geometry and no
    centre, and a unit only where the file names it. Returns the table and notes on what was
    understood. Raises `DataError` for rows without a place (with ``keep_unplaced`` where all
    are), or outside the units' extent.
    """
    given = dict(columns or {})
    asked = ("village_id", *VILLAGE_COLUMNS)
    found = find_columns(raw.columns, asked, given=_of(given, asked), file=file)
    placement = place(raw, crs, file=file, columns=_of(given, PLACES), said=said)
    placed = brought(placement, crs, file, extent)
    notes = [
        phrase("{file}: {field} ← {column}", file=file, field=field, column=column)
        for field, column in found.items()
        if column != field
    ]
    notes += [found.sentence for found in placement.findings]
    gone = without_place(placed.geometry)
    _require_places(placed.index, gone, file, keep_unplaced=keep_unplaced)
    areas, more = _areas(placed, radius_m, file)
    out = gpd.GeoDataFrame(index=placed.index, geometry=areas)
    for field in asked:
        out[field] = _field(raw, found.get(field), field, file)
    out["centre"] = _centres(placed)
    if units is not None:
        labels = pd.Index(out["village_id"].fillna(out["village"]).fillna("?"))
        require_inside(
            out.geometry[~gone], units.bounds, file=file, names=labels[~gone],
            placed=placement, extent=extent,
        )  # fmt: skip
        out = with_units(out, units)
        more += _unit_notes(out, units, file)
    return out, (*notes, *more)


def _of(given: Mapping[str, str], fields: tuple[str, ...]) -> dict[str, str]:
    return {field: column for field, column in given.items() if field in fields}


def _require_places(
    index: pd.Index, gone: npt.NDArray[np.bool_], file: str, *, keep_unplaced: bool
) -> None:
    """Raise `DataError` with all rows without a place; where they are kept, if no row has one."""
    if not gone.any() or (keep_unplaced and not gone.all()):
        return
    if keep_unplaced:
        raise DataError("{file}: no village has a place; nothing can be measured", file=file)
    rows = [row_number(index, int(at)) for at in np.flatnonzero(gone)]
    raise DataError(
        "{file}: {count} villages have no place (rows {rows}); give each one a polygon or a "
        'point, or write rows_without_place = "unknown" in [villages] to keep them as unknown',
        file=file,
        rows=listed_rows(rows, most=len(rows)),
        count=len(rows),
    )


def _areas(
    placed: gpd.GeoDataFrame, radius_m: float, file: str
) -> tuple[gpd.GeoSeries, list[Phrase]]:
    """Polygons repaired where invalid, points (and the middle of several) as discs; notes.

    None where there is no place.
    """
    shapes = placed.geometry.to_numpy()
    there = ~without_place(placed.geometry)
    points = there & (shapely.get_dimensions(shapes) == 0)
    areas = valid_polygons(placed.geometry, file=file)
    discs = shapely.buffer(
        shapely.force_2d(shapely.centroid(shapes[points])), radius_m, quad_segs=SEGMENTS
    )
    areas[points] = gpd.GeoSeries(discs, index=areas.index[points], crs=areas.crs)
    flat = there & ~(shapely.area(areas.to_numpy()) > 0)
    if flat.any():
        at = int(np.flatnonzero(flat)[0])
        raise DataError(
            "{file}, row {row}: the village is a {kind} without area ({count} rows are); give a "
            "polygon or a point",
            file=file,
            row=row_number(placed.index, at),
            kind=shapes[at].geom_type,
            count=int(flat.sum()),
        )
    notes = []
    if points.any():
        notes.append(
            phrase(
                "{file}: {count} points read as discs of {radius} m radius",
                file=file,
                count=int(points.sum()),
                radius=f"{radius_m:g}",
            )
        )
    # what came through as it is was found to be valid
    other = [one is not made for one, made in zip(shapes, areas.to_numpy(), strict=True)]
    made_anew = np.array(other, dtype=bool) & there & ~points
    repaired = int((~shapely.is_valid(shapes[made_anew])).sum())
    if repaired:
        notes.append(phrase("{file}: {count} invalid polygons repaired", file=file, count=repaired))
    return areas, notes


def _centres(placed: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Centres that the geometry itself gives: the points of point villages."""
    shapes = placed.geometry.to_numpy()
    known = ~without_place(placed.geometry) & (shapely.get_dimensions(shapes) == 0)
    centres = np.full(len(shapes), None, dtype=object)
    centres[known] = shapely.force_2d(shapely.centroid(shapes[known]))
    return gpd.GeoSeries(centres, index=placed.index, crs=placed.crs)


def _field(raw: pd.DataFrame, column: str | None, field: str, file: str) -> pd.Series:
    if column is None:
        kind = "float64" if field in NUMBERS else "boolean" if field in TRUTHS else "string"
        missing = np.nan if field in NUMBERS else pd.NA
        return pd.Series(missing, index=raw.index, dtype=kind)
    if field in NUMBERS:
        return numbers(raw[column], field=field, file=file)
    if field in TRUTHS:
        return truths(raw[column], field=field, file=file)
    return text(raw[column])


def _unit_notes(table: gpd.GeoDataFrame, units: Units, file: str) -> list[Phrase]:
    """How many villages lie in no commune, and how many have a code of another structure."""
    if not len(units.communes):
        return []
    notes = []
    homeless = int((table["commune_code"].isna() & table.geometry.notna()).sum())
    if homeless:
        notes.append(
            phrase(
                "{file}: {count} villages lie in no commune and stay without one",
                file=file,
                count=homeless,
            )
        )
    told = table[TOLD[0]].dropna()
    foreign = int((~told.isin(units.communes.index)).sum())
    if foreign:
        notes.append(
            phrase(
                "{file}: {count} villages have a commune code that is none of the units of {day}",
                file=file,
                count=foreign,
                day=units.valid_from,
            )
        )
    return notes


def told_units(villages: gpd.GeoDataFrame) -> pd.DataFrame:
    """What the file itself tells of each village's units, before `indexed` leaves it out.

    Index ``village_id``; `TOLD`, ``unit_doubt`` (see `geodata.unit_match.with_units`) and
    ``row``, as people count the rows of the file. Where there are no units to compare with,
    what is told is what the table has.
    """
    out = pd.DataFrame(index=villages["village_id"].astype(str).rename("village_id"))
    for kept in TOLD:
        column = kept if kept in villages else kept.removeprefix("told_")
        out[kept] = villages[column].to_numpy()
    out["unit_doubt"] = villages["unit_doubt"].to_numpy() if "unit_doubt" in villages else ""
    out["row"] = row_numbers(villages.index)
    return out


def with_centres(
    villages: gpd.GeoDataFrame,
    raw: pd.DataFrame,
    *,
    crs: pyproj.CRS,
    file: str,
    said: AsSaid = NOTHING_SAID,
    extent: Extent | None = None,
) -> gpd.GeoDataFrame:
    """The villages (indexed by id) with the centres of a file.

    Joined by ``village_id`` where the file has it; else each centre belongs to the village
    whose polygon holds it, or, of the villages of its name, the nearest within 5 km. Raises
    `DataError` for two centres of one village and for centres of none.
    """
    found = find_columns(raw.columns, ("village_id", "village"), file=file)
    placed = to_study(raw, crs, file=file, said=said, extent=extent)
    placed = placed[~(placed.geometry.isna() | placed.geometry.is_empty)]
    points = shapely.force_2d(shapely.centroid(placed.geometry.to_numpy()))
    if "village_id" in found:
        ids = with_zeros(text(placed[found["village_id"]]), villages.index)
    else:
        names = text(placed[found["village"]]) if "village" in found else None
        ids = _owners(villages, points, names, placed.index)
    twice = ids[ids.duplicated() & ids.notna()]
    if len(twice):
        raise DataError(
            "{file}: village id {first} occurs twice; give each village one centre",
            file=file,
            first=twice.iloc[0],
        )
    strangers = np.flatnonzero(villages.index.get_indexer(pd.Index(ids)) < 0)
    if len(strangers):
        told = ids.iloc[strangers[0]]
        raise DataError(
            "{file}: {count} centres belong to no village (first: {first}); check the ids",
            file=file,
            count=len(strangers),
            first=phrase("row {row}", row=row_number(placed.index, strangers[0]))
            if told is pd.NA
            else told,
        )
    centres = gpd.GeoSeries(points, index=pd.Index(ids), crs=crs)
    out = villages.copy()
    out["centre"] = gpd.GeoSeries(centres.reindex(villages.index), crs=crs)
    return out


def _owners(
    villages: gpd.GeoDataFrame,
    points: npt.NDArray[np.object_],
    names: pd.Series[str] | None,
    rows: pd.Index,
) -> pd.Series[str]:
    """Village of each centre, by place and, where there are names, by name; NA for none.

    Of several that are as near the one whose id comes first as text. A centre that is near to
    none is of the village without a place that alone of those bears its name.
    """
    shapes = villages.geometry.to_numpy()
    own = villages["village"].map(plain, na_action="ignore").to_numpy()
    told = [""] * len(points) if names is None else [plain(n) for n in names.fillna("")]
    reach = NAMED_WITHIN_M if names is not None else 0.0
    at, village = shapely.STRtree(shapes).query(points, predicate="dwithin", distance=reach)
    apart = shapely.distance(points[at], shapes[village])
    owners: dict[int, tuple[bool, float, str, int]] = {}
    for k, v, far in zip(at.tolist(), village.tolist(), apart.tolist(), strict=True):
        named = told[k] != "" and told[k] == own[v]
        if named or far == 0:
            found = (not named, far, str(villages.index[v]), v)
            owners[k] = min(owners.get(k, found), found)
    lost = pd.Series(villages.index, index=own)[shapely.is_missing(shapes)]
    lost = lost[lost.index.notna() & (lost.index != "") & ~lost.index.duplicated(keep=False)]
    ids = [
        villages.index[owners[k][3]] if k in owners else lost.get(told[k])
        for k in range(len(points))
    ]
    return pd.Series(ids, index=rows, dtype="string")


def indexed(villages: gpd.GeoDataFrame, *, file: str) -> gpd.GeoDataFrame:
    """The table indexed by ``village_id``. Raises `DataError` on missing or repeated ids."""
    ids = villages["village_id"]
    if ids.isna().any():
        raise DataError(
            "{file}, row {row}: the village has no id; fill the column or leave it out altogether",
            file=file,
            row=row_number(villages.index, int(np.flatnonzero(ids.isna())[0])),
        )
    twice = ids.duplicated(keep=False)
    if twice.any():
        first = ids[twice].iloc[0]
        rows = [row_number(villages.index, int(at)) for at in np.flatnonzero(ids == first)]
        raise DataError(
            "{file}: village id {first} occurs in rows {rows} ({count} ids are repeated); ids "
            "must be unique",
            file=file,
            first=first,
            rows=", ".join(map(str, rows[:5])),
            count=int(ids[twice].nunique()),
        )
    out = villages.set_index(villages["village_id"].astype(str).rename("village_id"))
    return out[[*VILLAGE_COLUMNS, "geometry", "centre"]]
