"""Shapes as coordinates and offsets, and coordinate systems as their text.

Not as WKB: its nesting has no bound, and a reader of it in C goes down with it. Offsets are
checked before shapely sees them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyproj
import shapely

from geodata.readers.crs_files import named_file
from geodata.sandbox.answers.arrays import pack_array, unpack_array
from geodata.sandbox.answers.base import Codec, Reader, Writer, below

FAMILIES = {
    "point": shapely.GeometryType.POINT,
    "line": shapely.GeometryType.LINESTRING,
    "polygon": shapely.GeometryType.POLYGON,
    "points": shapely.GeometryType.MULTIPOINT,
    "lines": shapely.GeometryType.MULTILINESTRING,
    "polygons": shapely.GeometryType.MULTIPOLYGON,
}
"""The types that are coordinates and offsets; collections are lists of these."""

LEVELS = {"point": 0, "line": 1, "polygon": 2, "points": 1, "lines": 2, "polygons": 3}
"""How many arrays of offsets each has."""

COLLECTION = shapely.GeometryType.GEOMETRYCOLLECTION
NONE = shapely.GeometryType.MISSING
MISSING = "missing"
DEEPEST = 8
LONGEST_SYSTEM = 200_000

Packed = list[Any]


def pack_shapes(shapes: np.ndarray, writer: Writer, *, depth: int = 0) -> Packed:
    """Shapes, None among them, by type: where they stand, coordinates, offsets.

    Raises `TypeError` for rings by themselves and collections in collections without end.
    """
    kinds, has_z = shapely.get_type_id(shapes), shapely.has_z(shapes)
    groups: list[Packed] = []
    for family, number in FAMILIES.items():
        for z in (False, True):
            rows = np.flatnonzero((kinds == number) & (has_z == z))
            if rows.size:
                groups.append(
                    [family, pack_array(rows, writer), *_coordinates(shapes[rows], z, writer)]
                )
    groups.append([MISSING, pack_array(np.flatnonzero(kinds == NONE), writer)])
    rows = np.flatnonzero(kinds == COLLECTION)
    if rows.size:
        if depth == DEEPEST:
            raise TypeError("shapes in shapes without end cannot leave a sandbox")
        parts = [shapely.get_parts(shapes[row : row + 1]) for row in rows]
        packed = [pack_shapes(one, writer, depth=depth + 1) for one in parts]
        groups.append(["collection", pack_array(rows, writer), packed])
    if (kinds == shapely.GeometryType.LINEARRING).any():
        raise TypeError("a ring that is no polygon cannot leave a sandbox")
    return [len(shapes), groups]


def _coordinates(shapes: np.ndarray, z: bool, writer: Writer) -> Packed:  # noqa: FBT001  # one of two
    _, coordinates, offsets = shapely.to_ragged_array(shapes, include_z=z)
    return [pack_array(coordinates, writer), [pack_array(o, writer) for o in reversed(offsets)]]


def unpack_shapes(packed: Any, reader: Reader) -> np.ndarray:
    """The shapes, in their places."""
    count, groups = packed
    rows = [unpack_array(group[1], reader) for group in groups]
    if sum(map(len, rows)) != count:  # else a few bytes could ask for a column without end
        raise ValueError("another number of shapes than there are")
    out = np.full(count, None, dtype=object)
    for where, (family, _, *content) in zip(rows, groups, strict=True):
        if len(where) and (where.min() < 0 or where.max() >= count):
            raise ValueError("a shape outside its column")
        if family == MISSING:
            continue
        out[where] = (
            _unpack_collections(content[0], reader)
            if family == "collection"
            else _unpack_family(family, content, reader)
        )
    return out


def _unpack_collections(packed: list[Packed], reader: Reader) -> np.ndarray:
    parts = [unpack_shapes(one, reader) for one in packed]
    out = np.empty(len(parts), dtype=object)
    out[:] = [shapely.geometrycollections(one) for one in parts]
    return out


def _unpack_family(family: str, content: Packed, reader: Reader) -> np.ndarray:
    coordinates = unpack_array(content[0], reader)
    offsets = [unpack_array(one, reader) for one in content[1]]
    if coordinates.ndim != 2 or coordinates.shape[1] not in (2, 3) or coordinates.dtype != float:
        raise ValueError("no coordinates")
    if len(offsets) != LEVELS[family]:
        raise ValueError("shapes with other offsets")
    _require_offsets(offsets, len(coordinates))
    return np.asarray(
        shapely.from_ragged_array(FAMILIES[family], coordinates, tuple(reversed(offsets)))
    )


def _require_offsets(offsets: list[np.ndarray], count: int) -> None:
    """Each array of offsets, the outermost first, rises from 0 to the length of the next."""
    ends = [*(len(one) - 1 for one in offsets), count][1:]
    for one, end in zip(offsets, ends, strict=True):
        if one.ndim != 1 or one.dtype.kind not in "iu" or not len(one):
            raise ValueError("no offsets")
        if one[0] != 0 or one[-1] != end or (np.diff(one.astype(np.int64)) < 0).any():
            raise ValueError("offsets beyond their shapes")


def _pack_shape(shape: Any, writer: Writer) -> Packed:
    column = np.empty(1, dtype=object)
    column[0] = shape
    return pack_shapes(column, writer)


def _unpack_shape(packed: Any, reader: Reader) -> object:
    (shape,) = unpack_shapes(packed, reader)
    return shape


def _unpack_system(text: Any, _: Reader) -> pyproj.CRS:
    if not isinstance(text, str) or len(text) > LONGEST_SYSTEM:
        raise ValueError("no coordinate system")
    if named_file(text):
        raise ValueError("a coordinate system that names a file")
    return pyproj.CRS.from_wkt(text)


CODECS = (
    Codec(takes=below(shapely.Geometry), pack=_pack_shape, unpack=_unpack_shape),
    Codec(
        takes=below(pyproj.CRS),
        pack=lambda system, _: system.to_wkt(),
        unpack=_unpack_system,
        is_shared=True,
    ),
)
