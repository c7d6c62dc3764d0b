"""Points of interest of the ITU Connectivity Planning Platform, read as villages."""

from __future__ import annotations

from geodata.columns import text
from geodata.convention import Candidate, Convention
from geodata.errors import phrase
from geodata.filing import Filing, Listed
from geodata.findings import finding


def recognises(candidate: Candidate) -> bool:
    """``poi_id`` with ``poi_type`` or ``is_connected``."""
    found = candidate.find("poi_id", "poi_type", "is_connected")
    return "poi_id" in found and len(found) > 1


def means(candidate: Candidate, filing: Filing) -> Listed:
    """One row a place, under its own name where it has one, else its type and id."""
    del filing
    candidate.need("poi_id")
    table = candidate.table
    found = candidate.find("poi_id", "poi_type", "is_connected", "village")
    out = table.copy()
    ids = text(table[found["poi_id"]])
    out["village_id"] = ids
    kinds = text(table[found["poi_type"]]) if "poi_type" in found else None
    if "village" not in found:
        out["village"] = ids if kinds is None else kinds.fillna("?") + " " + ids
    told = sorted(kinds.dropna().unique()) if kinds is not None else []
    note = finding(
        "points-of-interest", "warning" if len(told) > 1 else "note",
        "{file}: {count} points of interest ({kinds}) are read as villages; whether they are "
        "connected is not used",
        file=candidate.file, count=len(table), kinds=", ".join(told[:8]) or "?",
    )  # fmt: skip
    return Listed(table=out, findings=(note,))


CONVENTION = Convention(
    name="itu_places",
    title=phrase("points of interest of the ITU Connectivity Planning Platform"),
    kind="villages",
    recognises=recognises,
    means=means,
)
