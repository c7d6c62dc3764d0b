"""Which words can be Vietnamese syllables."""

from __future__ import annotations

import pytest

from geodata.syllables import ONSETS, RHYMES, is_syllable

VIETNAMESE = (
    "Nghệ An Thôn Bản Xóm Khối hoà hòa thuỷ thủy Quỳnh Quý Quyết quốc giêng giếng gì gìn giữ yên "
    "yêu khuya Huồi Nậm Pù Kẻ Đồng Đức nghiêng rượu khuỷu hươu xoong Thuận người Phường Hữu Kiệm "
    "Mường Lống Tà Cạ Keng Đu Nghĩa của Ý ở Xiêng Mỹ kỹ khoẻ khỏe xoáy ngoài Nguyễn Ngọc quần"
)
OTHER = (
    "Orléans Sèvres Château Évry Besançon Bokèo Müller NghÖ th«n Ngheä nghộ gé kà cat "
    "máf hoa\u0301\u0300 ngh hóà Phôngsali trườnǵ"
)


@pytest.mark.heavy
@pytest.mark.parametrize("word", VIETNAMESE.split())
def test_syllables_of_names_are_syllables_in_either_case(word: str) -> None:
    assert is_syllable(word)
    assert is_syllable(word.upper())


@pytest.mark.parametrize("word", OTHER.split())
def test_words_of_other_languages_and_encodings_are_none(word: str) -> None:
    assert not is_syllable(word)


def test_a_stopped_syllable_has_an_acute_or_a_dot() -> None:
    assert [w for w in ("mat", "màt", "mát", "mạt", "mãt", "mảt") if is_syllable(w)] == [
        "mát",
        "mạt",
    ]


def test_a_tone_stands_on_the_vowel_that_carries_it() -> None:
    assert is_syllable("tiến")
    assert not is_syllable("tíên")
    assert is_syllable("toán")
    assert not is_syllable("tóan")


def test_the_rules_are_few_beside_what_they_allow() -> None:
    assert len(ONSETS) == 28
    assert 150 < len(RHYMES) < 180
