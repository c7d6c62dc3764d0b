"""Names of units: what kind of unit a name says it is, and whether two names are one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

import pandas as pd

from geodata.columns import plain

Doubt = Literal["", "code-foreign", "code-name", "name-foreign", "name-several", "nothing"]
"""Why what a list tells names no unit: a code that is none of them, a name that contradicts
its code, a name that none or several bear, nothing told; "" where it names one."""

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "thanh pho": "city",
        "tp": "city",
        "thi xa": "town",
        "tx": "town",
        "thi tran": "township",
        "tt": "township",
        "huyen": "district",
        "h": "district",
        "quan": "district",
        "phuong": "ward",
        "p": "ward",
        "xa": "commune",
        "x": "commune",
    }
)
"""How names say what kind of unit they name, in `plain` form, to that kind."""


@lru_cache(maxsize=8192)  # a register asks for the names of each structure again
def kind_and_name(name: str) -> tuple[str, str]:
    """The kind of unit that a name tells ("" for none) and the rest of it, without marks.

    >>> kind_and_name("TT. Anh Sơn")
    ('township', 'anh son')
    >>> kind_and_name("Thái Hòa")
    ('', 'thai hoa')
    """
    told = plain(name)
    for start, kind in KINDS.items():
        if told.startswith(f"{start} "):
            return kind, told.removeprefix(f"{start} ")
    return "", told


def bare(name: str) -> str:
    """A unit's name for comparing, without what kind of unit it is."""
    return kind_and_name(name)[1]


def same_unit(one: str, other: str) -> bool:
    """Whether two names can name one unit: kinds that both of them tell must be the same.

    Thị trấn Anh Sơn (2023) and xã Anh Sơn (2025) are two units; Anh Sơn can be either.

    >>> same_unit("Xã Quỳnh Hoà", "quynh hoa"), same_unit("Thị trấn Anh Sơn", "Xã Anh Sơn")
    (True, False)
    """
    kind, rest = kind_and_name(one)
    other_kind, other_rest = kind_and_name(other)
    return rest == other_rest and (kind == other_kind or not kind or not other_kind)


@dataclass(frozen=True, kw_only=True, eq=False)
class Register:
    """The units of one level of one structure, to be looked up as lists write them.

    ``names`` by code; ``districts`` the code and name of the district of each, where known.
    """

    names: Mapping[str, str]
    districts: Mapping[str, tuple[str, str]]
    by_name: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, table: pd.DataFrame, districts: Mapping[str, str] | None = None) -> Register:
        """The register of a table of units: index code; ``name`` and maybe ``district_code``.

        ``districts`` are the names of districts by code.
        """
        names = {str(code): str(name) for code, name in table["name"].items()}
        by_name: dict[str, tuple[str, ...]] = {}
        for code, name in names.items():
            by_name[bare(name)] = (*by_name.get(bare(name), ()), code)
        above = table["district_code"] if "district_code" in table else pd.Series(dtype=object)
        known = {
            str(code): (str(d), (districts or {}).get(str(d), ""))
            for code, d in above.items()
            if not pd.isna(d) and d
        }
        return cls(names=names, districts=known, by_name=by_name)

    def find(
        self, code: str, name: str, district_code: str = "", district: str = ""
    ) -> tuple[str, Doubt]:
        """The code of the one unit that is meant, or "" and why none is; "" is not told.

        A code must bear the name beside it. A name alone must be that of one unit, in the
        district told where one is.
        """
        if code:
            if code not in self.names:
                return "", "code-foreign"
            return (
                (code, "") if not name or same_unit(name, self.names[code]) else ("", "code-name")
            )
        if not name:
            return "", "nothing"
        found = self.named(name, district_code, district)
        if len(found) == 1:
            return found[0], ""
        return "", "name-several" if found else "name-foreign"

    def named(self, name: str, district_code: str = "", district: str = "") -> tuple[str, ...]:
        """The codes of all units that the name can mean, in the district told."""
        found = [c for c in self.by_name.get(bare(name), ()) if same_unit(name, self.names[c])]
        if district_code or district:
            found = [c for c in found if self._within(c, district_code, district)]
        return tuple(found)

    def _within(self, code: str, district_code: str, district: str) -> bool:
        if code not in self.districts:
            return True
        own_code, own_name = self.districts[code]
        if district_code:
            return district_code.lstrip("0") == own_code.lstrip("0")
        return not own_name or same_unit(district, own_name)
