"""What a KML holds besides shapes, and the forms of polygons that GDAL reads by half.

Pictures laid over the map (GroundOverlay, ScreenOverlay, PhotoOverlay) have a frame that GDAL
takes for a polygon; of several rings in one innerBoundaryIs it keeps one (KML 2.2, 10.3 and
11.1: a boundary holds one ring, a picture is no geometry).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from geodata.errors import UnreadableError

PICTURES = (b"GroundOverlay", b"ScreenOverlay", b"PhotoOverlay")
LINK = b"NetworkLink"
CONTAINERS = (b"Folder", b"Document")

UNREAD = re.compile(rb"(?s)<!--.*?-->|<!\[CDATA\[.*?\]\]>")
TAG = re.compile(
    rb"<(/?)((?:[\w.-]+:)?)(Placemark|GroundOverlay|ScreenOverlay|PhotoOverlay|NetworkLink|Folder"
    rb"|Document|innerBoundaryIs|outerBoundaryIs|LinearRing)\b[^>]*?(/?)>"
)


@dataclass(frozen=True, kw_only=True)
class Structure:
    """What a KML holds: placemarks, pictures and links by their names, and what is to be changed.

    ``bare_folders`` tells that a folder holds no placemark of its own. ``cuts`` are the bytes
    (start, end) of pictures, ``splits`` where a second ring begins in an inner boundary, with
    the prefix of its tags.
    """

    placemarks: int
    others: Mapping[str, int]
    bare_folders: bool
    cuts: tuple[tuple[int, int], ...]
    splits: tuple[tuple[int, bytes], ...]


def structure_of(path: Path, *, name: str) -> Structure:
    """Look through a KML's tags. Raises `UnreadableError` for a polygon of two outer rings."""
    return _structure(_body(path), name)


def require_shapes(path: Path, *, name: str) -> None:
    """Refuse a KML of pictures or links alone. Raises `UnreadableError`."""
    found = structure_of(path, name=name)
    if found.placemarks or not found.others:
        return
    kinds = ", ".join(found.others)
    if set(found.others) == {LINK.decode()}:
        raise UnreadableError(
            "{file} holds no shapes but links to other files ({found}), which are not opened; ask "
            "its sender for those files themselves",
            file=name,
            found=kinds,
        )
    raise UnreadableError(
        "{file} holds pictures laid over the map ({found}) and no shapes, and the frame of a "
        "picture is no coverage; ask its sender for the polygons, or for the signal as a GeoTIFF",
        file=name,
        found=kinds,
    )


def plain_kml(path: Path, target: Path, *, name: str) -> bool:
    """Write a copy without pictures and with one ring a boundary; False where it is so already."""
    body = _body(path)
    found = _structure(body, name)
    if not found.cuts and not found.splits:
        return False
    edits = [(start, end, b"") for start, end in found.cuts]
    edits += [
        (at, at, b"</%sinnerBoundaryIs><%sinnerBoundaryIs>" % (prefix, prefix))
        for at, prefix in found.splits
    ]
    out, last = [], 0
    for start, end, put in sorted(edits):
        if start < last:  # inside a picture that was cut
            continue
        out += [body[last:start], put]
        last = end
    target.write_bytes(b"".join([*out, body[last:]]))
    return True


def _body(path: Path) -> bytes:
    """The text in UTF-8 where it begins as UTF-16, else as it is."""
    raw = path.read_bytes()
    if not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw
    text = raw.decode("utf-16", errors="replace")
    return re.sub(r"(<\?xml[^>]*?)\s+encoding=[\"'][^\"']*[\"']", r"\1", text, count=1).encode()


def _structure(body: bytes, name: str) -> Structure:
    blank = UNREAD.sub(lambda match: b" " * len(match[0]), body)
    others: Counter[str] = Counter()
    cuts: list[tuple[int, int]] = []
    open_at: dict[bytes, int] = {}
    for match in TAG.finditer(blank):
        closes, _, tag, alone = match.groups()
        if tag not in (*PICTURES, LINK):
            continue
        if not closes:
            others[tag.decode()] += 1
            open_at[tag] = match.start()
        if (closes or alone) and tag in PICTURES and tag in open_at:
            cuts.append((open_at.pop(tag), match.end()))
    placemarks, splits = _rings(blank, name)
    return Structure(
        placemarks=placemarks,
        others=dict(others),
        bare_folders=_has_bare_folders(blank),
        cuts=tuple(cuts),
        splits=tuple(splits),
    )


def _rings(body: bytes, name: str) -> tuple[int, list[tuple[int, bytes]]]:
    """The placemarks, and where a second ring begins in an inner boundary."""
    placemarks, rings, inside = 0, 0, b""
    splits: list[tuple[int, bytes]] = []
    for match in TAG.finditer(body):
        closes, prefix, tag, _ = match.groups()
        if tag == b"Placemark" and not closes:
            placemarks += 1
        elif tag.endswith(b"BoundaryIs"):
            inside, rings = (b"" if closes else tag), 0
        elif tag == b"LinearRing" and not closes and inside:
            rings += 1
            if rings > 1 and inside == b"innerBoundaryIs":
                splits.append((match.start(), prefix))
            elif rings > 1:
                raise UnreadableError(
                    "{file}, row {row}: the polygon has two outer rings in one boundary; save it "
                    "as two polygons",
                    file=name,
                    row=placemarks,
                )
    return placemarks, splits


def _has_bare_folders(body: bytes) -> bool:
    """Whether a folder or document holds others and no placemark of its own."""
    return any(not own for own in _own_placemarks(body))


def _own_placemarks(body: bytes) -> Iterator[int]:
    """How many placemarks each folder or document holds itself."""
    counts: list[int] = []
    for match in TAG.finditer(body):
        closes, _, tag, alone = match.groups()
        if tag in CONTAINERS:
            if alone:
                yield 0
            elif not closes:
                counts.append(0)
            elif counts:
                yield counts.pop()
        elif tag == b"Placemark" and not closes and counts:
            counts[-1] += 1
