"""Arrays and single values of numpy."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from geodata.sandbox.answers.base import Codec, Reader, Writer, below

NUMBERS = re.compile(r"[<>|=][biufcSUmM]\d+(\[\d*[A-Za-z]+\])?")
"""The types of cells whose bytes mean numbers, texts or days, and never an address in memory."""

OBJECTS = "O"
MOST_AXES = 32


def pack_array(array: np.ndarray, writer: Writer) -> list[Any]:
    """Type, shape and number of the buffer; of objects the values themselves.

    Raises `TypeError` for records and other types of cells.
    """
    if array.dtype == object:
        return [OBJECTS, list(array.shape), list(array.reshape(-1))]
    if not NUMBERS.fullmatch(array.dtype.str):
        raise TypeError(f"an array of {array.dtype} cannot leave a sandbox")
    whole = np.ascontiguousarray(array).reshape(-1)
    return [array.dtype.str, list(array.shape), writer.add_buffer(whole.view(np.uint8).data)]


def unpack_array(packed: Any, reader: Reader) -> np.ndarray:
    """The array; its length must be that of its buffer."""
    code, axes, data = packed
    shape = _shape(axes)
    if code == OBJECTS:
        out = np.empty(len(data), dtype=object)
        out[:] = data if data else []
        return out.reshape(shape)
    if not NUMBERS.fullmatch(code):
        raise ValueError("no type of numbers")
    kind = np.dtype(code)
    if not kind.itemsize:
        raise ValueError("a type of cells without bytes")
    raw = reader.buffer(data)
    if math.prod(shape) * kind.itemsize != len(raw):
        raise ValueError("an array of another length than its numbers")
    if not len(raw):
        return np.empty(shape, kind)
    if kind.kind == "b":  # a truth value of another byte than 0 or 1 would be neither
        return np.not_equal(np.frombuffer(raw, np.uint8), 0).reshape(shape)
    return np.frombuffer(raw, kind).reshape(shape)


def _shape(axes: Any) -> tuple[int, ...]:
    whole = isinstance(axes, list) and len(axes) <= MOST_AXES
    if not whole or not all(type(n) is int and 0 <= n < 2**48 for n in axes):
        raise ValueError("no shape")
    return tuple(axes)


def _pack_scalar(value: np.generic, writer: Writer) -> list[Any]:
    return pack_array(np.asarray(value), writer)


def _unpack_scalar(packed: Any, reader: Reader) -> object:
    return unpack_array(packed, reader).reshape(())[()]


CODECS = (
    Codec(takes=below(np.ndarray), pack=pack_array, unpack=unpack_array, is_shared=True),
    Codec(takes=below(np.generic), pack=_pack_scalar, unpack=_unpack_scalar),
)
