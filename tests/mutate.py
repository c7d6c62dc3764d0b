"""Damages the corpus in ten thousand ways and reads what comes of it.

    uv run python -m tests.mutate -n 10000 [--seed 586] [--only K] [--output docs/robustness.md]

Each input is one of the corpus' files with bits flipped, its end cut off, fields swapped or a
size that lies, read as the program would: as a table, and as a layer. Every one must be read, or
refused by an error of ours; none may escape as another error, end the process, or take more than
ten seconds. Workers are processes, so that a lost one is seen and told with the input's number,
and the number and the seed make the same input again (``--only``).
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
from datetime import date
from pathlib import Path
from threading import Thread, Timer
from types import MappingProxyType

import numpy as np
import pyogrio
import pyproj
import rasterio
import shapely

from coverage.errors import CoverageError
from geodata.containers import Part, opened
from geodata.convention import Candidate
from geodata.errors import GeodataError
from geodata.filing import Filing
from geodata.filings import layers_in
from geodata.read import read_part
from geodata.sandbox import hold_memory
from tests.corpus import all_cases

SEED = 586
HANGS_S = 10
"""Seconds of the processor, so that a busy machine accuses nobody; where the system does not
count them, seconds."""

WAITS_S = 120 if sys.platform != "win32" else HANGS_S
STARTS_S = 900
WORKERS = 2
LARGEST = 2_000_000
MEMORY_MB = 1500
EXTREMES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1)
SIGNS = (b",", b";", b"\t", b'"', b"{", b"}", b"[", b"]", b"<", b">", b" ", b"\n")
OUTCOMES = ("read", "refused", "escaped", "crashed", "hung")
BAD = ("escaped", "crashed", "hung")

FILING = Filing(
    operator="Alpha",
    technology="4G",
    evidence="declared",
    as_of=date(2023, 8, 30),
    source="",
    columns=MappingProxyType({}),
)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of one input."""

    number: int
    case: str
    change: str
    ending: str
    outcome: str
    seconds: float
    told: str = ""


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


def mutated(body: bytes, dice: np.random.Generator) -> tuple[str, bytes]:
    """One to three changes of a file, and what they were."""
    told = []
    for _ in range(int(dice.integers(1, 4))):
        change = CHANGES[int(dice.integers(len(CHANGES)))]
        body = change(body, dice) if body else body
        told.append(change.__name__.removeprefix("_"))
    return "+".join(told), body


def _place(body: bytes, dice: np.random.Generator) -> int:
    """Anywhere, more often where the head is, and the end."""
    near = min(len(body), 600)
    where = int(dice.integers(4))
    if where == 0:
        return int(dice.integers(near))
    return int(dice.integers(len(body) - near if where == 1 else 0, len(body)))


def _flipped(body: bytes, dice: np.random.Generator) -> bytes:
    out = bytearray(body)
    for _ in range(int(dice.integers(1, 24))):
        out[_place(body, dice)] ^= 1 << int(dice.integers(8))
    return bytes(out)


def _cut(body: bytes, dice: np.random.Generator) -> bytes:
    return body[: int(dice.integers(len(body)))]


def _lied(body: bytes, dice: np.random.Generator) -> bytes:
    """A number of one to eight bytes, at an even place, that is as large or small as can be."""
    width = int(dice.choice([1, 2, 4, 8]))
    at = _place(body, dice) // 2 * 2
    value = int(EXTREMES[int(dice.integers(len(EXTREMES)))]) % (1 << (8 * width))
    order = "little" if dice.integers(2) else "big"
    return body[:at] + value.to_bytes(width, order) + body[at + width :]


def _swapped(body: bytes, dice: np.random.Generator) -> bytes:
    """Two stretches of one length that change places."""
    width = int(dice.integers(1, max(2, min(64, len(body) // 2))))
    first, second = sorted(int(k) for k in dice.integers(0, max(1, len(body) - width), 2))
    if second < first + width:
        return body
    a, b = body[first : first + width], body[second : second + width]
    return body[:first] + b + body[first + width : second] + a + body[second + width :]


def _fields(body: bytes, dice: np.random.Generator) -> bytes:
    """Two fields of a text that change places; a sign too many in anything else."""
    sign = SIGNS[int(dice.integers(len(SIGNS)))]
    parts = body.split(sign)
    if len(parts) < 3:
        at = _place(body, dice)
        return body[:at] + sign * int(dice.integers(1, 50)) + body[at:]
    i, j = (int(k) for k in dice.integers(len(parts), size=2))
    parts[i], parts[j] = parts[j], parts[i]
    return sign.join(parts)


def _repeated(body: bytes, dice: np.random.Generator) -> bytes:
    """A stretch that stands there many times."""
    at = _place(body, dice)
    piece = body[at : at + int(dice.integers(1, 40))]
    return body[:at] + piece * int(dice.integers(2, 200)) + body[at:]


CHANGES = (_flipped, _flipped, _cut, _lied, _lied, _swapped, _fields, _repeated)


def damaged(
    number: int, seed: int, held: Sequence[tuple[str, Path]], folder: Path, target: Path
) -> tuple[str, str, Path]:
    """Write input ``number`` into ``target``: its case, its change, and the path to read."""
    dice = np.random.default_rng([seed, number])
    name, path = held[int(dice.integers(len(held)))]
    source = folder / name
    files = sorted(p for p in source.rglob("*") if p.is_file())
    main = folder / path
    hurt = main if main.is_file() and dice.integers(3) else files[int(dice.integers(len(files)))]
    told = ""
    for file in files:
        body = file.read_bytes()
        if file == hurt:
            told, body = mutated(body, dice)
        written = target / file.relative_to(source)
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_bytes(body)
    return name, f"{hurt.suffix.lower() or '-'} {told}", target / path.relative_to(name)


def tried(path: Path) -> str:
    """Read a file as table and as layer: "", or the sentence that refuses it.

    A file counts as read where one of its parts is read either way.
    """
    refusals: list[str] = []
    read = 0
    try:
        with opened(path) as parts:
            for way in (_as_table, _as_layer):
                for part in parts[:4]:
                    try:
                        read += way(part)
                    except (GeodataError, CoverageError) as error:
                        refusals.append(str(error))
    except (GeodataError, CoverageError) as error:
        refusals.append(str(error))
    assert read or refusals, f"{path.name} is neither read nor refused"
    return "" if read else refusals[0] or "an error without words"


def _as_table(part: Part) -> bool:
    if part.is_raster:
        return False
    reading = read_part(part, unplaced=True)
    assert all(str(one.sentence) for one in reading.findings), "a finding without words"
    return len(reading.table.columns) > 0


def _as_layer(part: Part) -> bool:
    candidate = Candidate(part=part, file=part.name)
    return bool(layers_in(candidate, FILING, crs=pyproj.CRS("EPSG:9208")).layers)


def work(folder: Path, seed: int, start: int, stop: int, step: int) -> None:
    """Try every ``step``-th input and say so, a line before and a line after each."""
    hold_memory(MEMORY_MB)
    signal_late = getattr(signal, "setitimer", None)
    held = [(n, Path(p)) for n, p in (line.split("\t") for line in _listing(folder))]
    for number in range(start, stop, step):
        with tempfile.TemporaryDirectory(dir=folder.parent) as target:
            name, change, path = damaged(number, seed, held, folder, Path(target))
            _say("begins", number, name, change, path.suffix.lower())
            began = time.process_time()
            if signal_late is not None:
                signal_late(signal.ITIMER_PROF, HANGS_S)
            try:
                told = tried(path)
                outcome = "refused" if told else "read"
            except Exception:  # noqa: BLE001  # what nobody foresaw is what is looked for
                outcome, told = "escaped", traceback.format_exc()
            _say("ends", number, outcome, time.process_time() - began, repr(told))


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
                    yield _result(begun, words[2], float(words[3]), words[4])
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


def _result(begun: Sequence[str], outcome: str, seconds: float, told: str) -> Result:
    _, number, case, change, ending = begun
    return Result(
        number=int(number),
        case=case,
        change=change,
        ending=ending or "folder",
        outcome=outcome,
        seconds=seconds,
        told=told,
    )


def report(results: Sequence[Result], seed: int) -> str:
    """The figures, as Markdown."""
    by_ending: dict[str, Counter[str]] = defaultdict(Counter)
    slowest: dict[str, float] = defaultdict(float)
    for one in results:
        by_ending[one.ending][one.outcome] += 1
        slowest[one.ending] = max(slowest[one.ending], one.seconds)
    total = Counter(one.outcome for one in results)
    rows = [
        f"| {ending} | {sum(found.values()):,} | "
        + " | ".join(f"{found[name]:,}" for name in OUTCOMES)
        + f" | {slowest[ending]:.1f} |"
        for ending, found in sorted(by_ending.items())
    ]
    files = len({one.case for one in results})
    worst = max(results, key=lambda one: one.seconds)
    versions = (
        f"Python {platform.python_version()}, pyogrio {pyogrio.__version__} (GDAL "
        f"{pyogrio.__gdal_version_string__}), rasterio {rasterio.__version__} (GDAL "
        f"{rasterio.__gdal_version__}), shapely {shapely.__version__} (GEOS "
        f"{shapely.geos_version_string}), {platform.system()} {platform.machine()}"
    )
    return "\n".join(
        [
            f"{len(results):,} inputs from {files} files of the corpus, seed {seed}. {versions}.",
            "",
            "| the file handed over | inputs | " + " | ".join(OUTCOMES) + " | slowest, s |",
            "| --- " + "| ---: " * (len(OUTCOMES) + 2) + "|",
            *rows,
            f"| **all** | **{len(results):,}** | "
            + " | ".join(f"**{total[name]:,}**" for name in OUTCOMES)
            + f" | {worst.seconds:.1f} |",
            "",
            f"The slowest: {worst.case}, {worst.change}, input {worst.number}.",
        ]
    )


TITLE = """# How the readers hold against damaged files

`uv run python -m tests.mutate -n 10000` damages the files of the corpus (`tests/corpus`): bits
flipped, ends cut off, stretches and fields swapped or repeated, numbers that lie about sizes, one
to three such changes at a time, in the file itself or in one that belongs to it. Each is read as
the program does it, as a table and as a layer. *Read*: something came of it, which the data
report then judges. *Refused*: one sentence of ours. *Escaped* (another error), *crashed* (the
process ended) and *hung* (more than ten seconds of the processor) must be 0; the command ends
with status 1 otherwise, and names each with the number that makes it again (`--only`).

"""


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
    bad = [one for one in results if one.outcome in BAD]
    for one in bad:
        told = ast.literal_eval(one.told) if one.told else ""
        sys.stdout.write(f"{one.number} {one.outcome} {one.case} {one.change}\n{told}\n")
    if asked.output is not None:
        asked.output.write_text(TITLE + text + "\n", encoding="utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
