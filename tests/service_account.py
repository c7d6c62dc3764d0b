"""The program as a service account runs it: it may write neither the program nor a home."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

ROOT = Path(__file__).parents[1]
PR_CAPBSET_DROP, CAPABILITIES = 24, 64


@dataclass(frozen=True, kw_only=True)
class Account:
    """A read-only copy of the program, a home that is shut, a folder for temporary files."""

    program: Path
    home: Path
    temporary: Path

    def run(
        self,
        *words: str,
        umask: int = -1,
        variables: Mapping[str, str | None] = MappingProxyType({}),
    ) -> subprocess.CompletedProcess[str]:
        """Python with these words, as this account; a variable that is None is left out."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        told = {"HOME": str(self.home), "TMPDIR": str(self.temporary), "PHUSONG_LANGUAGE": "en"}
        environment = {**kept, **told, **variables}
        return subprocess.run(  # noqa: S603  # our own interpreter and words
            [sys.executable, *words],
            cwd=self.program,
            env={name: value for name, value in environment.items() if value is not None},
            umask=umask,
            preexec_fn=_give_up_rights,  # no other thread of the test holds a lock
            capture_output=True,
            text=True,
            check=False,
        )


def service_account(folder: Path) -> Account:
    """An account whose folders lie in ``folder``."""
    if sys.platform == "win32":
        pytest.skip("folders are shut otherwise on Windows")
    made = Account(program=folder / "program", home=folder / "home", temporary=folder / "tmp")
    for one in ("coverage", "geodata", "ui", "app.py", "pyproject.toml"):
        source, target = ROOT / one, made.program / one
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    made.home.mkdir()
    made.temporary.mkdir()
    shut(made.program)
    shut(made.home)
    return made


def shut(folder: Path) -> None:
    """Let nobody write a folder or what it holds."""
    for path in (*folder.rglob("*"), folder):
        path.chmod(0o555 if path.is_dir() else 0o444)


def _give_up_rights() -> None:
    """Have root, too, be held to what folders say: it starts without its capabilities."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None)
        for number in range(CAPABILITIES):
            libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
