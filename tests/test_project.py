"""Promises of the project itself: pins, environments, contracts, what must never be committed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from geodata.study.assess import CLUSTER_PACKAGES
from tests import pins

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def name_of(requirement: str) -> str:
    return re.split(r"[<>=!~ ;\[]", requirement, maxsplit=1)[0].lower()


def committed() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(  # noqa: S603  # git, found on the path
        [git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / f for f in listed.stdout.split("\0") if f and (ROOT / f).is_file()]


def test_the_conda_environment_has_the_bounds_of_the_project() -> None:
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    pip = next(entry["pip"] for entry in listed if isinstance(entry, dict))
    conda = [entry for entry in listed if isinstance(entry, str) and entry != "pip"]
    python = next(entry for entry in conda if entry.startswith("python>"))
    assert python == f"python{PROJECT['project']['requires-python']}"
    found = sorted({*conda, *pip} - {python, "-e ."})
    extras = PROJECT["project"]["optional-dependencies"]["cluster"]
    assert found == sorted([*PROJECT["project"]["dependencies"], *extras])


def test_both_lists_of_pins_are_the_same_and_cover_every_dependency() -> None:
    told, listed = pins.in_project(), pins.in_requirements()
    assert [p.replace("'", '"') for p in told] == [p.replace("'", '"') for p in listed]
    pinned = {name_of(pin) for pin in pins.in_project()}
    wanted = {name_of(r) for r in PROJECT["project"]["dependencies"]}
    wanted |= {name_of(r) for r in PROJECT["dependency-groups"]["dev"]}
    wanted |= {name_of(r) for r in PROJECT["project"]["optional-dependencies"]["cluster"]}
    assert wanted <= pinned


def test_the_tests_have_what_a_cluster_needs_and_others_do_not() -> None:
    extra = PROJECT["project"]["optional-dependencies"]["cluster"]
    assert set(extra) <= set(PROJECT["dependency-groups"]["dev"])
    needed = {name_of(r) for r in PROJECT["project"]["dependencies"]}
    assert needed.isdisjoint(name_of(r) for r in extra)
    assert [name_of(r) for r in extra] == list(CLUSTER_PACKAGES)


def test_nothing_brings_the_other_coverage() -> None:
    assert {name_of(pin) for pin in pins.in_project()}.isdisjoint({"coverage", "pytest-cov"})


def test_no_commit_names_an_index_host_or_a_machine() -> None:
    hosts = ["pypi" + ".org", "python" + "hosted", "npm" + "js", "anaconda" + ".org"]
    paths = ["/" + "home/", "/" + "root/", "/" + "Users/", "/" + "work/"]
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in committed()
        if path.suffix not in {".png", ".ico"}
        for word in hosts + paths
        if word in path.read_text(encoding="utf-8", errors="replace")
    ]
    assert found == []


def test_the_lock_that_names_hosts_is_not_committed() -> None:
    assert ROOT / "uv.lock" not in committed()


def test_imports_run_one_way() -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    tool = tool if tool.exists() else tool.with_suffix(".exe")
    done = subprocess.run(  # noqa: S603  # a tool of our own environment
        [str(tool)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_analysis_reads_no_file_and_draws_nothing() -> None:
    outside = {"streamlit", "folium", "rasterio", "pyogrio", "requests", "urllib", "http", "socket"}
    paths = sorted((ROOT / "coverage").rglob("*.py"))
    assert ROOT / "coverage" / "judge.py" in paths
    for path in paths:
        text = path.read_text(encoding="utf-8")
        words = re.findall(r"^\s*(?:from|import) (\w+)", text, re.MULTILINE)
        assert outside.isdisjoint(words), path
        assert "open(" not in text, path
