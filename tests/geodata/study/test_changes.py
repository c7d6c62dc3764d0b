"""What changed since the last published result, and the rules kept under a name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pytest

import geodata
from geodata.errors import CallError, UnreadableError
from geodata.nearest import nearest_signal, nearest_village
from geodata.study.assess import assess_study
from geodata.study.changes import changes_since
from geodata.study.places import named, searchable, structure_on, structures_of
from geodata.study.variants import load_variants, remove_variant, save_variant
from tests.tiny_study import write_study


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_study(tmp_path / "study")


def test_publish_change_publish_tells_what_changed(file: Path) -> None:
    first = assess_study(geodata.open_study(file), publish=True)
    assert changes_since(first) is None
    alpha = gpd.read_file(file.parent / "Alpha.gpkg")
    alpha.geometry = alpha.geometry.translate(xoff=1000)  # v1 v4 v7 lose it, v3 v6 v9 gain half
    alpha.to_file(file.parent / "Alpha.gpkg")
    second = assess_study(geodata.open_study(file), publish=True)
    found = changes_since(second)
    assert found is not None
    assert found.since_run == first.run_id
    assert set(found.newly_covered) == {"v3", "v6", "v9"}
    assert found.newly_uncovered == ()
    alpha.geometry = alpha.geometry.translate(xoff=1000)
    alpha.to_file(file.parent / "Alpha.gpkg")
    third = assess_study(geodata.open_study(file), publish=True)
    later = changes_since(third)
    assert later is not None
    assert later.since_run == second.run_id
    assert set(later.newly_uncovered) == {"v1", "v4", "v7"}
    cut = later.cut({"v1"})
    assert cut.newly_uncovered == ("v1",)
    assert not cut.is_empty


@pytest.mark.heavy
def test_a_variant_is_kept_under_its_name_and_publishes_nothing(file: Path) -> None:
    study = geodata.open_study(file)
    run = assess_study(study, publish=True)
    kept = save_variant(study, "Ngưỡng 70 %", replace(study.rule, covered_share=0.7))
    assert (kept.name, kept.title) == ("nguong-70", "Ngưỡng 70 %")
    assert load_variants(study) == {"nguong-70": kept}
    published = geodata.latest_run(geodata.open_study(file))
    assert published is not None
    assert published.run_id == run.run_id
    remove_variant(study, "../study")
    remove_variant(study, "nguong-70")
    assert load_variants(study) == {}
    assert file.exists()


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["", "///", "…", "vn-village"])
def test_a_variant_needs_a_name_of_its_own(file: Path, name: str) -> None:
    study = geodata.open_study(file)
    with pytest.raises(CallError, match="cannot be called"):
        save_variant(study, name, study.rule)


def test_a_broken_variant_is_told_by_its_file(file: Path) -> None:
    study = geodata.open_study(file)
    (file.parent / "variants").mkdir()
    (file.parent / "variants" / "x.json").write_text('{"name": 1', encoding="utf-8")
    with pytest.raises(UnreadableError, match=r"variants/x\.json"):
        load_variants(study)


def test_places_of_both_structures_and_the_search(file: Path) -> None:
    study = geodata.open_study(file)
    before, now = structures_of(study)
    assert (before.levels, now.levels) == (("district", "commune"), ("commune",))
    assert structure_on((before, now), study.as_of) is before
    assert now.places.loc["v9", "commune"] == "Xã Núi <b>Cao</b>"
    assert list(before.units("commune", within="417")) == ["12"]
    names = searchable(study, (before, now))
    assert list(names.index[named(names, "nui CAO")]) == ["v4", "v5", "v6", "v7", "v8", "v9"]
    assert not named(names, "nowhere").any()


@pytest.mark.heavy
def test_what_is_nearest_has_distance_and_bearing(file: Path) -> None:
    study = geodata.open_study(file)
    run = assess_study(study)
    covered = run.assessment.verdicts["verdict"] == "covered"
    near = nearest_village(study.villages, covered, of=["v9", "v3"])
    assert list(near["village_id"]) == ["v8", "v2"]
    assert near["distance_m"].tolist() == pytest.approx([1000, 1000], rel=1e-3)
    assert near["bearing_deg"].tolist() == pytest.approx([270, 270], abs=1)
    signal = nearest_signal(study.villages, [x.footprint for x in study.layers], of=["v9"])
    assert signal["distance_m"].iloc[0] == pytest.approx(1000, rel=1e-3)
    assert nearest_village(study.villages, covered & False, of=["v9"]).empty
