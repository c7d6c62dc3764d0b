"""The same map as one folium page: for notebooks, and as a file that opens anywhere.

Nothing is fetched: Leaflet goes in from its package, and there are no tiles.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import shapely
from branca.element import Element
from folium.template import Template

from coverage.model import Layer
from coverage.unplaced import has_place
from geodata.display import SCALE, bounds, screen_area, screen_coverage, screen_points
from geodata.export.standing import standing_text
from geodata.files import whole_file
from geodata.study.results import Run
from ui.maps.areas import Areas, areas_of
from ui.maps.assets import package_files
from ui.plain import plain
from ui.tables import VERDICT_TEXTS, cell
from ui.texts import Translator, translator

NO_GAP = "#f3f5f1"
RAMP = ("#d6e6f2", "#a9cbe3", "#72a9d0", "#3f80b5", "#1c568a")
OPERATOR_COLOURS = ("#009e73", "#cc79a7", "#7b4fa3", "#a6761d", "#56b4e9", "#666666")
ZONE_COLOUR = "#b5127c"
SIMPLIFY_M = 150.0
DECIMALS = 4

MARKS = {
    "none": '<circle cx="8" cy="8" r="6" fill="#d55e00" stroke="#fff" stroke-width="1.5"/>',
    "weak": '<path d="M8 1.500 15 14H1z" fill="#f0c808" stroke="#3b3000" stroke-width="1.5"/>',
    "unknown": '<rect x="3" y="3" width="10" height="10" fill="#fff" stroke="#555" '
    'stroke-width="1.5"/>',
}
"""One drawing a verdict: another colour and another shape."""


def folium_map(run: Run, *, language: str = "vi") -> folium.Map:
    """The run's map: areas by uncovered villages, those villages, footprints to switch on."""
    t, areas = translator(language), areas_of(run)
    page = folium.Map(
        tiles=None,
        prefer_canvas=True,
        control_scale=True,
        zoom_snap=0.25,
        attribution_control=False,
    )
    page.default_js, page.default_css = [], []
    _add_areas(page, areas, t)
    for title, colour, shape in _footprints(run, t):
        _add_footprint(page, title, colour, shape)
    _add_villages(page, run, t)
    folium.LayerControl(collapsed=True).add_to(page)
    page.fit_bounds(bounds(_drawn(areas)).corners())
    frame: Any = page.get_root()
    head, body = frame.header, frame.html
    head.add_child(_verbatim(f"<style>{_leaflet_style()}{_OWN_STYLE}</style>"), name="style")
    head.add_child(_verbatim(f"<script>{_leaflet_script()}</script>"), name="leaflet", index=0)
    body.add_child(_verbatim(_legend(areas, t)), name="legend")
    if run.study.reconstruction is not None:
        body.add_child(_verbatim(_mark(t)), name="mark")
    standing = standing_text(run, t.language)
    if standing:
        told = f'<div class="ps-standing">{_safe(standing)}</div>'
        body.add_child(_verbatim(told), name="standing")
    return page


def write_html(run: Run, path: Path, *, language: str = "vi") -> Path:
    """Write the map as one file that needs no connection, whole or not at all."""
    page = folium_map(run, language=language).get_root().render()
    with whole_file(path) as unfinished:
        unfinished.write_text(page, encoding="utf-8")
    return path


def _drawn(areas: Areas) -> gpd.GeoSeries:
    """The areas that have a boundary."""
    return areas.geometry[areas.geometry.notna() & ~areas.geometry.is_empty]


def _add_areas(page: folium.Map, areas: Areas, t: Translator) -> None:
    """The base of the map: area polygons, coloured by their number of uncovered villages."""
    drawn = _drawn(areas)
    figures = areas.figures.loc[drawn.index]
    most = int(figures["uncovered"].max())
    told = [
        t(
            "{uncovered} of {villages} villages uncovered",
            uncovered=t.number(int(uncovered)),
            villages=t.number(int(villages)),
        )
        for uncovered, villages in zip(figures["uncovered"], figures["villages"], strict=True)
    ]
    table = gpd.GeoDataFrame(
        {
            "name": [_safe(name) for name in figures["name"]],
            "told": [_safe(text) for text in told],
            "colour": [_colour(int(count), most) for count in figures["uncovered"]],
        },
        geometry=_rounded(screen_coverage(drawn, tolerance_m=SIMPLIFY_M)),
        index=drawn.index.astype(str),
    )
    folium.GeoJson(
        table.to_json(),
        name=_safe(t("Uncovered villages")),
        control=False,
        style_function=lambda feature: {
            "fillColor": feature["properties"]["colour"],
            "fillOpacity": 1,
            "color": "#5b7083",
            "weight": 1,
        },
        tooltip=folium.GeoJsonTooltip(["name", "told"], labels=False),
    ).add_to(page)


def _footprints(run: Run, t: Translator) -> Iterator[tuple[str, str, gpd.GeoSeries]]:
    """Title, colour and geometry of what can be switched on."""
    layers: tuple[Layer, ...] = run.study.footprints
    operators = list(dict.fromkeys(layer.info.operator for layer in layers))
    for layer in layers:
        place = operators.index(layer.info.operator) % len(OPERATOR_COLOURS)
        yield layer.info.title, OPERATOR_COLOURS[place], layer.footprint
    if run.study.zones_5g is not None and not run.study.zones_5g.empty:
        yield t("5G rollout zones"), ZONE_COLOUR, run.study.zones_5g.geometry


def _add_footprint(page: folium.Map, title: str, colour: str, geometry: gpd.GeoSeries) -> None:
    """One footprint, off until somebody switches it on."""
    shape = _rounded(screen_area(geometry, tolerance_m=SIMPLIFY_M))
    style = {"fillColor": colour, "fillOpacity": 0.3, "color": colour, "weight": 1.2}
    folium.GeoJson(
        shape.to_json(drop_id=True),
        name=_safe(title),
        show=False,
        style_function=lambda _feature: style,
    ).add_to(page)


def _add_villages(page: folium.Map, run: Run, t: Translator) -> None:
    """The villages that are not covered, each with its mark and its name."""
    group = folium.FeatureGroup(name=_safe(t("Villages without coverage"))).add_to(page)
    verdicts = run.assessment.verdicts["verdict"]
    placed = has_place(run.study.villages.geometry)
    table = run.study.villages[(verdicts != "covered").to_numpy() & placed]
    points = screen_points(table["centre"], areas=table.geometry)
    rows = zip(table["village"], table["commune"], verdicts.loc[table.index], points, strict=True)
    for village, commune, verdict, (lon, lat) in rows:
        lines = [cell(village), cell(commune), t(VERDICT_TEXTS[verdict])]
        icon = folium.DivIcon(html=_drawing(verdict), icon_size=(16, 16), class_name="mark")
        text = "<br>".join(_safe(line) for line in lines if line)
        place = [float(lat) / SCALE, float(lon) / SCALE]
        folium.Marker(place, icon=icon, tooltip=folium.Tooltip(text)).add_to(group)


def _rounded(geometry: gpd.GeoSeries) -> gpd.GeoSeries:
    """Coordinates with few decimals: a page is sent by mail."""
    shapes = np.asarray(geometry.array)
    short = shapely.transform(shapes, lambda xy: np.round(xy, DECIMALS))
    return gpd.GeoSeries(short, index=geometry.index, crs=geometry.crs)


def _colour(count: int, most: int) -> str:
    """The colour of a count: none, or one of five steps up to ``most``."""
    return NO_GAP if count <= 0 else RAMP[min(4, (count - 1) * 5 // max(most, 1))]


def _drawing(verdict: str) -> str:
    """The mark of a verdict as a drawing."""
    return f'<svg width="16" height="16" viewBox="0 0 16 16">{MARKS[verdict]}</svg>'


def _legend(areas: Areas, t: Translator) -> str:
    """What the marks and colours mean."""
    most = int(areas.figures["uncovered"].max())
    marks = "".join(
        f"<div>{_drawing(verdict)} {_safe(t(VERDICT_TEXTS[verdict]))}</div>" for verdict in MARKS
    )
    boxes = "".join(
        f'<div><i style="background:{colour}"></i> {_safe(text)}</div>'
        for colour, text in _steps(most, t)
    )
    heads = (_safe(t("Villages without coverage")), _safe(t("Uncovered villages")))
    return f'<div class="ps-legend"><b>{heads[0]}</b>{marks}<b>{heads[1]}</b>{boxes}</div>'


def _steps(most: int, t: Translator) -> list[tuple[str, str]]:
    """Each colour with the counts it stands for."""
    counts: dict[str, list[int]] = {}
    for count in range(most + 1):
        counts.setdefault(_colour(count, most), []).append(count)
    return [
        (colour, "–".join(t.number(count) for count in dict.fromkeys((held[0], held[-1]))))
        for colour, held in counts.items()
    ]


def _mark(t: Translator) -> str:
    """The word in the picture that says it is a reconstruction."""
    return f'<div class="ps-mark">{_safe(t("SIMULATED DATA"))}</div>'


def _safe(text: object) -> str:
    """Text of strangers as HTML that shows it and does nothing else."""
    return escape(plain(text), quote=True).replace("`", "&#96;").replace("$", "&#36;")


def _verbatim(text: str) -> Any:
    """Text put into the page as it is, though the page is a template."""
    element: Any = Element()
    element._template = Template("{{ this.text }}")  # noqa: SLF001  # the way to give one
    element.text = text
    return element


def _leaflet_script() -> str:
    return package_files("xstatic-leaflet")["leaflet.js"].decode()


def _leaflet_style() -> str:
    """Leaflet's style with its pictures inside."""
    files = package_files("xstatic-leaflet")

    def inline(match: re.Match[str]) -> str:
        body = base64.b64encode(files[match[1]]).decode()
        return f"url(data:image/png;base64,{body})"

    return re.sub(r"url\((images/[\w.-]+)\)", inline, files["leaflet.css"].decode())


_OWN_STYLE = """
.leaflet-container { background: #e9eef2; font: 13px/1.4 system-ui, sans-serif; }
.ps-legend { position: fixed; right: 10px; bottom: 10px; z-index: 1000; padding: 6px 10px;
  background: rgba(255,255,255,.95); border: 1px solid #c5d0da; border-radius: 6px;
  font: 13px/1.5 system-ui, sans-serif; color: #14283c; }
.ps-legend div { display: flex; gap: 6px; align-items: center; }
.ps-legend i { width: 18px; height: 12px; border: 1px solid #8494a3; }
.ps-mark { position: fixed; top: 12px; left: 50%; transform: translateX(-50%); z-index: 1000;
  padding: 2px 12px; border: 1.5px solid #a3180f; background: rgba(255,255,255,.92);
  color: #a3180f; font: 700 14px system-ui, sans-serif; border-radius: 4px; }
.ps-standing { position: fixed; left: 10px; bottom: 10px; z-index: 1000; max-width: 45%;
  padding: 6px 10px; border: 1px solid #a3180f; background: rgba(255,255,255,.95);
  color: #14283c; font: 13px/1.4 system-ui, sans-serif; border-radius: 4px; }
"""
