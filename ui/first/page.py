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
from ui.choices import NAMES, Choices, changed
from ui.controls import area_chosen, structure_options
from ui.figures import (
    basis,
    compared,
    figures_told,
    headline_split,
    leader_sentence,
    progress,
    unjudged_text,
)
from ui.first.still import still_map
from ui.frame import LANGUAGE_NAMES, simulated_text
from ui.maps.component import Mode
from ui.navigation import PAGES
from ui.opened import VERDICT_ORDER, Opened
from ui.plain import html_safe, plain
from ui.screens.area import in_need, picture, todays, village_cards
from ui.screens.gaps import listed_text, looked_through_text, rare_filters, unfiltered
from ui.screens.overview import LEVELS, RANKINGS, level_of, ranked_units, ranking_of
from ui.sheets import sheet_of
from ui.standing import standing_told
from ui.tables import (
    VillageList,
    figures_right,
    verdict_text,
    village_list,
)
from ui.text_page import option_tags
from ui.texts import LANGUAGES
from ui.view import View, make_view, map_state

MOST_ROWS = 500
"""So many rows of a list stand in a first view."""


def first_view(opened: Opened, chosen: Choices, path: str, *, base: str) -> str | None:
    """The page at ``path`` as HTML; ``base`` is the prefix of the server's addresses.

    None for a page that has no first view, and for a variant of the rule, which may have to be
    measured first. Every name in it is escaped.
    """
    body = _BODIES.get(path)
    if body is None or chosen.variant:
        return None
    narrows = next(page.narrows for page in PAGES if page.path == path)
    view = make_view(opened, chosen if narrows else chosen.of_everybody)
    if view.structure.is_empty:
        return None
    if path == "area":
        view = todays(view)
    page = _Page(view=view, chosen=chosen, path=path, base=base)
    return "".join([page.head(), page.notices(), *body(page), page.foot()])


class _Page:
    """A view with the addresses of what it links to, from the choices of its own address."""

    def __init__(self, *, view: View, chosen: Choices, path: str, base: str) -> None:
        self.view = view
        self.chosen = chosen
        self.t = view.t
        self.path = path
        self.base = base

    def address(self, chosen: Choices, path: str | None = None, *, across: bool = False) -> str:
        """Where choices are shown: on this page, or on another."""
        query = urlencode(chosen.query(across=across))
        where = f"{self.base}/{self.path if path is None else path}"
        return html_safe(f"{where}?{query}" if query else where)

    def of_area(self, changes: Mapping[str, str]) -> str:
        """Where this page is of another area."""
        return self.address(changed(self.chosen, **changes))

    def head(self) -> str:
        """Title, languages and pages, as `ui.frame.head` has them."""
        t, choice = self.t, self.chosen
        languages = "".join(
            f'<a href="{self.address(replace(choice, language=language))}"'
            f"{_current(language == choice.language)}>{LANGUAGE_NAMES[language]}</a>"
            for language in LANGUAGES
        )
        links = {aside: self._links(aside=aside) for aside in (False, True)}
        title, language, more = (
            html_safe(t(words)) for words in ("Mobile coverage of villages", "Language", "More")
        )
        return (
            f'<header><div class="ps-top"><h2>{title}</h2>'
            f'<nav class="ps-languages" aria-label="{language}">{languages}</nav></div>'
            f'<nav class="ps-pages">{links[False]}<details><summary>{more}</summary>'
            f"<div>{links[True]}</div></details></nav></header>"
        )

    def _links(self, *, aside: bool) -> str:
        return "".join(
            f'<a href="{self.address(self.chosen, page.path, across=True)}"'
            f"{_current(page.path == self.path)}>{html_safe(self.t(page.title))}</a>"
            for page in PAGES
            if page.aside == aside
        )

    def notices(self) -> str:
        """What nobody may overlook."""
        view, t = self.view, self.t
        made = simulated_text(t) if view.reconstruction else ""
        told = (made, standing_told(view.opened, t))
        return "".join(f'<p class="ps-notice">{html_safe(one)}</p>' for one in told if one)

    def foot(self) -> str:
        """What the figures rest on."""
        view = self.view
        told = basis(view.run, self.t, units=view.structure.valid_from, safe=plain)
        return f'<p class="ps-small ps-foot">{html_safe(told)}</p>'

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
        shown = option_tags({**first, **options}, value)
        entry = f'<select name="{NAMES[field]}">{shown}</select>'
        return self._form(label, entry, self._kept(field, *drops, adds=adds))

    def line(self, field: str, label: str, value: str) -> str:
        """A line of text to look for."""
        entry = f'<input name="{NAMES[field]}" value="{html_safe(value)}" maxlength="200">'
        return self._form(label, entry, self._kept(field))

    def _form(self, label: str, entry: str, kept: str) -> str:
        """One entry with its label; a browser that goes back shows what the address says."""
        return (
            f'<form autocomplete="off">{kept}<label>{html_safe(label)}{entry}</label>'
            f"<button>{html_safe(self.t('Open'))}</button></form>"
        )

    def picture(self, mode: Mode, level: Level | None = None) -> str:
        """The map."""
        view, opened = self.view, self.view.opened
        state = map_state(view, mode, level=level)
        return still_map(opened.feed, opened.stills(), state, self.t)

    def _kept(self, *drops: str, adds: Mapping[str, str] | None = None) -> str:
        """What an address bears besides what a form asks, as hidden fields."""
        query = {**self.chosen.query(), **(adds or {})}
        gone = {NAMES[field] for field in drops}
        return "".join(
            f'<input type="hidden" name="{html_safe(name)}" value="{html_safe(value)}">'
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
            f'<th scope="col"{stand}>{html_safe(name)}</th>'
            for name, stand in zip(listed.rows, stands, strict=True)
        )
        rows = []
        for code, cells in zip(
            listed.ids, listed.rows.head(MOST_ROWS).itertuples(index=False), strict=False
        ):
            texts = [html_safe(cell) for cell in cells]
            if link is not None:
                texts[0] = f'<a href="{link(code)}">{texts[0]}</a>'
            row = (f"<td{stand}>{text}" for text, stand in zip(texts, stands, strict=True))
            rows.append("<tr>" + "".join(row))
        table = (
            f'<div class="ps-table" tabindex="0"><table><thead><tr>{heads}</tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table></div>"
        )
        if len(rows) == len(listed.ids):
            return table
        told = self.t(
            "The first {count} are listed; a file has them all.", count=self.t.number(len(rows))
        )
        return f'{table}<p class="ps-small">{html_safe(told)}</p>'


def _overview(page: _Page) -> Iterable[str]:
    view, t = page.view, page.t
    yield page.figures()
    told = figures_told(view.headline(), view.sureness, view.in_area.to_numpy(bool), t)
    yield f'<p class="ps-small">{_ours(told)}</p>'
    silenced = unjudged_text(view.seen, t)
    if silenced:
        yield f'<p class="ps-notice">{html_safe(silenced)}</p>'
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
    picture = page.picture("areas", level)
    table = page.table(
        ranked_units(view, level), link=lambda code: page.of_area(area_chosen(view, level, code))
    )
    wide = view.run.summary.headline.unknown > 0
    yield (
        f'<div class="ps-columns {"ps-3-5" if wide else "ps-10-13"}"><div>{picture}</div>'
        f'<div><div class="ps-boxes">{"".join(boxes)}</div>{table}</div></div>'
    )


def _reconciled(view: View) -> str:
    """The published figures beside ours, and the way to the target."""
    t = view.t
    lines = []
    for comparison in view.run.summary.comparisons:
        figure, verdict = compared(comparison, t, safe=plain)
        lines.append(f"<p>{html_safe(figure)}: <b>{html_safe(verdict)}</b></p>")
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
    signal = html_safe(t("Signal"))
    yield f'<nav class="ps-pills" aria-label="{signal}"><span>{signal}</span>{_pills(page)}</nav>'
    yield from _filtered(page)
    yield f"<h5>{html_safe(listed_text(view))}</h5>"
    if view.is_narrowed:
        told = looked_through_text(plain(view.looked_through), t)
        yield f'<p class="ps-notice ps-eyes">{html_safe(told)}</p>'
    listed = village_list(view)
    table = (
        page.table(listed)
        if listed.ids
        else f'<p class="ps-notice ps-eyes">{html_safe(t("No village fits these filters."))}</p>'
    )
    picture = page.picture("villages")
    yield f'<div class="ps-columns ps-3-2"><div>{picture}</div><div>{table}</div></div>'


def _filtered(page: _Page) -> Iterable[str]:
    """That rarer filters are set, and the way back to none."""
    t, view, rare = page.t, page.view, rare_filters(page.view)
    if view.choices == unfiltered(view):
        return
    told = f"{t('More filters')} ({rare}) · " if rare else ""
    clear = f'<a href="{page.address(unfiltered(view))}">{html_safe(t("Clear the filters"))}</a>'
    yield f"<p>{html_safe(told)} {clear}</p>"


def _pills(page: _Page) -> str:
    """The verdicts, each a link that adds it to the list or takes it away."""
    choice = page.chosen
    every = tuple(verdict.value for verdict in VERDICT_ORDER)
    on = choice.chosen_verdicts or every
    told = []
    for verdict in every:
        others = [one for one in every if (one in on) != (one == verdict)]
        address = page.address(changed(choice, verdicts=",".join(others)))
        text = verdict_text(verdict, page.t)
        told.append(f'<a href="{address}"{_current(verdict in on)}>{html_safe(text)}</a>')
    return "".join(told)


def _area(page: _Page) -> Iterable[str]:
    view, t = page.view, page.t
    yield f"<h3>{html_safe(t('One district or commune on one page'))}</h3>"
    yield f'<div class="ps-boxes">{page.areas()}</div>'
    if not view.area:
        told = t("Choose your commune or district above.")
        yield f'<p class="ps-notice ps-eyes">{html_safe(told)}</p>'
        yield from _in_need(page)
        return
    sheet = sheet_of(view)
    yield page.figures()
    yield f"<p>{html_safe(sheet.change)}</p>"
    listed = (
        village_cards(view, sheet)
        if sheet.rows
        else f'<p class="ps-notice ps-eyes">{html_safe(sheet.words["nothing"])}</p>'
    )
    yield f'<div class="ps-columns ps-2-3"><div>{picture(sheet)}</div><div>{listed}</div></div>'


def _in_need(page: _Page) -> Iterable[str]:
    """The units with most uncovered villages, to start from."""
    view, t = page.view, page.t
    found = in_need(view)
    if not found:
        return
    yield f"<p><b>{html_safe(t('Where most villages have no signal'))}</b></p>"
    day, level = view.structure.valid_from.isoformat(), view.structure.levels[-1]
    for code, name, told in found:
        address = page.of_area({"units": day, level: code})
        yield (
            f'<p class="ps-need"><a href="{address}"><b>{html_safe(name)}</b></a><br>'
            f"{html_safe(told)}</p>"
        )


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
