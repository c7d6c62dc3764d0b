"""Writing a list in the format its ending names, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import pandas as pd
import pyogrio

from geodata.errors import CallError
from geodata.export.excel import write_excel
from geodata.export.safe import cells, for_csv, without_controls
from geodata.export.words import Language
from geodata.files import whole_file
from geodata.study.results import Run

LAYER = "villages"
"""Name of the layer inside a map file: a file's own name may be one that formats reserve."""

Writer = Callable[[gpd.GeoDataFrame, Path, Run, Language], None]


def export_list(
    table: gpd.GeoDataFrame, path: Path | str, *, run: Run, language: Language = "vi"
) -> Path:
    """Write a list of `uncovered_list`; the ending chooses the format.

    csv (UTF-8 with a byte order mark), xlsx, geojson, gpkg, kml, parquet. The file appears
    whole or not at all. Raises `CallError` for another ending.
    """
    path = Path(path)
    writer = WRITERS.get(path.suffix.lower().lstrip("."))
    if writer is None:
        raise CallError(
            "{file} has no ending we write; expected one of {known}",
            file=path.name,
            known=", ".join(ENDINGS),
        )
    with whole_file(path) as unfinished:
        writer(table, unfinished, run, language)
    return path


def _csv(table: gpd.GeoDataFrame, path: Path, run: Run, language: Language) -> None:  # noqa: ARG001  # one shape for all writers
    flat = cells(pd.DataFrame(table.drop(columns="geometry")), for_csv)
    flat.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def _xlsx(table: gpd.GeoDataFrame, path: Path, run: Run, language: Language) -> None:
    write_excel(table, path, run=run, language=language)


def _by_driver(driver: str) -> Writer:
    def write(table: gpd.GeoDataFrame, path: Path, run: Run, language: Language) -> None:  # noqa: ARG001  # one shape for all writers
        clean = gpd.GeoDataFrame(cells(table.drop(columns="geometry"), without_controls))
        clean = clean.set_geometry(table.geometry.to_numpy(), crs=table.crs)
        for name in clean.columns.drop("geometry"):
            if str(clean[name].dtype) == "Int64":
                clean[name] = clean[name].astype("float64")
        pyogrio.write_dataframe(clean, path, driver=driver, layer=LAYER, geometry_type="Point")

    return write


def _kml(table: gpd.GeoDataFrame, path: Path, run: Run, language: Language) -> None:
    """As the others, with the village's name where KML readers look for it."""
    named = table.copy()
    named.insert(0, "Name", table.iloc[:, 2])
    _by_driver("KML")(named, path, run, language)


def _parquet(table: gpd.GeoDataFrame, path: Path, run: Run, language: Language) -> None:  # noqa: ARG001  # one shape for all writers
    clean = cells(table.drop(columns="geometry"), without_controls).reset_index(drop=True)
    clean = gpd.GeoDataFrame(clean).set_geometry(table.geometry.to_numpy(), crs=table.crs)
    clean.to_parquet(path)


WRITERS: Mapping[str, Writer] = MappingProxyType(
    {
        "csv": _csv,
        "xlsx": _xlsx,
        "geojson": _by_driver("GeoJSON"),
        "gpkg": _by_driver("GPKG"),
        "kml": _kml,
        "parquet": _parquet,
    }
)
"""Ending → what writes it."""

ENDINGS = tuple(WRITERS)
"""Endings `export_list` knows."""
