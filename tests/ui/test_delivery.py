"""Files leave the server only to whoever has the rights to them at that moment."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileKind, MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.testing.v1 import AppTest

import geodata
from geodata.access import EVERYTHING, Rights
from geodata.errors import GeodataError
from geodata.study.assess import assess_study
from geodata.study.results import Run
from tests.tiny_study import write_study
from tests.ui.asgi import Answer, get
from tests.ui.signing import begin, cookie
from tests.ui.tiny_run import open_page, words
from ui import access, delivery, frame, studies, text_page
from ui.access import NotAllowedError
from ui.delivery import Claim, Delivery, Ledger, digest_of
from ui.maps.assets import AssetStore
from ui.maps.routes import map_routes
from ui.opened import Opened, opened_run
from ui.person import browser_name
from ui.sharing import FILE, Sharing
from ui.shown import shown
from ui.sign_in import gate
from ui.sign_in.cookies import VISITOR
from ui.sign_in.gate import AccessGate
from ui.sign_in.register import FOLDER_VARIABLE, register_of
from ui.sign_in.requests import refused
from ui.variables import SETTINGS_VARIABLE

UI = Path(access.__file__).parent
SETTINGS = f"""
[access]
secret = "{"s" * 32}"

[[access.people]]
email = "planner@example.org"
districts = ["*"]
may_change_data = true
"""
PLANNER = Rights(may_change_rules=False)


@dataclass(frozen=True)
class Server:
    """A server with access settings, a planner who is signed in, and Streamlit's files."""

    settings: Path
    owner: str
    cookie: str
    storage: MemoryMediaFileStorage

    def delivery(self, content: bytes = b"list", *, study: str = "") -> Delivery:
        claim = Claim(owner=self.owner, rights=PLANNER, study=study)
        return Delivery(make=lambda: content, claim=claim)

    def keep(self, content: bytes) -> str:
        """The address of a file, as Streamlit gives it once it is made."""
        file_id = self.storage.load_and_get_id(content, "text/csv", MediaFileKind.DOWNLOADABLE)
        return self.storage.get_url(file_id)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    settings = tmp_path / "settings.toml"
    settings.write_text(SETTINGS, "utf-8")
    monkeypatch.setenv(SETTINGS_VARIABLE, str(settings))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "sign-ins"))
    claims: dict[str, object] = {"email": "planner@example.org", "iat": time.time()}
    storage = MemoryMediaFileStorage("/media")
    manager = SimpleNamespace(media_file_mgr=MediaFileManager(storage))
    monkeypatch.setattr(gate, "runtime", SimpleNamespace(get_instance=lambda: manager))
    return Server(settings, begin(claims), f"_streamlit_user={cookie(claims)}", storage)


def _removed(server: Server) -> None:
    server.settings.write_text(SETTINGS.replace("planner@", "other@"), "utf-8")


def _cut(server: Server) -> None:
    server.settings.write_text(SETTINGS.replace('"*"', '"417"'), "utf-8")


def _signed_out(server: Server) -> None:
    register_of(server.settings).end(server.owner)


def _expired(server: Server) -> None:
    register = register_of(server.settings)
    entry = register.find(server.owner)
    assert entry is not None
    register.begin(server.owner, replace(entry, since=1.0))


def _emptied(server: Server) -> None:
    server.settings.write_text("", "utf-8")


def _deleted(server: Server) -> None:
    server.settings.unlink()


ENDS: dict[str, Callable[[Server], None]] = {
    "removed": _removed,
    "cut to one district": _cut,
    "signed out": _signed_out,
    "past its time": _expired,
    "settings emptied": _emptied,
    "settings deleted": _deleted,
}


def media(server: Server) -> Starlette:
    """Streamlit's route of files behind the gate."""

    def file(request: Request) -> Response:
        name = Path(request.path_params["name"]).stem
        try:
            return Response(server.storage.get_file(name).content)
        except MediaFileStorageError:
            return PlainTextResponse("none", status_code=404)

    public = frozenset({digest_of(b"icon")})
    guard = Middleware(AccessGate, base_path=lambda: "", public=public)
    return Starlette(routes=[Route("/media/{name}", file)], middleware=[guard])


def asked(server: Server, address: str, cookies: str = "") -> Answer:
    return get(media(server), address, cookies=cookies)


def test_a_file_is_made_for_who_still_has_the_rights(server: Server) -> None:
    assert server.delivery()() == b"list"


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_file_is_not_made_once_the_rights_have_ended(
    server: Server, end: Callable[[Server], None]
) -> None:
    made = server.delivery()
    end(server)
    with pytest.raises(GeodataError):
        made()


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_rights_that_end_while_a_file_is_made_keep_it(
    server: Server, end: Callable[[Server], None]
) -> None:
    def make() -> bytes:
        end(server)
        return b"list"

    with pytest.raises(GeodataError):
        Delivery(make=make, claim=server.delivery().claim)()


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_the_address_of_a_file_gives_a_sentence_once_the_rights_have_ended(
    server: Server, end: Callable[[Server], None]
) -> None:
    address = server.keep(server.delivery()())
    assert asked(server, address, server.cookie).body == b"list"
    end(server)
    answer = asked(server, address, server.cookie)
    assert answer.status in (403, 503)
    assert answer.body != b"list"
    assert answer.headers["cache-control"] == "no-store"


def test_the_address_of_a_file_is_of_one_sign_in(server: Server) -> None:
    address = server.keep(server.delivery()())
    other: dict[str, object] = {"email": "planner@example.org", "iat": time.time(), "nonce": "2"}
    begin(other)
    for cookies in ("", "_streamlit_user=forged", f"_streamlit_user={cookie(other)}"):
        assert asked(server, address, cookies).status == 403


def test_a_file_that_went_round_the_delivery_is_served_to_nobody(server: Server) -> None:
    assert asked(server, server.keep(b"round"), server.cookie).status == 403
    assert asked(server, server.keep(b"icon")).body == b"icon"
    assert asked(server, "/media/none.csv").status == 404


def test_without_sign_in_a_file_is_of_the_browser_it_was_made_in(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTINGS_VARIABLE, "")
    one, two = ("ab" * 32, "cd" * 32)
    content = Delivery(make=lambda: b"mine", claim=Claim(owner=one, rights=EVERYTHING, study=""))()
    address = server.keep(content)
    assert asked(server, address, f"phusong_visitor={one}").body == b"mine"
    for cookies in ("", f"phusong_visitor={two}", "phusong_visitor="):
        assert asked(server, address, cookies).status == 403


def test_the_ledger_forgets_what_was_made_longest_ago() -> None:
    kept, claim = Ledger(most=2), Claim(owner="one", rights=EVERYTHING, study="")
    for content in (b"1", b"2", b"3"):
        kept.add(content, claim)
    with pytest.raises(NotAllowedError):
        kept.require(b"1", owner="one")
    kept.require(b"3", owner="one")


def test_the_ledger_does_not_grow_with_browsers_that_make_one_file() -> None:
    kept = Ledger(most=100)
    for k in range(1_000):
        kept.add(b"same", Claim(owner=str(k), rights=EVERYTHING, study=""))
        kept.add(b"same", Claim(owner="one", rights=EVERYTHING, study=str(k)))
    assert sum(len(claims) for claims in kept._claims.values()) < 120
    kept.require(b"same", owner="999")
    with pytest.raises(NotAllowedError):
        kept.require(b"same", owner="1")


def test_the_rights_are_asked_once_for_a_file_with_many_claims(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Ledger()
    for code in "123456":
        kept.add(b"1", Claim(owner=server.owner, rights=Rights(operator=code), study=""))
    asked_for: list[str] = []
    found = delivery.visitor_named
    monkeypatch.setattr(
        delivery, "visitor_named", lambda owner: asked_for.append(owner) or found(owner)
    )
    _removed(server)
    with pytest.raises(NotAllowedError):
        kept.require(b"1", owner=server.owner)
    assert asked_for == [server.owner]


def test_a_group_of_buttons_asks_once_whose_they_are(
    run: Run, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    owners: list[str] = []
    monkeypatch.setattr(delivery, "current_owner", lambda: owners.append("") or server.owner)
    assert not open_page(monkeypatch, run, "gaps", PLANNER, verdict="all").exception
    assert len(owners) == 1


def test_a_refusal_for_a_page_whose_address_is_none_is_a_sentence() -> None:
    scope = {"headers": [(b"referer", b"http://[x?lang=en")], "type": "http"}
    told = bytes(refused(NotAllowedError(access.ENDED), scope).body).decode()
    assert told == "your rights have changed or your sign-in has ended; load the page again"


def _button_calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted(UI.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield path.name, node


def test_no_module_but_delivery_offers_files_or_hands_them_to_streamlit() -> None:
    ways = {"download_button", "image", "audio", "video", "pdf", "logo", "add_deferred"}
    found = {
        (name, call.func.attr)
        for name, call in _button_calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in ways
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in ("st", "streamlit")
    }
    assert found == {("delivery.py", "download_button")}


PAGES = {
    "overview": {}, "gaps": {"verdict": "all"}, "area": {"commune": "12"}, "data": {},
    "method": {}, "rule": {}, "five_g": {},
}  # fmt: skip


def test_every_button_of_every_page_asks_for_the_rights(
    run: Run, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    buttons: list[Delivery] = []

    def seen(_: str, data: Any, **__: object) -> bool:
        assert isinstance(data, Delivery)
        buttons.append(data)
        return False

    monkeypatch.setattr(delivery.st, "download_button", seen)
    monkeypatch.setattr(delivery, "current_owner", lambda: server.owner)
    for show, query in PAGES.items():
        assert not open_page(monkeypatch, run, show, PLANNER, **query).exception
    assert len(buttons) >= 12  # 8 lists, the follow-up sheet, 3 of an area
    _removed(server)
    for button in buttons:
        with pytest.raises(NotAllowedError):
            button()


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_map_data_and_text_answer_with_a_sentence_once_the_rights_have_ended(
    server: Server, end: Callable[[Server], None]
) -> None:
    key = access.key_of(server.owner)
    store = AssetStore()
    asset = store.publish("a.json", made_of=[b"x"], make=lambda: b"{}", audience=PLANNER.audience)
    routes = [
        *map_routes(store, base_path=lambda: "", may_read=access.may_read),
        *text_page.text_routes(base_path=lambda: ""),
    ]
    guard = Middleware(AccessGate, base_path=lambda: "")
    app = Starlette(routes=routes, middleware=[guard])
    assert get(app, f"/{asset.path}", query=f"key={key}").status == 200
    end(server)
    for path in (f"/{asset.path}", "/text"):
        answer = get(app, path, query=f"key={key}")
        assert answer.status in (403, 503), path
        assert answer.body
        assert str(server.settings.parent).encode() not in answer.body


SLUG = "nine-0123456789abcdef"


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a study that its maker shares with the planner."""
    monkeypatch.setenv(studies.STUDIES_VARIABLE, str(tmp_path / "studies"))
    folder = tmp_path / "studies" / SLUG
    folder.mkdir(parents=True)
    (folder / "study.toml").write_text('name = "Nine"\n', "utf-8")
    _share(folder, "planner@example.org")
    return folder


def _share(folder: Path, *people: str) -> None:
    held = Sharing(owner="email:maker@example.org", people=people)
    (folder / FILE).write_text(held.text(), "utf-8")


def _deleted_study(folder: Path) -> None:
    folder.rename(folder.with_name(f".deleted-{folder.name}"))


def _unreadable(folder: Path) -> None:
    (folder / FILE).unlink()
    (folder / FILE).mkdir()


TAKEN: dict[str, Callable[[Path], None]] = {
    "share withdrawn": _share,
    "study deleted": _deleted_study,
    "sharing unreadable": _unreadable,
}


@pytest.mark.parametrize("take", TAKEN.values(), ids=TAKEN)
def test_a_study_that_is_taken_away_gives_no_file_any_more(
    server: Server, shared: Path, take: Callable[[Path], None]
) -> None:
    made = server.delivery(study=SLUG)
    address = server.keep(made())
    assert asked(server, address, server.cookie).body == b"list"
    take(shared)
    with pytest.raises(NotAllowedError, match="no longer shared"):
        made()
    assert asked(server, address, server.cookie).status == 403
    assert server.delivery()() == b"list", "the server's own study is there still"


@pytest.mark.parametrize("take", TAKEN.values(), ids=TAKEN)
def test_a_study_taken_away_while_a_file_is_made_keeps_it(
    server: Server, shared: Path, take: Callable[[Path], None]
) -> None:
    def make() -> bytes:
        take(shared)
        return b"list"

    with pytest.raises(NotAllowedError, match="no longer shared"):
        Delivery(make=make, claim=server.delivery(study=SLUG).claim)()


@pytest.mark.parametrize("take", TAKEN.values(), ids=TAKEN)
def test_a_study_taken_away_gives_no_map_data_any_more(
    server: Server, shared: Path, take: Callable[[Path], None]
) -> None:
    store, audience = AssetStore(), PLANNER.audience
    asset = store.publish(
        "a.json", made_of=[b"x"], make=lambda: b"{}", audience=audience, study=SLUG
    )
    app = Starlette(routes=map_routes(store, base_path=lambda: "", may_read=access.may_read))
    key = access.key_of(server.owner)
    assert get(app, f"/{asset.path}", query=f"key={key}").status == 200
    take(shared)
    assert get(app, f"/{asset.path}", query=f"key={key}").status == 403


def test_without_sign_in_map_data_of_a_study_are_of_its_makers_browser(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTINGS_VARIABLE, "")
    token = "0123456789abcdef" * 4
    mine = Sharing(owner=browser_name({VISITOR: token}))
    (shared / FILE).write_text(mine.text(), "utf-8")
    store = AssetStore()
    asset = store.publish("a.json", made_of=[b"x"], make=lambda: b"{}", study=SLUG)
    app = Starlette(routes=map_routes(store, base_path=lambda: "", may_read=access.may_read))
    assert get(app, f"/{asset.path}", cookies=f"{VISITOR}={token}").status == 200
    for cookies in ("", f"{VISITOR}={token[::-1]}"):
        assert get(app, f"/{asset.path}", cookies=cookies).status == 403


@pytest.mark.parametrize("take", TAKEN.values(), ids=TAKEN)
def test_the_text_of_a_study_taken_away_while_it_is_opened_does_not_leave(
    server: Server,
    run: Run,
    shared: Path,
    take: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened = opened_run(run, rights=PLANNER.to_look)
    asked_for: list[str] = []

    def open_study(slug: str = "", *, rights: Rights) -> Opened:  # noqa: ARG001  # as there
        asked_for.append(slug)
        if len(asked_for) > 1:
            take(shared)
        return opened

    monkeypatch.setattr(text_page.studies, "open_study", open_study)
    query = f"study={SLUG}&key={access.key_of(server.owner)}"
    app = Starlette(routes=text_page.text_routes(base_path=lambda: ""))
    assert get(app, "/text", query=query, cookies=server.cookie).status == 200
    assert get(app, "/text", query=query, cookies=server.cookie).status == 403
    assert asked_for == [SLUG, SLUG]


@pytest.mark.parametrize("take", TAKEN.values(), ids=TAKEN)
def test_the_grant_of_who_was_shown_a_study_ends_with_it(
    server: Server, shared: Path, take: Callable[[Path], None]
) -> None:
    before, key = access.grant_of(server.owner), access.key_of(server.owner)
    shown().add(server.owner, SLUG)
    assert access.grant_of(server.owner) == before
    take(shared)
    after = access.grant_of(server.owner)
    assert after not in ("", before), "sockets, rows of tables and keys name the one before"
    assert access.grant_of(server.owner) == after
    assert access.rights_in(key) is None
    shown().discard(server.owner, SLUG)


def test_a_button_older_than_the_end_of_a_share_does_nothing(
    server: Server, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "current_owner", lambda: server.owner)
    rights = access.rights_of(server.owner)
    assert rights is not None
    assert access.still_has(rights, study=SLUG)
    _share(shared)
    assert access.still_has(rights, study="")
    assert not access.still_has(rights, study=SLUG)


@pytest.mark.parametrize("take", TAKEN.values(), ids=TAKEN)
def test_an_open_page_stops_showing_a_study_taken_away_with_its_next_run(
    server: Server,
    run: Run,
    shared: Path,
    take: Callable[[Path], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = server.owner
    monkeypatch.setattr(frame, "current_owner", lambda: owner)
    monkeypatch.setattr(frame, "current_visitor", lambda: access.visitor_named(owner))
    monkeypatch.setattr(frame, "current_rights", lambda: access.rights_of(owner))
    toml = write_study(tmp_path / "theirs")
    toml.write_text(toml.read_text("utf-8").replace("Nine *villages*", "Of the maker"), "utf-8")
    theirs = opened_run(assess_study(geodata.open_study(toml)), slug=SLUG)
    own = opened_run(run)
    monkeypatch.setattr(
        frame.studies,
        "open_study",
        lambda slug="", rights=None: theirs if slug else own,  # noqa: ARG005  # as there
    )
    script = (
        "from ui.frame import page\nfrom ui.navigation import PAGES\n"
        "page(next(entry for entry in PAGES if entry.path == 'method'))()"
    )
    app = AppTest.from_string(script, default_timeout=30)
    app.query_params["study"] = SLUG
    assert "Of the maker" in words(app.run())
    assert shown().to(owner) == {SLUG}
    take(shared)
    told = words(app.run())
    assert "Of the maker" not in told
    assert "Nine" in told
    assert not app.exception
    shown().discard(server.owner, SLUG)
