"""Damage to what a study keeps is told with the file's name, and made anew where it can be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import geodata
from geodata.errors import UnreadableError
from geodata.staging import UNFINISHED
from geodata.study.cache import kept_in
from geodata.study.kept import plan_of, store_of
from geodata.study.reopen import kept_runs, published_id
from geodata.study.results import Run, published_before
from geodata.upload.stopped import StoppedWork
from tests import folder, tiny
from ui.command import command


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return folder.write(tmp_path / "study")


def _published(file: Path) -> Run:
    return geodata.assess_study(geodata.open_study(file), publish=True)


def _told(run: Run) -> list[str]:
    return [str(one) for one in run.mended]


NESTED = "[" * 100_000
CHANGES = {"made_at": 5, "rule": [], "expected": {"operators": 3}, "layers": [{"operator": 1}]}


@pytest.mark.parametrize("content", [NESTED, "7", "[[1, 2, 3]]", "null", "\x00"])
def test_a_manifest_that_is_none_is_told(file: Path, content: str) -> None:
    run = _published(file)
    (run.folder / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(UnreadableError, match=rf"{run.run_id}/manifest\.json cannot be read"):
        geodata.latest_run(geodata.open_study(file))
    again = _published(file)
    assert _told(again) == [
        f"results/{run.run_id}/manifest.json was damaged, and has been made anew"
    ]
    assert geodata.latest_run(geodata.open_study(file)) is not None


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("digest", [True, False], ids=["digest", "of an earlier version"])
def test_a_manifest_with_a_wrong_type_is_told(file: Path, name: str, digest: bool) -> None:
    run = _published(file)
    path = run.folder / "manifest.json"
    manifest = {**json.loads(path.read_text(encoding="utf-8")), name: CHANGES[name]}
    if not digest:
        del manifest["sha256"]
    path.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(UnreadableError, match=r"manifest\.json cannot be read"):
        geodata.open_run(geodata.open_study(file), run.run_id)


def test_a_rule_with_another_number_is_not_believed(file: Path) -> None:
    run = _published(file)
    path = run.folder / "manifest.json"
    text = path.read_text(encoding="utf-8")
    assert '"covered_share": 0.5' in text
    path.write_text(text.replace('"covered_share": 0.5', '"covered_share": 0.1'), encoding="utf-8")
    with pytest.raises(UnreadableError, match="it is not what was written"):
        geodata.open_run(geodata.open_study(file), run.run_id)


def test_a_damaged_trial_leaves_the_published_run(file: Path) -> None:
    study = geodata.open_study(file)
    trial = geodata.assess_study(study, rule="vn-without-3g")
    run = _published(file)
    (trial.folder / "manifest.json").write_text("{", encoding="utf-8")
    found = geodata.latest_run(study)
    assert found is not None
    assert found.run_id == run.run_id
    assert [path.name for path in kept_runs(study)] == [run.run_id]


def test_an_area_changed_in_what_is_kept_is_measured_anew_and_told(file: Path) -> None:
    run = geodata.assess_study(geodata.open_study(file))
    path = store_of(run.study).folder / plan_of(run.study).keys.areas / "measures.npz"
    with np.load(path) as kept:
        arrays = {name: kept[name] for name in kept.files}
    arrays["area_m2"] = arrays["area_m2"][::-1].copy()
    np.savez_compressed(path, **arrays)
    again = geodata.assess_study(geodata.open_study(file))
    assert again.summary.headline == run.summary.headline
    assert again.measured
    key = plan_of(run.study).keys.areas
    assert _told(again) == [f"results/measures/{key} was damaged, and has been made anew"]
    assert not geodata.assess_study(geodata.open_study(file)).mended


def test_what_an_entry_says_of_itself_is_part_of_its_digest(file: Path) -> None:
    run = geodata.assess_study(geodata.open_study(file))
    store, key = store_of(run.study), plan_of(run.study).keys.areas
    about = store.folder / key / "about.json"
    told = json.loads(about.read_text(encoding="utf-8"))
    about.write_text(json.dumps({**told, "titles": ["x"]}), encoding="utf-8")
    assert store.read(key) is None


def test_a_summary_of_another_run_is_made_anew(file: Path) -> None:
    study = geodata.open_study(file)
    trial = geodata.assess_study(study, rule="vn-without-3g")
    run = _published(file)
    own = (run.folder / "by_district.parquet").read_bytes()
    shutil.copyfile(trial.folder / "by_district.parquet", run.folder / "by_district.parquet")
    again = _published(file)
    assert _told(again) == [
        f"results/{run.run_id}/by_district.parquet was damaged, and has been made anew"
    ]
    assert (run.folder / "by_district.parquet").read_bytes() == own
    assert again.made_at >= run.made_at
    assert not _published(file).mended


def test_villages_of_another_run_are_not_opened(file: Path) -> None:
    study = geodata.open_study(file)
    trial = geodata.assess_study(study, rule="vn-without-3g")
    run = _published(file)
    shutil.copyfile(trial.folder / "villages.parquet", run.folder / "villages.parquet")
    with pytest.raises(UnreadableError, match=r"villages\.parquet is gone or is not what was"):
        geodata.open_run(study, run.run_id)


@pytest.mark.parametrize("words", ["", "x", "..", "\x00", "20230830-0123456789\n20230830-0"])
def test_a_publication_that_names_no_run_is_told_and_mended_by_the_next(
    file: Path, words: str
) -> None:
    run = _published(file)
    current = file.parent / "results" / "current"
    current.write_text(words, encoding="utf-8")
    with pytest.raises(UnreadableError, match="results/current names no run"):
        geodata.latest_run(geodata.open_study(file))
    _published(file)
    assert current.read_text(encoding="utf-8").strip() == run.run_id


def test_a_publication_of_a_run_that_is_not_kept_is_told(file: Path) -> None:
    _published(file)
    (file.parent / "results" / "current").write_text("20230830-0123456789", encoding="utf-8")
    with pytest.raises(UnreadableError, match="names run 20230830-0123456789, which is not kept"):
        geodata.latest_run(geodata.open_study(file))


@pytest.mark.parametrize("name", ["current", "history"])
def test_a_folder_in_the_place_of_a_file_is_told_before_anything_is_written(
    file: Path, name: str
) -> None:
    run = _published(file)
    path = file.parent / "results" / name
    path.unlink()
    path.mkdir()
    with pytest.raises(UnreadableError, match=f"results/{name} is a folder where a file should"):
        _published(file)
    assert geodata.assess_study(geodata.open_study(file)).run_id == run.run_id
    assert published_before(run.study, run.run_id) is None


@pytest.mark.parametrize("name", ["results", "results/measures"])
def test_a_file_in_the_place_of_a_folder_is_told(file: Path, name: str) -> None:
    _published(file)
    shutil.rmtree(file.parent / name)
    (file.parent / name).write_text("x", encoding="utf-8")
    with pytest.raises(UnreadableError, match=f"{name} is a file where a folder should be"):
        _published(file)
    with pytest.raises(UnreadableError, match=f"{name} is a file where a folder should be"):
        published_id(geodata.open_study(file))


@pytest.mark.parametrize("content", [b"", b"village_id\nv1\n", b"\xff\x00", b"x,y\na,b\n"])
def test_kept_village_ids_that_are_damaged_are_told_and_left(
    tmp_path: Path, content: bytes
) -> None:
    villages = tiny.villages().drop(columns="centre").reset_index(drop=True)
    file = folder.write(tmp_path / "study")
    path = file.parent / "villages.gpkg"
    path.unlink()
    villages.to_file(path)
    file.write_text(folder.STUDY.replace('centres = "centres.gpkg"\n', ""), encoding="utf-8")
    geodata.open_study(file)
    ids = file.parent / "village_ids.csv"
    ids.write_bytes(content)
    with pytest.raises(UnreadableError, match=r"village_ids\.csv does not hold the village ids"):
        geodata.open_study(file)
    assert ids.read_bytes() == content


@pytest.mark.parametrize("before", [b"\xff\xfe\n../../x\n", b"20230830-0123456789\n\0\n", b""])
def test_a_damaged_history_is_told_and_keeps_what_names_runs(file: Path, before: bytes) -> None:
    run = _published(file)
    history = file.parent / "results" / "history"
    history.write_bytes(before and before + run.run_id.encode() + b"\n")
    damaged = history.read_bytes()
    seen = geodata.assess_study(geodata.open_study(file))
    assert [text.partition(", with what")[0] for text in _told(seen)] == [
        "results/history is damaged; the next publication writes it anew"
    ]
    assert history.read_bytes() == damaged
    assert _told(_published(file)) == [
        "results/history was damaged: what named no run is left out, and what did is kept"
    ]
    runs = [*(["20230830-0123456789"] if b"0123" in before else []), run.run_id]
    assert history.read_text(encoding="utf-8").split() == runs
    assert _told(_published(file)) == []


def test_a_run_that_is_being_written_is_none_of_those_kept(file: Path) -> None:
    run = _published(file)
    shutil.copytree(run.folder, run.folder.parent / f"{UNFINISHED}1")
    assert kept_runs(run.study) == (run.folder,)
    runs = {one for found in kept_in(file.parent).needed.values() for one in found}
    assert runs == {run.run_id}
    assert len(StoppedWork(folder=file.parent).results()) == 2, "the manifest and what is published"


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_command_line_says_what_was_damaged(file: Path, language: str) -> None:
    run = _published(file)
    (run.folder / "by_layer.parquet").write_bytes(b"")
    words = ["assess", str(file)]
    done = CliRunner().invoke(command, words, env={"PHUSONG_LANGUAGE": language})
    word = "was damaged" if language == "en" else "đã bị hỏng"
    assert f"results/{run.run_id}/by_layer.parquet {word}" in done.stderr
