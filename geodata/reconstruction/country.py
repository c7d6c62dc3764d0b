"""The land and its people: districts, communes, villages and terrain in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from geodata.reconstruction import communes as communes_
from geodata.reconstruction import people as people_
from geodata.reconstruction import villages as villages_
from geodata.reconstruction.gazetteer import CRS, Gazetteer, read_gazetteer
from geodata.reconstruction.grid import (
    COARSE_GRID,
    PROVINCE_GRID,
    TERRAIN_GRID,
    Floats,
    Grid,
    Labels,
)
from geodata.reconstruction.outline import district_labels, drawn_labels
from geodata.reconstruction.real import Real, RealUnits, read_units, read_village_points
from geodata.reconstruction.shapes import fitted, outlined
from geodata.reconstruction.terrain import real_terrain, synthetic_terrain
from geodata.reconstruction.write import SOURCE

PIXELS_A_VILLAGE = 12
FEW = 1_000
"""Fewer villages than this are drawn on coarser pixels."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Country:
    """``villages``: as everywhere in the project. ``land``: the kind of land of each village.

    ``units``: file name to table, indexed by code. ``terrain``: metres on `TERRAIN_GRID`.
    """

    villages: gpd.GeoDataFrame
    land: npt.NDArray[np.object_]
    units: dict[str, gpd.GeoDataFrame]
    terrain: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """What villages stand on. ``labels``: position in ``communes`` plus one, on the fine grid."""

    grid: Grid
    gazetteer: Gazetteer
    units: RealUnits
    communes: pd.DataFrame
    labels: Labels
    land: pd.Series[str]
    terrain: Floats


def make(
    real: Real, village_count: int, *, seed: int, progress: Callable[[float], None]
) -> Country:
    """The land, its units and its villages, from facts, a seed and what is real."""
    few = real.villages is None and village_count < FEW
    ground = _ground(real, COARSE_GRID if few else PROVINCE_GRID, seed=seed)
    progress(0.6)
    pixels = np.bincount(ground.labels.ravel(), minlength=len(ground.communes) + 1)[1:]
    area_km2 = pixels.astype(np.float64) * (ground.grid.step_m / 1000) ** 2
    inhabitants = people_.commune_people(ground.communes, ground.land, area_km2, seed=seed)
    halls = _halls(real, ground, inhabitants, village_count, seed=seed)
    progress(0.8)
    shapes = _shapes(halls, ground, seed)
    table = _villages(ground, halls, shapes, inhabitants, seed)
    units = _units(ground, halls, shapes)
    progress(1.0)
    land = ground.land.to_numpy()[halls.commune]
    return Country(villages=table, land=land, units=units, terrain=ground.terrain)


def _ground(real: Real, grid: Grid, *, seed: int) -> Ground:
    """Districts, communes and terrain."""
    gazetteer = read_gazetteer()
    codes = list(gazetteer.districts.index)
    units = read_units(real, gazetteer)
    if units.districts is not None:
        districts = drawn_labels(units.districts, grid)
    elif units.communes_2023 is not None:
        number = gazetteer.communes["district_code"].map(codes.index).to_numpy() + 1
        districts = np.concatenate([[0], number])[drawn_labels(units.communes_2023, grid)]
    else:
        districts = district_labels(gazetteer, grid, seed=seed)
    if units.communes_2023 is None:
        places = communes_.place_communes(gazetteer, districts, grid)
        labels = communes_.commune_labels(places, districts, codes, grid, seed=seed)
    else:
        places = communes_.real_places(gazetteer, units.communes_2023)
        labels = drawn_labels(units.communes_2023, grid)
    terrain = (
        real_terrain(real.terrain, on=TERRAIN_GRID)
        if real.terrain is not None
        else synthetic_terrain(
            gazetteer.districts, districts, places, grid=grid, on=TERRAIN_GRID, seed=seed
        )
    )
    land = places["district_code"].map(gazetteer.districts["land"])
    return Ground(
        grid=grid,
        gazetteer=gazetteer,
        units=units,
        communes=places,
        labels=labels,
        land=land,
        terrain=terrain,
    )


def _halls(
    real: Real, ground: Ground, inhabitants: Floats, village_count: int, *, seed: int
) -> villages_.Halls:
    if real.villages is not None:
        return villages_.real_halls(read_village_points(real.villages), ground.labels, ground.grid)
    pixels = np.bincount(ground.labels.ravel(), minlength=len(ground.communes) + 1)[1:]
    room = pixels / PIXELS_A_VILLAGE
    counts = people_.village_counts(inhabitants, ground.land, room, village_count)
    x, y = np.meshgrid(ground.grid.xs(), ground.grid.ys())
    height = TERRAIN_GRID.sample(ground.terrain, x, y)
    return villages_.settle(ground.communes, ground.labels, counts, height, ground.grid, seed=seed)


def _shapes(halls: villages_.Halls, ground: Ground, seed: int) -> gpd.GeoSeries:
    """A polygon for each village, then one for each commune's land that no village has."""
    bend = communes_.bend(ground.grid, villages_.BEND_M, seed + 45)
    fine = villages_.village_labels(halls, ground.labels, bend, ground.grid)
    rest = np.where((ground.labels > 0) & (fine == 0), ground.labels + len(halls.x), 0)
    every = (fine + rest).astype(np.int32)
    commune = np.concatenate([halls.commune, np.arange(len(ground.communes))])
    if ground.units.communes_2023 is not None:
        return fitted(every, commune, ground.units.communes_2023, ground.grid)
    if ground.units.districts is not None:
        codes = list(ground.gazetteer.districts.index)
        district = ground.communes["district_code"].map(codes.index).to_numpy()
        return fitted(every, district[commune], ground.units.districts, ground.grid)
    return outlined(every, len(commune), ground.grid)


def _villages(
    ground: Ground,
    halls: villages_.Halls,
    shapes: gpd.GeoSeries,
    inhabitants: Floats,
    seed: int,
) -> gpd.GeoDataFrame:
    places, terrain = ground.communes, ground.terrain
    of = places.iloc[halls.commune]
    district = ground.gazetteer.districts.loc[of["district_code"]]
    kinds, land = of["kind"].to_numpy(), district["land"].to_numpy()
    towns = places[places["kind"] != "xa"]
    at = np.stack([halls.x, halls.y], axis=1)
    about = pd.DataFrame(
        {
            "commune": halls.commune,
            "kind": kinds,
            "height_m": TERRAIN_GRID.sample(terrain, halls.x, halls.y),
            "town_m": cKDTree(towns[["x", "y"]].to_numpy(float)).query(at)[0],
        }
    )
    facts = people_.describe(about, inhabitants, land, seed=seed)
    number = about.groupby("commune").cumcount() + 1
    ids = [f"NA-{code}-{n:03d}" for code, n in zip(of.index, number, strict=True)]
    table = gpd.GeoDataFrame(
        {
            "village": villages_.village_names(halls, kinds, land, seed=seed),
            "commune_code": of.index.to_numpy(),
            "commune": of["name"].to_numpy(),
            "district_code": of["district_code"].to_numpy(),
            "district": district["name"].to_numpy(),
            **{column: facts[column].to_numpy() for column in facts},
        },
        geometry=shapes.to_numpy()[: len(ids)],
        crs=CRS,
        index=pd.Index(ids, name="village_id"),
    )
    table["centre"] = gpd.GeoSeries(_inside(table.geometry, at), index=table.index, crs=CRS)
    return table


def _inside(villages: gpd.GeoSeries, at: Floats) -> npt.NDArray[np.object_]:
    """The halls, those that smoothing left outside their village moved just inside."""
    points = np.asarray(shapely.points(at), object)
    polygons = villages.to_numpy()
    outside = ~shapely.contains_properly(polygons, points)
    points[outside] = shapely.point_on_surface(polygons[outside])
    return points


def _units(
    ground: Ground, halls: villages_.Halls, shapes: gpd.GeoSeries
) -> dict[str, gpd.GeoDataFrame]:
    """The units of 2023, December 2024 and July 2025: unions of the same polygons.

    A real structure of 2025, where given, stays as it is.
    """
    gazetteer, places = ground.gazetteer, ground.communes
    commune = np.concatenate([halls.commune, np.arange(len(places))])
    kept = ~shapely.is_empty(shapes.to_numpy())
    pieces, of = shapes.to_numpy()[kept], places.index.to_numpy()[commune[kept]]
    between = gazetteer.became_2024.loc[of].to_numpy()
    district_2024 = gazetteer.communes_2024["district_code"].loc[between].to_numpy()
    if ground.units.communes_2025 is not None:
        given = ground.units.communes_2025
        later = gpd.GeoDataFrame(gazetteer.units_2025, geometry=given.to_numpy(), crs=CRS)
    else:
        became = gazetteer.became_2025.loc[of].to_numpy()
        later = _dissolved(pieces, became, gazetteer.units_2025["name"])
    communes = _dissolved(pieces, of, places["name"])
    communes["district_code"] = places["district_code"]
    communes["position_estimated"] = places["position_estimated"].astype(bool)
    communes_2024 = _dissolved(pieces, between, gazetteer.communes_2024["name"])
    communes_2024["district_code"] = gazetteer.communes_2024["district_code"]
    return {
        "districts_2023": _dissolved(
            pieces, places["district_code"].loc[of].to_numpy(), gazetteer.districts["name"]
        ),
        "communes_2023": communes,
        "districts_2024": _dissolved(pieces, district_2024, gazetteer.districts_2024),
        "communes_2024": communes_2024,
        "communes_2025": later,
    }


def _dissolved(
    pieces: npt.NDArray[np.object_], codes: npt.NDArray[np.object_], names: pd.Series[str]
) -> gpd.GeoDataFrame:
    found, group = np.unique(codes.astype(str), return_inverse=True)
    whole = [shapely.coverage_union_all(pieces[group == k]) for k in range(len(found))]
    index = pd.Index(found.astype(object), name="code")
    return gpd.GeoDataFrame(
        {"name": names.reindex(index).to_numpy(), "source": SOURCE},
        geometry=whole,
        index=index,
        crs=CRS,
    )
