"""Text that was read in the wrong encoding: told column by column, and mended where sure.

A column is judged by whether its words are Vietnamese syllables, as they stand and as each
encoding would read them. Names of other languages are none under either, and stay.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geodata.codepages import Encoding, as_latin1, decoded
from geodata.columns import ALIASES, plain, row_number
from geodata.errors import Phrase, phrase
from geodata.findings import ROWS_KEPT, Finding, Severity
from geodata.syllables import is_syllable

Told = Literal["tcvn3", "vni", "cp1258", "utf-8", "viqr", "none"]
"""What somebody says a file is in; "none" leaves every letter as it was read."""

TELLABLE: tuple[Encoding, ...] = ("utf-8", "tcvn3", "vni", "cp1258")
"""Encodings that a column can be seen to be in. VIQR is plain ASCII, so it must be said."""

NAMES: Mapping[Encoding, str] = {
    "tcvn3": "TCVN3 (ABC)", "vni": "VNI", "cp1258": "Windows-1258", "utf-8": "UTF-8",
    "viqr": "VIQR",
}  # fmt: skip

LOOKED_AT = 2_000
"""Different values of a column that are judged; all are mended."""

SURE_SHARE, SURE_WORDS, SURE_LEAD = 0.85, 3, 0.3
"""An encoding is sure when so many of the words that are none as they stand become syllables,
when they are so many different ones, and when no other encoding comes near."""

DOUBT_SHARE = 0.6
"""From this share on an encoding that is not sure is worth a warning."""

LONGEST = 40
"""Letters of a value that an example shows."""

_BREAK = re.compile("[\x00-\x40\x5b-\x60\x7b-\x7f\\s\u2010-\u2020\u2022-\u2026\u2039\u203a]+")
_CONSONANTS = frozenset("bcdđfghjklmnpqrstvwxz")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a column's words say: the likeliest encoding ("" for none), and how sure that is."""

    encoding: Encoding | None = None
    sure: bool = False
    words: int = 0
    mixed: bool = False


def mended(
    table: pd.DataFrame, *, file: str, encoding: Told | None = None
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """The table with text and column names in composed Unicode, and what was found.

    Without ``encoding`` each column is judged by itself and mended where there is no doubt;
    where there is, it stays, and a warning says what it might be. With one, every column is
    read so that is not better as it stands; "none" leaves letters as they are. Columns of
    plain ASCII cost next to nothing.
    """
    held = {name: _unlike_ascii(table[name], told=encoding) for name in _texts(table)}
    held = {name: values for name, values in held.items() if values}
    judged = {name: _judged(values) for name, values in held.items()}
    if encoding == "none":
        judged = dict.fromkeys(held, Judged())
    elif encoding is not None:
        judged = {name: _as_told(encoding, held[name], judged[name]) for name in held}
    else:
        judged = _backed(judged, held)
    out = table
    findings: list[Finding] = []
    for name, values in held.items():
        change = _changes(values, judged[name])
        if change:
            if out is table:
                out = table.copy(deep=False)
            out[name] = _replaced(table[name], change)
        findings += _told(table[name], values, judged[name], change, file)
    sure = {j.encoding for j in judged.values() if j.sure and j.encoding}
    out, more = _renamed(out, file=file, told=encoding, beside=sure)
    return out, (*more, *findings)


def _texts(table: pd.DataFrame) -> list[Hashable]:
    """Columns that may hold text, by name; names that occur twice are left to their reader."""
    once = ~table.columns.duplicated(keep=False)
    kinds = zip(table.columns, table.dtypes, once, strict=True)
    return [n for n, kind, ok in kinds if ok and (isinstance(kind, pd.StringDtype) or kind == "O")]


def _unlike_ascii(column: pd.Series, *, told: Told | None = None) -> list[str]:
    """The different values of a column that are not plain ASCII, in the order they come."""
    if isinstance(column.dtype, pd.StringDtype) and told != "viqr":
        cells = pa.array(column, type=pa.large_string(), from_pandas=True)
        strange = cells.filter(pc.invert(pc.string_is_ascii(cells)))
        found: list[str] = pc.unique(strange).drop_null().to_pylist()
        return found
    texts = dict.fromkeys(v for v in column if isinstance(v, str))
    return [v for v in texts if told == "viqr" or not v.isascii()]


def _words(texts: Iterable[str]) -> set[str]:
    """The different words with marks: what tells an encoding. Abbreviations tell nothing."""
    words = {word for text in texts for word in _BREAK.split(text) if not word.isascii()}
    return {w for w in words if not (len(w) < 5 and set(w.lower()) <= _CONSONANTS)}


def _is_read(text: str) -> bool:
    """Whether every word with marks is a syllable as it stands."""
    return all(is_syllable(word) for word in _words([text]))


def _sample(values: Sequence[str]) -> list[str]:
    step = max(1, len(values) // LOOKED_AT)
    return [unicodedata.normalize("NFC", v) for v in values[::step][:LOOKED_AT]]


def _judged(values: Sequence[str]) -> Judged:
    """What the words of a column say, as they stand and in each encoding."""
    looked = _sample(values)
    bytewise = [v for v in looked if as_latin1(v) is not None]
    odd = [v for v in bytewise if not _is_read(v)]
    if not odd:
        return Judged()
    shares: dict[Encoding, tuple[float, int]] = {one: _share(odd, one) for one in TELLABLE}
    best = max(TELLABLE, key=lambda one: shares[one])
    share, words = shares[best]
    others = max(shares[one][0] for one in TELLABLE if one != best)
    read = _words(v for v in bytewise if v not in set(odd))
    again = {d for v in read if (d := decoded(v, best)) is not None and not is_syllable(d)}
    mixed = len(bytewise) < len(looked) or len(again) > (1 - SURE_SHARE) * len(read)
    if share < DOUBT_SHARE or share - others < SURE_LEAD:
        return Judged()
    enough = words >= (1 if best == "utf-8" else SURE_WORDS)
    return Judged(encoding=best, sure=share >= SURE_SHARE and enough, words=words, mixed=mixed)


def _share(texts: Sequence[str], encoding: Encoding) -> tuple[float, int]:
    """Of the words that an encoding makes, the share that are syllables, and their number.

    UTF-8 tells itself: bytes that are no UTF-8 do not decode, whatever the language.
    """
    read = [decoded(text, encoding) for text in texts]
    there = [text for text in read if text is not None]
    if encoding == "utf-8":
        return len(there) / len(texts), len(there)
    words = _words(there)
    telling = {w for w in words if any(letter.isascii() for letter in w)}
    right = sum(is_syllable(w) for w in telling)
    share = right / len(telling) if telling else 0.0
    return share * len(there) / len(texts), right


def _as_told(encoding: Encoding, values: Sequence[str], judged: Judged) -> Judged:
    """What somebody says, except for a column that reads better as it stands or otherwise."""
    if judged.sure and judged.encoding == "utf-8":
        return judged
    looked = _sample(values)
    words = _words(v for v in looked if as_latin1(v) is not None)
    as_it_stands = sum(map(is_syllable, words))
    as_told = sum(is_syllable(decoded(word, encoding) or "") for word in words)
    if encoding != "viqr" and as_it_stands > as_told:
        return Judged()
    mixed = any(as_latin1(v) is None for v in looked)
    return Judged(encoding=encoding, sure=True, words=len(words), mixed=mixed)


def _backed(
    judged: Mapping[Hashable, Judged], held: Mapping[Hashable, Sequence[str]]
) -> dict[Hashable, Judged]:
    """A column of too few words is sure where a column beside it is in the same encoding."""
    sure = {j.encoding for j in judged.values() if j.sure}

    def one(name: Hashable, found: Judged) -> Judged:
        if found.encoding is None:
            return _either(held[name], sure)
        if found.sure or found.encoding not in sure:
            return found
        odd = [v for v in _sample(held[name]) if as_latin1(v) is not None and not _is_read(v)]
        return replace(found, sure=_share(odd, found.encoding)[0] >= SURE_SHARE)

    return {name: one(name, found) for name, found in judged.items()}


def _either(values: Sequence[str], beside: Collection[Encoding | None]) -> Judged:
    """A doubt where a column reads well as it stands and in the encoding beside it too."""
    looked = _sample(values)
    for encoding in TELLABLE:
        told = [decoded(text, encoding) for text in looked] if encoding in beside else [None]
        both = all(text is not None and _is_read(text) for text in told)
        if both and all(map(_is_read, looked)):
            return Judged(encoding=encoding)
    return Judged()


def _changes(values: Sequence[str], judged: Judged) -> dict[str, str]:
    """Value → what it should be, for those that are to change."""
    if not judged.sure and unicodedata.is_normalized("NFC", "\n".join(values)):
        return {}
    composed = {value: unicodedata.normalize("NFC", value) for value in values}
    if judged.sure and judged.encoding is not None:
        wanted = {v: _read_as(text, judged.encoding, judged) for v, text in composed.items()}
        if judged.encoding == "tcvn3":
            wanted = _in_capitals(wanted)
        composed = wanted
    return {value: text for value, text in composed.items() if text != value}


def _read_as(text: str, encoding: Encoding, judged: Judged) -> str:
    """The text as it should be; in a mixed column, where only this encoding makes it readable."""
    found = decoded(text, encoding)
    if found is None:
        return text
    if judged.mixed and (_is_read(text) or not (encoding == "utf-8" or _is_read(found))):
        return text
    return found


def _in_capitals(wanted: dict[str, str]) -> dict[str, str]:
    """Short names too ("Hå") as capitals, where every longer one was set in a capital font."""
    told = [text for text in wanted.values() if re.search("[a-z]|[A-Z]{2}", text)]
    if not told or any(re.search("[a-z]", text) for text in told):
        return wanted
    return {value: text.upper() for value, text in wanted.items()}


def _replaced(column: pd.Series, change: Mapping[str, str]) -> pd.Series:
    """The column with its values changed, of the same kind."""
    return column.map(lambda v: change.get(v, v) if isinstance(v, str) else v).astype(column.dtype)


def _told(
    column: pd.Series, values: Sequence[str], judged: Judged, change: Mapping[str, str], file: str
) -> list[Finding]:
    """What was done to a column, and what was left because it was in doubt."""
    found = []
    recoded = {v: t for v, t in change.items() if unicodedata.normalize("NFC", v) != t}
    if recoded and judged.encoding:
        sentence = phrase(
            "{file}, column {column}: read as {encoding} ({examples})",
            file=file,
            column=str(column.name),
            encoding=NAMES[judged.encoding],
            examples=examples(recoded),
        )
        found.append(_finding("encoding", "note", sentence, column, recoded))
    apart = [v for v in change if v not in recoded]
    if apart:
        sentence = phrase(
            "{file}, column {column}: letters and their marks stood apart (Unicode NFD) and were "
            "put together",
            file=file,
            column=str(column.name),
        )
        found.append(_finding("unicode-form", "note", sentence, column, apart))
    left = _left(values, judged, change)
    if left and judged.encoding:
        sentence = phrase(
            "{file}, column {column}: may be {encoding} ({examples}) but that is not sure, so it "
            'stays as it is; if the right side reads well, write encoding = "{key}" in the entry '
            'of this file in the study file, else encoding = "none"',
            file=file,
            column=str(column.name),
            encoding=NAMES[judged.encoding],
            examples=examples(left),
            key=judged.encoding,
        )
        found.append(_finding("encoding-doubt", "warning", sentence, column, left))
    return found


def _left(values: Sequence[str], judged: Judged, change: Mapping[str, str]) -> dict[str, str]:
    """Values that an encoding would read otherwise and that stay, because it is not sure."""
    if judged.encoding is None:
        return {}
    told = {v: decoded(v, judged.encoding) for v in values if v not in change}
    other = {v: text for v, text in told.items() if text is not None and text != v}
    if not judged.sure:
        return other
    return {v: text for v, text in other.items() if not _is_read(v) or _is_read(text)}


def examples(change: Mapping[str, str]) -> str:
    """The first three changes, before and after: "NghÖ An → Nghệ An"."""
    pairs = list(change.items())[:3]
    return ", ".join(f"{_shown(before)} → {_shown(after)}" for before, after in pairs)


def _shown(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _finding(
    kind: str, severity: Severity, sentence: Phrase, column: pd.Series, values: Collection[str]
) -> Finding:
    at = np.flatnonzero(column.isin(list(values)).to_numpy(dtype=bool))
    rows = tuple(row_number(column.index, int(k)) for k in at[:ROWS_KEPT])
    file = str(sentence.parts["file"])
    return Finding(
        kind=kind, severity=severity, sentence=sentence, file=file, rows=rows, count=len(at)
    )


def _renamed(
    table: pd.DataFrame, *, file: str, told: Told | None, beside: Collection[Encoding]
) -> tuple[pd.DataFrame, list[Finding]]:
    """The table with its column names mended, where that makes no two alike."""
    names = [name for name in table.columns if isinstance(name, str) and not name.isascii()]
    if not names:
        return table, []
    encoding = None if told == "none" else told or _of_names(names, beside)
    change = {name: _name(name, encoding) for name in names}
    change = {name: text for name, text in change.items() if text != name}
    kept = set(table.columns) - set(change)
    change = {
        name: text for name, text in change.items()
        if text not in kept and list(change.values()).count(text) == 1
    }  # fmt: skip
    recoded = {v: t for v, t in change.items() if unicodedata.normalize("NFC", v) != t}
    found = []
    if recoded and encoding:
        sentence = phrase(
            "{file}: column names read as {encoding} ({examples})",
            file=file,
            encoding=NAMES[encoding],
            examples=examples(recoded),
        )
        found.append(Finding(kind="encoding-names", severity="note", sentence=sentence, file=file))
    return (table.rename(columns=change) if change else table), found


KNOWN = frozenset(alias for aliases in ALIASES.values() for alias in aliases)
"""Names of columns that we know, in `plain` form."""


def _of_names(names: Sequence[str], beside: Collection[Encoding]) -> Encoding | None:
    """The encoding of column names: they are few, but of some we know what they should be."""
    known = {one: sum(_is_known(name, one) for name in names) for one in TELLABLE}
    best = max(TELLABLE, key=lambda one: known[one])
    if known[best] and sum(count == known[best] for count in known.values()) == 1:
        return best
    judged = _judged(names)
    return judged.encoding if judged.sure or judged.encoding in beside else None


def _is_known(name: str, encoding: Encoding) -> bool:
    """Whether a name is one that we know in this encoding, and none as it stands."""
    return not _stands(name) and plain(decoded(name, encoding) or "") in KNOWN


def _stands(name: str) -> bool:
    """Whether a name is one that we know as it stands. "X·" is Xã, and no X."""
    return plain(name) in KNOWN and _is_read(name)


def _name(name: str, encoding: Encoding | None) -> str:
    """A column's name as it should be: what we know, or can read, as it stands stays."""
    composed = unicodedata.normalize("NFC", name)
    found = None if encoding is None else decoded(composed, encoding)
    if encoding is None or found is None or _stands(composed):
        return composed
    better = _is_read(found) and not _is_read(composed)
    return found if better or _is_known(name, encoding) else composed
