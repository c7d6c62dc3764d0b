"""What the command line prints of the changes of units: whole texts."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pandas as pd

from geodata.errors import Phrase
from geodata.findings import Finding
from ui.printed_units import printed_units, printed_units_json
from ui.texts import translator

EN = translator("en")

CHANGES = pd.DataFrame(
    {
        **{f"valid_from_{y}": [date(y, 1, 1)] * 3 for y in (2023, 2024, 2025)},
        **{f"district_code_{y}": ["412", "412", "417"] for y in (2023, 2024)},
        "district_code_2025": ["", "", ""],
        **{f"code_{y}": ["1", "2", "3"] for y in (2023, 2024)},
        "code_2025": ["9", "9", "8"],
        **{f"name_{y}": ["Xã\tA", "Xã B", "Xã C"] for y in (2023, 2024)},
        "name_2025": ["Xã Mới", "Xã Mới", "Xã C"],
        **{f"district_{y}": ["Vinh", "Vinh", "Kỳ Sơn"] for y in (2023, 2024)},
        "change_2024": ["same", "merged", "same"],
        "parts_2024": ["", "", "7, 8"],
    }
)


def case(kind: str, **changes: Any) -> dict[str, Any]:
    """One doubtful village."""
    empty = dict.fromkeys(("village", "code", "name", "share", "second_code", "second_name",
                           "second_share", "told_code", "told_name"))  # fmt: skip
    return {"village_id": "v1", "kind": kind, "valid_from": date(2024, 12, 1), **empty, **changes}


CASES = pd.DataFrame(
    [
        case("unit-none", village="Xóm 1"),
        case("unit-split", code="1", name="Xã A", share=0.6, second_code="2", second_name="Xã B",
             second_share=0.4, told_code="3", told_name="Xã C"),
        case("unit-name-foreign", code="1", name="Xã A", told_name="Xã Z"),
    ]
)  # fmt: skip
FOUND = (
    Finding(kind="unit-none", severity="warning", sentence=Phrase("one {n}", {"n": 1}), count=1),
)


def test_changes_of_units_are_printed_where_something_changed() -> None:
    assert printed_units(CHANGES, None, (), EN) == [
        "Units from 01 January 2023: 2 districts, 3 communes",
        "Units from 01 January 2024: 2 districts, 3 communes",
        "Units from 01 January 2025: 0 districts, 2 communes",
        "",
        "2 Xã B (Vinh) → 2 Xã B (Vinh) → 9 Xã Mới: merged",
        "3 Xã C (Kỳ Sơn) → 3 Xã C (Kỳ Sơn) → 8 Xã C: as before; a part of it went to 7, 8",
    ]
    assert printed_units(CHANGES, CASES, FOUND, EN)[6:] == [
        "",
        "one 1",
        "v1 Xóm 1 [in no unit, 01 December 2024]",
        "v1 [in two units, 01 December 2024] 1 Xã A 60 % + 2 Xã B 40 % the file says 3 Xã C",
        "v1 [name of no unit, 01 December 2024] 1 Xã A the file says Xã Z",
    ]
    assert printed_units(CHANGES, CASES.iloc[:0], (), EN)[6:] == [
        "",
        "No village is split or doubtful.",
    ]


def test_of_many_doubtful_villages_forty_are_printed() -> None:
    forty, more = (pd.concat([CASES.iloc[:1]] * n) for n in (40, 41))
    assert len(printed_units(CHANGES, forty, (), EN)) == 47
    told = printed_units(CHANGES, more, (), EN)
    assert (len(told), told[-1]) == (48, "The first 40 are listed; a file has them all.")


def test_changes_of_units_as_json() -> None:
    told = json.loads(printed_units_json(CHANGES.iloc[:1], CASES.iloc[1:2], FOUND, EN))
    assert told == {
        "changes": [
            {
                "valid_from_2023": "2023-01-01",
                "valid_from_2024": "2024-01-01",
                "valid_from_2025": "2025-01-01",
                "district_code_2023": "412",
                "district_code_2024": "412",
                "district_code_2025": "",
                "code_2023": "1",
                "code_2024": "1",
                "code_2025": "9",
                "name_2023": "Xã\tA",
                "name_2024": "Xã\tA",
                "name_2025": "Xã Mới",
                "district_2023": "Vinh",
                "district_2024": "Vinh",
                "change_2024": "same",
                "parts_2024": "",
            }
        ],
        "villages": [
            {
                "village_id": "v1",
                "kind": "unit-split",
                "valid_from": "2024-12-01",
                "village": None,
                "code": "1",
                "name": "Xã A",
                "share": 0.6,
                "second_code": "2",
                "second_name": "Xã B",
                "second_share": 0.4,
                "told_code": "3",
                "told_name": "Xã C",
            }
        ],
        "findings": [
            {
                "kind": "unit-none",
                "severity": "warning",
                "count": 1,
                "rows": [],
                "sentence": "one 1",
            }
        ],
    }
    assert list(json.loads(printed_units_json(CHANGES, None, FOUND, EN))) == ["changes"]
