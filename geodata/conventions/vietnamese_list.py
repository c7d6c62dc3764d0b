"""Village lists as Vietnamese offices keep them: STT, Tỉnh, Huyện, Xã, Thôn/Bản, Số hộ, X, Y."""

from __future__ import annotations

from geodata.columns import plain
from geodata.convention import Candidate, Convention
from geodata.errors import phrase
from geodata.filing import Filing, Listed

VILLAGE = frozenset({"thon", "ban", "xom", "khoi", "to dan pho"})
COMMUNE = frozenset({"xa", "phuong"})


def recognises(candidate: Candidate) -> bool:
    """A column for the village and one for its commune, in Vietnamese."""
    found = candidate.find("village", "commune")
    if len(found) < 2:
        return False
    words = {field: plain(column) for field, column in found.items()}
    return _any(VILLAGE, words["village"]) and _any(COMMUNE, words["commune"])


def _any(words: frozenset[str], name: str) -> bool:
    return any(f" {word} " in f" {name} " for word in words)


def means(candidate: Candidate, filing: Filing) -> Listed:
    """The list as it stands: its columns are found by their names."""
    del filing
    return Listed(table=candidate.table)


CONVENTION = Convention(
    name="vietnamese_list",
    title=phrase("a Vietnamese list of villages"),
    kind="villages",
    recognises=recognises,
    means=means,
)
