"""Who asks, by the cookies of a request: somebody signed in, or a browser that was here before."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value

from geodata.access import EVERYTHING, Rights
from geodata.errors import GeodataError
from geodata.rights import bare_address
from ui.access import access, is_over, is_verified

BROWSER_COOKIE = "phusong_browser"
"""Holds a random token that tells one browser from another where nobody signs in."""

USER_COOKIE = "_streamlit_user"
BROWSER_COOKIE_S = 400 * 24 * 3600
"""As long as browsers keep a cookie at most; each visit begins it anew."""

NOT_MODIFIED = 304
"""A page that the browser still has: cookies may be cleared and it kept."""

_TOKEN = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Somebody who asks: a name of their own ("" for nobody) and rights (None for none)."""

    name: str
    rights: Rights | None

    @property
    def may_send_files(self) -> bool:
        """Whether files of theirs are taken."""
        return self.rights is not None and self.rights.may_change_data


NOBODY = Visitor(name="", rights=None)


def visitor_of(cookies: Mapping[str, str]) -> Visitor:
    """Who the cookies of a request are of; nobody where the access settings cannot be read."""
    try:
        settings = access()
        if settings is None:
            return Visitor(name=browser_name(cookies), rights=EVERYTHING)
        claims = signed_claims(cookies)
        if not claims.get("is_logged_in") or is_over(claims, settings, now=time.time()):
            return NOBODY
        email = str(claims.get("email") or "")
        rights = settings.rights_of(email, verified=is_verified(claims))
    except (GeodataError, OSError):
        return NOBODY
    return NOBODY if rights is None else Visitor(name=email_name(email), rights=rights)


def current_visitor() -> Visitor:
    """Who the session of this script run is of."""
    return visitor_of(st.context.cookies.to_dict())


def email_name(email: str) -> str:
    """The name of whoever signs in with an address."""
    return f"email:{bare_address(email)}"


def browser_name(cookies: Mapping[str, str]) -> str:
    """The name of a browser, from which its token cannot be found; "" for one without."""
    token = cookies.get(BROWSER_COOKIE, "")
    if not _TOKEN.fullmatch(token):
        return ""
    return f"browser:{hashlib.sha256(token.encode()).hexdigest()}"


def signed_claims(cookies: Mapping[str, str]) -> dict[str, Any]:
    """The claims in Streamlit's sign-in cookie; none where it is forged, expired or missing."""
    secret = get_cookie_secret()

    def one(name: str) -> bytes | None:
        value = cookies.get(name)
        if value is None or not secret:
            return None
        return decode_signed_value(secret, name, value.encode("latin-1", errors="replace"))

    try:
        held = json.loads(get_cookie_with_chunks(one, USER_COOKIE) or b"{}")
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}


def cookies_of(scope: Scope) -> dict[str, str]:
    """The cookies of a request or a WebSocket."""
    found: dict[str, str] = {}
    for header in Headers(scope=scope).getlist("cookie"):
        for pair in header.split(";"):
            name, _, value = pair.strip().partition("=")
            try:
                found[name] = SimpleCookie(f"x={value}")["x"].value
            except (CookieError, KeyError):
                found[name] = value
    return found


class BrowserCookie:
    """Gives each browser that opens a page a token in a cookie that no script can read."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the server does; with a page goes the cookie, the old token kept."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return

        asks_page = "text/html" in Headers(scope=scope).get("accept", "")

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_page = headers.get("content-type", "").startswith("text/html")
                if is_page or (message["status"] == NOT_MODIFIED and asks_page):
                    headers.append("set-cookie", _cookie(scope))
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def _cookie(scope: Scope) -> str:
    """The cookie to set: `Secure` where the browser came by HTTPS."""
    token = cookies_of(scope).get(BROWSER_COOKIE, "")
    if not _TOKEN.fullmatch(token):
        token = secrets.token_hex(32)
    forwarded = Headers(scope=scope).get("x-forwarded-proto", "")
    secure = "; Secure" if "https" in (scope.get("scheme"), forwarded) else ""
    return (
        f"{BROWSER_COOKIE}={token}; Max-Age={BROWSER_COOKIE_S}; Path=/; HttpOnly; SameSite=Lax"
        f"{secure}"
    )
