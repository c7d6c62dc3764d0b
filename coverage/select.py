"""Choosing villages: which of them a reader's filters leave, and the figures of those."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from coverage.model import Assessment, Headline, Verdict
from coverage.summarise import headline_of

Power = Literal["yes", "no", "missing"]
Served = Literal["others", "one", "powered"]

UNCOVERED = (Verdict.NONE.value, Verdict.WEAK.value)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Filters on villages; an empty one lets everything through.

    ``people_from`` and ``people_to`` are inclusive, and leave out villages whose people are
    not known. ``served``: "others" (not by the operators looked at, but by another), "one"
    (by one operator only) or "powered" (grid power, and nobody serves it).
    """

    verdicts: tuple[str, ...] = ()
    power: tuple[Power, ...] = ()
    people_from: int | None = None
    people_to: int | None = None
    served: Served | None = None


def select(
    villages: pd.DataFrame,
    seen: Assessment,
    selection: Selection,
    *,
    whole: Assessment | None = None,
) -> pd.Series[bool]:
    """Which villages the selection leaves, with the index of ``villages``.

    ``seen`` is the assessment the reader looks through, perhaps of some operators only;
    ``whole`` that of all of them, which "served" asks (``seen`` where it is left out).
    """
    everyone = (whole or seen).verdicts
    keep = pd.Series(data=True, index=villages.index)
    if selection.verdicts:
        keep &= seen.verdicts["verdict"].isin(selection.verdicts)
    if selection.power:
        keep &= _power(villages["electrified"]).isin(selection.power)
    people = pd.to_numeric(villages["population"]).astype("float64")  # NaN, which is never within
    if selection.people_from is not None:
        keep &= people >= selection.people_from
    if selection.people_to is not None:
        keep &= people <= selection.people_to
    if selection.served:
        keep &= _served(villages, seen, everyone, selection.served)
    return keep.astype(bool)


def _served(
    villages: pd.DataFrame, seen: Assessment, everyone: pd.DataFrame, served: Served
) -> pd.Series[bool]:
    """Which villages are served as asked.

    Where the others' layers are kept back, ``everyone`` says in ``served_by_others`` whether
    anybody else serves a village, by any technology, and counts one operator alone: so what
    that one serves by any technology is set beside it.
    """
    own, all_of_them = seen.verdicts["n_operators"], everyone["n_operators"]
    others = all_of_them > own
    nobody = all_of_them == 0
    one = all_of_them == 1
    if "served_by_others" in everyone:
        own, others = all_of_them, everyone["served_by_others"]
        nobody &= ~others
        one &= ~others
    if served == "others":
        return (own == 0) & others
    if served == "one":
        return one
    powered = _power(villages["electrified"]) == "yes"
    return nobody & everyone["verdict"].isin(UNCOVERED) & powered


def headline_among(villages: pd.DataFrame, seen: Assessment, keep: pd.Series[bool]) -> Headline:
    """The headline of the chosen villages alone; all counts are 0 where there are none."""
    marked = keep.to_numpy(bool)
    return headline_of(
        pd.DataFrame(
            {
                "population": villages["population"].array[marked],
                "verdict": seen.verdicts["verdict"].reindex(keep.index).array[marked],
                "decided_by": seen.verdicts["decided_by"].reindex(keep.index).array[marked],
            }
        )
    )


def only_others_serve(seen: Assessment, keep: pd.Series[bool]) -> int | None:
    """How many of the chosen villages are not covered here, and served by others.

    None where no layers are kept back: then `seen` is of all of them.
    """
    if "served_by_others" not in seen.verdicts:
        return None
    others = seen.verdicts["served_by_others"] & (seen.verdicts["verdict"] != "covered")
    return int((others & keep).sum())


def _power(electrified: pd.Series) -> pd.Series[str]:
    return electrified.map({True: "yes", False: "no"}).astype(object).fillna("missing")
