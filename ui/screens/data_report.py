"""The data report on the page Data: what each file is, what to look at, where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from coverage.transformers import to_system
from geodata.errors import GeodataError
from geodata.export.report_book import write_report
from geodata.report import FileReport, Report, check_file
from geodata.understood import Received
from ui import studies
from ui.access import addresses
from ui.checked import ROLES, SEVERITY_WORDS, counts_told, rows_told, sentence_told, shapes_told
from ui.delivery import claim_of, download_button
from ui.downloads import XLSX
from ui.maps.component import draw_map
from ui.plain import escaped, plain
from ui.tables import cards
from ui.texts import Translator, page_error_text, path_text, phrase_text
from ui.view import View, map_state

PLACES_SHOWN = 1_500
FINDINGS_SHOWN = 60
SIGNS = {"error": "■", "warning": "▲", "note": "●"}
"""The same shapes as on the map: colour is never alone."""


def report_section(view: View) -> None:
    """The report of the open study, for those who see all of it."""
    t = view.t
    st.subheader(t("Data report"), anchor=False)
    if not view.rights.sees_all:
        st.info(t("The data report speaks of every file, so only those see it who see them all."))
        return
    with st.spinner(t("Looking at the files…")):
        report = studies.report_of(view.opened)
    st.markdown(f"**{escaped(counts_told(report.counts, t))}**")
    st.caption(
        t(
            "An error makes a result wrong or stops it, a warning may, a note is worth knowing. "
            "Nothing is changed in your files."
        )
    )
    _takeaway(view, report)
    points = places_of(report)
    if points:
        _map(view, points)
    _findings(report, t)
    with st.expander(t("What each file is"), expanded=False):
        st.html(files_table(report.files, t))


def _takeaway(view: View, report: Report) -> None:
    t = view.t
    claim = claim_of(view.rights, study=view.opened.slug)
    with st.container(horizontal=True, key="report downloads"):
        download_button(
            t("The whole report (Excel)"),
            partial(report_file, (report,), t),
            file_name="bao-cao-du-lieu.xlsx" if t.language == "vi" else "data-report.xlsx",
            mime=XLSX,
            icon=":material/table:",
            claim=replace(claim, rights=view.rights.to_look),
            key="download report",
        )
        if view.rights.may_change_data:
            download_button(
                t("Repaired copy (zip)"),
                partial(view.opened.repaired, t.language),
                file_name="ban-sao-da-sua.zip" if t.language == "vi" else "repaired-copy.zip",
                mime="application/zip",
                icon=":material/build:",
                claim=claim,
                key="download repaired",
                help=t(
                    "A copy of the study in which broken shapes, repeated rows and unseen "
                    "characters are mended, with a list of every change. Overlapping villages "
                    "are left as they are."
                ),
            )


def report_file(reports: Sequence[Report], t: Translator) -> bytes:
    """Reports as a workbook."""
    with TemporaryDirectory(prefix="phusong-") as folder:
        path = Path(folder) / "report.xlsx"
        write_report(reports, path, language=t.language, told=lambda p: phrase_text(p, t.language))
        return path.read_bytes()


def places_of(report: Report) -> tuple[tuple[float, float, str], ...]:
    """Latitude, longitude and first letter of the severity of each place, the worst first."""
    found: list[tuple[float, float, str]] = []
    for finding in report.everything:
        if finding.places is None or finding.places.crs is None:
            continue
        shapes = finding.places[finding.places.notna() & ~finding.places.is_empty]
        degrees = to_system(shapes.representative_point(), "EPSG:4326")
        letter = finding.severity[0]
        found += [(round(p.y, 5), round(p.x, 5), letter) for p in degrees]
        if len(found) >= PLACES_SHOWN:
            break
    return tuple(found[:PLACES_SHOWN])


def _map(view: View, points: tuple[tuple[float, float, str], ...]) -> None:
    draw_map(
        view.opened.feed,
        map_state(view, "findings", findings=points),
        view.t,
        address=addresses(),
        on_pick={},
        tiles=studies.tile_address(),
    )


def _findings(report: Report, t: Translator) -> None:
    """The findings as a list, the worst first."""
    found = report.everything
    if not found:
        st.success(t("Nothing was found that needs a look."), icon=":material/check_circle:")
        return
    shown = found[:FINDINGS_SHOWN]
    columns = {
        t("Severity"): [
            f"{SIGNS[one.severity]} {t(SEVERITY_WORDS[one.severity])}" for one in shown
        ],
        t("File"): [plain(path_text(one.file)) for one in shown],
        t("What was found and what to do"): [sentence_told(one, t) for one in shown],
        t("Rows to look at"): [rows_told(one, t) for one in shown],
    }
    st.html(cards(columns, number=t("No.")))
    if len(found) > FINDINGS_SHOWN:
        st.caption(
            t("The first {count} are listed; a file has them all.", count=t.number(FINDINGS_SHOWN))
        )


def files_table(files: Sequence[FileReport], t: Translator) -> str:
    """What each file is, as a list that a phone shows as cards."""
    columns = {
        t("File"): [file.file for file in files],
        t("What it is"): [_what(file, t) for file in files],
        t("Number of rows"): [t.number(file.rows) if file.readable else "–" for file in files],
        t("Shapes"): [shapes_told(file, t) for file in files],
        t("Coordinate system"): [file.crs for file in files],
        t("Columns understood"): [
            ", ".join(f"{ours} = {theirs}" for ours, theirs in file.columns.items())
            for file in files
        ],
        t("Not understood"): [", ".join(file.strange[:12]) for file in files],
    }
    return cards(columns, number=t("No."))


def _what(file: FileReport, t: Translator) -> str:
    parts = [t(ROLES[file.role]), file.title]
    if file.convention is not None:
        parts.append(phrase_text(file.convention, t.language))
    return " · ".join(part for part in parts if part)


def dropped_section(received: Sequence[Received], t: Translator) -> None:
    """The report of dropped files, on request: each looked at by a process that may be lost."""
    key = "reports " + " ".join(str(one.path) for one in received)
    if st.button(t("Look for mistakes in these files"), icon=":material/fact_check:"):
        st.session_state[key] = [_checked(path, t) for path in _once(received)]
    for report in st.session_state.get(key, ()):
        if isinstance(report, str):
            st.warning(escaped(report))
            continue
        st.markdown(f"**{escaped(report.name)}**: {escaped(counts_told(report.counts, t))}")
        _findings(report, t)


def _once(received: Sequence[Received]) -> list[Received]:
    """Each file once, though it may have been received layer by layer."""
    return list({one.path: one for one in received if one.trouble is None}.values())


def _checked(one: Received, t: Translator) -> Report | str:
    try:
        granted = studies.sandbox().granting(one.path.parent, file=one.name)
        return granted.call(check_file, one.path, name=one.name)
    except GeodataError as error:
        return page_error_text(error, t.language)
