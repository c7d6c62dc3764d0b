"""A run as the command line prints it: for people, and as one JSON object.

What comes from files goes through `ui.plain.plain`: a name must not steer the terminal.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd

from coverage.summarise import by_unit
from geodata.export.standing import difference_json, since_text
from geodata.study.places import Structure, structure_in_force
from geodata.study.superseded import only_older
from ui.figures import unjudged_text, unjudged_titles, unplaced_text, weak_text
from ui.plain import plain
from ui.sure import not_computed_text, scenario_words
from ui.texts import Translator

if TYPE_CHECKING:
    from geodata.study.results import Run

COUNTS = ("villages", "covered", "uncovered", "weak", "none", "unknown")


def printed_run(run: Run, units: Structure | None, t: Translator, *, seconds: float) -> str:
    """Headline, published figures, districts (or communes), and how it was made."""
    headline = run.summary.headline
    counts = {name: t.number(getattr(headline, name)) for name in COUNTS}
    lines = [
        t(
            "{covered} of {villages} covered, {uncovered} uncovered ({weak} weak, {none} with no "
            "signal), {unknown} unknown",
            **counts,
        ),
    ]
    if headline.unplaced:
        lines.append(unplaced_text(headline, t))
    lines += _published(run, t)
    lines += _range(run, t)
    lines += [weak_text(headline, t)] if headline.weak else []
    lines += _within_reach(run, t)
    structure = units or in_force(run)
    level, table = next(iter(_grouped(run, structure).items()))
    if units is not None:
        lines.append(t("Units from {date}", date=t.date(structure.valid_from)))
    lines += ["", *_table(table, level, t), ""]
    rule = plain(run.assessment.rule.name)
    lines.append(t("Rule: {rule}. Run: {run}.", rule=rule, run=run.run_id))
    silenced = unjudged_text(run.assessment, t)
    lines += [silenced] if silenced else []
    lines.append(_made(run, t, seconds=seconds))
    told_since = since_text(run, t.language)
    if told_since:
        lines.append(plain(told_since))
    if run.study.reconstruction:
        lines.append(reconstruction_notice(t))
    return "\n".join(lines)


def _made(run: Run, t: Translator, *, seconds: float) -> str:
    """What was measured for a run, and how long it took."""
    took, layers = f"{seconds:.1f}", len(run.assessment.measures.layers)
    if not run.measured:
        return t("Nothing was measured anew: kept measures were used ({seconds} s).", seconds=took)
    if run.measured_layers == layers:
        return t("Measured and judged in {seconds} s.", seconds=took)
    return t("{measured} of {layers} layers measured anew and judged in {seconds} s.",
             measured=run.measured_layers, layers=layers, seconds=took)  # fmt: skip


def _range(run: Run, t: Translator) -> list[str]:
    """Between what the data leave the uncovered, and by which scenario each end."""
    between = run.sureness.between
    borderline = t("{count} verdicts are borderline", count=t.number(run.sureness.borderline))
    if not between.is_computed:
        return [not_computed_text(t), borderline]
    told = {"low": t.number(between.low), "high": t.number(between.high)}
    uncovered = t.number(run.summary.headline.uncovered)
    ends = {
        "least": scenario_words(between.low_by, t),
        "most": scenario_words(between.high_by, t),
    }
    return [
        t("Uncovered: {uncovered}, between {low} and {high}", uncovered=uncovered, **told),
        t("Fewest: {low} {least}. Most: {high} {most}.", **told, **ends),
        borderline,
    ]


def reconstruction_notice(t: Translator) -> str:
    """What must stand under every figure that was made, not observed."""
    return t("RECONSTRUCTION: made from published figures; it says nothing of a real village.")


def _published(run: Run, t: Translator) -> list[str]:
    """Each published figure beside ours, and whether they agree."""
    lines = []
    for comparison in run.summary.comparisons:
        figure = comparison.published
        if not comparison.comparable:
            end = t("not comparable: another number of villages")
        elif comparison.agrees:
            end = t("agrees")
        else:
            end = t("differs")
        lines.append(
            t(
                "Published: {value} of {of} ({definition}; {source}): {end}",
                value=t.number(figure.value),
                of=t.number(figure.of),
                definition=plain(t(figure.definition)),
                source=plain(t(figure.source)),
                end=end,
            )
        )
    return lines


def _within_reach(run: Run, t: Translator) -> list[str]:
    """People (or households) within reach, side by side, where the rule counts them."""
    summary, basis = run.summary, run.assessment.rule.basis
    reach = summary.households if basis == "households" else summary.people
    if basis not in ("people", "households") or reach is None:
        return []
    parts = {
        "operator": plain(reach.operator),
        "most": t.number(round(reach.max_operator)),
        "most_share": t.percent(reach.max_operator / reach.total),
        "union": t.number(round(reach.union)),
        "union_share": t.percent(reach.union / reach.total),
    }
    if basis == "households":
        return [
            t(
                "Households within reach: {most} ({most_share}) of {operator}, the operator that "
                "reaches most; {union} ({union_share}) of all operators together",
                **parts,
            )
        ]
    return [
        t(
            "People within reach: {most} ({most_share}) of {operator}, the operator that reaches "
            "most; {union} ({union_share}) of all operators together",
            **parts,
        )
    ]


def _reach_json(run: Run) -> dict[str, Any]:
    """The same for programs; nothing where the rule does not count people."""
    reach = run.summary.people
    if run.assessment.rule.basis != "people" or reach is None:
        return {}
    return {
        "people": reach.total,
        "people_max_operator": {
            "operator": reach.operator,
            "people": reach.max_operator,
            "share": reach.max_operator / reach.total,
        },
        "people_union": {"people": reach.union, "share": reach.union / reach.total},
    }


def in_force(run: Run) -> Structure:
    """The structure of units that a run is grouped by where none is asked for."""
    return structure_in_force(run.study)


def _grouped(run: Run, structure: Structure) -> dict[str, pd.DataFrame]:
    """Counts by district, where the structure has them, and by commune."""
    table = structure.places.join(run.study.villages[["population"]])
    table = table.join(run.assessment.verdicts[["verdict"]])
    levels = ("district", "commune") if "district" in structure.levels else ("commune",)
    return {level: by_unit(table, level) for level in levels}


def _table(table: pd.DataFrame, level: str, t: Translator) -> list[str]:
    """The units in aligned columns, most uncovered first."""
    heads = [
        t("District") if level == "district" else t("Commune"),
        t("Villages"), t("Covered"), t("Uncovered"), t("Weak"), t("No signal"), t("Unknown"),
    ]  # fmt: skip
    ordered = table.sort_values(["uncovered", "unknown", "name"], ascending=[False, False, True])
    rows = [heads]
    for code, row in ordered.iterrows():
        name = plain(row["name"]) or t("(unit not known)")
        rows.append(
            [f"{name} ({plain(code)})" if code else name, *(t.number(row[c]) for c in COUNTS)]
        )
    widths = [max(len(row[k]) for row in rows) for k in range(len(heads))]
    return [
        "  ".join(
            cell.ljust(width) if k == 0 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def printed_json(run: Run, units: Structure | None) -> str:
    """One JSON object, for programs: the headline, units and layers."""
    headline, summary, between = run.summary.headline, run.summary, run.sureness.between
    by_unit_rows: list[dict[str, Any]] = []
    structure = units or in_force(run)
    known = bool(run.study.units) or units is not None
    for level, grouped in _grouped(run, structure).items():
        for code, row in grouped.iterrows():
            by_unit_rows.append(
                {
                    "level": level,
                    "code": str(code),
                    "valid_from": structure.valid_from.isoformat() if known else None,
                    "name": str(row["name"]),
                    **{name: int(row[name]) for name in COUNTS},
                }
            )
    by_layer = [
        {
            "operator": row["operator"],
            "technology": row["technology"],
            "as_of": row["as_of"].isoformat() if row["as_of"] else None,
            "villages_served": int(row["villages_served"]),
        }
        for _, row in summary.by_layer.iterrows()
    ]
    found = {
        "run_id": run.run_id,
        "as_of": run.study.as_of.isoformat(),
        "rule": run.assessment.rule.name,
        **{name: getattr(headline, name) for name in COUNTS},
        "share": headline.share,
        "uncovered_between": [between.low, between.high] if between.is_computed else None,
        "uncovered_by_scenario": {str(k): count for k, count in run.sureness.uncovered.items()},
        "borderline": run.sureness.borderline,
        "unplaced": headline.unplaced,
        "weak_share": headline.weak_share,
        "weak_share_of_signal": headline.weak_share_of_signal,
        "not_judged": unjudged_titles(run.assessment),
        "only_older": [str(one) for one in only_older(run.study, run.assessment)],
        "measured_layers": run.measured_layers,
        "reconstruction": run.study.reconstruction is not None,
        "outdated": difference_json(run.outdated),
        "since": difference_json(run.since),
        **_reach_json(run),
        "by_unit": by_unit_rows,
        "by_layer": by_layer,
    }
    return json.dumps(found, ensure_ascii=False)
