"""What a file is, by its first bytes and not by its ending."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from geodata.errors import UnreadableError
from geodata.readers.unicode_marks import encoding_of
from geodata.readers.zip_directory import require_few_entries
from geodata.refusal import refused

STARTS: tuple[tuple[bytes, str], ...] = (
    (rb"SQLite format 3\x00", ".gpkg"),
    (rb"\x00\x00\x27\x0a", ".shp"),
    (rb"fgb\x03", ".fgb"),
    (rb"(?i)!table\s", ".tab"),
    (rb"(?i)version\s+\d", ".mif"),
    (rb"PAR1", "parquet"),
    (rb"\xd0\xcf\x11\xe0", "excel"),  # the binary Excel of before 2007
    (rb"\x1f\x8b", "gzip"),
    (rb"(II[*+]\x00|MM\x00[*+])", "raster"),
)
"""How files begin, and what we call them: a map file by the ending that GDAL knows it under."""

OTHER_ARCHIVES: tuple[tuple[bytes, str], ...] = (
    (rb"Rar!\x1a\x07", "RAR"),
    (rb"7z\xbc\xaf\x27\x1c", "7z"),
    (rb"(BZh|\xfd7zXZ|\x28\xb5\x2f\xfd)", "bz2, xz or zstd"),
    (rb"(?s).{257}ustar", "tar"),
)

LAYERED = (".gpkg", ".kml", "gdb", "excel")
"""Kinds that may hold several layers or sheets."""

PIECES = (".gdbtable", ".gdbtablx", ".gdbindexes", ".freelist", ".spx")
"""Endings of the files that only together are a geodatabase."""

WORKBOOK = ("xl/workbook.xml", "xl/workbook.bin")
HEAD = 4096


def recognise(path: Path) -> str:
    """What a file is: "csv", "excel", "parquet", "raster", "gdb", "zip", "gzip" or an ending.

    The ending is that of a map file. Raises `UnreadableError` for what we do not read.
    """
    if path.is_dir():
        return _folder_kind(path)
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError as error:
        raise UnreadableError(
            "{file} cannot be opened: {reason}", file=path.name, reason=str(error.strerror)
        ) from error
    if path.suffix.lower() in PIECES:
        raise UnreadableError(
            "{file} is one piece of a file geodatabase; send its whole .gdb folder as a ZIP",
            file=path.name,
        )
    if not head:
        raise UnreadableError("{file} is empty (0 bytes); send it again", file=path.name)
    for start, kind in STARTS:
        if re.match(start, head):
            return kind
    for start, called in OTHER_ARCHIVES:
        if re.match(start, head):
            raise UnreadableError(
                "{file} is an archive of the kind {kind}, which is not opened here; send a ZIP",
                file=path.name,
                kind=called,
            )
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(path)
    return _text_kind(path, head)


def is_geodatabase(folder: Path) -> bool:
    """Whether a folder is an ESRI file geodatabase, by its first table."""
    return (folder / "a00000001.gdbtable").is_file()


def _folder_kind(folder: Path) -> str:
    return "gdb" if is_geodatabase(folder) else "folder"


def _zip_kind(path: Path) -> str:
    """A workbook (of Excel or LibreOffice) or an archive of files."""
    require_few_entries(path, name=path.name)
    with refused(path), zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if names & set(WORKBOOK) or any(name.startswith("xl/worksheets/") for name in names):
            return "excel"
        if "mimetype" in names and "content.xml" in names:
            with archive.open("mimetype") as stream:
                return "excel" if b"spreadsheet" in stream.read(100) else "zip"
    return "zip"


def _text_kind(path: Path, head: bytes) -> str:
    """GeoJSON, KML or CSV. Other XML may name further files and addresses: it is not opened."""
    encoding = encoding_of(head)
    wide = encoding != "utf-8-sig"
    text = head.decode(encoding, errors="ignore").lstrip().lstrip("\ufeff").lstrip()
    _require_no_script(path, text)
    if text.startswith("{") or re.match(r"\[\s*\{", text):
        if "gdal_streamed_alg" in text:  # it would have GDAL read whatever file it names
            raise UnreadableError(
                "{file} is a list of commands and no data; send the layer itself", file=path.name
            )
        return ".geojson"
    if text.startswith("<") and re.search(r"<(\w+:)?kml\b", text):
        if "<!DOCTYPE" in text:  # entities may name other files, or grow without end
            raise UnreadableError(
                "{file} brings a document type of its own, as no KML does; save it again as KML",
                file=path.name,
            )
        return ".kml"
    _require_no_markup(path, text)
    binary = b"\x00" in head and not wide
    if text.startswith("<") or binary or head.startswith(b"%PDF"):
        raise UnreadableError(
            "{file} is not a table or a map layer we read; expected GeoPackage, Shapefile, "
            "GeoJSON, FlatGeobuf, KML, MapInfo, GeoParquet, CSV or Excel",
            file=path.name,
        )
    return "csv"


def _require_no_script(path: Path, text: str) -> None:
    """Refuse JavaScript around JSON, which GDAL reads as nothing, and Python's own notation."""
    if re.match(r"(//|/\*|[\w.$\[\]\"' ]+=\s*[\[{]|(var|let|const|export)\b|[\w.$]+\()", text) and (
        re.search(r"[\"']Feature(Collection)?[\"']", text)
    ):
        raise UnreadableError(
            "{file} is JavaScript, or has comments, and is no GeoJSON; delete what stands before "
            "the first {{ and after the last }}, and save it as .geojson",
            file=path.name,
        )
    if re.match(r"[\[{]\s*('|\{\s*')", text):
        raise UnreadableError(
            "{file} has its names in single quotation marks, as Python shows them, and is no "
            "GeoJSON; save the layer again as GeoJSON",
            file=path.name,
        )


def _require_no_markup(path: Path, text: str) -> None:
    """Refuse a web page and other XML, whatever the ending, by what it is and with what to do."""
    if re.search(r"(?i)<workbook\b|schemas-microsoft-com:office:spreadsheet", text) and (
        "<?xml" in text[:100]
    ):
        raise UnreadableError(
            "{file} is a table that Excel 2003 saved as XML; open it in Excel or LibreOffice and "
            "save it as .xlsx",
            file=path.name,
        )
    if re.match(r"(?i)mime-version:", text) or re.search(
        r"(?i)^<(!doctype html|html|table|head|meta|body|style|div)\b|<html\b", text
    ):
        raise UnreadableError(
            "{file} is a web page, whatever its ending says; open it in Excel or LibreOffice and "
            "save it as .xlsx",
            file=path.name,
        )
    if text.startswith("<") and re.search(r"opengis\.net/gml|<(\w+:)?gpx\b", text):
        raise UnreadableError(
            "{file} is GML or GPX; open it in a GIS and save the layer as a GeoPackage",
            file=path.name,
        )
