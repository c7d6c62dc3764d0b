"""Whether damage broke what a format says twice: counts, lengths, closings, declared ranges.

Written apart from the readers, so that neither can excuse the other. Damage that leaves all of
it whole lies within a value (a digit, a letter, a line of a text that counts no lines), and no
reader can notice it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.redundancy import binaries, databases, texts

Breach = Callable[[bytes, bytes], str]
"""Sound and damaged bytes of one file → what was broken; "" where nothing was."""

BREACHES: Mapping[str, Breach] = {
    ".csv": texts.csv_breach,
    ".mid": texts.mid_breach,
    ".mif": texts.mif_breach,
    ".json": texts.json_breach,
    ".geojson": texts.json_breach,
    ".geojsonl": texts.json_breach,
    ".kml": texts.xml_breach,
    ".prj": texts.brackets_breach,
    ".cpg": texts.no_breach,
    ".shp": binaries.shp_breach,
    ".shx": binaries.any_breach,
    ".dbf": binaries.dbf_breach,
    ".tif": binaries.tiff_breach,
    ".msk": binaries.tiff_breach,
    ".fgb": databases.fgb_breach,
    ".gpkg": databases.gpkg_breach,
    ".parquet": databases.parquet_breach,
}
"""By the ending of the damaged file; any other counts as broken whatever was changed."""

WITHIN = {
    ".csv": "cells, or whole lines, which a CSV does not count",
    ".mid": "cells of a row",
    ".mif": "numbers and words, each in its place",
    ".json": "values of valid JSON",
    ".geojson": "values of valid JSON",
    ".geojsonl": "values of valid JSON",
    ".kml": "text of valid XML",
    ".prj": "names and numbers of the coordinate system, which stand there once",
    ".cpg": "the name of the encoding, which stands there once",
    ".shp": "corners that stay inside the declared boxes and touch them as before",
    ".dbf": "letters and digits of cells, names of columns",
    ".tif": "pixels, place and nodata, which stand there once",
    ".msk": "pixels, which stand there once",
    ".fgb": "cells, and corners that stay inside the declared boxes",
    ".gpkg": "cells, and corners that stay inside the declared boxes",
    ".parquet": "cells inside the declared ranges",
}
"""Why nobody can notice damage that broke nothing."""


def breach(ending: str, sound: bytes, damaged: bytes) -> str:
    """What the damage of a file broke; "" where it lies within a value."""
    if ending not in BREACHES:
        return "checksums or structure"
    return BREACHES[ending](sound, damaged)
