"""How fast the pages are, in headless Chromium on the reconstruction.

``python -m bench.page`` prints a table of medians; ``--write docs/timings.md`` keeps it. Wall
clock of one machine: server and browser share its cores.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench.document import put_section
from tests.e2e.browsing import DESKTOP, PHONE, READY, browsing, context_of, serving, show, until

OURS = "map-data"
"""In the addresses of the map's data and program; the page itself bears our first view."""
SLOW_BIT_S = 1_000_000
SETTLE_MS = 700
WINDOW_MS = 2500
"""A new window of Chromium starts a program of its own for its bars; it is left to end first."""

FRAMES = """
() => new Promise((resolve) => {
  const times = [];
  let last = performance.now();
  window.phusongFrames = true;
  const tick = (now) => {
    times.push(now - last);
    last = now;
    if (window.phusongFrames) requestAnimationFrame(tick);
    else resolve(times);
  };
  requestAnimationFrame(tick);
  window.phusongStop = () => { window.phusongFrames = false; };
})
"""


FIRST_VIEW = "#phusong-first .ps-foot"
"""The last line of a first view: all of it is there."""

PAINTED = """
() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
})
"""
"""Milliseconds since the page was asked for, once what is in it now has been painted."""

STOPWATCH = """
(frame) => {
  let start = null;
  const begin = (event) => { start = start ?? event.timeStamp; };
  for (const name of ["pointerdown", "keydown"]) {
    window.addEventListener(name, begin, { capture: true, once: true });
  }
  const drawn = new MutationObserver(() => {
    drawn.disconnect();
    requestAnimationFrame(() => { window.phusongMap = performance.now() - start; });
  });
  drawn.observe(frame, { attributes: true, attributeFilter: ["data-ready"] });
  let heard = 0;
  // a list's copy for screen readers, inside its canvas, waits for a pause before it is written
  const shown = ({ target }) => target !== document.body && !target.closest?.("canvas");
  const told = new MutationObserver((changes) => {
    if (start === null || !changes.some(shown)) return;
    requestAnimationFrame(() => { heard = performance.now(); });
  });
  told.observe(document.body, { subtree: true, childList: true, characterData: true });
  const quiet = setInterval(() => {
    if (!window.phusongMap || performance.now() < heard + 400) return;
    clearInterval(quiet);
    told.disconnect();
    window.phusongAll = heard - start;
  }, 50);
}
"""
"""When the map has been drawn anew, and when the last of the page has, by the page's own clock."""


@dataclass(frozen=True)
class Row:
    """One figure of the table."""

    what: str
    wanted: str
    found: str
    runs: int


def main() -> None:
    """Measure everything and say it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    with (
        serving(asked.study) as address,
        sync_playwright() as playwright,
        browsing(playwright) as browser,
    ):
        with _page(browser) as page:
            show(page, address)  # opens the study, so that no figure waits for it
            show(page, f"{address}gaps")
        rows = []
        for row in _all(browser, address, asked.repeats):
            sys.stderr.write(f"{row.what}: {row.found}\n")
            rows.append(row)
    table = _table(rows)
    sys.stdout.write(table)
    if asked.write:
        put_section(asked.write, "pages", table)


def _all(browser: Browser, address: str, repeats: int) -> Iterator[Row]:
    yield from _first_paint(browser, address, repeats)
    for changed in (_filter, _district, _row_click, _slider):
        yield from changed(browser, address, repeats)
    yield from _frames(browser, address)
    yield from _bytes(browser, address)
    yield from _throttled(browser, address)


@contextmanager
def _page(browser: Browser, size: tuple[int, int] = DESKTOP) -> Iterator[Page]:
    with context_of(browser, size) as context:
        yield context.new_page()


def _first_paint(browser: Browser, address: str, repeats: int) -> Iterator[Row]:
    """For a new visitor: when figures and map can be seen, and when the page answers.

    The first is by the page's own clock from asking for it to the frame after the first view,
    or the live page where that is first; the second is when Streamlit's page has drawn its map.
    """
    for path, name in (("", "overview"), ("gaps", "all villages drawn")):
        seen, live = [], []
        for _ in range(repeats):
            with _page(browser) as page:
                page.wait_for_timeout(WINDOW_MS)
                start = time.perf_counter()
                page.goto(address + path, wait_until="commit")
                page.wait_for_selector(f"{FIRST_VIEW}, {READY}")
                seen.append(page.evaluate(PAINTED) / 1000)
                page.wait_for_selector(READY)
                live.append(time.perf_counter() - start)
        yield Row(f"first useful paint, {name}", "2 s", _seconds(seen), repeats)
        yield Row(f"figures, list and map answer, {name}", "–", _seconds(live), repeats)


def _changed(page: Page, act: Callable[[], object]) -> tuple[float, float]:
    """Seconds from an event in the page to the map that shows it, and to all of the page."""
    page.evaluate("() => { window.phusongMap = window.phusongAll = 0; }")
    page.locator(READY).evaluate(STOPWATCH)
    act()
    until(page, "() => window.phusongMap > 0 && window.phusongAll > 0")
    on_map: float = page.evaluate("() => window.phusongMap")
    everywhere: float = page.evaluate("() => window.phusongAll")
    return on_map / 1000, everywhere / 1000


def _rows(what: str, wanted: str, taken: list[tuple[float, float]]) -> Iterator[Row]:
    """A row for the map and one for all that follows."""
    on_map, everywhere = zip(*taken, strict=True)
    yield Row(f"{what} to settled map", wanted, _seconds(list(on_map)), len(taken))
    yield Row(f"{what} to figures and list too", "–", _seconds(list(everywhere)), len(taken))


def _filter(browser: Browser, address: str, repeats: int) -> Iterator[Row]:
    """A verdict added to the filter: figures, list and map follow."""
    taken = []
    with _page(browser) as page:
        show(page, f"{address}gaps")
        pill = page.get_by_role("button", name="trắng sóng")
        for _ in range(repeats):
            page.wait_for_timeout(SETTLE_MS)
            taken.append(_changed(page, pill.click))
    yield from _rows("filter change", "0.3 s", taken)


def _district(browser: Browser, address: str, repeats: int) -> Iterator[Row]:
    """A district chosen from the list: the head's links follow as well."""
    taken = []
    with _page(browser) as page:
        for _ in range(repeats):
            show(page, f"{address}gaps")
            page.wait_for_timeout(SETTLE_MS)
            page.get_by_role("combobox", name="Huyện").click()
            option = page.get_by_role("option", name="Huyện Kỳ Sơn")
            taken.append(_changed(page, option.click))
    yield from _rows("district chosen", "0.3 s", taken)


def _row_click(browser: Browser, address: str, repeats: int) -> Iterator[Row]:
    """A row of the list chosen: the map goes there and the why card opens."""
    taken = []
    with _page(browser) as page:
        for _ in range(repeats):
            show(page, f"{address}gaps")
            page.wait_for_timeout(SETTLE_MS)
            table = page.get_by_test_id("stDataFrame").locator("canvas").first
            box = table.bounding_box()
            assert box is not None
            x, y = box["x"] + 15, box["y"] + 35 + 17
            taken.append(_changed(page, lambda x=x, y=y: page.mouse.click(x, y)))  # type: ignore[misc]
    yield from _rows("row chosen", "0.3 s", taken)


def _slider(browser: Browser, address: str, repeats: int) -> Iterator[Row]:
    """The rule's threshold moved by a key: every village judged anew and drawn."""
    taken = []
    with _page(browser) as page:
        show(page, f"{address}rule")
        thumb = page.get_by_role("slider").first
        thumb.focus()
        for _ in range(repeats):
            page.wait_for_timeout(SETTLE_MS)
            taken.append(_changed(page, lambda: thumb.press("ArrowRight")))
    yield from _rows("rule slider", "0.2 s", taken)


def _frames(browser: Browser, address: str) -> Iterator[Row]:
    """Frames while all villages are panned and zoomed."""
    with _page(browser) as page:
        show(page, f"{address}gaps?verdict=all")
        page.wait_for_timeout(SETTLE_MS)
        box = page.locator(".phusong-map .canvas").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

        def pan() -> None:
            page.mouse.move(x, y)
            page.mouse.down()
            for k in range(60):
                page.mouse.move(x + 140 - abs(k % 40 - 20) * 14, y + (k % 20) * 4)
            page.mouse.up()

        def zoom() -> None:
            page.mouse.click(x, y)
            for _ in range(4):
                page.mouse.wheel(0, -240)
                page.wait_for_timeout(350)
            for _ in range(4):
                page.mouse.wheel(0, 240)
                page.wait_for_timeout(350)

        for name, act in (("pan", pan), ("zoom", zoom)):
            times = _recorded(page, act)
            worst = statistics.quantiles(times, n=20)[-1]
            yield Row(f"{name}, 95th-percentile frame", "50 ms", f"{worst:.0f} ms", len(times))


def _recorded(page: Page, act: Callable[[], None]) -> list[float]:
    page.evaluate(f"() => {{ window.phusongTimes = ({FRAMES})(); }}")
    act()
    page.evaluate("() => window.phusongStop()")
    times: list[float] = page.evaluate("() => window.phusongTimes")
    return times


def _bytes(browser: Browser, address: str) -> Iterator[Row]:
    """What goes over the wire for the first view: ours, and with Streamlit's own."""
    for path in ("", "gaps"):
        sizes: dict[str, float] = {}
        with _page(browser) as page:
            session = page.context.new_cdp_session(page)
            asked = _sized(session, sizes)
            show(page, address + path)
            page.wait_for_timeout(SETTLE_MS)
        page_itself = address + path
        ours = sum(n for key, n in sizes.items() if OURS in asked[key] or asked[key] == page_itself)
        name = path or "overview"
        yield Row(f"ours over the wire, {name}", "1.5 MB", f"{ours / 1e6:.2f} MB", 1)
        yield Row(f"all over the wire, {name}", "–", f"{sum(sizes.values()) / 1e6:.2f} MB", 1)


def _sized(session: CDPSession, sizes: dict[str, float]) -> dict[str, str]:
    """Collect the transferred size of every answer; gives the addresses by request."""
    asked: dict[str, str] = {}
    session.send("Network.enable")
    session.on(
        "Network.responseReceived",
        lambda event: asked.update({event["requestId"]: event["response"]["url"]}),
    )
    session.on(
        "Network.loadingFinished",
        lambda event: (
            sizes.update({event["requestId"]: event["encodedDataLength"]})
            if event["requestId"] in asked
            else None
        ),
    )
    return asked


def _throttled(browser: Browser, address: str) -> Iterator[Row]:
    """A phone on 1 Mbit/s with nothing in its cache."""
    with _page(browser, PHONE) as page:
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": 80,
                "downloadThroughput": SLOW_BIT_S / 8,
                "uploadThroughput": SLOW_BIT_S / 8,
            },
        )
        page.wait_for_timeout(WINDOW_MS)
        start = time.perf_counter()
        page.goto(address, wait_until="commit")
        page.wait_for_selector(f"{FIRST_VIEW}, {READY}")
        seen = page.evaluate(PAINTED) / 1000
        page.wait_for_selector(READY)
        taken = time.perf_counter() - start
    yield Row("first useful paint at 1 Mbit/s", "–", f"{seen:.1f} s", 1)
    yield Row("first page answers at 1 Mbit/s", "20 s", f"{taken:.1f} s", 1)


def _seconds(taken: list[float]) -> str:
    return f"{statistics.median(taken):.2f} s ({min(taken):.2f} to {max(taken):.2f})"


def _table(rows: list[Row]) -> str:
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, headless Chromium"
    lines = [
        "# Timings of the pages",
        "",
        "Medians, with the range. Made by `uv run python -m bench.page --write docs/timings.md`",
        f"on {datetime.now(UTC):%Y-%m-%d}: {machine}; server and browser on one machine, the",
        "reconstruction of 3,806 villages, a warm server.",
        "",
        "| what | at most | found | runs |",
        "| --- | --- | --- | --- |",
    ]
    lines += [f"| {row.what} | {row.wanted} | {row.found} | {row.runs} |" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
