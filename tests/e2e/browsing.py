"""A server of our own and a browser that may speak to nobody else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import urlopen

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Error,
    Locator,
    Page,
    Playwright,
    Request,
    expect,
)
from playwright.sync_api import TimeoutError as PageTimeoutError

ROOT = Path(__file__).parents[2]
HEADLESS = Path("/usr/bin/chromium-headless-shell")
"""The same without a window: a sixth less work for each page."""

CHROMIUM = HEADLESS if HEADLESS.exists() else Path("/usr/bin/chromium")
UNWANTED = [
    # two pages that Chromium loads with every window, for an address bar that nobody sees: they
    # cost as much as a third of a page of ours
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    # what Playwright switches off itself, since only the last such list counts
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "BackForwardCache",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # a page is gone before a second compilation of its program has paid
    "--js-flags=--no-opt --no-maglev",
    f"--disable-features={','.join(UNWANTED)}",
]
ONE_PROCESS = "--process-per-site"
"""All pages of one visitor and one server are shown by one process."""
DESKTOP = (1440, 900)
PHONE = (390, 844)
MAP = ".phusong-map"
READY = f"{MAP}[data-ready]"
OPEN_PAGE = '[data-test-connection-state="CONNECTED"]'
GO = """(address) => {
    history.pushState({}, "", address);
    dispatchEvent(new PopStateEvent("popstate"));
}"""
"""To another page of the same server, as the browser's way back goes."""

START_S = 90
SHOW_MS = 120_000
"""What is waited for at most: a machine that has much else to do is no defect of a page."""

LEAVE_MS = 10_000
FIRST_MS = 300_000
"""The first answer may wait until all kernels are compiled, by several servers at once."""


STILL = """(element, id) => new Promise((resolve) => {
  const place = () => {
    const { x, y, width, height } = element.getBoundingClientRect();
    if (!id) return [x, y, width, height];
    element.dispatchEvent(new CustomEvent("where", { detail: { id } }));
    const [left, top] = JSON.parse(element.dataset.where);
    const canvas = element.querySelector(".canvas").getBoundingClientRect();
    return [canvas.x + left, canvas.y + top];
  };
  let seen = "";
  let frames = 0;
  const look = () => {
    const now = place();
    const moves = element.querySelector(".leaflet-zoom-anim, .leaflet-pan-anim");
    frames = now.join() === seen && !moves ? frames + 1 : 0;
    seen = now.join();
    if (frames < 10) requestAnimationFrame(look);
    else resolve(now);
  };
  document.fonts.ready.then(look);
})"""
"""Where an element is, or on it what the map draws as ``id``, once it stays for ten frames."""


@dataclass
class Heard:
    """What a page said and asked for while it was open."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        """Write down everything ``page`` does from now on."""
        page.on("request", self._ask)
        page.on("pageerror", self._fail)
        page.on("dialog", self._dismiss)
        page.on("console", self._hear)

    def leave(self, page: Page) -> None:
        """Listen no longer."""
        page.remove_listener("request", self._ask)
        page.remove_listener("pageerror", self._fail)
        page.remove_listener("dialog", self._dismiss)
        page.remove_listener("console", self._hear)

    def _ask(self, request: Request) -> None:
        self.requests.append(request.url)

    def _fail(self, error: Error) -> None:
        self.complaints.append(str(error))

    def _dismiss(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _hear(self, message: ConsoleMessage) -> None:
        """Errors count, but for Streamlit's own search for its base path below a page."""
        probing = "/_stcore/" in message.location.get("url", "") and "404" in message.text
        if message.type == "error" and not probing:
            self.complaints.append(message.text)


@dataclass
class Visitor:
    """Somebody with a browser, who has been here before and keeps one tab open.

    The page's program is in their cache and its process alive, which with the tab spares more
    than half of the work of opening a page; `show` goes on in it where a page is open already.
    Who must come for the first time, or runs scripts of their own, is made by `context_of`.
    """

    context: BrowserContext
    tab: Page

    @classmethod
    def come(cls, browser: Browser, size: tuple[int, int], address: str) -> Visitor:
        """A visitor of the server at ``address`` with a window of ``size``."""
        context = context_of(browser, size)
        keep_program(context, address)
        return cls(context=context, tab=context.new_page())

    @contextmanager
    def page(self, heard: Heard) -> Iterator[Page]:
        """Their tab, with the page that was last opened in it."""
        if self.tab.is_closed():
            self.tab = self.context.new_page()
        if not _is_served(self.tab.url):  # it would complain, for as long as it stays, to nobody
            self.tab.goto("about:blank")
        heard.listen(self.tab)
        try:
            yield self.tab
        finally:
            heard.leave(self.tab)
            self.tab.unroute_all()
            self.tab.mouse.move(0, 0)


def _is_served(address: str) -> bool:
    """Whether anybody still listens where a page came from."""
    place = urlsplit(address)
    if not place.port:
        return True
    with socket.socket() as one:
        return one.connect_ex((str(place.hostname), place.port)) == 0


@contextmanager
def serving(
    study: Path | None, *, base_path: str = "", more: Mapping[str, str] | None = None, port: int = 0
) -> Iterator[str]:
    """The app on a port of this machine, as `streamlit run app.py` starts it.

    ``more`` are further environment variables, and ``--options`` of the server.
    """
    port = port or free_port()
    told = dict(more or {})
    options = [f"{name}={told.pop(name)}" for name in list(told) if name.startswith("--")]
    environment = {**os.environ, **told, **({"PHUSONG_STUDY": str(study)} if study else {})}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    command += options
    if base_path:
        command += ["--server.baseUrlPath", base_path]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:  # noqa: S603  # our own command
        try:
            address = f"http://127.0.0.1:{port}/" + (f"{base_path}/" if base_path else "")
            _wait(f"{address}_stcore/health", process)
            yield address
        finally:
            process.terminate()


@contextmanager
def browsing(playwright: Playwright, *more: str) -> Iterator[Browser]:
    """Debian's Chromium, started with ``more`` flags than it always is."""
    expect.set_options(timeout=SHOW_MS)
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*FLAGS, *more])
    try:
        yield browser
    finally:
        browser.close()


def context_of(browser: Browser, size: tuple[int, int]) -> BrowserContext:
    """A fresh visitor with a window of ``size``."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, has_touch=size == PHONE
    )
    context.set_default_timeout(SHOW_MS)
    return context


def keep_program(context: BrowserContext, address: str) -> None:
    """Leave a page without scripts open, which keeps the process of the others alive.

    With `ONE_PROCESS` the compiled program stays in it, which spares an eighth of every page.
    """
    context.new_page().goto(f"{address}text", timeout=FIRST_MS)


def show(page: Page, address: str) -> None:
    """Open ``address`` and wait until its map is drawn.

    Where a page of the same server is open, it is left for one without a map and then gone on
    from, as a reader does: to load the program anew takes five times as long.
    """
    home = urljoin(address, ".").partition("?")[0]
    if page.url.startswith(home) and page.locator(OPEN_PAGE).count() and _left(page, home):
        page.evaluate(GO, address)
    else:
        page.goto(address)
    page.wait_for_selector(READY)


def _left(page: Page, home: str) -> bool:
    """Go to a page without a map; False where a test has left behind what does not answer."""
    page.evaluate(GO, f"{home}method")
    try:
        page.wait_for_selector(MAP, state="detached", timeout=LEAVE_MS)
        finished(page)
    except PageTimeoutError:
        return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until the server answers; raises when it ended or takes too long."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        try:
            with urlopen(url, timeout=2) as answer:  # noqa: S310  # our own address
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError(f"no answer from {url} within {START_S} s")


def settled(page: Page, stamp: str) -> str:
    """Wait until the map shows another state than ``stamp``; gives the new one."""
    page.wait_for_selector(f'{READY}:not([data-ready="{stamp}"])')
    return stamp_of(page)


def stamp_of(page: Page) -> str:
    """What state the map shows."""
    return page.locator(READY).get_attribute("data-ready") or ""


def finished(page: Page) -> None:
    """Wait until the server has nothing more to say to the page."""
    page.wait_for_selector('[data-test-script-state="notRunning"]')


def until(page: Page, expression: str, *, within_s: float = SHOW_MS / 1000) -> None:
    """Wait until a JavaScript expression is true.

    Playwright's `wait_for_function` calls `eval` in the page, which our policy forbids.
    """
    deadline = time.monotonic() + within_s
    while not page.evaluate(expression):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{expression} did not come true within {within_s:g} s")
        page.wait_for_timeout(50)


def still(part: Locator) -> None:
    """Wait until part of a page stays where it is: fonts and lists push others about."""
    part.evaluate(STILL)


def place_of(page: Page, what: str) -> tuple[float, float]:
    """Where on the page a village or an area is drawn, from the map's own data."""
    finished(page)
    x, y = page.locator(".phusong-map").evaluate(STILL, what)
    return x, y


def sideways(page: Page) -> float:
    """By how many pixels the page is wider than its window."""
    wide: float = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return wide
