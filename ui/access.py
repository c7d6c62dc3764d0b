"""Who is signed in, what they may see, and the keys that let their browser fetch it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import streamlit as st
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request

from geodata.access import EVERYTHING, Access, Rights, read_access
from ui.maps.assets import Asset
from ui.maps.routes import prefix
from ui.plain import escaped
from ui.texts import Translator

SETTINGS_VARIABLE = "PHUSONG_SETTINGS"
SALT = "phusong key"
KEY = "key"
"""Name of the key in an address."""


def access() -> Access | None:
    """The access settings of this server; None where access is off."""
    named = os.environ.get(SETTINGS_VARIABLE, "").strip()
    if not named:
        return None
    path = Path(named)
    return _read(path, path.stat().st_mtime_ns if path.exists() else 0)


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


def is_signed_in() -> bool:
    """Whether the sign-in server vouches for this session, and still does."""
    try:
        signed_in = bool(st.user.is_logged_in)
    except AttributeError:  # the server has no [auth]
        return False
    expires = st.user.to_dict().get("exp") if signed_in else None
    return signed_in and not (isinstance(expires, int | float) and expires < time.time())


def _vouched() -> tuple[str, bool]:
    """The address the sign-in server vouches for; and not, if it says it is not verified."""
    claims = st.user.to_dict()
    return str(claims.get("email") or ""), claims.get("email_verified") is not False


def sign_in_page(t: Translator) -> None:
    """What somebody without rights is shown instead of any page."""
    if not is_signed_in():
        st.info(t("Please sign in to see your area."), icon=":material/lock:")
        st.button(t("Sign in"), on_click=_sign_in, type="primary")
        return
    email, _ = _vouched()
    st.error(
        t(
            "{email} has been given no area here. Ask whoever runs this server to add the address.",
            email=escaped(email),
        )
    )
    sign_out_button(t)


def sign_out_button(t: Translator) -> None:
    """The way out, where somebody is signed in."""
    if access() is not None and is_signed_in():
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
    except BadSignature:  # an expired one too
        return None
    return _rights(held)


def may_read(request: Request, audience: str) -> bool:
    """Whether the key of a request belongs to an audience."""
    rights = rights_in(request.query_params.get(KEY, ""))
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
