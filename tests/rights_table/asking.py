"""Every way by which data leave the server, asked for as a browser does."""

from __future__ import annotations

import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from tempfile import NamedTemporaryFile
from urllib.parse import urlsplit

from pypdf import PdfReader
from starlette.types import ASGIApp

from tests.rights_table.running import OpenPage, request
from tests.rights_table.states import SHARED, SHARED_PLACE
from tests.ui.asgi import Answer
from ui.maps.assets import ROUTE

FILES: Mapping[str, tuple[str, str]] = {
    "list, Excel": ("gaps", "download xlsx"),
    "list, CSV": ("gaps", "download csv"),
    "list, GeoJSON": ("gaps", "download geojson"),
    "list, GeoPackage": ("gaps", "download gpkg"),
    "list, Shapefile": ("gaps", "download shp"),
    "list, MapInfo TAB": ("gaps", "download tab"),
    "list, KML": ("gaps", "download kml"),
    "list, GPX": ("gaps", "download gpx"),
    "follow-up sheet": ("gaps", "download follow-up"),
    "conflicts, Excel": ("gaps", "download conflicts xlsx"),
    "conflicts, CSV": ("gaps", "download conflicts csv"),
    "picture of an area": ("area", "sheet png"),
    "A4 page of an area": ("area", "sheet pdf"),
    "workbook of an area": ("area", "sheet xlsx"),
    "data report": ("data", "download report"),
    "repaired copy": ("data", "download repaired"),
}
"""Files that a page makes when a button is pressed: the page, and the key of the button."""

AREA = "units=2025-07-01&commune=99"
PAGES = {"gaps": "verdict=all", "area": AREA, "data": ""}
ANEW = ("page, opened anew", "list, CSV, from that page", "study of somebody else")
"""What is asked for after the end of the rights: none of it is older than that."""

NAMES = ("Thành phố Vinh", "Huyện Kỳ Sơn", "Xóm 1", "Xóm 4", "Xóm 7", "Alpha", "Beta")
"""Names in the study that no sentence of a page holds by itself."""

REFUSALS = (400, 403, 503)


@dataclass(kw_only=True, eq=False)
class Desk:
    """What somebody has open: three pages, and the addresses that they were given."""

    app: ASGIApp
    cookies: str
    study: str = ""
    """A study made in the browser that the pages are of; "" for the server's own."""

    pages: dict[str, OpenPage] = field(default_factory=dict)
    media: str = ""
    maps: tuple[str, ...] = ()

    async def open(self) -> None:
        """Open the pages; have one file made, if any is on offer."""
        for path, query in PAGES.items():
            page = self.pages[path] = OpenPage(app=self.app, cookies=self.cookies)
            await page.open(path, self.query(query))
        gaps = self.pages["gaps"]
        sent = b" ".join(gaps.sent)
        found = re.findall(rf"{ROUTE}/[\w./-]+\.json\?key=[\w.-]+".encode(), sent)
        self.maps = tuple(sorted({f"/{one.decode()}" for one in found}, key=_name))
        if FILES["list, CSV"][1] in gaps.files:
            self.media = await gaps.make(FILES["list, CSV"][1])

    def query(self, query: str) -> str:
        """A query of an address, of the study that the pages are of."""
        return f"{query}&study={self.study}" if self.study else query

    async def close(self) -> None:
        """Close all pages."""
        for page in self.pages.values():
            await page.close()


def _name(address: str) -> str:
    return urlsplit(address).path.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Got:
    """What came back: a word for it where no data did, else its text."""

    word: str = ""
    text: str = ""


async def ask_all(desk: Desk, addresses: Desk, study: str, own: str) -> dict[str, Got]:
    """What each way out gives to a desk; ``addresses`` are those that were given to a desk.

    ``study`` is the address of somebody else's study, and ``own`` a name in it.
    """
    got: dict[str, Got] = {}
    for way, (path, button) in FILES.items():
        got[way] = await _file(desk, path, button)
    got["address of a file made before"] = await _address(desk, addresses.media)
    got["map data"] = await _map_data(desk, addresses)
    key = addresses.maps[0].partition("?")[2] if addresses is desk else ""
    got["text page"] = await _address(desk, f"/text?{desk.query(AREA)}&{key}", hidden=key)
    if "anew" in desk.pages:  # of an earlier state
        await desk.pages["anew"].close()
    anew = OpenPage(app=desk.app, cookies=desk.cookies)
    await anew.open("gaps", desk.query(PAGES["gaps"]))
    got["page, opened anew"] = _page(anew, (*NAMES, SHARED, SHARED_PLACE))
    desk.pages["anew"] = anew
    got["list, CSV, from that page"] = await _file(desk, "anew", FILES["list, CSV"][1])
    other = OpenPage(app=desk.app, cookies=desk.cookies)
    await other.open("gaps", f"verdict=all&study={study}")
    text = await request(desk.app, f"/text?study={study}&{key}", cookies=desk.cookies)
    other.sent.append(text.body)
    got["study of somebody else"] = _page(other, (own,))
    await other.close()
    session = addresses.pages["data"].session
    sent = await request(
        desk.app,
        f"/_stcore/upload_file/{session}/file",
        cookies=desk.cookies,
        method="PUT",
        file=b"a;b\n1;2\n",
    )
    got["sending a file"] = Got(word="taken" if sent.status == 204 else _refusal(sent))
    return got


async def _file(desk: Desk, path: str, button: str) -> Got:
    page = desk.pages[path]
    if button not in page.files:
        return Got(word="none")
    address = await page.make(button)
    return await _address(desk, address) if address else Got(word="refused")


async def _address(desk: Desk, address: str, *, hidden: str = "") -> Got:
    answer = await request(desk.app, address, cookies=desk.cookies)
    if answer.status != 200:
        return Got(word=_refusal(answer))
    text = text_of(answer.content)
    key = hidden.removeprefix("key=")
    return Got(text=text.replace(key, "") if key else text)


async def _map_data(desk: Desk, addresses: Desk) -> Got:
    texts = []
    for address in addresses.maps:
        asked = address if addresses is desk else address.partition("?")[0]
        got = await _address(desk, asked, hidden=address.partition("?")[2])
        if got.word:
            return got
        texts.append(got.text)
    return Got(text="\n".join(sorted(texts)))


def _page(page: OpenPage, names: tuple[str, ...]) -> Got:
    """The names that a page was sent, as they are or as JSON spells them."""
    sent = b" ".join(page.sent)
    found = [
        name for name in names if name.encode() in sent or json.dumps(name)[1:-1].encode() in sent
    ]
    return Got(text="\n".join(found)) if found else Got(word="none")


def _refusal(answer: Answer) -> str:
    return f"{'refused' if answer.status in REFUSALS else 'status'} {answer.status}"


def text_of(content: bytes) -> str:
    """The content of a file as text, without the time it was made at."""
    reader = next((read for start, read in READERS.items() if content.startswith(start)), None)
    return content.decode("utf-8", "replace") if reader is None else reader(content)


def _packed(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        names = sorted(name for name in packed.namelist() if name != "docProps/core.xml")
        return "\n".join(text_of(packed.read(name)) for name in names)


def _printed(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def _database(content: bytes) -> str:
    with NamedTemporaryFile(suffix=".gpkg") as file:
        file.write(content)
        file.flush()
        connection = sqlite3.connect(file.name)
        try:
            asked = "select table_name from gpkg_contents where data_type = 'features'"
            names = [row[0] for row in connection.execute(asked)]
            rows = [row for name in names for row in connection.execute(f'select * from "{name}"')]
        finally:
            connection.close()
    return "\n".join(map(repr, rows))


READERS: Mapping[bytes, Callable[[bytes], str]] = {
    b"PK": _packed,
    b"%PDF": _printed,
    b"SQLite format 3": _database,
    b"\x89PNG": lambda content: content.hex(),
}
