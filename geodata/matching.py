"""An official list without places, matched to villages whose places are known: by unit and name.

Nothing is invented. Numbers are equal or there is no match, a village is used once, a tie is
nobody's, and what is not sure is handed to a person with its candidates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rapidfuzz import process
from rapidfuzz.distance import OSA

from geodata.commune_names import DOUBT, EXACT, UNSAID, Places, is_slip
from geodata.errors import DataError
from geodata.village_names import Name, Reading, name_of

ACCEPTED = 0.88
"""Score from which the only candidate is taken."""

LEAD = 0.005
"""How far the best candidate must be ahead of the next."""

LISTED = 0.6
"""Score from which a candidate is worth showing to a person."""

CANDIDATES = 5
"""So many candidates are shown for one row."""

NEAR = 0.7
"""Likeness (optimal string alignment) of names without marks, from which they are compared."""

AT_ONCE = 1_000
"""Rows of a list that are held against all of a block at a time: bounds the memory."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Matches:
    """What became of each row of a list. Tables are indexed by the list's ``row``.

    ``matched``: ``village_id``, ``score`` (0 to 1) and ``how``, the differences there were
    ("kind", "marks", "number", "spelling", "unit", joined by commas; "exact" for none, "id",
    "chosen"). ``ambiguous``: a line a candidate, ``village_id``, ``score``, ``how``, and
    ``why`` nobody but a person decides ("several", "unsure", "shared"). ``unmatched``: ``why``
    ("commune", "name", "aside").
    """

    matched: pd.DataFrame
    ambiguous: pd.DataFrame
    unmatched: pd.DataFrame


@dataclass(frozen=True)
class _Candidate:
    village: int
    score: float
    how: str


def match_villages(
    listed: pd.DataFrame,
    known: pd.DataFrame,
    *,
    also_in: Sequence[pd.DataFrame] = (),
) -> Matches:
    """Which known village each row of a list is.

    ``listed`` has text columns ``village``, ``commune`` and ``district``, each of which may be
    missing in a row; ``known`` the same, indexed by village id. ``also_in`` are the ``commune``
    and ``district`` of the known villages in other structures of units, indexed alike. Rows
    with a ``village_id`` of ``known`` and no other name, and rows with one that a person
    ``chosen``, are taken at their word.
    """
    told = _told(listed, known)
    places = Places([known[["district", "commune"]], *(t.loc[known.index] for t in also_in)])
    names = [name_of(str(v)) if isinstance(v, str) else None for v in known["village"]]
    free = listed.index[~listed.index.isin(told.index) & ~_aside(listed)]
    candidates: dict[int, list[_Candidate]] = {}
    reasons: dict[int, str] = {}
    used = set(told["village_id"])
    taken = {at for at, village in enumerate(known.index) if village in used}
    for rows, trust in _blocks(listed.loc[free], places):
        if not trust:
            reasons.update(dict.fromkeys(rows, "commune"))
            continue
        allowed = {v: t for v, t in trust.items() if names[v] is not None and v not in taken}
        candidates.update(_of_block(listed["village"].loc[rows], names, allowed))
    return _settled(listed, known, told, candidates, reasons)


def _aside(listed: pd.DataFrame) -> pd.Series:
    """Rows that a person has looked at and found to be none of the known villages."""
    if "chosen" not in listed:
        return pd.Series(data=False, index=listed.index)
    return listed["chosen"].isin(["-"])


def _told(listed: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Rows that say themselves which village they are; the choice of a person goes first."""
    chosen = _chosen(listed, known)
    ids = listed["village_id"] if "village_id" in listed else pd.Series(dtype="string")
    ids = ids[ids.isin(known.index) & ~ids.duplicated(keep=False)]
    names = zip(listed.loc[ids.index, "village"], known.loc[ids, "village"], strict=True)
    agreed = np.array([_agree(told, name) for told, name in names], dtype=bool)
    free = ~ids.index.isin(chosen.index) & ~ids.isin(chosen).to_numpy(dtype=bool)
    ids = ids[agreed & free & ~_aside(listed).loc[ids.index].to_numpy(dtype=bool)]
    return pd.DataFrame(
        {
            "village_id": [*chosen, *ids],
            "score": 1.0,
            "how": ["chosen"] * len(chosen) + ["id"] * len(ids),
        },
        index=pd.Index([*chosen.index, *ids.index], name="row"),
    )


def _agree(told: object, name: object) -> bool:
    """Whether a row's name may be that of the village whose id it bears."""
    if not isinstance(told, str) or not isinstance(name, str):
        return True
    one, other = name_of(told), name_of(name)
    return any(
        a.numbers == b.numbers and _words(a, b, lost=True)[0] >= NEAR
        for a in one.readings
        for b in other.readings
    )


def _chosen(listed: pd.DataFrame, known: pd.DataFrame) -> pd.Series[str]:
    """What a person chose, row by row. Raises `DataError` for no village, and for one twice."""
    if "chosen" not in listed:
        return pd.Series(dtype="string")
    chosen = listed["chosen"][listed["chosen"].notna() & ~_aside(listed)]
    strange = chosen[~chosen.isin(known.index)]
    if len(strange):
        raise DataError(
            "row {row} of the list: the chosen village id {found} is none of the villages; copy "
            "it from the column of candidates",
            row=int(strange.index[0]),
            found=repr(strange.iloc[0]),
        )
    twice = chosen[chosen.duplicated(keep=False)]
    if len(twice):
        raise DataError(
            "rows {rows} of the list: village id {found} is chosen for each; a village is used "
            "once",
            rows=", ".join(str(row) for row in twice.index[twice == twice.iloc[0]]),
            found=repr(twice.iloc[0]),
        )
    return chosen


def _blocks(listed: pd.DataFrame, places: Places) -> Iterator[tuple[list[int], dict[int, float]]]:
    """Rows of one commune, and the known villages that may be meant with the trust in each."""
    units = listed[["district", "commune"]].astype(object).fillna("")
    rows: dict[tuple[str, str], list[int]] = {}
    numbers = [int(row) for row in listed.index.to_numpy()]
    for row, pair in zip(numbers, units.to_numpy().tolist(), strict=True):
        rows.setdefault((str(pair[0]), str(pair[1])), []).append(row)
    for (district, commune), held in sorted(rows.items()):
        yield held, places.find(district, commune)


def _of_block(
    told: pd.Series, names: Sequence[Name | None], trust: dict[int, float]
) -> dict[int, list[_Candidate]]:
    """The candidates of each row of a block, best first."""
    numbered = zip(told.index.tolist(), told.tolist(), strict=True)
    rows = [(row, name_of(v)) for row, v in numbered if isinstance(v, str)]
    asked = [(row, name, reading) for row, name in rows for reading in name.readings]
    held = [(v, n, r) for v in trust if (n := names[v]) is not None for r in n.readings]
    best: dict[int, dict[int, _Candidate]] = {row: {} for row in told.index.tolist()}
    for at, to in _pairs([r for *_, r in asked], [r for *_, r in held]):
        row, name, reading = asked[at]
        village, other, its = held[to]
        found = _scored(village, name, reading, other, its, trust[village])
        before = best[row].get(village)
        if found.score >= LISTED and (before is None or found.score > before.score):
            best[row][village] = found
    return {
        row: sorted(c.values(), key=lambda one: (-one.score, one.village))
        for row, c in best.items()
    }


def _pairs(asked: Sequence[Reading], held: Sequence[Reading]) -> Iterator[tuple[int, int]]:
    """Pairs whose numbers are equal and whose words are alike, or of which one has no words."""
    if not held:
        return
    coded = pd.factorize(pd.Series([r.numbers for r in (*asked, *held)], dtype=object))[0]
    ours, theirs = coded[: len(asked)], coded[len(asked) :]
    words, others = [r.joined for r in asked], [r.joined for r in held]
    empty = np.array([not word for word in others])
    for start in range(0, len(asked), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        alike = process.cdist(
            words[part],
            others,
            scorer=OSA.normalized_similarity,
            score_cutoff=NEAR,
            dtype=np.float32,
        )
        one_empty = np.array([not word for word in words[part]])[:, None] != empty[None, :]
        numbered = np.array([bool(r.numbers) for r in asked[part]])[:, None]
        fit = (alike >= NEAR) | (one_empty & numbered)
        for at, to in np.argwhere(fit & (ours[part][:, None] == theirs[None, :])):
            yield start + int(at), int(to)


def _scored(
    village: int, name: Name, reading: Reading, other: Name, its: Reading, trust: float
) -> _Candidate:
    """How well two readings of two names agree, and in what they differ."""
    score, how = _words(reading, its, lost=not (name.has_marks and other.has_marks))
    differences = [how] if how else []
    if name.kind != other.kind:
        score *= 0.97 if name.kind and other.kind else 0.99
        differences.append("kind")
    if reading is not name.readings[0] or its is not other.readings[0]:
        score *= 0.96 if reading.sure and its.sure else 0.8
        differences.append("number")
    if trust < EXACT:
        differences.append("unit")
    # a bare number says nothing where no commune is said
    score *= DOUBT if trust == UNSAID and not reading.words else trust
    return _Candidate(village, round(score, 4), ", ".join(differences) or "exact")


def _words(one: Reading, other: Reading, *, lost: bool) -> tuple[float, str]:
    """How well the words of two readings agree, and what differs ("" for nothing)."""
    if one.words == other.words:
        return 1.0, ""
    if not one.words or not other.words:
        return 0.7, "spelling"
    if one.bare == other.bare:
        return (0.97 if lost else 0.85), "marks"
    if _one_i(one.words) == _one_i(other.words):
        return 0.95, "spelling"
    if one.joined == other.joined:
        return (0.93 if lost else 0.85), "spelling"
    return _likeness(one, other, lost=lost), "spelling"


def _likeness(one: Reading, other: Reading, *, lost: bool) -> float:
    """A slip of the pen in a long name is nearly sure; what may be another name is not.

    Where marks are lost, a word is one that is a syllable with some marks (Truong).
    """
    here, there = (one.bare, other.bare) if lost else (one.words, other.words)
    apart = OSA.distance(one.joined, other.joined)
    longest = max(len(one.joined), len(other.joined))
    if is_slip(here, there) and apart <= (1 if longest < 12 else 2) and longest >= 6:
        return 0.92
    return min(0.85, OSA.normalized_similarity(one.joined, other.joined))


def _one_i(text: str) -> str:
    """Mỹ and Mĩ are one name."""
    return text.replace("y", "i")


def _settled(
    listed: pd.DataFrame,
    known: pd.DataFrame,
    told: pd.DataFrame,
    candidates: Mapping[int, Sequence[_Candidate]],
    reasons: Mapping[int, str],
) -> Matches:
    """Each row to its village where one candidate is ahead, and of rows that want one, the best."""
    why = {row: _doubt(found) for row, found in candidates.items() if found}
    wanted: dict[int, list[tuple[float, int]]] = {}
    for row, doubt in why.items():
        if not doubt:
            wanted.setdefault(candidates[row][0].village, []).append(
                (candidates[row][0].score, row)
            )
    for claims in wanted.values():
        claims.sort(reverse=True)
        ahead = len(claims) == 1 or claims[0][0] - claims[1][0] > LEAD
        why.update(dict.fromkeys([row for _, row in claims[1 if ahead else 0 :]], "shared"))
    lines = [
        (row, known.index[one.village], one.score, one.how, doubt)
        for row, doubt in why.items()
        for one in candidates[row][: CANDIDATES if doubt else 1]
    ]
    table = pd.DataFrame(lines, columns=["row", "village_id", "score", "how", "why"])
    table = table.set_index("row").sort_index(kind="stable")
    sure = table["why"] == ""
    settled = table.loc[sure, ["village_id", "score", "how"]]
    matched = pd.concat([told, settled]).sort_index()
    left = listed.index.difference(matched.index.union(table.index))
    aside = _aside(listed)
    reason = ["aside" if aside.loc[row] else reasons.get(row, "name") for row in left]
    return Matches(
        matched=matched.rename_axis("row"),
        ambiguous=table[~sure],
        unmatched=pd.DataFrame({"why": reason}, index=pd.Index(left, name="row"), dtype="object"),
    )


def _doubt(found: Sequence[_Candidate]) -> str:
    """Why the best candidate is not taken, "" where it is."""
    if found[0].score < ACCEPTED:
        return "unsure"
    tied = len(found) > 1 and found[0].score - found[1].score <= LEAD
    return "several" if tied else ""
