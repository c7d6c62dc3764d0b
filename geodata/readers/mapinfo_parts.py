"""Parts of a MapInfo table compared: those that are missing, and counts that differ.

A native table keeps its rows in the .DAT (a dBASE file), where each row's object lies in the
.ID (four bytes a row) and the objects in the .MAP; a MIF keeps the rows in its .MID.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from pathlib import Path

from geodata.errors import UnreadableError

TAB_BYTES = 1_000_000
DBF_TYPE = re.compile(r"(?im)^\s*definition\s+table\s*\r?\n\s*type\s+dbf\b")


def require_whole_table(path: Path, parts: Mapping[str, Path], *, name: str) -> None:
    """Refuse a .TAB without its .DAT, .MAP and .ID, or with one of another count of rows.

    Raises `UnreadableError` that names the part.
    """
    with path.open("rb") as stream:
        told = stream.read(TAB_BYTES).decode("latin-1")
    rows_in = ".dbf" if DBF_TYPE.search(told) else ".dat"
    missing = [part for part in (rows_in, ".map", ".id") if part not in parts]
    if missing:
        raise UnreadableError(
            "{file} came without the {missing} file that belongs to it; send all files of that "
            "name together",
            file=name,
            missing=", ".join(missing),
        )
    head = _head(parts[rows_in])
    rows, first, width = struct.unpack("<IHH", head[4:12]) if len(head) == 12 else (0, 0, 0)
    if first + rows * width > parts[rows_in].stat().st_size:
        raise cut_short(name, rows_in)
    objects = parts[".id"].stat().st_size // 4
    if rows != objects:
        raise unequal(name, objects, rows_in, rows)


def is_of_other_length(dat: Path) -> bool:
    """Whether a .DAT is not as long as its head, its rows and a sign at its end."""
    with dat.open("rb") as stream:
        head = stream.read(12)
    if len(head) < 12:
        return True
    rows, first, width = struct.unpack("<IHH", head[4:12])
    return dat.stat().st_size - (first + rows * width) not in (0, 1)


def unequal(name: str, shapes: int, part: str, rows: int) -> UnreadableError:
    """The error of a part that holds another number of rows than there are shapes."""
    return UnreadableError(
        "{file} holds {shapes} shapes and its {part} {rows} rows, so names would belong to other "
        "shapes; save the layer again and send all files of that name together",
        file=name,
        shapes=shapes,
        part=part,
        rows=rows,
    )


def cut_short(name: str, part: str) -> UnreadableError:
    """The error of a part that holds less than it declares."""
    return UnreadableError(
        "{file}: its {part} is cut short or damaged; save the layer again and send all files of "
        "that name together",
        file=name,
        part=part,
    )


def mid_rows(mid: Path) -> int:
    """How many rows a .MID holds: its lines, but for an empty one at the end."""
    lines = mid.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    while lines and not lines[-1].strip(b" \t\x1a"):
        lines.pop()
    return len(lines)


def _head(dat: Path) -> bytes:
    with dat.open("rb") as stream:
        return stream.read(12)
