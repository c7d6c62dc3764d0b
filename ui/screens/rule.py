"""Rule: thresholds and sets to try out, and the villages that would flip."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from coverage.flips import flips
from coverage.model import TECHNOLOGIES, Assessment, Rule
from coverage.pixels import HIGH_DBM, LOW_DBM
from coverage.rules import RULES
from coverage.select import headline_among
from geodata.errors import GeodataError
from geodata.study.variants import remove_variant, save_variant
from ui import choices, studies
from ui.access import addresses, still_has
from ui.controls import choice_box
from ui.figures import split_text, unjudged_text
from ui.maps.component import digest_of, draw_map
from ui.maps.feed import letters
from ui.plain import escaped
from ui.rules import (
    BASES,
    MOST_LOSS_DB,
    WORTHS,
    dbm_field,
    evidence_name,
    of_what,
    rule_sentence,
    tried,
    worth_name,
    written,
)
from ui.slider import slider
from ui.sure import definitions_told
from ui.tables import cell, draw_table, verdict_text
from ui.texts import Translator, page_error_text
from ui.texts import marked as _
from ui.view import View, map_state, operators_of, variants_of

FIRST_DBM = -105
"""Where the slider stands of a technology whose level the rule does not name."""

SHOWN = 300
"""So many flipped villages are listed; the map has them all."""


NUMBERS = {
    "covered_share": _("share of the area from which it is covered"),
    "weak_share": _("share of the area from which it is weak"),
}
"""The numbers of a rule that may be waited for, in words."""


def show(view: View) -> None:
    """Draw the page."""
    if view.rights.operator:
        told = view.t("Another rule can only be tried on the layers of all operators.")
        st.info(told, icon=":material/lock:")
        return
    t, opened = view.t, view.opened
    st.subheader(t("What if the rule were another?"), anchor=False)
    st.caption(
        t("Try it out here: nothing published changes until somebody publishes the variant.")
    )
    operators = operators_of(opened, opened.run.assessment.rule)
    rule = tried(view.rule, view.choices.tried, operators=operators)
    after = opened.judged(rule)
    set_out, seen = st.columns([2, 3], gap="medium")
    with seen:
        above = st.container()
        _map(view, after)  # goes out first: it is what the hand on the slider watches
    with set_out:
        _controls(view, rule, operators)
        st.markdown(rule_sentence(rule, t))
        st.caption(t("Source: {source}", source=escaped(t(rule.source))))
        _keep(view, rule)
    with above:
        _headlines(view, after)
    _flipped(view, after)


def _controls(view: View, rule: Rule, operators: list[str]) -> None:
    """Profile, thresholds, operators, technologies."""
    t = view.t
    everything = {**RULES, **variants_of(view.opened)}
    profiles = {name: one for name, one in everything.items() if not one.needs}
    choice_box(
        t("Profile"),
        "variant",
        {name: t(one.title) for name, one in profiles.items()},
        view.choices.variant,
        everything=t("as published: {name}", name=t(view.opened.run.assessment.rule.title)),
        then=lambda name: choices.choose(variant=name, tried=""),
    )
    for one in everything.values():
        if one.needs:
            st.caption(_waiting(one, t))
    _slider(view, rule, "covered_share", t("Covered from this share of the area"))
    _slider(view, rule, "weak_share", t("Weak from this share of the area"))
    key = "try centre"
    st.session_state[key] = rule.centre
    st.toggle(
        t("Signal at the village centre is enough"),
        key=key,
        on_change=lambda: _try(view, rule, centre=bool(st.session_state[key])),
    )
    many = "try min"
    st.session_state[many] = rule.min_operators
    st.number_input(
        t("Operators that must cover it"),
        min_value=1,
        max_value=max(1, len(operators)),
        key=many,
        on_change=lambda: _try(view, rule, min_operators=int(st.session_state[many])),
    )
    _sets(view, rule, operators)
    _signals(view, rule)
    _evidence(view, rule)


def _signals(view: View, rule: Rule) -> None:
    """Least levels of the technologies that have signal layers, and the loss indoors."""
    t, layers = view.t, view.run.assessment.measures.layers
    there = {layer.technology for layer in layers if layer.kind == "signal"}
    if not there:
        return
    for one in (one for one in TECHNOLOGIES if one in there and one in rule.technologies):
        least = getattr(rule, dbm_field(one))
        if least is None:
            told = t("{technology}: the rule names no level, so its signal layers do not count.",
                     technology=one)  # fmt: skip
            st.caption(told)
        slider(
            t("{technology} serves from this level", technology=one),
            key=f"try {dbm_field(one)}",
            value=FIRST_DBM if least is None else least,
            least=LOW_DBM,
            most=HIGH_DBM,
            unit="{n}\u00a0dBm",
            on_move=partial(_set, view, rule, dbm_field(one)),
        )
    slider(
        t("Loss indoors, added to every level"),
        key="try loss_db",
        value=rule.loss_db,
        least=0,
        most=MOST_LOSS_DB,
        unit="{n}\u00a0dB",
        on_move=lambda loss: _try(view, rule, loss_db=loss),
    )


def _evidence(view: View, rule: Rule) -> None:
    """What shares are of, and what each kind of evidence is worth, where there is a choice."""
    t, measures = view.t, view.run.assessment.measures
    bases = [one for one in BASES if one == "area" or one in measures.amounts]
    if len(bases) > 1:
        choice_box(
            t("Shares are of"),
            "basis",
            {one: of_what(one, t) for one in bases},
            rule.basis,
            then=lambda basis: _try(view, rule, basis=basis, settled_first=False),
        )
    kinds = dict.fromkeys("sites" if x.kind == "sites" else x.evidence for x in measures.layers)
    for kind in kinds if len(kinds) > 1 or "sites" in kinds else ():
        name = f"worth_{kind}"
        choice_box(
            evidence_name(kind, t),
            name,
            {one: worth_name(one, t) for one in WORTHS},
            getattr(rule, name),
            then=partial(_set, view, rule, name),
        )


def _waiting(rule: Rule, t: Translator) -> str:
    """Why a rule cannot be chosen: the numbers it lacks, and the letter that has them."""
    return t(
        "“{title}” cannot be chosen yet: its numbers ({needs}) stand in letter {letter}, which is "
        "not at hand.",
        title=escaped(t(rule.title)),
        needs=", ".join(t(NUMBERS[one]) if one in NUMBERS else escaped(one) for one in rule.needs),
        letter=escaped(rule.letter),
    )


def _slider(view: View, rule: Rule, name: str, label: str) -> None:
    slider(
        label,
        key=f"try {name}",
        value=round(getattr(rule, name) * 100),
        least=1 if name == "covered_share" else 0,
        most=100,
        unit="{n}\u00a0%",
        on_move=lambda percent: _try(view, rule, **{name: percent / 100}),
    )


def _sets(view: View, rule: Rule, operators: list[str]) -> None:
    """Which technologies and operators count."""
    t = view.t
    there = [
        one
        for one in TECHNOLOGIES
        if any(layer.technology == one for layer in view.run.assessment.measures.layers)
    ]
    for label, name, options, chosen in (
        (t("Technologies"), "technologies", there, rule.technologies),
        (t("Operators"), "operators", operators, rule.operators or tuple(operators)),
    ):
        _pills(view, rule, label, name, options, chosen)


def _pills(
    view: View, rule: Rule, label: str, name: str, options: list[Any], chosen: tuple[str, ...]
) -> None:
    key = f"try {name}"
    st.session_state[key] = [one for one in options if one in chosen]

    def react() -> None:
        on = tuple(one for one in options if one in st.session_state[key])
        if name == "operators" and len(on) == len(options):
            on = ()
        _try(view, rule, **{name: on or chosen})

    st.pills(label, options, key=key, selection_mode="multi", format_func=escaped, on_change=react)


def _set(view: View, rule: Rule, name: str, value: object) -> None:
    _try(view, rule, **{name: value})


def _try(view: View, rule: Rule, **changes: Any) -> None:
    """Put a changed rule into the address."""
    changed = replace(rule, **changes)
    if changed.weak_share > changed.covered_share:
        share = changed.covered_share if "covered_share" in changes else changed.weak_share
        changed = replace(changed, weak_share=share, covered_share=share)
    choices.choose(tried=written(changed, view.rule))


def _headlines(view: View, after: Assessment) -> None:
    """The figures as they are and as they would be, each with whose they are."""
    t, villages = view.t, view.opened.run.study.villages
    before = view.opened.run.assessment
    inside = view.in_area.to_numpy(bool)
    for name, found in ((t("Published"), before), (_name(view, after), after)):
        headline = headline_among(villages, found, view.in_area)
        st.markdown(
            f"**{escaped(name)}**: "
            + t(
                "{covered} of {villages} covered ({share}); {split}",
                covered=t.number(headline.covered),
                villages=t.number(headline.villages),
                share=t.percent(headline.share),
                split=split_text(headline, t, view.opened.sure(found.rule).among(inside)),
            )
        )
    silenced = unjudged_text(after, t)
    if silenced:
        st.warning(escaped(silenced), icon=":material/warning:")
    st.caption(definitions_told(view.opened.sure(after.rule), inside, t))


def _name(view: View, after: Assessment) -> str:
    t = view.t
    if after.rule == view.opened.run.assessment.rule:
        return t("Tried out: the same rule")
    if after.rule == view.rule:
        return t("Variant “{name}”", name=t(view.rule.title))
    return t("Tried out, kept under no name yet")


def _map(view: View, after: Assessment) -> None:
    """All villages by the rule tried; those that flip are ringed."""
    opened = view.opened
    ids = opened.feed.ids
    published = opened.run.assessment.verdicts["verdict"]
    state = map_state(view, "villages")
    draw_map(
        opened.feed,
        replace(
            state,
            verdicts=letters(after.verdicts["verdict"].reindex(ids)),
            before=letters(published.reindex(ids)),
            shown=None,
            rule=digest_of(after.rule),
        ),
        view.t,
        address=addresses(),
        on_pick={"village": lambda village: choices.choose(village=village)},
        tiles=studies.tile_address(),
    )


def _flipped(view: View, after: Assessment) -> None:
    """The villages whose verdict would change, by name."""
    t = view.t
    changed = flips(view.opened.run.assessment, after)
    changed = changed[view.in_area.reindex(changed.index)]
    st.subheader(
        t.plural(
            "{count} village would change",
            "{count} villages would change",
            len(changed),
            count=t.number(len(changed)),
        ),
        anchor=False,
    )
    if changed.empty:
        return
    shown = changed.head(SHOWN)
    names = view.opened.run.study.villages["village"].loc[shown.index]
    places = view.structure.places.loc[shown.index]
    draw_table(
        pd.DataFrame(
            {
                t("Village"): names.map(cell),
                t("Commune"): places["commune"].map(cell),
                t("District"): places["district"].map(cell),
                t("Published"): shown["before"].map(lambda v: verdict_text(v, t)),
                t("Tried out"): shown["after"].map(lambda v: verdict_text(v, t)),
            }
        ).reset_index(drop=True),
        t,
        hide_index=True,
        alt=t("Villages whose verdict would change"),
    )
    if len(changed) > SHOWN:
        st.caption(t("The first {count} are listed; the map has all.", count=t.number(SHOWN)))


def _keep(view: View, rule: Rule) -> None:
    """Keeping the variant under a name, publishing it, forgetting it."""
    t, study = view.t, view.opened.run.study
    if not view.rights.may_change_rules:
        st.caption(t("You may try rules out; keeping and publishing them is for others."))
        return
    with st.form("keep variant", border=False, enter_to_submit=True):
        name = st.text_input(
            t("Name of the variant"), placeholder=t("for example: 70 % of the area")
        )
        if st.form_submit_button(t("Keep under this name"), icon=":material/bookmark_add:"):
            try:
                kept = save_variant(study, name, rule)
            except GeodataError as error:  # alone again after a click, nobody above catches it
                st.error(escaped(page_error_text(error, t.language)))
            else:
                choices.choose(variant=kept.name, tried="")
                st.rerun()
    kept_one = view.choices.variant in variants_of(view.opened)
    with st.container(horizontal=True):
        if rule != view.opened.run.assessment.rule and rule == view.rule:
            with st.popover(t("Publish…"), icon=":material/publish:"):
                st.markdown(
                    t(
                        "Every page and export will show the figures of “{name}” to everybody. "
                        "The results so far stay kept.",
                        name=escaped(t(rule.title)),
                    )
                )
                st.button(t("Publish now"), type="primary", on_click=lambda: _publish(view, rule))
        if kept_one:
            st.button(
                t("Forget this variant"),
                icon=":material/delete:",
                on_click=lambda: _forget(view),
            )


def _publish(view: View, rule: Rule) -> None:
    if not still_has(view.rights, study=view.opened.slug):
        return
    view.opened.publish(rule)
    choices.choose(variant="", tried="")


def _forget(view: View) -> None:
    if not still_has(view.rights, study=view.opened.slug):
        return
    remove_variant(view.opened.run.study, view.choices.variant)
    choices.choose(variant="", tried="")
