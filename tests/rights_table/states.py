"""Kinds of people, and what becomes of their rights while a page of theirs is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from starlette.types import ASGIApp

from tests.rights_table.running import request
from ui.person import email_name
from ui.sharing import FILE, Sharing, delete_made

NOBODY = "not signed in"
OWN, SHARED = "own study of the maker", "shared study of the maker"
PLACE, SHARED_PLACE = "Xóm", "Plei"
"""How villages are called in the server's own study, and in the shared one."""

PEOPLE: Mapping[str, tuple[str, str]] = {
    "district's official": ("official", 'districts = ["412"]'),
    "operator's person": ("operator", 'districts = ["*"]\noperator = "Beta"'),
    "planner": ("planner", 'districts = ["*"]\nmay_change_rules = true\nmay_change_data = true'),
}
"""Each kind of person who signs in: the name before the @, and the rights."""

KINDS = (NOBODY, *PEOPLE)
CUT: Mapping[str, tuple[str, str]] = {
    "district's official": ('districts = ["412"]', 'communes = ["11"]'),
    "operator's person": ('districts = ["*"]', 'districts = ["412"]'),
    "planner": ('districts = ["*"]', 'districts = ["412"]'),
}
"""What becomes of the rights of each where they are cut."""

AS_PUBLISHED = "as published"
REMOVED, CUT_DOWN, SIGNED_OUT = "removed", "cut", "signed out"
EMPTIED, DELETED = "settings emptied", "settings deleted"
WITHDRAWN, STUDY_DELETED = "share withdrawn", "study deleted"
OF_THE_SHARED = (WITHDRAWN, STUDY_DELETED)
"""States of a study that its maker shared with everybody; the open pages are of it then."""

STATES = (AS_PUBLISHED, REMOVED, CUT_DOWN, SIGNED_OUT, EMPTIED, DELETED, *OF_THE_SHARED)

ON_THE_SAME_PAGES = (
    (AS_PUBLISHED, EMPTIED, DELETED, CUT_DOWN),
    (REMOVED,),
    (SIGNED_OUT,),
    (WITHDRAWN,),
    (STUDY_DELETED,),
)
"""States that are brought about one after the other while the same pages are open.

Settings that nobody can read end no sign-in, so that the pages stay open; all other states do.
"""

_OTHERS = ("Huyện Kỳ Sơn", "Xóm 7")
KEPT_BACK: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("district's official", AS_PUBLISHED): _OTHERS,
    ("district's official", CUT_DOWN): (*_OTHERS, "Xóm 1"),
    ("operator's person", AS_PUBLISHED): ("Alpha",),
    ("operator's person", CUT_DOWN): ("Alpha", *_OTHERS),
    ("planner", AS_PUBLISHED): (),
    ("planner", CUT_DOWN): _OTHERS,
    **{
        (kind, state): (SHARED, SHARED_PLACE, *others)
        for state in OF_THE_SHARED
        for kind, others in (
            ("district's official", _OTHERS),
            ("operator's person", ("Alpha",)),
            ("planner", ()),
        )
    },
}
"""Names that a person may not be sent; of whoever is not here, no data at all."""

HEAD = f'[access]\nsecret = "{"s" * 32}"\n'
AUTH = f"""
[auth]
redirect_uri = "http://localhost/oauth2callback"
cookie_secret = "{"c" * 32}"
client_id = "phusong"
client_secret = "secret"
server_metadata_url = "http://localhost:1/.well-known/openid-configuration"
"""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings file of the server, and what is done to it."""

    file: Path
    shared: Path
    """The folder of the shared study."""

    def share(self, *, everybody: bool) -> None:
        """Have the maker share the study, or share it no longer."""
        held = Sharing(owner=email_name("maker@example.org"), everybody=everybody)
        (self.shared / FILE).write_text(held.text(), "utf-8")

    def restore(self) -> None:
        """Make all as it was published; the server need not open a deleted study again."""
        self.write()
        deleted = self.shared.with_name(f".deleted-{self.shared.name}")
        if deleted.exists():
            deleted.rename(self.shared)
        self.share(everybody=True)

    def write(self, kind: str = "", state: str = AS_PUBLISHED) -> None:
        """Write the rights of everybody, those of a kind of person as they are in a state."""
        lines = [HEAD, '[[access.people]]\nemail = "maker@example.org"\ndistricts = ["*"]\n']
        for name, (user, rights) in PEOPLE.items():
            if name == kind and state == REMOVED:
                continue
            left = rights.replace(*CUT[name]) if name == kind and state == CUT_DOWN else rights
            lines.append(f'[[access.people]]\nemail = "{user}@example.org"\n{left}\n')
        self.file.write_text("\n".join(lines), "utf-8")

    async def end(self, kind: str, state: str, *, app: ASGIApp, cookies: str) -> None:
        """Bring about a state for a kind of person."""
        if state == EMPTIED:
            self.file.write_text("", "utf-8")
        elif state == DELETED:
            self.file.unlink()
        elif state == SIGNED_OUT:
            await request(app, "/auth/logout", cookies=cookies)
        elif state == WITHDRAWN:
            self.share(everybody=False)
        elif state == STUDY_DELETED:
            with patch("ui.sharing.shutil.rmtree"):  # where it was moved to, see `restore`
                delete_made(self.shared.name)
        else:
            self.write(kind, state)
