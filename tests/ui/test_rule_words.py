"""A rule in an address and in words, sign by sign."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coverage.model import Rule
from coverage.rules import RULES
from ui.rules import evidence_name, of_what, rule_sentence, tried, worth_name, written
from ui.texts import translator

EN, VI = translator("en"), translator("vi")
BASE = RULES["vn-village"]
OTHER = replace(
    BASE, covered_share=0.75, weak_share=0.125, centre=not BASE.centre,
    settled_first=not BASE.settled_first, min_operators=2, min_dbm_2g=-97, loss_db=7,
    basis="people", worth_sites="nothing", worth_declared="weak", technologies=("2G", "4G"),
    operators=("A ~b", "C,d"),
)  # fmt: skip


def test_what_differs_is_written_and_nothing_else() -> None:
    assert written(OTHER, BASE).split("~") == [
        "covered_share:0.75",
        "weak_share:0.125",
        "centre:0",
        "settled_first:0",
        "min_operators:2",
        "min_dbm_2g:-97",
        "loss_db:7",
        "basis:people",
        "worth_declared:weak",
        "worth_sites:nothing",
        "technologies:2G,4G",
        "operators:A%20%7Eb,C%2Cd",
    ]
    assert written(replace(BASE, settled_first=True), replace(BASE, settled_first=False)) == (
        "settled_first:1"
    )
    assert written(BASE, BASE) == ""


def test_a_rule_in_one_sentence() -> None:
    assert rule_sentence(BASE, EN) == (
        "Covered: at least 1 of all operators serves the village centre, or 50\xa0% or more "
        "of the area, by 3G, 4G, 5G. Weak: 10\xa0% or more. No signal: less. A signal layer "
        "serves outdoors from 3G -100 dBm, 4G -105 dBm, 5G -110 dBm."
    )
    assert rule_sentence(BASE, VI) == (
        "Phủ sóng: ít nhất 1 trong số các nhà mạng có sóng ở trung tâm thôn, hoặc từ 50\xa0"
        "% diện tích trở lên, bằng 3G, 4G, 5G. Lõm sóng: từ 10\xa0%. Trắng sóng: dưới mức "
        "đó. Lớp cường độ tín hiệu được tính là có sóng ngoài trời từ 3G -100 dBm, 4G -105 "
        "dBm, 5G -110 dBm."
    )
    assert rule_sentence(OTHER, EN) == (
        "Covered: at least 2 of A \\~b, C,d serves 75\xa0% or more of the people, by 2G, "
        "4G. Weak: 12\xa0% or more. No signal: less. A signal layer serves from 2G -90 dBm, "
        "4G -98 dBm, the loss of 7 dB indoors included. Evidence that counts for less: "
        "declared by the operator: at most weak; discs around sites, a crude estimate: does "
        "not count."
    )
    bare = replace(BASE, min_dbm_3g=None, min_dbm_4g=None, min_dbm_5g=None, loss_db=3, centre=False)
    assert rule_sentence(bare, EN) == (
        "Covered: at least 1 of all operators serves 50\xa0% or more of the area, by 3G, "
        "4G, 5G. Weak: 10\xa0% or more. No signal: less."
    )


def test_words_of_shares_evidence_and_worth() -> None:
    kinds = ("area", "people", "households", "settled", "hexes")
    assert [of_what(kind, EN) for kind in kinds] == [
        "the area",
        "the people",
        "the households",
        "the settled places",
        "the hexagons",
    ]
    assert [evidence_name(k, EN) for k in ("declared", "modelled", "measured", "sites")] == [
        "declared by the operator",
        "modelled",
        "measured",
        "discs around sites, a crude estimate",
    ]
    assert [worth_name(k, EN) for k in ("covered", "weak", "nothing")] == [
        "enough to be covered",
        "at most weak",
        "does not count",
    ]


def told(text: str) -> Rule:
    """The base with what an address changes, in a study of two operators."""
    return tried(BASE, text, operators=["Alpha", "Beta"])


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("covered_share:0.001", {"covered_share": 0.001, "weak_share": 0.001}),
        ("covered_share:1", {"covered_share": 1.0}),
        ("covered_share:1.01", {}),
        ("covered_share:-0.1", {}),
        ("weak_share:0", {"weak_share": 0.0}),
        ("weak_share:0.9", {"weak_share": BASE.covered_share}),
        ("weak_share:1~covered_share:0.8", {"weak_share": 0.8, "covered_share": 0.8}),
        ("centre:0", {"centre": False}),
        ("centre:1", {"centre": True}),
        ("min_operators:0", {"min_operators": 1}),
        ("min_operators:2", {"min_operators": 2}),
        ("min_operators:3", {"min_operators": 2}),
        ("min_dbm_5g:-44", {"min_dbm_5g": -44}),
        ("min_dbm_5g:0", {"min_dbm_5g": -44}),
        ("loss_db:-1", {"loss_db": 0}),
        ("loss_db:40", {"loss_db": 40}),
        ("loss_db:10000", {}),
        ("loss_db:²", {}),
        ("worth_sites:weak,nothing", {"worth_sites": "weak"}),
        ("technologies:5G,2G", {"technologies": ("2G", "5G")}),
        ("operators:Beta,Gamma", {"operators": ("Beta",)}),
        ("operators:Gamma", {}),
        ("covered_share", {}),
        ("basis:hexes~~x:1", {"basis": "hexes"}),
    ],
)
def test_an_address_changes_what_it_names_within_its_bounds(
    text: str, changes: dict[str, object]
) -> None:
    assert told(text) == replace(BASE, **changes)  # type: ignore[arg-type]


def test_a_study_without_operators_asks_for_one_at_least() -> None:
    assert tried(BASE, "min_operators:5", operators=[]).min_operators == 1
