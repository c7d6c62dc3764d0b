"""What a page shows: the study seen through the reader's choices. Calls; computes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from coverage import CoverageError
from coverage.model import TECHNOLOGIES, Assessment, Headline, Rule, Technology
from coverage.rules import RULES
from coverage.select import UNCOVERED, headline_among, only_others_serve, select
from coverage.sure import Between, Sureness
from geodata.access import Rights
from geodata.display import bounds
from geodata.study.places import Level, Structure, named, structure_on, units_day
from geodata.study.results import Run
from geodata.study.variants import load_variants
from ui.choices import Choices
from ui.maps.assets import Asset
from ui.maps.component import MapState, Mode, digest_of, packed
from ui.maps.feed import letters
from ui.opened import Opened
from ui.plain import plain
from ui.texts import Translator, translator


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """One reader's view of a study.

    ``rule`` is the rule in force (the published one, or a variant's); ``whole`` what it says
    of all operators, ``seen`` of those looked at. ``area_level`` and ``area`` say which unit
    is chosen ("" for all). ``keep`` marks the villages that the filters leave. ``trouble`` says
    why the rule asked for cannot judge: then the published one is in force.
    """

    opened: Opened
    choices: Choices
    t: Translator
    structure: Structure
    position: int
    rule: Rule
    whole: Assessment
    seen: Assessment
    area_level: Level
    area: str
    in_area: pd.Series[bool]
    fits: pd.Series[bool]
    keep: pd.Series[bool]
    trouble: CoverageError | None = None

    @property
    def rights(self) -> Rights:
        """What this reader may see and change."""
        return self.opened.rights

    @property
    def run(self) -> Run:
        """The run that the page is of: the published one, or as the variant has it."""
        return self.opened.variant(self.rule)

    @property
    def is_variant(self) -> bool:
        """Whether the rule is not the published one."""
        return self.rule != self.opened.run.assessment.rule

    @property
    def is_narrowed(self) -> bool:
        """Whether some operators or technologies are looked at alone."""
        return self.seen.rule != self.rule

    @property
    def looked_through(self) -> str:
        """The operator and technology looked at alone, by name; "" where all are."""
        seen, rule = self.seen.rule, self.rule
        operators = seen.operators if seen.operators != rule.operators else ()
        technologies = seen.technologies if seen.technologies != rule.technologies else ()
        return " ".join((*operators, *technologies))

    @property
    def seen_run(self) -> Run:
        """The run as the reader sees it: where some are looked at alone, its rule says so."""
        if not self.is_narrowed:
            return self.run
        run, alone = self.opened.variant(self.seen.rule), plain(self.looked_through)
        rule = replace(
            self.seen.rule,
            name=f"{self.rule.name} {alone}",
            title=f"{self.t(self.rule.title)}: {alone}",
        )
        return replace(run, assessment=replace(run.assessment, rule=rule))

    @property
    def reconstruction(self) -> bool:
        """Whether the study is made, not observed."""
        return self.opened.run.study.reconstruction is not None

    @property
    def area_name(self) -> str:
        """The name of the chosen unit, "" where none is."""
        return self.structure.units(self.area_level).get(self.area, "") if self.area else ""

    def headline(self) -> Headline:
        """The figures of the chosen area, all verdicts."""
        return headline_among(self.opened.run.study.villages, self.seen, self.in_area)

    def others(self, keep: pd.Series[bool]) -> int | None:
        """How many of some villages others serve and are not covered here.

        None where no operator's layers are kept back.
        """
        return only_others_serve(self.seen, keep)

    @property
    def sureness(self) -> Sureness:
        """How sure the verdicts are that the reader sees."""
        return self.opened.sure(self.seen.rule)

    def between(self, keep: pd.Series[bool]) -> Between:
        """Between what the number of uncovered villages lies, of those marked."""
        return self.sureness.among(keep.to_numpy(bool))

    def kept_between(self) -> Between | None:
        """The range of the uncovered in the list; None where it lists some of them alone."""
        asked = self.choices.selection.verdicts
        return self.between(self.fits) if not asked or set(UNCOVERED) <= set(asked) else None

    def kept_headline(self) -> Headline:
        """The figures of the villages that the filters leave."""
        return headline_among(self.opened.run.study.villages, self.seen, self.keep)

    @property
    def village(self) -> str:
        """The chosen village's id, "" where it is not one of the study's."""
        chosen = self.choices.village
        return chosen if chosen in self.seen.verdicts.index else ""


def make_view(opened: Opened, choices: Choices) -> View:
    """The view of some choices; those that fit nothing in this study are left aside."""
    structure = _structure(opened, choices)
    if structure is None:  # its codes are of units that this study does not have
        choices = replace(choices, units="", district="", commune="")
        structure = structure_on(opened.structures, opened.run.study.as_of)
    position = opened.structures.index(structure)
    rule, trouble = rule_in_force(opened, choices)
    seen = opened.judged(narrowed(opened, rule, choices))
    level, code = _area(structure, choices)
    in_area = structure.inside(level, code)
    villages = opened.run.study.villages
    whole = opened.judged(replace(seen.rule, operators=rule.operators))
    selection = choices.selection
    of_nobody = seen.rule.operators == rule.operators and not opened.rights.operator
    if selection.served == "others" and of_nobody:  # others than whom?
        selection = replace(selection, served=None)
    everyone = opened.judged(rule) if opened.rights.operator else whole
    fits = in_area & select(villages, seen, replace(selection, verdicts=()), whole=everyone)
    if choices.name.strip():
        fits &= named(opened.names, choices.name)
    keep = fits & select(villages, seen, selection, whole=everyone)
    return View(
        opened=opened,
        choices=choices,
        t=translator(choices.language),
        structure=structure,
        position=position,
        rule=rule,
        whole=whole,
        seen=seen,
        area_level=level,
        area=code,
        in_area=in_area,
        fits=fits,
        keep=keep,
        trouble=trouble,
    )


def rule_in_force(opened: Opened, choices: Choices) -> tuple[Rule, CoverageError | None]:
    """The variant named in the address, else the rule of the published run.

    With it, why the variant cannot judge, where it cannot. An operator's people have the
    published rule alone: what another says needs the layers of all.
    """
    published = opened.run.assessment.rule
    if not choices.variant or opened.rights.operator:
        return published, None
    rule = {**RULES, **variants_of(opened)}.get(choices.variant, published)
    try:
        opened.judged(rule)
    except CoverageError as error:
        return published, error
    return rule, None


def variants_of(opened: Opened) -> Mapping[str, Rule]:
    """The kept variants of the study by slug."""
    return load_variants(opened.run.study)


def narrowed(opened: Opened, rule: Rule, choices: Choices) -> Rule:
    """The rule for the operator and technology looked at alone, if any is."""
    operators = operators_of(opened, rule)
    technologies: tuple[Technology, ...] = tuple(
        t for t in rule.technologies if t == choices.technology
    )
    alone = choices.operator
    if opened.rights.operator and (alone or technologies):
        alone = operators[0] if operators else ""  # the only one whose layers are here
    if alone in operators:
        rule = replace(rule, operators=(alone,), min_operators=1)
    if technologies and technologies != rule.technologies:
        rule = replace(rule, technologies=technologies)
    return rule


def operators_of(opened: Opened, rule: Rule) -> list[str]:
    """The operators that can be looked at alone, in the order of their layers."""
    layers = opened.run.assessment.measures.layers
    everyone = dict.fromkeys(layer.operator for layer in layers)
    return [name for name in everyone if not rule.operators or name in rule.operators]


def technologies_of(opened: Opened, rule: Rule) -> list[str]:
    """The technologies that can be looked at alone."""
    there = {layer.technology for layer in opened.run.assessment.measures.layers}
    return [t for t in TECHNOLOGIES if t in there and t in rule.technologies]


def map_state(
    view: View,
    mode: Mode,
    *,
    level: Level | None = None,
    findings: tuple[tuple[float, float, str], ...] = (),
) -> MapState:
    """What the map is told of a view; ``level`` is that of the areas drawn."""
    opened, choices = view.opened, view.choices
    shown: Level = level or _drawn_level(view)
    ids = opened.feed.ids
    as_published = view.seen.rule == opened.run.assessment.rule
    filters = mode == "villages"
    return MapState(
        mode=mode,
        areas=opened.feed.areas[view.position, shown],
        figures=opened.counts(view.seen.rule, view.position, shown),
        nearer=_nearer(view, shown),
        verdicts=None if as_published else letters(view.seen.verdicts["verdict"].reindex(ids)),
        shown=packed(view.keep, ids) if filters else None,
        in_area=packed(view.in_area, ids),
        area=view.area,
        focus=zones_box(view) if mode == "zones" and not view.area else area_box(view),
        village=view.village,
        zone=choices.zone,
        layers=choices.layers,
        rule=digest_of(view.seen.rule),
        findings=findings,
    )


def _nearer(view: View, shown: Level) -> Asset | None:
    """The areas drawn once an area is chosen, where they are not those that are ``shown``."""
    smallest = view.structure.levels[-1]
    return None if smallest == shown else view.opened.feed.areas[view.position, smallest]


def area_box(view: View) -> list[list[float]] | None:
    """The box around the chosen area, None where all is looked at."""
    if not view.area:
        return None
    return view.opened.corners(view.position, view.area_level, view.area)


def zones_box(view: View) -> list[list[float]] | None:
    """The box around the chosen 5G zone, or all of them."""
    zones = view.opened.run.study.zones_5g
    if zones is None or zones.empty:
        return None
    chosen = zones[zones["zone"] == view.choices.zone]
    return bounds((zones if chosen.empty else chosen).geometry).corners()


def _structure(opened: Opened, choices: Choices) -> Structure | None:
    """The structure asked for by a day or a year, else the one in force on the study's day.

    None where the address names a day that is none: nobody knows what its codes are of.
    """
    if not choices.units:
        return structure_on(opened.structures, opened.run.study.as_of)
    day = units_day(choices.units)
    past = [] if day is None else [s for s in opened.structures if s.valid_from <= day]
    return past[-1] if past else None


def _area(structure: Structure, choices: Choices) -> tuple[Level, str]:
    """The level and code of the unit looked at: a commune before its district."""
    places = structure.places
    for level, code in (("commune", choices.commune), ("district", choices.district)):
        if code and (places[f"{level}_code"] == code).any():
            return ("commune" if level == "commune" else "district"), code
    return structure.levels[0], ""


def _drawn_level(view: View) -> Level:
    """Districts from afar; communes once an area is chosen, or where there are no districts."""
    levels = view.structure.levels
    if "commune" in levels and (view.area or "district" not in levels):
        return "commune"
    return levels[0]
