"""The letters of Vietnamese before Unicode: one table, and one decoder, an encoding.

Text in these encodings mostly arrives as somebody has read it: each byte as the sign that
ISO-8859-1 or Windows-1252 has there. So a decoder takes such text, not bytes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, get_args

Encoding = Literal["tcvn3", "vni", "cp1258", "utf-8", "viqr"]
"""What text may be in: TCVN3, VNI, Windows-1258, UTF-8 taken for Latin-1, VIQR."""

ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)

WESTERN: Mapping[str, int] = MappingProxyType(
    {
        bytes([byte]).decode("cp1252"): byte
        for byte in range(0x80, 0xA0)
        if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
    }
)
"""Signs of Windows-1252 that ISO-8859-1 does not have → their byte."""

_TO_LATIN1 = {ord(sign): byte for sign, byte in WESTERN.items()}
_TO_WESTERN = {byte: sign for sign, byte in WESTERN.items()}

TCVN5712_1: Mapping[int, str] = MappingProxyType(
    {
        **dict(zip((1, 2, 4, 5, 6), "ÚỤỪỬỮ", strict=True)),
        **dict(zip(range(0x11, 0x18), "ỨỰỲỶỸÝỴ", strict=True)),
        **dict(zip(range(0x80, 0x90), "ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨ", strict=True)),
        **dict(zip(range(0x90, 0xA0), "ÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ", strict=True)),
        **dict(zip(range(0xA0, 0xB0), "\u00a0ĂÂÊÔƠƯĐăâêôơưđẰ", strict=True)),
        **dict(zip(range(0xB0, 0xB5), "\u0300\u0309\u0303\u0301\u0323", strict=True)),
        **dict(zip(range(0xB5, 0xC0), "àảãáạẲằẳẵắẴ", strict=True)),
        **dict(zip(range(0xC0, 0xD0), "ẮẦẨẪẤỀặầẩẫấậèỂẻẽ", strict=True)),
        **dict(zip(range(0xD0, 0xE0), "éẹềểễếệìỉỄẾỒĩíịò", strict=True)),
        **dict(zip(range(0xE0, 0xF0), "Ổỏõóọồổỗốộờởỡớợù", strict=True)),
        **dict(zip(range(0xF0, 0x100), "ỖủũúụừửữứựỳỷỹýỵỐ", strict=True)),
    }
)
"""TCVN 5712:1993, VN1: byte → letter, where it differs from ASCII. As in iconv's TCVN5712-1."""

ABC: Mapping[int, str] = MappingProxyType(
    {
        byte: letter
        for byte, letter in TCVN5712_1.items()
        if byte > 0xA0 and (letter.islower() or byte <= 0xA7)
    }
)
"""TCVN3, what ABC fonts (.VnTime) draw: the small letters of VN1 and its seven plain capitals.

It has no capital with a tone and no tone by itself: a heading is set in a capital font
(.VnTimeH), which draws the small letters as capitals.
"""

_VNI_TONES = dict(zip("ùøûõï", ("\u0301", "\u0300", "\u0309", "\u0303", "\u0323"), strict=True))
_VNI_ROUND = dict(zip("âáàåãä", ("", *_VNI_TONES.values()), strict=True))
_VNI_SHORT = dict(zip("êéèúüë", ("", *_VNI_TONES.values()), strict=True))
_VNI_ALONE = dict(zip("íìæóòîñôö", "íìỉĩịỵđơư", strict=True))
_VNI_PAIR = re.compile(r"[aeouyôöAEOUYÔÖ][ùøûõïâáàåãäêéèúüëÙØÛÕÏÂÁÀÅÃÄÊÉÈÚÜË]|[íìæóòîñôöÍÌÆÓÒÎÑÔÖ]")

_VIQR_PAIR = re.compile(r"[dD][dD]|([aAeEoOuUiIyY])([(^+]?)([`'?~.]?)")
_VIQR_SIGNS = MappingProxyType(
    {
        "(": "\u0306", "^": "\u0302", "+": "\u031b",
        "`": "\u0300", "'": "\u0301", "?": "\u0309", "~": "\u0303", ".": "\u0323",
    }
)  # fmt: skip
_NO_TEXT = re.compile(r"[^\x00-\xff]")
_STRANGE_LATIN = re.compile("[\u0180-\u019f\u01a2-\u01ae\u01b1-\u02ff]")
"""Latin letters that no place in our part of the world is written with."""


def as_latin1(text: str) -> str | None:
    r"""The text with one sign of ISO-8859-1 a byte, None where it was never read byte by byte.

    >>> as_latin1("Ngh‡"), as_latin1("Nghệ")
    ('Ngh\x87', None)
    """
    bare = text.translate(_TO_LATIN1)
    return None if _NO_TEXT.search(bare) else bare


def as_western(text: str) -> str:
    """Text read as ISO-8859-1, with the signs of Windows-1252 where those have none."""
    return text.translate(_TO_WESTERN)


def decoded(text: str, encoding: Encoding) -> str | None:
    """Text that was read byte by byte as what it is in ``encoding``, composed (NFC).

    None where it cannot be in that encoding.

    >>> decoded("NghÖ An", "tcvn3"), decoded("Ngheä An", "vni"), decoded("Nghá»‡ An", "utf-8")
    ('Nghệ An', 'Nghệ An', 'Nghệ An')
    """
    bare = as_latin1(text)
    found = None if bare is None else _DECODERS[encoding](bare)
    return None if found is None else unicodedata.normalize("NFC", found)


_LETTERS = {
    byte: letter for byte, letter in TCVN5712_1.items() if byte >= 0x80 and letter.isalpha()
}
"""ABC and the capitals of VN1. Its marks by themselves are left out: ABC fonts have none, and
² and ° stand in their places in many a table."""


def _tcvn3(text: str) -> str:
    return capitals_as_drawn(text.translate(_LETTERS))


def capitals_as_drawn(text: str) -> str:
    """Text typed for a capital font: words of capitals whose marked letters are small.

    Two capitals in one word tell it; then all of the text was set in that font.

    >>> capitals_as_drawn("NGHệ AN"), capitals_as_drawn("Hồ Ý"), capitals_as_drawn("Xóm TRUNG Đô")
    ('NGHỆ AN', 'Hồ Ý', 'Xóm TRUNG Đô')
    """
    small = any(letter.islower() and letter.isascii() for letter in text)
    return text if small or not re.search("[A-Z]{2}", text) else text.upper()


def _vni(text: str) -> str:
    return _VNI_PAIR.sub(_vni_letter, text)


def _vni_letter(found: re.Match[str]) -> str:
    first, mark = found[0][0], found[0][1:].lower()
    base = _VNI_ALONE.get(first.lower(), first.lower())
    if mark in _VNI_ROUND and base in "aeo":
        marks = "\u0302" + _VNI_ROUND[mark]
    elif mark in _VNI_SHORT and base == "a":
        marks = "\u0306" + _VNI_SHORT[mark]
    elif mark in _VNI_TONES:
        marks = _VNI_TONES[mark]
    else:
        marks = found[0][1:]  # no pair of VNI: both stay
    whole = unicodedata.normalize("NFC", base + marks)
    return whole.upper() if first.isupper() else whole


def _cp1258(text: str) -> str | None:
    try:
        return text.encode("latin-1").decode("cp1258")
    except UnicodeDecodeError:
        return None


def _utf8(text: str) -> str | None:
    """UTF-8, without the half letter that a field of fixed width may have cut at its end."""
    raw = text.encode("latin-1")
    try:
        found = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        found = raw[: error.start].decode("utf-8")
        if error.reason != "unexpected end of data" or found.isascii():
            return None  # one accent at the end may be anything
    return None if _STRANGE_LATIN.search(found) else found


def _viqr(text: str) -> str:
    return _VIQR_PAIR.sub(_viqr_letter, text)


def _viqr_letter(found: re.Match[str]) -> str:
    if found[1] is None:
        return "Đ" if found[0][0] == "D" else "đ"
    marks = "".join(_VIQR_SIGNS[sign] for sign in found[0][1:])
    return unicodedata.normalize("NFC", found[1] + marks)


_DECODERS: Mapping[Encoding, Callable[[str], str | None]] = MappingProxyType(
    {"tcvn3": _tcvn3, "vni": _vni, "cp1258": _cp1258, "utf-8": _utf8, "viqr": _viqr}
)
