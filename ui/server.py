"""Starting the map's server: on this machine alone, and asking nothing of any other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ui.studies import STUDY_VARIABLE

APP = Path(__file__).resolve().parents[1] / "app.py"


def arguments(*, port: int, headless: bool) -> list[str]:
    """The command that serves ``app.py`` on ``port`` of the local address."""
    options = {
        "server.address": "127.0.0.1",
        "server.port": str(port),
        "server.headless": str(headless).lower(),
        "browser.gatherUsageStats": "false",
        "browser.serverAddress": "127.0.0.1",
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "streamlit", "run", str(APP), *flags]


def is_headless() -> bool:
    """Whether there is no desktop to open a browser on."""
    if sys.platform in ("win32", "darwin"):
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def run(study: Path, *, port: int) -> int:
    """Serve a study until stopped; returns the server's exit status."""
    environment = {**os.environ, STUDY_VARIABLE: str(study.resolve())}
    command = arguments(port=port, headless=is_headless())
    with subprocess.Popen(command, env=environment, cwd=APP.parent) as server:  # noqa: S603  # our own interpreter and words
        try:
            return server.wait()
        except KeyboardInterrupt:
            server.terminate()
            return 0
