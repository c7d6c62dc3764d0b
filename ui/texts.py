"""Words, numbers and dates in the reader's language.

English sentences are the keys; ``ui/locale/vi.po`` holds the Vietnamese ones and is read
as it stands, so a translation is corrected in one place and nothing is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Literal, get_args

import pandas as pd
from babel.messages import pofile
from babel.numbers import format_decimal, format_percent

from geodata.errors import Phrase, with_list

Language = Literal["vi", "en"]

LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT_LANGUAGE: Language = "vi"
LOCALE_FOLDER = Path(__file__).parent / "locale"

_POSIX = r"/(?:[^{0}/]+/)+"
_WINDOWS = r"(?:(?:\\{{2,}}[?.]\\+)?[A-Za-z]:[\\/]+|\\{{2,}})(?:[^{0}\\/]+[\\/]+)*"
"""Folders of a drive or of a share (``\\\\server``), also where ``repr`` has doubled the signs."""

_IN_QUOTES, _BARE, _BARE_WORD = "'\"\n", "'\":,;\n", r"\s'\":,;"
_QUOTED_PATH = re.compile(
    rf"(['\"])(?:{_POSIX.format(_IN_QUOTES)}|{_WINDOWS.format(_IN_QUOTES)})([^'\"/\\\n]+(?=\1))"
)
_PATH = re.compile(rf"(?<![\w./:<\\-])(?:{_POSIX.format(_BARE_WORD)}|{_WINDOWS.format(_BARE)})")

FILE_PARTS = frozenset({"file", "folder", "entry"})
"""How the parts of sentences are called that name files, where they are no paths."""

_SWAPPED = str.maketrans(",.", ".,")
_DATE_FORMATS: Mapping[str, str] = MappingProxyType({"vi": "%d/%m/%Y", "en": "%d %B %Y"})


@dataclass(frozen=True)
class Translator:
    """Gives an English sentence in ``language``; what has no translation stays English.

    >>> translator("vi")("Language")
    'Ngôn ngữ'
    """

    language: Language

    def __call__(self, message: str, /, **parts: object) -> str:
        """Translate ``message``; with ``parts``, fill its ``{named}`` gaps."""
        text = catalogue(self.language).get(message, message)
        return text.format(**_named(parts)) if parts else text

    def plural(self, one: str, many: str, number: int, /, **parts: object) -> str:
        """``one`` or ``many`` by ``number``. Vietnamese does not bend words: it uses ``many``."""
        message = one if number == 1 and self.language == "en" else many
        return self(message, **parts)

    def number(self, value: float | None) -> str:
        """A count or amount with the language's separators; a dash where there is none."""
        return number(value, self.language)

    def percent(self, share: float | None, *, digits: int = 2) -> str:
        """A share of 0 to 1 as percent."""
        return percent(share, self.language, digits=digits)

    def date(self, day: date | None) -> str:
        """A day as people of the language write it."""
        return date_text(day, self.language)

    def column(self, values: Iterable[float | None], *, digits: int = 0) -> list[str]:
        """Numbers for one column of a table whose cells are text, "" where there is none.

        Each is as wide as the widest: a table that sorts texts then sorts them as numbers.
        """
        return as_wide(self.figures(values, digits=digits))

    def figures(self, values: Iterable[float | None], *, digits: int = 0) -> list[str]:
        """Numbers as the language writes them, "" where there is none."""
        told = ["" if pd.isna(value) else f"{value:,.{digits}f}" for value in values]
        return [text.translate(_SWAPPED) for text in told] if self.language == "vi" else told


def as_wide(texts: Sequence[str]) -> list[str]:
    """Texts as wide as the widest, with spaces before them."""
    width = max(map(len, texts), default=0)
    return [text.rjust(width) for text in texts]


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """All translations into ``language``; empty for English, which is the key itself."""
    path = LOCALE_FOLDER / f"{language}.po"
    if language == "en" or not path.is_file():
        return MappingProxyType({})
    with path.open("rb") as file:
        entries = pofile.read_po(file, locale=language)
    found = {
        str(entry.id): str(entry.string)
        for entry in entries
        if entry.id and entry.string and isinstance(entry.id, str)
    }
    return MappingProxyType(found)


def language_of(text: str | None) -> Language:
    """The language named by ``text`` ("vi", "en"); the default for anything else."""
    for language in LANGUAGES:
        if text == language:
            return language
    return DEFAULT_LANGUAGE


def translator(language: str) -> Translator:
    """The translator into ``language``; an unknown language gives Vietnamese."""
    return Translator(language_of(language))


def number(value: float | None, language: str) -> str:
    """``value`` with the separators of ``language``: 3.743 in Vietnamese, 3,743 in English."""
    if value is None or value != value:  # noqa: PLR0124  # NaN is the one value unequal to itself
        return "–"
    return str(format_decimal(value, locale=language_of(language)))


def percent(share: float | None, language: str, *, digits: int = 2) -> str:
    """A share of 0 to 1 as percent with ``digits`` decimals: 98,34 % or 98.34 %."""
    if share is None or share != share:  # noqa: PLR0124  # NaN is the one value unequal to itself
        return "–"
    pattern = "#,##0." + "0" * digits if digits else "#,##0"
    return str(format_percent(share, format=f"{pattern}\u00a0%", locale=language_of(language)))


def date_text(day: date | None, language: str) -> str:
    """30/08/2023 in Vietnamese, 30 August 2023 in English; a dash where there is none."""
    if day is None:
        return "–"
    return day.strftime(_DATE_FORMATS[language_of(language)])


def phrase_text(phrase: Phrase, language: str) -> str:
    """A phrase for the reader of ``language``, and so the phrases it is made of."""
    template = catalogue(language_of(language)).get(phrase.template, phrase.template)
    parts = _named(phrase.parts)
    return template.format(**{k: _part(part, language) for k, part in parts.items()})


def _named(parts: Mapping[str, object]) -> dict[str, object]:
    """The parts of a sentence, with files named by `path_text`."""
    return {
        name: path_text(part)
        if isinstance(part, PurePath) or (isinstance(part, str) and name in FILE_PARTS)
        else part
        for name, part in parts.items()
    }


def path_text(path: PurePath | str) -> str:
    r"""A path as a reader can tell it: in quotes with escapes where it has what no line can show.

    A line break would seem two names, and a byte of no known encoding none.

    >>> path_text("layers/a.gpkg")
    'layers/a.gpkg'
    >>> print(path_text("a\nb.csv"))
    'a\nb.csv'
    """
    text = str(path)
    return text if text.isprintable() else repr(text)


def _part(part: object, language: str) -> object:
    """A part of a phrase as it is filled in; English parts stay as ``str`` has them."""
    if isinstance(part, Phrase):
        return phrase_text(part, language)
    if language_of(language) == "en":
        return part
    if isinstance(part, date):
        return date_text(part, language)
    return number(part, language) if isinstance(part, float) else part


def page_error_text(error: Exception, language: str) -> str:
    """`error_text` for a page: files are named without the folders of the server.

    >>> page_error_text(OSError("[Errno 13] Permission denied: '/srv/song/study.toml'"), "en")
    "[Errno 13] Permission denied: 'study.toml'"
    """
    parts: Mapping[str, object] = getattr(error, "parts", {})
    text = error_text(error, language)
    for part in parts.values():
        if isinstance(part, PurePath) and part.is_absolute():  # its folders may have any signs
            text = text.replace(path_text(part), path_text(part.name))
            text = text.replace(str(part), part.name)
    return _PATH.sub("", _QUOTED_PATH.sub(r"\1\2", text))


def error_text(error: Exception, language: str) -> str:
    """One sentence for the reader of ``language``, from the error's template and parts.

    The faults of a study file follow, numbered, as they were found.
    """
    template = getattr(error, "template", None)
    if not isinstance(template, str):
        return str(error)
    text = phrase_text(Phrase(template, getattr(error, "parts", {})), language)
    return with_list(text, [phrase_text(f, language) for f in getattr(error, "faults", ())])


def marked(message: str) -> str:
    """``message`` itself: marks a sentence that is translated where it is shown."""
    return message
