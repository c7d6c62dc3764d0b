"""A small map of one area as SVG: villages by verdict, in colours and shapes."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from coverage.unplaced import has_place
from geodata.nearest import Floats, middles

FILLS = {"covered": "#cfe6dc", "weak": "#f7e59a", "none": "#f0b48a", "unknown": "#ffffff"}
WIDTH = 640
MARGIN = 14
STEPS_M = (200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)


class Picture(Protocol):
    """Draws a map of villages as `area_svg` does."""

    def __call__(
        self,
        villages: gpd.GeoDataFrame,
        verdicts: pd.Series[str],
        *,
        north: str = "N",
        stamp: str = "",
    ) -> str:
        """The SVG."""


def area_svg(
    villages: gpd.GeoDataFrame, verdicts: pd.Series[str], *, north: str = "N", stamp: str = ""
) -> str:
    """The villages of an area as an SVG of a few kilobytes, 640 wide.

    ``villages`` in a projected system, ``verdicts`` by their index; ``stamp`` is written
    across the picture. Covered is pale, weak has a triangle, none a disc, unknown a square
    and hatching: no colour is alone. Villages without a place are not drawn.
    """
    villages = villages[has_place(villages.geometry)]
    if villages.empty:
        return _HEAD.format(width=WIDTH, height=2 * MARGIN) + "</svg>"
    shapes = villages.geometry.to_numpy()
    x0, y0, x1, y1 = shapely.total_bounds(shapes)
    scale = (WIDTH - 2 * MARGIN) / max(x1 - x0, (y1 - y0) * 0.8, 1.0)
    height = int((y1 - y0) * scale) + 2 * MARGIN + 26
    tolerance = 1.2 / scale

    left = (WIDTH - (x1 - x0) * scale) / 2

    def place(xy: Floats) -> Floats:
        return np.column_stack([(xy[:, 0] - x0) * scale + left, (y1 - xy[:, 1]) * scale + MARGIN])

    told = verdicts.reindex(villages.index)
    simple = (
        shapely.coverage_simplify(shapes, tolerance)
        if shapely.coverage_is_valid(shapes)
        else shapely.simplify(shapes, tolerance)
    )
    parts = [_HEAD.format(width=WIDTH, height=height)]
    parts.append('<g stroke="#7d8b96" stroke-width="0.7">')
    parts += [
        f'<path d="{_path(shape, place)}" fill="{_fill(str(verdict))}"/>'
        for shape, verdict in zip(simple, told, strict=True)
    ]
    parts.append("</g>")
    points = place(middles(villages))
    marks = [
        _mark(str(verdict), x, y)
        for verdict, (x, y) in zip(told, points.tolist(), strict=True)
        if verdict != "covered"
    ]
    parts += marks
    parts.append(_scale_bar(scale, height))
    parts.append(_arrow(north))
    if stamp:
        parts.append(_stamp(stamp, height))
    return "".join([*parts, "</svg>"])


def _fill(verdict: str) -> str:
    return "url(#u)" if verdict == "unknown" else FILLS[verdict]


def _path(shape: BaseGeometry, place: Callable[[Floats], Floats]) -> str:
    """Rings of a polygon as path data, one decimal."""
    out = []
    for ring in shapely.get_rings(shapely.get_parts(shape)):
        xy = place(shapely.get_coordinates(ring))
        steps = " ".join(f"{x:.1f} {y:.1f}" for x, y in xy[:-1])
        out.append(f"M{steps}Z")
    return "".join(out)


def _mark(verdict: str, x: float, y: float) -> str:
    """The verdict's sign: disc, triangle or square, as on the screen."""
    if verdict == "none":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="#d55e00" stroke="#fff"/>'
    if verdict == "weak":
        return (
            f'<path d="M{x:.1f} {y - 7:.1f}L{x + 7:.1f} {y + 6:.1f}L{x - 7:.1f} {y + 6:.1f}Z" '
            'fill="#f0c808" stroke="#3b3000"/>'
        )
    return (
        f'<rect x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10" fill="#fff" stroke="#555"/>'
    )


def _scale_bar(scale: float, height: int) -> str:
    """A bar of a round length, at most a quarter of the picture."""
    length = max([step for step in STEPS_M if step * scale <= WIDTH / 4] or [STEPS_M[0]])
    wide = length * scale
    text = f"{length // 1000} km" if length >= 1000 else f"{length} m"
    y = height - 10
    return (
        f'<path d="M{WIDTH - 16 - wide:.1f} {y - 5}V{y}H{WIDTH - 16}V{y - 5}" fill="none" '
        f'stroke="#222" stroke-width="1.5"/><text x="{WIDTH - 16 - wide / 2:.1f}" y="{y - 4}" '
        f'text-anchor="middle">{text}</text>'
    )


def _arrow(north: str) -> str:
    return (
        '<path d="M24 16L30 34L24 30L18 34Z" fill="#222"/>'
        f'<text x="24" y="47" text-anchor="middle">{escape(north)}</text>'
    )


def _stamp(text: str, height: int) -> str:
    """The words across the picture, three times, so that a cropped piece still has them."""
    rows = (height * 0.22, height * 0.52, height * 0.84)
    told = escape(text)
    return "".join(
        f'<text x="{WIDTH / 2}" y="{y:.0f}" text-anchor="middle" font-size="34" font-weight="700" '
        f'fill="#a3180f" fill-opacity="0.28" transform="rotate(-16 {WIDTH / 2} {y:.0f})">{told}'
        "</text>"
        for y in rows
    )


_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
    'viewBox="0 0 {width} {height}" font-family="Times New Roman, Liberation Serif, '
    'Libertinus Serif, serif" font-size="13" stroke-linejoin="round"><defs><pattern id="u" '
    'width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" fill="#fff"/>'
    '<path d="M0 6L6 0" stroke="#888"/></pattern></defs>'
    '<rect width="{width}" height="{height}" fill="#f6f8f9"/>'
)
