"""Columns found under the names people give them, and what stands in them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pandas as pd
import pytest

from geodata import DataError
from geodata.columns import find_columns, numbers, plain, row_numbers, text, truths
from geodata.lists import read_list
from geodata.report import check_file
from geodata.study.open import open_study

FIELDS = ("village", "commune", "district", "population", "households", "electrified")


@pytest.mark.parametrize(
    "names",
    [
        ["Thôn/Bản/Xóm/Khối", "Xã", "Huyện", "Dân số", "Số hộ", "Điện lưới"],
        ["TEN_THON", "TEN_XA", "TEN_HUYEN", "DAN_SO", "SO_HO", "DIEN_LUOI"],
        ["Village", "Commune", "District", "Population", "Households", "Electrified"],
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_vietnamese_with_and_without_marks_and_english(names: list[str], form: str) -> None:
    written = [unicodedata.normalize(form, name) for name in names]
    assert find_columns(["STT", *written], FIELDS) == dict(zip(FIELDS, written, strict=True))


def test_a_given_column_wins_and_one_that_is_not_there_is_told_with_the_nearest() -> None:
    assert find_columns(["A", "village"], ["village"], given={"village": "A"}) == {"village": "A"}
    with pytest.raises(DataError, match=r"no column TEN_THN .* TEN_THON\?"):
        find_columns(["TEN_THON"], ["village"], given={"village": "TEN_THN"}, file="f")


def test_plain_drops_marks_and_the_barred_d() -> None:
    assert plain("ĐÔ LƯƠNG") == "do luong"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("1.234", 1234.0), ("1.234,5", 1234.5), ("1,234", 1234.0), ("12,5", 12.5), ("7", 7.0)],
)
def test_counts_of_people_in_both_spellings(written: str, meant: float) -> None:
    assert numbers(pd.Series([written]), field="population", file="t").tolist() == [meant]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("105.688", 105.688),
        ("18,673", 18.673),
        ("2.065.678,573", 2065678.573),
        ("598,773.437", 598773.437),
        (105.688, 105.688),
    ],
)
def test_a_coordinate_of_three_decimals_is_no_thousand(written: object, meant: float) -> None:
    assert numbers(pd.Series([written], dtype=object), field="lon", file="t").tolist() == [meant]


def test_a_count_below_zero_is_told() -> None:
    with pytest.raises(DataError, match="row 1: population is -5, which is less than nothing"):
        numbers(pd.Series([-5]), field="population", file="t")


def test_a_column_of_ticks_says_no_where_it_is_empty() -> None:
    assert truths(pd.Series(["x", None, "✓"]), field="f", file="t").tolist() == [True, False, True]
    assert truths(pd.Series(["có", None]), field="f", file="t").isna().tolist() == [False, True]


def test_names_that_a_shapefile_cut_short_and_words_run_together() -> None:
    cut = ["village_id", "TenThon", "commune_co", "district_c", "electrifie", "fund_eligi"]
    fields = ("village_id", "village", "commune_code", "district_code", "electrified",
              "fund_eligible")  # fmt: skip
    assert find_columns(cut, fields) == dict(zip(fields, cut, strict=True))


@pytest.mark.parametrize(("there", "asked"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_a_given_column_may_be_written_in_the_other_unicode_form(there: str, asked: str) -> None:
    column, given = (unicodedata.normalize(form, "Tên thôn") for form in (there, asked))
    assert find_columns([column], ["village"], given={"village": given}) == {"village": column}


def test_numbers_keep_what_is_missing_and_tell_what_is_none() -> None:
    found = numbers(pd.Series(["5", None, ""]), field="f", file="t")
    assert found.isna().tolist() == [False, True, True]
    with pytest.raises(DataError, match=r"t, row 2: population is 'many'"):
        numbers(pd.Series(["5", "many"]), field="population", file="t")


def test_truths_in_both_languages() -> None:
    found = truths(pd.Series(["Có", "không", "x", "0", None]), field="f", file="t")
    assert found.tolist()[:4] == [True, False, True, False]
    assert pd.isna(found.iloc[4])
    with pytest.raises(DataError, match=r"t, row 1: f is 'maybe'"):
        truths(pd.Series(["maybe"]), field="f", file="t")


def test_text_is_one_form_and_codes_stay_whole() -> None:
    assert text(pd.Series([unicodedata.normalize("NFD", "Thôn")])).tolist() == ["Thôn"]
    assert text(pd.Series([17329.0, None])).tolist()[0] == "17329"


def test_a_count_of_nobody_is_a_count_and_what_is_no_count_may_lie_below_zero() -> None:
    assert numbers(pd.Series([0, "0"]), field="population", file="t").tolist() == [0, 0]
    assert numbers(pd.Series([-5, "-1,5"]), field="lon", file="t").tolist() == [-5, -1.5]


@pytest.mark.parametrize(("written", "meant"), [("1.234.567", 1234567.0), ("1,234,567", 1234567.0)])
def test_two_groups_of_three_are_thousands_whatever_is_counted(written: str, meant: float) -> None:
    assert numbers(pd.Series([written]), field="x", file="t").tolist() == [meant]


def test_yes_and_no_are_no_counts() -> None:
    with pytest.raises(DataError, match="row 2: population is True, which is not a number"):
        numbers(pd.Series([1, True], dtype="object"), field="population", file="t")


def test_one_column_is_not_taken_for_two_fields() -> None:
    assert find_columns(["Tên"], ["village", "name"]) == {"village": "Tên"}
    assert find_columns(["A", "Tên"], ["village", "name"], given={"village": "A"}) == {
        "village": "A", "name": "Tên"
    }  # fmt: skip


def test_rows_are_counted_from_one_unless_the_file_was_read_with_their_numbers() -> None:
    assert row_numbers(pd.RangeIndex(3)).tolist() == [1, 2, 3]
    assert row_numbers(pd.Index([2, 3, 7], name="row")).tolist() == [2, 3, 7]


def test_contents_of_what_is_no_table_are_in_no_error(tmp_path: Path) -> None:
    line = "root:x:0:0:root:/root:/bin/bash"
    path = tmp_path / "passwd"
    path.write_text(f"{line}\ndaemon:x:1:1::/:/sbin/nologin\nbin:x:2:2::/:/bin/sh\n")
    (tmp_path / "study.toml").write_text(
        'schema = 1\nname = "t"\nas_of = 2023-08-30\ncrs = "EPSG:9208"\nrule = "vn-village"\n'
        '[villages]\npath = "passwd"\n'
    )
    with pytest.raises(DataError) as caught:
        open_study(tmp_path)
    assert "root" not in str(caught.value)
    assert "(found 1 columns of no known name)" in str(caught.value)
    with pytest.raises(DataError) as caught:
        read_list(path)
    assert "root" not in str(caught.value)
    report = check_file(path)
    (file,) = report.files
    assert file.strange == ()
    assert "root" not in " ".join(str(one.sentence) for one in file.findings)


def test_an_error_names_the_columns_that_are_known() -> None:
    with pytest.raises(DataError, match=r"it has Thôn, Dân số and 2 others — toa_do_bac\?"):
        find_columns(
            ["Thôn", "Dân số", "toa_do_bac", "abc"], (), given={"lat": "toa do bac x"}, file="v"
        )
