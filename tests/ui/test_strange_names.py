"""Names are text: on no page does one become a link, a picture, HTML or an icon."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from geodata.study.results import Run
from geodata.study.variants import load_variants
from tests.strange_names import HOST, NAME, marks_of, strange_run, tags_of
from tests.ui.tiny_run import open_page
from ui.plain import WORD_JOINER, escaped, plain

PLAIN = {"selectbox": ("options", "raw_value"), "text_input": ("value", "default", "placeholder")}
"""Fields that Streamlit shows letter by letter."""

PAGES = {
    "overview": ({}, {"district": "412"}),
    "gaps": (
        {"verdict": "all"},
        {"village": "v5", "verdict": "all"},
        {"village": "v4", "operator": f"{plain(NAME)} Alpha", "units": "2025-07-01"},
    ),
    "area": ({}, {"commune": "10"}, {"name": NAME}),
    "five_g": ({}, {"zone": f"{NAME} Vinh"}),
    "rule": ({}, {"variant": "?"}, {"variant": NAME}),
    "data": ({},),
    "method": ({},),
}
"""Every page with the choices that show names; ``?`` stands for the variant that is kept."""


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return strange_run(tmp_path_factory.mktemp("strange") / "study")


@pytest.mark.parametrize(
    ("page", "query"), [(page, query) for page, queries in PAGES.items() for query in queries]
)
def test_no_page_makes_more_than_text_of_a_name(
    monkeypatch: pytest.MonkeyPatch, strange: Run, page: str, query: dict[str, str]
) -> None:
    (kept,) = load_variants(strange.study)
    asked = {name: kept if value == "?" else value for name, value in query.items()}
    app = open_page(monkeypatch, strange, page, lang="en", **asked)
    assert not app.exception
    texts = list(markdown_of(app))
    assert any(HOST in text.replace("\\", "") for text in texts)
    found = [f"{marks}: {text}" for text in texts if (marks := marks_of(text))]
    found += [tag for body in html_of(app) for tag in tags_of(body)]
    assert not found, "\n".join(found)[:5000]


def markdown_of(app: AppTest) -> Iterator[str]:
    """Every text of a page that Streamlit may read as Markdown."""
    for element in _elements(app):
        kind = element.type
        if kind == "html":
            continue
        if kind == "arrow_table":
            table = element.value.reset_index()
            yield from (str(cell) for cell in [*table.columns, *table.to_numpy().ravel()])
        else:
            proto = getattr(element, "proto", None)
            if isinstance(proto, Message):
                yield from _strings(proto, PLAIN.get(kind, ()))


def html_of(app: AppTest) -> Iterator[str]:
    return (element.proto.body for element in _elements(app) if element.type == "html")


def _elements(app: AppTest) -> Iterator:  # type: ignore[type-arg]  # elements and blocks
    """Every element and block of the page."""
    return iter([node for node in app._tree if hasattr(node, "type")])


def _strings(proto: Message, but: tuple[str, ...]) -> Iterator[str]:
    for field, value in proto.ListFields():
        if field.name in (*but, "id", "form_id", "query_string", "url", "json", "mixed_data"):
            continue
        values = list(value) if field.is_repeated else [value]
        for one in values:
            if isinstance(one, Message):
                yield from _strings(one, but)
            elif isinstance(one, str):
                yield one


@pytest.mark.parametrize(
    "text",
    ["http://a.example/x", "HTTPS://a.example", "www.a.example", "who@a.example", ":skull:",
     ":material/skull:", ":+1:", "a -- b", "a -> b", "a <-> b", "a >= b"],
)  # fmt: skip
def test_what_is_replaced_after_markdown_was_read_stays_as_it_is(text: str) -> None:
    shown = escaped(text).replace("\\", "")
    assert WORD_JOINER in shown
    assert shown.replace(WORD_JOINER, "") == text


@pytest.mark.parametrize(
    "text", ["EPSG:9208", "12:30", "Tel: 5", "127.0.0.1:5432/db", "1-2", "a @ b"]
)
def test_nothing_unseen_stands_in_a_usual_name(text: str) -> None:
    assert escaped(text).replace("\\", "") == text
