"""``[rule]``: a named profile with some of its settings changed."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import Annotated, Self

from pydantic import Field, Strict, field_validator, model_validator

from coverage.model import Basis, Rule, Technology, Worth
from coverage.pixels import HIGH_DBM, LOW_DBM
from coverage.rules import RULES
from geodata.study.faults import FaultError
from geodata.study.tables import Flag, Table

Number = Annotated[float, Strict()]
Whole = Annotated[int, Strict()]
Dbm = Annotated[int, Strict(), Field(ge=LOW_DBM, le=HIGH_DBM)]

GREATEST_LOSS_DB = 60
"""No wall that people live behind takes more; a larger number is a slip of the pen."""


class RuleTable(Table):
    """``[rule]``: a named profile with some of its settings changed; see `coverage.model.Rule`."""

    base: str = "vn-village"
    name: str
    title: str | None = None
    source: str = "study file"
    technologies: tuple[Technology, ...] | None = None
    centre: Flag | None = None
    covered_share: Number | None = Field(default=None, gt=0, le=1)
    weak_share: Number | None = Field(default=None, ge=0, le=1)
    speaks_share: Number | None = Field(default=None, ge=0, le=1)
    min_operators: Whole | None = Field(default=None, ge=1)
    unite: Flag | None = None
    basis: Basis | None = None
    settled_first: Flag | None = None
    min_dbm_2g: Dbm | None = None
    min_dbm_3g: Dbm | None = None
    min_dbm_4g: Dbm | None = None
    min_dbm_5g: Dbm | None = None
    loss_db: Whole | None = Field(default=None, ge=0, le=GREATEST_LOSS_DB)
    worth_declared: Worth | None = None
    worth_modelled: Worth | None = None
    worth_measured: Worth | None = None
    worth_sites: Worth | None = None

    @field_validator("base")
    @classmethod
    def _known(cls, base: str) -> str:
        return known_rule(base)

    @model_validator(mode="after")
    def _own_name(self) -> Self:
        """Figures go by the rule's name: a changed rule may not pass for a profile."""
        if not self.name.strip():
            raise FaultError("name is empty; the rule needs one, since its figures go by it")
        if self.name in RULES and (self.name != self.base or not RULES[self.base].needs):
            raise FaultError(
                "name {found} is that of a profile; give the changed rule a name of its own",
                found=repr(self.name),
            )
        return self

    @model_validator(mode="after")
    def _weak_below_covered(self) -> Self:
        base = RULES[self.base]
        weak = base.weak_share if self.weak_share is None else self.weak_share
        covered = base.covered_share if self.covered_share is None else self.covered_share
        if weak > covered:
            raise FaultError(
                "weak_share {weak} should not be above covered_share {covered}",
                weak=f"{weak:g}",
                covered=f"{covered:g}",
            )
        return self

    @model_validator(mode="after")
    def _one_or_several(self) -> Self:
        base = RULES[self.base]
        unite = base.unite if self.unite is None else self.unite
        several = base.min_operators if self.min_operators is None else self.min_operators
        if unite and several > 1:
            raise FaultError("unite and min_operators should not be asked for together")
        return self


def rule_of(told: str | RuleTable) -> Rule:
    """The rule of a study file: a profile, or one with some settings changed.

    A number that a profile lacks is no longer lacking where the study file gives it.
    """
    if isinstance(told, str):
        return RULES[told]
    changed = told.model_dump(exclude={"base"}, exclude_none=True)
    base = RULES[told.base]
    needs = tuple(name for name in base.needs if name not in changed)
    return replace(base, **{"title": base.title, "ours": True, "needs": needs, **changed})


def known_rule(name: str) -> str:
    """The name of a profile. Raises `FaultError` for one nobody knows."""
    if name not in RULES:
        near = difflib.get_close_matches(name, list(RULES), n=1)
        raise FaultError(
            "rule {rule} is not known; {near}? Expected one of {known}"
            if near
            else "rule {rule} is not known; expected one of {known}",
            rule=repr(name),
            near=near[0] if near else "",
            known=", ".join(sorted(RULES)),
        )
    return name
