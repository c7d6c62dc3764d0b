"""Files to take away: lists in many formats, sheets for paper, the follow-up to fill in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import streamlit as st

from geodata.export.filing import write_filing
from geodata.export.followup_sheet import write_follow_up
from geodata.export.listing import listed
from geodata.export.naming import file_name
from geodata.export.paper import pdf_of, png_of
from geodata.export.sheet import AreaSheet
from geodata.export.write import SEVERAL, list_bytes
from ui.delivery import claim_of, download_button
from ui.view import View

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

FORMATS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "xlsx": ("Excel", XLSX),
        "csv": ("CSV", "text/csv"),
        "geojson": ("GeoJSON", "application/geo+json"),
        "gpkg": ("GeoPackage", "application/geopackage+sqlite3"),
        "shp": ("Shapefile", "application/zip"),
        "tab": ("MapInfo TAB", "application/zip"),
        "kml": ("KML", "application/vnd.google-earth.kml+xml"),
        "gpx": ("GPX", "application/gpx+xml"),
    }
)
"""Endings of the list with the name people know and the content type."""


def list_downloads(view: View, ids: tuple[str, ...]) -> None:
    """The list as the filters leave it, in every format, each made when asked for."""
    t = view.t
    if not ids:
        return
    claim = claim_of(view.rights.to_look, study=view.opened.slug)
    with st.popover(t("Take this list away"), icon=":material/download:", key="take away"):
        for ending, (label, mime) in FORMATS.items():
            name = f"{ending}.zip" if ending in SEVERAL else ending
            download_button(
                label,
                partial(list_file, view, ids, ending),
                file_name=_name(view, name),
                mime=mime,
                icon=":material/download:",
                claim=claim,
                key=f"download {ending}",
            )
        download_button(
            t("Follow-up sheet"),
            partial(follow_up_file, view, ids),
            file_name=_name(view, "xlsx", what="theo-doi" if t.language == "vi" else "follow-up"),
            mime=XLSX,
            icon=":material/edit_note:",
            claim=claim,
            key="download follow-up",
            help=t("To fill in by hand; it comes back on the page Data."),
        )


def list_file(view: View, ids: tuple[str, ...], ending: str) -> bytes:
    """The villages listed, in one format."""
    language = view.t.language
    table = listed(
        view.seen_run,
        ids,
        structures=view.opened.structures,
        units=view.structure,
        follow_up=view.opened.follow_up(),
        language=language,
    )
    stem = _name(view, "x").removesuffix(".x")
    return list_bytes(table, ending, name=stem, run=view.seen_run, language=language)


def follow_up_file(view: View, ids: tuple[str, ...]) -> bytes:
    """The follow-up sheet of the villages listed."""
    return _written(
        lambda path: write_follow_up(
            view.seen_run,
            ids,
            path,
            places=view.structure.places,
            current=view.opened.follow_up(),
            language=view.t.language,
        )
    )


def sheet_downloads(view: View, sheet: AreaSheet) -> None:
    """The area as a picture, on A4 and as a workbook."""
    t = view.t
    made: tuple[tuple[str, str, str, str, Callable[[], bytes]], ...] = (
        ("png", t("Picture to forward"), ":material/image:", "image/png", partial(png_of, sheet)),
        ("pdf", t("A4 page (PDF)"), ":material/print:", "application/pdf", partial(pdf_of, sheet)),
        ("xlsx", t("Excel for filing"), ":material/table:", XLSX, partial(filing_file, sheet)),
    )
    claim = claim_of(view.rights.to_look, study=view.opened.slug)
    with st.container(horizontal=True, key="downloads"):
        for ending, label, icon, mime, make in made:
            download_button(
                label,
                make,
                file_name=_name(view, ending),
                mime=mime,
                icon=icon,
                claim=claim,
                key=f"sheet {ending}",
            )


def filing_file(sheet: AreaSheet) -> bytes:
    """The sheet as a workbook for filing."""
    return _written(lambda path: write_filing(sheet, path))


def _written(write: Callable[[Path], object]) -> bytes:
    """What a writer of files writes, as bytes."""
    with TemporaryDirectory(prefix="phusong-") as folder:
        path = Path(folder) / "made.xlsx"
        write(path)
        return path.read_bytes()


def _name(view: View, ending: str, *, what: str = "") -> str:
    return file_name(
        view.seen_run, ending, place=view.area_name, what=what, language=view.t.language
    )
