from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from string import Formatter

import geopandas as gpd
import numpy as np
import pytest
from shapely import Point

import geodata
from coverage.rules import RULES
from geodata.classes import Classes
from geodata.coordinate_checks import ELSEWHERE, LOST, STRAY
from geodata.coordinates import require_inside
from geodata.errors import DataError, MissingFileError, Phrase, StudyError, phrase
from geodata.study.faults import WANTED
from tests import folder
from ui.texts import (
    catalogue,
    error_text,
    language_of,
    page_error_text,
    phrase_text,
    translator,
)

ROOT = Path(__file__).parents[2]
TRANSLATORS = {"t", "translate", "plural", "_"}
FOUND_BY = {"finding", "about_rows", "_marked", "_pairs"}
"""What makes findings, each from a sentence among its arguments."""


def _literals(node: ast.AST) -> Iterator[str]:
    """The strings an argument can be: a literal, or both sides of a choice."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


def _calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield node


def _name(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _shown() -> Iterator[str]:
    for path in sorted((ROOT / "ui").rglob("*.py")):
        for call in _calls(path):
            if _name(call) in TRANSLATORS and call.args:
                for argument in call.args[:2]:
                    yield from _literals(argument)


def _raised() -> Iterator[str]:
    for package in ("geodata", "coverage", "ui"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for call in _calls(path):
                name = _name(call)
                # an ImportError is for numba, which looks for coverage.py; no reader sees it
                # and in the sandbox what is for the log, but for who was lost
                shown = "sandbox" not in path.parts or name == "LostError"
                if name.endswith("Error") and name != "ImportError" and shown and call.args:
                    yield from _literals(call.args[0])


def _phrased() -> Iterator[str]:
    """What errors are made of, and notes: the templates of phrases that hold any word."""
    templates = {ELSEWHERE, *WANTED.values(), *LOST.values(), *STRAY.values()}
    for path in sorted((ROOT / "geodata").rglob("*.py")):
        for call in _calls(path):
            if _name(call) in ("phrase", "Phrase") and call.args:
                templates.update(_literals(call.args[0]))
            if _name(call) in FOUND_BY:
                found = (text for one in call.args for text in _literals(one))
                templates.update(text for text in found if " " in text)
    for template in templates:
        if any(c.isalpha() for words, *_ in Formatter().parse(template) for c in words):
            yield template


def test_every_sentence_a_face_shows_has_a_vietnamese_text() -> None:
    missing = sorted({text for text in _shown() if text not in catalogue("vi")})
    assert not missing


def test_every_error_has_a_vietnamese_text() -> None:
    raised = {text for text in _raised() if " " in text}
    missing = sorted(text for text in raised if text not in catalogue("vi"))
    assert not missing


def test_every_piece_of_an_error_and_every_note_has_a_vietnamese_text() -> None:
    found = set(_phrased())
    assert len(found) > 40
    assert not sorted(found - catalogue("vi").keys())


def test_a_translation_fills_the_same_gaps_as_its_key() -> None:
    def gaps(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    assert not [key for key, text in catalogue("vi").items() if gaps(key) != gaps(text)]


@pytest.mark.parametrize(
    ("language", "number", "percent", "day"),
    [
        ("vi", "3.743", "98,34 %", "30/08/2023"),
        ("en", "3,743", "98.34 %", "30 August 2023"),
    ],
)
def test_numbers_and_dates_follow_the_language(
    language: str, number: str, percent: str, day: str
) -> None:
    t = translator(language)
    assert t.number(3743) == number
    assert t.percent(3743 / 3806) == percent.replace(" ", "\u00a0")
    assert t.date(date(2023, 8, 30)) == day


def test_what_is_missing_is_a_dash_and_never_a_zero() -> None:
    t = translator("vi")
    assert (t.number(None), t.number(float("nan")), t.percent(None), t.date(None)) == ("–",) * 4


def test_an_unknown_language_is_vietnamese() -> None:
    assert language_of("fr") == "vi"
    assert translator("<b>")("Language") == "Ngôn ngữ"


def test_an_error_is_told_by_its_template_and_keeps_its_parts() -> None:
    error = DataError("{file} has no rows", file="a{b}.gpkg")
    assert error_text(error, "en") == "a{b}.gpkg has no rows"
    assert error_text(ValueError("plain"), "vi") == "plain"


def test_all_faults_of_a_study_are_told() -> None:
    error = StudyError(
        "{file} has {n} faults", file="study.toml", n=2, faults=(Phrase("a"), Phrase("b"))
    )
    told = ["study.toml has 2 faults", "  1. a", "  2. b"]
    assert error_text(error, "en").splitlines() == told == str(error).splitlines()


def test_five_faults_of_a_study_are_told_whole_in_vietnamese(tmp_path: Path) -> None:
    study = folder.write(tmp_path / "study")
    text = (
        folder.STUDY.replace(
            'as_of = 2023-08-30\ncrs = "EPSG:9208"', 'as_of = "soon"\ncrs = "EPSG:4326"'
        )
        .replace('rule = "vn-village"', 'rule = "vn-vilage"')
        .replace('technology = "4G"', 'technology = "6G"')
        .replace('path = "layers/beta_3g.gpkg"', 'path = "layers/gone.gpkg"')
    )
    study.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        geodata.open_study(study)
    assert error_text(caught.value, "en") == str(caught.value)
    assert error_text(caught.value, "vi").splitlines() == [
        "study.toml có 5 lỗi:",
        "  1. dòng 3, as_of: giá trị phải là một ngày, viết như 2023-08-30 (hiện ghi 'soon')",
        (
            "  2. dòng 4, crs: crs là 'EPSG:4326', không phải hệ toạ độ phẳng theo mét; chiều dài "
            "và diện tích được tính trong hệ này, với Nghệ An hãy ghi EPSG:9208"
        ),
        "  3. dòng 5, rule: không có tiêu chí 'vn-vilage'; có phải là vn-village? Các tiêu chí "
        "hiện có: " + ", ".join(sorted(RULES)),
        (
            "  4. dòng 21, layers[1].technology: giá trị hợp lệ: '2G', '3G', '4G', '5G' (hiện ghi "
            "'6G')"
        ),
        "  5. dòng 29, layers[2].path: không có tệp 'layers/gone.gpkg'",
    ]


def test_one_fault_stands_beside_its_file_in_vietnamese(tmp_path: Path) -> None:
    study = folder.write(tmp_path / "study")
    study.write_text(folder.STUDY.replace('operator = "Alpha"', 'operater = "Alpha"'), "utf-8")
    with pytest.raises(StudyError) as caught:
        geodata.open_study(study)
    assert error_text(caught.value, "vi") == (
        "study.toml có một lỗi: dòng 20, layers[1].operater: bảng này không có khoá như vậy; "
        "có phải là operator?"
    )


def test_a_wrong_meridian_is_told_whole_in_vietnamese() -> None:
    places = gpd.GeoSeries({"Xóm 1": Point(395_000.0, 2_100_000.0)}, crs="EPSG:9208")
    bounds = np.array([410_000.0, 2_050_000.0, 620_000.0, 2_210_000.0])
    with pytest.raises(DataError) as caught:
        require_inside(places, bounds, file="v.gpkg")
    assert error_text(caught.value, "vi") == (
        "v.gpkg: 1/1 vị trí nằm ngoài tỉnh, xa nhất 10 km (đầu tiên: Xóm 1); một nguyên nhân có "
        "thể là sai kinh tuyến trục VN-2000 (đang đọc theo 104°45′, khớp với 105°, lệch 26,3 km); "
        'hãy ghi crs = "EPSG:5897" trong mục của tệp (khi đó 1 trên 1 điểm nằm trong địa bàn; các '
        "điểm này chưa đủ để phân biệt với EPSG:9209, EPSG:9210, EPSG:9211, EPSG:9212 …)"
    )


def test_days_and_amounts_in_a_phrase_follow_the_language() -> None:
    said = phrase("{layer}: is of {day}, after the study's day, {as_of}", layer="Alpha 4G",
                  day=date(2024, 1, 2), as_of=date(2023, 8, 30))  # fmt: skip
    assert phrase_text(said, "en") == str(said)
    assert phrase_text(said, "vi") == (
        "Alpha 4G: số liệu ngày 02/01/2024, sau ngày của bộ dữ liệu (30/08/2023)"
    )
    assert phrase_text(phrase("{a} {b}", a=26.4, b=2026), "vi") == "26,4 2026"


def test_a_column_of_numbers_sorts_as_text_as_it_does_as_numbers() -> None:
    values = [9.5, 1234.25, None, 100.0, 12.0]
    told = translator("vi").column(values, digits=1)
    assert [text.strip() for text in told] == ["9,5", "1.234,2", "", "100,0", "12,0"]
    assert sorted(told) == [told[k] for k in (2, 0, 4, 3, 1)]
    assert translator("en").column([1234]) == ["1,234"]
    assert translator("en").column([]) == []


@pytest.mark.parametrize(
    "path",
    [
        "/srv/song/study.toml",
        r"C:\Users\Van A\song\study.toml",
        "D:/song/study.toml",
        r"\\server\share\Nghe An\study.toml",
        r"\\?\C:\song\study.toml",
        r"\\?\UNC\server\share\study.toml",
    ],
)
def test_a_page_names_no_folder_of_the_server(path: str) -> None:
    for said in (
        str(PermissionError(13, "Permission denied", path)),  # in quotes, its signs doubled
        f"'{path}' cannot be read",
        f"{path}: cannot be read",
        f"of {path}, nothing",
    ):
        told = page_error_text(ValueError(said), "en")
        assert "study.toml" in told
        for part in ("song", "Users", "Van", "server", "share", "Nghe", "\\", "C:", "D:", "srv"):
            assert part not in told, told


def test_a_page_names_no_folder_whatever_signs_it_has() -> None:
    error = MissingFileError("{path}: there is no such file", path=Path("/srv/my own, b/a.csv"))
    assert page_error_text(error, "en") == "a.csv: there is no such file"


def test_what_is_no_path_of_the_server_stays() -> None:
    said = "see https://example.org/a/b, 3/4 of C: and a/b"
    assert page_error_text(ValueError(said), "en") == said


def test_areas_of_classes_have_the_decimal_mark_of_the_language() -> None:
    found = Classes(
        file="a.gpkg", name="DN", kind="pixels", of=np.array([0, 1]), words={1.0: "1", 2.0: "2"},
        km2={1.0: 1234.56, 2.0: 0.25}, silent_km2=2.5,
    )  # fmt: skip
    assert str(found.told) == "1: 1234.6 km²; 2: 0.2 km²; –: 2.5 km²"
    assert phrase_text(found.told, "vi") == "1: 1.234,6 km²; 2: 0,2 km²; –: 2,5 km²"
