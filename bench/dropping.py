"""What dropping a hostile file costs, from its bytes to a result or a sentence.

    uv run python -m bench.dropping [--output bench/DROPPING.md]

Each file of `tests.hostile` is received and looked into as the page Data does it, in a warmed
sandbox. The longest time and the most memory of a reading process are what counts.
"""

from __future__ import annotations

import argparse
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from geodata.errors import GeodataError
from geodata.incoming import receive, unpack_archive
from geodata.sandbox import Limits, Sandbox
from geodata.understood import look_into
from tests import hostile

MOST_S = 5
MEGABYTE = 1 << 20


def dropped(make: Callable[[Path], Path], sandbox: Sandbox) -> tuple[float, float, str]:
    """Megabytes sent, seconds until all is told, and what was told of the first part."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made"
        made.mkdir()
        make(made)
        files = [(p.name, p.read_bytes()) for p in sorted(made.glob("v.*")) if p.is_file()]
        told = []
        began = time.perf_counter()
        granted = sandbox.granting(Path(folder))
        unpack = partial(granted.call, unpack_archive)
        for one in receive(files, Path(folder) / "in", unpack=unpack):
            try:
                seen = granted.call(look_into, one)
                told += [str(found.trouble or f"{found.rows} rows") for _, found in seen]
            except GeodataError as error:
                told.append(str(error))
        seconds = time.perf_counter() - began
    return sum(len(body) for _, body in files) / MEGABYTE, seconds, told[0]


def main() -> int:
    """Drop each file once, print the table and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    sandbox = Sandbox(Limits(seconds=3, megabytes=800), preload=["geodata.incoming"])
    sandbox.call(sorted, [])
    rows = [(make.__name__, *dropped(make, sandbox)) for make in (*hostile.SMALL, *hostile.LARGE)]
    sandbox.close()
    slowest = max(seconds for _, _, seconds, _ in rows)
    peak = max(resource.getrusage(who).ru_maxrss for who in (0, -1)) / 1024
    lines = [
        "# Dropping hostile files",
        "",
        "`uv run python -m bench.dropping`",
        "",
        (
            f"{len(rows)} files; {platform.machine()}, Python {platform.python_version()}. The "
            f"slowest took {slowest:.1f} s (at most {MOST_S} wanted); the largest process reached "
            f"{peak:,.0f} MB, this one, which holds the files, included."
        ),
        "",
        "| file | MB | s | told |",
        "| --- | ---: | ---: | --- |",
        *(
            f"| {name.replace('_', ' ')} | {size:.1f} | {seconds:.2f} | "
            f"{told[:90].replace('|', '/')} |"
            for name, size, seconds, told in rows
        ),
    ]
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    if asked.output:
        asked.output.write_text(text, encoding="utf-8")
    return int(slowest > MOST_S)


if __name__ == "__main__":
    sys.exit(main())
