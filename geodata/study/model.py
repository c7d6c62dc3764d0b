"""An open study: everything its file names, read and brought to one system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import pandas as pd
import pyproj

from coverage.model import Basis, Expected, Layer, LayerInfo, Published, Rule
from coverage.pixels import AmountSource, AnyLayer, SignalLayer
from coverage.shares import unjudged
from geodata.errors import Phrase
from geodata.filing import Measurements
from geodata.findings import Finding, by_severity, finding
from geodata.postgis.model import TableInput
from geodata.study.inputs import Seen
from geodata.study.settings import StudySettings
from geodata.units import Units

NOT_JUDGED = "rule-without-level"
"""The kind of finding that a rule has no level for signal layers."""


@dataclass(frozen=True, kw_only=True)
class Reconstruction:
    """What marks a study as made, not observed. ``real`` names the inputs that were given."""

    seed: int
    version: int
    real: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Study:
    """A study folder, read. ``notes`` say what was understood of its files.

    ``inputs`` are the files it was read from, ``seen`` how each was then, ``tables`` what came
    from databases.

    ``zones_5g`` has ``zone``, ``operator``, ``phase``, ``status`` ("live", "building",
    "planned", else as the file says), ``start`` and ``source``; ``sites`` has ``site``,
    ``operator``, ``technologies`` and points. Both are None where the study names none, and so
    are ``measurements``. ``findings`` say how files of coverage were understood, ``doubts``
    what reading left in doubt of any file.
    ``amounts`` says where people live: by the raster of people, by settled places.
    ``superseded`` are older filings that no longer count, wholly or in part.
    ``hexes``: H3 hexagons are to be measured too, as a rule asks for them.
    ``told`` is what the village file itself says of units (`geodata.villages.told_units`).
    """

    folder: Path
    settings: StudySettings
    villages: gpd.GeoDataFrame
    layers: tuple[AnyLayer, ...]
    units: tuple[Units, ...]
    zones_5g: gpd.GeoDataFrame | None
    rule: Rule
    inputs: tuple[Path, ...]
    tables: tuple[TableInput, ...] = ()
    sites: gpd.GeoDataFrame | None = None
    measurements: Measurements | None = None
    findings: tuple[Finding, ...] = ()
    doubts: tuple[Finding, ...] = ()
    notes: tuple[Phrase, ...] = ()
    told: pd.DataFrame | None = None
    amounts: Mapping[Basis, AmountSource] = field(default_factory=lambda: MappingProxyType({}))
    hexes: bool = False
    superseded: tuple[AnyLayer, ...] = ()
    seen: Mapping[Path, Seen] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    def judged_by(self, rule: Rule) -> Study:
        """The study with what the rule needs measured besides, and what it cannot judge told."""
        doubts = [one for one in self.doubts if one.kind != NOT_JUDGED]
        layers = unjudged((layer.info for layer in self.layers), rule)
        if layers:
            doubts.append(_not_judged(layers, rule))
        hexes = self.hexes or rule.basis == "hexes"
        return replace(self, hexes=hexes, doubts=tuple(doubts))

    @property
    def name(self) -> str:
        """Title of the study."""
        return self.settings.name

    @property
    def as_of(self) -> date:
        """Day the study speaks of."""
        return self.settings.as_of

    @property
    def crs(self) -> pyproj.CRS:
        """Projected system, in metres, of every geometry."""
        return pyproj.CRS.from_user_input(self.settings.crs)

    @property
    def footprints(self) -> tuple[Layer, ...]:
        """The layers that are areas."""
        return tuple(layer for layer in self.layers if isinstance(layer, Layer))

    @property
    def signals(self) -> tuple[SignalLayer, ...]:
        """The layers that are rasters of signal strength."""
        return tuple(layer for layer in self.layers if isinstance(layer, SignalLayer))

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What may make a result wrong, the worst first: no notes."""
        found = by_severity((*self.findings, *self.doubts))
        return (*found["error"], *found["warning"])

    @property
    def expected(self) -> Expected:
        """Who should have filed."""
        table = self.settings.expected
        return Expected(operators=table.operators, technologies=table.technologies)

    @property
    def published(self) -> tuple[Published, ...]:
        """What officials said, to reconcile with."""
        return tuple(
            Published(
                value=p.value, of=p.of, definition=p.definition, as_of=p.as_of, source=p.source
            )
            for p in self.settings.published
        )

    @property
    def reconstruction(self) -> Reconstruction | None:
        """Set where the study was made, not observed."""
        table = self.settings.reconstruction
        if table is None:
            return None
        return Reconstruction(seed=table.seed, version=table.version, real=table.real)


def _not_judged(layers: Sequence[LayerInfo], rule: Rule) -> Finding:
    return finding(
        NOT_JUDGED,
        "warning",
        "{layers}: the rule {rule} names no level from which such a signal serves, so these layers "
        "count as no filing, and villages that nothing else covers are unknown; choose another "
        "rule, or write threshold_dbm = … in their entries",
        layers=", ".join(dict.fromkeys(layer.title for layer in layers)),
        rule=rule.name,
    )
