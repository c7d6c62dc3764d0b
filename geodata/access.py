"""Who may see what: the ``[access]`` settings, and a run cut down to a person's rights."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

import coverage
from coverage.model import Assessment, Expected, LayerInfo, Measures
from geodata.errors import MissingFileError, Phrase, UnreadableError, phrase
from geodata.study.faults import sentence_of, told, where_of
from geodata.study.model import Study
from geodata.study.results import Run
from geodata.study.settings import ExpectedTable
from geodata.units import assign_units

EVERY = "*"


@dataclass(frozen=True, kw_only=True)
class Rights:
    """What one reader may see and change.

    ``districts`` and ``communes`` are codes, and a village in either is seen; where both are
    None, all are. ``operator`` names the
    operator a person is of: they see its layers and sites, and of others only whether
    somebody else serves a village.
    """

    districts: frozenset[str] | None = None
    communes: frozenset[str] | None = None
    operator: str = ""
    may_change_rules: bool = True
    may_change_data: bool = True

    @property
    def sees_all(self) -> bool:
        """Whether nothing is kept from this reader."""
        return self.districts is None and self.communes is None and not self.operator

    @property
    def audience(self) -> str:
        """A name for everybody with the same sight; empty where nothing is kept back."""
        if self.sees_all:
            return ""
        seen = (sorted(self.districts or ()), sorted(self.communes or ()), self.operator)
        limits = (self.districts is None, self.communes is None)
        return hashlib.sha256(repr((seen, limits)).encode()).hexdigest()[:16]


EVERYTHING = Rights()
"""The rights of everybody where access is off."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Grant(_Table):
    """``[access.everyone_else]``, and what ``[[access.people]]`` adds an address to."""

    districts: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    operator: str = ""
    may_change_rules: bool = False
    may_change_data: bool = False

    def rights(self) -> Rights:
        """The grant as rights. An operator's people never change rules or data."""
        everything = EVERY in self.districts or EVERY in self.communes
        own = not self.operator
        return Rights(
            districts=None if everything else frozenset(self.districts),
            communes=None if everything else frozenset(self.communes),
            operator=self.operator,
            may_change_rules=self.may_change_rules and own,
            may_change_data=self.may_change_data and own,
        )


class Person(Grant):
    """``[[access.people]]``: one person by the address the sign-in vouches for."""

    email: str


class Access(_Table):
    """``[access]``: the secret that signs addresses, for how long, and who may see what."""

    secret: str = Field(min_length=32)
    token_minutes: int = Field(default=30, ge=1, le=24 * 60)
    people: tuple[Person, ...] = ()
    everyone_else: Grant | None = None

    def rights_of(self, email: str | None, *, verified: bool = True) -> Rights | None:
        """The rights of a signed-in person; None where there are none."""
        asked = (email or "").strip().casefold()
        for person in self.people:
            if asked and verified and person.email.strip().casefold() == asked:
                return person.rights()
        return self.everyone_else.rights() if asked and self.everyone_else else None


class _Settings(_Table):
    access: Access | None = None


def read_access(path: Path) -> Access | None:
    """The ``[access]`` of a settings file; None where it has none: then access is off.

    Raises `MissingFileError`, `UnreadableError` for what is not TOML, and `StudyError` with
    every fault and its line.
    """
    if not path.exists():
        raise MissingFileError("{path}: there is no such file", path=str(path))
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableError(
            "{file} cannot be read: {reason}", file=path.name, reason=str(error)
        ) from error
    try:
        return _Settings(**values).access
    except ValidationError as error:
        raise told(path, [_fault(problem, text) for problem in error.errors()]) from error


def _fault(problem: object, text: str) -> Phrase:
    """One fault of the settings file, without showing a secret."""
    found = dict(problem)  # type: ignore[call-overload]  # pydantic's description of a problem
    place = list(found["loc"])
    _, where = where_of(place, text)
    if "secret" in place:
        return phrase("{where}: a secret has at least 32 characters", where=where)
    if found["type"] == "missing":
        return phrase("{where} is missing", where=where)
    if found["type"] == "extra_forbidden":
        return phrase("{where} is not a key of this table", where=where)
    return sentence_of(found, where)


def restrict(run: Run, rights: Rights) -> Run:
    """The run with nothing in it that ``rights`` keep back.

    Villages outside the units are gone from every table. For an operator's people also the
    other operators' layers, sites, zones, names and shares: their village is "covered" where
    anybody covers it, else what their own layers make of it, and ``served_by_others`` says
    whether somebody else covers it.
    """
    if rights.sees_all:
        return run
    keep = _visible(run.study, rights)
    study = _study(run.study, keep, rights.operator)
    measures = _measures(run.assessment.measures, keep, rights.operator)
    assessment = _assessment(run.assessment, measures, keep, rights.operator)
    published = study.published if keep.all() and not rights.operator else ()
    return replace(
        run,
        study=study,
        assessment=assessment,
        summary=coverage.summarise(assessment, published=published),
        folder=run.folder,
    )


def _visible(study: Study, rights: Rights) -> pd.Series[bool]:
    """The villages of the units a person is given, in any structure of the study."""
    if rights.districts is None and rights.communes is None:
        return pd.Series(data=True, index=study.villages.index)
    districts, communes = rights.districts or frozenset(), rights.communes or frozenset()
    keep = _among(study.villages["district_code"], districts)
    keep |= _among(study.villages["commune_code"], communes)
    for units in study.units if communes else ():
        keep |= _among(assign_units(study.villages, units)["commune_code"], communes)
    return pd.Series(keep, index=study.villages.index)


def _among(codes: pd.Series[str], wanted: frozenset[str]) -> npt.NDArray[np.bool_]:
    """Which codes are wanted; a missing one is not."""
    found: npt.NDArray[np.bool_] = codes.fillna("").isin(wanted - {""}).to_numpy(np.bool_)
    return found


def _study(study: Study, keep: pd.Series[bool], operator: str) -> Study:
    villages = study.villages[keep.to_numpy()]
    if not operator:
        return replace(study, villages=villages)
    own = [table for table in study.settings.layers if table.operator == operator]
    settings = study.settings.model_copy(
        update={
            "layers": tuple(own),
            "expected": ExpectedTable(
                operators=tuple(o for o in study.expected.operators if o == operator),
                technologies=study.expected.technologies,
            ),
            "published": (),
        }
    )
    zones, sites = study.zones_5g, study.sites
    return replace(
        study,
        settings=settings,
        villages=villages,
        layers=tuple(layer for layer in study.layers if layer.info.operator == operator),
        zones_5g=None if zones is None else zones[zones["operator"] == operator],
        sites=None if sites is None else sites[sites["operator"] == operator],
        inputs=(),
        notes=(),
    )


def _measures(m: Measures, keep: pd.Series[bool], operator: str) -> Measures:
    """The measures of the kept villages, for an operator with the others' bits gone."""
    rows = keep.to_numpy()
    layers = [k for k, x in enumerate(m.layers) if not operator or x.operator == operator]
    here = rows[m.village]
    place = np.cumsum(rows) - 1
    table = pd.DataFrame(
        {
            "village": place[m.village[here]].astype(np.int32),
            "combination": _bits(m.combination[here], layers),
            "area_m2": m.area_m2[here],
        }
    )
    table = pd.DataFrame(table.groupby(["village", "combination"], sort=True)["area_m2"].sum())
    table = table.reset_index()
    return Measures(
        villages=m.villages[rows],
        layers=tuple(m.layers[k] for k in layers),
        village_area_m2=m.village_area_m2[rows],
        village=table["village"].to_numpy(np.int32),
        combination=table["combination"].to_numpy(np.uint64),
        area_m2=table["area_m2"].to_numpy(np.float64),
        centre=_bits(m.centre[rows], layers),
        has_centre=m.has_centre[rows],
        extent_share=m.extent_share[rows][:, layers],
        extent_centre=m.extent_centre[rows][:, layers],
    )


def _bits(values: npt.NDArray[np.uint64], layers: list[int]) -> npt.NDArray[np.uint64]:
    """Sets of layers as bits of the kept layers alone."""
    out = np.zeros(len(values), np.uint64)
    for new, old in enumerate(layers):
        out |= ((values >> np.uint64(old)) & np.uint64(1)) << np.uint64(new)
    return out


def _assessment(
    whole: Assessment, measures: Measures, keep: pd.Series[bool], operator: str
) -> Assessment:
    rows = keep.to_numpy()
    if not operator:
        return replace(
            whole,
            measures=measures,
            verdicts=whole.verdicts[rows],
            operator_shares=whole.operator_shares[rows],
            served_by=whole.served_by[rows],
        )
    expected = Expected(
        operators=tuple(o for o in whole.expected.operators if o == operator),
        technologies=whole.expected.technologies,
    )
    own = coverage.judge(measures, _own_rule(whole, operator), expected=expected)
    covered = whole.verdicts["verdict"][rows] == "covered"
    verdicts = own.verdicts.assign(
        verdict=own.verdicts["verdict"].mask(covered, "covered"),
        served_by_others=_by_others(whole, operator)[rows],
    )
    return replace(own, rule=whole.rule, verdicts=verdicts)


def _own_rule(whole: Assessment, operator: str) -> coverage.model.Rule:
    """The rule for one operator alone; it names no other."""
    there = any(layer.operator == operator for layer in whole.measures.layers)
    named = (operator,) if there else ()
    return replace(whole.rule, operators=named, min_operators=1)


def _by_others(whole: Assessment, operator: str) -> pd.Series[bool]:
    """Whether any other operator covers each village by the rule."""
    layers: tuple[LayerInfo, ...] = whole.measures.layers
    others = tuple(dict.fromkeys(x.operator for x in layers if x.operator != operator))
    counted = tuple(o for o in others if not whole.rule.operators or o in whole.rule.operators)
    if not counted:
        return pd.Series(data=False, index=whole.verdicts.index)
    rule = replace(whole.rule, operators=counted, min_operators=1)
    return coverage.judge(whole.measures, rule).verdicts["n_operators"] > 0
