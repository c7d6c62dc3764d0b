"""What a KML holds besides shapes, and the forms of polygons that GDAL reads by half.

Pictures laid over the map (GroundOverlay, ScreenOverlay, PhotoOverlay) have a frame that GDAL
takes for a polygon; of several rings in one innerBoundaryIs it keeps one (KML 2.2, 10.3 and
11.1: a boundary holds one ring, a picture is no geometry).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from geodata.errors import UnreadableError

PICTURES = (b"GroundOverlay", b"ScreenOverlay", b"PhotoOverlay")
LINK = b"NetworkLink"
CONTAINERS = (b"Folder", b"Document")

UNREAD = re.compile(rb"(?s)<!--.*?-->|<!\[CDATA\[.*?\]\]>")
TAG = re.compile(
    rb"<(/?)((?:[\w.-]+:)?)(Placemark|GroundOverlay|ScreenOverlay|PhotoOverlay|NetworkLink|Folder"
    rb"|Document|innerBoundaryIs|outerBoundaryIs|LinearRing|Polygon|Point|LineString"
    rb"|MultiGeometry|Track|MultiTrack)\b[^>]*?(/?)>"
)
SHAPES = (b"Polygon", b"Point", b"LineString", b"MultiGeometry", b"Track", b"MultiTrack")
END = re.compile(rb"</(?:[\w.-]+:)?kml\s*>")
TAIL = 1 << 16
"""Bytes at the end of a file, in which the root element is closed."""


@dataclass(frozen=True, kw_only=True)
class Structure:
    """What a KML holds: placemarks, pictures and links by their names, and what is to be changed.

    ``bare_folders`` tells that a folder holds no placemark of its own. ``cuts`` are the bytes
    (start, end) of pictures, ``splits`` where a second ring begins in an inner boundary, with
    the prefix of its tags; ``doubled`` is the first placemark with two rings in an outer one, or
    two outer ones in a polygon, ``several`` the first with shapes beside each other. ``ends``:
    it is not cut short.
    """

    placemarks: int
    others: Mapping[str, int]
    bare_folders: bool
    cuts: tuple[tuple[int, int], ...]
    splits: tuple[tuple[int, bytes], ...]
    doubled: int | None = None
    several: int | None = None
    ends: bool = True


def structure_of(path: Path, *, name: str) -> Structure:
    """Look through a KML's tags.

    Raises `UnreadableError` for a polygon of two outer rings, for shapes beside each other in one
    placemark, of which GDAL reads one, and for a file cut short.
    """
    found = _known(path, *_stats(path))
    if not found.ends:
        raise UnreadableError(
            "{file} is cut short in row {row}; send it again whole", file=name, row=found.placemarks
        )
    if found.several is not None:
        raise UnreadableError(
            "{file}, row {row}: the placemark holds several shapes beside each other, of which "
            "programs read one; put them into a MultiGeometry, or into placemarks of their own",
            file=name,
            row=found.several,
        )
    if found.doubled is not None:
        raise UnreadableError(
            "{file}, row {row}: the polygon has two outer rings in one boundary; save it as two "
            "polygons",
            file=name,
            row=found.doubled,
        )
    return found


def _stats(path: Path) -> tuple[int, int, int]:
    about = path.stat()
    return about.st_size, about.st_mtime_ns, about.st_ino


@lru_cache(maxsize=16)
def _known(path: Path, size: int, mtime_ns: int, inode: int) -> Structure:  # noqa: ARG001  # of the key
    """What was found in a file as it is: it is asked for several times while it is read."""
    return _structure(_body(path))


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
    found = structure_of(path, name=name)
    if not found.cuts and not found.splits:
        return False
    body = _body(path)
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


def _structure(body: bytes) -> Structure:
    """One pass over the tags that matter; comments and quoted text are passed over."""
    if b"<!--" in body or b"<![CDATA[" in body:
        body = UNREAD.sub(lambda match: b" " * len(match[0]), body)
    seen = _Seen()
    for match in TAG.finditer(body):
        seen.take(match)
    return Structure(
        placemarks=seen.placemarks,
        others=dict(seen.others),
        bare_folders=seen.bare,
        cuts=tuple(seen.cuts),
        splits=tuple(seen.splits),
        doubled=seen.doubled,
        several=seen.several,
        ends=bool(END.search(body[-TAIL:])),
    )


@dataclass(kw_only=True)
class _Seen:
    """What the tags of a KML have told so far."""

    placemarks: int = 0
    others: Counter[str] = field(default_factory=Counter)
    cuts: list[tuple[int, int]] = field(default_factory=list)
    splits: list[tuple[int, bytes]] = field(default_factory=list)
    bare: bool = False
    doubled: int | None = None
    several: int | None = None
    _shapes: int = 0
    _outers: int = 0
    _nested: int = 0
    _open: dict[bytes, int] = field(default_factory=dict)
    _own: list[int] = field(default_factory=list)
    _inside: bytes = b""
    _rings: int = 0

    def take(self, match: re.Match[bytes]) -> None:
        """Take one tag."""
        closes, prefix, tag, alone = match.groups()
        if tag == b"LinearRing":
            if not closes and self._inside:
                self._ring(match.start(), prefix)
        elif tag.endswith(b"BoundaryIs"):
            self._inside, self._rings = (b"" if closes else tag), 0
            self._outers += tag == b"outerBoundaryIs" and not closes
            if self._outers > 1 and self.doubled is None:
                self.doubled = self.placemarks
        elif tag in SHAPES:
            self._shape(tag, bool(closes), bool(alone))
        elif tag == b"Placemark":
            if not closes:
                self.placemarks += 1
                self._shapes = self._nested = 0
                self._own[-1:] = [self._own[-1] + 1] if self._own else []
        elif tag in CONTAINERS:
            self._container(bool(closes), bool(alone))
        else:
            self._other(match, tag, bool(closes), bool(alone))

    def _shape(self, tag: bytes, closes: bool, alone: bool) -> None:  # noqa: FBT001  # of one tag
        """A shape; of those that lie in no other a placemark has one."""
        self._outers = 0
        whole = tag.startswith(b"Multi")
        if closes:
            self._nested -= whole
            return
        self._shapes += not self._nested
        if self._shapes > 1 and self.placemarks and self.several is None:
            self.several = self.placemarks
        self._nested += whole and not alone

    def _ring(self, at: int, prefix: bytes) -> None:
        """A ring of a boundary, of which one more than the first is in another or is wrong."""
        self._rings += 1
        if self._rings < 2:
            return
        if self._inside == b"innerBoundaryIs":
            self.splits.append((at, prefix))
        elif self.doubled is None:
            self.doubled = self.placemarks

    def _container(self, closes: bool, alone: bool) -> None:  # noqa: FBT001  # of one tag
        """A folder or document; one that ends without a placemark of its own is bare."""
        if not closes and not alone:
            self._own.append(0)
        elif alone or (self._own and self._own.pop() == 0):
            self.bare = True

    def _other(self, match: re.Match[bytes], tag: bytes, closes: bool, alone: bool) -> None:  # noqa: FBT001  # of one tag
        """A picture or a link."""
        if not closes:
            self.others[tag.decode()] += 1
            self._open[tag] = match.start()
        if (closes or alone) and tag in PICTURES and tag in self._open:
            self.cuts.append((self._open.pop(tag), match.end()))
