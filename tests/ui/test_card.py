"""Every sentence of a village's card, whole, over a study that is irregular on purpose."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from geodata.access import Rights
from tests.ui.tiny_run import view_of
from ui import card
from ui.opened import Nearby, Opened, opened_run
from ui.texts import translator
from ui.view import View, make_view

EN, VI = translator("en"), translator("vi")
VILLAGES = [f"v{k}" for k in range(1, 10)]


def decided(view: View) -> str:
    """The sentence about the village looked at."""
    return card._decided(view, view.seen.verdicts.loc[view.village])


def seen(opened: Opened, village: str, **choices: str) -> View:
    """A village's view in English."""
    return view_of(opened, **{"language": "en", **choices, "village": village})


def under(opened: Opened, village: str, **changes: Any) -> View:
    """A village's view where the rule in force is another."""
    view = seen(opened, village)
    rule = replace(view.rule, **changes)
    judged = opened.judged(rule)
    return replace(view, rule=rule, whole=judged, seen=judged)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is put on the page."""
    found: list[str] = []
    monkeypatch.setattr(card.st, "markdown", found.append)
    return found


class Page:
    """A page that takes down what is put on it."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def container(self, **_: object) -> nullcontext[None]:
        return nullcontext()

    def table(self, rows: pd.DataFrame) -> None:
        self.told.append(f"table of {len(rows)}")

    def button(self, label: str, **_: object) -> None:
        self.told.append(label)

    def markdown(self, text: str, **_: object) -> None:
        self.told.append(text.splitlines()[0])

    subheader = caption = markdown


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    made = Page()
    monkeypatch.setattr(card, "st", made)
    monkeypatch.setattr(card, "measured_here", lambda _: made.told.append("measured"))
    return made


def test_a_card_has_these_parts_and_no_others(uneven: Opened, page: Page) -> None:
    for village, choices in (("v2", {}), ("v9", {"technology": "4G"})):
        card.why_card(seen(uneven, village, **choices))
    run = uneven.run.run_id.replace("-", "\\-")
    assert [one.replace(run, "RUN") for one in page.told] == [
        "Bản \\<b\\>Hai\\<\\/b\\>",
        "Close",
        "**✓ covered.** Alpha serve at least 50\xa0% of the area.",
        (
            "Near a threshold: it would turn if nine tenths were asked for; if footprints end "
            "short of where they are drawn. Outlines are taken to be right to 100 m."
        ),
        "Unit: **Xã 0, Thành phố Vinh · from 01 July 2025\\: Xã Mường Mới**  ",
        "**Every layer tried**",
        "table of 5",
        "measured",
        (
            "Signal strength in dBm: this study has no signal layer. Terrain: no profile has "
            "been computed."
        ),
        "Village id v2 · Data as of 09 February 2024 · Run RUN · Sources: by hand; a \\*model\\*",
        "Xóm 9",
        "Close",
        "**□ missing data.** Not covered by what was filed, and some expected filings are missing.",
        "Firm: it stays so with every threshold and outline that was tried.",
        "Counted here: 4G of all operators.",
        "Unit: **Xã \\*Lẻ\\*, Huyện Kỳ Sơn · from 01 July 2025\\: Xã Núi \\<b\\>Cao\\<\\/b\\>**  ",
        "Missing filings: Gamma \\*one\\*",
        "**Every layer tried**",
        "table of 5",
        "measured",
        "Nearest covered village: **Xóm 4, 2\\.2 km south\\-west \\(244°\\)**  ",
        (
            "Signal strength in dBm: this study has no signal layer. Terrain: no profile has "
            "been computed."
        ),
        "Village id v9 · Data as of 09 February 2024 · Run RUN · Sources: by hand; a \\*model\\*",
    ]


def test_an_operators_people_are_told_whether_others_serve(uneven: Opened, page: Page) -> None:
    alone = opened_run(uneven.run, rights=Rights(operator="Beta"))
    for village in ("v2", "v3"):
        card.why_card(seen(alone, village))
    told = [one for one in page.told if "other operator" in one.lower()]
    assert told == ["Other operators serve it.", "No other operator serves it."]


def test_which_layers_count_is_said_where_it_is_not_all(uneven: Opened) -> None:
    assert card._counted(seen(uneven, "v1")) == ""
    views = [
        seen(uneven, "v1", technology="4G"),
        seen(uneven, "v1", operator="Gamma *one*"),
        seen(uneven, "v1", operator="Beta", technology="3G"),
        under(uneven, "v1", technologies=("2G", "5G", "3G")),
        under(uneven, "v1", technologies=("5G",)),
    ]
    assert [card._counted(view) for view in views] == [
        "Counted here: 4G of all operators.",
        "Counted here: 4G of Gamma \\*one\\*.",
        "Counted here: 3G of Beta.",
        "Counted here: 3G of all operators.",
        "Counted here: – of all operators.",
    ]


def test_an_operators_people_read_of_their_layers_alone(uneven: Opened) -> None:
    alone = opened_run(uneven.run, rights=Rights(operator="Beta"))
    assert card._counted(seen(alone, "v1")) == "Of layers and sites only those of Beta are shown."
    assert card._counted(seen(alone, "v1", technology="4G")) == "Counted here: 4G of Beta."
    assert {one: decided(seen(alone, one)) for one in ("v1", "v3", "v5", "v8")} == {
        "v1": "Beta serve the village centre.",
        "v3": "Beta serves 30.0\xa0% of the area, 20.0\xa0% short of 50\xa0%. It does not "
        "serve the centre.",
        "v5": "Beta reaches no part of it.",
        "v8": "Beta reaches no part of it.",
    }


def test_whose_layers_the_sentence_is_of(uneven: Opened) -> None:
    assert card._alone(seen(uneven, "v1")) == ""
    assert card._alone(seen(uneven, "v1", operator="Beta")) == "Beta"
    assert card._alone(seen(uneven, "v1", technology="4G")) == ""
    narrow = replace(seen(uneven, "v1").rule, operators=("Beta",))
    one = replace(seen(uneven, "v1"), rule=narrow, seen=uneven.judged(narrow))
    assert card._alone(one) == "", "a rule of one operator is the rule of all that are looked at"


def test_place_people_power_and_duty(uneven: Opened, told: list[str]) -> None:
    for village in ("v1", "v3", "v6", "v7", "v9"):
        view = seen(uneven, village)
        card._facts(view, view.opened.run.study.villages.loc[village])
    assert told == [
        (
            "Unit: **Xã 0, Thành phố Vinh · from 01 July 2025\\: Xã Mường Mới**  \n"
            "People: **100 in 25 households**  \n"
            "Grid power: **yes**  \n"
            "Responsible (Decision 1110/QĐ-BTTTT): **The operators' own duty**"
        ),
        (
            "Unit: **Xã 0, Thành phố Vinh · from 01 July 2025\\: Xã Mường Mới**  \n"
            "People: **300 in 75 households**  \n"
            "Grid power: **no**  \n"
            "Responsible (Decision 1110/QĐ-BTTTT): **Grid power first**"
        ),
        (
            "Unit: **Xã 1, Thành phố Vinh · from 01 July 2025\\: Xã Núi "
            "\\<b\\>Cao\\<\\/b\\>**  \n"
            "People: **– in 150 households**  \n"
            "Grid power: **yes**  \n"
            "Responsible (Decision 1110/QĐ-BTTTT): **The operators' own duty**"
        ),
        (
            "Unit: **Xã 2, Huyện Kỳ Sơn · from 01 July 2025\\: Xã Núi \\<b\\>Cao\\<\\/b\\>**  \n"
            "People: **700 in 175 households**  \n"
            "Grid power: **not known**  \n"
            "Responsible (Decision 1110/QĐ-BTTTT): **Not known\\: power or fund data missing**"
        ),
        (
            "Unit: **Xã \\*Lẻ\\*, Huyện Kỳ Sơn · from 01 July 2025\\: Xã Núi "
            "\\<b\\>Cao\\<\\/b\\>**  \n"
            "People: **900 in – households**  \n"
            "Grid power: **no**  \n"
            "Responsible (Decision 1110/QĐ-BTTTT): **Grid power first**"
        ),
    ]


def test_units_of_other_days_are_told_where_they_are_others(uneven: Opened) -> None:
    assert (
        card._place(seen(uneven, "v4"), "v4")
        == "Xã 1, Thành phố Vinh · from 01 July 2025: Xã Núi <b>Cao</b>"
    )
    assert (
        card._place(seen(uneven, "v9", units="2025", language="vi"), "v9")
        == "Xã Núi <b>Cao</b> · từ 01/01/2023: Xã *Lẻ*, Huyện Kỳ Sơn"
    )
    first, later = uneven.structures
    places = first.places.assign(commune=first.places["commune"].str.upper())
    same = replace(uneven, structures=(first, replace(first, places=places), later, later))
    view = make_view(same, seen(uneven, "v1").choices)
    assert card._place(view, "v1") == "XÃ 0, Thành phố Vinh · from 01 July 2025: Xã Mường Mới"


def test_every_layer_is_told_with_its_share_margin_and_filing(uneven: Opened) -> None:
    table = card._layers(seen(uneven, "v2")).reset_index()
    assert {name: table[name].tolist() for name in table} == {
        "Layer": ["Alpha 4G", "Alpha 3G", "Beta 3G", "Beta 4G", "Gamma \\*one\\* 4G"],
        "Share of the area": ["50.0\xa0%", "0.0\xa0%", "0.0\xa0%", "0.0\xa0%", "45.0\xa0%"],
        "Margin": ["+0.0\xa0%", "−50.0\xa0%", "−50.0\xa0%", "−50.0\xa0%", "−5.0\xa0%"],
        "Centre": ["no", "no", "no", "no", "no"],
        "Serves": ["yes", "no", "no", "no", "no"],
        "Filed": [
            "30 August 2023, footprint, declared",
            "30 August 2023, footprint, declared",
            "01 July 2023, footprint, modelled",
            "01 July 2023, footprint, measured",
            "09 February 2024, footprint, declared",
        ],
    }
    narrow = card._layers(seen(uneven, "v9", technology="4G")).reset_index()
    assert {name: narrow[name].tolist() for name in narrow} == {
        "Layer": ["Alpha 4G", "Alpha 3G", "Beta 3G", "Beta 4G", "Gamma \\*one\\* 4G"],
        "Share of the area": ["0.0\xa0%", "20.0\xa0%", "0.0\xa0%", "0.0\xa0%", "0.0\xa0%"],
        "Margin": ["−50.0\xa0%", "−30.0\xa0%", "−50.0\xa0%", "−50.0\xa0%", "−50.0\xa0%"],
        "Centre": ["no", "no", "no", "no", "no"],
        "Serves": ["no", "not counted", "not counted", "no", "says nothing here"],
        "Filed": [
            "30 August 2023, footprint, declared",
            "30 August 2023, footprint, declared",
            "01 July 2023, footprint, modelled",
            "01 July 2023, footprint, measured",
            "09 February 2024, footprint, declared",
        ],
    }


SIGNAL = {"kind": "signal", "dbm": -97.0, "least_dbm": -100.0, "speaks": True}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "−97\u00a0dBm (+3\u00a0dB)"),
        ({"dbm": -100.0}, "−100\u00a0dBm (+0\u00a0dB)"),
        ({"dbm": -103.0}, "−103\u00a0dBm (−3\u00a0dB)"),
        ({"dbm": 0.0, "least_dbm": float("nan")}, "0\u00a0dBm"),
        ({"dbm": float("nan")}, "no signal"),
        ({"dbm": float("nan"), "speaks": False}, "not known"),
        ({"kind": "footprint"}, ""),
    ],
)
def test_a_level_has_its_margin_over_what_the_rule_asks(changes: dict[str, Any], told: str) -> None:
    assert card._level({**SIGNAL, **changes}, EN) == told


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ((False, True, True), "not counted"),
        ((True, False, True), "says nothing here"),
        ((True, True, True), "yes"),
        ((True, True, False), "no"),
    ],
)
def test_a_layer_serves_where_it_counts_and_speaks(row: tuple[bool, ...], told: str) -> None:
    assert card._serves(dict(zip(("admitted", "speaks", "serves"), row, strict=True)), EN) == told


def test_a_margin_has_its_sign() -> None:
    told = [card._points(margin, EN) for margin in (0.1234, 0.0, -0.2)]
    assert told == ["+12.3\u00a0%", "+0.0\u00a0%", "−20.0\u00a0%"]


def test_what_is_nearest_is_told_by_kind(uneven: Opened, told: list[str]) -> None:
    card._nearest(seen(uneven, "v9"))
    card._nearest(seen(uneven, "v1"))
    assert told == [
        (
            "Nearest covered village: **Xóm 4, 2\\.2 km south\\-west \\(244°\\)**  \n"
            "Nearest place with signal: **300 m west \\(270°\\)**  \n"
            "Nearest site: **Beta B1, 2\\.4 km south \\(180°\\)**"
        )
    ]
    none = replace(uneven, nearby=lambda _: Nearby(tables={}))
    told.clear()
    card._nearest(replace(seen(uneven, "v9"), opened=none))
    assert told == []


def test_what_came_back_is_told_and_what_did_not_is_not(uneven: Opened, told: list[str]) -> None:
    sheet = pd.DataFrame(
        {name: ["", ""] for name in card.FOLLOW_UP}, index=pd.Index(["v1", "v2"], name="village_id")
    )
    sheet.loc["v1", ["confirmed_by", "note"]] = ["Anh *Ba*", "xong"]
    back = replace(uneven, follow_up=lambda: sheet)
    for village in ("v1", "v2", "v3"):
        card._follow_up(replace(seen(uneven, village), opened=back))
    assert told == ["**Follow-up**  \nConfirmed by: **Anh \\*Ba\\***  \nNote: **xong**"]


def test_what_the_study_cannot_tell_and_what_it_is_made_of(uneven: Opened) -> None:
    assert card._left_out(seen(uneven, "v1")) == (
        "Signal strength in dBm: this study has no signal layer. Terrain: no profile has "
        "been computed."
    )
    told = card._sources(seen(uneven, "v1")).replace(uneven.run.run_id.replace("-", "\\-"), "RUN")
    assert told == (
        "Village id v1 · Data as of 09 February 2024 · Run RUN · Sources: by hand; a \\*model\\*"
    )
