"""Village ids where a file brings none: minted once, kept, and carried forward."""

from __future__ import annotations

import csv
import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geodata.columns import plain, row_number
from geodata.errors import UnreadableError, phrase
from geodata.findings import ROWS_KEPT, Finding
from geodata.placing import centroids
from geodata.village_names import name_of

FILE = "village_ids.csv"
COLUMNS = ("village_id", "commune", "village", "x", "y")
NEAR_M = 2_000.0
"""A village of the same name and commune this near to where it was is the same village."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, order=True)
class Known:
    """A village that has an id: what it is called (without marks) and where it is, in metres.

    ``x`` and ``y`` are None for a village without a place.
    """

    village_id: str
    commune: str
    village: str
    x: float | None
    y: float | None

    def metres_from(self, place: Floats) -> float:
        """How far it was from a place (x and y, NaN for none).

        `NEAR_M` where one of the two is not known: a village that has no place any more, or has
        one by now, is the same if no other of its name is nearer. 0 where neither is.
        """
        lost = bool(np.isnan(place).any())
        if self.x is None or self.y is None:
            return 0.0 if lost else NEAR_M
        return NEAR_M if lost else float(np.hypot(place[0] - self.x, place[1] - self.y))


def mint_ids(villages: gpd.GeoDataFrame, folder: Path) -> gpd.GeoDataFrame:
    """The table with ``village_id`` filled: kept ids first, new ones for the rest.

    An id is made of commune, name and place, never of the row's number, and kept in
    ``village_ids.csv`` in the study's folder, so that the same village has the same id when
    the file comes again, in another order, or with villages added or a little moved. Ids of
    villages that are gone are kept for their return. Where the folder cannot be written
    nothing is kept; the ids are the same as long as names and places are.
    """
    known = read_known(folder / FILE)
    communes = villages["commune_code"].fillna(villages["commune"]).fillna("")
    names = villages["village"].fillna("")
    keys = [(plain(c), plain(n)) for c, n in zip(communes, names, strict=True)]
    places = centroids(villages.geometry).round(1)
    ids = _carried(keys, places, known)
    taken = {row.village_id for row in known}
    for at in sorted(range(len(keys)), key=lambda k: (keys[k], *np.nan_to_num(places[k]), k)):
        if at not in ids:
            ids[at] = _new("|".join(keys[at]), places[at], taken)
            taken.add(ids[at])
    now = {
        ids[k]: Known(village_id=ids[k], commune=c, village=n, x=_metres(x), y=_metres(y))
        for k, ((c, n), (x, y)) in enumerate(zip(keys, places, strict=True))
    }
    gone = [row for row in known if row.village_id not in now]
    rows = sorted([*now.values(), *gone])
    if rows != known:
        _keep(folder, rows)
    out = villages.copy()
    out["village_id"] = [ids[k] for k in range(len(keys))]
    return out


def _metres(told: np.float64 | str) -> float | None:
    """A coordinate, None for one that is not known. Raises `ValueError` for what is no number."""
    if isinstance(told, str):
        found = float(told) if told else None
        if found is not None and not np.isfinite(found):
            raise ValueError(told)
        return found
    return None if np.isnan(told) else float(told)


def repeated_villages(villages: gpd.GeoDataFrame, *, file: str) -> tuple[Finding, ...]:
    """A warning where villages without ids look like one village in several rows.

    Those are of one name and one commune, and of the same population and households, or of none
    told: its people then count once a row. A name may be spelt otherwise (Thôn 1, Thôn 01; Na Kho,
    Bản Na Kho) where people are told. Rows of one name, one commune and the same place are told
    whatever their people.
    """
    named = villages["village"].notna().to_numpy()
    fields = ("commune_code", "commune", "district_code", "district", "village")
    key = pd.DataFrame({f: villages[f].fillna("").map(plain) for f in fields})
    key["population"], key["households"] = villages["population"], villages["households"]
    known = (villages["commune_code"].notna() | villages["commune"].notna()).to_numpy()
    people = _repeats(key) | _spelt_otherwise(villages, key)
    key = key.drop(columns=["population", "households"])
    alike = _repeats(key)
    key["place"] = pd.Series(villages.geometry[alike].to_wkb(), index=key.index[alike])
    placed = _repeats(key) & villages.geometry.notna().to_numpy() & ~people
    found = (
        _in_rows(villages, people & named & known, file=file),
        _in_rows(villages, placed & named & known, file=file, of_place=True),
    )
    return tuple(one for one in found if one is not None)


def _repeats(key: pd.DataFrame) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = key.duplicated(keep=False).to_numpy()
    return found


def _in_rows(
    villages: gpd.GeoDataFrame, again: npt.NDArray[np.bool_], *, file: str, of_place: bool = False
) -> Finding | None:
    """The warning about the rows that look like rows of one village; None without any."""
    if not again.any():
        return None
    rows = tuple(row_number(villages.index, int(k)) for k in np.flatnonzero(again)[:ROWS_KEPT])
    parts = {
        "file": file,
        "count": int(again.sum()),
        "village": str(villages["village"].iloc[int(np.flatnonzero(again)[0])]),
        "rows": ", ".join(map(str, rows[:5])),
    }
    told = phrase(
        "{file}: {count} rows repeat the name, commune and population of another row (first: "
        "{village}, rows {rows}); if they are one village, its people count several times, so "
        "join them or give each row of a village the same village_id",
        **parts,
    )
    if of_place:
        told = phrase(
            "{file}: {count} rows repeat the name, commune and place of another row with other "
            "numbers of people (first: {village}, rows {rows}); find which row is right and take "
            "the others out, or the village counts several times",
            **parts,
        )
    return Finding(
        kind="village-in-rows",
        severity="warning",
        sentence=told,
        file=file,
        rows=rows,
        count=int(again.sum()),
    )


def _spelt_otherwise(villages: gpd.GeoDataFrame, key: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Rows that differ from another in how the name is spelt alone, and tell the same people."""
    names = [name_of(str(cell)) for cell in villages["village"].fillna("")]
    spelt = key.drop(columns="village")
    spelt["own"] = [f"{name.readings[0].joined} {name.readings[0].numbers}" for name in names]
    kinds = pd.Series([name.kind or None for name in names], index=key.index)
    told = (villages["population"] > 0).to_numpy()
    again = spelt.duplicated(keep=False).to_numpy() & told
    if again.any():  # Thôn 1 and Bản 1 are two
        groups = kinds.groupby([spelt[column] for column in spelt], dropna=False)
        again &= (groups.transform("nunique") <= 1).to_numpy()
    found: npt.NDArray[np.bool_] = again
    return found


def _carried(keys: list[tuple[str, str]], places: Floats, known: list[Known]) -> dict[int, str]:
    """Row → kept id, nearest pairs of the same name and commune first."""
    of_key: dict[tuple[str, str], list[Known]] = {}
    for row in known:
        of_key.setdefault((row.commune, row.village), []).append(row)
    pairs = sorted(
        (row.metres_from(place), row.village_id, at)
        for at, (key, place) in enumerate(zip(keys, places, strict=True))
        for row in of_key.get(key, ())
    )
    ids: dict[int, str] = {}
    used: set[str] = set()
    for apart_m, village_id, at in pairs:
        if apart_m <= NEAR_M and at not in ids and village_id not in used:
            ids[at] = village_id
            used.add(village_id)
    return ids


def _new(key: str, place: Floats, taken: set[str]) -> str:
    """An id that no village has yet, from what a village is and where."""
    turn = 0
    near = "|" if np.isnan(place).any() else f"{round(place[0] / 100)}|{round(place[1] / 100)}"
    while True:
        seed = f"{key}|{near}|{turn}"
        made = "v" + hashlib.sha256(seed.encode()).hexdigest()[:10]
        if made not in taken:
            return made
        turn += 1


def read_known(path: Path) -> list[Known]:
    """The ids kept in a file, none where there is no file.

    Raises `UnreadableError` where it holds something else: new ids would tear every list that
    was made with the old ones from its villages.
    """
    if not path.exists():
        return []
    try:
        return _known_in(path)
    except (csv.Error, LookupError, TypeError, ValueError) as error:
        raise _damaged(path) from error
    except OSError as error:
        if path.is_file():
            raise
        raise _damaged(path) from error


def _damaged(path: Path) -> UnreadableError:
    return UnreadableError(
        "{file} does not hold the village ids that were kept in it; put a copy of it back, or "
        "remove it to have ids made anew",
        file=path.name,
    )


def _known_in(path: Path) -> list[Known]:
    """The ids in a file. Raises `ValueError` or `TypeError` where it has no such columns."""
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream, restval="")
        if not set(COLUMNS) <= set(reader.fieldnames or ()):
            raise ValueError(reader.fieldnames)
        rows = [
            Known(
                village_id=row["village_id"],
                commune=row["commune"],
                village=row["village"],
                x=_metres(row["x"]),
                y=_metres(row["y"]),
            )
            for row in reader
        ]
    ids = {row.village_id for row in rows}
    halved = any((row.x is None) != (row.y is None) for row in rows)
    if len(ids) < len(rows) or "" in ids or halved:
        raise ValueError(path.name)
    return rows


def _keep(folder: Path, rows: list[Known]) -> None:
    """Write the ids whole or not at all: a half file would lose what the ids stand for."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=folder, prefix=".ids-", encoding="utf-8", newline="", delete=False
        ) as stream:
            writer = csv.writer(stream)
            writer.writerow(COLUMNS)
            writer.writerows((r.village_id, r.commune, r.village, r.x, r.y) for r in rows)
    except PermissionError:  # a study on a read-only medium opens all the same
        return
    Path(stream.name).replace(folder / FILE)
