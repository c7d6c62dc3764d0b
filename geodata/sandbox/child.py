"""The process that reads a stranger's file: one call, then it ends.

What it is asked comes from the server and is believed (pickle). It shuts itself in before it
knows more than its bounds; what it answers is not believed (`answers`).
"""

from __future__ import annotations

import copyreg
import importlib
import os
import pickle
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Thread
from types import MappingProxyType
from typing import Any

from coverage.errors import CoverageError
from geodata.errors import GeodataError
from geodata.sandbox.answers import write_answer
from geodata.sandbox.answers.base import Buffer
from geodata.sandbox.channel import Channel
from geodata.sandbox.confine import Grant, hold

PROGRESS_S = 0.1
"""No more often is told how far it is."""

LONGEST_FAILURE = 4_000


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is called, and whether it is given a ``progress`` to tell how far it is."""

    function: Callable[..., Any]
    arguments: Sequence[Any]
    named: Mapping[str, Any]
    has_progress: bool


def _read_only(value: dict[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(value)


def _pickle_mapping(value: Mapping[Any, Any]) -> tuple[Callable[..., Any], tuple[dict[Any, Any]]]:
    """A mapping that nobody may change, which pickle does not know by itself."""
    return _read_only, (dict(value),)


copyreg.pickle(MappingProxyType, _pickle_mapping)


def pickled(value: object) -> list[Buffer]:
    """A request as buffers, arrays as they lie in memory."""
    beside: list[pickle.PickleBuffer] = []
    body = pickle.dumps(value, protocol=5, buffer_callback=beside.append)
    return [body, *(one.raw() for one in beside)]


def unpickled(buffers: Sequence[Buffer]) -> Any:
    """A request of the process that started this one."""
    return pickle.loads(buffers[0], buffers=buffers[1:])  # noqa: S301  # our own server wrote it


OUT_OF_MEMORY = ("bad_alloc", "Out of memory", "out of memory", "annot allocate memory")
"""What GEOS, GDAL and the system say where libraries raise no `MemoryError`."""


def answer_call(
    channel: Channel,
    bound: Callable[[Grant], None],
    *,
    asked: Callable[[], object] = lambda: None,
) -> None:
    """Have ``bound`` hold this process to what it is granted, do what is asked and answer.

    ``asked`` is called once the whole request has come.
    """
    _, bounds = channel.receive()
    bound(unpickled(bounds))
    _, body = channel.receive()
    asked()
    try:
        _do(channel, unpickled(body))
    except MemoryError:
        channel.send("memory")
    except Exception as error:  # noqa: BLE001  # nobody foresaw it: whoever asked gets a sentence, the log this
        if any(words in str(error) for words in OUT_OF_MEMORY):
            channel.send("memory")
            return
        text = traceback.format_exc()[-LONGEST_FAILURE:]
        channel.send("failed", [text.encode("utf-8", "backslashreplace")])


def serve_once(modules: Sequence[str]) -> None:
    """Load modules, say so, and answer one call over the standard pipes, held to its limits.

    For systems without fork and Landlock. What libraries print goes nowhere.
    """
    for module in modules:
        importlib.import_module(module)
    with os.fdopen(os.dup(1), "wb") as writing:
        be_silent()
        channel = Channel(sys.stdin.buffer, writing)
        channel.send("ready")
        answer_call(channel, hold, asked=_end_with_input)


def _end_with_input() -> None:
    """Have this process end where whoever asked has gone: its standard input is closed then."""

    def wait() -> None:
        while os.read(0, 1):
            continue
        os._exit(0)

    Thread(target=wait, name="caller's pipe", daemon=True).start()


def be_silent() -> None:
    """Have what libraries print go nowhere from here on: strangers choose its words."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def _do(channel: Channel, request: Request) -> None:
    named = dict(request.named)
    if request.has_progress:
        named["progress"] = _Progress(channel)
    try:
        answer = request.function(*request.arguments, **named)
    except (GeodataError, CoverageError) as error:
        channel.send("raised", write_answer(error))
        return
    channel.send("given", write_answer(answer))


class _Progress:
    """Tells the server how far a call is, now and then."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._told = float("-inf")

    def __call__(self, done: float) -> None:
        now = time.monotonic()
        if now - self._told >= PROGRESS_S:
            self._told = now
            self._channel.send("progress", write_answer(float(done)))
