"""One server and one browser for all browser tests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.browsing import (
    CHROMIUM,
    DESKTOP,
    ONE_PROCESS,
    PHONE,
    Heard,
    Visitor,
    browsing,
    serving,
)
from tests.tiny_study import write_study

FOLDER = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder drives a browser, also one that forgets to say so."""
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists() and os.environ.get("CI") != "true":
        pytest.skip(f"{CHROMIUM} is not on this machine: the browser tests did not run")
    with sync_playwright() as playwright, browsing(playwright, ONE_PROCESS) as opened:
        yield opened


@pytest.fixture(scope="session")
def address(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: ARG001  # no server where there is no browser
    study = write_study(tmp_path_factory.mktemp("study"))
    with serving(study) as url:
        yield url


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture(scope="session")
def visitors(browser: Browser, address: str) -> Iterator[Mapping[tuple[int, int], Visitor]]:
    """Somebody at a desk and somebody with a phone, by the size of their window."""
    made = {size: Visitor.come(browser, size, address) for size in (DESKTOP, PHONE)}
    yield made
    for visitor in made.values():
        visitor.context.close()


@pytest.fixture
def page(visitors: Mapping[tuple[int, int], Visitor], heard: Heard) -> Iterator[Page]:
    with visitors[DESKTOP].page(heard) as opened:
        yield opened


@pytest.fixture
def phone(visitors: Mapping[tuple[int, int], Visitor], heard: Heard) -> Iterator[Page]:
    with visitors[PHONE].page(heard) as opened:
        yield opened
