"""How a raster's rows and columns lie on a grid that runs east and south."""

from __future__ import annotations

from dataclasses import dataclass

from rasterio.windows import Window as Part
from rasterio.windows import transform as window_transform

from coverage.pixels import PixelGrid, Window
from geodata.errors import DataError
from geodata.rasters import Block, Raster, placed, read_part


@dataclass(frozen=True, kw_only=True)
class Laid:
    """A part of a file, from the pixel (``top``, ``left``) on, as a grid.

    ``flip_rows``: its rows run northwards; ``flip_columns``: its columns run west.
    """

    raster: Raster
    grid: PixelGrid
    top: int
    left: int
    flip_rows: bool
    flip_columns: bool

    def read(self, window: Window) -> Block:
        """The pixels of a window of the grid."""
        top, left, rows, columns = window
        if self.flip_rows:
            top = self.grid.height - top - rows
        if self.flip_columns:
            left = self.grid.width - left - columns
        block = read_part(self.raster, Part(self.left + left, self.top + top, columns, rows))
        return block.flipped(rows=self.flip_rows, columns=self.flip_columns)


def laid(raster: Raster, part: Part | None = None) -> Laid:
    """How a raster, or a part of it, lies. Raises `DataError` for one that is turned."""
    part = Part(0, 0, raster.width, raster.height) if part is None else part
    place = window_transform(part, raster.transform)
    width, height = int(part.width), int(part.height)
    if place.b != 0 or place.d != 0:
        raise DataError(
            "{file} is turned: its rows do not run east; save it north up and send it again",
            file=raster.file,
        )
    return Laid(
        raster=raster,
        grid=PixelGrid(
            crs=placed(raster).to_wkt(),
            x=place.c + min(place.a, 0.0) * width,
            y=place.f + max(place.e, 0.0) * height,
            step_x=abs(place.a),
            step_y=abs(place.e),
            width=width,
            height=height,
        ),
        top=int(part.row_off),
        left=int(part.col_off),
        flip_rows=place.e > 0,
        flip_columns=place.a < 0,
    )
