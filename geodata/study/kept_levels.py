"""Levels of signal layers as a kept part of measures, and the pixel weights that they need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, get_args

import numpy as np

from coverage.model import TECHNOLOGIES, Basis, Evidence, Layer, Levels, Measures
from coverage.pixels import LEVELS, AnyLayer, SignalLayer
from coverage.signal import Spoken, joined
from coverage.weights import PixelWeights
from geodata.study.digests import StudyKeys, key_of
from geodata.study.model import Study
from geodata.study.parts import Kind, Means, Part
from geodata.study.store import About, Arrays, Store

NAME = "levels"
WEIGHTS = "weights"


def without_signals(study: Study) -> tuple[Layer, ...]:
    """The study's layers with a footprint of nothing for each of signal, to measure areas by."""
    nothing = study.villages.geometry.iloc[:0]
    return tuple(
        Layer(info=layer.info, footprint=nothing) if isinstance(layer, SignalLayer) else layer
        for layer in study.layers
    )


def levels_arrays(measures: Measures, places: tuple[int, ...]) -> Arrays:
    """What the signal layers at some places say, as named arrays; ``tables`` says which they are.

    ``tables`` is JSON: operator, evidence, technologies, bases and grid of each.
    """
    arrays: dict[str, Any] = {
        "extent_share": measures.extent_share[:, places],
        "extent_centre": measures.extent_centre[:, places],
    }
    about: list[dict[str, Any]] = []
    for k, table in enumerate(measures.levels):
        arrays |= {f"{k} village": table.village, f"{k} centre": table.centre}
        arrays[f"{k} level"] = np.ascontiguousarray(table.level.T)
        arrays |= {f"{k} part {basis}": part for basis, part in table.parts.items()}
        about.append(
            {
                "operator": table.operator,
                "evidence": table.evidence,
                "technologies": list(table.technologies),
                "bases": list(table.parts),
                "grid": table.grid,
            }
        )
    return {**arrays, "tables": np.array(json.dumps(about))}


def with_arrays(measures: Measures, about: About, arrays: Arrays) -> Measures:
    """Measures with the levels that `levels_arrays` told of.

    Raises `ValueError`, `KeyError` or `TypeError` where they are not those of the measures.
    """
    del about
    places = [k for k, layer in enumerate(measures.layers) if layer.kind == "signal"]
    tables = json.loads(str(arrays["tables"]))
    villages = len(measures.villages)
    shape = (villages, len(places))
    spoken = Spoken(
        levels=tuple(_table(k, told, arrays, villages) for k, told in enumerate(tables)),
        extent_share=_array(arrays, "extent_share", "f8", shape),
        extent_centre=_array(arrays, "extent_centre", "?", shape),
    )
    return joined(measures, spoken, places)


def _table(k: int, told: dict[str, Any], arrays: Arrays, villages: int) -> Levels:
    technologies = tuple(t for t in TECHNOLOGIES if t in told["technologies"])
    if told["evidence"] not in get_args(Evidence) or len(technologies) != len(told["technologies"]):
        raise ValueError(told)
    rows = len(arrays[f"{k} village"])
    village = _array(arrays, f"{k} village", "i4", (rows,))
    level = _array(arrays, f"{k} level", "u1", (len(technologies), rows))
    centre = _array(arrays, f"{k} centre", "u1", (villages, len(technologies)))
    ordered = rows == 0 or (village[0] >= 0 and village[-1] < villages and _rises(village))
    if not ordered or max(level.max(initial=0), centre.max(initial=0)) >= LEVELS:
        raise ValueError(k)
    bases: list[Basis] = [basis for basis in get_args(Basis) if basis in told["bases"]]
    return Levels(
        operator=str(told["operator"]),
        evidence=told["evidence"],
        technologies=technologies,
        village=village,
        level=level.T,
        parts={basis: _array(arrays, f"{k} part {basis}", "f8", (rows,)) for basis in bases},
        centre=centre,
        grid=str(told["grid"]),
    )


def _rises(village: np.ndarray[Any, Any]) -> bool:
    return bool((np.diff(village) >= 0).all())


def _array(arrays: Arrays, name: str, kind: str, shape: tuple[int, ...]) -> Any:
    found = np.asarray(arrays[name])
    if found.dtype != np.dtype(kind) or found.shape != shape:
        raise ValueError(name)
    return found


@dataclass(frozen=True)
class KeptWeights:
    """Pixel weights kept among a study's measures."""

    store: Store

    def load(self, key: str) -> PixelWeights | None:
        """Those of a key, None where they are not kept whole."""
        kept = self.store.read(key)
        names = [field.name for field in fields(PixelWeights)]
        if kept is None:
            return None
        if kept[0].get("kind") != WEIGHTS or sorted(kept[1]) != sorted(names):
            self.store.doubt(key)
            return None
        return PixelWeights(**{name: kept[1][name] for name in names})

    def keep(self, key: str, weights: PixelWeights) -> None:
        """Keep those of a key."""
        arrays = {field.name: getattr(weights, field.name) for field in fields(weights)}
        self.store.keep(key, {"kind": WEIGHTS, "villages": len(weights.total)}, arrays)


def _parts(study: Study, keys: StudyKeys) -> Iterator[Part]:
    places = tuple(k for k, x in enumerate(study.layers) if isinstance(x, SignalLayer))
    if not places:
        return
    named = [f"{k} {_named(study.layers[k])}" for k in places]
    people = [f"{basis} {source.key}" for basis, source in sorted(study.amounts.items())]

    def found(measures: Measures, means: Means) -> Arrays:
        spoken = means.engine.levels(
            measures,
            study.layers,
            amounts=study.amounts,
            progress=means.progress,
            weights_cache=KeptWeights(means.store),
        )
        return levels_arrays(spoken, places)

    yield Part(
        kind=NAME,
        key=key_of(NAME, keys.villages, *named, *people),
        measure=found,
        layers=places,
    )


def _named(layer: AnyLayer) -> str:
    """What a signal layer's levels depend on: its pixels, and which table they stand in."""
    i = layer.info
    key = layer.key if isinstance(layer, SignalLayer) else ""
    return f"{key} {i.technology} {i.evidence} {i.operator}"


LEVELS_KIND = Kind(name=NAME, parts=_parts, join=with_arrays)
