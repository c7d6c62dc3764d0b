"""Which files belong to another, and which of them change what it means."""

from __future__ import annotations

from pathlib import Path

from geodata.parts import digested_parts, parts_of
from geodata.study.inputs import digests_of

NAMES = (
    "v.tif", "v.tif.msk", "v.TIF.AUX.XML", "v.tif.ovr", "v.tfw", "v.dbf", "v.shp", "v.prj",
    "v.shp.xml", "w.tif.msk", "v.tif.msk.txt",
)  # fmt: skip


def test_a_raster_has_its_mask_metadata_overviews_and_place_and_no_parts_of_a_shapefile(
    tmp_path: Path,
) -> None:
    for name in NAMES:
        (tmp_path / name).write_text(name)
    raster = set(parts_of(tmp_path / "v.tif"))
    assert raster == {".tif.msk", ".tif.aux.xml", ".tif.ovr", ".tfw"}
    assert set(digested_parts(tmp_path / "v.tif")) == raster - {".tif.ovr"}
    assert set(parts_of(tmp_path / "v.shp")) == {".dbf", ".prj", ".tfw"}


def test_a_digest_follows_the_mask_and_not_the_overviews(tmp_path: Path) -> None:
    path = tmp_path / "v.tif"
    path.write_bytes(b"raster")
    alone = digests_of([path], tmp_path)
    (tmp_path / "v.tif.ovr").write_bytes(b"overviews")
    (tmp_path / "v.dbf").write_bytes(b"of a table")
    assert digests_of([path], tmp_path) == alone
    (tmp_path / "v.tif.msk").write_bytes(b"mask")
    assert digests_of([path], tmp_path) != alone
