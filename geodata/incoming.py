"""Files dropped into the browser: received safely, recognised, and made a study."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Literal
from uuid import uuid4

import geopandas as gpd
import pandas as pd
import shapely

import geodata.read as reading
from coverage.model import TECHNOLOGIES, VILLAGE_COLUMNS
from geodata.columns import find_columns, plain
from geodata.errors import DataError, GeodataError, Phrase
from geodata.files import whole_folder
from geodata.kinds import BESIDE
from geodata.operators import operator_in
from geodata.study.open import open_study

Role = Literal[
    "villages", "districts", "communes", "layer", "zones_5g", "sites", "centres", "aside"
]

MOST_FILES = 2_000
MOST_BYTES = 4_000_000_000
MOST_RATIO = 300
"""An archive with more than this is refused: it is a mistake, or meant to fill the disk."""

SIDECARS = (*BESIDE, ".sbn", ".sbx", ".qmd", ".qpj", ".xml", ".fix", ".atx")
RESERVED = {"con", "prn", "aux", "nul", *(f"{n}{k}" for n in ("com", "lpt") for k in range(1, 10))}
LONGEST = 80

GENERATIONS = {"lte": "4G", "umts": "3G", "hspa": "3G", "nr": "5G", "gsm": "2G", "edge": "2G"}

FIELDS = ("village_id", *VILLAGE_COLUMNS, "operator", "technology", "code", "name", "phase")


@dataclass(frozen=True, kw_only=True)
class Received:
    """One dropped file, or one set of files that belong together, by its main file."""

    name: str
    path: Path


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


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What somebody says a file is. ``crs`` is for a file that says none."""

    path: Path
    role: Role
    operator: str = ""
    technology: str = ""
    crs: str = ""
    as_of: date | None = None
    source: str = ""


def receive(files: Sequence[tuple[str, bytes]], folder: Path) -> tuple[Received, ...]:
    """Write dropped files into an empty folder and give the main ones.

    Names are made harmless; archives are unpacked, KMZ and zipped files of one layer too.
    Raises `DataError` for an archive that leads out of itself, holds another, or is far too
    large.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name, body in files:
        if zipfile.is_zipfile(io.BytesIO(body)) and _is_archive(name):
            written += _unpacked(name, body, folder)
        else:
            written.append(_placed(folder, name, body))
    mains = [path for path in written if path.suffix.lower() not in SIDECARS]
    return tuple(Received(name=path.name, path=path) for path in mains)


def understand(received: Received) -> Understood:
    """What a received file seems to be. A file that cannot be read says why."""
    told = plain(received.path.stem)
    try:
        table = reading.read_table(received.path)
    except DataError as error:
        if "coordinate system" in error.template:
            return _without_system(received, told)
        return Understood(role="aside", trouble=Phrase(error.template, error.parts))
    except GeodataError as error:
        return Understood(role="aside", trouble=Phrase(error.template, error.parts))
    return _understood(table, told)


def make_study(
    home: Path,
    choices: Sequence[Choice],
    *,
    name: str,
    as_of: date,
    crs: str = "EPSG:9208",
    units_from: date | None = None,
    expected: Sequence[str] = (),
) -> Path:
    """Make a study of chosen files in a folder of its own under ``home`` and open it once.

    Whole or not at all. Gives the folder. Raises `DataError` without villages, and whatever
    is wrong with the files.
    """
    _require(choices, name)
    home.mkdir(parents=True, exist_ok=True)
    folder = home / _free(home, name)
    with whole_folder(folder) as made:
        taken = [_copied(choice, made) for choice in choices if choice.role != "aside"]
        text = _toml(taken, name=name, as_of=as_of, crs=crs, units_from=units_from or as_of)
        text += _expected(expected)
        (made / "study.toml").write_text(text, encoding="utf-8")
        open_study(made)
    return folder


def studies_in(home: Path) -> dict[str, str]:
    """The studies under a home folder: folder name → the study's own name, by name."""
    found = {}
    for file in sorted(home.glob("*/study.toml")):
        match = re.search(r'^name = "(.*)"$', file.read_text(encoding="utf-8"), re.MULTILINE)
        found[file.parent.name] = _untold(match[1]) if match else file.parent.name
    return dict(sorted(found.items(), key=lambda entry: plain(entry[1])))


def _is_archive(name: str) -> bool:
    return name.lower().endswith((".zip", ".kmz"))


def _placed(folder: Path, name: str, body: bytes) -> Path:
    """Write one file under a harmless name that nothing else has."""
    path = folder / safe_name(name)
    stem, k = path.stem, 1
    while path.exists():
        k += 1
        path = path.with_name(f"{stem}-{k}{path.suffix}")
    path.write_bytes(body)
    return path


def safe_name(name: str) -> str:
    """A file name without folders, signs and surprises: plain letters, digits, - and _."""
    last = re.split(r"[/\\]", name.replace("\0", ""))[-1]
    stem, dot, ending = last.rpartition(".")
    if not dot:
        stem, ending = last, ""
    stem = "-".join(plain(stem).split())[:LONGEST].strip("-") or "file"
    ending = re.sub(r"[^a-z0-9]", "", ending.lower())[:10]
    stem = f"{stem}-file" if stem in RESERVED else stem
    return f"{stem}.{ending}" if ending else stem


def _unpacked(name: str, body: bytes, folder: Path) -> list[Path]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _refuse(name, entries)
        inside = folder / f"{safe_name(name).replace('.', '-')}-{uuid4().hex[:6]}"
        inside.mkdir()
        return [
            _placed(inside, PurePosixPath(entry.filename).name, archive.read(entry))
            for entry in entries
            if not PurePosixPath(entry.filename).name.startswith(".")
        ]


def _refuse(name: str, entries: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse an archive that is not what it seems."""
    total = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if len(entries) > MOST_FILES or total > MOST_BYTES or total / packed > MOST_RATIO:
        raise DataError(
            "{file} unpacks to {count} files of {size} MB together; send an archive of at most "
            "{most} files that is not packed beyond measure",
            file=name,
            count=len(entries),
            size=total // 1_000_000,
            most=MOST_FILES,
        )
    for entry in entries:
        parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
        if ".." in parts or entry.filename.startswith(("/", "\\")) or ":" in parts[0]:
            raise DataError(
                "{file} holds {entry}, which leads out of the archive; it was not unpacked",
                file=name,
                entry=repr(entry.filename[:LONGEST]),
            )
        if _is_archive(entry.filename):
            raise DataError(
                "{file} holds another archive, {entry}; send that one by itself",
                file=name,
                entry=repr(entry.filename[:LONGEST]),
            )


def _without_system(received: Received, told: str) -> Understood:
    """A file that does not say its system: what else it is."""
    try:
        return _understood(reading.read_table(received.path, unplaced=True), told)
    except GeodataError as error:
        return Understood(role="aside", trouble=Phrase(error.template, error.parts))


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


def _require(choices: Sequence[Choice], name: str) -> None:
    if not name.strip():
        raise DataError("the study has no name; give it one, such as Nghệ An, Quý 3 năm 2025")
    counts = {role: sum(c.role == role for c in choices) for role in ("villages", "centres")}
    if counts["villages"] != 1:
        raise DataError(
            "{count} files are chosen as villages; a study has exactly one",
            count=counts["villages"],
        )
    for choice in choices:
        if choice.role == "layer" and not (choice.operator and choice.technology):
            raise DataError(
                "{file} is a coverage layer without operator or technology; choose both",
                file=choice.path.name,
            )


def _free(home: Path, name: str) -> str:
    """A folder name for a study that no other has."""
    base = "-".join(plain(name).split())[:LONGEST].strip("-") or "study"
    base = f"{base}-study" if base in RESERVED else base
    slug, k = base, 1
    while (home / slug).exists():
        k += 1
        slug = f"{base}-{k}"
    return slug


def _copied(choice: Choice, made: Path) -> tuple[Choice, str]:
    """Copy a file with those that belong to it; its path in the study."""
    inside = made / ("layers" if choice.role == "layer" else "data")
    inside.mkdir(exist_ok=True)
    stem = f"{choice.role}-{uuid4().hex[:6]}-{choice.path.stem}"[:LONGEST]
    for part in choice.path.parent.iterdir():
        same = part.stem == choice.path.stem
        if part == choice.path or (same and part.suffix.lower() in SIDECARS):
            shutil.copyfile(part, inside / f"{stem}{part.suffix.lower()}")
    return choice, f"{inside.name}/{stem}{choice.path.suffix.lower()}"


def _toml(
    taken: Sequence[tuple[Choice, str]],
    *,
    name: str,
    as_of: date,
    crs: str,
    units_from: date,
) -> str:
    by_role: dict[str, list[tuple[Choice, str]]] = {}
    for choice, path in taken:
        by_role.setdefault(choice.role, []).append((choice, path))
    lines = ["schema = 1", f"name = {_told(name.strip())}", f"as_of = {as_of.isoformat()}"]
    lines += [f"crs = {_told(crs)}", 'rule = "vn-village"', "", "[villages]"]
    lines += _file(*by_role["villages"][0])
    for _, path in by_role.get("centres", [])[:1]:
        lines.append(f"centres = {_told(path)}")
    communes = by_role.get("communes", [])
    if communes:
        lines += ["", "[[units]]", f"valid_from = {units_from.isoformat()}"]
        lines.append(f"communes = {_told(communes[0][1])}")
        for _, path in by_role.get("districts", [])[:1]:
            lines.append(f"districts = {_told(path)}")
    for choice, path in by_role.get("layer", []):
        lines += ["", "[[layers]]", f"operator = {_told(choice.operator)}"]
        lines.append(f"technology = {_told(choice.technology)}")
        lines += _file(choice, path)
        lines.append(f"as_of = {(choice.as_of or as_of).isoformat()}")
        if choice.source:
            lines.append(f"source = {_told(choice.source)}")
    for role in ("zones_5g", "sites"):
        for choice, path in by_role.get(role, [])[:1]:
            lines += ["", f"[{role}]", *_file(choice, path)]
    return "\n".join(lines) + "\n"


def _file(choice: Choice, path: str) -> list[str]:
    return [f"path = {_told(path)}", *([f"crs = {_told(choice.crs)}"] if choice.crs else [])]


def _expected(operators: Sequence[str]) -> str:
    if not operators:
        return ""
    return f"\n[expected]\noperators = [{', '.join(map(_told, operators))}]\n"


def _told(text: str) -> str:
    """A text as TOML writes it."""
    out = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in out) + '"'


def _untold(text: str) -> str:
    return text.replace('\\"', '"').replace("\\\\", "\\")
