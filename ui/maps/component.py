"""The map in the page: one component, built once, told only what changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import streamlit as st

from ui.maps.assets import Asset, program_files
from ui.maps.feed import Feed, feed_data
from ui.maps.routes import prefix
from ui.texts import Translator

KEY = "map"

MODULES = ("shapes.js", "style.js", "points.js", "panel.js", "labels.js")
"""What ``map.js`` imports, fetched beside it instead of after it."""

_LOADER = """
export default async function (component) {
  const { script, ahead } = component.data.program;
  const absolute = (path) => new URL(path, window.location.origin).href;
  for (const path of window.phusongAhead ? [] : ahead) {
    const link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = absolute(path);
    document.head.append(link);
  }
  window.phusongAhead = true;
  const program = await import(absolute(script));
  return program.default(component);
}
"""
"""Goes over the session's wire with every change, so it only fetches the real script."""


@dataclass(frozen=True, kw_only=True)
class MapChoice:
    """What the reader has chosen: the area's code and the village's id, or empty."""

    area: str = ""
    village: str = ""


@cache
def _renderer() -> Callable[..., Any]:
    return st.components.v2.component(
        "phusong_map", html='<div class="phusong-map"></div>', js=_LOADER
    )


def draw_map(
    feed: Feed,
    choice: MapChoice,
    translate: Translator,
    *,
    on_village: Callable[[], None],
    on_area: Callable[[], None],
    tiles: str | None = None,
) -> None:
    """Show ``feed``; a click calls ``on_village`` or ``on_area``, the value is under `picked`."""
    base = prefix(str(st.get_option("server.baseUrlPath") or ""))

    def address(asset: Asset) -> str:
        return f"{base}/{asset.path}"

    _renderer()(
        key=KEY,
        data=component_data(feed, choice, translate, address=address, tiles=tiles),
        on_village_change=on_village,
        on_area_change=on_area,
    )


def picked(name: str) -> str | None:
    """What the reader just clicked on the map: ``name`` is "village" or "area"."""
    state = st.session_state.get(KEY)
    value = None if state is None else state.get(name)
    return value if isinstance(value, str) else None


def component_data(
    feed: Feed,
    choice: MapChoice,
    translate: Translator,
    *,
    address: Callable[[Asset], str],
    tiles: str | None,
) -> dict[str, object]:
    """All that crosses to the browser on a rerun: addresses, choices and words."""
    files = program_files()
    return {
        "program": {
            "script": address(files["map.js"]),
            "ahead": [address(files[name]) for name in MODULES],
            "style": address(files["map.css"]),
            "leaflet": address(files["leaflet.js"]),
            "leafletStyle": address(files["leaflet.css"]),
        },
        "feed": feed_data(feed, address=address),
        "choice": {"area": choice.area, "village": choice.village},
        "language": translate.language,
        "texts": dict(map_texts(translate)),
        "tiles": tiles,
    }


def map_texts(t: Translator) -> Mapping[str, str]:
    """Every word the map's own script shows."""
    return {
        "covered": t("covered"),
        "weak": t("weak signal"),
        "none": t("no signal"),
        "unknown": t("missing data"),
        "legendAreas": t("Uncovered villages"),
        "legendVillages": t("Villages without coverage"),
        "layers": t("Layers"),
        "coveredLayer": t("Covered villages"),
        "footprints": t("Declared coverage"),
        "zones5g": t("5G rollout zones"),
        "mark": t("SIMULATED DATA"),
        "uncoveredOf": t("{uncovered} of {villages} villages uncovered"),
        "best": t("Best operator: {operator}, {share} of the area"),
        "nobody": t("No operator reaches any part of it"),
        "people": t("{people} people"),
        "failed": t("The map could not be loaded. Reload the page."),
        "legend": t("Legend"),
        "mapLabel": t("Map of villages without coverage"),
        "whole": t("Whole area"),
    }
