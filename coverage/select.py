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
    people = pd.to_numeric(villages["population"])
    if selection.people_from is not None:
        keep &= people >= selection.people_from
    if selection.people_to is not None:
        keep &= people <= selection.people_to
    if selection.served == "others":
        own = seen.verdicts["n_operators"]
        keep &= (own == 0) & (everyone["n_operators"] > own)
    elif selection.served == "one":
        keep &= everyone["n_operators"] == 1
    elif selection.served == "powered":
        nobody = everyone["verdict"].isin(UNCOVERED) & (everyone["n_operators"] == 0)
        keep &= nobody & (_power(villages["electrified"]) == "yes")
    return keep.astype(bool)


def headline_among(villages: pd.DataFrame, seen: Assessment, keep: pd.Series[bool]) -> Headline:
    """The headline of the chosen villages alone; all counts are 0 where there are none."""
    chosen = villages.loc[keep, ["population"]]
    return headline_of(chosen.join(seen.verdicts[["verdict"]]))


def _power(electrified: pd.Series) -> pd.Series[str]:
    return electrified.map({True: "yes", False: "no"}).astype(object).fillna("missing")
