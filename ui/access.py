"""Who is signed in, what they may see, and the keys that let their browser fetch it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from hmac import compare_digest
from pathlib import Path

import streamlit as st
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request
from streamlit.runtime.scriptrunner import get_script_run_ctx

from geodata.access import EVERYTHING, Access, Rights
from geodata.errors import GeodataError, MissingFileError, UnreadableError
from ui.maps.assets import Asset
from ui.maps.routes import prefix
from ui.person import NOBODY, Visitor, browser_name, browser_token, email_name
from ui.plain import code_span
from ui.settings_file import settings_file
from ui.sharing import is_open_slug
from ui.shown import shown
from ui.sign_in.cookies import VISITOR
from ui.sign_in.register import SignIn, mac_of, register_of, sign_in_id
from ui.sign_in.secret_files import cookie_secret
from ui.texts import Translator
from ui.texts import marked as _
from ui.variables import SETTINGS_VARIABLE

SALT = "phusong key"
CLOCK_SLACK_S = 300
"""How far the sign-in server's clock may be ahead of ours."""

KEY = "key"
"""Name of the key in an address."""

ENDED = _("your rights have changed or your sign-in has ended; load the page again")


CLOSED = _("this study has been deleted or is no longer shared with you; load the page again")


class NotAllowedError(GeodataError):
    """Whoever asks may not have this, or no longer."""


def access() -> Access | None:
    """The access settings of this server as they are now; None where access is off.

    Raises `GeodataError` where they cannot be read, and then nobody may see anything.
    """
    path = settings_path()
    if path is None:
        return None
    try:
        found = settings_file().read(path)
    except MissingFileError as error:  # pages show no path of the server
        raise MissingFileError("{path}: there is no such file", path=path.name) from error
    if found is None:  # a file half written must never open the server to everybody
        raise UnreadableError(
            "{file} cannot be read: {reason}", file=path.name, reason="[access] is missing"
        )
    return found


def settings_path() -> Path | None:
    """The settings file that the server was started with; None where there is none."""
    return _path(os.environ.get(SETTINGS_VARIABLE, "").strip())


@lru_cache(4)
def _path(named: str) -> Path | None:
    return Path(named) if named else None


def current_rights() -> Rights | None:
    """The rights of whoever this session is of; None where they must sign in, or have none."""
    return rights_of(current_owner())


def current_owner() -> str:
    """Whom files made in this session are for: a sign-in or, where access is off, a browser."""
    if access() is None:
        return browser_token(st.context.cookies.to_dict())
    claims = _claims()
    return sign_in_id(claims) if claims.get("is_logged_in") else ""


def _claims() -> Mapping[str, object]:
    """The claims of the sign-in that this session was opened with; empty without one.

    `st.user` holds the same, and each look at it asks Streamlit for its secrets.
    """
    context = get_script_run_ctx(suppress_warning=True)
    return st.user.to_dict() if context is None else context.user_info


def rights_of(owner: str) -> Rights | None:
    """The rights at this moment of a sign-in; None where it has ended, or has none.

    Raises `GeodataError` where the settings cannot be read.
    """
    settings = access()
    if settings is None:
        return EVERYTHING
    entry = open_sign_in(owner, settings)
    return None if entry is None else rights_by(entry, settings)


def rights_by(entry: SignIn, settings: Access) -> Rights | None:
    """The rights of a sign-in by some settings, whether it has ended or not."""
    return settings.rights_of(entry.email, verified=entry.verified)


def open_sign_in(owner: str, settings: Access) -> SignIn | None:
    """A sign-in that has not ended: by signing out, by time, or by another ``cookie_secret``."""
    path = settings_path()
    entry = None if path is None else register_of(path).find(owner)
    if entry is None or is_over({"iat": entry.since}, settings, now=time.time()):
        return None
    same = compare_digest(entry.mac, mac_of(cookie_secret(), owner))
    return entry if same else None


def grant_of(owner: str) -> str:
    """A token that stands for the rights of a sign-in; another one as soon as they change.

    A study made in the browser that was shown to it and is open to it no longer changes it too.
    It is "" where the sign-in has ended. Raises `GeodataError` as `rights_of` does.
    """
    settings = access()
    return "" if settings is None else grant_by(owner, settings)


def grant_by(owner: str, settings: Access) -> str:
    """`grant_of` by settings that were read just now."""
    path, entry = settings_path(), open_sign_in(owner, settings)
    if path is None or entry is None:
        return ""
    lost = _lost_studies(owner)
    told = repr(_written(rights_by(entry, settings)))
    return register_of(path).grant(owner, f"{told} without {lost}" if lost else told)


def _lost_studies(owner: str) -> list[str]:
    """Studies made in the browser that a sign-in was shown and may open no longer."""
    if not (slugs := shown().to(owner)):
        return []
    visitor = visitor_named(owner)
    return [slug for slug in sorted(slugs) if not is_open_slug(slug, visitor)]


def visitor_named(owner: str) -> Visitor:
    """Somebody by their sign-in or, where access is off, by their browser's cookie.

    Raises `GeodataError` where the settings cannot be read.
    """
    settings = access()
    if settings is None:
        return Visitor(name=browser_name({VISITOR: owner}), rights=EVERYTHING)
    entry = open_sign_in(owner, settings)
    if entry is None:
        return NOBODY
    return Visitor(name=email_name(entry.email), rights=rights_by(entry, settings))


def require(rights: Rights, *, owner: str, study: str) -> None:
    """Raise `NotAllowedError` unless ``owner`` has ``rights`` and a study at this moment.

    ``study`` is the folder name of one made in the browser, "" for the server's own. Whatever
    leaves the server asks this when it leaves: a page that was drawn, an address that was given
    out and a file that was made are older than the end of the rights, or of a share.
    Raises another `GeodataError` where the settings cannot be read.
    """
    require_of(visitor_named(owner), rights, study=study)


def require_of(visitor: Visitor, rights: Rights, *, study: str) -> None:
    """`require` for somebody whose rights were asked for just now."""
    if visitor.rights is None or not visitor.rights.covers(rights):
        raise NotAllowedError(ENDED)
    if study and not is_open_slug(study, visitor):
        raise NotAllowedError(CLOSED)


def still_has(rights: Rights, *, study: str) -> bool:
    """Whether the session has these rights and a study still: a button may be older."""
    try:
        if current_rights() != rights:
            return False
        return not study or is_open_slug(study, visitor_named(current_owner()))
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
    """Whether this session is of a sign-in that has not ended."""
    settings = access()
    return settings is not None and open_sign_in(current_owner(), settings) is not None


def is_over(claims: Mapping[str, object], settings: Access, *, now: float) -> bool:
    """Whether a sign-in has lasted too long: the browser's cookie alone would hold a month.

    It counts from the time the sign-in server put on it; one without a time is over. Until
    when that server's token says it may be *accepted* (often minutes) was checked then.
    """
    since = claims.get("iat")
    if isinstance(since, bool) or not isinstance(since, int | float):
        return True
    return is_past(since, settings, now=now) or since > now + CLOCK_SLACK_S


def is_past(since: float, settings: Access, *, now: float) -> bool:
    """Whether a sign-in that began ``since`` has lasted as long as the settings let it."""
    return not since > now - settings.sign_in_hours * 3600  # nor does one at no time, NaN, hold


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


def key_of(owner: str) -> str:
    """A signed key to what a sign-in may see; empty where everybody may, or it has ended.

    The same key is handed out for half its life, so that addresses stay as they are.
    """
    settings = access()
    if settings is None:
        return ""
    half_s = settings.token_minutes * 30
    grant = grant_by(owner, settings)
    return _key(settings.secret, owner, grant, int(time.time() // half_s)) if grant else ""


@lru_cache(512)
def _key(secret: str, owner: str, grant: str, period: int) -> str:  # noqa: ARG001  # the period only names the entry
    return _signer(secret).dumps({"sign_in": owner, "grant": grant})


def owner_of(key: str) -> str:
    """The sign-in that a key was given to; "" for one that is forged, expired or ended.

    Raises `GeodataError` where the settings cannot be read.
    """
    settings = access()
    if settings is None:
        return ""
    try:
        held = _signer(settings.secret).loads(key, max_age=settings.token_minutes * 60)
        owner, grant = str(held["sign_in"]), str(held["grant"])
    except (BadData, KeyError, TypeError):  # forged, expired, of an older server, or no key
        return ""
    return owner if grant and compare_digest(grant, grant_by(owner, settings)) else ""


def rights_in(key: str) -> Rights | None:
    """What the owner of a key may see at this moment; None where it opens nothing.

    A key never lets anybody change anything.
    """
    rights = rights_of(owner_of(key))
    return rights if rights is None or rights.public else rights.to_look


def asking(request: Request) -> str:
    """Whom a request is from: the sign-in of its key or, where access is off, a browser.

    Raises `GeodataError` where the settings cannot be read.
    """
    if access() is None:
        return browser_token(request.cookies)
    return owner_of(request.query_params.get(KEY, ""))


def may_read(request: Request, asset: Asset) -> bool:
    """Whether whoever asks may have a file of a map, at this moment."""
    rights = rights_in(request.query_params.get(KEY, ""))
    if rights is None or rights.audience != asset.audience:
        return False
    try:
        require(rights.to_look, owner=asking(request), study=asset.study)
    except NotAllowedError:
        return False
    return True


def addresses() -> Callable[[Asset], str]:
    """Where the browser of this session finds assets."""
    base = prefix(str(st.get_option("server.baseUrlPath") or ""))
    key = key_of(current_owner())

    def address(asset: Asset) -> str:
        path = f"{base}/{asset.path}"
        return f"{path}?{KEY}={key}" if asset.audience else path

    return address


def _signer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt=SALT)


def _written(rights: Rights | None) -> object:
    """Rights as a value whose ``repr`` is the same in every process."""
    if rights is None:
        return None
    codes = [None if c is None else sorted(c) for c in (rights.districts, rights.communes)]
    return (codes, rights.operator, rights.may_change_rules, rights.may_change_data)
