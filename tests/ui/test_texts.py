from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from string import Formatter

import pytest

from geodata.errors import DataError, StudyError
from ui.texts import catalogue, error_text, language_of, translator

ROOT = Path(__file__).parents[2]
TRANSLATORS = {"t", "translate", "plural", "_"}


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
                if name.endswith("Error") and name != "ImportError" and call.args:
                    yield from _literals(call.args[0])


def test_every_sentence_a_face_shows_has_a_vietnamese_text() -> None:
    missing = sorted({text for text in _shown() if text not in catalogue("vi")})
    assert not missing


def test_every_error_has_a_vietnamese_text() -> None:
    raised = {text for text in _raised() if " " in text}
    missing = sorted(text for text in raised if text not in catalogue("vi"))
    assert not missing


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
    assert t.percent(3743 / 3806) == percent
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
    error = StudyError("{file} has {n} faults", file="study.toml", n=2, faults=("one", "two"))
    assert error_text(error, "en").splitlines() == ["study.toml has 2 faults", "• one", "• two"]
