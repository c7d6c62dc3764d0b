"""What samples tell: where, of whom, and whether it is good enough to count as service."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from coverage.amounts import village_of
from coverage.model import TECHNOLOGIES, Rule

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """From when samples contradict a layer. Shares are 0 to 1.

    Served by the layer: where the lower bound of the share below is above ``allowed_below``
    (QCVN 81:2019/BTTTT asks for at least 95 % of the samples in the declared zone). Not served:
    where the lower bound of the good share is above ``least_good`` (ours). ``confidence`` is
    that of the interval. Fewer than ``least_samples`` (ours) are no conflict.

    ``least_down_kbps`` is the least speed down of 4G and 5G (FCC: 5 Mbit/s of 4G), by which
    samples without a level are told. ``newest_days`` keeps only samples of so many days before
    the newest one, None all.
    """

    confidence: float = 0.95
    allowed_below: float = 0.05
    least_good: float = 0.5
    least_samples: int = 5
    least_down_kbps: float = 5000.0
    newest_days: int | None = None


LIMITS = Limits()


@dataclass(frozen=True, kw_only=True, eq=False)
class Heard:
    """The samples that can be compared, one row each, and how many cannot.

    ``table``: ``sample`` (its place among those given), ``village`` (place of its village),
    ``operator``, ``technology`` ("" where not told), ``below``, ``speed`` (told by its speed
    alone), ``lost`` (no service of any technology), ``tests``, ``day``, ``x`` and ``y``.
    """

    table: pd.DataFrame
    outside: int
    old: int
    unheard: int


def heard_of(
    samples: gpd.GeoDataFrame, villages: gpd.GeoSeries, rule: Rule, limits: Limits
) -> Heard:
    """Read samples by a rule. See `coverage.conflicts.find_conflicts` for their columns."""
    shapes = samples.geometry.to_numpy()
    points = _middles(shapes)
    village = village_of(gpd.GeoDataFrame(geometry=villages), points)
    table = _told(samples, rule, limits)
    table = table.assign(
        sample=np.arange(len(samples)), village=village, x=shapely.get_x(points),
        y=shapely.get_y(points),
    )  # fmt: skip
    outside = table["village"] < 0
    old = ~outside & _old(table["day"], limits)
    unheard = ~outside & ~old & ~table["heard"]
    kept = ~(outside | old | unheard)
    return Heard(
        table=table[kept].drop(columns="heard").reset_index(drop=True),
        outside=int(outside.sum()),
        old=int(old.sum()),
        unheard=int(unheard.sum()),
    )


def _middles(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Points as they are, the middle of anything else; None where there is no place."""
    out = np.asarray(shapes, dtype=object).copy()
    nowhere = shapely.is_missing(out) | shapely.is_empty(out)
    out[nowhere] = None
    other = ~nowhere & (shapely.get_type_id(out) != 0)
    out[other] = shapely.centroid(out[other])
    off = ~np.isfinite(shapely.get_x(out)) | ~np.isfinite(shapely.get_y(out))
    out[off] = None
    return out


def _told(samples: gpd.GeoDataFrame, rule: Rule, limits: Limits) -> pd.DataFrame:
    """Of whom each sample is, and whether it is below what the rule asks."""
    operator, technology = _words(samples, "operator"), _words(samples, "technology")
    dbm, speed = _numbers(samples, "dbm"), _numbers(samples, "down_kbps")
    served = _numbers(samples, "served")
    least = technology.map({t: rule.min_dbm(t) for t in TECHNOLOGIES}).to_numpy(
        np.float64, na_value=np.nan
    )
    weak = np.where(np.isnan(dbm) | np.isnan(least), np.nan, dbm < least)
    slow = np.where(np.isnan(speed), np.nan, speed < limits.least_down_kbps)
    lost = served == 0.0
    below = np.select(
        [lost, ~np.isnan(weak), served == 1.0, ~np.isnan(slow)], [1.0, weak, 0.0, slow], np.nan
    )
    by_speed = ~lost & np.isnan(weak) & ~(served == 1.0) & ~np.isnan(slow)
    tests = _numbers(samples, "tests")
    day = samples["day"] if "day" in samples else pd.Series(pd.NaT, index=samples.index)
    return pd.DataFrame(
        {
            "operator": operator.to_numpy(object),
            "technology": technology.to_numpy(object),
            "below": below == 1.0,
            "heard": ~np.isnan(below),
            "speed": by_speed,
            "lost": lost & (technology == "").to_numpy(bool),
            "tests": np.where(np.isnan(tests), 1.0, tests),
            "day": pd.to_datetime(day).to_numpy("datetime64[ns]"),
        }
    )


def _words(samples: gpd.GeoDataFrame, name: str) -> pd.Series[str]:
    if name not in samples:
        return pd.Series("", index=samples.index, dtype=object)
    return samples[name].astype(object).where(samples[name].notna(), "")


def _numbers(samples: gpd.GeoDataFrame, name: str) -> Floats:
    if name not in samples:
        return np.full(len(samples), np.nan)
    return pd.to_numeric(samples[name]).to_numpy(np.float64, na_value=np.nan)


def _old(day: pd.Series, limits: Limits) -> pd.Series[bool]:
    """Samples of a day before those wanted; one without a day is kept."""
    if limits.newest_days is None or day.isna().all():
        return pd.Series(data=False, index=day.index)
    return day < day.max() - pd.Timedelta(days=limits.newest_days)
