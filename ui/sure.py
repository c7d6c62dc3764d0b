"""Words for how sure a verdict is."""

from __future__ import annotations

from coverage.sure import SIGNAL_DB, Scenario
from ui.texts import Translator


def scenario_words(scenario: Scenario, t: Translator) -> str:
    """A scenario as people read it, after "uncovered …" or "covered …"."""
    return {
        Scenario.BASE: t("by the rule as it is"),
        Scenario.DBM_PLUS: t("if signals had to be {db} dB stronger", db=SIGNAL_DB),
        Scenario.DBM_MINUS: t("if signals might be {db} dB weaker", db=SIGNAL_DB),
        Scenario.SHARE_10: t("if a tenth were enough"),
        Scenario.SHARE_50: t("if a half were enough"),
        Scenario.SHARE_90: t("if nine tenths were asked for"),
        Scenario.INWARD: t("if footprints end short of where they are drawn"),
        Scenario.OUTWARD: t("if footprints reach beyond where they are drawn"),
    }[scenario]
