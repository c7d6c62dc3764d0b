"""Whose a study made in the browser is: its maker's alone, some people's or everybody's."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from geodata.errors import CallError, GeodataError, UnwrittenError
from geodata.files import whole_file
from geodata.incoming import rename_study, studies_in
from geodata.rights import bare_address
from ui import studies
from ui.person import EMAIL, Visitor, email_name

LOG = logging.getLogger(__name__)

FILE = "sharing.json"
MOST_PEOPLE = 100

UNKNOWN = "unknown"
"""The owner of a study while nobody can read who that is: no visitor has this name."""


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """The owner of a study by `Visitor.name`, the addresses it is shared with, or everybody."""

    owner: str
    people: tuple[str, ...] = ()
    everybody: bool = False

    @property
    def is_ownerless(self) -> bool:
        """Whether nobody who signs in can be the owner: none is named, or a browser is."""
        return not self.owner.startswith(EMAIL) and self.owner != UNKNOWN

    def is_owned_by(self, visitor: Visitor) -> bool:
        """Whether a visitor may rename, share and delete the study.

        Where people sign in, one without an owner is of those who see all and may change data.
        """
        rights = visitor.rights
        if rights is None:
            return False
        if visitor.name and visitor.name == self.owner:
            return True
        steward = rights.sees_all and rights.may_change_data and not rights.public
        return steward and self.is_ownerless

    def is_open_to(self, visitor: Visitor) -> bool:
        """Whether a visitor may open the study, as far as their rights go."""
        if visitor.rights is None:
            return False
        named = visitor.name in {email_name(one) for one in self.people}
        return self.everybody or named or self.is_owned_by(visitor)

    def text(self) -> str:
        """As it stands in the study's folder."""
        return json.dumps(asdict(self), ensure_ascii=False)


@dataclass(frozen=True, kw_only=True)
class MadeStudy:
    """A study made in the browser: the name of its folder, its own name, and whose it is."""

    slug: str
    name: str
    sharing: Sharing


def read_sharing(folder: Path) -> Sharing | None:
    """Whose the study in a folder is; None where nothing says so, without owner where broken."""
    try:
        held = json.loads((folder / FILE).read_text("utf-8"))
        return Sharing(
            owner=str(held["owner"]),
            people=tuple(map(str, held["people"])),
            everybody=held["everybody"] is True,
        )
    except FileNotFoundError:
        return None
    except OSError as error:
        LOG.warning("Whose a study is cannot be read, so it is shut: %s", error)
        return Sharing(owner=UNKNOWN)
    except (ValueError, KeyError, TypeError):
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


def is_open_slug(slug: str, visitor: Visitor) -> bool:
    """Whether ``slug`` names a study made in the browser that is open to a visitor."""
    folder = studies.made_folder(slug)
    return folder is not None and is_open_to(folder, visitor)


def open_slug(slug: str, visitor: Visitor) -> str:
    """``slug`` where it names a study that is open to a visitor, else "", the server's own."""
    return slug if is_open_slug(slug, visitor) else ""


def open_studies(visitor: Visitor) -> dict[str, str]:
    """Folder name and name of each study that a visitor may be told of."""
    sees_all = visitor.rights is not None and visitor.rights.sees_all

    def is_listed(folder: Path) -> bool:
        return is_open_to(folder, visitor) and (sees_all or owned(folder.name, visitor) is not None)

    return studies_in(studies.studies_home(), is_listed=is_listed)


def owned(slug: str, visitor: Visitor) -> Sharing | None:
    """With whom a visitor's own study is shared; None where it is not theirs."""
    folder = studies.made_folder(slug)
    if folder is None:
        return None
    sharing = read_sharing(folder) or Sharing(owner="")
    return sharing if sharing.is_owned_by(visitor) else None


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
    _write(folder, replace(sharing, people=addresses, everybody=everybody))


def _write(folder: Path, sharing: Sharing) -> None:
    """Write whose a study is, whole or not at all."""
    with _changing(), whole_file(folder / FILE) as path:
        path.write_text(sharing.text(), encoding="utf-8")


def rename(slug: str, visitor: Visitor, name: str) -> None:
    """Give a visitor's own study another name; its address stays. Raises `CallError`."""
    _, folder = _require_owned(slug, visitor)
    with _changing():
        rename_study(folder, name)


def delete(slug: str, visitor: Visitor) -> None:
    """Delete a visitor's own study with its files and results. Raises `CallError`."""
    _, folder = _require_owned(slug, visitor)
    _delete(folder)


def _delete(folder: Path) -> None:
    doomed = folder.with_name(f".deleted-{folder.name}")
    with _changing():
        folder.rename(doomed)  # at once gone for everybody
    shutil.rmtree(doomed, ignore_errors=True)


@contextmanager
def _changing() -> Iterator[None]:
    """Make `CallError` of what the system refuses: a file in use, a full disk, no rights."""
    try:
        yield
    except (GeodataError, OSError, UnicodeError) as error:
        if not isinstance(error, UnwrittenError) and isinstance(error, GeodataError):
            raise
        LOG.warning("A study could not be changed: %s", error)
        raise CallError(
            "the study could not be changed: a file of it is in use or locked, or the disk is "
            "full; try again, or ask who runs this server"
        ) from error


def made_studies() -> list[MadeStudy]:
    """All studies made in the browser, for whoever runs the server."""
    home = studies.studies_home()
    return [
        MadeStudy(slug=slug, name=name, sharing=read_sharing(home / slug) or Sharing(owner=""))
        for slug, name in studies_in(home).items()
    ]


def hand_over(slug: str, email: str) -> str:
    """Make somebody who signs in the owner of a study; gives the address. Raises `CallError`."""
    folder = _require_made(slug)
    address = bare_address(email)
    if "@" not in address:
        raise CallError("{address} is no e-mail address", address=address)
    held = read_sharing(folder) or Sharing(owner="")
    _write(folder, replace(held, owner=email_name(address)))
    return address


def delete_made(slug: str) -> None:
    """Delete a study made in the browser, whosever it is. Raises `CallError`."""
    _delete(_require_made(slug))


def _require_made(slug: str) -> Path:
    folder = studies.made_folder(slug)
    if folder is None:
        raise CallError(
            "there is no study {slug} made in the browser; phusong studies lists them", slug=slug
        )
    return folder


def _require_owned(slug: str, visitor: Visitor) -> tuple[Sharing, Path]:
    """Raise `CallError` where a study is not the visitor's own."""
    sharing, folder = owned(slug, visitor), studies.made_folder(slug)
    if sharing is None or folder is None:
        raise CallError("only who made a study may rename, share or delete it")
    return sharing, folder
