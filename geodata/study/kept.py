"""Measures kept on disk under a key of their inputs' content, so nothing is measured twice."""

from __future__ import annotations

import hashlib
import json
import shutil
import zlib
from pathlib import Path
from zipfile import BadZipFile

import geopandas as gpd
import numpy as np
import shapely

from coverage.measure import ENGINE
from coverage.model import Layer, Measures
from geodata.files import whole_folder
from geodata.study.model import Study

PARTS = (
    "village_area_m2",
    "village",
    "combination",
    "area_m2",
    "centre",
    "has_centre",
    "extent_share",
    "extent_centre",
)


def measures_key(study: Study) -> str:
    """A key of all that a measure depends on: ids, geometries, layers, the engine."""
    digest = hashlib.sha256(f"engine {ENGINE}".encode())
    digest.update("\0".join(map(str, study.villages.index)).encode())
    _add(digest, study.villages.geometry)
    _add(digest, study.villages["centre"])
    for layer in study.layers:
        _add_layer(digest, layer)
    return digest.hexdigest()[:24]


def _add(digest: hashlib._Hash, shapes: gpd.GeoSeries) -> None:
    for wkb in shapely.to_wkb(shapes.to_numpy()):
        digest.update(b"-" if wkb is None else wkb)


def _add_layer(digest: hashlib._Hash, layer: Layer) -> None:
    i = layer.info
    digest.update(repr((i.operator, i.technology, i.evidence, i.as_of)).encode())
    _add(digest, layer.footprint)
    if layer.extent is not None:
        digest.update(b"extent")
        _add(digest, layer.extent)


def folder_of(study: Study, key: str) -> Path:
    """Where the measures of a key are kept."""
    return study.folder / "results" / "measures" / key


def load_measures(study: Study, key: str) -> Measures | None:
    """The kept measures of a key, or None where there are none, or none that can be read."""
    path = folder_of(study, key) / "measures.npz"
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as kept:
            parts = {name: kept[name] for name in PARTS}
    except (BadZipFile, EOFError, KeyError, OSError, ValueError, zlib.error):
        return None  # cut short or of another version: it is measured again
    if len(parts["village_area_m2"]) != len(study.villages):
        return None
    layers = tuple(layer.info for layer in study.layers)
    return Measures(villages=study.villages, layers=layers, **parts)


def keep_measures(study: Study, key: str, measures: Measures) -> None:
    """Keep measures under their key, in place of any that could not be read."""
    if load_measures(study, key) is None:
        shutil.rmtree(folder_of(study, key), ignore_errors=True)
    with whole_folder(folder_of(study, key)) as folder:
        np.savez_compressed(
            folder / "measures.npz", **{name: getattr(measures, name) for name in PARTS}
        )
        layers = [layer.title for layer in measures.layers]
        about = {"engine": ENGINE, "villages": len(measures.villages), "layers": layers}
        (folder / "about.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
