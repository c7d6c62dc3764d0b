"""What measures are made of, part by part, each measured and kept by itself.

The areas by combination of layers are the first part (`areas_arrays`, `with_areas`). What else is
measured (signal levels, people, moved footprints …) is a `Kind` of its own in
`geodata.study.kept.KINDS`: it says which parts a study has and how what was kept joins the
measures. A part's key is a digest of all it depends on and of nothing else (`key_of`), so that a
changed footprint measures no signal and the other way about.

    def _parts(study: Study, keys: StudyKeys) -> Iterator[Part]:
        for name, source in study.amounts.items():
            yield Part(
                kind="amounts",
                key=key_of("amounts", name, source.key, keys.areas),
                about={"basis": name},
                measure=lambda measures, means, s=source: _arrays(amounts_of(measures, s)),
            )

    AMOUNTS = Kind(name="amounts", parts=_parts, join=_join)

What a part needs on the way and others may need too (pixel weights of villages on a grid) is kept
in the `Means` that it is given, with `Store.read` and `Store.keep` under a key of its own, such as
``key_of("weights", keys.villages, grid)``, with ``"kind"`` in what is told of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coverage.model import LayerInfo, Measures
from geodata.study.digests import StudyKeys
from geodata.study.engine import Engine
from geodata.study.model import Study
from geodata.study.store import About, Arrays, Store

Progress = Callable[[float], None]

AREAS = "areas"
ARRAYS: Mapping[str, str] = {
    "village_area_m2": "f8",
    "village": "i4",
    "combination": "u8",
    "area_m2": "f8",
    "centre": "u8",
    "has_centre": "?",
    "extent_share": "f8",
    "extent_centre": "?",
}
"""Arrays of the areas, with their types."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Means:
    """What a part is measured with: who measures, where to keep things, and whom to tell."""

    engine: Engine
    store: Store
    progress: Progress | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """One part of a study's measures, besides the areas.

    ``measure`` finds its arrays, from the measures with all that came before joined. ``about``
    goes to JSON, and to the kind's ``join``. ``layers``: places among the study's layers of
    those that are measured with it. ``follows``: it depends on villages and layers alone, and may
    be left out, so that a study has the same key with and without it. ``derive`` finds the arrays
    in other entries, where nothing need be measured for them; else it gives None.
    """

    kind: str
    key: str
    about: Mapping[str, Any] = field(default_factory=dict)
    measure: Callable[[Measures, Means], Arrays]
    layers: tuple[int, ...] = ()
    follows: bool = False
    derive: Callable[[Store], Arrays | None] = lambda _: None


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    """A kind of part. ``join`` adds what was kept of one part to the measures.

    It raises `ValueError` or `KeyError` where the arrays are not what they should be; the part
    is then measured anew.
    """

    name: str
    parts: Callable[[Study, StudyKeys], Iterable[Part]]
    join: Callable[[Measures, About, Arrays], Measures]


def areas_arrays(measures: Measures) -> Arrays:
    """The arrays of the areas."""
    return {name: getattr(measures, name) for name in ARRAYS}


def with_areas(study: Study, layers: Sequence[LayerInfo], arrays: Arrays) -> Measures:
    """Measures of the areas alone. Raises `ValueError` or `KeyError` where arrays do not fit."""
    found = {name: np.asarray(arrays[name]) for name in ARRAYS}
    rows, villages = len(found["village"]), len(study.villages)
    shapes = {
        **dict.fromkeys(("village", "combination", "area_m2"), (rows,)),
        **dict.fromkeys(("village_area_m2", "centre", "has_centre"), (villages,)),
        **dict.fromkeys(("extent_share", "extent_centre"), (villages, len(layers))),
    }
    for name, kind in ARRAYS.items():
        if found[name].dtype != np.dtype(kind) or found[name].shape != shapes[name]:
            raise ValueError(name)
    told = (found["village"], found["combination"] >> np.uint64(len(layers)))
    if rows and (told[0].min() < 0 or told[0].max() >= villages or told[1].any()):
        raise ValueError("village")
    return Measures(
        villages=study.villages,
        layers=tuple(layers),
        village_area_m2=found["village_area_m2"],
        village=found["village"],
        combination=found["combination"],
        area_m2=found["area_m2"],
        centre=found["centre"],
        has_centre=found["has_centre"],
        extent_share=found["extent_share"],
        extent_centre=found["extent_centre"],
    )
