"""Measures of parts put together as if all had been measured at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from coverage.errors import CoverageError
from coverage.model import Amounts, Areas, Basis, Levels, Measures, Moved
from coverage.rings import Ints
from coverage.signal import Spoken

T = TypeVar("T", bound=np.generic)


def joined(parts: Sequence[tuple[Ints, Measures]], villages: gpd.GeoDataFrame) -> Measures:
    """The measures of ``villages`` from those of parts of them, in the villages' order.

    Each part has the row numbers of its villages in ``villages``, in the order in which it was
    measured, and its measures. Nothing is computed: every number is one of a part's. Raises
    `CoverageError` where a village is in no part or in two, and where the parts do not have the
    same layers and the same kinds of measures.
    """
    order = _Order.of([rows for rows, _ in parts], len(villages))
    found = [measures for _, measures in parts]
    _require_alike(found)
    table = order.table([m.village for m in found], [m.combination for m in found])
    return Measures(
        villages=villages,
        layers=found[0].layers,
        village_area_m2=order.each([m.village_area_m2 for m in found]),
        village=table.village,
        combination=table.take([m.combination for m in found]),
        area_m2=table.take([m.area_m2 for m in found]),
        centre=order.each([m.centre for m in found]),
        has_centre=order.each([m.has_centre for m in found]),
        extent_share=order.each([m.extent_share for m in found]),
        extent_centre=order.each([m.extent_centre for m in found]),
        amounts=_amounts([m.amounts for m in found], order),
        levels=tuple(
            _levels([m.levels[k] for m in found], order) for k in range(len(found[0].levels))
        ),
        moved=_moved([m.moved for m in found if m.moved is not None], order),
    )


def joined_amounts(
    parts: Sequence[tuple[Ints, Mapping[Basis, Amounts]]], villages: int
) -> Mapping[Basis, Amounts]:
    """The amounts of so many villages from those of parts of them, as in `joined`."""
    order = _Order.of([rows for rows, _ in parts], villages)
    return _amounts([amounts for _, amounts in parts], order)


def joined_moved(parts: Sequence[tuple[Ints, Moved]], villages: int) -> Moved:
    """Moved footprints of so many villages from those of parts of them, as in `joined`."""
    order = _Order.of([rows for rows, _ in parts], villages)
    found = [moved for _, moved in parts]
    return Moved(
        inward=_areas([x.inward for x in found], order),
        outward=_areas([x.outward for x in found], order),
    )


def joined_levels(parts: Sequence[tuple[Ints, Spoken]], villages: int) -> Spoken:
    """What signal layers say of so many villages, from what they say of parts of them."""
    order = _Order.of([rows for rows, _ in parts], villages)
    found = [spoken for _, spoken in parts]
    return Spoken(
        levels=tuple(
            _levels([s.levels[k] for s in found], order) for k in range(len(found[0].levels))
        ),
        extent_share=order.each([s.extent_share for s in found]),
        extent_centre=order.each([s.extent_centre for s in found]),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Table:
    """Rows of all parts by their villages in the whole: ``order`` sorts what is end to end."""

    village: npt.NDArray[np.int32]
    order: npt.NDArray[np.intp]

    def take(self, values: Sequence[npt.NDArray[T]]) -> npt.NDArray[T]:
        """One column of all parts in the order of the whole."""
        return np.concatenate(values)[self.order]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Order:
    """Where the villages of each part stand in the whole."""

    rows: tuple[Ints, ...]
    place: npt.NDArray[np.intp]

    @classmethod
    def of(cls, rows: Sequence[Ints], villages: int) -> _Order:
        """Raises `CoverageError` where the rows are not each village once."""
        every = np.concatenate([np.empty(0, np.int64), *rows])
        place = np.argsort(every, kind="stable")
        if not np.array_equal(every[place], np.arange(villages)) or not rows:
            raise CoverageError(
                "the parts hold {found} villages, and not each of the {villages} once; "
                "split them again",
                found=len(every),
                villages=villages,
            )
        return cls(rows=tuple(rows), place=place)

    def each(self, values: Sequence[npt.NDArray[T]]) -> npt.NDArray[T]:
        """One value, or row of values, a village."""
        return np.concatenate(values)[self.place]

    def table(
        self,
        village: Sequence[npt.NDArray[np.int32]],
        combination: Sequence[npt.NDArray[np.uint64]] = (),
    ) -> _Table:
        """Rows sorted by village, then combination; where that is alike, as the parts have it."""
        pairs = zip(self.rows, village, strict=True)
        every = np.concatenate([rows[of] for rows, of in pairs]).astype(np.int32)
        keys = (np.concatenate(combination), every) if combination else (every,)
        order = np.lexsort(keys)
        return _Table(village=every[order], order=order)


def _require_alike(found: Sequence[Measures]) -> None:
    def has(m: Measures) -> object:
        kinds = [(x.operator, x.evidence, x.technologies, sorted(x.parts)) for x in m.levels]
        return m.layers, sorted(m.amounts), kinds, m.moved is None

    if any(has(m) != has(found[0]) for m in found):
        raise CoverageError(
            "the parts were not measured alike; measure each with the same layers and sources"
        )


def _amounts(found: Sequence[Mapping[Basis, Amounts]], order: _Order) -> dict[Basis, Amounts]:
    return {basis: _amount([of[basis] for of in found], order) for basis in found[0]}


def _amount(of: Sequence[Amounts], order: _Order) -> Amounts:
    table = order.table([x.village for x in of], [x.combination for x in of])
    return Amounts(
        village=table.village,
        combination=table.take([x.combination for x in of]),
        amount=table.take([x.amount for x in of]),
        total=order.each([x.total for x in of]),
    )


def _levels(of: Sequence[Levels], order: _Order) -> Levels:
    table = order.table([x.village for x in of])
    return replace(
        of[0],
        village=table.village,
        level=table.take([x.level for x in of]),
        parts={basis: table.take([x.parts[basis] for x in of]) for basis in of[0].parts},
        centre=order.each([x.centre for x in of]),
    )


def _moved(of: Sequence[Moved], order: _Order) -> Moved | None:
    if not of:
        return None
    return Moved(
        inward=_areas([x.inward for x in of], order),
        outward=_areas([x.outward for x in of], order),
    )


def _areas(of: Sequence[Areas], order: _Order) -> Areas:
    table = order.table([x.village for x in of], [x.combination for x in of])
    return Areas(
        village=table.village,
        combination=table.take([x.combination for x in of]),
        area_m2=table.take([x.area_m2 for x in of]),
        centre=order.each([x.centre for x in of]),
        amounts=_amounts([x.amounts for x in of], order),
    )
