"""What a study needs of memory is estimated against what there is, control groups included."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

import geodata
from geodata import memory
from geodata.memory import MEGABYTE, PROGRAM_MB, free_bytes, memory_for
from tests import folder
from ui.command import command

GIGABYTE = 1_000 * MEGABYTE


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Four gigabytes free and no control groups; gives the folder that stands for theirs."""
    free = SimpleNamespace(available=4 * GIGABYTE)
    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: free)
    monkeypatch.setattr(memory, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(memory, "OWN_GROUPS", tmp_path / "own")
    return tmp_path / "groups"


def _group(place: Path, *, v2: bool, most: str, used: int, given_up: int) -> None:
    place.mkdir(parents=True, exist_ok=True)
    limit, taken, stat = memory.V2 if v2 else memory.V1
    (place / limit).write_text(most)
    (place / taken).write_text(str(used))
    (place / "memory.stat").write_text(f"anon 1\n{stat} {given_up}\n")


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such limits")
def test_a_limit_of_the_process_counts_too(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not machine.exists()
    used = SimpleNamespace(vms=GIGABYTE, rss=GIGABYTE // 2)
    process = SimpleNamespace(memory_info=lambda: used)
    monkeypatch.setattr(memory.psutil, "Process", lambda: process)
    limits = {memory.resource.RLIMIT_AS: 3 * GIGABYTE}
    infinite = memory.resource.RLIM_INFINITY
    monkeypatch.setattr(
        memory.resource, "getrlimit", lambda name: (limits.get(name, infinite), infinite)
    )
    assert free_bytes() == 2 * GIGABYTE
    limits[memory.resource.RLIMIT_DATA] = GIGABYTE
    assert free_bytes() == GIGABYTE // 2


def test_without_control_groups_it_is_what_the_machine_has(machine: Path) -> None:
    assert free_bytes() == 4 * GIGABYTE
    assert not machine.exists()


def test_a_container_has_what_its_limit_leaves(machine: Path) -> None:
    """A limit of an outer group holds too, and what the kernel can give up is free."""
    (machine.parent / "own").write_text("0::/office/phusong\n")
    _group(machine / "office" / "phusong", v2=True, most="max", used=9, given_up=0)
    assert free_bytes() == 4 * GIGABYTE
    _group(machine / "office", v2=True, most="700000000", used=600_000_000, given_up=50_000_000)
    assert free_bytes() == 150_000_000


def test_an_older_kernel_counts_elsewhere(machine: Path) -> None:
    (machine.parent / "own").write_text("9:name=systemd:/x\n4:cpu,memory:/a\n0::/\n")
    place = machine / "memory" / "a"
    _group(place, v2=False, most="300000000", used=290_000_000, given_up=0)
    assert free_bytes() == 10_000_000
    _group(place, v2=False, most="300000000", used=310_000_000, given_up=0)
    assert free_bytes() == 0


def test_a_study_needs_more_where_its_files_are_larger(machine: Path, tmp_path: Path) -> None:
    study = folder.write(tmp_path / "study").parent
    before = memory_for(study)
    assert before is not None
    assert before.suffices
    assert PROGRAM_MB < before.needed_mb < PROGRAM_MB + 20
    with (study / "layers" / "alpha_4g.gpkg").open("ab") as file:
        file.truncate(1_000 * MEGABYTE)
    after = memory_for(study / "study.toml")
    assert after is not None
    assert after.needed_mb == pytest.approx(PROGRAM_MB + 50 * 15 + 950 * 2, abs=5)
    assert memory_for(tmp_path / "nothing") is None
    (study / "study.toml").write_text("[[")
    assert memory_for(study) is None
    assert not machine.exists()


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "This study needs about 4"), ("vi", "Bộ dữ liệu này cần khoảng 4")],
)
def test_too_little_memory_is_said_before_the_study_is_opened(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    study = folder.write(tmp_path / "study").parent

    def opened(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(geodata, "open_study", opened)
    monkeypatch.setattr(memory, "free_bytes", lambda: 0)
    monkeypatch.setattr(memory, "PROGRAM_MB", 4_000)
    for words_of in (["assess", str(study)], ["export", str(study), "-o", "x.csv"]):
        done = CliRunner().invoke(command, words_of, env={"PHUSONG_LANGUAGE": language})
        first, *_ = done.stderr.splitlines()
        assert first.startswith(words)
    monkeypatch.setattr(memory, "free_bytes", lambda: 5 * GIGABYTE)
    done = CliRunner().invoke(command, ["assess", str(study)], env={"PHUSONG_LANGUAGE": "en"})
    assert done.stderr.startswith("Stopped")
    assert not machine.exists()
