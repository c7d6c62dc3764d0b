"""The page in a real browser: what a person sees and does."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import PHONE, READY, SHOW_MS, Heard, context_of, serving, show
from tests.e2e.tiny_study import write_study

pytestmark = pytest.mark.browser

PAINTED = """(element) => {
  const context = element.getContext("2d");
  const { data } = context.getImageData(0, 0, element.width, element.height);
  return data.some((value) => value > 0);
}"""


def _metric(page: Page, place: int) -> str:
    return page.get_by_test_id("stMetricValue").nth(place).inner_text()


def _pick(page: Page, name: str) -> None:
    """Choose a district in the filter."""
    page.get_by_test_id("stSelectbox").locator("input").click()
    page.get_by_role("option", name=name).click()


def _state(page: Page) -> str:
    return page.locator(READY).get_attribute("data-ready") or ""


def _village_at(page: Page, village: str) -> tuple[float, float]:
    """Where on the page a village's mark is, from the map's own data."""
    box = page.locator(".phusong-map .canvas").bounding_box()
    assert box is not None
    x, y = page.locator(".phusong-map").evaluate(
        "(frame, id) => frame.dispatchEvent(new CustomEvent('where', {detail: {id}}))"
        " && JSON.parse(frame.dataset.where)",
        village,
    )
    return box["x"] + x, box["y"] + y


def test_the_page_opens_with_figures_map_and_list(page: Page, address: str) -> None:
    show(page, address)
    assert _metric(page, 0) == "6/9"
    assert _metric(page, 1) == "3"
    canvas = page.locator("canvas.phusong-points")
    assert canvas.evaluate(PAINTED)
    assert page.locator(".leaflet-areas-pane canvas").evaluate(PAINTED)
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    expect(page.get_by_text("khớp với kết quả tính")).to_be_visible()


def test_nothing_leaves_the_machine_and_nothing_complains(
    page: Page, address: str, heard: Heard
) -> None:
    show(page, address)
    page.wait_for_timeout(1000)
    ours = (address, address.replace("http:", "ws:"), "data:", "blob:")
    assert not [url for url in heard.requests if not url.startswith(ours)]
    assert not heard.complaints


def test_the_filter_moves_figures_map_and_list_together(page: Page, address: str) -> None:
    show(page, address)
    _pick(page, "Huyện Kỳ Sơn")
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("2/3")
    page.wait_for_function(
        "document.querySelector('[data-testid=stMain]') && location.search.includes('district=417')"
    )
    page.wait_for_selector('.phusong-map[data-ready="vi 417 "]')
    expect(page.get_by_text("Thôn, bản chưa phủ sóng (1)")).to_be_visible()


def test_a_rerun_keeps_the_map(page: Page, address: str) -> None:
    show(page, address)
    page.locator(".phusong-map").evaluate("(frame) => { frame.dataset.same = 'yes'; }")
    page.locator(".phusong-map canvas").first.evaluate("(c) => { c.dataset.same = 'yes'; }")
    _pick(page, "Thành phố Vinh")
    page.wait_for_selector('.phusong-map[data-ready="vi 412 "]')
    assert page.locator('.phusong-map[data-same="yes"] canvas[data-same="yes"]').count() == 1


def test_clicking_a_village_chooses_it(page: Page, address: str) -> None:
    show(page, address)
    page.mouse.click(*_village_at(page, "v9"))
    page.wait_for_selector('.phusong-map[data-ready="vi  v9"]', timeout=SHOW_MS)
    assert "village=v9" in page.url


def test_clicking_a_district_chooses_it(page: Page, address: str) -> None:
    show(page, address)
    page.mouse.click(*_village_at(page, "417"))
    page.wait_for_selector('.phusong-map[data-ready="vi 417 "]', timeout=SHOW_MS)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("2/3")


def test_hovering_shows_a_hostile_name_as_text(page: Page, address: str, heard: Heard) -> None:
    show(page, address)
    page.mouse.move(*_village_at(page, "v9"))
    expect(page.locator(".phusong-map .tip strong")).to_contain_text("<script>")
    assert page.title() != "owned"
    assert page.locator(".phusong-map script").count() == 0
    assert not heard.dialogs


def test_layers_are_fetched_when_switched_on(page: Page, address: str, heard: Heard) -> None:
    show(page, address)
    before = len([url for url in heard.requests if "shape.json" in url])
    page.locator(".phusong-map .layers summary").click()
    page.get_by_label("Alpha 4G").check()
    page.wait_for_selector(".leaflet-footprints-pane canvas")
    page.get_by_label("Vùng triển khai 5G").check()
    page.get_by_role("checkbox", name="Thôn, bản đã phủ sóng").check()
    page.wait_for_timeout(500)
    assert before == 0
    assert len([url for url in heard.requests if "shape.json" in url]) == 2
    assert page.locator(".leaflet-footprints-pane canvas").evaluate(PAINTED)
    assert not heard.complaints


def test_the_language_switch_turns_every_word(page: Page, address: str) -> None:
    show(page, address)
    page.get_by_role("radio", name="English").or_(page.get_by_text("English")).first.click()
    page.wait_for_selector('.phusong-map[data-ready="en  "]')
    expect(page.get_by_text("Villages without coverage (3)")).to_be_visible()
    expect(page.locator(".phusong-map .plate")).to_have_text("SIMULATED DATA")
    expect(page.get_by_text("chưa phủ sóng")).to_have_count(0)
    assert "lang=en" in page.url


def test_a_phone_needs_no_sideways_scrolling(browser: Browser, address: str) -> None:
    with context_of(browser, PHONE) as context:
        page = context.new_page()
        show(page, address)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        box = page.locator(".phusong-map").bounding_box()
        assert box is not None
        assert box["height"] <= 500
        assert box["width"] <= PHONE[0]


def test_downloads_arrive(page: Page, address: str) -> None:
    show(page, address)
    for label, start in (("Tải danh sách Excel", b"PK"), ("Tải danh sách CSV", b"\xef\xbb\xbf")):
        with page.expect_download() as download:
            page.get_by_role("button", name=label).click()
        assert Path(download.value.path()).read_bytes().startswith(start)


def test_it_works_under_a_prefix(browser: Browser, tmp_path: Path) -> None:
    study = write_study(tmp_path / "study")
    with serving(study, base_path="phu/song") as url, context_of(browser, PHONE) as context:
        page = context.new_page()
        show(page, url)
        assert page.locator("canvas.phusong-points").evaluate(PAINTED)


def test_the_only_download_is_the_one_that_neutralises_formulas(page: Page, address: str) -> None:
    show(page, address)
    page.get_by_test_id("stDataFrame").hover()
    expect(page.get_by_test_id("stElementToolbar")).not_to_be_visible()
