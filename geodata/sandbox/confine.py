"""What a process does to itself before it reads a stranger's file, and cannot undo.

Landlock shuts the file system but for libraries and the paths of one call, and TCP; seccomp
shuts every other socket, and what reaches other processes. Both hold for the thread that asks
and those it starts: this is to be done before any other runs.

Landlock is bound by ``landlockpy`` (0BSD, pure Python, typed): it knows versions 1 to 11, handles
the rights of all that it knows, and drops what the kernel lacks. ``py-landlock`` (MIT, alpha)
ends with version 7, so a kernel of today may do more than it asks for.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from geodata.sandbox import seccomp
from geodata.sandbox.limits import Limits, hold_to
from geodata.sandbox.paths import NULL, readable_paths

TCP_SINCE = 4
"""The version of Landlock that shuts TCP."""

SCOPES_SINCE = 6
"""The version of Landlock that shuts abstract Unix sockets, and signals to others."""


@dataclass(frozen=True, kw_only=True)
class Protection:
    """What holds on this machine for a process that reads a stranger's file.

    ``files`` whether it can open nothing but what it was given (Landlock), ``network`` whether
    every socket is shut (seccomp), ``landlock`` the version of Landlock, 0 for none.
    ``own_process`` whether each call has a process of its own from a clean server.
    """

    files: bool
    network: bool
    landlock: int
    own_process: bool

    @property
    def is_whole(self) -> bool:
        """Whether nothing lacks."""
        return self.files and self.network and self.own_process

    def __str__(self) -> str:
        """One line for the log."""
        if self.is_whole:
            return f"Files of strangers are read shut in: by Landlock {self.landlock} and seccomp."
        lacking = [
            *([] if self.files else ["no Landlock, so the file system is not shut"]),
            *([] if self.network else ["no seccomp, so the network is not shut"]),
        ]
        return (
            "Files of strangers are read with limits on time and memory, by lists of what is "
            f"allowed in them, and not shut in: {'; '.join(lacking)}."
        )


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What one call may use: its limits, folders to read and write, paths to read only.

    ``temporary`` is a folder of its own, in which it also works.
    """

    limits: Limits
    folders: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()
    temporary: Path | None = None


def protection() -> Protection:
    """What this machine can do. Asks the kernel, changes nothing."""
    version = landlock_version()
    return Protection(
        files=version > 0,
        network=seccomp.has_seccomp(),
        landlock=version,
        own_process=sys.platform == "linux",
    )


def landlock_version() -> int:
    """The version of Landlock that the kernel has, 0 for none."""
    if sys.platform != "linux":
        return 0
    import landlockpy  # noqa: PLC0415  # installed on Linux alone

    return landlockpy.abi_version()


def confine(grant: Grant) -> None:
    """Shut this process in, as far as the kernel can. Raises `OSError` where it should and fails.

    Everything it opens from here on is within the grant; what it has open stays open.
    """
    holds = protection()
    hold(grant)
    if sys.platform == "linux" and os.geteuid() == 0:
        seccomp.drop_capabilities()
    if holds.files:
        _shut_files(grant)
        _leave_numba_cache()
    if holds.network:
        seccomp.filter_calls()


def hold(grant: Grant) -> None:
    """Hold this process to the limits of a grant and have it work in its own folder."""
    if grant.temporary is not None:
        _work_in(grant.temporary)
    hold_to(grant.limits)


def end_with_parent() -> None:
    """Have this process killed when the one that forked it ends."""
    if sys.platform == "linux":
        seccomp.end_with_parent(signal.SIGKILL)


def _work_in(folder: Path) -> None:
    """Make a folder the working folder and the place of temporary files."""
    os.chdir(folder)
    for name in ("HOME", "TMPDIR", "CPL_TMPDIR"):
        os.environ[name] = str(folder)
    tempfile.tempdir = str(folder)


def _shut_files(grant: Grant) -> None:
    import landlockpy  # noqa: PLC0415  # installed on Linux alone
    from landlockpy import AccessFS, Scope  # noqa: PLC0415  # the same

    read = AccessFS.READ_FILE | AccessFS.READ_DIR
    change = (
        AccessFS.WRITE_FILE | AccessFS.TRUNCATE | AccessFS.MAKE_REG | AccessFS.MAKE_DIR
        | AccessFS.REMOVE_FILE | AccessFS.REMOVE_DIR | AccessFS.REFER
    )  # fmt: skip
    own = [*grant.folders, *([grant.temporary] if grant.temporary else [])]
    scopes = Scope.ABSTRACT_UNIX_SOCKET | Scope.SIGNAL
    with landlockpy.Ruleset(scoped=scopes) as rules:
        for path in (*readable_paths(), *grant.readable):
            rules.allow_path(path, read if path.is_dir() else AccessFS.READ_FILE)
        for path in _folders(own):
            rules.allow_path(path, read | change)
        rules.allow_path(NULL, AccessFS.READ_FILE | AccessFS.WRITE_FILE)
        rules.restrict()


def _folders(paths: Iterable[Path]) -> Iterable[Path]:
    """The paths, all of which must be folders and no links: a link would grant what it names."""
    for path in paths:
        if path.is_symlink() or not path.is_dir():
            raise NotADirectoryError(f"{path} is no folder")
        yield path


def _leave_numba_cache() -> None:
    """Have numba compile in memory what its cache lacks, rather than fail at writing there.

    The cache is read only here: code that a stranger's file planted in it would run elsewhere.
    """
    caching = sys.modules.get("numba.core.caching")
    if caching is None:
        return
    import numba  # noqa: PLC0415  # loaded already, by whoever needs it

    numba.config.CACHE_DIR = tempfile.gettempdir()  # type: ignore[attr-defined]  # made at run time
    caching.Cache._save_overload = lambda *_: None  # noqa: SLF001  # nothing else stops it
    load = caching.Cache._load_overload  # noqa: SLF001  # the same

    def load_if_readable(self: object, *named: object) -> object:
        try:
            return load(self, *named)
        except OSError:  # in a home, say: it is compiled instead
            return None

    caching.Cache._load_overload = load_if_readable  # noqa: SLF001  # the same
