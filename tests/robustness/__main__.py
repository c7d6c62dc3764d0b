"""Makes faults and counts what comes of them: ``uv run python -m tests.robustness disk``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from geodata.export.write import ENDINGS
from tests.robustness.disk import campaign
from tests.tiny_study import write_study


def main() -> int:
    """Run a campaign and print its counts; 1 where anything was lost or not told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("disk",))
    parser.add_argument("--study", type=Path, help="a study instead of the nine villages")
    parser.add_argument("--places", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=900)
    asked = parser.parse_args()
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


if __name__ == "__main__":
    sys.exit(main())
