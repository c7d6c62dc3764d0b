"""Moved footprints of a study: kept as a part, told in the manifest, cut with rights."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point, box

import coverage
import geodata
from coverage import moved as outlining
from coverage.model import Layer
from coverage.pixels import AmountPoints
from coverage.sure import Scenario
from geodata.access import restrict
from geodata.rights import Rights
from geodata.study import engine, kept, moved
from geodata.study.kept import plan_of
from geodata.study.model import Study
from geodata.study.store import Store
from tests import folder, tiny

AREA = replace(coverage.RULES["vn-village"], name="area", centre=False)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return geodata.open_study(folder.write(tmp_path / "study"))


def test_a_run_knows_its_range_and_keeps_it(study: Study) -> None:
    run = geodata.assess_study(study, rule=AREA)
    between = run.sureness.between
    assert (between.low, run.summary.headline.uncovered, between.high) == (2, 3, 6)
    manifest = json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))
    told = manifest["sureness"]
    assert told["uncovered_between"] == [2, 6]
    assert (told["low_by"], told["high_by"], told["borderline"]) == ("outward", "inward", 5)
    assert told["uncovered_by_scenario"]["inward"] == 6
    table = gpd.read_parquet(run.folder / "villages.parquet")
    assert table["firm"].sum() == 4
    assert table.loc["v3", "turned_by"] == "share_10, outward"
    again = geodata.open_run(study, run.run_id)
    pd.testing.assert_frame_equal(again.sureness.villages, run.sureness.villages)
    assert not geodata.assess_study(study, rule=AREA).measured


def test_an_accuracy_of_the_study_file_moves_its_layer_alone(tmp_path: Path) -> None:
    path = folder.write(tmp_path / "study")
    file = path
    text = file.read_text(encoding="utf-8")
    plain = geodata.open_study(path)
    file.write_text(
        text.replace("[[layers]]\n", "[[layers]]\naccuracy_m = 20.0\n", 1), encoding="utf-8"
    )
    exact = geodata.open_study(path)
    assert [x.info.accuracy_m for x in exact.layers] == [20.0, None]
    assert plan_of(exact).keys.areas == plan_of(plain).keys.areas
    assert plan_of(exact).parts[-1].key != plan_of(plain).parts[-1].key
    run = geodata.assess_study(exact, rule=AREA)
    assert run.assessment.measures.moved is not None
    assert set(run.sureness.villages["moved_m"].dropna()) == {100.0}


@pytest.mark.parametrize("value", ["0.0", "-5.0", "20000.0", '"near"'])
def test_an_accuracy_that_is_none_is_refused(tmp_path: Path, value: str) -> None:
    path = folder.write(tmp_path / "study")
    file = path
    text = file.read_text(encoding="utf-8").replace(
        "[[layers]]\n", f"[[layers]]\naccuracy_m = {value}\n", 1
    )
    file.write_text(text, encoding="utf-8")
    with pytest.raises(geodata.StudyError, match="accuracy_m"):
        geodata.open_study(path)


def test_a_large_study_is_not_moved_and_the_other_scenarios_remain(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moved, "MOST_VILLAGES", 8)
    run = geodata.assess_study(study, rule=AREA)
    assert Scenario.INWARD not in run.sureness.uncovered
    assert Scenario.SHARE_90 in run.sureness.uncovered
    assert not run.sureness.between.is_computed
    manifest = json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["sureness"]["uncovered_between"] is None


def test_settled_places_are_told_of_moved_footprints_and_kept(study: Study) -> None:
    spots = [Point(tiny.X0 + x, tiny.Y0 + 100) for x in (1450, 1550, 1650)]
    places = AmountPoints(
        points=gpd.GeoSeries(spots, crs=study.crs), weight=np.ones(3), key="three"
    )
    settled = replace(study, amounts={"settled": places})
    first = geodata.assess_study(settled, rule=AREA)
    assert "outward" in first.sureness.villages.loc["v2", "turned_by"]  # 1 of 3 served, then 2
    again = geodata.assess_study(settled, rule=AREA)
    assert not again.measured
    pd.testing.assert_frame_equal(again.sureness.villages, first.sureness.villages)
    measures = again.assessment.measures
    assert measures.moved is not None
    assert list(measures.moved.outward.amounts) == ["settled"]


@pytest.mark.heavy
def test_of_a_layer_taken_out_nothing_moved_is_measured(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = geodata.assess_study(study, rule=AREA)
    monkeypatch.setattr(engine.Here, "moved", None)
    for layers in (study.layers[::-1], study.layers[:1]):
        run = geodata.assess_study(replace(study, layers=layers), rule=AREA)
        assert not run.measured
    assert run.sureness.villages.loc["v2", "turned_by"] == "share_90, inward"
    assert whole.sureness.villages.loc["v2", "turned_by"] == "share_90, inward"


@pytest.mark.heavy
def test_kept_arrays_that_do_not_fit_are_measured_anew(study: Study) -> None:
    first = geodata.assess_study(study, rule=AREA)
    part = plan_of(study).parts[-1]
    store = kept.store_of(study)
    about, arrays = store.read(part.key) or ({}, {})
    store.remove(part.key)
    store.keep(part.key, about, {**arrays, "inward_centre": arrays["inward_centre"][:-1]})
    again = geodata.assess_study(study, rule=AREA)
    assert again.measured
    pd.testing.assert_frame_equal(again.sureness.villages, first.sureness.villages)


def test_an_operators_people_are_told_how_sure_by_their_own_layers(study: Study) -> None:
    run = geodata.assess_study(study, rule=AREA)
    own = restrict(run, Rights(operator="Beta"))
    alone = coverage.measure(study.villages, [study.layers[1]], moved=True)
    expected = coverage.how_sure(alone, replace(AREA, operators=("Beta",)))
    pd.testing.assert_frame_equal(own.sureness.villages, expected.villages, atol=1e-6)
    assert own.sureness.uncovered == expected.uncovered
    assert own.sureness.uncovered != run.sureness.uncovered


def test_people_of_a_district_are_told_how_sure_of_their_villages(study: Study) -> None:
    run = geodata.assess_study(study, rule=AREA)
    part = restrict(run, Rights(districts=frozenset({"417"})))
    shown = part.sureness.villages
    pd.testing.assert_frame_equal(shown, run.sureness.villages.loc[shown.index])
    assert list(shown.index) == ["v7", "v8", "v9"]
    assert (part.sureness.between.low, part.sureness.between.high) == (1, 2)


@pytest.mark.heavy
def test_of_a_changed_layer_the_others_outlines_are_not_moved_again(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    geodata.assess_study(study, rule=AREA)
    alpha, beta = study.layers
    assert isinstance(beta, Layer)
    wider = replace(beta, footprint=beta.footprint.buffer(40.0))
    changed = replace(study, layers=(alpha, wider))
    cut: list[int] = []
    own = outlining._tiles
    monkeypatch.setattr(outlining, "_tiles", lambda k, *rest: cut.append(k) or own(k, *rest))
    found = geodata.assess_study(changed, rule=AREA)
    assert cut == [1]
    monkeypatch.setattr(outlining, "_tiles", own)
    plain = coverage.measure(changed.villages, changed.layers, moved=True).moved
    kept = found.assessment.measures.moved
    assert plain is not None
    assert kept is not None
    for way in ("inward", "outward"):
        one, other = getattr(kept, way), getattr(plain, way)
        np.testing.assert_array_equal(one.combination, other.combination)
        np.testing.assert_allclose(one.area_m2, other.area_m2, rtol=1e-12)


def test_kept_outlines_that_are_cut_short_are_moved_again(study: Study) -> None:
    store = Store(folder=study.folder / "results" / "measures")
    kept = moved.KeptOutlines(store=store, villages="v", by=("a", "b"))
    squares = np.array([box(0, 0, 1, 1), box(2, 0, 3, 1)], dtype=object)
    kept.keep(0, squares[:1], squares)
    loaded = kept.load(0)
    assert loaded is not None
    assert [len(one) for one in loaded] == [1, 2]
    assert kept.load(1) is None
    about, arrays = store.read(kept._key(0)) or ({}, {})
    store.keep(kept._key(1), about, {**arrays, "outward_wkb": arrays["outward_wkb"][:-3]})
    assert kept.load(1) is None
