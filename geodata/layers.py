"""Coverage layers: files of footprints in, one layer an operator, technology and date out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from coverage.model import TECHNOLOGIES, Evidence, Layer, LayerInfo, Technology
from geodata.areas import polygons_of
from geodata.columns import find_columns, plain, row_number, text
from geodata.coordinates import to_study
from geodata.errors import DataError, phrase

GENERATIONS: Mapping[str, Technology] = {
    "gsm": "2G", "edge": "2G", "umts": "3G", "wcdma": "3G", "hspa": "3G", "lte": "4G", "nr": "5G",
    "5g nr": "5G",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Filing:
    """What the study file says of one file of footprints; None means: ask its columns."""

    operator: str | None
    technology: Technology | None
    evidence: Evidence
    as_of: date | None
    source: str
    columns: Mapping[str, str]


def technology_of(word: str, *, file: str) -> Technology:
    """A technology from "4G", "4", "LTE" or "lte". Raises `DataError` for anything else."""
    bare = word.strip().casefold()
    for technology in TECHNOLOGIES:
        if bare in (technology.casefold(), technology[0]):
            return technology
    if bare in GENERATIONS:
        return GENERATIONS[bare]
    raise DataError(
        "{file}: technology {found} is not known; expected one of {known}",
        file=file,
        found=repr(word),
        known=", ".join(TECHNOLOGIES),
    )


def filed(raw: pd.DataFrame, filing: Filing, *, crs: pyproj.CRS, file: str) -> list[Layer]:
    """The layers of one file, split by operator and technology where columns hold them.

    Raises `DataError` for a file without polygons, or that leaves operator or technology open.
    """
    if not isinstance(raw, gpd.GeoDataFrame):
        raise DataError("{file} has no geometry; a footprint layer holds polygons", file=file)
    shapes = _polygons(to_study(raw, crs, file=file), file)
    operator = _told(raw, filing, "operator", file)
    technology = _told(raw, filing, "technology", file)
    layers = []
    for name, word in sorted(set(zip(operator, technology, strict=True))):
        rows = ((operator == name) & (technology == word)).to_numpy(bool)
        own = shapes[rows & shapes.notna().to_numpy()].reset_index(drop=True)
        if own.empty:
            raise DataError(
                "{file} holds no polygons of {operator} {technology}; give some or take its rows "
                "out",
                file=file,
                operator=name,
                technology=word,
            )
        info = LayerInfo(
            operator=str(name),
            technology=technology_of(str(word), file=file),
            evidence=filing.evidence,
            as_of=filing.as_of,
            source=filing.source,
        )
        layers.append(Layer(info=info, footprint=own))
    return layers


def _polygons(table: gpd.GeoDataFrame, file: str) -> gpd.GeoSeries:
    """The polygons of each row, None where it has none; together they must hold some area."""
    flat = polygons_of(table.geometry)
    if flat.isna().all():
        kinds = ", ".join(sorted(set(table.geometry.geom_type.dropna())))
        raise DataError(
            "{file} holds {kinds} and no polygons; a footprint layer is made of polygons",
            file=file,
            kinds=kinds or phrase("nothing"),
        )
    if not np.isfinite(flat.total_bounds).all():
        raise DataError(
            "{file} has coordinates that are not numbers once brought to the study's system; "
            "check its coordinate system",
            file=file,
        )
    if not shapely.area(flat.to_numpy()[flat.notna().to_numpy()]).any():
        raise DataError("{file} holds polygons without area; send it again", file=file)
    return flat


def _told(raw: pd.DataFrame, filing: Filing, field: str, file: str) -> pd.Series[str]:
    """Operator or technology of each row: from the study file, else from a column."""
    said = filing.operator if field == "operator" else filing.technology
    if said is not None:
        return pd.Series(said, index=raw.index, dtype="string")
    given = {k: v for k, v in filing.columns.items() if k == field}
    found = find_columns(raw.columns, (field,), given=given, file=file)
    if field not in found:
        raise DataError(
            "{file} has no column for the {field}; add {field} = … to its [[layers]] entry",
            file=file,
            field=field,
        )
    column = text(raw[found[field]])
    if column.isna().any():
        raise DataError(
            "{file}, row {row}: the {field} is missing; fill it in",
            file=file,
            row=row_number(raw.index, int(np.flatnonzero(column.isna())[0])),
            field=field,
        )
    return column


def united(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Layers of one operator, technology, date and evidence as one.

    Their polygons are put together as they are: overlaps count once when measured. A part
    without an extent speaks everywhere, and so does the whole then.
    """
    groups: dict[tuple[str, str, str, date | None], list[Layer]] = {}
    for layer in layers:
        i = layer.info
        groups.setdefault((i.operator, i.technology, i.evidence, i.as_of), []).append(layer)
    return tuple(_one(group) for group in groups.values())


def _one(group: Sequence[Layer]) -> Layer:
    first = group[0]
    if len(group) == 1:
        return first
    extents = [layer.extent for layer in group if layer.extent is not None]
    everywhere = len(extents) < len(group)
    sources = dict.fromkeys(layer.info.source for layer in group if layer.info.source)
    return Layer(
        info=LayerInfo(
            operator=first.info.operator,
            technology=first.info.technology,
            evidence=first.info.evidence,
            as_of=first.info.as_of,
            source="; ".join(sources),
        ),
        footprint=pd.concat([layer.footprint for layer in group], ignore_index=True),
        extent=None if everywhere else pd.concat(extents, ignore_index=True),
    )


def extent_of(raw: pd.DataFrame, *, crs: pyproj.CRS, file: str) -> gpd.GeoSeries:
    """The area a filing speaks of. Raises `DataError` where it holds no polygon."""
    return _polygons(to_study(raw, crs, file=file), file).dropna().reset_index(drop=True)


def one_spelling(layers: Sequence[Layer], expected: Sequence[str]) -> tuple[Layer, ...]:
    """Operators spelt as ``expected`` spells them, else as their first layer does.

    "VIETTEL" and "Viettel" are one company, and a gap between two names would be none.
    """
    spelt: dict[str, str] = {}
    for name in (*expected, *(layer.info.operator for layer in layers)):
        spelt.setdefault(plain(name), name)
    return tuple(
        replace(layer, info=replace(layer.info, operator=spelt[plain(layer.info.operator)]))
        for layer in layers
    )
