"""Which work on a study had to be ended, so that it is not tried again by itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from geodata.errors import GeodataError, Phrase
from geodata.files import whole_file

STOPPED = "stopped.json"
"""Beside the study file: what had to be ended, why, and of which files.

Not in ``results``, which a process in the sandbox may write.
"""

NOT_READ = ("results", STOPPED, "followup.csv", "followup", "sharing.json")
"""What lies in a study's folder and is no part of what is measured."""

State = list[list[str | int]]
"""Names, sizes and times of files."""


@dataclass(frozen=True, kw_only=True)
class StoppedWork:
    """The work on the study in a ``folder`` that had to be ended, by the name of the operation.

    An operation stays ended until a file of the study changes, or the program.
    """

    folder: Path

    def reason(self, operation: str, files: State) -> Phrase | None:
        """Why an operation was ended with the same files; None where it was not.

        A mark that cannot be read is none.
        """
        mark = self._marks().get(operation)
        try:
            if mark is None or mark["files"] != files or mark["version"] != _version():
                return None
            return Phrase(str(mark["template"]), dict(mark["parts"]))
        except (ValueError, LookupError, TypeError):
            return None

    def add(self, operation: str, error: GeodataError, files: State) -> None:
        """Keep that an operation on these files was ended by an error."""
        parts = {name: str(part) for name, part in error.parts.items()}
        mark = {
            "template": error.template,
            "parts": parts,
            "files": files,
            "version": _version(),
        }
        marks = {**self._marks(), operation: mark}
        with whole_file(self.folder / STOPPED) as path:
            path.write_text(json.dumps(marks, ensure_ascii=False), encoding="utf-8")

    def files(self) -> State:
        """What the study is made of, by names, sizes and times."""
        return self._state(self.paths())

    def paths(self) -> Iterator[Path]:
        """The files and folders that the study is made of, which no sandbox may write to."""
        tops = [one for one in self.folder.iterdir() if one.name not in NOT_READ]
        return (one for top in tops for one in (top, *top.rglob("*")))

    def size(self) -> int:
        """The bytes of all results."""
        found = 0
        for path in (self.folder / "results").rglob("*"):
            with suppress(OSError):  # removed meanwhile
                found += path.lstat().st_size
        return found

    def results(self) -> State:
        """The kept runs, and which of them is published."""
        results = self.folder / "results"
        return self._state((*results.glob("[!.]*/manifest.json"), results / "current"))

    def _state(self, paths: Iterable[Path]) -> State:
        found: State = []
        for path in sorted(paths):
            if path.is_file():
                about, name = path.stat(), path.relative_to(self.folder).as_posix()
                found.append([name, about.st_size, about.st_mtime_ns])
        return found

    def _marks(self) -> Mapping[str, Any]:
        try:
            marks = json.loads((self.folder / STOPPED).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return marks if isinstance(marks, dict) else {}


def _version() -> str:
    """The version of this program: another may manage what this one did not."""
    try:
        return version("phusong")
    except PackageNotFoundError:
        return ""
