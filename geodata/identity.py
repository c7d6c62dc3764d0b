"""Village ids where a file brings none: minted once, kept, and carried forward."""

from __future__ import annotations

import csv
import hashlib
import os
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from geodata.columns import plain

FILE = "village_ids.csv"
NEAR_M = 2_000.0
"""A village of the same name and commune this near to where it was is the same village."""

Known = list[tuple[str, str, str, float, float]]


def mint_ids(villages: gpd.GeoDataFrame, folder: Path) -> gpd.GeoDataFrame:
    """The table with ``village_id`` filled: kept ids first, new ones for the rest.

    An id is made of commune, name and place, never of the row's number, and kept in
    ``village_ids.csv`` in the study's folder, so that the same village has the same id when
    the file comes again, in another order or with a name or two added.
    """
    known = _kept(folder)
    of_key: dict[tuple[str, str], Known] = {}
    for row in known:
        of_key.setdefault((row[1], row[2]), []).append(row)
    keys = [
        (plain(c or ""), plain(n or ""))
        for c, n in zip(
            villages["commune_code"].fillna(villages["commune"]).fillna(""),
            villages["village"].fillna(""),
            strict=True,
        )
    ]
    places = shapely.get_coordinates(shapely.centroid(villages.geometry.to_numpy()))
    taken: set[str] = set()
    ids: list[str] = []
    for (commune, name), (x, y) in zip(keys, places, strict=True):
        near = [
            (float(np.hypot(x - kx, y - ky)), kept)
            for kept, _, _, kx, ky in of_key.get((commune, name), [])
            if kept not in taken
        ]
        best = min(near, default=(np.inf, ""))
        chosen = best[1] if best[0] <= NEAR_M else _new(commune, name, float(x), float(y), taken)
        taken.add(chosen)
        ids.append(chosen)
    gone = [row for row in known if row[0] not in taken]
    rows = [
        (i, c, n, float(x), float(y)) for i, (c, n), (x, y) in zip(ids, keys, places, strict=True)
    ]
    if rows + gone != known:
        _keep(folder, rows + gone)
    out = villages.copy()
    out["village_id"] = ids
    return out


def _new(commune: str, name: str, x: float, y: float, taken: set[str]) -> str:
    """An id that no village has yet, from what a village is and where."""
    turn = 0
    while True:
        seed = f"{commune}|{name}|{round(x / 100)}|{round(y / 100)}|{turn}"
        made = "v" + hashlib.sha256(seed.encode()).hexdigest()[:10]
        if made not in taken:
            return made
        turn += 1


def _kept(folder: Path) -> Known:
    path = folder / FILE
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return [
            (row["village_id"], row["commune"], row["village"], float(row["x"]), float(row["y"]))
            for row in csv.DictReader(stream)
        ]


def _keep(folder: Path, rows: Known) -> None:
    handle, name = tempfile.mkstemp(dir=folder, prefix=".village_ids-", suffix=".csv")
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["village_id", "commune", "village", "x", "y"])
        writer.writerows(rows)
    Path(name).replace(folder / FILE)
