"""The vocabulary of the whole project: what a layer, a rule, a measure and a verdict are.

Tables and frozen values only; nothing here computes, reads or draws. The other
packages import their words from this module.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import CRS

Technology = Literal["2G", "3G", "4G", "5G"]
Evidence = Literal["declared", "modelled", "measured"]
Kind = Literal["footprint", "signal", "sites"]
Basis = Literal["area", "people", "households", "settled", "hexes"]
Worth = Literal["covered", "weak", "nothing"]

TECHNOLOGIES: tuple[Technology, ...] = get_args(Technology)

SHARE_TOLERANCE = 1e-6
"""Slack of every comparison of a share with a threshold, so that noise flips nothing."""

CENTRE_TOLERANCE_M = 1e-3
"""A village centre this near to a footprint, in metres, counts as inside it."""

VILLAGE_COLUMNS = (
    "village",
    "commune_code",
    "commune",
    "district_code",
    "district",
    "population",
    "households",
    "electrified",
    "fund_eligible",
)
"""Attributes of a village table, in their order; its index is ``village_id``."""


NO_PLACE = "no_place"
"""What decides the verdict of a village without a place."""


class Verdict(StrEnum):
    """What a rule says of one village. Uncovered is weak or none; unknown is never uncovered."""

    COVERED = "covered"
    WEAK = "weak"
    NONE = "none"
    UNKNOWN = "unknown"

    @property
    def uncovered(self) -> bool:
        """Whether the village counts as uncovered (weak or none)."""
        return self in (Verdict.WEAK, Verdict.NONE)


@dataclass(frozen=True, kw_only=True, order=True)
class LayerInfo:
    """What one layer is: one operator, one technology, one date, one kind of evidence.

    ``kind`` "sites" is the crude evidence of places with a reach. ``accuracy_m``: how far off
    the outline of a footprint may be; None where its filing does not say.
    """

    operator: str
    technology: Technology
    evidence: Evidence = "declared"
    as_of: date | None = None
    source: str = ""
    kind: Kind = "footprint"
    accuracy_m: float | None = None

    @property
    def title(self) -> str:
        """Operator and technology, as people name a layer."""
        return f"{self.operator} {self.technology}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """A footprint layer: the area one operator says one technology serves.

    ``footprint`` holds polygons in a projected system (metres); they may overlap or
    be invalid, and count as their union. ``extent`` is the area the filing speaks of;
    None means everywhere.
    """

    info: LayerInfo
    footprint: gpd.GeoSeries
    extent: gpd.GeoSeries | None = None

    @property
    def crs(self) -> CRS | None:
        """The system of its footprint."""
        return self.footprint.crs


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Who should have filed. Where one of these has not, a gap is unknown, not uncovered.

    Without ``technologies``, any admitted technology of an operator counts as its filing.
    """

    operators: tuple[str, ...] = ()
    technologies: tuple[Technology, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What counts as covered. Shares are 0 to 1 of a village's area, or of what ``basis`` says.

    A village is covered when at least ``min_operators`` operators each serve its centre
    (if ``centre``) or at least ``covered_share`` of it, by the union of that operator's
    admitted ``technologies``; weak when not, but one serves at least ``weak_share``. With
    ``unite`` all operators together count as one. A filing speaks for a village when its
    extent holds the centre and at least ``speaks_share`` of the area. Without ``operators``
    those of all layers count.

    ``basis``: "area", "people", "households" (as people, where nothing says where they live),
    "settled" (settled places) or "hexes" (H3 cells of resolution 9, each by its centre). With
    ``settled_first`` settled places, where a village has any,
    stand for its area. ``min_dbm_3g`` and its like: from how many dBm a signal layer serves
    outdoors, None where the rule does not say; ``loss_db`` is added for use indoors.
    ``worth_declared`` and its like: whether such evidence can make a village covered, at most
    weak, or nothing; ``worth_sites`` goes for sites with a reach, whatever their evidence.

    ``needs`` names the numbers nobody has set yet, and ``letter`` the document that has them:
    such a rule refuses to judge. ``not_known`` says what its source leaves open.
    """

    name: str
    title: str
    source: str
    ours: bool = False
    technologies: tuple[Technology, ...] = ("3G", "4G", "5G")
    centre: bool = True
    covered_share: float = 0.5
    weak_share: float = 0.1
    speaks_share: float = 0.5
    min_operators: int = 1
    operators: tuple[str, ...] = ()
    unite: bool = False
    basis: Basis = "area"
    settled_first: bool = True
    min_dbm_2g: int | None = None
    min_dbm_3g: int | None = None
    min_dbm_4g: int | None = None
    min_dbm_5g: int | None = None
    loss_db: int = 0
    worth_declared: Worth = "covered"
    worth_modelled: Worth = "covered"
    worth_measured: Worth = "covered"
    worth_sites: Worth = "covered"
    needs: tuple[str, ...] = ()
    letter: str = ""
    not_known: str = ""

    def admits(self, layer: LayerInfo) -> bool:
        """Whether a layer of this operator, technology and evidence counts for anything."""
        ours = not self.operators or layer.operator in self.operators
        return ours and layer.technology in self.technologies and self.worth(layer) != "nothing"

    def worth(self, layer: LayerInfo) -> Worth:
        """What the layer's kind of evidence can make of a village."""
        if layer.kind == "sites":
            return self.worth_sites
        return {
            "declared": self.worth_declared,
            "modelled": self.worth_modelled,
            "measured": self.worth_measured,
        }[layer.evidence]

    def judges(self, layer: LayerInfo) -> bool:
        """Whether a layer can be judged: of signal it must say from which level it serves."""
        return layer.kind != "signal" or self.min_dbm(layer.technology) is not None

    def min_dbm(self, technology: Technology) -> int | None:
        """From how many dBm a signal layer of this technology serves, the loss included."""
        told = {
            "2G": self.min_dbm_2g,
            "3G": self.min_dbm_3g,
            "4G": self.min_dbm_4g,
            "5G": self.min_dbm_5g,
        }[technology]
        return None if told is None else told + self.loss_db


@dataclass(frozen=True, kw_only=True, eq=False)
class Amounts:
    """People, settled places or hexes by village and combination of layers.

    ``village``, ``combination`` and ``amount`` are parallel and sorted as in `Measures`;
    ``total`` is what each village has in all, so that ``amount`` over it is a share.
    """

    village: npt.NDArray[np.int32]
    combination: npt.NDArray[np.uint64]
    amount: npt.NDArray[np.float64]
    total: npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Areas:
    """Areas by village and combination of layers, as in `Measures`, of moved footprints.

    ``amounts`` has what else was measured with the moved footprints.
    """

    village: npt.NDArray[np.int32]
    combination: npt.NDArray[np.uint64]
    area_m2: npt.NDArray[np.float64]
    centre: npt.NDArray[np.uint64]
    amounts: Mapping[Basis, Amounts] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, kw_only=True, eq=False)
class Moved:
    """The same villages with every footprint drawn in, and let out, by its accuracy."""

    inward: Areas
    outward: Areas


@dataclass(frozen=True, kw_only=True, eq=False)
class Levels:
    """What the signal layers of one operator and one kind of evidence say, village by village.

    Each row is the part of a village in which the operator's ``technologies`` have exactly
    the levels of that row of ``level`` (uint8, rows × technologies; `UNSAID` where a layer
    does not speak; see `coverage.pixels`). ``village`` (int32) is sorted. ``parts`` has, for
    the basis "area" and for others that were measured, how much of the village's total each
    row is: a share of 0 to 1, whose sum over a village is 1 (0 in one that has nothing of it).
    ``centre`` (uint8, villages × technologies) has the levels at the centre, `UNSAID` without
    one.

    ``operator`` "" stands for all operators together: the best level of each technology.
    ``grid`` names the pixels the area was counted in; an operator whose layers lie on several
    has a table for each, and one of all its technologies on the finest. ``sums`` holds what was
    added up of the rows and may be asked for again; only `coverage.shares` looks there.
    """

    operator: str
    evidence: Evidence
    technologies: tuple[Technology, ...]
    village: npt.NDArray[np.int32]
    level: npt.NDArray[np.uint8]
    parts: Mapping[Basis, npt.NDArray[np.float64]]
    centre: npt.NDArray[np.uint8]
    grid: str = ""
    sums: dict[Hashable, npt.NDArray[Any]] = field(default_factory=dict, init=False, repr=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class Measures:
    """Numbers about villages and layers, free of any rule.

    ``village`` (int32), ``combination`` (uint64) and ``area_m2`` (float64) are parallel:
    each row is the exact area of one village served by exactly one combination of layers,
    bit ``k`` standing for ``layers[k]``. The union of *any* set of layers is a sum of these
    rows, so no threshold, operator or technology choice needs a new measurement.
    Rows are sorted by village, then combination; combination 0 is the unserved area. The bit
    of a signal layer is never set: those stand in ``levels``.

    ``centre`` (uint64, one a village) has the bits of the layers that serve the village's
    centre; ``has_centre`` is False where no centre is known. ``extent_share`` and
    ``extent_centre`` (villages × layers) say how far each filing speaks there.

    ``amounts`` has the same for people, settled places and hexes, where there are any;
    ``moved`` for footprints drawn in and let out. A village without a place has area 0 and
    nothing else (`coverage.unplaced`).
    """

    villages: gpd.GeoDataFrame
    layers: tuple[LayerInfo, ...]
    village_area_m2: npt.NDArray[np.float64]
    village: npt.NDArray[np.int32]
    combination: npt.NDArray[np.uint64]
    area_m2: npt.NDArray[np.float64]
    centre: npt.NDArray[np.uint64]
    has_centre: npt.NDArray[np.bool_]
    extent_share: npt.NDArray[np.float64]
    extent_centre: npt.NDArray[np.bool_]
    amounts: Mapping[Basis, Amounts] = field(default_factory=lambda: MappingProxyType({}))
    levels: tuple[Levels, ...] = ()
    moved: Moved | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Assessment:
    """Measures seen through one rule: a verdict and its reasons for every village.

    ``verdicts`` is indexed by ``village_id`` with the columns ``verdict`` (a `Verdict`
    value), ``decided_by`` ("centre", "area", "missing" or "no_place"), ``best_operator``,
    ``best_share`` (of the best single operator), ``margin`` (``best_share`` less the
    covered threshold), ``centre_served``, ``any_share`` (union of all operators),
    ``n_operators`` (operators that each cover the village by the rule), ``operators`` and
    ``technologies`` (the serving ones, comma-separated, in the layers' order) and
    ``missing`` (expected filings that do not speak there, comma-separated).
    Shares and margin are NaN for a village without a place.
    ``operator_shares`` (one column an operator) and ``served_by`` (bool, one column a
    layer title) hold the parts.
    """

    measures: Measures
    rule: Rule
    expected: Expected
    verdicts: pd.DataFrame
    operator_shares: pd.DataFrame
    served_by: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class Published:
    """A figure that officials stated: value, definition, date and source belong together."""

    value: int
    of: int
    definition: str
    as_of: date
    source: str


@dataclass(frozen=True, kw_only=True)
class Headline:
    """The first number anyone asks for, always with its split.

    ``unplaced`` are those of the ``unknown`` that have no place.
    """

    villages: int
    covered: int
    weak: int
    none: int
    unknown: int
    population: int | None
    population_uncovered: int | None
    unplaced: int = 0

    @property
    def uncovered(self) -> int:
        """Villages with the verdict weak or none."""
        return self.weak + self.none

    @property
    def share(self) -> float:
        """Covered villages over all villages, 0 to 1; NaN where there is none."""
        return self.covered / self.villages if self.villages else float("nan")

    @property
    def weak_share(self) -> float:
        """Weak villages over all villages, 0 to 1; NaN where there is none."""
        return self.weak / self.villages if self.villages else float("nan")

    @property
    def with_signal(self) -> int:
        """Villages that are not without signal: the other total that *lõm* is counted over.

        Tuyên Quang, 12 Jan 2026: 91 *trắng* of 3,802 villages, 182 *lõm* of 3,711.
        """
        return self.villages - self.none

    @property
    def weak_share_of_signal(self) -> float:
        """Weak villages over those that are not without signal; NaN where there is none."""
        return self.weak / self.with_signal if self.with_signal else float("nan")


@dataclass(frozen=True, kw_only=True)
class Reach:
    """People (or households) within reach of a signal, of ``total`` that there are.

    ``operator`` is the one that reaches most, ``max_operator`` how many it reaches, ``union`` how
    many all operators together do: SDG indicator 9.c.1 asks for the first, and both are told.
    """

    total: float
    operator: str
    max_operator: float
    union: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A published figure beside ours. ``comparable`` is False for another number of villages."""

    published: Published
    covered: int
    comparable: bool
    agrees: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Summary:
    """Tables derived from an assessment.

    ``by_district`` and ``by_commune`` are indexed by code, with ``name``, ``villages``,
    ``covered``, ``uncovered``, ``weak``, ``none``, ``unknown``, ``share``, ``population``,
    ``population_uncovered`` (and ``district_code`` for communes) and ``population_served`` (within
    reach of any operator). ``by_operator`` and ``by_technology`` have ``villages_served`` and
    ``share``, and of people and households what `coverage.reach` gives; ``by_layer``
    has ``villages_served`` and ``share`` with
    ``technology`` and ``as_of``; ``by_number_of_operators`` counts the villages that exactly
    0, 1, 2 … operators cover. ``people`` and ``households`` are None where it is not known how
    many live in every village.
    """

    headline: Headline
    comparisons: tuple[Comparison, ...]
    by_district: pd.DataFrame
    by_commune: pd.DataFrame
    by_operator: pd.DataFrame
    by_technology: pd.DataFrame
    by_layer: pd.DataFrame
    by_number_of_operators: pd.Series[int] = field(repr=False)
    people: Reach | None = None
    households: Reach | None = None
