"""JSON that is nearly GeoJSON: lists, lines and nested collections, made one collection.

GDAL reads none or a part of these without a word. What is another format (Esri's JSON,
TopoJSON) is refused by its name.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from geodata.errors import UnreadableError
from geodata.readers.unicode_marks import encoding_of

HEAD = 4096
MOST_BYTES = 400_000_000
"""A file of an odd form is read whole; a larger one is to be saved as one collection."""

COLLECTION = b'"FeatureCollection"'
FEATURE = re.compile(rb'"type"\s*:\s*"Feature"')
SEPARATOR = "\x1e"
"""What stands before each text of a sequence (RFC 8142)."""


def plain_geojson(path: Path, target: Path, *, name: str) -> bool:
    """Write what a file holds as one FeatureCollection; False where it is one already.

    Raises `UnreadableError` for Esri's JSON, for TopoJSON, and for text that is no JSON.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    _require_geojson(head, name)
    if not _is_odd(path, head):
        return False
    if path.stat().st_size > MOST_BYTES:
        raise _odd(name)
    collections, features = _features(_values(_text(path), name), name)
    systems = [one["crs"] for one in collections if one.get("crs")]
    if any(one != systems[0] for one in systems) or (systems and len(systems) < len(collections)):
        raise _odd(name)
    whole: dict[str, Any] = {"type": "FeatureCollection"}
    if systems:
        whole["crs"] = systems[0]
    target.write_text(json.dumps({**whole, "features": features}), encoding="utf-8")
    return True


def _odd(name: str) -> UnreadableError:
    return UnreadableError(
        "{file} is not one GeoJSON collection but several, or another form of JSON; save the "
        "layer as one GeoJSON FeatureCollection",
        file=name,
    )


def _require_geojson(head: bytes, name: str) -> None:
    text = head.decode(encoding_of(head), "replace")
    if re.search(r'"type"\s*:\s*"(Feature|FeatureCollection)"', text):
        return
    if re.search(r'"(geometryType|attributes|rings|spatialReference|displayFieldName)"\s*:', text):
        raise UnreadableError(
            "{file} is Esri's own JSON and no GeoJSON; ask the server for f=geojson, or save the "
            "layer as GeoJSON or GeoPackage",
            file=name,
        )
    if re.search(r'"type"\s*:\s*"Topology"', text):
        raise UnreadableError(
            "{file} is TopoJSON and no GeoJSON; save the layer as GeoJSON or GeoPackage", file=name
        )


def _is_odd(path: Path, head: bytes) -> bool:
    """Whether a file is anything but one collection, one feature or one geometry."""
    begins = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if begins.startswith((b"[", SEPARATOR.encode())) or encoding_of(head) != "utf-8-sig":
        return True
    body = path.read_bytes()
    if body.count(b'"geometry"') > body.count(b'"Feature"'):  # GDAL drops what says no type
        return True
    collections = body.count(COLLECTION)
    if collections > 1:
        return True
    if collections:
        return False
    found = FEATURE.search(body)
    return found is not None and FEATURE.search(body, found.end()) is not None


def _text(path: Path) -> str:
    body = path.read_bytes()
    return body.decode(encoding_of(body[:HEAD]), errors="replace").removeprefix("\ufeff")


def require_whole_json(path: Path, *, name: str) -> None:
    """Raise `UnreadableError` with the row and line where a text is no JSON any more."""
    if path.stat().st_size > MOST_BYTES:
        return
    text = _text(path)
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        rows = max(1, text.count('"Feature"', 0, error.pos))
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
            raise UnreadableError(
                "{file} is cut short in row {row} (line {line}); send it again whole",
                file=name,
                row=rows,
                line=error.lineno,
            ) from error
        raise UnreadableError(
            "{file} is no JSON from letter {at} of line {line} on, in or behind row {row}; save "
            "the layer again as GeoJSON",
            file=name,
            at=error.colno,
            line=error.lineno,
            row=rows,
        ) from error
    except RecursionError:
        return


def _values(text: str, name: str) -> list[Any]:
    """The JSON values that stand one behind another, with or without signs between them."""
    decoder = json.JSONDecoder()
    between = re.compile(rf"[\s,{SEPARATOR}]*")
    values, at = [], between.match(text).end()  # type: ignore[union-attr]  # it matches nothing too
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise UnreadableError(
                "{file} is no JSON from letter {at} on ({row} lines in); save the layer again as "
                "GeoJSON",
                file=name,
                at=at + 1,
                row=text.count("\n", 0, at),
            ) from error
        values.append(value)
        at = between.match(text, end).end()  # type: ignore[union-attr]  # the same
    return values


def _is_feature(one: Any, kind: Any) -> bool:
    """Whether an object is a feature that does not say so, or not as it should."""
    if not isinstance(one, dict) or not (kind is None or str(kind).casefold() == "feature"):
        return False
    shape = one.get("geometry")
    return "properties" in one and isinstance(shape, dict) and "coordinates" in shape


def _features(values: list[Any], name: str) -> tuple[list[dict[str, Any]], list[Any]]:
    """The outer collections, and the features of all, in their order."""
    collections: list[dict[str, Any]] = []
    features: list[Any] = []
    waiting: list[tuple[Any, int]] = [(value, 0) for value in reversed(values)]
    while waiting:
        one, depth = waiting.pop()
        if isinstance(one, list):
            waiting += [(value, depth) for value in reversed(one)]
            continue
        kind = one.get("type") if isinstance(one, dict) else None
        if kind == "FeatureCollection" and isinstance(one.get("features"), list):
            collections += [] if depth and not one.get("crs") else [one]
            waiting += [(value, depth + 1) for value in reversed(one["features"])]
        elif kind == "Feature":
            features.append(one)
        elif _is_feature(one, kind):
            features.append({**one, "type": "Feature"})
        elif isinstance(kind, str) and ("coordinates" in one or "geometries" in one):
            features.append({"type": "Feature", "properties": {}, "geometry": one})
        else:
            raise _odd(name)
    return collections, features
