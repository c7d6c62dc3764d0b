"""No order of rows, in any file, changes an answer; points on borders belong to one village."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point, box

import geodata
from coverage.heard import LIMITS, heard_of
from coverage.rules import RULES
from coverage.summarise import by_unit
from geodata.nearest import nearest_tables
from geodata.study.conflicts import conflicts_of
from geodata.study.places import structure_in_force
from tests import drives, tiny, tiny_study

X, Y = tiny.X0, tiny.Y0
SETTLED = '\n[settled]\npath = "settled.gpkg"\n'
TABLES = ("villages.gpkg", "communes.gpkg", "districts.gpkg", "communes_2025.gpkg", "zones.gpkg",
          "sites.gpkg", "settled.gpkg", "Alpha.gpkg", "Beta.gpkg")  # fmt: skip
LINES = ("centres.csv", "drive.csv")


def on_borders() -> list[Point]:
    """Points where two and four of the nine villages meet, and in the middle of one."""
    return [
        *(Point(X + 1000 * i, Y + 1000 * j) for i in (1, 2) for j in (1, 2)),
        *(Point(X + 1000 * i, Y + 500 + 1000 * j) for i in (1, 2) for j in range(3)),
        *(Point(X + 500 + 1000 * i, Y + 1000 * j) for j in (1, 2) for i in range(3)),
        Point(X + 2500, Y + 2500),
    ]


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    file = tiny_study.write_study(tmp_path / "study", reconstruction=False)
    text = file.read_text("utf-8")
    gpd.GeoDataFrame(geometry=on_borders(), crs=tiny.CRS).to_file(file.parent / "settled.gpkg")
    strips = [box(X + 100 * k, Y, X + 100 * k + 150, Y + 3000) for k in range(15)]
    gpd.GeoDataFrame(geometry=strips, crs=tiny.CRS).to_file(file.parent / "Alpha.gpkg")
    sites = [Point(X + 500 + 1000 * i, Y + 500 + 1000 * j) for i in range(4) for j in range(4)]
    named = {"site": [f"S{k}" for k in range(16)], "operator": ["A", "B"] * 8,
             "technologies": ["4G"] * 16}  # fmt: skip
    gpd.GeoDataFrame(named, geometry=sites, crs=tiny.CRS).to_file(file.parent / "sites.gpkg")
    file.write_text(text + SETTLED, "utf-8")
    border = [
        line
        for k, point in enumerate(on_borders())
        for line in _samples(point, -120.0 if k % 2 else -80.0)
    ]
    drives.plant(file, (*drives.PLANTED, *border))
    return file.parent


def _samples(point: Point, dbm: float) -> list[str]:
    place = gpd.GeoSeries([point], crs=tiny.CRS).to_crs("EPSG:4326").iloc[0]
    head = f"{place.y:.12f},{place.x:.12f},Alpha,4G,{dbm:g}"
    return [f"2023-09-01 11:{k:02d}:00,{head}" for k in range(6)]


def answers(folder: Path) -> dict[str, Any]:
    """All that a study answers, sorted by id where rows stand in the order of the file."""
    study = geodata.open_study(folder)
    run = geodata.assess_study(study)
    verdicts = run.assessment.verdicts.sort_index()
    covered = verdicts["verdict"] == "covered"
    places = structure_in_force(study).places.join(study.villages[["population"]])
    units = by_unit(places.join(verdicts[["verdict"]]), "commune").sort_index()
    near = nearest_tables(
        study.villages,
        covered.reindex(study.villages.index),
        footprints=[layer.footprint for layer in study.footprints],
        sites=study.sites,
    )
    conflicts = conflicts_of(study, run.assessment)
    return {
        "verdicts": verdicts.drop(columns=["best_share", "margin", "any_share"]),
        "shares": verdicts[["best_share", "margin", "any_share"]].round(9),
        "units": units,
        "conflicts": conflicts.table.sort_values(["rank", "village_id", "operator"]).round(9),
        "used": (conflicts.given, conflicts.used),
        **{name: table.sort_index().round(6) for name, table in near.items()},
    }


def same(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name, found in one.items():
        if isinstance(found, pd.DataFrame):
            pd.testing.assert_frame_equal(
                found.rename_axis("row").reset_index(drop=name == "conflicts"),
                other[name].rename_axis("row").reset_index(drop=name == "conflicts"),
                obj=name,
            )
        else:
            assert found == other[name], name


def shuffled(path: Path, seed: int) -> None:
    """Put the rows of a file into another order."""
    rng = np.random.default_rng(seed)
    if path.suffix == ".csv":
        head, *rows = path.read_text("utf-8").splitlines()
        path.write_text("\n".join([head, *(rows[k] for k in rng.permutation(len(rows)))]), "utf-8")
        return
    table = gpd.read_file(path)
    path.unlink()
    table.iloc[rng.permutation(len(table))].reset_index(drop=True).to_file(path)


@pytest.mark.heavy
def test_no_row_order_of_any_file_changes_an_answer(folder: Path) -> None:
    before = answers(folder)
    assert before["used"][1] > 60
    for seed, name in enumerate((*TABLES, *LINES)):
        shuffled(folder / name, seed)
        try:
            same(before, answers(folder))
        except AssertionError as error:
            raise AssertionError(f"the order of {name} changed an answer: {error}") from error


def villages_of(order: list[int]) -> gpd.GeoDataFrame:
    return tiny.villages().iloc[order]


@pytest.mark.parametrize("turn", [lambda n: list(range(n)), lambda n: list(range(n))[::-1]])
def test_a_sample_on_a_border_is_of_the_village_whose_id_comes_first(
    turn: Callable[[int], list[int]],
) -> None:
    villages = villages_of(turn(9))
    points = on_borders()
    samples = gpd.GeoDataFrame(
        {"operator": "Alpha", "technology": "4G", "dbm": [-80.0] * len(points)},
        geometry=points,
        crs=tiny.CRS,
    )
    found = heard_of(samples, villages.geometry, RULES["vn-village"], LIMITS)
    ids = villages.index.to_numpy()[found.table["village"].to_numpy()].tolist()
    # where four meet, where two meet side by side, where two meet above each other, inside one
    assert ids[:4] == ["v1", "v4", "v2", "v5"]
    assert ids[4:10] == ["v1", "v4", "v7", "v2", "v5", "v8"]
    assert ids[10:] == ["v1", "v2", "v3", "v4", "v5", "v6", "v9"]
