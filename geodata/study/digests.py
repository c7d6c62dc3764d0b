"""Keys of what measures depend on: digests of content, never of names or times of files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from coverage.measure import ENGINE
from coverage.pixels import AnyLayer, SignalLayer
from geodata.study.in_files import LayerInFile
from geodata.study.model import Study

LENGTH = 24
"""So many hexadecimal digits a key has."""

READING = 3
"""Raised where the same files are read as something else: what was measured of them before is
measured anew, and kept runs say which read theirs."""

PLAIN = shapely.to_wkb(shapely.box(0, 0, 1, 1))[:5]
"""How the bytes of a polygon begin: the machine's byte order, and a type without heights."""

SIGNAL = "signal"
"""Stands among the areas for a signal layer; its levels are a part of their own."""


@dataclass(frozen=True, kw_only=True)
class StudyKeys:
    """Keys of a study's villages (ids, outlines, centres) and of its layers, in their order."""

    villages: str
    layers: tuple[str, ...]

    @property
    def areas(self) -> str:
        """Key of the areas by combination of all layers."""
        return key_of("areas", self.villages, *self.layers)


def keys_of(study: Study) -> StudyKeys:
    """The keys of a study as it stands."""
    return StudyKeys(
        villages=villages_key(study.villages),
        layers=tuple(layer_key(layer) for layer in study.layers),
    )


def key_of(*parts: str) -> str:
    """The key of what depends on all of these, in this order, on the engine and the reading."""
    reading = () if READING == 1 else (f"reading {READING}",)  # the first went unsaid
    text = "\0".join([f"engine {ENGINE}", *reading, *parts])
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


def villages_key(villages: gpd.GeoDataFrame) -> str:
    """A key of the villages' ids, outlines and centres."""
    digest = hashlib.sha256("\0".join(map(str, villages.index)).encode())
    _add(digest, _told(villages.geometry))
    if "centre" in villages:
        digest.update(b"centre")
        _add(digest, _told(villages["centre"]))
    return digest.hexdigest()[:LENGTH]


def layer_key(layer: AnyLayer) -> str:
    """A key of a layer's areas, whatever the order of its rows. Who filed it is no part of it.

    A signal layer has no areas to measure: for those all of them are alike.
    """
    if isinstance(layer, SignalLayer):
        return SIGNAL
    rows = layer.rows if isinstance(layer, LayerInFile) else row_digests(layer.footprint.to_numpy())
    digest = hashlib.sha256(b"".join(sorted(rows)))
    if layer.extent is not None:
        digest.update(b"extent")
        _add(digest, sorted(_told(layer.extent)))
    return digest.hexdigest()[:LENGTH]


def row_digests(shapes: npt.NDArray[np.object_]) -> list[bytes]:
    """A digest of each of some polygons, so that a layer's key needs no more of them at once."""
    return [hashlib.sha256(wkb or b"-").digest() for wkb in shapely.to_wkb(shapes)]


def read_digests(shapes: npt.NDArray[np.object_], wkb: npt.NDArray[np.object_]) -> list[bytes]:
    """`row_digests` of polygons that were read from these bytes, most of which are theirs still."""
    told = wkb.copy()
    other = ~_are_plain(shapes, wkb)
    told[other] = shapely.to_wkb(shapes[other])
    return [hashlib.sha256(one or b"-").digest() for one in told]


def _are_plain(
    shapes: npt.NDArray[np.object_], wkb: npt.NDArray[np.object_]
) -> npt.NDArray[np.bool_]:
    """Whether shapely would write the same bytes: single polygons, in its byte order, flat.

    Their coordinates are copied as they are, so that the head and the length tell.
    """
    heads = np.array([one is not None and one[:5] == PLAIN for one in wkb], dtype=np.bool_)
    lengths = np.array([0 if one is None else len(one) for one in wkb])
    rings = shapely.get_num_interior_rings(shapes) + 1
    wanted = len(PLAIN) + 4 + 4 * rings + 16 * shapely.get_num_coordinates(shapes)
    return np.asarray(heads & (lengths == wanted), dtype=np.bool_)


def _told(shapes: gpd.GeoSeries) -> list[bytes]:
    return [wkb or b"-" for wkb in shapely.to_wkb(shapes.to_numpy())]


def _add(digest: hashlib._Hash, told: Iterable[bytes]) -> None:
    for wkb in told:
        digest.update(wkb)
