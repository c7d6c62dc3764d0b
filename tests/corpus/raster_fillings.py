"""Rasters of 0 and 1 with a number for cells of which nothing is known, declared or not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.corpus import Case
from tests.corpus._layers import km2, read, write_raster

SAID = {"operator": "Viettel", "technology": "4G"}
FILLINGS = {
    "255": (255, "uint8"), "127": (127, "int8"), "-128": (-128, "int8"), "-1": (-1, "int16"),
    "-9999": (-9999, "int16"), "65535": (65535, "uint16"), "99": (99, "uint8"),
    "lowest-float": (-3.4e38, "float32"),
}  # fmt: skip


def _served(folder: Path, filling: float, dtype: str) -> Path:
    """Three served pixels of 500 m, two without, and three of which nothing is known."""
    values = [[1.0, 1.0, 0.0, filling], [filling, 1.0, 0.0, filling]]
    return write_raster(folder / "viettel.tif", values, dtype=dtype)


def _made(filling: float, dtype: str) -> Callable[[Path], Path]:
    return lambda folder: _served(folder, filling, dtype)


def _left_out(path: Path) -> None:
    """The filling is not covered, and is told."""
    found = read(path, "itu_raster", **SAID)
    assert km2(found) == {"Viettel 4G": 0.75}
    (doubt,) = [one for one in found.findings if one.severity != "note"]
    assert doubt.kind == "unknown-pixels"


def _quiet(path: Path) -> None:
    found = read(path, "itu_raster", **SAID)
    assert km2(found) == {"Viettel 4G": 0.75}
    assert not [one for one in found.findings if one.severity != "note"]


def _is_read(path: Path) -> None:
    read(path, "", **SAID)


def _levels(folder: Path) -> Path:
    """Two levels in dBm and a filling: no raster of 0 and 1."""
    return write_raster(folder / "rsrp.tif", [[-80.0, -80.0, -125.0, -9999.0]], dtype="float32")


def _of_levels(path: Path) -> None:
    found = read(path, "signal_raster", threshold_dbm=-105.0, **SAID)
    assert km2(found) == {"Viettel 4G": 0.5}


CASES = (
    Case(name="raster-of-two-levels-and-a-filling", make=_levels, check=_of_levels),
    *(
        Case(name=f"raster-0-1-and-{name}", make=_made(filling, dtype), check=_left_out)
        for name, (filling, dtype) in FILLINGS.items()
    ),
    Case(name="raster-0-1-and-nan", make=_made(np.nan, "float32"), check=_quiet),
    Case(
        name="raster-0-1-2",
        make=_made(2, "uint8"),
        check=_is_read,
        refused="no convention explains",
    ),
)
