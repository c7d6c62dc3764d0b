"""Lists in a real browser: filters, rankings, what files hold, and that nothing is cut off."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import (
    DESKTOP,
    context_of,
    finished,
    serving,
    settled,
    show,
    sideways,
    stamp_of,
    still,
    until,
)
from tests.tiny_study import FORMULA, write_study
from ui.texts import translator

T = translator("vi")
CUT = """() => [...document.querySelectorAll(
    '.phusong-cards :is(td, th), .st-key-in-need button, .st-key-in-need p')]
    .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0)
    .map((one) => one.innerText)"""
"""Texts of cells and buttons that are wider than what holds them."""

GRIDS = """() => [...document.querySelectorAll('.dvn-scroller')]
    .map((one) => one.scrollWidth - one.clientWidth)"""
"""By how much each grid is wider than its frame."""


@pytest.mark.parametrize(
    ("served", "label", "told"),
    [("one", "by one operator only", "6 thôn, bản"), ("powered", "powered and nobody", "2 thôn")],
)
def test_villages_are_filtered_by_who_serves_them(
    page: Page, address: str, served: str, label: str, told: str
) -> None:
    show(page, f"{address}gaps")
    stamp = stamp_of(page)
    page.get_by_role("button", name=T("More filters")).click()
    box = page.get_by_role("combobox", name=T("Served"), exact=True)
    box.scroll_into_view_if_needed()
    still(box)  # what still moves closes the list
    box.click()
    page.get_by_role("option", name=T(label)).click()
    settled(page, stamp)
    expect(page.get_by_text(f"{told}").first).to_be_visible()
    assert f"served={served}" in page.url


def test_waypoints_and_mapinfo_tables_hold_the_filtered_villages(
    page: Page, address: str, tmp_path: Path
) -> None:
    show(page, f"{address}gaps?district=412")
    page.get_by_role("button", name=T("Take this list away")).click()
    got = {}
    for label in ("GPX", "MapInfo TAB"):
        with page.expect_download() as download:
            page.get_by_role("button", name=label, exact=True).click()
        got[label] = download.value
    got["GPX"].save_as(tmp_path / "list.gpx")
    points = gpd.read_file(tmp_path / "list.gpx", layer="waypoints")
    assert list(points["cmt"]) == ["v3", "v6"]
    assert list(points["name"])[1] == FORMULA
    assert all("vn-village" in told and "MÔ PHỎNG" in told for told in points["desc"])
    with zipfile.ZipFile(got["MapInfo TAB"].path()) as archive:
        archive.extractall(tmp_path)
    (tab,) = tmp_path.glob("*.tab")
    table = gpd.read_file(tab)
    assert list(table["MA_THON"]) == ["v3", "v6"]
    assert table["TEN_THON"][1] == FORMULA
    assert set(table["TINHTRANG"]) == {"Lõm sóng"}
    assert set(table["NHAMANG"]) == {"Beta"}
    for place in (table.geometry, points.geometry):
        assert place.x.tolist() == pytest.approx(table["KINHDO"].tolist(), abs=1e-5)
        assert place.y.tolist() == pytest.approx(table["VIDO"].tolist(), abs=1e-5)


def _units(page: Page) -> list[str]:
    """The names in the ranking, from what it tells those who cannot see it."""
    cells = page.locator("[data-testid=stDataFrame] canvas [role=gridcell]")
    cells.first.wait_for(state="attached")
    return [text for text in cells.all_text_contents() if text.startswith(("Xã", "Huyện", "Thành"))]


def test_a_variant_is_kept_and_published_and_units_are_ranked_three_ways(
    browser: Browser, tmp_path: Path
) -> None:
    study = write_study(tmp_path / "study")
    with serving(study) as url, context_of(browser, DESKTOP) as context:
        page = context.new_page()
        show(page, f"{url}?level=commune")
        expect(page.get_by_test_id("stMetricValue").first).to_have_text("6/9")
        show(page, f"{url}rule")
        stamp = stamp_of(page)
        page.get_by_role("slider", name=T("Covered from this share of the area")).fill("30")
        settled(page, stamp)
        page.get_by_label(T("Name of the variant")).fill("Ba mươi phần trăm")
        page.get_by_role("button", name=T("Keep under this name")).click()
        until(page, "location.search.includes('variant=ba-muoi-phan-tram')")
        show(page, f"{url}?level=commune")
        expect(page.get_by_test_id("stMetricValue").first).to_have_text("6/9")
        show(page, f"{url}rule?variant=ba-muoi-phan-tram")
        page.get_by_role("button", name=T("Publish…")).click()
        page.get_by_role("button", name=T("Publish now")).click()
        until(page, "!location.search.includes('variant=')")
        for ranking, label, order in (
            ("uncovered", "by uncovered villages", ["Xã 1", "Xã 2", "Xã 0"]),
            ("share", "by share covered", ["Xã 1", "Xã 2", "Xã 0"]),
            ("people", "by people uncovered", ["Xã 2", "Xã 1", "Xã 0"]),
        ):
            show(page, f"{url}?level=commune&rank={ranking}")
            expect(page.get_by_test_id("stMetricValue").first).to_have_text("7/9")
            expect(page.get_by_role("combobox", name=T("Rank"))).to_have_value(T(label))
            expect(page.get_by_text("Ba mươi phần trăm").first).to_be_visible()
            assert _units(page) == order


@pytest.mark.parametrize("query", ["", "?lang=en", "?level=commune&lang=en", "?units=2025-07-01"])
def test_the_whole_ranking_is_seen_on_a_desktop(page: Page, address: str, query: str) -> None:
    show(page, f"{address}{query}")
    finished(page)
    still(page.locator("[data-testid=stDataFrame] canvas").first)
    wider = page.evaluate(GRIDS)
    assert wider
    assert max(wider) <= 0
    assert sideways(page) <= 0


@pytest.mark.parametrize("query", ["", "?district=412", "?commune=99&units=2025-07-01"])
def test_no_name_is_cut_on_a_phone(phone: Page, address: str, query: str) -> None:
    phone.goto(f"{address}area{query}")
    finished(phone)
    still(phone.locator(".phusong-cards, .st-key-in-need button").first)
    assert not phone.evaluate(CUT)
    assert not phone.evaluate(GRIDS)
    assert sideways(phone) <= 0


def test_a_unit_most_in_need_opens_with_a_thumb(phone: Page, address: str) -> None:
    phone.goto(f"{address}area")
    phone.get_by_role("button", name="Xã Mường Mới").tap()
    expect(phone.get_by_test_id("stMetricValue").first).to_have_text("2/3")
    assert "commune=10" in phone.url
