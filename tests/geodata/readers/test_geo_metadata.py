"""What Parquet's own types say of a system, and which columns hold boxes."""

from __future__ import annotations

import pytest

from geodata.readers.geo_metadata import _crs_of_type, covering_columns, covering_of

HELD = {b"ours": b'{"type": "ProjectedCRS"}'}
BOXES = {"xmin": ["b", "x0"], "ymin": ["b", "y0"], "xmax": ["b", "x1"], "ymax": ["b", "y1"]}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (None, {}),
        ("", {}),
        ("EPSG:9208", {"crs": "EPSG:9208"}),
        ("srid:9208", {"crs": "EPSG:9208"}),
        ("SRID:0", {"crs": None}),
        ("projjson:ours", {"crs": {"type": "ProjectedCRS"}}),
        ('{"type": "GeographicCRS"}', {"crs": {"type": "GeographicCRS"}}),
    ],
)
def test_a_system_is_told_in_several_ways(told: str | None, expected: dict[str, object]) -> None:
    assert _crs_of_type(told, HELD) == expected


def test_sides_are_named_where_there_is_a_covering() -> None:
    assert covering_of({"covering": {"bbox": BOXES}}) == ("b.x0", "b.y0", "b.x1", "b.y1")
    assert covering_of({"covering": {"bbox": None}}) is None
    assert covering_of({"covering": None}) is None
    assert covering_of({}) is None


def test_boxes_are_columns_of_columns() -> None:
    flat = {side: [side] for side in BOXES}
    geo = {"columns": {"a": {"covering": {"bbox": BOXES}}, "b": {"covering": {"bbox": flat}}}}
    assert covering_columns(geo) == {"b"}
