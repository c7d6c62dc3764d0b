"""How long one waits for a first page, and for commands: a machine that has measured nothing yet.

    uv run python -m bench.start [--before TREE] [--country FOLDER] [--write docs/timings.md]

Commands are run as installed, five times each; starts with nothing in numba's cache and no
reconstruction, in folders of their own. ``--before`` names a clone of an earlier version whose
environment is there (`uv sync`): it is measured the same way, and stands beside. ``--country`` is
a study of a country, as `bench.country --folder FOLDER --ways product` leaves one in it.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, sync_playwright

from bench.document import put_section
from tests import folder
from tests.e2e.browsing import DESKTOP, browsing, free_port

ROOT = Path(__file__).parents[1]
RUNS = 5
LONGEST_S = 400.0
SECTION = "starts"
UNCOVERED = re.compile(r"\b63\b")
SHOWS_PROGRESS = re.compile(r"\d+\s?%")
LIVE_MAP = "canvas"


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A clone of the project, and folders of its own for what it makes and compiles."""

    root: Path
    state: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What its commands are run with: English, nothing of this user's."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PHUSONG", "PYTHON"))}
        return {
            **kept,
            "XDG_DATA_HOME": str(self.state / "data"),
            "NUMBA_CACHE_DIR": str(self.state / "compiled"),
            "PHUSONG_LANGUAGE": "en",
        }

    def command(self, *words: str | Path) -> list[str]:
        """``phusong`` as it is installed there."""
        inside = "Scripts" if sys.platform == "win32" else "bin"
        return [str(self.root / ".venv" / inside / "phusong"), *map(str, words)]

    def seconds(self, *words: str | Path) -> float:
        """How long a command takes. Raises where it fails."""
        began = time.perf_counter()
        subprocess.run(  # noqa: S603  # our own command
            self.command(*words),
            cwd=self.root,
            env=self.environment,
            check=True,
            capture_output=True,
        )
        return time.perf_counter() - began


def commands(tree: Tree, country: Path | None) -> Iterator[tuple[str, str, list[float]]]:
    """Each command with its bound and its times."""
    province = tree.state / "province"
    tree.seconds("demo", province)
    small = folder.write(tree.state / "small").parent / "villages.gpkg"
    results = province / "results"

    def again(*words: str | Path, before: Callable[[], None] = lambda: None) -> list[float]:
        taken = []
        for _ in range(RUNS):
            before()
            taken.append(tree.seconds(*words))
        return taken

    tree.seconds("assess", province)
    yield "`phusong --help`", "0.5 s", again("--help")
    yield "`check` of nine villages", "1.5 s", again("check", small)
    yield "`assess` of the province, nothing changed", "2 s", again("assess", province)
    yield (
        "`assess` of the province, from nothing",
        "7 s",
        again("assess", province, before=lambda: shutil.rmtree(results)),
    )
    if country is not None:
        kept = country / "results"
        yield (
            "`assess` of a country, from nothing",
            "16 s",
            again("assess", country, before=lambda: shutil.rmtree(kept, ignore_errors=True)),
        )


@contextmanager
def served(tree: Tree) -> Iterator[tuple[str, float]]:
    """``phusong app`` without a study, and when it was started."""
    port = free_port()
    began = time.perf_counter()
    with subprocess.Popen(  # noqa: S603  # our own command
        tree.command("app", "--port", str(port)),
        cwd=tree.root,
        env=tree.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as app:
        try:
            yield f"http://127.0.0.1:{port}/?lang=en", began
        finally:
            app.send_signal(signal.SIGTERM)
            app.wait()


def until(seen: Callable[[], bool], began: float) -> float:
    """Seconds since ``began`` when something is first seen; it is looked for all the time."""
    while not _tried(seen):
        if time.perf_counter() - began > LONGEST_S:
            raise TimeoutError
        time.sleep(0.05)
    return time.perf_counter() - began


def _tried(seen: Callable[[], bool]) -> bool:
    try:
        return seen()
    except PlaywrightError:  # the server is not there yet, or the page is another by now
        return False


def start(tree: Tree, page: Page) -> dict[str, float]:
    """Seconds from the command to a page that says something, and to the live map."""
    with served(tree) as (address, began):
        until(lambda: page.goto(address) is not None, began)

        def text() -> str:
            return page.inner_text("body")

        told = until(lambda: bool(SHOWS_PROGRESS.search(text()) or UNCOVERED.search(text())), began)
        until(lambda: bool(UNCOVERED.search(text())), began)
        live = until(lambda: page.query_selector(LIVE_MAP) is not None, began)
        page.goto("about:blank")
    return {"told": told, "live": live}


def starts(tree: Tree) -> Iterator[tuple[str, str, list[float]]]:
    """A first start and a second, with their bounds."""
    with sync_playwright() as playwright, browsing(playwright) as browser:
        page = browser.new_page(viewport={"width": DESKTOP[0], "height": DESKTOP[1]})
        page.goto("about:blank")
        first = start(tree, page)
        second = start(tree, page)
    yield "first start: a page that says how far it is", "5 s", [first["told"]]
    yield "first start: the live map with its 63", "45 s", [first["live"]]
    yield "second start: the live map", "6 s", [second["live"]]


def measured(root: Path, country: Path | None) -> list[tuple[str, str, list[float]]]:
    """All of it in one tree."""
    with tempfile.TemporaryDirectory() as state:
        tree = Tree(root=root.resolve(), state=Path(state))
        found = list(starts(tree))
        return found + list(commands(tree, country))


def table(now: Sequence[tuple[str, str, list[float]]], before: Sequence[list[float]] | None) -> str:
    """The section of the document."""
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, headless Chromium"
    lines = [
        "# Starting, and commands",
        "",
        "A median of five runs, starts once. Made by",
        "`uv run python -m bench.start --before TREE --country FOLDER --write docs/timings.md` on",
        f"{datetime.now(UTC):%Y-%m-%d}: {machine}, nothing else at work.",
        "*Before* is the version that the command names, by the same command.",
        "",
        "| what | at most | before | now |",
        "| --- | --- | --- | --- |",
    ]
    for k, (what, most, taken) in enumerate(now):
        earlier = "–" if before is None else f"{statistics.median(before[k]):.2f} s"
        lines.append(f"| {what} | {most} | {earlier} | {statistics.median(taken):.2f} s |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure, print, and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--country", type=Path)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    before = None if asked.before is None else measured(asked.before, asked.country)
    earlier = None if before is None else [taken for *_, taken in before]
    told = table(measured(ROOT, asked.country), earlier)
    print(told)
    if asked.write is not None:
        put_section(asked.write, SECTION, told)


if __name__ == "__main__":
    main()
