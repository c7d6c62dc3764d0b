"""A study in which every name is Markdown, HTML, a formula, a link and a picture at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import geopandas as gpd
from markdown_it import MarkdownIt
from markdown_it.token import Token

import geodata
from geodata.study.results import Run
from geodata.study.variants import save_variant
from tests import drives
from tests.tiny_study import write_study

HOST = "evil.example"
NAME = (
    f"=1+1 ![o](http://{HOST}/o.png) <img src='http://{HOST}/i.png'> [l](http://{HOST}/l) "
    f"http://{HOST}/b www.{HOST} who@{HOST} :material/skull: :skull: :red[r] # `c` $x$ **b** "
    "\u202egnuorg"
)
"""All of them; what follows it tells one name from the next."""

BARE_ADDRESS = re.compile(
    r"(?:https?://|www(?=\.))[-.\w]+|[-.\w+]+@[-\w]+(?:\.[-\w]+)+", re.IGNORECASE
)
"""What GitHub's Markdown makes a link of wherever it stands in text (micromark's autolink)."""

PICTURE = re.compile(r":(?:material/)?skull:")

COLUMNS = {
    "villages.gpkg": ("village", "district", "commune"),
    "districts.gpkg": ("name",),
    "communes.gpkg": ("name",),
    "communes_2025.gpkg": ("name",),
    "zones.gpkg": ("zone", "operator", "phase", "source"),
    "sites.gpkg": ("site", "operator"),
}


def write_strange_study(folder: Path) -> Path:
    """The nine villages with measurements and a variant, all of whose names are ``NAME``."""
    study = drives.plant(write_study(folder))
    for file, columns in COLUMNS.items():
        table = gpd.read_file(folder / file)
        for column in columns:
            table[column] = [f"{NAME} {value}" for value in table[column]]
        table.to_file(folder / file)
    for file in folder.glob("*.csv"):
        _rename_operators(file)
    text = study.read_text("utf-8")
    study.write_text(
        re.sub(r'^(operator|name|source|definition) = "(.*)"$', _strange, text, flags=re.MULTILINE),
        "utf-8",
    )
    opened = geodata.open_study(study)
    save_variant(opened, f"{NAME} variant", replace(opened.rule, covered_share=0.7))
    return study


def strange_run(folder: Path) -> Run:
    """The study opened, assessed and published."""
    return geodata.assess_study(geodata.open_study(write_strange_study(folder)), publish=True)


def _strange(match: re.Match[str]) -> str:
    return f"{match[1]} = {json.dumps(f'{NAME} {match[2]}')}"


def _rename_operators(file: Path) -> None:
    text = file.read_text("utf-8")
    if "operator" in text.partition("\n")[0]:
        quoted = NAME.replace('"', "")
        file.write_text(re.sub(r"\b(Alpha|Beta)\b", lambda m: f"{quoted} {m[0]}", text), "utf-8")


def marks_of(markdown: str) -> list[str]:
    """What a Markdown text shows as something else than text, and may not."""
    found = [text for text in ("\u202e",) if text in markdown]
    for token in _tokens(MarkdownIt("commonmark").parse(markdown)):
        if token.type == "image" or (token.type.startswith("html") and HOST in token.content):
            found.append(f"{token.type} {token.content or token.attrs}")
        elif token.type == "link_open" and HOST in str(token.attrs):
            found.append(f"link {token.attrs}")
        elif token.type == "text":
            found += BARE_ADDRESS.findall(token.content) + PICTURE.findall(token.content)
        elif token.type in ("code_inline", "code_block", "strong_open") and HOST in token.content:
            found.append(token.type)
    return found


def _tokens(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.children is None:
            yield token
        else:
            yield from _tokens(token.children)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        asked = [
            value or "" for name, value in attrs if name in ("src", "href", "srcset", "action")
        ]
        self.found += [f"{tag} {one}" for one in asked if HOST in one]


def tags_of(html: str) -> list[str]:
    """The tags of an HTML text that lead to ``HOST``."""
    tags = _Tags()
    tags.feed(html)
    return tags.found
