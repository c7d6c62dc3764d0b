"""The follow-up sheet, out and back."""

from __future__ import annotations

import csv
import os
import time
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from threading import Thread

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import geodata
from geodata import followup
from geodata.errors import CallError, DataError
from geodata.export.followup_sheet import write_follow_up
from geodata.followup import (
    FIELDS,
    empty,
    keep_follow_up,
    load_follow_up,
    read_follow_up,
    shown,
)
from geodata.study.assess import assess_study
from geodata.study.results import Run
from tests.laws import examples
from tests.tiny_study import write_study

NOW = datetime(2026, 11, 24, tzinfo=UTC)
KNOWN = ("v1", "v3", "v6", "v9", "0017")
HEAD = "Mã thôn;Xác nhận thực địa;Ngày xác nhận;Nhà mạng phụ trách;Ghi chú"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("study")
    return assess_study(geodata.open_study(write_study(folder / "s")))


def _sheet(
    run: Run, path: Path, current: pd.DataFrame | None = None, language: str = "vi"
) -> bytes:
    places = run.study.villages[["commune", "district"]]
    write_follow_up(
        run,
        ["v9", "v3", "v6"],
        path,
        places=places,
        current=empty() if current is None else current,
        language="vi" if language == "vi" else "en",
    )
    return path.read_bytes()


def _text(*rows: str, head: str = HEAD) -> bytes:
    return "\r\n".join([head, *rows]).encode("utf-8-sig")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_filled_sheet_is_read_back(run: Run, tmp_path: Path, language: str) -> None:
    book = openpyxl.load_workbook(BytesIO(_sheet(run, tmp_path / "f.xlsx", language=language)))
    rows = {str(row[0].value): row for row in book.active.iter_rows()}
    assert str(rows["v6"][1].value) == "=HYPERLINK(0)"
    rows["v9"][5].value = "Không có sóng" if language == "vi" else "no signal"
    rows["v9"][7].value = datetime(2026, 10, 1)  # noqa: DTZ001  # as a sheet has it
    rows["v9"][11].value = "=cmd|'/c calc'!A1"
    out = BytesIO()
    book.save(out)
    reading = read_follow_up(out.getvalue(), KNOWN, file="f.xlsx")
    assert not reading.rejected
    assert reading.rows.loc["v9"].to_dict() == {
        **dict.fromkeys(FIELDS, ""),
        "confirmed": "none",
        "confirmed_on": "2026-10-01",
        "note": reading.rows.loc["v9", "note"],
    }


def test_what_people_do_to_sheets(run: Run, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(BytesIO(_sheet(run, tmp_path / "f.xlsx")))
    sheet = book.active
    sheet.insert_rows(1, 3)
    sheet["A1"] = "UBND huyện gửi"
    sheet.insert_cols(2)
    for row in sheet.iter_rows():
        if row[0].value == "v3":
            row[6].value = "co song"
    out = BytesIO()
    book.save(out)
    reading = read_follow_up(out.getvalue(), KNOWN, file="f.xlsx")
    assert reading.rows["confirmed"].to_dict() == {"v3": "signal"}


def test_a_text_with_a_cell_too_long_says_so() -> None:
    limit = csv.field_size_limit(1000)
    try:
        with pytest.raises(DataError, match="cannot be read as a sheet"):
            read_follow_up(_text(f"v1;{'x' * 2000};;;"), KNOWN, file="f.csv")
    finally:
        csv.field_size_limit(limit)


def test_each_rejected_row_says_why_and_where() -> None:
    reading = read_follow_up(
        _text(
            "v1;Có sóng;31/02/2026;;",
            "v1;maybe;;;",
            "nobody;;;;x",
            "v3;;;;one",
            "v3;;;;two",
            ";;;;lost",
            ";;;;",
        ),
        KNOWN,
        file="f.csv",
    )
    assert [one.row for one in reading.rejected] == [2, 3, 4, 6, 7]
    told = [str(one.reason) for one in reading.rejected]
    assert "'31/02/2026', which is no day" in told[0]
    assert "field confirmation is 'maybe'" in told[1]
    assert "no village of this study" in told[2]
    assert "twice" in told[3]
    assert "no village id" in told[4]
    assert reading.rows["note"].to_dict() == {"v3": "one"}


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ("30/8/2026", "2026-08-30"),
        ("30-08-26", "2026-08-30"),
        ("30.8.2026", "2026-08-30"),
        ("2026-08-30", "2026-08-30"),
        ("2026-08-30 00:00:00", "2026-08-30"),
    ],
)
def test_days_are_written_in_many_ways(told: str, day: str) -> None:
    reading = read_follow_up(_text(f"v1;;{told};;"), KNOWN, file="f.csv")
    assert reading.rows.loc["v1", "confirmed_on"] == day


def test_an_id_that_a_sheet_made_a_number_is_known() -> None:
    assert list(read_follow_up(_text("17.0;;;;x"), ("17",), file="f").rows.index) == []
    assert list(read_follow_up(_text("17;;;;x"), KNOWN, file="f").rows.index) == ["0017"]


@pytest.mark.parametrize("body", [b"a;b\r\n1;2", b"", b"PK\x03\x04broken", b"\xff\xfe\x00"])
def test_a_file_that_is_no_sheet_is_refused_in_one_sentence(body: bytes) -> None:
    with pytest.raises(DataError, match=r"^f\.xlsx "):
        read_follow_up(body, KNOWN, file="f.xlsx")


def test_filled_cells_replace_empty_ones_leave_and_a_dash_clears(tmp_path: Path) -> None:
    first = read_follow_up(_text("v1;Có sóng;;Alpha;a"), KNOWN, file="f")
    keep_follow_up(tmp_path, first, at=NOW)
    second = read_follow_up(_text("v1;;;-;b"), KNOWN, file="f")
    table = keep_follow_up(tmp_path, second, at=NOW)
    assert table.loc["v1", ["confirmed", "operator", "note"]].tolist() == ["signal", "", "b"]
    assert load_follow_up(tmp_path).equals(table)
    assert len(list((tmp_path / "followup").glob("*.csv"))) == 2


@pytest.mark.parametrize("told", ["-", "–", "xóa", "XOA", "Clear"])
def test_each_word_that_empties_a_cell_does_so_in_every_column(told: str, tmp_path: Path) -> None:
    keep_follow_up(
        tmp_path, read_follow_up(_text("v1;Có sóng;1/2/2026;Alpha;a"), KNOWN, file="f"), at=NOW
    )
    reading = read_follow_up(_text(f"v1;{told};{told};{told};{told}"), KNOWN, file="f")
    assert not reading.rejected
    columns = ["confirmed", "confirmed_on", "operator", "note"]
    assert reading.rows.loc["v1", columns].tolist() == ["-"] * 4
    assert keep_follow_up(tmp_path, reading, at=NOW).empty  # nothing is known of v1 any more
    assert load_follow_up(tmp_path).empty


def test_of_a_column_that_stands_twice_the_first_counts() -> None:
    head = "Mã thôn;Ghi chú;Note"
    assert read_follow_up(_text("v1;a;b", head=head), KNOWN, file="f").rows["note"]["v1"] == "a"


def test_a_row_that_ends_early_is_empty_behind_its_end() -> None:
    reading = read_follow_up(_text("v1;Sóng yếu", "v3"), KNOWN, file="f")
    assert reading.rows["confirmed"].to_dict() == {"v1": "weak"}
    assert not reading.rejected


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_text_may_be_parted_by_commas_semicolons_and_tabs(separator: str) -> None:
    rows = separator.join(("Mã thôn", "Ghi chú")), separator.join(("v1", "a b"))
    reading = read_follow_up("\n".join(rows).encode(), KNOWN, file="f")
    assert reading.rows["note"].to_dict() == {"v1": "a b"}


@pytest.mark.parametrize(("above", "read"), [(0, True), (29, True), (30, False)])
def test_the_header_stands_among_the_first_thirty_rows(above: int, *, read: bool) -> None:
    body = "\n".join(["Danh sách;"] * above + ["Mã thôn;Ghi chú", "v1;a"]).encode()
    if not read:
        with pytest.raises(DataError, match="no column of village ids among its first rows"):
            read_follow_up(body, KNOWN, file="f")
        return
    assert read_follow_up(body, KNOWN, file="f").rows["note"].to_dict() == {"v1": "a"}


def test_numbers_of_a_sheet_are_ids_and_words_without_a_point() -> None:
    book = openpyxl.Workbook()
    for row in (["Mã thôn", "Ghi chú"], [17, 5], [3.5, "x"]):
        book.active.append(row)
    out = BytesIO()
    book.save(out)
    reading = read_follow_up(out.getvalue(), KNOWN, file="f.xlsx")
    assert reading.rows["note"].to_dict() == {"0017": "5"}
    assert [one.village_id for one in reading.rejected] == ["3.5"]


def test_an_id_of_zeros_is_not_another_id_of_zeros() -> None:
    reading = read_follow_up(_text("0;;;;a", "00;;;;b"), ("0", "00"), file="f")
    assert reading.rows["note"].to_dict() == {"0": "a", "00": "b"}


@pytest.mark.parametrize(
    ("field", "value", "vi", "en"),
    [
        ("confirmed", "weak", "Sóng yếu", "Weak signal"),
        ("confirmed_on", "2026-01-31", "31/01/2026", "31/01/2026"),
        ("promised_on", "2026-01-31", "31/01/2026", "31/01/2026"),
        ("promised_on", "soon", "soon", "soon"),
        ("promised_on", "", "", ""),
        ("note", "2026-01-31", "2026-01-31", "2026-01-31"),
        ("note", "weak", "weak", "weak"),
    ],
)
def test_what_is_kept_is_shown_as_its_reader_writes_it(
    field: str, value: str, vi: str, en: str
) -> None:
    assert (shown(field, value, "vi"), shown(field, value, "en")) == (vi, en)


def test_a_lock_left_by_a_crash_is_taken_over_and_one_held_by_somebody_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followup, "LOCK_S", 0.05)
    reading = read_follow_up(_text("v1;;;;a"), KNOWN, file="f")
    lock = tmp_path / ".followup-lock"
    lock.touch()
    held_until = time.time() + 600  # as if somebody took it just now, however slow this machine is
    os.utime(lock, (held_until, held_until))
    with pytest.raises(CallError, match="somebody else is taking over"):
        keep_follow_up(tmp_path, reading, at=NOW)
    assert lock.exists()
    os.utime(lock, (0, 0))
    assert list(keep_follow_up(tmp_path, reading, at=NOW).index) == ["v1"]
    assert not lock.exists()


def test_two_imports_at_once_both_count(tmp_path: Path) -> None:
    readings = [read_follow_up(_text(f"{v};;;;{v}"), KNOWN, file="f") for v in ("v1", "v3", "v6")]
    threads = [
        Thread(target=keep_follow_up, args=(tmp_path, one), kwargs={"at": NOW}) for one in readings
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(load_follow_up(tmp_path).index) == ["v1", "v3", "v6"]


def test_the_follow_up_never_changes_a_verdict(tmp_path: Path) -> None:
    study = geodata.open_study(write_study(tmp_path / "s"))
    before = assess_study(study).assessment.verdicts
    reading = read_follow_up(_text("v9;Có sóng;;;"), tuple(study.villages.index), file="f")
    keep_follow_up(study.folder, reading, at=NOW)
    after = assess_study(geodata.open_study(study.folder)).assessment.verdicts
    assert before.equals(after)


@settings(
    max_examples=examples(25),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(
    st.text(max_size=40)
    | st.sampled_from(["=1+1", "@x", '"', "a\nb", "\u202eabc", "x" * 500, "-5"])
)
def test_what_goes_out_comes_back(run: Run, tmp_path: Path, note: str) -> None:
    folder = tmp_path / str(abs(hash(note)))
    folder.mkdir(exist_ok=True)
    text = pd.DataFrame({name: [""] for name in FIELDS}, index=pd.Index(["v9"], name="village_id"))
    text.loc["v9", "note"] = note
    out = _sheet(run, folder / "a.xlsx", current=text)
    once = read_follow_up(out, KNOWN, file="a")
    kept = keep_follow_up(folder, once, at=NOW)
    again = read_follow_up(_sheet(run, folder / "b.xlsx", current=kept), KNOWN, file="b")
    assert keep_follow_up(folder, again, at=NOW).equals(kept)


def test_a_note_as_long_as_a_book_is_rejected_and_one_kept_before_is_still_read(
    tmp_path: Path,
) -> None:
    reading = read_follow_up(_text(f"v9;;;;{'x' * 10_001}", "v3;;;;short"), KNOWN, file="f.csv")
    assert list(reading.rows.index) == ["v3"]
    (rejection,) = reading.rejected
    assert "more than 10,000 letters" in str(rejection.reason) or "most" in rejection.reason.parts
    keep_follow_up(tmp_path, reading, at=NOW)
    path = tmp_path / followup.FILE
    path.write_text(path.read_text("utf-8-sig").replace("short", "y" * 200_000), "utf-8-sig")
    assert len(load_follow_up(tmp_path).loc["v3", "note"]) == 200_000
