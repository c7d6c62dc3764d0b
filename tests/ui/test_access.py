"""Who may see what: keys in addresses, the end of a sign-in, and settings that go wrong."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.requests import Request

from geodata.access import EVERYTHING, Access, Rights
from geodata.errors import GeodataError, UnreadableError
from tests.ui.signing import begin
from ui import access
from ui.maps.assets import Asset
from ui.sign_in.register import FOLDER_VARIABLE, register_of, sign_in_id
from ui.texts import translator
from ui.variables import SETTINGS_VARIABLE

SECRET = "s" * 32
HILLS = Rights(
    districts=frozenset({"417"}), communes=frozenset(), may_change_rules=True, may_change_data=False
)
SETTINGS = f"""
[access]
secret = "{SECRET}"
token_minutes = 10
sign_in_hours = 2

[[access.people]]
email = "hills@example.org"
districts = ["417"]
may_change_rules = true
"""


@pytest.fixture
def limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A server with access settings."""
    path = tmp_path / "settings.toml"
    path.write_text(SETTINGS, "utf-8")
    monkeypatch.setenv(SETTINGS_VARIABLE, f" {path} ")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "sign-ins"))
    return path


def sign_in(monkeypatch: pytest.MonkeyPatch, **claims: object) -> list[tuple[str, str]]:
    """Somebody is signed in with these claims; gives what a page then shows."""
    if claims:
        begin(claims)
    whole = {**claims, "is_logged_in": bool(claims)}
    user = SimpleNamespace(is_logged_in=bool(claims), to_dict=lambda: whole)
    told: list[tuple[str, str]] = []

    def teller(kind: str) -> Callable[..., None]:
        return lambda text, **_: told.append((kind, text))

    names = ("error", "info", "button")
    shown = {name: teller(name) for name in names}
    page = SimpleNamespace(user=user, login=None, logout=None, get_option=lambda _: "/p", **shown)
    monkeypatch.setattr(access, "st", page)
    return told


def test_without_settings_everybody_sees_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTINGS_VARIABLE, " ")
    assert access.access() is None
    assert access.current_rights() is access.rights_in("") is EVERYTHING
    assert access.key_of("") == ""
    assert not access.is_signed_in()


def test_settings_gone_or_emptied_never_open_the_server(limited: Path) -> None:
    assert cast("Access", access.access()).secret == SECRET
    limited.write_text("", "utf-8")
    with pytest.raises(UnreadableError, match=r"settings.toml cannot be read: \[access\] is miss"):
        access.access()
    limited.unlink()
    with pytest.raises(GeodataError):
        access.access()


@pytest.mark.parametrize(
    ("since", "over"),
    [
        (0, True),
        (2799, True),
        (2800, True),
        (2801, False),
        (10_000, False),
        (10_300, False),
        (10_301, True),
        (9999.5, False),
        (True, True),
        ("10000", True),
        (None, True),
    ],
)
def test_a_sign_in_lasts_two_hours_by_the_time_put_on_it(since: object, over: bool) -> None:
    settings = Access(secret=SECRET, sign_in_hours=2)
    assert access.is_over({"iat": since}, settings, now=10_000) is over


def test_a_sign_in_without_a_time_is_over() -> None:
    assert access.is_over({}, Access(secret=SECRET), now=10_000)


@pytest.mark.parametrize(
    ("told", "trusted"),
    [(True, True), (False, False), ("False ", False), ("true", True), (0, False), (1, True),
     ("none", False), (None, False), ("0", False)],
)  # fmt: skip
def test_an_address_is_trusted_unless_it_is_said_not_to_be(told: object, trusted: bool) -> None:
    assert access.is_verified({"email_verified": told}) is trusted
    assert access.is_verified({})


def test_rights_are_those_of_the_address_that_is_vouched_for(
    limited: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limited.exists()
    monkeypatch.setattr(access.time, "time", lambda: 10_000.0)
    hills = Rights(
        districts=frozenset({"417"}),
        communes=frozenset(),
        may_change_rules=True,
        may_change_data=False,
    )
    sign_in(monkeypatch, email="Hills@example.org", iat=9_000)
    assert access.current_rights() == hills
    assert access.still_has(hills, study="")
    assert not access.still_has(EVERYTHING, study="")
    for claims in (
        {},
        {"email": "hills@example.org", "iat": 1},
        {"email": "hills@example.org", "iat": 9_000, "email_verified": False},
        {"email": "other@example.org", "iat": 9_000},
        {"iat": 9_000},
    ):
        sign_in(monkeypatch, **claims)
        assert access.current_rights() is None
    limited.write_text("[access", "utf-8")
    assert not access.still_has(hills, study="")


def test_the_user_is_looked_at_once_to_tell_whose_a_button_is(
    limited: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limited.exists()
    looks: list[str] = []

    class User:
        def __getattr__(self, name: str) -> Callable[[], dict[str, object]]:
            looks.append(name)
            return lambda: {"email": "hills@example.org", "is_logged_in": True}

    monkeypatch.setattr(access, "st", SimpleNamespace(user=User()))
    assert access.current_owner() == sign_in_id({"email": "hills@example.org"})
    assert looks == ["to_dict"]


def test_the_page_of_who_has_no_rights_says_why(
    limited: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limited.exists()
    monkeypatch.setattr(access.time, "time", lambda: 10_000.0)
    en = translator("en")

    def shown(**claims: object) -> list[tuple[str, str]]:
        told = sign_in(monkeypatch, **claims)
        access.sign_in_page(en)
        access.sign_out_button(en)
        return told

    assert shown() == [("info", "Please sign in to see your area."), ("button", "Sign in")]
    assert shown(email="a_b@example.org", iat=9_000) == [
        (
            "error",
            (
                "`a_b@example.org` has been given no area here. Ask whoever runs this server "
                "to add the address."
            ),
        ),
        ("button", "Sign out"),
    ]
    assert shown(email="a_b@example.org", iat=9_000, email_verified="false") == [
        (
            "error",
            (
                "The sign-in server has not verified the address `a_b@example.org`. Verify it "
                "there, then sign in again."
            ),
        ),
        ("button", "Sign out"),
    ]
    told = sign_in(monkeypatch)
    del access.st.user.is_logged_in
    assert not access.has_sign_in()
    assert not access.is_signed_in()
    access.sign_in_page(en)
    assert told == [
        (
            "error",
            (
                "Nobody can sign in yet: this server has access settings, and no [auth] in its "
                "secrets file."
            ),
        )
    ]


def signed_in(monkeypatch: pytest.MonkeyPatch) -> str:
    """The official of the hills has just signed in; gives the id of the sign-in."""
    claims: dict[str, object] = {"email": "hills@example.org", "iat": time.time()}
    sign_in(monkeypatch, **claims)
    return sign_in_id(claims)


def test_a_key_opens_what_its_owner_may_see_and_never_lets_change(
    limited: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limited.exists()
    key = access.key_of(signed_in(monkeypatch))
    held = access.rights_in(key)
    assert held == HILLS.to_look
    assert held.audience == HILLS.audience
    middle = len(key) // 2  # the last sign holds bits that nobody reads
    other = key[:middle] + ("A" if key[middle] != "A" else "B") + key[middle + 1 :]
    for forged in ("", other, key + "x", f"x{key}"):
        assert access.rights_in(forged) is None
    assert access.key_of("unknown") == ""


def test_a_key_ends_with_the_rights_and_with_the_sign_in(
    limited: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = signed_in(monkeypatch)
    key = access.key_of(owner)
    limited.write_text(SETTINGS.replace("417", "412"), "utf-8")
    assert access.rights_in(key) is None
    limited.write_text(SETTINGS, "utf-8")
    assert access.rights_in(key) is None, "what has ended stays so"
    key = access.key_of(owner)
    assert access.rights_in(key) == HILLS.to_look
    register_of(limited).end(owner)
    assert access.rights_in(key) is None


def test_a_key_is_kept_for_half_its_life_and_ends(
    limited: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limited.exists()
    clock = [600_000.0]
    monkeypatch.setattr("time.time", lambda: clock[0])
    owner = signed_in(monkeypatch)
    key = access.key_of(owner)
    clock[0] += 299
    assert access.key_of(owner) == key
    clock[0] += 1
    assert access.key_of(owner) != key
    clock[0] = 600_600.0
    assert access.rights_in(key) is not None
    clock[0] = 600_601.0
    assert access.rights_in(key) is None


def asked(key: str) -> Request:
    """A request with a key in its address."""
    query = f"key={key}&other=1".encode()
    return Request({"type": "http", "query_string": query, "headers": []})


def test_what_is_of_an_audience_is_read_with_its_key_alone(
    limited: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limited.exists()
    key = access.key_of(signed_in(monkeypatch))
    make: Any = bytes
    mine = Asset("a.json", "d", make, audience=HILLS.audience)
    others = Asset("a.json", "d", make, audience=Rights(operator="Beta").audience)
    assert access.may_read(asked(key), mine)
    assert not access.may_read(asked(key), others)
    assert not access.may_read(asked(""), mine)
    address: Callable[[Asset], str] = access.addresses()
    assert address(Asset("a.json", "d", make)) == "/p/map-data/d/a.json"
    assert address(mine) == f"/p/map-data/d/a.json?key={key}"


def test_settings_of_the_same_time_and_length_are_read_anew(limited: Path) -> None:
    before = limited.stat()
    assert cast("Access", access.access()).token_minutes == 10
    limited.write_text(SETTINGS.replace("token_minutes = 10", "token_minutes = 20"), "utf-8")
    os.utime(limited, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert limited.stat().st_mtime_ns == before.st_mtime_ns
    assert cast("Access", access.access()).token_minutes == 20


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(5, "I/O")])
def test_settings_behind_a_shut_folder_are_a_sentence_without_a_path(
    limited: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def shut(self: Path, **_: object) -> bytes:
        raise type(error)(error.errno, error.strerror, str(self))

    monkeypatch.setattr(Path, "read_bytes", shut)
    monkeypatch.setattr(Path, "stat", shut)
    with pytest.raises(UnreadableError, match=r"^settings\.toml cannot be read: ") as caught:
        access.access()
    assert str(limited.parent) not in str(caught.value)
    assert not access.still_has(EVERYTHING, study="")


def test_settings_that_are_gone_are_a_sentence_without_a_path(limited: Path) -> None:
    limited.unlink()
    with pytest.raises(GeodataError, match=r"^settings\.toml: there is no such file$"):
        access.access()
