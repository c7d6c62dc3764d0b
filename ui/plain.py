"""Text of strangers made harmless: names come from files, and files hold anything."""

from __future__ import annotations

import re
from html import escape

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&^=@/])")
_CONTROLS = re.compile("[\u0000-\u001f\u007f-\u009f\u2028\u2029]")
_MARKS = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
WORD_JOINER = "\u2060"
_REPLACED = re.compile(
    r"(?<=http)(?=://)|(?<=https)(?=://)|(?<=www)(?=\.)|(?<=@)(?=\S)"  # links
    r"|(?<=:)(?=[\w+-]+:|material/)"  # emoji and icons
    r"|(?<=[<>~-])(?=[>=-]+(?:\s|$))",  # arrows, dashes and signs
    re.IGNORECASE,
)
"""Where Streamlit replaces parts of text after the Markdown was read: backslashes do not help."""


def plain(text: object) -> str:
    """``text`` as one line without control or direction marks, for cells and plain labels."""
    told = str(text)
    if not told.isprintable():  # all of these marks are what Python does not print
        told = _MARKS.sub("", _CONTROLS.sub(" ", told))
    return " ".join(told.split())


def html_safe(text: object) -> str:
    """``text`` as one line that HTML shows letter by letter, in an attribute too."""
    return escape(plain(text), quote=True)


def escaped(text: object) -> str:
    """``text`` so that Markdown shows it letter by letter: in text, labels, options and tooltips.

    Bare addresses become links, and ``:name:`` a picture, even where every sign is escaped: an
    unseen word joiner (U+2060) parts them.
    """
    told = plain(text)
    if told.replace(" ", "").isalnum():  # most names: nothing to part, nothing to escape
        return told
    return _MARKDOWN.sub(r"\\\1", _REPLACED.sub(WORD_JOINER, told))


def code_span(text: object) -> str:
    """``text`` so that Markdown shows it letter by letter and it can be copied, as code.

    What `escaped` parts by an unseen sign would be another address when copied.
    """
    told = plain(text)
    return escaped(told) if "`" in told or not told else f"`{told}`"
