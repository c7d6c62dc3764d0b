"""The age of layers against the study's day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from geodata.checks.days import days
from geodata.findings import Finding
from tests.geodata.checks.subjects import square, subject, together

STUDY = date(2023, 8, 30)


def found(age: int | None, *, study: date | None = STUDY) -> list[Finding]:
    """What is said of a layer filed so many days before the study's day."""
    day = None if age is None else STUDY - timedelta(days=age)
    layer = subject("layer", [square(0, 0)], as_of=day)
    return list(days(together(layer, as_of=study)))


@pytest.mark.parametrize("age", [0, 1, 92])
def test_a_layer_of_the_quarter_before_the_study_is_not_old(age: int) -> None:
    assert found(age) == []


@pytest.mark.parametrize(
    ("age", "severity", "months"),
    [(93, "note", 3), (366, "note", 12), (367, "warning", 12), (700, "warning", 23)],
)
def test_a_layer_older_than_a_quarter_is_told_and_than_a_year_with_a_warning(
    age: int, severity: str, months: int
) -> None:
    (one,) = found(age)
    assert (one.kind, one.severity) == ("layer-older", severity)
    assert one.sentence.parts["months"] == months


def test_a_layer_of_the_day_after_the_study_is_newer_by_one_day() -> None:
    (one,) = found(-1)
    assert (one.kind, one.severity) == ("layer-newer", "warning")
    assert one.sentence.parts["days"] == 1


def test_a_layer_without_a_day_is_told_and_a_study_without_one_compares_nothing() -> None:
    assert [one.kind for one in found(None)] == ["layer-undated"]
    assert [one.kind for one in found(None, study=None)] == ["layer-undated"]
    assert found(5000, study=None) == []


def test_of_other_files_no_day_is_asked() -> None:
    assert list(days(together(subject("villages", [square(0, 0)]), as_of=STUDY))) == []
