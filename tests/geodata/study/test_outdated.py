"""What was published stays what is shown, whatever version or inputs come after, and says so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import coverage
import geodata
from coverage.judge import JUDGING, judge
from coverage.model import Assessment, Expected, Measures, Rule
from geodata.errors import KeptResultError
from geodata.export.standing import since_text, standing_text
from geodata.study import digests, run_ids
from geodata.study.assess import assess_study, run_to_show
from geodata.study.digests import READING
from geodata.study.kept import plan_of, store_of
from geodata.study.model import Study
from geodata.study.reopen import latest_run, shown_as_kept
from geodata.study.results import Run
from geodata.study.run_ids import earlier_run_id
from geodata.study.store import DIGEST
from tests import folder

STRICT = 'rule = { name = "strict", covered_share = 0.9, centre = false }'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return folder.write(tmp_path / "study")


def opened(file: Path) -> Study:
    return geodata.open_study(file)


def published(file: Path) -> Run:
    run = assess_study(opened(file), publish=True)
    assert run.summary.headline.covered == 6
    return run


def harsher(measures: Measures, rule: Rule, *, expected: Expected) -> Assessment:
    """A judgement by which three of the six are covered."""
    stricter = replace(rule, covered_share=0.9, centre=False)
    return replace(judge(measures, stricter, expected=expected), rule=rule)


def judge_otherwise(patch: pytest.MonkeyPatch) -> None:
    """This program becomes the next version of judging."""
    patch.setattr(coverage, "judge", harsher)
    patch.setattr(run_ids, "VERSIONS", {**run_ids.VERSIONS, "judging": JUDGING + 1})


def read_otherwise(patch: pytest.MonkeyPatch) -> None:
    """This program becomes the next version of reading."""
    patch.setattr(digests, "READING", READING + 1)
    patch.setattr(run_ids, "VERSIONS", {**run_ids.VERSIONS, "reading": READING + 1})


def shift(file: Path, east_m: float = -300) -> None:
    """Move the layer of Alpha."""
    path = file.parent / "layers" / "alpha_4g.gpkg"
    layer = gpd.read_file(path)
    path.unlink()
    gpd.GeoDataFrame(geometry=layer.translate(east_m, 0), crs=layer.crs).to_file(path)


def as_of_earlier(run: Run) -> str:
    """Keep a run as versions to December 2026 did: under their id, its versions untold."""
    study = run.study
    name = earlier_run_id(study, study.rule, key=plan_of(study).key)
    path = run.folder / "manifest.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    del told["sha256"], told["versions"]
    path.write_text(json.dumps({**told, "run_id": name}), encoding="utf-8")
    run.folder.rename(run.folder.with_name(name))
    (study.folder / "results" / "current").write_text(f"{name}\n", encoding="utf-8")
    (study.folder / "results" / "history").unlink()
    return name


def test_what_is_published_outlives_another_judging_and_is_judged_anew_when_asked(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = published(file)
    kept = old.sureness
    judge_otherwise(monkeypatch)
    shown = run_to_show(opened(file))
    assert shown.run_id == old.run_id
    assert shown.summary.headline == old.summary.headline
    pd.testing.assert_frame_equal(shown.assessment.verdicts, old.assessment.verdicts)
    pd.testing.assert_frame_equal(
        shown.assessment.operator_shares, old.assessment.operator_shares, check_names=False
    )
    for name in ("by_district", "by_commune", "by_operator", "by_technology", "by_layer"):
        was, now = getattr(old.summary, name), getattr(shown.summary, name)
        pd.testing.assert_frame_equal(now, was, check_dtype=False, check_index_type=False)
    assert (shown.sureness.between, shown.sureness.uncovered) == (kept.between, kept.uncovered)
    for scenario, marked in kept.marked.items():
        np.testing.assert_array_equal(shown.sureness.marked[scenario], marked)
    pd.testing.assert_frame_equal(shown.sureness.villages[kept.villages.columns], kept.villages)
    assert shown.outdated is not None
    assert (shown.outdated.versions, shown.outdated.turned) == (("judging",), 3)
    assert (shown.outdated.files, shown.outdated.settings) == ((), ())
    text = standing_text(shown, "en")
    assert "by another version of the program; its verdicts stand as they were stored" in text
    assert "Changed since: how the program judges." in text
    assert "this version gives another verdict to villages: 3." in text
    assert "kết luận giữ nguyên như đã lưu" in standing_text(shown, "vi")

    new = assess_study(opened(file), publish=True)
    assert new.run_id != old.run_id
    assert not new.measured, "the measures are the same"
    assert new.summary.headline.covered == 3
    assert new.since is not None
    assert (new.since.run_id, new.since.versions, new.since.turned) == (
        old.run_id, ("judging",), 3,
    )  # fmt: skip
    assert since_text(new, "en").endswith(
        "how the program judges. Villages with another verdict: 3."
    )
    again = run_to_show(opened(file))
    assert (again.run_id, again.outdated) == (new.run_id, None)
    assert standing_text(again, "vi") == ""


def test_a_run_of_a_version_that_told_none_opens_with_what_it_stored(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(coverage, "judge", harsher)  # an earlier version judged so
        old = assess_study(opened(file), publish=True)
    name = as_of_earlier(old)
    shown = latest_run(opened(file))
    assert shown is not None
    assert (shown.run_id, shown.made_at) == (name, old.made_at)
    assert shown.summary.headline.covered == 3
    assert shown.outdated is not None
    assert (shown.outdated.versions, shown.outdated.turned) == (("untold",), 3)
    assert "the version of the program (the run names none)" in standing_text(shown, "en")
    new = assess_study(opened(file), publish=True)
    assert new.run_id not in (name, old.run_id[:0])
    assert (new.summary.headline.covered, run_to_show(opened(file)).outdated) == (6, None)


def test_another_reading_measures_anew_and_leaves_what_is_published(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = published(file)
    read_otherwise(monkeypatch)
    shown = run_to_show(opened(file))
    assert (shown.run_id, shown.summary.headline) == (old.run_id, old.summary.headline)
    assert shown.outdated is not None
    assert (shown.outdated.versions, shown.outdated.inputs) == (("reading",), False)
    assert shown.outdated.other_measures
    assert "how the program reads files" in standing_text(shown, "en")
    new = assess_study(opened(file))
    assert (new.measured, new.measured_layers) == (True, 2)
    assert not {key for _, key in new.parts} & {key for _, key in old.parts}
    assert new.run_id != old.run_id
    assert run_to_show(opened(file)).run_id == old.run_id, "nothing was published since"
    assert run_to_show(opened(file)).outdated is not None


@pytest.mark.heavy
def test_changed_files_are_named_and_change_no_figure(file: Path) -> None:
    old = published(file)
    shift(file)
    shown = run_to_show(opened(file))
    assert (shown.run_id, shown.summary.headline) == (old.run_id, old.summary.headline)
    assert shown.assessment.verdicts.equals(old.assessment.verdicts)
    assert shown.outdated is not None
    assert (shown.outdated.files, shown.outdated.versions) == (("layers/alpha_4g.gpkg",), ())
    text = standing_text(shown, "en")
    assert f"These figures are of run {old.run_id}, made on" in text
    assert "Changed since: alpha_4g.gpkg." in text
    assert "Từ đó đã thay đổi: alpha_4g.gpkg." in standing_text(shown, "vi")
    new = assess_study(opened(file), publish=True)
    assert new.since is not None
    assert new.since.files == ("layers/alpha_4g.gpkg",)
    assert run_to_show(opened(file)).outdated is None


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("before", "after", "settings"),
    [
        ('rule = "vn-village"', STRICT, ("rule",)),
        ('operators = ["Alpha", "Beta"]', 'operators = ["Alpha"]', ("expected",)),
        ("as_of = 2023-08-30\ncrs", "as_of = 2024-08-30\ncrs", ("as_of",)),
        ('source = "a test"\n\n[[layers]]', 'source = "x"\n\n[[layers]]', ("layers",)),
    ],
)
def test_changed_settings_are_named(
    file: Path, before: str, after: str, settings: Sequence[str]
) -> None:
    old = published(file)
    assert before in folder.STUDY
    file.write_text(folder.STUDY.replace(before, after), encoding="utf-8")
    shown = run_to_show(opened(file))
    assert (shown.run_id, shown.summary.headline) == (old.run_id, old.summary.headline)
    assert shown.assessment.rule == old.assessment.rule
    assert shown.outdated is not None
    assert shown.outdated.settings == tuple(settings)
    assert "study.toml" in standing_text(shown, "en")


@pytest.mark.heavy
def test_what_no_figure_depends_on_is_not_named(file: Path) -> None:
    old = published(file)
    file.write_text(folder.STUDY.replace("value = 6", "value = 7"), encoding="utf-8")
    shown = run_to_show(opened(file))
    assert (shown.run_id, shown.outdated) == (old.run_id, None)


@pytest.mark.heavy
def test_a_rule_that_was_tried_out_and_published_is_no_change(file: Path) -> None:
    tried = assess_study(opened(file), rule="vn-without-3g", publish=True)
    assert run_to_show(opened(file)).outdated is None
    shift(file)
    shown = run_to_show(opened(file))
    assert shown.outdated is not None
    assert (shown.outdated.settings, shown.outdated.rule) == ((), tried.assessment.rule)


def test_villages_that_came_or_went_leave_what_is_published(file: Path) -> None:
    old = published(file)
    for name in ("villages", "centres"):
        path = file.parent / f"{name}.gpkg"
        table = gpd.read_file(path).iloc[:4]
        path.unlink()
        table.to_file(path)
    shown = run_to_show(opened(file))
    assert (shown.run_id, shown.summary.headline.villages) == (old.run_id, 9)
    assert len(shown.study.villages) == 9
    new = assess_study(opened(file), publish=True)
    assert new.summary.headline.villages == 4
    assert new.since is not None
    assert new.since.turned == 5


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["villages", "operator_shares", "served_by", "by_district"])
@pytest.mark.parametrize("damage", ["gone", "other", "no table"])
def test_stored_verdicts_that_cannot_be_read_are_told(
    file: Path, monkeypatch: pytest.MonkeyPatch, name: str, damage: str
) -> None:
    old = published(file)
    path = old.folder / f"{name}.parquet"
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(b"PAR1" if damage == "no table" else path.read_bytes() + b"x")
    judge_otherwise(monkeypatch)
    with pytest.raises(KeptResultError, match=rf"{name}\.parquet .*assess the study again"):
        run_to_show(opened(file))
    assert assess_study(opened(file), publish=True).summary.headline.covered == 3
    assert run_to_show(opened(file)).outdated is None


@pytest.mark.heavy
def test_verdicts_that_an_untold_manifest_did_not_count_are_told(file: Path) -> None:
    old = published(file)
    strict = assess_study(opened(file), rule=replace(old.assessment.rule, covered_share=0.9,
                                                     centre=False))  # fmt: skip
    (old.folder / "villages.parquet").write_bytes((strict.folder / "villages.parquet").read_bytes())
    path = old.folder / "manifest.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    for key in ("sha256", "versions", "files"):
        del told[key]
    path.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(KeptResultError, match=r"villages\.parquet cannot be read"):
        run_to_show(opened(file))


@pytest.mark.heavy
def test_measures_that_are_gone_are_measured_again_with_the_same_figures(file: Path) -> None:
    old = published(file)
    store = store_of(old.study)
    for entry in store.entries():
        store.remove(entry.key)
    shown = run_to_show(opened(file))
    assert (shown.run_id, shown.made_at, shown.outdated) == (old.run_id, old.made_at, None)
    assert shown.assessment.verdicts.equals(old.assessment.verdicts)


@pytest.mark.heavy
def test_measures_of_other_inputs_that_are_gone_are_told(file: Path) -> None:
    old = published(file)
    store_of(old.study).remove(old.parts[0][1])
    shift(file)
    with pytest.raises(KeptResultError, match=f"the measures of run {old.run_id} are gone"):
        run_to_show(opened(file))


@pytest.mark.heavy
def test_without_a_publication_what_is_kept_is_shown_or_assessed_anew_with_a_word(
    file: Path,
) -> None:
    assert shown_as_kept(opened(file)) is None
    old = run_to_show(opened(file))
    assert (old.measured, old.outdated, old.since) == (True, None, None)
    shift(file)
    shown = run_to_show(opened(file))
    assert shown.run_id == old.run_id
    assert shown.outdated is not None
    new = run_to_show(opened(file), kept=False)
    assert new.since is not None
    assert (new.since.run_id, new.since.files) == (old.run_id, ("layers/alpha_4g.gpkg",))
    assert run_to_show(opened(file)).run_id == new.run_id


@pytest.mark.heavy
def test_a_run_under_another_runs_name_is_not_believed(file: Path) -> None:
    old = published(file)
    strict = assess_study(opened(file), rule=replace(old.assessment.rule, covered_share=0.9,
                                                     centre=False))  # fmt: skip
    for path in strict.folder.iterdir():
        (old.folder / path.name).write_bytes(path.read_bytes())
    with pytest.raises(KeptResultError, match="it is not what was written"):
        run_to_show(opened(file))
    again = published(file)
    assert [str(one) for one in again.mended] == [
        f"results/{old.run_id}/manifest.json was damaged, and has been made anew"
    ]


def test_a_published_run_whose_measures_bear_no_proof_opens_by_its_own_table(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = published(file)
    store = store_of(old.study)
    for entry in store.entries():
        path = store.folder / entry.key / "about.json"
        told = json.loads(path.read_text(encoding="utf-8"))
        del told[DIGEST]  # as versions to November 2026 kept them
        path.write_text(json.dumps(told), encoding="utf-8")
    judge_otherwise(monkeypatch)
    shift(file)
    shown = run_to_show(opened(file))
    assert shown.summary.headline == old.summary.headline
    table = pd.read_parquet(old.folder / "measures.parquet")
    table["area_m2"] += 1
    table.to_parquet(old.folder / "measures.parquet")
    path = old.folder / "manifest.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    del told["sha256"], told["files"]
    path.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(KeptResultError, match="the measures of run"):
        run_to_show(opened(file))
