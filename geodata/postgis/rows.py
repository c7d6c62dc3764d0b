"""The rows of a run as they are published."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from coverage.explain import responsibility
from geodata.export.standing import standing_text
from geodata.export.words import SHEETS, VERDICTS, Language
from geodata.postgis.shape import TABLES, Table
from geodata.study.places import Level, Structure, structure_in_force
from geodata.study.results import Run, manifest_of

Rows = Iterator[Sequence[Any]]
LANGUAGES: tuple[Language, ...] = ("vi", "en")


def kind_of(run: Run) -> tuple[str, str]:
    """What kind of data a run has, and the warning that goes with it ("" for observed data)."""
    made = run.study.reconstruction is not None
    told = [SHEETS[language]["warning"] for language in LANGUAGES] if made else []
    told += [standing_text(run, language) for language in LANGUAGES] if run.outdated else []
    return "reconstruction" if made else "observed", " / ".join(told)


def rows_of(run: Run, *, srid: int, publication: int, now: datetime) -> Mapping[str, Rows]:
    """Table → its rows in the order of its columns. The summaries are of the study's own day."""
    structure = structure_in_force(run.study)
    frames = {
        "runs": _run(run, publication, now),
        "villages": _villages(run),
        "districts": _units(run, structure, "district"),
        "communes": _units(run, structure, "commune"),
        "layers": _layers(run),
    }
    kind, notice = kind_of(run)
    common = {"run_id": run.run_id, "data_kind": kind, "notice": notice}
    return {table.name: _rows(frames[table.name].assign(**common), table, srid) for table in TABLES}


def _rows(frame: pd.DataFrame, table: Table, srid: int) -> Rows:
    """The rows of one table, each value as the server takes it."""
    names = [column.name for column in table.columns]
    if "geom" in names:
        frame = frame.assign(geom=_areas(frame["geom"].to_numpy(dtype=object), srid))
    columns = [frame[name].astype(object).to_list() for name in names]
    for row in zip(*columns, strict=True):
        yield [cell_of(value) for value in row]


def cell_of(value: Any) -> Any:
    """One value: missing is NULL, and no text has what PostgreSQL cannot hold."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if value is None or pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _areas(shapes: npt.NDArray[np.object_], srid: int) -> npt.NDArray[np.object_]:
    """Areas as multipolygons in hexadecimal EWKB, coordinates as they are."""
    several = [
        shapely.MultiPolygon([shape]) if isinstance(shape, shapely.Polygon) else shape
        for shape in shapes
    ]
    marked = shapely.set_srid(np.array(several, dtype=object), srid)
    return np.asarray(shapely.to_wkb(marked, hex=True, include_srid=True), dtype=object)


def _run(run: Run, publication: int, now: datetime) -> pd.DataFrame:
    headline = run.summary.headline
    counts = ("villages", "covered", "uncovered", "weak", "none", "unknown", "share")
    row = {
        "publication": publication,
        "study": run.study.name,
        "as_of": run.study.as_of,
        "rule": run.assessment.rule.name,
        **{name: getattr(headline, name) for name in counts},
        "population": headline.population,
        "population_uncovered": headline.population_uncovered,
        "manifest": _json(manifest_of(run)),
        "made_at": run.made_at,
        "published_at": now,
    }
    return pd.DataFrame({name: pd.Series([value], dtype=object) for name, value in row.items()})


def _villages(run: Run) -> pd.DataFrame:
    villages = run.study.villages
    found = run.assessment.verdicts.loc[villages.index]
    table = pd.DataFrame(villages.drop(columns=["geometry", "centre"])).join(found)
    shares = run.assessment.operator_shares.loc[villages.index]
    told = [_json(row) for row in shares.to_dict("records")]
    return table.rename(columns={"village": "name"}).assign(
        village_id=villages.index.astype(str),
        verdict_vi=table["verdict"].map(VERDICTS["vi"]),
        duty=responsibility(villages),
        operator_shares=told,
        as_of=run.study.as_of,
        geom=villages.geometry.to_numpy(),
    )


def _units(run: Run, structure: Structure, level: Level) -> pd.DataFrame:
    """The summary by one level, with its boundaries; none for villages of no unit."""
    summary = run.summary.by_district if level == "district" else run.summary.by_commune
    boundaries = structure.boundaries[level]
    drawn = boundaries.reindex(summary.index) if len(boundaries) else None
    return summary.assign(
        code=summary.index.astype(str),
        valid_from=structure.valid_from if run.study.units else None,
        as_of=run.study.as_of,
        geom=None if drawn is None else drawn.to_numpy(),
    )


def _layers(run: Run) -> pd.DataFrame:
    infos = run.assessment.measures.layers
    by_layer = run.summary.by_layer
    return by_layer.rename(columns={"as_of": "filed"}).assign(
        position=range(1, len(by_layer) + 1),
        evidence=[info.evidence for info in infos],
        source=[info.source for info in infos],
    )


def _json(value: Any) -> str:
    """JSON that PostgreSQL takes: no NaN, no zero bytes."""
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(cell_of(str(key))): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    return cell_of(value)
