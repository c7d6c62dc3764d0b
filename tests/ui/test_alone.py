"""An operator's people: what they get tells of the others one bit a village, and no more."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Polygon

from geodata import open_study
from geodata.access import Rights
from geodata.export.filing import write_filing
from geodata.export.paper import png_of
from geodata.export.sheet import AreaSheet
from geodata.study.assess import assess_study
from geodata.study.results import Run
from tests import tiny
from tests.tiny_study import LAYER
from tests.ui.tiny_run import open_page, tiny_run, view_of, words
from ui import text_page
from ui.card import _layers
from ui.downloads import FORMATS, _name, list_file
from ui.maps.assets import Asset
from ui.opened import Opened, opened_run
from ui.sheets import sheet_of
from ui.tables import filing_rows, unit_list, village_list
from ui.texts import Language
from ui.view import map_state

BETA = Rights(operator="Beta", may_change_rules=False, may_change_data=False)
X, Y = tiny.X0, tiny.Y0
WESTERN = [
    (X - 500, Y - 500), (X + 1683, Y - 500), (X + 1761, Y + 1777), (X + 1640, Y + 3500),
    (X - 500, Y + 3500),
]  # fmt: skip
"""Covers the six villages that Alpha covers, by another outline."""

EASTERN = [(X + 2610, Y - 90), (X + 3100, Y - 77), (X + 3090, Y + 3111), (X + 2733, Y + 3077)]
"""A third of each of the others, centres left out: it covers none."""


def _others_otherwise(folder: Path) -> Run:
    """The same study, but that others filed otherwise; they cover the same villages."""
    tiny_run(folder)
    toml = folder / "study.toml"
    for name, outline in (("Alpha", WESTERN), ("Delta", EASTERN)):
        shapes = gpd.GeoSeries([Polygon(outline)], crs=tiny.CRS)
        shapes.to_frame("geometry").to_file(folder / f"{name}.gpkg")
    layer = LAYER.format(operator="Delta", technology="3G", path="Delta.gpkg")
    toml.write_text(toml.read_text("utf-8") + layer, "utf-8")
    sites = gpd.read_file(folder / "sites.gpkg")
    sites[sites["operator"] == "Beta"].to_file(folder / "sites.gpkg")
    return assess_study(open_study(toml), publish=True)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """Two runs that differ in others' layers alone; their ids and times are made the same."""
    one = tiny_run(tmp_path_factory.mktemp("one") / "s")
    other = _others_otherwise(tmp_path_factory.mktemp("other") / "s")
    assert one.run_id != other.run_id
    assert one.summary.headline != other.summary.headline
    day = datetime(2026, 1, 1, tzinfo=UTC)
    return replace(one, run_id="r", made_at=day), replace(other, run_id="r", made_at=day)


@pytest.fixture(scope="module")
def opened(runs: tuple[Run, Run]) -> tuple[Opened, Opened]:
    one, other = (opened_run(run, rights=BETA) for run in runs)
    assert list(one.run.assessment.verdicts["served_by_others"]) == [k % 3 < 2 for k in range(9)]
    return one, other


def _tables(opened: Opened) -> list[bytes]:
    """Every table of figures, as bytes."""
    run = opened.run
    found = [run.assessment.verdicts, run.assessment.operator_shares, run.assessment.served_by]
    summary = [getattr(run.summary, field.name) for field in fields(run.summary)]
    found += [one for one in summary if isinstance(one, pd.DataFrame | pd.Series)]
    told = [repr(run.summary.headline), repr(run.summary.comparisons), repr(run.assessment.rule)]
    m = run.assessment.measures
    arrays = (m.village, m.combination, m.area_m2, m.village_area_m2, m.centre, m.extent_share)
    return [
        *(one.to_csv().encode() for one in found),
        *(text.encode() for text in told),
        *(array.tobytes() for array in arrays),
    ]


def _pages(opened: Opened, language: Language) -> list[bytes]:
    """What pages are made of: lists, units, filings, the why card, map states, the text page."""
    found: list[bytes] = []
    for query in (
        {}, {"verdicts": "all"}, {"served": "others"}, {"served": "one"}, {"served": "powered"},
        {"technology": "3G"}, {"district": "417"}, {"village": "v3", "units": "2025-07-01"},
    ):  # fmt: skip
        view = view_of(opened, language=language, **query)
        state = map_state(view, "villages")
        shown = [getattr(state, f.name) for f in fields(state)]
        found.append(repr([_told(one) for one in shown]).encode())
        found.append(repr((view.headline(), view.kept_headline(), view.others(view.keep))).encode())
        units = unit_list(
            view, opened.figures(view.seen.rule, view.position, "commune"),
            view.structure.units("commune"), "share",
        )  # fmt: skip
        tables = [village_list(view).rows, units.rows, filing_rows(view.whole, view.t)]
        if view.village:
            tables.append(_layers(view))
        found += [table.to_csv().encode() for table in tables]
        found.append(text_page.page(view).encode())
    return found


def _told(thing: object) -> object:
    return thing.digest if isinstance(thing, Asset) else thing


def _files(opened: Opened, language: Language, folder: Path) -> dict[str, bytes]:
    """Every file to take away; times of writing taken out."""
    view = view_of(opened, language=language, district="412", verdicts="all")
    ids = village_list(view).ids
    found = {_name(view, e): _timeless(list_file(view, ids, e), e, folder) for e in FORMATS}
    sheet: AreaSheet = sheet_of(view)
    found["sheet"] = repr(sheet).encode()
    found["png"] = png_of(sheet)
    found["filing"] = _timeless(write_filing(sheet, folder / "f.xlsx").read_bytes(), "xlsx", folder)
    return found


def _timeless(body: bytes, ending: str, folder: Path) -> bytes:
    """A file without the moments at which its parts were written."""
    if ending == "gpkg":
        (folder / "l.gpkg").write_bytes(body)
        return gpd.read_file(folder / "l.gpkg").to_csv().encode()
    if ending not in ("xlsx", "shp", "tab"):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts.pop("docProps/core.xml", None)
    return repr(sorted(parts.items())).encode()


@pytest.mark.heavy
def test_other_layers_of_others_leave_every_byte_as_it_was(
    opened: tuple[Opened, Opened], tmp_path: Path
) -> None:
    one, other = opened
    assert _tables(one) == _tables(other)
    for language in ("vi", "en"):
        assert _pages(one, language) == _pages(other, language)
        assert _files(one, language, tmp_path) == _files(other, language, tmp_path)


def test_the_map_of_an_operator_is_the_same_whatever_others_filed(
    opened: tuple[Opened, Opened],
) -> None:
    one, other = (found.feed for found in opened)
    assert [layer.operator for layer in one.layers] == ["Beta"]
    for mine, theirs in (
        (one.villages, other.villages), (one.outlines, other.outlines),
        (one.zones_5g, other.zones_5g), (one.layers[0].asset, other.layers[0].asset),
        *zip(one.areas.values(), other.areas.values(), strict=True),
        *((a.asset, b.asset) for a, b in zip(one.chunks, other.chunks, strict=True)),
    ):  # fmt: skip
        assert mine is not None
        assert theirs is not None
        assert mine.body == theirs.body
        assert mine.digest == theirs.digest


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["overview", "gaps", "area", "five_g", "rule", "data", "method"])
def test_pages_of_an_operator_are_the_same_and_say_whose_figures_they_are(
    monkeypatch: pytest.MonkeyPatch, runs: tuple[Run, Run], name: str
) -> None:
    told = []
    for run in runs:
        app = open_page(monkeypatch, run, name, BETA, lang="en", village="v3", district="412")
        assert not app.exception
        told.append(words(app) + repr([m.value for m in app.metric]))
    assert told[0] == told[1]
    assert "the layers of Beta alone" in told[0]
    assert "Figures of Beta alone" in told[0]
    assert not re.search("Alpha|Delta", told[0])


def test_files_of_an_operator_say_whose_figures_they_are(opened: tuple[Opened, Opened]) -> None:
    view = view_of(opened[0], language="en", district="412", verdicts="all")
    assert "_beta-alone_" in _name(view, "csv")
    text = list_file(view, village_list(view).ids, "csv").decode("utf-8-sig")
    assert "Served by others" in text.splitlines()[0]
    assert text.count("vn-village Beta") == 6
    assert text.count(",Yes,") >= 4
    sheet = sheet_of(view)
    assert sheet.title == "VILLAGES WITHOUT MOBILE BROADBAND OF Beta"
    assert sheet.headline.endswith(
        "Counted are the layers of Beta alone. Of the villages uncovered or with missing data, "
        "other operators serve 4."
    )
    assert [row.verdict for row in sheet.rows if row.village_id == "v1"] == [
        "No signal (others serve it)"
    ]
