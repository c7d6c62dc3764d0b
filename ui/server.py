"""Starting the map's server: on this machine alone, and asking nothing of any other."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ui.ending import GRACE_S, PIPE_VARIABLE, handling
from ui.variables import MOST_MB, SETTINGS_VARIABLE, STUDY_VARIABLE

if TYPE_CHECKING:
    from geodata.errors import CallError

APP = Path(__file__).resolve().parents[1] / "app.py"


LOCAL = "127.0.0.1"

STOP_S = GRACE_S + 0.5
"""A server that has not ended so long after it was told to is killed."""

POLL_S = 0.1
"""How often to look whether the server has ended; on Windows a longer wait hears no signal."""


def arguments(
    *,
    port: int,
    headless: bool,
    address: str = LOCAL,
    base_path: str = "",
    secrets: Path | None = None,
) -> list[str]:
    """The command that serves ``app.py``: to this machine alone, unless asked for more.

    ``base_path`` is the path it is reached under behind a proxy, ``secrets`` the file with the
    ``[auth]`` of the sign-in.
    """
    options = {
        "server.address": address,
        "server.port": str(port),
        "server.headless": str(headless).lower(),
        "server.showEmailPrompt": "false",
        "server.maxUploadSize": str(MOST_MB),
        "browser.gatherUsageStats": "false",
        "browser.serverAddress": address,
    }
    if base_path:
        options["server.baseUrlPath"] = base_path.strip("/")
    if secrets is not None:
        options["secrets.files"] = str(secrets.resolve())
    flags = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "streamlit", "run", str(APP), *flags]


def limits_access(settings: Path | None) -> bool:
    """Whether settings, of the command or of the environment, say who may see what."""
    return settings is not None or bool(os.environ.get(SETTINGS_VARIABLE, "").strip())


def environment(study: Path | None, *, settings: Path | None = None) -> dict[str, str]:
    """What the server is told of its study and of who may see what.

    Without a study it shows the built-in one, which it makes where it is not there. Raises as
    `read_access` does where the settings are wrong: a server that cannot tell who
    may see what does not start.
    """
    told = {**os.environ, STUDY_VARIABLE: "" if study is None else str(study.resolve())}
    if settings is not None:
        told[SETTINGS_VARIABLE] = str(settings.resolve())
    if told.get(SETTINGS_VARIABLE, "").strip():
        from geodata.access import read_access  # noqa: PLC0415  # takes a second to load

        read_access(Path(told[SETTINGS_VARIABLE].strip()))
    return told


def is_headless() -> bool:
    """Whether there is no desktop to open a browser on."""
    if sys.platform in ("win32", "darwin"):
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def require_free(address: str, port: int) -> None:
    """Raise `CallError` unless a server can listen at this address and port now."""
    if address.startswith("unix://"):
        return
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            if sys.platform != "win32":  # there it would share a port that is taken
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
            probe.listen()
    except OSError as error:
        raise _refused(error, address, port) from error


def _refused(error: OSError, address: str, port: int) -> CallError:
    """Why nobody can listen there, and what to do."""
    from geodata.errors import CallError  # noqa: PLC0415  # takes a second to load

    if error.errno == errno.EADDRINUSE:
        return CallError(
            "port {port} of {address} is taken by another program, perhaps by a map that runs "
            "already; stop it, or choose another with --port",
            port=port,
            address=address,
        )
    if error.errno == errno.EACCES:
        return CallError(
            "this user may not listen on port {port}; choose one from 1024 on with --port",
            port=port,
        )
    return CallError(
        "{address} is no address of this machine ({reason}); write one of its own with "
        "--address, or 0.0.0.0 for all of them",
        address=address,
        reason=error.strerror or str(error),
    )


def run(
    study: Path | None,
    *,
    port: int,
    address: str = LOCAL,
    base_path: str = "",
    settings: Path | None = None,
    secrets: Path | None = None,
) -> int:
    """Serve a study, or the built-in one, until stopped.

    Returns the server's exit status, 0 where it was told to stop; a negative status is the
    signal that ended it. ``settings`` says who may see what; raises as `read_access` does where
    it is wrong.
    """
    told = environment(study, settings=settings)
    command = arguments(
        port=port,
        headless=is_headless(),
        address=address,
        base_path=base_path,
        secrets=secrets,
    )
    return until_stopped(command, told)


def until_stopped(command: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run a server until it ends or a signal says stop; gives its status, 0 where stopped.

    Signals of a terminal reach this process alone; the server is told by the end of its standard
    input (`ui.ending`), which it also finds where this process was killed.
    """
    asked: list[float] = []
    with (
        handling(lambda *_: asked.append(time.monotonic())),
        subprocess.Popen(  # noqa: S603  # our own interpreter and words
            command,
            env={**variables, PIPE_VARIABLE: "1"},
            cwd=APP.parent,
            stdin=subprocess.PIPE,
            start_new_session=sys.platform != "win32",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        ) as server,
    ):
        assert server.stdin is not None  # noqa: S101  # it was asked for with PIPE
        while server.poll() is None:
            if asked:
                server.stdin.close()
                if time.monotonic() > asked[0] + STOP_S:
                    server.kill()
            time.sleep(POLL_S)
        return 0 if asked else server.returncode
