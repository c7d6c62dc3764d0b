"""Units by their names: which known commune a list means, and how sure that is."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from rapidfuzz.distance import OSA

from geodata.columns import marked, plain
from geodata.syllables import BARE_SYLLABLES, is_syllable

KINDS = ("thành phố", "thị xã", "thị trấn", "huyện", "quận", "phường", "xã")
SHORT = re.compile(r"(?:(?:tp|tx|tt)[.\s]\s*|[xphq]\.\s*)", re.IGNORECASE)

EXACT, ELSEWHEN, TYPO, UNSAID, DOUBT = 1.0, 0.99, 0.95, 0.9, 0.82
"""How far a commune found by its name is trusted: as it is called now; as another structure calls
it; with a slip of the pen; where the list names none; with another mark, another district or
another syllable, which may be another commune."""

NEAR = 0.8
"""Likeness (optimal string alignment) from which a commune's name may be a misspelt one."""


def bare(name: str) -> str:
    """A unit's name with its marks, without what kind of unit it is; for comparing.

    >>> bare("TP. Vinh"), bare("Xã Mường Ham") == bare("mường ham"), bare("Xá Lượng")[:2]
    ('vinh', True, 'xa')
    """
    written = unicodedata.normalize("NFC", name).strip()
    written = SHORT.sub("", written, count=1) if SHORT.match(written) else written
    told = marked(written)
    for kind in KINDS:
        for spelt in (marked(kind), plain(kind)):
            if told.startswith(spelt + " "):
                return told[len(spelt) + 1 :]
    return told


@dataclass(frozen=True)
class Place:
    """A commune as one structure calls it; ``rows`` are the places of its villages."""

    district: str
    commune: str
    rows: tuple[int, ...]
    trust: float


class Places:
    """The communes of known villages, under the names of every structure."""

    def __init__(self, structures: Sequence[pd.DataFrame]) -> None:
        """``structures``: ``commune`` and ``district`` of each village, today's names first."""
        self._all: list[Place] = []
        self._of: dict[str, list[Place]] = defaultdict(list)
        self.everywhere: tuple[int, ...] = ()
        for turn, table in enumerate(structures):
            self._add(table.reset_index(drop=True), EXACT if turn == 0 else ELSEWHEN)

    def _add(self, table: pd.DataFrame, trust: float) -> None:
        self.everywhere = tuple(range(len(table)))
        named: dict[tuple[str, str], list[int]] = defaultdict(list)
        texts = table[["district", "commune"]].astype(object).fillna("")
        for row, (district, commune) in enumerate(texts.itertuples(index=False, name=None)):
            if commune:
                named[str(district), str(commune)].append(row)
        for (district, commune), rows in sorted(named.items()):
            place = Place(bare(district), bare(commune), tuple(rows), trust)
            self._all.append(place)
            self._of[_flat(place.commune)].append(place)

    def find(self, district: str, commune: str) -> dict[int, float]:
        """Village → how sure it is that it lies in the commune a list names; empty for none.

        Without a commune, all villages of the district (or all there are) are in doubt.
        """
        asked, within = bare(commune), bare(district)
        if not asked:
            return self._of_district(within)
        # Xa Luong may be the commune Luong, or Xá Lượng without its marks
        named = self._of.get(_flat(asked)) or self._of.get(_flat(commune)) or []
        here = [place for place in named if _same_district(within, place.district)]
        if here:
            same = [place for place in here if place.commune == asked] or here
            return _most([(p, _by_marks(commune, asked, p)) for p in same])
        if named:
            return _most([(place, DOUBT) for place in named])
        inside = [p for p in self._all if _same_district(within, p.district)]
        return _most(_misspelt(asked, inside))

    def _of_district(self, within: str) -> dict[int, float]:
        inside = [p for p in self._all if within and _same_district(within, p.district)]
        rows = {row for place in inside for row in place.rows} or set(self.everywhere)
        return dict.fromkeys(sorted(rows), UNSAID)


def _flat(name: str) -> str:
    """What a name has in common with all spellings of it."""
    return plain(name).replace(" ", "").replace("y", "i")


def _same_district(one: str, other: str) -> bool:
    return not one or not other or plain(one) == plain(other)


def _by_marks(written: str, asked: str, place: Place) -> float:
    """Trust in a name that is the same without marks: marks lost are nothing, others a doubt."""
    lost = written.isascii() or place.commune.isascii()
    same = asked == place.commune or lost or _one_i(asked) == _one_i(place.commune)
    return place.trust if same else DOUBT


def _one_i(name: str) -> str:
    return name.replace("y", "i")


def _misspelt(asked: str, places: Sequence[Place]) -> list[tuple[Place, float]]:
    """The one commune that a name nearly is; a name that may be another's is a doubt."""
    flat = plain(asked).replace(" ", "")
    scored = [
        (OSA.normalized_similarity(flat, plain(p.commune).replace(" ", "")), p) for p in places
    ]
    best = max((score for score, _ in scored), default=0.0)
    near = [place for score, place in scored if score >= max(NEAR, best - 0.03)]
    near = [p for p in near if re.findall(r"\d+", asked) == re.findall(r"\d+", p.commune)]
    alone = len({(p.district, p.commune) for p in near}) == 1
    return [(p, TYPO if alone and is_slip(asked, p.commune) else DOUBT) for p in near]


def is_slip(one: str, other: str) -> bool:
    """Whether two unlike names in `marked` form differ by a slip of the pen: no syllable of both.

    A word that is a syllable may be another name; one that is none is a slip.
    """
    here, there = one.split(), other.split()
    if len(here) != len(there):
        return False
    unlike = [(a, b) for a, b in zip(here, there, strict=True) if a != b]
    return all(not (_is_word(a) and _is_word(b)) for a, b in unlike)


def _is_word(word: str) -> bool:
    """Whether a word in `marked` form (its tone last) is a syllable, or one without its marks."""
    if word.isascii():
        return word in BARE_SYLLABLES
    letters = "".join(c for c in word if not unicodedata.combining(c))
    tone = word[len(letters) :]
    if not tone:
        return is_syllable(letters)
    return any(is_syllable(letters[: k + 1] + tone + letters[k + 1 :]) for k in range(len(letters)))


def _most(places: Sequence[tuple[Place, float]]) -> dict[int, float]:
    """The villages of the places, each with its best trust."""
    out: dict[int, float] = {}
    for place, trust in places:
        for row in place.rows:
            out[row] = max(trust, out.get(row, 0.0))
    return out
