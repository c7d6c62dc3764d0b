"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path to write to beside ``path``, which takes its place once the block has ended well.

    It lies in a folder of its own and has the same name, for writers that go by the ending or
    write several files: all that the folder then holds is moved.
    """
    folder = _unfinished(path.parent)
    try:
        yield folder / path.name
        for made in sorted(folder.iterdir()):
            made.replace(path.parent / made.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder to fill beside ``path``, which takes its place once the block has ended well.

    Where ``path`` is there by then, another process was first with the same content, and
    its folder stays.
    """
    folder = _unfinished(path.parent)
    try:
        yield folder
        try:
            folder.rename(path)
        except OSError:
            if not path.is_dir():
                raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unfinished(parent: Path) -> Path:
    """A new folder in ``parent`` that nobody else has.

    Not ``tempfile.mkdtemp``: its folders are closed to all but their maker, and results are
    for the whole office.
    """
    folder = parent / f".unfinished-{uuid4().hex}"
    folder.mkdir(parents=True)
    return folder
