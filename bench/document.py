"""Documents of several sections, each written by a command of its own."""

from __future__ import annotations

import re
from pathlib import Path


def put_section(path: Path, name: str, text: str) -> None:
    """Put a section in its place in a document, or at its end; all others stay."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    whole = path.read_text("utf-8") if path.exists() else ""
    section = f"{begin}\n{text.strip()}\n{end}"
    found = re.search(f"{re.escape(begin)}.*?{re.escape(end)}", whole, flags=re.DOTALL)
    if found is None:
        path.write_text(f"{whole.rstrip()}\n\n{section}\n".lstrip(), "utf-8")
    else:
        path.write_text(whole[: found.start()] + section + whole[found.end() :], "utf-8")
