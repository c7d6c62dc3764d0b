"""What one sheet of a workbook holds, as it is counted before it is laid out."""

from __future__ import annotations

from dataclasses import dataclass, field

CHUNK = 1 << 22
LONGEST_ROW = 1 << 26
"""Bytes of one row: a sheet whose rows are longer is no table."""

ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!",
          42: "#N/A"}  # fmt: skip
"""Codes of errors in binary workbooks (MS-XLS, 2.5.10) → what a spreadsheet shows."""


@dataclass(kw_only=True)
class Cells:
    """What one sheet holds: its size, and the cells that calamine leaves empty.

    ``errors`` maps (row, column), from 1, to what stands there (#N/A); ``uncomputed`` are the
    places of formulas without a value, ``zeros`` of those whose value is 0, and ``computed``
    counts the others.
    """

    rows: int = 0
    columns: int = 0
    filled: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    uncomputed: list[tuple[int, int]] = field(default_factory=list)
    zeros: list[tuple[int, int]] = field(default_factory=list)
    computed: int = 0

    @property
    def last(self) -> str:
        """The last cell as a spreadsheet names it."""
        return name_of(self.rows, self.columns)


def name_of(row: int, column: int) -> str:
    """A cell as a spreadsheet names it.

    >>> name_of(5, 28), name_of(1048576, 16384)
    ('AB5', 'XFD1048576')
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"
