"""Run one campaign by its name: ``uv run python -m tests.robustness state``."""

from __future__ import annotations

import sys
from importlib import import_module

if __name__ == "__main__":
    import_module(f"tests.robustness.{sys.argv[1]}").main(sys.argv[2:])
