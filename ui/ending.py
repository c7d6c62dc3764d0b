"""Ends the server within seconds: with the command that started it, and on every signal.

The command holds the other end of a pipe that is the server's standard input. Where that end
closes, because the command was told to stop or was killed, the server ends; this needs no signal
and so is the same on Windows. Readers' connections are closed first, with a code that says so.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread, Timer, current_thread, main_thread
from types import FrameType

PIPE_VARIABLE = "PHUSONG_ENDS_WITH_STDIN"
"""Set where standard input is the pipe of the command that started the server."""

GRACE_S = 4.0
"""So long may requests at work go on once the server is told to stop."""

NAMES = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGBREAK")
"""Signals that end the server, or the command, on one system or the other."""

Handler = Callable[[int, FrameType | None], object]


def stop_signals() -> tuple[signal.Signals, ...]:
    """The signals of this system that ask a process to stop."""
    return tuple(signal.Signals[name] for name in NAMES if hasattr(signal, name))


@contextmanager
def handling(handler: Handler) -> Iterator[None]:
    """Have ``handler`` called for every signal to stop, in the main thread; nothing elsewhere.

    Signals that are ignored stay so: ``nohup`` has a program outlive its terminal.
    """
    if current_thread() is not main_thread():
        yield
        return
    heard = [one for one in stop_signals() if signal.getsignal(one) is not signal.SIG_IGN]
    earlier = {one: signal.signal(one, handler) for one in heard}
    try:
        yield
    finally:
        for one, was in earlier.items():
            signal.signal(one, signal.SIG_DFL if was is None else was)


@contextmanager
def ending_in_time() -> Iterator[None]:
    """While the server runs, have each signal and the end of the command's pipe end it in time.

    A signal is handed on as SIGTERM to who handled that before: uvicorn, which closes sockets
    with 1012 and waits for requests at work. After `GRACE_S` the process ends without them.
    """
    serving = signal.getsignal(signal.SIGTERM)

    def stop(_: int, frame: FrameType | None) -> None:
        _end_late()
        if callable(serving):
            serving(signal.SIGTERM, frame)

    with handling(stop):
        if os.environ.pop(PIPE_VARIABLE, ""):
            Thread(target=_stop_at_end_of_input, name="command's pipe", daemon=True).start()
        yield


def _stop_at_end_of_input() -> None:
    """Wait until nobody holds the other end of standard input, then stop this process."""
    while os.read(0, 1):  # not sys.stdin: its lock would be held while Python ends
        continue
    _end_late()
    if sys.platform == "win32":  # where os.kill would end it at once
        signal.raise_signal(signal.SIGTERM)
    else:  # to the process: the main thread is woken, whatever it waits for
        os.kill(os.getpid(), signal.SIGTERM)


def _end_late() -> None:
    """End this process after the time of grace, whatever it does then."""
    late = Timer(GRACE_S, os._exit, args=(0,))
    late.daemon = True
    late.start()
