"""Text as the encodings of before Unicode leave it when somebody reads it byte by byte."""

from __future__ import annotations

import unicodedata

from geodata.codepages import ABC, Encoding
from geodata.syllables import is_syllable

_TO_ABC = {ord(letter): byte for byte, letter in ABC.items()}
_VNI_TONE = {"\u0301": "ù", "\u0300": "ø", "\u0309": "û", "\u0303": "õ", "\u0323": "ï", "": ""}
_VNI_ROUND = {"\u0301": "á", "\u0300": "à", "\u0309": "å", "\u0303": "ã", "\u0323": "ä", "": "â"}
_VNI_SHORT = {"\u0301": "é", "\u0300": "è", "\u0309": "ú", "\u0303": "ü", "\u0323": "ë", "": "ê"}
_VNI_I = {"\u0301": "í", "\u0300": "ì", "\u0309": "æ", "\u0303": "ó", "\u0323": "ò", "": "i"}


def misread(text: str, encoding: Encoding) -> str:
    """Unicode text, written in an encoding and read as ISO-8859-1.

    Written from the tables of the standards anew, not by turning our decoders round. ABC fonts
    have no capital with a tone: those become small letters, as people typed them.
    """
    if encoding == "utf-8":
        return text.encode().decode("latin-1")
    if encoding == "tcvn3":
        return "".join(_abc(letter) for letter in text)
    if encoding == "cp1258":
        return "".join(map(_cp1258, text)).encode("cp1258").decode("latin-1")
    return "".join(map(_vni, text))


def _abc(letter: str) -> str:
    small = letter if letter.isascii() or ord(letter) in _TO_ABC else letter.lower()
    return small.translate(_TO_ABC)


def _cp1258(letter: str) -> str:
    apart = unicodedata.normalize("NFD", letter)
    tone = "".join(sign for sign in apart[1:] if sign in _VNI_TONE)
    rest = unicodedata.normalize("NFC", "".join(sign for sign in apart if sign != tone))
    return rest + tone


def _vni(letter: str) -> str:
    if letter.lower() == "đ":
        return "ñ" if letter == "đ" else "Ñ"
    base, *marks = unicodedata.normalize("NFD", letter)
    tone = next((mark for mark in marks if mark in _VNI_TONE), "")
    made = base
    if "\u0302" in marks:
        made = base + _VNI_ROUND[tone]
    elif "\u0306" in marks:
        made = base + _VNI_SHORT[tone]
    elif "\u031b" in marks:
        made = ("ô" if base.lower() == "o" else "ö") + _VNI_TONE[tone]
    elif base.lower() == "i" and tone:
        made = _VNI_I[tone]
    elif base.lower() == "y" and tone == "\u0323":
        made = "î"
    elif tone:
        made = base + _VNI_TONE[tone]
    return made.upper() if base.isupper() and marks else made


def _all_syllables() -> tuple[str, ...]:
    onsets = ("", "b", "ch", "đ", "h", "kh", "l", "m", "ngh", "ph", "qu", "t", "th", "tr", "x")
    rhymes = ("ông", "iên", "ương", "uyết", "ào", "ễ", "ứa", "ảnh", "ạch", "ốc", "ờ", "ăm", "ị",
              "uỵ", "ổi", "ấu", "ẵng", "ỹ", "ỏ", "oà")  # fmt: skip
    words = [onset + rhyme for onset in onsets for rhyme in rhymes]
    return tuple(sorted(word for word in words if is_syllable(word)))


SYLLABLES = _all_syllables()
"""Syllables with marks of every kind."""
