"""Signal layers in a real browser: over the map, on the why card, and under a slider."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import Heard, place_of, serving, settled, show, stamp_of, until
from tests.tiny_signal import write_signal_study
from ui.texts import translator

T = translator("vi")
INK = """(canvas, [x, y]) => {
  const box = canvas.getBoundingClientRect();
  const scale = canvas.width / box.width;
  const at = [(x - box.left) * scale, (y - box.top) * scale];
  return [...canvas.getContext("2d").getImageData(...at, 1, 1).data];
}"""
"""The colour that the map's canvas has at a place of the page."""


@pytest.fixture(scope="module")
def signal(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: ARG001  # no server where there is no browser
    study: Path = write_signal_study(tmp_path_factory.mktemp("signal"))
    with serving(study) as url:
        yield url


def _beside(page: Page, village: str) -> list[int]:
    """Colour of the map a little beside a village's mark."""
    x, y = place_of(page, village)
    scene = page.locator("canvas.phusong-scene")
    found: list[int] = scene.evaluate(INK, [x + 25, y + 25])
    return found


def test_a_signal_layer_is_laid_over_the_map_with_its_classes(
    page: Page, heard: Heard, signal: str
) -> None:
    show(page, f"{signal}gaps?verdict=all")
    before = _beside(page, "v1")
    page.locator(".phusong-map .layers summary").click()
    page.get_by_label("Gamma 4G dBm").check()
    expect(page.locator(".phusong-map .layers")).to_contain_text("−100 … −91 dBm")
    until(page, "location.search.includes('layers=Gamma')")
    for _ in range(50):
        if _beside(page, "v1") != before:
            break
        page.wait_for_timeout(100)
    assert _beside(page, "v1") not in (before, _beside(page, "v2"))
    assert not heard.complaints


def test_the_why_card_tells_the_level_at_the_centre_and_how_sure_it_is(
    page: Page, signal: str
) -> None:
    show(page, f"{signal}gaps?verdict=all&village=v3")
    card = page.locator(".st-key-card")
    expect(card).to_contain_text("−115 dBm (−10 dB)")
    expect(card).to_contain_text(T("signal strength"))
    expect(card).to_contain_text("Chắc chắn: kết quả không đổi")
    expect(card).not_to_contain_text("không có lớp cường độ")


def test_a_level_moved_flips_villages_and_stands_in_the_address(page: Page, signal: str) -> None:
    show(page, f"{signal}rule")
    stamp = stamp_of(page)
    slider = page.get_by_role(
        "slider", name=T("{technology} serves from this level", technology="4G")
    )
    assert slider.input_value() == "-105"
    slider.fill("-130")
    settled(page, stamp)
    until(page, "location.search.includes('min_dbm_4g')")
    expect(page.get_by_text("9/9", exact=False).first).to_be_visible()


def test_a_village_near_a_threshold_says_what_would_turn_it(page: Page, signal: str) -> None:
    show(page, f"{signal}gaps?verdict=all&village=v6")
    told = T("if a tenth were enough")
    expect(page.locator(".st-key-card")).to_contain_text(f"Sát ngưỡng: kết quả sẽ đổi {told}.")
    show(page, signal)
    expect(page.get_by_text("không đổi với mọi sai số của dữ liệu đã thử").first).to_be_visible()
