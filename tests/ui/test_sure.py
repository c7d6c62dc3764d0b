"""How sure figures and verdicts are, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coverage.sure import Between, Scenario, Sureness, data_range
from ui.sure import definitions_told, range_text, range_told, scenario_words, village_told
from ui.texts import translator

EN, VI = translator("en"), translator("vi")
INWARD, OUTWARD, TENTH = Scenario.INWARD, Scenario.OUTWARD, Scenario.SHARE_10
EVERY = np.ones(4, bool)


def sureness(marked: dict[Scenario, list[int]], *, is_computed: bool = True) -> Sureness:
    """Four villages, of which the second and the fourth stand near a threshold."""
    villages = pd.DataFrame(
        {
            "firm": [True, False, True, False],
            "turned_by": ["", "share_10, inward", "", "dbm_plus"],
            "moved_m": [np.nan, 99.6, np.nan, np.nan],
        },
        index=["v1", "v2", "v3", "v4"],
    )
    sets = {one: np.array(told, bool) for one, told in marked.items()}
    counts = {one: int(told.sum()) for one, told in sets.items()}
    between = data_range(counts, is_computed=is_computed)
    return Sureness(villages=villages, uncovered=counts, between=between, marked=sets)


def test_every_scenario_has_words_of_its_own() -> None:
    assert [scenario_words(one, EN) for one in Scenario] == [
        "by the rule as it is",
        "if signals had to be 5 dB stronger",
        "if signals might be 5 dB weaker",
        "if a tenth were enough",
        "if a half were enough",
        "if nine tenths were asked for",
        "if footprints end short of where they are drawn",
        "if footprints reach beyond where they are drawn",
    ]
    assert len({scenario_words(one, VI) for one in Scenario}) == len(Scenario)


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [(3, 3, ""), (0, 0, ""), (0, 1, "between 0 and 1"), (58, 1071, "between 58 and 1,071")],
)
def test_a_range_is_told_where_its_ends_differ(low: int, high: int, told: str) -> None:
    between = Between(low=low, high=high, low_by=INWARD, high_by=OUTWARD)
    assert range_text(between, EN) == told


FOUND = sureness(
    {Scenario.BASE: [0, 1, 0, 1], TENTH: [0, 0, 0, 0], INWARD: [0, 1, 1, 1], OUTWARD: [0, 1, 0, 0]}
)


def test_the_range_of_some_villages_says_where_it_comes_from() -> None:
    assert [range_told(FOUND, EVERY, t) for t in (EN, VI)] == [
        (
            "How sure: 1 uncovered if footprints reach beyond where they are drawn; 3 if "
            "footprints end short of where they are drawn. So much the data leave open."
        ),
        (
            "Độ chắc chắn: 1 thôn, bản chưa phủ sóng nếu vùng phủ rộng hơn ranh giới đã vẽ; 3 nếu "
            "vùng phủ hẹp hơn ranh giới đã vẽ. Dữ liệu hiện có chưa cho phép xác định hẹp hơn."
        ),
    ]
    last = np.array([False, False, True, True])
    assert range_told(FOUND, last, EN) == (
        "How sure: 0 uncovered if footprints reach beyond where they are drawn; 2 if footprints "
        "end short of where they are drawn. So much the data leave open."
    )


def test_a_range_of_one_number_says_that_nothing_moves_it() -> None:
    for few in ([True, False, False, False], [True, True, False, False]):  # a tenth is no error
        assert range_told(FOUND, np.array(few), EN) == (
            "How sure: the number of uncovered villages stays the same with every error of the "
            "data that was tried."
        )


def test_where_outlines_were_not_moved_no_range_is_told() -> None:
    some = sureness({Scenario.BASE: [0, 1, 0, 1], TENTH: [0, 0, 0, 0]}, is_computed=False)
    assert [range_told(some, EVERY, t) for t in (EN, VI)] == [
        (
            "How sure: no range was computed, since the study is too large for the outlines of "
            "its coverage to be moved."
        ),
        (
            "Độ chắc chắn: chưa tính khoảng sai số, vì bộ số liệu quá lớn nên không xê dịch được "
            "ranh giới vùng phủ."
        ),
    ]
    assert [range_text(some.between, t) for t in (EN, VI)] == [
        "no range computed", "chưa tính khoảng sai số",
    ]  # fmt: skip


def test_other_definitions_are_told_apart() -> None:
    found = sureness(
        {
            Scenario.BASE: [0, 1, 0, 1],
            TENTH: [0, 0, 0, 0],
            Scenario.SHARE_50: [0, 1, 0, 1],
            Scenario.SHARE_90: [1, 1, 1, 1],
        }
    )
    assert definitions_told(found, EVERY, EN) == (
        "The same data by another definition: if a tenth of a village were enough, 0 villages "
        "would be uncovered; if a half, 2; if nine tenths were asked for, 4. That is another "
        "question, and no error of the data."
    )
    assert "nếu cần chín phần mười thì 2" in definitions_told(
        found, np.array([True, True, False, False]), VI
    )


def test_a_village_is_firm_or_says_what_would_turn_it() -> None:
    assert [village_told(FOUND, one, EN) for one in ("v1", "v2", "v4")] == [
        "Firm: it stays so with every threshold and outline that was tried.",
        (
            "Near a threshold: it would turn if a tenth were enough; if footprints end short of "
            "where they are drawn. Outlines are taken to be right to 100 m."
        ),
        "Near a threshold: it would turn if signals had to be 5 dB stronger.",
    ]
    assert village_told(FOUND, "v2", VI) == (
        "Sát ngưỡng: kết quả sẽ đổi nếu chỉ cần một phần mười; nếu vùng phủ hẹp hơn ranh "
        "giới đã vẽ. Ranh giới vùng phủ được coi là đúng trong phạm vi 100 m."
    )
