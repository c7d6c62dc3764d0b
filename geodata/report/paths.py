"""Reports of whatever somebody names: studies and files, each by itself."""

from __future__ import annotations

from pathlib import Path

from geodata.errors import GeodataError, UnreadableError
from geodata.report.model import FileReport, Report
from geodata.report.reading import refusal
from geodata.report.single import check_file
from geodata.report.whole import check_study
from geodata.study.settings import FILE


def check_path(path: Path | str) -> Report:
    """The report of a study folder, a study file, or any other file.

    What cannot be read at all has a report that says so; nothing is raised.
    """
    path = Path(path)
    try:
        if path.suffix == ".toml" or (path.is_dir() and (path / FILE).is_file()):
            return check_study(path)
        return check_file(path)
    except GeodataError as error:
        file = FileReport(
            file=path.name,
            role="study",
            readable=not isinstance(error, UnreadableError),
            findings=(refusal(error, path.name),),
        )
        return Report(name=path.name, path=path, is_study=True, files=(file,))
