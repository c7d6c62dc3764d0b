"""A sign-in: kept on disk, named by its cookies, and ended with its sockets and keys."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Collection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from google.protobuf.message import Message as Proto
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.full_disk import full_disk
from tests.ui.asgi import get, ran
from tests.ui.signing import begin, cookie
from ui import access
from ui.sign_in import secret_files, sockets
from ui.sign_in.cookies import claims_in, harden, is_https
from ui.sign_in.gate import AccessGate
from ui.sign_in.register import FOLDER_VARIABLE, Register, SignIn, register_of, sign_in_id
from ui.sign_in.secret_files import SecretFiles
from ui.sign_in.sockets import without_session
from ui.variables import SETTINGS_VARIABLE

SETTINGS = f"""
[access]
secret = "{"s" * 32}"
sign_in_hours = 2

[[access.people]]
email = "planner@example.org"
districts = ["*"]
"""
ENTRY = SignIn(email="a@example.org", verified=True, since=1.0, mac="m")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(SETTINGS, "utf-8")
    monkeypatch.setenv(SETTINGS_VARIABLE, str(path))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "sign-ins"))
    monkeypatch.setattr(sockets, "PERIOD_S", 0.02)
    return path


@pytest.fixture
def claims() -> dict[str, object]:
    return {"email": "planner@example.org", "iat": time.time(), "nonce": "1"}


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_register_survives_a_restart_and_is_written_whole(tmp_path: Path) -> None:
    file = tmp_path / "new" / "register.json"
    register = Register(file)
    register.begin("one", ENTRY)
    register.begin("two", ENTRY)
    register.end("one")
    grant = register.grant("two", "rights")
    again = Register(file)
    assert again.find("one") is None
    assert again.grant("two", "rights") == grant
    assert again.grant("two", "others") != grant
    assert names_in(file.parent) == ["register.json", "register.lock"]
    assert file.stat().st_mode & 0o077 == 0


def test_a_register_that_cannot_be_written_keeps_what_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "register.json"
    register = Register(file)
    register.begin("one", ENTRY)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        register.begin("two", ENTRY)
    assert register.find("two") is None
    with pytest.raises(OSError, match="No space"):
        register.end("one")
    assert register.find("one") is None, "ended here all the same"
    assert names_in(tmp_path) == ["register.json", "register.lock"]


def test_on_a_full_disk_a_register_keeps_what_it_had(tmp_path: Path) -> None:
    file = tmp_path / "register.json"
    register = Register(file)
    register.begin("one", ENTRY)
    before = file.read_bytes()
    grant = register.grant("one", "rights")
    kept = file.read_bytes()
    assert kept != before
    with full_disk():
        with pytest.raises(OSError, match="too large"):
            register.begin("two", ENTRY)
        with pytest.raises(OSError, match="too large"):
            register.end("three", "one")
        assert register.find("one") is None
    assert file.read_bytes() == kept
    assert {path.name for path in tmp_path.iterdir()} == {"register.json", "register.lock"}
    again = Register(file)
    assert again.grant("one", "rights") == grant


@pytest.mark.parametrize("text", ["", "[]", "{", '{"one": 3}', '{"one": {"email": "a"}}'])
def test_a_register_that_is_broken_holds_nobody(tmp_path: Path, text: str) -> None:
    file = tmp_path / "register.json"
    file.write_text(text, "utf-8")
    assert Register(file).all() == {}


def test_a_sign_in_is_told_from_others_by_its_nonce_and_not_by_its_tokens() -> None:
    one = {"email": "a@example.org", "iat": 5, "nonce": "1"}
    assert sign_in_id(one) == sign_in_id({**one, "is_logged_in": True, "tokens": {}})
    assert sign_in_id(one) != sign_in_id({**one, "nonce": "2"})


def test_a_sign_in_ends_with_another_cookie_secret(
    settings: Path, claims: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings.exists()
    owner = begin(claims)
    key = access.key_of(owner)
    assert access.rights_in(key) is not None
    monkeypatch.setattr(access, "cookie_secret", lambda: "another")
    assert access.rights_of(owner) is None
    assert access.rights_in(key) is None


def test_cookies_are_for_https_alone_behind_it_and_last_as_long_as_the_sign_in() -> None:
    headers = MutableHeaders()
    for line in (
        "_streamlit_user=x; Max-Age=2592000; Path=/",
        "_streamlit_user_1=x; Max-Age=2592000",
        "_streamlit_user_tokens=x; Max-Age=0",
        "other=x; Max-Age=9; Secure",
    ):
        headers.append("set-cookie", line)
    harden(headers, secure=True, sign_in_s=7200)
    assert headers.getlist("set-cookie") == [
        "_streamlit_user=x; Max-Age=7200; Path=/; Secure",
        "_streamlit_user_1=x; Max-Age=7200; Secure",
        "_streamlit_user_tokens=x; Max-Age=0; Secure",
        "other=x; Max-Age=9; Secure",
    ]
    scope: dict[str, Any] = {"type": "http", "headers": [], "scheme": "http"}
    assert not is_https(scope)
    assert is_https({**scope, "scheme": "https"})
    assert is_https({**scope, "headers": [(b"x-forwarded-proto", b"https, http")]})


def _site(claims: dict[str, object]) -> Starlette:
    """Streamlit's way back from a sign-in server and its way out, behind the gate."""

    def callback(_: Request) -> Response:
        answer = Response(status_code=302)
        answer.set_cookie("_streamlit_user", cookie(claims), max_age=2_592_000)
        return answer

    def out(_: Request) -> Response:
        return PlainTextResponse("out")

    def page(_: Request) -> Response:
        return Response("<body>", media_type="text/html")

    def broken(_: Request) -> Response:
        raise PermissionError(13, "Permission denied", "/srv/song/study.toml")

    routes = [
        Route("/oauth2callback", callback),
        Route("/auth/logout", out),
        Route("/", page),
        Route("/broken", broken),
    ]
    return Starlette(routes=routes, middleware=[Middleware(AccessGate, base_path=lambda: "")])


def test_a_sign_in_is_recorded_and_signing_out_ends_it_for_good(
    settings: Path, claims: dict[str, object]
) -> None:
    site, owner = _site(claims), sign_in_id(claims)
    mine = f"_streamlit_user={cookie(claims)}"
    assert access.rights_of(owner) is None, "a cookie that this server never gave out"
    answer = get(site, "/oauth2callback")
    assert "Max-Age=7200" in answer.headers["set-cookie"]
    assert access.rights_of(owner) is not None
    key = access.key_of(owner)
    get(site, "/auth/logout", cookies=mine)
    assert access.rights_of(owner) is None
    assert access.rights_in(key) is None
    assert Register(register_of(settings).file).find(owner) is None


def test_a_sign_in_that_cannot_be_recorded_is_a_sentence(
    settings: Path, claims: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Register, "begin", full)
    answer = get(_site(claims), "/oauth2callback")
    assert settings.exists()
    assert answer.status == 503
    assert "máy chủ" in answer.body.decode()
    assert "set-cookie" not in answer.headers


def test_a_sign_in_on_a_full_disk_is_a_sentence_and_others_stay_open(
    settings: Path, claims: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "PERIOD_S", 60.0)  # or the other, who is past, is forgotten
    register = register_of(settings)
    register.begin("other", ENTRY)
    before = register.file.read_bytes()
    with full_disk():
        answer = get(_site(claims), "/oauth2callback")
    assert answer.status == 503
    assert answer.body.decode().startswith("máy chủ không ghi được phiên đăng nhập")
    assert "set-cookie" not in answer.headers
    assert register.file.read_bytes() == before
    assert get(_site(claims), "/oauth2callback").status == 302
    assert Register(register.file).find("other") == ENTRY


def test_cookies_that_hold_no_sign_in_are_of_nobody(claims: dict[str, object]) -> None:
    whole = cookie(claims)
    assert claims_in({"_streamlit_user": whole})["email"] == "planner@example.org"
    for value in ("", "x", whole[:-2], f"{whole}x", "é"):
        assert claims_in({"_streamlit_user": value}) == {}
    assert claims_in({}) == {}


def test_a_route_that_cannot_read_its_files_says_so_without_a_path() -> None:
    answer = get(_site({}), "/broken")
    assert answer.status == 503
    assert b"/srv" not in answer.body


def test_secrets_that_change_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, resets = tmp_path / "secrets.toml", []
    monkeypatch.setattr(secret_files.config, "get_option", lambda _: [str(file)])
    monkeypatch.setattr(
        secret_files, "secrets_singleton", SimpleNamespace(_reset=lambda: resets.append(1))
    )
    files = SecretFiles()
    files.reload_changed()
    for text, count in (("[auth", 1), ("[auth", 1), ("[auth]", 2), ("[auth]\nx = 1", 3)):
        file.write_text(text, "utf-8")
        files.reload_changed()
        assert len(resets) == count


class Client:
    """A browser's end of a socket behind the gate, and the application's end of it."""

    def __init__(self, cookies: str) -> None:
        self.scope: Scope = {
            "type": "websocket",
            "path": "/_stcore/stream",
            "scheme": "ws",
            "headers": [
                (b"cookie", cookies.encode()),
                (b"sec-websocket-protocol", b"streamlit,xsrf,session"),
            ],
        }
        self.sent: list[Message] = []
        self.received: list[Message] = []
        self.seen: Scope = {}
        self.inbox: asyncio.Queue[Message] = asyncio.Queue()
        self.opened = asyncio.Event()
        self.gate = AccessGate(self._application, base_path=lambda: "")

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen = scope
        self.opened.set()
        while True:
            message = await receive()
            self.received.append(message)
            if message["type"] == "websocket.disconnect":
                await send({"type": "websocket.send", "bytes": b"too late"})
                return

    async def run(self, *steps: Callable[[], None] | Proto) -> None:
        """Open the socket, take the steps (messages are sent), and wait for its end."""

        async def send(message: Message) -> None:
            self.sent.append(message)

        open_socket = asyncio.create_task(self.gate(self.scope, self.inbox.get, send))
        await self.opened.wait()
        for step in steps:
            if isinstance(step, Proto):
                content = step.SerializeToString()
                self.inbox.put_nowait({"type": "websocket.receive", "bytes": content})
                await asyncio.sleep(0.1)  # the gate takes it from the queue
            else:
                step()
        done, _ = await asyncio.wait({open_socket}, timeout=3.0)
        if not done:
            self.inbox.put_nowait({"type": "websocket.disconnect", "code": 1001})
            await open_socket

    @property
    def is_closed(self) -> bool:
        return {"type": "websocket.close", "code": 1008} in self.sent


def asked_file() -> BackMsg:
    message = BackMsg()
    message.backend_operation_request.request_id = "7"
    message.backend_operation_request.deferred_file.file_id = "f"
    return message


def run_page(query: str) -> BackMsg:
    message = BackMsg()
    message.rerun_script.query_string = query
    return message


@pytest.mark.parametrize("how", ["signed out", "removed", "cut", "another secret"])
def test_a_socket_ends_within_seconds_of_its_sign_in(
    settings: Path, claims: dict[str, object], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    owner = begin(claims)

    def end() -> None:
        if how == "signed out":
            register_of(settings).end(owner)
        elif how == "removed":
            settings.write_text(SETTINGS.replace("planner@", "other@"), "utf-8")
        elif how == "cut":
            settings.write_text(SETTINGS.replace('"*"', '"417"'), "utf-8")
        else:
            monkeypatch.setattr(access, "cookie_secret", lambda: "another")

    client = Client(f"_streamlit_user={cookie(claims)}")
    ran(client.run(end))
    assert client.is_closed
    assert not any(message.get("bytes") == b"too late" for message in client.sent)
    assert b"_streamlit_user" in dict(client.seen["headers"])[b"cookie"]


def test_a_socket_stays_open_while_the_settings_cannot_be_read(
    settings: Path, claims: dict[str, object]
) -> None:
    begin(claims)
    client = Client(f"_streamlit_user={cookie(claims)}")
    steps = (run_page("?lang=en"), lambda: settings.write_text("", "utf-8"), asked_file())
    ran(client.run(*steps))
    assert not client.is_closed
    answer = ForwardMsg()
    answer.ParseFromString(client.sent[0]["bytes"])
    assert answer.backend_operation_response.request_id == "7"
    said = answer.backend_operation_response.error_msg
    assert said == "settings.toml cannot be read: [access] is missing"
    assert len([one for one in client.received if one["type"] == "websocket.receive"]) == 1


def test_a_request_for_a_file_after_the_end_closes_the_socket(
    settings: Path, claims: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "PERIOD_S", 60.0)
    owner = begin(claims)
    client = Client(f"_streamlit_user={cookie(claims)}")
    cut = lambda: settings.write_text(SETTINGS.replace('"*"', '"417"'), "utf-8")  # noqa: E731  # one step of several
    ran(client.run(cut, asked_file()))
    assert access.rights_of(owner) is not None
    assert client.is_closed
    assert not [one for one in client.received if one["type"] == "websocket.receive"]


def test_a_socket_with_the_cookie_of_an_ended_sign_in_is_of_nobody(
    settings: Path, claims: dict[str, object]
) -> None:
    assert settings.exists()
    client = Client(f"_streamlit_user={cookie(claims)}; _streamlit_user_1=x; _xsrf=y")
    ran(client.run(asked_file()))
    assert dict(client.seen["headers"])[b"cookie"] == b"_xsrf=y"
    assert not [one for one in client.received if one["type"] == "websocket.receive"]


def test_a_session_is_not_taken_up_again_after_its_end() -> None:
    scope: Scope = {"headers": [(b"sec-websocket-protocol", b"streamlit,xsrf,session")]}
    assert without_session(scope)["headers"] == [(b"sec-websocket-protocol", b"streamlit,xsrf")]
    grants = {"one": "a", "two": "a"}
    watched = sockets.Sockets(grants=lambda owners: {owner: grants[owner] for owner in owners})
    for owner in grants:
        watched.add(sockets.Socket(owner=owner, grant="a"))
    ran(watched._ask())  # what its task does each second
    assert not watched.has_changed("one", "a")
    assert watched.has_changed("one", "b"), "before its task has seen it"
    grants["one"] = "b"
    ran(watched._ask())
    assert watched.has_changed("one", "b")
    assert not watched.has_changed("two", "a")


def test_a_session_is_not_taken_up_again_by_the_second_socket_after_a_change_either() -> None:
    watched = sockets.Sockets(grants=lambda _: None)
    watched.add(sockets.Socket(owner="one", grant="a"))
    assert watched.has_changed("one", "b")
    watched.add(sockets.Socket(owner="one", grant="b"))
    assert watched.has_changed("one", "b")


def test_a_socket_that_is_opened_while_grants_are_asked_for_is_left_for_the_next_time() -> None:
    old, new = (sockets.Socket(owner="one", grant=grant) for grant in "ab")

    def grants(*_: object) -> dict[str, str]:
        if new in watched._open:
            raise OSError
        watched.add(new)  # the grant was renewed after this answer was made
        return {"one": "a"}

    watched = sockets.Sockets(grants=grants)
    watched.add(old)
    ran(_one_round(watched))
    assert not old.ended.is_set()
    assert not new.ended.is_set()
    watched = sockets.Sockets(grants=lambda *_: {"one": "b"})
    for socket in (old, new):
        watched.add(socket)
    ran(_one_round(watched))
    assert old.ended.is_set()
    assert not new.ended.is_set()


async def _one_round(watched: sockets.Sockets) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sockets, "PERIOD_S", 0.01)
        watched.watch()
        await asyncio.sleep(0.015)
        patch.setattr(sockets, "PERIOD_S", 60)
        await asyncio.sleep(0.3)


def test_only_sign_ins_with_open_sockets_are_asked_for() -> None:
    asked: list[set[str]] = []

    def grants(owners: Collection[str]) -> dict[str, str]:
        asked.append(set(owners))
        return dict.fromkeys(owners, "a")

    watched = sockets.Sockets(grants=grants)
    one, nobody = sockets.Socket(owner="one", grant="a"), sockets.Socket(owner="", grant="")
    for socket in (one, nobody):
        watched.add(socket)
    ran(watched._ask())
    watched.discard(one)
    ran(watched._ask())
    assert asked == [{"one"}, set()]


def test_the_register_holds_no_token_of_the_sign_in_server(
    settings: Path, claims: dict[str, object]
) -> None:
    begin({**claims, "tokens": {"id": "secret-token"}})
    text = register_of(settings).file.read_text("utf-8")
    assert "secret-token" not in text
    assert list(json.loads(text)) == [sign_in_id(claims)]
