"""Writes the corpus: ``uv run python -m tests.corpus DIR``, a folder a case."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.corpus import all_cases


def main(target: Path) -> int:
    """Write every case into a folder of its own under ``target``."""
    for case in all_cases():
        folder = target / case.name
        folder.mkdir(parents=True)
        case.make(folder)
    sys.stdout.write(f"{len(all_cases())} cases written to {target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
