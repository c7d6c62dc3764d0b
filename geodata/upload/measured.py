"""Opens and measures a study, inside a sandbox: what comes of it, as plain tables and arrays.

The process that asks builds its `Study` and `Run` of them again (`geodata.upload.sandboxed`).
The study file is not sent back: whoever asks wrote it and reads it itself.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from coverage.model import Basis, Expected, LayerInfo, Measures, Rule
from coverage.pixels import AmountPoints, PixelGrid, SignalLayer
from geodata.errors import CallError, Phrase
from geodata.files import whole_file
from geodata.filing import Measurements
from geodata.findings import Finding
from geodata.report import Report, check_study
from geodata.study.assess import assess_study, run_to_show
from geodata.study.cut import cut_shapes
from geodata.study.difference import Difference
from geodata.study.model import Study
from geodata.study.open import open_study
from geodata.study.places import Structure
from geodata.study.results import Run
from geodata.study.stored import SUMMARIES, Stored
from geodata.units import Units

LEVELS = ".levels"
"""Below ``results``: the levels of signal layers as arrays, which are read without GDAL.

Each file is named by its layer's key, and ends with a digest of that key and of its content.
"""

PROOF_BYTES = hashlib.sha256().digest_size
BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True, eq=False)
class SentLayer:
    """A layer. ``grid`` is of a signal layer, whose levels lie in ``results/.levels``."""

    info: LayerInfo
    footprint: gpd.GeoSeries | None = None
    extent: gpd.GeoSeries | None = None
    grid: PixelGrid | None = None
    key: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class SentStudy:
    """What a study has read, but for its settings; ``as_of`` is the day its run is of."""

    as_of: date
    villages: gpd.GeoDataFrame
    layers: tuple[SentLayer, ...]
    units: tuple[Units, ...]
    zones_5g: gpd.GeoDataFrame | None
    rule: Rule
    inputs: tuple[Path, ...]
    sites: gpd.GeoDataFrame | None
    measurements: Measurements | None
    findings: tuple[Finding, ...]
    doubts: tuple[Finding, ...]
    notes: tuple[Phrase, ...]
    told: pd.DataFrame | None
    amounts: Mapping[Basis, AmountPoints]
    hexes: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class SentShapes:
    """The shapes of a study inside an area, as `geodata.study.cut.CutShapes` has them."""

    layers: tuple[SentLayer, ...]
    sites: gpd.GeoDataFrame | None
    zones_5g: gpd.GeoDataFrame | None


@dataclass(frozen=True, kw_only=True, eq=False)
class SentRun:
    """A run, but for its verdicts, which are judged again from its measures.

    ``stored`` has those of a run that another version judged: they stay what they were.
    ``outdated``: see `geodata.study.results.Run`.
    """

    study: SentStudy
    run_id: str
    rule: Rule
    expected: Expected
    stored: Stored | None
    outdated: Difference | None
    measures: Measures
    made_at: datetime
    measured: bool
    measured_layers: int
    key: str
    parts: tuple[tuple[str, str], ...]


def levels_file(folder: Path, key: str) -> Path:
    """Where the levels of a signal layer of this digest lie."""
    name = hashlib.sha256(key.encode()).hexdigest()[:32]
    return folder / "results" / LEVELS / f"{name}.npy"


def is_levels_of(file: Path, key: str) -> bool:
    """Whether a file of levels ends with the digest of its content and of its layer's ``key``."""
    try:
        with file.open("rb") as stream:
            stream.seek(-PROOF_BYTES, os.SEEK_END)
            told = stream.read()
        return told == _proof(file, key, less=PROOF_BYTES)
    except (OSError, ValueError):
        return False


def _proof(file: Path, key: str, *, less: int = 0) -> bytes:
    """A digest of a layer's key and of a file but for its last bytes."""
    digest, left = hashlib.sha256(key.encode() + b"\0"), file.stat().st_size - less
    with file.open("rb") as stream:
        while block := stream.read(min(BLOCK, left)):
            digest.update(block)
            left -= len(block)
    return digest.digest()


def measured_run(folder: Path) -> SentRun:
    """Open a study: its published run, or a new one where it was never measured."""
    return _sent(run_to_show(open_study(folder)))


def published_run(folder: Path, rule: Rule | None) -> SentRun:
    """Publish a rule's figures of a study; without one its own rule's."""
    return _sent(assess_study(open_study(folder), rule=rule, publish=True))


def report_on(folder: Path) -> Report:
    """The data report of a whole study."""
    study = open_study(folder)
    return check_study(study.inputs[0], study=study)


def cut_for(
    study: Study, structures: tuple[Structure, ...], keep: npt.NDArray[np.bool_]
) -> SentShapes:
    """The shapes of a study inside the area of the villages that ``keep`` marks."""
    found = cut_shapes(study, structures, keep)
    return SentShapes(
        layers=tuple(_sent_layer(layer, study.folder) for layer in found.layers),
        sites=found.sites,
        zones_5g=found.zones_5g,
    )


def _sent(run: Run) -> SentRun:
    return SentRun(
        study=_sent_study(run.study),
        run_id=run.run_id,
        rule=run.assessment.rule,
        expected=run.assessment.expected,
        stored=_stored(run),
        outdated=run.outdated,
        measures=run.assessment.measures,
        made_at=run.made_at,
        measured=run.measured,
        measured_layers=run.measured_layers,
        key=run.measures,
        parts=run.parts,
    )


def _stored(run: Run) -> Stored | None:
    """The verdicts of a run that another version judged; None for any other."""
    if run.outdated is None or not run.outdated.versions:
        return None
    found = run.assessment
    return Stored(
        verdicts=found.verdicts,
        operator_shares=found.operator_shares,
        served_by=found.served_by,
        summaries={name: getattr(run.summary, name) for name in SUMMARIES},
        sureness=run.stored_sureness,
    )


def _sent_study(study: Study) -> SentStudy:
    names = (
        "villages", "units", "zones_5g", "rule", "inputs", "sites", "measurements", "findings",
        "doubts", "notes", "told", "hexes",
    )  # fmt: skip
    fields: dict[str, Any] = {name: getattr(study, name) for name in names}
    points = {basis: one for basis, one in study.amounts.items() if isinstance(one, AmountPoints)}
    if len(points) < len(study.amounts):
        raise CallError("a study made of dropped files has no raster of people")
    sent = tuple(_sent_layer(layer, study.folder) for layer in study.layers)
    return SentStudy(layers=sent, amounts=points, as_of=study.as_of, **fields)


def _sent_layer(layer: Any, folder: Path) -> SentLayer:
    if not isinstance(layer, SignalLayer):
        return SentLayer(info=layer.info, footprint=layer.footprint, extent=layer.extent)
    file, grid = levels_file(folder, layer.key), layer.grid
    if not is_levels_of(file, layer.key):
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(file) as path:
            levels = layer.levels((0, 0, grid.height, grid.width))
            np.save(path, np.ascontiguousarray(levels), allow_pickle=False)
            proof = _proof(path, layer.key)
            with path.open("ab") as stream:
                stream.write(proof)
    return SentLayer(info=layer.info, grid=grid, key=layer.key)
