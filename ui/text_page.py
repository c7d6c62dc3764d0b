"""My area as text alone: no script, no socket, no picture; for a line of 256 kbit/s."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import urlencode

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from geodata.errors import CallError
from geodata.export.sheet import AreaSheet, day_text
from geodata.export.sheet_words import SHEET
from geodata.study.places import Level
from ui import choices, studies
from ui.access import ENDED, KEY, NotAllowedError, asking, require, rights_in
from ui.choices import Choices
from ui.figures import figures_told, leader_sentence, no_units_text
from ui.making import making
from ui.maps.routes import REFUSED, prefix
from ui.once import Once, ReaderGoneError
from ui.plain import html_safe, plain
from ui.sharing import open_slug
from ui.sheets import sheet_of
from ui.standing import standing_told
from ui.troubles import log_trouble, trouble_text
from ui.view import View, make_view
from ui.visitor import cookies_of, visitor_of

ROUTE = "text"
OK, FORBIDDEN, UNAVAILABLE = 200, 403, 503
GONE = 499
"""The status of an answer that nobody is there to read, as proxies log it."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
}


def text_routes(*, base_path: Callable[[], str]) -> list[Route]:
    """The route of the text page, under whatever prefix the server has."""
    once = Once[tuple[int, str]]()

    async def serve(request: Request) -> Response:
        asked = f"/{request.path_params.get('base', '')}".rstrip("/")
        if asked != prefix(base_path()):
            return PlainTextResponse("Not found", status_code=404)
        same = (request.url.query, request.headers.get("cookie", ""))
        try:
            status, text = await once.get(request, same, partial(_answer, request))
        except ReaderGoneError:
            return PlainTextResponse(status_code=GONE)
        if status == OK:
            return HTMLResponse(text, headers=HEADERS)
        return PlainTextResponse(text, status_code=status, headers=REFUSED)

    return [Route(f"/{ROUTE}", serve), Route(f"/{{base:path}}/{ROUTE}", serve)]


def text_address(view: View, *, key: str = "") -> str:
    """Where the text page of a view's area is."""
    base = prefix(str(st.get_option("server.baseUrlPath") or ""))
    query = view.choices.query(across=True)
    return f"{base}/{ROUTE}?" + urlencode({**query, **({KEY: key} if key else {})})


def _answer(request: Request) -> tuple[int, str]:
    """The status, and the page or the sentence that says why there is none."""
    choice = choices.read(dict(request.query_params)).of_everybody
    try:
        return OK, _body(request, choice, key=request.query_params.get(KEY, ""))
    except NotAllowedError as error:
        return FORBIDDEN, trouble_text(error, choice.language)
    except Exception as error:  # noqa: BLE001  # the edge of the program: a sentence, and the log
        log_trouble(error)
        return UNAVAILABLE, trouble_text(error, choice.language)


def _body(request: Request, choice: Choices, *, key: str) -> str:
    """The page for who asks.

    Raises `NotAllowedError` where they may not have it, `CallError` while it is being made.
    """
    rights = rights_in(key)
    if rights is None:
        raise NotAllowedError(ENDED)
    part = making().part
    if part is not None and not choice.study:
        raise CallError(
            "The reconstruction is being made, {percent} % is done; ask again in a minute",
            percent=int(100 * part),
        )
    slug = open_slug(choice.study, visitor_of(cookies_of(request.scope)))
    body = page(make_view(studies.open_study(slug, rights=rights), choice), key=key)
    # opening a study may take a minute
    require(rights.to_look, owner=asking(request), study=slug)
    return body


def page(view: View, *, key: str = "") -> str:
    """The page as HTML without a script; every name in it is escaped."""
    t = view.t
    title = plain(view.area_name) or t("Mobile coverage of villages")
    parts = [f"<h1>{html_safe(title)}</h1>"]
    if view.area:
        parts += _area(view, sheet_of(view))
    else:
        parts += _whole(view)
    parts.append(_units(view, key))
    return _FRAME.format(
        language=t.language, title=html_safe(title), style=_STYLE, body="\n".join(parts)
    )


def _area(view: View, sheet: AreaSheet) -> list[str]:
    """Warning, figures, change and list of one area."""
    told = leader_sentence(view.headline(), view.run, view.t, place=view.area_name)
    lines = [
        f"<p class=warn>{html_safe(text)}</p>" for text in (sheet.warning, sheet.variant) if text
    ]
    lines.append(f"<p><b>{html_safe(told)}</b></p>")
    lines.append(f"<p>{html_safe(_figures(view))}</p>")
    lines += [f"<p>{html_safe(sheet.headline)}</p>", f"<p>{html_safe(sheet.change)}</p>"]
    if not sheet.rows:
        lines.append(f"<p>{html_safe(sheet.words['nothing'])}</p>")
    else:
        names = ("village", "unit", "former", "verdict", "people", "power", "duty", "note")
        heads = "".join(f"<th scope=col>{html_safe(sheet.words[n])}</th>" for n in ("stt", *names))
        rows = "".join(
            f"<tr><td>{k}</td>"
            + "".join(f"<td>{html_safe(getattr(row, name))}</td>" for name in names)
            + "</tr>"
            for k, row in enumerate(sheet.rows, 1)
        )
        lines.append(f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>")
    return [*lines, f"<p><small>{html_safe(sheet.foot)}</small></p>"]


def _figures(view: View) -> str:
    """What stands under the figures."""
    keep = view.in_area.to_numpy(bool)
    return figures_told(view.headline(), view.sureness, keep, view.t)


def _whole(view: View) -> list[str]:
    """Warning, figures and basis of all there is."""
    t, run, words = view.t, view.run, SHEET[view.t.language]
    rule = t(view.rule.title)
    warnings = (
        words["simulated_long"] if view.reconstruction else "",
        words["variant"].format(name=rule) if view.is_variant else "",
        standing_told(view.opened, t),
    )
    day = day_text(run.study.as_of, t.language)
    foot = words["foot"].format(unit=run.study.name, date=day, rule=rule, run=run.run_id)
    others = view.others(view.in_area)
    served = "" if others is None else t("{count} of them served by others", count=t.number(others))
    return [
        *(f"<p class=warn>{html_safe(text)}</p>" for text in warnings if text),
        f"<p><b>{html_safe(leader_sentence(view.headline(), run, t))}</b></p>",
        f"<p>{html_safe(_figures(view))}</p>",
        *([f"<p>{html_safe(served)}</p>"] if served else []),
        f"<p><small>{html_safe(foot)}</small></p>",
    ]


def _units(view: View, key: str) -> str:
    """The way to other units, without a script: a list to choose from for each level.

    Hundreds of links would each bear the whole address, and the reader's key in it.
    """
    if view.structure.is_empty:
        return f"<p>{html_safe(no_units_text(view.t))}</p>"
    forms = "".join(_form(view, level, key) for level in view.structure.levels)
    return f"<h2>{html_safe(view.t('Other units'))}</h2>{forms}"


def _form(view: View, level: Level, key: str) -> str:
    """The units of one level; communes of the district that is looked at, where one is."""
    t, district = view.t, _district(view)
    units = view.structure.units(level, within=district if level == "commune" else "")
    chosen = view.area if level == view.area_level else district
    options = option_tags(units, chosen)
    hidden = "".join(
        f'<input type=hidden name="{html_safe(name)}" value="{html_safe(value)}">'
        for name, value in _kept(view, key).items()
    )
    label = t("District") if level == "district" else t("Commune")
    return (
        f"<form>{hidden}<label>{html_safe(label)} <select name={level}>{options}</select></label> "
        f"<button>{html_safe(t('Open'))}</button></form>"
    )


def option_tags(options: Mapping[str, str], chosen: str) -> str:
    """What a list offers, by what it sends."""
    return "".join(
        f'<option value="{html_safe(code)}"{" selected" if code == chosen else ""}>'
        f"{html_safe(name)}"
        for code, name in options.items()
    )


def _district(view: View) -> str:
    """The code of the district that is looked at, or that of the commune; "" where none is."""
    if not view.area or "district" not in view.structure.levels:
        return ""
    codes = view.structure.places.loc[view.in_area, "district_code"]
    return str(codes.iloc[0]) if len(codes) else ""


def _kept(view: View, key: str) -> dict[str, str]:
    """What an address of another unit bears besides the unit."""
    query = view.choices.query(across=True)
    query.pop("district", None)
    query.pop("commune", None)
    query["units"] = view.structure.valid_from.isoformat()
    return {**query, **({KEY: key} if key else {})}


_STYLE = (
    "body{font:17px/1.5 serif;margin:1em auto;max-width:60em;padding:0 .8em}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}"
    "td,th{border:1px solid #666;padding:.2em .45em;text-align:left;vertical-align:top}"
    ".warn{border:1px solid #a3180f;color:#a3180f;padding:.3em .6em;font-weight:700}"
    "select,button{font:inherit;padding:.3em;max-width:100%}form{margin:.6em 0}"
)
_FRAME = """<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{title}</title><style>{style}</style></head>
<body><main>
{body}
</main></body></html>
"""
