"""Asks every way out as every kind of person, in every state of the rights, and writes a table.

    uv run python -m tests.rights_table [--write docs/security.md] [--only planner]

The app runs in this process over the nine villages of `tests.tiny_study`, with sign-ins recorded
as the server records them; every cell is what came back to a real cookie, socket or request.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.rights_table.states import KINDS
from tests.rights_table.table import END, START, asked, markdown


def main() -> int:
    """Ask, print the table, and write it between the markers of a document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--only", choices=KINDS, nargs="+", default=list(KINDS))
    given = parser.parse_args()
    with TemporaryDirectory(prefix="phusong-") as folder:
        text = markdown(asyncio.run(asked(Path(folder), given.only)))
    sys.stdout.write(text)
    if given.write is not None:
        before, _, rest = given.write.read_text("utf-8").partition(START)
        _, _, after = rest.partition(END)
        given.write.write_text(f"{before}{START}\n{text}{END}{after}", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
