"""The parts of the reconstruction, on small grounds a hand can check."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geodata.reconstruction.communes import place_communes
from geodata.reconstruction.footprints import look, polygons, ragged_reach
from geodata.reconstruction.gazetteer import DISTRICTS, MISPLACED, read_gazetteer
from geodata.reconstruction.grid import Grid, Labels, tidy
from geodata.reconstruction.people import apportioned, village_counts
from geodata.reconstruction.rollout import Network, Outlook, Step, history, stopped
from geodata.reconstruction.shapes import fitted, outlined
from geodata.reconstruction.sites import OPERATORS
from geodata.reconstruction.villages import real_halls, village_names

GRID = Grid(left_m=0, top_m=2000, step_m=100, width=20, height=20)


def halves() -> Labels:
    labels = np.ones(GRID.shape, np.int32)
    labels[:, 10:] = 2
    return labels


def test_the_gazetteer_has_the_units_of_all_three_structures() -> None:
    found = read_gazetteer()
    assert (len(found.districts), len(found.communes), len(found.units_2025)) == (21, 460, 130)
    assert (len(found.districts_2024), len(found.communes_2024)) == (20, 412)
    kinds = found.communes["kind"].value_counts().to_dict()
    assert kinds == {"xa": 411, "phuong": 32, "thi-tran": 17}
    assert set(found.became_2025) == set(found.units_2025.index)
    assert set(found.became_2024) == set(found.communes_2024.index)


def test_cua_lo_and_the_four_communes_of_nghi_loc_are_where_they_were_in_2023() -> None:
    communes = read_gazetteer().communes
    assert (communes["district_code"] == "413").sum() == 7
    assert set(communes.loc[["17902", "17905", "17917", "17926"], "district_code"]) == {"429"}


def test_wrong_shared_and_missing_positions_are_flagged_not_used() -> None:
    communes = read_gazetteer().communes
    assert communes.loc[list(MISPLACED), "position_estimated"].all()
    assert communes.loc[communes["position_estimated"], "x"].isna().all()
    assert not communes.dropna(subset="x").duplicated(["x", "y"]).any()


def test_communes_are_placed_inside_their_district() -> None:
    found = read_gazetteer()
    one = found.communes[found.communes["district_code"] == "412"]
    grid = Grid(left_m=590_000, top_m=2_080_000, step_m=200, width=90, height=100)
    labels = np.zeros(grid.shape, np.int32)
    labels[20:90, 20:80] = 1
    placed = place_communes(found, labels, grid).loc[one.index]
    row, column = grid.pixel(placed["x"].to_numpy(float), placed["y"].to_numpy(float))
    assert (labels[row, column] == 1).all()
    assert not placed.duplicated(["x", "y"]).any()


def test_the_districts_are_those_of_the_table() -> None:
    assert [code for code, *_ in DISTRICTS] == [str(n) for n in range(412, 433)]
    high = sum(km2 for *_, km2, land in DISTRICTS if "mountain" in land)
    assert high / sum(km2 for *_, km2, _ in DISTRICTS) == pytest.approx(0.833, abs=0.005)


def test_a_lesser_piece_joins_its_neighbour() -> None:
    labels = halves()
    labels[3:5, 15:17] = 1
    assert np.array_equal(tidy(labels, labels > 0), halves())


def test_outlined_labels_share_their_borders() -> None:
    shapes = outlined(halves(), 2, GRID)
    assert shapely.coverage_is_valid(shapes.to_numpy())
    assert shapes.area.tolist() == [2_000_000, 2_000_000]


def test_fitted_labels_fill_the_real_shape_and_stay_a_coverage() -> None:
    west = shapely.Polygon([(33, 40), (1000, 5), (1012, 1990), (60, 1950)])
    east = shapely.Polygon([(1000, 5), (1970, 20), (1955, 1900), (1012, 1990)])
    labels = halves()
    labels[10:, :10] = 3
    shapes = fitted(labels, np.array([0, 1, 0]), gpd.GeoSeries([west, east]), GRID)
    assert shapely.coverage_is_valid(shapes.to_numpy())
    assert shapes.area.sum() == pytest.approx(west.area + east.area)
    assert shapes.iloc[1].equals(east)


def test_apportioned_numbers_add_up_and_keep_their_least() -> None:
    found = apportioned(100, np.array([1.0, 1.0, 1000.0]), least=3)
    assert found.sum() == 100
    assert found.min() >= 3


def test_no_commune_has_more_villages_than_it_has_room_for() -> None:
    land = pd.Series(["city", "lowland"])
    counts = village_counts(np.array([90_000.0, 10_000.0]), land, np.array([5.0, 80.0]), 40)
    assert counts.tolist() == [5, 35]


def test_names_are_unique_in_a_commune_and_real_ones_are_kept() -> None:
    points = gpd.GeoDataFrame(
        {"village_name": ["Na Loi", "Na Loi", "Khe Nính"]},
        geometry=gpd.points_from_xy([500, 500, 700], [500, 500, 900]),
    )
    halls = real_halls(points, halves(), GRID)
    assert len({(x, y) for x, y in zip(halls.x, halls.y, strict=True)}) == 3
    kinds, land = np.array(["xa"] * 3, object), np.array(["high mountain"] * 3, object)
    assert sorted(village_names(halls, kinds, land, seed=1)) == ["Khe Nính", "Na Loi", "Na Loi 2"]


def test_a_wall_casts_a_shadow_and_flat_ground_does_not() -> None:
    grid = Grid(left_m=0, top_m=20_000, step_m=500, width=40, height=40)
    flat = np.zeros(grid.shape)
    wall = flat.copy()
    wall[:, 24:26] = 900.0
    at = np.array([10_000.0])
    reach = np.array([5_000.0])
    open_view = look(at, at, flat, grid, reach_m=6_000)
    shut_view = look(at, at, wall, grid, reach_m=6_000)
    east = ragged_reach(shut_view, reach, seed=1)[0][0]
    assert ragged_reach(open_view, reach, seed=1)[0].min() > 2_000
    assert east < 3_200
    (area,) = polygons(open_view, ragged_reach(open_view, reach, seed=1), np.array([0]))
    assert area.is_valid
    assert area.contains(shapely.Point(10_000, 10_000))


def row_of_villages(
    count: int,
) -> tuple[np.ndarray, np.ndarray, Network]:
    """Villages of 1 km² in a row, a hall in the middle of each, one operator's site at each."""
    squares = np.array([shapely.box(1000 * k, 0, 1000 * k + 1000, 1000) for k in range(count)])
    halls = shapely.centroid(squares)
    sites = np.array([shapely.buffer(h, 300) for h in halls], object)
    plan = Network(operator=OPERATORS[0], area_4g=sites, area_3g=np.full(count, None))
    return squares, halls, plan


def test_the_rollout_starts_where_most_people_are_and_stops_at_the_wanted_number() -> None:
    squares, halls, plan = row_of_villages(6)
    people = np.array([50.0, 600.0, 20.0, 300.0, 10.0, 90.0])
    steps = history([plan], halls, people, np.array(["high mountain"] * 6, object), seed=1)
    assert steps[0].place == 1
    assert steps[-1].place == 4
    outlook = Outlook(plans=(plan,), villages=squares, halls=halls, covered_share=0.5)
    built = stopped(steps, outlook, 2, lambda done: len(outlook.uncovered(done)))
    assert outlook.uncovered(built).tolist() == [2, 4]


def test_the_last_site_reaches_less_far_to_land_on_the_number() -> None:
    squares, halls, plan = row_of_villages(3)
    wide = np.array([shapely.box(100, 100, 2900, 900)] * 3, object)
    plan = Network(operator=plan.operator, area_4g=wide, area_3g=np.full(3, None))
    outlook = Outlook(plans=(plan,), villages=squares, halls=halls, covered_share=0.5)
    built = stopped(
        [Step(operator=0, place=0)], outlook, 2, lambda done: len(outlook.uncovered(done))
    )
    assert built[-1].scale < 1
    assert len(outlook.uncovered(built)) == 2
