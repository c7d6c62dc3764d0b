"""Kept measures stay within their limit, and what is needed or in use goes last or never."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

import geodata
from geodata import CallError
from geodata.study import kept
from geodata.study.cache import clear_kept, kept_in
from geodata.study.kept import measures_of, plan_of, store_of
from geodata.study.model import Study
from geodata.study.store import Store
from tests import folder


@pytest.fixture(autouse=True)
def areas_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but areas is measured: one entry for each set of layers."""
    monkeypatch.setattr(kept, "KINDS", ())


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return geodata.open_study(folder.write(tmp_path / "study"))


def moved(study: Study, east_m: float) -> Study:
    beta = study.layers[1]
    there = beta.footprint.translate(east_m, 0).set_crs(study.crs)
    return replace(study, layers=(study.layers[0], replace(beta, footprint=there)))


def key(study: Study) -> str:
    return plan_of(study).keys.areas


def keys(study: Study) -> set[str]:
    return {entry.key for entry in store_of(study).entries()}


def aged(study: Study, of: Study, hours: int) -> None:
    """As if the measures had last been used some hours ago."""
    for file in (store_of(study).folder / key(of)).iterdir():
        then = file.stat().st_mtime - 3600 * hours
        os.utime(file, (then, then))


def limit(monkeypatch: pytest.MonkeyPatch, study: Study, entries: float) -> None:
    """Room for so many entries, all of about one size."""
    one = max(entry.size_bytes for entry in store_of(study).entries())
    monkeypatch.setenv("PHUSONG_KEPT_MB", str(entries * one / 1e6))


def test_beyond_the_limit_what_no_run_needs_goes_first_then_what_was_used_longest_ago(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    geodata.assess_study(study, publish=True)
    second, third, fourth, tried = (moved(study, -100 * k) for k in range(1, 5))
    geodata.assess_study(second)
    geodata.assess_study(third)
    measures_of(tried)  # no run is made of it
    aged(study, study, 9)
    aged(study, second, 5)
    aged(study, third, 7)
    limit(monkeypatch, study, 4.5)
    geodata.assess_study(fourth)
    assert keys(study) == {key(study), key(second), key(third), key(fourth)}
    limit(monkeypatch, study, 2.5)
    geodata.assess_study(fourth)
    assert keys(study) == {key(study), key(fourth)}  # the published one outlives its age
    limit(monkeypatch, study, 0)
    geodata.assess_study(fourth)
    assert keys(study) == {key(fourth)}  # never what the run at work has


@pytest.mark.heavy
def test_reading_is_using(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    second, third = moved(study, -100), moved(study, -200)
    geodata.assess_study(study)
    geodata.assess_study(second)
    aged(study, study, 9)
    aged(study, second, 5)
    assert geodata.latest_run(study) is not None
    geodata.assess_study(third)
    limit(monkeypatch, study, 2.5)
    geodata.assess_study(third)
    assert keys(study) == {key(study), key(third)}


@pytest.mark.heavy
def test_what_another_has_locked_stays(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    geodata.assess_study(study)
    second = moved(study, -100)
    monkeypatch.setenv("PHUSONG_KEPT_MB", "0")
    with Store(store_of(study).folder).locked([key(study)]):
        geodata.assess_study(second)
        assert keys(study) == {key(study), key(second)}
        assert clear_kept(study.folder, everything=True) != ()
        assert keys(study) == {key(study)}
    clear_kept(study.folder, everything=True)
    assert keys(study) == set()


@pytest.mark.heavy
def test_clearing_leaves_what_runs_need_unless_told(study: Study) -> None:
    run = geodata.assess_study(study, publish=True)
    tried = moved(study, -100)
    measures_of(tried)
    cache = kept_in(study.folder / "study.toml")
    assert (cache.published, cache.needed) == (run.run_id, {key(study): (run.run_id,)})
    assert [entry.key for entry in clear_kept(study.folder)] == [key(tried)]
    assert geodata.open_run(study, run.run_id).run_id == run.run_id
    assert [entry.key for entry in clear_kept(study.folder, everything=True)] == [key(study)]
    assert geodata.latest_run(study) is None
    assert geodata.assess_study(study).run_id == run.run_id


@pytest.mark.heavy
def test_what_a_dead_process_left_is_swept_after_a_day(study: Study) -> None:
    geodata.assess_study(study)
    old, new = (store_of(study).folder / f".unfinished-{name}" for name in ("old", "new"))
    for left in (old, new):
        left.mkdir()
    os.utime(old, (0, 0))
    clear_kept(study.folder)
    assert (old.exists(), new.exists()) == (False, True)


@pytest.mark.parametrize("told", ["two", "-1", "nan"])
def test_a_limit_that_is_no_number_is_told_before_anything_is_measured(
    study: Study, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    monkeypatch.setenv("PHUSONG_KEPT_MB", told)
    with pytest.raises(CallError, match=f"PHUSONG_KEPT_MB is {told}, which is no number"):
        geodata.assess_study(study)
    assert not (study.folder / "results").exists()
