"""People, settled places and hexagons as kept parts of measures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

import numpy as np

from coverage.amounts import measure_amounts
from coverage.model import Amounts, Basis, Measures
from coverage.pixels import AmountSource
from coverage.unplaced import amounts_with_unplaced, has_place
from geodata.study.digests import StudyKeys, key_of
from geodata.study.model import Study
from geodata.study.parts import Kind, Means, Part
from geodata.study.store import About, Arrays

NAME = "amounts"
ARRAYS: Mapping[str, str] = MappingProxyType(
    {"village": "i4", "combination": "u8", "amount": "f8", "total": "f8"}
)
"""Arrays of amounts, with their types."""


def amounts_arrays(amounts: Amounts) -> Arrays:
    """Amounts as named arrays."""
    return {name: getattr(amounts, name) for name in ARRAYS}


def amounts_from(arrays: Arrays, *, villages: int, layers: int) -> Amounts:
    """The amounts in named arrays. Raises `ValueError` or `KeyError` where they do not fit."""
    found = {name: np.asarray(arrays[name]) for name in ARRAYS}
    rows = (len(found["village"]),)
    for name, kind in ARRAYS.items():
        shape = (villages,) if name == "total" else rows
        if found[name].dtype != np.dtype(kind) or found[name].shape != shape:
            raise ValueError(name)
    village, beyond = found["village"], found["combination"] >> np.uint64(layers)
    if len(village) and (village.min() < 0 or village.max() >= villages or beyond.any()):
        raise ValueError("village")
    return Amounts(
        village=village,
        combination=found["combination"],
        amount=found["amount"],
        total=found["total"],
    )


def _parts(study: Study, keys: StudyKeys) -> Iterator[Part]:
    """One part for each source, whatever it stands for, and one for hexagons where asked."""
    bases: dict[str, list[Basis]] = {}
    for basis, source in study.amounts.items():
        bases.setdefault(source.key, []).append(basis)
    for key, stands_for in bases.items():
        source = study.amounts[stands_for[0]]
        yield Part(
            kind=NAME,
            key=key_of(NAME, key, keys.areas),
            about={"bases": stands_for},
            measure=partial(_arrays, study=study, sources={stands_for[0]: source}),
        )
    if study.hexes:
        yield Part(
            kind=NAME,
            key=key_of(NAME, "hexes", keys.areas),
            about={"bases": ["hexes"]},
            measure=partial(_arrays, study=study, sources={}),
            follows=True,
        )


def _arrays(
    measures: Measures,
    means: Means,
    *,
    study: Study,
    sources: Mapping[Basis, AmountSource],
) -> Arrays:
    """What one source holds or, without any, the hexagons."""
    found = means.engine.amounts(
        measures.villages, study.layers, sources, hexes=not sources, progress=means.progress
    )
    return amounts_arrays(next(iter(found.values())))


def _join(measures: Measures, about: About, arrays: Arrays) -> Measures:
    """Raises `ValueError` or `KeyError` where what was kept does not fit."""
    found = amounts_from(arrays, villages=len(measures.villages), layers=len(measures.layers))
    own = dict.fromkeys(about["bases"], found)
    return replace(measures, amounts=MappingProxyType({**measures.amounts, **own}))


AMOUNTS = Kind(name=NAME, parts=_parts, join=_join)


def with_hexes(study: Study, measures: Measures) -> Measures:
    """The measures with hexagons, measured now where they were not. Keeps nothing.

    As they are where the study has not all of their layers any more.
    """
    layers = {layer.info: layer for layer in study.layers}
    if "hexes" in measures.amounts or any(info not in layers for info in measures.layers):
        return measures
    theirs = [layers[info] for info in measures.layers]
    placed = has_place(measures.villages.geometry)
    found = measure_amounts(measures.villages[placed], theirs, {}, hexes=True)
    whole = amounts_with_unplaced(found, placed)
    return replace(measures, amounts=MappingProxyType({**measures.amounts, **whole}))
