"""A part of the measures: some villages, some layers, nothing measured again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from coverage.model import Measures


def part_of(m: Measures, rows: npt.NDArray[np.bool_], layers: Sequence[int]) -> Measures:
    """The measures of the marked villages and of the layers at some places, in that order.

    Nothing of the other layers is left: areas that differ in them alone are added up.
    """
    here = rows[m.village]
    place = np.cumsum(rows) - 1
    table = pd.DataFrame(
        {
            "village": place[m.village[here]].astype(np.int32),
            "combination": _bits(m.combination[here], layers),
            "area_m2": m.area_m2[here],
        }
    )
    table = pd.DataFrame(table.groupby(["village", "combination"], sort=True)["area_m2"].sum())
    table = table.reset_index()
    return replace(
        m,
        villages=m.villages[rows],
        layers=tuple(m.layers[k] for k in layers),
        village_area_m2=m.village_area_m2[rows],
        village=table["village"].to_numpy(np.int32),
        combination=table["combination"].to_numpy(np.uint64),
        area_m2=table["area_m2"].to_numpy(np.float64),
        centre=_bits(m.centre[rows], layers),
        has_centre=m.has_centre[rows],
        extent_share=m.extent_share[rows][:, layers],
        extent_centre=m.extent_centre[rows][:, layers],
    )


def _bits(values: npt.NDArray[np.uint64], layers: Sequence[int]) -> npt.NDArray[np.uint64]:
    """Sets of layers as bits of the kept layers alone."""
    out = np.zeros(len(values), np.uint64)
    for new, old in enumerate(layers):
        out |= ((values >> np.uint64(old)) & np.uint64(1)) << np.uint64(new)
    return out
