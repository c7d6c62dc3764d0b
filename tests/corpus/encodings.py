"""Names in the encodings of before Unicode, in every kind of file that carries them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from geodata.codepages import Encoding
from geodata.columns import find_columns
from geodata.read import Reading, read
from geodata.study import open_study
from tests import legacy, tiny
from tests.corpus import Case

NAMES = ("Thôn Đông", "Bản Khe Kiền", "Xóm Hữu Lập", "Khối Tân Tiến", "Làng Nghĩa Đàn")
FRENCH = ("Orléans", "Besançon", "Évry", "Mâcon", "Thé")
LAO = ("ວຽງຈັນ", "ຫລວງພະບາງ", "Bokèo", "Phôngsali", "Louang Namthà")
TM3 = (
    'CoordSys Earth Projection 8, 9999, 28, -191.90441429, -39.30318279, -111.45032835, '
    '0.00928836, -0.01975479, 0.00427372, 0.252906278, 0, "m", 104.75, 0, 0.9999, 500000, 0'
)  # fmt: skip
"""VN-2000 with its seven parameters, TM-3 on 104°45′, as a MapInfo file has it."""


def _told(encoding: Encoding, names: tuple[str, ...] = NAMES) -> list[str]:
    return [legacy.misread(name, encoding) for name in names]


def _points(columns: dict[str, list[str]]) -> gpd.GeoDataFrame:
    places = [shapely.Point(105.6882 + k / 100, 18.6734) for k in range(5)]
    return gpd.GeoDataFrame(columns, geometry=places, crs="EPSG:4326")


def _shapefile(columns: dict[str, list[str]], *, cpg: str | None = None) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        _points(columns).to_file(folder / "thon.shp", encoding="ISO-8859-1")
        (folder / "thon.cpg").unlink()
        if cpg is not None:
            (folder / "thon.cpg").write_text(cpg)
        return folder / "thon.shp"

    return make


def _csv(
    columns: dict[str, list[str]], encoding: str, *, misread: Encoding | None = None
) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        table = pd.DataFrame({**columns, "lat": ["18.67"] * 5, "lon": ["105.68"] * 5})
        text = table.to_csv(index=False)
        path = folder / "list.csv"
        path.write_bytes((legacy.misread(text, misread) if misread else text).encode(encoding))
        return path

    return make


def _excel(columns: dict[str, list[str]]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        pd.DataFrame(columns).to_excel(folder / "list.xlsx", index=False)
        return folder / "list.xlsx"

    return make


def _geopackage(columns: dict[str, list[str]]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        _points(columns).to_file(folder / "thon.gpkg")
        return folder / "thon.gpkg"

    return make


def _villages(reading: Reading) -> list[str]:
    column = find_columns(reading.table.columns, ["village"])["village"]
    return [str(name) for name in reading.table[column]]


def _read_right(encoding: str) -> Callable[[Path], None]:
    """The five names come out as they are, and the finding shows them before and after."""

    def check(path: Path) -> None:
        reading = read(path)
        assert _villages(reading) == list(NAMES)
        told = [str(f.sentence) for f in reading.findings if f.kind == "encoding"]
        assert len(told) == 1
        assert f"read as {encoding}" in told[0]
        assert f"→ {NAMES[0]}" in told[0]

    return check


def _untouched(names: tuple[str, ...], column: str = "name") -> Callable[[Path], None]:
    def check(path: Path) -> None:
        reading = read(path)
        assert reading.table[column].tolist() == list(names)
        assert not [f for f in reading.findings if f.kind == "encoding"]

    return check


def _mif(folder: Path, *, charset: str = "Neutral") -> Path:
    """Points of five villages in TM-3, column names and names in TCVN3."""
    head = f'Version 300\nCharset "{charset}"\nDelimiter ","\n{TM3}\nColumns 2\n'
    columns = "  Tªn_th«n Char(40)\n  X· Char(40)\nData\n\n"
    places = [(598773.437 + 500 * k, 2065678.573) for k in range(5)]
    body = "".join(f"Point {x} {y}\n" for x, y in places)
    rows = "".join(f'"{name}","NghÜa Mü"\n' for name in _told("tcvn3"))
    (folder / "thon.mif").write_bytes((head + columns + body).encode("latin-1"))
    (folder / "thon.mid").write_bytes(rows.encode("latin-1"))
    return folder / "thon.mif"


def _mif_western(folder: Path) -> Path:
    return _mif(folder, charset="WindowsLatin1")


def _names_and_places(path: Path) -> None:
    """Names in Unicode and, from VN-2000, places in WGS 84 to the millimetre."""
    reading = read(path)
    assert isinstance(reading.table, gpd.GeoDataFrame)
    assert reading.table.columns[:2].tolist() == ["Tên_thôn", "Xã"]
    assert reading.table["Tên_thôn"].tolist() == list(NAMES)
    assert reading.table["Xã"].tolist() == ["Nghĩa Mỹ"] * 5
    place = reading.table.to_crs("EPSG:4326").geometry.iloc[0]
    assert abs(place.x - 105.6882) < 1e-6
    assert abs(place.y - 18.6734) < 1e-6


def _study_of_mif(folder: Path) -> Path:
    _mif(folder)
    tiny.layers()[0].footprint.to_frame("geometry").to_file(folder / "viettel.gpkg")
    text = (
        'schema = 1\nname = "MIF"\nas_of = 2023-08-30\ncrs = "EPSG:9208"\n\n'
        '[villages]\npath = "thon.mif"\n\n'
        '[[layers]]\noperator = "Viettel"\ntechnology = "4G"\npath = "viettel.gpkg"\n'
    )
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder / "study.toml"


def _study_opens_right(path: Path) -> None:
    study = open_study(path)
    assert study.villages["village"].tolist() == list(NAMES)
    assert study.villages["commune"].tolist() == ["Nghĩa Mỹ"] * 5
    assert any("TCVN3" in str(note) for note in study.notes)
    assert abs(study.villages["centre"].iloc[0].x - 598773.437) < 0.001


def _beside_unicode(path: Path) -> None:
    table = read(path).table
    assert table["Tên thôn"].tolist() == list(NAMES)
    assert table["Xã"].tolist() == list(NAMES)
    assert table["Ghi chú"].tolist() == list(FRENCH)


def _one_form(path: Path) -> None:
    reading = read(path)
    assert _villages(reading) == list(NAMES)
    assert [f.kind for f in reading.findings] == ["unicode-form"]
    assert reading.findings[0].count == 2


def _capitals(path: Path) -> None:
    assert _villages(read(path)) == [name.upper() for name in NAMES]


def _left_with_a_warning(path: Path) -> None:
    reading = read(path)
    assert _villages(reading) == ["NghÖ", "Vinh", "Nam", "Lam", "Sen"]
    assert [(f.kind, f.severity) for f in reading.findings] == [("encoding-doubt", "warning")]
    assert 'encoding = "tcvn3"' in str(reading.findings[0].sentence)
    told = read(path, encoding="tcvn3")
    assert _villages(told)[0] == "Nghệ"


def _western_with_a_warning(path: Path) -> None:
    reading = read(path)
    assert reading.table["name"].tolist() == list(FRENCH)
    assert [(f.kind, f.severity) for f in reading.findings] == [("encoding-doubt", "warning")]


def _as_typed_for_capitals(name: str) -> str:
    """ASCII letters as capitals, letters with marks by the small letters of the font."""
    raised = "".join(letter.upper() if letter.isascii() else letter for letter in name)
    return legacy.misread(raised, "tcvn3")


MIXED_FORMS = [unicodedata.normalize("NFD", n) if k < 2 else n for k, n in enumerate(NAMES)]

CASES = (
    Case(
        name="encodings-dbf-tcvn3-without-cpg",
        make=_shapefile({"TEN_THON": _told("tcvn3")}),
        check=_read_right("TCVN3"),
    ),
    Case(
        name="encodings-dbf-tcvn3-whose-cpg-says-utf-8",
        make=_shapefile({"TEN_THON": _told("tcvn3")}, cpg="UTF-8"),
        check=_read_right("TCVN3"),
    ),
    Case(
        name="encodings-dbf-utf-8-without-cpg",
        make=_shapefile({"TEN_THON": _told("utf-8")}),
        check=_read_right("UTF-8"),
    ),
    Case(
        name="encodings-dbf-vni-whose-cpg-says-1252",
        make=_shapefile({"TEN_THON": _told("vni")}, cpg="1252"),
        check=_read_right("VNI"),
    ),
    Case(name="encodings-mif-tcvn3-in-tm3", make=_mif, check=_names_and_places),
    Case(name="encodings-mif-tcvn3-called-latin1", make=_mif_western, check=_names_and_places),
    Case(name="encodings-study-of-a-tcvn3-mif", make=_study_of_mif, check=_study_opens_right),
    Case(
        name="encodings-csv-cp1258",
        make=_csv({"Thôn": list(NAMES)}, "latin-1", misread="cp1258"),
        check=_read_right("Windows-1258"),
    ),
    Case(
        name="encodings-csv-vni",
        make=_csv({"Thôn": list(NAMES)}, "latin-1", misread="vni"),
        check=_read_right("VNI"),
    ),
    Case(
        name="encodings-csv-tcvn3",
        make=_csv({"Thôn": list(NAMES)}, "latin-1", misread="tcvn3"),
        check=_read_right("TCVN3"),
    ),
    Case(
        name="encodings-csv-utf-16",
        make=_csv({"Thôn": list(NAMES)}, "utf-16"),
        check=_untouched(NAMES, "Thôn"),
    ),
    Case(
        name="encodings-csv-french-in-latin-1",
        make=_csv({"name": list(FRENCH)}, "latin-1"),
        check=_western_with_a_warning,
    ),
    Case(
        name="encodings-xlsx-tcvn3-beside-unicode",
        make=_excel({"Tªn th«n": _told("tcvn3"), "Xã": list(NAMES), "Ghi chú": list(FRENCH)}),
        check=_beside_unicode,
    ),
    Case(
        name="encodings-gpkg-tcvn3",
        make=_geopackage({"Tªn th«n": _told("tcvn3")}),
        check=_read_right("TCVN3"),
    ),
    Case(
        name="encodings-gpkg-mixed-nfc-and-nfd",
        make=_geopackage({"Tên thôn": MIXED_FORMS}),
        check=_one_form,
    ),
    Case(
        name="encodings-xlsx-capital-font",
        make=_excel({"TH¤N": [_as_typed_for_capitals(name) for name in NAMES]}),
        check=_capitals,
    ),
    Case(
        name="encodings-xlsx-french-names",
        make=_excel({"name": list(FRENCH)}),
        check=_untouched(FRENCH),
    ),
    Case(
        name="encodings-gpkg-lao-names",
        make=_geopackage({"name": list(LAO)}),
        check=_untouched(LAO),
    ),
    Case(
        name="encodings-too-few-words-to-tell",
        make=_excel({"Thôn": ["NghÖ", "Vinh", "Nam", "Lam", "Sen"]}),
        check=_left_with_a_warning,
    ),
    Case(
        name="encodings-csv-that-is-no-text",
        make=lambda folder: _binary(folder / "list.csv"),
        check=lambda path: _villages(read(path)).clear(),
        refused="is not text",
    ),
)  # fmt: skip


def _binary(path: Path) -> Path:
    path.write_bytes(b"ten,xa\n\xff\x01\x02,\xfe\n")
    return path
