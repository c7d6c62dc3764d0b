"""Delivery of files: each asks anew, when its bytes leave, whether its reader may have them.

Streamlit makes a file when its button is clicked and serves it at an address below ``/media/``
that names no session. `DeliveryGate` lets such an address give nothing but what a `Delivery`
made, and that to the sign-in (or, where access is off, the browser) it was made for alone.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import Any

import streamlit as st

from geodata.access import Rights
from ui.access import NotAllowedError, current_owner, require

MOST_FILES = 4096
"""So many files are remembered; one that was forgotten is made again with a click."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Who was made a file, and the rights and the study that it takes to have it.

    ``study`` is the folder name of one made in the browser, "" for the server's own.
    """

    owner: str
    rights: Rights
    study: str

    def require(self) -> None:
        """Raise `NotAllowedError` unless the file may leave for its owner at this moment."""
        require(self.rights, owner=self.owner, study=self.study)


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """For whom files were made, by a digest of their content; the latest ``most`` files."""

    most: int = MOST_FILES
    _claims: OrderedDict[str, set[Claim]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def add(self, content: bytes, claim: Claim) -> None:
        """Remember for whom a file was made."""
        digest = digest_of(content)
        with self._lock:
            self._claims.setdefault(digest, set()).add(claim)
            self._claims.move_to_end(digest)
            while len(self._claims) > self.most:
                self._claims.popitem(last=False)

    def require(self, content: bytes, *, owner: str) -> None:
        """Raise `NotAllowedError` unless a file was made for ``owner``, who may still have it."""
        with self._lock:
            claims = set(self._claims.get(digest_of(content), ()))
        own = [claim for claim in claims if owner and claim.owner == owner]
        if not own:
            raise NotAllowedError(
                "this file was made for somebody else, or too long ago; load the page again and "
                "make it anew"
            )
        *others, last = own
        for claim in others:
            try:
                claim.require()
            except NotAllowedError:
                continue
            return
        last.require()


def digest_of(content: bytes) -> str:
    """The digest that names a file."""
    return hashlib.sha256(content).hexdigest()


@cache
def ledger() -> Ledger:
    """The ledger of this process."""
    return Ledger()


@dataclass(frozen=True, kw_only=True, eq=False)
class Delivery:
    """A file that is made when it is asked for, if its reader may still have it."""

    make: Callable[[], bytes]
    claim: Claim

    def __call__(self) -> bytes:
        """The file; raises `NotAllowedError` where it may leave no longer."""
        self.claim.require()
        content = self.make()
        self.claim.require()  # making may take a minute
        ledger().add(content, self.claim)
        return content


def download_button(
    label: str, make: Callable[[], bytes], *, rights: Rights, study: str, **options: Any
) -> None:
    """Offer a file that takes ``rights`` to have, and a study made in the browser, if it is of one.

    The only way to a button that gives files.
    """
    claim = Claim(owner=current_owner(), rights=rights, study=study)
    st.download_button(label, Delivery(make=make, claim=claim), on_click="ignore", **options)
