"""Tables of cells that lost something on their way: rows, values, zeros, places."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import geopandas as gpd
import xlsxwriter
from shapely import box
from xlsxwriter.worksheet import Worksheet

from geodata.columns import numbers
from geodata.read import read, read_table
from geodata.study.open import open_study
from tests import tiny
from tests.corpus import Case

HEAD = "Mã thôn,Tên thôn,Kinh độ,Vĩ độ\n"
X0, Y0 = tiny.X0, tiny.Y0


def _is_read(path: Path) -> None:
    read(path)


def _csv(folder: Path, body: str) -> Path:
    path = folder / "v.csv"
    path.write_text(HEAD + body, encoding="utf-8")
    return path


def _text(folder: Path, text: str) -> Path:
    path = folder / "v.xls"
    path.write_text(text, encoding="utf-8")
    return path


def _book(folder: Path, fill: Callable[[Worksheet], object]) -> Path:
    path = folder / "v.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("Danh sách")
        page.write_row(0, 0, ["Thôn", "Dân số", "Kinh độ", "Vĩ độ"])
        page.write_row(1, 0, ["Xóm 1", 10, 105.7, 18.6])
        fill(page)
    return path


def _formula(value: object) -> Callable[[Worksheet], object]:
    return lambda page: page.write_formula(1, 1, "=4+6", None, value)


def _without_value(folder: Path) -> Path:
    """As openpyxl writes a formula: without any value."""
    path = _book(folder, _formula(10))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b"<v>10</v>", b"<v></v>")
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b' fullCalcOnLoad="1"', b"")
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return path


def _ten_people(path: Path) -> None:
    assert numbers(read_table(path)["Dân số"], field="population", file="v").tolist() == [10.0]


def _error_stays(path: Path) -> None:
    held = read(path)
    assert held.table["Dân số"].tolist() == ["#N/A"]
    (found,) = held.findings
    assert (found.kind, found.severity, found.rows) == ("error-cells", "warning", (2,))
    assert "first: #N/A in row 2, column Dân số" in str(found.sentence)


def _lines_stay(path: Path) -> None:
    table = read_table(path)
    assert table["Tên thôn"].tolist() == ["Xóm 1\n(cũ: Bản A, B)", "Xóm 2, khối 3"]
    assert table["Kinh độ"].tolist() == ["105.1", "105.2"]


ODS = (
    '<?xml version="1.0"?><office:document-content '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:calcext='
    '"urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"><office:body>'
    '<office:spreadsheet><table:table table:name="S">{}</table:table></office:spreadsheet>'
    "</office:body></office:document-content>"
)
WORD = '<table:table-cell office:value-type="string"><text:p>{0}</text:p></table:table-cell>'
NUMBER = (
    '<table:table-cell office:value-type="float" office:value="{0}"><text:p>{0}</text:p>'
    "</table:table-cell>"
)
FAILED = (
    '<table:table-cell table:formula="of:=NA()" office:value-type="string" '
    'calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>'
)
UNTOLD = '<table:table-cell table:formula="of:=4+6"/>'
FAR = '<table:table-cell table:number-columns-repeated="16383"/>' + NUMBER.format(1)


def _ods(folder: Path, people: str, *, more: str = "") -> Path:
    cells = WORD.format("Xóm 1") + people + NUMBER.format(105.7) + NUMBER.format(18.6)
    head = "".join(map(WORD.format, ("Thôn", "Dân số", "Kinh độ", "Vĩ độ")))
    empty = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/>'
    rows = [head, cells, *([more] if more else [])]
    told = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    path = folder / "v.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", ODS.format(f"{told}{empty}</table:table-row>"))
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return path


def _kinds(path: Path, kinds: list[str]) -> None:
    assert [one.kind for one in read(path).findings] == kinds


STUDY = """
schema = 1
name = "tiny"
as_of = 2023-08-30
crs = "EPSG:9208"
rule = "vn-village"
[villages]
path = "villages.gpkg"
[[units]]
valid_from = 2023-01-01
communes = "communes.gpkg"
districts = "districts.gpkg"
"""


def _study(
    folder: Path, villages: gpd.GeoDataFrame, communes: dict[str, object], districts: list[object]
) -> Path:
    halves = [
        box(X0 - 10, Y0 - 10, X0 + 1500, Y0 + 3010),
        box(X0 + 1500, Y0 - 10, X0 + 3010, Y0 + 3010),
    ]
    areas = {"geometry": halves, "crs": tiny.CRS}
    villages.to_file(folder / "villages.gpkg")
    gpd.GeoDataFrame({"name": ["Xã Một", "Xã Hai"], **communes}, **areas).to_file(
        folder / "communes.gpkg"
    )
    gpd.GeoDataFrame({"code": districts, "name": ["Quận Một", "Quận Hai"]}, **areas).to_file(
        folder / "districts.gpkg"
    )
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return folder


def _named(**columns: object) -> gpd.GeoDataFrame:
    held = tiny.villages().reset_index()
    return held[["village_id", "village", "geometry"]].assign(**columns)


def _whole_codes(path: Path) -> None:
    """Every village has code and name of both levels, and the codes have their zeros."""
    study = open_study(path)
    units = study.villages[["commune_code", "commune", "district_code", "district"]]
    assert {tuple(row) for row in units.itertuples(index=False)} == {
        ("00001", "Xã Một", "001", "Quận Một"),
        ("00004", "Xã Hai", "002", "Quận Hai"),
    }
    assert study.units[0].districts is not None
    assert study.units[0].districts.index.tolist() == ["001", "002"]


WHOLE = {"code": ["00001", "00004"], "district_code": ["001", "002"]}
BARE = {"code": [1, 4], "district_code": [1, 2]}
COMMUNES = ["00001", "00001", "00004"] * 3
DISTRICTS = ["001", "001", "002"] * 3


def _list_without_zeros(folder: Path) -> Path:
    """Villages of ids with zeros, and a list to be matched that a spreadsheet took them from."""
    held = tiny.villages().reset_index()
    held["village_id"] = [f"{k:03}" for k in range(1, 10)]
    columns = ["village_id", "village", "commune", "geometry"]
    path = _study(folder, held[columns], WHOLE, ["001", "002"])
    rows = [f"{k},Xóm {k},Xã {(k - 1) // 3},{10 * k}" for k in range(1, 10)]
    (folder / "list.csv").write_text("\n".join(["Mã thôn,Thôn,Xã,Dân số", *rows]), encoding="utf-8")
    text = STUDY.replace('path = "villages.gpkg"', 'path = "villages.gpkg"\nlist = "list.csv"')
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return path


def _ids_have_zeros(path: Path) -> None:
    villages = open_study(path).villages
    assert villages.index.tolist() == [f"{k:03}" for k in range(1, 10)]
    assert villages["population"].tolist() == [10.0 * k for k in range(1, 10)]


def _in_two_rows(
    folder: Path, *, of_other_people: bool = False, in_one_place: bool = False
) -> Path:
    held = tiny.villages().reset_index()
    held = held[["village", "commune", "population", "geometry"]]
    held.loc[4, ["village", "commune"]] = held.loc[3, ["village", "commune"]]
    if not of_other_people:
        held.loc[4, "population"] = held.loc[3, "population"]
    if in_one_place:
        held.loc[4, "geometry"] = held.loc[3, "geometry"]
    return _study(folder, held, WHOLE, ["001", "002"])


def _spelt(folder: Path, names: tuple[str, str]) -> Path:
    """Rows 4 and 5 of one commune and as many people, under these names."""
    held = tiny.villages().reset_index()[["village", "commune", "population", "geometry"]]
    held.loc[4, ["commune", "population"]] = held.loc[3, ["commune", "population"]]
    held.loc[[3, 4], "village"] = names
    return _study(folder, held, WHOLE, ["001", "002"])


def _warned(path: Path, rows: tuple[int, ...]) -> None:
    found = [one for one in open_study(path).warnings if one.kind == "village-in-rows"]
    assert [one.rows for one in found] == ([rows] if rows else [])


OPEN = "look there for a quotation mark that nothing closes"
UNCOMPUTED = "hold formulas that no spreadsheet has computed (first: B2)"

CASES = (
    *(
        Case(
            name=f"csv-open-quote-{name}",
            make=partial(_csv, body=body),
            check=_is_read,
            refused=f"row {row}; {OPEN}",
        )
        for name, row, body in (
            ("two", 3, 'v1,a,1,2\nv2,"b,3,4\nv3,c,5,6\nv4,"d,7,8\n'),
            ("first-column", 2, '"v1,a,1,2\nv2,b,3,4\n"v3,c,5,6\n'),
            ("last-column", 2, 'v1,a,1,"2\nv2,b,3,"4\nv3,c,5,6\n'),
            ("last-row", 3, 'v1,a,1,2\nv2,"b,3,4\n'),
            ("closed-later", 2, 'v1,"a,1,2\nv2,b",3,4\nv3,c,5,6\n'),
        )
    ),
    Case(
        name="csv-cells-of-lines",
        make=partial(
            _csv, body='v1,"Xóm 1\n(cũ: Bản A, B)",105.1,18\nv2,"Xóm 2, khối 3",105.2,18\n'
        ),
        check=_lines_stay,
    ),
    Case(
        name="csv-cut-short",
        make=partial(_csv, body="v1,a,1,2\nv2,b,3,4\nv3,c,5,6\nv4,d,7"),
        check=partial(_kinds, kinds=["cut-short"]),
    ),
    Case(
        name="csv-without-a-last-line-end",
        make=partial(_csv, body="v1,a,1,2\nv2,b,3,4\nv3,c,5,6\nv4,d,7,8"),
        check=partial(_kinds, kinds=[]),
    ),
    Case(
        name="csv-of-ragged-rows",
        make=partial(_csv, body="v1,a,1,2\nv2,b,3\nv3,c,5,6\nv4,d,7"),
        check=partial(_kinds, kinds=["ragged-rows"]),
    ),
    Case(name="xlsx-computed", make=partial(_book, fill=_formula(10)), check=_ten_people),
    Case(name="xlsx-uncomputed", make=_without_value, check=_is_read, refused=UNCOMPUTED),
    Case(
        name="xlsx-uncomputed-told-as-0",
        make=partial(_book, fill=_formula(0)),
        check=_is_read,
        refused=UNCOMPUTED,
    ),
    Case(name="xlsx-error-cell", make=partial(_book, fill=_formula("#N/A")), check=_error_stays),
    Case(
        name="xlsx-far-cell",
        make=partial(_book, fill=lambda page: page.write(1_048_575, 16_383, 1)),
        check=_is_read,
        refused="reaches to the cell XFD1048576, though only 9 cells are filled",
    ),
    Case(name="ods-number", make=partial(_ods, people=NUMBER.format(10)), check=_ten_people),
    Case(name="ods-error-cell", make=partial(_ods, people=FAILED), check=_error_stays),
    Case(
        name="ods-uncomputed", make=partial(_ods, people=UNTOLD), check=_is_read, refused=UNCOMPUTED
    ),
    Case(
        name="ods-far-cell",
        make=partial(_ods, people=NUMBER.format(10), more=FAR * 4000),
        check=_is_read,
        refused="though only 4008 cells are filled",
    ),
    *(
        Case(
            name=f"saved-as-xls-{name}",
            make=partial(_text, text=text),
            check=_is_read,
            refused=refused,
        )
        for name, text, refused in (
            ("html", "<html><body><table><tr><td>Thôn</td></tr></table></body></html>", "web page"),
            ("table", "\n<table><tr><td>Thôn</td></tr></table>", "web page"),
            ("mhtml", "MIME-Version: 1.0\nX-Document-Type: Workbook\n", "web page"),
            (
                "xml",
                (
                    '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook '
                    'xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
                ),
                "Excel 2003 saved as XML",
            ),
        )
    ),
    Case(
        name="codes-lost-zeros-districts",
        make=lambda f: _study(f, _named(), WHOLE, [1, 2]),
        check=_whole_codes,
    ),
    Case(
        name="codes-lost-zeros-communes-name-districts",
        make=lambda f: _study(f, _named(), {**WHOLE, "district_code": [1, 2]}, ["001", "002"]),
        check=_whole_codes,
    ),
    Case(
        name="codes-lost-zeros-units",
        make=lambda f: _study(
            f, _named(commune_code=COMMUNES, district_code=DISTRICTS), BARE, [1, 2]
        ),
        check=_whole_codes,
    ),
    Case(
        name="codes-lost-zeros-villages",
        make=lambda f: _study(
            f,
            _named(commune_code=[1, 1, 4] * 3, district_code=[1, 1, 2] * 3),
            WHOLE,
            ["001", "002"],
        ),
        check=_whole_codes,
    ),
    Case(name="codes-lost-zeros-list", make=_list_without_zeros, check=_ids_have_zeros),
    Case(name="village-in-two-rows", make=_in_two_rows, check=partial(_warned, rows=(4, 5))),
    *(
        Case(
            name=f"village-spelt-{name}",
            make=partial(_spelt, names=names),
            check=partial(_warned, rows=rows),
        )
        for name, names, rows in (
            ("with-a-zero", ("Thôn 01", "Thôn 1"), (4, 5)),
            ("without-its-kind", ("Bản Na Kho", "Na Kho"), (4, 5)),
            ("of-two-kinds", ("Thôn 1", "Bản 1"), ()),
            ("of-two-numbers", ("Xóm Đông 1", "Xóm Đông 2"), ()),
        )
    ),
    Case(
        name="village-of-one-name-and-other-people",
        make=partial(_in_two_rows, of_other_people=True),
        check=partial(_warned, rows=()),
    ),
    Case(
        name="village-of-one-place-and-other-people",
        make=partial(_in_two_rows, of_other_people=True, in_one_place=True),
        check=partial(_warned, rows=(4, 5)),
    ),
)
