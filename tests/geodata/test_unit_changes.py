"""The table of changes of 2023, December 2024 and July 2025, against what was decided."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from geodata.unit_changes import COLUMNS, carried, commune_changes, list_day, listed_codes
from geodata.unit_names import Register, kind_and_name, same_unit
from geodata.unit_tables import DAYS, FROM_2023, FROM_2024, FROM_2025, communes_on, districts_on


def listing(*rows: tuple[str | None, str | None, str | None, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype("string")


def test_the_three_structures_have_as_many_units_as_was_decided() -> None:
    counts = [(len(districts_on(day)), len(communes_on(day))) for day in DAYS]
    assert counts == [(21, 460), (20, 412), (0, 130)]
    kinds = communes_on(FROM_2024)["name"].map(lambda name: kind_and_name(name)[0])
    assert kinds.value_counts().to_dict() == {"commune": 362, "ward": 33, "township": 17}
    kinds = communes_on(FROM_2025)["name"].map(lambda name: kind_and_name(name)[0])
    assert kinds.value_counts().to_dict() == {"commune": 119, "ward": 11}


def test_every_commune_of_2023_is_in_the_table_once_and_comes_to_every_later_unit() -> None:
    changes = commune_changes()
    assert list(changes.index) == list(communes_on(FROM_2023).index)
    assert set(changes["code_2024"]) == set(communes_on(FROM_2024).index)
    assert set(changes["code_2025"]) == set(communes_on(FROM_2025).index)
    assert not changes.isna().any(axis=None)
    assert set(changes["valid_from_2024"]) == {FROM_2024}


def test_92_units_became_44_in_december_2024() -> None:
    # resolution 1243: 91 whole communes in 43, and Chi Khê, which lost a part
    changes = commune_changes()
    merged = changes[changes["change_2024"] == "merged"]
    assert (len(merged), merged["code_2024"].nunique()) == (91, 43)
    parts = changes[changes["parts_2024"] != ""]
    assert dict(parts["parts_2024"]) == {"17251": "17254", "17185": "17179", "17194": "17179"}
    assert (changes["parts_2025"] == "").all()  # in July 2025 the parts come together again


@pytest.mark.parametrize(
    ("code", "then"),
    [
        ("16684", "Phường Quang Trung"), ("16696", "Phường Vinh Tân"),
        ("17227", "Thị trấn Trà Lân"), ("17371", "Thị trấn Kim Nhan"),
        ("17752", "Thị trấn Dùng"), ("17389", "Thị trấn Diễn Thành"),
        ("17551", "Thị trấn Hoa Thành"), ("17098", "Thị trấn Cầu Giát"),
        ("17161", "Xã Quỳnh Sơn"), ("17875", "Xã Diên Hoa"), ("18019", "Xã Thịnh Mỹ"),
        ("17635", "Xã Bạch Ngọc"), ("16963", "Xã Nghĩa Thọ"), ("17599", "Xã Minh Thành"),
    ],
)  # fmt: skip
def test_merged_communes_are_in_the_one_that_was_decided(code: str, then: str) -> None:
    assert commune_changes().at[code, "name_2024"] == then


def test_cua_lo_and_four_communes_of_nghi_loc_join_vinh() -> None:
    changes = commune_changes()
    joined = changes[changes["district_code_2023"] != changes["district_code_2024"]]
    assert set(joined["district_code_2024"]) == {"412"}
    assert (joined["district_code_2023"] == "413").sum() == 7
    names = set(joined.loc[joined["district_code_2023"] == "429", "name_2023"])
    assert names == {"Xã Nghi Xuân", "Xã Phúc Thọ", "Xã Nghi Thái", "Xã Nghi Phong"}


def test_a_code_that_is_used_again_is_another_unit() -> None:
    row = commune_changes().loc["17329"]
    assert [row["name_2023"], row["name_2024"]] == ["Thị trấn Anh Sơn", "Thị trấn Kim Nhan"]
    assert (row["code_2025"], row["name_2025"]) == ("17329", "Xã Anh Sơn")
    assert not same_unit(row["name_2023"], row["name_2025"])


def test_a_list_is_of_the_structure_that_explains_it() -> None:
    old = listing((None, "TT Anh Sơn", None, "Anh Sơn"), (None, "Xã Đỉnh Sơn", None, "Anh Sơn"))
    assert list_day(old, in_force=date(2025, 12, 1)) == FROM_2023
    new = listing(("17329", "Xã Anh Sơn", None, None))
    assert list_day(new, in_force=date(2023, 8, 30)) == FROM_2025
    both = listing(("16681", None, None, None))  # a code of all three
    assert list_day(both, in_force=date(2025, 1, 1)) == FROM_2024
    assert list_day(listing(("99999", "Xã Lạ", None, None)), in_force=DAYS[0]) is None
    assert list_day(listing((None, None, None, None)), in_force=DAYS[0]) is None


def test_names_that_repeat_need_their_district() -> None:
    told = listing(
        (None, "Đồng Văn", None, None),
        (None, "Xã Đồng Văn", None, "huyện Tân Kỳ"),
        (None, "dong van", "428", None),
    )
    assert listed_codes(told, FROM_2023).isna().tolist() == [True, False, False]
    names = communes_on(FROM_2023)["name"]
    assert (names == "Xã Đồng Văn").sum() == 3
    assert set(names[listed_codes(told, FROM_2023).iloc[1:]]) == {"Xã Đồng Văn"}


def test_carried_forward_by_the_table_and_doubtful_where_it_was_divided() -> None:
    told = listing(*((code, None, None, None) for code in ("17371", "17251", "16717", "x")))
    then = carried(told, since=FROM_2023, to=FROM_2024)
    assert then["commune"].tolist()[:3] == ["Thị trấn Kim Nhan", "Xã Chi Khê", "Phường Nghi Thủy"]
    assert then["district"].tolist()[2] == "Thành phố Vinh"
    assert then["doubtful"].tolist() == [False, True, False, False]
    now = carried(told, since=FROM_2023, to=FROM_2025)
    assert now["commune"].tolist()[:2] == ["Xã Anh Sơn", "Xã Con Cuông"]
    assert now.iloc[3][list(COLUMNS)].isna().all()
    assert now["district_code"].isna().all()
    assert not now["doubtful"].any()
    with pytest.raises(ValueError, match="later"):
        carried(told, since=FROM_2025, to=FROM_2023)


def test_a_code_must_bear_the_name_beside_it() -> None:
    register = Register.of(communes_on(FROM_2025))
    assert register.find("17329", "Xã Anh Sơn") == ("17329", "")
    assert register.find("17329", "Thị trấn Anh Sơn") == ("", "code-name")
    assert register.find("16684", "Phường Đội Cung") == ("", "code-foreign")
    assert register.find("", "Kim Nhan") == ("", "name-foreign")
    assert register.find("", "") == ("", "nothing")
