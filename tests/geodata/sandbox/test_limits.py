"""A call is bounded in time, processor, memory, files and answer; what is lost harms nobody."""

from __future__ import annotations

import ctypes
import errno
import logging
import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geodata.errors import DataError, MissingFileError
from geodata.read import read_table
from geodata.sandbox import Limits, LostError, Sandbox
from tests.geodata.sandbox import tasks
from tests.geodata.sandbox.conftest import PRELOAD
from tests.geodata.sandbox.tasks import DONE

LINUX = sys.platform == "linux"
only_linux = pytest.mark.skipif(not LINUX, reason="only Linux holds a process to this")


def test_what_a_function_gives_comes_back_from_another_process_each_time(sandbox: Sandbox) -> None:
    assert sandbox.call(sorted, [3, 1, 2]) == [1, 2, 3]
    assert len({sandbox.call(os.getpid), sandbox.call(os.getpid), os.getpid()}) == 3


def test_errors_of_ours_come_back_as_they_were(sandbox: Sandbox) -> None:
    with pytest.raises(MissingFileError) as caught:
        sandbox.call(read_table, "none.gpkg")
    assert caught.value.template == "{file} is not there; check the path"
    assert caught.value.parts == {"file": "none.gpkg"}
    with pytest.raises(DataError, match=r"^a\.csv is odd$"):
        sandbox.call(tasks.refused, "a.csv")


def test_what_hangs_is_ended_in_time_and_the_next_call_works(sandbox: Sandbox) -> None:
    short = sandbox.granting(limits=replace(sandbox.limits, seconds=1))
    with pytest.raises(LostError, match="30 could not be read within 1 seconds") as caught:
        short.call(tasks.slept, 30)
    assert caught.value.reason == "late"
    assert sandbox.call(sorted, [2, 1]) == [1, 2]


@only_linux
def test_what_takes_too_much_of_the_processor_is_late(sandbox: Sandbox) -> None:
    short = sandbox.granting(limits=replace(sandbox.limits, seconds=300, cpu_seconds=1))
    with pytest.raises(LostError) as caught:
        short.call(tasks.turned, 5)
    assert caught.value.reason == "late"


def test_what_crashes_is_told_by_the_name_of_its_file(sandbox: Sandbox) -> None:
    for crash, argument in ((ctypes.string_at, 1), (signal.raise_signal, int(signal.SIGABRT))):
        with pytest.raises(LostError, match=r"^v\.shp could not be read: it is damaged") as caught:
            sandbox.granting(file="v.shp").call(crash, argument)
        assert caught.value.reason == "crashed"
    assert sandbox.call(sorted, [2, 1]) == [1, 2]


@only_linux
def test_what_needs_too_much_memory_is_told_and_its_limit_cannot_be_raised(
    sandbox: Sandbox,
) -> None:
    with pytest.raises(LostError, match="more than 400 MB"):
        sandbox.call(tasks.held, 500_000_000)
    assert sandbox.call(tasks.held, 200_000_000) == 200_000_000
    assert sandbox.call(tasks.limit_raised) == "refused"


@only_linux
def test_no_file_larger_than_the_limit_is_written(sandbox: Sandbox, tmp_path: Path) -> None:
    granted = sandbox.granting(tmp_path)
    assert granted.call(tasks.filled, str(tmp_path / "small"), 9_000_000) == DONE
    assert granted.call(tasks.filled, str(tmp_path / "large"), 11_000_000) == "OSError"


def test_an_answer_may_be_large_but_not_beyond_its_limit(sandbox: Sandbox) -> None:
    granted = sandbox.granting(limits=replace(sandbox.limits, answer_megabytes=150))
    whole = granted.call(tasks.answered, 150_000_000)
    assert whole.nbytes == 150_000_000
    assert np.count_nonzero(whole) == 150_000_000
    assert whole.flags.writeable
    with pytest.raises(LostError):
        granted.call(tasks.answered, 152_000_000)


def test_an_error_nobody_foresaw_is_a_sentence_and_stands_in_the_log(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(LostError):
        sandbox.call(tasks.failed)
    assert "RuntimeError: nobody ?[31mforesaw" in caplog.text


def test_what_libraries_print_does_not_disturb_the_answer(sandbox: Sandbox) -> None:
    assert sandbox.call(os.write, 1, b"noise\n") == 6
    assert sandbox.call(sorted, [2, 1]) == [1, 2]


def test_progress_is_told_and_an_error_in_it_ends_the_call(sandbox: Sandbox) -> None:
    told: list[float] = []
    assert sandbox.granting(progress=told.append).call(tasks.in_step, 4) == 4  # type: ignore[call-arg]  # the sandbox gives the other
    assert told == [0.0, 0.25, 0.5, 0.75]

    class LeftError(Exception):
        """The reader has gone."""

    def leave(_: float) -> None:
        raise LeftError

    with pytest.raises(LeftError):
        sandbox.granting(progress=leave).call(tasks.in_step, 1000)  # type: ignore[call-arg]  # the same


@only_linux
def test_a_call_that_nobody_wants_is_ended_though_it_ignores_signals(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    started = tmp_path / "pid"
    granted = sandbox.granting(
        tmp_path,
        limits=replace(sandbox.limits, seconds=100),
        is_wanted=lambda: not started.exists(),
    )
    with pytest.raises(LostError, match=r"reading .* was stopped") as caught:
        granted.call(tasks.stubborn, str(started))
    assert caught.value.reason == "stopped"
    _require_gone(int(started.read_text("ascii")))


@pytest.mark.heavy
def test_calls_run_side_by_side_up_to_a_bound_and_waiting_is_not_late(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(6) as threads:
        calls = [threads.submit(sandbox.call, tasks.slept_from, 0.5) for _ in range(6)]
        spans = [call.result() for call in calls]
    together = [sum(a <= began < b for a, b in spans) for began, _ in spans]
    assert 2 <= max(together) <= 4
    tight = sandbox.granting(limits=replace(sandbox.limits, seconds=5))
    with ThreadPoolExecutor(12) as threads:
        calls_ = [threads.submit(tight.call, tasks.slept, 2.5) for _ in range(12)]
        assert all(call.result() for call in calls_)


@only_linux
def test_the_threads_of_libraries_work_in_it(sandbox: Sandbox, tmp_path: Path) -> None:
    assert sandbox.call(tasks.in_threads_of_arrow, 200_000) == 7
    assert sandbox.call(tasks.in_threads_of_blas, 600) == 600.0**3
    assert sandbox.call(tasks.by_kernel, 1000) == 332_833_500
    file = tmp_path / "v.gpkg"
    tasks.tiny.villages().drop(columns="centre").to_file(file)
    assert sandbox.granting(readable=(tmp_path,)).call(tasks.by_gdal, file) == 9


def _require_gone(pid: int) -> None:
    until = time.monotonic() + 20
    while _is_running(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _is_running(pid)


def _is_running(pid: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text("ascii")
    except OSError:
        return False


@only_linux
def test_where_the_server_is_killed_its_processes_end_and_the_next_call_has_another(
    tmp_path: Path,
) -> None:
    with Sandbox(Limits(seconds=60, megabytes=400), preload=PRELOAD) as own:
        server = own.call(os.getppid)
        started = tmp_path / "pid"
        with ThreadPoolExecutor(1) as threads:
            call = threads.submit(own.granting(tmp_path).call, tasks.stubborn, str(started))
            _wait_for(started)
            os.kill(server, signal.SIGKILL)
            with pytest.raises(LostError):
                call.result()
        _require_gone(int(started.read_text("ascii")))
        assert own.call(os.getppid) != server


@only_linux
def test_what_ends_with_its_server_or_by_a_fault_of_ours_is_not_laid_on_the_file(
    tmp_path: Path,
) -> None:
    with Sandbox(Limits(seconds=60, megabytes=400), preload=PRELOAD) as own:
        server = own.call(os.getppid)
        with ThreadPoolExecutor(1) as threads:
            call = threads.submit(
                own.granting(tmp_path).call, tasks.stubborn, str(tmp_path / "pid")
            )
            _wait_for(tmp_path / "pid")
            os.kill(server, signal.SIGKILL)
            with pytest.raises(LostError) as caught:
                call.result()
        assert caught.value.reason == "stopped"
        with pytest.raises(LostError) as caught:
            own.call(math.sqrt, -1.0)
        assert caught.value.reason == "failed"
        assert "fault of this program" in str(caught.value)


@only_linux
def test_want_of_descriptors_in_one_call_ends_no_other(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = sandbox.call(os.getppid)

    def want() -> tuple[int, int]:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pipe", want)
        with pytest.raises(LostError) as caught:
            sandbox.call(os.getppid)
    assert caught.value.reason == "stopped"
    assert sandbox.call(os.getppid) == server


@only_linux
@pytest.mark.parametrize("forks", [True, False])
def test_where_the_asking_process_is_killed_all_ends_and_nothing_is_left(
    tmp_path: Path, forks: bool
) -> None:
    code = (
        "from geodata.sandbox import Limits, Sandbox\n"
        "from tests.geodata.sandbox import tasks\n"
        "limits = Limits(seconds=500, megabytes=400)\n"
        f"box = Sandbox(limits, preload=[tasks.__name__], forks={forks})\n"
        f"open({str(tmp_path / 'server')!r}, 'w').write(str(box.call(tasks.parent)))\n"
        f"box.granting({str(tmp_path)!r}).call(tasks.stubborn, {str(tmp_path / 'pid')!r})\n"
    )
    import subprocess  # noqa: PLC0415  # here alone

    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen([sys.executable, "-c", code], cwd=root) as app:  # noqa: S603  # our own text
        _wait_for(tmp_path / "pid")
        app.kill()
        app.wait()
    for name in ("pid", "server"):
        _require_gone(int((tmp_path / name).read_text("ascii")))


def _wait_for(file: Path) -> None:
    until = time.monotonic() + 120
    while not (file.exists() and file.read_text("ascii")) and time.monotonic() < until:
        time.sleep(0.05)
    assert file.exists()


@pytest.fixture(scope="module")
def spawned() -> Iterator[Sandbox]:
    limits = Limits(seconds=20, megabytes=300)
    with Sandbox(limits, preload=PRELOAD, at_once=1, forks=False) as made:
        yield made


@pytest.mark.heavy
@pytest.mark.heavy
def test_without_fork_each_call_has_a_process_started_anew_with_the_same_bounds(
    spawned: Sandbox,
) -> None:
    assert spawned.call(sorted, [2, 1]) == [1, 2]
    assert len({spawned.call(os.getpid), spawned.call(os.getpid), os.getpid()}) == 3
    with pytest.raises(MissingFileError, match="is not there"):
        spawned.call(read_table, "none.gpkg")
    short = spawned.granting(limits=replace(spawned.limits, seconds=0.5))
    with pytest.raises(LostError, match="within"):
        short.call(tasks.slept, 30)
    with pytest.raises(LostError, match="damaged"):
        spawned.call(ctypes.string_at, 1)
    with pytest.raises(LostError, match="more than 300 MB"):
        spawned.call(tasks.held_and_slept, 600_000_000, 15)
    working, temporary = spawned.call(tasks.place)
    assert working == temporary
    assert not Path(working).exists()
