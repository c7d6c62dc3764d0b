"""The rollout: operators build where people are, until just so many villages are left out.

Each operator adds the site that reaches most people it does not reach yet. All their steps,
put in one order of falling gain, make the history of the province; it is stopped where the
join (`coverage.measure` and `coverage.judge`) leaves the wanted number uncovered.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
import shapely.affinity

from coverage.combinations import default_threads
from coverage.grid import spread
from geodata.errors import DataError
from geodata.reconstruction.footprints import Views, polygons, ragged_reach
from geodata.reconstruction.grid import Floats
from geodata.reconstruction.sites import OPERATORS, Operator, Places, reach_m

Indices = npt.NDArray[np.intp]

SHRINKS = (0.85, 0.7, 0.55, 0.4, 0.25)
"""The last site may reach less far, to land on the wanted number."""

TRIES = 60


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """What one operator could build: per place the polygon of 4G and of 3G (None: no 3G)."""

    operator: Operator
    area_4g: npt.NDArray[np.object_]
    area_3g: npt.NDArray[np.object_]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One site switched on: operator and place (positions), and its reach against the full one."""

    operator: int
    place: int
    scale: float = 1.0


def networks(places: Places, views: Views, *, seed: int) -> tuple[Network, ...]:
    """What each operator could build at each place, by line of sight."""
    everywhere = np.arange(len(places.x))

    def network(k: int) -> Network:
        operator = OPERATORS[k]
        rng = np.random.default_rng(seed + 60 + k)
        reach = reach_m(places, operator)
        near = ragged_reach(views, reach, seed=seed + 70 + k)
        far = ragged_reach(views, reach * operator.farther_3g, seed=seed + 80 + k)
        with_3g = np.flatnonzero(rng.random(len(reach)) <= operator.share_3g)
        area_3g = np.full(len(reach), None, object)
        area_3g[with_3g] = polygons(views, far, with_3g)
        area_4g = np.array(polygons(views, near, everywhere), object)
        return Network(operator=operator, area_4g=area_4g, area_3g=area_3g)

    return tuple(spread(network, range(len(OPERATORS)), threads=default_threads()))


def history(
    plans: Sequence[Network],
    halls: npt.NDArray[np.object_],
    people: Floats,
    land: npt.NDArray[np.object_],
    *,
    seed: int,
) -> list[Step]:
    """Every step of every operator in one order of falling gain.

    Before all others come the sites that traffic needs: where many live, some villages have
    one of their own. ``land`` is the kind of land of each village.
    """
    steps: list[tuple[float, int, int, int]] = []
    tree = shapely.STRtree(halls)
    reached = spread(lambda plan: _served(plan, tree), plans, threads=default_threads())
    for k, (plan, served) in enumerate(zip(plans, reached, strict=True)):
        rng = np.random.default_rng(seed + 90 + k)
        liking = rng.lognormal(0, 0.25, len(plan.area_4g))
        own = (rng.random(len(land)) < plan.operator.density) & (land != "high mountain")
        steps += [(-np.inf, k, place, place) for place in np.flatnonzero(own).tolist()]
        left = people.copy()
        for place in np.flatnonzero(own).tolist():
            left[served[place]] = 0
        gain = np.inf
        for turn, (place, more) in enumerate(
            _greedy(
                served, left, liking, plan.operator.budget * people.sum() - (people - left).sum()
            )
        ):
            gain = min(gain, more)
            steps.append((-gain, k, turn, place))
    return [Step(operator=k, place=place) for _, k, _, place in sorted(steps)]


def _served(plan: Network, tree: shapely.STRtree) -> list[Indices]:
    """For each place the halls inside its 4G or 3G area."""
    found: list[set[int]] = [set() for _ in plan.area_4g]
    for areas in (plan.area_4g, plan.area_3g):
        for place, hall in tree.query(areas, predicate="contains").T.tolist():
            found[place].add(hall)
    return [np.array(sorted(hit), np.intp) for hit in found]


def _greedy(
    served: Sequence[Indices], people: Floats, liking: Floats, wanted: float
) -> list[tuple[int, float]]:
    """Places in the order built and the people each newly reaches, up to ``wanted`` people.

    Gains only fall as others are built, so a stale one at the top of the heap is recomputed
    and put back (Minoux, 1978).
    """
    open_people = people.copy()
    heap = [
        (-people[hit].sum() * like, i)
        for i, (hit, like) in enumerate(zip(served, liking, strict=True))
    ]
    heapq.heapify(heap)
    built: list[tuple[int, float]] = []
    reached = 0.0
    while heap and reached < wanted:
        _, place = heapq.heappop(heap)
        more = float(open_people[served[place]].sum())
        if more <= 0:
            continue
        worth = -more * liking[place]
        if heap and worth > heap[0][0]:
            heapq.heappush(heap, (worth, place))
            continue
        open_people[served[place]] = 0
        reached += more
        built.append((place, more))
    return built


def area_of(plan: Network, step: Step, *, with_3g: bool) -> shapely.Geometry | None:
    """The 3G or 4G area of one step, shrunk about its site where it must be."""
    area: shapely.Geometry | None = (plan.area_3g if with_3g else plan.area_4g)[step.place]
    if area is None or step.scale == 1:
        return area
    small: shapely.Geometry = shapely.affinity.scale(
        area, step.scale, step.scale, origin="centroid"
    )
    return small


@dataclass(frozen=True, kw_only=True, eq=False)
class Outlook:
    """Foresees which villages the join would leave uncovered, looking only at the doubtful."""

    plans: tuple[Network, ...]
    villages: npt.NDArray[np.object_]
    halls: npt.NDArray[np.object_]
    covered_share: float

    def uncovered(self, steps: Sequence[Step]) -> Indices:
        """Villages whose hall no step serves and of which no operator serves enough."""
        areas, owners = [], []
        for step in steps:
            for with_3g in (False, True):
                area = area_of(self.plans[step.operator], step, with_3g=with_3g)
                if area is not None:
                    areas.append(area)
                    owners.append(step.operator)
        served = np.zeros(len(self.halls), bool)
        served[shapely.STRtree(self.halls).query(areas, predicate="intersects")[1]] = True
        doubtful = np.flatnonzero(~served)
        owner = np.array(owners, np.intp)
        geometry = np.array(areas, object)
        village, area = shapely.STRtree(geometry).query(self.villages[doubtful], "intersects")
        left = [
            i
            for k, i in enumerate(doubtful.tolist())
            if not self._enough(self.villages[i], area[village == k], geometry, owner)
        ]
        return np.array(left, np.intp)

    def _enough(
        self,
        village: shapely.Geometry,
        hits: Indices,
        areas: npt.NDArray[np.object_],
        owner: Indices,
    ) -> bool:
        """Whether one operator serves enough of the village.

        Areas are cut to the village before they are united, and only where no single one
        serves enough and all together may: whole footprints cost many times as much.
        """
        enough = self.covered_share * shapely.area(village)
        for k in np.unique(owner[hits]):
            parts = shapely.intersection(areas[hits[owner[hits] == k]], village)
            held = shapely.area(parts)
            if held.max() >= enough:
                return True
            if held.sum() >= enough and shapely.area(shapely.union_all(parts)) >= enough:
                return True
        return False


def stopped(
    steps: Sequence[Step], outlook: Outlook, wanted: int, join: Callable[[Sequence[Step]], int]
) -> list[Step]:
    """The part of a history after which the join leaves exactly ``wanted`` uncovered.

    Found by halving with the outlook, then confirmed by ``join``. Where the last site covers
    too much at once it reaches less far, or is left out. Raises `DataError` when no part of
    the history lands there.
    """
    few, many = 0, len(steps)
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (
            (few, middle) if len(outlook.uncovered(steps[:middle])) <= wanted else (middle, many)
        )
    built = list(steps[:many])
    for _ in range(TRIES):
        built, many = _landed(built, steps, many, outlook, wanted)
        left = join(built)
        if left == wanted:
            return built
        if many >= len(steps):
            break
        built = built[:-1] if left < wanted else [*built, steps[many]]
        many += 1
    raise DataError(
        "the rollout cannot stop at {wanted} uncovered villages with this seed and these villages;"
        " try another seed",
        wanted=wanted,
    )


def _landed(
    built: list[Step], steps: Sequence[Step], after: int, outlook: Outlook, wanted: int
) -> tuple[list[Step], int]:
    """A history whose outlook is exactly as wanted, and how many steps it has looked at."""
    while True:
        left = len(outlook.uncovered(built))
        if left == wanted:
            return built, after
        if left < wanted:
            last = built.pop()
            for scale in SHRINKS:
                trial = [*built, replace(last, scale=scale)]
                if len(outlook.uncovered(trial)) == wanted:
                    return trial, after
        if after >= len(steps):
            return built, after
        built.append(steps[after])
        after += 1


def united(plan: Network, steps: Sequence[Step], operator: int, *, with_3g: bool) -> gpd.GeoSeries:
    """The footprint of one operator and technology: the union of its sites, in parts."""
    areas = [area_of(plan, step, with_3g=with_3g) for step in steps if step.operator == operator]
    union = shapely.union_all([area for area in areas if area is not None])
    return gpd.GeoSeries(shapely.get_parts(union))
