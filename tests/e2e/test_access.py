"""Who sees what, signed in at a real OIDC server: pages, routes, addresses, forged and expired."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit
from urllib.request import urlopen

import pytest
from itsdangerous import URLSafeTimedSerializer
from oidc_provider_mock import User, app
from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError
from werkzeug.serving import make_server

from tests.e2e.browsing import DESKTOP, READY, context_of, free_port, keep_program, serving
from tests.tiny_study import write_study
from ui.maps.assets import ROUTE

SECRET = secrets.token_hex()
COOKIE_SECRET = secrets.token_hex()
COOKIE = "_streamlit_user"
SETTINGS = f"""
[access]
secret = "{SECRET}"

[[access.people]]
email = "hills@example.org"
districts = ["417"]

[[access.people]]
email = "beta@example.org"
districts = ["*"]
operator = "Beta"

[[access.people]]
email = "planner@example.org"
districts = ["*"]
may_change_rules = true
may_change_data = true
"""
AUTH = """
[auth]
redirect_uri = "{url}oauth2callback"
cookie_secret = "{cookie}"
client_id = "phusong"
client_secret = "secret"
server_metadata_url = "http://localhost:{port}/.well-known/openid-configuration"
client_kwargs = {{ scope = "openid profile email" }}
"""
PEOPLE = ("hills", "beta", "planner", "stranger")
OTHERS_DISTRICT = ("Thành phố Vinh", "Xóm 1", "Xã 0")
"""What stands in the study of the district that the official of the hills is not given."""


SIGNED_IN: dict[tuple[str, str], Any] = {}

Application = Callable[[dict[str, Any], Any], Any]
"""What answers at an address, as WSGI has it."""


@dataclass
class Received:
    """Every byte that a page was sent by the socket, and every address it asked for."""

    parts: list[bytes] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        page.on("websocket", lambda socket: socket.on("framereceived", self._frame))
        page.on("response", lambda answer: self.addresses.append(answer.url))

    def _frame(self, payload: str | bytes) -> None:
        self.parts.append(payload.encode() if isinstance(payload, str) else payload)

    def holds(self, word: str) -> bool:
        """Whether a word was received, as it is or as JSON spells it."""
        spelt = (word.encode(), json.dumps(word)[1:-1].encode())
        return any(one in part for part in self.parts for one in spelt)

    def read_map_data(self, url: str) -> Received:
        """The bodies of all map data that the page fetched, or was told where to fetch."""
        told = re.findall(rf"{ROUTE}/[\w./-]+\.json\?key=[\w.-]+".encode(), b" ".join(self.parts))
        asked = {one.removeprefix(url) for one in self.addresses if ".json?key=" in one}
        found = [answer(url + one) for one in sorted(asked | {one.decode() for one in told})]
        assert found
        assert {status for status, _ in found} == {200}
        return Received(parts=[text.encode() for _, text in found])


@dataclass
class Provider:
    """An OIDC server of our own, whose answers may for a while be those of another."""

    honest: Application
    port: int = 0
    another: Application | None = None

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        return (self.another or self.honest)(environ, start)


def signing_in(**options: Any) -> Application:
    """A provider at which all our people may sign in."""
    people = [
        User(
            sub=f"{who}@example.org",
            claims={"email": f"{who}@example.org", "email_verified": True},
        )
        for who in PEOPLE
    ]
    made: Application = app(user_claims=people, **options)
    return made


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    made = Provider(honest=signing_in())
    server = make_server("localhost", 0, made, threaded=True)
    made.port = server.server_port
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join(5)


@contextmanager
def guarded(folder: Path, sign_in_port: int) -> Iterator[str]:
    """The app over the tiny study, with access settings and the sign-in of a provider."""
    study, port = write_study(folder / "study"), free_port()
    (folder / "settings.toml").write_text(SETTINGS, "utf-8")
    url = f"http://localhost:{port}/"
    auth = AUTH.format(url=url, port=sign_in_port, cookie=COOKIE_SECRET)
    (folder / "secrets.toml").write_text(auth, "utf-8")
    more = {
        "PHUSONG_SETTINGS": str(folder / "settings.toml"),
        "PHUSONG_SIGN_INS": str(folder / "sign-ins"),
        "--secrets.files": str(folder / "secrets.toml"),
        "--server.address": "localhost",
    }
    with serving(study, more=more, port=port):
        yield url


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the study and the settings of ``url`` are."""
    return tmp_path_factory.mktemp("guarded")


@pytest.fixture(scope="module")
def url(
    browser: Browser,  # noqa: ARG001  # no server where there is no browser
    provider: Provider,
    folder: Path,
) -> Iterator[str]:
    with guarded(folder, provider.port) as address:
        yield address


@pytest.fixture(scope="module")
def desk(browser: Browser, url: str) -> Iterator[BrowserContext]:
    """A desk at which one after another sits down: the page's program is in its cache."""
    with context_of(browser, DESKTOP) as opened:
        keep_program(opened, url)
        yield opened


@pytest.fixture
def context(desk: BrowserContext) -> Iterator[BrowserContext]:
    """The desk as who comes next finds it: nobody is signed in, here or at the provider."""
    left = len(desk.pages)
    yield desk
    for page in desk.pages[left:]:
        page.close()
    desk.clear_cookies()


def sign_in(context: BrowserContext, url: str, who: str, path: str = "") -> tuple[Page, Received]:
    """A page of somebody who signed in at the provider, with all it was sent since.

    One sign-in each is enough: later contexts are given its cookies.
    """
    if (url, who) not in SIGNED_IN:
        page = context.new_page()
        page.goto(url)
        page.get_by_role("button", name="Đăng nhập").click()
        page.get_by_role("button", name=f"{who}@example.org").click()
        page.wait_for_url(f"{url}**")
        expect(page.get_by_role("button", name="Đăng xuất")).to_be_visible()
        SIGNED_IN[url, who] = context.cookies(url)
        page.close()
    context.add_cookies(SIGNED_IN[url, who])  # type: ignore[arg-type]  # what it gave itself
    page, received = context.new_page(), Received()
    received.listen(page)
    page.goto(f"{url}{path}")
    return page, received


def map_address(received: Received) -> str:
    """The address of some map data that belongs to one audience."""
    return next(one for one in received.addresses if "key=" in one)


def answer(address: str, **query: str) -> tuple[int, str]:
    """Status and text of an address, asked for without any cookie."""
    asked = f"{address}?{urlencode(query)}" if query else address
    try:
        with urlopen(asked, timeout=30) as got:  # noqa: S310  # our own address
            return got.status, got.read().decode(errors="replace")
    except HTTPError as error:
        return error.code, ""


def with_key(address: str, key: str) -> str:
    parts = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return urlunsplit(parts._replace(query=urlencode({**query, "key": key})))


def key_in(address: str) -> str:
    return parse_qs(urlsplit(address).query)["key"][0]


def test_who_is_not_signed_in_sees_the_way_in_and_nothing_else(
    context: BrowserContext, url: str
) -> None:
    page, received = context.new_page(), Received()
    received.listen(page)
    for path in ("", "gaps", "area?commune=12", "rule", "data", "method", "5g"):
        page.goto(f"{url}{path}")
        expect(page.get_by_role("button", name="Đăng nhập")).to_be_visible()
        expect(page.locator(".phusong-map")).to_have_count(0)
        assert not any(received.holds(word) for word in ("v7", "Alpha", *OTHERS_DISTRICT))
    for path in ("text", "text?commune=12", "text?key=forged"):
        assert answer(f"{url}{path}")[0] == 403


def test_an_official_sees_the_district_given_and_no_word_of_another(
    context: BrowserContext, url: str
) -> None:
    page, received = sign_in(context, url, "hills")
    page.wait_for_selector(READY)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("2/3")
    for path in ("gaps?verdict=all", "area", "5g", "method", "rule", "data"):
        page.goto(f"{url}{path}")
        expect(page.get_by_text("Lần tính").first).to_be_visible()
    assert received.holds("Huyện Kỳ Sơn")
    assert not [word for word in OTHERS_DISTRICT if received.holds(word)]
    drawn = received.read_map_data(url)
    assert drawn.holds("Huyện Kỳ Sơn")
    assert not [word for word in OTHERS_DISTRICT if drawn.holds(word)]


def test_a_planner_is_sent_all_that_the_others_are_not(context: BrowserContext, url: str) -> None:
    page, received = sign_in(context, url, "planner")
    page.wait_for_selector(READY)
    page.goto(f"{url}gaps?verdict=all")
    page.wait_for_selector(READY)
    drawn = received.read_map_data(url)
    kept_back = (*OTHERS_DISTRICT, "Huyện Kỳ Sơn", "Alpha", "Beta")
    assert [word for word in kept_back if not received.holds(word) and not drawn.holds(word)] == []
    assert [word for word in OTHERS_DISTRICT if not drawn.holds(word)] == []


@pytest.mark.parametrize(
    "path",
    ["?district=412", "gaps?district=412&village=v1", "gaps?village=v3", "area?commune=10",
     "area?district=412", "gaps?name=Vinh&verdict=all"],
)  # fmt: skip
def test_an_address_of_anothers_district_shows_nothing_of_it(
    context: BrowserContext, url: str, path: str
) -> None:
    page, received = sign_in(context, url, "hills", path)
    expect(page.get_by_text("Lần tính").first).to_be_visible()
    assert not [word for word in (*OTHERS_DISTRICT, "4/6") if received.holds(word)]


def test_map_data_and_the_text_page_ask_for_the_key_of_their_reader(
    context: BrowserContext, browser: Browser, url: str
) -> None:
    page, received = sign_in(context, url, "hills", "area?commune=12")
    page.goto(f"{url}gaps")
    page.wait_for_selector(READY)
    mine = map_address(received)
    assert answer(mine)[0] == 200
    with context_of(browser, DESKTOP) as other:
        _, theirs = sign_in(other, url, "beta", "gaps")
        other.pages[-1].wait_for_selector(READY)
        another = key_in(map_address(theirs))
    hour_ago = URLSafeTimedSerializer(SECRET, salt="phusong key")
    expired = _signed_at(hour_ago, key_in(mine), time.time() - 3600)
    forged = URLSafeTimedSerializer("x" * 40, salt="phusong key").dumps(
        {"districts": None, "communes": None, "operator": ""}
    )
    for key in ("", "nonsense", forged, expired, another, key_in(mine)[:-2] + "AA"):
        assert answer(with_key(mine, key))[0] == 403, key
    for key in ("", forged, expired):
        assert answer(f"{url}text", commune="12", key=key)[0] == 403
    status, text = answer(f"{url}text", district="412", key=key_in(mine))
    assert status == 200
    assert "Huyện Kỳ Sơn" in text
    assert not [word for word in OTHERS_DISTRICT if word in text]


def _signed_at(signer: URLSafeTimedSerializer, key: str, at: float) -> str:
    """The same rights as in ``key``, rightly signed at another time."""
    made = signer.make_signer(signer.salt)
    made.get_timestamp = lambda: int(at)  # type: ignore[method-assign]
    return made.sign(signer.dump_payload(signer.loads(key))).decode()


def test_an_operator_sees_its_own_layers_and_of_others_only_that_they_serve(
    context: BrowserContext, url: str
) -> None:
    page, received = sign_in(context, url, "beta")
    page.wait_for_selector(READY)
    figures = page.get_by_test_id("stMetricValue")
    expect(figures.first).to_have_text("0/9")
    expect(figures.last).to_have_text("6")  # served by others
    expect(page.get_by_text("chỉ tính lớp phủ sóng của Beta").first).to_be_visible()
    for path in ("gaps?village=v3&served=others&verdict=all", "area?commune=10", "5g", "method"):
        page.goto(f"{url}{path}")
        expect(page.get_by_text("Lần tính").first).to_be_visible()
    assert received.holds("Beta")
    drawn = received.read_map_data(url)
    for sent in (received, drawn):
        assert not [word for word in ("Alpha", "alpha") if sent.holds(word)]
    page.goto(f"{url}rule?variant=peru-60")
    expect(page.get_by_text("lớp phủ sóng của mọi nhà mạng")).to_be_visible()


def test_only_who_may_change_data_and_rules_finds_how(context: BrowserContext, url: str) -> None:
    page, _ = sign_in(context, url, "hills", "data")
    expect(page.get_by_text("việc thay đổi dành cho người được giao")).to_be_visible()
    expect(page.locator("input[type=file]")).to_have_count(0)
    page.goto(f"{url}rule?try=covered_share:0.3")
    expect(page.get_by_text("Lần tính").first).to_be_visible()
    expect(page.get_by_role("button", name="Công bố")).to_have_count(0)


def test_a_stranger_is_told_that_no_area_was_given(context: BrowserContext, url: str) -> None:
    page, received = sign_in(context, url, "stranger")
    expect(page.get_by_text("stranger@example.org").first).to_be_visible()
    assert not any(received.holds(word) for word in ("v7", "Alpha", *OTHERS_DISTRICT))


def test_rights_that_are_taken_end_with_the_next_choice(
    context: BrowserContext, url: str, folder: Path
) -> None:
    page, received = sign_in(context, url, "planner", "gaps")
    page.wait_for_selector(READY)
    settings = folder / "settings.toml"
    try:
        settings.write_text(SETTINGS.replace("planner@", "successor@"), "utf-8")
        received.parts.clear()
        with suppress(PlaywrightTimeoutError):  # the server may have ended the page first
            page.get_by_role("button", name="đã phủ sóng").click(timeout=3_000)
        expect(page.get_by_text("chưa được giao địa bàn nào")).to_be_visible()
        expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
        assert not any(received.holds(word) for word in ("v7", "Alpha", *OTHERS_DISTRICT))
    finally:
        settings.write_text(SETTINGS, "utf-8")


def _cookie(url: str, secret: str, *, since: float) -> dict[str, Any]:
    """The browser's cookie of a sign-in, as the server would write it."""
    claims = {
        "email": "planner@example.org",
        "email_verified": True,
        "iat": int(since),
        "is_logged_in": True,
        "origin": url.rstrip("/"),
    }
    value = URLSafeTimedSerializer(secret, salt=COOKIE).dumps(json.dumps(claims))
    return {"name": COOKIE, "value": value, "url": url}


@pytest.mark.parametrize(
    ("secret", "hours"),
    [(COOKIE_SECRET, 1), ("another-secret", 1), (COOKIE_SECRET, 13)],
    ids=["rightly signed, and never given out", "forged", "expired"],
)
def test_a_cookie_that_the_server_never_gave_out_is_no_sign_in(
    context: BrowserContext, url: str, secret: str, hours: float
) -> None:
    context.add_cookies([_cookie(url, secret, since=time.time() - hours * 3600)])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(url)
    expect(page.get_by_role("button", name="Đăng nhập")).to_be_visible()
    expect(page.get_by_test_id("stMetricValue")).to_have_count(0)


def test_signing_out_ends_every_tab_and_the_cookie_within_seconds(
    context: BrowserContext, url: str
) -> None:
    page, received = sign_in(context, url, "beta", "gaps")
    page.wait_for_selector(READY)
    cookies, mine = SIGNED_IN.pop((url, "beta")), map_address(received)
    assert answer(mine)[0] == 200
    other = context.new_page()
    other.goto(url)
    other.get_by_role("button", name="Đăng xuất").click()
    expect(page.get_by_role("button", name="Đăng nhập")).to_be_visible(timeout=5_000)
    assert answer(mine)[0] == 403
    context.add_cookies(cookies)
    page.goto(f"{url}gaps")
    expect(page.get_by_role("button", name="Đăng nhập")).to_be_visible()


def _expired() -> Application:
    """A provider whose tokens ended two hours ago."""
    return signing_in(access_token_max_age=timedelta(hours=-2))


def _foreign_keys() -> Application:
    """A provider that tells the keys of another: what it signs is as good as forged."""
    real, foreign = signing_in(), app()

    def between(environ: dict[str, Any], start: Any) -> Any:
        return (foreign if environ["PATH_INFO"].endswith("/jwks") else real)(environ, start)

    return between


@pytest.mark.parametrize("another", [_expired, _foreign_keys, signing_in])
def test_only_a_token_neither_expired_nor_forged_signs_somebody_in(
    context: BrowserContext,
    url: str,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
    another: Callable[[], Application],
) -> None:
    monkeypatch.setattr(provider, "another", another())
    good = another is signing_in
    page = context.new_page()
    page.goto(url)
    page.get_by_role("button", name="Đăng nhập").click()
    back = f"{url}oauth2callback"
    with page.expect_response(lambda answer: answer.url.startswith(back)) as returned:
        page.get_by_role("button", name="planner@example.org").click()
    assert returned.value.status < 500
    page.wait_for_load_state("networkidle")
    assert any(cookie.get("name") == COOKIE for cookie in context.cookies()) is good
    page.goto(url)
    expect(page.get_by_role("button", name="Đăng xuất" if good else "Đăng nhập")).to_be_visible()
    expect(page.get_by_test_id("stMetricValue")).to_have_count(4 if good else 0)
