"""Writes the exact pins: ``uv run python -m tests.pins``.

Resolves anew within the bounds of ``pyproject.toml`` and writes the result twice: to
``requirements.txt``, for pip, and to ``[tool.uv] constraint-dependencies``, the only one of
the two that ``uv run`` reads. Neither names an index host.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"constraint-dependencies = \[(?:\]|\n.*?\n\])", re.DOTALL)
HEAD = "# Exact versions, the same as [tool.uv] constraint-dependencies; see CONTRIBUTING.md\n"


def in_project() -> list[str]:
    """The pins that ``uv run`` reads."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return list(project["tool"]["uv"]["constraint-dependencies"])


def in_requirements() -> list[str]:
    """The pins that pip reads."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _written(pins: list[str]) -> str:
    quoted = "".join(f'    "{pin.replace(chr(34), chr(39))}",\n' for pin in pins)
    return f"constraint-dependencies = [\n{quoted}]" if pins else "constraint-dependencies = []"


def _set(pins: list[str]) -> None:
    path = ROOT / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(BLOCK.sub(lambda _: _written(pins), text, count=1), encoding="utf-8")


def main() -> int:
    """Resolve without the old pins, then write the new ones in both places."""
    old = in_project()
    _set([])
    export = ["uv", "export", "--upgrade", "--all-groups", "--no-hashes", "--no-header"]
    export += ["--no-annotate", "--no-emit-project", "--quiet"]
    done = subprocess.run(  # noqa: S603  # our own words
        export, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        _set(old)
        sys.stderr.write(done.stderr)
        return 1
    pins = [line.strip() for line in done.stdout.splitlines() if "==" in line]
    _set(pins)
    (ROOT / "requirements.txt").write_text(HEAD + "\n".join(pins) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
