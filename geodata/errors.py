"""The errors of getting data in and out. Each says what was found, where, and what to do.

A message is a template and its parts, so that a face can show it in the reader's
language: ``str(error)`` is the English sentence, ``template`` the key of its
translation and ``parts`` what fills it.
"""

from __future__ import annotations


class GeodataError(Exception):
    """Root of all errors of this package: the data is bad (exit status 1)."""

    def __init__(self, template: str, /, **parts: object) -> None:
        self.template = template
        self.parts = parts
        super().__init__(template.format(**parts))


class DataError(GeodataError, ValueError):
    """A file was read, and what it holds cannot be used."""


class StudyError(GeodataError, ValueError):
    """A study file has faults; ``faults`` holds every one of them."""

    def __init__(self, template: str, /, *, faults: tuple[str, ...] = (), **parts: object) -> None:
        self.faults = faults
        super().__init__(template, **parts)


class UnreadableError(GeodataError, OSError):
    """A file cannot be read as what it should be (exit status 2)."""


class MissingFileError(UnreadableError, FileNotFoundError):
    """A file that was named is not there (exit status 2)."""


class CallError(GeodataError, ValueError):
    """The call itself is wrong: an unknown name, an impossible choice (exit status 2)."""
