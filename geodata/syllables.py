"""What can be a Vietnamese syllable: onset, rhyme and tone, as rules and not as a list of words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

TONES = {"\u0300": "grave", "\u0301": "acute", "\u0303": "tilde", "\u0309": "hook", "\u0323": "dot"}
"""The five written tones, as combining marks."""

QUALITY = "ăâêôơư"
"""Vowels that carry a mark of their own, which is no tone."""

VOWELS = frozenset("aăâeêioôơuưy")

ONSETS = (
    "ngh", "ng", "nh", "ch", "gh", "gi", "kh", "ph", "qu", "th", "tr",
    "b", "c", "d", "đ", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "x", "",
)  # fmt: skip
"""Written onsets, the longest first."""

CODAS = {
    "a": "m n ng nh p t c ch", "ă": "m n ng p t c", "â": "m n ng p t c",
    "e": "m n ng p t c", "ê": "m n nh p t ch", "i": "m n nh p t ch",
    "o": "m n ng p t c", "ô": "m n ng p t c", "ơ": "m n p t",
    "u": "m n ng p t c", "ư": "n ng t c", "iê": "m n ng p t c", "yê": "m n ng t",
    "uô": "m n ng t c", "ươ": "m n ng p t c", "oo": "ng c",
    "oa": "m n ng nh p t c ch", "oă": "m n ng t c", "oe": "n t", "uâ": "n ng t",
    "uê": "n nh ch", "uyê": "n t", "uy": "n nh p t ch",
    "ua": "n ng", "ue": "n t",
}  # fmt: skip
"""Nucleus, with the glide before it → consonants that may close it."""

OPEN = (
    "a e ê i o ô ơ u ư y ia ua ưa oa oe uê uy uơ uya ai ao au ay âu ây eo êu iu oi ôi ơi ui ưi ưu "
    "iêu yêu uôi ươi ươu oai oay oao oeo uây uyu"
)
AFTER_Q = (
    "a e ê i y ơ ai ao au ay ây eo êu ơi am an ang anh ap at ac ach ăm ăn ăng ăp ăt ăc ân âng ât "
    "en eo et ên ênh êt êch it yt yn ynh yêt yên iên iêt ôc ơn"
)
RHYMES = frozenset(OPEN.split()) | {
    nucleus + coda for nucleus, codas in CODAS.items() for coda in codas.split()
}
QU_RHYMES = frozenset(AFTER_Q.split())


def _bare(text: str) -> str:
    apart = unicodedata.normalize("NFD", text)
    return "".join(c for c in apart if not unicodedata.combining(c)).replace("đ", "d")


BARE_SYLLABLES = frozenset(_bare(onset + rhyme) for onset in ONSETS for rhyme in RHYMES | QU_RHYMES)
"""What syllables are without any mark, and some more: onsets are not held against rhymes."""

STOPPED = ("p", "t", "c", "ch")
FRONT = frozenset("eêiy")
"""Vowels before which k, gh and ngh stand instead of c, g and ng."""


@lru_cache(maxsize=50_000)
def is_syllable(word: str) -> bool:
    """Whether a word is spelt as one Vietnamese syllable may be, in either case.

    A tone may stand where the old or the new spelling puts it (hoà, hòa), nowhere else. Words
    without marks are judged the same way.

    >>> is_syllable("Nghệ"), is_syllable("thuỷ"), is_syllable("NghÖ"), is_syllable("Orléans")
    (True, True, False, False)
    """
    letters, tone, at = _taken_apart(word.lower())
    if at is None or not letters:
        return False
    return any(
        _fits(onset, letters[len(onset) :], tone, at - len(onset))
        for onset in ONSETS
        if letters.startswith(onset)
    )


def _taken_apart(word: str) -> tuple[str, str, int | None]:
    """Letters without tone, the tone ("" for none) and its letter (-1, or None where wrong)."""
    letters: list[str] = []
    tone, at = "", -1
    for sign in unicodedata.normalize("NFC", word):
        parts = unicodedata.normalize("NFD", sign)
        found = [mark for mark in parts[1:] if mark in TONES]
        if len(found) > 1 or (found and tone):
            return "", "", None
        if found:
            tone, at = found[0], len(letters)
            sign = unicodedata.normalize("NFC", parts.replace(found[0], ""))  # noqa: PLW2901  # the letter without its tone
        letters.append(sign)
    return "".join(letters), TONES.get(tone, ""), at


def _fits(onset: str, rhyme: str, tone: str, at: int) -> bool:
    """Whether a rhyme, its tone and its place go with an onset."""
    if onset == "gi" and (rhyme[:1] in "ê" or rhyme not in RHYMES):
        onset, rhyme, at = "g", f"i{rhyme}", at + 1  # giêng is gi and iêng, written once
        spelt = True
    else:
        spelt = _spelt(onset, rhyme)
    known = QU_RHYMES if onset == "qu" else RHYMES
    if not spelt or rhyme not in known:
        return False
    if rhyme.endswith(STOPPED) and tone not in ("acute", "dot"):
        return False
    return not tone or at in _tone_places(rhyme)


def _spelt(onset: str, rhyme: str) -> bool:
    """Whether an onset is written as it is before this rhyme."""
    front = rhyme[:1] in FRONT
    if onset in ("k", "gh", "ngh"):
        return front
    if onset in ("c", "g", "ng"):
        return not front
    if rhyme.startswith("yê"):
        return onset in ("", "qu")
    return not (onset == "" and rhyme.startswith("iê"))


@lru_cache(maxsize=1_000)
def _tone_places(rhyme: str) -> tuple[int, ...]:
    """Letters of a rhyme that may carry its tone, by the old spelling or the new."""
    marked = [k for k, letter in enumerate(rhyme) if letter in QUALITY]
    if marked:
        return (marked[-1],)
    nucleus = re.match(r"[aeiouy]+", rhyme)
    size = len(nucleus[0]) if nucleus else 0
    closed = size < len(rhyme)
    if size == 1:
        return (0,)
    if size == 3:
        return (2,) if rhyme == "uya" else (1,)
    if closed:
        return (1,)
    return (0, 1) if rhyme in ("oa", "oe", "uy") else (0,)
