"""Folders of files that many tests write alike: written once a process, and copied."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path


def copied(write: Callable[[Path], object], folder: Path) -> None:
    """Fill ``folder`` as ``write`` does, with files as new as if written now."""
    shutil.copytree(_template(write), folder, copy_function=shutil.copyfile, dirs_exist_ok=True)


@cache
def _template(write: Callable[[Path], object]) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="phusong-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write(folder)
    return folder
