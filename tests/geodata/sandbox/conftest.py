"""One sandbox for all tests of it, started with a secret in this process's environment."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from geodata.sandbox import Limits, Sandbox, protection

SECRET = "canary-0c5a"  # noqa: S105  # of nothing
PRELOAD = ("tests.geodata.sandbox.tasks",)


def needs(holds: bool, what: str) -> None:
    """Skip where the kernel lacks something; on CI it must be there."""
    if not holds:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"this kernel has no {what}")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    os.environ["PHUSONG_CANARY"] = SECRET
    limits = Limits(seconds=20, megabytes=400, cpu_seconds=20, file_megabytes=10, open_files=64)
    with Sandbox(limits, preload=PRELOAD, at_once=4) as made:
        made.warm()
        yield made
    del os.environ["PHUSONG_CANARY"]


@pytest.fixture
def shut_files() -> None:
    needs(protection().files, "Landlock")


@pytest.fixture
def shut_calls() -> None:
    needs(protection().network, "seccomp")
