"""Sign-ins for tests, recorded as the server records them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from ui import access
from ui.sign_in.register import SignIn, mac_of, register_of, sign_in_id


def begin(claims: Mapping[str, object]) -> str:
    """Record a sign-in with these claims; gives its id."""
    owner, path = sign_in_id(claims), access.settings_path()
    assert path is not None
    since = claims.get("iat", 0.0)
    assert isinstance(since, int | float)
    entry = SignIn(
        email=str(claims.get("email", "")),
        verified=access.is_verified(claims),
        since=since,
        mac=mac_of(get_cookie_secret(), owner),
    )
    register_of(path).begin(owner, entry)
    return owner


def cookie(claims: Mapping[str, object]) -> str:
    """The cookie that Streamlit sets for these claims."""
    text = json.dumps({**claims, "is_logged_in": True, "origin": "http://localhost"})
    return create_signed_value(get_cookie_secret(), USER_COOKIE_NAME, text).decode()
