"""Units in time: codes used again, names that repeat, lists of another structure, split villages.

Two rows of squares of 3 km stand for communes, with real codes and names; villages are squares
of 1 km or points in them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
from shapely import Point, box
from shapely.geometry.base import BaseGeometry

from geodata import Study, open_study
from geodata.access import Rights, restrict
from geodata.study.assess import assess_study
from geodata.study.places import structures_of
from geodata.study.unit_report import unit_cases, unit_findings
from tests import tiny
from tests.corpus import Case

X, Y = tiny.X0, tiny.Y0
OLD = (("17329", "Thị trấn Anh Sơn", "424"), ("17341", "Xã Tam Sơn", "424"),
       ("17344", "Xã Đỉnh Sơn", "424"), ("17365", "Xã Hùng Sơn", "424"))  # fmt: skip
NEW = (("17329", "Xã Anh Sơn", ""), ("17344", "Xã Nhân Hòa", ""))
DISTRICTS = (("424", "Huyện Anh Sơn"),)

HEAD = """
schema = 1
name = "Units"
as_of = {as_of}
crs = "EPSG:9208"
rule = "vn-village"

[villages]
path = "villages.gpkg"
radius_m = 400

[[layers]]
operator = "Alpha"
technology = "4G"
path = "alpha.gpkg"
"""

Village = tuple[dict[str, str], BaseGeometry]


def square(k: float, width: float = 1000, *, row: int = 0) -> BaseGeometry:
    """A village ``k`` kilometres from the west."""
    return box(X + 1000 * k, Y + 1000 * row, X + 1000 * k + width, Y + 1000 * row + 1000)


def communes(
    rows: Sequence[tuple[str, str, str]], *, km: int = 3, code: str = "code", name: str = "name"
) -> gpd.GeoDataFrame:
    """Squares of ``km`` side by side."""
    table = pd.DataFrame(
        {
            code: [r[0] for r in rows],
            name: [r[1] for r in rows],
            "district_code": [r[2] for r in rows],
        }
    )
    if not any(r[2] for r in rows):
        table = table.drop(columns="district_code")
    shapes = [
        box(X + 1000 * km * k, Y, X + 1000 * km * (k + 1), Y + 3000) for k in range(len(rows))
    ]
    return gpd.GeoDataFrame(table, geometry=shapes, crs=tiny.CRS)


def district_file(rows: Sequence[tuple[str, str]], km: int = 12) -> gpd.GeoDataFrame:
    """Districts side by side."""
    table = pd.DataFrame(rows, columns=["code", "name"])
    shapes = [
        box(X + 1000 * km * k, Y, X + 1000 * km * (k + 1), Y + 3000) for k in range(len(rows))
    ]
    return gpd.GeoDataFrame(table, geometry=shapes, crs=tiny.CRS)


def study(
    folder: Path,
    villages: Sequence[Village],
    structures: Sequence[tuple[str, gpd.GeoDataFrame | None, gpd.GeoDataFrame | None]] = (),
    *,
    as_of: str = "2023-08-30",
) -> Path:
    """Write a study; a structure is its day, its communes and its districts."""
    rows = [
        {"village_id": f"v{k}", "village": f"Xóm {k}", **told}
        for k, (told, _) in enumerate(villages, 1)
    ]
    table = gpd.GeoDataFrame(rows, geometry=[shape for _, shape in villages], crs=tiny.CRS)
    table.to_file(folder / "villages.gpkg")
    gpd.GeoDataFrame(geometry=[square(0)], crs=tiny.CRS).to_file(folder / "alpha.gpkg")
    text = HEAD.format(as_of=as_of)
    for day, *tables in structures:
        text += f"\n[[units]]\nvalid_from = {day}\n"
        for level, units in zip(("communes", "districts"), tables, strict=True):
            if units is not None:
                units.to_file(folder / f"{level}_{day}.gpkg")
                text += f'{level} = "{level}_{day}.gpkg"\n'
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder / "study.toml"


def old() -> tuple[str, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    return "2023-01-01", communes(OLD), district_file(DISTRICTS)


def new() -> tuple[str, gpd.GeoDataFrame, None]:
    return "2025-07-01", communes(NEW, km=6), None


def kinds(opened: Study) -> dict[str, list[str]]:
    """The villages of each kind of case in the structure in force."""
    cases = unit_cases(opened)
    assert sum(one.count for one in unit_findings(opened)) == len(cases)
    return {str(k): rows["village_id"].tolist() for k, rows in cases.groupby("kind")}


def codes(opened: Study, level: str = "commune") -> list[object]:
    found = opened.villages[f"{level}_code"]
    return [None if pd.isna(code) else code for code in found]


def _reused(folder: Path) -> Path:
    return study(folder, [({}, square(k)) for k in (1, 4, 7, 10)], [old(), new()])


def _two_territories(path: Path) -> None:
    first, second = structures_of(open_study(path))
    held = [list(s.places.index[s.inside("commune", "17329")]) for s in (first, second)]
    assert held == [["v1"], ["v1", "v2"]]
    assert [s.units("commune")["17329"] for s in (first, second)] == [
        "Thị trấn Anh Sơn", "Xã Anh Sơn",
    ]  # fmt: skip


def _with_day(path: Path) -> None:
    run = assess_study(open_study(path))
    for told, seen in (("17329@2023-01-01", ["v1"]), ("17329@2025", ["v1", "v2"])):
        part = restrict(run, Rights(communes=frozenset({told})))
        assert list(part.study.villages.index) == seen


def _without_day(path: Path) -> None:
    restrict(assess_study(open_study(path)), Rights(communes=frozenset({"17329"})))


def _no_code(folder: Path) -> Path:
    return study(folder, [({}, square(1))], [("2023-01-01", communes(OLD, code="stt2"), None)])


def _twice(folder: Path) -> Path:
    return study(folder, [({}, square(1))], [("2023-01-01", communes([OLD[0], OLD[0]]), None)])


def _no_file(folder: Path) -> Path:
    path = study(folder, [({}, square(1))])
    path.write_text(path.read_text("utf-8") + "\n[[units]]\nvalid_from = 2023-01-01\n", "utf-8")
    return path


VAN = tuple(
    (code, "Xã Đồng Văn", district)
    for code, district in (("17287", "423"), ("16744", "415"), ("17764", "428"))
)


def _repeated(folder: Path) -> Path:
    told = [
        ({"Xã": "Đồng Văn", "Huyện": "Quế Phong"}, square(4)),
        ({"Xã": "Xã Đồng Văn", "Huyện": "H. Thanh Chương"}, square(7)),
        ({"Xã": "Đồng Văn", "Huyện": ""}, square(1)),
    ]
    above = (("423", "Huyện Tân Kỳ"), ("415", "Huyện Quế Phong"), ("428", "Huyện Thanh Chương"))
    return study(folder, told, [("2023-01-01", communes(VAN), district_file(above, 3))])


def _told_apart(path: Path) -> None:
    opened = open_study(path)
    assert codes(opened) == ["16744", "17764", "17287"]
    assert codes(opened, "district") == ["415", "428", "423"]
    assert kinds(opened) == {"unit-name-several": ["v3"]}


def _by_name(folder: Path) -> Path:
    names = (("TT. Anh Sơn", 1), ("dinh son", 7), ("X. Hùng Sơn", 10))
    told = [({"Xã": name}, square(k)) for name, k in names]
    return study(folder, told, [old()])


def _named(path: Path) -> None:
    opened = open_study(path)
    assert codes(opened) == ["17329", "17344", "17365"]
    assert codes(opened, "district") == ["424"] * 3
    assert kinds(opened) == {}


def _no_districts(folder: Path) -> Path:
    told = [({"Mã huyện": "424", "Huyện": "Huyện Anh Sơn", "Xã": "Xã Anh Sơn"}, square(1))]
    return study(folder, told, [new()], as_of="2025-08-30")


def _communes_alone(path: Path) -> None:
    opened = open_study(path)
    (structure,) = structures_of(opened)
    assert structure.levels == ("commune",)
    assert opened.villages["district"].tolist() == ["Huyện Anh Sơn"]
    assert codes(opened) == ["17329"]


def _outside(folder: Path) -> Path:
    apart = communes(OLD).drop(index=1)
    return study(folder, [({}, square(1)), ({}, square(4))], [("2023-01-01", apart, None)])


def _in_none(path: Path) -> None:
    opened = open_study(path)
    assert codes(opened) == ["17329", None]
    assert kinds(opened) == {"unit-none": ["v2"]}


def _crossing(folder: Path) -> Path:
    return study(folder, [({}, square(2.6)), ({}, square(2.05))], [old()])


def _split(path: Path) -> None:
    cases = unit_cases(open_study(path))
    assert cases["village_id"].tolist() == ["v1"]  # of v2 only a twentieth lies beyond
    row = cases.iloc[0]
    assert (row["kind"], row["code"], row["second_code"]) == ("unit-split", "17341", "17329")
    assert abs(row["share"] - 0.6) < 1e-9
    assert abs(row["second_share"] - 0.4) < 1e-9


def _point(folder: Path) -> Path:
    return study(folder, [({}, Point(X + 3100, Y + 500)), ({}, Point(X + 2900, Y + 500))], [old()])


def _where_the_point_is(path: Path) -> None:
    opened = open_study(path)
    assert codes(opened) == ["17341", "17329"]
    assert kinds(opened) == {}  # the disc is ours: that it reaches over a border says nothing


def _contradicting(folder: Path) -> Path:
    told = [
        ({"Mã xã": "17329", "Xã": "Xã Đỉnh Sơn"}, square(7)),  # it lies where its name says
        ({"Mã xã": "17329", "Xã": "Xã Đỉnh Sơn"}, square(1)),  # it lies where its code says
    ]
    return study(folder, told, [old()])


def _code_or_name(path: Path) -> None:
    opened = open_study(path)
    assert codes(opened) == ["17344", "17329"]
    assert opened.villages["commune"].tolist() == ["Xã Đỉnh Sơn", "Thị trấn Anh Sơn"]
    assert kinds(opened) == {"unit-code-name": ["v1", "v2"]}


def _elsewhere(folder: Path) -> Path:
    told = [({"Mã xã": "17341", "Xã": "Xã Tam Sơn"}, square(k)) for k in (4, 10)]
    return study(folder, told, [old()])


def _file_is_followed(path: Path) -> None:
    opened = open_study(path)
    assert codes(opened) == ["17341", "17341"]
    assert kinds(opened) == {"unit-name-differs": ["v2"]}
    (found,) = unit_findings(opened)
    assert found.rows == (2,)
    assert found.places is not None
    assert len(found.places) == 1


def _list_of_2023(folder: Path) -> Path:
    told = [
        ({"Xã": name, "Huyện": "Anh Sơn"}, square(k))
        for name, k in (("TT Anh Sơn", 1), ("Xã Thạch Sơn", 4), ("Xã Tam Sơn", 7), ("Hùng Sơn", 10))
    ]
    return study(folder, told, [new()], as_of="2025-08-30")


def _carried(path: Path) -> None:
    opened = open_study(path)
    assert codes(opened) == ["17329", "17329", "17344", "17344"]
    assert opened.villages["commune"].tolist()[:3] == ["Xã Anh Sơn", "Xã Anh Sơn", "Xã Nhân Hòa"]
    assert kinds(opened) == {"unit-carried": ["v1", "v2", "v3", "v4"]}


def _without_units(folder: Path) -> Path:
    told = [
        ({"Mã xã": code, "Xã": name, "Mã huyện": district, "Huyện": above}, square(k))
        for k, (code, name, district, above) in enumerate(
            (
                ("17371", "Xã Thạch Sơn", "424", "Huyện Anh Sơn"),
                ("17251", "Xã Chi Khê", "422", "Huyện Con Cuông"),
                ("16717", "Phường Nghi Thuỷ", "413", "Thị xã Cửa Lò"),
            )
        )
    ]
    return study(folder, told)


def _three_structures(path: Path) -> None:
    opened = open_study(path)
    structures = structures_of(opened)
    assert [s.valid_from.isoformat() for s in structures] == [
        "2023-01-01", "2024-12-01", "2025-07-01",
    ]  # fmt: skip
    assert structures[1].places["commune"].tolist() == [
        "Thị trấn Kim Nhan", "Xã Chi Khê", "Phường Nghi Thủy",
    ]  # fmt: skip
    assert structures[1].places["district_code"].tolist() == ["424", "422", "412"]
    assert structures[2].places["commune_code"].tolist() == ["17329", "17254", "16732"]
    assert kinds(opened) == {"unit-carried-split": ["v2"]}  # a part of Chi Khê became Trà Lân


def _districts_alone(folder: Path) -> Path:
    wards = communes(NEW, km=6, code="ward_code", name="ward_full_name")
    named = district_file((("424", "Huyện Anh Sơn"), ("422", "Huyện Con Cuông")), 6)
    named = named.rename(columns={"code": "district_code", "name": "district_name"})
    structures = [("2023-01-01", None, named), ("2025-07-01", wards, None)]
    return study(folder, [({}, square(1)), ({}, square(7))], structures)


def _each_has_its_level(path: Path) -> None:
    before, after = structures_of(open_study(path))
    assert (before.levels, after.levels) == (("district",), ("commune",))
    assert before.places["district_code"].tolist() == ["424", "422"]
    assert after.places["commune"].tolist() == ["Xã Anh Sơn", "Xã Nhân Hòa"]


def _unknown_code(folder: Path) -> Path:
    return study(folder, [({"Mã xã": "99999", "Xã": "Xã Lạ"}, square(4))], [old()])


def _by_place(path: Path) -> None:
    opened = open_study(path)
    assert codes(opened) == ["17341"]
    assert kinds(opened) == {"unit-code-foreign": ["v1"]}


def _opens(path: Path) -> None:
    open_study(path)


def _case(
    name: str, make: Callable[[Path], Path], check: Callable[[Path], None], refused: str = ""
) -> Case:
    return Case(name=f"units-{name}", make=make, check=check, refused=refused)


CASES = (
    _case("code-used-again", _reused, _two_territories),
    _case("rights-with-a-day", _reused, _with_day),
    _case("rights-without-a-day", _reused, _without_day, "another area in the units"),
    _case("file-without-code-column", _no_code, _opens, "no column for the code"),
    _case("code-twice-in-a-file", _twice, _opens, "17329 is missing or repeated"),
    _case("structure-without-a-file", _no_file, _opens, "names no file"),
    _case("name-of-three-communes", _repeated, _told_apart),
    _case("commune-by-name-alone", _by_name, _named),
    _case("districts-gone-since-july-2025", _no_districts, _communes_alone),
    _case("village-in-no-unit", _outside, _in_none),
    _case("village-over-a-border", _crossing, _split),
    _case("point-near-a-border", _point, _where_the_point_is),
    _case("code-against-name", _contradicting, _code_or_name),
    _case("place-against-file", _elsewhere, _file_is_followed),
    _case("list-of-2023-in-units-of-2025", _list_of_2023, _carried),
    _case("list-of-2023-without-any-units", _without_units, _three_structures),
    _case("districts-alone-and-wards-of-2025", _districts_alone, _each_has_its_level),
    _case("code-nobody-knows", _unknown_code, _by_place),
)  # fmt: skip
