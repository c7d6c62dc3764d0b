"""Counts of people that cannot be, or do not add up."""

from __future__ import annotations

import pytest

from geodata.checks.model import Role, Subject
from geodata.checks.people import impossible, sums, total_rows, unreadable
from geodata.findings import Finding
from tests.geodata.checks.subjects import subject, together


def villages(**cells: list[object]) -> Subject:
    return subject("villages", None, cells)


def odd(people: object, homes: object = 10, village: str = "Xóm 1") -> list[str]:
    """What is impossible of one village beside an ordinary one."""
    table = villages(village=["Xóm 9", village], population=[100, people], households=[25, homes])
    found = list(impossible(table))
    assert all((one.severity, one.rows) == ("warning", (2,)) for one in found)
    return [one.kind for one in found]


def test_an_ordinary_village_and_one_whose_numbers_are_missing_are_left_alone() -> None:
    assert odd(40) == []
    assert odd(None) == []
    assert odd(40, None) == []
    assert odd(None, None) == []


def test_a_village_of_nobody_is_told_and_one_person_is_somebody() -> None:
    assert odd(0, 0) == ["people-none"]
    assert odd(1, 1) == []


def test_twenty_thousand_people_are_the_most_a_village_has() -> None:
    assert odd(20_000, 5_000) == []
    assert odd(20_001, 5_000) == ["people-absurd"]


def test_as_many_households_as_people_may_be_and_more_may_not() -> None:
    assert odd(40, 40) == []
    assert odd(40, 41) == ["households-over-people"]


def test_fifteen_people_a_household_may_be_and_more_are_told() -> None:
    assert odd(150, 10) == []
    assert odd(151, 10) == ["people-per-household"]
    assert odd(151, 0) == []


def test_a_sum_under_the_list_is_no_village_of_too_many_or_of_nobody() -> None:
    assert odd(90_000, 25_000, "Tổng cộng") == []
    assert odd(0, 0, "TỔNG SỐ") == []


def test_without_a_column_of_households_people_are_looked_at_alone() -> None:
    assert [one.kind for one in impossible(villages(population=[0, 30_000]))] == [
        "people-none",
        "people-absurd",
    ]
    assert list(impossible(villages(households=[0, 30_000]))) == []
    assert list(impossible(subject("communes", None, {"population": [0, 900_000]}))) == []


@pytest.mark.parametrize(
    ("role", "severity"), [("villages", "error"), ("communes", "warning"), ("districts", "warning")]
)
def test_a_cell_that_holds_no_count_is_told_and_an_empty_one_is_not(
    role: Role, severity: str
) -> None:
    cells = {"population": ["1.234", "many", None, "-", "n/a", "-5"], "households": [1] * 6}
    (one,) = unreadable(subject(role, None, cells))
    assert (one.kind, one.severity, one.rows) == ("count-unreadable", severity, (2, 6))
    assert one.sentence.parts["first"] == "'many'"
    assert list(unreadable(subject("table", None, cells))) == []


def total(said: object, *, name: str = "Tổng cộng", last: object = "") -> list[Finding]:
    """What is said of a total under villages of 400 and 600 people."""
    rows = [name] if last == "" else [name, "Cộng"]
    sums_of = [said] if last == "" else [said, last]
    table = villages(village=["Xóm 1", "Xóm 2", *rows], population=[400, 600, *sums_of])
    return list(total_rows(table))


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        (1000, ["row-total"]),
        (1005, ["row-total"]),  # 5 of 1,005 are less than half a hundredth
        (1006, ["row-total", "population-sum"]),
        (995, ["row-total", "population-sum"]),  # and 5 of 995 are more
        (996, ["row-total"]),
        (0, ["row-total", "population-sum"]),
        (None, ["row-total"]),
    ],
)
def test_a_total_may_differ_from_its_sum_by_half_a_hundredth(
    said: object, kinds: list[str]
) -> None:
    found = total(said)
    assert [one.kind for one in found] == kinds
    assert all(one.rows == (3,) for one in found)


def test_the_difference_is_told_with_both_numbers() -> None:
    _, one = total(1400)
    assert (one.sentence.parts["said"], one.sentence.parts["found"]) == (1400, 1000)


def test_two_totals_are_told_and_not_compared() -> None:
    found = total(5000, last=7000)
    assert [(one.kind, one.count) for one in found] == [("row-total", 2)]


@pytest.mark.parametrize("name", ["TOTAL", "Toàn tỉnh", "tổng số", "Sum", "Cộng"])
def test_a_total_is_known_by_what_it_says_for_a_name(name: str) -> None:
    assert [one.kind for one in total(1000, name=name)] == ["row-total"]


@pytest.mark.parametrize("name", ["Tổng Cộng Hòa", "Cộng Hòa", "Xóm Tổng", ""])
def test_a_village_named_like_a_total_is_a_village(name: str) -> None:
    assert total(1000, name=name) == []


def units(role: Role = "communes", **cells: list[object]) -> Subject:
    return subject(role, None, cells, file="units.gpkg")


PEOPLE = villages(
    village=["a", "b", "c", "d", "Tổng cộng"],
    commune_code=["1", "1", "2", "3", "1"],
    district_code=["x", "x", "x", "y", "x"],
    population=[400, 600, 200, None, 9_999],
)


def against(*files: Subject) -> list[Finding]:
    return list(sums(together(PEOPLE, *files)))


def test_villages_that_add_up_to_their_units_are_left_alone() -> None:
    communes = units(commune_code=["1", "2", "3", "4"], population=[1005, 200, 50, 70])
    districts = units("districts", code=["x", "y"], population=[1200, None])
    assert against(communes, districts) == []


def test_units_that_do_not_add_up_are_told_with_the_worst_by_its_name() -> None:
    communes = units(
        commune_code=["1", "2", "3"], commune=["Xã A", "Xã B", "Xã C"], population=[1006, 100, 9]
    )
    (one,) = against(communes)
    assert (one.kind, one.file, one.rows) == ("population-sum", "units.gpkg", (1, 2))
    parts = one.sentence.parts
    assert (parts["worst"], parts["found"], parts["said"]) == ("Xã B", 200, 100)


def test_a_unit_of_nobody_is_off_by_all_its_villages_people() -> None:
    (one,) = against(units(commune_code=["2"], population=[0]))
    assert (one.rows, str(one.sentence.parts["worst"])) == ((1,), "row 1")


def test_half_a_hundredth_is_of_what_the_units_say() -> None:
    assert against(units(commune_code=["2"], population=[201])) == []
    (one,) = against(units(commune_code=["2"], population=[199]))  # one of 199 and not of 200
    assert one.rows == (1,)


def test_units_without_people_or_codes_are_not_compared() -> None:
    assert against(units(commune_code=["1"])) == []
    assert against(units(population=[5])) == []
    assert list(sums(together(villages(commune_code=["1"], population=[None]),
                              units(commune_code=["1"], population=[5])))) == []  # fmt: skip


def test_districts_are_held_against_districts() -> None:
    (one,) = against(units("districts", district_code=["x"], name=["Vinh"], population=[900]))
    assert (one.sentence.parts["worst"], one.sentence.parts["found"]) == ("Vinh", 1200)
