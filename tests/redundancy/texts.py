"""What a text says twice: cells a row, marks that close, rings that close, counts."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

STYLES = ("pen", "brush", "center", "symbol", "smooth", "none")
NO_TEXT = re.compile("[\x00-\x08\x0e-\x19\x1b-\x1f]")


def no_breach(sound: bytes, damaged: bytes) -> str:  # noqa: ARG001  # one shape for all kinds
    """Nothing stands there twice."""
    return ""


def csv_breach(sound: bytes, damaged: bytes) -> str:
    """Cells a row, quotation marks, letters."""
    letters = _letters(sound, damaged)
    if letters:
        return letters
    before, after = _text(sound), _text(damaged)
    delimiter = max(",;\t|", key=before.count)
    widths = _widths(before, delimiter)
    try:
        found = _widths(after, delimiter)
    except csv.Error as error:
        return f"quotation marks ({error})"
    return "cells a row" if set(found) - set(widths) else ""


def mid_breach(sound: bytes, damaged: bytes) -> str:
    """Rows beside the objects of the .mif, cells a row."""
    if len(sound.splitlines()) != len(damaged.splitlines()):
        return "count of rows"
    before, after = sound.decode("latin-1"), damaged.decode("latin-1")
    if NO_TEXT.search(after) and not NO_TEXT.search(before):
        return "signs that are no text"
    delimiter = max(",\t;", key=before.count)
    try:
        return "cells a row" if set(_widths(after, delimiter)) - set(_widths(before, delimiter)) \
            else ""  # fmt: skip
    except csv.Error as error:
        return f"quotation marks ({error})"


def mif_breach(sound: bytes, damaged: bytes) -> str:
    """Columns and corners as many as declared, every line known, boxes and rings."""
    text = damaged.decode("latin-1")
    if NO_TEXT.search(text):
        return "signs that are no text"
    head, data, body = text.partition("Data")
    if not data:
        return "head without its end"
    found = re.search(r"(?im)^\s*columns\s+(\d+)\s*$", head)
    if found is None or len(head[found.end() :].strip().splitlines()) != int(found[1]):
        return "count of columns"
    if len(re.findall(r"(?im)^\s*coordsys\b", head)) != len(
        re.findall(rb"(?im)^\s*coordsys\b", sound)
    ):
        return "line of the head"
    return _mif_lines([line.split() for line in body.splitlines() if line.strip()])


def _mif_lines(lines: list[list[str]]) -> str:
    at = 0
    while at < len(lines):
        word = lines[at][0].lower()
        if word == "region":
            at += 1
            for _ in range(int(lines[at - 1][1]) if lines[at - 1][1:] else 0):
                if at >= len(lines) or not lines[at][0].isdigit():
                    return "count of corners"
                count = int(lines[at][0])
                ring = lines[at + 1 : at + 1 + count]
                if len(ring) < count or not all(_numbers(one, 2) for one in ring):
                    return "count of corners"
                if ring and ring[0] != ring[-1]:
                    return "ring that closes"
                at += 1 + count
        elif word in STYLES or (word == "point" and _numbers(lines[at][1:], 2)):
            at += 1
        else:
            return "line that is no object"
    return ""


def _numbers(words: list[str], count: int) -> bool:
    try:
        return len([float(one) for one in words]) == count
    except ValueError:
        return False


def json_breach(sound: bytes, damaged: bytes) -> str:
    """Valid text and rings that close."""
    letters = _letters(sound, damaged)
    if letters:
        return letters
    try:
        values = list(_json_values(_text(damaged)))
    except (ValueError, RecursionError):
        return "brackets or signs of JSON"
    if not all(_closed(one) for one in values):
        return "ring that closes"
    before, after = (Counter(_keys(list(_json_values(_text(one))))) for one in (sound, damaged))
    known = {"type", "features", "geometry", "properties", "coordinates", "geometries", "crs"}
    if any(before[key] != after[key] for key in known):
        return "members that every object has"
    return ""


def _json_values(text: str) -> Iterator[Any]:
    decoder, at = json.JSONDecoder(), 0
    between = re.compile(r"[\s,\x1e]*")
    while (at := between.match(text, at).end()) < len(text):  # type: ignore[union-attr]  # it matches nothing too
        value, at = decoder.raw_decode(text, at)
        yield value


def _closed(value: Any) -> bool:
    """Whether all rings of the polygons in a value of JSON close."""
    if isinstance(value, list):
        return all(_closed(one) for one in value)
    if not isinstance(value, dict):
        return True
    shapes = value.get("coordinates")
    if value.get("type") == "Polygon" and isinstance(shapes, list):
        return all(isinstance(ring, list) and ring and ring[0] == ring[-1] for ring in shapes)
    return all(_closed(one) for one in value.values())


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _keys(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from _keys(one)


def xml_breach(sound: bytes, damaged: bytes) -> str:  # noqa: ARG001  # one shape for all kinds
    """Tags that close."""
    try:
        expat.ParserCreate().Parse(damaged, True)
    except expat.ExpatError as error:
        return f"tags of XML ({error})"
    for ring in re.findall(rb"<LinearRing>.*?<coordinates>(.*?)</coordinates>", damaged, re.S):
        corners = ring.split()
        if corners and corners[0] != corners[-1]:
            return "ring that closes"
    return ""


def brackets_breach(sound: bytes, damaged: bytes) -> str:
    """Brackets and quotation marks of WKT."""
    text = damaged.decode("latin-1")
    if NO_TEXT.search(text):
        return "signs that are no text"
    if text.count("[") != text.count("]") or text.count('"') % 2:
        return "brackets that close"
    words = [sorted(re.findall(rb"[A-Z_]{4,}(?=\[)", one)) for one in (sound, damaged)]
    return "" if words[0] == words[1] else "words of WKT"


def _letters(sound: bytes, damaged: bytes) -> str:
    """What makes the damaged bytes no text, or not of the encoding they were in."""
    try:
        before = sound.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""
    try:
        after = damaged.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "letters of UTF-8"
    odd = NO_TEXT.search(after) and not NO_TEXT.search(before)
    return "signs that are no text" if odd else ""


def _text(raw: bytes) -> str:
    for encoding in ("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "latin-1"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AssertionError


def _widths(text: str, delimiter: str) -> list[int]:
    before = csv.field_size_limit(10_000_000)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        return [len(row) for row in rows if any(cell.strip() for cell in row)]
    finally:
        csv.field_size_limit(before)
