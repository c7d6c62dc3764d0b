"""Starting the map's server: on this machine alone, and asking nothing of any other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from geodata.access import read_access
from geodata.incoming import MOST_MB
from ui.access import SETTINGS_VARIABLE
from ui.studies import STUDY_VARIABLE

APP = Path(__file__).resolve().parents[1] / "app.py"


LOCAL = "127.0.0.1"


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


def environment(study: Path, *, settings: Path | None = None) -> dict[str, str]:
    """What the server is told of its study and of who may see what.

    Raises as `read_access` does where the settings are wrong: a server that cannot tell who
    may see what does not start.
    """
    told = {**os.environ, STUDY_VARIABLE: str(study.resolve())}
    if settings is not None:
        told[SETTINGS_VARIABLE] = str(settings.resolve())
    if told.get(SETTINGS_VARIABLE, "").strip():
        read_access(Path(told[SETTINGS_VARIABLE].strip()))
    return told


def is_headless() -> bool:
    """Whether there is no desktop to open a browser on."""
    if sys.platform in ("win32", "darwin"):
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def run(
    study: Path,
    *,
    port: int,
    address: str = LOCAL,
    base_path: str = "",
    settings: Path | None = None,
    secrets: Path | None = None,
) -> int:
    """Serve a study until stopped; returns the server's exit status.

    ``settings`` says who may see what; raises as `read_access` does where it is wrong.
    """
    told = environment(study, settings=settings)
    command = arguments(
        port=port,
        headless=is_headless(),
        address=address,
        base_path=base_path,
        secrets=secrets,
    )
    with subprocess.Popen(command, env=told, cwd=APP.parent) as server:  # noqa: S603  # our own interpreter and words
        try:
            return server.wait()
        except KeyboardInterrupt:
            server.terminate()
            return 0
