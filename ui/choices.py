"""What the reader has chosen. It lives in the address, so that a link carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import get_args

import streamlit as st

from coverage.model import TECHNOLOGIES, Verdict
from coverage.select import UNCOVERED, Power, Selection, Served
from ui.texts import DEFAULT_LANGUAGE, Language, language_of

ALL = "all"
"""In an address: no filter, where leaving the filter out means the usual one."""

NAMES: Mapping[str, str] = {
    "language": "lang",
    "study": "study",
    "variant": "variant",
    "units": "units",
    "district": "district",
    "commune": "commune",
    "operator": "operator",
    "technology": "technology",
    "verdicts": "verdict",
    "power": "power",
    "people": "people",
    "served": "served",
    "name": "name",
    "village": "village",
    "zone": "zone",
    "layers": "layers",
    "level": "level",
    "ranking": "rank",
    "tried": "try",
}
"""Field of `Choices` → its name in the address."""

ACROSS_PAGES = ("language", "study", "variant", "units", "district", "commune")
"""What a link to another page takes along."""

LONGEST = 600
"""No value of an address is longer than this; the rest is cut off."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """All choices of one session, as text; empty means none was made.

    ``units`` is the day a structure holds from; ``people`` is "from-to"; ``tried`` the rule
    being tried out, as `ui.rules` writes it.
    """

    language: Language = DEFAULT_LANGUAGE
    study: str = ""
    variant: str = ""
    units: str = ""
    district: str = ""
    commune: str = ""
    operator: str = ""
    technology: str = ""
    verdicts: str = ""
    power: str = ""
    people: str = ""
    served: str = ""
    name: str = ""
    village: str = ""
    zone: str = ""
    layers: str = ""
    level: str = ""
    ranking: str = ""
    tried: str = ""

    def query(self, *, across: bool = False) -> dict[str, str]:
        """The address of these choices; ``across``: only what goes along to another page."""
        found = {}
        for field in fields(self):
            value = str(getattr(self, field.name))
            usual = field.name == "language" and value == DEFAULT_LANGUAGE
            if value and not usual and (not across or field.name in ACROSS_PAGES):
                found[NAMES[field.name]] = value
        return found

    @property
    def chosen_verdicts(self) -> tuple[str, ...]:
        """The verdicts looked at: the uncovered ones unless others are named, or asked for.

        Whom one operator alone or only others serve is mostly covered: there it is all.
        """
        if self.verdicts == ALL:
            return ()
        known = [part for part in self.verdicts.split(",") if part in list(Verdict)]
        usual = () if self.served in ("others", "one") else UNCOVERED
        return tuple(known) or usual

    @property
    def selection(self) -> Selection:
        """The filters on villages, without those on names and places."""
        least, most = people_range(self.people)
        powers: tuple[Power, ...] = get_args(Power)
        served: tuple[Served, ...] = get_args(Served)
        return Selection(
            verdicts=self.chosen_verdicts,
            power=tuple(power for power in powers if power in self.power.split(",")),
            people_from=least,
            people_to=most,
            served=next((one for one in served if one == self.served), None),
        )

    @property
    def of_everybody(self) -> Choices:
        """These choices through the eyes of no operator and no technology alone."""
        return replace(self, operator="", technology="")

    @property
    def technologies(self) -> tuple[str, ...]:
        """The technology looked at alone, if one is."""
        return tuple(t for t in TECHNOLOGIES if t == self.technology)


def people_range(text: str) -> tuple[int | None, int | None]:
    """Bounds written as 100-500; each may be missing: 100- or -500."""
    least, _, most = text.partition("-")
    return _count(least), _count(most)


def _count(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 10 else None


def read(query: Mapping[str, str]) -> Choices:
    """The choices of an address; what nobody knows is left aside."""
    found = {
        field: str(query[name])[:LONGEST]
        for field, name in NAMES.items()
        if name in query and field != "language"
    }
    return Choices(language=language_of(query.get(NAMES["language"], DEFAULT_LANGUAGE)), **found)


def current() -> Choices:
    """The choices in the address of this session."""
    return read({name: st.query_params[name] for name in st.query_params})


def choose(**changes: str) -> None:
    """Put choices into the address; an empty one leaves it."""
    before = current()
    after = changed(before, **changes)
    if after != before:
        st.query_params.from_dict(after.query())


def changed(choice: Choices, **changes: str) -> Choices:
    """Choices with some of them others. A new area drops the village."""
    if "district" in changes or "commune" in changes or "units" in changes:
        changes.setdefault("village", "")
    if "district" in changes or "units" in changes:
        changes.setdefault("commune", "")
    if "units" in changes:
        changes.setdefault("district", "")
    return replace(choice, **changes)  # type: ignore[arg-type]  # every field is text
