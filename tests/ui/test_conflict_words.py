"""A conflict between measurements and a layer, in words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ui.conflicts import claim_sentence, place_of, subject_of
from ui.texts import translator

EN, VI = translator("en"), translator("vi")
ROW: dict[str, Any] = {
    "operator": "A\tlpha", "technology": "4G", "village": "Xóm 1", "commune": None,
    "district": "Huyện *K*", "below": 1200, "samples": 1500, "share_below": 0.8, "low": 0.776,
    "high": 0.8203, "claimed": True, "evidence": "declared", "hangs": False, "first": pd.NaT,
    "last": pd.NaT,
}  # fmt: skip
DAY, LATER = pd.Timestamp("2023-09-02"), pd.Timestamp("2023-10-01")


def test_every_kind_of_claim_has_a_sentence_of_its_own() -> None:
    kinds = [(claimed, kind) for claimed in (True, False) for kind in ("declared", "modelled")]
    rows = [{**ROW, "claimed": claimed, "evidence": kind} for claimed, kind in kinds]
    assert [claim_sentence(row, EN) for row in rows] == [
        "declared served; 1,200 of 1,500 samples below, 80\xa0% (interval 78\xa0% to 82\xa0%).",
        "modelled as served; 1,200 of 1,500 samples below, 80\xa0% (interval 78\xa0% to 82\xa0%).",
        (
            "declared not served; 300 of 1,500 samples good; 80\xa0% below (interval 78\xa0% to "
            "82\xa0%)."
        ),
        (
            "modelled as not served; 300 of 1,500 samples good; 80\xa0% below (interval 78\xa0% "
            "to 82\xa0%)."
        ),
    ]
    assert claim_sentence(rows[0], VI) == (
        "công bố có sóng; 1.200/1.500 mẫu không đạt, 80\xa0% (khoảng tin cậy 78\xa0% đến 82\xa0%)."
    )


def test_days_of_measuring_are_one_two_or_not_known() -> None:
    days = [(DAY, DAY), (DAY, LATER)]
    told = [claim_sentence({**ROW, "first": a, "last": b}, EN).partition(")")[2] for a, b in days]
    assert told == [
        ", measured on 02 September 2023.",
        ", measured from 02 September 2023 to 01 October 2023.",
    ]
    assert (
        claim_sentence({**ROW, "hangs": True}, EN).partition(")")[2] == ". The verdict hangs on it."
    )


def test_whose_layer_and_where() -> None:
    assert subject_of(ROW, EN) == "A lpha 4G"
    assert subject_of({**ROW, "operator": "", "technology": ""}, EN) == "all operators"
    assert place_of(ROW) == "Xóm 1, Huyện *K*"
    assert place_of({**ROW, "district": float("nan"), "commune": "Xã 2"}) == "Xóm 1, Xã 2"
