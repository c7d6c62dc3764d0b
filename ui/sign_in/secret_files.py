"""Secrets read anew whenever their files change: Streamlit's watcher ends with the first fault."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from streamlit import config
from streamlit.runtime.secrets import secrets_singleton
from streamlit.web.server.server_util import get_cookie_secret

from geodata.errors import UnreadableError
from ui.texts import marked as _

NO_SECRETS = _("the secrets file of this server cannot be read; ask who runs it")


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


def cookie_secret() -> str:
    """What the cookies of sign-ins are signed with at this moment.

    It is one that nobody's cookie was signed with where the secrets cannot be read. Raises
    `UnreadableError` where they hold no text there.
    """
    try:
        found: object = get_cookie_secret()
    except (AttributeError, TypeError) as error:  # `auth` is no table
        raise UnreadableError(NO_SECRETS) from error
    if not isinstance(found, str):
        raise UnreadableError(NO_SECRETS)
    return found


def require_cookie_secret() -> None:
    """Raise `UnreadableError` unless the secrets tell at this moment whose a cookie is."""
    if secrets_singleton.load_if_toml_exists():
        auth = secrets_singleton.get("auth")
        if isinstance(auth, Mapping) and auth.get("cookie_secret"):
            cookie_secret()
            return
    raise UnreadableError(NO_SECRETS)


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
