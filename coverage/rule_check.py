"""Whether a rule can be applied at all."""

from __future__ import annotations

from coverage.errors import CoverageError
from coverage.model import TECHNOLOGIES, Expected, Measures, Rule
from coverage.rules import RULES


def require_applicable(rule: Rule, measures: Measures, expected: Expected) -> None:
    """Raise `CoverageError` for a rule that cannot judge these measures, and say why."""
    _require_numbers(rule)
    _require_shares(rule)
    _require_sets(rule)
    known = {layer.operator for layer in measures.layers} | set(expected.operators)
    unknown = [name for name in rule.operators if name not in known]
    if unknown:
        raise CoverageError(
            "rule {rule}: operator {found} has no layer; expected one of {known}",
            rule=rule.name,
            found=", ".join(unknown),
            known=", ".join(sorted(known)),
        )


def _require_numbers(rule: Rule) -> None:
    if rule.needs:
        bases = (name for name, one in RULES.items() if one.needs and one.letter == rule.letter)
        raise CoverageError(
            "rule {rule} has no numbers yet: {needs} stand in letter {letter}; write them into "
            '[rule] with base = "{base}" once you have it',
            rule=rule.name,
            base=next(bases, rule.name),
            needs=", ".join(rule.needs),
            letter=rule.letter,
        )


def _require_shares(rule: Rule) -> None:
    ordered = 0.0 <= rule.weak_share <= rule.covered_share <= 1.0 and rule.covered_share > 0.0
    if not ordered or not 0.0 <= rule.speaks_share <= 1.0:
        raise CoverageError(
            "rule {rule}: shares must run from 0 to 1, weak ({weak}) not above covered ({covered}) "
            "and covered above 0; speaks is {speaks}",
            rule=rule.name,
            weak=rule.weak_share,
            covered=rule.covered_share,
            speaks=rule.speaks_share,
        )


def _require_sets(rule: Rule) -> None:
    if not rule.technologies or not set(rule.technologies) <= set(TECHNOLOGIES):
        raise CoverageError(
            "rule {rule}: technologies are {found}; name at least one of {known}"
            if rule.technologies
            else "rule {rule} names no technology; name at least one of {known}",
            rule=rule.name,
            found=", ".join(rule.technologies),
            known=", ".join(TECHNOLOGIES),
        )
    if {
        rule.worth_declared, rule.worth_modelled, rule.worth_measured, rule.worth_sites,
    } == {"nothing"}:  # fmt: skip
        raise CoverageError(
            "rule {rule}: no kind of evidence is worth anything, so no layer counts; let one count",
            rule=rule.name,
        )
    if rule.min_operators < 1:
        raise CoverageError(
            "rule {rule}: min_operators is {found}; it must be 1 or more",
            rule=rule.name,
            found=rule.min_operators,
        )
    if rule.unite and rule.min_operators > 1:
        raise CoverageError(
            "rule {rule}: it unites all operators and asks for {found} of them; one or the other",
            rule=rule.name,
            found=rule.min_operators,
        )
