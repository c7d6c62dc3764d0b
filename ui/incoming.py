"""A dropped file that follows a convention: what is asked of it, and what it tells itself."""

from __future__ import annotations

import streamlit as st

from coverage.pixels import HIGH_DBM, LOW_DBM
from geodata.understood import Understood
from ui.plain import escaped
from ui.texts import Translator, phrase_text

MOST_OPERATORS = 8


def tells(found: Understood) -> tuple[str, ...]:
    """What the file says itself, so that nobody has to."""
    said = {
        "operator": found.operators,
        "technology": found.technologies,
        "as_of": found.as_of,
    }
    return tuple(name for name, value in said.items() if value)


def numbers(found: Understood, t: Translator, key: str) -> tuple[float | None, float | None]:
    """The reach of sites and the threshold of a signal, where the file's kind asks for one."""
    reach_m = threshold_dbm = None
    if found.kind == "sites":
        reach_m = st.number_input(
            t("Reach of sites that do not tell theirs, metres"),
            min_value=1.0, max_value=100_000.0, value=None, step=100.0, key=f"reach {key}",
        )  # fmt: skip
    if found.kind == "signal":
        threshold_dbm = st.number_input(
            t("Served from how many dBm on"),
            min_value=float(LOW_DBM), max_value=float(HIGH_DBM), value=None, step=1.0,
            key=f"threshold {key}",
        )  # fmt: skip
    return reach_m, threshold_dbm


def own_words(found: Understood, t: Translator) -> list[str]:
    """Who, what and when, as the file tells it, and what is to be said of that."""
    lines = []
    if found.operators:
        more = ["…"] if len(found.operators) > MOST_OPERATORS else []
        names = ", ".join([*found.operators[:MOST_OPERATORS], *more])
        lines.append(t("operators {names}", names=escaped(names)))
    if found.technologies:
        lines.append(t("technologies {names}", names=", ".join(found.technologies)))
    if found.as_of is not None:
        lines.append(t("as of {date}", date=t.date(found.as_of)))
    return [*lines, *(escaped(phrase_text(note, t.language)) for note in found.notes)]
