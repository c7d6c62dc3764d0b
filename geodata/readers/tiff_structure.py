"""Whether the tags of a TIFF agree: types and counts of tags, strips or tiles, bytes of pixels.

TIFF 6.0 (Adobe, 1992), sections 2, 8 and 15; GeoTIFF 1.1 (OGC 19-008), 7.1. libtiff guesses where
they disagree, and draws other pixels without an error.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from geodata.errors import UnreadableError
from geodata.readers.tiff_tags import Directory, directories

SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION = 254, 256, 257, 258, 259
OFFSETS, SAMPLES, ROWS, COUNTS, PLANES = 273, 277, 278, 279, 284
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS = 322, 323, 324, 325
FORMAT = 339
SCALE, TIE_POINTS, MATRIX, GEO_KEYS, GEO_DOUBLES = 33550, 33922, 34264, 34735, 34736
GEO_TEXT, METADATA, NO_DATA = 34737, 42112, 42113

SHORT, LONG, ASCII, DOUBLE = (3,), (3, 4, 16), (2,), (12,)
TYPES: Mapping[int, tuple[int, ...]] = {
    254: LONG, WIDTH: LONG, HEIGHT: LONG, BITS: SHORT, COMPRESSION: SHORT, 262: SHORT,
    OFFSETS: LONG, SAMPLES: SHORT, ROWS: LONG, COUNTS: LONG, PLANES: SHORT, 317: SHORT,
    TILE_WIDTH: LONG, TILE_HEIGHT: LONG, TILE_OFFSETS: LONG, TILE_COUNTS: LONG, 338: SHORT,
    FORMAT: SHORT, SCALE: DOUBLE, TIE_POINTS: DOUBLE, MATRIX: DOUBLE, GEO_KEYS: SHORT,
    GEO_DOUBLES: DOUBLE, GEO_TEXT: ASCII, METADATA: ASCII, NO_DATA: ASCII,
}  # fmt: skip
"""Tags that rasters have, and the types that their values may be of."""

LENGTHS = {254: 1, WIDTH: 1, HEIGHT: 1, COMPRESSION: 1, 262: 1, SAMPLES: 1, ROWS: 1, PLANES: 1,
           317: 1, TILE_WIDTH: 1, TILE_HEIGHT: 1, SCALE: 3, MATRIX: 16}  # fmt: skip
"""How many values some of them have."""

LAYOUTS = {2: "u1", 3: "u2", 4: "u4", 12: "f8", 16: "u8"}
UNPACKED = 1
"""The compression that is none."""

A_PLANE_A_SAMPLE = 2
FULL_MASK = 4
"""What `SUBFILE` says of a mask of full size (TIFF 6.0, section 8)."""

Values = npt.NDArray[Any]


def require_whole_tiff(path: Path, *, name: str) -> None:
    """Refuse a TIFF whose tags contradict each other or what the file holds.

    Raises `UnreadableError`.
    """
    try:
        found = list(directories(path))
        is_whole = bool(found) and all(_is_whole(one, path.stat().st_size) for one in found)
        is_whole = is_whole and all(_size(one) == _size(found[0]) for one in found if _is_mask(one))
    except (struct.error, OverflowError, ValueError, KeyError, OSError):
        is_whole = False
    if not is_whole:
        raise UnreadableError(
            "{file} cannot be read: the tags of its head (size, bits, strips or tiles) contradict "
            "each other; send it again, or save it anew as GeoTIFF",
            file=name,
        )


def _is_whole(one: Directory, size: int) -> bool:
    """Whether one image's tags agree. Raises `KeyError` for one that must be there."""
    tags = [tag for tag, *_ in one.entries]
    if tags != sorted(set(tags)):
        return False
    for tag, kind, count, _ in one.entries:
        if tag in TYPES and (kind not in TYPES[tag] or count != LENGTHS.get(tag, count)):
            return False
    value = {tag: one.values(tag, LAYOUTS) for tag in tags if tag in TYPES}
    return _are_keys_counted(value) and _are_pixels_counted(value, size)


def _is_mask(one: Directory) -> bool:
    """Whether an image is the mask of the first, and not that of an overview."""
    return any(tag == SUBFILE for tag, *_ in one.entries) and (
        int(one.values(SUBFILE, LAYOUTS)[0]) == FULL_MASK
    )


def _size(one: Directory) -> tuple[int, int]:
    return int(one.values(WIDTH, LAYOUTS)[0]), int(one.values(HEIGHT, LAYOUTS)[0])


def _are_keys_counted(value: Mapping[int, Values]) -> bool:
    """Whether the directory of keys is as long as it says, and points come in sixes."""
    keys = value.get(GEO_KEYS)
    if keys is not None and (len(keys) < 4 or len(keys) < 4 + 4 * int(keys[3])):
        return False
    return len(value.get(TIE_POINTS, ())) % 6 == 0


def _are_pixels_counted(value: Mapping[int, Values], size: int) -> bool:
    """Whether there are as many strips or tiles, of as many bytes, as the pixels ask for."""
    width, height = _one(value, WIDTH), _one(value, HEIGHT)
    samples = _one(value, SAMPLES, 1)
    bits = value[BITS].astype(np.int64) if BITS in value else np.array([1])
    if not width or not height or len(bits) not in (1, samples) or (bits != bits[0]).any():
        return False
    if FORMAT in value and len(value[FORMAT]) not in (1, samples):
        return False
    is_tiled = TILE_WIDTH in value
    across = _one(value, TILE_WIDTH, width)
    down = _one(value, TILE_HEIGHT) if is_tiled else min(_one(value, ROWS, height), height)
    offsets = value[TILE_OFFSETS if is_tiled else OFFSETS].astype(np.int64)
    counts = value[TILE_COUNTS if is_tiled else COUNTS].astype(np.int64)
    if not across or not down or len(offsets) != len(counts):
        return False
    if (offsets < 0).any() or (counts < 0).any() or (offsets + counts > size).any():
        return False
    apart = _one(value, PLANES, 1) == A_PLANE_A_SAMPLE
    blocks = -(-width // across) * -(-height // down)
    row = -(-across * int(bits[0]) * (1 if apart else samples) // 8)
    last = down if is_tiled else height - (height - 1) // down * down
    is_packed = _one(value, COMPRESSION, 1) != UNPACKED
    is_last = np.arange(len(counts)) % blocks == blocks - 1
    fits = (counts == row * down) | (counts == 0) | (is_last & (counts == row * last)) | is_packed
    return len(counts) == blocks * (samples if apart else 1) and bool(fits.all())


def _one(value: Mapping[int, Values], tag: int, usual: int | None = None) -> int:
    """The single value of a tag. Raises `KeyError` where it is missing and none is usual."""
    if tag not in value and usual is not None:
        return usual
    return int(value[tag].astype(np.int64)[0])
