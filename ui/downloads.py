"""The list of uncovered villages as a file to take away."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import geodata
from geodata.study.results import Run
from ui.studies import Opened
from ui.texts import Language
from ui.view import View

MIME_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "csv": "text/csv",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)


def list_file(opened: Opened, ending: str, *, area: str, language: Language) -> bytes:
    """The list of one area (empty: all), in the format of ``ending``."""
    run, level = opened.run, opened.feed.areas.level
    table = geodata.uncovered_list(
        run,
        district=area if area and level == "district" else None,
        commune=area if area and level == "commune" else None,
        language=language,
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"list.{ending}"
        geodata.export_list(table, path, run=run, language=language)
        return path.read_bytes()


def file_name(run: Run, ending: str, *, area: str) -> str:
    """A name that tells the files of two areas and two dates apart."""
    place = "".join(c for c in area if c.isalnum())
    pieces = ["uncovered", f"{run.study.as_of:%Y-%m-%d}", place]
    return "_".join(piece for piece in pieces if piece) + f".{ending}"


def list_downloads(view: View, ids: tuple[str, ...]) -> None:
    """The list as files, made when asked for."""
