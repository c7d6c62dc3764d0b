"""Who asks, by the cookies of a request: somebody signed in, or a browser that was here before."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geodata.access import EVERYTHING
from geodata.errors import GeodataError
from ui.access import access, current_owner, open_sign_in, rights_by, visitor_named
from ui.person import NOBODY, TOKEN, Visitor, browser_name, email_name
from ui.sign_in.cookies import VISITOR, claims_in
from ui.sign_in.register import sign_in_id

__all__ = [
    "NOBODY",
    "BrowserCookie",
    "Visitor",
    "browser_name",
    "cookies_of",
    "current_visitor",
    "email_name",
    "visitor_of",
]

COOKIE_S = 400 * 24 * 3600
"""As long as browsers keep a cookie at most; each visit begins it anew."""

NOT_MODIFIED = 304
"""A page that the browser still has: cookies may be cleared and it kept."""


def visitor_of(cookies: Mapping[str, str]) -> Visitor:
    """Who the cookies of a request are of; nobody where the access settings cannot be read."""
    try:
        settings = access()
        if settings is None:
            return Visitor(name=browser_name(cookies), rights=EVERYTHING)
        claims = claims_in(cookies)
        entry = open_sign_in(sign_in_id(claims), settings) if claims else None
        rights = None if entry is None else rights_by(entry, settings)
    except (GeodataError, OSError):
        return NOBODY
    if entry is None or rights is None:
        return NOBODY
    return Visitor(name=email_name(entry.email), rights=rights)


def current_visitor() -> Visitor:
    """Who the session of this script run is of; nobody where the settings cannot be read."""
    try:
        return visitor_named(current_owner())
    except (GeodataError, OSError):
        return NOBODY


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
                    # no proxy gives it to another browser
                    headers["cache-control"] = "private, no-cache"
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def _cookie(scope: Scope) -> str:
    """The cookie to set: `Secure` where the browser came by HTTPS."""
    token = cookies_of(scope).get(VISITOR, "")
    if not TOKEN.fullmatch(token):
        token = secrets.token_hex(32)
    forwarded = Headers(scope=scope).get("x-forwarded-proto", "")
    secure = "; Secure" if "https" in (scope.get("scheme"), forwarded) else ""
    return f"{VISITOR}={token}; Max-Age={COOKIE_S}; Path=/; HttpOnly; SameSite=Lax{secure}"
