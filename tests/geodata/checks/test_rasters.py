"""Rasters whose empty cells could be mistaken for a value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geodata.checks.rasters import RasterAbout, raster_findings, short_of

SIGNAL = RasterAbout(
    width=10, height=10, bands=1, crs="EPSG:9208", dtype="float32", nodata=-9999.0,
    extent=(105.0, 18.0, 106.0, 19.0), values=np.linspace(-120.0, -60.0, 100), masked=0.0,
)  # fmt: skip
PEOPLE = replace(SIGNAL, values=np.linspace(0.0, 50.0, 100))


def kinds(about: RasterAbout) -> list[tuple[str, str]]:
    return [(one.kind, one.severity) for one in raster_findings(about, file="a.tif")]


@pytest.mark.parametrize("about", [SIGNAL, PEOPLE])
def test_a_raster_that_says_its_system_and_its_empty_value_is_left_alone(
    about: RasterAbout,
) -> None:
    assert kinds(about) == []
    assert kinds(replace(about, crs="")) == [("raster-no-crs", "error")]


@pytest.mark.parametrize(
    ("low", "high", "signal"),
    [(-160.0, -24.0, True), (-165.0, -161.0, False), (-23.0, -1.0, False), (1.0, 90.0, False)],
)
def test_values_are_signal_twenty_decibels_around_what_rsrp_can_be(
    low: float, high: float, *, signal: bool
) -> None:
    assert replace(SIGNAL, values=np.array([low, high])).is_signal == signal


def test_more_than_half_of_the_values_make_a_signal_and_zeros_and_gaps_count_for_neither() -> None:
    def of(*values: float) -> RasterAbout:
        return replace(SIGNAL, values=np.array(values))

    assert of(-90.0, -90.0, 5.0).is_signal
    assert not of(-90.0, 5.0).is_signal
    assert of(-90.0, 0.0, 0.0, np.nan).is_signal
    assert not of(0.0, np.nan).is_signal
    assert not of().is_signal


def test_an_empty_value_that_is_not_said_is_worse_in_a_signal() -> None:
    assert kinds(replace(SIGNAL, nodata=None)) == [("nodata-unset", "warning")]
    assert kinds(replace(PEOPLE, nodata=None)) == [("nodata-unset", "note")]
    assert kinds(replace(SIGNAL, nodata=None, masked=0.2)) == []  # a mask of its own says it


def test_zero_is_a_count_of_people_and_no_signal() -> None:
    assert kinds(replace(PEOPLE, nodata=0.0)) == [("nodata-zero", "warning")]
    assert kinds(replace(SIGNAL, nodata=0.0)) == [("nodata-signal", "error")]


@pytest.mark.parametrize(
    ("nodata", "told"), [(-140.0, 1), (-140.5, 0), (-1.0, 1), (0.5, 0), (-9999.0, 0)]
)
def test_an_empty_value_in_the_range_of_signal_could_be_a_signal(nodata: float, told: int) -> None:
    assert kinds(replace(SIGNAL, nodata=nodata)) == [("nodata-signal", "error")] * told
    assert kinds(replace(PEOPLE, nodata=nodata)) == []


@pytest.mark.parametrize(("zeros", "told"), [(0, 0), (1, 0), (2, 1), (50, 1)])
def test_more_than_one_cell_in_a_hundred_at_zero_is_no_signal(zeros: int, told: int) -> None:
    values = np.full(100, -90.0)
    values[:zeros] = 0.0
    found = list(raster_findings(replace(SIGNAL, values=values), file="a.tif"))
    assert [(one.kind, one.severity) for one in found] == [("nodata-unmasked", "error")] * told
    assert [one.sentence.parts["percent"] for one in found] == [zeros] * told


def test_zeros_among_people_and_a_raster_without_values_are_left_alone() -> None:
    assert kinds(replace(PEOPLE, values=np.zeros(50))) == []
    assert kinds(replace(PEOPLE, values=np.array([]))) == []


AREA = (105.0, 18.0, 106.0, 19.0)


@pytest.mark.parametrize("side", range(4))
def test_a_raster_may_end_half_a_kilometre_before_the_study_and_no_more(side: int) -> None:
    inward = 1 if side < 2 else -1

    def found(degrees: float) -> list[str]:
        extent = [*AREA]
        extent[side] += inward * degrees
        told = short_of((extent[0], extent[1], extent[2], extent[3]), AREA, file="a.tif")
        return [one.kind for one in told]

    assert found(-0.5) == found(0.0) == found(0.0049) == []
    assert found(0.0051) == ["raster-short"]
    assert found(0.99) == ["raster-short"]
    assert found(1.01) == ["wholly-outside"]
