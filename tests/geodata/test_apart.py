"""A process apart: what is lost there is told here, and here goes on."""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
import time
from collections.abc import Iterator

import pytest

from geodata.apart import Apart, LostError, Readers
from geodata.errors import DataError, MissingFileError, StudyError, phrase
from geodata.read import read_table

LINUX = sys.platform.startswith("linux")


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    made = Readers(seconds=2, megabytes=300)
    made.warm()
    yield made
    made.close()


@pytest.mark.heavy
def test_what_a_function_gives_comes_back(readers: Readers) -> None:
    assert readers.call(sorted, [3, 1, 2]) == [1, 2, 3]
    assert readers.call(os.getpid) != os.getpid()


def test_errors_of_ours_come_back_as_they_were(readers: Readers) -> None:
    with pytest.raises(MissingFileError) as caught:
        readers.call(read_table, "none.gpkg")
    assert caught.value.template == "{file} is not there; check the path"
    assert caught.value.parts == {"file": "none.gpkg"}


def test_what_hangs_is_ended_in_time_and_the_next_call_works(readers: Readers) -> None:
    began = time.monotonic()
    with pytest.raises(LostError, match="30 could not be read within 2 seconds"):
        readers.call(time.sleep, 30)
    assert time.monotonic() - began < 4
    assert readers.call(sorted, [2, 1]) == [1, 2]


def test_what_crashes_is_told(readers: Readers) -> None:
    for crash, told in ((ctypes.string_at, 1), (signal.raise_signal, int(signal.SIGABRT))):
        with pytest.raises(LostError, match=rf"^{told} could not be read: it is damaged"):
            readers.call(crash, told)
    assert readers.call(sorted, [2, 1]) == [1, 2]


@pytest.mark.skipif(not LINUX, reason="only Linux holds a process to its memory")
def test_what_needs_too_much_memory_is_told(readers: Readers) -> None:
    with pytest.raises(LostError, match="more than 300 MB"):
        readers.call(bytes, 400_000_000)


def test_an_error_nobody_foresaw_is_a_sentence_too(readers: Readers) -> None:
    with pytest.raises(LostError):
        readers.call(int, "no number")


def test_what_libraries_print_does_not_disturb_the_answer(readers: Readers) -> None:
    assert readers.call(os.write, 1, b"noise\n") == 6
    assert readers.call(sorted, [2, 1]) == [1, 2]


def test_a_closed_process_is_gone() -> None:
    with Apart(seconds=1, megabytes=100) as one:
        assert not one.lost
    assert one.lost


def test_errors_travel_whole() -> None:
    fault = phrase("{where} is missing", where="crs")
    for error in (DataError("{file} is odd", file="a"), StudyError("bad", faults=(fault,))):
        again = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert again.parts == error.parts
