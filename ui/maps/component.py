"""The map in the page: one component, built once, told only what changed."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd
import streamlit as st

from ui.maps.assets import Asset, program_files
from ui.maps.feed import Address, Feed, feed_data
from ui.texts import Translator

KEY = "map"

MODULES = ("shapes.js", "style.js", "scene.js", "panel.js", "labels.js")
"""What ``map.js`` imports, fetched beside it instead of after it."""

Mode = Literal["areas", "villages", "zones", "findings"]

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
  try {
    const program = await import(absolute(script));
    return program.default(component);
  } catch (error) {
    document.dispatchEvent(new Event("phusong-drawn")); // no first view waits for what never comes
    throw error;
  }
}
"""
"""Goes over the session's wire with every change, so it only fetches the real script."""


AHEAD = "map-ahead"
"""Key of the hidden element by which a new state reaches the map before the page is painted."""


@dataclass(frozen=True, kw_only=True)
class MapState:
    """What is drawn and how: a few kilobytes, whatever the study.

    ``figures`` has uncovered and all villages of each area, in the areas' order; ``nearer`` are
    the areas that will be drawn once one of these is chosen, where they are others.
    ``verdicts`` and ``before`` have a letter a village of the feed (None: as published; no
    comparison); ``shown`` and ``in_area`` are sets of villages packed by `packed` (None: all).
    ``focus`` is the box to go to, ``layers`` what is laid over, ``rule`` a digest of the rule
    seen through. ``findings`` are places to look at, each as latitude, longitude and the first
    letter of its severity (e, w, n).
    """

    mode: Mode
    areas: Asset
    figures: list[list[int]]
    nearer: Asset | None = None
    verdicts: str | None = None
    before: str | None = None
    shown: str | None = None
    in_area: str | None = None
    area: str = ""
    focus: list[list[float]] | None = None
    village: str = ""
    zone: str = ""
    layers: str = ""
    rule: str = ""
    findings: tuple[tuple[float, float, str], ...] = ()

    def data(self, address: Address) -> dict[str, object]:
        """The state as the component receives it."""
        return {
            "mode": self.mode,
            "areas": {
                "url": address(self.areas),
                "figures": self.figures,
                "nearer": None if self.nearer is None else address(self.nearer),
            },
            "verdicts": self.verdicts,
            "before": self.before,
            "shown": self.shown,
            "inArea": self.in_area,
            "area": self.area,
            "focus": self.focus,
            "village": self.village,
            "zone": self.zone,
            "layers": self.layers,
            "rule": self.rule,
            "findings": self.findings,
        }


def digest_of(value: object) -> str:
    """A short name for a value, the same in every process."""
    return hashlib.sha256(repr(value).encode()).hexdigest()[:10]


def packed(keep: pd.Series[bool], ids: pd.Index) -> str | None:
    """A set of villages as bits in base 64, in the order of ``ids``; None where it is all."""
    bits = keep.reindex(ids, fill_value=False).to_numpy(bool)
    return None if bits.all() else base64.b64encode(np.packbits(bits).tobytes()).decode()


@cache
def _renderer() -> Callable[..., Any]:
    return st.components.v2.component(
        "phusong_map", html='<div class="phusong-map"></div>', js=_LOADER
    )


def draw_map(
    feed: Feed,
    state: MapState,
    translate: Translator,
    *,
    address: Address,
    on_pick: Mapping[str, Callable[[str], None]],
    tiles: str | None = None,
) -> None:
    """Show ``feed``; ``on_pick`` has what to do with a "village", "area", "zone" or "layers"."""

    def reaction(name: str) -> Callable[[], None]:
        def react() -> None:
            if name in on_pick:
                on_pick[name](picked(name) or "")

        return react

    data = component_data(feed, state, translate, address=address, tiles=tiles)
    with st.container(key=AHEAD):
        st.html(_ahead(data))
    _renderer()(
        key=KEY,
        data=data,
        on_village_change=reaction("village"),
        on_area_change=reaction("area"),
        on_zone_change=reaction("zone"),
        on_layers_change=reaction("layers"),
    )


def _ahead(data: Mapping[str, object]) -> str:
    """The state as a hidden element.

    A component hears of new data only after the whole page has been painted; what stands in
    the page it can see at once, and draw in the same frame.
    """
    told = json.dumps({name: data[name] for name in ("state", "stamp", "held")}, ensure_ascii=False)
    return f'<span hidden data-told="{html.escape(told, quote=True)}"></span>'


def picked(name: str) -> str | None:
    """What the reader just chose on the map."""
    state = st.session_state.get(KEY)
    value = None if state is None else state.get(name)
    return value if isinstance(value, str) else None


def component_data(
    feed: Feed,
    state: MapState,
    translate: Translator,
    *,
    address: Callable[[Asset], str],
    tiles: str | None,
) -> dict[str, object]:
    """All that crosses to the browser on a rerun: addresses, choices and words."""
    files = program_files()
    told = state.data(address)
    stamp = hashlib.sha256(json.dumps([told, translate.language]).encode()).hexdigest()[:12]
    return {
        "program": {
            "script": address(files["map.js"]),
            "ahead": [address(files[name]) for name in MODULES],
            "style": address(files["map.css"]),
            "leaflet": address(files["leaflet.js"]),
            "leafletStyle": address(files["leaflet.css"]),
        },
        "feed": feed_data(feed, address=address),
        "state": told,
        "stamp": stamp,
        "held": f"{translate.language} {feed.villages.path}",
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
        "filtered": t("not in the filter"),
        "was": t("before: {verdict}"),
        "legendAreas": t("Uncovered villages"),
        "legendVillages": t("Villages without coverage"),
        "layers": t("Layers"),
        "opacity": t("Opacity"),
        "footprints": t("Declared coverage"),
        "zones5g": t("5G rollout zones"),
        "live": t("live"),
        "building": t("building"),
        "planned": t("planned"),
        "other": t("status not known"),
        "mark": t("SIMULATED DATA"),
        "uncoveredOf": t("{uncovered} of {villages} villages uncovered"),
        "people": t("{people} people"),
        "legendSignal": t("Signal strength"),
        "legendFindings": t("Places to look at"),
        "error": t("error"),
        "warning": t("warning"),
        "note": t("note"),
        "failed": t("The map could not be loaded. Reload the page."),
        "legend": t("Legend"),
        "mapLabel": t("Map of villages without coverage"),
        "zoomIn": t("Zoom in"),
        "zoomOut": t("Zoom out"),
    }
