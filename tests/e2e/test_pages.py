"""Every page and every promise of them, in a real browser."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests import hostile
from tests.e2e.browsing import (
    DESKTOP,
    GO,
    PHONE,
    READY,
    Heard,
    Visitor,
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
from tests.tiny_study import write_study

PATHS = ("", "gaps?village=v9", "area?district=417", "5g", "rule", "data", "method")
MAPPED = ("", "gaps", "5g", "rule")
MADE_S = 300
"""So long may it take to make a study where all kernels are compiled at the same time."""

SERIOUS = ("serious", "critical")


def _open(page: Page, address: str) -> None:
    """Open a page and wait for its last line, and its map where it has one."""
    page.goto(address)
    expect(page.get_by_text("20230830-").last).to_be_visible()
    path = address.partition("?")[0].rsplit("/", 1)[-1]
    if path in MAPPED:
        page.wait_for_selector(READY)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pages_open_alone_say_what_they_are_fit_and_hinder_nobody(
    visitors: Mapping[tuple[int, int], Visitor],
    heard: Heard,
    address: str,
    path: str,
    size: tuple[int, int],
) -> None:
    with visitors[size].page(heard) as page:
        _open(page, address + path)
        expect(page.get_by_text("Số liệu mô phỏng:").first).to_be_visible()
        assert sideways(page) <= 0
        assert not heard.complaints
        ours = (address, address.replace("http:", "ws:"), "data:", "blob:")
        assert not [url for url in heard.requests if not url.startswith(ours)]
        assert page.title() != "owned"
        if size == DESKTOP:
            assert not _hinders(page)


def _hinders(page: Page) -> list[tuple[str, list[str]]]:
    """Serious findings for those who cannot see or point."""
    finished(page)
    still(page.get_by_test_id("stMain"))
    found = Axe().run(page).response["violations"]
    return [
        (one["id"], [node["html"][:160] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in SERIOUS
    ]


@pytest.fixture(scope="module")
def english(browser: Browser, address: str) -> Iterator[Page]:
    """A tab in which one goes from page to page, which keeps the program alive."""
    with context_of(browser, DESKTOP) as context:
        page = context.new_page()
        show(page, f"{address}?lang=en")
        yield page


BEGINS = {
    "": "6 of 9 villages have mobile broadband", "gaps?village=v9": "Take this list away",
    "area?district=417": "One district or commune on one page", "5g": "2 rollout zones",
    "rule": "What if the rule were another?", "data": "Drop the files of one study",
    "method": "How it is computed",
}  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_english_pages_hold_no_vietnamese_of_ours(english: Page, address: str, path: str) -> None:
    mark = "&" if "?" in path else "?"
    english.evaluate(GO, f"{address}{path}{mark}lang=en")
    expect(english.get_by_text(BEGINS[path]).first).to_be_visible()
    finished(english)
    text = english.get_by_test_id("stMain").inner_text().lower()
    for word in ("chưa phủ sóng", "bộ lọc", "tổng quan", "trắng sóng", "số liệu đến ngày"):
        assert word not in text


def test_the_language_and_the_area_go_along_to_other_pages(page: Page, address: str) -> None:
    show(page, f"{address}gaps?district=417")
    page.get_by_text("English").click()
    expect(page.get_by_text("1 village listed")).to_be_visible()
    assert "lang=en" in page.url
    page.get_by_role("link", name="My area").click()
    expect(page.get_by_text("One district or commune on one page")).to_be_visible()
    assert "lang=en" in page.url
    assert "district=417" in page.url
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("2/3")
    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Method").click()
    expect(page.get_by_text("How it is computed")).to_be_visible()
    assert "district=417" in page.url


def test_a_link_opens_exactly_that_view(page: Page, phone: Page, address: str) -> None:
    link = (
        f"{address}gaps?lang=en&district=412&verdict=weak&power=yes&people=100-700"
        "&village=v3&layers=Alpha%204G&name=xom"
    )
    show(page, link)
    expect(page.get_by_text("1 village listed: 1 = 0 no signal + 1 weak")).to_be_visible()
    stamp = stamp_of(page)
    show(phone, page.url)
    assert stamp_of(phone) == stamp


def test_the_search_finds_a_former_name_and_opens_the_new_unit(page: Page, address: str) -> None:
    _open(page, f"{address}area")
    page.get_by_label("Tìm xã, phường hoặc huyện theo tên cũ hay mới").fill("xa 0")
    page.keyboard.press("Enter")
    until(page, "location.search.includes('name=')")
    page.get_by_role("combobox", name="Đơn vị của tôi").click()
    page.get_by_role("option", name="Xã Mường Mới").click()
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("2/3")
    expect(page.get_by_text("Trước đây thuộc")).to_be_visible()
    assert "commune=10" in page.url


def test_the_area_goes_home_as_picture_page_and_workbook(page: Page, address: str) -> None:
    _open(page, f"{address}area?district=417")
    got = {}
    for label in ("Ảnh để gửi", "Trang A4 (PDF)", "Excel để lưu hồ sơ"):
        with page.expect_download() as download:
            page.get_by_role("button", name=label).click()
        assert "SO-LIEU-MO-PHONG" in download.value.suggested_filename
        assert "huyen-ky-son" in download.value.suggested_filename
        got[label] = Path(download.value.path())
    picture = got["Ảnh để gửi"].read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 300_000
    assert got["Trang A4 (PDF)"].read_bytes().startswith(b"%PDF")
    sheet = openpyxl.load_workbook(BytesIO(got["Excel để lưu hồ sơ"].read_bytes())).active
    texts = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value]
    assert any("SỐ LIỆU MÔ PHỎNG" in text for text in texts)
    assert "STT" in texts
    assert {cell.font.name for row in sheet.iter_rows() for cell in row if cell.value} == {
        "Times New Roman"
    }


def test_the_text_page_needs_no_script_and_is_small(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    answer = page.goto(f"{address}text?district=412")
    assert answer is not None
    assert len(answer.body()) < 100_000
    expect(page.get_by_role("heading", name="Thành phố Vinh")).to_be_visible()
    expect(page.get_by_text("SỐ LIỆU MÔ PHỎNG").first).to_be_visible()
    expect(page.get_by_role("cell", name="=HYPERLINK(0)")).to_be_visible()
    page.locator("select[name=district]").select_option("Huyện Kỳ Sơn")
    page.get_by_role("button", name="Mở").first.click()
    expect(page.get_by_role("heading", name="Huyện Kỳ Sơn")).to_be_visible()
    assert page.locator("script, img").count() == 0
    context.close()


def test_the_filtered_list_goes_home_in_every_format(page: Page, address: str) -> None:
    show(page, f"{address}gaps?district=412")
    page.get_by_role("button", name="Tải danh sách này").click()
    starts = {
        "Excel": b"PK", "CSV": b"\xef\xbb\xbf", "GeoJSON": b"{", "GeoPackage": b"SQLite",
        "Shapefile": b"PK", "MapInfo TAB": b"PK", "KML": b"<?xml", "GPX": b"<?xml",
        "Phiếu theo dõi": b"PK",
    }  # fmt: skip
    for label, start in starts.items():
        with page.expect_download() as download:
            page.get_by_role("button", name=label, exact=True).click()
        body = Path(download.value.path()).read_bytes()
        assert body.startswith(start), label
        assert "SO-LIEU-MO-PHONG" in download.value.suggested_filename
        if label == "CSV":
            text = body.decode("utf-8-sig")
            assert "'=HYPERLINK(0)" in text
            assert len(text.splitlines()) == 3
        if label in ("Shapefile", "MapInfo TAB"):
            names = zipfile.ZipFile(download.value.path()).namelist()
            assert any(name.endswith((".shp", ".tab")) for name in names)


def test_a_zone_chosen_on_the_5g_page_stands_in_the_address(page: Page, address: str) -> None:
    show(page, f"{address}5g")
    expect(page.get_by_text("Theo giai đoạn")).to_be_visible()
    page.goto(f"{address}5g?zone=Vinh")
    expect(page.get_by_text("Chỉ vùng Vinh")).to_be_visible()


def test_the_rule_slider_moves_verdicts_at_once(page: Page, address: str) -> None:
    show(page, f"{address}rule")
    slider = page.get_by_role("slider", name="Phủ sóng từ tỷ lệ diện tích")
    stamp = stamp_of(page)
    slider.fill("30")
    settled(page, stamp)
    expect(page.get_by_text("1 thôn, bản sẽ thay đổi")).to_be_visible()
    assert "try=covered_share" in page.url
    page.reload()
    expect(page.get_by_text("1 thôn, bản sẽ thay đổi")).to_be_visible()
    expect(slider).to_have_value("30")


def choose(page: Page, box: Locator, option: str) -> None:
    """Open a list and take one of its options, as a hand would: what moves closes the list."""
    finished(page)
    box.scroll_into_view_if_needed()
    still(box)
    box.click()
    page.get_by_role("option", name=option).click()
    expect(box).to_have_value(option)


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of files that somebody has."""
    return write_study(tmp_path_factory.mktemp("received") / "study", reconstruction=False).parent


@pytest.fixture(scope="module")
def receiving(browser: Browser, received: Path) -> Iterator[str]:  # noqa: ARG001  # no server where there is no browser
    """A server whose studies may be changed and added to."""
    with serving(received, more={"PHUSONG_STUDIES": str(received.parent / "made")}) as url:
        yield url


def test_files_dropped_become_a_study_with_its_map_that_is_its_makers(
    page: Page, browser: Browser, received: Path, receiving: str
) -> None:
    page.goto(f"{receiving}data")
    names = ("villages.gpkg", "communes.gpkg", "districts.gpkg", "Alpha.gpkg", "centres.csv")
    page.locator("input[type=file]").first.set_input_files([received / name for name in names])
    expect(page.get_by_text("alpha.gpkg", exact=True)).to_be_visible()
    roles = page.get_by_role("combobox", name="Là gì")
    expect(roles).to_have_count(5)
    choose(page, roles.nth(3), "lớp phủ sóng")
    page.get_by_label("Nhà mạng", exact=True).fill("Alpha")
    page.get_by_label("Nhà mạng", exact=True).press("Tab")
    choose(page, page.get_by_role("combobox", name="Công nghệ"), "4G")
    page.get_by_label("Tên bộ số liệu").fill("Chín thôn <b>")
    page.get_by_role("button", name="Tạo bộ số liệu và mở bản đồ").click()
    until(page, "location.search.includes('study=chin-thon-b-')", within_s=MADE_S)
    expect(page.get_by_text("Chín thôn <b>").first).to_be_visible()
    slug = parse_qs(urlsplit(page.url).query)["study"][0]
    show(page, f"{receiving}?study={slug}")
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("6/9")
    with context_of(browser, DESKTOP) as another:
        stranger = another.new_page()
        show(stranger, f"{receiving}?study={slug}")
        finished(stranger)
        expect(stranger.get_by_text("Chín thôn <b>")).to_have_count(0)
        assert "Chín thôn" not in stranger.request.get(f"{receiving}text?study={slug}").text()
        assert "Chín thôn" in page.request.get(f"{receiving}text?study={slug}").text()


SAID = """() => getComputedStyle(
    document.querySelector('[data-testid=stFileUploader]'), '::after').content"""


@pytest.fixture(scope="module")
def dropping(browser: Browser, received: Path, receiving: str) -> Iterator[Page]:
    """The page *Data*, on which somebody has looked around: what reads files has loaded."""
    with context_of(browser, DESKTOP) as context:
        page = context.new_page()
        page.goto(f"{receiving}data")
        page.locator("input[type=file]").first.set_input_files(received / "villages.gpkg")
        expect(page.get_by_text("9 dòng")).to_be_visible()
        yield page


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (hostile.empty, "rỗng (0 byte)"),
        (hostile.pdf_as_shapefile, "không phải bảng"),
        (hostile.shapefile_without_table, "9 dòng"),
        (hostile.zip_bomb, "giải nén ra 1 tệp"),
        (hostile.zip_that_lies, "không đọc được"),
        (hostile.zip_that_climbs, "trỏ ra ngoài tệp nén"),
        (hostile.kml_with_entities, "DOCTYPE"),
        (hostile.tiff_broken, "không đọc được"),
        (hostile.csv_of_a_thousand_columns, "200 dòng"),
        (hostile.package_that_counts_for_ever, "đọc quá 3 giây"),
        (hostile.workbook_bomb, "kéo dài đến ô XFD1048576"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_hostile_file_gives_a_sentence(
    dropping: Page, tmp_path: Path, make: Callable[[Path], Path], told: str
) -> None:
    path = make(tmp_path)
    beside = sorted(p for p in tmp_path.glob(f"{path.stem}.*") if p.is_file())
    before = set(tmp_path.rglob("*"))
    remove = dropping.get_by_role("button", name="Remove")
    for left in reversed(range(remove.count())):
        remove.first.click()
        expect(remove).to_have_count(left)
    finished(dropping)  # a file dropped while the page still forgets another would be forgotten too
    dropping.locator("input[type=file]").first.set_input_files(beside)
    expect(dropping.get_by_text(told).first).to_be_visible()
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("make", [hostile.large_spaces, hostile.large_noise, hostile.large_table])
def test_a_file_of_300_megabytes_is_told_at_once(
    dropping: Page, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path)
    dropping.reload()
    dropping.wait_for_selector("input[type=file]", state="attached")
    assert dropping.evaluate(SAID) in ("none", "normal")
    dropping.locator("input[type=file]").first.set_input_files(path)
    until(dropping, f"({SAID})().includes('200 MB')")


def test_a_follow_up_sheet_goes_out_and_comes_back(
    page: Page, receiving: str, tmp_path: Path
) -> None:
    show(page, f"{receiving}gaps")
    page.get_by_role("button", name="Tải danh sách này").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Phiếu theo dõi").click()
    book = openpyxl.load_workbook(BytesIO(Path(download.value.path()).read_bytes()))
    sheet = book.active
    rows = {str(row[0].value): row for row in sheet.iter_rows()}
    rows["v9"][5].value = "Không có sóng"
    rows["v9"][8].value = "Alpha"
    rows["v9"][9].value = "31/12/2026"
    rows["v3"][7].value = "31/02/2026"
    book.save(tmp_path / "filled.xlsx")
    page.goto(f"{receiving}data")
    page.get_by_role("tab", name="Phiếu theo dõi").click()
    page.locator("input[type=file]").last.set_input_files(tmp_path / "filled.xlsx")
    expect(page.get_by_text("Nhận được 1 thôn, bản; 1 dòng không nhận được.")).to_be_visible()
    expect(page.get_by_text("không phải một ngày")).to_be_visible()
    page.get_by_role("button", name="Nhận", exact=True).click()
    expect(page.get_by_text("Đã nhận.")).to_be_visible()
    show(page, f"{receiving}gaps?village=v9")
    expect(page.locator(".st-key-card")).to_contain_text("31/12/2026")
    expect(page.locator(".st-key-card")).to_contain_text("trắng sóng")


def test_a_dropped_socket_comes_back_to_the_same_view(browser: Browser, address: str) -> None:
    with context_of(browser, DESKTOP) as context:
        page = context.new_page()
        page.add_init_script(
            "window.sockets = []; const Plain = WebSocket;"
            "window.WebSocket = class extends Plain {"
            " constructor(...a) { super(...a); window.sockets.push(this); } };"
        )
        show(page, f"{address}gaps?district=417&village=v9")
        stamp = stamp_of(page)
        page.evaluate("window.sockets.forEach((socket) => socket.close())")
        until(page, "window.sockets.length > 1 && window.sockets.at(-1).readyState === 1")
        finished(page)
        assert stamp_of(page) == stamp
        expect(page.get_by_text("1 thôn, bản trong danh sách")).to_be_visible()
        page.get_by_role("button", name="đã phủ sóng").click()
        settled(page, stamp)


def test_one_megabit_is_enough(browser: Browser, address: str) -> None:
    """What a first visit fetches passes in 20 s, however busy the machine of the test is."""
    second = 125_000
    fetched: list[float] = []
    with context_of(browser, PHONE) as context:
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.on(
            "Network.loadingFinished", lambda done: fetched.append(done["encodedDataLength"])
        )
        rate = {"downloadThroughput": second, "uploadThroughput": second}
        session.send("Network.emulateNetworkConditions", {"offline": False, "latency": 80, **rate})
        page.goto(address, wait_until="commit")
        page.wait_for_selector(READY)
        assert second < sum(fetched) < 20 * second
        expect(page.get_by_test_id("stMetricValue").first).to_have_text("6/9")
