"""A district or commune asked for by its code or its name."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from geodata import CallError
from geodata.export.listing import find_unit
from geodata.study.places import PLACE_COLUMNS, Structure


def table(*rows: tuple[str | None, str | None, str]) -> pd.DataFrame:
    """Villages of communes: code, name, district."""
    held = pd.DataFrame(rows, columns=["commune_code", "commune", "district"], dtype="object")
    return held.assign(district_code=held["district"])


HERE = table(
    ("10", "Xã Đồng Văn", "Kỳ Sơn"), ("10", "Xã Đồng Văn", "Kỳ Sơn"),
    ("11", "Phường Đồng Văn", "Vinh"), ("12", "Xã Văn", "Vinh"), (None, None, "Vinh"),
    ("13", None, "Vinh"),
)  # fmt: skip


def later(*codes: str, level: str = "commune") -> Structure:
    """Another structure of units, from 2025, with these codes."""
    places = pd.DataFrame({name: [""] * len(codes) for name in PLACE_COLUMNS})
    places[f"{level}_code"] = list(codes)
    return Structure(valid_from=date(2025, 7, 1), places=places, boundaries={})


@pytest.mark.parametrize(
    ("asked", "code"),
    [("10", "10"), ("13", "13"), ("xa dong van", "10"), ("Phường Đồng Văn", "11"), ("văn", None),
     ("Xã Văn", "12"), ("vắn", None)],
)  # fmt: skip
def test_a_unit_is_found_by_its_code_its_whole_name_or_the_end_of_one_name(
    asked: str, code: str | None
) -> None:
    if code is not None:
        assert find_unit(HERE, "commune", asked) == code
        return
    with pytest.raises(CallError, match=r"write the code of one: 10 .*, 11 .*, 12 "):
        find_unit(HERE, "commune", asked)  # "văn" ends three names


def test_the_whole_name_goes_before_the_end_of_another() -> None:
    there = table(("1", "Xã Văn", "Vinh"), ("2", "Văn", "Vinh"))
    assert find_unit(there, "commune", "Văn") == "2"
    assert find_unit(table(("1", "Xã Văn", "Vinh")), "commune", "Văn") == "1"


def test_a_code_of_another_structure_is_told_with_its_day() -> None:
    with pytest.raises(CallError, match=r"commune 99 is none of these units.*--units 2025-07-01"):
        find_unit(HERE, "commune", "99", others=[later("98", "99")])
    with pytest.raises(CallError, match=r"district 99 is none of these units.*--units 2025-07-01"):
        find_unit(HERE, "district", "99", others=[later("99", level="district")])
    with pytest.raises(CallError, match="commune 99 is not one unit of the study"):
        find_unit(HERE, "commune", "99", others=[later("98")])


def test_a_name_of_several_units_here_is_not_sent_to_another_structure() -> None:
    there = table(("1", "Xã Văn", "Kỳ Sơn"), ("2", "Phường Văn", "Vinh"))
    with pytest.raises(CallError, match=r"write the code of one: 1 Xã Văn \(Kỳ Sơn\), 2 Phường"):
        find_unit(there, "commune", "Văn", others=[later("Văn")])


def test_a_code_here_is_taken_whatever_it_is_in_another_structure() -> None:
    assert find_unit(HERE, "commune", "10", others=[later("10")]) == "10"


def test_nearest_names_are_told_and_else_the_first_eight_codes() -> None:
    with pytest.raises(CallError, match=r"one: 10 Xã Đồng Văn \(Kỳ Sơn\)") as caught:
        find_unit(HERE, "commune", "Xã Đồng Vân Nam")
    assert "…" not in str(caught.value)
    with pytest.raises(CallError, match=r"one: 10 Xã Đồng Văn") as caught:
        find_unit(HERE, "commune", "Đồng Vinh")
    assert "13" not in str(caught.value)  # which it would be where no name came near
    many = table(*[(f"{k:02}", f"Xã {k}", "Vinh") for k in range(9, 0, -1)])
    with pytest.raises(CallError, match=r"one: 01 Xã 1 .*, 08 Xã 8 \(Vinh\), …$"):
        find_unit(many, "commune", "qqqqqqqqqqqqqq")
    with pytest.raises(CallError, match=r"one: [^…]*\(Vinh\)$"):
        find_unit(many, "commune", "Xã 99")
    with pytest.raises(CallError, match=r"08 Xã 8 \(Vinh\)$"):
        find_unit(many.iloc[1:], "commune", "qqqqqqqqqqqqqq")


def test_units_without_codes_are_told_by_level() -> None:
    there = table((None, None, "Vinh")).assign(district_code=None)
    with pytest.raises(CallError, match="these units have no districts; name a commune"):
        find_unit(there, "district", "1")
    with pytest.raises(CallError, match="the villages have no communes; leave it out"):
        find_unit(there, "commune", "1")
