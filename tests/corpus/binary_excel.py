"""Workbooks of Excel before 2007: errors, and formulas that nobody has computed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from geodata.columns import numbers
from geodata.read import read, read_table
from tests.corpus import Case
from tests.corpus._xls import Cell, Error, Formula, write_xls
from tests.corpus.spreadsheets import UNCOMPUTED

NOT_AVAILABLE, NO_REFERENCE = 42, 23


def _people(*counts: Cell, computed: bool = True) -> Callable[[Path], Path]:
    """A list of villages with these in the column of people."""

    def make(folder: Path) -> Path:
        head: list[Cell] = ["Thôn", "Dân số", "Kinh độ", "Vĩ độ"]
        rows = [[f"Xóm {k}", count, 105.7, 18.6] for k, count in enumerate(counts, 1)]
        return write_xls(folder / "v.xls", [head, *rows], computed=computed)

    return make


def _read(*right: float) -> Callable[[Path], None]:
    def check(path: Path) -> None:
        held = read(path)
        assert held.findings == ()
        assert numbers(held.table["Dân số"], field="population", file="v").tolist() == list(right)

    return check


def _told(*shown: str) -> Callable[[Path], None]:
    """Errors stay as what a spreadsheet shows, and are told."""

    def check(path: Path) -> None:
        held = read(path)
        assert held.table["Dân số"].tolist() == list(shown)
        (found,) = held.findings
        assert found.kind == "error-cells"

    return check


def _is_read(path: Path) -> None:
    read_table(path)


CASES = (
    Case(name="xls", make=_people(10.0, 20.0), check=_read(10, 20)),
    Case(name="xls-computed", make=_people(Formula(10), Formula(0)), check=_read(10, 0)),
    Case(
        name="xls-computed-elsewhere",
        make=_people(Formula(10), Formula(20), computed=False),
        check=_read(10, 20),
    ),
    Case(
        name="xls-computed-as-nothing",
        make=_people(Formula(""), 20.0, Formula(7)),
        check=_is_read,
    ),
    Case(
        name="xls-error-cell",
        make=_people(Error(NO_REFERENCE), 20.0),
        check=_told("#REF!", "20"),
    ),
    Case(
        name="xls-error-of-a-formula",
        make=_people(Formula("", error=NOT_AVAILABLE), 20.0),
        check=_told("#N/A", "20"),
    ),
    Case(
        name="xls-uncomputed",
        make=_people(Formula(""), Formula(""), computed=False),
        check=_is_read,
        refused=UNCOMPUTED,
    ),
    Case(
        name="xls-uncomputed-as-0",
        make=_people(Formula(0), Formula(0), computed=False),
        check=_is_read,
        refused=UNCOMPUTED,
    ),
)
