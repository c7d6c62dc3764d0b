"""Operators that should have filed, and what they filed."""

from __future__ import annotations

from geodata.checks.filed import filings_in, missing_filings
from geodata.checks.model import Subject, Together
from tests.geodata.checks.subjects import square, subject, together


def layer(operator: str, technology: str, **told: object) -> Subject:
    return subject("layer", [square(0, 0)], operator=operator, technology=technology, **told)


def sentences(study: Together) -> list[str]:
    return [str(one.sentence) for one in missing_filings(study)]


def test_an_expected_operator_without_any_layer_is_told_once() -> None:
    study = together(layer("Alpha", "4G"), operators=("Alpha", "Beta"), technologies=("4G", "5G"))
    told = sentences(study)
    assert len(told) == 2
    assert told[0].startswith("Alpha has filed no 5G;")
    assert told[1].startswith("Beta has filed nothing")


def test_an_operator_is_the_same_in_capitals_and_another_one_does_not_file_for_it() -> None:
    assert sentences(together(layer("ALPHA", "4G"), operators=("Alpha",))) == []
    shared = together(
        layer("Alpha", "4G"), layer("Beta", "3G"),
        operators=("Alpha", "Beta"), technologies=("3G", "4G"),
    )  # fmt: skip
    told = sentences(shared)
    assert [one.split(";")[0] for one in told] == ["Alpha has filed no 3G", "Beta has filed no 4G"]


def test_a_layer_that_could_not_be_read_is_filed_all_the_same() -> None:
    study = together(unread=(("Beta", "3G"),), operators=("Beta",), technologies=("3G",))
    assert sentences(study) == []


def test_a_file_of_villages_files_for_nobody() -> None:
    villages = subject("villages", [square(0, 0)], {"operator": ["Alpha"], "technology": ["4G"]})
    assert len(sentences(together(villages, operators=("Alpha",)))) == 1


def test_operator_and_technology_are_read_row_by_row_unless_the_study_file_says_them() -> None:
    cells = {"operator": ["Alpha", "Beta", "Beta"], "technology": ["4G", "LTE", "7G"]}
    shapes = [square(0, 0)] * 3
    by_columns = filings_in(subject("layer", shapes, cells))
    assert by_columns == {("Alpha", "4G"), ("Beta", "4G"), ("Beta", "7G")}
    named = filings_in(subject("layer", shapes, cells, operator="Gamma"))
    assert named == {("Gamma", "4G"), ("Gamma", "7G")}


def test_what_a_convention_speaks_of_goes_before_columns() -> None:
    one = layer("Alpha", "4G", filings=(("Beta", "3G"),))
    assert filings_in(one) == {("Beta", "3G")}
