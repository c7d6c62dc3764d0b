"""Writes down which lines of the program run, in this process and all it starts.

Python imports a module of this name at its start; ``PYTHONPATH`` leads here while
`tests.mutants` finds out which tests reach which lines, and at no other time. Each line is
written once, at once, to a file of this process' own, so that a killed process loses nothing.
"""

from __future__ import annotations

import fcntl
import os
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType

TARGET = os.environ["PHUSONG_MUTANTS_LINES"]
ROOT = os.environ["PHUSONG_MUTANTS_ROOT"]
PACKAGES = tuple(f"{ROOT}/{name}/" for name in ("coverage", "geodata", "ui"))
HIGH = 900
"""A descriptor that nobody else comes to use, where processes close and open theirs."""


class Lines:
    """The lines seen so far."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, int]] = set()
        self._missing: dict[CodeType, set[int] | None] = {}
        self._out = -1
        self._process = 0

    def note(self, file: str, line: int) -> None:
        if (file, line) in self._seen:
            return
        self._seen.add((file, line))
        if self._process != os.getpid() and not self._opened():
            return
        try:
            os.write(self._out, f"{file}:{line}\n".encode())
        except OSError:
            return  # closed by a process that closes all it has

    def _opened(self) -> bool:
        """A file of this process' own, also after a fork."""
        self._process = os.getpid()
        name = f"{TARGET}/{self._process}-{threading.get_native_id()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            low = os.open(name, flags, 0o600)
            self._out = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, HIGH)
            os.close(low)
        except OSError:
            return self._out >= 0  # what the process was forked from still serves
        return True

    def called(self, frame: FrameType, _event: str, _argument: object) -> object:
        """Follow a call into the program; of a code that has shown all its lines, no more."""
        code = frame.f_code
        if code not in self._missing:
            ours = code.co_filename.startswith(PACKAGES)
            self._missing[code] = _lines_of(code) if ours else None
        missing = self._missing[code]
        if not missing:
            return None
        file = code.co_filename[len(ROOT) + 1 :]

        def ran(frame: FrameType, event: str, _argument: object) -> object:
            line = frame.f_lineno
            if event == "line" and line in missing:
                missing.discard(line)
                self.note(file, line)
            return ran

        return ran

    def heard(self, event: str, arguments: tuple[object, ...]) -> None:
        """A test that reads a module's text reaches all of it: written as line 0."""
        if event != "open" or not str(arguments[0]).startswith(PACKAGES):
            return
        frame: FrameType | None = sys._getframe(1)
        while frame and "pathlib" in frame.f_code.co_filename:
            frame = frame.f_back
        path = Path(frame.f_code.co_filename if frame else "")
        if path.name.startswith("test_") and str(path).startswith(f"{ROOT}/tests/"):
            self.note(str(arguments[0])[len(ROOT) + 1 :], 0)


def _lines_of(code: CodeType) -> set[int]:
    found = {line for *_, line in code.co_lines() if line}
    if not code.co_name.startswith("<"):
        found.discard(code.co_firstlineno)  # `def` itself runs where it stands, not when called
    return found


_lines = Lines()
sys.addaudithook(_lines.heard)
threading.settrace(_lines.called)
sys.settrace(_lines.called)
