"""How sure a share is that was counted in samples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def wilson(
    found: npt.ArrayLike, samples: npt.ArrayLike, *, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Wilson's score interval of the share ``found`` / ``samples``: low and high, 0 to 1.

    Without samples it is all of 0 to 1. Two-sided, no correction for continuity.
    Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927), 209-212.

    >>> low, high = wilson([5], [10])
    >>> float(round(low[0], 4)), float(round(high[0], 4))
    (0.2366, 0.7634)
    """
    from scipy.special import ndtri  # noqa: PLC0415  # takes a third of a second to load

    k, n = np.asarray(found, np.float64), np.asarray(samples, np.float64)
    z2 = float(ndtri(0.5 + confidence / 2)) ** 2
    middle = k + z2 / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        half = np.sqrt(z2 * (k * (n - k) / n + z2 / 4))
        low, high = (middle - half) / (n + z2), (middle + half) / (n + z2)
    low = np.where((k <= 0) | (n <= 0), 0.0, low)
    high = np.where((k >= n) | (n <= 0), 1.0, high)
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)
