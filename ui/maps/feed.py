"""What the map is given of a run: addresses of its geometry, served once.

The page sends the component these addresses and the reader's choices, a few kilobytes;
shapes and names travel by the route in `ui.maps.routes` and stay in the browser.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from coverage.model import Layer, Verdict
from geodata.display import (
    SCALE,
    bounds,
    compact_json,
    encode_shapes,
    screen_area,
    screen_coverage,
    screen_points,
)
from geodata.study.results import Run
from ui.maps.areas import Areas, Level, areas_of
from ui.maps.assets import Asset, AssetStore
from ui.plain import plain

RECIPE = b"1"
"""Part of every hash: change it when the way shapes are prepared changes."""

AREA_SIMPLIFY_M = 100.0


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerFeed:
    """One switchable footprint: what it is called, and where its shape is."""

    operator: str
    technology: str
    asset: Asset


@dataclass(frozen=True, kw_only=True, eq=False)
class Feed:
    """The map of one run. Holding it keeps its assets alive."""

    areas: Areas
    area_asset: Asset
    points: Asset
    covered: Asset
    layers: tuple[LayerFeed, ...]
    zones_5g: Asset | None
    reconstruction: bool


def make_feed(run: Run, store: AssetStore) -> Feed:
    """Publish the geometry of ``run``; shapes are only prepared when first asked for."""
    areas, study = areas_of(run), run.study
    zones = study.zones_5g
    return Feed(
        areas=areas,
        area_asset=_publish(store, "areas.json", compact_json(_area_table(areas))),
        points=_publish(store, "villages.json", compact_json(vars(gap_columns(run, areas.level)))),
        covered=_covered_asset(run, areas.level, store),
        layers=tuple(_layer_feed(layer, store) for layer in study.layers),
        zones_5g=None if zones is None or zones.empty else _shape_asset(zones.geometry, store),
        reconstruction=study.reconstruction is not None,
    )


def _publish(store: AssetStore, name: str, body: bytes) -> Asset:
    """An asset whose bytes are at hand."""
    return store.publish(name, made_of=[body], make=lambda: body)


def _area_table(areas: Areas) -> dict[str, object]:
    """Codes, names, counts and shapes of the areas that have a boundary."""
    drawn = areas.geometry[areas.geometry.notna() & ~areas.geometry.is_empty]
    figures = areas.figures.loc[drawn.index]
    simple = screen_coverage(drawn, tolerance_m=AREA_SIMPLIFY_M)
    inside = shapely.point_on_surface(np.asarray(simple.array))
    return {
        "scale": SCALE,
        "bounds": bounds(drawn).corners(),
        "codes": [str(code) for code in drawn.index],
        "names": [str(name) for name in figures["name"].fillna("")],
        "uncovered": [int(count) for count in figures["uncovered"]],
        "villages": [int(count) for count in figures["villages"]],
        "labels": np.round(shapely.get_coordinates(inside), 5).tolist(),
        "shapes": encode_shapes(simple),
    }


@dataclass(frozen=True, kw_only=True)
class VillageColumns:
    """What a pointer over a village shows, as parallel columns; points in screen steps."""

    ids: list[str]
    names: list[str]
    communes: list[str]
    areas: list[str]
    verdicts: list[str]
    operators: list[str]
    shares: list[float | None]
    people: list[int | None]
    points: list[list[int]]
    scale: int = SCALE


def gap_columns(run: Run, level: Level) -> VillageColumns:
    """The villages that are not covered: uncovered or unknown."""
    verdicts = run.assessment.verdicts
    return _columns(run, verdicts.index[verdicts["verdict"] != Verdict.COVERED.value], level)


def _columns(run: Run, ids: pd.Index, level: Level) -> VillageColumns:
    villages = run.study.villages.loc[ids]
    verdicts = run.assessment.verdicts.loc[ids]
    points = screen_points(villages["centre"], areas=villages.geometry)
    return VillageColumns(
        ids=[str(key) for key in ids],
        names=_words(villages["village"]),
        communes=_words(villages["commune"]),
        areas=_words(villages[f"{level}_code"]),
        verdicts=_words(verdicts["verdict"]),
        operators=_words(verdicts["best_operator"]),
        shares=[None if pd.isna(x) else round(float(x), 4) for x in verdicts["best_share"]],
        people=[None if pd.isna(x) else int(x) for x in villages["population"]],
        points=points.tolist(),
    )


def _words(column: pd.Series) -> list[str]:
    """The column as text, with nothing for what is missing."""
    return ["" if pd.isna(value) else plain(value) for value in column]


def _covered_asset(run: Run, level: Level, store: AssetStore) -> Asset:
    """Every village with its outline, for the reader who asks to see the covered ones."""
    villages = run.study.villages

    def make() -> bytes:
        table = vars(_columns(run, villages.index, level))
        return compact_json({**table, "shapes": encode_shapes(screen_coverage(villages.geometry))})

    made_of = [RECIPE, run.run_id.encode(), *_bytes_of(villages.geometry)]
    return store.publish("all_villages.json", made_of=made_of, make=make)


def _layer_feed(layer: Layer, store: AssetStore) -> LayerFeed:
    """One layer's footprint, prepared when somebody switches it on."""
    return LayerFeed(
        operator=layer.info.operator,
        technology=layer.info.technology,
        asset=_shape_asset(layer.footprint, store),
    )


def _shape_asset(geometry: gpd.GeoSeries, store: AssetStore) -> Asset:
    """An area as one shape."""

    def make() -> bytes:
        return compact_json({"scale": SCALE, "shapes": encode_shapes(screen_area(geometry))})

    return store.publish("shape.json", made_of=[RECIPE, *_bytes_of(geometry)], make=make)


def _bytes_of(geometry: gpd.GeoSeries) -> list[bytes]:
    """The content of a geometry column, for its hash."""
    system = "" if geometry.crs is None else geometry.crs.to_wkt()
    return [system.encode(), *(bytes(shape) for shape in shapely.to_wkb(geometry.array) if shape)]


Address = Callable[[Asset], str]


def feed_data(feed: Feed, *, address: Address) -> dict[str, object]:
    """The feed as the component receives it."""
    return {
        "areas": address(feed.area_asset),
        "points": address(feed.points),
        "covered": address(feed.covered),
        "zones5g": None if feed.zones_5g is None else address(feed.zones_5g),
        "layers": [
            {
                "operator": layer.operator,
                "technology": layer.technology,
                "url": address(layer.asset),
            }
            for layer in feed.layers
        ],
        "reconstruction": feed.reconstruction,
    }
