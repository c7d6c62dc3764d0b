"""Signing out, and whoever asks, while the secrets of the server cannot be read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from streamlit import config
from streamlit.runtime.secrets import secrets_singleton

from geodata.errors import UnreadableError
from tests.ui.asgi import get
from tests.ui.signing import begin, cookie
from ui import access
from ui.person import NOBODY
from ui.sign_in import requests
from ui.sign_in.gate import AccessGate
from ui.sign_in.register import FOLDER_VARIABLE, register_of
from ui.sign_in.secret_files import SecretFiles
from ui.variables import SETTINGS_VARIABLE
from ui.visitor import cookies_of, visitor_of

SETTINGS = f"""
[access]
secret = "{"s" * 32}"
[access.everyone_else]
districts = ["*"]
"""
SECRETS = f'[auth]\ncookie_secret = "{"c" * 32}"\n'


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(SETTINGS, "utf-8")
    monkeypatch.setenv(SETTINGS_VARIABLE, str(path))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "sign-ins"))
    return path


@pytest.fixture
def claims() -> dict[str, object]:
    return {"email": "planner@example.org", "iat": time.time(), "nonce": "1"}


def _site() -> Starlette:
    """Streamlit's way out behind the gate: it takes the cookie away."""

    def out(_: Request) -> Response:
        answer = PlainTextResponse("out")
        answer.delete_cookie("_streamlit_user")
        return answer

    routes = [Route("/auth/logout", out)]
    return Starlette(routes=routes, middleware=[Middleware(AccessGate, base_path=lambda: "")])


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The secrets file of the server, whole."""
    file, asked = tmp_path / "secrets.toml", config.get_option
    file.write_text(SECRETS, "utf-8")
    found = {"secrets.files": [str(file)]}
    monkeypatch.setattr(config, "get_option", lambda name: found.get(name) or asked(name))
    secrets_singleton._reset()
    yield file
    secrets_singleton._reset()


BROKEN = ("", "[auth", "[auth]\n", 'auth = "text"\n', "[auth]\ncookie_secret = 5\n", None)


@pytest.mark.parametrize("broken", BROKEN)
def test_signing_out_while_the_secrets_are_broken_is_a_sentence_and_keeps_the_cookie(
    secrets: Path, settings: Path, claims: dict[str, object], broken: str | None
) -> None:
    owner, mine = begin(claims), f"_streamlit_user={cookie(claims)}"
    site, looking = _site(), SecretFiles()
    looking.reload_changed()
    if broken is None:
        secrets.unlink()
    else:
        secrets.write_text(broken, "utf-8")
    looking.reload_changed()
    answer = get(site, "/auth/logout", cookies=mine)
    assert answer.status == 503
    assert "set-cookie" not in answer.headers
    assert get(site, "/auth/logout").status == 200, "nobody's sign-in stays open"
    secrets.write_text(SECRETS, "utf-8")
    looking.reload_changed()
    assert access.rights_of(owner) is not None
    assert get(site, "/auth/logout", cookies=mine).status == 200
    assert access.rights_of(owner) is None
    assert register_of(settings).find(owner) is None


@pytest.mark.parametrize("broken", ['auth = "text"\n', "[auth]\ncookie_secret = 5\n"])
def test_secrets_of_another_form_shut_the_door_with_a_sentence(
    secrets: Path, settings: Path, claims: dict[str, object], broken: str
) -> None:
    owner, mine = begin(claims), f"_streamlit_user={cookie(claims)}"
    assert settings.exists()
    secrets.write_text(broken, "utf-8")
    secrets_singleton._reset()
    assert visitor_of(cookies_of(_scope(mine))) == NOBODY
    assert requests.admitted(_scope(mine)) == ("", "")
    with pytest.raises(UnreadableError):
        access.rights_of(owner)


def _scope(cookies: str) -> dict[str, Any]:
    return {"type": "http", "headers": [(b"cookie", cookies.encode())]}
