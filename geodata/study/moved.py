"""Measures with moved footprints, kept as parts of their own beside the areas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from coverage.model import Amounts, Areas, Basis, Layer, Measures, Moved
from coverage.moved import DEFAULT_ACCURACY_M
from coverage.part import moved_part
from coverage.pixels import AmountSource
from coverage.rings import Geometries
from geodata.study.digests import StudyKeys, key_of
from geodata.study.kept_amounts import amounts_arrays, amounts_from
from geodata.study.model import Study
from geodata.study.parts import Kind, Means, Part
from geodata.study.store import About, Arrays, Store

NAME, OUTLINE = "moved", "outline"
MOST_VILLAGES = 20_000
"""In a larger study footprints are not moved: that takes some five times what measuring does,
and a country is to be measured in seconds."""

WAYS = ("inward", "outward")
ARRAYS = {"village": "i4", "combination": "u8", "area_m2": "f8", "centre": "u8"}


def _parts(study: Study, keys: StudyKeys) -> Iterator[Part]:
    """All layers moved, each by its own accuracy; and hexagons with them, where asked."""
    outlined = any(isinstance(layer, Layer) for layer in study.layers)
    if len(study.villages) > MOST_VILLAGES or not outlined:
        return
    distances = [layer.info.accuracy_m or DEFAULT_ACCURACY_M for layer in study.layers]
    by = tuple(f"{own} by {m!r}" for own, m in zip(keys.layers, distances, strict=True))
    yield _part(study, _What(keys.villages, by, tuple(sorted(study.amounts.items()))))
    if study.hexes:
        yield _part(study, _What(keys.villages, by, hexes=True))


@dataclass(frozen=True)
class _What:
    """What one part holds: of which villages, which layers moved by what, and which amounts."""

    villages: str
    by: tuple[str, ...]
    sources: tuple[tuple[Basis, AmountSource], ...] = ()
    hexes: bool = False

    @property
    def told(self) -> list[str]:
        """The amounts, each as its basis and its source's key."""
        return ["hexes"] if self.hexes else [f"{basis} of {x.key}" for basis, x in self.sources]

    @property
    def bases(self) -> list[Basis]:
        """What the amounts are of."""
        return ["hexes"] if self.hexes else [basis for basis, _ in self.sources]


def _part(study: Study, what: _What) -> Part:
    def measured(_: Measures, means: Means) -> Arrays:
        moved = means.engine.moved(
            study.villages,
            study.layers,
            amounts=dict(what.sources),
            hexes=what.hexes,
            outlines=KeptOutlines(store=means.store, villages=what.villages, by=what.by),
            progress=means.progress,
        )
        return moved_arrays(moved)

    return Part(
        kind=NAME,
        key=_key(what.villages, what.by, what.told),
        about={
            "villages": what.villages,
            "by": list(what.by),
            "amounts": what.told,
            "bases": what.bases,
        },
        measure=measured,
        follows=what.hexes,
        derive=lambda store: _derived(store, what, villages=len(study.villages)),
    )


@dataclass(frozen=True, kw_only=True)
class KeptOutlines:
    """Moved outlines by layer, so that one changed layer is moved alone.

    Kept as WKB end to end; they lie where ``villages`` are, and are found by what ``by`` says.
    """

    store: Store
    villages: str
    by: tuple[str, ...]

    def load(self, place: int) -> tuple[Geometries, Geometries] | None:
        """A layer's polygons drawn in and let out, None where they are not kept whole."""
        kept = self.store.read(self._key(place))
        if kept is None:
            return None
        try:
            return _polygons(kept[1], "inward"), _polygons(kept[1], "outward")
        except (KeyError, ValueError, shapely.errors.GEOSException):
            self.store.doubt(self._key(place))
            return None

    def keep(self, place: int, inward: Geometries, outward: Geometries) -> None:
        """Keep a layer's polygons."""
        arrays = {**_bytes("inward", inward), **_bytes("outward", outward)}
        about = {"kind": OUTLINE, "villages": self.villages, "by": self.by[place]}
        self.store.keep(self._key(place), about, arrays)

    def _key(self, place: int) -> str:
        return key_of(OUTLINE, self.villages, self.by[place])


def _bytes(way: str, polygons: Geometries) -> dict[str, npt.NDArray[Any]]:
    """Polygons as the bytes of their WKB, and where each ends."""
    told = [bytes(one) for one in shapely.to_wkb(polygons)]
    return {
        f"{way}_wkb": np.frombuffer(b"".join(told), np.uint8),
        f"{way}_end": np.cumsum([len(one) for one in told], dtype=np.int64),
    }


def _polygons(arrays: Arrays, way: str) -> Geometries:
    """Polygons from those bytes. Raises `ValueError` or `KeyError` where they do not fit."""
    told, end = np.asarray(arrays[f"{way}_wkb"]), np.asarray(arrays[f"{way}_end"])
    if told.dtype != np.uint8 or (end[-1] if len(end) else 0) != len(told):
        raise ValueError(way)
    pieces = np.empty(len(end), dtype=object)
    pieces[:] = [one.tobytes() for one in np.split(told, end[:-1])] if len(end) else []
    return np.asarray(shapely.from_wkb(pieces), dtype=object)


def _key(villages: str, by: Sequence[str], amounts: Sequence[str]) -> str:
    return key_of(NAME, villages, *by, *amounts)


def _derived(store: Store, what: _What, *, villages: int) -> Arrays | None:
    """From an entry that has all of these layers, moved alike, and maybe others."""
    for entry in reversed(store.entries()):
        told, amounts = entry.about.get("by"), entry.about.get("amounts")
        if entry.kind != NAME or not isinstance(told, list) or amounts != what.told:
            continue
        if not all(isinstance(one, str) for one in told) or not set(what.by) <= set(told):
            continue
        kept = store.read(entry.key)
        if kept is None or entry.key != _key(what.villages, told, what.told):
            continue  # gone, or of other villages, or of another engine
        try:
            whole = moved_from(kept[1], what.bases, villages=villages, layers=len(told))
        except (KeyError, ValueError):
            continue
        places = [told.index(one) for one in what.by]
        return moved_arrays(moved_part(whole, np.ones(villages, bool), places))
    return None


def _join(measures: Measures, about: About, arrays: Arrays) -> Measures:
    """Raises `ValueError` or `KeyError` where what was kept does not fit."""
    villages, layers = len(measures.villages), len(measures.layers)
    found = moved_from(arrays, about["bases"], villages=villages, layers=layers)
    if measures.moved is None:
        return replace(measures, moved=found)
    inward = _more(measures.moved.inward, found.inward)
    return replace(
        measures, moved=Moved(inward=inward, outward=_more(measures.moved.outward, found.outward))
    )


def _more(areas: Areas, other: Areas) -> Areas:
    return replace(areas, amounts={**areas.amounts, **other.amounts})


MOVED = Kind(name=NAME, parts=_parts, join=_join)


def moved_arrays(moved: Moved) -> Arrays:
    """Areas, and what else was measured, with footprints moved either way, as named arrays."""
    out: dict[str, npt.NDArray[Any]] = {}
    for way, areas in (("inward", moved.inward), ("outward", moved.outward)):
        out |= {f"{way}_{name}": getattr(areas, name) for name in ARRAYS}
        for basis, amounts in areas.amounts.items():
            named = amounts_arrays(amounts)
            out |= {f"{way}_{basis}_{name}": array for name, array in named.items()}
    return out


def moved_from(arrays: Arrays, bases: Sequence[Basis], *, villages: int, layers: int) -> Moved:
    """The same from named arrays. Raises `ValueError` or `KeyError` where they do not fit."""
    inward, outward = (_areas(arrays, way, bases, (villages, layers)) for way in WAYS)
    return Moved(inward=inward, outward=outward)


def _areas(arrays: Arrays, way: str, bases: Sequence[Basis], shape: tuple[int, int]) -> Areas:
    villages, layers = shape
    found = {name: np.asarray(arrays[f"{way}_{name}"]) for name in ARRAYS}
    rows = len(found["village"])
    for name, kind in ARRAYS.items():
        length = villages if name == "centre" else rows
        if found[name].dtype != np.dtype(kind) or found[name].shape != (length,):
            raise ValueError(name)
    told = (found["village"], found["combination"] >> np.uint64(layers))
    if rows and (told[0].min() < 0 or told[0].max() >= villages or told[1].any()):
        raise ValueError("village")
    return Areas(
        village=found["village"],
        combination=found["combination"],
        area_m2=found["area_m2"],
        centre=found["centre"],
        amounts={basis: _amounts(arrays, f"{way}_{basis}_", shape) for basis in bases},
    )


def _amounts(arrays: Arrays, begin: str, shape: tuple[int, int]) -> Amounts:
    own = {name[len(begin) :]: array for name, array in arrays.items() if name.startswith(begin)}
    return amounts_from(own, villages=shape[0], layers=shape[1])
