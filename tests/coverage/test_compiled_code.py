"""Where compiled kernels are kept if the program and the user's home cannot be written."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from coverage import compiled_code
from coverage.compiled_code import Fallback, choose_folder
from tests import folder
from tests.service_account import Account, service_account, shut

ASK = "from coverage.compiled_code import CACHES, FALLBACK; print(CACHES, FALLBACK)"

COMPILE = "from coverage.precompile import compile_kernels; compile_kernels()"

FOR_SEVERAL_TYPES = {"kernel._longer", "kernel._sift", "kernel._sort"}
"""All other kernels are compiled once; a number that is a bare 0 at first would make it twice."""


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return service_account(tmp_path)


def _kept_in(account: Account) -> Path:
    return account.temporary / f"phusong-compiled-{os.getuid()}"


def _compiled(account: Account) -> Counter[str]:
    """How often each kernel was compiled, by module and name."""
    return Counter(one.name.split("-")[0] for one in _kept_in(account).rglob("*.nbc"))


@pytest.mark.heavy
def test_a_service_account_measures_and_is_told_once_where_code_is_kept(
    account: Account, tmp_path: Path
) -> None:
    study = folder.write(tmp_path / "study").parent
    quickly = {"NUMBA_OPT": "0"}  # machine code is not improved, which takes longest
    first = account.run("-m", "ui.command", "assess", str(study), variables=quickly)
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("6 of 9 covered")
    assert first.stderr.startswith(f"Compiled code is kept in {_kept_in(account)}, since this user")
    assert "NUMBA_CACHE_DIR" in first.stderr
    compiled = _compiled(account)
    assert {name for name, count in compiled.items() if count > 1} <= FOR_SEVERAL_TYPES
    done = account.run("-c", COMPILE, variables=quickly)
    assert (done.returncode, _compiled(account)) == (0, compiled), done.stderr
    second = account.run(
        "-m", "ui.command", "export", str(study), "-o", str(tmp_path / "l.csv"), variables=quickly
    )
    assert (second.returncode, second.stderr) == (0, "")


def test_a_cache_folder_of_the_user_goes_before_a_temporary_one(
    account: Account, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    for variable in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        done = account.run("-c", ASK, variables={variable: str(cache)})
        assert done.stdout == "True None\n", done.stderr
    assert not _kept_in(account).exists()
    shut(cache)
    done = account.run("-c", ASK, variables={"NUMBA_CACHE_DIR": str(cache)})
    assert str(_kept_in(account)) in done.stdout


@pytest.fixture
def without_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """numba has no folder but what NUMBA_CACHE_DIR names; gives that of temporary files."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(compiled_code, "_can_keep", lambda: bool(os.environ.get("NUMBA_CACHE_DIR")))
    return tmp_path


def test_a_temporary_folder_is_new_once(without_places: Path) -> None:
    found = choose_folder()
    assert found is not None
    assert found.folder is not None
    assert (found.folder.parent, found.is_new) == (without_places, True)
    assert os.environ["NUMBA_CACHE_DIR"] == str(found.folder)
    os.environ["NUMBA_CACHE_DIR"] = ""
    assert choose_folder() == Fallback(folder=found.folder, is_new=False)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="folders are of nobody on Windows")
@pytest.mark.parametrize("how", ["a link", "open to others", "a file"])
def test_code_is_not_read_from_a_folder_that_others_can_fill(
    without_places: Path, how: str
) -> None:
    planted = without_places / f"phusong-compiled-{os.getuid()}"
    if how == "a link":
        (without_places / "theirs").mkdir(mode=0o700)
        planted.symlink_to(without_places / "theirs")
    elif how == "a file":
        planted.write_text("")
    else:
        planted.mkdir()
        planted.chmod(0o777)
    assert choose_folder() == Fallback(folder=None, is_new=True)
    assert not os.environ["NUMBA_CACHE_DIR"]


def test_where_nothing_can_be_written_that_is_told_and_nothing_kept(
    monkeypatch: pytest.MonkeyPatch, without_places: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(without_places / "gone"))
    assert choose_folder() == Fallback(folder=None, is_new=True)
