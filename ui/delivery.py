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
from ui.access import NotAllowedError, current_owner, require, require_of, visitor_named
from ui.person import Visitor

MOST_FILES = 4096
"""So many files are remembered; one that was forgotten is made again with a click."""

MOST_CLAIMS = 16
"""With so many rights and studies one file of one owner is remembered."""


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

    def require_of(self, visitor: Visitor) -> None:
        """`require` for an owner whose rights were asked for just now."""
        require_of(visitor, self.rights, study=self.study)


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """For whom files were made, by a digest of their content; the latest ``most``.

    A file of one owner that was made with several claims keeps the latest `MOST_CLAIMS`.
    """

    most: int = MOST_FILES
    _claims: OrderedDict[tuple[str, str], tuple[Claim, ...]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def add(self, content: bytes, claim: Claim) -> None:
        """Remember for whom a file was made."""
        key = digest_of(content), claim.owner
        with self._lock:
            others = (one for one in self._claims.pop(key, ()) if one != claim)
            self._claims[key] = (*others, claim)[-MOST_CLAIMS:]
            while len(self._claims) > self.most:
                self._claims.popitem(last=False)

    def require(self, content: bytes, *, owner: str) -> None:
        """Raise `NotAllowedError` unless a file was made for ``owner``, who may still have it."""
        with self._lock:
            own = self._claims.get((digest_of(content), owner), ()) if owner else ()
        if not own:
            raise NotAllowedError(
                "this file was made for somebody else, or too long ago; load the page again and "
                "make it anew"
            )
        visitor = visitor_named(owner)
        *others, last = own
        for claim in others:
            try:
                claim.require_of(visitor)
            except NotAllowedError:
                continue
            return
        last.require_of(visitor)


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


def claim_of(rights: Rights, *, study: str) -> Claim:
    """For whom this session's files are, which take ``rights`` and a study to have.

    One for all buttons of a group, so that a page asks once who it is for.
    """
    return Claim(owner=current_owner(), rights=rights, study=study)


def download_button(label: str, make: Callable[[], bytes], *, claim: Claim, **options: Any) -> None:
    """Offer a file that takes a claim to have.

    The only way to a button that gives files.
    """
    st.download_button(label, Delivery(make=make, claim=claim), on_click="ignore", **options)
