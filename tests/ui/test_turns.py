"""Pages that are worked out at once: so many, and nobody waits for ever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from ui.turns import Turns

SOON_S = 5.0


def test_as_many_as_there_are_turns_run_side_by_side_and_the_next_waits() -> None:
    turns, both, third, end = Turns(2), Barrier(3), Event(), Event()

    def held() -> None:
        with turns.turn():
            both.wait(SOON_S)
            end.wait(SOON_S)

    def waiting() -> None:
        with turns.turn():
            third.set()

    with ThreadPoolExecutor(3) as pool:
        first = [pool.submit(held) for _ in range(2)]
        both.wait(SOON_S)
        last = pool.submit(waiting)
        assert not third.wait(0.2)
        end.set()
        assert third.wait(SOON_S)
        assert [one.result(SOON_S) for one in (*first, last)] == [None] * 3


def test_a_turn_within_a_turn_is_the_same_and_ends_with_the_outer() -> None:
    turns = Turns(1)
    with turns.turn():
        with turns.turn():
            pass
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(_once, turns)
            with pytest.raises(TimeoutError):
                other.result(0.2)
            with turns.aside():
                assert other.result(SOON_S) == "had a turn"


def test_what_fails_gives_its_turn_back() -> None:
    turns = Turns(1)
    with pytest.raises(ValueError, match="a page"), turns.turn():
        raise ValueError("a page")
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(_once, turns).result(SOON_S) == "had a turn"


def test_who_comes_back_while_none_is_free_goes_on_without() -> None:
    turns, inside, end = Turns(1), Event(), Event()

    def other() -> None:
        with turns.turn():
            inside.set()
            end.wait(SOON_S)

    with ThreadPoolExecutor(2) as pool:
        with turns.turn():
            with turns.aside():
                waiting = pool.submit(other)
                assert inside.wait(SOON_S)
            end.set()  # reached, though the other holds the only turn
        waiting.result(SOON_S)
        assert [pool.submit(_once, turns).result(SOON_S) for _ in range(2)] == ["had a turn"] * 2


def test_aside_without_a_turn_gives_none_away() -> None:
    turns = Turns(1)
    with turns.aside():
        pass
    with turns.turn(), ThreadPoolExecutor(1) as pool:
        other = pool.submit(_once, turns)
        with pytest.raises(TimeoutError):
            other.result(0.2)
        with turns.aside():
            assert other.result(SOON_S) == "had a turn"


def _once(turns: Turns) -> str:
    with turns.turn():
        return "had a turn"
