"""Every format written onto a disk that ends somewhere in the file, over a good old one.

    uv run python -m tests.robustness disk [--study S] [--places 20] [--seconds 900]

A disk of its own is mounted (root, Linux); elsewhere a limit on the size of files stands for it.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pytest

import geodata
from geodata.errors import UnwrittenError
from geodata.export.listing import uncovered_list
from geodata.export.write import ENDINGS, export_list
from geodata.study.results import Run
from tests.tiny_study import write_study

END_BYTES = (0.0, 0.5, 0.95)
"""What of a file fits, where the test suite tries a few places."""

DISK_MB = 64

ROOM = 1.2
"""What of a file fits at the last place: all of it."""
SENTENCE = re.compile(r"list\.\w+ cannot be written: .* \([\d.,]+ MB are free there\)$")


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A folder on a disk of its own; skips where none can be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("a disk is mounted by root on Linux")
    command = ["/usr/bin/env", "mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs"]
    made = subprocess.run([*command, str(folder)], check=False, capture_output=True)  # noqa: S603  # our own arguments
    if made.returncode:
        pytest.skip("no disk may be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["/usr/bin/env", "umount", "-l", str(folder)], check=True)  # noqa: S603  # our own arguments


def writes(run: Run, path: Path) -> Path:
    """Write the run's list of all villages."""
    table = uncovered_list(run, verdicts=("covered", "weak", "none", "unknown"))
    return export_list(table, path, run=run)


def written_whole(run: Run, disk: Path, ending: str, part: float) -> str:
    """What comes of writing over a good file where only a part of the new one fits.

    "lost" where the good file is neither as it was nor whole and new, "not told" where the
    sentence is not ours.
    """
    path = writes(run, disk / f"list.{ending}")
    before = _state(disk)
    size = sum(len(body) for body in before.values())
    filler = disk / "filler"
    with filler.open("wb") as file:
        file.write(bytes(max(0, _free(disk) - int(size * part) // 4096 * 4096)))
    try:
        writes(run, path)
        outcome = "written"
    except UnwrittenError as error:
        outcome = "refused" if SENTENCE.search(str(error)) else f"not told: {error}"
    except Exception as error:  # noqa: BLE001  # what must not come
        outcome = f"not told: {type(error).__name__}: {error}"
    filler.unlink()
    left = _state(disk)
    if outcome != "written" and left != before:
        return "lost"
    if outcome == "written" and (left.keys() != before.keys() or not _is_readable(path, run)):
        return "lost"
    return outcome


def _free(disk: Path) -> int:
    told = os.statvfs(disk)
    return told.f_bavail * told.f_frsize


def _state(disk: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in disk.rglob("*") if one.is_file()}


def _is_readable(path: Path, run: Run) -> bool:
    if path.suffix in (".csv", ".xlsx"):
        return path.stat().st_size > 0
    try:
        table = gpd.read_parquet(path) if path.suffix == ".parquet" else gpd.read_file(path)
    except (OSError, ValueError, RuntimeError):  # torn, whoever finds it
        return False
    return len(table) == len(run.study.villages)


def campaign(
    study: Path, scratch: Path, *, places: int, seconds: float
) -> Counter[tuple[str, str]]:
    """All formats at so many places each, within a time; counts by format and outcome."""
    opened = geodata.open_study(study)
    run = geodata.latest_run(opened) or geodata.assess_study(opened)
    until = time.monotonic() + seconds
    counts: Counter[tuple[str, str]] = Counter()
    with small_disk(scratch) as disk:
        for k in range(places):
            for ending in ENDINGS:
                if time.monotonic() > until:
                    return counts
                outcome = written_whole(run, disk, ending, k / (places - 1) * ROOM)
                counts[ending, outcome] += 1
                for one in disk.iterdir():
                    one.unlink()
    return counts


def main(words: Sequence[str]) -> int:
    """Run the campaign and print its counts; 1 where anything was lost or not told."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness disk")
    parser.add_argument("--study", type=Path, help="a study instead of the nine villages")
    parser.add_argument("--places", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=900)
    asked = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        study = asked.study or write_study(Path(folder) / "study")
        scratch = Path(folder) / "disk"
        counts = campaign(study, scratch, places=asked.places, seconds=asked.seconds)
    return _printed(counts, wanted=asked.places * len(ENDINGS))


def _printed(counts: Counter[tuple[str, str]], *, wanted: int) -> int:
    for (ending, outcome), count in sorted(counts.items()):
        sys.stdout.write(f"{ending:8} {count:4} {outcome}\n")
    bad = sum(n for (_, outcome), n in counts.items() if outcome not in ("written", "refused"))
    sys.stdout.write(f"{counts.total()} of {wanted} tried, {bad} lost or not told\n")
    return 1 if bad else 0
