"""The official list of a study: its rows matched to the villages, and what they bring."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import pandas as pd

from geodata.leading_zeros import with_zeros
from geodata.listed import findings_of, other_names, taken_over
from geodata.lists import read_list
from geodata.matching import match_villages
from geodata.study.reader import Reader
from geodata.study.settings import VillagesTable
from geodata.units import Units


def with_list(
    villages: gpd.GeoDataFrame,
    told: pd.DataFrame,
    reader: Reader,
    table: VillagesTable,
    *,
    structures: Sequence[Units],
    current: Units | None,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """The villages with what the study's list says of them; what became of it in the findings.

    ``told`` is kept in step with them: the list may bring other ids, and leave villages out.
    """
    if table.list_ is None:
        return villages, told
    path = reader.folder / table.list_
    reader.take(path)
    listed, found = read_list(
        path,
        layer=table.list_layer,
        columns=table.list_columns,
        encoding=table.list_encoding,
    )
    listed["village_id"] = with_zeros(listed["village_id"].astype("string"), villages.index)
    also_in = other_names(villages, structures, current)
    matches = match_villages(listed, villages, also_in=also_in)
    only = table.only_listed
    reader.findings += found
    reader.findings += findings_of(villages, matches, file=table.list_, only_listed=only)
    out = taken_over(villages, listed, matches, file=table.list_, only_listed=only)
    kept = villages.index.isin(matches.matched["village_id"]) | (not only)
    return out, told.loc[kept].set_axis(out.index, axis=0)
