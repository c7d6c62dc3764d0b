"""How much of each village some layers serve, by what a rule counts: sums over measures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from coverage.combinations import sums
from coverage.model import TECHNOLOGIES, Basis, Evidence, LayerInfo, Levels, Measures, Rule
from coverage.pixels import LEVELS, LOW_DBM, LOWEST_LEVEL

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
NEVER = 255
"""A level that no signal reaches."""

MOST_KEPT = 16
"""So many shares of several technologies are kept of each table."""


def layer_bits(layers: Sequence[LayerInfo], chosen: Sequence[bool]) -> int:
    """The set of the chosen layers, as bits; signal layers have none."""
    return sum(
        1 << k
        for k, (layer, yes) in enumerate(zip(layers, chosen, strict=True))
        if yes and layer.kind != "signal"
    )


def union_share(measures: Measures, bits: int, basis: Basis = "area") -> Floats:
    """Share (0 to 1) of each village inside the union of the footprints in ``bits``.

    Of its area, or of what else was measured; a village that has nothing of that (nobody lives
    there by the raster) is told by its area, and so are all where it was not measured; 0 for one
    without a place.
    """
    if not bits:
        return np.zeros(len(measures.village_area_m2))
    served = (measures.combination & np.uint64(bits)) != 0
    weights = np.where(served, measures.area_m2, 0.0)
    area = sums(measures.village, weights, len(measures.village_area_m2))
    whole = measures.village_area_m2
    share = np.divide(area, whole, out=np.zeros(len(whole)), where=whole > 0)
    if basis in measures.amounts:
        of = measures.amounts[basis]
        weights = np.where((of.combination & np.uint64(bits)) != 0, of.amount, 0.0)
        amount = sums(of.village, weights, len(of.total))
        has = of.total > 0
        share[has] = amount[has] / of.total[has]
    return np.clip(share, 0.0, 1.0)


def centre_served(measures: Measures, bits: int) -> Bools:
    """Whether any footprint in ``bits`` serves each village's centre; False without a centre."""
    if not bits:
        return np.zeros(len(measures.centre), bool)
    served: Bools = (measures.centre & np.uint64(bits)) != 0
    return served


def basis_of(measures: Measures, rule: Rule) -> Basis:
    """What shares are of by a rule, as far as it was measured."""
    if rule.basis == "area" and rule.settled_first and "settled" in measures.amounts:
        return "settled"
    if rule.basis in ("people", "households"):
        return dwellers(measures, rule.basis)
    return rule.basis


def dwellers(measures: Measures, basis: Basis = "people") -> Basis:
    """What tells best where people or households live, of what was measured.

    Their own amounts; else people for households; else settled places; else the area, over
    which they are then spread evenly.
    """
    told: tuple[Basis, ...] = (basis, "people", "settled")
    return next((one for one in told if one in measures.amounts), "area")


def share_by(measures: Measures, rule: Rule, chosen: Sequence[bool]) -> Floats:
    """Share (0 to 1) of each village that some layers together serve by a rule.

    Footprints unite exactly with footprints, and signal layers of one operator (or of all of
    them) with one another. The two kinds are never blended: the better one counts, which is
    never more than their union.
    """
    basis = basis_of(measures, rule)
    share = union_share(measures, layer_bits(measures.layers, chosen), basis)
    for levels, least in _signals(measures, rule, chosen):
        np.maximum(share, signal_share(levels, least, basis, len(share)), out=share)
    return share


def centre_by(measures: Measures, rule: Rule, chosen: Sequence[bool]) -> Bools:
    """Whether some layers together serve each village's centre by a rule."""
    served = centre_served(measures, layer_bits(measures.layers, chosen))
    for levels, least in _signals(measures, rule, chosen):
        for k in np.flatnonzero(least < NEVER):  # one by one: rows of so few take numpy longer
            served |= levels.centre[:, k] >= least[k]
    return served


def signal_share(
    levels: Levels, least: npt.NDArray[np.uint8], basis: Basis, villages: int
) -> Floats:
    """Share of each village in which some technology reaches its level in ``least``.

    A village that has nothing of the basis is told by its area. The shares are kept with the
    levels, the last of several technologies among them, and may not be written to.
    """
    asked = np.flatnonzero(least < NEVER)
    if not len(asked):
        return np.zeros(villages)
    basis = basis if basis in levels.parts else "area"
    if len(asked) == 1:
        above = _above(levels, int(asked[0]), basis, villages)
        return above[min(int(least[asked[0]]), LEVELS)]
    key = ("share", basis, villages, least.tobytes())
    found = levels.sums.get(key)
    if found is None:
        found = _reaching(levels, asked, least, basis, villages)
        found.setflags(write=False)
        _keep(levels, key, found)
    return found


def _keep(levels: Levels, key: tuple[str, Basis, int, bytes], found: Floats) -> None:
    """Keep shares of several technologies, and forget the oldest ones."""
    kept = [one for one in list(levels.sums) if isinstance(one, tuple) and one[0] == "share"]
    for one in kept[: max(0, len(kept) + 1 - MOST_KEPT)]:
        levels.sums.pop(one, None)
    levels.sums[key] = found


def _reaching(
    levels: Levels,
    asked: npt.NDArray[np.int64],
    least: npt.NDArray[np.uint8],
    basis: Basis,
    villages: int,
) -> Floats:
    """Share of each village in which one of several technologies reaches its level."""
    from coverage import tally

    first = _first(levels, villages)
    level = np.ascontiguousarray(levels.level.T)  # as it is already where we measured it
    share: Floats = tally.reaching(first, level, asked, least, levels.parts[basis])
    empty = _empty(levels, basis, villages)
    if empty.any():
        area: Floats = tally.reaching(first, level, asked, least, levels.parts["area"])
        share[empty] = area[empty]
    return np.minimum(share, 1.0)


def _above(levels: Levels, technology: int, basis: Basis, villages: int) -> Floats:
    """Share of each village from every level of a technology on ((`LEVELS` + 1) × villages)."""
    from coverage import tally

    key = ("above", technology, basis, villages)
    if key not in levels.sums:
        held = np.zeros((villages, LEVELS + 1))
        column = np.ascontiguousarray(levels.level[:, technology])
        tally.binned(levels.village, column, levels.parts[basis], held)
        above = np.ascontiguousarray(np.cumsum(held[:, ::-1], axis=1)[:, ::-1].T)
        empty = _empty(levels, basis, villages)
        if empty.any():
            above[:, empty] = _above(levels, technology, "area", villages)[:, empty]
        above = np.minimum(above, 1.0)
        above.setflags(write=False)
        levels.sums[key] = above
    return levels.sums[key]


def _first(levels: Levels, villages: int) -> npt.NDArray[np.int64]:
    """Where the rows of each village begin, and the last ones end."""
    key = ("first", villages)
    if key not in levels.sums:
        every = np.arange(villages + 1, dtype=np.int32)
        levels.sums[key] = np.searchsorted(levels.village, every)
    return levels.sums[key]


def _empty(levels: Levels, basis: Basis, villages: int) -> Bools:
    """Villages that have nothing of a basis; none for the area, to which nothing is preferred."""
    if basis == "area":
        return np.zeros(villages, bool)
    key = ("total", basis, villages)
    if key not in levels.sums:
        held: Floats = np.zeros(villages)
        np.add.at(held, levels.village, levels.parts[basis])
        levels.sums[key] = held
    empty: Bools = levels.sums[key] <= 0
    return empty


def level_from(rule: Rule, layer: LayerInfo) -> int:
    """The level from which a signal layer serves by a rule; `NEVER` where it does not say."""
    dbm = rule.min_dbm(layer.technology)
    if dbm is None:
        return NEVER
    return min(max(dbm - LOW_DBM + LOWEST_LEVEL, LOWEST_LEVEL), NEVER)


def _signals(
    measures: Measures, rule: Rule, chosen: Sequence[bool]
) -> Iterator[tuple[Levels, npt.NDArray[np.uint8]]]:
    """Tables of levels that tell of the chosen signal layers, and the levels they must reach.

    Where all operators' layers are chosen alike, one table tells of them together, and with it
    those that were counted in other pixels.
    """
    wanted: dict[tuple[Evidence, str], dict[str, int]] = {}
    for layer, yes in zip(measures.layers, chosen, strict=True):
        if layer.kind == "signal" and yes:
            of = wanted.setdefault((layer.evidence, layer.operator), {})
            of[layer.technology] = level_from(rule, layer)
    together = _together(measures, wanted)
    joint = {
        x.evidence: x.grid for x in measures.levels if x.operator == "" and x.evidence in together
    }
    for levels in measures.levels:
        asked = (
            together.get(levels.evidence)
            if levels.operator == ""
            else wanted.get((levels.evidence, levels.operator))
        )
        if asked and (levels.operator == "" or levels.grid != joint.get(levels.evidence)):
            least = [asked.get(technology, NEVER) for technology in levels.technologies]
            yield levels, np.array(least, np.uint8)


def _together(
    measures: Measures, wanted: dict[tuple[Evidence, str], dict[str, int]]
) -> dict[Evidence, dict[str, int]]:
    """Levels to reach by evidence, where the layers chosen are those of every operator."""
    found: dict[Evidence, dict[str, int]] = {}
    for levels in measures.levels:
        if levels.operator != "":
            continue
        of = {operator for evidence, operator in wanted if evidence == levels.evidence}
        everyone = {
            (x.operator, x.technology)
            for x in measures.layers
            if x.kind == "signal" and x.evidence == levels.evidence
        }
        merged = {
            technology: level
            for (evidence, _), asked in wanted.items()
            if evidence == levels.evidence
            for technology, level in asked.items()
        }
        chosen = {(o, t) for (e, o), asked in wanted.items() if e == levels.evidence for t in asked}
        if len(of) > 1 and all(pair in chosen for pair in everyone if pair[1] in merged):
            found[levels.evidence] = merged
    return found


def technologies_in(layers: Sequence[LayerInfo]) -> list[str]:
    """The technologies that some layers have, in the order of their generations."""
    return [t for t in TECHNOLOGIES if any(x.technology == t for x in layers)]


def unjudged(layers: Iterable[LayerInfo], rule: Rule) -> tuple[LayerInfo, ...]:
    """Signal layers that count as no filing because the rule names no level for them."""
    return tuple(layer for layer in layers if rule.admits(layer) and not rule.judges(layer))
