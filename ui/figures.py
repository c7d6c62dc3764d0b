"""The figures in words: the headline with its split, and what it rests on."""

from __future__ import annotations

from coverage.model import Comparison, Headline
from geodata.study.results import Run
from ui.plain import escaped
from ui.texts import Translator


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


def headline_split(headline: Headline, t: Translator) -> list[tuple[str, str, str]]:
    """Cards of label, figure and note: uncovered always with its split."""
    people = headline.population_uncovered
    return [
        (
            t("Covered"),
            f"{t.number(headline.covered)}/{t.number(headline.villages)}",
            t.percent(headline.share),
        ),
        (
            t("Uncovered"),
            t.number(headline.uncovered),
            t(
                "= {none} no signal + {weak} weak",
                none=t.number(headline.none),
                weak=t.number(headline.weak),
            ),
        ),
        (t("Missing data"), t.number(headline.unknown), t("not counted as uncovered")),
        (t("People uncovered"), t.number(people), t("live in uncovered villages")),
    ]


def agreement(comparisons: tuple[Comparison, ...], t: Translator) -> list[str]:
    """Each published figure with its definition, date, source, and whether ours agrees."""
    return [_compared(comparison, t) for comparison in comparisons]


def _compared(comparison: Comparison, t: Translator) -> str:
    published = comparison.published
    if not comparison.comparable:
        verdict = t("not comparable: another number of villages")
    elif comparison.agrees:
        verdict = t("agrees with ours")
    else:
        verdict = t("differs from ours: {covered}", covered=t.number(comparison.covered))
    icon = ":material/check_circle:" if comparison.agrees else ":material/info:"
    figure = t(
        "Published: {value} of {of} {definition} ({date}, {source})",
        value=t.number(published.value),
        of=t.number(published.of),
        definition=escaped(t(published.definition)),
        date=t.date(published.as_of),
        source=escaped(t(published.source)),
    )
    return f"{icon} {figure}: **{verdict}**"


def basis(run: Run, t: Translator) -> str:
    """What the figures rest on: study, date, rule, run."""
    rule = run.assessment.rule
    return t(
        "Study: {study} · Data as of {date} · Rule: {rule} · Run {run_id}",
        study=escaped(run.study.name),
        date=t.date(run.study.as_of),
        rule=escaped(t(rule.title)),
        run_id=escaped(run.run_id),
    )
