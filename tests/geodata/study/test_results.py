"""Runs are kept whole, found again, and nothing is measured twice."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

import coverage
import geodata
from geodata import CallError, UnreadableError
from geodata.study import reopen, results
from geodata.study.kept import measures_key, plan_of, store_of
from tests import folder, tiny


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return folder.write(tmp_path / "study")


def kept_areas(study: geodata.Study) -> Path:
    return store_of(study).folder / plan_of(study).keys.areas / "measures.npz"


def forbid_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(coverage, "measure", refuse)


@pytest.mark.heavy
def test_a_second_run_with_nothing_changed_measures_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = geodata.assess_study(geodata.open_study(file))
    forbid_measuring(monkeypatch)
    second = geodata.assess_study(geodata.open_study(file))
    assert (first.measured, second.measured) == (True, False)
    assert second.run_id == first.run_id
    assert second.assessment.verdicts.equals(first.assessment.verdicts)


@pytest.mark.heavy
def test_a_changed_layer_is_measured_anew(file: Path) -> None:
    before = geodata.open_study(file)
    geodata.assess_study(before)
    path = file.parent / "layers" / "alpha_4g.gpkg"
    layer = gpd.read_file(path)
    path.unlink()
    gpd.GeoDataFrame(geometry=layer.translate(-300, 0), crs=layer.crs).to_file(path)
    after = geodata.open_study(file)
    assert measures_key(after) != measures_key(before)
    assert geodata.assess_study(after).measured


def test_another_rule_or_attribute_is_another_run_of_the_same_measures(file: Path) -> None:
    first = geodata.assess_study(geodata.open_study(file))
    text = 'rule = { name = "strict", covered_share = 0.9, centre = false }'
    file.write_text(folder.STUDY.replace('rule = "vn-village"', text), encoding="utf-8")
    second = geodata.assess_study(geodata.open_study(file))
    assert not second.measured
    assert second.run_id != first.run_id
    assert second.summary.headline.covered == 3
    villages = gpd.read_file(file.parent / "villages.gpkg")
    villages["population"] += 1
    villages.to_file(file.parent / "villages.gpkg")
    third = geodata.assess_study(geodata.open_study(file))
    assert not third.measured
    assert third.run_id != second.run_id


def test_what_is_published_moves_only_when_asked(file: Path) -> None:
    study = geodata.open_study(file)
    published = geodata.assess_study(study, publish=True)
    text = folder.STUDY.replace('rule = "vn-village"', 'rule = { name = "s", weak_share = 0.2 }')
    file.write_text(text, encoding="utf-8")
    what_if = geodata.assess_study(geodata.open_study(file))
    current = (file.parent / "results" / "current").read_text(encoding="utf-8").strip()
    assert current == published.run_id != what_if.run_id
    found = geodata.latest_run(geodata.open_study(file))
    assert found is not None
    assert found.run_id == published.run_id


@pytest.mark.heavy
def test_the_latest_run_is_read_back_without_measuring(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert geodata.latest_run(geodata.open_study(file)) is None
    made = geodata.assess_study(geodata.open_study(file))
    forbid_measuring(monkeypatch)
    found = geodata.latest_run(geodata.open_study(file))
    assert found is not None
    assert (found.run_id, found.made_at) == (made.run_id, made.made_at)
    assert found.assessment.verdicts.equals(made.assessment.verdicts)


@pytest.mark.heavy
def test_a_run_of_other_inputs_is_not_shown_as_current(file: Path) -> None:
    geodata.assess_study(geodata.open_study(file), publish=True)
    text = folder.STUDY.split('[[layers]]\noperator = "Beta"', maxsplit=1)[0]
    file.write_text(text, encoding="utf-8")
    assert geodata.latest_run(geodata.open_study(file)) is None


@pytest.mark.heavy
def test_a_run_that_fails_halfway_leaves_everything_as_it_was(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = geodata.assess_study(geodata.open_study(file), publish=True)
    before = sorted(p.name for p in (file.parent / "results").iterdir())
    text = folder.STUDY.replace('rule = "vn-village"', 'rule = { name = "s", weak_share = 0.2 }')
    file.write_text(text, encoding="utf-8")

    def fail(run: object) -> dict[str, object]:
        raise RuntimeError(run)

    monkeypatch.setattr(results, "_described", fail)
    with pytest.raises(RuntimeError):
        geodata.assess_study(geodata.open_study(file), publish=True)
    assert sorted(p.name for p in (file.parent / "results").iterdir()) == before
    found = geodata.latest_run(geodata.open_study(file))
    assert found is not None
    assert found.run_id == good.run_id


def test_the_manifest_says_how_to_make_it_again(file: Path) -> None:
    run = geodata.assess_study(geodata.open_study(file))
    manifest = json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["headline"]["uncovered"] == 3
    assert manifest["rule"]["covered_share"] == 0.5
    assert set(manifest["inputs"]) == {
        "study.toml", "villages.gpkg", "centres.gpkg", "districts.gpkg", "communes.gpkg",
        "layers/alpha_4g.gpkg", "layers/beta_3g.gpkg",
    }  # fmt: skip
    assert manifest["packages"]["shapely"]
    assert manifest["reconstruction"] is None


def test_the_kept_villages_open_in_a_gis(file: Path) -> None:
    run = geodata.assess_study(geodata.open_study(file))
    kept = gpd.read_parquet(run.folder / "villages.parquet")
    assert kept.crs == tiny.CRS
    assert kept.loc["v3", "verdict"] == "weak"
    assert kept["centre"].geom_type.eq("Point").all()


def test_kept_villages_lie_along_a_curve_and_open_in_their_own_order(file: Path) -> None:
    """Kept measures name villages by their place: in another order the figures would be others'."""
    study = geodata.open_study(file)
    run = geodata.assess_study(study)
    kept = gpd.read_parquet(run.folder / "villages.parquet")
    assert kept.hilbert_distance().is_monotonic_increasing
    assert kept.index.tolist() != study.villages.index.tolist()
    assert kept["place"].map(dict(enumerate(study.villages.index))).tolist() == kept.index.tolist()
    found = geodata.open_run(study, run.run_id)
    pd.testing.assert_frame_equal(found.study.villages, study.villages)
    pd.testing.assert_frame_equal(found.assessment.verdicts, run.assessment.verdicts)


def test_a_run_kept_before_places_were_written_is_in_its_order(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = geodata.open_study(file)
    run = geodata.assess_study(study)
    path = run.folder / "villages.parquet"
    held = gpd.read_parquet(path).sort_values("place").drop(columns="place")
    held.to_parquet(path)
    monkeypatch.setattr(reopen, "require_whole", lambda *_: None)
    found = geodata.open_run(study, run.run_id)
    pd.testing.assert_frame_equal(found.assessment.verdicts, run.assessment.verdicts)


@pytest.mark.heavy
def test_kept_measures_that_cannot_be_read_are_made_again(file: Path) -> None:
    study = geodata.open_study(file)
    geodata.assess_study(study)
    kept = kept_areas(study)
    kept.write_bytes(b"PK\x03\x04 broken")
    assert geodata.assess_study(geodata.open_study(file)).measured
    assert not geodata.assess_study(geodata.open_study(file)).measured


def test_a_broken_manifest_is_told(file: Path) -> None:
    run = geodata.assess_study(geodata.open_study(file))
    (run.folder / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(UnreadableError, match=r"manifest\.json cannot be read"):
        geodata.latest_run(geodata.open_study(file))


def test_a_rule_nobody_knows_is_told_with_the_nearest(file: Path) -> None:
    with pytest.raises(CallError, match=r"vn-vilage is not known.*vn-village\?"):
        geodata.assess_study(geodata.open_study(file), rule="vn-vilage")


def with_rule(file: Path, rule: str) -> geodata.Study:
    file.write_text(folder.STUDY.replace('rule = "vn-village"', rule), encoding="utf-8")
    return geodata.open_study(file)


STRICT = 'rule = { name = "strict", covered_share = 0.9, centre = false }'


@pytest.mark.heavy
def test_a_threshold_moved_and_moved_back_shows_the_first_figures_again(file: Path) -> None:
    first = geodata.assess_study(geodata.open_study(file))
    geodata.assess_study(with_rule(file, STRICT))
    study = with_rule(file, 'rule = "vn-village"')
    geodata.assess_study(study)
    found = geodata.latest_run(study)
    assert found is not None
    assert found.run_id == first.run_id


@pytest.mark.heavy
def test_a_run_by_a_rule_the_study_has_left_is_history(file: Path) -> None:
    old = geodata.assess_study(geodata.open_study(file))
    study = with_rule(file, STRICT)
    assert geodata.latest_run(study) is None
    assert geodata.open_run(study, old.run_id).summary.headline.covered == 6


@pytest.mark.heavy
def test_a_what_if_is_shown_until_the_study_has_a_run_of_its_own(file: Path) -> None:
    study = with_rule(file, STRICT)
    what_if = geodata.assess_study(study, rule="vn-village")
    found = geodata.latest_run(study)
    assert found is not None
    assert found.run_id == what_if.run_id
    own = geodata.assess_study(study)
    found = geodata.latest_run(study)
    assert found is not None
    assert found.run_id == own.run_id


@pytest.mark.heavy
def test_a_new_published_figure_leaves_the_published_run_where_it_is(file: Path) -> None:
    first = geodata.assess_study(geodata.open_study(file), publish=True)
    file.write_text(folder.STUDY.replace("value = 6", "value = 7"), encoding="utf-8")
    found = geodata.latest_run(geodata.open_study(file))
    assert found is not None
    assert found.run_id == first.run_id
    assert [c.agrees for c in found.summary.comparisons] == [False]


@pytest.mark.heavy
def test_an_old_run_opens_as_it_was_whatever_the_inputs_are_now(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = geodata.assess_study(geodata.open_study(file))
    villages = tiny.villages().drop(columns="centre").iloc[:4].reset_index()
    (file.parent / "villages.gpkg").unlink()
    villages.to_file(file.parent / "villages.gpkg")
    centres = gpd.read_file(file.parent / "centres.gpkg").iloc[:4]
    (file.parent / "centres.gpkg").unlink()
    centres.to_file(file.parent / "centres.gpkg")
    study = geodata.open_study(file)
    assert geodata.assess_study(study).summary.headline.villages == 4
    forbid_measuring(monkeypatch)
    found = geodata.open_run(study, old.run_id)
    assert found.summary.headline == old.summary.headline
    assert found.assessment.verdicts.equals(old.assessment.verdicts)
    assert found.assessment.measures.layers == old.assessment.measures.layers
    assert (found.made_at, found.folder, found.measured) == (old.made_at, old.folder, False)


def test_a_run_that_is_not_kept_or_lost_its_measures_is_told(file: Path) -> None:
    study = geodata.open_study(file)
    run = geodata.assess_study(study)
    with pytest.raises(CallError, match=f"run gone is not kept; the study has {run.run_id}"):
        geodata.open_run(study, "gone")
    kept_areas(study).unlink()
    with pytest.raises(UnreadableError, match=f"the measures of run {run.run_id} are gone"):
        geodata.open_run(study, run.run_id)


def test_the_measures_and_shares_of_a_run_are_tables_for_people(file: Path) -> None:
    run = geodata.assess_study(geodata.open_study(file))
    measures = pd.read_parquet(run.folder / "measures.parquet")
    of_v3 = measures[measures["village_id"] == "v3"].set_index("layers")["area_m2"]
    assert of_v3.round(3).to_dict() == {"": 700_000, "Beta 3G": 300_000}
    shares = pd.read_parquet(run.folder / "operator_shares.parquet")
    assert shares.loc["v2"].round(6).to_dict() == {"Alpha": 0.5, "Beta": 0}
    assert pd.read_parquet(run.folder / "served_by.parquet").loc["v1"].tolist() == [True, False]


def test_every_table_of_a_run_is_kept_as_the_summary_has_it(file: Path) -> None:
    run = geodata.assess_study(geodata.open_study(file))
    summary = run.summary
    for name, table in (
        ("by_district", summary.by_district), ("by_commune", summary.by_commune),
        ("by_operator", summary.by_operator), ("by_technology", summary.by_technology),
        ("by_layer", summary.by_layer),
        ("by_number_of_operators", summary.by_number_of_operators.to_frame()),
    ):  # fmt: skip
        assert len(table)
        kept = pd.read_parquet(run.folder / f"{name}.parquet")
        pd.testing.assert_frame_equal(kept, table, check_dtype=False, check_index_type=False)
    assert sorted(path.stem for path in run.folder.glob("*.parquet")) == [
        "by_commune", "by_district", "by_layer", "by_number_of_operators", "by_operator",
        "by_technology", "measures", "operator_shares", "served_by", "villages",
    ]  # fmt: skip


def test_an_old_run_keeps_its_day_and_one_that_told_none_has_that_of_the_study(file: Path) -> None:
    old = geodata.assess_study(geodata.open_study(file))
    day = folder.STUDY.replace("as_of = 2023-08-30\ncrs", "as_of = 2024-06-30\ncrs")
    file.write_text(day, encoding="utf-8")
    study = geodata.open_study(file)
    assert study.as_of == date(2024, 6, 30)
    assert geodata.open_run(study, old.run_id).study.as_of == date(2023, 8, 30)
    path = old.folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest["sha256"], manifest["as_of"]  # as before runs told their day
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert geodata.open_run(study, old.run_id).study.as_of == date(2024, 6, 30)


@pytest.mark.heavy
def test_results_are_for_the_whole_office(file: Path) -> None:
    run = geodata.assess_study(geodata.open_study(file), publish=True)
    made_by_hand = file.parent / "by_hand"
    made_by_hand.mkdir()
    assert run.folder.stat().st_mode == made_by_hand.stat().st_mode


@pytest.mark.heavy
def test_a_manifest_without_its_rule_is_told(file: Path) -> None:
    run = geodata.assess_study(geodata.open_study(file))
    (run.folder / "manifest.json").write_text('{"made_at": "2026-01-01"}', encoding="utf-8")
    with pytest.raises(UnreadableError, match="measures is missing, rule is missing"):
        geodata.latest_run(geodata.open_study(file))


@pytest.mark.heavy
def test_two_processes_with_one_study_leave_one_run(file: Path) -> None:
    study = geodata.open_study(file)
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: geodata.assess_study(study, publish=True), range(4)))
    assert len({run.run_id for run in runs}) == 1
    assert sorted(p.name for p in (file.parent / "results").iterdir()) == sorted(
        [runs[0].run_id, "current", "history", "measures"]
    )
    assert geodata.latest_run(study) is not None
