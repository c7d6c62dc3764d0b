"""A disk on which nothing more can be written."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def full_disk() -> Iterator[None]:
    """Let this process write no byte into any file for as long as the block lasts.

    The system then refuses as a full disk does, once a new file is there: half written.
    """
    if sys.platform == "win32":
        pytest.skip("this system has no limit for files")
    import resource  # noqa: PLC0415  # not there on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
