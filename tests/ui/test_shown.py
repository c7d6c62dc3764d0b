"""Which studies were shown to a sign-in is forgotten with it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.ui.signing import begin
from ui.shown import Shown, shown
from ui.sign_in import sweep
from ui.sign_in.register import FOLDER_VARIABLE, register_of
from ui.sign_in.sweep import Sweep
from ui.variables import SETTINGS_VARIABLE


def test_what_was_shown_to_others_is_forgotten() -> None:
    kept = Shown()
    kept.add("one", "a")
    kept.add("one", "b")
    kept.add("two", "a")
    kept.keep({"one", "three"})
    assert kept.to("one") == {"a", "b"}
    assert kept.to("two") == frozenset()
    assert kept._slugs.keys() == {"one"}


def test_the_server_forgets_it_with_sign_ins_that_have_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(
        f'[access]\nsecret = "{"s" * 40}"\n[access.everyone_else]\ndistricts = ["*"]\n', "utf-8"
    )
    monkeypatch.setenv(SETTINGS_VARIABLE, str(settings))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "sign-ins"))
    monkeypatch.setattr(sweep, "PRUNE_S", 0.0)
    first, second = (
        begin({"email": "a@example.org", "iat": time.time(), "nonce": nonce}) for nonce in "12"
    )
    for owner in (first, second):
        shown().add(owner, "study")
    register_of(settings).end(second)
    Sweep().grants([])
    assert shown().to(first) == {"study"}
    assert second not in shown()._slugs
