"""What another rule would change."""

from __future__ import annotations

import pandas as pd

from coverage.errors import CoverageError
from coverage.model import Assessment


def flips(before: Assessment, after: Assessment) -> pd.DataFrame:
    """The villages whose verdict differs, with ``before`` and ``after``, in their order.

    Raises `CoverageError` where the two are not of the same villages.
    """
    old, new = before.verdicts["verdict"], after.verdicts["verdict"]
    if not old.index.equals(new.index):
        raise CoverageError(
            "the assessments are of {before} and {after} villages; compare two of the same",
            before=len(old),
            after=len(new),
        )
    changed = old != new
    return pd.DataFrame({"before": old[changed], "after": new[changed]})
