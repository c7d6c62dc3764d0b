"""Whose a study made in the browser is: its maker's alone, some people's or everybody's."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from geodata.errors import CallError
from geodata.files import whole_file
from geodata.incoming import rename_study, studies_in
from geodata.rights import bare_address
from ui import studies
from ui.visitor import Visitor, email_name

FILE = "sharing.json"
MOST_PEOPLE = 100


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """The owner of a study by `Visitor.name`, the addresses it is shared with, or everybody."""

    owner: str
    people: tuple[str, ...] = ()
    everybody: bool = False

    def is_owned_by(self, visitor: Visitor) -> bool:
        """Whether a visitor may rename, share and delete the study."""
        return visitor.rights is not None and visitor.name != "" and visitor.name == self.owner

    def is_open_to(self, visitor: Visitor) -> bool:
        """Whether a visitor may open the study, as far as their rights go."""
        if visitor.rights is None:
            return False
        named = visitor.name in {email_name(one) for one in self.people}
        return self.everybody or named or self.is_owned_by(visitor)

    def text(self) -> str:
        """As it stands in the study's folder."""
        return json.dumps(asdict(self), ensure_ascii=False)


def read_sharing(folder: Path) -> Sharing | None:
    """Whose the study in a folder is; None where nothing says so, nobody's where it is broken."""
    file = folder / FILE
    if not file.exists():
        return None
    try:
        held = json.loads(file.read_text("utf-8"))
        return Sharing(
            owner=str(held["owner"]),
            people=tuple(map(str, held["people"])),
            everybody=held["everybody"] is True,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return Sharing(owner="")


def is_open_to(folder: Path, visitor: Visitor) -> bool:
    """Whether a visitor may open a study made in the browser.

    One without an owner was made before studies had any: it is everybody's where nobody signs
    in, else of those who see all and may change data.
    """
    sharing, rights = read_sharing(folder), visitor.rights
    if sharing is not None:
        return sharing.is_open_to(visitor)
    return rights is not None and (rights.public or (rights.sees_all and rights.may_change_data))


def open_slug(slug: str, visitor: Visitor) -> str:
    """``slug`` where it names a study that is open to a visitor, else "", the server's own."""
    folder = studies.made_folder(slug)
    return slug if folder is not None and is_open_to(folder, visitor) else ""


def open_studies(visitor: Visitor) -> dict[str, str]:
    """Folder name and name of each study that a visitor may be told of."""
    home = studies.studies_home()
    sees_all = visitor.rights is not None and visitor.rights.sees_all

    def is_listed(folder: Path) -> bool:
        return is_open_to(folder, visitor) and (sees_all or owned(folder.name, visitor) is not None)

    return {slug: name for slug, name in studies_in(home).items() if is_listed(home / slug)}


def owned(slug: str, visitor: Visitor) -> Sharing | None:
    """With whom a visitor's own study is shared; None where it is not theirs."""
    folder = studies.made_folder(slug)
    sharing = None if folder is None else read_sharing(folder)
    return sharing if sharing is not None and sharing.is_owned_by(visitor) else None


def share(slug: str, visitor: Visitor, *, people: tuple[str, ...], everybody: bool) -> None:
    """Share a visitor's own study with these addresses, with everybody, or with nobody.

    Raises `CallError` where it is not theirs, for too many people, and for what is no address.
    """
    sharing, folder = _require_owned(slug, visitor)
    addresses = tuple(dict.fromkeys(bare_address(one) for one in people if one.strip()))
    if len(addresses) > MOST_PEOPLE:
        raise CallError(
            "a study is shared with at most {most} people, or with everybody", most=MOST_PEOPLE
        )
    wrong = [one for one in addresses if "@" not in one]
    if wrong:
        raise CallError("{address} is no e-mail address", address=wrong[0])
    changed = replace(sharing, people=addresses, everybody=everybody)
    with whole_file(folder / FILE) as path:
        path.write_text(changed.text(), encoding="utf-8")


def rename(slug: str, visitor: Visitor, name: str) -> None:
    """Give a visitor's own study another name; its address stays. Raises `CallError`."""
    _, folder = _require_owned(slug, visitor)
    rename_study(folder, name)


def delete(slug: str, visitor: Visitor) -> None:
    """Delete a visitor's own study with its files and results. Raises `CallError`."""
    _, folder = _require_owned(slug, visitor)
    doomed = folder.with_name(f".deleted-{folder.name}")
    folder.rename(doomed)  # at once gone for everybody
    shutil.rmtree(doomed, ignore_errors=True)


def _require_owned(slug: str, visitor: Visitor) -> tuple[Sharing, Path]:
    """Raise `CallError` where a study is not the visitor's own."""
    sharing, folder = owned(slug, visitor), studies.made_folder(slug)
    if sharing is None or folder is None:
        raise CallError("only who made a study may rename, share or delete it")
    return sharing, folder
