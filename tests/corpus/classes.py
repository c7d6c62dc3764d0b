"""Polygons that say they are no coverage: classes of polygonised rasters, words, levels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
from shapely import box

from geodata.filing import Filed
from tests import tiny
from tests.corpus import Case
from tests.corpus._layers import X0, Y0, km2, read

SAID = {"operator": "Viettel", "technology": "4G"}
TILES = (
    box(X0, Y0, X0 + 1000, Y0 + 1000),
    box(X0 + 1000, Y0, X0 + 3000, Y0 + 1000),
    box(X0 + 3000, Y0, X0 + 6000, Y0 + 1000),
)
"""Of 1, 2 and 3 km², side by side, as those of a polygonised raster."""

APART = (TILES[0], box(X0 + 9000, Y0 + 9000, X0 + 11_000, Y0 + 10_000))
"""Of 1 and 2 km², as footprints lie."""


def _tiles(name: str, values: list[object]) -> Callable[[Path], Path]:
    """Polygons side by side with a column of classes."""

    def make(folder: Path) -> Path:
        path = folder / "viettel.gpkg"
        shapes = list(TILES[: len(values)])
        gpd.GeoDataFrame({name: values}, geometry=shapes, crs=tiny.CRS).to_file(path)
        return path

    return make


def _apart(**columns: list[object]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / "viettel.gpkg"
        gpd.GeoDataFrame(columns, geometry=list(APART), crs=tiny.CRS).to_file(path)
        return path

    return make


def _doubts(found: Filed) -> dict[str, str]:
    return {one.kind: str(one.sentence) for one in found.findings if one.severity != "note"}


def _background(left_out: str, **said: object) -> Callable[[Path], None]:
    """The first tile alone counts, and what does not is told with its area."""

    def check(path: Path) -> None:
        found = read(path, "", **SAID, **said)
        assert km2(found) == {"Viettel 4G": 1.0}
        assert left_out in _doubts(found)["classes"]

    return check


def _as_said(km2_right: float, **said: object) -> Callable[[Path], None]:
    """What the entry says counts, without a warning."""

    def check(path: Path) -> None:
        found = read(path, "", **SAID, **said)
        assert km2(found) == {"Viettel 4G": km2_right}
        assert _doubts(found) == {}

    return check


def _sound(path: Path) -> None:
    found = read(path, "", **SAID)
    assert km2(found) == {"Viettel 4G": 3.0}
    assert _doubts(found) == {}


def _asked(path: Path) -> None:
    read(path, "", **SAID)


def _fills(path: Path) -> None:
    found = read(path, "", **SAID)
    assert km2(found) == {"Viettel 4G": 3.0}
    assert "1: 1.0 km²" in _doubts(found)["classes-doubt"]
    _as_said(2.0, classes=(2,))(path)


def _unnamed(path: Path) -> None:
    """Numbers under any name, of polygons that fill the whole area, are doubted."""
    found = read(path, "", **SAID)
    assert km2(found) == {"Viettel 4G": 3.0}
    assert "km²" in _doubts(found)["classes-doubt"]


def _silent(path: Path) -> None:
    """Background without a value is doubted, and left out where classes are said."""
    found = read(path, "", **SAID)
    assert "1: 1.0 km²; –: 2.0 km²" in _doubts(found)["classes-doubt"]
    _as_said(1.0, classes=(1,))(path)


def _threshold_in_vain(path: Path) -> None:
    found = read(path, "", threshold_dbm=-105.0, **SAID)
    assert "threshold_dbm in its entry has no effect" in _doubts(found)["key-without-effect"]


def _in_vain(path: Path) -> None:
    """Every key that means nothing for plain polygons is told."""
    keys = {"strongest_dbm": -30.0, "classes": (1,), "reach_m": 5000.0, "reach_cap_m": 9000.0}
    found = read(path, "", **SAID, **keys)
    told = [str(one.sentence) for one in found.findings if one.kind == "key-without-effect"]
    assert len(told) == len(keys)
    for key in keys:
        assert any(f"{key} in its entry has no effect" in one for one in told), key


BACKGROUND = {
    "dn": ("DN", [1, 0]),
    "gridcode": ("gridcode", [1, 0]),
    "grid-code-as-text": ("GRID_CODE", ["1", "0"]),
    "value": ("Value", [1.0, 0.0]),
    "class": ("CLASS", [3, 0]),
    "loai": ("LOẠI", [1, 0]),
    "level": ("level", ["2", "0"]),
    "khong-co-song": ("LOAI", ["Có sóng", "Không có sóng"]),
    "khong": ("phu_song", ["Có", "Không"]),
    "no": ("covered", ["yes", "NO"]),
    "true-and-false": ("covered", [True, False]),
    "numbered": ("class", ["1 - có sóng", "0 - không có sóng"]),
    "of-4g": ("mo_ta", ["Vùng có sóng 4G", "Vùng không có sóng 4G"]),
    "lom-song": ("PHAN_LOAI", ["Tốt", "Lõm sóng"]),
    "no-coverage-in-any-column": ("ghi_chu", ["Vùng 1", "no coverage"]),
    "trang-song-in-any-column": ("mo_ta", ["sóng tốt", "TRẮNG SÓNG"]),
    "percent": ("phu_song", ["85 %", "0 %"]),
    "percent-with-commas": ("ty_le_phu", ["85,5%", "0,0%"]),
    "no-coverage-in-one-word": ("cls", ["Coverage", "NoCoverage"]),
    "chua-co": ("tinh_trang", ["Đã có", "chưa có"]),
    "none": ("cov", ["4G", "none"]),
}
LEFT_OUT = {
    "khong-co-song": "Không có sóng: 2.0 km²",
    "khong": "Không: 2.0 km²",
    "no": "NO: 2.0 km²",
    "numbered": "0 - không có sóng: 2.0 km²",
    "of-4g": "Vùng không có sóng 4G: 2.0 km²",
    "lom-song": "Lõm sóng: 2.0 km²",
    "no-coverage-in-any-column": "no coverage: 2.0 km²",
    "trang-song-in-any-column": "TRẮNG SÓNG: 2.0 km²",
    "no-coverage-in-one-word": "NoCoverage: 2.0 km²",
    "chua-co": "chưa có: 2.0 km²",
    "none": "none: 2.0 km²",
}

SOUND = {
    "level-of-one": {"level": [1, 1]},
    "value-of-each": {"value": [12.5, 17.25]},
    "class-of-two": {"class": ["A", "B"]},
    "classes-of-numbers": {"class": [1, 2]},
    "dn-of-one": {"DN": [1, 1]},
    "strong-signal": {"RSRP": [-85.0, -95.0]},
    "coverage-outdoor": {"coverage": ["Outdoor", "Indoor"]},
    "status-on-air": {"trang_thai": ["Đang hoạt động", "Phát sóng"]},
    "sites-in-each": {"so_tram": [0, 3]},
    "nothing-told": {"ghi_chu": [None, "không"]},
    "quality-in-words": {"signal": ["strong", "medium"]},
    "yes-and-no-of-footprints": {"trong_nha": ["có", "không"]},
    "flags-of-footprints": {"indoor": [True, False]},
    "strong-levels-unnamed": {"field_1": [-65, -85]},
    "longitudes": {"lon": [-77.1, -105.3]},
}

UNNAMED = {
    "numbers": ("tt", [1, 0]),
    "numbers-as-text": ("tt", ["1", "0"]),
    "levels": ("field_1", [-85, -130]),
    "levels-as-text": ("field_1", ["-85,5", "-130,2"]),
    "yes-and-no": ("ghi_chu", ["có", "không"]),
    "yes-and-no-of-flags": ("flag", [True, False]),
    "background": ("layer", ["4G", "background"]),
    "khong-phu": ("vung", ["Phủ", "Không phủ"]),
    "percent": ("pct_cov", [95, 3]),
}

ASKED = {
    "dn-of-three": (("DN", [1, 2, 0]), "which of them are coverage is not said"),
    "dn-of-two": (("DN", [1, 2]), "1: 1.0 km²"),
    "dn-of-background-alone": (("DN", [0, 0]), "0: 3.0 km²"),
    "levels": (("RSRP", [-85, -130]), "write threshold_dbm = …"),
    "levels-as-text": (("dBm", ["-85 dBm", "-110,5 dBm"]), "-85: 1.0 km²"),
    "levels-in-a-column-of-values": (("value", [-85, -130]), "write threshold_dbm = …"),
    "ranges-of-levels": (("rsrp", ["-75 … -95", "-95 … -110"]), "write those that are as classes"),
    "no-in-all-rows": (("phu_song", ["không", "không"]), "không: 3.0 km²"),
}

CASES = (
    *(
        Case(
            name=f"classes-background-{name}",
            make=_tiles(column, values),
            check=_background(LEFT_OUT.get(name, "0: 2.0 km²")),
        )
        for name, (column, values) in BACKGROUND.items()
    ),
    *(
        Case(name=f"classes-sound-{name}", make=_apart(**columns), check=_sound)
        for name, columns in SOUND.items()
    ),
    *(
        Case(
            name=f"classes-asked-{name}",
            make=_tiles(column, values),
            check=_asked,
            refused=sentence,
        )
        for name, ((column, values), sentence) in ASKED.items()
    ),
    Case(name="classes-that-fill-the-area", make=_tiles("class", [1, 2]), check=_fills),
    *(
        Case(name=f"classes-unnamed-{name}", make=_tiles(column, values), check=_unnamed)
        for name, (column, values) in UNNAMED.items()
    ),
    Case(
        name="classes-levels-unnamed-apart",
        make=_apart(field_1=[-85, -130]),
        check=_unnamed,
    ),
    Case(
        name="classes-threshold-of-levels-unnamed",
        make=_tiles("field_1", ["-85", "-130"]),
        check=_as_said(1.0, class_column="field_1", threshold_dbm=-105.0),
    ),
    *(
        Case(
            name=f"classes-in-a-description-{name}",
            make=_tiles("Description", [text.format(1), text.format(0)]),
            check=_background("0"),
        )
        for name, text in (
            ("pair", "DN={}"),
            ("lines", "Source: R7<br/>DN: {}<br/>"),
            ("table", "<table><tr><td>Ward</td><td>A</td></tr><tr><td>DN</td><td>{}</td></tr>"),
        )
    ),
    Case(
        name="classes-in-a-description-sound",
        make=_apart(Description=["Type: macro", "Type: small cell"]),
        check=_sound,
    ),
    Case(name="classes-of-which-one-is-empty", make=_tiles("DN", [1, None]), check=_silent),
    Case(
        name="classes-said",
        make=_tiles("DN", [1, 2, 0]),
        check=_as_said(3.0, classes=(1, 2)),
    ),
    Case(
        name="classes-said-in-words",
        make=_tiles("LOAI", ["Có sóng", "Sóng yếu", "Không"]),
        check=_as_said(3.0, classes=("có sóng", "Sóng yếu")),
    ),
    Case(
        name="classes-said-of-a-column",
        make=_tiles("ma_vung", [10, 20, 30]),
        check=_as_said(2.0, classes=(20,), class_column="ma_vung"),
    ),
    Case(
        name="classes-said-that-do-not-occur",
        make=_tiles("DN", [1, 2]),
        check=_as_said(3.0, classes=(1, 7)),
        refused="class 7 does not occur in DN",
    ),
    Case(
        name="classes-threshold",
        make=_tiles("RSRP", [-85, -130]),
        check=_as_said(1.0, threshold_dbm=-105.0),
    ),
    Case(
        name="classes-threshold-of-text",
        make=_tiles("muc_dbm", ["-85 dBm", "-130 dBm"]),
        check=_as_said(1.0, threshold_dbm=-105.0),
    ),
    Case(name="classes-threshold-in-vain", make=_apart(name=["a", "b"]), check=_threshold_in_vain),
    Case(name="classes-keys-in-vain", make=_apart(name=["a", "b"]), check=_in_vain),
)
