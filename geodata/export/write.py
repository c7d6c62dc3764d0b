"""Writing a list in the format its ending names, whole or not at all."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import geopandas as gpd
import pandas as pd

from coverage.unplaced import has_place
from geodata.errors import CallError
from geodata.export.excel import write_excel
from geodata.export.safe import cells, for_csv, without_controls, without_tags
from geodata.export.words import HEADINGS, Language
from geodata.files import whole_file
from geodata.followup import HEADINGS as FOLLOW_UP
from geodata.study.results import Run
from geodata.written import write_csv, write_map, write_parquet

LAYER = "villages"
"""Name of the layer inside a map file: a file's own name may be one that formats reserve."""

SEVERAL = ("shp", "tab")
"""Endings of formats that are several files."""

MOST_BYTES = 254
DBF_HEAD = 32
"""Bytes of a dBASE head, and of each descriptor of a column behind it."""

SHORT: Mapping[str, str] = MappingProxyType(
    {
        "number": "STT",
        "village_id": "MA_THON",
        "village": "TEN_THON",
        "commune_code": "MA_XA",
        "commune": "TEN_XA",
        "district_code": "MA_HUYEN",
        "district": "TEN_HUYEN",
        "units_from": "DVHC_TU",
        "other_commune_code": "MAXA_",
        "other_commune": "TENXA_",
        "other_district_code": "MAHU_",
        "other_district": "TENHU_",
        "verdict": "TINHTRANG",
        "best_operator": "NHAMANG",
        "best_share": "TYLE_TOT",
        "any_share": "TYLE_MOI",
        "margin": "CHENHLECH",
        "sure": "CHACCHAN",
        "missing": "THIEU_DL",
        "others": "MANG_KHAC",
        "population": "DAN_SO",
        "households": "SO_HO",
        "electrified": "DIENLUOI",
        "fund_eligible": "VTCI",
        "lat": "VIDO",
        "lon": "KINHDO",
        "north": "X_BAC",
        "east": "Y_DONG",
        "as_of": "NGAY_SL",
        "rule": "CACHTINH",
        "run": "MA_TINH",
        "data": "LOAI_SL",
        "confirmed": "XACNHAN",
        "confirmed_by": "NGUOI_XN",
        "confirmed_on": "NGAY_XN",
        "operator": "NM_PTRACH",
        "promised_on": "NGAY_HEN",
        "letter": "SO_VBAN",
        "note": "GHICHU",
    }
)
"""Field names of shapefiles and MapInfo tables: ten plain letters, as in the field.

Those of another structure of units end in its year and month: ``TENXA_2507``.
"""

Writer = Callable[[gpd.GeoDataFrame, Path, Run, Language], None]


def export_list(
    table: gpd.GeoDataFrame, path: Path | str, *, run: Run, language: Language = "vi"
) -> Path:
    """Write a list of `uncovered_list`; the ending chooses the format.

    csv (UTF-8 with a byte order mark), xlsx, geojson, gpkg, shp, tab, kml, gpx, parquet. The
    file appears whole or not at all. shp and tab are several files; they are in WGS 84, with
    VN-2000 in columns, as MapInfo's writer would lose the datum. Rows of parquet are ordered by
    place, for maps and databases to find them by it; all others keep the list's order, which the
    first column numbers everywhere. Returns the path written, with shp and tab in small letters.
    Raises `CallError` for another ending.
    """
    path = Path(path)
    ending = path.suffix.lower().lstrip(".")
    writer = WRITERS.get(ending)
    if writer is None:
        raise CallError(
            "{file} has no ending we write; expected one of {known}",
            file=path.name,
            known=", ".join(ENDINGS),
        )
    if ending in SEVERAL:  # GDAL names them so, whatever it was given
        path = path.with_suffix(f".{ending}")
    with whole_file(path) as unfinished:
        writer(table, unfinished, run, language)
    return path


def list_bytes(
    table: gpd.GeoDataFrame, ending: str, *, name: str, run: Run, language: Language = "vi"
) -> bytes:
    """A list as one download: the file, or for formats of several files a zip of them.

    ``name`` is that of the files inside, without ending.
    """
    with TemporaryDirectory(prefix="phusong-") as folder:
        path = Path(folder) / f"{name}.{ending}"
        export_list(table, path, run=run, language=language)
        if ending not in SEVERAL:
            return path.read_bytes()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(Path(folder).iterdir()):
                archive.write(part, part.name)
        return packed.getvalue()


def _csv(table: gpd.GeoDataFrame, path: Path, run: Run, language: Language) -> None:  # noqa: ARG001  # one shape for all writers
    flat = cells(pd.DataFrame(table.drop(columns="geometry")), for_csv)
    write_csv(flat, path)


def _xlsx(table: gpd.GeoDataFrame, path: Path, run: Run, language: Language) -> None:
    write_excel(table, path, run=run, language=language)


def _by_driver(driver: str, clean_cell: Callable[[object], object] = without_controls) -> Writer:
    def write(table: gpd.GeoDataFrame, path: Path, run: Run, language: Language) -> None:  # noqa: ARG001  # one shape for all writers
        clean = gpd.GeoDataFrame(cells(table.drop(columns="geometry"), clean_cell))
        clean = clean.set_geometry(table.geometry.to_numpy(), crs=table.crs)
        for name in clean.columns.drop("geometry"):
            if str(clean[name].dtype) == "Int64":
                clean[name] = clean[name].astype("float64")
        write_map(clean, path, driver=driver, layer=LAYER, geometry_type="Point")

    return write


def _kml(table: gpd.GeoDataFrame, path: Path, run: Run, language: Language) -> None:
    """As the others, with the village's name where KML readers look for it."""
    named = table.copy()
    named.insert(0, "Name", table.iloc[:, 2])
    _by_driver("KML", without_tags)(named, path, run, language)


def _gpx(table: gpd.GeoDataFrame, path: Path, run: Run, language: Language) -> None:  # noqa: ARG001  # one shape for all writers
    """Waypoints for a field phone: name, what is known, place; no row without a place."""
    table = table[has_place(table.geometry)]
    clean = cells(pd.DataFrame(table.drop(columns="geometry")), without_tags)
    head = HEADINGS[language]
    names = ("commune", "district", "verdict", "population", "as_of", "rule", "run", "data")
    told = [head[name] for name in names]
    points = gpd.GeoDataFrame(
        {
            "name": clean[head["village"]].fillna(clean[head["village_id"]]).astype(str),
            "desc": [
                "; ".join(str(cell) for cell in row if not pd.isna(cell))
                for row in clean[told].itertuples(index=False)
            ],
            "cmt": clean[head["village_id"]].astype(str),
            "sym": "Flag, Red",
        },
        geometry=table.geometry.to_numpy(),
        crs=table.crs,
    )
    write_map(points, path, driver="GPX", layer="waypoints", geometry_type="Point")


def _parts(driver: str, **options: str) -> Writer:
    """A format of several files: made beside, then each moved to its place."""

    def write(table: gpd.GeoDataFrame, path: Path, run: Run, language: Language) -> None:  # noqa: ARG001  # one shape for all writers
        fitting = cache(_fitting)  # most texts stand in many rows
        clean = cells(table.drop(columns="geometry"), without_controls)
        clean = gpd.GeoDataFrame(clean).set_geometry(table.geometry.to_numpy(), crs=table.crs)
        clean = clean.rename(columns=short_names(clean.columns.drop("geometry"), language))
        for name in clean.columns.drop("geometry"):
            if str(clean[name].dtype) == "Int64":
                clean[name] = clean[name].astype("float64")
            elif not pd.api.types.is_numeric_dtype(clean[name]):
                clean[name] = clean[name].map(fitting, na_action="ignore")
        fine = {"BOUNDS": _around(table)} if driver == "MapInfo File" else {}
        write_map(
            clean,
            path,
            driver=driver,
            every_cell=True,
            geometry_type="Point",
            **options,
            **fine,
        )
        if driver == "MapInfo File":
            _clear_head(path.with_suffix(".dat"))

    return write


def _clear_head(table: Path) -> None:
    """Put zeros where GDAL leaves pieces of the program's memory in the head of a MapInfo table.

    They stand behind each column's name and in what the format reserves (dBASE III: descriptors
    of 32 bytes from byte 32 on, of which the name, type, width and decimals mean something). So
    equal lists are equal files, and nobody is sent what was in memory.
    """
    with table.open("r+b") as file:
        head = bytearray(file.read(DBF_HEAD))
        head += file.read(int.from_bytes(head[8:10], "little") - DBF_HEAD)
        for start in range(DBF_HEAD, len(head) - DBF_HEAD, DBF_HEAD):
            name = bytes(head[start : start + 11]).partition(b"\0")[0]
            kind, size = head[start + 11], head[start + 16 : start + 18]
            head[start : start + DBF_HEAD] = struct.pack("<11sB4x2s14x", name, kind, bytes(size))
        file.seek(0)
        file.write(head)


def _around(table: gpd.GeoDataFrame) -> str:
    """The bounds of a MapInfo table, which keeps whole numbers between them.

    Over the whole globe a step would be 2 cm; a degree around the places it is a fraction of a
    millimetre.
    """
    if table.geometry.isna().all():
        return "-180,-90,180,90"
    west, south, east, north = table.total_bounds
    return f"{west - 1:.0f},{south - 1:.0f},{east + 1:.0f},{north + 1:.0f}"


def _fitting(text: object) -> str:
    """A text that fits a field of a table of old: 254 bytes, whole letters."""
    return str(text).encode()[:MOST_BYTES].decode(errors="ignore")


def short_names(headings: Iterable[str], language: Language) -> dict[str, str]:
    """Heading → a name of ten plain letters, the same in both languages."""
    known = {text.partition("{")[0]: SHORT[key] for key, text in HEADINGS[language].items()}
    known |= {text: SHORT[key] for key, text in FOLLOW_UP[language].items() if key in SHORT}
    out = {}
    for heading in headings:
        fits = [text for text in known if heading.startswith(text)]
        short = known[max(fits, key=len)] if fits else heading[:10]
        out[heading] = short + _year_and_month(heading) if short.endswith("_") else short
    return out


def _year_and_month(heading: str) -> str:
    """2507 of a heading that ends in 01/07/2025 or 2025-07-01."""
    day = heading.rsplit(" ", 1)[-1]
    year, month = (day[6:], day[3:5]) if "/" in day else (day[:4], day[5:7])
    return year[2:] + month


def _parquet(table: gpd.GeoDataFrame, path: Path, run: Run, language: Language) -> None:  # noqa: ARG001  # one shape for all writers
    """As GeoParquet in Hilbert order; the list's own order is that of its first column, STT."""
    clean = cells(table.drop(columns="geometry"), without_controls).reset_index(drop=True)
    clean = gpd.GeoDataFrame(clean).set_geometry(table.geometry.to_numpy(), crs=table.crs)
    write_parquet(clean, path)


WRITERS: Mapping[str, Writer] = MappingProxyType(
    {
        "csv": _csv,
        "xlsx": _xlsx,
        "geojson": _by_driver("GeoJSON"),
        "gpkg": _by_driver("GPKG"),
        "shp": _parts("ESRI Shapefile", encoding="UTF-8"),
        "tab": _parts("MapInfo File", encoding="UTF-8"),
        "kml": _kml,
        "gpx": _gpx,
        "parquet": _parquet,
    }
)
"""Ending → what writes it."""

ENDINGS = tuple(WRITERS)
"""Endings `export_list` knows."""
