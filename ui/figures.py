"""The figures in words: the headline with its split, and what it rests on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import numpy.typing as npt

from coverage.model import Assessment, Comparison, Headline
from coverage.shares import unjudged
from coverage.summarise import villages_to_target
from coverage.sure import Between, Sureness
from geodata.study.results import Run
from ui.plain import escaped, plain
from ui.sure import range_text, range_told
from ui.texts import Translator
from ui.texts import marked as _


def headline_sentence(headline: Headline, t: Translator) -> str:
    """Covered of all, and the uncovered with their split, in one sentence."""
    return t(
        "{covered} of {villages} villages have mobile broadband ({share}); {uncovered} uncovered "
        "= {none} no signal + {weak} weak; {unknown} missing data",
        covered=t.number(headline.covered),
        villages=t.number(headline.villages),
        share=t.percent(headline.share),
        uncovered=t.number(headline.uncovered),
        none=t.number(headline.none),
        weak=t.number(headline.weak),
        unknown=t.number(headline.unknown),
    )


def headline_split(
    headline: Headline, t: Translator, *, between: Between, others: int | None = None
) -> list[tuple[str, str, str]]:
    """Cards of label, figure and note: uncovered always with its split and its range.

    ``others``: how many of the villages that are not covered others serve, where the figures
    are one operator's.
    """
    people = headline.population_uncovered
    served = (
        []
        if others is None
        else [(t("Served by others"), t.number(others), t("of those not covered here"))]
    )
    return [
        *_split(headline, people, t, range_text(between, t)),
        *served,
    ]


def _split(
    headline: Headline, people: int | None, t: Translator, between: str
) -> list[tuple[str, str, str]]:
    split = t(
        "= {none} no signal + {weak} weak",
        none=t.number(headline.none),
        weak=t.number(headline.weak),
    )
    return [
        (
            t("Covered"),
            f"{t.number(headline.covered)}/{t.number(headline.villages)}",
            t.percent(headline.share),
        ),
        (
            t("Uncovered"),
            t.number(headline.uncovered),
            f"{split}; {between}" if between else split,
        ),
        (
            t("Missing data"),
            t.number(headline.unknown),
            t("{count} without a place in the file", count=t.number(headline.unplaced))
            if headline.unplaced
            else t("not counted as uncovered"),
        ),
        (t("People uncovered"), t.number(people), t("live in uncovered villages")),
    ]


def agreement(comparisons: tuple[Comparison, ...], t: Translator) -> list[str]:
    """Each published figure with its definition, date, source, and whether ours agrees."""
    return [_compared(comparison, t) for comparison in comparisons]


def _compared(comparison: Comparison, t: Translator) -> str:
    icon = ":material/check_circle:" if comparison.agrees else ":material/info:"
    figure, verdict = compared(comparison, t, safe=escaped)
    return f"{icon} {figure}: **{verdict}**"


def compared(
    comparison: Comparison, t: Translator, *, safe: Callable[[str], str]
) -> tuple[str, str]:
    """A published figure, and whether ours agrees; ``safe`` makes strangers' words harmless."""
    published = comparison.published
    if not comparison.comparable:
        verdict = t("not comparable: another number of villages")
    elif comparison.agrees:
        verdict = t("agrees with ours")
    else:
        verdict = t("differs from ours: {covered}", covered=t.number(comparison.covered))
    figure = t(
        "Published: {value} of {of} {definition} ({date}, {source})",
        value=t.number(published.value),
        of=t.number(published.of),
        definition=safe(t(published.definition)),
        date=t.date(published.as_of),
        source=safe(t(published.source)),
    )
    return figure, verdict


def basis(
    run: Run,
    t: Translator,
    *,
    units: date | None = None,
    safe: Callable[[str], str] = escaped,
) -> str:
    """What the figures rest on: study, date, rule, run, and the units they are grouped by.

    ``safe`` makes strangers' words harmless where it is shown: Markdown, unless it says other.
    """
    rule = run.assessment.rule
    told = t(
        "Study: {study} · Data as of {date} · Rule: {rule} · Run {run_id}",
        study=safe(run.study.name),
        date=t.date(run.study.as_of),
        rule=safe(t(rule.title)),
        run_id=safe(run.run_id),
    )
    if run.alone:
        told += " · " + t("Figures of {operator} alone", operator=safe(run.alone))
    if units is None:
        return told
    return told + " · " + t("Units in force from {date}", date=t.date(units))


def leader_sentence(headline: Headline, run: Run, t: Translator, *, place: str = "") -> str:
    """One sentence in plain words that can be read aloud; plain text, not Markdown."""
    where = plain(place) or plain(run.study.name)
    if run.alone:
        where = t("{place}, {operator} alone", place=where, operator=plain(run.alone))
    if headline.uncovered == 0:
        told = t(
            "As of {date}, {place}: all {covered} villages with data have mobile broadband.",
            date=t.date(run.study.as_of),
            place=where,
            covered=t.number(headline.covered),
        )
    else:
        told = t(
            "As of {date}, {place}: {covered} of {villages} villages have mobile broadband, "
            "{share}; {uncovered} still have none, of which {none} have no signal at all and "
            "{weak} have weak signal.",
            date=t.date(run.study.as_of),
            place=where,
            covered=t.number(headline.covered),
            villages=t.number(headline.villages),
            share=t.percent(headline.share),
            uncovered=t.number(headline.uncovered),
            none=t.number(headline.none),
            weak=t.number(headline.weak),
        )
    if headline.unknown:
        told += " " + t(
            "For {unknown} villages data is missing; they are not counted as uncovered.",
            unknown=t.number(headline.unknown),
        )
    if headline.unplaced:
        told += " " + unplaced_text(headline, t)
    return told


def figures_told(
    headline: Headline, sureness: Sureness, keep: npt.NDArray[np.bool_], t: Translator
) -> str:
    """What stands under the figures of the villages marked in ``keep``.

    What the range comes from, and the weak ones over both totals.
    """
    told = range_told(sureness, keep, t)
    return f"{told} {weak_text(headline, t)}" if headline.weak else told


def weak_text(headline: Headline, t: Translator) -> str:
    """The villages of weak signal over both totals that officials count them over."""
    return t(
        "Weak signal: {weak}, that is {share} of all {villages} villages and {other} of the "
        "{rest} that are not without signal.",
        weak=t.number(headline.weak),
        share=t.percent(headline.weak_share),
        villages=t.number(headline.villages),
        other=t.percent(headline.weak_share_of_signal),
        rest=t.number(headline.with_signal),
    )


def unjudged_titles(assessment: Assessment) -> list[str]:
    """Titles of the signal layers that the rule cannot judge."""
    found = unjudged(assessment.measures.layers, assessment.rule)
    return list(dict.fromkeys(layer.title for layer in found))


def unjudged_text(assessment: Assessment, t: Translator) -> str:
    """Which signal layers count as no filing, as the rule names no level for them; "" for none."""
    found = unjudged_titles(assessment)
    if not found:
        return ""
    return t(
        "Signal layers the rule names no level for count as no filing: {layers}.",
        layers=", ".join(map(plain, found)),
    )


def unplaced_text(headline: Headline, t: Translator) -> str:
    """How many villages are unknown because the file has no place for them, as a sentence."""
    return t(
        "Of these, {count} have no place in the village file and are on no map.",
        count=t.number(headline.unplaced),
    )


def split_text(headline: Headline, t: Translator, between: Between | None = None) -> str:
    """The uncovered with split and range: 63 (between 58 and 71) = 19 no signal + 44 weak."""
    told = "" if between is None else range_text(between, t)
    return t(
        "{uncovered} = {none} no signal + {weak} weak, {unknown} missing data",
        uncovered=t.number(headline.uncovered) + (f" ({told})" if told else ""),
        none=t.number(headline.none),
        weak=t.number(headline.weak),
        unknown=t.number(headline.unknown),
    )


def progress(headline: Headline, run: Run, t: Translator) -> tuple[float, str] | None:
    """How far the target is reached, and in words; None without a target."""
    target = run.study.settings.target
    if target is None or not headline.villages:
        return None
    left = villages_to_target(headline, target.share)
    words = t(
        "Target: {share} of villages by {date}",
        share=t.percent(target.share, digits=0),
        date=t.date(target.by),
    )
    reached = (
        t("reached")
        if left == 0
        else t.plural("{count} village to go", "{count} villages to go", left, count=t.number(left))
    )
    return min(1.0, headline.share / target.share), f"{words}: {reached}"


def no_units_text(t: Translator) -> str:
    """Why there is no unit to look at."""
    return t("This study does not say in which district or commune its villages are.")


COMPASS = (
    _("north"),
    _("north-east"),
    _("east"),
    _("south-east"),
    _("south"),
    _("south-west"),
    _("west"),
    _("north-west"),
)


def away(distance_m: float, bearing_deg: float, t: Translator) -> str:
    """A distance and a direction: 3.4 km north-east (47°)."""
    if distance_m < 1000:
        distance = t("{metres} m", metres=t.number(round(distance_m)))
    else:
        distance = t("{km} km", km=t.number(round(distance_m / 1000, 1)))
    direction = COMPASS[round(bearing_deg / 45) % 8]
    return f"{distance} {t(direction)} ({round(bearing_deg) % 360}°)"
