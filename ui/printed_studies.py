"""Studies made in the browser as the command line prints them."""

from __future__ import annotations

import json

from ui import sharing
from ui.person import EMAIL
from ui.plain import plain
from ui.sharing import MadeStudy, Sharing
from ui.studies import studies_home
from ui.texts import Translator, path_text


def printed_studies(t: Translator) -> list[str]:
    """How many there are and where, then each in one line."""
    made = sharing.made_studies()
    head = t(
        "{count} made in the browser, in {folder}",
        count=t.number(len(made)),
        folder=plain(path_text(studies_home())),
    )
    return [head, *(_line(one, t) for one in made)]


def studies_json() -> str:
    """The same as one JSON object."""
    told = {
        "folder": str(studies_home()),
        "studies": [
            {
                "slug": one.slug,
                "name": one.name,
                "owner": _owner(one.sharing),
                "people": list(one.sharing.people),
                "everybody": one.sharing.everybody,
            }
            for one in sharing.made_studies()
        ],
    }
    return json.dumps(told, ensure_ascii=False)


def handed_over(slug: str, email: str, t: Translator) -> list[str]:
    """Hand a study over; that it was done."""
    address = sharing.hand_over(slug, email)
    return [t("{slug} belongs to {address} now", slug=plain(slug), address=plain(address))]


def deleted(slug: str, t: Translator) -> list[str]:
    """Delete a study; that it was done."""
    sharing.delete_made(slug)
    return [t("{slug} is deleted", slug=plain(slug))]


def _line(one: MadeStudy, t: Translator) -> str:
    owner = _owner(one.sharing)
    return t(
        "{slug}  {name}; {owner}; {shared}",
        slug=plain(one.slug),
        name=plain(one.name),
        owner=t("of {address}", address=plain(owner)) if owner else t("without an owner"),
        shared=_shared(one.sharing, t),
    )


def _owner(one: Sharing) -> str | None:
    """The owner's address, or name of a browser; None for a study without an owner."""
    return one.owner.removeprefix(EMAIL) or None


def _shared(one: Sharing, t: Translator) -> str:
    if one.everybody:
        return t("open to everybody")
    if one.people:
        return t("open to {people}", people=plain(", ".join(one.people)))
    return t("shared with nobody")
