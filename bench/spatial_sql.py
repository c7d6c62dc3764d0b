"""Shares of area by spatial SQL, from GeoParquet: `sedonadb` and `duckdb` with its spatial part.

Neither is a dependency: see `bench.country_peers` for how they are had. Parts of a layer that
overlap count once, as they do with us: what lies in a village is united before its area is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import shapely

from bench.peers import MOST_VERTICES, THREADS, cut_to_pieces

SHARES = """
    SELECT village_id, ST_Area(ST_Union_Agg(piece)) AS area FROM (
        SELECT villages.village_id, ST_Intersection(villages.geometry, layer.geometry) AS piece
        FROM villages JOIN layer ON ST_Intersects(villages.geometry, layer.geometry)
    ) AS pieces GROUP BY village_id
"""
AREAS = "SELECT village_id, ST_Area(geometry) AS area FROM villages"

Shares = npt.NDArray[np.float64]
Engine = Callable[[Path, list[Path]], Shares]


def by_sedonadb(villages: Path, layers: list[Path]) -> Shares:
    """The share of each village (layers × villages), as `sedonadb` has it, on two partitions."""
    import sedonadb  # noqa: PLC0415  # a peer that need not be there

    session = sedonadb.connect()
    session.sql(f"SET datafusion.execution.target_partitions = {THREADS}").execute()
    session.read_parquet(str(villages)).to_view("villages")

    def told(statement: str) -> pd.Series:
        found = pa.table(session.sql(statement)).to_pandas()
        return found.set_index("village_id")["area"]

    whole, found = told(AREAS), []
    for layer in layers:
        session.read_parquet(str(layer)).to_view("layer", overwrite=True)
        found.append(told(SHARES))
    return _shares(whole, found)


def by_duckdb(villages: Path, layers: list[Path]) -> Shares:
    """The share of each village (layers × villages), as `duckdb` has it, on two threads."""
    import duckdb  # noqa: PLC0415  # a peer that need not be there
    import duckdb_ext  # noqa: PLC0415  # the same

    session = duckdb.connect(config={"allow_unsigned_extensions": True, "threads": THREADS})
    folder = Path(next(iter(duckdb_ext.__path__)))
    extension = next(folder.rglob("spatial.duckdb_extension"))
    session.execute(f"LOAD '{extension}'")
    session.execute(f"CREATE TABLE villages AS SELECT village_id, geometry FROM '{villages}'")  # noqa: S608  # our own file

    def told(statement: str) -> pd.Series:
        return session.sql(statement).df().set_index("village_id")["area"]

    whole, found = told(AREAS), []
    for layer in layers:
        session.execute(f"CREATE OR REPLACE VIEW layer AS SELECT geometry FROM '{layer}'")  # noqa: S608  # our own file
        found.append(told(SHARES))
    return _shares(whole, found)


def _shares(whole: pd.Series, found: list[pd.Series]) -> Shares:
    """In the order of ids, since none of them keeps that of rows."""
    whole = whole.sort_index()
    return np.stack([(one.reindex(whole.index).fillna(0.0) / whole).to_numpy() for one in found])


ENGINES: Mapping[str, Engine] = {"sedonadb": by_sedonadb, "duckdb": by_duckdb}
NEEDS: Mapping[str, tuple[str, ...]] = {
    "sedonadb": ("sedonadb",),
    "duckdb": ("duckdb", "duckdb_ext"),
    "exactextract": ("exactextract",),
    "geohalo": ("geohalo",),
}


def is_there(name: str) -> bool:
    """Whether a peer is installed."""
    return all(find_spec(module) for module in NEEDS[name])


def written_in_pieces(layer: Path, target: Path) -> None:
    """A layer's polygons cut to at most 512 vertices, on two threads, as GeoParquet with boxes."""
    table = gpd.read_parquet(layer)
    parts = shapely.get_parts(table.geometry.to_numpy())
    small = shapely.get_num_coordinates(parts) <= MOST_VERTICES
    with ThreadPoolExecutor(THREADS) as pool:
        cut = [piece for pieces in pool.map(cut_to_pieces, parts[~small]) for piece in pieces]
    pieces = gpd.GeoDataFrame(geometry=[*parts[small], *cut], crs=table.crs)
    pieces.to_parquet(target, index=False, write_covering_bbox=True)
