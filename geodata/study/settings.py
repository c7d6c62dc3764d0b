"""The study file, validated whole: every fault is told at once, each with its line."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Discriminator,
    Field,
    Strict,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from coverage.model import VILLAGE_COLUMNS, Evidence, Technology
from geodata.coordinates import study_crs
from geodata.diagnose import AsSaid
from geodata.encodings import Told
from geodata.errors import MissingFileError, UnreadableError, phrase
from geodata.files import found_files, text_of
from geodata.lists import FIELDS as LISTED
from geodata.placing import PLACES
from geodata.postgis.address import hidden, is_address
from geodata.study.faults import DAY, Fault, FaultError, sentence_of, told, where_of
from geodata.study.kinds import Band, ConventionName, KindKeys
from geodata.study.limits import LimitKeys
from geodata.study.rule_table import RuleTable, known_rule
from geodata.study.tables import Flag, OnlyFile, PlacedTable, Source, Sourced, System, Table

FILE = "study.toml"


def _day(value: object) -> object:
    """Days as TOML or ISO text has them; a bare number would pass for seconds since 1970."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise FaultError(DAY)


Day = Annotated[date, BeforeValidator(_day)]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]


def _fields(*known: str) -> AfterValidator:
    """A check that ``columns`` names standard fields only."""

    def check(columns: dict[str, str]) -> dict[str, str]:
        for field in columns:
            if field not in known:
                near = difflib.get_close_matches(field, known, n=1)
                raise FaultError(
                    "{found} is not a field of columns; {near}? It may be {known}"
                    if near
                    else "{found} is not a field of columns; it may be {known}",
                    found=repr(field),
                    near=near[0] if near else "",
                    known=", ".join(known),
                )
        return columns

    return AfterValidator(check)


VillageColumns = Annotated[dict[str, str], _fields("village_id", *VILLAGE_COLUMNS, *PLACES)]
ListColumns = Annotated[dict[str, str], _fields(*LISTED)]
UnitColumns = Annotated[
    dict[str, str],
    _fields("code", "name", "commune_code", "commune", "district_code", "district"),
]
LayerColumns = Annotated[
    dict[str, str], _fields("operator", "technology", "technologies", "reach_m", *PLACES)
]
SampleColumns = Annotated[
    dict[str, str], _fields("time", "operator", "technology", "signal", "served", "lon", "lat")
]
ZoneColumns = Annotated[
    dict[str, str], _fields("zone", "operator", "phase", "status", "start", "source")
]
SettledColumns = Annotated[dict[str, str], _fields("households", "weight", *PLACES)]
AmountUnit = Literal["count", "density"]
SiteColumns = Annotated[dict[str, str], _fields("site", "operator", "technologies", *PLACES)]


class VillagesTable(Sourced):
    """``[villages]``: polygons, or points with a settlement radius in metres."""

    columns: VillageColumns = {}
    centres: Source | None = None
    centres_crs: System | None = None
    centres_swap_xy: Flag | None = None
    list_: OnlyFile | None = Field(default=None, alias="list")
    list_layer: str | None = None
    list_columns: ListColumns = {}
    list_encoding: Told | None = None
    only_listed: Flag = False
    radius_m: Number = Field(default=500.0, gt=0, le=20_000)
    rows_without_place: Literal["error", "unknown"] = "error"

    @property
    def centres_said(self) -> AsSaid:
        """What the study file says of the centres' coordinates."""
        return AsSaid(crs=self.centres_crs, swap_xy=self.centres_swap_xy)


class ExpectedTable(Table):
    """``[expected]``: who should have filed."""

    operators: tuple[str, ...] = ()
    technologies: tuple[Technology, ...] = ()


class UnitsTable(PlacedTable):
    """``[[units]]``: one structure of administrative units; one level may be unknown.

    ``crs`` is that of both files, unless ``districts_crs`` says another for the districts.
    """

    valid_from: Day
    communes: Source | None = None
    districts: Source | None = None
    districts_crs: System | None = None
    encoding: Told | None = None
    columns: UnitColumns = {}

    @model_validator(mode="after")
    def _some_level(self) -> Self:
        """Without a file there are no units."""
        if self.communes is None and self.districts is None:
            raise FaultError("one structure of units names no file; give communes or districts")
        return self


class LayerTable(KindKeys, Sourced):
    """``[[layers]]``: one file, or a pattern of files, or a table, of coverage."""

    operator: str | None = None
    technology: Technology | None = None
    as_of: Day | None = None
    evidence: Evidence | None = None
    extent: Source | None = None
    extent_crs: System | None = None
    source: str = ""
    columns: LayerColumns = {}


class MeasurementsTable(LimitKeys, Sourced):
    """``[measurements]``: speed tests or drive tests, and from when they contradict a layer."""

    convention: ConventionName | None = None
    operator: str | None = None
    technology: Technology | None = None
    as_of: Day | None = None
    source: str = ""
    columns: SampleColumns = {}


class PopulationTable(Table):
    """``[population]``: a raster of people; ``unit`` where the file does not say it."""

    path: OnlyFile
    band: Band | None = None
    unit: AmountUnit | None = None
    crs: System | None = None


class SettledTable(Sourced):
    """``[settled]``: where in a village people live: points, or a raster of built-up land."""

    band: Band | None = None
    unit: AmountUnit | None = None
    columns: SettledColumns = {}


class FileTable(Table):
    """A table that names one file: terrain."""

    path: OnlyFile
    columns: dict[str, str] = {}


class ZonesTable(Sourced):
    """``[zones_5g]``: where and when 5G is rolled out."""

    columns: ZoneColumns = {}


class SitesTable(Sourced):
    """``[sites]``: where the operators' masts stand."""

    columns: SiteColumns = {}


class PublishedTable(Table):
    """``[[published]]``: a figure officials stated."""

    value: Whole = Field(ge=0)
    of: Whole = Field(gt=0)
    definition: str
    as_of: Day
    source: str


class TargetTable(Table):
    """``[target]``: the share aimed at, and by when."""

    share: Number = Field(gt=0, le=1)
    by: Day


class ReconstructionTable(Table):
    """``[reconstruction]``: marks a study that was made, not observed."""

    seed: Whole
    version: Whole
    real: tuple[str, ...] = ()


def _kind_of_rule(told: object) -> str:
    return "table" if isinstance(told, (dict, RuleTable)) else "profile"


RuleChoice = Annotated[
    Annotated[str, Tag("profile")] | Annotated[RuleTable, Tag("table")],
    Discriminator(_kind_of_rule),
]


class StudySettings(Table):
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
    population: PopulationTable | None = None
    settled: SettledTable | None = None
    terrain: FileTable | None = None
    zones_5g: ZonesTable | None = None
    sites: SitesTable | None = None
    measurements: MeasurementsTable | None = None
    published: tuple[PublishedTable, ...] = ()
    target: TargetTable | None = None
    reconstruction: ReconstructionTable | None = None

    @field_validator("rule")
    @classmethod
    def _known(cls, rule: str | RuleTable) -> str | RuleTable:
        return known_rule(rule) if isinstance(rule, str) else rule

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
        text = text_of(path, encoding="utf-8-sig")
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
        raise told(path, [sentence for _, sentence in sorted(faults, key=_order)])
    return settings


def _order(fault: Fault) -> tuple[int, str]:
    """Faults stand in the order of their lines, those of one line by their words."""
    return fault[0], str(fault[1])


def _fault(problem: Any, text: str) -> Fault:
    """One fault in one sentence: where, what was found, what was expected."""
    place = list(problem["loc"])
    if place[0] == "rule":  # a choice adds its tag to the place, and that is no key
        del place[1:2]
    line, where = where_of(place, text)
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(place[-1]), _keys_at(place), n=1)
        return line, phrase(
            "{where} is not a key of this table; {near}?"
            if near
            else "{where} is not a key of this table",
            where=where,
            near=near[0] if near else "",
        )
    if problem["type"] == "missing":
        return line, phrase("{where} is missing", where=where)
    return line, sentence_of(problem, where)


def _keys_at(place: list[Any]) -> list[str]:
    """Keys that the table of a place may hold."""
    tables: dict[str, type[BaseModel]] = {
        "villages": VillagesTable, "expected": ExpectedTable, "units": UnitsTable,
        "layers": LayerTable, "population": PopulationTable, "settled": SettledTable,
        "terrain": FileTable,
        "zones_5g": ZonesTable, "sites": SitesTable, "measurements": MeasurementsTable,
        "published": PublishedTable,
        "target": TargetTable, "reconstruction": ReconstructionTable, "rule": RuleTable,
    }  # fmt: skip
    model = tables.get(str(place[0]), StudySettings) if len(place) > 1 else StudySettings
    return [field.alias or name for name, field in model.model_fields.items()]


PATH_KEYS = ("path", "centres", "list", "communes", "districts", "extent")


Place = list[str | int]


def named_paths(data: Mapping[str, Any], folder: Path) -> Iterator[tuple[Place, str, list[Path]]]:
    """Each file that a study's data names: where it stands, its name, and what is there of it."""
    for table, value in data.items():
        many = isinstance(value, list)
        for k, entry in enumerate(value if many else [value]):
            if not isinstance(entry, dict):
                continue
            for key in PATH_KEYS:
                name = entry.get(key)
                if isinstance(name, str):
                    place: Place = [table, k, key] if many else [table, key]
                    yield place, name, [] if is_address(name) else found_files(folder, name)


def _missing_files(data: dict[str, Any], text: str, folder: Path) -> list[Fault]:
    """Files that the study names and that are not there."""
    faults: list[Fault] = []
    for place, name, found in named_paths(data, folder):
        if found or is_address(name):
            continue
        line, where = where_of(place, text)
        fault = phrase("{where}: file {file} is not there", where=where, file=repr(hidden(name)))
        faults.append((line, fault))
    return faults
