"""A study of names that are links and pictures asks no other host for anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsing import DESKTOP, READY, Heard, context_of, finished, serving, show
from tests.strange_names import HOST, NAME, write_strange_study

LED_AWAY = """(host) => [...document.querySelectorAll("[src], [href], [srcset]")]
  .map((one) => one.outerHTML.slice(0, 300)).filter((told) => /(src|href|srcset)="[^"]*/.test(told)
    && [...told.matchAll(/(?:src|href|srcset)="([^"]*)/g)].some(([, to]) => to.includes(host)))"""
"""Elements that lead to a host, in the page as it was drawn."""

PATHS = ("", "gaps?verdict=all&village=v5", "area?commune=10", "5g", "rule", "data", "method")


@pytest.fixture(scope="module")
def strange(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: ARG001  # no server where there is no browser
    study = write_strange_study(tmp_path_factory.mktemp("strange") / "study")
    with serving(study) as url:
        yield url


def test_no_name_asks_another_host_or_leads_there(
    browser: Browser, strange: str, heard: Heard
) -> None:
    with context_of(browser, DESKTOP) as context:
        page = context.new_page()
        heard.listen(page)
        for path in PATHS:
            if path.partition("?")[0] in ("", "gaps", "5g", "rule"):
                show(page, f"{strange}{path}")
            else:
                page.goto(f"{strange}{path}")
            expect(page.get_by_text("Lần tính").first).to_be_visible()
            finished(page)
            assert page.evaluate(LED_AWAY, HOST) == [], path
            assert HOST in page.content()
        page.goto(f"{strange}text?commune=10")
        assert page.evaluate(LED_AWAY, HOST) == []
    hosts = {
        urlsplit(one).netloc for one in heard.requests if not one.startswith(("data:", "blob:"))
    }
    assert hosts == {urlsplit(strange).netloc}
    assert heard.complaints == []


def test_an_operator_is_chosen_by_the_name_that_was_written(browser: Browser, strange: str) -> None:
    with context_of(browser, DESKTOP) as context:
        page = context.new_page()
        page.goto(f"{strange}rule")
        page.wait_for_selector(READY)
        pill = page.get_by_test_id("stButtonGroup").get_by_text(HOST).first
        shown = pill.inner_text().replace("\u2060", "")
        assert shown.startswith(NAME.partition("\u202e")[0][:40])


@pytest.mark.parametrize("path", ["", "_stcore/health", "none.js", "text", "_stcore/host-config"])
def test_every_response_of_the_server_has_the_headers(strange: str, path: str) -> None:
    with urlopen(f"{strange}{path}", timeout=30) as answer:  # noqa: S310  # our own address
        headers, body = answer.headers, answer.read()
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in ("same-origin", "no-referrer")
    if path.endswith("host-config"):
        assert json.loads(body)["allowedOrigins"] == []


def test_the_counts_of_the_server_are_closed(strange: str) -> None:
    with pytest.raises(HTTPError, match="404"):
        urlopen(f"{strange}_stcore/metrics", timeout=30)  # noqa: S310  # our own address
