"""Damages the corpus in ten thousand ways and reads what comes of it.

    uv run python -m tests.mutate -n 10000 [--seed 586] [--only K] [--output docs/robustness.md]

Each input is one of the corpus' files with bits flipped, its end cut off, fields swapped or a
size that lies, read as the program would: as a table, and as a layer. Every one must be read, or
refused by an error of ours; none may escape as another error, end the process, or take more than
ten seconds. What is read is compared with the sound file: other figures of which no finding and
no refusal says anything *changed silently*, which nothing may that broke what its format says
twice (`tests.redundancy`). Workers are processes, so that a lost one is seen and told with the
input's number, and the number and the seed make the same input again (``--only``).
"""

from __future__ import annotations

import argparse
import ast
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Thread, Timer

import pyogrio
import rasterio
import shapely

from geodata.sandbox import hold_memory
from tests.corpus import all_cases
from tests.damage import damaged
from tests.redundancy import WITHIN, breach
from tests.silent import Outcome, changed, outcome_of

SEED = 586
HANGS_S = 10
"""Seconds of the processor, so that a busy machine accuses nobody; where the system does not
count them, seconds."""

WAITS_S = 120 if sys.platform != "win32" else HANGS_S
STARTS_S = 900
WORKERS = 2
LARGEST = 2_000_000
MEMORY_MB = 1500
OUTCOMES = ("read", "refused", "escaped", "crashed", "hung")
BAD = ("escaped", "crashed", "hung")
SILENT = "changed silently"
UNTOLD = "format broken, silently"
"""Columns of the table: damage within a value, and damage that nobody may pass over."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of one input.

    ``figures`` are those that changed silently, ``broken`` is what the damage then broke of the
    file's format, "" where it lies within a value.
    """

    number: int
    case: str
    change: str
    ending: str
    outcome: str
    seconds: float
    told: str = ""
    figures: str = ""
    broken: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether it is neither read nor refused, or changed though its format was broken."""
        return self.outcome in BAD or bool(self.broken)


def sources(folder: Path) -> list[tuple[str, Path]]:
    """The corpus' files that are small enough, each case in a folder of its own."""
    found = []
    for case in all_cases():
        target = folder / case.name
        target.mkdir()
        path = case.make(target)
        if path.suffix == ".toml" or (path / "study.toml").is_file():
            continue  # a study is read file by file, and those are here
        files = [p for p in target.rglob("*") if p.is_file()]
        if files and sum(p.stat().st_size for p in files) <= LARGEST:
            found.append((case.name, path.relative_to(folder)))
    return found


def work(folder: Path, seed: int, start: int, stop: int, step: int) -> None:
    """Try every ``step``-th input and say so, a line before and a line after each."""
    hold_memory(MEMORY_MB)
    signal_late = getattr(signal, "setitimer", None)
    held = [(n, Path(p)) for n, p in (line.split("\t") for line in _listing(folder))]

    @cache
    def sound(name: str) -> Outcome:
        return outcome_of(folder / dict(held)[name])

    for number in range(start, stop, step):
        with tempfile.TemporaryDirectory(dir=folder.parent) as target:
            name, change, path = damaged(number, seed, held, folder, Path(target))
            _say("begins", number, name, change, path.suffix.lower())
            sound(name)
            began = time.process_time()
            if signal_late is not None:
                signal_late(signal.ITIMER_PROF, HANGS_S)
            try:
                found = outcome_of(path)
                told = found.refusal
                outcome = "refused" if told else "read"
                figures = ", ".join(changed(sound(name), found))
                seconds = time.process_time() - began
                broken = _broken(folder / name, Path(target)) if figures else ""
            except Exception:  # noqa: BLE001  # what nobody foresaw is what is looked for
                outcome, told, figures, broken = "escaped", traceback.format_exc(), "", ""
                seconds = time.process_time() - began
            _say("ends", number, outcome, seconds, repr(told), figures, broken)


def _broken(sound: Path, damaged: Path) -> str:
    """What the damage broke of the format of the one file that it changed."""
    for one in sorted(p for p in sound.rglob("*") if p.is_file()):
        before, after = one.read_bytes(), (damaged / one.relative_to(sound)).read_bytes()
        if before != after:
            return breach(one.suffix.lower(), before, after)
    raise AssertionError("no file was changed, and its figures were")


def _listing(folder: Path) -> list[str]:
    return (folder / "listing").read_text(encoding="utf-8").splitlines()


def _say(*words: object) -> None:
    sys.stdout.write("\t".join(map(str, words)) + "\n")
    sys.stdout.flush()


def write_corpus(folder: Path) -> None:
    """The files that are damaged, and a list of them."""
    folder.mkdir()
    listed = sources(folder)
    for unused in {one.name for one in folder.iterdir()} - {name for name, _ in listed}:
        shutil.rmtree(folder / unused)
    text = "\n".join(f"{name}\t{path.as_posix()}" for name, path in listed)
    (folder / "listing").write_text(text, encoding="utf-8")


def run(
    count: int, seed: int, held: Path, *, only: int | None = None, workers: int = WORKERS
) -> list[Result]:
    """Make and try ``count`` inputs of a corpus, or one alone."""
    results: list[Result] = []
    slices = [(k, count, workers) for k in range(workers)]
    if only is not None:
        slices = [(only, only + 1, 1)]
    threads = [Thread(target=lambda s=s: results.extend(_overseen(held, seed, *s))) for s in slices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results, key=lambda one: one.number)


def _overseen(folder: Path, seed: int, start: int, stop: int, step: int) -> Iterator[Result]:
    """The results of one slice; a worker that is lost is replaced by one that goes on."""
    while start < stop:
        begun: list[str] = []
        late = False
        command = [sys.executable, "-c", WORK, str(folder), *map(str, (seed, start, stop, step))]
        with subprocess.Popen(  # noqa: S603  # our own interpreter and words
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
        ) as process:
            assert process.stdout is not None

            def end(process: subprocess.Popen[str] = process) -> None:
                nonlocal late
                late = True
                process.kill()

            timer = Timer(STARTS_S, end)
            timer.start()
            for line in process.stdout:
                timer.cancel()
                words = line.rstrip("\n").split("\t")
                if words[0] == "begins":
                    begun = words
                elif words[0] == "ends" and begun:
                    yield _result(begun, words[2], float(words[3]), *words[4:])
                    start, begun = int(words[1]) + step, []
                timer = Timer(WAITS_S if begun else STARTS_S, end)
                timer.start()
            timer.cancel()
        if begun:
            late = late or process.returncode == -getattr(signal, "SIGPROF", 0)
            yield _result(begun, "hung" if late else "crashed", HANGS_S if late else 0, "")
            start = int(begun[1]) + step
        elif start < stop and process.returncode:
            raise RuntimeError(f"a worker ended with status {process.returncode}, between inputs")


WORK = (
    "import sys; from pathlib import Path; from tests.mutate import work; "
    "work(Path(sys.argv[1]), *map(int, sys.argv[2:]))"
)


def _result(
    begun: Sequence[str],
    outcome: str,
    seconds: float,
    told: str,
    figures: str = "",
    broken: str = "",
) -> Result:
    _, number, case, change, ending = begun
    return Result(
        number=int(number),
        case=case,
        change=change,
        ending=ending or "folder",
        outcome=outcome,
        seconds=seconds,
        told=told,
        figures=figures,
        broken=broken,
    )


def report(results: Sequence[Result], seed: int) -> str:
    """The figures, as Markdown."""
    by_ending: dict[str, list[Result]] = defaultdict(list)
    for one in results:
        by_ending[one.ending].append(one)
    rows = [_row(ending, found, "") for ending, found in sorted(by_ending.items())]
    files = len({one.case for one in results})
    worst = max(results, key=lambda one: one.seconds)
    versions = (
        f"Python {platform.python_version()}, pyogrio {pyogrio.__version__} (GDAL "
        f"{pyogrio.__gdal_version_string__}), rasterio {rasterio.__version__} (GDAL "
        f"{rasterio.__gdal_version__}), shapely {shapely.__version__} (GEOS "
        f"{shapely.geos_version_string}), {platform.system()} {platform.machine()}"
    )
    columns = (*OUTCOMES, SILENT, UNTOLD, "slowest, s")
    return "\n".join(
        [
            f"{len(results):,} inputs from {files} files of the corpus, seed {seed}. {versions}.",
            "",
            "| the file handed over | inputs | " + " | ".join(columns) + " |",
            "| --- " + "| ---: " * (len(columns) + 1) + "|",
            *rows,
            _row("all", results, "**"),
            "",
            f"The slowest: {worst.case}, {worst.change}, input {worst.number}.",
            *_reasons(results),
        ]
    )


def _row(title: str, found: Sequence[Result], strong: str) -> str:
    count = Counter(one.outcome for one in found)
    figures = [
        len(found),
        *(count[name] for name in OUTCOMES),
        sum(bool(one.figures) and not one.broken for one in found),
        sum(bool(one.broken) for one in found),
    ]
    cells = [f"{strong}{cell}{strong}" for cell in (title, *(f"{n:,}" for n in figures))]
    return "| " + " | ".join([*cells, f"{max(one.seconds for one in found):.1f}"]) + " |"


def _reasons(results: Sequence[Result]) -> list[str]:
    """Why nobody can notice what changed silently within a value, by the file that was damaged."""
    within = Counter(_hurt(one) for one in results if one.figures and not one.broken)
    if not within:
        return []
    return [
        "",
        "| the file damaged | changed silently | what was changed |",
        "| --- | ---: | --- |",
        *(
            f"| {ending} | {count:,} | {WITHIN[ending]} |"
            for ending, count in sorted(within.items())
        ),
    ]


def _hurt(one: Result) -> str:
    return one.change.partition(" ")[0]


TITLE = """# How the readers hold against damaged files

`uv run python -m tests.mutate -n 10000` damages the files of the corpus (`tests/corpus`): bits
flipped, ends cut off, stretches and fields swapped or repeated, numbers that lie about sizes, one
to three such changes at a time, in the file itself or in one that belongs to it. Each is read as
the program does it, as a table and as a layer. *Read*: something came of it, which the data
report then judges. *Refused*: one sentence of ours. *Escaped* (another error), *crashed* (the
process ended) and *hung* (more than ten seconds of the processor) must be 0; the command ends
with status 1 otherwise, and names each with the number that makes it again (`--only`).

What is read is compared with the reading of the sound file: rows, columns, values, shapes and
pixels. Where these are others, and no finding and no refusal says so, the file *changed
silently*. Where its damage broke what the format says twice (counts, lengths, closings, declared
ranges, cells a row, checksums; `tests/redundancy` decides by the place, apart from the readers),
that is *format broken, silently* and must be 0 too. The rest lies within a value that stands there
once; the second table lists what it was. Pages of a GeoPackage larger than 1 GB are not compared,
nor members of a GeoJSON beyond its first 256 MB.

"""


def _others(output: Path) -> str:
    """What stands in the file behind our own chapter: those of `tests.robustness`."""
    held = output.read_text(encoding="utf-8") if output.exists() else ""
    _, mark, others = held.removeprefix("# ").partition("\n# ")
    return mark + others


def main() -> int:
    """Run, print the figures and everything bad; 1 where anything was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", type=int)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder) / "corpus"
        write_corpus(held)
        results = run(asked.n, asked.seed, held, only=asked.only, workers=asked.workers)
    text = report(results, asked.seed)
    sys.stdout.write(text + "\n")
    bad = [one for one in results if one.is_bad]
    for one in bad:
        told = ast.literal_eval(one.told) if one.told else ""
        silent = f" {one.figures}: {one.broken}" if one.broken else ""
        sys.stdout.write(f"{one.number} {one.outcome} {one.case} {one.change}{silent}\n{told}\n")
    if asked.output is not None:
        asked.output.write_text(TITLE + text + "\n" + _others(asked.output), encoding="utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
