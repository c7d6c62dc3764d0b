"""How the communes of Nghệ An became one another, and lists of units carried forward by it.

A code alone is no key: 17329 is thị trấn Anh Sơn in 2023 and xã Anh Sơn, a larger area, from
July 2025. Every code here stands with the day its structure holds from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from types import MappingProxyType

import pandas as pd

from geodata.columns import plain
from geodata.leading_zeros import by_number, whole
from geodata.unit_names import Register
from geodata.unit_tables import (
    DAYS,
    FROM_2023,
    communes_on,
    converted,
    districts_on,
    legacy_table,
)

JOINED: Mapping[str, str] = MappingProxyType({"413": "412"})
"""District of 2023 that all of went into another in December 2024: Cửa Lò into Vinh."""

PARTS_ELSEWHERE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"17251": ("17254",), "17185": ("17179",), "17194": ("17179",)}
)
"""Communes of 2023 that gave a part of their land to another in December 2024, and to which.

Chi Khê to Trà Lân; Quỳnh Bá and Quỳnh Hưng to Cầu Giát. Resolution 1243/NQ-UBTVQH15, as the
province's Department of Home Affairs told it on 4 November 2024. Which villages went, no
table says.
"""

HALF = 0.5
"""A list is of a structure that explains more than this share of its rows."""
COLUMNS = ("commune_code", "commune", "district_code", "district")


def commune_changes() -> pd.DataFrame:
    """Each of the 460 communes of 2023, and what it is part of in 2024 and 2025.

    One row a commune, indexed by its code of 2023. For each structure Y of 2023, 2024, 2025
    ``code_Y``, ``valid_from_Y``, ``name_Y``, ``district_code_Y`` and ``district_Y`` ("" for
    2025). ``change_Y`` (2024, 2025) is "same", "renamed", "moved" (to another district) or
    "merged"; ``parts_Y`` has the codes, separated by commas, of other units that took a part
    of it: a village of such a commune cannot be carried forward by the table alone.
    """
    return _changes().copy()


def carried(places: pd.DataFrame, *, since: date, to: date) -> pd.DataFrame:
    """Communes of the structure of ``since`` as they are in that of ``to``, by the table.

    ``places`` has ``commune_code``, a code of ``since`` in each row that is to be carried.
    Gives `COLUMNS` of the structure of ``to`` (NA where the code is none of ``since``) and
    ``doubtful``: a part of the commune went elsewhere. Only forward: what was merged cannot be
    told apart again. Raises ``ValueError`` for a day that is none of `DAYS`, or not later.
    """
    if since not in DAYS or to not in DAYS or to <= since:
        raise ValueError(f"from {since} to {to}: two of {DAYS}, the later second")
    rows = _changes().drop_duplicates(f"code_{since.year}").set_index(f"code_{since.year}")
    codes = places["commune_code"].astype("string")
    known = communes_on(to)
    out = pd.DataFrame(index=places.index)
    out["commune_code"] = codes.map(rows[f"code_{to.year}"].to_dict()).astype("string")
    for field, source in (
        ("commune", "name"), ("district_code", "district_code"), ("district", "district"),
    ):  # fmt: skip
        found = out["commune_code"].map(known[source].to_dict()).astype("string")
        out[field] = found.mask(found == "")
    split = {code for code, parts in rows[f"parts_{to.year}"].items() if parts}
    out["doubtful"] = codes.isin(split) if since == FROM_2023 else False
    return out


def list_day(places: pd.DataFrame, *, in_force: date) -> date | None:
    """The structure that a list of villages was written in, by its codes and names.

    ``places`` has `COLUMNS`, NA where the list says nothing. None where no structure explains
    more than half of the rows that say something. Where several explain the same, it is the
    one in force on ``in_force``, else the latest.
    """
    told = places[["commune_code", "commune"]].notna().any(axis=1)
    if not told.any():
        return None
    rows = places[told].drop_duplicates(list(COLUMNS))
    weight = places[told].groupby(list(COLUMNS), dropna=False, sort=False).size().to_numpy()
    explained = {day: float(weight[listed_codes(rows, day).notna()].sum()) for day in DAYS}
    best = max(explained.values())
    if best <= HALF * float(weight.sum()):
        return None
    likely = [day for day, count in explained.items() if count == best]
    current = [day for day in likely if day <= in_force]
    return current[-1] if current else likely[0]


def listed_codes(places: pd.DataFrame, day: date) -> pd.Series[str]:
    """The commune code of each row in the structure of ``day``; NA where it is none of it.

    See `Register.find` for what a row must say.
    """
    told = places[list(COLUMNS)].astype("string").fillna("")
    return pd.Series(
        _found(told.itertuples(index=False, name=None), day), index=places.index, dtype="string"
    )


def _found(rows: Iterable[tuple[str, str, str, str]], day: date) -> list[str | None]:
    """The commune code of each row of `COLUMNS`, "" where one says nothing; None for none."""
    register, longer = _register(day), _without_zeros(day)
    return [
        register.find(whole(code, register.names, longer), *more)[0] or None for code, *more in rows
    ]


def table_day(communes: pd.DataFrame) -> date | None:
    """The structure that a table of communes is of, by codes and names; None for none of them."""
    names = communes["name"].astype("string").fillna("")
    rows = [(str(code), name, "", "") for code, name in names.items()]
    count: dict[date, int] = {}
    for day in DAYS:
        count[day] = sum(code is not None for code in _found(rows, day))
        if count[day] == len(rows):  # no later one can explain more
            break
    best = max(count, key=lambda day: count[day])
    return best if count[best] > HALF * max(len(rows), 1) else None


@cache
def _without_zeros(day: date) -> Mapping[str, str]:
    return by_number(_register(day).names)


@cache
def _register(day: date) -> Register:
    return Register.of(communes_on(day), {str(c): n for c, n in districts_on(day).items()})


@cache
def _changes() -> pd.DataFrame:
    old, between, new = (communes_on(day) for day in DAYS)
    out = pd.DataFrame(index=old.index)
    out["code_2023"] = old.index.to_numpy()
    became = _merged_2024(old, between)
    out["code_2024"] = [became.get(code, code) for code in out["code_2023"]]
    out["code_2025"] = out["code_2024"].map(converted())
    for day, table in zip(DAYS, (old, between, new), strict=True):
        codes = out[f"code_{day.year}"]
        out[f"valid_from_{day.year}"] = day
        for field in ("name", "district_code", "district"):
            out[f"{field}_{day.year}"] = table[field].reindex(codes).to_numpy()
    for before, after in ((2023, 2024), (2024, 2025)):
        out[f"change_{after}"] = _kind_of_change(out, before, after)
    out["parts_2024"] = [",".join(PARTS_ELSEWHERE.get(code, ())) for code in out["code_2023"]]
    out["parts_2025"] = [
        ",".join(sorted({str(out.at[_first(out, p), "code_2025"]) for p in parts} - {new_code}))
        for parts, new_code in zip(
            (PARTS_ELSEWHERE.get(code, ()) for code in out["code_2023"]),
            out["code_2025"],
            strict=True,
        )
    ]
    order = [c for y in (2023, 2024, 2025) for c in out.columns if c.endswith(str(y))]
    return out[order].rename_axis("code")


def _first(changes: pd.DataFrame, code_2024: str) -> str:
    return str(changes.index[changes["code_2024"] == code_2024][0])


def _merged_2024(old: pd.DataFrame, between: pd.DataFrame) -> dict[str, str]:
    """Code of 2024 of each commune whose code is gone: the entry that bears its name as another."""
    legacy = legacy_table().set_index("wardCode")
    also: dict[tuple[str, str], str] = {}
    for code, district, words in zip(
        legacy.index, legacy["districtCode"], legacy["wardKeywords"], strict=True
    ):
        for key in json.loads(words):
            also.setdefault((str(district), str(key)), str(code))
    gone = old[~old.index.isin(between.index)]
    return {
        str(code): also[JOINED.get(district, district), plain(name).replace(" ", "")]
        for code, name, district in zip(
            gone.index, gone["name"], gone["district_code"], strict=True
        )
    }


def _kind_of_change(out: pd.DataFrame, before: int, after: int) -> list[str]:
    """What happened to each commune of 2023 between two structures."""
    sources = out.drop_duplicates(f"code_{before}")[f"code_{after}"].value_counts()
    merged = (out[f"code_{after}"].map(sources) > 1).to_numpy()
    districts = out[f"district_code_{after}"]
    moved = ((out[f"district_code_{before}"] != districts) & (districts != "")).to_numpy()
    renamed = [
        plain(a) != plain(b)
        for a, b in zip(out[f"name_{before}"], out[f"name_{after}"], strict=True)
    ]
    return [
        "merged" if m else "moved" if d else "renamed" if r else "same"
        for m, d, r in zip(merged, moved, renamed, strict=True)
    ]
