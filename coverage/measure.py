"""Measuring: the heavy, rule-free work on villages and layers, done once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from coverage.amounts import NO_AMOUNTS, Places, hexagons, measure_amounts
from coverage.area import centres_of, require_projected, require_villages
from coverage.combinations import Combinations, combine
from coverage.errors import CoverageError
from coverage.mending import MendError
from coverage.model import Areas, Basis, Layer, Measures, Moved
from coverage.moved import Mover, Outlines, between, move_layers
from coverage.pixels import AmountSource, AnyLayer, SignalLayer
from coverage.rings import Floats, Geometries
from coverage.signal import with_levels
from coverage.weights import WeightsCache

ENGINE = 6
"""Goes up with every change that may alter a measure, so that kept ones are measured anew."""

Progress = Callable[[float], None]
Measured = Callable[..., Measures]


def measure(  # noqa: PLR0913  # each is a choice of its own, and all but two have a default
    villages: gpd.GeoDataFrame,
    layers: Sequence[AnyLayer],
    *,
    amounts: Mapping[Basis, AmountSource] = NO_AMOUNTS,
    hexes: bool | Places = False,
    moved: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
    weights_cache: WeightsCache | None = None,
) -> Measures:
    """Measure every village against every combination of footprints and every level, exactly.

    ``villages``: polygons in a projected system in metres, indexed by ``village_id``, with
    an optional point column ``centre`` (None where unknown). ``amounts`` are the people and
    settled places to measure beside the area, ``hexes`` whether H3 hexagons are, or those that
    were found (`coverage.amounts`). ``moved``: whether to measure with every footprint drawn in and
    let out by its accuracy too, for `coverage.sure`. ``threads``: as many as the process may use.
    ``progress`` is told the part done, 0 to 1. ``weights_cache`` keeps what signal layers need
    and depends on the villages and the pixels alone. Raises `CoverageError` on no villages, an
    empty village, duplicate ids, or systems that differ.

    Source of the method: Green's theorem on a grid, see `coverage.kernel`; for signal layers
    exact pixels, see `coverage.signal`.
    """
    signals = any(isinstance(layer, SignalLayer) for layer in layers)
    last, progress = between(progress, 0.3, 1.0), between(progress, 0.0, 0.3 if moved else 1.0)
    bare = _footprints(
        villages, layers, threads=threads,
        progress=_first_half(progress) if amounts or signals else progress,
    )  # fmt: skip
    rest = _second_half(progress)
    found = measure_amounts(
        villages, layers, amounts, hexes=hexes, threads=threads,
        progress=_first_half(rest) if signals else rest,
    )  # fmt: skip
    measures = replace(bare, amounts=found)
    if signals:
        measures = with_levels(
            measures, layers, amounts=amounts, threads=threads,
            progress=_second_half(rest), weights_cache=weights_cache,
        )  # fmt: skip
    if not moved:
        return measures
    out = measure_moved(
        villages, layers, amounts=amounts, hexes=hexes, threads=threads, progress=last
    )
    return replace(measures, moved=out)


def measure_moved(  # noqa: PLR0913  # each is a choice of its own, and all but two have a default
    villages: gpd.GeoDataFrame,
    layers: Sequence[AnyLayer],
    *,
    amounts: Mapping[Basis, AmountSource] = NO_AMOUNTS,
    hexes: bool | Places = False,
    outlines: Outlines | None = None,
    mover: Mover | None = None,
    measured: Measured | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Moved:
    """The part of `measure` with every footprint drawn in, and let out; nothing is checked.

    ``outlines`` may have some of the layers moved already. Signal layers stay as they are: what
    moves there is the level asked for. ``mover`` moves the outlines and ``measured`` measures
    villages against the moved layers, as `measure` does; ``threads`` of this process else.
    """
    points, known = centres_of(villages)
    told = between(progress, 0.0, 0.6)
    both = move_layers(
        villages.geometry.to_numpy(), layers, centres=points[known], outlines=outlines,
        mover=mover, threads=threads, progress=told,
    )  # fmt: skip
    places = hexagons(villages) if hexes is True and measured is None else hexes
    measured = measured or partial(measure, threads=threads)
    inward, outward = (
        _served(measured(villages, without_limits(moved, villages), amounts=amounts,
                         hexes=places, progress=between(progress, low, low + 0.2)))
        for low, moved in zip((0.6, 0.8), both, strict=True)
    )  # fmt: skip
    return Moved(inward=inward, outward=outward)


def without_limits(layers: Sequence[AnyLayer], villages: gpd.GeoDataFrame) -> tuple[Layer, ...]:
    """The footprints of layers, of nothing where they are signals, wherever their filings speak."""
    nothing = villages.geometry.iloc[:0]
    return tuple(
        Layer(info=x.info, footprint=x.footprint if isinstance(x, Layer) else nothing)
        for x in layers
    )


def _served(m: Measures) -> Areas:
    """What of measures stands for moved footprints."""
    return Areas(
        village=m.village,
        combination=m.combination,
        area_m2=m.area_m2,
        centre=m.centre,
        amounts=m.amounts,
    )


def require_measurable(villages: gpd.GeoDataFrame, layers: Sequence[AnyLayer]) -> None:
    """Raises `CoverageError` for villages, footprints or extents that cannot be measured."""
    told = [layer for layer in layers if isinstance(layer, Layer)]
    extents = [layer.extent for layer in told if layer.extent is not None]
    require_projected(villages.geometry, *(layer.footprint for layer in told), *extents)
    require_villages(villages.geometry)
    if not villages.index.is_unique:
        twice = villages.index[villages.index.duplicated()][0]
        raise CoverageError("village id {village} occurs twice; ids must be unique", village=twice)


@contextmanager
def named_layers(layers: Sequence[AnyLayer]) -> Iterator[None]:
    """Name the layer, by operator and technology, whose polygon cannot be mended."""
    try:
        yield
    except MendError as error:
        what = error.parts["what"]
        if not isinstance(what, int):
            raise
        raise error.of(layers[what].info.title) from error


def _footprints(
    villages: gpd.GeoDataFrame,
    layers: Sequence[AnyLayer],
    *,
    threads: int | None,
    progress: Progress | None,
) -> Measures:
    """The areas by combination of footprints; a signal layer has none, and its bit is not set."""
    require_measurable(villages, layers)
    points, has_centre = centres_of(villages)
    with named_layers(layers):
        found = combine(
            villages.geometry.to_numpy(),
            _areas(layers),
            centres=points[has_centre],
            threads=threads,
            progress=progress,
        )
    extent_share, extent_centre = _extents(villages, layers, points, has_centre)
    return Measures(
        villages=villages,
        layers=tuple(layer.info for layer in layers),
        village_area_m2=found.village_area_m2,
        village=found.village,
        combination=found.combination,
        area_m2=found.area_m2,
        centre=_centre_bits(found, points, has_centre),
        has_centre=has_centre,
        extent_share=extent_share,
        extent_centre=extent_centre,
    )


def _areas(layers: Sequence[AnyLayer]) -> list[Geometries]:
    """The polygons of each layer, none for one of signal."""
    nothing = np.empty(0, dtype=object)
    return [x.footprint.to_numpy() if isinstance(x, Layer) else nothing for x in layers]


def _limits(layers: Sequence[AnyLayer]) -> list[tuple[int, gpd.GeoSeries]]:
    """The footprints that have an extent, by place, with it."""
    told = [(k, x.extent) for k, x in enumerate(layers) if isinstance(x, Layer)]
    return [(k, extent) for k, extent in told if extent is not None]


def _first_half(progress: Progress | None) -> Progress | None:
    return None if progress is None else lambda done: progress(done / 2)


def _second_half(progress: Progress | None) -> Progress | None:
    return None if progress is None else lambda done: progress(0.5 + done / 2)


def _centre_bits(
    found: Combinations, points: Floats, known: npt.NDArray[np.bool_]
) -> npt.NDArray[np.uint64]:
    bits = np.zeros(len(points), np.uint64)
    bits[known] = found.centres(points[known])
    return bits


def _extents(
    villages: gpd.GeoDataFrame,
    layers: Sequence[AnyLayer],
    points: Floats,
    known: npt.NDArray[np.bool_],
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Where each filing speaks: share of each village, and its centre (villages × layers)."""
    share = np.ones((len(villages), len(layers)))
    centre = np.ones((len(villages), len(layers)), bool)
    limited = _limits(layers)
    if not limited:
        return share, centre
    found = combine(
        villages.geometry.to_numpy(),
        [extent.to_numpy() for _, extent in limited],
        centres=points[known],
    )
    bits = _centre_bits(found, points, known)
    for bit, (k, _) in enumerate(limited):
        share[:, k] = found.union_m2(1 << bit) / found.village_area_m2
        centre[:, k] = ~known | ((bits >> np.uint64(bit)) & np.uint64(1)).astype(bool)
    return share, centre
