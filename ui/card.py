"""The card that says why a village is what it is, and who has to act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from coverage.explain import layer_reasons, operator_reasons, responsibility
from coverage.model import NO_PLACE, TECHNOLOGIES
from coverage.shares import basis_of
from geodata.columns import plain as bare
from geodata.followup import shown
from ui import choices
from ui.conflict_section import measured_here
from ui.figures import away
from ui.plain import escaped, plain
from ui.rules import of_what
from ui.sure import village_told
from ui.tables import DUTIES, EVIDENCE, FOLLOW_UP, KINDS, cell, verdict_text
from ui.texts import Translator
from ui.view import View


def why_card(view: View) -> None:
    """Verdict, place, power, people, duty, every layer tried, what is nearest, sources."""
    t, village = view.t, view.village
    facts = view.opened.run.study.villages.loc[village]
    found = view.seen.verdicts.loc[village]
    with st.container(border=True, key="card"):
        with st.container(horizontal=True, vertical_alignment="center", key="card head"):
            st.subheader(escaped(cell(facts["village"]) or village), anchor=False)
            st.button(
                t("Close"), icon=":material/close:", on_click=lambda: choices.choose(village="")
            )
        st.markdown(f"**{verdict_text(str(found['verdict']), t)}.** {_decided(view, found)}")
        if found["decided_by"] == NO_PLACE:
            _facts(view, facts)
            _follow_up(view)
            st.caption(_sources(view))
            return
        if view.rights.operator:
            st.markdown(
                t("Other operators serve it.")
                if found["served_by_others"]
                else t("No other operator serves it.")
            )
        st.markdown(village_told(view.sureness, village, t))
        counted = _counted(view)
        if counted:
            st.markdown(counted)
        _facts(view, facts)
        if cell(found["missing"]):
            st.markdown(t("Missing filings: {names}", names=escaped(found["missing"])))
        st.markdown(f"**{t('Every layer tried')}**")
        st.table(_layers(view))
        measured_here(view)
        _nearest(view)
        _follow_up(view)
        st.caption(_left_out(view))
        st.caption(_sources(view))


def _left_out(view: View) -> str:
    """What this study cannot tell of a village."""
    t, layers = view.t, view.opened.run.assessment.measures.layers
    told = [t("Terrain: no profile has been computed.")]
    if not any(layer.kind == "signal" for layer in layers):
        told.insert(0, t("Signal strength in dBm: this study has no signal layer."))
    return " ".join(told)


def _decided(view: View, found: Any) -> str:
    """What the verdict hangs on, in one sentence."""
    t, rule = view.t, view.whole.rule
    if found["decided_by"] == NO_PLACE:
        return t(
            "The village file has no place for it: nobody can say what is served there, and it is "
            "on no map."
        )
    if found["verdict"] == "unknown":
        return t("Not covered by what was filed, and some expected filings are missing.")
    if found["verdict"] == "covered":
        return _served(view)
    if found["n_operators"] > 0:
        return t(
            "{operators} serve it, and the rule asks for {count} operators.",
            operators=escaped(found["operators"]),
            count=t.number(rule.min_operators),
        )
    return _short(view, found)


def _served(view: View) -> str:
    """Who covers a village, and by what: its centre, its area, or one by each."""
    t, rule = view.t, view.seen.rule
    why = operator_reasons(view.seen, view.village)
    why = why[why["serves"]]
    if why.empty:  # the rule takes all operators as one, and none of them alone is enough
        return t("All operators together serve it.")
    by_centre = why["centre"].fillna(value=False).astype(bool) & rule.centre
    told = {
        "operators": escaped(", ".join(why["operator"])),
        "share": t.percent(rule.covered_share, digits=0),
        "what": of_what(basis_of(view.seen.measures, rule), t),
    }
    if by_centre.all() or by_centre.sum() >= rule.min_operators:
        at_centre = escaped(", ".join(why["operator"][by_centre]))
        return t("{operators} serve the village centre.", operators=at_centre)
    if by_centre.any():
        return t("{operators} serve the village centre or at least {share} of {what}.", **told)
    return t("{operators} serve at least {share} of {what}.", **told)


def _counted(view: View) -> str:
    """Which layers the sentences about a village speak of, where it is not all of them."""
    t, rule = view.t, view.seen.rule
    if view.rights.operator and not view.is_narrowed:
        return t("Of layers and sites only those of {who} are shown.", who=escaped(_alone(view)))
    layers = view.opened.run.assessment.measures.layers
    if all(rule.admits(layer) for layer in layers):
        return ""
    counted = {layer.technology for layer in layers if rule.admits(layer)}
    return t(
        "Counted here: {technologies} of {who}.",
        technologies=", ".join(one for one in TECHNOLOGIES if one in counted) or "–",
        who=escaped(", ".join(rule.operators)) or t("all operators"),
    )


def _short(view: View, found: Any) -> str:
    """How far an uncovered village is from being covered, by the layers that are looked at."""
    t, rule, alone = view.t, view.seen.rule, _alone(view)
    if not found["best_share"] > 0:
        if alone:
            return t("{operator} reaches no part of it.", operator=escaped(alone))
        return t("No operator reaches any part of it.")
    told = {
        "operator": escaped(found["best_operator"]),
        "share": t.percent(found["best_share"], digits=1),
        "short": t.percent(-found["margin"], digits=1),
        "needed": t.percent(rule.covered_share, digits=0),
        "what": of_what(basis_of(view.seen.measures, rule), t),
    }
    if alone:
        area = t("{operator} serves {share} of {what}, {short} short of {needed}.", **told)
        centre = t("It does not serve the centre.")
    else:
        area = t(
            "The best, {operator}, serves {share} of {what}, {short} short of {needed}.", **told
        )
        centre = t("Nobody serves the centre.")
    known = rule.centre and view.opened.run.study.villages["centre"].notna()[view.village]
    return f"{area} {centre}" if known else area


def _alone(view: View) -> str:
    """The one operator whose layers the verdict here speaks of, "" where it is of all."""
    if view.rights.operator:
        return view.rights.operator
    narrow = view.seen.rule.operators if view.is_narrowed else ()
    return narrow[0] if len(narrow) == 1 else ""


def _facts(view: View, facts: Any) -> None:
    """Where it is, then and now, its people, its power and whose duty it is."""
    t, village = view.t, view.village
    duty = responsibility(view.opened.run.study.villages.loc[[village]]).iloc[0]
    power = {True: t("yes"), False: t("no")}
    lines = [(t("Unit"), _place(view, village))]
    lines += [
        (
            t("People"),
            t(
                "{people} in {households} households",
                people=t.number(_count(facts["population"])),
                households=t.number(_count(facts["households"])),
            ),
        ),
        (
            t("Grid power"),
            t("not known") if pd.isna(facts["electrified"]) else power[bool(facts["electrified"])],
        ),
        (t("Responsible (Decision 1110/QĐ-BTTTT)"), t(DUTIES[str(duty)])),
    ]
    st.markdown("  \n".join(f"{name}: **{escaped(value)}**" for name, value in lines))


def _place(view: View, village: str) -> str:
    """Commune and district in the structure chosen, and in the others where they are not that."""
    t = view.t
    others = [one for one in view.opened.structures if one is not view.structure]
    told: list[str] = []
    names: set[str] = set()
    for structure in (view.structure, *others):
        row = structure.places.loc[village]
        name = ", ".join(filter(None, (cell(row["commune"]), cell(row["district"]))))
        if structure is view.structure:
            told.append(name)
        elif name and bare(name) not in names:
            told.append(t("from {date}: {unit}", date=t.date(structure.valid_from), unit=name))
        names.add(bare(name))
    return " · ".join(told)


def _layers(view: View) -> pd.DataFrame:
    """Every layer with its share or level, the centre, the margin, and what it is."""
    t = view.t
    why = layer_reasons(view.whole, view.village)
    yes_no = {True: t("yes"), False: t("no")}
    basis = basis_of(view.whole.measures, view.whole.rule)
    columns = {
        t("Layer"): [
            escaped(f"{o} {k}") for o, k in zip(why["operator"], why["technology"], strict=True)
        ],
        t("Share of {what}", what=of_what(basis, t)): [
            t.percent(share, digits=1) for share in why["share"]
        ],
        t("Margin"): [_points(margin, t) for margin in why["margin"]],
        t("Centre"): [t("not known") if pd.isna(c) else yes_no[bool(c)] for c in why["centre"]],
        t("Level at the centre"): [_level(row, t) for row in why.to_dict("records")],
        t("Serves"): [_serves(row, t) for row in why.to_dict("records")],
        t("Filed"): [
            f"{t.date(day)}, {t(KINDS[kind])}, {t(EVIDENCE[evidence])}"
            for day, kind, evidence in zip(why["as_of"], why["kind"], why["evidence"], strict=True)
        ],
    }
    if not (why["kind"] == "signal").any():
        del columns[t("Level at the centre")]
    return pd.DataFrame(columns).set_index(t("Layer"))


def _level(row: Mapping[Any, Any], t: Translator) -> str:
    """The level at the centre with its margin over what the rule asks, of a signal layer."""
    if row["kind"] != "signal":
        return ""
    if pd.isna(row["dbm"]):
        return t("no signal") if row["speaks"] else t("not known")
    told = _signed(row["dbm"], "dBm", t)
    if pd.isna(row["least_dbm"]):
        return told
    margin = int(row["dbm"] - row["least_dbm"])
    return f"{told} ({_signed(margin, 'dB', t, plus='+')})"


def _signed(value: float, unit: str, t: Translator, *, plus: str = "") -> str:
    """A whole number with its sign and unit, as a language writes it."""
    return f"{'−' if value < 0 else plus}{t.number(abs(int(value)))}\u00a0{unit}"


def _serves(row: Mapping[Any, Any], t: Translator) -> str:
    if not row["admitted"]:
        return t("not counted")
    if not row["speaks"]:
        return t("says nothing here")
    return t("yes") if row["serves"] else t("no")


def _points(margin: float, t: Translator) -> str:
    """A margin in points of percent, with its sign."""
    sign = "+" if margin >= 0 else "−"
    return sign + t.percent(abs(margin), digits=1)


def _nearest(view: View) -> None:
    """The nearest village that is served, signal and site, with distance and bearing."""
    t, nearby = view.t, view.opened.nearby(view.seen.rule)
    lines = []
    for kind, label in (
        ("village", t("Nearest covered village")),
        ("served", t("Nearest place with signal")),
        ("site", t("Nearest site")),
    ):
        found = nearby.of(kind, view.village)
        if found is not None:
            name = f"{plain(found.name)}, " if found.name else ""
            told = name + away(found.distance_m, found.bearing_deg, t)
            lines.append(f"{label}: **{escaped(told)}**")
    if lines:
        st.markdown("  \n".join(lines))


def _follow_up(view: View) -> None:
    """What came back with the follow-up sheet; it never changes a verdict."""
    t, table = view.t, view.opened.follow_up()
    if view.village not in table.index:
        return
    row = table.loc[view.village]
    told = {name: shown(name, str(row[name]), t.language) for name in FOLLOW_UP}
    lines = [
        f"{t(label)}: **{escaped(told[name])}**" for name, label in FOLLOW_UP.items() if told[name]
    ]
    if lines:
        st.markdown(f"**{t('Follow-up')}**  \n" + "  \n".join(lines))


def _sources(view: View) -> str:
    t, run = view.t, view.opened.run
    sources = dict.fromkeys(layer.source for layer in run.assessment.measures.layers)
    told = "; ".join(escaped(source) for source in sources if source)
    return t(
        "Village id {id} · Data as of {date} · Run {run} · Sources: {sources}",
        id=escaped(view.village),
        date=t.date(run.study.as_of),
        run=escaped(run.run_id),
        sources=told or t("not known"),
    )


def _count(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)
