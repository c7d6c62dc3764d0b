"""What a call may write in all, how many threads it may run, and whom a long call holds up."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest

from geodata.sandbox import Limits, LostError, Sandbox
from geodata.sandbox.server import MOST_THREADS
from tests.geodata.sandbox import tasks
from tests.geodata.sandbox.conftest import PRELOAD

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="as a clean server has it")

WAIT_S = 60


def test_many_small_files_are_too_much_and_what_is_new_is_removed(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "before").mkdir()
    (tmp_path / "before" / "kept").write_bytes(bytes(3_000_000))
    few = replace(sandbox.limits, folder_megabytes=2)
    granted = sandbox.granting(tmp_path, limits=few, file="v.zip")
    assert granted.call(tasks.filled_with_files, str(tmp_path), 3, 500_000, 0.0) == tasks.DONE
    with pytest.raises(LostError, match=r"^v\.zip could not be read: more than 2 MB") as caught:
        granted.call(tasks.filled_with_files, str(tmp_path / "before"), 500, 500_000, 0.05)
    assert caught.value.reason == "full"
    assert {one.name for one in tmp_path.rglob("*")} == {
        "before", "kept", "0.bin", "1.bin", "2.bin"
    }  # fmt: skip


def test_what_was_written_before_anybody_looked_is_refused_at_the_end(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    granted = sandbox.granting(tmp_path, limits=replace(sandbox.limits, folder_megabytes=1))
    with pytest.raises(LostError, match="more than 1 MB"):
        granted.call(tasks.filled_with_files, str(tmp_path), 4, 500_000, 0.0)
    assert not list(tmp_path.iterdir())


def test_the_number_of_files_is_bounded_too(sandbox: Sandbox, tmp_path: Path) -> None:
    granted = sandbox.granting(tmp_path, limits=replace(sandbox.limits, folder_files=10))
    with pytest.raises(LostError, match="or 10 files"):
        granted.call(tasks.filled_with_files, str(tmp_path), 11, 1, 0.0)


def test_the_folder_of_a_call_of_its_own_is_bounded(sandbox: Sandbox) -> None:
    granted = sandbox.granting(limits=replace(sandbox.limits, folder_megabytes=2))
    with pytest.raises(LostError) as caught:
        granted.call(tasks.filled_its_own_folder, 500, 500_000, 0.05)
    assert caught.value.reason == "full"


def test_a_process_of_too_many_threads_is_ended(sandbox: Sandbox) -> None:
    assert sandbox.call(tasks.started_threads, 20, 0.5) == 20
    with pytest.raises(LostError) as caught:
        sandbox.call(tasks.started_threads, MOST_THREADS + 100, 15)
    assert caught.value.reason == "crashed"


@pytest.mark.heavy
def test_a_cache_of_kernels_that_may_not_be_read_is_none(sandbox: Sandbox, tmp_path: Path) -> None:
    index = tmp_path / "tasks.nbi"
    index.write_bytes(b"not for the sandbox")
    assert sandbox.call(tasks.read, str(index)) != tasks.DONE
    assert sandbox.call(tasks.tripled_with_cache_at, str(index)) == 6.0


@pytest.mark.usefixtures("shut_files")
@pytest.mark.parametrize("variable", ["HOME", "XDG_CACHE_HOME"])
def test_numbas_cache_is_all_of_a_home_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    caches = tmp_path / ".cache" if variable == "HOME" else tmp_path
    (caches / "numba").mkdir(parents=True)
    for one in (caches / "numba" / "kernel.nbi", caches / "other", tmp_path / "secret"):
        one.write_text("x")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    with Sandbox(Limits(seconds=WAIT_S, megabytes=400), preload=PRELOAD) as made:
        assert made.call(tasks.read, str(caches / "numba" / "kernel.nbi")) == tasks.DONE
        assert made.call(tasks.written, str(caches / "numba" / "kernel.nbi")) != tasks.DONE
        for one in (caches / "other", tmp_path / "secret"):
            assert made.call(tasks.read, str(one)) != tasks.DONE


def test_long_calls_of_one_name_wait_for_each_other_and_leave_a_place_to_others() -> None:
    entered, leave = Event(), Event()

    def hold(sandbox: Sandbox, name: str) -> None:
        with sandbox.turn(name):
            entered.set()
            leave.wait(WAIT_S)

    with Sandbox(Limits(seconds=WAIT_S, megabytes=400), at_once=2) as made:
        first = Thread(target=hold, args=(made, "one"))
        first.start()
        assert entered.wait(WAIT_S)
        entered.clear()
        others = [Thread(target=hold, args=(made, name)) for name in ("one", "two", "three")]
        for one in others:
            one.start()
        assert not entered.wait(0.3)
        with ThreadPoolExecutor() as pool:
            assert pool.submit(made.call, sorted, [2, 1]).result(WAIT_S) == [1, 2]
        leave.set()
        for one in (first, *others):
            one.join(WAIT_S)
            assert not one.is_alive()
        assert entered.is_set()


def test_calls_of_other_names_run_beside() -> None:
    with Sandbox(Limits(seconds=WAIT_S, megabytes=400), at_once=3) as made, made.turn("one"):
        other = Thread(target=lambda: made.turn("two").__enter__())
        other.start()
        other.join(WAIT_S)
        assert not other.is_alive()
