"""What the command line prints of kept measures, of checked files and of matched lists."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast, get_args

import pandas as pd
import pytest

from geodata.checks.model import Role
from geodata.errors import Phrase
from geodata.findings import Finding
from geodata.report import FileReport, Report
from geodata.staging import Leftovers
from geodata.study.cache import Cache
from geodata.study.store import Entry
from ui import cached, checked, matched
from ui.texts import translator

EN = translator("en")


def entry(key: str, kind: str, size: int, **about: Any) -> Entry:
    """One kept thing."""
    used = datetime(2024, 5, 6, 7, 8, tzinfo=UTC)
    return cast(
        "Entry", SimpleNamespace(key=key, kind=kind, size_bytes=size, used=used, about=about)
    )


def test_what_kept_measures_are_is_told_in_words() -> None:
    kinds = [
        entry("a", "areas", 1, titles=["Alpha 4G", "Beta\t3G"]),
        entry("a", "areas", 1, titles=[]),
        *(entry("a", one, 1) for one in ("", "amounts", "levels", "moved", "outline", "weights")),
        entry("a", "strange\tkind", 1),
    ]
    assert [cached._what(one, EN) for one in kinds] == [
        "areas by Alpha 4G, Beta 3G",
        "",
        "of an earlier version, or broken",
        "people, settled places or hexagons by layers",
        "signal levels of villages",
        "areas with footprints drawn in and let out",
        "a footprint drawn in and let out",
        "pixels of villages",
        "strange kind",
    ]
    assert [cached._size(n, EN) for n in (0, 49_999, 1_250_000, 1_500_000_000)] == [
        "0 MB",
        "0 MB",
        "1.2 MB",
        "1,500 MB",
    ]


def test_kept_measures_are_listed_the_one_used_last_first() -> None:
    entries = (entry("old", "levels", 2_000_000), entry("new", "weights", 500_000))
    kept = cast(
        "Cache",
        SimpleNamespace(
            folder=Path("/s"), entries=entries, size_bytes=2_500_000, limit_bytes=10_000_000,
            needed={"new": ("r1", "r2")}, published="r2", left=Leftovers(3, 45),
        ),
    )  # fmt: skip
    listed = cached._listed(kept, EN)
    assert listed[0].replace("\\", "/") == "2 kept in /s/results/measures: 2.5 MB of at most 10 MB"
    assert listed[3].startswith("3 left unfinished: 0 MB")
    assert [line.split("  ")[0] for line in listed[1:3]] == ["new", "old"]
    assert [line.split("  ")[-1] for line in listed[1:3]] == [
        "pixels of villages; needed by r1, r2 (published)",
        "signal levels of villages; no run needs it",
    ]
    assert cached._told(kept, entries[:1]) == {
        "folder": str(Path("/s")),
        "size_bytes": 2500000,
        "limit_bytes": 10000000,
        "removed": ["old"],
        "leftovers": 3,
        "leftover_bytes": 45,
        "entries": [
            {
                "key": "new",
                "kind": "weights",
                "layers": None,
                "size_bytes": 500000,
                "used": "2024-05-06T07:08:00+00:00",
                "runs": ["r1", "r2"],
            },
            {
                "key": "old",
                "kind": "levels",
                "layers": None,
                "size_bytes": 2000000,
                "used": "2024-05-06T07:08:00+00:00",
                "runs": [],
            },
        ],
    }
    gone = cached._cleared(entries, kept, EN, everything=False)
    assert gone == [
        "2 removed, 2.5 MB free again",
        "What kept runs need stays; --clear --all removes it too.",
    ]
    assert (
        cached._cleared(entries, kept, EN, everything=True)[1]
        == "What a process is at work with stays."
    )
    none = cast("Cache", SimpleNamespace(entries=()))
    assert len(cached._cleared(entries, none, EN, everything=False)) == 1


def finding(rows: int, count: int, *, file: str = "a.csv", told: str = "bad") -> Finding:
    """Something found in some rows of a file."""
    return Finding(
        kind="k", severity="error", sentence=Phrase(told, {}), file=file,
        rows=tuple(range(1, rows + 1)), count=count,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "count", "told"),
    [
        (0, 5, ""),
        (2, 2, "rows 1, 2"),
        (8, 8, "rows 1, 2, 3, 4, 5, 6, 7, 8"),
        (9, 9, "rows 1, 2, 3, 4, 5, 6, 7, 8 and 1 more"),
        (3, 5, "rows 1, 2, 3 and 2 more"),
        (9, 1200, "rows 1, 2, 3, 4, 5, 6, 7, 8 and 1,192 more"),
    ],
)
def test_eight_rows_are_told_and_how_many_more_there_are(rows: int, count: int, told: str) -> None:
    assert checked.rows_told(finding(rows, count), EN) == told


def test_a_finding_in_one_line() -> None:
    some = [
        finding(1, 1), finding(0, 1, told="a.csv: bad"), finding(0, 1, file="", told="bad"),
        finding(2, 2, file="", told="bad"), finding(0, 1, file="b.csv", told="a.csv: bad"),
    ]  # fmt: skip
    assert [checked._finding(one, EN) for one in some] == [
        "ERROR     a.csv, rows 1: bad",
        "ERROR     a.csv: bad",
        "ERROR     bad",
        "ERROR     rows 1, 2: bad",
        "ERROR     b.csv: a.csv: bad",
    ]
    assert checked._cut("x" * 44) == "x" * 44
    assert checked._cut("y" + "x" * 44) == "…" + "x" * 43


def test_twelve_warnings_stand_beside_figures_each_once() -> None:
    def warned(*told: str) -> str:
        study = SimpleNamespace(warnings=[finding(0, 1, told=one) for one in told])
        return checked.warnings_told(cast("Any", study), EN, named="S")

    assert warned() == ""
    assert warned("a", "b", "a").splitlines() == [
        "ERROR: a",
        "ERROR: b",
        "phusong check S says which rows, and what else was found.",
    ]
    assert len(warned(*map(str, range(12))).splitlines()) == 13
    assert warned(*map(str, range(13))).splitlines()[-2] == "… and 1 more."


def test_a_matched_list_says_which_rows_to_look_at() -> None:
    matches = SimpleNamespace(
        matched=[1, 2], ambiguous=pd.DataFrame(index=[4, 4, 5]), unmatched=pd.DataFrame(index=[7])
    )
    found = SimpleNamespace(
        findings=[finding(3, 3), finding(12, 11, told="x"), finding(10, 10), finding(0, 1)],
        listed=range(9),
        matches=matches,
    )
    told = matched.matched_text(cast("Any", found), Path("o.xlsx"), EN)
    assert told.splitlines() == [
        "bad (rows 1, 2, 3)",
        "x (rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 …)",
        "bad (rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)",
        "bad",
        "Written: o.xlsx",
    ]
    found.findings = found.findings[:1]
    assert json.loads(matched.matched_json(cast("Any", found), Path("o.xlsx"), EN)) == {
        "rows": 9,
        "matched": 2,
        "ambiguous": [4, 5],
        "unmatched": [7],
        "findings": [{"kind": "k", "severity": "error", "sentence": "bad", "count": 3}],
        "output": "o.xlsx",
    }


REPORT = Report(
    name="S\ttudy",
    path=Path("s"),
    is_study=True,
    as_of=date(2024, 2, 9),
    reconstruction=True,
    findings=(finding(0, 1, told="note of all", file=""),),
    files=(
        FileReport(
            file="a.csv", role="villages", rows=3806, crs="EPSG:9208",
            shapes={"Polygon": 2, "MultiPolygon": 1}, columns={"village": "TEN"},
            strange=("X",), extent=(105.12345678, 18.5, 106.0, 19.0), as_of=date(2024, 1, 1),
            convention=Phrase("plain", {}), findings=(finding(2, 2, told="a.csv: twice"),),
        ),
        FileReport(file="b" * 50 + ".tif", role="layer", title="Alpha 4G", readable=False),
    ),
)  # fmt: skip


def test_a_report_lists_its_files_then_what_was_found() -> None:
    assert checked.printed_report(REPORT, EN).splitlines() == [
        r"'S\ttudy': Errors: 2 · Warnings: 0 · Notes: 0",
        "",
        (
            "File                                          What it is                Rows  "
            "Shapes    Coordinate system"
        ),
        (
            "a.csv                                         villages                 3,806  "
            "polygons  EPSG:9208"
        ),
        "…bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.tif  coverage layer Alpha 4G      –  –         –",
        "",
        "ERROR     note of all",
        "ERROR     a.csv, rows 1, 2: twice",
        "",
        "RECONSTRUCTION: made from published figures; it says nothing of a real village.",
    ]
    bare = replace(REPORT, findings=(), files=(), reconstruction=False)
    assert checked.printed_report(bare, EN).splitlines() == [
        r"'S\ttudy': Errors: 0 · Warnings: 0 · Notes: 0",
        "",
        "File  What it is  Rows  Shapes  Coordinate system",
    ]


def test_a_report_as_json() -> None:
    (told,) = json.loads(checked.report_json([REPORT], EN))["reports"]
    assert told == {
        "name": "S\ttudy",
        "path": "s",
        "is_study": True,
        "as_of": "2024-02-09",
        "reconstruction": True,
        "counts": {"error": 2, "warning": 0, "note": 0},
        "findings": [
            {
                "kind": "k",
                "severity": "error",
                "sentence": "note of all",
                "file": "",
                "rows": [],
                "count": 1,
            }
        ],
        "files": [
            {
                "file": "a.csv",
                "role": "villages",
                "title": "",
                "convention": "plain",
                "readable": True,
                "rows": 3806,
                "crs": "EPSG:9208",
                "shapes": {"Polygon": 2, "MultiPolygon": 1},
                "columns": {"village": "TEN"},
                "not_understood": ["X"],
                "extent": [105.123457, 18.5, 106.0, 19.0],
                "as_of": "2024-01-01",
                "findings": [
                    {
                        "kind": "k",
                        "severity": "error",
                        "sentence": "a.csv: twice",
                        "file": "a.csv",
                        "rows": [1, 2],
                        "count": 2,
                    }
                ],
            },
            {
                "file": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.tif",
                "role": "layer",
                "title": "Alpha 4G",
                "convention": "",
                "readable": False,
                "rows": 0,
                "crs": "",
                "shapes": {},
                "columns": {},
                "not_understood": [],
                "extent": None,
                "as_of": None,
                "findings": [],
            },
        ],
    }
    bare = json.loads(checked.report_json([replace(REPORT, as_of=None, is_study=False)], EN))
    assert [bare["reports"][0][name] for name in ("as_of", "is_study")] == [None, False]


def test_every_role_and_shape_has_words() -> None:
    told = [checked.ROLES[role] for role in get_args(Role)]
    assert all(told)
    assert [f"{key}: {EN(word)}" for key, word in checked.SHAPES.items()] == [
        "Point: points",
        "MultiPoint: points",
        "LineString: lines",
        "MultiLineString: lines",
        "Polygon: polygons",
        "MultiPolygon: polygons",
        "GeometryCollection: mixed shapes",
        "Raster: a raster",
    ]
    assert [f"{key}: {EN(word)}" for key, word in checked.SEVERITY_WORDS.items()] == [
        "error: error",
        "warning: warning",
        "note: note",
    ]
