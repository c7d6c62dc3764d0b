"""The coordinate system that a GeoJSON names in its ``crs`` member (GeoJSON 2008, section 3).

It may be a link, which GDAL fetches from its host, or a PROJ string, which names files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from geodata.errors import UnreadableError
from geodata.readers.crs_files import require_no_files

QUOTES = b"\"'"
ESCAPED = re.compile(rb"\\u00(?:63|72|73)")
ESCAPED_KEY = re.compile(rb"[\"'](?:c|\\u0063)(?:r|\\u0072)(?:s|\\u0073)[\"']")
"""Letters of the key may be written as numbers. Nobody does so, but a reader takes them."""

SHORT, LONGEST = 256, 100_000
"""Bytes behind a key that tell whether an object follows, and that it may have."""

BLOCK = 1 << 22
OVERLAP = 32
"""The key fits in it, however it is written."""


def require_plain_geojson(path: Path, *, name: str) -> None:
    """Refuse a GeoJSON whose coordinate system is a link or names a file.

    Raises `UnreadableError`.
    """
    with path.open("rb") as stream:
        for end in list(_keys(stream)):
            for text in _texts(_value(stream, end, name)):
                require_no_files(text, name=name)


def _keys(stream: BinaryIO) -> Iterator[int]:
    """The places behind each ``crs`` in quotes."""
    at, kept = 0, b""
    while block := stream.read(BLOCK):
        body = kept + block
        for end in _keys_in(body):
            if end > len(kept):  # else it was found in the block before
                yield at - len(kept) + end
        at += len(block)
        kept = body[-OVERLAP:]


def _keys_in(body: bytes) -> Iterator[int]:
    """The same of a block. Looking for letters is faster than for a pattern."""
    if b"\\u00" in body and ESCAPED.search(body):
        yield from (match.end() for match in ESCAPED_KEY.finditer(body))
        return
    at = body.find(b"crs")
    while at >= 0:
        if at and body[at - 1] in QUOTES and body[at + 3 : at + 4] in (b'"', b"'"):
            yield at + 4
        at = body.find(b"crs", at + 3)


def _value(stream: BinaryIO, end: int, name: str) -> Any:
    """What stands after a key, where it is an object; else nothing."""
    stream.seek(end)
    after = stream.read(SHORT).decode("utf-8", "replace").lstrip()
    if after and not after.startswith((":", "/")):  # no key; some readers know comments
        return None
    value = after[1:].lstrip()
    if value and not after.startswith("/") and not value.startswith(("{", "/", "'")):
        return None
    stream.seek(end)
    text = stream.read(LONGEST).decode("utf-8", "replace").lstrip()
    return _parsed(text.removeprefix(":").lstrip(), name)


def _parsed(text: str, name: str) -> Any:
    try:
        return json.JSONDecoder().raw_decode(text)[0]
    except (ValueError, RecursionError) as error:
        raise UnreadableError(
            "{file} cannot be read: {reason}; open it in a GIS and save it again",
            file=name,
            reason="its crs is no JSON",
        ) from error


def _texts(value: Any) -> Iterator[str]:
    """The texts in the properties of a system: its name, its code, its address."""
    pending: list[Any] = [value] if isinstance(value, dict) else []
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            pending += one.values()
        elif isinstance(one, list):
            pending += one
        elif isinstance(one, str):
            yield one
