"""Other files that a GeoTIFF, or what lies beside it, would have GDAL open.

GDAL opens a raster's overviews and mask by its own choice of driver: an .ovr that is a VRT, or
an OVERVIEW_FILE in the metadata (inside or in an .aux.xml), leads to any file or host.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

from geodata.errors import UnreadableError
from geodata.readers import tiff_tags
from geodata.readers.crs_files import require_no_files

NAMES_A_FILE = re.compile(r"(?i)(OVERVIEW_FILE|\b[XY]_DATASET\b)")
"""Keys of GDAL's metadata after which it opens a file."""

MOST_BYTES = 64_000_000
"""An .aux.xml with the largest of tables of classes is smaller."""


def require_own_raster(path: Path, *, name: str) -> None:
    """Refuse a GeoTIFF that leads to other files than its own mask, overviews and world file.

    Raises `UnreadableError`.
    """
    for tag, text in _texts(path, name):
        if tag == tiff_tags.GDAL_METADATA:
            _require_no_file(text, name=name, entry=name)
        else:
            require_no_files(text, name=name)
    for beside in _beside(path):
        _require_plain(beside, name)


def _beside(path: Path) -> Iterator[Path]:
    """The files whose names begin as the raster's does, and whose endings GDAL looks for."""
    starts = (path.name.casefold() + ".", path.stem.casefold() + ".")
    for one in path.parent.iterdir():
        low = one.name.casefold()
        if low.startswith(starts) and low.endswith((".ovr", ".msk", ".aux.xml", ".aux")):
            yield one


def _require_plain(beside: Path, name: str) -> None:
    if beside.name.casefold().endswith(".aux.xml"):
        with beside.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise _too_long(name, beside.name)
        _require_no_file(raw.decode("utf-8", "replace"), name=name, entry=beside.name)
        return
    if not tiff_tags.is_tiff(beside):
        if beside.suffix.casefold() == ".aux":  # of ERDAS, whose driver is left out
            return
        raise UnreadableError(
            "{file} came with {entry}, which is no TIFF as overviews and masks are; leave it out, "
            "or make it again",
            file=name,
            entry=beside.name,
        )
    for tag, text in _texts(beside, name):
        if tag == tiff_tags.GDAL_METADATA:
            _require_no_file(text, name=name, entry=beside.name)


def _texts(path: Path, name: str) -> Iterator[tuple[int, str]]:
    """The texts of a TIFF. Raises `UnreadableError` for one too long to be looked through."""
    try:
        yield from tiff_tags.texts(path)
    except tiff_tags.LongTextError as error:
        raise _too_long(name, path.name) from error


def _too_long(name: str, entry: str) -> UnreadableError:
    return UnreadableError(
        "{file} cannot be read: the metadata in {entry} are longer than a raster has; save the "
        "raster again, alone",
        file=name,
        entry=entry,
    )


def _require_no_file(text: str, *, name: str, entry: str) -> None:
    """Refuse metadata after which GDAL opens a file. Names may be written with references."""
    for _ in range(2):
        found = NAMES_A_FILE.search(text)
        if found:
            raise UnreadableError(
                "{file} leads to another file: the metadata in {entry} say {found}; save the "
                "raster again, alone",
                file=name,
                entry=entry,
                found=found[0],
            )
        text = html.unescape(text)
