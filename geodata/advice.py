"""What is said of a likely reading of a file: its cause, its size, and what to write."""

from __future__ import annotations

import numpy as np
import pyproj

from geodata.diagnose import Proposal
from geodata.errors import Phrase, phrase
from geodata.systems import meridian_of, meridian_text, same_kind, title_of

MOST_TWINS = 4
"""So many systems that fit as well are named."""


def advice(proposal: Proposal, *, declared: pyproj.CRS | None = None) -> Phrase:
    """A proposal as the end of a sentence: the likely cause, its size, and what to write."""
    told = " ".join(proposal.lines)
    if not proposal.twins:
        return phrase(
            "{cause}; write {lines} in its entry ({inside} of {places} places then lie inside)",
            cause=cause_of(proposal, declared),
            lines=told,
            inside=proposal.inside,
            places=proposal.places,
        )
    more = " …" if len(proposal.twins) > MOST_TWINS else ""
    return phrase(
        "{cause}; write {lines} in its entry ({inside} of {places} places then lie inside; they "
        "do not tell it from {twins})",
        cause=cause_of(proposal, declared),
        lines=told,
        inside=proposal.inside,
        places=proposal.places,
        twins=", ".join(proposal.twins[:MOST_TWINS]) + more,
    )


def cause_of(proposal: Proposal, declared: pyproj.CRS | None) -> Phrase:
    """What would put a file's places where they are now, were the proposal right."""
    if proposal.turned or proposal.scaled:
        return _as_written(proposal)
    how = phrase("the likely cause is" if proposal.sure else "a possible cause is")
    if proposal.system.code.startswith("+proj"):
        return phrase(
            "{how} a conversion from VN-2000 with the wrong meridian ({degrees}° off, a shift of "
            "{shift})",
            how=how,
            degrees=abs(proposal.system.meridian_deg),
            shift=length(proposal.moved_m),
        )
    title = title_of(proposal.system.crs)
    if declared is None:
        template = "the likely system is {system}" if proposal.sure else "it may be {system}"
        return phrase(template, system=title)
    if kind_of(proposal, declared) == "crs-wrong-meridian":
        return phrase(
            "{how} the wrong VN-2000 meridian (read with {read}, fits {fits}, a shift of {shift})",
            how=how,
            read=meridian_text(meridian_of(declared)),
            fits=meridian_text(proposal.system.meridian_deg),
            shift=length(proposal.moved_m),
        )
    return phrase(
        "{how} a wrong coordinate system (read as {read}, fits {fits}, a shift of {shift})",
        how=how,
        read=title_of(declared),
        fits=title,
        shift=length(proposal.moved_m),
    )


def _as_written(proposal: Proposal) -> Phrase:
    """What is odd about how the numbers themselves are written."""
    if not proposal.turned:
        return phrase("the numbers look like kilometres")
    if proposal.system.family == "degrees":
        return phrase("latitude and longitude look swapped")
    return phrase("X and Y look swapped; in Vietnamese practice X is the northing")


def kind_of(proposal: Proposal, declared: pyproj.CRS | None) -> str:
    """The kind of finding that a proposal is, the same in every language."""
    if proposal.turned:
        return "latlon-swapped" if proposal.system.family == "degrees" else "xy-swapped"
    if proposal.scaled:
        return "xy-kilometres"
    if proposal.system.code.startswith("+proj"):
        return "crs-wrong-meridian"
    if declared is None:
        return "crs-missing"
    return "crs-wrong-meridian" if same_kind(proposal.system.crs, declared) else "crs-wrong"


def length(metres: float) -> Phrase:
    """A distance as people say it.

    >>> print(length(224.501), length(26366.0))
    224.5 m 26.4 km
    """
    if not np.isfinite(metres):
        return phrase("an unknown distance")
    if metres < 1000:
        return phrase("{number} m", number=round(metres, 1))
    return phrase("{number} km", number=round(metres / 1000, 1))
