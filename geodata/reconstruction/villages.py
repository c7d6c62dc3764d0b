"""Villages: a hall each where one would settle, its land around it, and a name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import ndimage
from scipy.spatial import cKDTree

from geodata.reconstruction.communes import windows
from geodata.reconstruction.grid import Floats, Grid, Labels, tidy

Counts = npt.NDArray[np.int64]

BEND_M = 220.0
CORE_M = 190.0
"""This near to a hall the land is that hall's, however borders bend."""

FIRST = (
    "Na",
    "Huồi",
    "Phà",
    "Cha",
    "Xốp",
    "Xiềng",
    "Khe",
    "Piêng",
    "Lưu",
    "Tạ",
    "Văng",
    "Kẻ",
    "Mường",
    "Pù",
    "Noọng",
    "Chà",
    "Nậm",
    "Yên",
    "Đồng",
    "Hạ",
)
SECOND = (
    "Ngân",
    "Phốt",
    "Coóng",
    "Lống",
    "Tụ",
    "Khiêng",
    "Mạt",
    "Nhinh",
    "Pha",
    "Cáng",
    "Xén",
    "Lằng",
    "Bủng",
    "Thơi",
    "Hin",
    "Lạ",
    "Kho",
    "Tày",
    "Noong",
    "Chạng",
    "Can",
    "Luông",
)
PLAIN = (
    "Đông",
    "Tây",
    "Nam",
    "Bắc",
    "Trung",
    "Xuân",
    "Yên",
    "Phú",
    "Tân",
    "Thanh",
    "Hồng",
    "Kim",
    "Long",
    "Liên",
    "Minh",
    "Phúc",
    "Văn",
    "Vĩnh",
)
PLAIN_END = (
    "Sơn",
    "Thịnh",
    "Lộc",
    "Hòa",
    "Tiến",
    "Thọ",
    "Hưng",
    "Thành",
    "Bình",
    "An",
    "Lâm",
    "Quang",
    "Đồng",
    "Giang",
    "Mỹ",
    "Phong",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Halls:
    """Village halls: positions, the commune of each (position in the table), real names or ""."""

    x: Floats
    y: Floats
    commune: Counts
    name: tuple[str, ...]


def settle(
    communes: pd.DataFrame, labels: Labels, counts: Counts, height: Floats, grid: Grid, *, seed: int
) -> Halls:
    """Halls in each commune: in low, flat places, near its seat, and apart from each other."""
    slope = np.hypot(*np.gradient(ndimage.gaussian_filter(height, 3), grid.step_m))
    rng = np.random.default_rng(seed + 41)
    luck = rng.random(grid.shape, dtype=np.float32)
    xs: list[Floats] = []
    owner: list[Counts] = []
    for k, window in windows(labels):
        if counts[k - 1] == 0:
            continue
        inside = labels[window] == k
        rows, columns = np.nonzero(inside)
        at = np.stack([grid.xs()[window[1]][columns], grid.ys()[window[0]][rows]], axis=1)
        deep = ndimage.distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1][inside]
        low = height[window][inside]
        spread = max(float(low.std()), 15.0)
        seat = communes.iloc[k - 1][["x", "y"]].to_numpy(float)
        far = np.hypot(*(at - seat).T) / np.sqrt(len(at))
        pull = (low - low.min()) / spread * 0.55 + slope[window][inside] * 4
        pull += far / grid.step_m * 0.25 + luck[window][inside] - 0.35 * np.minimum(deep, 7)
        chosen = _apart(at, pull, int(counts[k - 1]))
        jitter = rng.uniform(-0.35, 0.35, (len(chosen), 2)) * grid.step_m
        xs.append(at[chosen] + jitter)
        owner.append(np.full(len(chosen), k - 1))
    places = np.concatenate(xs)
    commune = np.concatenate(owner)
    return Halls(x=places[:, 0], y=places[:, 1], commune=commune, name=("",) * len(commune))


def _apart(at: Floats, pull: Floats, count: int) -> Counts:
    """The ``count`` places with the least pull that keep a distance, which yields as needed."""
    order = np.argsort(pull, kind="stable")
    apart = 0.8 * np.sqrt(len(at) / count)
    step = float(np.abs(np.diff(np.unique(at[:, 0]))).min()) if len(np.unique(at[:, 0])) > 1 else 1
    while True:
        blocked = np.zeros(len(at), bool)
        tree = cKDTree(at)
        chosen: list[int] = []
        for i in order:
            if blocked[i]:
                continue
            chosen.append(i)
            if len(chosen) == count:
                return np.array(chosen)
            blocked[tree.query_ball_point(at[i], apart * step)] = True
        apart *= 0.8


def real_halls(points: gpd.GeoDataFrame, labels: Labels, grid: Grid) -> Halls:
    """Real village points as halls, in the commune they fall in; the nearest one outside all.

    Points that share a place are moved apart on a small spiral, in the order of the file.
    """
    x, y = points.geometry.x.to_numpy(float), points.geometry.y.to_numpy(float)
    seen: Counter[tuple[int, int]] = Counter()
    moved = np.empty((len(x), 2))
    for i, key in enumerate(
        zip(np.rint(x / 20).astype(int), np.rint(y / 20).astype(int), strict=True)
    ):
        turn = seen[key]
        seen[key] += 1
        radius = 4 * grid.step_m * np.sqrt(turn)
        moved[i] = x[i] + radius * np.cos(2.4 * turn), y[i] + radius * np.sin(2.4 * turn)
    near = ndimage.distance_transform_edt(labels == 0, return_distances=False, return_indices=True)
    row, column = (axis[grid.pixel(moved[:, 0], moved[:, 1])] for axis in near)
    outside = labels[grid.pixel(moved[:, 0], moved[:, 1])] == 0
    moved[outside] = np.stack([grid.xs()[column], grid.ys()[row]], axis=1)[outside]
    commune = labels[row, column].astype(np.int64) - 1
    order = np.lexsort((np.arange(len(x)), commune))
    names = points["village_name"].astype(str).to_numpy()[order]
    return Halls(x=moved[order, 0], y=moved[order, 1], commune=commune[order], name=tuple(names))


def village_labels(halls: Halls, labels: Labels, bend: tuple[Floats, Floats], grid: Grid) -> Labels:
    """Position in ``halls`` plus one: the land nearest to each hall, inside its commune.

    The pixel of a hall is always its own.
    """
    found = np.zeros(grid.shape, np.int32)
    rows, columns = grid.pixel(halls.x, halls.y)
    for k, window in windows(labels):
        inside = labels[window] == k
        mine = np.flatnonzero(halls.commune == k - 1)
        if not len(mine):
            continue
        y, x = np.meshgrid(grid.ys()[window[0]], grid.xs()[window[1]], indexing="ij")
        straight = np.stack([x[inside], y[inside]], axis=1)
        bent = straight + np.stack([b[window][inside] for b in bend], axis=1)
        tree = cKDTree(np.stack([halls.x[mine], halls.y[mine]], axis=1))
        part = np.zeros(inside.shape, np.int32)
        core, own = tree.query(straight)
        part[inside] = np.where(core < CORE_M, own, tree.query(bent)[1]) + 1
        part[rows[mine] - window[0].start, columns[mine] - window[1].start] = (
            np.arange(len(mine)) + 1
        )
        part = tidy(part, inside)
        found[window] += np.where(inside, np.concatenate([[-1], mine])[part] + 1, 0).astype(
            np.int32
        )
    return found


def village_names(
    halls: Halls, kinds: npt.NDArray[np.object_], land: npt.NDArray[np.object_], *, seed: int
) -> list[str]:
    """A name for each village, unique in its commune: bản, khối, xóm or thôn and a proper name.

    Real names are kept, and numbered where a commune has them twice.
    """
    rng = np.random.default_rng(seed + 42)
    names: list[str] = []
    taken: set[tuple[int, str]] = set()
    for i, commune in enumerate(halls.commune.tolist()):
        own = halls.name[i] if halls.name else ""
        for attempt in range(1000):
            name = f"{own} {attempt + 1}" if own and attempt else own
            name = name or _made_up(rng, str(kinds[i]), str(land[i]), commune, attempt)
            if (commune, name.casefold()) not in taken:
                break
        taken.add((commune, name.casefold()))
        names.append(name)
    return names


def _made_up(rng: np.random.Generator, kind: str, land: str, commune: int, attempt: int) -> str:
    if kind in ("phuong", "thi-tran"):
        if attempt == 0 and commune % 2:
            return (
                f"Khối {PLAIN[rng.integers(len(PLAIN))]} {PLAIN_END[rng.integers(len(PLAIN_END))]}"
            )
        return f"Khối {1 + attempt}"
    if land == "high mountain":
        return f"Bản {FIRST[rng.integers(len(FIRST))]} {SECOND[rng.integers(len(SECOND))]}"
    kind = "Thôn" if commune % 4 == 0 else "Xóm"
    if commune % 3 == 0:
        return f"{kind} {1 + attempt}"
    return f"{kind} {PLAIN[rng.integers(len(PLAIN))]} {PLAIN_END[rng.integers(len(PLAIN_END))]}"
