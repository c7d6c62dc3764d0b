"""Getting data in and out: reading, coordinates, units, studies, results and exports."""

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
from geodata.reconstruction import reconstruct
from geodata.study import Run, Study, assess_study, latest_run, open_run, open_study
from geodata.units import Units, assign_units, units_at

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
