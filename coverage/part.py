"""A part of the measures: some villages, some layers, nothing measured again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from coverage.model import Amounts, Areas, LayerInfo, Levels, Measures, Moved


def part_of(m: Measures, rows: npt.NDArray[np.bool_], layers: Sequence[int]) -> Measures:
    """The measures of the marked villages and of the layers at some places, in that order.

    Nothing of the other layers is left: areas that differ in them alone are added up.
    """
    place = (np.cumsum(rows) - 1).astype(np.int32)
    table = _Sparse(m.village, m.combination, m.area_m2).part(rows, place, layers)
    kept = [m.layers[k] for k in layers]
    return replace(
        m,
        villages=m.villages[rows],
        layers=tuple(kept),
        village_area_m2=m.village_area_m2[rows],
        village=table.village,
        combination=table.combination,
        area_m2=table.value,
        centre=_bits(m.centre[rows], layers),
        has_centre=m.has_centre[rows],
        extent_share=m.extent_share[rows][:, layers],
        extent_centre=m.extent_centre[rows][:, layers],
        amounts={name: _amounts(of, rows, place, layers) for name, of in m.amounts.items()},
        levels=_levels(m, kept, rows, place),
        moved=None if m.moved is None else moved_part(m.moved, rows, layers),
    )


@dataclass(frozen=True, eq=False)
class _Sparse:
    """Values by village and combination of layers."""

    village: npt.NDArray[np.int32]
    combination: npt.NDArray[np.uint64]
    value: npt.NDArray[np.float64]

    def part(
        self, rows: npt.NDArray[np.bool_], place: npt.NDArray[np.int32], layers: Sequence[int]
    ) -> _Sparse:
        """Of some villages and layers; rows that become alike are added up."""
        here = rows[self.village]
        village, value = place[self.village[here]], self.value[here]
        combination = _bits(self.combination[here], layers)
        order = np.lexsort((combination, village))
        village, combination, value = village[order], combination[order], value[order]
        first = np.ones(len(village), bool)
        first[1:] = (np.diff(village) != 0) | (combination[1:] != combination[:-1])
        added = np.add.reduceat(value, np.flatnonzero(first)) if len(value) else value
        return _Sparse(village[first], combination[first], added)


def _amounts(
    of: Amounts,
    rows: npt.NDArray[np.bool_],
    place: npt.NDArray[np.int32],
    layers: Sequence[int],
) -> Amounts:
    table = _Sparse(of.village, of.combination, of.amount).part(rows, place, layers)
    return Amounts(
        village=table.village,
        combination=table.combination,
        amount=table.value,
        total=of.total[rows],
    )


def moved_part(moved: Moved, rows: npt.NDArray[np.bool_], layers: Sequence[int]) -> Moved:
    """Areas of moved footprints, of the marked villages and some layers, as in `part_of`."""
    place = (np.cumsum(rows) - 1).astype(np.int32)

    def part(areas: Areas) -> Areas:
        table = _Sparse(areas.village, areas.combination, areas.area_m2).part(rows, place, layers)
        return Areas(
            village=table.village,
            combination=table.combination,
            area_m2=table.value,
            centre=_bits(areas.centre[rows], layers),
            amounts={name: _amounts(of, rows, place, layers) for name, of in areas.amounts.items()},
        )

    return Moved(inward=part(moved.inward), outward=part(moved.outward))


def _levels(
    m: Measures,
    kept: Sequence[LayerInfo],
    rows: npt.NDArray[np.bool_],
    place: npt.NDArray[np.int32],
) -> tuple[Levels, ...]:
    """The levels of operators all of whose signal layers stay; "" only where all do."""
    signals = {(x.operator, x.evidence, x.technology) for x in m.layers if x.kind == "signal"}
    there = {(x.operator, x.evidence, x.technology) for x in kept if x.kind == "signal"}

    def whole(levels: Levels) -> bool:
        asked = {x for x in signals if x[1] == levels.evidence and levels.operator in ("", x[0])}
        return asked <= there

    found = []
    for levels in m.levels:
        if not whole(levels):
            continue
        here = rows[levels.village]
        part = replace(
            levels,
            village=place[levels.village[here]],
            level=levels.level[here],
            parts={name: of[here] for name, of in levels.parts.items()},
            centre=levels.centre[rows],
        )
        found.append(part)
    return tuple(found)


def _bits(values: npt.NDArray[np.uint64], layers: Sequence[int]) -> npt.NDArray[np.uint64]:
    """Sets of layers as bits of the kept layers alone."""
    out = np.zeros(len(values), np.uint64)
    for new, old in enumerate(layers):
        out |= ((values >> np.uint64(old)) & np.uint64(1)) << np.uint64(new)
    return out
