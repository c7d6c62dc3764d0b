"""What a file of coverage means in our words, and what the study file says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal

import geopandas as gpd
import pandas as pd

from coverage.model import Evidence, Technology
from coverage.pixels import AnyLayer
from geodata.diagnose import AsSaid, Extent
from geodata.findings import Finding
from geodata.placing import NOTHING_SAID
from geodata.rasters import Raster

Kind = Literal["footprint", "signal", "sites", "measurements", "villages"]

REACH_CAP_M = 35_000.0
"""The farthest a cell may reach unless the study says less: a GSM cell ends at 63 steps of
timing advance, 35 km (3GPP TS 45.010); an estimate beyond that is a stray sample."""


@dataclass(frozen=True, kw_only=True)
class Filing:
    """What the study file says of one file of coverage; None means: ask the file.

    ``reach_m`` is the reach of sites that do not tell their own, ``reach_cap_m`` the farthest
    any may reach, ``threshold_dbm`` from where a signal is a footprint (without: it is a layer of
    levels), ``strongest_dbm`` how strong its levels really get where that is more than handsets
    report, ``grades`` those that count, ``accuracy_m`` how far off an outline may be. ``classes``
    of polygons are those that count, of ``class_column``; ``band`` is that of a raster.
    ``near`` (x0, y0, x1, y1, study metres) is where anybody will look: of a large raster the
    rest is not read. ``said`` is what is said of its coordinates, and ``within`` where the
    study lies, against which a file is tried that says no coordinate system.
    """

    operator: str | None
    technology: Technology | None
    evidence: Evidence | None
    as_of: date | None
    source: str
    columns: Mapping[str, str]
    reach_m: float | None = None
    reach_cap_m: float = REACH_CAP_M
    threshold_dbm: float | None = None
    strongest_dbm: float | None = None
    grades: tuple[str, ...] | None = None
    accuracy_m: float | None = None
    classes: tuple[str | float, ...] | None = None
    class_column: str | None = None
    band: int | None = None
    near: tuple[float, float, float, float] | None = None
    said: AsSaid = NOTHING_SAID
    within: Extent | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """What each row of a table means. Series are parallel to ``table``; NA: the row is silent.

    ``table`` has geometry, or coordinate columns. ``technology`` holds words as written, which
    ``codes`` may explain; where ``strict``, a word nobody knows refuses the file, else its rows
    are left out and told. ``as_of`` is a day or a Series of days; ``stamped`` days are of single
    observations and date their layer by the latest, others part it. ``grades`` are the words
    that ``grade`` may hold, the strongest first. ``points`` become discs of ``reach_m``;
    ``height_m`` is that of the antenna, for who predicts over terrain.
    """

    table: pd.DataFrame
    operator: pd.Series | str | None = None
    technology: pd.Series | str | None = None
    as_of: pd.Series | date | None = None
    evidence: pd.Series | Evidence = "declared"
    grade: pd.Series | None = None
    grades: tuple[str, ...] = ()
    signal_dbm: pd.Series | None = None
    reach_m: pd.Series | None = None
    height_m: pd.Series | None = None
    codes: Mapping[str, Technology] = field(default_factory=lambda: MappingProxyType({}))
    stamped: bool = False
    strict: bool = False
    points: bool = False
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Pixels:
    """What the pixels of a raster mean: ``classes`` (value → grade), or dBm where None."""

    raster: Raster
    classes: Mapping[int, str] | None
    technology: Technology | None = None
    as_of: date | None = None
    evidence: Evidence = "declared"
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Measurements:
    """What was measured, held against the layers; no verdict uses it.

    ``table`` has points or tiles. Drive tests have ``time``, ``operator``, ``technology``,
    ``signal_dbm`` and ``served`` (False: there was no service); Ookla tiles have ``down_kbps``,
    ``up_kbps``, ``latency_ms``, ``tests`` and ``devices``. NaN and NA: not told. ``convention``
    is the name of what was recognised.
    """

    table: gpd.GeoDataFrame
    convention: str = ""
    as_of: date | None = None
    source: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Listed:
    """A list of villages, its columns under names that `geodata.villages` finds."""

    table: pd.DataFrame
    findings: tuple[Finding, ...] = ()


Meaning = Rows | Pixels | Measurements | Listed


@dataclass(frozen=True, kw_only=True, eq=False)
class Filed:
    """The layers made of one file, and what was found on the way."""

    layers: tuple[AnyLayer, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Told:
    """A file in short: who, which technologies, of when, how many rows (0 for a raster)."""

    operators: tuple[str, ...] = ()
    technologies: tuple[Technology, ...] = ()
    as_of: date | None = None
    rows: int = 0
