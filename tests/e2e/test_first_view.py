"""The first view in a browser: there without any script, and gone when it is not needed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.browsing import DESKTOP, PHONE, READY, Heard, Visitor, show, sideways

FIRST = "#phusong-first"
PROGRAM = "**/static/js/*"


def _without_streamlit(page: Page, address: str) -> None:
    """Open a page whose own scripts never come, as on the slowest line."""
    page.route(PROGRAM, lambda route: route.abort())
    page.goto(address)


@pytest.fixture(scope="module", autouse=True)
def _open_study(visitors: Mapping[tuple[int, int], Visitor], address: str) -> None:
    """See to it that the study is open: until then no page has a first view.

    The first to open it measures it, and so leaves another to be opened.
    """
    with visitors[DESKTOP].page(Heard()) as page:
        for _ in range(2):
            page.goto("about:blank")
            show(page, address)


def test_without_scripts_one_can_read_and_go_on(browser: Browser, address: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        reader = context.new_page()
        reader.goto(address)
        first = reader.locator(FIRST)
        expect(first.locator("h3")).to_contain_text("thôn, bản đã có sóng")
        assert first.locator("use[href='#ps-n']").first.is_visible()
        first.get_by_role("link", name="Thôn, bản chưa có sóng").click()
        expect(first.locator("tbody tr")).to_have_count(3)
        district = first.locator("form", has=reader.locator("select[name=district]"))
        district.locator("select").select_option("417")
        district.get_by_role("button").click()
        assert "district=417" in reader.url
        left = first.locator("tbody tr").count()
        assert 0 < left < 3


def test_it_gives_way_to_the_page_and_leaves_nothing_behind(
    page: Page, heard: Heard, address: str
) -> None:
    page.goto(f"{address}gaps", wait_until="commit")
    page.wait_for_selector(f"{FIRST} tbody tr")
    page.wait_for_selector(READY)
    expect(page.locator(FIRST)).to_have_count(0)
    expect(page.locator("#root")).not_to_have_attribute("inert", "")
    assert not heard.complaints


def test_it_gives_way_where_there_is_no_map(page: Page, address: str) -> None:
    page.goto(f"{address}area?district=417")
    expect(page.locator(FIRST)).to_have_count(0)
    expect(page.get_by_text("STT").first).to_be_visible()


def test_it_waits_for_who_is_typing(page: Page, address: str) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(PROGRAM, hold)
    page.goto(f"{address}gaps", wait_until="commit")
    line = page.locator(f"{FIRST} input[name=name]")
    line.fill("ban")
    for route in held:
        route.continue_()
    page.unroute(PROGRAM)
    page.wait_for_selector(READY)
    expect(line).to_have_value("ban")
    line.press("Enter")
    page.wait_for_url("**name=ban**")
    page.wait_for_selector(READY)
    expect(page.locator(FIRST)).to_have_count(0)


def test_its_parts_fit_and_serve_everybody(browser: Browser, address: str, heard: Heard) -> None:
    for size in (DESKTOP, PHONE):
        for path in ("", "gaps?verdict=all", "area?district=417"):
            with browser.new_context(viewport={"width": size[0], "height": size[1]}) as context:
                reader = context.new_page()
                heard.listen(reader)
                _without_streamlit(reader, address + path)
                expect(reader.locator(f"{FIRST} p").first).to_be_visible()
                assert sideways(reader) <= 0
                inside = reader.locator(FIRST).evaluate("e => e.scrollWidth - e.clientWidth")
                assert inside <= 0, (size, path)
                found = Axe().run(reader).response["violations"]
                serious = [one["id"] for one in found if one["impact"] in ("serious", "critical")]
                assert not serious, (size, path, found)
                assert reader.title() != "owned"
    assert not heard.dialogs
