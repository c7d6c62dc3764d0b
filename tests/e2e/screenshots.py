"""Pictures of the page as people see it: ``python -m tests.e2e.screenshots docs/img``.

Desktop and phone, in both languages, of the built-in study or of ``--study DIR``; also
prints how long the first paint and a change of filter take.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.browsing import DESKTOP, PHONE, READY, browsing, context_of, serving, show

SIZES = {"desktop": DESKTOP, "phone": PHONE}
SETTLE_MS = 900


def main() -> None:
    """Take every picture and say the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--study", type=Path)
    parser.add_argument("--district", default="417")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with (
        serving(asked.study) as address,
        sync_playwright() as playwright,
        browsing(playwright) as browser,
    ):
        with context_of(browser, DESKTOP) as context:
            show(context.new_page(), address)  # opens the study, so that no picture waits
        _take_all(browser, address, asked.folder, asked.district)
        _say(f"first paint {_first_paint(browser, address):.2f} s")
        _say(f"filter {_filter(browser, address):.2f} s")


def _take_all(browser: Browser, address: str, folder: Path, district: str) -> None:
    for name, size in SIZES.items():
        for language in ("vi", "en"):
            with context_of(browser, size) as context:
                page = context.new_page()
                _take(page, f"{address}?lang={language}", folder / f"{name}_{language}.png")
    with context_of(browser, DESKTOP) as context:
        path = folder / "district_vi.png"
        _take(context.new_page(), f"{address}?district={district}", path)


def _take(page: Page, address: str, path: Path) -> None:
    """One picture: a phone's is as long as the page."""
    show(page, address)
    page.wait_for_timeout(SETTLE_MS)
    if page.viewport_size and page.viewport_size["width"] == PHONE[0]:
        page.set_viewport_size({"width": PHONE[0], "height": 1900})
        page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=path)


def _first_paint(browser: Browser, address: str) -> float:
    """Seconds from asking for the page to the drawn map, for a new visitor; median of three."""
    taken = []
    for _ in range(3):
        with context_of(browser, DESKTOP) as context:
            page = context.new_page()
            start = time.perf_counter()
            show(page, address)
            taken.append(time.perf_counter() - start)
    return sorted(taken)[1]


def _filter(browser: Browser, address: str) -> float:
    """Seconds from choosing a district to figures and map that show it; median of three."""
    taken = []
    with context_of(browser, DESKTOP) as context:
        page = context.new_page()
        show(page, address)
        for place in (1, 2, 3):
            page.wait_for_timeout(SETTLE_MS)
            before = page.locator(READY).get_attribute("data-ready")
            page.get_by_test_id("stSelectbox").locator("input").click()
            page.get_by_role("option").nth(place).click()
            start = time.perf_counter()
            page.wait_for_selector(f'{READY}:not([data-ready="{before}"])')
            taken.append(time.perf_counter() - start)
    return sorted(taken)[1]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
