"""Whatever is kept of measuring bears a digest of its content and of its inputs, or is nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

import geodata
from coverage.model import Measures
from geodata.study.assess import assess_study
from geodata.study.kept import store_of
from geodata.study.store import DIGEST, Store
from tests import tiny_signal
from tests.geodata.study.test_peopled import PEOPLE, write_raster

pytestmark = pytest.mark.heavy

NEEDED_BY = {"weights": "levels", "outline": "moved"}
"""Kinds that are read only where another is measured."""

KINDS = ("areas", "amounts", "levels", "moved", "weights", "outline")

SENTENCES = {
    "another's": "was damaged, and has been made anew",
    "another's arrays": "was damaged, and has been made anew",
    "no digest": "bore no proof of what it was made of, and has been made anew",
    "no key": "bore no proof of what it was made of, and has been made anew",
}


def _assessed(folder: Path, east_m: float) -> Path:
    """A study with all kinds of measures, its villages and a layer moved east; assessed."""
    file = tiny_signal.write_signal_study(folder)
    write_raster(folder / "people.tif", PEOPLE)
    text = '\n[population]\npath = "people.tif"\nunit = "count"\n'
    file.write_text(file.read_text("utf-8") + text, "utf-8")
    for name in ("villages", "Alpha", "Beta"):
        table = gpd.read_file(folder / f"{name}.gpkg")
        table.geometry = table.translate(east_m * (1 + (name == "villages")), 0)
        table.to_file(folder / f"{name}.gpkg")
    assess_study(geodata.open_study(file))
    return folder


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two studies that differ in where their villages are."""
    home = tmp_path_factory.mktemp("proofs")
    return _assessed(home / "mine", 0), _assessed(home / "other", 50)


def _of_kind(store: Store, kind: str) -> Path:
    return next(store.folder / entry.key for entry in store.entries() if entry.kind == kind)


def _spoil(entry: Path, other: Path, how: str) -> None:
    ours, theirs = (np.load(one / "measures.npz") for one in (entry, other))
    assert any(not np.array_equal(ours[name], theirs[name]) for name in ours.files)
    names = {"another's": ["about.json", "measures.npz"], "another's arrays": ["measures.npz"]}
    for name in names.get(how, ()):
        shutil.copyfile(other / name, entry / name)
    if how in ("no digest", "no key"):
        shutil.copyfile(other / "measures.npz", entry / "measures.npz")
        told = json.loads((entry / "about.json").read_text("utf-8"))
        del told[DIGEST if how == "no digest" else "key"]
        (entry / "about.json").write_text(json.dumps(told), "utf-8")


def _require_same(found: Measures, right: Measures) -> None:
    for name in ("village", "combination", "area_m2", "centre", "extent_share"):
        np.testing.assert_array_equal(getattr(found, name), getattr(right, name))
    assert list(found.amounts) == list(right.amounts)
    for basis, amounts in right.amounts.items():
        np.testing.assert_array_equal(found.amounts[basis].amount, amounts.amount)
    for one, other in zip(found.levels, right.levels, strict=True):
        np.testing.assert_array_equal(one.level, other.level)
        np.testing.assert_array_equal(one.parts["area"], other.parts["area"])
    assert found.moved is not None
    assert right.moved is not None
    np.testing.assert_array_equal(found.moved.inward.area_m2, right.moved.inward.area_m2)
    np.testing.assert_array_equal(found.moved.outward.area_m2, right.moved.outward.area_m2)


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        *((kind, how) for kind in KINDS for how in ("another's", "no digest")),
        ("areas", "another's arrays"),
        ("areas", "no key"),
    ],
)
def test_what_is_kept_under_anothers_name_is_made_anew_with_a_word(
    both: tuple[Path, Path], tmp_path: Path, kind: str, how: str
) -> None:
    mine = shutil.copytree(both[0], tmp_path / "study")
    right = assess_study(geodata.open_study(mine))
    store = store_of(right.study)
    entry = _of_kind(store, kind)
    _spoil(entry, _of_kind(store_of(geodata.open_study(both[1])), kind), how)
    if kind in NEEDED_BY:
        store.remove(_of_kind(store, NEEDED_BY[kind]).name)
    again = assess_study(geodata.open_study(mine))
    _require_same(again.assessment.measures, right.assessment.measures)
    assert again.summary.headline == right.summary.headline
    assert [str(one) for one in again.mended] == [f"results/measures/{entry.name} {SENTENCES[how]}"]
    assert not assess_study(geodata.open_study(mine)).mended


def test_every_kind_of_entry_is_tried(both: tuple[Path, Path]) -> None:
    store = store_of(geodata.open_study(both[0]))
    assert {entry.kind for entry in store.entries()} == set(KINDS)
