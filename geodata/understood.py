"""What a file seems to be: which role, which columns, which operator and technology."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import geopandas as gpd
import pandas as pd
import shapely

from coverage.model import TECHNOLOGIES, VILLAGE_COLUMNS
from geodata.columns import find_columns, plain
from geodata.containers import Part, chosen, not_packed, opened
from geodata.errors import DataError, GeodataError, Phrase
from geodata.operators import operator_in
from geodata.read import read_part

Role = Literal[
    "villages", "districts", "communes", "layer", "zones_5g", "sites", "centres", "aside"
]

GENERATIONS = {"lte": "4G", "umts": "3G", "hspa": "3G", "nr": "5G", "gsm": "2G", "edge": "2G"}

MOST_PARTS = 60
LONGEST = 80

FIELDS = ("village_id", *VILLAGE_COLUMNS, "operator", "technology", "code", "name", "phase")


@dataclass(frozen=True, kw_only=True)
class Received:
    """One dropped file, or one set of files that belong together, by its main file.

    ``layer`` is one of several in it; ``trouble`` is why it was not even unpacked.
    """

    name: str
    path: Path
    layer: str | None = None
    trouble: Phrase | None = None

    @property
    def title(self) -> str:
        """The file, and its layer where it has several."""
        return self.name if self.layer is None else f"{self.name}: {self.layer}"


@dataclass(frozen=True, kw_only=True)
class Understood:
    """What a file seems to be, and what was and was not understood of it.

    ``columns`` maps our fields to the file's columns, ``strange`` are columns that nobody
    knows; ``crs`` is the coordinate system as people write it, "" where the file says none;
    ``trouble`` is why it cannot be read at all.
    """

    role: Role
    operator: str = ""
    technology: str = ""
    rows: int = 0
    shape: str = ""
    crs: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    strange: tuple[str, ...] = ()
    trouble: Phrase | None = None


def look_into(received: Received) -> tuple[tuple[Received, Understood], ...]:
    """What a received file seems to be, layer by layer. What cannot be read says why."""
    if received.trouble is not None:
        return ((received, Understood(role="aside", trouble=received.trouble)),)
    try:
        not_packed(received.path, received.name)
        with opened(received.path) as parts:
            if len(parts) > MOST_PARTS:
                raise DataError(
                    "{file} holds {count} layers; send at most {most} at a time",
                    file=received.name,
                    count=len(parts),
                    most=MOST_PARTS,
                )
            return tuple((_layer_of(received, part), _seen(part)) for part in parts)
    except GeodataError as error:
        return ((received, _troubled(error)),)


def understand(received: Received) -> Understood:
    """What one file, or one layer of it, seems to be. What cannot be read says why."""
    if received.trouble is not None:
        return Understood(role="aside", trouble=received.trouble)
    try:
        with opened(received.path) as parts:
            return _seen(chosen(parts, received.layer, file=received.name))
    except GeodataError as error:
        return _troubled(error)


def _layer_of(received: Received, part: Part) -> Received:
    return replace(received, layer=part.layer if part.several else None)


def _troubled(error: GeodataError) -> Understood:
    return Understood(role="aside", trouble=Phrase(error.template, error.parts))


def _seen(part: Part) -> Understood:
    """A part read and understood, also where it does not say its system."""
    told = plain(" ".join([part.path.stem, *([part.layer or ""] if part.several else [])]))
    try:
        return _understood(read_part(part, unplaced=True).table, told)
    except GeodataError as error:
        return _troubled(error)


def _understood(table: pd.DataFrame, told: str) -> Understood:
    found = find_columns(table.columns, FIELDS)
    placed = isinstance(table, gpd.GeoDataFrame)
    shape = _shape(table) if isinstance(table, gpd.GeoDataFrame) else ""
    system = table.crs.to_string() if isinstance(table, gpd.GeoDataFrame) and table.crs else ""
    known = set(found.values()) | {"geometry", "lon", "lat", "x", "y"}
    strange = [str(c) for c in table.columns if c not in known and not _is_place(str(c))]
    operator, technology = _named_layer(told)
    role = _role(told, shape, found, len(table), operator=operator)
    if role != "villages":
        found.pop("village", None)
    return Understood(
        role=role,
        operator=operator,
        technology=technology,
        rows=len(table),
        shape=shape,
        crs=system[:LONGEST] if placed else "",
        columns={k: v for k, v in found.items() if k not in ("code", "name", "phase")},
        strange=tuple(strange[:40]),
    )


def _is_place(column: str) -> bool:
    return bool(find_columns([column], ("lon", "lat", "x", "y")))


def _shape(table: gpd.GeoDataFrame) -> str:
    """What the geometry is made of: "polygon", "line", "point", or "mixed"."""
    shapes = table.geometry.to_numpy()
    kinds = set(shapely.get_dimensions(shapes[~shapely.is_missing(shapes)]).tolist()) - {-1}
    names = {0: "point", 1: "line", 2: "polygon"}
    return names[kinds.pop()] if len(kinds) == 1 else "mixed"


def _named_layer(told: str) -> tuple[str, str]:
    """Operator and technology that a file's name speaks of."""
    words = told.split()
    joined = told.replace(" ", "")
    operator = operator_in(told)
    for word in words:
        if word.upper() in TECHNOLOGIES:
            return operator, word.upper()
        if word in GENERATIONS:
            return operator, GENERATIONS[word]
    found = re.search(r"([2-5])g", joined)
    return operator, f"{found[1]}G" if found else ""


def _role(told: str, shape: str, found: dict[str, str], rows: int, *, operator: str) -> Role:
    """The likeliest role, from the name, the shapes and the columns."""
    names: tuple[tuple[tuple[str, ...], Role], ...] = (
        (("zone", "zones", "vung trien khai"), "zones_5g"),
        (("site", "sites", "tram", "bts"), "sites"),
        (("centre", "centres", "center", "trung tam", "nha van hoa"), "centres"),
        (("district", "districts", "huyen"), "districts"),
        (("commune", "communes", "xa", "phuong xa"), "communes"),
        (("village", "villages", "thon", "ban", "xom", "thon ban"), "villages"),
    )
    for words, role in names:
        if any(f" {word} " in f" {told} " for word in words):
            return role
    if operator or ("technology" in found and shape == "polygon"):
        return "sites" if shape == "point" else "layer"
    if "village" in found and ("population" in found or "households" in found or rows > 300):
        return "villages"
    if "commune" in found and shape == "polygon":
        return "communes"
    if "district" in found and shape == "polygon":
        return "districts"
    return "aside"
