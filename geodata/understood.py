"""What a file seems to be: which role, which columns, which operator and technology."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Literal

import geopandas as gpd
import pandas as pd

from coverage.model import TECHNOLOGIES, VILLAGE_COLUMNS
from geodata.columns import find_columns, plain
from geodata.containers import Part, chosen, not_packed, opened
from geodata.convention import Candidate
from geodata.conventions import convention_of, recognised
from geodata.errors import DataError, GeodataError, Phrase
from geodata.filings import COVERAGE, SILENT, secondhand
from geodata.filings import told as summary
from geodata.layers import GENERATIONS
from geodata.operators import operator_in
from geodata.text_shapes import kind_in_text, shape_of

Role = Literal[
    "villages",
    "districts",
    "communes",
    "layer",
    "zones_5g",
    "sites",
    "centres",
    "measurements",
    "aside",
]

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
    ``trouble`` is why it cannot be read at all. ``convention`` is the name of the convention it
    follows and ``title`` what people call that, ``kind`` what it then holds; ``operators``,
    ``technologies`` and ``as_of`` are what the file itself tells, ``notes`` what is to be said.
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
    convention: str = ""
    title: Phrase | None = None
    kind: str = ""
    operators: tuple[str, ...] = ()
    technologies: tuple[str, ...] = ()
    as_of: date | None = None
    notes: tuple[Phrase, ...] = ()


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


def understand_table(table: pd.DataFrame, name: str) -> Understood:
    """What a table seems to be that was read from a file (or layer) of this name."""
    return _understood(table, plain(Path(name).stem))


def _layer_of(received: Received, part: Part) -> Received:
    return replace(received, layer=part.layer if part.several else None)


def _troubled(error: GeodataError) -> Understood:
    return Understood(role="aside", trouble=Phrase(error.template, error.parts))


def _seen(part: Part) -> Understood:
    """A part read and understood, also where it does not say its system."""
    told = plain(" ".join([part.path.stem, *([part.layer or ""] if part.several else [])]))
    try:
        return _by_content(Candidate(part=part, file=part.title), told)
    except GeodataError as error:
        return _troubled(error)


def _by_content(candidate: Candidate, name: str) -> Understood:
    """A part by the convention it follows, else by its columns and its name."""
    convention = recognised(candidate)
    if candidate.part.is_raster and convention is None:
        convention = convention_of(candidate, kinds=COVERAGE)  # says what nobody explains
    if convention is None:
        return _understood(candidate.table, name)
    meaning = convention.means(candidate, SILENT)  # before the table: some refuse by their head
    base = _raster(candidate) if candidate.part.is_raster else _understood(candidate.table, name)
    short = summary(meaning)
    operator, technology = _named_layer(name)
    if short.operators:
        operator = short.operators[0] if len(short.operators) == 1 else ""
    if short.technologies:
        technology = short.technologies[0] if len(short.technologies) == 1 else ""
    roles: dict[str, Role] = {"villages": "villages", "measurements": "measurements"}
    return replace(
        base,
        role=roles.get(convention.kind, "layer"),
        rows=short.rows,
        operator=operator,
        technology=technology,
        convention=convention.name,
        title=convention.title,
        kind=convention.kind,
        operators=short.operators,
        technologies=short.technologies,
        as_of=short.as_of,
        notes=tuple(
            one.sentence for one in (*secondhand(convention, candidate.file), *meaning.findings)
        ),
    )


def _raster(candidate: Candidate) -> Understood:
    system = candidate.need_raster().crs
    written = system.to_string()[:LONGEST] if system is not None else ""
    return Understood(role="layer", crs=written, shape="raster")


def _understood(table: pd.DataFrame, told: str) -> Understood:
    found = find_columns(table.columns, FIELDS)
    placed = isinstance(table, gpd.GeoDataFrame)
    shape = shape_of(table.geometry) if isinstance(table, gpd.GeoDataFrame) else kind_in_text(table)
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
