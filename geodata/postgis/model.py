"""What is known of a table that was read from a database."""

from __future__ import annotations

from dataclasses import dataclass

from geodata.findings import Finding, finding


@dataclass(frozen=True, kw_only=True)
class TableInput:
    """What was read of a database: what it is called, how many rows, and their digest.

    The digest is of the rows' content, whatever order the server gave them in. ``is_filtered``:
    row security shows this user a part of the rows.
    """

    label: str
    rows: int
    sha256: str
    is_filtered: bool = False

    @property
    def findings(self) -> tuple[Finding, ...]:
        """A warning where rows are hidden from the user who reads."""
        if not self.is_filtered:
            return ()
        return (
            finding(
                "rows-hidden",
                "warning",
                "{file}: row security of the database hides rows from this user, and {count} were "
                "read; read it as a user who may see all rows (or with BYPASSRLS)",
                file=self.label,
                count=self.rows,
            ),
        )
