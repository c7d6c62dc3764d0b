"""The first view: what the page will show, in its HTML, before any script has run."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.ui.asgi import get
from ui import choices, studies
from ui.access import SETTINGS_VARIABLE
from ui.figures import headline_split, leader_sentence
from ui.first import paint, still
from ui.first.page import FIRST_VIEWS, first_view
from ui.first.paint import FirstPaint
from ui.plain import plain
from ui.studies import Opened
from ui.tables import village_list
from ui.view import View, make_view

STYLE = (Path(still.__file__).parents[1] / "maps" / "static" / "style.js").read_text("utf-8")
SHELL = (
    '<!DOCTYPE html><html lang="en"><head><title>Streamlit</title></head>'
    '<body><noscript>You need it</noscript><div id="root"></div></body></html>'
)


class Parts(HTMLParser):
    """Tags with their attributes, and all the text, of some HTML."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.texts)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def _view(opened: Opened, **query: str) -> View:
    return make_view(opened, choices.read(query))


def _shown(view: View, path: str = "", base: str = "") -> str:
    page = first_view(view, path, base=base)
    assert page is not None
    return page


@pytest.mark.parametrize("language", ["vi", "en"])
def test_it_says_what_the_overview_says(opened: Opened, language: str) -> None:
    view = _view(opened, lang=language)
    text = Parts(_shown(view)).text
    assert leader_sentence(view.headline(), view.run, view.t) in text
    cards = headline_split(view.headline(), view.t, between=view.between(view.in_area))
    for label, value, note in cards:
        assert f"{label}   {value}   {note}" in text
    assert view.run.run_id in text


@pytest.mark.parametrize("query", [{}, {"verdict": "all"}, {"name": "ban"}, {"district": "417"}])
def test_its_list_is_the_pages_list(opened: Opened, query: dict[str, str]) -> None:
    view = _view(opened, **query)
    listed = village_list(view)
    page = _shown(view, "gaps")
    rows = re.findall(r"<tr><td>(.*?)<td", page)
    assert [re.sub(r"&.*?;", "", row) for row in rows] == [
        re.sub(r"[&<>\"']|&.*?;", "", plain(name)) for name in listed.rows.iloc[:, 0]
    ]


def test_every_uncovered_village_has_its_mark(opened: Opened) -> None:
    view = _view(opened)
    marks = Counter(tag.get("href") for tag in Parts(_shown(view, "gaps")).of("use"))
    headline = view.headline()
    legend = 1
    assert marks["#ps-n"] == headline.none + legend
    assert marks["#ps-w"] == headline.weak + legend
    assert marks["#ps-u"] == headline.unknown * 0 + legend  # missing data is not in the usual list


def test_a_chosen_village_has_a_ring_and_a_chosen_area_is_what_is_seen(opened: Opened) -> None:
    whole = Parts(_shown(_view(opened), "gaps"))
    part = Parts(_shown(_view(opened, district="417", village="v9"), "gaps"))
    assert not [tag for tag in whole.of("use") if tag.get("href") == "#ps-ring"]
    assert [tag for tag in part.of("use") if tag.get("href") == "#ps-ring"]
    boxes = [next(t["data-box"] for t in one.of("svg") if "data-box" in t) for one in (whole, part)]
    widths = [float(str(box).split()[2]) for box in boxes]
    assert widths[1] < widths[0]


@pytest.mark.parametrize("path", FIRST_VIEWS)
@pytest.mark.parametrize("query", [{"verdict": "all"}, {"district": "417", "village": "v9"}])
def test_a_hostile_name_is_text(opened: Opened, path: str, query: dict[str, str]) -> None:
    view = _view(opened, name='"><script>alert(1)</script>' if path == "area" else "", **query)
    parts = Parts(_shown(view, path))
    assert not parts.of("img")
    assert not parts.of("script")
    assert not [t for _, t in parts.tags if any(name.startswith("on") for name in t)]
    assert "\u202e" not in parts.text


@pytest.mark.parametrize("path", FIRST_VIEWS)
def test_its_links_and_forms_keep_what_was_chosen(opened: Opened, path: str) -> None:
    view = _view(opened, lang="en", district="417", verdict="all", rank="share")
    page = _shown(view, path, base="/map")
    parts = Parts(page)
    addresses = [urlsplit(str(link["href"])) for link in parts.of("a")]
    assert all(address.path.startswith("/map/") for address in addresses)
    pages = Parts(page.partition('<nav class="ps-pages">')[2].partition("</header>")[0]).of("a")
    asked = [parse_qs(urlsplit(str(link["href"])).query) for link in pages]
    assert len(asked) == 7
    assert {(*one["district"], *one["lang"]) for one in asked} == {("417", "en")}
    kept = {(f.get("name"), f.get("value")) for f in parts.of("input") if f.get("type") == "hidden"}
    assert ("lang", "en") in kept
    assert ("verdict", "all") in kept


def test_another_district_forgets_the_commune(opened: Opened) -> None:
    view = _view(opened, district="417", village="v9")
    page = _shown(view, "gaps")
    form = next(one for one in page.split("<form>") if 'select name="district"' in one)
    assert 'name="commune"' not in form
    assert 'name="village"' not in form


def test_pages_that_have_none_get_none(opened: Opened) -> None:
    assert first_view(_view(opened), "method", base="") is None
    assert _shown(_view(opened), "area")


def test_it_is_drawn_in_the_maps_own_colours() -> None:
    quoted = re.findall(r'"(#[0-9a-f]{6})"', STYLE.partition("export const RAMP")[2].split("]")[0])
    assert tuple(quoted) == still.RAMP
    fills = dict(re.findall(r'"?([cwn-])"?: "(#[0-9a-f]{6})"', STYLE.split("VILLAGE_FILL")[1]))
    assert {key: still.FILLS[key] for key in fills} == fills
    for letter, word in (("n", "none"), ("w", "weak"), ("u", "unknown")):
        found = re.search(rf'{word}: {{ .*?fill: "(.*?)", edge: "(.*?)", size: ([\d.]+)', STYLE)
        assert found is not None
        assert still.MARKS[letter] == (found[1], found[2], float(found[3]))
    assert f'NO_GAP = "{still.NO_GAP}"' in STYLE
    assert f'PALE = "{still.PALE}"' in STYLE


@pytest.mark.parametrize("most", range(12))
def test_classes_are_near_equal_and_leave_nothing_out(most: int) -> None:
    classes = still.classes_for(most)
    assert [n for low, high in classes for n in range(low, high + 1)] == list(range(1, most + 1))
    colours = [still.colour_of(n, classes) for n in range(most + 1)]
    assert colours[0] == still.NO_GAP
    ranks = [still.RAMP.index(colour) for colour in colours[1:]]
    assert ranks == sorted(ranks)


def _app(shell: Response | None = None) -> Starlette:
    """A server that tells what it was asked of, as Streamlit answers for every address."""
    answer = shell or HTMLResponse(SHELL, headers={"ETag": '"1"', "Cache-Control": "no-cache"})

    async def serve(request: Request) -> Response:
        if "if-none-match" in request.headers:
            return PlainTextResponse("", status_code=304)
        return answer

    return Starlette(
        routes=[Route("/{path:path}", serve)],
        middleware=[Middleware(FirstPaint, base_path=lambda: "map")],
    )


@pytest.fixture
def at_hand(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SETTINGS_VARIABLE, raising=False)
    monkeypatch.setattr(studies, "at_hand", lambda slug: None if slug else opened)


@pytest.mark.usefixtures("at_hand")
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_the_page_has_it_in_its_body(encoding: str) -> None:
    answer = get(_app(), "/map/gaps", encoding=encoding, query="lang=en")
    page = answer.content.decode()
    assert answer.status == 200
    assert 'id="phusong-first"' in page
    assert '<html lang="en">' in page
    assert "You need it" not in page
    assert page.index('id="root"') < page.index('id="phusong-first"') < page.index("<script>")
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "private, no-cache"
    assert int(answer.headers["content-length"]) == len(answer.body)


@pytest.mark.usefixtures("at_hand")
@pytest.mark.parametrize(
    ("path", "query"),
    [("/map/method", ""), ("/map/map-data/x.json", ""), ("/gaps", ""), ("/map/", "study=other")],
)
def test_other_addresses_pass_by(path: str, query: str) -> None:
    answer = get(_app(), path, query=query)
    assert answer.body.decode() == SHELL
    assert answer.headers["etag"] == '"1"'


@pytest.mark.usefixtures("at_hand")
def test_a_page_of_another_make_is_left_as_it_is() -> None:
    answer = get(_app(PlainTextResponse("starting", status_code=503)), "/map/")
    assert (answer.status, answer.body) == (503, b"starting")


@pytest.mark.usefixtures("at_hand")
def test_a_view_that_cannot_be_made_leaves_the_page(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(paint, "first_view", lambda *_, **__: 1 / 0)
    assert get(_app(), "/map/").body.decode() == SHELL
    assert "no first view" in caplog.text


@pytest.mark.usefixtures("at_hand")
def test_where_access_is_limited_nobody_is_shown_anything(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("[access]\nbroken = 1\n")
    monkeypatch.setenv(SETTINGS_VARIABLE, str(settings))
    assert get(_app(), "/map/").body.decode() == SHELL
