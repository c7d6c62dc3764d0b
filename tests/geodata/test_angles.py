"""Coordinates in every spelling that was met, and no number made of what is none."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata import DataError
from geodata.angles import coordinate, split_pair, thousands_of, unpacked, written

LAT, LON = 18 + 40 / 60 + 24 / 3600, 105 + 41 / 60 + 17.5 / 3600


@pytest.mark.parametrize(
    ("text", "value", "axis"),
    [
        ("18°40'24\"N", LAT, "north"),
        ("18°40′24″", LAT, ""),
        ("18°40’24”", LAT, ""),
        ("18º40'24\"", LAT, ""),
        ("18o40'24\"", LAT, ""),
        ("18o40'24''", LAT, ""),
        ("18 40 24", LAT, ""),
        ("18:40:24", LAT, ""),
        ("18-40-24", LAT, ""),
        ("18d40m24s", LAT, ""),
        ("18 độ 40 phút 24 giây", LAT, ""),
        ("18°40'24\" Bắc", LAT, "north"),
        ("18°40'24\"B", LAT, "north"),
        ("N 18° 40' 24\"", LAT, "north"),
        ("18 40.4 N", LAT, "north"),
        ("18°40.4'", LAT, ""),
        ("184024N", LAT, "north"),
        ("105-41-17.5", LON, ""),
        ("105°41'17,5\"Đ", LON, "east"),
        ("105°41'17.5\" Đông", LON, "east"),
        ("1054117.5E", LON, "east"),
        ("KĐ 105°41'17,5\"", LON, "east"),
        ("N18.6734", 18.6734, "north"),
        ("18.6734° N", 18.6734, "north"),
        ("18,6734", 18.6734, ""),
        ("105.688", 105.688, ""),
        ("-18°30'", -18.5, ""),
        ("18°30'S", -18.5, "north"),
        ("18°30' Nam", -18.5, "north"),
        ("105°30'W", -105.5, "east"),
        ("2.065.678,573", 2065678.573, ""),
        ("2,065,678.573", 2065678.573, ""),
        ("2 065 678,573", 2065678.573, ""),
        ("2065678.573 m", 2065678.573, ""),
        ("598.773,437", 598773.437, ""),
        (598773.437, 598773.437, ""),
    ],
)
def test_every_spelling_of_a_coordinate(text: object, value: float, axis: str) -> None:
    found = written(text)
    assert found is not None
    assert found.value == pytest.approx(value, abs=1e-9)
    assert found.axis == axis


@pytest.mark.parametrize("text", ["", None, "-", "n/a", float("nan"), pd.NA, "  "])
def test_nothing_written_is_nothing(text: object) -> None:
    found = written(text)
    assert found is not None
    assert math.isnan(found.value)


@pytest.mark.parametrize(
    "text",
    [
        "Xóm 5", "18°70'24\"", "18°40'75\"", "18.5°40'", "1.5.3", "18°40.5'24\"", "400°10'", True,
        "12/05/2023", "N", "°", "18°40'24\"X",
    ],
)  # fmt: skip
def test_what_is_no_coordinate_stays_none(text: object) -> None:
    assert written(text) is None


def test_three_digits_are_thousands_beside_a_number_that_leaves_no_doubt() -> None:
    north, east = pd.Series(["2.065.678", "2.065.001"]), pd.Series(["598.773", "598.001"])
    assert thousands_of([north, east]) == "."
    read = coordinate(east, field="Y", file="t", thousands=".")
    assert read.values.tolist() == [598773.0, 598001.0]
    assert thousands_of([pd.Series(["105.688"]), pd.Series(["18.673"])]) == ""


def test_a_row_that_is_none_is_told_with_its_number() -> None:
    column = pd.Series(["18.5", "Xóm 5"], index=pd.RangeIndex(2, 4, name="row"))
    with pytest.raises(DataError, match=r"t\.csv, row 3: lat is 'Xóm 5', which is no coordinate"):
        coordinate(column, field="lat", file="t.csv")


def test_two_sides_of_the_world_in_one_column_are_told() -> None:
    with pytest.raises(DataError, match="row 2"):
        coordinate(pd.Series(["18°40'N", "105°41'E"]), field="lat", file="t")


def test_degrees_minutes_and_seconds_run_together() -> None:
    found = unpacked(pd.Series([184024.0, None, 190000.5]), most=90)
    assert found is not None
    assert found.tolist()[0] == pytest.approx(LAT)
    assert math.isnan(found.tolist()[1])
    assert unpacked(pd.Series([186024.0]), most=90) is None
    assert unpacked(pd.Series([598773.0]), most=180) is None


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("18.6734, 105.6882", "18.6734", "105.6882"),
        ("18.6734,105.6882", "18.6734", "105.6882"),
        ("(18.6734 105.6882)", "18.6734", "105.6882"),
        ("18,6734; 105,6882", "18,6734", "105,6882"),
        ("18,6734 105,6882", "18,6734", "105,6882"),
        ("18°40'24\"N 105°41'17\"E", "18°40'24\"N", "105°41'17\"E"),
        ("18 40 24 N, 105 41 17 E", "18 40 24 N", "105 41 17 E"),
    ],
)
def test_two_coordinates_in_one_cell(text: str, first: str, second: str) -> None:
    one, two = split_pair(pd.Series([text, None]), field="f", file="t")
    assert (one.iloc[0], two.iloc[0]) == (first, second)
    assert pd.isna(one.iloc[1])


def test_one_coordinate_in_a_cell_for_two_is_told() -> None:
    with pytest.raises(DataError, match=r"row 1: f is '18\.6734', which is not two coordinates"):
        split_pair(pd.Series(["18.6734"]), field="f", file="t")


@given(
    value=st.floats(0, 179.99),
    form=st.sampled_from(["{d}°{m}'{s:.4f}\"", "{d} {m} {s:.4f}", "{d}-{m}-{s:.4f}"]),
    comma=st.booleans(),
)
def test_degrees_written_out_come_back(value: float, form: str, comma: bool) -> None:
    minutes, seconds = divmod(round(value * 3600, 4), 60)
    degrees, minutes = divmod(int(minutes), 60)
    text = form.format(d=degrees, m=minutes, s=seconds)
    found = written(text.replace(".", ",") if comma else text)
    assert found is not None
    assert found.value == pytest.approx(value, abs=1e-7)


@given(text=st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    found = written(text)
    assert found is None or isinstance(found.value, float)
