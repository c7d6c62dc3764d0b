"""A rule being tried out, as it stands in the address, and in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

from coverage.model import TECHNOLOGIES, Rule
from ui.plain import escaped
from ui.texts import Translator

SHARES = ("covered_share", "weak_share")


def written(rule: Rule, base: Rule) -> str:
    """What differs from ``base``, for the address; empty where nothing does."""
    told = {}
    for name in SHARES:
        if getattr(rule, name) != getattr(base, name):
            told[name] = f"{getattr(rule, name):g}"
    if rule.centre != base.centre:
        told["centre"] = str(int(rule.centre))
    if rule.min_operators != base.min_operators:
        told["min_operators"] = str(rule.min_operators)
    for name in ("technologies", "operators"):
        if getattr(rule, name) != getattr(base, name):
            told[name] = ",".join(quote(one, safe="") for one in getattr(rule, name))
    return "~".join(f"{name}:{value}" for name, value in told.items())


def tried(base: Rule, text: str, *, operators: list[str]) -> Rule:
    """``base`` with what an address changes; what makes no sense is left aside."""
    changes: dict[str, Any] = {}
    for piece in text.split("~"):
        name, _, value = piece.partition(":")
        told = _read(name, value, operators)
        if told is not None:
            changes[name] = told
    rule = replace(base, **changes)
    return replace(rule, weak_share=min(rule.weak_share, rule.covered_share))


def _read(name: str, value: str, operators: list[str]) -> object | None:
    if name in SHARES:
        share = _share(value)
        return None if share is None or (name == "covered_share" and share <= 0) else share
    if name == "centre" and value in ("0", "1"):
        return value == "1"
    if name == "min_operators" and value.isdecimal() and value.isascii():
        return max(1, min(int(value[:3]), max(1, len(operators))))
    asked = [unquote(one) for one in value.split(",")]
    if name == "technologies":
        return tuple(t for t in TECHNOLOGIES if t in asked) or None
    if name == "operators":
        return tuple(o for o in operators if o in asked) or None
    return None


def _share(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None


def rule_sentence(rule: Rule, t: Translator) -> str:
    """What the rule says, in one sentence."""
    who = ", ".join(rule.operators) or t("all operators")
    centre = t("the village centre, or ") if rule.centre else ""
    return t(
        "Covered: at least {count} of {who} serves {centre}{covered} or more of the area, by "
        "{technologies}. Weak: {weak} or more. No signal: less.",
        count=t.number(rule.min_operators),
        who=escaped(who),
        centre=centre,
        covered=t.percent(rule.covered_share, digits=0),
        weak=t.percent(rule.weak_share, digits=0),
        technologies=", ".join(rule.technologies),
    )
