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
from typing import ParamSpec, TypeVar

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
from geodata.upload.measured import LEVELS, SentLayer, SentRun, SentStudy

P = ParamSpec("P")
T = TypeVar("T")

STOPPED = "stopped.json"
"""In ``results``: why the measuring of a study was ended, and of which files."""


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
            mark = json.loads((self.folder / "results" / STOPPED).read_text(encoding="utf-8"))
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
        with whole_file(self.folder / "results" / STOPPED) as path:
            path.write_text(json.dumps(mark, ensure_ascii=False), encoding="utf-8")

    def _files(self) -> list[list[str | int]]:
        """Names, sizes and times of what the study is made of."""
        found: list[list[str | int]] = []
        tops = [one for one in self.folder.iterdir() if one.name != "results"]
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
            layers=tuple(self._layer(k, layer) for k, layer in enumerate(sent.layers)),
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

    def _layer(self, position: int, sent: SentLayer) -> AnyLayer:
        if sent.grid is None:
            if sent.footprint is None:
                raise UnreadableError("{file} has a layer without a shape", file=self._name)
            return Layer(info=sent.info, footprint=sent.footprint, extent=sent.extent)
        file = self.folder / "results" / LEVELS / f"{position}.npy"
        levels = LevelsFile(file=file, grid=sent.grid)
        return SignalLayer(info=sent.info, grid=sent.grid, levels=levels, key=sent.key)


@dataclass(frozen=True, kw_only=True)
class LevelsFile:
    """Reads windows of the levels of a signal layer from an array file."""

    file: Path
    grid: PixelGrid

    def __call__(self, window: Window) -> npt.NDArray[np.uint8]:
        """The levels of a window. Raises `UnreadableError` where the file is another by now."""
        try:
            levels = np.load(self.file, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise self._changed() from error
        if not isinstance(levels, np.ndarray) or levels.dtype != np.uint8:
            raise self._changed()  # an archive of arrays is none
        if levels.shape != (self.grid.height, self.grid.width):
            raise self._changed()
        top, left, rows, columns = window
        return np.array(levels[top : top + rows, left : left + columns])

    def _changed(self) -> UnreadableError:
        return UnreadableError(
            "{file} has changed since the study was opened; open the study again",
            file=self.file.name,
        )
