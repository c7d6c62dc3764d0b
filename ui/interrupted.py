"""What Ctrl-C says of a command: whether anything had been changed when it came."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ui.texts import Translator

Sentence = Callable[[Translator], str]
"""Asked once the command was stopped: it looks at what is there then."""


def nothing_changed(t: Translator) -> str:
    """For commands that only read."""
    return t("Stopped; nothing was changed")


def file_of(path: Path) -> Sentence:
    """For a command that writes a file, or several whose names begin as its name does."""
    before = _stamps(path)

    def sentence(t: Translator) -> str:
        now = _stamps(path)
        if now == before:
            return (
                t("Stopped; {file} is as it was before", file=path)
                if path.name in now
                else t("Stopped; {file} was not written", file=path)
            )
        if {name for name in now | before if now.get(name) != before.get(name)} == {path.name}:
            return t("Stopped, but {file} had been written", file=path)
        return t("Stopped while the files of {file} changed places: write them again", file=path)

    return sentence


def folder_of(path: Path) -> Sentence:
    """For a command that fills a new folder."""
    before = _names(path)

    def sentence(t: Translator) -> str:
        if _names(path) == before:
            return t("Stopped; {folder} was not written", folder=path)
        return t("Stopped; {folder} may hold a part only: remove it and begin again", folder=path)

    return sentence


def results_of(study: Path) -> Sentence:
    """For a command that keeps a run in a study."""
    folder = (study if study.is_dir() else study.parent) / "results"
    runs, current = _runs(folder), _stamp(folder / "current")

    def sentence(t: Translator) -> str:
        if _stamp(folder / "current") != current:
            return t("Stopped, but the result had been kept and published")
        if _runs(folder) != runs:
            return t("Stopped, but the result had been kept; it is not published")
        return t("Stopped; no result was kept, and earlier ones are as they were")

    return sentence


def in_database(t: Translator) -> str:
    """For a command that writes in one transaction."""
    return t("Stopped; the database is as it was, or has the run whole: the same command tells")


def kept_measures(t: Translator) -> str:
    """For a command that removes kept measures."""
    return t(
        "Stopped; some kept measures may be gone and are taken anew when they are needed; results "
        "are as they were"
    )


def browser_studies(t: Translator) -> str:
    """For a command that hands over or deletes a study made in the browser."""
    return t("Stopped; phusong studies says what is there now, and whose it is")


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written; None where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _stamps(path: Path) -> dict[str, tuple[int, int, int] | None]:
    """The stamps of a file and of those beside it that are called alike."""
    alike = (name for name in _names(path.parent) if name.startswith(path.stem))
    return {name: _stamp(path.parent / name) for name in alike}


def _names(folder: Path) -> frozenset[str]:
    """What lies in a folder; nothing where there is none."""
    try:
        return frozenset(one.name for one in folder.iterdir())
    except (OSError, ValueError):
        return frozenset()


def _runs(results: Path) -> frozenset[str]:
    try:
        return frozenset(one.parent.name for one in results.glob("[!.]*/manifest.json"))
    except (OSError, ValueError):
        return frozenset()
