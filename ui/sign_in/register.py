"""Register of open sign-ins, kept on disk so that they survive a restart of the server."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock

import platformdirs

FOLDER_VARIABLE = "PHUSONG_SIGN_INS"
NAMED_BY = ("iss", "sub", "email", "iat", "nonce", "provider")
"""Claims that tell one sign-in from another; the sign-in server repeats our random nonce."""


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """One sign-in of one person.

    ``since`` is a Unix time in seconds. ``mac`` ties the entry to the ``cookie_secret`` of its
    day. ``grant`` is a random token that is renewed whenever the rights, of which ``rights`` is
    a digest, change: sockets and keys name it and end with it.
    """

    email: str
    verified: bool
    since: float
    mac: str
    rights: str = ""
    grant: str = ""


def sign_in_id(claims: Mapping[str, object]) -> str:
    """The id of the sign-in that some claims are of."""
    named = json.dumps([[name, claims.get(name)] for name in NAMED_BY], default=str)
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def mac_of(secret: str, sign_in: str) -> str:
    """What ties a sign-in to a ``cookie_secret``."""
    return hmac.new(secret.encode(), sign_in.encode(), hashlib.sha256).hexdigest()[:32]


class Register:
    """The open sign-ins of a server, by id; each change is written whole, then renamed."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = Lock()
        self._open = _read(file)

    def find(self, sign_in: str) -> SignIn | None:
        """An open sign-in; None for one that was ended or never begun."""
        with self._lock:
            return self._open.get(sign_in)

    def all(self) -> dict[str, SignIn]:
        """All open sign-ins."""
        with self._lock:
            return dict(self._open)

    def begin(self, sign_in: str, entry: SignIn) -> None:
        """Open a sign-in; raises `OSError` where it cannot be kept."""
        with self._lock:
            self._write({**self._open, sign_in: entry})

    def end(self, *sign_ins: str) -> None:
        """End sign-ins, at once and for good."""
        with self._lock:
            left = {key: entry for key, entry in self._open.items() if key not in sign_ins}
            if len(left) < len(self._open):
                self._open = left  # ended here even where the disk is full
                self._write(left)

    def grant(self, sign_in: str, rights: str) -> str:
        """The grant of a sign-in for a digest of its rights; "" where it is not open."""
        with self._lock:
            entry = self._open.get(sign_in)
            if entry is None:
                return ""
            if not entry.grant or entry.rights != rights:
                entry = replace(entry, rights=rights, grant=secrets.token_urlsafe(12))
                self._open = {**self._open, sign_in: entry}
                with suppress(OSError):  # a restart renews a grant that could not be kept
                    self._write(self._open)
            return entry.grant

    def _write(self, entries: dict[str, SignIn]) -> None:
        text = json.dumps({key: asdict(entry) for key, entry in entries.items()})
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = Path()
        try:
            with NamedTemporaryFile("w", dir=self.file.parent, delete=False) as file:
                made = Path(file.name)  # which only its owner may read
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            made.replace(self.file)
        except OSError:
            with suppress(OSError):
                made.unlink()
            raise
        self._open = entries


def _read(file: Path) -> dict[str, SignIn]:
    """The entries of a register's file; none where it is not there or cannot be read."""
    try:
        entries = json.loads(file.read_text("utf-8"))
        return {str(key): SignIn(**entry) for key, entry in entries.items()}
    except (OSError, ValueError, TypeError, AttributeError):  # everybody signs in again
        return {}


@lru_cache(8)
def register_of(settings: Path) -> Register:
    """The register of the server that these settings are of."""
    named = os.environ.get(FOLDER_VARIABLE, "").strip()
    folder = Path(named) if named else Path(platformdirs.user_state_dir("phusong")) / "sign-ins"
    name = hashlib.sha256(str(settings.absolute()).encode()).hexdigest()[:16]
    return Register(folder / f"{name}.json")
