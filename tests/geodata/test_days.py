"""Which days are plausible, and days of seconds since 1970."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pandas as pd
import pytest

from geodata.days import day_of, days_of, unix_days


@pytest.mark.parametrize(
    ("word", "day"),
    [
        ("1989-12-31", None), ("1990-01-01", date(1990, 1, 1)), ("1990", date(1990, 1, 1)),
        ("2099-12-31", date(2099, 12, 31)), ("2100-01-01", None), ("2100", None),
        ("2023Q1", date(2023, 1, 1)), ("T4/2023", date(2023, 10, 1)), ("2023Q5", None),
        ("2023-08-301", None), ("30/08/20231", None), ("20230830x", None), ("2023-00-10", None),
    ],
)  # fmt: skip
def test_days_from_1990_until_2100_are_plausible(word: str, day: date | None) -> None:
    assert day_of(word) == day


def test_seconds_since_1970_are_days_where_they_are_plausible() -> None:
    def seconds(year: int, month: int = 1, day: int = 1) -> float:
        return datetime(year, month, day, tzinfo=UTC).timestamp()

    told = [seconds(1990) - 1, seconds(1990), seconds(2023, 8, 30) + 86_399, seconds(2100) - 1,
            seconds(2100), None, 0.0]  # fmt: skip
    found = unix_days(pd.Series(told, index=list("abcdefg"), dtype="Float64"))
    assert found.tolist() == [
        None, date(1990, 1, 1), date(2023, 8, 30), date(2099, 12, 31), None, None, None
    ]  # fmt: skip
    assert found.index.tolist() == list("abcdefg")


def test_a_column_of_days_keeps_its_index_and_what_tells_none() -> None:
    words = pd.Series(["30/08/2023", None, "soon", "2023-08-30"], index=[5, 6, 7, 8])
    assert days_of(words).to_dict() == {
        5: date(2023, 8, 30), 6: None, 7: None, 8: date(2023, 8, 30)
    }  # fmt: skip
    moments = pd.Series(pd.to_datetime(["2023-08-30T23:59", None]))
    assert days_of(moments).tolist() == [date(2023, 8, 30), None]
