"""Paths with a line break, or in no known encoding, are named for what they are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from geodata.errors import UnreadableError
from geodata.files import require_usable_name, whole_file, whole_folder
from geodata.readers import require_self_contained, require_self_contained_raster
from tests import folder
from ui.command import command
from ui.texts import error_text, page_error_text, path_text, translator

ROOT = Path(__file__).parents[2]
BROKEN, UNKNOWN = "a\nb.gpkg", "a\udcffb.gpkg"


def test_a_path_is_quoted_only_where_no_line_can_show_it() -> None:
    assert path_text(Path("thôn bản/a b.gpkg")) == str(Path("thôn bản/a b.gpkg"))
    assert path_text(BROKEN) == r"'a\nb.gpkg'"
    assert path_text(UNKNOWN) == r"'a\udcffb.gpkg'"
    assert path_text("a\u202eb.csv") == r"'a\u202eb.csv'"


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize("name", [BROKEN, UNKNOWN])
def test_every_sentence_names_it_so(language: str, name: str) -> None:
    error = UnreadableError("{file}: there is no such file; check the path", file=Path(name))
    assert path_text(name) in error_text(error, language)
    assert path_text(name) in translator(language)("Written: {study}", study=Path(name))


def test_a_page_names_it_without_the_servers_folders() -> None:
    at = Path("/srv/song") / BROKEN
    error = UnreadableError("{file}: there is no such file; check the path", file=at)
    assert page_error_text(error, "en").startswith(r"'a\nb.gpkg': there")


@pytest.mark.parametrize("name", [BROKEN, UNKNOWN, "a\tb.gpkg"])
def test_what_libraries_would_not_find_is_neither_read_nor_written(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    for refuses in (
        lambda: require_usable_name(path),
        lambda: require_self_contained(path, ".gpkg"),
        lambda: require_self_contained_raster(path),
        lambda: whole_file(path).__enter__(),
        lambda: whole_folder(path).__enter__(),
    ):
        with pytest.raises(UnreadableError, match="has a line break, a tab or a byte"):
            refuses()
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="names are Unicode there")
@pytest.mark.parametrize("name", [b"a\nb", b"a\xffb"])
def test_commands_say_it_in_one_line(tmp_path: Path, name: bytes) -> None:
    study = tmp_path / os.fsdecode(name)
    folder.write(study)
    for words in (["assess", str(study)], ["demo", str(study / os.fsdecode(name))]):
        done = CliRunner().invoke(command, words, env={"PHUSONG_LANGUAGE": "en"})
        assert done.exit_code == 2
        (line,) = done.stderr.splitlines()
        assert repr(os.fsdecode(name))[1:-1] in line
        assert "rename it" in line


@pytest.mark.skipif(sys.platform == "win32", reason="names are Unicode there")
def test_the_console_shows_the_byte_and_no_question_mark(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "ui.command", "check", os.fsencode(tmp_path) + b"/a\xffb.csv"]
    done = subprocess.run(  # noqa: S603  # our own interpreter and words
        words, cwd=ROOT, capture_output=True, check=False
    )
    assert rb"a\udcffb.csv" in done.stdout
    assert b"?" not in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="names are Unicode there")
def test_check_names_it_in_its_list_and_before_its_sentences(tmp_path: Path) -> None:
    path = tmp_path / "a\nb.gpkg"
    path.write_bytes(b"SQLite format 3\0")
    done = CliRunner().invoke(command, ["check", str(path)], env={"PHUSONG_LANGUAGE": "en"})
    assert r"'a\nb.gpkg'" in done.stdout
    assert "a b.gpkg" not in done.stdout
