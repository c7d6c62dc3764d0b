"""A study made of files that strangers sent, as the server has it: nothing of it is read here.

Opening, measuring, publishing, checking and drawing go to a sandbox each time. What comes back
is judged here, which takes milliseconds whatever the files hold. A study whose measuring was
ended is marked with the reason and not measured again by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

import coverage
from coverage.model import Layer, Measures, Rule
from coverage.pixels import AnyLayer, PixelGrid, SignalLayer, Window
from geodata.errors import Phrase, UnreadableError
from geodata.export.report_words import Language
from geodata.files import whole_file
from geodata.report import Report
from geodata.report.repair import repaired_zip
from geodata.rights import Rights
from geodata.sandbox import Limits, LostError, Sandbox
from geodata.study.changes import Changes, changes_since
from geodata.study.conflicts import FoundConflicts, conflicts_for
from geodata.study.kept_amounts import with_hexes
from geodata.study.model import Study
from geodata.study.results import Run
from geodata.study.settings import FILE, read_settings
from geodata.upload import measured
from geodata.upload.measured import SentLayer, SentRun, SentStudy, levels_file

P = ParamSpec("P")
T = TypeVar("T")

STOPPED = "stopped.json"
"""Beside the study file: why the measuring of a study was ended, and of which files.

Not in ``results``, which a process in the sandbox may write.
"""


class StoppedError(UnreadableError):
    """A study that is not measured again by itself, since its measuring had to be ended."""


@dataclass(frozen=True, kw_only=True)
class MeasuredStudy:
    """What a study's pages ask for beside its run, each from a sandbox."""

    publish: Callable[[Rule], Run]
    hexed: Callable[[Run], Measures]
    """The measures of a run, or of a part of it, with those of its hexagons."""
    changes: Callable[[], Changes | None]
    conflicts: Callable[[Rights], FoundConflicts]
    report: Callable[[], Report]
    repaired: Callable[[Language], bytes]
    """The repaired copy of the whole study, as a ZIP."""


@dataclass(frozen=True, kw_only=True)
class SandboxedStudy:
    """The study in a ``folder``, opened in ``sandbox`` within ``limits``."""

    folder: Path
    sandbox: Sandbox
    limits: Limits

    def run(self) -> Run:
        """Its published run, measured now if it never was.

        Raises `StoppedError` where that had to be ended, now or before with the same files.
        """
        self._require_not_stopped()
        try:
            return self._built(self._call(measured.measured_run, self.folder))
        except LostError as error:
            self._mark(error)
            raise

    def beside(self, run: Run) -> MeasuredStudy:
        """What the pages of a run of it ask for beside."""

        def publish(rule: Rule) -> Run:
            return self._built(self._call(measured.published_run, self.folder, rule))

        return MeasuredStudy(
            publish=publish,
            hexed=lambda part: self._call(with_hexes, part.study, part.assessment.measures),
            changes=lambda: self._call(changes_since, run),
            conflicts=lambda rights: self._call(conflicts_for, run, rights),
            report=lambda: self._call(measured.report_on, self.folder),
            repaired=lambda language: self._call(repaired_zip, self.folder, language=language),
        )

    def draw(self, function: Callable[P, bytes], /, *args: P.args, **named: P.kwargs) -> bytes:
        """What a function draws of shapes that came from strangers."""
        granted = self.sandbox.granting(limits=self.limits, file=self.folder.name)
        return granted.call(function, *args, **named)

    def _call(self, function: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
        results = self.folder / "results"
        results.mkdir(exist_ok=True)
        granted = self.sandbox.granting(
            results, readable=[self.folder], limits=self.limits, file=self._name
        )
        return granted.call(function, *args, **named)

    @property
    def _name(self) -> str:
        return read_settings(self.folder / FILE).name

    def _require_not_stopped(self) -> None:
        try:
            mark = json.loads((self.folder / STOPPED).read_text(encoding="utf-8"))
            reason = Phrase(str(mark["template"]), dict(mark["parts"]))
            same = mark["files"] == self._files()
        except (OSError, ValueError, LookupError, TypeError):
            return
        if same and not any((self.folder / "results").glob("*/manifest.json")):
            raise StoppedError(
                "{study} is not measured again by itself: {reason}; make it anew of smaller or "
                "mended files, or have it assessed from the command line",
                study=self._name,
                reason=reason,
            )

    def _mark(self, error: LostError) -> None:
        mark = {
            "template": error.template,
            "parts": {name: str(part) for name, part in error.parts.items()},
            "files": self._files(),
        }
        with whole_file(self.folder / STOPPED) as path:
            path.write_text(json.dumps(mark, ensure_ascii=False), encoding="utf-8")

    def _files(self) -> list[list[str | int]]:
        """Names, sizes and times of what the study is made of."""
        found: list[list[str | int]] = []
        tops = [one for one in self.folder.iterdir() if one.name not in ("results", STOPPED)]
        for path in sorted(one for top in tops for one in (top, *top.rglob("*"))):
            if path.is_file():
                about, name = path.stat(), path.relative_to(self.folder).as_posix()
                found.append([name, about.st_size, about.st_mtime_ns])
        return found

    def _built(self, sent: SentRun) -> Run:
        study = self._study(sent.study)
        found = coverage.judge(sent.measures, sent.rule, expected=study.expected)
        return Run(
            run_id=sent.run_id,
            study=study,
            assessment=found,
            summary=coverage.summarise(found, published=study.published),
            made_at=sent.made_at,
            measured=sent.measured,
            measured_layers=sent.measured_layers,
            folder=self.folder / "results" / Path(sent.run_id).name,
            measures=sent.key,
            parts=sent.parts,
        )

    def _study(self, sent: SentStudy) -> Study:
        inside = [one for one in sent.inputs if one.is_relative_to(self.folder)]
        return Study(
            folder=self.folder,
            settings=read_settings(self.folder / FILE),
            villages=sent.villages,
            layers=tuple(self._layer(layer) for layer in sent.layers),
            units=sent.units,
            zones_5g=sent.zones_5g,
            rule=sent.rule,
            inputs=tuple(inside),
            sites=sent.sites,
            measurements=sent.measurements,
            findings=sent.findings,
            doubts=sent.doubts,
            notes=sent.notes,
            told=sent.told,
            amounts=MappingProxyType(dict(sent.amounts)),
            hexes=sent.hexes,
        )

    def _layer(self, sent: SentLayer) -> AnyLayer:
        if sent.grid is None:
            if sent.footprint is None:
                raise UnreadableError("{file} has a layer without a shape", file=self._name)
            return Layer(info=sent.info, footprint=sent.footprint, extent=sent.extent)
        levels = LevelsFile(file=levels_file(self.folder, sent.key), grid=sent.grid)
        return SignalLayer(info=sent.info, grid=sent.grid, levels=levels, key=sent.key)


@dataclass(frozen=True, kw_only=True)
class LevelsFile:
    """Reads windows of the levels of a signal layer from an array file."""

    file: Path
    grid: PixelGrid

    def __call__(self, window: Window) -> npt.NDArray[np.uint8]:
        """The levels of a window. Raises `UnreadableError` where the file is another by now.

        Read row by row, not mapped into memory: a file cut short meanwhile would end the server.
        """
        top, left, rows, columns = window
        out = np.empty((rows, columns), np.uint8)
        try:
            with self.file.open("rb") as stream:
                start = self._start(stream)
                for row in range(rows):
                    stream.seek(start + (top + row) * self.grid.width + left)
                    if stream.readinto(memoryview(out[row])) != columns:
                        raise self._changed()
        except (OSError, ValueError, EOFError) as error:
            if isinstance(error, UnreadableError):
                raise
            raise self._changed() from error
        return out

    def _start(self, stream: BinaryIO) -> int:
        """Where the numbers begin, after a head that says what is expected."""
        if np.lib.format.read_magic(stream) != (1, 0):
            raise self._changed()
        shape, by_column, kind = np.lib.format.read_array_header_1_0(stream)
        wanted = ((self.grid.height, self.grid.width), False, np.dtype(np.uint8))
        if (shape, by_column, kind) != wanted:
            raise self._changed()
        return stream.tell()

    def _changed(self) -> UnreadableError:
        return UnreadableError(
            "{file} has changed since the study was opened; open the study again",
            file=self.file.name,
        )
