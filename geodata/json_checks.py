"""What a GeoJSON says of each feature in so many words, counted; and whether it is UTF-8."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa

from geodata.findings import Finding, finding

TYPE = re.compile(
    rb'"type"\s*:\s*"(Feature|(?:Multi)?(?:Point|LineString|Polygon)|GeometryCollection)"'
)
CRS = b'"crs"'
SYSTEM = re.compile(rb'"crs"\s*:\s*\{[^{}]{0,200}"properties"')
NO_SHAPE = re.compile(rb'"geometry"\s*:\s*null')
MEMBERS = (b'"properties"', b'"geometry"')
SEEN_BYTES = 1 << 28
"""A larger file is counted in its first bytes alone."""


def json_findings(path: Path, *, name: str) -> Iterator[Finding]:
    """Warnings about a GeoJSON that is not UTF-8, or of whose features some lack a member."""
    with path.open("rb") as stream:
        body = stream.read(SEEN_BYTES)
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return
    is_whole = len(body) < SEEN_BYTES
    wrong = _first_no_utf8(body, is_whole=is_whole)
    if wrong:
        yield finding(
            "json-no-utf-8",
            "warning",
            "{file} is not UTF-8 (byte {at}), as GeoJSON must be; letters may be wrong and members "
            "lost, so save it again as UTF-8",
            file=name,
            at=wrong,
        )
    types = Counter(TYPE.findall(body))
    features = types.pop(b"Feature", 0)
    empty = len(NO_SHAPE.findall(body)) if b"null" in body else 0
    counts = {member.decode().strip('"'): body.count(member) for member in MEMBERS}
    counts["properties"] -= _systems(body)
    counts["coordinates"] = body.count(b'"coordinates"') + body.count(b'"geometries"')
    counts["coordinates"] += empty
    counts["type"] = types.total() + empty
    short = [member for member, count in counts.items() if 0 < count < features]
    if short and is_whole:
        yield finding(
            "json-members",
            "warning",
            "{file} has {count} features, and not all have the members that features have "
            "({found}); some may have lost their shape or their columns, so send it again",
            file=name,
            count=features,
            found=", ".join(short),
        )


def _systems(body: bytes) -> int:
    """How many coordinate systems are named in the old way, which has properties too."""
    count, at = 0, body.find(CRS)
    while at >= 0:
        count += SYSTEM.match(body, at) is not None
        at = body.find(CRS, at + len(CRS))
    return count


def _first_no_utf8(body: bytes, *, is_whole: bool) -> int:
    """The first byte (from 1) that is no UTF-8; 0 where all are."""
    ends = pa.py_buffer(np.array([0, len(body)], np.int32))
    with suppress(pa.ArrowInvalid):  # which says it ten times as fast, but not where
        pa.StringArray.from_buffers(1, ends, pa.py_buffer(body)).validate(full=True)
        return 0
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = not is_whole and error.end >= len(body)
        return 0 if cut else error.start + 1
    return 0
