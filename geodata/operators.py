"""The mobile operators of Vietnam under the many names that files give them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from geodata.columns import plain

MCC = 452
"""Mobile country code of Vietnam (ITU-T E.212)."""

NETWORKS: Mapping[int, str] = MappingProxyType(
    {1: "MobiFone", 2: "VinaPhone", 4: "Viettel", 5: "Vietnamobile"}
)
"""Mobile network code (MNC) → operator, under `MCC` (ITU-T E.212)."""

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "vietnammobile": "Vietnamobile",
        "vietnamobile": "Vietnamobile",
        "vinaphone": "VinaPhone",
        "mobifone": "MobiFone",
        "viettel": "Viettel",
        "vnpt": "VinaPhone",
        "vina": "VinaPhone",
        "mobi": "MobiFone",
        "vms": "MobiFone",
        "vnm": "Vietnamobile",
    }
)
"""Words of a name, in `plain` form → operator; one that holds another stands before it."""


def operator_in(told: str) -> str:
    """The operator that a file's name or a cell speaks of, "" where it is none of ours.

    >>> operator_in("VNPT Nghệ An"), operator_in("452-04"), operator_in("Orange")
    ('VinaPhone', 'Viettel', '')
    """
    joined = plain(told).replace(" ", "")
    return _known(told) or next((name for word, name in WORDS.items() if word in joined), "")


def operator_of_network(mcc: float, mnc: float) -> str | None:
    """The operator of a network's codes; of another country's, the codes; None where not told.

    >>> operator_of_network(452, 4), operator_of_network(620, 2)
    ('Viettel', '620-02')
    """
    if not (100 <= mcc <= 999 and 0 <= mnc <= 999):  # NaN too
        return None
    known = NETWORKS.get(int(mnc)) if int(mcc) == MCC else None
    return known or f"{int(mcc)}-{int(mnc):02d}"


def operator_key(name: str) -> str:
    """What all spellings of one operator have in common.

    >>> operator_key("VNPT") == operator_key("VinaPhone"), operator_key("G-Tel")
    (True, 'g tel')
    """
    return _known(name) or plain(name)


def same_operator(one: str, other: str) -> bool:
    """Whether two spellings mean one operator; "VNPT" is VinaPhone.

    >>> same_operator("VNPT", "vinaphone"), same_operator("Gtel", "G-Tel"), same_operator("", "")
    (True, True, False)
    """
    bare = [plain(name).replace(" ", "") for name in (one, other)]
    if not all(bare):
        return False
    return bare[0] == bare[1] or _known(one) == _known(other) != ""


def names_any(text: str, operators: Iterable[str]) -> bool:
    """Whether a text names one of the operators, by any word for it, however it is spaced.

    >>> names_any("chờ VNPT trả lời", ["VinaPhone"]), names_any("đã xong", ["VinaPhone"])
    (True, False)
    """
    told = plain(text)
    return any(
        any(_stands(word, told) for word in _words(name))
        or (not plain(name) and name.strip() and name.casefold().strip() in text.casefold())
        for name in operators
    )


def _known(told: str) -> str:
    """As `operator_in`, by whole words alone: "Automobile" is not MobiFone."""
    network = re.fullmatch(rf"\s*{MCC}[\s\-_/.]*0?(\d)\s*", told)
    if network:
        return NETWORKS.get(int(network[1]), "")
    bare = plain(told)
    return next((name for word, name in WORDS.items() if _stands(word, bare)), "")


def _words(operator: str) -> list[str]:
    """All words for an operator: its name, and of one of ours every other."""
    known = _known(operator)
    bare = plain(operator).replace(" ", "")
    return [*([bare] if bare else []), *(w for w, name in WORDS.items() if known and name == known)]


def _stands(word: str, told: str) -> bool:
    """Whether a word stands in a `plain` text: "viet tel" and "viettel4g" have "viettel"."""
    return re.search(rf"(?<![a-z0-9]){' ?'.join(word)}(?![a-z])", told) is not None
