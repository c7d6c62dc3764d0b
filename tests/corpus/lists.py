"""Official lists of villages without places, as offices keep them, and the workbook between."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import python_calamine
import xlsxwriter

from geodata.export.matches import write_matches
from geodata.lists import read_list
from geodata.reviewed import CHOSEN, LISTED, SHEETS
from geodata.study import open_study
from geodata.study.known import match_list
from tests import legacy, tiny
from tests.corpus import Case

Cell = str | float | int | None

TITLED: tuple[tuple[Cell, ...], ...] = (
    ("UBND TỈNH NGHỆ AN", None, None, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
    ("DANH SÁCH THÔN, BẢN",),
    (),
    ("STT", "Huyện, thành phố", "Xã, phường", "Tên thôn/bản/xóm", "Dân số", None, "Điện lưới"),
    (None, None, None, None, "Số hộ", "Nhân khẩu", None),
    ("(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)"),
    ("I", "Thành phố Vinh"),
    (1, None, "Xã 0", "Thôn 01", 30, 111, "có"),
    (2, None, None, "Xóm II", 31, 112, "có"),
    (3, None, None, "Xóm Ba", 32, 113, "không"),
    ("II", "Huyện Kỳ Sơn"),
    (1, None, "Xã 2", "XOM 7", 33, 114, "có"),
    (2, None, None, "Bản Mới Lập", 34, 115, "có"),
    (None, "Tổng cộng", None, None, 160, 565),
)
"""Titles, merged headings over two rows, rows of column numbers, of sections and of totals."""

FLAT: tuple[tuple[Cell, ...], ...] = (
    ("Thôn", "Xã", "Huyện", "Dân số"),
    ("Xóm 1", "Xã 0", "Vinh", 111),
    ("Khối 22", "Xã 0", "Vinh", 112),
    ("Xóm 9", "Xã 2", "Kỳ Sơn", 119),
)


def _workbook(path: Path, rows: Sequence[Sequence[Cell]]) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Danh sách")
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if cell is not None:
                    sheet.write(r, c, cell)
    return path


def _study(folder: Path, list_file: str, more: str = "") -> Path:
    table = tiny.villages().reset_index().drop(columns="centre")
    table.to_file(folder / "villages.gpkg")
    tiny.layers()[0].footprint.to_frame("geometry").to_file(folder / "viettel.gpkg")
    text = (
        'schema = 1\nname = "List"\nas_of = 2023-08-30\ncrs = "EPSG:9208"\n\n'
        f'[villages]\npath = "villages.gpkg"\nlist = "{list_file}"\n{more}\n'
        '[[layers]]\noperator = "Viettel"\ntechnology = "4G"\npath = "viettel.gpkg"\n'
    )
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder / "study.toml"


def _of(rows: Sequence[Sequence[Cell]], more: str = "") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        _workbook(folder / "list.xlsx", rows)
        return _study(folder, "list.xlsx", more)

    return make


def _list_alone(rows: Sequence[Sequence[Cell]]) -> Callable[[Path], Path]:
    return lambda folder: _workbook(folder / "list.xlsx", rows)


def _titled_is_read(path: Path) -> None:
    table, findings = read_list(path)
    assert table.index.tolist() == [8, 9, 10, 12, 13]
    assert table["village"].tolist() == ["Thôn 01", "Xóm II", "Xóm Ba", "XOM 7", "Bản Mới Lập"]
    assert table["district"].tolist() == ["Thành phố Vinh"] * 3 + ["Huyện Kỳ Sơn"] * 2
    assert table["commune"].tolist() == ["Xã 0"] * 3 + ["Xã 2"] * 2
    assert table["households"].tolist() == [30, 31, 32, 33, 34]
    assert table["population"].tolist() == [111, 112, 113, 114, 115]
    assert [f.kind for f in findings] == ["list-inherited", "list-left-out"]
    assert findings[1].rows == (6, 14)


def _titled_is_matched(path: Path) -> None:
    study = open_study(path)
    assert study.villages.loc[["v1", "v2", "v3", "v7"], "population"].tolist() == [
        111, 112, 113, 114,
    ]  # fmt: skip
    assert study.villages.loc["v4", "population"] == 400
    assert study.villages.loc["v1", "village"] == "Thôn 01"
    assert not study.villages.loc["v3", "electrified"]
    told = {f.kind: f for f in study.findings if f.file == "list.xlsx"}
    assert told["list-unmatched"].rows == (13,)
    assert told["list-unmatched"].severity == "warning"
    assert told["list-others"].count == 5
    assert len(study.villages) == 9
    assert any("none of the villages whose place is known" in str(note) for note in study.notes)


def _only_listed(path: Path) -> None:
    study = open_study(path)
    assert study.villages.index.tolist() == ["v1", "v9"]
    assert any("left out (only_listed = true)" in str(note) for note in study.notes)


def _opened(path: Path) -> None:
    open_study(path)


def _ids_are_brought(path: Path) -> None:
    study = open_study(path)
    assert study.villages.index.tolist()[:2] == ["NA-001", "v2"]


def _tcvn3(folder: Path) -> Path:
    rows = [
        ("Th«n", "X·", "HuyÖn", "D©n sè"),
        *[
            tuple(legacy.misread(str(cell), "tcvn3") for cell in row)
            for row in (("Xóm 1", "Xã 0", "Vinh", 111), ("Xóm Bảy", "Xã 2", "Huyện Kỳ Sơn", 7))
        ],
    ]
    _workbook(folder / "list.xlsx", rows)
    return _study(folder, "list.xlsx")


def _tcvn3_is_matched(path: Path) -> None:
    study = open_study(path)
    assert study.villages.loc["v1", "population"] == 111
    assert study.villages.loc["v7", "population"] == 7


def _hostile(folder: Path) -> Path:
    rows = (FLAT[0], ('=HYPERLINK("http://x","y")', "Xã 0", "Vinh", 1), *FLAT[1:])
    _workbook(folder / "plain.xlsx", FLAT)  # a formula written by xlsxwriter would be one
    path = folder / "list.csv"
    lines = [";".join(f'"{str(cell).replace(chr(34), chr(34) * 2)}"' for cell in r) for r in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _no_formula_is_written(path: Path) -> None:
    tiny.villages().reset_index().drop(columns="centre").to_file(path.parent / "v.gpkg")
    found = match_list(path, path.parent / "v.gpkg")
    out = path.parent / "out.xlsx"
    write_matches(out, listed=found.listed, known=found.known, matches=found.matches)
    with zipfile.ZipFile(out) as archive:
        for name in archive.namelist():
            assert b"<f>" not in archive.read(name)
    assert '=HYPERLINK("http://x","y")' in found.listed["village"].tolist()


def _reviewed(choose: str) -> Callable[[Path], Path]:
    """The workbook of a match, with a person's choice for the row that had no village."""

    def make(folder: Path) -> Path:
        study = _of((*FLAT, ("Xóm 1", "Xã 0", "Vinh", 5)))(folder)
        found = match_list(folder / "list.xlsx", study)
        out = folder / "matches.xlsx"
        write_matches(out, listed=found.listed, known=found.known, matches=found.matches)
        _chosen(out, folder / "reviewed.xlsx", {3: choose})
        return _study(folder, "reviewed.xlsx")

    return make


def _chosen(source: Path, target: Path, choices: dict[int, str]) -> None:
    """The workbook as a spreadsheet saves it, with choices written in by row of the list."""
    book = python_calamine.CalamineWorkbook.from_path(str(source))
    with xlsxwriter.Workbook(str(target)) as made:
        for name in book.sheet_names:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            sheet = made.add_worksheet(name)
            head = rows[0]
            for r, row in enumerate(rows):
                held = list(row)
                if name in SHEETS.values() and r:
                    number = int(float(row[head.index(LISTED["row"])]))
                    if number in choices:
                        held[head.index(CHOSEN)] = choices[number]
                for c, cell in enumerate(held):
                    if cell != "":
                        sheet.write(r, c, cell)


def _choice_is_honoured(path: Path) -> None:
    study = open_study(path)
    assert study.villages.loc["v5", "village"] == "Khối 22"
    assert study.villages.loc["v5", "population"] == 112
    assert study.villages.loc["v9", "population"] == 119
    assert study.villages.loc["v1", "population"] == 100  # two rows wanted it; nobody chose


CASES = (
    Case(name="lists-titles-merged-cells", make=_list_alone(TITLED), check=_titled_is_read),
    Case(name="lists-matched-in-a-study", make=_of(TITLED), check=_titled_is_matched),
    Case(name="lists-only-listed", make=_of(FLAT, "only_listed = true\n"), check=_only_listed),
    Case(
        name="lists-none-matched-only-listed",
        make=_of((FLAT[0], ("Xóm 1", "Không Có", "Vinh", 1)), "only_listed = true\n"),
        check=_opened,
        refused="no row of the list is a village of the study",
    ),
    Case(
        name="lists-with-ids",
        make=_of((("Mã thôn", *FLAT[0]), ("NA-001", *FLAT[1]))),
        check=_ids_are_brought,
    ),
    Case(
        name="lists-id-of-another-village",
        make=_of((("Mã thôn", *FLAT[0]), ("v1", *FLAT[3]))),
        check=_opened,
        refused="village id v1 is in the list and is another village's too",
    ),
    Case(
        name="lists-without-villages",
        make=_of((("Xã", "Huyện"), ("Xã 0", "Vinh"))),
        check=_opened,
        refused="has no column of villages",
    ),
    Case(name="lists-in-tcvn3", make=_tcvn3, check=_tcvn3_is_matched),
    Case(name="lists-with-a-formula", make=_hostile, check=_no_formula_is_written),
    Case(name="lists-reviewed", make=_reviewed("v5"), check=_choice_is_honoured),
    Case(
        name="lists-reviewed-with-an-unknown-id",
        make=_reviewed("v77"),
        check=_opened,
        refused="the chosen village id 'v77' is none of the villages",
    ),
)
