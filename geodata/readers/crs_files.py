"""Files that the text of a coordinate system would have PROJ open.

A PROJ string (alone, or in the EXTENSION of a WKT) may name a grid of shifts, a list of systems
or a model by any path, and PROJ opens it as soon as a place is brought to another system; some
libraries also fetch what a web address promises. Grids that PROJ brings itself are let through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyproj
from pyproj.datadir import get_data_dir

from geodata.errors import UnreadableError

NAMED = re.compile(
    r"(?i)(\+\s*)?\b(nadgrids|geoidgrids|xy_grids|z_grids|grids|grid_ref|catalog|file|model|init)"
    r"\s*=\s*([^\s\"'\]\[)(<]*)"
)
"""Parameters of a PROJ string that name files."""

ALWAYS = ("nadgrids", "geoidgrids")
"""Those of them that mean nothing else where no PROJ string stands around them."""

IN_WKT = re.compile(
    r"(?i)(?:\"PROJ4_GRIDS\"\s*,|\b(?:PARAMETERFILE|FILEPARAMETER)\s*[\[(]\s*\"[^\"]*\"\s*,)"
    r"\s*\"([^\"]*)\""
)
"""Elements of WKT that name files."""

AUTHORITY = re.compile(r"(?i)(epsg|esri|iau\w*|ignf|nkg|ogc|crs):[\w.]+")
ADDRESS = re.compile(r"(?i)\s*(\w{2,}://|/vsi|file:)")
PATH = re.compile(r"\s*(\.{0,2}[/\\]|[A-Za-z]:[/\\])")
OGC_ADDRESS = re.compile(r"(?i)\s*https?://(www\.)?opengis\.net/def/crs[/?-]")
"""An address that stands for a code, and that nobody fetches."""

LONGEST = 200


def parse_crs(told: object, *, name: str) -> pyproj.CRS:
    """`pyproj.CRS.from_user_input`, for what a file or a form says.

    Raises `UnreadableError` where it names a file or an address, `pyproj.exceptions.CRSError`
    for what is no coordinate system.
    """
    require_no_files(told if isinstance(told, str) else json.dumps(told, default=str), name=name)
    return pyproj.CRS.from_user_input(told)


def require_plain_crs(crs: pyproj.CRS, *, name: str) -> pyproj.CRS:
    """The same system, unless it names a file. Raises `UnreadableError`."""
    require_no_files(crs.srs, name=name)
    return crs


def require_no_files(text: str, *, name: str) -> None:
    """Refuse the text of a coordinate system that has a file opened, or a host asked.

    Raises `UnreadableError`. ``name`` is what people call the file that says it.
    """
    found = named_file(text)
    if found:
        raise UnreadableError(
            "{file} has a coordinate system that leads to another file or host, {found}; nothing "
            "is opened that did not come with it, so save it in a system with an EPSG code",
            file=name,
            found=repr(found[:LONGEST]),
        )


def named_file(text: str) -> str:
    """The first file or address that a coordinate system names; "" for none.

    >>> named_file("+proj=longlat +nadgrids=/etc/passwd"), named_file("+proj=merc +nadgrids=@null")
    ('/etc/passwd', '')
    >>> named_file("EPSG:9208"), named_file("+init=/tmp/list:1")
    ('', '/tmp/list:1')
    """
    if PATH.match(text) or (ADDRESS.match(text) and not OGC_ADDRESS.match(text)):
        return text.strip()
    if text.lstrip().startswith("{"):
        return next(_in_json(text), "")
    return next(_in_text(text), "")


def _in_text(text: str) -> Iterator[str]:
    low = text.lower()
    in_proj = "proj=" in low or low.lstrip().startswith(("init", "title"))
    for match in NAMED.finditer(text) if "=" in text else ():
        key = match[2].lower()
        if not (match[1] or in_proj or key in ALWAYS):
            continue
        if key == "init":
            if not AUTHORITY.fullmatch(match[3]):
                yield match[3]
        else:
            yield from _unknown(match[3])
    for match in IN_WKT.finditer(text):
        yield from _unknown(match[1])


def _in_json(text: str) -> Iterator[str]:
    """Of PROJJSON: the values of parameters that are text, and PROJ strings in remarks."""
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        yield from _in_text(text)
        return
    pending = [held]
    while pending:
        one: Any = pending.pop()
        if isinstance(one, dict):
            if isinstance(one.get("value"), str):
                yield from _unknown(one["value"])
            pending += one.values()
        elif isinstance(one, list):
            pending += one
        elif isinstance(one, str):
            yield from _in_text(one)


def _unknown(names: str) -> Iterator[str]:
    """Those of some grids, with commas between, that PROJ does not bring."""
    for one in names.split(","):
        grid = one.strip().removeprefix("@")
        if grid.lower() not in ("", "null") and not _is_of_proj(grid):
            yield grid


def _is_of_proj(grid: str) -> bool:
    return not re.search(r"[/\\:]", grid) and (Path(get_data_dir()) / grid).is_file()
