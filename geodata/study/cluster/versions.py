"""What must be alike on two machines for their measures to be."""

from __future__ import annotations

import platform
from collections.abc import Mapping

import numba
import numpy as np
import pyarrow as pa
import pyproj
import rasterio
import shapely

from coverage.measure import ENGINE

TASKS = 3
"""Goes up when tasks hold something else."""


def versions() -> Mapping[str, str]:
    """The engine, and the libraries that read and measure."""
    return {
        "engine": f"{ENGINE}.{TASKS}",
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "GEOS": shapely.geos_version_string,
        "PROJ": pyproj.proj_version_str,
        "GDAL": str(rasterio.__gdal_version__),
        "shapely": shapely.__version__,
        "numpy": np.__version__,
        "numba": numba.__version__,
        "pyarrow": pa.__version__,
    }
