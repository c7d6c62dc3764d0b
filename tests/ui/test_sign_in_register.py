"""The register of sign-ins: shared by processes, read without waiting, and pruned."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from streamlit import config
from streamlit.runtime.secrets import secrets_singleton

from tests.ui.signing import begin
from ui import access, settings_file
from ui.sign_in import sweep
from ui.sign_in.register import FOLDER_VARIABLE, Register, SignIn, register_of
from ui.sign_in.sweep import Sweep
from ui.variables import SETTINGS_VARIABLE

ENTRY = SignIn(email="a@example.org", verified=True, since=1.0, mac="m")
PEOPLE = """
[[access.people]]
email = "planner@example.org"
districts = ["*"]
"""
SETTINGS = f"""
[access]
secret = "{"s" * 32}"
sign_in_hours = 2
{PEOPLE}"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "register.json"
    register = Register(made)
    register.begin("one", ENTRY)
    register.begin("two", ENTRY)
    return made


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(SETTINGS, "utf-8")
    monkeypatch.setenv(SETTINGS_VARIABLE, str(path))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "sign-ins"))
    return path


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_an_end_in_one_process_outlives_what_another_writes(file: Path) -> None:
    here, there = Register(file), Register(file)
    here.end("one")
    assert there.grant("two", "rights")
    assert there.find("one") is None
    assert list(Register(file).all()) == ["two"]


def test_processes_know_of_each_others_sign_ins_from_their_next_refresh_on(file: Path) -> None:
    here, there = Register(file), Register(file)
    here.begin("three", ENTRY)
    here.end("one")
    grant = here.grant("two", "rights")
    there.refresh()
    assert sorted(there.all()) == ["three", "two"]
    assert there.grant("two", "rights") == grant


def test_processes_that_grant_at_the_same_time_give_one_grant(file: Path) -> None:
    here, there = Register(file), Register(file)
    assert here.grant("two", "rights") == there.grant("two", "rights")


def test_many_changes_at_once_in_two_processes_are_all_kept(file: Path) -> None:
    both = (Register(file), Register(file))
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda k: both[k % 2].begin(f"k{k}", ENTRY), range(20)))
    assert set(Register(file).all()) == {"one", "two"} | {f"k{k}" for k in range(20)}


def test_an_end_that_could_not_be_written_is_written_with_the_next_change(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register, other = Register(file), Register(file)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space"):
            register.end("one")
    assert Register(file).find("one") is not None
    other.begin("three", ENTRY)
    register.refresh()
    assert register.find("one") is None, "though the file holds it"
    register.prune(lambda _: True)
    assert sorted(Register(file).all()) == ["three", "two"]


def test_what_others_wrote_is_known_even_where_a_change_cannot_be_written(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register = Register(file)
    Register(file).end("one")
    monkeypatch.setattr(Path, "replace", full)
    assert register.grant("two", "rights") == register.grant("two", "rights") != ""
    assert register.find("one") is None


def test_a_file_that_is_gone_or_broken_is_written_again(file: Path) -> None:
    register = Register(file)
    for spoil in (file.unlink, lambda: file.write_text("{", "utf-8")):
        spoil()
        register.refresh()
        register.begin("three", ENTRY)
        assert sorted(Register(file).all()) == ["one", "three", "two"]


def test_who_reads_does_not_wait_for_who_writes(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register, writes, go_on = Register(file), Event(), Event()

    def slow(_: int) -> None:
        writes.set()
        go_on.wait(10)

    monkeypatch.setattr(os, "fsync", slow)
    grant = register.grant
    with ThreadPoolExecutor(2) as threads:
        writing = threads.submit(grant, "one", "rights")
        try:
            assert writes.wait(5)
            assert threads.submit(register.find, "two").result(timeout=2) == ENTRY
        finally:
            go_on.set()
        assert writing.result(timeout=5)


def _planner(hours_ago: float, name: str, email: str = "planner@example.org") -> str:
    return begin({"email": email, "iat": time.time() - hours_ago * 3600, "nonce": name})


def test_sign_ins_that_are_past_or_without_rights_are_forgotten(settings: Path) -> None:
    kept, shown = _planner(1, "kept"), _planner(1, "shown", "nobody@example.org")
    for hours, email in ((3, "planner@example.org"), (3, "nobody@example.org"),
                         (1, "nobody@example.org")):  # fmt: skip
        _planner(hours, f"{hours}{email}", email)
    looking = Sweep()
    assert set(looking.grants([shown]) or {}) == {shown}
    assert set(Register(register_of(settings).file).all()) == {kept, shown}


def test_settings_that_cannot_be_read_make_nobody_forgotten(settings: Path) -> None:
    _planner(3, "past")
    settings.write_text("", "utf-8")
    assert Sweep().grants([]) is None
    assert len(register_of(settings).all()) == 1


def test_a_register_that_cannot_be_pruned_tells_its_grants_all_the_same(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _planner(3, "past")
    owner = _planner(1, "kept")
    grant = access.grant_of(owner)
    assert settings.exists()
    monkeypatch.setattr(Path, "replace", full)
    assert Sweep().grants([owner]) == {owner: grant}


def test_settings_are_read_once_for_all_sign_ins(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owners, reads = [_planner(1, str(k)) for k in range(5)], []
    read = settings_file.access_bytes
    monkeypatch.setattr(
        settings_file, "access_bytes", lambda path: reads.append(path) or read(path)
    )
    monkeypatch.setattr(settings_file.settings_file(), "_last", None)
    grants = Sweep().grants(owners)
    assert list(grants or {}) == owners
    assert reads == [settings]


def test_secrets_that_do_not_parse_shut_the_door_and_forget_nobody(
    settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, whole = tmp_path / "secrets.toml", '[auth]\ncookie_secret = "first"\n'
    file.write_text(whole, "utf-8")
    asked = config.get_option
    found = {"secrets.files": [str(file)]}
    monkeypatch.setattr(config, "get_option", lambda name: found.get(name) or asked(name))
    monkeypatch.setattr(sweep, "PRUNE_S", 0.0)
    looking = Sweep()
    secrets_singleton._reset()
    try:
        owner = _planner(1, "one")
        grants = looking.grants([owner])
        assert (grants or {})[owner]
        for broken in (whole.replace("]", ""), "", '[auth]\ncookie_secret = "other"\n'):
            file.write_text(broken, "utf-8")
            assert looking.grants([owner]) == looking.grants([owner]) == {owner: ""}
            assert access.rights_of(owner) is None
        file.write_text(whole, "utf-8")
        assert looking.grants([owner]) == grants
        assert access.rights_of(owner) is not None
        assert Register(register_of(settings).file).find(owner) is not None
    finally:
        secrets_singleton._reset()


def test_a_sign_in_at_no_time_is_over_and_forgotten(settings: Path) -> None:
    found = access.access()
    assert found is not None
    assert settings.exists()
    never = replace(ENTRY, since=float("nan"))
    assert access.is_past(never.since, found, now=10_000)
    assert access.is_over({"iat": never.since}, found, now=10_000)
