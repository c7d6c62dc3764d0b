"""The first view of a page as HTML: complete, linked, and working without any script.

It stands over Streamlit's own page until that has drawn its map. On a slow line that is many
seconds, so all that narrows it is a form or a link of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from html import escape
from urllib.parse import urlencode

from geodata.study.places import Level
from ui.choices import NAMES, Choices
from ui.controls import structure_options
from ui.figures import basis, compared, headline_split, leader_sentence, progress
from ui.first.still import still_map
from ui.frame import LANGUAGE_NAMES, simulated_text, variant_text
from ui.navigation import PAGES
from ui.plain import plain
from ui.screens.area import todays
from ui.screens.gaps import listed_text, looked_through_text
from ui.screens.overview import LEVELS, RANKINGS, level_of, ranked_units, ranking_of
from ui.sheets import sheet_of
from ui.studies import VERDICT_ORDER
from ui.sure import range_told
from ui.tables import (
    VERDICT_MARKS,
    VillageList,
    cards,
    figures_right,
    verdict_text,
    village_list,
)
from ui.texts import LANGUAGES
from ui.view import View, map_state

MOST_ROWS = 60
"""So many rows of a list stand in a first view: a few more than a window shows."""


def first_view(view: View, path: str, *, base: str) -> str | None:
    """The page at ``path`` as HTML, None for a page that has no first view.

    ``base`` is the prefix of the server's addresses. Every name in it is escaped.
    """
    body = _BODIES.get(path)
    if body is None:
        return None
    if path == "area":
        view = todays(view)
    page = _Page(view=view, path=path, base=base)
    return "".join([page.head(), page.notices(), *body(page), page.foot()])


class _Page:
    """A view with the addresses of what it links to."""

    def __init__(self, *, view: View, path: str, base: str) -> None:
        self.view = view
        self.t = view.t
        self.path = path
        self.base = base

    def address(self, chosen: Choices, path: str | None = None, *, across: bool = False) -> str:
        """Where choices are shown: on this page, or on another."""
        query = urlencode(chosen.query(across=across))
        where = f"{self.base}/{self.path if path is None else path}"
        return _safe(f"{where}?{query}" if query else where)

    def head(self) -> str:
        """Title, languages and pages, as `ui.frame.head` has them."""
        t, choice = self.t, self.view.choices
        languages = "".join(
            f'<a href="{self.address(replace(choice, language=language))}"'
            f"{_current(language == choice.language)}>{LANGUAGE_NAMES[language]}</a>"
            for language in LANGUAGES
        )
        links = {aside: self._links(aside=aside) for aside in (False, True)}
        return (
            f'<header><div class="ps-top"><h2>{_safe(t("Mobile coverage of villages"))}</h2>'
            f'<nav class="ps-languages" aria-label="{_safe(t("Language"))}">{languages}</nav></div>'
            f'<nav class="ps-pages">{links[False]}<details><summary>{_safe(t("More"))}</summary>'
            f"<div>{links[True]}</div></details></nav></header>"
        )

    def _links(self, *, aside: bool) -> str:
        return "".join(
            f'<a href="{self.address(self.view.choices, page.path, across=True)}"'
            f"{_current(page.path == self.path)}>{_safe(self.t(page.title))}</a>"
            for page in PAGES
            if page.aside == aside
        )

    def notices(self) -> str:
        """What nobody may overlook."""
        view, t = self.view, self.t
        told = [simulated_text(t)] if view.reconstruction else []
        if view.is_variant:
            told.append(variant_text(plain(view.rule.title), t))
        return "".join(f'<p class="ps-notice">{_safe(text)}</p>' for text in told)

    def foot(self) -> str:
        """What the figures rest on."""
        view = self.view
        told = basis(view.run, self.t, units=view.structure.valid_from, safe=plain)
        return f'<p class="ps-small ps-foot">{_safe(told)}</p>'

    def figures(self) -> str:
        """The sentence and the cards of figures."""
        view, t = self.view, self.t
        headline = view.headline()
        told = leader_sentence(headline, view.run, t, place=view.area_name)
        between, others = view.between(view.in_area), view.others(view.in_area)
        boxes = "".join(
            f"<div><span>{_ours(label)}</span> <b>{_ours(value)}</b> <i>{_ours(note)}</i></div>"
            for label, value, note in headline_split(headline, t, between=between, others=others)
        )
        return f'<h3>{_ours(told)}</h3><div class="ps-figures">{boxes}</div>'

    def choice(
        self,
        field: str,
        label: str,
        options: Mapping[str, str],
        value: str,
        *,
        drops: Sequence[str] = (),
        everything: str | None = None,
        adds: Mapping[str, str] | None = None,
    ) -> str:
        """A list to choose from, a form of its own: the other choices go along, but ``drops``."""
        first = {} if everything is None else {"": everything}
        shown = "".join(
            f'<option value="{_safe(code)}"{" selected" if code == value else ""}>{_safe(name)}'
            for code, name in {**first, **options}.items()
        )
        name = NAMES[field]
        return (
            f"<form>{self._kept(field, *drops, adds=adds or {})}<label>{_safe(label)}"
            f'<select name="{name}">{shown}</select></label>{self._go()}</form>'
        )

    def line(self, field: str, label: str, value: str) -> str:
        """A line of text to look for."""
        return (
            f"<form>{self._kept(field, 'village')}<label>{_safe(label)}"
            f'<input name="{NAMES[field]}" value="{_safe(value)}" maxlength="200"></label>'
            f"{self._go()}</form>"
        )

    def _go(self) -> str:
        return f"<button>{_safe(self.t('Open'))}</button>"

    def _kept(self, *drops: str, adds: Mapping[str, str] | None = None) -> str:
        """What an address bears besides what a form asks, as hidden fields."""
        query = {**self.view.choices.query(), **(adds or {})}
        gone = {NAMES[field] for field in drops}
        return "".join(
            f'<input type="hidden" name="{_safe(name)}" value="{_safe(value)}">'
            for name, value in query.items()
            if name not in gone
        )

    def areas(self) -> str:
        """District, then commune, as `ui.controls.area_boxes` has them."""
        view, t, structure = self.view, self.t, self.view.structure
        adds = {"units": structure.valid_from.isoformat()}
        district = view.choices.district if "district" in structure.levels else ""
        boxes = []
        if "district" in structure.levels:
            boxes.append(
                self.choice(
                    "district",
                    t("District"),
                    structure.units("district"),
                    district,
                    drops=("commune", "village"),
                    everything=t("Whole area"),
                    adds=adds,
                )
            )
        if "commune" in structure.levels:
            boxes.append(
                self.choice(
                    "commune",
                    t("Commune"),
                    structure.units("commune", within=district),
                    view.area if view.area_level == "commune" else "",
                    drops=("village",),
                    everything=t("All communes"),
                    adds=adds,
                )
            )
        return "".join(boxes)

    def table(self, listed: VillageList, *, link: Callable[[str], str] | None = None) -> str:
        """The first rows of a list; ``link`` gives the address of the first cell."""
        right = figures_right(listed.rows, self.t)
        stands = [' class="ps-right"' if name in right else "" for name in listed.rows]
        heads = "".join(
            f'<th scope="col"{stand}>{_safe(name)}</th>'
            for name, stand in zip(listed.rows, stands, strict=True)
        )
        rows = []
        for code, cells in zip(
            listed.ids, listed.rows.head(MOST_ROWS).itertuples(index=False), strict=False
        ):
            told = [_safe(cell) for cell in cells]
            if link is not None:
                told[0] = f'<a href="{link(code)}">{told[0]}</a>'
            row = (f"<td{stand}>{text}" for text, stand in zip(told, stands, strict=True))
            rows.append("<tr>" + "".join(row))
        return (
            f'<div class="ps-table" tabindex="0"><table><thead><tr>{heads}</tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table></div>"
        )


def _overview(page: _Page) -> Iterable[str]:
    view, t = page.view, page.t
    yield page.figures()
    told = range_told(view.sureness, view.in_area.to_numpy(bool), t)
    yield f'<p class="ps-small">{_ours(told)}</p>'
    if not view.area:
        yield _reconciled(view)
    level = level_of(view)
    boxes = []
    structures = structure_options(view)
    if len(structures) > 1:
        day = view.structure.valid_from.isoformat()
        drops = ("district", "commune", "village")
        boxes.append(page.choice("units", t("Administrative units"), structures, day, drops=drops))
    if len(view.structure.levels) > 1:
        levels: dict[str, str] = {level: t(LEVELS[level]) for level in view.structure.levels}
        boxes.append(page.choice("level", t("Show"), levels, level))
    rankings = {key: t(text) for key, text in RANKINGS.items()}
    boxes.append(page.choice("ranking", t("Rank"), rankings, ranking_of(view)))
    picture = still_map(view.opened.feed, map_state(view, "areas", level=level), t)
    units = ranked_units(view, level)
    table = page.table(units, link=lambda code: page.address(_area_chosen(view, level, code)))
    wide = view.run.summary.headline.unknown > 0
    yield (
        f'<div class="ps-columns {"ps-3-5" if wide else "ps-10-13"}"><div>{picture}</div>'
        f'<div><div class="ps-boxes">{"".join(boxes)}</div>{table}</div></div>'
    )


def _area_chosen(view: View, level: Level, code: str) -> Choices:
    day = view.structure.valid_from.isoformat()
    if level == "district":
        return replace(view.choices, units=day, district=code, commune="", village="")
    return replace(view.choices, units=day, district="", commune=code, village="")


def _reconciled(view: View) -> str:
    """The published figures beside ours, and the way to the target."""
    t = view.t
    lines = []
    for comparison in view.run.summary.comparisons:
        figure, verdict = compared(comparison, t, safe=plain)
        lines.append(f"<p>{_safe(figure)}: <b>{_safe(verdict)}</b></p>")
    reached = progress(view.headline(), view.run, t)
    if reached is not None:
        share, words = reached
        lines.append(
            f'<label class="ps-progress">{_ours(words)}<progress value="{share:.4f}"></progress>'
            "</label>"
        )
    return "".join(lines)


def _gaps(page: _Page) -> Iterable[str]:
    view, t, choice = page.view, page.t, page.view.choices
    name = page.line("name", t("Name of a village, commune or district"), choice.name)
    yield f'<div class="ps-boxes">{page.areas()}{name}</div>'
    signal = _safe(t("Signal"))
    yield f'<nav class="ps-pills" aria-label="{signal}"><span>{signal}</span>{_pills(page)}</nav>'
    yield f"<h5>{_safe(listed_text(view))}</h5>"
    if view.is_narrowed:
        told = looked_through_text(plain(view.looked_through), t)
        yield f'<p class="ps-notice ps-eyes">{_safe(told)}</p>'
    listed = village_list(view)
    table = (
        page.table(listed)
        if listed.ids
        else f'<p class="ps-notice ps-eyes">{_safe(t("No village fits these filters."))}</p>'
    )
    picture = still_map(view.opened.feed, map_state(view, "villages"), t)
    yield f'<div class="ps-columns ps-3-2"><div>{picture}</div><div>{table}</div></div>'


def _pills(page: _Page) -> str:
    """The verdicts, each a link that adds it to the list or takes it away."""
    choice = page.view.choices
    every = tuple(verdict.value for verdict in VERDICT_ORDER)
    on = choice.chosen_verdicts or every
    told = []
    for verdict in every:
        others = [one for one in every if (one in on) != (one == verdict)]
        address = page.address(replace(choice, verdicts=",".join(others), village=""))
        text = verdict_text(verdict, page.t)
        told.append(f'<a href="{address}"{_current(verdict in on)}>{_safe(text)}</a>')
    return "".join(told)


def _area(page: _Page) -> Iterable[str]:
    view, t = page.view, page.t
    yield f"<h3>{_safe(t('One district or commune on one page'))}</h3>"
    yield f'<div class="ps-boxes">{page.areas()}</div>'
    if not view.area:
        told = t("Choose your commune or district above.")
        yield f'<p class="ps-notice ps-eyes">{_safe(told)}</p>'
        return
    sheet = sheet_of(view)
    yield page.figures()
    yield f"<p>{_safe(sheet.change)}</p>"
    words = sheet.words
    if not sheet.rows:
        yield f'<p class="ps-notice ps-eyes">{_safe(words["nothing"])}</p>'
        return
    columns = {
        words["village"]: [row.village for row in sheet.rows],
        words["verdict"]: [f"{VERDICT_MARKS[row.kind]} {row.verdict}" for row in sheet.rows],
        words["unit"]: [row.unit for row in sheet.rows],
        words["people"]: [row.people for row in sheet.rows],
        words["power"]: [row.power for row in sheet.rows],
        words["duty"]: [row.duty for row in sheet.rows],
    }
    picture = f'<div class="ps-picture">{sheet.svg}</div>'
    listed = cards(columns, number=words["stt"])
    yield f'<div class="ps-columns ps-2-3"><div>{picture}</div><div>{listed}</div></div>'


_BODIES: Mapping[str, Callable[[_Page], Iterable[str]]] = {
    "": _overview,
    "gaps": _gaps,
    "area": _area,
}

FIRST_VIEWS = tuple(_BODIES)
"""The paths of the pages that have a first view."""


def _current(yes: bool) -> str:  # noqa: FBT001  # said of the one thing before it
    return ' aria-current="true"' if yes else ""


def _ours(text: str) -> str:
    """A sentence of ours, whose names are harmless: its unbreakable spaces stay."""
    return escape(text, quote=True)


def _safe(text: object) -> str:
    return escape(plain(text), quote=True)
