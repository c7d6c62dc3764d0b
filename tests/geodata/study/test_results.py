"""Runs are kept whole, found again, and nothing is measured twice."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest

import coverage
import geodata
from geodata import CallError, UnreadableError
from geodata.study import results
from geodata.study.kept import folder_of, measures_key
from tests import folder, tiny


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return folder.write(tmp_path / "study")


def forbid_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(coverage, "measure", refuse)


def test_a_second_run_with_nothing_changed_measures_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = geodata.assess_study(geodata.open_study(file))
    forbid_measuring(monkeypatch)
    second = geodata.assess_study(geodata.open_study(file))
    assert (first.measured, second.measured) == (True, False)
    assert second.run_id == first.run_id
    assert second.assessment.verdicts.equals(first.assessment.verdicts)


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


def test_a_run_of_other_inputs_is_not_shown_as_current(file: Path) -> None:
    geodata.assess_study(geodata.open_study(file), publish=True)
    text = folder.STUDY.split('[[layers]]\noperator = "Beta"', maxsplit=1)[0]
    file.write_text(text, encoding="utf-8")
    assert geodata.latest_run(geodata.open_study(file)) is None


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


def test_kept_measures_that_cannot_be_read_are_made_again(file: Path) -> None:
    study = geodata.open_study(file)
    geodata.assess_study(study)
    kept = folder_of(study, measures_key(study)) / "measures.npz"
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
