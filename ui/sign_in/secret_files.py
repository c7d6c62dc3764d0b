"""Secrets read anew whenever their files change: Streamlit's watcher ends with the first fault."""

from __future__ import annotations

import hashlib
from pathlib import Path

from streamlit import config
from streamlit.runtime.secrets import secrets_singleton


class SecretFiles:
    """The files with the ``[auth]`` of the sign-in, as they were read last."""

    def __init__(self) -> None:
        self._seen: str | None = None

    def reload_changed(self) -> None:
        """Have the secrets read again if a file holds something else than last time."""
        now = _digest()
        if self._seen not in (None, now):
            secrets_singleton._reset()  # noqa: SLF001  # there is no public way to read them again
        self._seen = now


def _digest() -> str:
    """A digest of all secrets files; one that cannot be read counts as empty."""
    hasher = hashlib.sha256()
    for name in config.get_option("secrets.files"):
        try:
            content = Path(name).read_bytes()
        except OSError:  # not there, a folder, or not ours to read
            content = b""
        hasher.update(len(content).to_bytes(8, "big") + content)
    return hasher.hexdigest()
