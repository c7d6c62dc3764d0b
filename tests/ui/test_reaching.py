"""Files that lead to others, in a study: neither `check` nor `assess` opens what they name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests import canaries, reaching
from tests.canaries import SECRET, Canary
from tests.tiny_study import LAYER, write_study
from ui.command import command

MAKERS = (*reaching.REFUSED, *reaching.READ)


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Canary]:
    with canaries.canaries(tmp_path / "outside", monkeypatch) as made:
        yield made


def study_with(folder: Path, canary: Canary, *makers: reaching.Maker) -> Path:
    """The tiny study, with one more layer a maker."""
    file = write_study(folder)
    text = file.read_text("utf-8")
    for k, make in enumerate(makers):
        inside = folder / f"{k}"
        inside.mkdir()
        path = make(inside, canary).relative_to(folder).as_posix()
        text += LAYER.format(operator=f"Operator {k}", technology="4G", path=path)
    file.write_text(text, "utf-8")
    canary.forget()
    return folder


def said(*words: str | Path) -> Result:
    return CliRunner().invoke(command, ["--language", "en", *map(str, words)])


def test_a_check_tells_of_each_file_that_leads_to_others_and_opens_none(
    tmp_path: Path, canary: Canary
) -> None:
    folder = study_with(tmp_path / "study", canary, *MAKERS)
    result = said("check", folder)
    assert canary.touched() == []
    assert SECRET not in result.output
    told = " ".join(result.output.split())
    assert not [why for why in set(reaching.REFUSED.values()) if why not in told]


@pytest.mark.heavy
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__.replace("_", " "))
def test_a_study_with_a_file_that_leads_to_others_is_assessed_without_them(
    tmp_path: Path, canary: Canary, make: reaching.Maker
) -> None:
    folder = study_with(tmp_path / "study", canary, make)
    result = said("assess", folder)
    assert canary.touched() == []
    assert SECRET not in result.output
    if make in reaching.REFUSED:
        assert result.exit_code in (1, 2)
        assert reaching.REFUSED[make] in " ".join(result.output.split())
