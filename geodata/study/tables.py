"""What every table of the study file has in common, and those that name a file with places."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Strict, model_validator

from geodata.diagnose import AsSaid, Unit
from geodata.encodings import Told
from geodata.errors import CallError
from geodata.placing import system_of
from geodata.postgis.address import address_of, is_address, with_source
from geodata.study.faults import FaultError

Flag = Annotated[bool, Strict()]


def _is_system(told: str) -> str:
    """A check that ``crs`` is a coordinate system; degrees and metres both may be."""
    system_of(told)
    return told


System = Annotated[str, AfterValidator(_is_system)]


class Table(BaseModel):
    """Every table of the study file: unknown keys are faults, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class PlacedTable(Table):
    """A table of a file with places, and what is to be believed of its coordinates.

    ``crs`` holds where the file says no system or a wrong one; ``swap_xy`` where what stands
    first is the northing or latitude; ``xy_unit`` where the numbers are kilometres.
    """

    crs: System | None = None
    swap_xy: Flag | None = None
    xy_unit: Unit = "m"

    @property
    def said(self) -> AsSaid:
        """What the study file says of the coordinates."""
        return AsSaid(crs=self.crs, swap_xy=self.swap_xy, xy_unit=self.xy_unit)


ONE_OF_TWO = (
    'an address of a database needs one of table and query: table = "schema.name", or '
    'query = "select …"'
)


def _reads_one(text: str) -> str:
    """A path, or an address that says what is read of its database."""
    if not is_address(text):
        return text
    try:
        from geodata.postgis.connect import identifier  # noqa: PLC0415  # loads libpq

        address = address_of(text)
        if address.table:
            identifier(address.table)
    except CallError as error:
        raise FaultError(error.template, **error.parts) from error
    if bool(address.table) == bool(address.query):
        raise FaultError(ONE_OF_TWO)
    return text


def _in_one_text(text: str) -> str:
    """As `_reads_one`, for keys that have no ``table`` or ``query`` beside them."""
    if is_address(text) and not re.search(r"[?&](table|query)=", text):
        raise FaultError(
            "an address of a database says here itself what to read: add ?table=schema.name to it"
        )
    return _reads_one(text)


def _no_address(text: str) -> str:
    if is_address(text):
        raise FaultError("input should be a file; this is not read from a database")
    return text


Source = Annotated[str, AfterValidator(_in_one_text)]
OnlyFile = Annotated[str, AfterValidator(_no_address)]


class Sourced(PlacedTable):
    """A table of the study file that names a file, or a table or query of a database."""

    path: str
    table: str | None = None
    query: str | None = None
    layer: str | None = None
    encoding: Told | None = None

    @property
    def address(self) -> str:
        """The path, or the address with its table or query: all in one text."""
        if not is_address(self.path):
            return self.path
        return with_source(self.path, table=self.table, query=self.query)

    @model_validator(mode="after")
    def _says_what_to_read(self) -> Self:
        told = {"table": self.table, "query": self.query}
        given = [name for name, value in told.items() if value is not None]
        if given and not is_address(self.path):
            raise FaultError(
                "{key} is for databases; path should be postgresql://user@host/database",
                key=given[0],
            )
        if len(given) > 1 or any(not str(told[name]).strip() for name in given):
            raise FaultError(ONE_OF_TWO)
        _reads_one(self.address)
        return self
