"""GeoJSON in other encodings, cut short, inside JavaScript, and features that do not say so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from geodata.read import read
from tests import tiny
from tests.corpus import Case
from tests.hostile import villages

Change = Callable[[str], str]

LINK = {"type": "link", "properties": {"href": "http://example.invalid/crs", "type": "proj4"}}


def _collection(folder: Path) -> str:
    path = folder / "v.geojson"
    villages().to_crs("EPSG:4326").to_file(path, driver="GeoJSON")
    return json.dumps(json.loads(path.read_text("utf-8")))


def _text(change: Change, encoding: str = "utf-8") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        body = change(_collection(folder)).encode(encoding)
        (folder / "v.geojson").write_bytes(body)
        return folder / "v.geojson"

    return make


def _features(change: Callable[[list[dict[str, object]]], None]) -> Callable[[Path], Path]:
    def changed(text: str) -> str:
        whole = json.loads(text)
        change(whole["features"])
        return json.dumps(whole)

    return _text(changed)


def _untyped(features: list[dict[str, object]]) -> None:
    del features[1]["type"]


def _lower(features: list[dict[str, object]]) -> None:
    features[2]["type"] = "feature"


def _nine(path: Path) -> None:
    table = read(path).table
    assert len(table) == 9
    assert round(float(table.to_crs(tiny.CRS).area.sum()) / 1e6, 2) == 9.0


def _is_read(path: Path) -> None:
    read(path)


READ = {
    "utf-16": _text(lambda text: text, "utf-16"),
    "utf-16-without-a-mark": _text(lambda text: text, "utf-16-le"),
    "utf-16-big-without-a-mark": _text(lambda text: text, "utf-16-be"),
    "utf-32": _text(lambda text: text, "utf-32"),
    "feature-without-type": _features(_untyped),
    "feature-in-small-letters": _features(_lower),
}

REFUSED: dict[str, tuple[Change, str]] = {
    "cut": (lambda text: text[:-200], "is cut short in row 9 (line 1)"),
    "without-its-end": (lambda text: text[:-2], "is cut short in row 9 (line 1)"),
    "half": (lambda text: text[: len(text) // 2], "is cut short in row"),
    "var": (lambda text: f"var xa = {text};", "is JavaScript"),
    "callback": (lambda text: f"callback({text});", "is JavaScript"),
    "module": (lambda text: f"export default {text}", "is JavaScript"),
    "comment": (lambda text: f"// xã\n{text}", "is JavaScript, or has comments"),
    "text-behind": (lambda text: f"{text}\nabc", "no JSON from letter 1 of line 2 on"),
    "comma-behind": (lambda text: f"{text[:-2]},]}}", "in or behind row 9"),
    "single-quotes": (lambda text: text.replace('"', "'"), "in single quotation marks"),
    "link-in-utf-16": (
        lambda text: json.dumps({**json.loads(text), "crs": LINK}),
        "coordinate system",
    ),
}

CASES = (
    *(Case(name=f"geojson-{name}", make=make, check=_nine) for name, make in READ.items()),
    *(
        Case(
            name=f"geojson-{name}",
            make=_text(change, "utf-16" if name.endswith("utf-16") else "utf-8"),
            check=_is_read,
            refused=sentence,
        )
        for name, (change, sentence) in REFUSED.items()
    ),
)
