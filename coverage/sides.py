"""On which side of the layers each sample lies: where they say served, or where they say not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from coverage.claims import NOT_SERVED, SERVED, SILENT, Claims
from coverage.model import LayerInfo

FAST = ("4G", "5G")
"""Technologies whose claim a speed can contradict."""

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sides:
    """Samples set against claims: ``rows`` are those of `Heard` with ``evidence``, ``claimed``.

    A sample without any service has one for each technology of its operator. ``unlayered`` are
    samples of whose operator and technology no layer is there.
    """

    rows: pd.DataFrame
    unlayered: int


def sides_of(table: pd.DataFrame, layers: Sequence[LayerInfo], claims: Claims) -> Sides:
    """Set each sample against the layers of its operator and technology, by evidence.

    ``claims`` is samples × layers. Any technology of an operator serves a sample that names
    none. A sample that names no operator may be of each: it is set only against claims that
    all operators make alike.
    """
    layered = np.zeros(len(table), bool)
    parts = []
    subjects = _subjects(table)
    for evidence in ("declared", "modelled"):
        of = [k for k, layer in enumerate(layers) if layer.evidence == evidence]
        everyone = tuple(dict.fromkeys(layers[k].operator for k in of))
        for (operator, technology, speed, lost), at in subjects:
            for one, columns in _asked(layers, of, operator, technology, lost=lost):
                layered[at] = True
                whose = [
                    [k for k in columns if layers[k].operator == name]
                    for name in ((operator,) if operator else everyone)
                ]
                claimed = _claim(claims[at], layers, whose, speed=speed)
                said = claimed >= 0
                parts.append(_side(table, at[said], claimed[said], evidence, one))
    rows = pd.concat(parts, ignore_index=True) if parts else _side(table, np.empty(0, np.intp))
    return Sides(rows=rows, unlayered=int((~layered).sum()))


def _subjects(table: pd.DataFrame) -> list[tuple[tuple[str, str, bool, bool], Rows]]:
    """The rows of each operator, technology and way of telling."""
    groups = table.groupby(["operator", "technology", "speed", "lost"]).ngroup().to_numpy()
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    found = []
    for at in np.split(order, starts[1:]) if len(order) else []:
        first = table.iloc[int(at[0])]
        subject = str(first["operator"]), str(first["technology"])
        found.append(((*subject, bool(first["speed"]), bool(first["lost"])), at))
    return found


def _side(
    table: pd.DataFrame,
    at: Rows,
    claimed: Any = (),
    evidence: str = "",
    technology: str = "",
) -> pd.DataFrame:
    """Samples on their side. Where nobody claims service, any speed at all is service."""
    rows = table.iloc[at]
    served = np.asarray(claimed, bool)
    below = rows["below"].to_numpy(bool) & (served | ~rows["speed"].to_numpy(bool))
    return rows.assign(technology=technology, evidence=evidence, claimed=served, below=below)


def _asked(
    layers: Sequence[LayerInfo], of: Sequence[int], operator: str, technology: str, *, lost: bool
) -> Iterator[tuple[str, list[int]]]:
    """The layers a sample speaks of, each time under the technology that it speaks of."""
    mine = [k for k in of if operator in ("", layers[k].operator)]
    mine = [k for k in mine if technology in ("", layers[k].technology)]
    if mine and lost and operator:
        for one in dict.fromkeys(layers[k].technology for k in mine):
            yield one, [k for k in mine if layers[k].technology == one]
    elif mine:
        yield technology, mine


def _claim(
    claims: Claims, layers: Sequence[LayerInfo], whose: Sequence[Sequence[int]], *, speed: bool
) -> npt.NDArray[np.int8]:
    """1 where each operator in question says served, 0 where each says not, else -1.

    ``whose`` are the layers of each; one that has none of the technology says nothing.
    """
    served, not_served = np.ones(len(claims), bool), np.ones(len(claims), bool)
    for every in whose:
        fast = [k for k in every if not speed or layers[k].technology in FAST]
        served &= claims[:, fast].max(axis=1, initial=SILENT) == SERVED
        not_served &= claims[:, list(every)].max(axis=1, initial=SILENT) == NOT_SERVED
    return np.select([served, not_served], [1, 0], -1).astype(np.int8)
