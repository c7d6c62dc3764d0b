"""What an address holds, what it leaves out, and what a new choice drops."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace

import pytest

from coverage.select import UNCOVERED, Selection
from ui import choices
from ui.choices import Choices, changed, people_range, read

EVERY = Choices(
    **{f.name: "en" if f.name == "language" else f"its {f.name}" for f in fields(Choices)}  # type: ignore[arg-type]
)


def test_an_address_names_every_choice_once() -> None:
    assert EVERY.query() == {
        "lang": "en",
        "study": "its study",
        "variant": "its variant",
        "units": "its units",
        "district": "its district",
        "commune": "its commune",
        "operator": "its operator",
        "technology": "its technology",
        "verdict": "its verdicts",
        "power": "its power",
        "people": "its people",
        "served": "its served",
        "name": "its name",
        "village": "its village",
        "zone": "its zone",
        "layers": "its layers",
        "level": "its level",
        "rank": "its ranking",
        "try": "its tried",
    }
    assert read(EVERY.query()) == EVERY


def test_another_page_gets_language_study_rule_and_area_alone() -> None:
    assert EVERY.query(across=True) == {
        "lang": "en",
        "study": "its study",
        "variant": "its variant",
        "units": "its units",
        "district": "its district",
        "commune": "its commune",
    }


def test_choices_not_made_are_not_in_the_address() -> None:
    assert Choices().query() == {}
    assert Choices(language="vi", commune="10").query() == {"commune": "10"}
    assert read({}) == Choices()
    assert read({"lang": "xx", "language": "en", "verdicts": "weak"}) == Choices()


def test_a_value_of_an_address_ends_after_600_signs() -> None:
    assert read({"name": "a" * 599 + "bc"}).name == "a" * 599 + "b"


@pytest.mark.parametrize(
    ("verdicts", "served", "found"),
    [
        ("", "", UNCOVERED),
        ("all", "", ()),
        ("all", "one", ()),
        ("covered,weak", "", ("covered", "weak")),
        ("covered,nonsense", "others", ("covered",)),
        ("nonsense", "", UNCOVERED),
        ("", "others", ()),
        ("", "one", ()),
        ("", "nobody", UNCOVERED),
    ],
)
def test_the_uncovered_are_looked_at_unless_others_are_asked_for(
    verdicts: str, served: str, found: tuple[str, ...]
) -> None:
    assert Choices(verdicts=verdicts, served=served).chosen_verdicts == found


def test_filters_are_read_from_the_address_and_nonsense_left_aside() -> None:
    asked = Choices(verdicts="none", power="no,yes,perhaps", people="100-500", served="others")
    assert asked.selection == Selection(
        verdicts=("none",), power=("yes", "no"), people_from=100, people_to=500, served="others"
    )
    assert Choices(power="unknown", served="neither").selection == Selection(
        verdicts=("none", "weak"), power=(), people_from=None, people_to=None, served=None
    )


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("100-500", (100, 500)),
        ("100-", (100, None)),
        ("-500", (None, 500)),
        ("100", (100, None)),
        ("", (None, None)),
        (" 7 - 8 ", (7, 8)),
        ("0-0", (0, 0)),
        ("999999999-1000000000", (999_999_999, None)),
        ("a-5", (None, 5)),
        ("²-٣", (None, None)),
        ("1-2-3", (1, None)),
    ],
)
def test_bounds_of_people_are_whole_numbers_of_nine_digits_at_most(
    text: str, bounds: tuple[int | None, int | None]
) -> None:
    assert people_range(text) == bounds


def test_the_eyes_of_everybody_keep_all_but_operator_and_technology() -> None:
    of_all = EVERY.of_everybody
    differing = [
        f.name for f in fields(Choices) if getattr(of_all, f.name) != getattr(EVERY, f.name)
    ]
    assert differing == ["operator", "technology"]
    assert (of_all.operator, of_all.technology) == ("", "")


def test_a_technology_is_one_of_those_there_are() -> None:
    assert Choices(technology="4G").technologies == ("4G",)
    assert Choices(technology="9G").technologies == ()
    assert Choices().technologies == ()


PLACED = Choices(units="2023", district="412", commune="10", village="v1", operator="Alpha")


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"units": "2025"}, ("2025", "", "", "")),
        ({"district": "417"}, ("2023", "417", "", "")),
        ({"district": "417", "commune": "12"}, ("2023", "417", "12", "")),
        ({"district": "417", "village": "v7"}, ("2023", "417", "", "v7")),
        ({"commune": "11"}, ("2023", "412", "11", "")),
        ({"units": "2025", "district": "417"}, ("2025", "417", "", "")),
        ({"village": "v2"}, ("2023", "412", "10", "v2")),
        ({"operator": "Beta"}, ("2023", "412", "10", "v1")),
    ],
)
def test_other_units_drop_the_area_and_another_area_drops_what_is_in_it(
    changes: dict[str, str], left: tuple[str, ...]
) -> None:
    after = changed(PLACED, **changes)
    assert (after.units, after.district, after.commune, after.village) == left
    assert after.operator == changes.get("operator", "Alpha")


class Address(dict[str, str]):
    """An address that counts how often it is written."""

    written = 0

    def from_dict(self, told: dict[str, str]) -> None:
        """Replace all of it."""
        self.written += 1
        self.clear()
        self.update(told)


def test_a_choice_is_written_once_and_only_where_it_is_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = Address(lang="en", commune="10", village="v1", strange="x")
    monkeypatch.setattr(choices, "st", SimpleNamespace(query_params=address))
    assert choices.current() == Choices(language="en", commune="10", village="v1")
    choices.choose(village="v1")
    assert address.written == 0
    choices.choose(village="")
    assert address == {"lang": "en", "commune": "10"}
    assert address.written == 1
