"""What a convention is: how a file that follows it is known, and what it means in our words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata import rasters
from geodata.columns import columns_told, find_columns, plain
from geodata.containers import Part
from geodata.encodings import Told
from geodata.errors import DataError, Phrase
from geodata.filing import Filing, Kind, Meaning
from geodata.rasters import Block, Pixel, Raster
from geodata.read import Reading, read_part
from geodata.text_shapes import kind_in_text, shape_of

HEAD = 4096


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """One part of a file as conventions look at it; nothing is read before somebody asks.

    ``file`` is its name in sentences, ``crs`` and ``encoding`` what the study says of it, and
    ``read`` a table that was read before, as one of a database is. ``lasting``: its file stays
    when it was looked at, and was not unpacked for that. ``band`` is that of a raster of several.
    """

    part: Part
    file: str
    crs: str | None = None
    encoding: Told | None = None
    read: Reading | None = None
    lasting: bool = True
    band: int | None = None

    @cached_property
    def head(self) -> str:
        """The first four thousand bytes of a text, "" for anything else."""
        if self.part.kind not in ("csv", ".geojson"):
            return ""
        with self.part.path.open("rb") as stream:
            return stream.read(HEAD).decode("utf-8-sig", errors="replace")

    @cached_property
    def reading(self) -> Reading:
        """The table, read. Raises what `geodata.read` does."""
        return self.read or read_part(
            self.part, crs=self.crs, encoding=self.encoding, unplaced=True
        )

    @property
    def was_read(self) -> bool:
        """Whether somebody asked for the table."""
        return "reading" in vars(self)

    @property
    def table(self) -> pd.DataFrame:
        """The table of `reading`."""
        return self.reading.table

    @cached_property
    def raster(self) -> Raster | None:
        """The head of a raster, None for a table."""
        if not self.part.is_raster:
            return None
        return rasters.opened(self.part.path, file=self.file, crs=self.crs, band=self.band)

    @cached_property
    def values(self) -> Pixel:
        """Values of a raster, a sample of them, without those that mean no data."""
        if self.raster is None:
            return np.array([])
        held: Pixel = self.sampled.values[self.sampled.there]
        return held

    @cached_property
    def sampled(self) -> Block:
        """A sample of the pixels of the raster it must be."""
        return rasters.sample(self.need_raster())

    @property
    def names(self) -> tuple[str, ...]:
        """What it is called, without ending, in `plain` form: the layer's name, the file's."""
        told = plain(PurePosixPath(self.part.name).stem)
        return (told, plain(self.part.layer)) if self.part.layer else (told,)

    def need_raster(self) -> Raster:
        """The head of the raster it must be. Raises `DataError` for anything else."""
        if self.raster is None:
            raise DataError("{file} is no raster; a GeoTIFF was expected", file=self.file)
        return self.raster

    def need(self, *fields: str) -> dict[str, str]:
        """`find`, for what the convention cannot do without. Raises `DataError` without it."""
        found = self.find(*fields)
        missing = [field for field in fields if field not in found]
        if missing:
            raise DataError(
                "{file} has no column {column}, which its convention asks for; it has {names}",
                file=self.file,
                column=missing[0],
                names=columns_told(self.table.columns),
            )
        return found

    def find(self, *fields: str) -> dict[str, str]:
        """Field → column of the table for those that are there; nothing for a raster."""
        return {} if self.part.is_raster else find_columns(self.table.columns, fields)

    @cached_property
    def shape(self) -> str:
        """What the geometry is made of: "polygon", "line", "point", "mixed", "" for none.

        It may stand in a column of text.
        """
        if self.part.is_raster:
            return ""
        if not isinstance(self.table, gpd.GeoDataFrame):
            return kind_in_text(self.table)
        return shape_of(self.table.geometry)


@dataclass(frozen=True, kw_only=True, eq=False)
class Convention:
    """One way in which files of coverage, measurements or villages are written.

    ``name`` is what ``convention = …`` in the study file says and ``title`` what people call
    it. ``recognises`` looks at content (and at the name, where the convention is one of
    names); ``by_head`` knows a text by its first lines, before it is read as a table.
    ``means`` says what it holds in our words. A ``fallback`` is asked where no other
    convention fits. ``secondhand``: its columns are known from a third party's account alone.
    """

    name: str
    title: Phrase
    kind: Kind
    recognises: Callable[[Candidate], bool]
    means: Callable[[Candidate, Filing], Meaning]
    by_head: Callable[[str], bool] | None = None
    fallback: bool = False
    secondhand: bool = False
