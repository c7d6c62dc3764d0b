"""The registry: every module of this folder is one convention, its ``CONVENTION``.

A convention is added by adding its module, and nothing else.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from importlib import import_module

from geodata.convention import Candidate, Convention
from geodata.conventions.drive_tests import is_placed
from geodata.errors import CallError, DataError
from geodata.filing import Kind


def conventions() -> tuple[Convention, ...]:
    """All there are, by name."""
    modules = sorted(found.name for found in pkgutil.iter_modules(__path__))
    held: list[Convention] = [import_module(f"{__name__}.{m}").CONVENTION for m in modules]
    return tuple(sorted(held, key=lambda one: one.name))


def named(name: str) -> Convention:
    """The convention of a name. Raises `CallError` for one there is not."""
    known = {one.name: one for one in conventions()}
    if name not in known:
        raise CallError(
            "there is no convention {name}; expected one of {known}",
            name=repr(name),
            known=", ".join(known),
        )
    return known[name]


def recognised(candidate: Candidate) -> Convention | None:
    """The one convention that a file follows by its content, None where only fallbacks would.

    Raises `CallError` where several fit, and what reading raises.
    """
    known = [one for one in conventions() if not one.fallback]
    fitting = [one for one in known if one.by_head is not None and one.by_head(candidate.head)]
    fitting = fitting or [one for one in known if one.recognises(candidate)]
    if len(fitting) > 1:
        raise CallError(
            "{file} may be {names}; say which with convention = … in its entry",
            file=candidate.file,
            names=", ".join(one.name for one in fitting),
        )
    return fitting[0] if fitting else None


def convention_of(
    candidate: Candidate, *, kinds: Sequence[Kind], name: str | None = None
) -> Convention:
    """The convention named, else the one recognised, else the fallback of the first kind.

    Raises `CallError` for an unknown name or several that fit, `DataError` where the file is
    of another kind than the ``kinds`` its entry may hold, or a raster that nobody explains.
    """
    found = named(name) if name is not None else recognised(candidate)
    if found is None:
        found = _fallback(candidate, kinds)
    if found.kind not in kinds:
        raise DataError(
            "{file} is read as {convention}, which is of kind {found}; its entry expects {wanted}",
            file=candidate.file,
            convention=found.title,
            found=found.kind,
            wanted=", ".join(kinds),
        )
    return found


def _fallback(candidate: Candidate, kinds: Sequence[Kind]) -> Convention:
    if candidate.part.is_raster:
        values = candidate.values
        raise DataError(
            "{file} is a raster whose values ({low} to {high}) no convention explains; say which "
            "it follows with convention = …, one of {known}",
            file=candidate.file,
            low=f"{values.min():g}" if values.size else "–",
            high=f"{values.max():g}" if values.size else "–",
            known=", ".join(c.name for c in conventions() if c.name.endswith("_raster")),
        )
    if "measurements" in kinds and is_placed(candidate):
        return named("drive_tests")  # a table at places: the study file may name its columns
    fitting = [one for one in conventions() if one.fallback and one.kind in kinds]
    for one in fitting:
        if one.recognises(candidate):
            return one
    if not fitting:
        raise DataError(
            "{file} follows no convention of {wanted}; expected one of {known}, or "
            "convention = … in its entry",
            file=candidate.file,
            wanted=", ".join(kinds),
            known=", ".join(one.name for one in conventions() if one.kind in kinds),
        )
    return fitting[0]
