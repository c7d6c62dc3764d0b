"""A run over the nine villages of `tests.tiny`, without files: enough for every face."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd

import coverage
from coverage.model import Expected, Published
from tests import tiny

HOSTILE = "<script>document.title='owned'</script>"
FORMULA = "=HYPERLINK(0)"
RIGHT_TO_LEFT = "Xóm \u202egnuorg"


def villages() -> gpd.GeoDataFrame:
    """The tiny villages; the two without service bear hostile names."""
    table = tiny.villages()
    table.loc["v9", "village"] = HOSTILE
    table.loc["v6", "village"] = FORMULA
    table.loc["v3", "village"] = RIGHT_TO_LEFT
    return table


def districts() -> gpd.GeoDataFrame:
    """The two districts of the tiny study, from its villages."""
    table = tiny.villages().dissolve(by="district_code")[["district", "geometry"]]
    return table.rename(columns={"district": "name"}).rename_axis("code")


def published(*, value: int = 6, of: int = 9) -> Published:
    """A figure to agree with, or not."""
    return Published(
        value=value,
        of=of,
        definition="villages with mobile broadband",
        as_of=date(2023, 8, 30),
        source="*the* [paper](http://example.org)",
    )


def tiny_run(
    *,
    reconstruction: bool = True,
    figures: tuple[Published, ...] = (),
    expected: Expected | None = None,
) -> Any:
    """A run as `geodata.assess_study` would give it."""
    table, layers = villages(), tiny.layers()
    measures = coverage.measure(table, layers)
    rule = coverage.RULES["vn-village"]
    assessment = coverage.judge(measures, rule, expected=expected or Expected())
    zone = gpd.GeoDataFrame({"zone": ["Vinh"]}, geometry=districts().geometry[:1].array)
    study = SimpleNamespace(
        folder=Path("nowhere"),
        name="Tiny *study*",
        as_of=date(2023, 8, 30),
        villages=table,
        layers=layers,
        units=(
            SimpleNamespace(
                valid_from=date(2023, 1, 1), districts=districts(), communes=districts()
            ),
        ),
        zones_5g=zone.set_crs(tiny.CRS),
        reconstruction=SimpleNamespace(seed=586) if reconstruction else None,
        rule=rule,
    )
    return SimpleNamespace(
        run_id="r0001",
        study=study,
        assessment=assessment,
        summary=coverage.summarise(assessment, published=figures),
        made_at=datetime(2026, 1, 1, tzinfo=UTC),
        measured=True,
        folder=Path("nowhere"),
    )
