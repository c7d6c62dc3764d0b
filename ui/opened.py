"""A run made ready for the pages: what they look up, worked out once for all sessions."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial, wraps
from threading import Lock
from typing import Any, ParamSpec, TypeVar

import geopandas as gpd
import pandas as pd

import coverage
from coverage.explain import responsibility
from coverage.model import Assessment, Measures, Rule, Verdict
from coverage.summarise import by_unit
from coverage.sure import Sureness
from coverage.unplaced import has_place
from geodata.access import EVERYTHING, Rights, restrict, restrict_follow_up
from geodata.display import bounds
from geodata.errors import CallError
from geodata.export.picture import Picture, area_svg
from geodata.export.report_words import Language
from geodata.followup import load_follow_up
from geodata.map_stills import Stills, stills_of
from geodata.nearest import nearest_tables
from geodata.report import Report, check_study
from geodata.report.repair import repaired_zip
from geodata.study.assess import assess_study
from geodata.study.changes import Changes, changes_since
from geodata.study.conflicts import FoundConflicts, conflicts_for
from geodata.study.cut import cut_shapes
from geodata.study.kept_amounts import with_hexes
from geodata.study.model import Study
from geodata.study.open import open_study
from geodata.study.places import Level, Structure, searchable, structures_of
from geodata.study.results import Run
from geodata.study.zones import ZoneFigures, zone_figures
from geodata.upload import Compute, MeasuredStudy, compute_here
from ui.maps.assets import asset_store
from ui.maps.feed import Feed, make_feed

RULES_KEPT = 48
"""So many rules tried out stay judged; the one used longest ago makes room."""

TABLES_KEPT = 8
"""So many whole lists of villages stay sorted: two megabytes each for a province, and one for each
language they are read in."""

BOXES_KEPT = 2000
PICTURES_KEPT = 200

VERDICT_ORDER = (Verdict.NONE, Verdict.WEAK, Verdict.UNKNOWN, Verdict.COVERED)
"""The order of lists: the worst first."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Found:
    """Something near a village: its name ("" where it has none), how far and which way."""

    name: str
    distance_m: float
    bearing_deg: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Nearby:
    """What is nearest to each village, by kind: "village", "served" or "site"."""

    tables: Mapping[str, pd.DataFrame]

    def of(self, kind: str, village: str) -> Found | None:
        """The nearest of a kind, None where there is none."""
        table = self.tables.get(kind)
        if table is None or village not in table.index:
            return None
        row: Mapping[Any, Any] = table.loc[village].to_dict()
        name = "" if pd.isna(row["name"]) else str(row["name"])
        return Found(
            name=name,
            distance_m=float(row["distance_m"]),
            bearing_deg=float(row["bearing_deg"]),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Ordered:
    """All villages in the order of lists, shared between sessions.

    ``villages`` has their units in a structure, a rule's verdicts and whose duty each is; its
    index their ids as Python's texts, which all lists share. ``told`` keeps its columns as a
    language tells them.
    """

    villages: pd.DataFrame
    told: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class Opened:
    """A run and all that pages look up in it, shared between sessions: nobody changes it."""

    run: Run
    structures: tuple[Structure, ...]
    names: pd.Series[str]
    feed: Feed
    judged: Callable[[Rule], Assessment] = field(repr=False)
    variant: Callable[[Rule], Run] = field(repr=False)
    """The run seen through a rule, for lists and sheets; the run itself for its own rule."""
    sure: Callable[[Rule], Sureness] = field(repr=False)
    """How sure a rule's verdicts are."""
    figures: Callable[[Rule, int, Level], pd.DataFrame] = field(repr=False)
    """Counts by unit under a rule, in a structure (its position), at a level."""
    ordered: Callable[[Rule, int], Ordered] = field(repr=False)
    """All villages by a rule and in a structure (its position), the worst first."""
    stills: Callable[[], Stills] = field(repr=False)
    """The shapes of the map as a still picture has them."""
    counts: Callable[[Rule, int, Level], list[list[int]]] = field(repr=False)
    """Uncovered and all villages of the areas that a map draws, in its order."""
    corners: Callable[[int, Level, str], list[list[float]]] = field(repr=False)
    """The box around a unit of a structure (its position), in degrees."""
    nearby: Callable[[Rule], Nearby] = field(repr=False)
    zones: Callable[[Rule, int], ZoneFigures | None] = field(repr=False)
    changes: Callable[[], Changes | None] = field(repr=False)
    follow_up: Callable[[], pd.DataFrame] = field(repr=False)
    conflicts: Callable[[], FoundConflicts] = field(repr=False)
    """Measurements against layers, by the published rule."""
    publish: Callable[[Rule], Run] = field(repr=False)
    """Publish a rule's figures of the whole study, however little of it is seen here."""
    report: Callable[[], Report] = field(repr=False)
    """The data report of the whole study, however little of it is seen here."""
    repaired: Callable[[Language], bytes] = field(repr=False)
    """The repaired copy of the whole study, as a ZIP."""
    picture: Picture = field(repr=False)
    """Draws the map of an area's sheet."""
    rights: Rights = EVERYTHING
    slug: str = ""
    """The folder name of a study made in the browser; "" for the server's own."""


def _kept(size: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """As `lru_cache`, and sessions that ask for one thing at once wait for one answer.

    What is there already is given while others still wait for something else.
    """

    def keeping(function: Callable[P, T]) -> Callable[P, T]:
        answers: OrderedDict[Hashable, T] = OrderedDict()
        working: dict[Hashable, Lock] = {}
        short = Lock()

        @wraps(function)
        def call(*args: P.args, **named: P.kwargs) -> T:
            key = (args, tuple(sorted(named.items())))
            with short:
                if key in answers:
                    answers.move_to_end(key)
                    return answers[key]
                alone = working.setdefault(key, Lock())
            with alone:
                with short:
                    if key in answers:
                        return answers[key]
                try:
                    answer = function(*args, **named)
                    with short:
                        answers[key] = answer
                        while len(answers) > size:
                            answers.popitem(last=False)
                finally:  # what fails leaves nothing behind
                    with short:
                        working.pop(key, None)
            return answer

        return call

    return keeping


def measured_here(run: Run) -> MeasuredStudy:
    """What pages ask for beside a run, of a study whose files this process may read."""
    file = run.study.inputs[0] if run.study.inputs else run.study.folder
    reopens = run.outdated is not None  # its villages are those of then

    def publish(rule: Rule) -> Run:
        return assess_study(open_study(file) if reopens else run.study, rule=rule, publish=True)

    def hexed(part: Run) -> Measures:
        found = part.assessment.measures
        return found if run.has_other_measures else with_hexes(part.study, found)

    return MeasuredStudy(
        publish=publish,
        hexed=hexed,
        changes=lambda: changes_since(run),
        conflicts=partial(conflicts_for, run),
        report=lambda: check_study(file, study=None if reopens else run.study),
        repaired=lambda language: repaired_zip(file, language=language),
        cut=cut_shapes,
        compute=compute_here,
    )


def _measures_for(run: Run, hexed: Callable[[Run], Measures]) -> Callable[[Rule], Measures]:
    """A run's measures by rule: hexagons are measured once a rule asks for them."""

    @_kept(1)
    def with_hexagons() -> Measures:
        return hexed(run)

    return lambda rule: with_hexagons() if rule.basis == "hexes" else run.assessment.measures


def opened_run(
    run: Run,
    *,
    rights: Rights = EVERYTHING,
    slug: str = "",
    beside: MeasuredStudy | None = None,
) -> Opened:
    """A run made ready for the pages, without what ``rights`` keep back.

    With limited rights its map is served to no one else; with the ``slug`` of a study made in
    the browser to those who may open that. ``beside`` reads and measures the
    study's files, and computes with and draws its shapes, where this process must not.
    """
    beside = beside or measured_here(run)
    all_structures = _structures(run.study, beside.compute)
    whole, run = run, restrict(run, rights, structures=all_structures, cut=beside.cut)
    if run.study.villages.empty:
        raise CallError("no village of this study lies in the area you have been given")
    structures = all_structures if run is whole else _structures(run.study, beside.compute)
    seen = frozenset(map(str, run.study.villages.index))

    measures_for = _measures_for(run, beside.hexed)

    @_kept(RULES_KEPT)
    def judged(rule: Rule) -> Assessment:
        if rule == run.assessment.rule:
            return run.assessment
        found = coverage.judge(measures_for(rule), rule, expected=run.assessment.expected)
        if not rights.operator:
            return found
        others = run.assessment.verdicts["served_by_others"]
        return replace(found, verdicts=found.verdicts.assign(served_by_others=others))

    @_kept(RULES_KEPT)
    def figures(rule: Rule, position: int, level: Level) -> pd.DataFrame:
        table = structures[position].places.join(run.study.villages[["population"]])
        return by_unit(table.join(judged(rule).verdicts[["verdict"]]), level)

    @_kept(4)
    def nearby(rule: Rule) -> Nearby:
        return nearby_of(run, judged(rule), compute=beside.compute)

    @_kept(8)
    def zones(rule: Rule, position: int) -> ZoneFigures | None:
        return _zones(run.study, judged(rule), structures[position], beside.compute)

    @_kept(1)
    def changes() -> Changes | None:
        found = None if rights.operator else beside.changes()
        return found if found is None or rights.sees_all else found.cut(seen)

    def follow_up() -> pd.DataFrame:
        table = load_follow_up(run.study.folder)
        return restrict_follow_up(table, whole, rights, structures=all_structures)

    is_sandboxed = beside.compute is not compute_here
    feed = make_feed(
        run, structures, asset_store(), audience=rights.audience, slug=slug, draw=beside.compute,
        apart=str(run.study.folder).encode() if is_sandboxed else b"",
    )  # fmt: skip
    return Opened(
        run=run,
        stills=_kept(1)(partial(_stills_of, feed, beside.compute)),
        picture=_picture_of(run.study, beside.compute),
        publish=beside.publish,
        report=beside.report,
        repaired=beside.repaired,
        corners=_corners_of(run, structures),
        nearby=nearby,
        zones=zones,
        changes=changes,
        rights=rights,
        slug=slug,
        follow_up=follow_up,
        conflicts=_kept(1)(partial(beside.conflicts, rights)),
        structures=structures,
        names=searchable(run.study, structures),
        feed=feed,
        judged=judged,
        variant=_variants_of(run, judged),
        sure=_sure_of(run),
        figures=figures,
        ordered=_ordered_of(run, structures, judged),
        counts=_counts_of(structures, figures),
    )


def _variants_of(run: Run, judged: Callable[[Rule], Assessment]) -> Callable[[Rule], Run]:
    """The run seen through another rule, which writes nothing: a page looks at it many times."""

    @_kept(RULES_KEPT)
    def variant(rule: Rule) -> Run:
        found = judged(rule)
        if rule == run.assessment.rule:
            return run
        summary = coverage.summarise(found, published=run.study.published)
        return replace(run, assessment=found, summary=summary, what_if=True, stored_sureness=None)

    return variant


def _ordered_of(
    run: Run, structures: tuple[Structure, ...], judged: Callable[[Rule], Assessment]
) -> Callable[[Rule, int], Ordered]:
    """All villages in the order of lists, looked up from the second time on."""

    @_kept(TABLES_KEPT)
    def ordered(rule: Rule, position: int) -> Ordered:
        table = pd.DataFrame(run.study.villages.drop(columns=["geometry", "centre"]))
        table = table.assign(**structures[position].places.loc[table.index])
        table = table.assign(duty=responsibility(run.study.villages))
        sorted_rows = _worst_first(table.join(judged(rule).verdicts))
        ids = pd.Index([str(key) for key in sorted_rows.index], dtype=object, name="village_id")
        return Ordered(villages=sorted_rows.set_axis(ids))

    return ordered


def _counts_of(
    structures: tuple[Structure, ...], figures: Callable[[Rule, int, Level], pd.DataFrame]
) -> Callable[[Rule, int, Level], list[list[int]]]:
    """Counts of the areas that have a boundary, looked up from the second time on."""

    @_kept(RULES_KEPT)
    def counts(rule: Rule, position: int, level: Level) -> list[list[int]]:
        names = list(structures[position].units(level))
        drawn = structures[position].boundaries[level].reindex(names)
        known = (drawn.notna() & ~drawn.is_empty).to_numpy()
        table = figures(rule, position, level).reindex(names)[["uncovered", "villages"]]
        found: list[list[int]] = table.fillna(0).astype(int).to_numpy()[known].tolist()
        return found

    return counts


def _worst_first(table: pd.DataFrame) -> pd.DataFrame:
    """Villages by verdict, then by unit and name."""
    order = {verdict.value: place for place, verdict in enumerate(VERDICT_ORDER)}
    placed = table.assign(order=table["verdict"].map(order))
    by = ["order", "district", "commune", "village"]
    return placed.sort_values(by, kind="stable").drop(columns="order")


def _sure_of(run: Run) -> Callable[[Rule], Sureness]:
    """How sure a rule's verdicts are, looked up from the second time on."""

    @_kept(RULES_KEPT)
    def sure(rule: Rule) -> Sureness:
        if rule == run.assessment.rule:
            return run.sureness
        return coverage.how_sure(run.assessment.measures, rule, expected=run.assessment.expected)

    return sure


def _corners_of(
    run: Run, structures: tuple[Structure, ...]
) -> Callable[[int, Level, str], list[list[float]]]:
    """The box around a unit's villages, looked up from the second time on.

    Around all villages where none of the unit's has a place.
    """

    @_kept(BOXES_KEPT)
    def corners(position: int, level: Level, code: str) -> list[list[float]]:
        inside = run.study.villages.geometry[structures[position].inside(level, code)]
        placed = inside[has_place(inside)]
        return bounds(run.study.villages.geometry if placed.empty else placed).corners()

    return corners


def _without_layers(study: Study) -> Study:
    """The study as its structures and zones need it: without what is long to send."""
    return replace(study, layers=(), sites=None, told=None, amounts={}, measurements=None)


def _structures(study: Study, compute: Compute) -> tuple[Structure, ...]:
    return compute(structures_of, _without_layers(study))


def _zones(
    study: Study, found: Assessment, structure: Structure, compute: Compute
) -> ZoneFigures | None:
    """Figures of the zones of a study, None where it has none."""
    if study.zones_5g is None or study.zones_5g.empty:
        return None
    return compute(zone_figures, _without_layers(study), found, structure)


def _stills_of(feed: Feed, compute: Compute) -> Stills:
    """The shapes of a map's files, traced for still pictures."""
    return compute(
        stills_of,
        feed.villages.body,
        outlines=None if feed.outlines is None else feed.outlines.body,
        areas={key: asset.body for key, asset in feed.areas.items()},
    )


def _picture_of(study: Study, compute: Compute) -> Picture:
    """Draws areas of a study, looked up from the second time on."""

    @_kept(PICTURES_KEPT)
    def drawn(ids: tuple[str, ...], verdicts: tuple[str, ...], north: str, stamp: str) -> str:
        villages = study.villages.loc[list(ids)]
        told = pd.Series(verdicts, index=villages.index, dtype="str")
        return compute(area_svg, villages, told, north=north, stamp=stamp)

    def picture(
        villages: gpd.GeoDataFrame, verdicts: pd.Series[str], *, north: str = "N", stamp: str = ""
    ) -> str:
        return drawn(tuple(villages.index), tuple(verdicts), north, stamp)

    return picture


def nearby_of(run: Run, found: Assessment, *, compute: Compute = compute_here) -> Nearby:
    """What is nearest to every village that is not covered."""
    study = run.study
    counted = [layer.footprint for layer in study.footprints if found.rule.admits(layer.info)]
    covered = found.verdicts["verdict"] == "covered"
    tables = compute(nearest_tables, study.villages, covered, footprints=counted, sites=study.sites)
    return Nearby(tables=tables)
