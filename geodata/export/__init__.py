"""Lists of villages as files to take away."""

from geodata.export.listing import listed, uncovered_list
from geodata.export.write import ENDINGS, export_list

__all__ = ["ENDINGS", "export_list", "listed", "uncovered_list"]
