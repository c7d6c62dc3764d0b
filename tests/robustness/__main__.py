"""Makes faults and counts what comes of them: ``uv run python -m tests.robustness WHAT``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from tests.robustness import accounts, disk, kills, state

CAMPAIGNS: Mapping[str, Callable[[Sequence[str]], int]] = MappingProxyType(
    {"accounts": accounts.main, "disk": disk.main, "kills": kills.main, "state": state.main}
)
"""By name: given the words that follow it, runs a campaign and returns its exit status."""


def main() -> int:
    """Run the campaign asked for; 1 where anything was lost, wrong or not told."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness", description=__doc__)
    parser.add_argument("what", choices=CAMPAIGNS)
    parser.add_argument("words", nargs=argparse.REMAINDER, help="see: disk --help")
    asked = parser.parse_args()
    return CAMPAIGNS[asked.what](asked.words)


if __name__ == "__main__":
    sys.exit(main())
