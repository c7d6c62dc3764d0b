"""What libraries say in a traceback, said in one sentence."""

from __future__ import annotations

import csv
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten

import pyarrow as pa
import python_calamine
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FieldError, GeometryError
from pyproj.exceptions import CRSError

from geodata.errors import GeodataError, UnreadableError

LONGEST = 300
"""Letters of a library's words that are repeated; beyond them they end in …"""

SAID_BY_LIBRARIES = (
    OSError,  # what Arrow says of corrupt pages, and gzip of what is none
    NotImplementedError,  # what zipfile says of versions to come
    EOFError,  # what gzip says of a file cut short
    DataSourceError,
    DataLayerError,
    FieldError,
    GeometryError,
    pa.ArrowException,
    shapely.errors.ShapelyError,
    python_calamine.CalamineError,
    CRSError,
    UnicodeError,
    csv.Error,
    json.JSONDecodeError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a damaged file raises, library by library."""


@contextmanager
def refused(path: Path, *, name: str = "") -> Iterator[None]:
    """Turn what a library raises about ``path`` into an `UnreadableError`.

    ``name`` is what people call the file, where it is not the path's own name.
    """
    try:
        yield
    except GeodataError:
        raise
    except SAID_BY_LIBRARIES as error:
        called = name or path.name
        told = str(error).replace(str(path), called).replace(f"{path.parent}/", "")
        reason = shorten(told, LONGEST, placeholder=" …")
        raise UnreadableError(
            "{file} cannot be read: {reason}; open it in a GIS and save it again",
            file=called,
            reason=reason or type(error).__name__,
        ) from error
