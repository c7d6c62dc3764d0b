"""Asks, for a file of a kind, whether its parts and its own counts agree.

GDAL takes one part's word and drops what another has beyond it, without a warning.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from geodata.errors import UnreadableError
from geodata.readers.flatgeobuf_rows import require_declared_count
from geodata.readers.geopackage_rows import require_whole_database
from geodata.readers.kml_structure import require_shapes
from geodata.readers.mapinfo_parts import require_whole_table
from geodata.readers.mif_structure import require_whole_mif
from geodata.readers.shapefile_parts import require_matching_parts

COMPANIONS = {".shp": (".shx",), ".mif": (".mid",)}
"""Those of the files beside without which nothing can be read."""


def require_consistent(path: Path, kind: str, parts: Mapping[str, Path], *, name: str) -> None:
    """Refuse a map file whose parts are missing or disagree.

    ``kind`` as `geodata.kinds.recognise` has it, ``parts`` the files beside it by their endings.
    Raises `UnreadableError`.
    """
    for needed in COMPANIONS.get(kind, ()):
        if needed not in parts:
            raise UnreadableError(
                "{file} came without the {missing} file that belongs to it; send all files of "
                "that name together",
                file=name,
                missing=needed,
            )
    if kind == ".shp":
        require_matching_parts(path, parts, name=name)
    elif kind == ".gpkg":
        require_whole_database(path, name=name)
    elif kind == ".mif":
        require_whole_mif(path, parts, name=name)
    elif kind == ".tab":
        require_whole_table(path, parts, name=name)
    elif kind == ".fgb":
        require_declared_count(path, name=name)
    elif kind == ".kml":
        require_shapes(path, name=name)
