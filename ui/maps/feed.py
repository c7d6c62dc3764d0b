"""What the map is given of a run: addresses of its geometry, served once.

The page sends the component these addresses and the reader's choices, a few kilobytes;
shapes and names travel by the route in `ui.maps.routes` and stay in the browser.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ParamSpec, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from coverage.model import Kind, Layer, Verdict
from coverage.pixels import SignalLayer
from coverage.unplaced import has_place
from geodata.display import (
    SCALE,
    bounds,
    compact_json,
    screen_points,
)
from geodata.map_files import areas_file, chunk_file, outlines_file, shape_file, zones_file
from geodata.signal_picture import CLASSES_DBM, COLOURS, signal_picture
from geodata.study.places import Level, Structure
from geodata.study.results import Run
from ui.maps.assets import Asset, AssetStore
from ui.plain import plain

P = ParamSpec("P")

RECIPE = b"3"
"""Part of every hash: change it when the way shapes are prepared changes."""

AREA_SIMPLIFY_M = 100.0
FAR_M = 150.0
NEAR_M = 10.0
"""Outlines of villages are simplified by this much from afar and from near."""

MOST_OUTLINES = 20_000
"""With more villages than this, only those not covered are drawn from afar."""

LETTERS = {verdict.value: verdict.value[0] for verdict in Verdict}
"""Verdict → its letter in a string of one letter a village."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerFeed:
    """One switchable layer: what it is called, of what kind, and where its shape or picture is."""

    operator: str
    technology: str
    kind: Kind
    asset: Asset


@dataclass(frozen=True, kw_only=True, eq=False)
class Chunk:
    """The outlines of one area's villages, fetched when the reader comes near."""

    box: list[list[float]]
    asset: Asset


@dataclass(frozen=True, kw_only=True, eq=False)
class Feed:
    """The map of one run. Holding it keeps its assets alive.

    ``ids`` are the villages of the village table, in its order; those without a place are not
    among them. ``areas`` is keyed by structure (its position) and level.
    """

    ids: pd.Index
    villages: Asset
    outlines: Asset | None
    chunks: tuple[Chunk, ...]
    areas: dict[tuple[int, Level], Asset]
    layers: tuple[LayerFeed, ...]
    zones_5g: Asset | None
    reconstruction: bool


class Draw(Protocol):
    """Calls a function that draws, here or in a sandbox."""

    def __call__(self, function: Callable[P, bytes], /, *args: P.args, **named: P.kwargs) -> bytes:
        """What it draws of its arguments."""


class Publish(Protocol):
    """Publishes a file that a function draws, when somebody asks for it."""

    def __call__(
        self,
        name: str,
        made_of: Sequence[bytes],
        function: Callable[P, bytes],
        /,
        *args: P.args,
        **named: P.kwargs,
    ) -> Asset:
        """The file's address and bytes; ``made_of`` is what they depend on."""


def draw_here(function: Callable[P, bytes], /, *args: P.args, **named: P.kwargs) -> bytes:
    """Draw in this process."""
    return function(*args, **named)


def _publisher(
    store: AssetStore, audience: str, slug: str, draw: Draw, apart: bytes = b""
) -> Publish:
    """``apart`` names a study that shares no files with others, and whose bounds are its own."""

    def publish(
        name: str,
        made_of: Sequence[bytes],
        function: Callable[P, bytes],
        /,
        *args: P.args,
        **named: P.kwargs,
    ) -> Asset:
        make = partial(draw, function, *args, **named)
        return store.publish(
            name, made_of=[RECIPE + apart, *made_of], make=make, audience=audience, study=slug
        )

    return publish


def make_feed(
    run: Run,
    structures: Sequence[Structure],
    store: AssetStore,
    *,
    audience: str = "",
    slug: str = "",
    draw: Draw = draw_here,
    apart: bytes = b"",
) -> Feed:
    """Publish the geometry of ``run``; shapes are only prepared when first asked for.

    With an ``audience``, nobody else is served it; with the ``slug`` of a study made in the
    browser, nobody who may not open that. ``draw`` prepares them; where that is for one study
    alone, ``apart`` names it.
    """
    publish = _publisher(store, audience, slug, draw, apart)
    here = _publisher(store, audience, slug, draw_here)
    study = run.study
    villages = study.villages
    drawn = _drawn_ids(run)
    zones = study.zones_5g
    table = _at_hand(publish, "villages.json", compact_json(_village_table(run, drawn)))
    return Feed(
        ids=drawn,
        villages=table,
        outlines=_outlines(publish, villages.loc[drawn].geometry, FAR_M)
        if len(villages) <= MOST_OUTLINES and len(drawn)
        else None,
        chunks=tuple(_chunks(publish, run, drawn, structures[0])),
        areas={
            (k, level): _areas(publish, structure, level)
            for k, structure in enumerate(structures)
            for level in structure.levels
        },
        layers=tuple(_layer_feed(publish, here, layer) for layer in study.layers),
        zones_5g=None if zones is None or zones.empty else _zones(publish, zones),
        reconstruction=study.reconstruction is not None,
    )


def letters(verdicts: pd.Series[str]) -> str:
    """One letter a village: c, w, n or u."""
    return "".join([LETTERS[verdict] for verdict in verdicts.tolist()])


def _drawn_ids(run: Run) -> pd.Index:
    """The villages in the table, of those with a place: all, or of too many those not covered."""
    placed = has_place(run.study.villages.geometry)
    verdicts = run.assessment.verdicts["verdict"][placed]
    if len(placed) <= MOST_OUTLINES:
        return verdicts.index
    return verdicts.index[verdicts != Verdict.COVERED.value]


def _at_hand(publish: Publish, name: str, body: bytes) -> Asset:
    """An asset whose bytes are there already."""
    return publish(name, [body], bytes, body)


def _village_table(run: Run, ids: pd.Index) -> dict[str, object]:
    """What a pointer over a village shows, as parallel columns; points in screen steps."""
    villages, verdicts = run.study.villages.loc[ids], run.assessment.verdicts.loc[ids]
    points = screen_points(villages["centre"], areas=villages.geometry)
    communes, commune = np.unique(_words(villages["commune"]), return_inverse=True)
    return {
        "scale": SCALE,
        "bounds": bounds(run.study.villages.geometry).corners(),
        "ids": [str(key) for key in ids],
        "names": _words(villages["village"]),
        "communes": communes.tolist(),
        "commune": commune.tolist(),
        "verdicts": letters(verdicts["verdict"]),
        "people": [None if pd.isna(x) else int(x) for x in villages["population"]],
        "points": points.ravel().tolist(),
    }


def _words(column: pd.Series) -> list[str]:
    """The column as text, with nothing for what is missing."""
    return ["" if pd.isna(value) else plain(value) for value in column]


def _outlines(publish: Publish, geometry: gpd.GeoSeries, tolerance_m: float) -> Asset:
    """Outlines of villages, in the order given, with borders still shared."""
    made_of = [str(tolerance_m).encode(), *_bytes_of(geometry)]
    return publish("outlines.json", made_of, outlines_file, geometry, tolerance_m)


def _chunks(publish: Publish, run: Run, drawn: pd.Index, structure: Structure) -> list[Chunk]:
    """The villages' outlines in detail, by the smallest units that are not too many."""
    level: Level = "district" if "district" in structure.levels else "commune"
    position = pd.Series(range(len(drawn)), index=drawn)
    found = []
    for _, rows in structure.places.groupby(f"{level}_code", sort=True):
        geometry = run.study.villages.geometry.loc[rows.index]
        geometry = geometry[has_place(geometry)]
        if geometry.empty:
            continue
        box = bounds(geometry).corners()
        found.append(Chunk(box=box, asset=_chunk(publish, geometry, position)))
    return found


def _chunk(publish: Publish, geometry: gpd.GeoSeries, position: pd.Series[int]) -> Asset:
    """Detailed outlines with their villages' places in the table, -1 for those not in it."""
    rows = position.reindex(geometry.index).fillna(-1).astype(int)
    made_of = [rows.to_numpy().tobytes(), *_bytes_of(geometry)]
    return publish("near.json", made_of, chunk_file, geometry, rows.tolist(), NEAR_M)


def _areas(publish: Publish, structure: Structure, level: Level) -> Asset:
    """Codes, names and shapes of the areas that have a boundary."""
    names = structure.units(level)
    geometry = structure.boundaries[level].reindex(list(names))
    drawn = geometry[geometry.notna() & ~geometry.is_empty]
    titles = [plain(names[str(code)]) for code in drawn.index]
    told = "\0".join(f"{code}\0{names[str(code)]}" for code in drawn.index)
    made_of = [told.encode(), *_bytes_of(drawn)]
    return publish(f"{level}s.json", made_of, areas_file, drawn, titles, AREA_SIMPLIFY_M)


def _layer_feed(publish: Publish, here: Publish, layer: Layer | SignalLayer) -> LayerFeed:
    """One layer's footprint or signal, prepared when somebody switches it on."""
    if isinstance(layer, SignalLayer):
        return _signal_feed(here, layer)
    return LayerFeed(
        operator=plain(layer.info.operator),
        technology=layer.info.technology,
        kind=layer.info.kind,
        asset=publish("shape.json", _bytes_of(layer.footprint), shape_file, layer.footprint),
    )


def _signal_feed(here: Publish, layer: SignalLayer) -> LayerFeed:
    """A signal layer as a picture, with the rectangle that it fills.

    It is drawn here: its levels are an array by now, and no file of a stranger's.
    """
    made_of = [layer.key.encode(), repr(layer.grid).encode()]
    return LayerFeed(
        operator=plain(layer.info.operator),
        technology=layer.info.technology,
        kind="signal",
        asset=here("signal.json", made_of, _signal_file, layer),
    )


def _signal_file(layer: SignalLayer) -> bytes:
    picture = signal_picture(layer)
    image = f"data:image/png;base64,{base64.b64encode(picture.png).decode()}"
    return compact_json({"image": image, "box": picture.box.corners()})


def _zones(publish: Publish, zones: gpd.GeoDataFrame) -> Asset:
    """The 5G rollout zones, each with what is known of it."""
    texts = {
        name: _words(zones[name]) if name in zones else [""] * len(zones)
        for name in ("zone", "operator", "phase", "status", "start")
    }
    told = zones.drop(columns=zones.geometry.name).to_csv().encode()
    made_of = [told, *_bytes_of(zones.geometry)]
    return publish("zones.json", made_of, zones_file, zones.geometry, texts)


def _bytes_of(geometry: gpd.GeoSeries) -> list[bytes]:
    """The content of a geometry column, for its hash."""
    system = "" if geometry.crs is None else geometry.crs.to_wkt()
    return [system.encode(), *(bytes(shape) for shape in shapely.to_wkb(geometry.array) if shape)]


Address = Callable[[Asset], str]


def feed_data(feed: Feed, *, address: Address) -> dict[str, object]:
    """The feed as the component receives it."""
    return {
        "villages": address(feed.villages),
        "outlines": None if feed.outlines is None else address(feed.outlines),
        "chunks": [{"box": chunk.box, "url": address(chunk.asset)} for chunk in feed.chunks],
        "zones5g": None if feed.zones_5g is None else address(feed.zones_5g),
        "layers": [
            {
                "operator": layer.operator,
                "technology": layer.technology,
                "kind": layer.kind,
                "url": address(layer.asset),
            }
            for layer in feed.layers
        ],
        "signal": {"from": CLASSES_DBM, "colours": COLOURS},
        "reconstruction": feed.reconstruction,
    }
