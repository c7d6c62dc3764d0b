"""Keys of ``[measurements]`` that say from when measurements contradict a layer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict

from coverage.heard import LIMITS, Limits
from geodata.study.tables import Table

Number = Annotated[float, Strict()]
Whole = Annotated[int, Strict()]


class LimitKeys(Table):
    """The limits of `coverage.heard.Limits`, each with its default there."""

    confidence: Number = Field(default=LIMITS.confidence, gt=0, lt=1)
    allowed_below: Number = Field(default=LIMITS.allowed_below, ge=0, lt=1)
    least_good: Number = Field(default=LIMITS.least_good, ge=0, lt=1)
    least_samples: Whole = Field(default=LIMITS.least_samples, ge=1)
    least_down_kbps: Number = Field(default=LIMITS.least_down_kbps, gt=0)
    newest_days: Whole | None = Field(default=None, ge=0, le=36_500)

    @property
    def limits(self) -> Limits:
        """From when samples contradict a layer."""
        return Limits(
            confidence=self.confidence,
            allowed_below=self.allowed_below,
            least_good=self.least_good,
            least_samples=self.least_samples,
            least_down_kbps=self.least_down_kbps,
            newest_days=self.newest_days,
        )
