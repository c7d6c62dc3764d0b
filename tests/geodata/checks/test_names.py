"""Names that are none, and what nobody sees in them."""

from __future__ import annotations

import unicodedata

import pytest

from geodata.checks.model import Role
from geodata.checks.names import names
from tests.geodata.checks.subjects import subject


def told(role: Role, **cells: list[object]) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Kind of finding → its severity and rows."""
    found = list(names(subject(role, None, cells)))
    assert len({one.kind for one in found}) == len(found)
    return {one.kind: (one.severity, one.rows) for one in found}


def test_ordinary_vietnamese_names_are_left_alone() -> None:
    assert told("villages", village=["Xóm 1", "Bản Huồi Pốc", "Khối 5A - Trung Đô"]) == {}


def test_a_village_without_a_name_is_told_and_one_without_a_commune_is_not() -> None:
    found = told("villages", village=["Xóm 1", "  ", None], commune=[None, "Xã 1", "Xã 2"])
    assert found == {"name-empty": ("warning", (2, 3))}


@pytest.mark.parametrize("role", ["layer", "sites", "zones_5g", "table"])
def test_names_may_be_empty_where_they_are_not_of_villages_or_units(role: Role) -> None:
    assert told(role, operator=["Alpha", None], name=["x", None], zone=["x", ""]) == {}


@pytest.mark.parametrize(
    ("cells", "severity"),
    [
        (["5", "Xóm 6", "Xóm 7", "Xóm 8"], "note"),
        (["5", "6", "Xóm 7", "Xóm 8"], "note"),
        (["5", "6", "7/2", "Xóm 8"], "warning"),
        (["5", "6", "7 - 8", "1.234"], "warning"),
    ],
)
def test_numbers_for_names_are_a_warning_where_they_are_more_than_half(
    cells: list[object], severity: str
) -> None:
    found = told("villages", village=cells)
    assert set(found) == {"name-digits"}
    assert found["name-digits"][0] == severity


@pytest.mark.parametrize(
    "sign", ["\x00", "\x0b", "\x1f", "\x7f", "\u200b", "\u200f", "\u202e", "\u2066", "\ufeff",
             "\ufffd"],
)  # fmt: skip
def test_characters_that_nobody_sees_are_told(sign: str) -> None:
    assert told("layer", operator=["Alpha", f"Be{sign}ta"]) == {"name-unseen": ("warning", (2,))}


@pytest.mark.parametrize("sign", ["\t", "\n", "’", "–", "\u00a0"])
def test_characters_of_ordinary_writing_are_no_unseen_ones(sign: str) -> None:
    assert told("layer", operator=[f"Al{sign}pha"]) == {}


@pytest.mark.parametrize("cell", ["=A1", " =HYPERLINK(0)", "+1", "@sum", "-(2)", "＝a", "- 5"])
def test_what_a_spreadsheet_would_run_is_told(cell: str) -> None:
    assert told("sites", site=["A1", cell]) == {"name-formula": ("warning", (2,))}


@pytest.mark.parametrize("cell", ["-", "=", "A=1", "– 5", "+", "@"])
def test_a_sign_without_anything_to_run_is_no_formula(cell: str) -> None:
    assert told("sites", site=[cell]) == {}


def test_letters_and_marks_apart_are_a_note() -> None:
    apart = unicodedata.normalize("NFD", "Xóm Đồng")
    assert told("communes", commune=["Xã 1", apart]) == {"name-decomposed": ("note", (2,))}


def test_the_name_of_a_unit_is_its_own_column_and_else_the_column_of_names() -> None:
    assert told("communes", commune=["Xã 1"], name=[None]) == {}
    assert told("communes", name=[None, "Xã 2"]) == {"name-empty": ("warning", (1,))}
    assert told("measurements", name=["=A1"]) == {}
