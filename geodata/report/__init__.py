"""The data report: what each file is, and what is wrong, doubtful or worth knowing about it."""

from geodata.report.model import FileReport, Report
from geodata.report.paths import check_path
from geodata.report.single import check_file
from geodata.report.whole import check_study

__all__ = ["FileReport", "Report", "check_file", "check_path", "check_study"]
