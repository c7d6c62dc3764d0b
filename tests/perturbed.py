"""Official lists made from known villages, as people would have typed them."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable

import pandas as pd

from geodata.village_names import DIGITS

KINDS = ("Thôn", "Bản", "Xóm", "Khối", "Làng", "Tổ dân phố")
ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII",
         "XIV", "XV", "XVI", "XVII", "XVIII", "XIX", "XX")  # fmt: skip
SPELT = {number: word for word, number in DIGITS.items() if word not in ("tư", "lăm", "bẩy", "mốt")}


def no_marks(name: str, _dice: random.Random) -> str:
    flat = unicodedata.normalize("NFD", name)
    bare = "".join(sign for sign in flat if not unicodedata.combining(sign))
    return bare.replace("đ", "d").replace("Đ", "D")


def other_kind(name: str, dice: random.Random) -> str:
    bare = re.sub(r"^(Thôn|Bản|Xóm|Khối|Làng|Tổ dân phố) ", "", name)
    return f"{dice.choice(KINDS)} {bare}"


def capitals(name: str, _dice: random.Random) -> str:
    return name.upper()


def apart(name: str, _dice: random.Random) -> str:
    return unicodedata.normalize("NFD", name)


def other_numerals(name: str, dice: random.Random) -> str:
    """Xóm 7 as Xóm 07, Xóm VII or Xóm Bảy."""
    number = re.search(r"\d+", name)
    if number is None or not 0 < int(number[0]) <= 20:
        return name
    value = int(number[0])
    ways = [f"{value:02d}", ROMAN[value], *([SPELT[value].title()] if value in SPELT else [])]
    return name[: number.start()] + dice.choice(ways) + name[number.end() :]


def typo(name: str, dice: random.Random) -> str:
    """One letter left out, doubled or exchanged with the next."""
    at = [k for k, letter in enumerate(name[:-1]) if letter.isalpha() and name[k + 1].isalpha()]
    if not at:
        return name
    k, way = dice.choice(at), dice.choice(["out", "twice", "swap"])
    if way == "out":
        return name[:k] + name[k + 1 :]
    if way == "twice":
        return name[: k + 1] + name[k:]
    return name[:k] + name[k + 1] + name[k] + name[k + 2 :]


Change = Callable[[str, random.Random], str]
CHANGES: dict[str, Change] = {
    "as it is": lambda name, _dice: name,
    "no marks": no_marks,
    "other kind": other_kind,
    "capitals": capitals,
    "marks apart": apart,
    "other numerals": other_numerals,
    "typo": typo,
}


def numbered(communes: int, villages: int) -> pd.DataFrame:
    """Villages Xóm 1 … in each of many communes; the hardest names, since all are alike."""
    rows = [
        (f"Xóm {k}", f"Xã Nghi {chr(65 + c % 26)}{'aeiou'[c // 26 % 5]}n", "Huyện Nghi Lộc")
        for c in range(communes)
        for k in range(1, villages + 1)
    ]
    return pd.DataFrame(
        rows,
        columns=["village", "commune", "district"],
        index=[f"n{k}" for k in range(len(rows))],
    )


def listed(known: pd.DataFrame, change: Change, *, seed: int = 586) -> pd.DataFrame:
    """The list, one row a village in the same order, from row 2 on."""
    dice = random.Random(seed)  # noqa: S311  # no secret: the same list on every machine
    out = known[["village", "commune", "district"]].reset_index(drop=True)
    out["village"] = [change(str(name), dice) for name in out["village"]]
    return out.set_axis(pd.RangeIndex(2, len(out) + 2, name="row"), axis=0)
