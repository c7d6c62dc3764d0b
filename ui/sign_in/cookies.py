"""Cookies of a sign-in and of a browser: read from requests, set with what HTTPS asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import Scope
from streamlit.auth_util import get_cookie_with_chunks, get_origin_from_redirect_uri
from streamlit.errors import Error as StreamlitError
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import (
    TOKENS_COOKIE_NAME,
    USER_COOKIE_NAME,
)

from ui.sign_in.secret_files import cookie_secret

VISITOR = "phusong_visitor"
"""Name of the cookie that tells browsers apart where nobody signs in."""

SIGN_IN_COOKIE = re.compile(rf"(?:{USER_COOKIE_NAME}|{TOKENS_COOKIE_NAME})(?:_\d+)?")
"""Names of Streamlit's cookies of a sign-in: long ones are split into numbered parts."""


def claims_in(cookies: Mapping[str, str]) -> dict[str, object]:
    """The claims of a sign-in in rightly signed cookies; empty where there are none.

    Raises `UnreadableError` where the secrets hold nothing that cookies are signed with.
    """
    secret = cookie_secret()

    def part(name: str) -> bytes | None:
        value = cookies.get(name)
        if not value:  # none, or one that is taken away
            return None
        return decode_signed_value(secret, name, value.encode("latin-1"))

    whole = get_cookie_with_chunks(part, USER_COOKIE_NAME)
    try:
        claims = json.loads(whole or b"{}")
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) and claims.get("is_logged_in") else {}


def cookies_set(headers: MutableHeaders) -> dict[str, str]:
    """The cookies that a response sets."""
    found: dict[str, str] = {}
    for line in headers.getlist("set-cookie"):
        try:
            found |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        except CookieError:
            continue
    return found


def without_sign_in(scope: Scope) -> Scope:
    """A request as it would be without the cookies of a sign-in."""
    kept = HTTPConnection(scope).cookies
    left = "; ".join(f"{k}={v}" for k, v in kept.items() if not SIGN_IN_COOKIE.fullmatch(k))
    headers = [pair for pair in scope["headers"] if pair[0].lower() != b"cookie"]
    return {**scope, "headers": [*headers, (b"cookie", left.encode("latin-1"))]}


def is_https(scope: Scope) -> bool:
    """Whether browsers reach this server by HTTPS, by itself or through a proxy."""
    if scope["scheme"] in ("https", "wss"):
        return True
    try:
        public = urlsplit(get_origin_from_redirect_uri() or "").scheme
    except (StreamlitError, AttributeError, ValueError):  # secrets of another form
        public = ""
    forwarded = HTTPConnection(scope).headers.get("x-forwarded-proto", "")
    return "https" in (public, forwarded.split(",")[0].strip().lower())


def harden(headers: MutableHeaders, *, secure: bool, sign_in_s: int | None) -> None:
    """Let the cookies of a response travel by HTTPS alone, and a sign-in last ``sign_in_s``."""
    lines = headers.getlist("set-cookie")
    del headers["set-cookie"]
    for line in lines:
        changed = line
        if sign_in_s is not None and SIGN_IN_COOKIE.fullmatch(line.partition("=")[0].strip()):
            changed = re.sub(r"(?i)(max-age)=[1-9]\d*", rf"\1={sign_in_s}", changed)
        if secure and not re.search(r"(?i);\s*secure\b", changed):
            changed += "; Secure"
        headers.append("set-cookie", changed)
