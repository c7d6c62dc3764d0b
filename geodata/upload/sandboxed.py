"""A study made of files that strangers sent, as the server has it: nothing of it is read here.

Opening, measuring, publishing, checking, computing with shapes and drawing them go to a sandbox.
What comes back is judged here, which takes milliseconds whatever the files hold, but for a run that
another version judged: its verdicts are those stored with it. What was ended is marked with the
reason and not tried again by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

import coverage
from coverage.model import Layer, Measures, Rule
from coverage.pixels import AnyLayer, PixelGrid, SignalLayer, Window
from geodata.errors import UnreadableError
from geodata.report.repair import repaired_zip
from geodata.sandbox import Granted, Limits, LostError, Sandbox
from geodata.sandbox.errors import lost
from geodata.sandbox.limits import MEGABYTE
from geodata.study.changes import changes_since
from geodata.study.conflicts import conflicts_for
from geodata.study.cut import CutShapes
from geodata.study.inputs import seen_from, stats_of
from geodata.study.kept_amounts import with_hexes
from geodata.study.model import Study
from geodata.study.places import Structure
from geodata.study.results import Run
from geodata.study.settings import FILE, read_settings
from geodata.study.stored import unreadable
from geodata.upload import measured
from geodata.upload.computed import MeasuredStudy
from geodata.upload.measured import SentLayer, SentRun, SentStudy, levels_file
from geodata.upload.stopped import State, StoppedWork

LOG = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


LASTING = ("late", "crashed", "full")
"""For these reasons an operation is not tried again: its files are too much for it."""


class StoppedError(UnreadableError):
    """Work on a study that is not tried again by itself, since it had to be ended."""


@dataclass(frozen=True, kw_only=True)
class SandboxedStudy:
    """The study in a ``folder``, opened in ``sandbox`` within ``limits``."""

    folder: Path
    sandbox: Sandbox
    limits: Limits

    def run(self) -> Run:
        """Its published run, as it was if its inputs have changed; measured now if it never was.

        Raises `StoppedError` where that had to be ended, now or before with the same files.
        """
        before = {path: stats_of(path) for path in self._work.paths()}
        run = self._built(self._call(measured.measured_run, self.folder))
        read = {one: seen_from(one, before[one]) for one in run.study.inputs if one in before}
        return replace(run, study=replace(run.study, seen=MappingProxyType(read)))

    def assess_anew(self) -> None:
        """Assess and publish it by its own rule, whatever is kept of it."""
        self._call(measured.published_run, self.folder, None)

    def beside(self, run: Run) -> MeasuredStudy:
        """What the pages of a run of it ask for beside.

        Each raises `LostError` where it had to be ended, and from then on `StoppedError`.
        """

        def publish(rule: Rule) -> Run:
            return self._built(self._call(measured.published_run, self.folder, rule))

        def hexed(part: Run) -> Measures:
            found = part.assessment.measures
            return found if run.has_other_measures else self._call(with_hexes, part.study, found)

        return MeasuredStudy(
            publish=publish,
            hexed=hexed,
            changes=lambda: self._call(changes_since, run),
            conflicts=lambda rights: self._call(conflicts_for, run, rights),
            report=lambda: self._call(measured.report_on, self.folder),
            repaired=lambda language: self._call(
                repaired_zip, self.folder, language=language, follows_links=False
            ),
            cut=self._cut,
            compute=self.compute,
        )

    def compute(self, function: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
        """What a function computes or draws of shapes that came from strangers.

        It opens no file.
        """
        granted = self.sandbox.granting(limits=self.limits, file=self._name)
        return self._once(granted, function, *args, **named)

    def _cut(
        self, study: Study, structures: tuple[Structure, ...], keep: npt.NDArray[np.bool_]
    ) -> CutShapes:
        sent = self._call(measured.cut_for, study, structures, keep)
        layers = tuple(self._layer(layer) for layer in sent.layers)
        return CutShapes(layers=layers, sites=sent.sites, zones_5g=sent.zones_5g)

    def _call(self, function: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
        results = self.folder / "results"
        results.mkdir(exist_ok=True)
        if self._work.size() > self.limits.folder_megabytes * MEGABYTE:
            raise lost(self._name, "full", self.limits)
        granted = self.sandbox.granting(
            results, readable=[self.folder], limits=self.limits, file=self._name
        )
        return self._once(granted, function, *args, **named)

    def _once(
        self, granted: Granted, function: Callable[P, T], /, *args: P.args, **named: P.kwargs
    ) -> T:
        """Call a function unless it had to be ended before, whatever its arguments were.

        One call of a study at a time: the others would take the places of other studies.
        """
        operation = f"{function.__module__}.{function.__qualname__}"
        self._require_not_stopped(operation)
        with self.sandbox.turn(str(self.folder)):
            files = self._require_not_stopped(operation)  # ended while this one waited
            try:
                return granted.call(function, *args, **named)
            except LostError as error:
                if error.reason in LASTING:
                    self._stop(operation, error, files)
                raise

    def _stop(self, operation: str, error: LostError, files: State) -> None:
        """Mark an operation as ended; where the disk is full it may be tried again."""
        try:
            self._work.add(operation, error, [*files, *self._results(operation)])
        except OSError as trouble:
            LOG.warning("That work on a study was ended could not be kept: %s", trouble)

    @property
    def _name(self) -> str:
        return read_settings(self.folder / FILE).name

    @property
    def _work(self) -> StoppedWork:
        return StoppedWork(folder=self.folder)

    def _results(self, operation: str) -> State:
        """What may end the mark of an operation beside the study's files: results for `run`."""
        is_run = operation == f"{measured.__name__}.{measured.measured_run.__qualname__}"
        return self._work.results() if is_run else []

    def _require_not_stopped(self, operation: str) -> State:
        """The study's files. Raises `StoppedError` where they had the operation ended before."""
        files = self._work.files()
        reason = self._work.reason(operation, [*files, *self._results(operation)])
        if reason is not None:
            raise StoppedError(
                "{study} is not computed again by itself: {reason}; make it anew of smaller or "
                "mended files, or have it assessed from the command line",
                study=self._name,
                reason=reason,
            )
        return files

    def _built(self, sent: SentRun) -> Run:
        study = self._study(sent.study)
        stored = sent.stored
        if stored is None:
            found = coverage.judge(sent.measures, sent.rule, expected=sent.expected)
            summary = coverage.summarise(found, published=study.published)
        else:
            try:
                found = stored.assessment(sent.measures, sent.rule, sent.expected)
            except ValueError as error:
                raise unreadable(Path(sent.run_id), "villages") from error
            summary = stored.summary(found, study.published)
        return Run(
            run_id=sent.run_id,
            study=study,
            assessment=found,
            summary=summary,
            outdated=sent.outdated,
            stored_sureness=None if stored is None else stored.sureness,
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
            settings=read_settings(self.folder / FILE).model_copy(update={"as_of": sent.as_of}),
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

    @property
    def files(self) -> tuple[Path, ...]:
        """What it reads."""
        return (self.file,)

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
