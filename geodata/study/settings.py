"""The study file, validated whole: every fault is told at once, each with its line."""

from __future__ import annotations

import difflib
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from coverage.model import Evidence, Technology
from coverage.rules import RULES
from geodata.coordinates import study_crs
from geodata.errors import MissingFileError, StudyError, UnreadableError

FILE = "study.toml"


class _Table(BaseModel):
    """Every table of the study file: unknown keys are faults, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class VillagesTable(_Table):
    """``[villages]``: polygons, or points with a settlement radius in metres."""

    path: str
    layer: str | None = None
    crs: str | None = None
    columns: dict[str, str] = {}
    centres: str | None = None
    radius_m: float = Field(default=500.0, gt=0, le=20_000)


class ExpectedTable(_Table):
    """``[expected]``: who should have filed."""

    operators: tuple[str, ...] = ()
    technologies: tuple[Technology, ...] = ()


class UnitsTable(_Table):
    """``[[units]]``: one structure of administrative units."""

    valid_from: date
    communes: str
    districts: str | None = None
    columns: dict[str, str] = {}


class LayerTable(_Table):
    """``[[layers]]``: one file, or a pattern of files, of coverage."""

    path: str
    layer: str | None = None
    crs: str | None = None
    operator: str | None = None
    technology: Technology | None = None
    kind: Literal["footprint", "signal", "sites"] = "footprint"
    as_of: date | None = None
    evidence: Evidence = "declared"
    extent: str | None = None
    source: str = ""
    columns: dict[str, str] = {}

    @field_validator("kind")
    @classmethod
    def _footprints_only(cls, kind: str) -> str:
        if kind != "footprint":
            message = f"kind {kind!r} is not read by this version, which measures footprints"
            raise ValueError(message)
        return kind


class FileTable(_Table):
    """A table that names one file: population, terrain, 5G zones, measurements."""

    path: str
    columns: dict[str, str] = {}


class PublishedTable(_Table):
    """``[[published]]``: a figure officials stated."""

    value: int = Field(ge=0)
    of: int = Field(gt=0)
    definition: str
    as_of: date
    source: str


class TargetTable(_Table):
    """``[target]``: the share aimed at, and by when."""

    share: float = Field(gt=0, le=1)
    by: date


class ReconstructionTable(_Table):
    """``[reconstruction]``: marks a study that was made, not observed."""

    seed: int
    version: int
    real: tuple[str, ...] = ()


class RuleTable(_Table):
    """``[rule]``: a named profile with some of its settings changed."""

    base: str = "vn-village"
    name: str
    title: str | None = None
    source: str = "study file"
    technologies: tuple[Technology, ...] | None = None
    centre: bool | None = None
    covered_share: float | None = Field(default=None, gt=0, le=1)
    weak_share: float | None = Field(default=None, ge=0, le=1)
    speaks_share: float | None = Field(default=None, ge=0, le=1)
    min_operators: int | None = Field(default=None, ge=1)

    @field_validator("base")
    @classmethod
    def _known(cls, base: str) -> str:
        return _known_rule(base)


def _known_rule(name: str) -> str:
    if name not in RULES:
        message = f"rule {name!r} is not known; expected {', '.join(sorted(RULES))}"
        raise ValueError(message)
    return name


class StudySettings(_Table):
    """The whole study file."""

    schema_: Literal[1] = Field(alias="schema")
    name: str
    as_of: date
    crs: str = "EPSG:9208"
    rule: str | RuleTable = "vn-village"
    villages: VillagesTable
    expected: ExpectedTable = ExpectedTable()
    units: tuple[UnitsTable, ...] = ()
    layers: tuple[LayerTable, ...] = ()
    population: FileTable | None = None
    terrain: FileTable | None = None
    zones_5g: FileTable | None = None
    measurements: FileTable | None = None
    published: tuple[PublishedTable, ...] = ()
    target: TargetTable | None = None
    reconstruction: ReconstructionTable | None = None

    @field_validator("rule")
    @classmethod
    def _known(cls, rule: str | RuleTable) -> str | RuleTable:
        return _known_rule(rule) if isinstance(rule, str) else rule

    @field_validator("crs")
    @classmethod
    def _in_metres(cls, crs: str) -> str:
        study_crs(crs)
        return crs


def read_settings(path: Path) -> StudySettings:
    """Read and validate a study file, its files included.

    Raises `MissingFileError`, `UnreadableError` for what is not TOML, and `StudyError` whose
    ``faults`` are all that is wrong, each with its line.
    """
    if not path.exists():
        raise MissingFileError(
            "{file} is not there; a study is a folder with a study.toml", file=str(path)
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnreadableError(
            "{file} is not a study file: {reason}", file=path.name, reason=str(error)
        ) from error
    faults: list[str] = []
    settings: StudySettings | None = None
    try:
        settings = StudySettings.model_validate(data)
    except ValidationError as error:
        faults = [_fault(problem, text) for problem in error.errors()]
    faults += _missing_files(data, text, path.parent)
    if faults or settings is None:
        listed = "\n".join(f"  {k}. {fault}" for k, fault in enumerate(faults, 1))
        raise StudyError(
            "{file} has {count} faults:\n{listed}",
            file=path.name,
            count=len(faults),
            listed=listed,
            faults=tuple(faults),
        )
    return settings


def _fault(problem: Any, text: str) -> str:
    """One fault in one sentence: where, what was found, what was expected."""
    # a union of choices adds the name of the choice to the place: it is no key
    place = [p for p in problem["loc"] if p not in ("str", "RuleTable")]
    where = _where(place, text)
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(place[-1]), _keys_at(place), n=1)
        return f"{where} is not a key of this table" + (f"; {near[0]}?" if near else "")
    if problem["type"] == "missing":
        return f"{where} is missing"
    message = problem["msg"].removeprefix("Value error, ")
    value = problem["input"]
    found = f" (found {value!r})" if isinstance(value, (str, int, float, bool)) else ""
    return f"{where}: {message[0].lower()}{message[1:]}{found}"


def _keys_at(place: list[Any]) -> list[str]:
    """Keys that the table of a place may hold."""
    tables: dict[str, type[BaseModel]] = {
        "villages": VillagesTable, "expected": ExpectedTable, "units": UnitsTable,
        "layers": LayerTable, "population": FileTable, "terrain": FileTable,
        "zones_5g": FileTable, "measurements": FileTable, "published": PublishedTable,
        "target": TargetTable, "reconstruction": ReconstructionTable, "rule": RuleTable,
    }  # fmt: skip
    model = tables.get(str(place[0]), StudySettings) if len(place) > 1 else StudySettings
    return [field.alias or name for name, field in model.model_fields.items()]


def _where(place: list[Any], text: str) -> str:
    """The key, and its line where the text has one."""
    key = ".".join(str(p) if isinstance(p, str) else f"[{p + 1}]" for p in place)
    key = key.replace(".[", "[")
    line = line_of(place, text)
    return f"line {line}, {key}" if line else key


def line_of(place: list[Any], text: str) -> int | None:
    """Line (from 1) of a key in a TOML text, or of its table; None where neither stands there."""
    table = str(place[0])
    occurrence = place[1] if len(place) > 1 and isinstance(place[1], int) else 0
    key = str(next((p for p in reversed(place) if isinstance(p, str)), ""))
    current, seen, table_line = "", -1, None
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\[?\s*([\w.\-]+)\s*\]\]?", line)
        if header:
            current = header.group(1)
            if current == table:
                seen += 1
                if seen == occurrence:
                    table_line = number
            continue
        here = (not current and len(place) == 1) or (current == table and seen == occurrence)
        if here and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
        if not current and re.match(rf"\s*{re.escape(table)}\s*=", line):
            table_line = number
    return table_line


PATH_KEYS = ("path", "centres", "communes", "districts", "extent")


def _missing_files(data: dict[str, Any], text: str, folder: Path) -> list[str]:
    """Files that the study names and that are not there."""
    faults = []
    for table, value in data.items():
        many = isinstance(value, list)
        for k, entry in enumerate(value if many else [value]):
            if not isinstance(entry, dict):
                continue
            for key in PATH_KEYS:
                name = entry.get(key)
                if isinstance(name, str) and not found_files(folder, name):
                    where = _where([table, k, key] if many else [table, key], text)
                    faults.append(f"{where}: file {name!r} is not there")
    return faults


def found_files(folder: Path, name: str) -> list[Path]:
    """The file of a name, or those of a pattern, in their order; relative to the study."""
    if any(c in name for c in "*?["):
        return sorted(path for path in folder.glob(name) if path.is_file())
    path = folder / name
    return [path] if path.exists() else []
