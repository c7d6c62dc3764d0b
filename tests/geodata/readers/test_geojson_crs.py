from __future__ import annotations

import json
from pathlib import Path

import pytest

from geodata import UnreadableError
from geodata.readers import geojson_crs
from geodata.readers.geojson_crs import require_plain_geojson

LINK = {"type": "link", "properties": {"href": "http://example.invalid/crs", "type": "proj4"}}


def written(path: Path, before: int, crs: object, key: str = '"crs"') -> Path:
    path.write_text(f'{{"name": "{"x" * before}", {key}: {json.dumps(crs)}, "features": []}}')
    return path


@pytest.mark.parametrize("before", range(60, 110))
def test_a_link_is_found_wherever_a_block_of_the_file_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    monkeypatch.setattr(geojson_crs, "BLOCK", 100)
    for key in ('"crs"', '"\\u0063r\\u0073"'):
        with pytest.raises(UnreadableError, match="coordinate system"):
            require_plain_geojson(written(tmp_path / "v.geojson", before, LINK, key), name="v")


@pytest.mark.parametrize(
    "crs",
    [
        None,
        "EPSG:4326",
        {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
        {"type": "name", "properties": {"name": "http://www.opengis.net/def/crs/EPSG/0/4326"}},
        {"type": "EPSG", "properties": {"code": 4326}},
    ],
)
def test_ordinary_systems_and_columns_of_that_name_are_left_alone(
    tmp_path: Path, crs: object
) -> None:
    require_plain_geojson(written(tmp_path / "v.geojson", 5, crs), name="v")


@pytest.mark.parametrize("text", ['{"crs" /**/ : {}}', "{'crs': {'type': 'link'}}", '{"crs": {"a'])
def test_a_system_that_only_some_readers_understand_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "v.geojson").write_text(text)
    with pytest.raises(UnreadableError, match="cannot be read"):
        require_plain_geojson(tmp_path / "v.geojson", name="v")
