"""Tables of coverage become layers: polygons as they are, sites as discs of their reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from coverage.model import Evidence, Layer, LayerInfo, Technology
from coverage.model import Kind as LayerKind
from geodata.classes import Kept as Classified
from geodata.classes import counted_classes
from geodata.columns import find_columns, row_number
from geodata.coordinate_checks import elsewhere_findings
from geodata.coordinates import brought
from geodata.errors import DataError, phrase
from geodata.filing import Filed, Filing, Rows
from geodata.findings import ROWS_KEPT, Finding, finding
from geodata.grades import counted_grades, no_grades, told_grades
from geodata.layers import some_polygons, technology_in, technology_of
from geodata.operators import same_operator
from geodata.placing import PLACES, place
from geodata.reach import discs
from geodata.text_shapes import kind_in_text
from geodata.without_effect import without_effect

CRUDE = "vòng tròn quanh trạm, ước lượng thô · discs around sites, a crude estimate"
"""Stands in both languages, since a source is shown as it is written."""


def filed(rows: Rows, filing: Filing, *, crs: pyproj.CRS, file: str) -> Filed:
    """The layers of one table, split by operator, technology, date and kind of evidence.

    What the study file says wins: it renames the one operator or technology of a file, and
    chooses among several. Raises `DataError` for a file that leaves operator or technology
    open, or that holds nothing of what was chosen.
    """
    operator, chosen = _operators(rows, filing, file)
    technology, admitted = _technologies(rows, filing, file)
    grade = _graded(rows, filing, file)
    signal = _strong(rows, filing, file)
    shapes, placed = (_discs if rows.points else _areas)(rows, filing, crs, file)
    table = pd.DataFrame(
        {
            "operator": operator.to_numpy(),
            "technology": technology.to_numpy(),
            "evidence": _parallel(rows.evidence, rows.table.index).to_numpy(),
            "as_of": _days(rows, filing).to_numpy(),
        },
        dtype="object",
    )
    classes = _classed(rows, shapes, filing, file)
    kept = operator.notna().to_numpy() & technology.notna().to_numpy() & grade.kept & signal.kept
    kept &= classes.kept
    if not kept.any():
        raise DataError(
            "{file} holds nothing that counts as coverage; change grades or threshold_dbm in its "
            "entry, or take the file out",
            file=file,
        )
    if rows.points:
        filing = replace(filing, evidence=None, source=_crude(filing.source))
    kind: LayerKind = "sites" if rows.points else "footprint"
    made = _grouped(table[kept], shapes, filing, (kind, rows.stamped), file=file)
    notes = (*rows.findings, *chosen, *admitted, *grade.findings, *signal.findings)
    notes += (*classes.findings, *placed, *without_effect(filing, file, _keys(rows, classes.keys)))
    return Filed(layers=tuple(made), findings=notes)


def _grouped(
    table: pd.DataFrame,
    shapes: gpd.GeoSeries,
    filing: Filing,
    what: tuple[LayerKind, bool],
    *,
    file: str,
) -> Iterator[Layer]:
    """One layer a group of the rows kept; ``table`` is indexed by their place in ``shapes``.

    ``what``: the kind of layer, and whether its rows bear the time each was last seen.
    """
    kind, stamped = what
    groups: dict[tuple[str, Technology, Evidence, str], list[int]] = {}
    for at, operator, technology, evidence, day in table.itertuples():
        when = day.isoformat() if isinstance(day, date) and not stamped else ""
        groups.setdefault((operator, technology, evidence, when), []).append(at)
    for (operator, technology, evidence, _), places in sorted(groups.items()):
        own = shapes.iloc[places].dropna().reset_index(drop=True)
        if own.empty:
            raise DataError(
                "{file} holds no polygons of {operator} {technology}; give some or take its rows "
                "out",
                file=file,
                operator=operator,
                technology=technology,
            )
        days = [day for day in table.loc[places, "as_of"] if isinstance(day, date)]
        info = LayerInfo(
            operator=operator,
            technology=technology,
            evidence=filing.evidence or evidence,
            as_of=max(days) if days else None,
            source=filing.source,
            kind=kind,
            accuracy_m=filing.accuracy_m,
        )
        yield Layer(info=info, footprint=own)


def _crude(source: str) -> str:
    """The source of discs, marked where it is shown: nobody shall take them for a filing."""
    return f"{source}; {CRUDE}" if source else CRUDE


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """Which rows count, and what is said of the others."""

    kept: npt.NDArray[np.bool_]
    findings: tuple[Finding, ...] = ()


def _parallel(value: pd.Series | str | None, index: pd.Index) -> pd.Series[str]:
    if isinstance(value, pd.Series):
        return value
    return pd.Series(value, index=index, dtype="string")


def _days(rows: Rows, filing: Filing) -> pd.Series:
    day = filing.as_of if filing.as_of is not None else rows.as_of
    if isinstance(day, pd.Series):
        return day
    return pd.Series([day] * len(rows.table), index=rows.table.index, dtype="object")


def _operators(rows: Rows, filing: Filing, file: str) -> tuple[pd.Series[str], tuple[Finding, ...]]:
    """Operator of each row, NA where the study file chose another."""
    index = rows.table.index
    if filing.operator is None:
        _require_told(rows.operator, index, "operator", file)
        return _parallel(rows.operator, index), ()
    told = _parallel(rows.operator, index)
    names = list(told.dropna().unique())
    if len(names) < 2:
        return _parallel(filing.operator, index), ()
    wanted = [name for name in names if same_operator(name, filing.operator)]
    mine = told.isin(wanted)
    note = _chosen_among(mine, names, filing.operator, file)
    return _parallel(filing.operator, index).where(mine), note


def _technologies(
    rows: Rows, filing: Filing, file: str
) -> tuple[pd.Series[str], tuple[Finding, ...]]:
    """Technology of each row, NA where nobody knows it or the study file chose another."""
    index = rows.table.index
    if filing.technology is None:
        _require_told(rows.technology, index, "technology", file)
    words = _parallel(rows.technology, index)
    known = {word: technology_in(word, rows.codes) for word in words.dropna().unique()}
    found = words.map(known, na_action="ignore").astype("string")
    strange = (words.notna() & found.isna()).to_numpy()
    if filing.technology is not None and words.nunique() < 2:
        return _parallel(filing.technology, index), ()
    if strange.any() and (rows.strict or strange.all()):
        technology_of(str(words[strange].iloc[0]), file=file)
    notes = _left_out(rows.table.index, strange, "unknown-technology", file,
                      what=", ".join(sorted(words[strange].unique())[:8]))  # fmt: skip
    if filing.technology is None:
        return found, notes
    mine = (found == filing.technology).fillna(value=False)
    notes += _chosen_among(mine, list(found.dropna().unique()), filing.technology, file)
    return found.where(mine), notes


def _require_told(told: pd.Series | str | None, index: pd.Index, field: str, file: str) -> None:
    if told is None:
        raise DataError(
            "{file} has no column for the {field} that is known; name it with columns = "
            "{columns}, or, only where all rows are of one {field}, add {field} = … to its "
            "[[layers]] entry",
            file=file,
            field=field,
            columns=f'{{ {field} = "…" }}',
        )
    column = _parallel(told, index)
    if column.isna().any():
        raise DataError(
            "{file}, row {row}: the {field} is missing; fill it in",
            file=file,
            row=row_number(index, int(np.flatnonzero(column.isna())[0])),
            field=field,
        )


def _chosen_among(
    mine: pd.Series[bool], names: Sequence[str], wanted: str, file: str
) -> tuple[Finding, ...]:
    """What is said where a study file chooses one of several. Raises where it is not there."""
    told = ", ".join(sorted(names)[:8])
    if not mine.any():
        raise DataError(
            "{file} holds {names} and nothing of {wanted}, which its [[layers]] entry names; "
            "name one of them, or leave it out to have all",
            file=file,
            names=told,
            wanted=wanted,
        )
    note = finding(
        "rows-chosen", "note",
        "{file}: of {names}, only the {count} rows of {wanted} are read, as its entry says",
        file=file, names=told, count=int(mine.sum()), wanted=wanted,
    )  # fmt: skip
    return (note,)


def _left_out(
    index: pd.Index, out: npt.NDArray[np.bool_], kind: str, file: str, *, what: object
) -> tuple[Finding, ...]:
    if not out.any():
        return ()
    places = np.flatnonzero(out)
    sentence = phrase(
        "{file}: {count} rows are left out: nobody knows {what}",
        file=file,
        count=len(places),
        what=what,
    )
    rows = tuple(row_number(index, int(at)) for at in places[:ROWS_KEPT])
    note = Finding(kind=kind, severity="warning", sentence=sentence, file=file,
                   rows=rows, count=len(places))  # fmt: skip
    return (note,)


def _graded(rows: Rows, filing: Filing, file: str) -> _Kept:
    """Rows whose grade counts: those the study file names, else all that the file declares."""
    everything = np.ones(len(rows.table), dtype=bool)
    if rows.grade is None:
        return _Kept(kept=everything, findings=no_grades(filing, file))
    counted = counted_grades(rows.grades, filing, file)
    held = rows.grade
    silent = held.isna().to_numpy()
    strange = ~(held.isin(rows.grades).to_numpy() | silent)
    notes = _left_out(rows.table.index, strange, "unknown-grade", file,
                      what=", ".join(sorted(held[strange].unique())[:8]))  # fmt: skip
    counts = {grade: int((held == grade).sum()) for grade in rows.grades}
    notes += told_grades(counts, counted, filing, file)
    # a row that tells no grade is declared served, and counts unless grades are asked for
    kept = held.isin(counted).to_numpy() | (silent & (filing.grades is None))
    return _Kept(kept=kept, findings=notes)


def _strong(rows: Rows, filing: Filing, file: str) -> _Kept:
    """Rows whose own signal reaches the threshold, where the study file sets one."""
    everything = np.ones(len(rows.table), dtype=bool)
    if filing.threshold_dbm is None or rows.signal_dbm is None:
        return _Kept(kept=everything)
    told = rows.signal_dbm.to_numpy("float64", na_value=np.nan)
    weak = told < filing.threshold_dbm  # a row that tells no signal is kept: it is declared served
    note = finding(
        "below-threshold", "note",
        "{file}: {count} rows are below {threshold} dBm and do not count, as its entry says",
        file=file, count=int(weak.sum()), threshold=f"{filing.threshold_dbm:g}",
    )  # fmt: skip
    return _Kept(kept=~weak, findings=(note,))


def _classed(rows: Rows, shapes: gpd.GeoSeries, filing: Filing, file: str) -> Classified:
    """Rows whose class counts, where polygons have classes and nothing tells their signal."""
    if rows.points or rows.grade is not None or rows.signal_dbm is not None:
        return Classified(kept=np.ones(len(rows.table), dtype=bool))
    given = {k: v for k, v in filing.columns.items() if k in ("operator", "technology")}
    used = find_columns(rows.table.columns, ("operator", "technology"), given=given, file=file)
    return counted_classes(rows.table, shapes, filing, file=file, used=tuple(used.values()))


def _keys(rows: Rows, used: frozenset[str]) -> frozenset[str]:
    """The keys of an entry that meant something for a table."""
    found = used | {"swap_xy", "xy_unit", "columns", "accuracy_m"}
    if rows.points:
        found |= {"reach_m", "reach_cap_m"}
    if rows.signal_dbm is not None:
        found |= {"threshold_dbm"}
    return frozenset(found)


def _areas(
    rows: Rows, filing: Filing, crs: pyproj.CRS, file: str
) -> tuple[gpd.GeoSeries, tuple[Finding, ...]]:
    """The polygons of the rows, of a column of text too."""
    if not isinstance(rows.table, gpd.GeoDataFrame) and not kind_in_text(rows.table):
        raise DataError("{file} has no geometry; a footprint layer holds polygons", file=file)
    placed, notes = _placed(rows, filing, crs, file)
    return some_polygons(placed, file), notes


def _placed(
    rows: Rows, filing: Filing, crs: pyproj.CRS, file: str
) -> tuple[gpd.GeoDataFrame, tuple[Finding, ...]]:
    """The rows in the study's system, and what is said where they lie elsewhere."""
    columns = {k: v for k, v in filing.columns.items() if k in PLACES}
    found = place(rows.table, crs, file=file, columns=columns, said=filing.said)
    table = brought(found, crs, file, filing.within)
    return table, elsewhere_findings(found, filing.within, file=file)


def _discs(
    rows: Rows, filing: Filing, crs: pyproj.CRS, file: str
) -> tuple[gpd.GeoSeries, tuple[Finding, ...]]:
    """The rows' points as discs of their reach."""
    placed, elsewhere = _placed(rows, filing, crs, file)
    shapes = placed.geometry.to_numpy()
    if not isinstance(rows.table, gpd.GeoDataFrame) and (shapely.get_dimensions(shapes) == 2).any():
        raise DataError(
            "{file} holds polygons as text, and a list of sites was expected; call their column "
            "wkt, so that they are read as a footprint",
            file=file,
        )
    bounds = shapely.bounds(shapes)
    if rows.reach_m is None and filing.reach_m is None:
        raise DataError(
            "{file} holds sites that do not say how far they reach; set reach_m = … (metres) in "
            "its entry",
            file=file,
        )
    told = pd.Series(np.nan, index=rows.table.index) if rows.reach_m is None else rows.reach_m
    reach = told.to_numpy("float64", na_value=np.nan)
    reach = np.where(reach > 0, reach, np.nan if filing.reach_m is None else filing.reach_m)
    capped = int((reach > filing.reach_cap_m).sum())
    reach = np.minimum(reach, filing.reach_cap_m)
    lost = ~(np.isfinite(bounds).all(axis=1) & (reach > 0))
    made = np.full(len(shapes), None, dtype=object)
    points = shapely.force_2d(shapely.centroid(shapes[~lost]))
    made[~lost] = discs(points, np.asarray(reach[~lost], dtype=np.float64))
    notes = _left_out(rows.table.index, lost, "no-reach", file, what=phrase("their place or reach"))
    if capped:
        note = finding(
            "reach-capped", "note",
            "{file}: {count} sites say they reach farther than {cap} m; {cap} m is taken "
            "(reach_cap_m)",
            file=file, count=capped, cap=f"{filing.reach_cap_m:g}",
        )  # fmt: skip
        notes += (note,)
    if lost.all():
        raise DataError("{file} holds no site with a place and a reach", file=file)
    crude = finding(
        "discs", "warning",
        "{file}: {count} discs around sites stand for coverage; they know no terrain, are the "
        "crudest evidence there is, and count as modelled whatever the entry says",
        file=file, count=int((~lost).sum()),
    )  # fmt: skip
    return gpd.GeoSeries(made, index=rows.table.index, crs=crs), (*elsewhere, *notes, crude)
