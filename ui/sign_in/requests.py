"""Who a request is from, beginning and ending a sign-in, and the sentence of a refusal."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import Scope

from geodata.errors import GeodataError
from ui.access import (
    NotAllowedError,
    access,
    grant_of,
    is_verified,
    open_sign_in,
    settings_path,
)
from ui.person import browser_token
from ui.sign_in.cookies import SIGN_IN_COOKIE, claims_in, cookies_set
from ui.sign_in.register import SignIn, mac_of, register_of, sign_in_id
from ui.sign_in.secret_files import cookie_secret, require_cookie_secret
from ui.texts import Language, language_of, page_error_text


def asking_owner(scope: Scope) -> str:
    """Who asks: a sign-in that has not ended or, where access is off, a browser; else "".

    Raises `GeodataError` where the settings cannot be read.
    """
    cookies = HTTPConnection(scope).cookies
    settings = access()
    if settings is None:
        return browser_token(cookies)
    claims = claims_in(cookies)
    owner = sign_in_id(claims) if claims else ""
    return owner if open_sign_in(owner, settings) is not None else ""


def admitted(scope: Scope) -> tuple[str, str]:
    """The sign-in that a socket is opened with, and its grant; "" for none.

    Where the settings cannot be read nothing is shown, and a sign-in is taken as it stands: its
    socket is opened anew as soon as they can be.
    """
    try:
        owner = asking_owner(scope)
        return owner, grant_of(owner)
    except GeodataError:
        pass
    try:
        claims = claims_in(HTTPConnection(scope).cookies)
    except GeodataError:
        return "", ""
    return (sign_in_id(claims), "") if claims else ("", "")


def sign_in(headers: MutableHeaders) -> None:
    """Record the sign-in whose cookies a response sets; raises `OSError` where it cannot."""
    claims, path = claims_in(cookies_set(headers)), settings_path()
    if not claims or path is None:
        return
    owner, since = sign_in_id(claims), claims.get("iat")
    entry = SignIn(
        email=str(claims.get("email") or ""),
        verified=is_verified(claims),
        since=float(since) if isinstance(since, int | float) else 0.0,
        mac=mac_of(cookie_secret(), owner),
    )
    register_of(path).begin(owner, entry)


def sign_out(scope: Scope) -> None:
    """End the sign-in that a request's cookies are of.

    Raises `UnreadableError` where it cannot be told which that is, `OSError` where it cannot be
    kept: the cookie is to stay then, for a copy of it would open everything again.
    """
    path, cookies = settings_path(), HTTPConnection(scope).cookies
    if path is None or not any(SIGN_IN_COOKIE.fullmatch(name) for name in cookies):
        return
    claims = claims_in(cookies)
    if not claims:
        require_cookie_secret()
    else:
        register_of(path).end(sign_in_id(claims))


def sign_in_seconds() -> int | None:
    """How long a sign-in lasts; None where access is off, or nobody can tell."""
    try:
        settings = access()
    except GeodataError:
        return None
    return None if settings is None else settings.sign_in_hours * 3600


def refused(error: GeodataError, scope: Scope) -> PlainTextResponse:
    """A sentence: 403 where the rights do not cover it, 503 where nobody can tell."""
    return PlainTextResponse(
        page_error_text(error, _language(scope)),
        status_code=403 if isinstance(error, NotAllowedError) else 503,
        headers={"Cache-Control": "no-store"},
    )


def _language(scope: Scope) -> Language:
    """The language of the page that a request comes from."""
    address = HTTPConnection(scope).headers.get("referer", "")  # whatever somebody wrote there
    query = address.partition("#")[0].partition("?")[2]
    return language_of(parse_qs(query).get("lang", [""])[0])
