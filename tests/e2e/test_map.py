"""The map in a real browser: what a person sees and does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import (
    DESKTOP,
    PHONE,
    Heard,
    Visitor,
    context_of,
    finished,
    place_of,
    serving,
    settled,
    show,
    sideways,
    stamp_of,
    still,
    until,
)
from tests.tiny_study import write_study

PAINTED = """(element) => {
  const context = element.getContext("2d");
  const { data } = context.getImageData(0, 0, element.width, element.height);
  return data.some((value) => value > 0);
}"""
COLOUR_AT = """(canvas, [x, y]) => {
  const box = canvas.getBoundingClientRect();
  const ratio = canvas.width / box.width;
  const pen = canvas.getContext("2d");
  return [...pen.getImageData((x - box.x) * ratio, (y - box.y) * ratio, 1, 1).data];
}"""
HELD = """
window.held = [];
const Plain = Blob;
window.Blob = class extends Plain {
  constructor(parts, options) {
    const slow = "const done = program.default(component);"
      + " await new Promise((resolve) => window.held.push(resolve)); return done;";
    super(parts.map((part) => typeof part === "string"
      ? part.replace("return program.default(component);", slow) : part), options);
  }
};"""
"""Streamlit is told late that the map was drawn, as on a machine with much else to do."""


def _choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option).click()


def test_the_overview_opens_with_figures_map_and_ranking(
    page: Page, address: str, heard: Heard
) -> None:
    show(page, address)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("6/9")
    assert page.locator("canvas.phusong-scene").evaluate(PAINTED)
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    expect(page.get_by_text("khớp với kết quả tính")).to_be_visible()
    finished(page)
    page.wait_for_load_state("networkidle")
    ours = (address, address.replace("http:", "ws:"), "data:", "blob:")
    assert not [url for url in heard.requests if not url.startswith(ours)]
    assert not heard.complaints


def test_a_filter_moves_figures_map_list_and_address(page: Page, address: str) -> None:
    show(page, f"{address}gaps")
    stamp = stamp_of(page)
    _choose(page, "Huyện", "Huyện Kỳ Sơn")
    settled(page, stamp)
    expect(page.get_by_text("1 thôn, bản trong danh sách")).to_be_visible()
    assert "district=417" in page.url


def test_a_rerun_keeps_the_map(page: Page, address: str) -> None:
    show(page, f"{address}gaps")
    page.locator("canvas.phusong-scene").evaluate("(c) => { c.dataset.same = 'yes'; }")
    stamp = stamp_of(page)
    _choose(page, "Huyện", "Thành phố Vinh")
    stamp = settled(page, stamp)
    page.get_by_role("button", name="đã phủ sóng").click()
    stamp = settled(page, stamp)
    page.get_by_role("button", name="Bỏ bộ lọc").click()
    settled(page, stamp)
    assert page.locator('canvas.phusong-scene[data-same="yes"]').count() == 1


def test_the_map_is_the_same_whatever_was_shown_before(page: Page, address: str) -> None:
    pictures = []
    for path in ("gaps?verdict=all", "gaps?verdict=weak", "gaps"):
        show(page, f"{address}{path}")
        stamp = stamp_of(page)
        if path != "gaps":
            page.get_by_role("button", name="Bỏ bộ lọc").click()
            settled(page, stamp)
        finished(page)
        still(page.locator(".phusong-map"))
        pictures.append(page.locator("canvas.phusong-scene").evaluate("(c) => c.toDataURL()"))
    assert len(set(pictures)) == 1


def test_a_map_that_is_hidden_for_a_while_comes_back(page: Page, address: str) -> None:
    show(page, f"{address}gaps")
    finished(page)
    frame = page.locator(".phusong-map")
    frame.evaluate("(e) => { e.style.display = 'none'; }")
    stamp = stamp_of(page)
    page.get_by_role("button", name="đã phủ sóng").click()
    expect(page.locator(f'.phusong-map[data-ready="{stamp}"]')).to_have_count(0)
    frame.evaluate("(e) => { e.style.display = ''; }")
    still(frame)
    expect(frame.locator(".failed")).to_have_count(0)
    assert page.locator("canvas.phusong-scene").evaluate(PAINTED)


def test_a_filter_leaves_alone_what_does_not_follow_it(page: Page, address: str) -> None:
    received: list[bytes] = []
    page.goto("about:blank")
    page.on(
        "websocket",
        lambda socket: socket.on(
            "framereceived", lambda told: received.append(told if isinstance(told, bytes) else b"")
        ),
    )
    show(page, f"{address}gaps?name=xom")
    finished(page)
    sent = b"".join(received)
    framing = [text.encode() for text in ("Mọi xã, phường", "Phủ sóng di động thôn, bản")]
    assert all(text in sent for text in framing)
    received.clear()
    stamp = stamp_of(page)
    page.get_by_role("button", name="đã phủ sóng").click()
    settled(page, stamp)
    finished(page)
    sent = b"".join(received)
    assert "trong danh sách".encode() in sent
    assert not any(text in sent for text in framing)
    page.get_by_role("button", name="Bỏ bộ lọc").click()
    expect(page.get_by_role("textbox", name="Tên thôn, xã")).to_have_value("")


def test_no_other_server_may_tell_the_page_what_to_do(page: Page, address: str) -> None:
    found = page.request.get(f"{address}_stcore/host-config").json()
    assert found["allowedOrigins"] == []


def test_what_waits_for_an_answer_does_not_fade(page: Page, address: str) -> None:
    show(page, address)
    finished(page)
    waiting = page.get_by_test_id("stElementContainer").last
    waiting.evaluate("(e) => { e.dataset.stale = 'true'; e.style.opacity = '0.3'; }")
    assert waiting.evaluate("(e) => getComputedStyle(e).opacity") == "1"


@pytest.fixture
def holding(visitors: Mapping[tuple[int, int], Visitor], heard: Heard) -> Iterator[Page]:
    """A tab that holds back what the map asks for."""
    with visitors[DESKTOP].context.new_page() as opened:
        opened.add_init_script(HELD)
        heard.listen(opened)
        yield opened


def test_a_rerun_that_another_overtakes_leaves_the_map(
    holding: Page, address: str, heard: Heard
) -> None:
    page = holding
    show(page, f"{address}gaps?layers=Alpha%204G")
    page.locator("canvas.phusong-scene").evaluate("(c) => { c.dataset.same = 'yes'; }")
    stamp = stamp_of(page)
    _choose(page, "Huyện", "Huyện Kỳ Sơn")
    stamp = settled(page, stamp)
    page.get_by_role("button", name="đã phủ sóng").click()
    stamp = settled(page, stamp)
    finished(page)
    assert page.evaluate("window.held.length") > 1
    page.evaluate("window.held.forEach((done) => done())")
    page.get_by_role("button", name="Bỏ bộ lọc").click()
    settled(page, stamp)
    assert page.locator('canvas.phusong-scene[data-same="yes"]').count() == 1
    assert page.locator("canvas.phusong-scene").count() == 1
    assert len([url for url in heard.requests if "shape.json" in url]) == 1


def test_clicking_a_village_selects_its_row_and_opens_the_card(page: Page, address: str) -> None:
    show(page, f"{address}gaps")
    page.mouse.click(*place_of(page, "v9"))
    page.wait_for_selector('.phusong-map[data-village="v9"]')
    expect(page.get_by_text("Từng lớp đã xét")).to_be_visible()
    expect(page.locator(".st-key-card")).to_contain_text("<img src=x")
    assert "village=v9" in page.url


def test_choosing_a_row_takes_the_map_there(page: Page, address: str) -> None:
    show(page, f"{address}gaps")
    rows = page.get_by_test_id("stDataFrame").locator("canvas").first
    finished(page)
    still(rows)
    box = rows.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 15, box["y"] + 35 + 17)
    page.wait_for_selector('.phusong-map[data-village="v9"]')
    x, y = place_of(page, "v9")
    canvas = page.locator(".phusong-map .canvas").bounding_box()
    assert canvas is not None
    assert abs(x - canvas["x"] - canvas["width"] / 2) < 30
    assert abs(y - canvas["y"] - canvas["height"] / 2) < 30


def test_clicking_a_district_chooses_it(page: Page, address: str) -> None:
    show(page, address)
    page.mouse.click(*place_of(page, "417"))
    page.wait_for_selector('.phusong-map[data-area="417"]')
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("2/3")


def test_verdicts_differ_in_colour_on_the_map(page: Page, address: str) -> None:
    show(page, f"{address}gaps?verdict=all")
    scene = page.locator("canvas.phusong-scene")
    seen = {
        key: tuple(scene.evaluate(COLOUR_AT, list(place_of(page, key)))) for key in ("v9", "v3")
    }
    assert seen["v9"][:3] == (213, 94, 0)
    assert seen["v3"][:3] == (240, 200, 8)


def test_hovering_shows_a_hostile_name_as_text(page: Page, address: str, heard: Heard) -> None:
    show(page, f"{address}gaps")
    page.mouse.move(*place_of(page, "v9"))
    expect(page.locator(".phusong-map .tip strong")).to_contain_text("<img src=x")
    assert page.title() != "owned"
    assert page.locator(".phusong-map img").count() == 0
    assert not heard.dialogs


def test_layers_are_fetched_when_switched_on_and_stand_in_the_address(
    page: Page, address: str, heard: Heard
) -> None:
    show(page, f"{address}gaps")
    before = [url for url in heard.requests if "shape.json" in url]
    page.locator(".phusong-map .layers summary").click()
    page.get_by_label("Alpha 4G").check()
    page.get_by_label("Vùng triển khai 5G").check()
    until(page, "location.search.includes('layers=Alpha')")
    finished(page)
    page.wait_for_load_state("networkidle")
    assert not before
    assert len([url for url in heard.requests if "shape.json" in url]) == 1
    assert len([url for url in heard.requests if "zones.json" in url]) == 1
    page.get_by_label("Độ đậm").fill("0.8")
    assert not heard.complaints


def test_the_map_works_by_keyboard(page: Page, address: str) -> None:
    show(page, f"{address}gaps")
    page.locator(".phusong-map .canvas").focus()
    before = place_of(page, "v9")
    page.keyboard.press("+")
    nearer = place_of(page, "v9")
    assert nearer != before
    page.keyboard.press("ArrowRight")
    assert place_of(page, "v9") != nearer


def test_phones_need_no_sideways_scrolling(phone: Page, address: str) -> None:
    show(phone, f"{address}gaps?village=v9")
    assert sideways(phone) <= 0
    box = phone.locator(".phusong-map").bounding_box()
    assert box is not None
    assert box["height"] <= 500
    assert box["width"] <= PHONE[0]


def test_it_works_under_a_prefix(browser: Browser, tmp_path: Path) -> None:
    study = write_study(tmp_path / "study")
    with serving(study, base_path="phu/song") as url, context_of(browser, PHONE) as context:
        page = context.new_page()
        heard = Heard()
        heard.listen(page)
        show(page, f"{url}gaps")
        assert page.locator("canvas.phusong-scene").evaluate(PAINTED)
        page.goto(f"{url}text?district=417")
        expect(page.get_by_role("heading", name="Huyện Kỳ Sơn")).to_be_visible()
        assert not [
            asked
            for asked in heard.requests
            if not asked.startswith((url, url.replace("http", "ws"), "data:", "blob:"))
        ]


def test_the_only_download_is_the_one_that_neutralises_formulas(page: Page, address: str) -> None:
    show(page, f"{address}gaps")
    page.get_by_test_id("stDataFrame").hover()
    expect(page.get_by_test_id("stElementToolbar")).not_to_be_visible()
