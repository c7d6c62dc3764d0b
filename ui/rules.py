"""A rule being tried out, as it stands in the address, and in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args
from urllib.parse import quote, unquote

from coverage.model import TECHNOLOGIES, Basis, Rule, Technology, Worth
from coverage.pixels import HIGH_DBM, LOW_DBM
from ui.plain import escaped
from ui.texts import Translator

SHARES = ("covered_share", "weak_share")
FLAGS = ("centre", "settled_first")
WORTHS: tuple[Worth, ...] = get_args(Worth)
BASES: tuple[Basis, ...] = get_args(Basis)
MOST_LOSS_DB = 40


def dbm_field(technology: Technology) -> str:
    """The field of a rule that holds a technology's least level."""
    return f"min_dbm_{technology.lower()}"


WHOLE = {dbm_field(one): (LOW_DBM, HIGH_DBM) for one in TECHNOLOGIES} | {
    "loss_db": (0, MOST_LOSS_DB)
}
"""Fields of whole numbers, each with its least and greatest."""

WORDS: dict[str, tuple[str, ...]] = {
    "basis": BASES,
    **{f"worth_{kind}": WORTHS for kind in ("declared", "modelled", "measured", "sites")},
}
"""Fields of one word, each with the words that may stand there."""


def written(rule: Rule, base: Rule) -> str:
    """What differs from ``base``, for the address; empty where nothing does."""
    told = {}
    for name in SHARES:
        if getattr(rule, name) != getattr(base, name):
            told[name] = f"{getattr(rule, name):g}"
    for name in FLAGS:
        if getattr(rule, name) != getattr(base, name):
            told[name] = str(int(getattr(rule, name)))
    if rule.min_operators != base.min_operators:
        told["min_operators"] = str(rule.min_operators)
    for name in (*WHOLE, *WORDS):
        if getattr(rule, name) != getattr(base, name):
            told[name] = str(getattr(rule, name))
    for name in ("technologies", "operators"):
        if getattr(rule, name) != getattr(base, name):
            told[name] = ",".join(_quoted(one) for one in getattr(rule, name))
    return "~".join(f"{name}:{value}" for name, value in told.items())


def _quoted(name: str) -> str:
    """A name without the signs that part one setting from the next; ``quote`` leaves one."""
    return quote(name, safe="").replace("~", "%7E")


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
    """What an address says of one field; None where it makes no sense."""
    if name in SHARES:
        share = _share(value)
        return None if name == "covered_share" and not share else share
    if name in FLAGS:
        return value == "1" if value in ("0", "1") else None
    if name == "min_operators":
        return _whole(value, 1, max(1, len(operators)))
    if name in WHOLE:
        return _whole(value, *WHOLE[name])
    known = {**WORDS, "technologies": TECHNOLOGIES, "operators": tuple(operators)}.get(name, ())
    asked = [unquote(one) for one in value.split(",")]
    found = tuple(one for one in known if one in asked)
    return (found[0] if name in WORDS and found else found) or None


def _whole(text: str, least: int, most: int) -> int | None:
    bare = text.removeprefix("-")
    if not (bare.isdecimal() and bare.isascii() and len(bare) <= 4):
        return None
    return max(least, min(int(text), most))


def _share(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None


def rule_sentence(rule: Rule, t: Translator) -> str:
    """What the rule says, in one sentence, or a few where it says more."""
    who = ", ".join(rule.operators) or t("all operators")
    centre = t("the village centre, or ") if rule.centre else ""
    told = t(
        "Covered: at least {count} of {who} serves {centre}{covered} or more of {what}, by "
        "{technologies}. Weak: {weak} or more. No signal: less.",
        count=t.number(rule.min_operators),
        who=escaped(who),
        centre=centre,
        covered=t.percent(rule.covered_share, digits=0),
        weak=t.percent(rule.weak_share, digits=0),
        technologies=", ".join(rule.technologies),
        what=of_what(rule.basis, t),
    )
    return " ".join(part for part in (told, _levels_told(rule, t), _worth_told(rule, t)) if part)


def of_what(basis: Basis, t: Translator) -> str:
    """What shares are of, within a sentence."""
    return {
        "area": t("the area"),
        "people": t("the people"),
        "households": t("the households"),
        "settled": t("the settled places"),
        "hexes": t("the hexagons"),
    }[basis]


def _levels_told(rule: Rule, t: Translator) -> str:
    """From how many dBm on signal layers serve; "" where the rule names no level."""
    named = [
        f"{one} {t.number(least)} dBm"
        for one in rule.technologies
        if (least := rule.min_dbm(one)) is not None
    ]
    if not named:
        return ""
    if rule.loss_db:
        return t(
            "A signal layer serves from {levels}, the loss of {loss} dB indoors included.",
            levels=", ".join(named),
            loss=t.number(rule.loss_db),
        )
    return t("A signal layer serves outdoors from {levels}.", levels=", ".join(named))


def _worth_told(rule: Rule, t: Translator) -> str:
    """Which evidence counts for less; "" where all counts."""
    less = [
        f"{evidence_name(kind, t)}: {worth_name(worth, t)}"
        for kind in ("declared", "modelled", "measured", "sites")
        if (worth := getattr(rule, f"worth_{kind}")) != "covered"
    ]
    return t("Evidence that counts for less: {which}.", which="; ".join(less)) if less else ""


def evidence_name(kind: str, t: Translator) -> str:
    """A kind of evidence in words."""
    return {
        "declared": t("declared by the operator"),
        "modelled": t("modelled"),
        "measured": t("measured"),
        "sites": t("discs around sites, a crude estimate"),
    }[kind]


def worth_name(worth: Worth, t: Translator) -> str:
    """What evidence can make of a village, in words."""
    return {
        "covered": t("enough to be covered"),
        "weak": t("at most weak"),
        "nothing": t("does not count"),
    }[worth]
