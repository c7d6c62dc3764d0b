"""The count of features that a FlatGeobuf declares, compared with those it holds.

Layout (flatgeobuf.org, version 3): eight bytes of signature, a header with its length before
it, an index of packed Hilbert R-tree nodes, then the features, each with its length before it.
The index has as many nodes as the declared count asks for: another count moves everything.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt

from geodata.errors import UnreadableError

Boxes = npt.NDArray[np.float64]

SIGNATURE = 8
NODE_BYTES = 40
"""Of a node: a box of four doubles and the offset of what it holds."""

BOX, COUNT, NODE_SIZE = 1, 8, 9
"""Places of the box of all, of the count of features and of the nodes a node holds among the
header's fields."""

USUAL_NODE_SIZE = 16
MOST_HEADER = 100_000_000


def require_declared_count(path: Path, *, name: str) -> None:
    """Refuse a FlatGeobuf that holds more or fewer features than it declares.

    A count of 0 means that its writer did not know it; the lengths of its features are then
    compared alone. Raises `UnreadableError`.
    """
    size = path.stat().st_size
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as body:
        try:
            count, nodes, at, _ = _header(body)
        except struct.error:  # a broken header is GDAL's to refuse
            return
        if nodes and count:
            at += _index_bytes(count, nodes)
        found = 0
        while at + 4 <= size and (found <= count or not count):
            at += 4 + int.from_bytes(body[at : at + 4], "little")
            found += 1
    if (count and found != count) or at != size:
        raise _damaged(name)


def declared_boxes(path: Path) -> tuple[Boxes, Boxes | None]:
    """The box of each feature in the index, in their order, and that of the whole.

    None where the header has none, NaN for features without an index.
    """
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as body:
        try:
            count, nodes, at, whole = _header(body)
        except struct.error:
            return np.empty((0, 4)), None
        size = _index_bytes(count, nodes) if nodes else 0
        if not size or at + size > len(body):
            return np.full((count if count <= len(body) else 0, 4), np.nan), whole
        leaves = body[at + size - count * NODE_BYTES : at + size]
    found = np.frombuffer(leaves, np.uint8).reshape(count, NODE_BYTES)[:, :32]
    return np.ascontiguousarray(found).view("<f8"), whole


def _damaged(name: str) -> UnreadableError:
    return UnreadableError(
        "{file} does not hold the number of features that it declares; save the layer again and "
        "send it whole",
        file=name,
    )


def _header(body: mmap.mmap) -> tuple[int, int, int, Boxes | None]:
    """The declared count, the nodes a node holds (0 without an index), where it ends, its box."""
    (length,) = struct.unpack_from("<I", body, SIGNATURE)
    start = SIGNATURE + 4
    if length > MOST_HEADER:
        raise struct.error("header is too long")
    (root,) = struct.unpack_from("<I", body, start)
    table = start + root
    (back,) = struct.unpack_from("<i", body, table)
    fields = table - back
    if fields < 0:
        raise struct.error("fields lie before the file")
    (fields_bytes,) = struct.unpack_from("<H", body, fields)

    def field(number: int, layout: str, usual: int) -> int:
        at = 4 + 2 * number
        if at + 2 > fields_bytes:
            return usual
        (offset,) = struct.unpack_from("<H", body, fields + at)
        return int(struct.unpack_from(layout, body, table + offset)[0]) if offset else usual

    count = field(COUNT, "<Q", 0)
    box = None
    back = field(BOX, "<I", 0)
    if back:
        (at,) = struct.unpack_from("<H", body, fields + 4 + 2 * BOX)
        (numbers,) = struct.unpack_from("<I", body, table + at + back)
        if numbers == 4:
            box = np.array(struct.unpack_from("<4d", body, table + at + back + 4))
    return count, field(NODE_SIZE, "<H", USUAL_NODE_SIZE), start + length, box


def _index_bytes(count: int, nodes: int) -> int:
    """Bytes of an index over ``count`` features: all levels up to one root."""
    if nodes < 2:
        return 0
    level = -(-count // nodes)
    total = count + level  # one feature has a root above it, too
    while level > 1:
        level = -(-level // nodes)
        total += level
    return total * NODE_BYTES
