"""Data: files in, a new study out, the follow-up sheet back; what was understood of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, get_args

import pandas as pd
import streamlit as st

from coverage.model import TECHNOLOGIES
from geodata.errors import GeodataError
from geodata.followup import FIELDS, Reading, keep_follow_up, shown
from geodata.incoming import MOST_MB, Choice, make_study
from geodata.understood import Received, Role, Understood
from ui import choices, studies
from ui.controls import choice_box
from ui.incoming import numbers, own_words, tells
from ui.plain import escaped, plain
from ui.screens.data_report import dropped_section, report_section
from ui.screens.own_study import own_study
from ui.sharing import FILE, Sharing, open_studies
from ui.tables import FOLLOW_UP, draw_table
from ui.texts import Translator, page_error_text, phrase_text
from ui.texts import marked as _
from ui.upload_limits import MOST_MB_EACH, NAMELESS, permit_uploads
from ui.uploads import read_apart, received, sheet_read
from ui.view import View
from ui.visitor import current_visitor

ROLES: dict[str, str] = {
    "villages": _("villages"),
    "centres": _("village centres"),
    "communes": _("communes"),
    "districts": _("districts"),
    "layer": _("coverage layer"),
    "zones_5g": _("5G rollout zones"),
    "sites": _("sites"),
    "measurements": _("measurements"),
    "aside": _("leave aside"),
}
SHAPES = {
    "polygon": _("polygons"),
    "line": _("lines"),
    "point": _("points"),
    "mixed": _("mixed shapes"),
    "raster": _("a raster"),
}
UPLOADER_STYLE = """<style>
[data-testid="stFileUploaderDropzone"] [data-testid="stBaseButton-secondary"] p,
[data-testid="stFileUploaderDropzoneInstructions"] span {{ font-size: 0; }}
[data-testid="stFileUploaderDropzone"] [data-testid="stBaseButton-secondary"] p::after,
[data-testid="stFileUploaderDropzoneInstructions"] span::after {{ font-size: 0.875rem; }}
[data-testid="stFileUploaderDropzone"] [data-testid="stBaseButton-secondary"] p::after
{{ content: "{choose}"; }}
[data-testid="stFileUploaderDropzoneInstructions"] span::after {{ content: "{most}"; }}
[data-testid="stFileUploader"]:has([data-testid="stFileChip"][aria-invalid="true"])::after
{{ content: "{large}"; display: block; font-weight: 600; margin-top: 0.5rem; }}
</style>"""
"""Streamlit's own words on its uploader are English in every language."""
PENDING = "dropped files"
MOST_NAME = 160


def show(view: View) -> None:
    """Draw the page."""
    t = view.t
    large = t(
        "A file is larger than {most} MB, or all together than {each} MB, the most that is taken "
        "here; name it in a study file and read it from the command line.",
        most=MOST_MB,
        each=MOST_MB_EACH,
    )
    words = {"choose": t("Choose files"), "most": t("or drop them here"), "large": large}
    st.html(UPLOADER_STYLE.format(**words))
    _which(view)
    own_study(view)
    if not view.rights.may_change_data:
        st.info(t("You may look at the data; changing it is for others."), icon=":material/lock:")
    else:
        if not permit_uploads():
            st.warning(t(NAMELESS))
        incoming, follow_up = st.tabs([t("New study from files"), t("Follow-up sheet")])
        with incoming:
            _incoming(view)
        with follow_up:
            _follow_up(view)
    report_section(view)
    _understood_now(view)


def _which(view: View) -> None:
    """The studies there are; choosing one opens it on every page."""
    t = view.t
    made = open_studies(current_visitor())
    if made:
        choice_box(
            t("Study"),
            "study",
            made,
            view.choices.study,
            everything=t("the server's own study"),
            then=_open,
        )


def _open(slug: str) -> None:
    empty = choices.Choices(language=choices.current().language, study=slug)
    st.query_params.from_dict(empty.query())


def _incoming(view: View) -> None:
    """Drop, say which is what, make."""
    t = view.t
    studies.sandbox().warm()
    st.markdown(
        t(
            "Drop the files of one study: villages, coverage layers, units. GeoPackage, "
            "Shapefile (all its parts, or zipped), MapInfo TAB, KML, GeoJSON, GeoParquet, Excel, "
            "CSV."
        )
    )
    dropped = st.file_uploader(t("Files"), accept_multiple_files=True, key="dropped")
    if not dropped:
        return
    names = tuple((one.name, one.file_id) for one in dropped)
    held = st.session_state.get(PENDING)
    if held is None or held[0] != names:
        try:
            held = (names, received([(one.name, one.getvalue()) for one in dropped]))
        except GeodataError as error:
            st.error(escaped(page_error_text(error, t.language)))
            return
        st.session_state[PENDING] = held
    chosen = [_file_row(k, one, found, t) for k, (one, found) in enumerate(held[1])]
    dropped_section([one for one, _ in held[1]], t)
    name = st.text_input(t("Name of the study"), max_chars=MOST_NAME)
    first, second = st.columns(2)
    as_of = first.date_input(t("Data as of"), value="today", format="DD/MM/YYYY")
    units_from = second.date_input(t("Units in force since"), value="today", format="DD/MM/YYYY")
    expected = st.text_input(
        t("Operators that should have filed, with commas"),
        help=t("Without one of them a village is unknown, not uncovered."),
    )
    if st.button(t("Make the study and open its map"), type="primary"):
        _make(view, chosen, name, as_of, units_from, expected)


def _file_row(k: int, one: Received, found: Understood, t: Translator) -> Choice:
    """One file: what was understood, and the choices its role asks for."""
    key = f"{k} {one.title}"
    operator = technology = system = ""
    reach_m = threshold_dbm = None
    with st.container(border=True):
        st.markdown(f"**{escaped(one.title)}**")
        st.caption(_told(found, t))
        if found.trouble is not None:
            return Choice(path=one.path, role="aside")
        boxes = iter(st.columns(4))
        role = next(boxes).selectbox(
            t("Role"),
            get_args(Role),
            index=get_args(Role).index(found.role),
            format_func=lambda role: t(ROLES[role]),
            key=f"role {key}",
        )
        if role == "layer":
            operator = next(boxes).text_input(
                t("Operator"),
                value=found.operator,
                key=f"operator {key}",
                max_chars=MOST_NAME,
                placeholder=t("as the file says") if found.operators else "",
            )
            chosen = next(boxes).selectbox(
                t("Technology"),
                TECHNOLOGIES,
                index=_place(found.technology, TECHNOLOGIES),
                placeholder=t("as the file says") if found.technologies else t("Choose"),
                key=f"technology {key}",
            )
            technology = chosen or ""
            reach_m, threshold_dbm = numbers(found, t, key)
        if role != "aside" and found.shape:
            system = next(boxes).text_input(
                t("Coordinate system"),
                help=t("Only where the file says none, or a wrong one: EPSG:9208, EPSG:4326 …"),
                key=f"system {key}",
                placeholder=plain(found.crs) if found.crs else t("Choose"),
            )
    return Choice(
        path=one.path,
        layer=one.layer,
        role=role,
        operator=operator.strip(),
        technology=technology,
        crs=system.strip(),
        convention=found.convention if role == "layer" else "",
        kind=found.kind if role == "layer" else "",
        reach_m=reach_m,
        threshold_dbm=threshold_dbm,
        tells=tells(found),
    )


def _place(wanted: str, among: Sequence[str]) -> int | None:
    return among.index(wanted) if wanted in among else None


def _told(found: Understood, t: Translator) -> str:
    """What was understood of a file, and what was not."""
    if found.trouble is not None:
        return escaped(phrase_text(found.trouble, t.language))
    shape = t(SHAPES[found.shape]) if found.shape else t("a table without shapes")
    counted = t("{count} rows, {shape}", count=t.number(found.rows), shape=shape)
    lines = [counted if found.rows else shape]
    if found.title is not None:
        lines.insert(0, f"**{escaped(phrase_text(found.title, t.language))}**")
        lines += own_words(found, t)
    if found.shape:
        lines.append(
            t("coordinate system {crs}", crs=escaped(found.crs))
            if found.crs
            else t("no coordinate system: choose one")
        )
    if found.columns:
        pairs = ", ".join(f"{field} = {plain(name)}" for field, name in found.columns.items())
        lines.append(t("understood: {columns}", columns=escaped(pairs)))
    if found.strange:
        lines.append(t("not understood: {columns}", columns=escaped(", ".join(found.strange))))
    return " · ".join(lines)


def _make(
    view: View,
    chosen: list[Choice],
    name: str,
    as_of: Any,
    units_from: Any,
    expected: str,
) -> None:
    t, visitor = view.t, current_visitor()
    if not visitor.name:
        st.error(
            t(
                "This browser keeps no cookies, so a study made here would be nobody's; allow them "
                "for this page and load it anew."
            )
        )
        return
    try:
        with st.spinner(t("Reading and measuring…")):
            folder = make_study(
                studies.studies_home(),
                chosen,
                name=name,
                as_of=_day(as_of),
                units_from=_day(units_from),
                expected=[one.strip() for one in expected.split(",") if one.strip()],
                beside={FILE: Sharing(owner=visitor.name).text()},
                run=partial(read_apart, name),
            )
            studies.open_study(folder.name, rights=view.rights)
    except GeodataError as error:
        st.error(escaped(page_error_text(error, t.language)))
        return
    st.session_state.pop(PENDING, None)
    _open(folder.name)
    st.rerun()


def _day(value: Any) -> date:
    return value if isinstance(value, date) else datetime.now(UTC).date()


def _follow_up(view: View) -> None:
    """A sheet comes back: what is taken, what is not and why, then taking it over."""
    t, run = view.t, view.opened.run
    st.markdown(
        t(
            "Take the sheet from the page of villages, fill it in, drop it here. It stands on "
            "the why card and in the lists, and never changes a verdict."
        )
    )
    sent = st.file_uploader(t("Filled follow-up sheet"), key="follow-up")
    if sent is None:
        return
    known = [str(key) for key in run.study.villages.index]
    reading = sheet_read(sent, known)
    if isinstance(reading, GeodataError):
        st.error(escaped(page_error_text(reading, t.language)))
        return
    st.markdown(
        t(
            "{taken} villages can be taken over, {rejected} rows cannot.",
            taken=t.number(len(reading.rows)),
            rejected=t.number(len(reading.rejected)),
        )
    )
    _readings(reading, t)
    if not reading.rows.empty and st.button(t("Take them over"), type="primary"):
        try:
            keep_follow_up(run.study.folder, reading, at=datetime.now(UTC))
        except GeodataError as error:
            st.error(escaped(page_error_text(error, t.language)))
            return
        st.success(t("Taken over."), icon=":material/check_circle:")


def _readings(reading: Reading, t: Translator) -> None:
    """The rows taken and the rows rejected."""
    if reading.rejected:
        st.table(
            pd.DataFrame(
                {
                    t("Row"): [t.number(one.row) for one in reading.rejected],
                    t("Village id"): [escaped(one.village_id) for one in reading.rejected],
                    t("Why not"): [
                        escaped(phrase_text(one.reason, t.language)) for one in reading.rejected
                    ],
                }
            ).set_index(t("Row"))
        )
    if not reading.rows.empty:
        draw_table(
            pd.DataFrame(
                {
                    t(FOLLOW_UP[name]): [
                        shown(name, str(value), t.language) for value in reading.rows[name]
                    ]
                    for name in FIELDS
                },
                index=reading.rows.index.rename(t("Village id")),
            ),
            t,
            alt=t("Rows of the follow-up sheet"),
        )


def _understood_now(view: View) -> None:
    """What the open study is made of, and the doubts about its files."""
    t, study = view.t, view.opened.run.study
    st.subheader(t("What this study is made of"), anchor=False)
    lines = [t("{count} villages", count=t.number(len(study.villages)))]
    lines += [
        t(
            "{layer}, {day}: {evidence}; {source}",
            layer=escaped(layer.info.title),
            day=t.date(layer.info.as_of),
            evidence=t(layer.info.evidence),
            source=escaped(layer.info.source) or t("source not told"),
        )
        for layer in study.layers
    ]
    lines += [t("Units from {date}", date=t.date(units.valid_from)) for units in study.units]
    if view.rights.sees_all:
        lines += [
            t(
                "Table {table}: {count} rows",
                table=escaped(plain(one.label)),
                count=t.number(one.rows),
            )
            for one in study.tables
        ]
    st.markdown("\n".join(f"- {line}" for line in lines))
    if study.notes:
        st.markdown(f"**{t('How the files were read')}**")
        notes = [escaped(phrase_text(note, t.language)) for note in study.notes]
        st.markdown("\n".join(f"- {note}" for note in notes))
