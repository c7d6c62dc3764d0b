"""Files by themselves of which no column is known."""

from __future__ import annotations

from geodata.checks.model import Subject
from geodata.checks.understood import nothing_known
from tests.geodata.checks.subjects import subject


def unknown(count: int) -> Subject:
    table = subject("table", None, {f"c{k}": [k] for k in range(count)}).table
    return Subject(file="a.csv", role="table", table=table)


def test_a_table_without_a_known_column_is_told_and_its_contents_are_not() -> None:
    (one,) = nothing_known(unknown(9))
    assert (one.kind, one.severity, one.file) == ("not-understood", "warning", "a.csv")
    assert one.sentence.parts["count"] == 9
    assert "c0" not in str(one.sentence)


def test_one_known_column_is_enough_and_files_of_a_role_are_not_asked() -> None:
    assert list(nothing_known(subject("table", None, {"village": ["Xóm 1"]}))) == []
    assert list(nothing_known(subject("layer", None, {}))) == []
