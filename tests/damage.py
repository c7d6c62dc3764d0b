"""Ways to damage a file: bits, ends, numbers and fields, drawn by a seed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

EXTREMES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1)
SIGNS = (b",", b";", b"\t", b'"', b"{", b"}", b"[", b"]", b"<", b">", b" ", b"\n")


def mutated(body: bytes, dice: np.random.Generator) -> tuple[str, bytes]:
    """One to three changes of a file, and what they were."""
    told = []
    for _ in range(int(dice.integers(1, 4))):
        change = CHANGES[int(dice.integers(len(CHANGES)))]
        body = change(body, dice) if body else body
        told.append(change.__name__.removeprefix("_"))
    return "+".join(told), body


def _place(body: bytes, dice: np.random.Generator) -> int:
    """Anywhere, more often where the head is, and the end."""
    near = min(len(body), 600)
    where = int(dice.integers(4))
    if where == 0:
        return int(dice.integers(near))
    return int(dice.integers(len(body) - near if where == 1 else 0, len(body)))


def _flipped(body: bytes, dice: np.random.Generator) -> bytes:
    out = bytearray(body)
    for _ in range(int(dice.integers(1, 24))):
        out[_place(body, dice)] ^= 1 << int(dice.integers(8))
    return bytes(out)


def _cut(body: bytes, dice: np.random.Generator) -> bytes:
    return body[: int(dice.integers(len(body)))]


def _lied(body: bytes, dice: np.random.Generator) -> bytes:
    """A number of one to eight bytes, at an even place, that is as large or small as can be."""
    width = int(dice.choice([1, 2, 4, 8]))
    at = _place(body, dice) // 2 * 2
    value = int(EXTREMES[int(dice.integers(len(EXTREMES)))]) % (1 << (8 * width))
    order: Literal["little", "big"] = "little" if dice.integers(2) else "big"
    return body[:at] + value.to_bytes(width, order) + body[at + width :]


def _swapped(body: bytes, dice: np.random.Generator) -> bytes:
    """Two stretches of one length that change places."""
    width = int(dice.integers(1, max(2, min(64, len(body) // 2))))
    first, second = sorted(int(k) for k in dice.integers(0, max(1, len(body) - width), 2))
    if second < first + width:
        return body
    a, b = body[first : first + width], body[second : second + width]
    return body[:first] + b + body[first + width : second] + a + body[second + width :]


def _fields(body: bytes, dice: np.random.Generator) -> bytes:
    """Two fields of a text that change places; a sign too many in anything else."""
    sign = SIGNS[int(dice.integers(len(SIGNS)))]
    parts = body.split(sign)
    if len(parts) < 3:
        at = _place(body, dice)
        return body[:at] + sign * int(dice.integers(1, 50)) + body[at:]
    i, j = (int(k) for k in dice.integers(len(parts), size=2))
    parts[i], parts[j] = parts[j], parts[i]
    return sign.join(parts)


def _repeated(body: bytes, dice: np.random.Generator) -> bytes:
    """A stretch that stands there many times."""
    at = _place(body, dice)
    piece = body[at : at + int(dice.integers(1, 40))]
    return body[:at] + piece * int(dice.integers(2, 200)) + body[at:]


CHANGES = (_flipped, _flipped, _cut, _lied, _lied, _swapped, _fields, _repeated)


def damaged(
    number: int, seed: int, held: Sequence[tuple[str, Path]], folder: Path, target: Path
) -> tuple[str, str, Path]:
    """Write input ``number`` into ``target``: its case, its change, and the path to read."""
    dice = np.random.default_rng([seed, number])
    name, path = held[int(dice.integers(len(held)))]
    source = folder / name
    files = sorted(p for p in source.rglob("*") if p.is_file())
    main = folder / path
    hurt = main if main.is_file() and dice.integers(3) else files[int(dice.integers(len(files)))]
    told = ""
    for file in files:
        body = file.read_bytes()
        if file == hurt:
            told, body = mutated(body, dice)
        written = target / file.relative_to(source)
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_bytes(body)
    return name, f"{hurt.suffix.lower() or '-'} {told}", target / path.relative_to(name)
