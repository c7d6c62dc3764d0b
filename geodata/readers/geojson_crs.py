"""The coordinate system that a GeoJSON names in its ``crs`` member (GeoJSON 2008, section 3).

It may be a link, which GDAL fetches from its host, or a PROJ string, which names files.
"""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from geodata.errors import UnreadableError
from geodata.readers.crs_files import require_no_files

ESCAPED = (rb"\u0063", rb"\u0072", rb"\u0073")
"""Letters of the key that may be written so. Nobody does, but a reader takes it."""

ESCAPED_KEY = re.compile(rb"[\"'](?:c|\\u0063)(?:r|\\u0072)(?:s|\\u0073)[\"']")
LONGEST = 100_000


def require_plain_geojson(path: Path, *, name: str) -> None:
    """Refuse a GeoJSON whose coordinate system is a link or names a file.

    Raises `UnreadableError`.
    """
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as body:
        for value in _values(body, name):
            for text in _texts(value):
                require_no_files(text, name=name)


def _values(body: mmap.mmap, name: str) -> Iterator[Any]:
    """What stands after each key ``crs``, where it is an object."""
    for end in _keys(body):
        after = body[end : end + LONGEST].decode("utf-8", "replace").lstrip()
        if after.startswith((":", "/")):  # a key, and no value; some readers know comments
            value = after[1:].lstrip()
            if value.startswith(("{", "/", "'")) or after.startswith("/"):
                yield _parsed(value, name)


def _keys(body: mmap.mmap) -> Iterator[int]:
    """The places behind each ``crs`` in quotes."""
    if any(body.find(letter) >= 0 for letter in ESCAPED):
        yield from (match.end() for match in ESCAPED_KEY.finditer(body))
        return
    for quote in (b'"', b"'"):
        key = quote + b"crs" + quote
        at = body.find(key)
        while at >= 0:
            yield at + len(key)
            at = body.find(key, at + len(key))


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
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            pending += one.values()
        elif isinstance(one, list):
            pending += one
        elif isinstance(one, str):
            yield one
