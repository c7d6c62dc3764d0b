"""Keys of a ``[[layers]]`` entry that say what kind of file it names and what of it serves."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict

from coverage.pixels import HIGH_DBM, LOW_DBM
from geodata.conventions import named
from geodata.errors import CallError
from geodata.filing import REACH_CAP_M
from geodata.study.faults import FaultError


def _known(name: str) -> str:
    try:
        named(name)
    except CallError as error:
        raise FaultError(error.template, **error.parts) from error
    return name


ConventionName = Annotated[str, AfterValidator(_known)]
Number = Annotated[float, Strict()]
Band = Annotated[int, Strict(), Field(ge=1)]
ClassValue = Annotated[str, Strict()] | Annotated[int, Strict()] | Annotated[float, Strict()]
MOST_OFF_M = 10_000
"""An outline that may be farther off than this says nothing of a village."""


class KindKeys(BaseModel):
    """What kind of coverage a file holds; where left out, its content says so.

    ``reach_m`` is for sites that do not tell how far they reach, ``reach_cap_m`` the farthest
    that any may, ``threshold_dbm`` from where a signal counts as served
    (without it the rule says so, and the layer keeps all its levels), ``strongest_dbm`` how strong
    its levels get where that is more than handsets report, ``band`` which of a raster is read,
    ``grades`` those that count, ``accuracy_m`` how far off the outline of what is served may be,
    ``classes`` those of polygons that count, which ``class_column`` holds. With ``keep_older`` an
    older filing counts beside the newer ones of its operator, technology, kind and evidence.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    kind: Literal["footprint", "signal", "sites"] | None = None
    convention: ConventionName | None = None
    reach_m: Number | None = Field(default=None, gt=0, le=100_000)
    reach_cap_m: Number = Field(default=REACH_CAP_M, gt=0, le=100_000)
    threshold_dbm: Number | None = Field(default=None, ge=LOW_DBM, le=HIGH_DBM)
    strongest_dbm: Number | None = Field(default=None, gt=HIGH_DBM, lt=0)
    band: Band | None = None
    grades: tuple[str, ...] | None = Field(default=None, min_length=1)
    accuracy_m: Number | None = Field(default=None, gt=0, le=MOST_OFF_M)
    classes: tuple[ClassValue, ...] | None = Field(default=None, min_length=1)
    class_column: str | None = Field(default=None, min_length=1)
    keep_older: Annotated[bool, Strict()] = False
