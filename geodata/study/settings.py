"""The study file, validated whole: every fault is told at once, each with its line."""

from __future__ import annotations

import difflib
import re
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Strict,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from coverage.model import VILLAGE_COLUMNS, Evidence, Technology
from coverage.rules import RULES
from geodata.coordinates import study_crs
from geodata.errors import MissingFileError, StudyError, UnreadableError

FILE = "study.toml"


def _day(value: object) -> object:
    """Days as TOML or ISO text has them; a bare number would pass for seconds since 1970."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    message = "input should be a day such as 2023-08-30"
    raise ValueError(message)


Day = Annotated[date, BeforeValidator(_day)]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
Flag = Annotated[bool, Strict()]


def _fields(*known: str) -> AfterValidator:
    """A check that ``columns`` names standard fields only."""

    def check(columns: dict[str, str]) -> dict[str, str]:
        for field in columns:
            if field not in known:
                near = difflib.get_close_matches(field, known, n=1)
                hint = f"; {near[0]}?" if near else ""
                message = f"{field!r} is not a field of columns{hint} It may be {', '.join(known)}"
                raise ValueError(message)
        return columns

    return AfterValidator(check)


PLACES = ("lon", "lat", "x", "y")
VillageColumns = Annotated[dict[str, str], _fields("village_id", *VILLAGE_COLUMNS, *PLACES)]
UnitColumns = Annotated[
    dict[str, str],
    _fields("code", "name", "commune_code", "commune", "district_code", "district"),
]
LayerColumns = Annotated[dict[str, str], _fields("operator", "technology")]
ZoneColumns = Annotated[dict[str, str], _fields("zone", "operator", "phase", "status", "start")]


class _Table(BaseModel):
    """Every table of the study file: unknown keys are faults, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class VillagesTable(_Table):
    """``[villages]``: polygons, or points with a settlement radius in metres."""

    path: str
    layer: str | None = None
    crs: str | None = None
    columns: VillageColumns = {}
    centres: str | None = None
    radius_m: Number = Field(default=500.0, gt=0, le=20_000)


class ExpectedTable(_Table):
    """``[expected]``: who should have filed."""

    operators: tuple[str, ...] = ()
    technologies: tuple[Technology, ...] = ()


class UnitsTable(_Table):
    """``[[units]]``: one structure of administrative units."""

    valid_from: Day
    communes: str
    districts: str | None = None
    columns: UnitColumns = {}


class LayerTable(_Table):
    """``[[layers]]``: one file, or a pattern of files, of coverage."""

    path: str
    layer: str | None = None
    crs: str | None = None
    operator: str | None = None
    technology: Technology | None = None
    kind: Literal["footprint", "signal", "sites"] = "footprint"
    as_of: Day | None = None
    evidence: Evidence = "declared"
    extent: str | None = None
    source: str = ""
    columns: LayerColumns = {}

    @field_validator("kind")
    @classmethod
    def _footprints_only(cls, kind: str) -> str:
        if kind != "footprint":
            message = f"kind {kind!r} is not read by this version, which measures footprints"
            raise ValueError(message)
        return kind


class FileTable(_Table):
    """A table that names one file: population, terrain, measurements."""

    path: str
    columns: dict[str, str] = {}


class ZonesTable(_Table):
    """``[zones_5g]``: where and when 5G is rolled out."""

    path: str
    layer: str | None = None
    crs: str | None = None
    columns: ZoneColumns = {}


class PublishedTable(_Table):
    """``[[published]]``: a figure officials stated."""

    value: Whole = Field(ge=0)
    of: Whole = Field(gt=0)
    definition: str
    as_of: Day
    source: str


class TargetTable(_Table):
    """``[target]``: the share aimed at, and by when."""

    share: Number = Field(gt=0, le=1)
    by: Day


class ReconstructionTable(_Table):
    """``[reconstruction]``: marks a study that was made, not observed."""

    seed: Whole
    version: Whole
    real: tuple[str, ...] = ()


class RuleTable(_Table):
    """``[rule]``: a named profile with some of its settings changed."""

    base: str = "vn-village"
    name: str
    title: str | None = None
    source: str = "study file"
    technologies: tuple[Technology, ...] | None = None
    centre: Flag | None = None
    covered_share: Number | None = Field(default=None, gt=0, le=1)
    weak_share: Number | None = Field(default=None, ge=0, le=1)
    speaks_share: Number | None = Field(default=None, ge=0, le=1)
    min_operators: Whole | None = Field(default=None, ge=1)

    @field_validator("base")
    @classmethod
    def _known(cls, base: str) -> str:
        return _known_rule(base)

    @model_validator(mode="after")
    def _weak_below_covered(self) -> Self:
        base = RULES[self.base]
        weak = base.weak_share if self.weak_share is None else self.weak_share
        covered = base.covered_share if self.covered_share is None else self.covered_share
        if weak > covered:
            message = f"weak_share {weak:g} should not be above covered_share {covered:g}"
            raise ValueError(message)
        return self


def _known_rule(name: str) -> str:
    if name not in RULES:
        near = difflib.get_close_matches(name, list(RULES), n=1)
        hint = f" {near[0]}?" if near else ""
        message = f"rule {name!r} is not known;{hint} Expected {', '.join(sorted(RULES))}"
        raise ValueError(message)
    return name


def _kind_of_rule(told: object) -> str:
    return "table" if isinstance(told, (dict, RuleTable)) else "profile"


RuleChoice = Annotated[
    Annotated[str, Tag("profile")] | Annotated[RuleTable, Tag("table")],
    Discriminator(_kind_of_rule),
]


class StudySettings(_Table):
    """The whole study file."""

    schema_: Literal[1] = Field(alias="schema")
    name: str
    as_of: Day
    crs: str = "EPSG:9208"
    rule: RuleChoice = "vn-village"
    villages: VillagesTable
    expected: ExpectedTable = ExpectedTable()
    units: tuple[UnitsTable, ...] = ()
    layers: tuple[LayerTable, ...] = ()
    population: FileTable | None = None
    terrain: FileTable | None = None
    zones_5g: ZonesTable | None = None
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
    faults = _missing_files(data, text, path.parent)
    settings: StudySettings | None = None
    try:
        settings = StudySettings.model_validate(data)
    except ValidationError as error:
        faults += [_fault(problem, text) for problem in error.errors()]
    if faults or settings is None:
        raise _told(path, [sentence for _, sentence in sorted(faults)])
    return settings


Fault = tuple[int, str]
"""Line (0 where it has none) and sentence."""


def _told(path: Path, faults: list[str]) -> StudyError:
    listed = "\n".join(f"  {k}. {fault}" for k, fault in enumerate(faults, 1))
    if len(faults) == 1:
        return StudyError(
            "{file} has one fault: {listed}", file=path.name, listed=faults[0], faults=tuple(faults)
        )
    return StudyError(
        "{file} has {count} faults:\n{listed}",
        file=path.name,
        count=len(faults),
        listed=listed,
        faults=tuple(faults),
    )


def _fault(problem: Any, text: str) -> Fault:
    """One fault in one sentence: where, what was found, what was expected."""
    place = list(problem["loc"])
    if place[0] == "rule":  # a choice adds its tag to the place, and that is no key
        del place[1:2]
    line, where = _where(place, text)
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(place[-1]), _keys_at(place), n=1)
        return line, f"{where} is not a key of this table" + (f"; {near[0]}?" if near else "")
    if problem["type"] == "missing":
        return line, f"{where} is missing"
    message = problem["msg"].removeprefix("Value error, ")
    value = problem["input"]
    told = isinstance(value, str) and repr(value) in message
    shown = isinstance(value, (str, int, float, bool)) and not told
    found = f" (found {repr(value)[:80]})" if shown else ""
    return line, f"{where}: {message[0].lower()}{message[1:]}{found}"


def _keys_at(place: list[Any]) -> list[str]:
    """Keys that the table of a place may hold."""
    tables: dict[str, type[BaseModel]] = {
        "villages": VillagesTable, "expected": ExpectedTable, "units": UnitsTable,
        "layers": LayerTable, "population": FileTable, "terrain": FileTable,
        "zones_5g": ZonesTable, "measurements": FileTable, "published": PublishedTable,
        "target": TargetTable, "reconstruction": ReconstructionTable, "rule": RuleTable,
    }  # fmt: skip
    model = tables.get(str(place[0]), StudySettings) if len(place) > 1 else StudySettings
    return [field.alias or name for name, field in model.model_fields.items()]


def _where(place: list[Any], text: str) -> tuple[int, str]:
    """The line of a key (0 where the text has none), and how to find it."""
    key = ".".join(str(p) if isinstance(p, str) else f"[{p + 1}]" for p in place)
    key = key.replace(".[", "[")
    line = line_of(place, text)
    return (line, f"line {line}, {key}") if line else (0, key)


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


def _missing_files(data: dict[str, Any], text: str, folder: Path) -> list[Fault]:
    """Files that the study names and that are not there."""
    faults: list[Fault] = []
    for table, value in data.items():
        many = isinstance(value, list)
        for k, entry in enumerate(value if many else [value]):
            if not isinstance(entry, dict):
                continue
            for key in PATH_KEYS:
                name = entry.get(key)
                if isinstance(name, str) and not found_files(folder, name):
                    line, where = _where([table, k, key] if many else [table, key], text)
                    faults.append((line, f"{where}: file {name!r} is not there"))
    return faults


def found_files(folder: Path, name: str) -> list[Path]:
    """The file of a name, or those of a pattern, in their order; relative to the study."""
    path = folder / name
    if path.is_file():
        return [path]
    if not any(c in name for c in "*?["):
        return []
    root = Path(path.anchor) if Path(name).is_absolute() else folder
    pattern = str(path.relative_to(root)) if Path(name).is_absolute() else name
    return sorted(one for one in root.glob(pattern) if one.is_file())
