"""The first view: what the page will show, in its HTML, before any script has run."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from threading import Event
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from geodata import map_stills as stills
from geodata.errors import CallError
from geodata.study.results import Run
from tests.tiny_study import IMAGE
from tests.ui.asgi import get
from tests.ui.tiny_run import open_page
from ui import choices, studies
from ui.first import paint, still
from ui.first.page import FIRST_VIEWS, first_view
from ui.first.paint import FirstPaint
from ui.opened import Opened
from ui.plain import plain
from ui.variables import SETTINGS_VARIABLE
from ui.view import View, make_view, map_state

STYLE = (Path(still.__file__).parents[1] / "maps" / "static" / "style.js").read_text("utf-8")
ACCESS = """
[access]
secret = "0123456789abcdef0123456789abcdef"
[[access.people]]
email = "a@b.vn"
districts = ["417"]
"""
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
        self.rows: list[list[str]] = []
        self.feed(page)
        self.rows = [row for row in self.rows if row]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

        if tag == "tr":
            self.rows.append([])
        if tag == "td" and self.rows:
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        inside = next((tag for tag, _ in reversed(self.tags) if tag in ("td", "th", "p")), "")
        if inside == "td" and self.rows and self.rows[-1]:
            self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        return " ".join(self.texts)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def _view(opened: Opened, **query: str) -> View:
    return make_view(opened, choices.read(query))


def _shown(opened: Opened, path: str = "", base: str = "", **query: str) -> str:
    page = first_view(opened, choices.read(query), path, base=base)
    assert page is not None
    return page


def _flat(text: str) -> str:
    """Words alone: without Markdown, signs for icons and breaks of lines."""
    return " ".join(re.sub(r":material/\w+:|[*#\\\u2060]", "", text).replace("\u00a0", " ").split())


@pytest.mark.heavy
@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("query", [{}, {"district": "417"}, {"rank": "share", "level": "commune"}])
def test_it_says_what_the_overview_says(
    monkeypatch: pytest.MonkeyPatch, run: Run, opened: Opened, language: str, query: dict[str, str]
) -> None:
    app = open_page(monkeypatch, run, "overview", lang=language, **query)
    parts = Parts(_shown(opened, lang=language, **query))
    text = _flat(parts.text)
    for metric in app.metric:
        assert f"{metric.label} {metric.value} {metric.delta}".replace("\u00a0", " ") in text
    for kind in (app.subheader[0], app.warning[0], app.caption[0], *app.markdown[:1]):
        assert _flat(str(kind.value)) in text
    rows = app.dataframe[0].value
    assert [cell for row in parts.rows for cell in row] == [
        str(cell).strip() for cell in rows.to_numpy().ravel()
    ]


@pytest.mark.heavy
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"verdict": "all"},
        {"name": "ban"},
        {"district": "417", "village": "v9"},
        {"operator": "Viettel", "lang": "en"},
        {"power": "no", "people": "500-", "verdict": "all"},
    ],
)
def test_it_says_what_the_list_of_villages_says(
    monkeypatch: pytest.MonkeyPatch, run: Run, opened: Opened, query: dict[str, str]
) -> None:
    app = open_page(monkeypatch, run, "gaps", **query)
    parts = Parts(_shown(opened, "gaps", **query))
    text = _flat(parts.text)
    headline = next(one.value for one in app.markdown if one.value.startswith("#####"))
    assert _flat(headline) in text
    assert all(_flat(str(one.value)) in text for one in app.info)
    rows = app.dataframe[0].value if app.dataframe else pd.DataFrame()
    assert [cell for row in parts.rows for cell in row] == [
        plain("" if cell is None else cell) for cell in rows.to_numpy().ravel()
    ]
    clears = any("Clear" in b.label or "Xóa" in b.label or "Bỏ" in b.label for b in app.button)
    assert clears == (_view(opened, **query).t("Clear the filters") in text)


@pytest.mark.heavy
@pytest.mark.parametrize("query", [{"district": "417"}, {"units": "2025-07-01", "commune": "99"}])
def test_it_says_what_my_area_says(
    monkeypatch: pytest.MonkeyPatch, run: Run, opened: Opened, query: dict[str, str]
) -> None:
    app = open_page(monkeypatch, run, "area", **query)
    page = _shown(opened, "area", **query)
    text = _flat(Parts(page).text)
    assert all(metric.value in text for metric in app.metric)
    shown = [html.proto.body for html in app.get("html")]
    assert [one for one in shown if "area-picture" in one or "phusong-cards" in one]
    assert all(one in page for one in shown if "area-picture" in one or "phusong-cards" in one)


def test_without_an_area_it_says_where_most_villages_have_none(opened: Opened) -> None:
    links = Parts(_shown(opened, "area", lang="en").partition('<p class="ps-need">')[2]).of("a")
    asked = [parse_qs(urlsplit(str(link["href"])).query) for link in links]
    assert asked
    assert all(one["units"] == ["2025-07-01"] and one["commune"] for one in asked)


def test_a_list_cut_short_says_so(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.first.page.MOST_ROWS", 2)
    parts = Parts(_shown(opened, "gaps", lang="en"))
    assert len(parts.rows) == 2
    assert "The first 2 are listed" in parts.text


def test_every_uncovered_village_has_its_mark(opened: Opened) -> None:
    headline = _view(opened).headline()
    marks = Counter(tag.get("href") for tag in Parts(_shown(opened, "gaps")).of("use"))
    legend = 1
    assert marks["#ps-n"] == headline.none + legend
    assert marks["#ps-w"] == headline.weak + legend
    assert marks["#ps-u"] == legend  # missing data is not in the usual list
    asked = _shown(opened, "gaps", verdict="none")
    marks = Counter(tag.get("href") for tag in Parts(asked).of("use"))
    assert (marks["#ps-n"], marks["#ps-w"]) == (headline.none + legend, legend)


def test_with_too_many_marks_they_are_dots(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still, "MOST_MARKS", 1)
    parts = Parts(_shown(opened, "gaps"))
    dots = [tag for tag in parts.of("path") if tag.get("class") == "ps-dots"]
    headline = _view(opened).headline()
    assert sum(str(tag["d"]).count("M") for tag in dots) == headline.none + headline.weak


def test_a_chosen_village_has_a_ring_and_a_chosen_area_is_what_is_seen(opened: Opened) -> None:
    whole = Parts(_shown(opened, "gaps"))
    part = Parts(_shown(opened, "gaps", district="417", village="v9"))
    assert not [tag for tag in whole.of("use") if tag.get("href") == "#ps-ring"]
    assert [tag for tag in part.of("use") if tag.get("href") == "#ps-ring"]
    boxes = [next(t["data-box"] for t in one.of("svg") if "data-box" in t) for one in (whole, part)]
    coarse, fine = (float(str(box).split()[2]) for box in boxes)
    steps = 2 ** (stills.FINE_ZOOM - stills.COARSE_ZOOM)
    assert fine < coarse * steps


@pytest.mark.parametrize("path", FIRST_VIEWS)
@pytest.mark.parametrize("level", ["district", "commune"])
def test_a_hostile_name_is_text(opened: Opened, path: str, level: str) -> None:
    name = '"><script>alert(1)</script>'
    query = {"verdict": "all", "level": level, "village": "v9", "district": "417", "name": name}
    page = _shown(opened, path, **query)
    parts = Parts(page)
    known = {"p", "b", "i", "u", "strong", "a", "br", "nav", "header", "details", "summary", "div"}
    known |= {"span", "h2", "h3", "h5", "form", "label", "select", "option", "input", "button"}
    known |= {"table", "thead", "tbody", "tr", "th", "td", "progress", "svg", "g", "use", "defs"}
    known |= {"path", "circle", "pattern", "text"}
    pictures = [tag for tag in parts.of("img") if tag.get("class") == "area-picture"]
    assert len(pictures) == (path == "area")
    assert {tag for tag, _ in parts.tags} - {"img"} <= known
    assert not [t for _, t in parts.tags if any(one.startswith("on") for one in t)]
    assert "\u202e" not in parts.text


def test_a_hostile_name_on_the_map_is_text(opened: Opened) -> None:
    view = _view(opened)
    state = map_state(view, "areas", level="district")
    coarse = opened.stills().coarse
    key = next(key for key, asset in opened.feed.areas.items() if asset is state.areas)
    named = {**coarse.areas[key].about, "names": [IMAGE] * len(coarse.areas[key].paths)}
    areas = {key: replace(coarse.areas[key], about=named)}
    hostile = replace(opened.stills(), coarse=replace(coarse, areas=areas))
    picture = still.still_map(opened.feed, hostile, state, view.t)
    assert "&lt;img" in picture
    assert "<img" not in picture


@pytest.mark.parametrize("path", FIRST_VIEWS)
def test_its_links_and_forms_keep_what_was_chosen(opened: Opened, path: str) -> None:
    query = {"lang": "en", "district": "417", "verdict": "all", "rank": "share", "operator": "x"}
    page = _shown(opened, path, base="/map", **query)
    parts = Parts(page)
    addresses = [urlsplit(str(link["href"])) for link in parts.of("a")]
    assert all(address.path.startswith("/map/") for address in addresses)
    pages = Parts(page.partition('<nav class="ps-pages">')[2].partition("</header>")[0]).of("a")
    asked = [parse_qs(urlsplit(str(link["href"])).query) for link in pages]
    assert len(asked) == 7
    assert all(one == {"district": ["417"], "lang": ["en"]} for one in asked)
    languages = page.partition('<nav class="ps-languages"')[2].partition("</nav>")[0]
    assert "operator=x" in languages
    kept = {(f.get("name"), f.get("value")) for f in parts.of("input") if f.get("type") == "hidden"}
    assert {("lang", "en"), ("verdict", "all"), ("operator", "x")} <= kept


def test_another_district_forgets_the_commune(opened: Opened) -> None:
    page = _shown(opened, "gaps", district="417", village="v9")
    form = next(one for one in page.split("<form ") if 'select name="district"' in one)
    assert 'name="commune"' not in form
    assert 'name="village"' not in form


def test_pages_and_rules_that_have_none_get_none(opened: Opened) -> None:
    assert first_view(opened, choices.read({}), "method", base="") is None
    assert first_view(opened, choices.read({"variant": "fcc-bdc"}), "", base="") is None


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
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise CallError("it cannot be made")

    monkeypatch.setattr(paint, "first_view", refuse)
    assert get(_app(), "/map/").body.decode() == SHELL


@pytest.mark.usefixtures("at_hand")
def test_a_view_that_takes_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    going_on = Event()
    monkeypatch.setattr(paint, "PATIENCE_S", 0.05)
    monkeypatch.setattr(paint, "first_view", lambda *_, **__: str(going_on.wait(30)))
    assert get(_app(), "/map/").body.decode() == SHELL
    going_on.set()


@pytest.mark.usefixtures("at_hand")
@pytest.mark.parametrize("settings", [ACCESS, "[access]\nbroken = 1\n"], ids=["on", "broken"])
def test_where_access_is_limited_nobody_is_shown_anything(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: str
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(settings, encoding="utf-8")
    monkeypatch.setenv(SETTINGS_VARIABLE, str(file))
    assert get(_app(), "/map/").body.decode() == SHELL
