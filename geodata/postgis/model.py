"""What is known of a table that was read from a database."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TableInput:
    """What was read of a database: what it is called, how many rows, and their digest.

    The digest is of the rows' content, whatever order the server gave them in.
    """

    label: str
    rows: int
    sha256: str
