"""Village lists as Vietnamese offices keep them: STT, Tỉnh, Huyện, Xã, Thôn/Bản, Số hộ, X, Y."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from geodata.columns import plain, row_number, text
from geodata.convention import Candidate, Convention
from geodata.errors import phrase
from geodata.filing import Filing, Listed
from geodata.findings import ROWS_KEPT, Finding

VILLAGE = frozenset({"thon", "ban", "xom", "khoi", "to dan pho"})
COMMUNE = frozenset({"xa", "phuong"})
TOTAL = re.compile(r"(tong( cong| so)?|cong|toan (huyen|tinh|xa))\b")
"""How a row begins that is the sum of others, in `plain` form."""


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
    """The list without its totals: its columns are found by their names."""
    del filing
    table = candidate.table
    nameless = text(table[candidate.need("village")["village"]]).isna().to_numpy()
    total = nameless.copy()
    total[nameless] = [_is_total(row) for row in table.loc[nameless].to_numpy().tolist()]
    if not total.any():
        return Listed(table=table)
    rows = [row_number(table.index, int(at)) for at in np.flatnonzero(total)]
    sentence = phrase(
        "{file}: {count} rows are totals, column numbers or have no village, and are left out",
        file=candidate.file,
        count=len(rows),
    )
    note = Finding(kind="list-left-out", severity="note", sentence=sentence, file=candidate.file,
                   rows=tuple(rows[:ROWS_KEPT]), count=len(rows))  # fmt: skip
    return Listed(table=table[~total], findings=(note,))


def _is_total(cells: Sequence[object]) -> bool:
    """Whether a row without a village says of itself that it is a sum."""
    return any(isinstance(cell, str) and TOTAL.match(plain(cell)) for cell in cells)


CONVENTION = Convention(
    name="vietnamese_list",
    title=phrase("a Vietnamese list of villages"),
    kind="villages",
    recognises=recognises,
    means=means,
)
