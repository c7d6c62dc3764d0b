"""One area of a run: its headline, and its villages with verdict and duty."""

from __future__ import annotations

import pandas as pd

from coverage.explain import responsibility
from coverage.model import Headline
from coverage.select import only_others_serve
from coverage.summarise import headline_of
from geodata.study.results import Run


def area_headline(run: Run, keep: pd.Series[bool]) -> Headline:
    """The headline of the villages that ``keep`` marks."""
    villages = run.study.villages[keep.to_numpy()]
    verdicts = run.assessment.verdicts[["verdict", "decided_by"]].loc[villages.index]
    return headline_of(villages[["population"]].join(verdicts))


def area_others(run: Run, keep: pd.Series[bool]) -> int | None:
    """How many of them others serve and this run does not cover; None where it is of all."""
    return only_others_serve(run.assessment, keep)


def area_table(run: Run, keep: pd.Series[bool]) -> pd.DataFrame:
    """Those villages with their attributes, verdicts and ``duty``, without geometry."""
    villages = run.study.villages[keep.to_numpy()]
    table = pd.DataFrame(villages.drop(columns=["geometry", "centre"]))
    table = table.join(run.assessment.verdicts.loc[villages.index])
    return table.assign(duty=responsibility(villages))
