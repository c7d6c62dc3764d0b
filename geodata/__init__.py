"""Getting data in and out: reading, coordinates, units, studies, results and exports."""

from typing import TYPE_CHECKING, Any

import geodata.drivers  # noqa: F401  # before anything loads GDAL
from geodata.errors import (
    CallError,
    DataError,
    GeodataError,
    MissingFileError,
    StudyError,
    UnreadableError,
)
from geodata.export import export_list, uncovered_list
from geodata.read import read_table
from geodata.study import Run, Study, assess_study, latest_run, open_run, open_study
from geodata.units import Units, assign_units, units_at

if TYPE_CHECKING:
    from geodata.reconstruction import reconstruct

__all__ = [
    "CallError",
    "DataError",
    "GeodataError",
    "MissingFileError",
    "Run",
    "Study",
    "StudyError",
    "Units",
    "UnreadableError",
    "assess_study",
    "assign_units",
    "export_list",
    "latest_run",
    "open_run",
    "open_study",
    "read_table",
    "reconstruct",
    "uncovered_list",
    "units_at",
]


def __getattr__(name: str) -> Any:
    """``reconstruct``, loaded when it is asked for: it takes a third of all there is to load."""
    if name == "reconstruct":
        from geodata.reconstruction import reconstruct  # noqa: PLC0415  # see above

        return reconstruct
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
