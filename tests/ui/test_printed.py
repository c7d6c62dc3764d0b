"""What the command line prints of a run, for people and for programs: whole texts."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from coverage.model import Reach
from geodata.study.results import Run
from ui.opened import Opened
from ui.printed import _within_reach, printed_json, printed_run
from ui.texts import translator

EN, VI = translator("en"), translator("vi")


def lines(run: Run, text: str) -> list[str]:
    """The lines printed, whatever the run's number."""
    return text.replace(run.run_id, "RUN").splitlines()


def test_a_run_is_printed_whole(uneven: Opened) -> None:
    run = uneven.run
    assert lines(run, printed_run(run, None, EN, seconds=1.26)) == [
        "3 of 9 covered, 3 uncovered (2 weak, 1 with no signal), 3 unknown",
        "Published: 4 of 9 (villages with mobile broadband; *the* paper): differs",
        (
            "Published: 5 of 8 (villages with mobile broadband; ): not comparable: another "
            "number of villages"
        ),
        "Uncovered: 3, between 1 and 5",
        (
            "Fewest: 1 if footprints reach beyond where they are drawn. Most: 5 if footprints end "
            "short of where they are drawn."
        ),
        "5 verdicts are borderline",
        (
            "Weak signal: 2, that is 22.22\xa0% of all 9 villages and 25.00\xa0% of the 8 that are "
            "not without signal."
        ),
        "",
        "District              Villages  Covered  Uncovered  Weak  No signal  Unknown",
        "Thành phố Vinh (412)         6        3          3     2          1        0",
        "Huyện Kỳ Sơn (417)           3        0          0     0          0        3",
        "",
        "Rule: vn-village. Run: RUN.",
        "Measured and judged in 1.3 s.",
    ]
    later = uneven.structures[-1]
    assert lines(run, printed_run(run, later, VI, seconds=1)) == [
        "3/9 thôn, bản đã phủ sóng, 3 chưa phủ sóng (2 lõm sóng, 1 trắng sóng), 3 thiếu dữ liệu",
        "Số liệu công bố: 4/9 (thôn, bản có băng rộng di động; *the* paper): khác",
        (
            "Số liệu công bố: 5/8 (thôn, bản có băng rộng di động; ): không so sánh được: số "
            "thôn, bản khác nhau"
        ),
        "Chưa phủ sóng: 3, trong khoảng 1 đến 5",
        (
            "Ít nhất: 1 nếu vùng phủ rộng hơn ranh giới đã vẽ. Nhiều nhất: 5 nếu vùng phủ hẹp hơn "
            "ranh giới đã vẽ."
        ),
        "5 thôn, bản sát ngưỡng",
        (
            "Lõm sóng: 2 thôn, bản, bằng 22,22\xa0% của tất cả 9 thôn, bản và 25,00\xa0% của 8 "
            "thôn, bản không trắng sóng."
        ),
        "Đơn vị từ 01/07/2025",
        "",
        (
            "Xã                      Thôn, bản  Đã phủ sóng  Chưa phủ sóng  Lõm sóng  Trắng "
            "sóng  Thiếu dữ liệu"
        ),
        (
            "Xã Núi <b>Cao</b> (99)          6            1              2         1           "
            "1              3"
        ),
        (
            "Xã Mường Mới (10)               3            2              1         1           "
            "0              0"
        ),
        "",
        "Tiêu chí: vn-village. Lần tính: RUN.",
        "Đã đo và đánh giá trong 1.0 giây.",
    ]


@pytest.mark.parametrize(
    ("measured", "layers", "told"),
    [
        (False, 0, "Nothing was measured anew: kept measures were used (2.0 s)."),
        (True, 5, "Measured and judged in 2.0 s."),
        (True, 4, "4 of 5 layers measured anew and judged in 2.0 s."),
    ],
)
def test_it_says_what_was_measured_anew(
    uneven: Opened, measured: bool, layers: int, told: str
) -> None:
    run = replace(uneven.run, measured=measured, measured_layers=layers)
    assert printed_run(run, None, EN, seconds=2).splitlines()[-1] == told


def test_people_within_reach_are_told_where_the_rule_counts_them(uneven: Opened) -> None:
    reach = Reach(total=2000, operator="A\tb", max_operator=1500.6, union=1750)
    summary = replace(uneven.run.summary, people=reach, households=replace(reach, union=1000))
    run = replace(uneven.run, summary=summary)

    def told(basis: str) -> list[str]:
        rule = replace(run.assessment.rule, basis=basis)  # type: ignore[arg-type]
        return _within_reach(replace(run, assessment=replace(run.assessment, rule=rule)), EN)

    assert told("area") == told("settled") == []
    assert told("people") == [
        (
            "People within reach: 1,501 (75.03\xa0%) of A b, the operator that reaches most; "
            "1,750 (87.50\xa0%) of all operators together"
        )
    ]
    assert told("households") == [
        (
            "Households within reach: 1,501 (75.03\xa0%) of A b, the operator that reaches "
            "most; 1,000 (50.00\xa0%) of all operators together"
        )
    ]


def test_a_run_as_json(uneven: Opened) -> None:
    told = json.loads(printed_json(uneven.run, None))
    assert told.pop("run_id") == uneven.run.run_id
    assert told == {
        "as_of": "2024-02-09",
        "rule": "vn-village",
        "villages": 9,
        "covered": 3,
        "uncovered": 3,
        "weak": 2,
        "none": 1,
        "unknown": 3,
        "share": 0.3333333333333333,
        "uncovered_between": [1, 5],
        "uncovered_by_scenario": {
            "base": 3,
            "share_10": 1,
            "share_50": 3,
            "share_90": 5,
            "inward": 5,
            "outward": 1,
        },
        "unplaced": 0,
        "weak_share": 2 / 9,
        "weak_share_of_signal": 2 / 8,
        "borderline": 5,
        "not_judged": [],
        "only_older": [],
        "measured_layers": 5,
        "reconstruction": False,
        "outdated": None,
        "since": None,
        "by_unit": [
            {
                "level": "district",
                "code": "412",
                "valid_from": "2023-01-01",
                "name": "Thành phố Vinh",
                "villages": 6,
                "covered": 3,
                "uncovered": 3,
                "weak": 2,
                "none": 1,
                "unknown": 0,
            },
            {
                "level": "district",
                "code": "417",
                "valid_from": "2023-01-01",
                "name": "Huyện Kỳ Sơn",
                "villages": 3,
                "covered": 0,
                "uncovered": 0,
                "weak": 0,
                "none": 0,
                "unknown": 3,
            },
            {
                "level": "commune",
                "code": "10",
                "valid_from": "2023-01-01",
                "name": "Xã 0",
                "villages": 3,
                "covered": 2,
                "uncovered": 1,
                "weak": 1,
                "none": 0,
                "unknown": 0,
            },
            {
                "level": "commune",
                "code": "11",
                "valid_from": "2023-01-01",
                "name": "Xã 1",
                "villages": 3,
                "covered": 1,
                "uncovered": 2,
                "weak": 1,
                "none": 1,
                "unknown": 0,
            },
            {
                "level": "commune",
                "code": "12",
                "valid_from": "2023-01-01",
                "name": "Xã 2",
                "villages": 2,
                "covered": 0,
                "uncovered": 0,
                "weak": 0,
                "none": 0,
                "unknown": 2,
            },
            {
                "level": "commune",
                "code": "13",
                "valid_from": "2023-01-01",
                "name": "Xã *Lẻ*",
                "villages": 1,
                "covered": 0,
                "uncovered": 0,
                "weak": 0,
                "none": 0,
                "unknown": 1,
            },
        ],
        "by_layer": [
            {"operator": "Alpha", "technology": "4G", "as_of": "2023-08-30", "villages_served": 3},
            {"operator": "Alpha", "technology": "3G", "as_of": "2023-08-30", "villages_served": 0},
            {"operator": "Beta", "technology": "3G", "as_of": "2023-07-01", "villages_served": 1},
            {"operator": "Beta", "technology": "4G", "as_of": "2023-07-01", "villages_served": 0},
            {
                "operator": "Gamma *one*",
                "technology": "4G",
                "as_of": "2024-02-09",
                "villages_served": 0,
            },
        ],
    }
    later = json.loads(printed_json(uneven.run, uneven.structures[-1]))["by_unit"]
    assert [(one["level"], one["code"], one["valid_from"]) for one in later] == [
        ("commune", "10", "2025-07-01"),
        ("commune", "99", "2025-07-01"),
    ]
