"""Coverage layers: what a technology is called, what is united, one spelling an operator."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from coverage.model import TECHNOLOGIES, Layer, Technology
from coverage.pixels import AnyLayer, SignalLayer
from geodata.areas import polygons_of
from geodata.coordinates import to_study
from geodata.diagnose import AsSaid, Extent
from geodata.errors import DataError, phrase
from geodata.operators import operator_key
from geodata.placing import NOTHING_SAID

GENERATIONS: Mapping[str, Technology] = MappingProxyType(
    {
        "gsm": "2G", "edge": "2G", "gprs": "2G", "umts": "3G", "wcdma": "3G", "hspa": "3G",
        "hsdpa": "3G", "hspa+": "3G", "lte": "4G", "lte-a": "4G", "nr": "5G", "5g nr": "5G",
        "5g-nr": "5G", "nr_nsa": "5G", "nr_sa": "5G",
    }
)  # fmt: skip
"""Words of radio engineers → technology."""


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


def technology_in(word: str, codes: Mapping[str, Technology]) -> Technology | None:
    """A technology from a word or a code, None for what nobody knows."""
    if word in codes:
        return codes[word]
    try:
        return technology_of(word, file="")
    except DataError:
        return None


def some_polygons(table: gpd.GeoDataFrame, file: str) -> gpd.GeoSeries:
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


def united(layers: Sequence[AnyLayer]) -> tuple[AnyLayer, ...]:
    """Layers of one operator, technology, date, kind and evidence as one.

    Signal layers stay what they are: the best of them counts, pixel by pixel.

    Their polygons are put together as they are: overlaps count once when measured. A part
    without an extent speaks everywhere, and so does the whole then.
    """
    groups: dict[Hashable, list[Layer]] = {}
    out: dict[Hashable, AnyLayer] = {}
    for k, layer in enumerate(layers):
        i = layer.info
        if isinstance(layer, SignalLayer):
            out[k] = layer
            continue
        key = (i.operator, i.technology, i.evidence, i.kind, i.as_of)
        groups.setdefault(key, []).append(layer)
        out.setdefault(key, layer)
    out |= {key: _one(group) for key, group in groups.items()}
    return tuple(out.values())


def _one(group: Sequence[Layer]) -> Layer:
    first = group[0]
    if len(group) == 1:
        return first
    extents = [layer.extent for layer in group if layer.extent is not None]
    everywhere = len(extents) < len(group)
    sources = dict.fromkeys(layer.info.source for layer in group if layer.info.source)
    accuracies = [layer.info.accuracy_m for layer in group]
    return Layer(
        info=replace(
            first.info,
            source="; ".join(sources),
            accuracy_m=max((x for x in accuracies if x is not None), default=None),
        ),
        footprint=pd.concat([layer.footprint for layer in group], ignore_index=True),
        extent=None if everywhere else pd.concat(extents, ignore_index=True),
    )


def extent_of(
    raw: pd.DataFrame,
    *,
    crs: pyproj.CRS,
    file: str,
    said: AsSaid = NOTHING_SAID,
    within: Extent | None = None,
) -> gpd.GeoSeries:
    """The area a filing speaks of. Raises `DataError` where it holds no polygon."""
    placed = to_study(raw, crs, file=file, said=said, extent=within)
    return some_polygons(placed, file).dropna().reset_index(drop=True)


def one_spelling(layers: Sequence[AnyLayer], expected: Sequence[str]) -> tuple[AnyLayer, ...]:
    """Operators spelt as ``expected`` spells them, else as their first layer does.

    "VIETTEL" and "Viettel" are one company, and so are "VNPT" and "VinaPhone"; a gap between
    two names would be none.
    """
    spelt: dict[str, str] = {}
    for name in (*expected, *(layer.info.operator for layer in layers)):
        spelt.setdefault(operator_key(name), name)
    return tuple(
        replace(layer, info=replace(layer.info, operator=spelt[operator_key(layer.info.operator)]))
        for layer in layers
    )
