"""Getting data in and out: reading, coordinates, units, studies, results and exports."""

from geodata.errors import (
    CallError,
    DataError,
    GeodataError,
    MissingFileError,
    StudyError,
    UnreadableError,
)
from geodata.read import read_table
from geodata.study import Study, open_study
from geodata.units import Units, assign_units, units_at

__all__ = [
    "CallError",
    "DataError",
    "GeodataError",
    "MissingFileError",
    "Study",
    "StudyError",
    "Units",
    "UnreadableError",
    "assign_units",
    "open_study",
    "read_table",
    "units_at",
]
