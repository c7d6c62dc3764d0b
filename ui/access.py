"""Who is signed in, what they may see, and the keys that let their browser fetch it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import streamlit as st
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request

from geodata.access import EVERYTHING, Access, Rights, read_access
from geodata.errors import GeodataError, UnreadableError
from ui.maps.assets import Asset
from ui.maps.routes import prefix
from ui.plain import code_span
from ui.texts import Translator

SETTINGS_VARIABLE = "PHUSONG_SETTINGS"
SALT = "phusong key"
CLOCK_SLACK_S = 300
"""How far the sign-in server's clock may be ahead of ours."""

KEY = "key"
"""Name of the key in an address."""


def access() -> Access | None:
    """The access settings of this server; None where access is off."""
    named = os.environ.get(SETTINGS_VARIABLE, "").strip()
    if not named:
        return None
    path = Path(named)
    found = _read(path, path.stat().st_mtime_ns if path.exists() else 0)
    if found is None:  # a file half written must never open the server to everybody
        raise UnreadableError(
            "{file} cannot be read: {reason}", file=path.name, reason="[access] is missing"
        )
    return found


@lru_cache(2)
def _read(path: Path, stamp: int) -> Access | None:  # noqa: ARG001  # the stamp only names the entry
    return read_access(path)


def current_rights() -> Rights | None:
    """The rights of whoever this session is of; None where they must sign in, or have none."""
    settings = access()
    if settings is None:
        return EVERYTHING
    if not is_signed_in():
        return None
    email, verified = _vouched()
    return settings.rights_of(email, verified=verified)


def still_has(rights: Rights) -> bool:
    """Whether these are the session's rights still: a button may be older than their end."""
    try:
        return current_rights() == rights
    except GeodataError:  # the page says what is wrong with the settings
        return False


def has_sign_in() -> bool:
    """Whether this server knows where people sign in: the ``[auth]`` of its secrets."""
    try:
        _ = st.user.is_logged_in
    except AttributeError:  # what Streamlit raises without [auth]
        return False
    return True


def is_signed_in() -> bool:
    """Whether the sign-in server vouched for this session, not too many hours ago."""
    settings = access()
    if settings is None or not has_sign_in() or not st.user.is_logged_in:
        return False
    return not is_over(st.user.to_dict(), settings, now=time.time())


def is_over(claims: Mapping[str, object], settings: Access, *, now: float) -> bool:
    """Whether a sign-in has lasted too long: the browser's cookie alone would hold a month.

    It counts from the time the sign-in server put on it; one without a time is over. Until
    when that server's token says it may be *accepted* (often minutes) was checked then.
    """
    since = claims.get("iat")
    if isinstance(since, bool) or not isinstance(since, int | float):
        return True
    return not now - settings.sign_in_hours * 3600 < since <= now + CLOCK_SLACK_S


def _vouched() -> tuple[str, bool]:
    """The address the sign-in server told, and whether it vouches for it."""
    claims = st.user.to_dict()
    return str(claims.get("email") or ""), is_verified(claims)


def is_verified(claims: Mapping[str, object]) -> bool:
    """Whether the address of some claims may be trusted: not where they say it is not.

    Some sign-in servers write the word, not the value.
    """
    return str(claims.get("email_verified", True)).strip().casefold() not in ("false", "0", "none")


def sign_in_page(t: Translator) -> None:
    """What somebody without rights is shown instead of any page."""
    if not has_sign_in():
        st.error(
            t(
                "Nobody can sign in yet: this server has access settings, and no [auth] in its "
                "secrets file."
            )
        )
        return
    if not is_signed_in():
        st.info(t("Please sign in to see your area."), icon=":material/lock:")
        st.button(t("Sign in"), on_click=_sign_in, type="primary")
        return
    email, verified = _vouched()
    if not verified:
        st.error(
            t(
                "The sign-in server has not verified the address {email}. Verify it there, then "
                "sign in again.",
                email=code_span(email),
            )
        )
        return
    st.error(
        t(
            "{email} has been given no area here. Ask whoever runs this server to add the address.",
            email=code_span(email),
        )
    )


def sign_out_button(t: Translator) -> None:
    """The way out, where somebody is signed in."""
    try:
        signed_in = access() is not None and is_signed_in()
    except GeodataError:  # the page says what is wrong with the settings
        return
    if signed_in:
        st.button(t("Sign out"), on_click=st.logout, icon=":material/logout:")


def _sign_in() -> None:
    st.login()


def key_of(rights: Rights) -> str:
    """A signed key for what these rights see; empty where everybody may.

    The same key is handed out for half its life, so that addresses stay as they are.
    """
    settings = access()
    if settings is None:
        return ""
    half_s = settings.token_minutes * 30
    return _key(settings.secret, rights, int(time.time() // half_s))


@lru_cache(512)
def _key(secret: str, rights: Rights, period: int) -> str:  # noqa: ARG001  # the period only names the entry
    return _signer(secret).dumps(_written(rights))


def rights_in(key: str) -> Rights | None:
    """The rights a key carries; None for one that is forged or expired."""
    settings = access()
    if settings is None:
        return EVERYTHING
    try:
        held = _signer(settings.secret).loads(key, max_age=settings.token_minutes * 60)
    except BadData:  # forged, expired, or no key at all
        return None
    return _rights(held)


def guard(request: Request) -> Rights | None:
    """The rights of whoever asks a route, by the key in the address; None where there are none.

    Routes are outside every session: each asks this, or what needs it, before it answers.
    """
    return rights_in(request.query_params.get(KEY, ""))


def may_read(request: Request, audience: str) -> bool:
    """Whether the key of a request belongs to an audience."""
    rights = guard(request)
    return rights is not None and rights.audience == audience


def addresses(rights: Rights) -> Callable[[Asset], str]:
    """Where the browser of a reader with these rights finds assets."""
    base = prefix(str(st.get_option("server.baseUrlPath") or ""))
    key = key_of(rights)

    def address(asset: Asset) -> str:
        path = f"{base}/{asset.path}"
        return f"{path}?{KEY}={key}" if asset.audience else path

    return address


def _signer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt=SALT)


def _written(rights: Rights) -> dict[str, object]:
    return {
        "districts": None if rights.districts is None else sorted(rights.districts),
        "communes": None if rights.communes is None else sorted(rights.communes),
        "operator": rights.operator,
    }


def _rights(held: dict[str, object]) -> Rights:
    """Rights to see, from a key; a key never lets anybody change anything."""

    def codes(name: str) -> frozenset[str] | None:
        value = held[name]
        return frozenset(map(str, value)) if isinstance(value, list) else None

    return Rights(
        districts=codes("districts"),
        communes=codes("communes"),
        operator=str(held["operator"]),
        may_change_rules=False,
        may_change_data=False,
    )
