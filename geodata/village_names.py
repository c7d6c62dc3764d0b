"""What a village's name is made of: its kind, its numbers, and the words that are its own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from rapidfuzz.distance import OSA

from geodata.columns import marked, plain
from geodata.syllables import is_syllable

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "tổ dân phố": "tổ dân phố", "tdp": "tổ dân phố", "khối phố": "khối", "khu phố": "khu",
        "khu dân cư": "khu", "tiểu khu": "tiểu khu", "thôn": "thôn", "bản": "bản", "xóm": "xóm",
        "khối": "khối", "làng": "làng", "buôn": "buôn", "ấp": "ấp", "khu": "khu", "tổ": "tổ",
        "đội": "đội",
    }
)  # fmt: skip
"""Words before a village's name that say what kind it is → the kind; the longest first."""

LETTERS: Mapping[str, str] = MappingProxyType({"t": "thôn", "b": "bản", "x": "xóm", "k": "khối"})
"""Kinds as one letter and a point: "X. 1"."""

DIGITS: Mapping[str, int] = MappingProxyType(
    {
        "một": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5, "sáu": 6, "bảy": 7,
        "bẩy": 7, "tám": 8, "chín": 9, "mốt": 1,
    }
)  # fmt: skip

ROMAN = re.compile(r"(?=[XVI])(X{0,3})(IX|IV|V?I{0,3})", re.IGNORECASE)
_TOKEN = re.compile(r"\d+[a-zA-Z](?![^\W_])|\d+|[^\W\d_]+")

Number = tuple[int, str]
"""A number and the letter behind it: Xóm 1A is (1, "a")."""


@dataclass(frozen=True)
class Reading:
    """One way to read a name: own words with marks, without, and the numbers among them.

    ``sure`` is False where a word is taken for a number that may be none (Xom Nam).
    """

    words: str
    bare: str
    numbers: tuple[Number, ...]
    sure: bool = True

    @property
    def joined(self) -> str:
        """The words without marks and spaces, with one letter for i and y."""
        return self.bare.replace(" ", "").replace("y", "i")


@dataclass(frozen=True)
class Name:
    """A village's name taken apart. ``readings`` begins with the plainest.

    ``has_marks`` is False where the whole cell is ASCII: then marks may have been lost.
    """

    kind: str
    readings: tuple[Reading, ...]
    has_marks: bool


@lru_cache(maxsize=50_000)
def name_of(text: str) -> Name:
    """A village's name taken apart.

    >>> name_of("Thôn 01").readings[0].numbers, name_of("Xóm IV").readings[0].numbers
    (((1, ''),), ((4, ''),))
    >>> name_of("Tổ dân phố Đồng Tâm 2").kind, name_of("Bản Na Kho").readings[0].bare
    ('tổ dân phố', 'na kho')
    """
    written = unicodedata.normalize("NFC", text).strip()
    kind, rest = _kind(written)
    tokens = _TOKEN.findall(rest)
    lower = any(letter.islower() for letter in written)
    first = _reading(tokens, [_certain(token, lower=lower) for token in tokens])
    others = [r for r in _others(tokens, stripped=written.isascii()) if _differ(r, first)]
    return Name(kind, (first, *others), not written.isascii())


def _differ(one: Reading, other: Reading) -> bool:
    return (one.bare, one.numbers) != (other.bare, other.numbers)


def _kind(written: str) -> tuple[str, str]:
    """The kind, and what follows it; a kind by itself is a name."""
    kind, rest = "", written
    for _ in range(2):  # "Thôn bản Na": the outer says how it is counted, the inner is its own
        found = _one_kind(rest) or (_misspelt_kind(rest) if rest == written else None)
        if found is None or not re.search(r"\w", found[1]):
            break
        kind, rest = found
    return kind, rest


def _one_kind(text: str) -> tuple[str, str] | None:
    letter = re.match(r"([TBXKtbxk])\.\s*", text)
    if letter:
        return LETTERS[letter[1].lower()], text[letter.end() :]
    for word, kind in KINDS.items():
        size = len(word.split())
        found = re.match(r"\W*" + r"[\W_]+".join([r"[^\W\d_]+"] * size) + r"(?![^\W\d_])", text)
        if found is None:
            continue
        same = marked(found[0]) == marked(word)
        if same or (found[0].isascii() and plain(found[0]) == plain(word)):
            return kind, re.sub(r"^[\W_]*(số\s+(?=\d))?", "", text[found.end() :])
    return None


def _misspelt_kind(text: str) -> tuple[str, str] | None:
    """No kind, and what follows a first word that is none but nearly a kind: "Xmó 5"."""
    found = re.match(r"([^\W\d_]+)[\W_]*", text)
    if found is None or is_syllable(found[1]):
        return None
    if text.isascii() and not text[found.end() :][:1].isdigit():
        return None  # Lap, without its mark, is no syllable either
    word = plain(found[1])
    near = any(OSA.distance(word, plain(kind)) == 1 for kind in KINDS if " " not in kind)
    return ("", text[found.end() :]) if near and len(word) > 1 else None


def _certain(token: str, *, lower: bool) -> Number | None:
    """The number that a token surely is, Arabic or Roman. "Vi" is none, nor "XI" among capitals."""
    if token[0].isdigit():
        return int(re.match(r"\d+", token)[0]), re.sub(r"\d", "", token).lower()  # type: ignore[index]  # it begins with a digit
    if not ROMAN.fullmatch(token):
        return None
    if not (token.isupper() or token.islower()):
        return None  # "iV" is a slip of the pen, and nobody knows for what
    word = is_syllable(token) and token not in ("I",)
    return (_roman(token), "") if not word or (token.isupper() and lower) else None


def _others(tokens: Sequence[str], *, stripped: bool) -> list[Reading]:
    """Names that may be numbers written as words or as Roman numerals that are words too."""
    if not tokens:
        return []
    written = _spelt([marked(t) for t in tokens], {marked(w): n for w, n in DIGITS.items()})
    if written is not None:
        # hai and ba have no marks to tell them by, năm without its mark is nam, the south
        sure = not all(t.isascii() for t in tokens) or {plain(t) for t in tokens} <= {"hai", "ba"}
        return [Reading("", "", ((written, ""),), sure)]
    bare = _spelt([plain(t) for t in tokens], {plain(w): n for w, n in DIGITS.items()})
    if stripped and bare is not None:
        return [Reading("", "", ((bare, ""),), sure=False)]
    roman = [
        (_roman(t), "") if ROMAN.fullmatch(t) and t.isupper() else _certain(t, lower=True)
        for t in tokens
    ]
    read = _reading(tokens, roman)
    return [Reading(read.words, read.bare, read.numbers, sure=False)] if any(roman) else []


def _spelt(words: list[str], digits: Mapping[str, int]) -> int | None:
    """A number below a hundred that words spell, None where they spell none."""
    ten, tens = marked("mười"), marked("mươi")
    is_ten = [word in (ten, plain("mười")) for word in words]
    is_tens = [word in (tens, plain("mươi")) for word in words]
    values = [digits.get(word) for word in words]
    if len(words) == 1:
        return 10 if is_ten[0] else values[0]
    if len(words) == 2 and is_ten[0] and values[1] is not None:
        return 10 + values[1]
    if len(words) in (2, 3) and values[0] is not None and is_tens[1]:
        last = values[2] if len(words) == 3 else 0
        return None if last is None else 10 * values[0] + last
    return None


def _reading(tokens: Sequence[str], numbers: Sequence[Number | None]) -> Reading:
    words: list[str] = []
    found: list[Number] = []
    for token, number in zip(tokens, numbers, strict=True):
        letter = re.fullmatch("[a-hA-H]", token)
        if number is not None:
            found.append(number)
        elif letter and found and not found[-1][1] and not words:
            found[-1] = (found[-1][0], token.lower())
        else:
            words.append(token)
    text = " ".join(words)
    return Reading(marked(text), plain(text), tuple(found))


def _roman(token: str) -> int:
    values = [{"I": 1, "V": 5, "X": 10}[sign] for sign in token.upper()]
    after = [*values[1:], 0]
    return sum(-v if v < n else v for v, n in zip(values, after, strict=True))
