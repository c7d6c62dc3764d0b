"""A rule in an address is the rule that comes out of it, and what makes no sense is left aside."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.model import TECHNOLOGIES, Rule
from coverage.rules import RULES
from ui.rules import BASES, WORTHS, rule_sentence, tried, written
from ui.texts import translator

OPERATORS = ["Alpha", "Beta, the ~second: one", "Gamma"]
SHARES = st.integers(1, 100).map(lambda percent: percent / 100)
BASE = st.sampled_from(list(RULES.values()))


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    covered = draw(SHARES)
    return replace(
        draw(BASE),
        covered_share=covered,
        weak_share=min(covered, draw(SHARES)),
        centre=draw(st.booleans()),
        settled_first=draw(st.booleans()),
        min_operators=draw(st.integers(1, 3)),
        technologies=tuple(t for t in TECHNOLOGIES if draw(st.booleans())) or ("4G",),
        operators=tuple(o for o in OPERATORS[:2] if draw(st.booleans())) or ("Gamma",),
        min_dbm_4g=draw(st.integers(-140, -44)),
        loss_db=draw(st.integers(0, 40)),
        basis=draw(st.sampled_from(BASES)),
        worth_sites=draw(st.sampled_from(WORTHS)),
        worth_declared=draw(st.sampled_from(WORTHS)),
    )


@given(rules())
def test_an_address_brings_the_whole_rule_back(rule: Rule) -> None:
    base = RULES[rule.name]
    assert tried(base, written(rule, base), operators=OPERATORS) == rule


@pytest.mark.parametrize(
    "text",
    ["min_dbm_4g:x", "min_dbm_4g:--5", "min_dbm_4g:1e3", "loss_db:", "basis:trees", "basis:",
     "worth_sites:all", "worth_sites:cov", "technologies:9G", "settled_first:2", "needs:x",
     "name:<b>", "covered_share:nan", "covered_share:0", "unite:1", "letter:x"],
)  # fmt: skip
def test_what_makes_no_sense_changes_nothing(text: str) -> None:
    base = RULES["vn-village"]
    assert tried(base, text, operators=OPERATORS) == base


def test_a_level_beyond_what_handsets_report_stops_at_the_end() -> None:
    base = RULES["vn-village"]
    assert tried(base, "min_dbm_4g:-999", operators=OPERATORS).min_dbm_4g == -140
    assert tried(base, "loss_db:9999", operators=OPERATORS).loss_db == 40


@pytest.mark.parametrize(
    ("language", "loss", "crude"),
    [
        ("vi", "suy hao 12 dB trong nhà", "ước lượng thô: nhiều nhất là lõm sóng"),
        ("en", "the loss of 12 dB indoors", "a crude estimate: at most weak"),
    ],
)
def test_the_sentence_tells_levels_and_what_counts_for_less(
    language: str, loss: str, crude: str
) -> None:
    rule = replace(RULES["ofcom"], loss_db=12, worth_sites="weak")
    told = rule_sentence(rule, translator(language))
    assert loss in told
    assert crude in told
    assert "93" in told.split("4G", 1)[1]
