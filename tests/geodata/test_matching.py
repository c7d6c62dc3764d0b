"""Official lists find their villages, and never a wrong one."""

from __future__ import annotations

import time
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata import DataError, matching
from geodata.commune_names import bare
from geodata.matching import Matches, match_villages
from geodata.village_names import name_of
from tests import perturbed
from tests.laws import examples

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
COLUMNS = ["village", "commune", "district"]


def known(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS, index=[f"v{k}" for k in range(len(rows))])


def asked(*rows: tuple[str | None, str | None, str | None]) -> pd.DataFrame:
    index = pd.RangeIndex(2, len(rows) + 2, name="row")
    return pd.DataFrame(rows, columns=COLUMNS, index=index, dtype="object")


HERE = ("Xã Nghi Thái", "Huyện Nghi Lộc")


def found(village: str, *names: str) -> Matches:
    """What one row of a commune becomes, beside known villages of the same commune."""
    return match_villages(asked((village, *HERE)), known(*[(name, *HERE) for name in names]))


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("Thôn 01", "Xóm 1"),
        ("XOM I", "Xóm 1"),
        ("Xóm XII", "Xóm 12"),
        ("Xóm Mười Hai", "Xóm 12"),
        ("TDP số 4", "Tổ dân phố 4"),
        ("X. 7", "Xóm 7"),
        ("Khối 1a", "Khối 1A"),
        ("BAN NA KHO", "Bản Na Kho"),
        ("Na Kho", "Bản Na Kho"),
        ("Làng Hoà Bình", "Bản Hòa Bình"),
        ("Thôn Mĩ Lí", "Thôn Mỹ Lý"),
        ("Đồng Tâm 2", "Xóm 2 Đồng Tâm"),
        ("Thôn Đồng Tâmm", "Thôn Đồng Tâm"),
        ("Xmó 5", "Xóm 5"),
    ],
)
def test_spellings_of_one_name_match(told: str, name: str) -> None:
    matches = found(told, name, "Xóm 99", "Bản Khác Hẳn")
    assert matches.matched["village_id"].tolist() == ["v0"]
    assert matches.matched["score"].between(0.88, 1).all()


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("Xóm 1", "Xóm 11"),
        ("Xóm 1", "Xóm 1A"),
        ("Xóm 1A", "Xóm 1B"),
        ("Tổ 5, khối 3", "Tổ 3, khối 5"),
        ("Đồng Tâm 1", "Đồng Tâm 2"),
        ("Đồng Tâm", "Đồng Tâm 2"),
        ("Thôn Đông", "Thôn Đồng"),
        ("Thôn Tân Tiến", "Thôn Tân Liên"),
        ("Xóm Nam", "Xóm 5"),
        ("Xom Nam", "Xóm 5"),
        ("BẢN XI", "Bản 11"),
        ("Bản iV", "Bản 4"),
        ("Xóm 3", "Xóm 3 Đồng Tâm"),
        ("iáng Trung", "Xom Truong"),
    ],
)
def test_what_may_be_another_village_is_never_taken(told: str, name: str) -> None:
    matches = found(told, name)
    assert matches.matched.empty
    assert len(matches.ambiguous) + len(matches.unmatched) == 1


def test_ties_are_nobodys_and_all_their_candidates_are_listed() -> None:
    matches = found("Thôn 1", "Xóm 1", "Khối 1", "Xóm 2")
    assert matches.matched.empty
    assert matches.ambiguous["village_id"].tolist() == ["v0", "v1"]
    assert set(matches.ambiguous["why"]) == {"several"}


def test_the_same_kind_goes_before_another() -> None:
    assert found("Xóm 1", "Khối 1", "Xóm 1").matched["village_id"].tolist() == ["v1"]


def test_a_village_is_used_once_and_by_the_row_that_fits_better() -> None:
    rows = asked(("Thôn 1", *HERE), ("Xóm 1", *HERE))
    matches = match_villages(rows, known(("Xóm 1", *HERE)))
    assert matches.matched["village_id"].to_dict() == {3: "v0"}
    assert matches.ambiguous["why"].tolist() == ["shared"]
    twice = match_villages(asked(("Xóm 1", *HERE), ("Xóm 1", *HERE)), known(("Xóm 1", *HERE)))
    assert twice.matched.empty


@pytest.mark.parametrize(
    ("commune", "district"),
    [
        ("Nghi Thai", "Nghi Loc"),
        ("X. Nghi Thái", "H. Nghi Lộc"),
        ("NGHI THÁI", None),
        ("Xã Nghi Tháii", "Huyện Nghi Lộc"),
    ],
)
def test_units_under_their_many_spellings(commune: str, district: str | None) -> None:
    matches = match_villages(asked(("Xóm 1", commune, district)), known(("Xóm 1", *HERE)))
    assert matches.matched["village_id"].tolist() == ["v0"]


@pytest.mark.parametrize(
    ("commune", "district"),
    [
        ("Nghi Thải", "Nghi Lộc"),
        ("Nghi Thai", "Huyện Kỳ Sơn"),
        ("Nghi Thơi", "Nghi Lộc"),
        (None, None),
        (None, "Nghi Lộc"),
        ("Phường 12", "Nghi Lộc"),
    ],
)
def test_a_number_in_a_commune_that_may_be_another_is_not_taken(
    commune: str | None, district: str | None
) -> None:
    there = known(("Xóm 1", *HERE), ("Xóm 2", "Phường 11", "Nghi Lộc"))
    assert match_villages(asked(("Xóm 1", commune, district)), there).matched.empty


def test_namesakes_in_two_districts_need_the_district() -> None:
    there = known(("Xóm 1", "Đồng Văn", "Thanh Chương"), ("Xóm 1", "Đồng Văn", "Tân Kỳ"))
    assert match_villages(asked(("Xóm 1", "Đồng Văn", None)), there).matched.empty
    told = match_villages(asked(("Xóm 1", "Đồng Văn", "Tân Kỳ")), there)
    assert told.matched["village_id"].tolist() == ["v1"]


def test_xa_luong_without_marks_is_found() -> None:
    there = known(("Bản Cửa Rào", "Xã Xá Lượng", "Huyện Tương Dương"))
    rows = asked(("Cua Rao", "Xa Luong", "Tuong Duong"), ("Cửa Rào", "Lượng", "Tương Dương"))
    assert match_villages(rows, there).matched.index.tolist() == [2]
    assert bare("Xá Lượng") != bare("Lượng")


def test_the_communes_of_another_structure_are_known_too() -> None:
    there = known(("Xóm 1", *HERE))
    later = pd.DataFrame({"commune": ["Phường Vinh Lộc"], "district": [None]}, index=["v0"])
    rows = asked(("Xóm 1", "Vinh Lộc", None))
    assert match_villages(rows, there).matched.empty
    matches = match_villages(rows, there, also_in=[later])
    assert matches.matched["how"].tolist() == ["unit"]


def test_ids_and_choices_are_taken_at_their_word() -> None:
    there = known(("Xóm 1", *HERE), ("Xóm 2", *HERE), ("Xóm 3", *HERE))
    rows = asked(("Thôn 01", "Xã Khác", None), ("Xóm 3", *HERE), ("Xóm 3", *HERE))
    rows["village_id"] = ["v0", None, None]
    rows["chosen"] = [None, "v1", "-"]
    matches = match_villages(rows, there)
    assert matches.matched["how"].to_dict() == {2: "id", 3: "chosen"}
    assert matches.unmatched["why"].to_dict() == {4: "aside"}


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [(["v9", None], "row 2 .* 'v9' is none"), (["v0", "v0"], "rows 2, 3 .* used once")],
)
def test_a_choice_that_cannot_be_is_told(chosen: list[str | None], sentence: str) -> None:
    rows = asked(("Xóm 1", *HERE), ("Xóm 2", *HERE)).assign(chosen=chosen)
    with pytest.raises(DataError, match=sentence):
        match_villages(rows, known(("Xóm 1", *HERE)))


def test_rows_without_a_village_or_a_known_commune_say_why() -> None:
    rows = asked((None, *HERE), ("Xóm 1", "Không Có", "Nghi Lộc"), ("Bản Xa Lắc", *HERE))
    matches = match_villages(rows, known(("Xóm 1", *HERE)))
    assert matches.unmatched["why"].to_dict() == {2: "name", 3: "commune", 4: "name"}


@pytest.mark.parametrize(
    ("told", "name", "score", "how"),
    [
        ("Xóm 1", "Xóm 1", 1.0, "exact"),
        ("Xóm Năm", "Xóm Năm", 1.0, "exact"),  # read as a word and as a number, the better counts
        ("Na Kho", "Bản Na Kho", 0.99, "kind"),
        ("Thôn 1", "Xóm 1", 0.97, "kind"),
        ("Thon Dong Tam", "Thôn Đồng Tâm", 0.97, "marks"),
        ("Thôn Mĩ Lí", "Thôn Mỹ Lý", 0.95, "spelling"),
        ("Thôn Đồng Tâmm", "Thôn Đồng Tâm", 0.92, "spelling"),
        ("Xóm Đồng Tâmm", "Thôn Đồng Tâm", 0.8924, "spelling, kind"),
    ],
)
def test_what_differs_lowers_the_score_and_above_the_limit_is_taken(
    told: str, name: str, score: float, how: str
) -> None:
    (row,) = found(told, name).matched.to_dict("records")
    assert (row["score"], row["how"]) == (pytest.approx(score), how)


def test_a_slip_in_the_village_and_one_in_its_commune_are_too_much() -> None:
    rows = asked(("Thôn Đồng Tâmm", "Xã Nghi Tháii", "Huyện Nghi Lộc"))
    matches = match_villages(rows, known(("Thôn Đồng Tâm", *HERE)))
    assert matches.ambiguous[["score", "why"]].to_numpy().tolist() == [[0.874, "unsure"]]


def test_a_hundredth_is_lead_enough() -> None:
    assert found("Bản Na Kho", "Na Kho", "Bản Na Kho").matched["village_id"].tolist() == ["v1"]
    rows = asked(("Na Kho", *HERE), ("Bản Na Kho", *HERE))
    matches = match_villages(rows, known(("Bản Na Kho", *HERE)))
    assert matches.matched["village_id"].to_dict() == {3: "v0"}
    assert matches.ambiguous["why"].to_dict() == {2: "shared"}


def test_five_candidates_are_listed_at_most() -> None:
    kinds = ("Xóm", "Khối", "Bản", "Làng", "Ấp", "Khu")
    matches = found("Thôn 1", *[f"{kind} 1" for kind in kinds])
    assert matches.ambiguous["village_id"].tolist() == ["v0", "v1", "v2", "v3", "v4"]


def test_what_is_too_unlike_is_not_listed() -> None:
    """Two letters of eight in a commune that may be another: 0.75 of 0.82; of seven: 0.59."""
    there = known(("Thôn Đồng Hoên", *HERE), ("Thôn Đồng Lan", *HERE))
    rows = asked(("Thôn Đồng Tiến", "Nghi Thải", None), ("Thôn Đồng Tâm", "Nghi Thải", None))
    matches = match_villages(rows, there)
    listed = matches.ambiguous["village_id"]
    assert listed[listed.index == 2].tolist() == ["v0"]
    assert matches.unmatched["why"].to_dict() == {3: "name"}


def test_a_long_list_is_held_against_its_commune_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "AT_ONCE", 2)
    names = [(f"Xóm {number}", *HERE) for number in range(1, 6)]
    matches = match_villages(asked(*names), known(*names))
    assert matches.matched["village_id"].tolist() == [f"v{k}" for k in range(5)]


@pytest.mark.parametrize(("told", "village"), [("Xóm 2", "v0"), ("Thôn Na Kho", "v2")])
def test_an_id_is_not_believed_where_the_name_is_of_another_village(
    told: str, village: str
) -> None:
    there = known(("Xóm 1", *HERE), ("Xóm 2", *HERE), ("Thôn Đồng Tâm", *HERE))
    rows = asked((told, *HERE)).assign(village_id=village)
    assert village not in set(match_villages(rows, there).matched["village_id"])
    nameless = match_villages(rows.assign(village=None), there)
    assert nameless.matched["village_id"].tolist() == [village]


def test_an_id_that_stands_twice_or_was_chosen_or_put_aside_is_not_taken() -> None:
    there = known(("Xóm 1", *HERE), ("Xóm 2", *HERE))
    rows = asked(("Xóm 1", *HERE), ("Xóm 1", *HERE)).assign(village_id="v0")
    twice = match_villages(rows, there)
    assert twice.matched.empty
    assert set(twice.ambiguous["why"]) == {"shared"}
    chosen = match_villages(rows.assign(village_id=["v0", None], chosen=[None, "v0"]), there)
    assert chosen.matched["how"].to_dict() == {3: "chosen"}
    assert chosen.unmatched.index.tolist() == [2]  # v0 is used
    aside = match_villages(rows.assign(village_id=["v0", None], chosen=["-", None]), there)
    assert aside.unmatched["why"].to_dict() == {2: "aside"}
    assert aside.matched["how"].to_dict() == {3: "exact"}


def test_words_of_its_own_are_found_without_a_commune_and_a_bare_number_is_not() -> None:
    there = known(("Bản Na Kho", *HERE), ("Xóm 7", *HERE))
    matches = match_villages(asked(("Bản Na Kho", None, None), ("Xóm 7", None, None)), there)
    assert matches.matched["score"].to_dict() == {2: pytest.approx(0.9)}
    assert matches.ambiguous["score"].to_dict() == {3: pytest.approx(0.82)}


@pytest.mark.parametrize(
    ("told", "name", "taken"),
    [
        ("Thôn Tâmm An", "Thôn Tâm An", True),  # six letters
        ("Thôn Anh Ann", "Thôn Anh An", True),
        ("Thôn Kimm", "Thôn Kim", False),
        ("Thôn Ki Amm", "Thôn Ki Am", False),  # five letters
        ("Thôn Đồngg Tâmm", "Thôn Đồng Tâm", False),  # two slips in nine letters
        ("Thôn Đồngg Tâmm Hạ", "Thôn Đồng Tâm Hạ", False),  # in eleven
        ("Thôn Đồngg Tâmm Hòa", "Thôn Đồng Tâm Hòa", True),  # in twelve
    ],
)
def test_slips_of_the_pen_are_sure_in_long_names_alone(
    told: str, name: str, *, taken: bool
) -> None:
    assert (len(found(told, name).matched) == 1) == taken


@settings(max_examples=examples(60))
@given(
    st.lists(st.tuples(st.integers(1, 30), st.sampled_from(perturbed.KINDS)), min_size=1),
    st.sampled_from(sorted(perturbed.CHANGES)),
    st.integers(0, 1000),
)
def test_law_numbers_are_equal_and_no_village_is_used_twice(
    numbers: list[tuple[int, str]], change: str, seed: int
) -> None:
    there = known(*[(f"{kind} {number}", *HERE) for number, kind in numbers])
    rows = perturbed.listed(there, perturbed.CHANGES[change], seed=seed)
    matches = match_villages(rows, there)
    assert matches.matched["village_id"].is_unique
    if change != "typo":  # a letter more or less may make XI of XII
        for row, village in matches.matched["village_id"].items():
            own = {r.numbers for r in name_of(str(rows.loc[row, "village"])).readings}
            theirs = name_of(str(there.loc[village, "village"])).readings[0].numbers
            assert theirs in own
    everyone = {*matches.matched.index, *matches.ambiguous.index, *matches.unmatched.index}
    assert everyone == set(rows.index)


def _score(there: pd.DataFrame, change: str) -> tuple[float, int]:
    """Share of villages found, and how many were found wrong."""
    rows = perturbed.listed(there, perturbed.CHANGES[change])
    got = match_villages(rows, there).matched["village_id"]
    truth = pd.Series(there.index, index=rows.index).loc[got.index]
    right = int((got == truth).sum())
    return right / len(there), len(got) - right


@pytest.mark.heavy
@pytest.mark.parametrize("change", sorted(perturbed.CHANGES))
def test_numbered_villages_of_a_province_are_never_taken_for_one_another(change: str) -> None:
    share, wrong = _score(perturbed.numbered(130, 29), change)
    assert wrong == 0
    assert share >= (0.75 if change == "typo" else 1.0)


@pytest.mark.parametrize(
    ("change", "least", "most_wrong"),
    [
        ("as it is", 0.99, 0),
        ("no marks", 0.98, 0),
        ("other kind", 0.98, 3),  # "Thôn Năm" called Xóm Năm, where there is a Xóm Năm too
        ("capitals", 0.99, 0),
        ("marks apart", 0.99, 0),
        ("other numerals", 0.99, 0),
        ("typo", 0.5, 0),
    ],
)
def test_the_names_of_a_real_province(change: str, least: float, most_wrong: int) -> None:
    path = DATA / "nghe_an" / "village_points.gpkg"
    if not path.exists():
        pytest.skip(f"{path} is not on this machine")
    raw = gpd.read_file(path, ignore_geometry=True).dropna(subset=["village_name"])
    there = raw[["village_name", "ward_full_name", "district_name"]].set_axis(COLUMNS, axis=1)
    there = there[~there.duplicated(keep=False)]  # two of one name and commune are nobody's
    there.index = pd.Index([f"v{k}" for k in range(len(there))])
    share, wrong = _score(there, change)
    assert share >= least
    assert wrong <= most_wrong


def test_a_province_against_itself_takes_seconds() -> None:
    there = perturbed.numbered(130, 29)
    rows = perturbed.listed(there, perturbed.no_marks)
    began = time.perf_counter()
    match_villages(rows, there)
    assert time.perf_counter() - began < 30  # about 1 s on two cores; the bound is for any machine
