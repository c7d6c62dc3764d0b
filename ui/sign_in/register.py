"""Register of open sign-ins, kept on disk so that they survive a restart of the server."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import RLock

import platformdirs
from filelock import FileLock

FOLDER_VARIABLE = "PHUSONG_SIGN_INS"
WAIT_S = 5.0
"""So long a change waits for another process that writes."""

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


Entries = Mapping[str, SignIn]


def sign_in_id(claims: Mapping[str, object]) -> str:
    """The id of the sign-in that some claims are of."""
    named = json.dumps([[name, claims.get(name)] for name in NAMED_BY], default=str)
    return hashlib.sha256(named.encode()).hexdigest()[:32]


@lru_cache(1024)
def mac_of(secret: str, sign_in: str) -> str:
    """What ties a sign-in to a ``cookie_secret``."""
    return hmac.new(secret.encode(), sign_in.encode(), hashlib.sha256).hexdigest()[:32]


class Register:
    """The open sign-ins of a server, by id, in a file that several processes may share.

    Readers take the latest snapshot, which is never changed, and wait for nobody. Writers go one
    after another, in this process by a lock and among processes by a lock file: each takes what
    the file holds, changes that, and writes it whole, then renames it.

    So no process undoes the change of another. A sign-in that one process ends is ended in the
    file, and with it after any restart; another process that runs knows of it from its next
    `refresh` (the server's, each second) or change on. One that is ended while the file cannot
    be written is ended in this process at once, and in the file with the next change or `prune`
    that can be written.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._writing = RLock()
        self._mark = _mark_of(file)
        self._kept = _read(file)
        self._open: Entries = self._kept or {}
        self._ended: frozenset[str] = frozenset()

    def find(self, sign_in: str) -> SignIn | None:
        """An open sign-in; None for one that was ended or never begun."""
        return self._open.get(sign_in)

    def all(self) -> dict[str, SignIn]:
        """All open sign-ins."""
        return dict(self._open)

    def begin(self, sign_in: str, entry: SignIn) -> None:
        """Open a sign-in; raises `OSError` where it cannot be kept."""
        self._change(lambda entries: {**entries, sign_in: entry})

    def end(self, *sign_ins: str) -> None:
        """End sign-ins, at once and for good; raises `OSError` where it cannot be kept."""
        with self._writing:
            self._ended |= set(sign_ins)
            self._open = _without(self._open, self._ended)  # here even where the disk is full
            self._change(lambda entries: entries)

    def grant(self, sign_in: str, rights: str) -> str:
        """The grant of a sign-in for a digest of its rights; "" where it is not open."""
        entry = self._open.get(sign_in)
        if entry is not None and (not entry.grant or entry.rights != rights):
            token = secrets.token_urlsafe(12)
            with self._writing:
                try:
                    self._change(lambda entries: _renewed(entries, sign_in, rights, token))
                except OSError:  # a restart renews a grant that could not be kept
                    self._open = _renewed(self._open, sign_in, rights, token)
                entry = self._open.get(sign_in)
        return "" if entry is None else entry.grant

    def prune(self, is_kept: Callable[[SignIn], bool], *, also: Collection[str] = ()) -> None:
        """Forget all sign-ins but those that ``is_kept`` or ``also`` keeps.

        Raises `OSError` where it cannot be written, and what ``is_kept`` raises.
        """

        def pruned(entries: Entries) -> Entries:
            return {key: e for key, e in entries.items() if key in also or is_kept(e)}

        if self._ended or len(pruned(self._open)) < len(self._open):
            self._change(pruned)

    def refresh(self) -> None:
        """Take over what other processes have written."""
        if _mark_of(self.file) != self._mark:
            with self._writing:
                self._open = self._latest()

    def _change(self, change: Callable[[Entries], Entries]) -> None:
        """Change what the file holds, and show it once it is written; raises `OSError`."""
        with self._writing:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self.file.with_suffix(".lock"), timeout=WAIT_S):
                self._open = self._latest()
                entries = change(self._open)
                if entries != self._kept:
                    _write(self.file, entries)
                    self._mark = _mark_of(self.file)
            self._kept = self._open = entries
            self._ended = frozenset()

    def _latest(self) -> Entries:
        """The entries in the file, if another process changed it; else those known here."""
        mark = _mark_of(self.file)
        if mark == self._mark:
            return self._open
        self._mark, self._kept = mark, _read(self.file)
        # one that is gone or broken is written again, of what is known here
        return self._open if self._kept is None else _without(self._kept, self._ended)


def _without(entries: Entries, ended: Collection[str]) -> Entries:
    return {key: entry for key, entry in entries.items() if key not in ended}


def _renewed(entries: Entries, sign_in: str, rights: str, token: str) -> Entries:
    """The entries with a new grant, unless another process gave one for these rights."""
    entry = entries.get(sign_in)
    if entry is None or (entry.grant and entry.rights == rights):
        return entries
    return {**entries, sign_in: replace(entry, rights=rights, grant=token)}


def _mark_of(file: Path) -> tuple[int, int, int] | None:
    """What is another after each change of a file; None where there is none."""
    try:
        state = file.stat()
    except OSError:
        return None
    return state.st_ino, state.st_mtime_ns, state.st_size


def _write(file: Path, entries: Entries) -> None:
    """Put entries in the place of a file's content, whole or not at all; raises `OSError`."""
    text = json.dumps({key: asdict(entry) for key, entry in entries.items()})
    made = Path()
    try:
        with NamedTemporaryFile("w", dir=file.parent, delete=False) as temporary:
            made = Path(temporary.name)  # which only its owner may read
            temporary.write(text)
            temporary.flush()
            os.fsync(temporary.fileno())
        made.replace(file)
    except OSError:
        with suppress(OSError):
            made.unlink()
        raise


def _read(file: Path) -> Entries | None:
    """The entries of a register's file; None where it is not there or cannot be read."""
    try:
        entries = json.loads(file.read_text("utf-8"))
        return {str(key): SignIn(**entry) for key, entry in entries.items()}
    except (OSError, ValueError, TypeError, AttributeError):  # everybody signs in again
        return None


@lru_cache(8)
def register_of(settings: Path) -> Register:
    """The register of the server that these settings are of."""
    named = os.environ.get(FOLDER_VARIABLE, "").strip()
    folder = Path(named) if named else Path(platformdirs.user_state_dir("phusong")) / "sign-ins"
    name = hashlib.sha256(str(settings.absolute()).encode()).hexdigest()[:16]
    return Register(folder / f"{name}.json")
