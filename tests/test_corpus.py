from __future__ import annotations

from pathlib import Path

import pytest

from coverage.errors import CoverageError
from geodata.errors import GeodataError
from tests.corpus import Case, all_cases

CASES = all_cases()


@pytest.mark.heavy
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_file_of_the_corpus_is_read_or_refused_as_it_should_be(
    case: Case, tmp_path: Path
) -> None:
    path = case.make(tmp_path)
    if not case.refused:
        case.check(path)
        return
    with pytest.raises((GeodataError, CoverageError)) as caught:
        case.check(path)
    assert case.refused in str(caught.value)


def test_no_two_cases_bear_one_name() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
