"""Putting the reconstruction together, step by step, and writing it as a study folder."""

from __future__ import annotations

import glob
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import coverage
from coverage.combinations import default_threads
from coverage.grid import spread
from coverage.model import Expected, Layer, LayerInfo, Technology
from geodata.errors import CallError
from geodata.files import require_usable_name, whole_folder
from geodata.reconstruction import country, rollout, write
from geodata.reconstruction.compiling import compiling_beside
from geodata.reconstruction.country import Country
from geodata.reconstruction.footprints import Views, look, polygons, ragged_reach
from geodata.reconstruction.gazetteer import CRS
from geodata.reconstruction.grid import TERRAIN_GRID
from geodata.reconstruction.real import Real
from geodata.reconstruction.sites import MOST_M, OPERATORS, Places, candidate_places
from geodata.reconstruction.zones import zones_5g
from geodata.staging import sweep

VILLAGES = 3806
UNCOVERED = 63
RULE = coverage.RULES["vn-village"]
EXPECTED = Expected(operators=tuple(o.name for o in OPERATORS), technologies=("3G", "4G"))
REACH_5G_M = 750.0
OPERATORS_5G = (0, 1)

Progress = Callable[[float], None]


def reconstruct(  # noqa: PLR0913  # each names one input file or choice of the command
    folder: Path,
    *,
    seed: int = 586,
    districts: Path | None = None,
    communes: Path | None = None,
    villages: Path | None = None,
    terrain: Path | None = None,
    village_count: int = VILLAGES,
    progress: Progress | None = None,
) -> Path:
    """Write the reconstruction of Nghệ An as a study folder; gives its ``study.toml``.

    The same for the same ``seed`` and inputs, with no network. ``districts``, ``communes``,
    ``villages`` (points) and ``terrain`` (a raster of metres) are real ones to use instead of
    its own; with real villages ``village_count`` is not looked at. Of every 3,806 villages 63
    are left uncovered. ``progress`` is told the part done, 0 to 1. Raises `CallError` when the
    folder holds something already or there are too few villages for one to be uncovered.
    """
    folder = Path(folder)
    require_usable_name(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CallError(
            "{folder} exists and is not an empty folder; name a new one, or empty it first",
            folder=folder,
        )
    if not 50 <= village_count <= 8 * VILLAGES:
        raise CallError(
            "{count} villages were asked for; the reconstruction makes 50 to {most}",
            count=village_count,
            most=8 * VILLAGES,
        )
    tell = progress or _silent
    real = Real(districts=districts, communes=communes, villages=villages, terrain=terrain)
    with compiling_beside() as compiled:
        land = country.make(real, village_count, seed=seed, progress=lambda done: tell(0.4 * done))
        network = build(
            land, seed=seed, progress=lambda done: tell(0.4 + 0.5 * done), compiled=compiled
        )
    sweep(folder.parent, also=f".{glob.escape(folder.name)}-????????")  # of earlier versions
    with whole_folder(folder) as made:
        _write(made, land, network, seed=seed, real=real.names)
        if folder.exists():
            folder.rmdir()  # empty, or somebody was first
    tell(1.0)
    return folder / "study.toml"


def _silent(_done: float) -> None:
    """No one listens."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Built:
    """The network as it stood: its layers, sites, and the area of 5G."""

    layers: tuple[Layer, ...]
    sites: gpd.GeoDataFrame


def build(
    land: Country, *, seed: int, progress: Progress, compiled: Callable[[], None] | None = None
) -> Built:
    """Roll the networks out until the wanted number of villages is left uncovered.

    ``compiled`` waits for the kernels that the join needs (see `compiling_beside`).
    """
    table = land.villages
    halls = table["centre"].to_numpy()
    x, y = shapely.get_x(halls), shapely.get_y(halls)
    places = candidate_places(x, y, land.land, land.terrain, TERRAIN_GRID, seed=seed)
    views = look(places.x, places.y, land.terrain, TERRAIN_GRID, reach_m=MOST_M)
    plans = rollout.networks(places, views, seed=seed)
    progress(0.3)
    people = table["population"].to_numpy(float)
    steps = rollout.history(plans, halls, people, land.land, seed=seed)
    outlook = rollout.Outlook(
        plans=plans,
        villages=table.geometry.to_numpy(),
        halls=halls,
        covered_share=RULE.covered_share - 1e-6,
    )
    progress(0.4)
    wanted = max(1, round(len(table) * UNCOVERED / VILLAGES))
    extra = _layers_5g(places, views, table, seed=seed)

    @lru_cache(maxsize=1)  # what lands is asked for again
    def layers(built: tuple[rollout.Step, ...]) -> tuple[Layer, ...]:
        return (*_layers(plans, built), *extra)

    def join(built: Sequence[rollout.Step]) -> int:
        if compiled is not None:
            compiled()
        measures = coverage.measure(table, layers(tuple(built)))
        verdicts = coverage.judge(measures, RULE, expected=EXPECTED)
        return int(verdicts.verdicts["verdict"].isin(["weak", "none"]).sum())

    built = rollout.stopped(steps, outlook, wanted, join)
    progress(1.0)
    return Built(layers=layers(tuple(built)), sites=_sites(plans, places, built))


def _layer(operator: str, technology: Technology, footprint: gpd.GeoSeries) -> Layer:
    info = LayerInfo(
        operator=operator,
        technology=technology,
        evidence="modelled",
        as_of=pd.Timestamp(write.AS_OF).date(),
        source=write.SOURCE,
    )
    return Layer(info=info, footprint=footprint.set_crs(CRS))


def _layers(plans: Sequence[rollout.Network], built: Sequence[rollout.Step]) -> list[Layer]:
    technologies: tuple[Technology, ...] = ("3G", "4G")

    def layer(which: tuple[int, Technology]) -> Layer:
        k, technology = which
        footprint = rollout.united(plans[k], built, k, with_3g=technology == "3G")
        return _layer(plans[k].operator.name, technology, footprint)

    every = list(product(range(len(plans)), technologies))
    return spread(layer, every, threads=default_threads())


def _layers_5g(
    places: Places, views: Views, villages: gpd.GeoDataFrame, *, seed: int
) -> list[Layer]:
    """5G about the middle of Vinh, by two operators: which ones is our assumption."""
    inside = villages["district_code"].to_numpy() == "412"
    if not inside.any():
        return []
    x, y = np.median(places.x[inside]), np.median(places.y[inside])
    found = []
    for k in OPERATORS_5G:
        reach = ragged_reach(views, np.full(len(places.x), REACH_5G_M), seed=seed + 100 + k)
        near = inside & (np.hypot(places.x - x, places.y - y) < (4_200, 3_200)[k])
        near &= np.random.default_rng(seed + 110 + k).random(len(near)) < 0.7
        near[np.hypot(places.x - x, places.y - y).argmin()] = True
        union = shapely.union_all(polygons(views, reach, np.flatnonzero(near)))
        parts = gpd.GeoSeries(shapely.get_parts(union))
        found.append(_layer(OPERATORS[k].name, "5G", parts))
    return found


def _sites(
    plans: Sequence[rollout.Network], places: Places, built: Sequence[rollout.Step]
) -> gpd.GeoDataFrame:
    rows = [
        {
            "site": f"{plans[s.operator].operator.slug}-{n + 1:04d}",
            "operator": plans[s.operator].operator.name,
            "technologies": "4G" if plans[s.operator].area_3g[s.place] is None else "3G, 4G",
            "reach": s.scale,
            "source": write.SOURCE,
        }
        for n, s in enumerate(built)
    ]
    at = [s.place for s in built]
    points = gpd.points_from_xy(places.x[at], places.y[at])
    return gpd.GeoDataFrame(rows, geometry=points, crs=CRS)


def _write(made: Path, land: Country, built: Built, *, seed: int, real: tuple[str, ...]) -> None:
    table = land.villages
    write.write_layer(table.drop(columns="centre").reset_index(), made / "villages.gpkg")
    halls = gpd.GeoDataFrame(
        {"village_id": table.index}, geometry=table["centre"].to_numpy(), crs=CRS
    )
    write.write_layer(halls, made / "centres.gpkg")
    for name, units in land.units.items():
        write.write_layer(units.reset_index(), made / f"{name}.gpkg")
    write.write_terrain(land.terrain, TERRAIN_GRID, made / "terrain.tif")
    write.write_layer(built.sites, made / "sites.gpkg")
    entries = []
    slugs = {o.name: o.slug for o in OPERATORS}
    for layer in built.layers:
        info = layer.info
        path = f"layers/{slugs[info.operator]}_{info.technology.lower()}.gpkg"
        filed = gpd.GeoDataFrame(
            {"operator": info.operator, "technology": info.technology, "source": write.SOURCE},
            geometry=layer.footprint,
            index=layer.footprint.index,
        )
        write.write_layer(filed, made / path)
        entries.append((info.operator, info.technology, path))
    zones = zones_5g(built.layers, land.units, table)
    write.write_layer(zones, made / "zones_5g.gpkg")
    text = write.study_toml(entries, seed=seed, real=real, operators=EXPECTED.operators)
    (made / "study.toml").write_text(text, encoding="utf-8")
