"""Figures in words, whole and in both languages: the sentences that are read aloud."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import cast

import pytest

from coverage.model import Comparison, Headline, Published
from coverage.sure import Between, Scenario
from geodata.study.results import Run
from ui.figures import (
    agreement,
    away,
    basis,
    compared,
    headline_sentence,
    headline_split,
    leader_sentence,
    no_units_text,
    progress,
    split_text,
)
from ui.texts import translator

EN, VI = translator("en"), translator("vi")
HEADLINE = Headline(
    villages=3798, covered=3731, weak=44, none=19, unknown=4, population=None,
    population_uncovered=12_345,
)  # fmt: skip
ALL = Headline(
    villages=1200, covered=1200, weak=0, none=0, unknown=0, population=5, population_uncovered=None
)
NONE = Headline(
    villages=0, covered=0, weak=0, none=0, unknown=0, population=0, population_uncovered=0
)
RANGE = Between(low=58, high=1071, low_by=Scenario.SHARE_10, high_by=Scenario.INWARD)
SAME = Between(low=63, high=63, low_by=Scenario.BASE, high_by=Scenario.BASE)


def run_of(target: tuple[float, date] | None = None, *, alone: str = "") -> Run:
    """As much of a run as figures look at."""
    aim = None if target is None else SimpleNamespace(share=target[0], by=target[1])
    study = SimpleNamespace(
        name="Tỉnh *A*\n", as_of=date(2023, 8, 30), settings=SimpleNamespace(target=aim)
    )
    assessment = SimpleNamespace(rule=SimpleNamespace(title="Letter 1603/BTTTT-CVT"))
    return cast(
        "Run", SimpleNamespace(study=study, assessment=assessment, run_id="r-1", alone=alone)
    )


def test_the_headline_in_one_sentence() -> None:
    assert [headline_sentence(HEADLINE, t) for t in (EN, VI)] == [
        (
            "3,731 of 3,798 villages have mobile broadband (98.24\xa0%); 63 uncovered = 19 no "
            "signal + 44 weak; 4 missing data"
        ),
        (
            "3.731/3.798 thôn, bản đã phủ sóng băng rộng di động (98,24\xa0%); 63 chưa phủ sóng "
            "= 19 trắng sóng + 44 lõm sóng; 4 thiếu dữ liệu"
        ),
    ]
    assert headline_sentence(NONE, EN) == (
        "0 of 0 villages have mobile broadband (–); 0 uncovered = 0 no signal + 0 weak; 0 "
        "missing data"
    )


def test_the_headline_as_cards() -> None:
    assert headline_split(HEADLINE, EN, between=RANGE) == [
        ("Covered", "3,731/3,798", "98.24\xa0%"),
        ("Uncovered", "63", "= 19 no signal + 44 weak; between 58 and 1,071"),
        ("Missing data", "4", "not counted as uncovered"),
        ("People uncovered", "12,345", "live in uncovered villages"),
    ]
    assert headline_split(ALL, VI, between=SAME) == [
        ("Đã phủ sóng", "1.200/1.200", "100,00\xa0%"),
        ("Chưa phủ sóng", "0", "= 0 trắng sóng + 0 lõm sóng"),
        ("Thiếu dữ liệu", "0", "không tính là chưa phủ sóng"),
        ("Dân số chưa phủ sóng", "–", "người ở thôn, bản chưa phủ sóng"),
    ]
    assert headline_split(HEADLINE, EN, between=RANGE, others=0)[4:] == [
        ("Served by others", "0", "of those not covered here")
    ]


def test_the_split_with_its_range_where_there_is_one() -> None:
    assert (
        split_text(HEADLINE, EN, RANGE)
        == "63 (between 58 and 1,071) = 19 no signal + 44 weak, 4 missing data"
    )
    assert (
        split_text(HEADLINE, VI, RANGE)
        == "63 (trong khoảng 58 đến 1.071) = 19 trắng sóng + 44 lõm sóng, 4 thiếu dữ liệu"
    )
    assert (
        split_text(HEADLINE, EN, SAME)
        == split_text(HEADLINE, EN)
        == "63 = 19 no signal + 44 weak, 4 missing data"
    )


def test_the_sentence_to_read_aloud() -> None:
    assert leader_sentence(HEADLINE, run_of(), EN) == (
        "As of 30 August 2023, Tỉnh *A*: 3,731 of 3,798 villages have mobile broadband, "
        "98.24\xa0%; 63 still have none, of which 19 have no signal at all and 44 have weak "
        "signal. For 4 villages data is missing; they are not counted as uncovered."
    )
    assert leader_sentence(HEADLINE, run_of(alone="A *b*"), VI, place="Xã\t1") == (
        "Đến ngày 30/08/2023, Xã 1, chỉ tính A *b*: 3.731 trên 3.798 thôn, bản đã có sóng "
        "băng rộng di động, đạt 98,24\xa0%; còn 63 thôn, bản chưa có, trong đó 19 trắng "
        "sóng và 44 lõm sóng. Có 4 thôn, bản thiếu dữ liệu, không tính là chưa phủ sóng."
    )
    assert (
        leader_sentence(ALL, run_of(), EN)
        == "As of 30 August 2023, Tỉnh *A*: all 1,200 villages with data have mobile broadband."
    )
    assert leader_sentence(ALL, run_of(), VI, place="Xã 1") == (
        "Đến ngày 30/08/2023, Xã 1: cả 1.200 thôn, bản có số liệu đều đã có sóng băng rộng di động."
    )


def test_what_figures_rest_on() -> None:
    assert basis(run_of(), EN) == (
        "Study: Tỉnh \\*A\\* · Data as of 30 August 2023 · Rule: Letter 1603\\/BTTTT\\-CVT "
        "· Run r\\-1"
    )
    assert basis(run_of(alone="A_b"), VI, units=date(2025, 7, 1), safe=str.upper) == (
        "Bộ dữ liệu: TỈNH *A*\n"
        " · Số liệu đến ngày 30/08/2023 · Tiêu chí: CÔNG VĂN 1603/BTTTT-CVT · Lần tính R-1 "
        "· Số liệu riêng của A_B · Đơn vị hành chính từ 01/07/2025"
    )


def published(value: int, *, comparable: bool, agrees: bool) -> Comparison:
    """A figure that officials stated beside ours."""
    figure = Published(
        value=value, of=3798, definition="villages with mobile broadband",
        as_of=date(2023, 8, 30), source="*paper*",
    )  # fmt: skip
    return Comparison(published=figure, covered=3735, comparable=comparable, agrees=agrees)


def test_a_published_figure_agrees_differs_or_is_of_something_else() -> None:
    kinds = ((3735, True, True), (3700, True, False), (3700, False, False))
    told = tuple(published(n, comparable=c, agrees=a) for n, c, a in kinds)
    assert agreement(told, EN) == [
        (
            ":material/check_circle: Published: 3,735 of 3,798 villages with mobile broadband "
            "(30 August 2023, \\*paper\\*): **agrees with ours**"
        ),
        (
            ":material/info: Published: 3,700 of 3,798 villages with mobile broadband (30 "
            "August 2023, \\*paper\\*): **differs from ours: 3,735**"
        ),
        (
            ":material/info: Published: 3,700 of 3,798 villages with mobile broadband (30 "
            "August 2023, \\*paper\\*): **not comparable: another number of villages**"
        ),
    ]
    assert [compared(one, VI, safe=str)[1] for one in told] == [
        "khớp với kết quả tính",
        "khác kết quả tính: 3.735",
        "không so sánh được: số thôn, bản khác nhau",
    ]


def test_the_way_to_the_target() -> None:
    by = date(2025, 12, 31)
    few = Headline(**{**vars(HEADLINE), "covered": 3797, "weak": 1, "none": 0, "unknown": 0})
    assert progress(HEADLINE, run_of((1.0, by)), EN) == (
        3731 / 3798,
        "Target: 100\xa0% of villages by 31 December 2025: 67 villages to go",
    )
    assert progress(few, run_of((1.0, by)), EN) == (
        3797 / 3798,
        "Target: 100\xa0% of villages by 31 December 2025: 1 village to go",
    )
    assert progress(few, run_of((1.0, by)), VI) == (
        3797 / 3798,
        "Chỉ tiêu: 100\xa0% thôn, bản đến ngày 31/12/2025: còn 1 thôn, bản",
    )
    assert progress(HEADLINE, run_of((0.995, by)), EN) == (
        3731 / 3798 / 0.995,
        "Target: 100\xa0% of villages by 31 December 2025: 49 villages to go",
    )
    assert progress(HEADLINE, run_of((0.9, by)), VI) == (
        1.0,
        "Chỉ tiêu: 90\xa0% thôn, bản đến ngày 31/12/2025: đã đạt",
    )


def test_without_a_target_or_without_villages_there_is_no_way_to_it() -> None:
    assert progress(HEADLINE, run_of(), EN) is None
    assert progress(NONE, run_of((1.0, date(2025, 12, 31))), EN) is None


@pytest.mark.parametrize(
    ("metres", "degrees", "told"),
    [
        (0, 0.0, "0 m north (0°)"),
        (999.4, 22.4, "999 m north (22°)"),
        (999.9, 22.6, "1,000 m north-east (23°)"),
        (1000, 67.4, "1 km north-east (67°)"),
        (1049, 67.6, "1 km east (68°)"),
        (3449, 112.6, "3.4 km south-east (113°)"),
        (12_345_678, 180, "12,345.7 km south (180°)"),
        (2000, 225, "2 km south-west (225°)"),
        (2000, 270.2, "2 km west (270°)"),
        (2000, 315, "2 km north-west (315°)"),
        (2000, 337.6, "2 km north (338°)"),
        (2000, 359.4, "2 km north (359°)"),
        (2000, 359.6, "2 km north (0°)"),
        (2000, 360.0, "2 km north (0°)"),
    ],
)
def test_a_distance_and_a_direction(metres: float, degrees: float, told: str) -> None:
    assert away(metres, degrees, EN) == told


def test_a_direction_in_vietnamese() -> None:
    assert away(1550.0, 47.0, VI) == "1,6 km đông bắc (47°)"
    assert [no_units_text(t) for t in (EN, VI)] == [
        "This study does not say in which district or commune its villages are.",
        "Bộ dữ liệu này không cho biết thôn, bản thuộc huyện hay xã nào.",
    ]
