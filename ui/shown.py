"""Studies made in the browser that were shown to each sign-in, for when one is taken away."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from threading import Lock


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Folder names of studies by the sign-in that they were shown to, in this process."""

    _slugs: dict[str, frozenset[str]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def add(self, owner: str, slug: str) -> None:
        """Remember that a sign-in was shown a study."""
        with self._lock:
            self._slugs[owner] = self.to(owner) | {slug}

    def discard(self, owner: str, slug: str) -> None:
        """Forget it: the sign-in has given the study up itself."""
        with self._lock:
            self._slugs[owner] = self.to(owner) - {slug}

    def keep(self, owners: Collection[str]) -> None:
        """Forget what was shown to all other sign-ins: they have ended."""
        with self._lock:
            for owner in self._slugs.keys() - set(owners):
                del self._slugs[owner]

    def to(self, owner: str) -> frozenset[str]:
        """What a sign-in was shown."""
        return self._slugs.get(owner, frozenset())


@cache
def shown() -> Shown:
    """What was shown in this process."""
    return Shown()
