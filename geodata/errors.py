"""The errors of getting data in and out. Each says what was found, where, and what to do.

A message is a template and its parts, so that a face can show it in the reader's
language: ``str(error)`` is the English sentence, ``template`` the key of its
translation and ``parts`` what fills it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Phrase:
    """A sentence, or a piece of one, that a face can show in the reader's language.

    ``str()`` is the English text. A part may be a phrase itself.

    >>> str(phrase("{where} is missing", where=phrase("line {line}, {key}", line=3, key="crs")))
    'line 3, crs is missing'
    """

    template: str
    parts: Mapping[str, object] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return self.template.format(**self.parts)


def phrase(template: str, /, **parts: object) -> Phrase:
    """A phrase from its template and parts."""
    return Phrase(template, parts)


def with_list(opening: str, sentences: Sequence[str]) -> str:
    """``opening`` and what it announces: one sentence beside it, several numbered below it.

    >>> print(with_list("Two:", ["a", "b"]))
    Two:
      1. a
      2. b
    """
    if len(sentences) < 2:
        return " ".join([opening, *sentences])
    return "\n".join([opening, *(f"  {k}. {one}" for k, one in enumerate(sentences, 1))])


class GeodataError(Exception):
    """Root of all errors of this package: the data is bad (exit status 1)."""

    def __init__(self, template: str, /, **parts: object) -> None:
        self.template = template
        self.parts = parts
        super().__init__(template.format(**parts))

    def __reduce__(self) -> tuple[object, ...]:
        """Travels between processes with its template and parts."""
        return _again, (type(self), self.template, dict(self.parts), dict(vars(self)))


class DataError(GeodataError, ValueError):
    """A file was read, and what it holds cannot be used."""


class StudyError(GeodataError, ValueError):
    """A study file has faults; ``faults`` holds every one of them, and so does its text."""

    def __init__(
        self, template: str, /, *, faults: tuple[Phrase, ...] = (), **parts: object
    ) -> None:
        self.faults = faults
        super().__init__(template, **parts)

    def __str__(self) -> str:
        return with_list(super().__str__(), [str(fault) for fault in self.faults])


class UnreadableError(GeodataError, OSError):
    """A file cannot be read as what it should be (exit status 2)."""


class KeptResultError(UnreadableError):
    """What a study keeps of an assessment is gone or damaged: to assess it anew makes it good."""


class MissingFileError(UnreadableError, FileNotFoundError):
    """A file that was named is not there (exit status 2)."""


class UnwrittenError(GeodataError, OSError):
    """A file cannot be written; what stood there before still does (exit status 2)."""

    def __str__(self) -> str:
        """Our sentence also where the number and the words of the system are kept."""
        return self.template.format(**self.parts)


class CallError(GeodataError, ValueError):
    """The call itself is wrong: an unknown name, an impossible choice (exit status 2)."""


def _again(
    kind: type[GeodataError],
    template: str,
    parts: Mapping[str, object],
    held: Mapping[str, object],
) -> GeodataError:
    """An error as it was in another process."""
    error = kind(template, **parts)
    vars(error).update(held)
    return error
