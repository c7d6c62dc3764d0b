"""A run cut down to what one person may see. Enforced here, where data is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

import coverage
from coverage.model import Assessment, LayerInfo, Measures, Rule
from coverage.part import part_of
from geodata.alone import calm, judged_alone, rule_alone
from geodata.errors import CallError
from geodata.followup import FREE
from geodata.operators import NETWORKS, names_any, same_operator
from geodata.rights import EVERYTHING, Access, Rights, read_access
from geodata.study.cut import CutShapes, cut_shapes
from geodata.study.model import Study
from geodata.study.places import Level, Structure, structures_of
from geodata.study.results import Run
from geodata.study.settings import ExpectedTable, PublishedTable
from geodata.units import Units

__all__ = [
    "EVERYTHING",
    "Access",
    "Rights",
    "check_access",
    "read_access",
    "restrict",
    "restrict_follow_up",
    "seen_villages",
]

Bools = npt.NDArray[np.bool_]
CutFunction = Callable[[Study, tuple[Structure, ...], Bools], CutShapes]
"""Intersects a study's shapes with the area of the villages that a mask marks."""

NAMELESS = "as published"
"""Stands for the name and title of a rule that names another operator."""

UNNAMED = "…"
"""Stands for the name of a study that names another operator."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sight:
    """What a person sees of a study: villages (a mask), one operator.

    ``others`` are the operators kept back.
    """

    keep: Bools
    operator: str
    others: tuple[str, ...]

    def names_another(self, *texts: str | None) -> bool:
        """Whether any of the texts has the name of an operator that is kept back."""
        return any(names_any(text or "", self.others) for text in texts)


def restrict(
    run: Run,
    rights: Rights,
    *,
    structures: tuple[Structure, ...] | None = None,
    cut: CutFunction = cut_shapes,
) -> Run:
    """The run with nothing in it that ``rights`` keep back. Writes nothing.

    A unit's code may stand with the day its structure holds from: ``17329@2025-07-01``. Raises
    `CallError` for a code without one that is not the same villages in all structures.
    Villages outside the units are gone from every table, and layers, sites and zones are cut
    to the area of those inside. For an operator's people the other operators' layers, sites,
    zones, names and shares are gone too: every verdict, share and sum is of their own layers
    alone, as if nobody else had filed, and one column, ``served_by_others``, says whether
    anybody else covers the village by the rule. Nothing else here depends on others' layers
    but the run's id, which names the whole run. What has changed since it was made
    (`Run.outdated`) is not named. Never keep or publish such a run: it is a part.

    ``structures`` are those of the whole study (else found here). ``cut`` intersects its shapes
    with the area: with both given, nothing is computed here that grows with a shape's corners.
    """
    if rights.sees_all:
        return run
    structures = structures_of(run.study) if structures is None else structures
    sight = _sight(run.study, structures, rights)
    measures = _measures(run.assessment.measures, sight)
    assessment = _assessment(run.assessment, measures, sight)
    study = _study(run.study, structures, sight, cut)
    outdated, stored = run.outdated, None if sight.operator else run.stored_sureness
    return replace(
        run,
        outdated=None if outdated is None else outdated.unnamed(),
        since=None,
        stored_sureness=None if stored is None else stored.part(sight.keep),
        alone=sight.operator,
        study=study,
        assessment=assessment,
        summary=coverage.summarise(assessment, published=study.published),
    )


def restrict_follow_up(
    table: pd.DataFrame,
    run: Run,
    rights: Rights,
    *,
    structures: tuple[Structure, ...] | None = None,
) -> pd.DataFrame:
    """The follow-up (see `geodata.followup`) of ``run`` without what ``rights`` keep back.

    ``run`` is the whole one, ``structures`` those of its study. Villages outside the units are
    gone. For an operator's people so
    are the rows in charge of another, and any text that names another operator (of the study,
    of the rows, or of the country) is empty: nobody can tell which words are theirs to read.
    """
    if rights.sees_all:
        return table
    structures = structures_of(run.study) if structures is None else structures
    sight = _sight(run.study, structures, rights, also=table["operator"])
    table = table[table.index.isin(run.study.villages.index[sight.keep])]
    if not sight.operator:
        return table
    own = [same_operator(name, sight.operator) for name in table["operator"]]
    table = table[np.array(own, np.bool_)].assign(operator=sight.operator)
    return table.assign(
        **{f: table[f].map(lambda told: "" if sight.names_another(told) else told) for f in FREE}
    )


def seen_villages(run: Run, rights: Rights) -> pd.Index:
    """The ids of the villages of the whole run that ``rights`` show."""
    ids: pd.Index = run.study.villages.index
    return ids[_visible(run.study, structures_of(run.study), rights)]


def _sight(
    study: Study,
    structures: tuple[Structure, ...],
    rights: Rights,
    *,
    also: Iterable[str] = (),
) -> _Sight:
    """What ``rights`` show; ``also`` are operators whom more than the study names."""
    keep = _visible(study, structures, rights)
    everyone = _operators(study) if rights.operator else ()
    operator = _named(everyone, rights.operator)
    return _Sight(
        keep=keep,
        operator=operator,
        others=tuple(
            name
            for name in dict.fromkeys((*everyone, *also, *NETWORKS.values()))
            if name != operator and not same_operator(name, operator)
        ),
    )


def check_access(access: Access, study: Study) -> None:
    """That every code of the settings means one area of the study. Raises as `restrict` does."""
    structures = structures_of(study)
    grants = [*access.people, *([access.everyone_else] if access.everyone_else else [])]
    for grant in grants:
        _visible(study, structures, grant.rights())


def _visible(study: Study, structures: tuple[Structure, ...], rights: Rights) -> Bools:
    """The villages of the units given."""
    if rights.districts is None and rights.communes is None:
        return np.ones(len(study.villages), np.bool_)
    seen = np.zeros(len(study.villages), np.bool_)
    for level, codes in (("district", rights.districts), ("commune", rights.communes)):
        for code in sorted(codes or ()):
            seen |= _held(structures, "district" if level == "district" else "commune", code)
    return seen


def _held(structures: tuple[Structure, ...], level: Level, told: str) -> Bools:
    """The villages of one unit, told as ``code`` or as ``code@day`` (or ``code@year``).

    Codes are used again for other areas: a code without a day must be the same villages in
    every structure that has it. Raises `CallError` where it is not, for to guess would show
    somebody an area that is not theirs.
    """
    code, _, day = told.partition("@")
    found: dict[str, Bools] = {}
    for structure in structures:
        of = structure.valid_from.isoformat()
        if code and (not day or of.startswith(day)):
            codes = structure.places[f"{level}_code"].to_numpy(dtype=object)
            if (codes == code).any():
                found[of] = np.asarray(codes == code, np.bool_)
    if not found:
        return np.zeros(len(structures[0].places), np.bool_)
    (first, held), *others = found.items()
    for other, also in others:
        if (held != also).any():
            raise CallError(
                "the access settings name district {code}, which is another area in the units "
                "from {first} than in those from {other}; write {code}@{first} or {code}@{other}"
                if level == "district"
                else "the access settings name commune {code}, which is another area in the units "
                "from {first} than in those from {other}; write {code}@{first} or {code}@{other}",
                code=code,
                first=first,
                other=other,
            )
    return held


def _operators(study: Study) -> tuple[str, ...]:
    """Everybody whom a study's layers, sites, zones or expectations name."""
    names = [layer.info.operator for layer in study.layers]
    names += study.expected.operators
    names += [table.operator for table in study.settings.layers if table.operator]
    for table in (study.sites, study.zones_5g):
        if table is not None:
            names += [str(name) for name in table["operator"].dropna()]
    return tuple(dict.fromkeys(names))


def _named(everyone: Iterable[str], asked: str) -> str:
    """The operator as the study writes it; as it is asked for where the study has none."""
    names = tuple(everyone)
    if asked in names:
        return asked
    return next((name for name in names if same_operator(name, asked)), asked)


def _study(
    study: Study, structures: tuple[Structure, ...], sight: _Sight, cut: CutFunction
) -> Study:
    """The study with only what is seen.

    Notes, findings, inputs, amounts and measurements speak of whole files: they are gone.
    The target is one of all operators together, and gone for the people of one.
    """
    layers = tuple(
        replace(x, info=_info(x.info, sight))
        for x in study.layers
        if not sight.operator or x.info.operator == sight.operator
    )
    sites, zones = (_own_rows(table, sight) for table in (study.sites, study.zones_5g))
    if not sight.keep.all():
        own = replace(study, layers=layers, sites=sites, zones_5g=zones)
        inside = cut(own, structures, sight.keep)
        layers, sites, zones = inside.layers, inside.sites, inside.zones_5g
    changed = {"published": _published(study, sight), "measurements": None}
    settings = study.settings.model_copy(update=changed)
    if sight.operator:
        tables = [
            table.model_copy(update={"source": _own_words(table.source, sight)})
            for table in settings.layers
            if table.operator == sight.operator
        ]
        if sight.names_another(settings.name):
            settings = settings.model_copy(update={"name": UNNAMED})
        names = tuple(o for o in study.expected.operators if o == sight.operator)
        expected = ExpectedTable(operators=names, technologies=study.expected.technologies)
        settings = settings.model_copy(
            update={"layers": tuple(tables), "expected": expected, "target": None}
        )
    return replace(
        study,
        settings=settings,
        villages=study.villages[sight.keep],
        layers=layers,
        units=_units(study.units, structures, sight.keep),
        zones_5g=zones,
        sites=sites,
        rule=_rule(study.rule, sight, judged=bool(layers)),
        inputs=(),
        tables=(),
        notes=(),
        findings=(),
        doubts=(),
        superseded=(),
        measurements=None,
        amounts=MappingProxyType({}),
        told=None if study.told is None else study.told[sight.keep],
    )


def _info(info: LayerInfo, sight: _Sight) -> LayerInfo:
    return replace(info, source=_own_words(info.source, sight))


def _own_words(text: str, sight: _Sight) -> str:
    """A text, or nothing where it names another operator."""
    return "" if sight.names_another(text) else text


def _published(study: Study, sight: _Sight) -> tuple[PublishedTable, ...]:
    """Published figures are of all villages and operators: of a part they say nothing."""
    whole = sight.keep.all() and not sight.operator
    return study.settings.published if whole else ()


def _units(
    units: tuple[Units, ...], structures: tuple[Structure, ...], keep: Bools
) -> tuple[Units, ...]:
    """The units that hold a visible village."""
    places = {structure.valid_from: structure.places[keep] for structure in structures}

    def held(table: gpd.GeoDataFrame, one: Units, level: Level) -> gpd.GeoDataFrame:
        return table[table.index.isin(set(places[one.valid_from][f"{level}_code"]))]

    return tuple(
        replace(
            one,
            communes=held(one.communes, one, "commune"),
            districts=None if one.districts is None else held(one.districts, one, "district"),
        )
        for one in units
    )


def _own_rows(table: gpd.GeoDataFrame | None, sight: _Sight) -> gpd.GeoDataFrame | None:
    """The sites or zones of one's own operator, if one is of any, without words of another."""
    if table is None or not sight.operator:
        return table
    table = table[(table["operator"] == sight.operator).fillna(value=False).to_numpy(np.bool_)]
    told = table.columns.drop(["operator", table.geometry.name])
    silent = table[told].map(lambda cell: isinstance(cell, str) and sight.names_another(cell))
    return table.assign(**{name: table[name].mask(silent[name]) for name in told})


def _measures(m: Measures, sight: _Sight) -> Measures:
    """The measures of the kept villages, for an operator with the others' layers gone."""
    operator = sight.operator
    layers = [k for k, x in enumerate(m.layers) if not operator or x.operator == operator]
    part = part_of(m, sight.keep, layers)
    if not operator:
        return part
    return calm(replace(part, layers=tuple(_info(layer, sight) for layer in part.layers)))


def _assessment(whole: Assessment, measures: Measures, sight: _Sight) -> Assessment:
    rows = sight.keep
    if sight.operator:
        rule = _rule(whole.rule, sight, judged=bool(measures.layers))
        return judged_alone(whole, measures, rule, operator=sight.operator, rows=rows)
    return replace(
        whole,
        measures=measures,
        verdicts=whole.verdicts[rows],
        operator_shares=whole.operator_shares[rows],
        served_by=whole.served_by[rows],
    )


def _rule(rule: Rule, sight: _Sight, *, judged: bool) -> Rule:
    """The rule as an operator's people meet it; without words that name another."""
    if not sight.operator:
        return rule
    if sight.names_another(rule.name, rule.title, rule.source, rule.not_known):
        rule = replace(rule, name=NAMELESS, title=NAMELESS, source=NAMELESS, not_known="")
    return rule_alone(rule, sight.operator, judged=judged)
