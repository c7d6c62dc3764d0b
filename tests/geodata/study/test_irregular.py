"""The twelve irregular villages as a folder: what is read is what was drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import coverage
import geodata
from tests import irregular as twelve


def test_a_folder_of_irregular_villages_has_the_verdicts_by_hand(irregular: Path) -> None:
    study = geodata.open_study(irregular)
    measures = coverage.measure(study.villages, study.layers)
    found = coverage.judge(measures, study.rule, expected=study.expected).verdicts["verdict"]
    assert found.to_dict() == twelve.VERDICTS


def test_what_is_not_known_of_a_village_stays_unknown(irregular: Path) -> None:
    read, drawn = geodata.open_study(irregular).villages, twelve.villages()
    assert read.index.tolist() == drawn.index.tolist()
    for name in ("population", "households"):
        np.testing.assert_array_equal(read[name].to_numpy(float), drawn[name].to_numpy(float))
    for name in ("electrified", "fund_eligible"):
        assert read[name].isna().tolist() == drawn[name].isna().tolist()
        assert read[name].dropna().tolist() == drawn[name].dropna().tolist()
    assert read["centre"].isna().tolist() == drawn["centre"].isna().tolist()
    assert read["commune_code"].tolist() == drawn["commune_code"].tolist()


def test_a_filing_keeps_the_extent_it_speaks_of(irregular: Path) -> None:
    layers = geodata.open_study(irregular).layers
    extents = [layer.info.title for layer in layers if layer.extent is not None]
    assert extents == ["Gamma 4G"]
