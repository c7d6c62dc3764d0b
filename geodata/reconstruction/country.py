"""The land and its people: districts, communes, villages and terrain in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

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
from geodata.reconstruction.grid import PROVINCE_GRID as GRID
from geodata.reconstruction.grid import TERRAIN_GRID, Floats, Labels
from geodata.reconstruction.outline import district_labels
from geodata.reconstruction.shapes import outlined
from geodata.reconstruction.terrain import real_terrain, synthetic_terrain
from geodata.reconstruction.write import SOURCE

PIXELS_A_VILLAGE = 7


@dataclass(frozen=True, kw_only=True)
class Real:
    """Real inputs, where given."""

    districts: Path | None = None
    communes: Path | None = None
    villages: Path | None = None
    terrain: Path | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Which of them were given."""
        return tuple(f.name for f in fields(self) if getattr(self, f.name) is not None)


@dataclass(frozen=True, kw_only=True, eq=False)
class Country:
    """``villages``: as everywhere in the project. ``land``: the kind of land of each village.

    ``units``: file name to table, indexed by code. ``terrain``: metres on `TERRAIN_GRID`.
    """

    villages: gpd.GeoDataFrame
    land: npt.NDArray[np.object_]
    units: dict[str, gpd.GeoDataFrame]
    terrain: Floats


def make(
    real: Real, village_count: int, *, seed: int, progress: Callable[[float], None]
) -> Country:
    """The land, its units and its villages, from facts, a seed and what is real."""
    gazetteer = read_gazetteer()
    codes = list(gazetteer.districts.index)
    districts = district_labels(gazetteer, GRID, seed=seed)
    progress(0.4)
    places = communes_.place_communes(gazetteer, districts, GRID)
    labels = communes_.commune_labels(places, districts, codes, GRID, seed=seed)
    progress(0.6)
    terrain = (
        real_terrain(real.terrain, on=TERRAIN_GRID)
        if real.terrain
        else synthetic_terrain(
            gazetteer.districts, districts, places, grid=GRID, on=TERRAIN_GRID, seed=seed
        )
    )
    land = places["district_code"].map(gazetteer.districts["land"])
    pixels = np.bincount(labels.ravel(), minlength=len(places) + 1)[1:]
    inhabitants = people_.commune_people(
        places, land, pixels * (GRID.step_m / 1000) ** 2, seed=seed
    )
    halls = _halls(real, places, labels, land, inhabitants, terrain, village_count, seed)
    progress(0.8)
    shapes = _shapes(halls, labels, len(places), seed)
    table = _villages(gazetteer, places, halls, shapes, terrain, inhabitants, seed)
    units = _units(gazetteer, places, labels, halls, shapes)
    progress(1.0)
    return Country(
        villages=table, land=land.to_numpy()[halls.commune], units=units, terrain=terrain
    )


def _halls(
    real: Real,
    places: pd.DataFrame,
    labels: Labels,
    land: pd.Series[str],
    inhabitants: Floats,
    terrain: Floats,
    village_count: int,
    seed: int,
) -> villages_.Halls:
    if real.villages is not None:
        points = gpd.read_file(real.villages).to_crs(CRS)
        return villages_.real_halls(points, labels, places, GRID)
    pixels = np.bincount(labels.ravel(), minlength=len(places) + 1)[1:]
    room = pixels / PIXELS_A_VILLAGE
    counts = people_.village_counts(inhabitants, land, room, village_count)
    x, y = np.meshgrid(GRID.xs(), GRID.ys())
    height = TERRAIN_GRID.sample(terrain, x, y)
    return villages_.settle(places, labels, counts, height, GRID, seed=seed)


def _shapes(halls: villages_.Halls, labels: Labels, communes: int, seed: int) -> gpd.GeoSeries:
    """A polygon for each village, then one for each commune's land that no village has."""
    bend = communes_.bend(GRID, villages_.BEND_M, seed + 45)
    fine = villages_.village_labels(halls, labels, bend, GRID)
    rest = np.where((labels > 0) & (fine == 0), labels + len(halls.x), 0)
    return outlined((fine + rest).astype(np.int32), len(halls.x) + communes, GRID)


def _villages(
    gazetteer: Gazetteer,
    places: pd.DataFrame,
    halls: villages_.Halls,
    shapes: gpd.GeoSeries,
    terrain: Floats,
    inhabitants: Floats,
    seed: int,
) -> gpd.GeoDataFrame:
    of = places.iloc[halls.commune]
    district = gazetteer.districts.loc[of["district_code"]]
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
    points = shapely.points(at)
    polygons = villages.to_numpy()
    outside = ~shapely.contains_properly(polygons, points)
    points[outside] = shapely.point_on_surface(polygons[outside])
    found: npt.NDArray[np.object_] = points
    return found


def _units(
    gazetteer: Gazetteer,
    places: pd.DataFrame,
    labels: Labels,
    halls: villages_.Halls,
    shapes: gpd.GeoSeries,
) -> dict[str, gpd.GeoDataFrame]:
    """Districts and communes of 2023 and the units of 2025: unions of the same polygons."""
    commune = np.concatenate([halls.commune, np.arange(len(places))])
    kept = ~shapely.is_empty(shapes.to_numpy())
    pieces, of = shapes.to_numpy()[kept], places.index.to_numpy()[commune[kept]]
    became = communes_.became_2025(gazetteer, places, labels)
    communes = _dissolved(pieces, of, places["name"])
    communes["district_code"] = places["district_code"]
    communes["position_estimated"] = places["position_estimated"].astype(bool)
    return {
        "districts_2023": _dissolved(
            pieces, places["district_code"].loc[of].to_numpy(), gazetteer.districts["name"]
        ),
        "communes_2023": communes,
        "communes_2025": _dissolved(
            pieces, became.loc[of].to_numpy(), gazetteer.units_2025["name"]
        ),
    }


def _dissolved(
    pieces: npt.NDArray[np.object_], codes: npt.NDArray[np.object_], names: pd.Series[str]
) -> gpd.GeoDataFrame:
    groups = pd.Series(np.arange(len(pieces))).groupby(codes).indices
    table = gpd.GeoDataFrame(
        {"name": names.loc[list(groups)].to_numpy(), "source": SOURCE},
        geometry=[shapely.coverage_union_all(pieces[rows]) for rows in groups.values()],
        index=pd.Index(list(groups), name="code"),
        crs=CRS,
    )
    return table
