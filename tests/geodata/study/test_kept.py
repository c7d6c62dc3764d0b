"""Kept measures: found by content, part by part; only what changed is measured."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

import coverage
import geodata
from coverage.model import Amounts, Layer, LayerInfo, Measures
from geodata.study import kept
from geodata.study.digests import StudyKeys, key_of, layer_key, villages_key
from geodata.study.kept import measures_of, plan_of, store_of
from geodata.study.model import Study
from geodata.study.parts import Kind, Means, Part
from geodata.study.store import About, Arrays
from tests import folder, tiny


@pytest.fixture(autouse=True)
def areas_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but areas is measured: one entry for each set of layers."""
    monkeypatch.setattr(kept, "KINDS", ())


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return geodata.open_study(folder.write(tmp_path / "study"))


def moved(study: Study, place: int, east_m: float) -> Study:
    """The study with one layer moved east."""
    layers = list(study.layers)
    layers[place] = replace(
        layers[place], footprint=layers[place].footprint.translate(east_m, 0).set_crs(study.crs)
    )
    return replace(study, layers=tuple(layers))


def assert_same_areas(found: Measures, full: Measures) -> None:
    """All areas within 1e-12 of a village (1 km²), by combination."""
    for one in range(4):
        ours = np.bincount(found.village, np.where(found.combination == one, found.area_m2, 0))
        theirs = np.bincount(full.village, np.where(full.combination == one, full.area_m2, 0))
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


def forbid_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(coverage, "measure", refuse)


def test_one_changed_layer_is_measured_alone_with_the_same_result(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert geodata.assess_study(study).measured_layers == 2
    changed = moved(study, 1, -1000)
    full = coverage.measure(changed.villages, changed.layers)
    asked: list[tuple[int, int]] = []
    measure = coverage.measure

    def watched(villages: gpd.GeoDataFrame, layers: Sequence[Layer], **more: object) -> Measures:
        asked.append((len(villages), len(layers)))
        return measure(villages, layers, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(coverage, "measure", watched)
    run = geodata.assess_study(changed)
    assert (run.measured, run.measured_layers) == (True, 1)
    assert_same_areas(run.assessment.measures, full)
    assert asked[0] == (9, 1)
    assert all(villages < 9 for villages, _ in asked[1:])
    again = geodata.assess_study(study)
    assert (again.measured, again.measured_layers) == (False, 0)  # the first ones are still there


def test_a_layer_taken_out_or_another_order_measures_nothing(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    geodata.assess_study(study)
    forbid_measuring(monkeypatch)
    for layers in (study.layers[::-1], study.layers[:1]):
        run = geodata.assess_study(replace(study, layers=layers))
        assert (run.measured, run.measured_layers) == (False, 0)
        assert run.assessment.measures.layers == tuple(layer.info for layer in layers)


def test_other_villages_are_measured_by_all_layers(study: Study) -> None:
    geodata.assess_study(study)
    fewer = replace(study, villages=study.villages.iloc[:8])
    assert geodata.assess_study(fewer).measured_layers == 2


def test_keys_are_of_content_whatever_its_order_and_name() -> None:
    alpha, beta = tiny.layers()
    other = replace(beta.info, operator="Gamma", source="a letter")
    assert layer_key(replace(beta, info=other)) == layer_key(beta) != layer_key(alpha)
    backwards = replace(beta, footprint=beta.footprint.iloc[::-1])
    assert layer_key(backwards) == layer_key(beta)
    within = replace(beta, extent=alpha.footprint)
    assert layer_key(within) not in {layer_key(beta), layer_key(alpha)}
    villages = tiny.villages()
    assert villages_key(villages.assign(population=0)) == villages_key(villages)
    elsewhere = villages.copy()
    elsewhere.loc["v1", "centre"] = elsewhere.loc["v2", "centre"]
    others = (villages.rename({"v1": "v0"}), villages.iloc[::-1], villages.iloc[:8], elsewhere)
    assert villages_key(villages) not in {villages_key(one) for one in others}


@pytest.mark.heavy
@pytest.mark.parametrize("spoil", ["cut", "foreign", "of another", "pickled", "about"])
def test_an_entry_that_is_not_what_its_key_says_is_measured_anew(study: Study, spoil: str) -> None:
    right = geodata.assess_study(study).assessment.measures
    path = store_of(study).folder / plan_of(study).keys.areas
    data = path / "measures.npz"
    if spoil == "cut":
        data.write_bytes(data.read_bytes()[:-200])
    elif spoil == "foreign":
        np.savez(data, village=np.arange(3))
    elif spoil == "of another":
        geodata.assess_study(moved(study, 0, 100))
        other = store_of(study).folder / plan_of(moved(study, 0, 100)).keys.areas
        for file in other.iterdir():
            (path / file.name).write_bytes(file.read_bytes())
    elif spoil == "pickled":
        np.savez(data, village=np.array([object()], dtype=object))
    else:
        (path / "about.json").write_text("[" * 100_000, encoding="utf-8")
    found = geodata.assess_study(study)
    assert found.measured
    assert_same_areas(found.assessment.measures, right)
    assert not geodata.assess_study(study).measured


def test_a_kept_entry_that_lies_is_not_built_upon(study: Study) -> None:
    geodata.assess_study(study)
    entry = store_of(study).folder / plan_of(study).keys.areas
    about = json.loads((entry / "about.json").read_text(encoding="utf-8"))
    about["layers"] = about["layers"][::-1]
    (entry / "about.json").write_text(json.dumps(about), encoding="utf-8")
    changed = moved(study, 1, -1000)
    assert measures_of(changed, keep=False).measured_layers == 2


def _people(study: Study, keys: StudyKeys) -> Iterator[Part]:
    def count(measures: Measures, means: Means) -> Arrays:
        assert means.progress is None
        return {"amount": measures.area_m2 / 1e6, "village": measures.village}

    # of the first layer alone, so that the second may change without it
    key = key_of("people", keys.villages, keys.layers[0])
    yield Part(kind="people", key=key, about={"of": study.name}, measure=count, layers=(0,))


def _with_people(measures: Measures, about: About, arrays: Arrays) -> Measures:
    total = np.ones(len(measures.villages))
    assert about["of"] == "Nine villages"
    amounts = Amounts(
        village=arrays["village"],
        combination=np.zeros(len(arrays["village"]), np.uint64),
        amount=arrays["amount"],
        total=total,
    )
    return replace(measures, amounts={**measures.amounts, "people": amounts})


@pytest.mark.heavy
def test_a_further_part_is_measured_and_kept_by_itself(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = geodata.assess_study(study)
    monkeypatch.setattr(kept, "KINDS", (Kind(name="people", parts=_people, join=_with_people),))
    first = geodata.assess_study(study)
    assert (first.measured, first.measured_layers) == (True, 1)
    assert first.assessment.measures.amounts["people"].amount.sum() == pytest.approx(9)
    assert first.run_id != plain.run_id
    second = geodata.assess_study(study)
    assert (second.measured, list(second.assessment.measures.amounts)) == (False, ["people"])
    other = geodata.assess_study(moved(study, 1, -1000))
    assert other.measured_layers == 1  # the second layer's areas, not the people
    opened = geodata.open_run(study, first.run_id)
    assert opened.assessment.measures.amounts["people"].amount.sum() == pytest.approx(9)
    store_of(study).remove(plan_of(study).parts[0].key)
    assert geodata.latest_run(study) is None
    assert geodata.assess_study(study).measured


def test_runs_of_the_history_open_after_their_layers_changed(study: Study) -> None:
    first = geodata.assess_study(study, publish=True)
    geodata.assess_study(moved(study, 1, -1000), publish=True)
    found = geodata.open_run(study, first.run_id)
    assert found.assessment.verdicts.equals(first.assessment.verdicts)
    assert found.parts == first.parts


def test_a_run_kept_by_an_earlier_version_opens(study: Study) -> None:
    run = geodata.assess_study(study)
    manifest = run.folder / "manifest.json"
    told = json.loads(manifest.read_text(encoding="utf-8"))
    del told["parts"], told["sha256"]
    manifest.write_text(json.dumps(told), encoding="utf-8")
    entry = store_of(study).folder / run.parts[0][1]
    about = {"engine": 2, "villages": 9, "layers": ["Alpha 4G", "Beta 3G"]}
    (entry / "about.json").write_text(json.dumps(about), encoding="utf-8")
    entry.rename(entry.parent / run.measures)
    found = geodata.open_run(study, run.run_id)
    assert found.assessment.verdicts.equals(run.assessment.verdicts)
    assert geodata.assess_study(study).measured_layers == 2


def test_the_same_area_filed_by_another_is_another_result_of_the_same_measures(
    study: Study,
) -> None:
    first = geodata.assess_study(study)
    layers = (
        replace(study.layers[0], info=LayerInfo(operator="Gamma", technology="5G")),
        study.layers[1],
    )
    other = geodata.assess_study(replace(study, layers=layers))
    assert not other.measured
    assert other.run_id != first.run_id
    assert other.parts == first.parts
    assert isinstance(other.study.villages, gpd.GeoDataFrame)
    assert "Gamma" in other.assessment.operator_shares


def test_an_entry_named_by_a_way_out_of_the_folder_is_not_read(study: Study) -> None:
    geodata.assess_study(study)
    store = store_of(study)
    key = plan_of(study).keys.areas
    assert store.read(key) is not None
    assert store.read(f"../measures/{key}") is None
    assert store.read("") is None
