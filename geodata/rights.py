"""Who may see what, as the ``[access]`` table of a settings file says it."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from geodata.errors import MissingFileError, UnreadableError, phrase
from geodata.study.faults import Fault, FaultError, sentence_of, told, where_of
from geodata.study.settings import Whole
from geodata.study.tables import Flag

EVERY = "*"
SECRET_LENGTH = 32


@dataclass(frozen=True, kw_only=True)
class Rights:
    """What one reader may see and change.

    ``districts`` and ``communes`` are codes, alone or with the day their structure holds from
    (``17329@2025-07-01``), and a village in either is seen; where both are None, all are.
    ``operator`` names the operator a person is of: they see its layers and sites, and of
    others only whether somebody else serves a village. ``public`` marks what
    everybody may see, where access is off.
    """

    districts: frozenset[str] | None = None
    communes: frozenset[str] | None = None
    operator: str = ""
    may_change_rules: bool = True
    may_change_data: bool = True
    public: bool = False

    @property
    def sees_all(self) -> bool:
        """Whether nothing is kept from this reader."""
        return self.districts is None and self.communes is None and not self.operator

    @property
    def to_look(self) -> Rights:
        """The same sight, without leave to change anything."""
        return replace(self, may_change_rules=False, may_change_data=False)

    def covers(self, other: Rights) -> bool:
        """Whether who has these rights may have all that is made with ``other``.

        >>> EVERYTHING.covers(Rights(operator="Beta"))
        True
        >>> Rights(operator="Beta").covers(EVERYTHING)
        False
        """
        return (
            _covers(self.districts, other.districts)
            and _covers(self.communes, other.communes)
            and self.operator in ("", other.operator)
            and self.may_change_rules >= other.may_change_rules
            and self.may_change_data >= other.may_change_data
        )

    @property
    def audience(self) -> str:
        """A name for everybody with the same sight; empty where that is everybody."""
        if self.public:
            return ""
        seen = [
            None if codes is None else sorted(codes) for codes in (self.districts, self.communes)
        ]
        return hashlib.sha256(repr((seen, self.operator)).encode()).hexdigest()[:16]


def _covers(held: frozenset[str] | None, asked: frozenset[str] | None) -> bool:
    """Whether codes (None: all) hold all those asked for."""
    return held is None or (asked is not None and asked <= held)


EVERYTHING = Rights(public=True)
"""The rights of everybody where access is off."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Grant(_Table):
    """``[access.everyone_else]``, and what ``[[access.people]]`` adds an address to."""

    districts: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    operator: str = ""
    may_change_rules: Flag = False
    may_change_data: Flag = False

    @model_validator(mode="after")
    def _operators_only_look(self) -> Self:
        """Others' layers are kept from an operator, so what it would change cannot be judged."""
        if self.operator.strip() and (self.may_change_rules or self.may_change_data):
            raise FaultError("people of an operator may change neither rules nor data")
        return self

    def rights(self) -> Rights:
        """The grant as rights."""
        everything = EVERY in self.districts or EVERY in self.communes
        return Rights(
            districts=None if everything else _codes(self.districts),
            communes=None if everything else _codes(self.communes),
            operator=self.operator.strip(),
            may_change_rules=self.may_change_rules,
            may_change_data=self.may_change_data,
        )


class Person(Grant):
    """``[[access.people]]``: one person by the address the sign-in vouches for."""

    email: str


class Access(_Table):
    """``[access]``: the secret that signs addresses, for how long, and who may see what."""

    secret: str = Field(min_length=SECRET_LENGTH, repr=False)
    token_minutes: Whole = Field(default=30, ge=1, le=24 * 60)
    sign_in_hours: Whole = Field(default=12, ge=1, le=30 * 24)
    public_origin: str = Field(default="", pattern=r"^(https?://[^/?#\s]+/?)?$")
    people: tuple[Person, ...] = ()
    everyone_else: Grant | None = None

    @model_validator(mode="after")
    def _one_entry_each(self) -> Self:
        """Two entries for one address would leave open which of them holds."""
        seen: set[str] = set()
        for person in self.people:
            address = bare_address(person.email)
            if address in seen or not address:
                raise FaultError(
                    "{email} stands there twice; one entry says all of it"
                    if address
                    else "an address is empty; every person has one",
                    email=address,
                )
            seen.add(address)
        return self

    def rights_of(self, email: str | None, *, verified: bool = True) -> Rights | None:
        """The rights of a signed-in person; None where there are none.

        An address that the sign-in server does not vouch for is nobody's.
        """
        asked = bare_address(email or "") if verified else ""
        if not asked:
            return None
        for person in self.people:
            if bare_address(person.email) == asked:
                return person.rights()
        return self.everyone_else.rights() if self.everyone_else else None


def bare_address(email: str) -> str:
    """An address for comparing: case is left aside for A to Z alone.

    Full case folding makes one of letters that are not the same (ß and ss, K and the sign of
    kelvin), and so of two people.
    """
    return email.strip().encode(errors="replace").lower().decode()


class _Settings(_Table):
    access: Access | None = None


def read_access(path: Path) -> Access | None:
    """The ``[access]`` of a settings file; None where it has none: then access is off.

    Raises `MissingFileError`, `UnreadableError` for what cannot be read or is not TOML, and
    `StudyError` with every fault and its line. No message shows the secret.
    """
    return parse_access(path, access_bytes(path))


def access_bytes(path: Path) -> bytes:
    """The content of a settings file; raises `MissingFileError` or `UnreadableError`."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise MissingFileError("{path}: there is no such file", path=str(path)) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__  # str(error) holds the path
        raise UnreadableError(
            "{file} cannot be read: {reason}", file=path.name, reason=reason
        ) from error


def parse_access(path: Path, content: bytes) -> Access | None:
    """`read_access` of content that is at hand; ``path`` names it in messages."""
    try:
        text = content.decode("utf-8-sig")
        values = tomllib.loads(text)
    except RecursionError as error:
        raise UnreadableError(
            "{file} cannot be read: {reason}", file=path.name, reason="nested too deeply"
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnreadableError(
            "{file} cannot be read: {reason}", file=path.name, reason=str(error)
        ) from error
    try:
        return _Settings.model_validate(values).access
    except ValidationError as error:
        faults = sorted((_fault(problem, text) for problem in error.errors()), key=lambda f: f[0])
        raise told(path, [sentence for _, sentence in faults]) from error


def _codes(codes: tuple[str, ...]) -> frozenset[str]:
    return frozenset(code.strip() for code in codes) - {""}


def _fault(problem: Mapping[str, Any], text: str) -> Fault:
    """One fault with its line; a secret is never shown."""
    line, where = where_of(_place(problem["loc"]), text)
    kind = problem["type"]
    if "secret" in problem["loc"] and kind != "missing":
        return line, phrase("{where}: a secret has at least 32 characters", where=where)
    if kind == "missing":
        return line, phrase("{where} is missing", where=where)
    if kind == "extra_forbidden":
        return line, phrase("{where} is not a key of this table", where=where)
    return line, sentence_of(problem, where)


def _place(loc: tuple[str | int, ...]) -> list[str | int]:
    """A key's place as its table is headed in the file: ``access.people``, 1, ``email``."""
    place = list(loc)
    if place[0] == "access" and len(place) > 1 and place[1] in ("people", "everyone_else"):
        place[:2] = [f"access.{place[1]}"]
    return place
