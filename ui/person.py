"""Somebody who opens a page: their name, by e-mail address or by browser, and their rights."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from geodata.access import Rights
from geodata.rights import bare_address
from ui.sign_in.cookies import VISITOR

TOKEN = re.compile(r"[0-9a-f]{64}")
"""What a browser's cookie holds."""

EMAIL, BROWSER = "email:", "browser:"
"""How names begin of people who sign in, and of browsers."""


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Somebody who asks: a name of their own ("" for nobody) and rights (None for none)."""

    name: str
    rights: Rights | None

    @property
    def may_send_files(self) -> bool:
        """Whether files of theirs are taken."""
        return self.rights is not None and self.rights.may_change_data

    @property
    def is_signed_in(self) -> bool:
        """Whether the name is an address that a sign-in server vouches for, not a browser's."""
        return self.name.startswith(EMAIL)


NOBODY = Visitor(name="", rights=None)


def email_name(email: str) -> str:
    """The name of whoever signs in with an address."""
    return f"{EMAIL}{bare_address(email)}"


def browser_name(cookies: Mapping[str, str]) -> str:
    """The name of a browser, from which its token cannot be found; "" for one without."""
    token = browser_token(cookies)
    return f"{BROWSER}{hashlib.sha256(token.encode()).hexdigest()}" if token else ""


def browser_token(cookies: Mapping[str, str]) -> str:
    """The token that this server gave a browser; "" for one without, or with another's words."""
    token = cookies.get(VISITOR, "")
    return token if TOKEN.fullmatch(token) else ""
