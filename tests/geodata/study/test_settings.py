"""The study file is validated whole, and each fault says its line and what would be right."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from geodata import StudyError
from geodata.files import found_files
from geodata.study.faults import line_of
from geodata.study.rule_table import rule_of
from geodata.study.settings import StudySettings, read_settings
from tests import folder

HEAD = """\
schema = 1
name = "A study"
as_of = 2023-08-30
"""
TAIL = """
[villages]
path = "villages.csv"
"""


def settings(folder: Path, head: str = HEAD, tail: str = TAIL) -> StudySettings:
    (folder / "villages.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (folder / "study.toml").write_text(head + tail, encoding="utf-8")
    return read_settings(folder / "study.toml")


def faults(folder: Path, head: str = HEAD, tail: str = TAIL) -> tuple[str, ...]:
    with pytest.raises(StudyError) as caught:
        settings(folder, head, tail)
    return tuple(str(fault) for fault in caught.value.faults)


def test_the_shortest_study_file_that_is_right(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert (found.crs, found.rule, found.villages.radius_m) == ("EPSG:9208", "vn-village", 500.0)
    assert found.as_of == date(2023, 8, 30)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("as_of = 2023", "line 4, as_of: input should be a day such as 2023-08-30 (found 2023)"),
        (
            'as_of = "30/8/2023"',
            "line 4, as_of: input should be a day such as 2023-08-30 (found",
        ),
        ("as_of = 2023-08-30T07:00:00", "line 4, as_of: input should be a day such as 2023-08-30"),
        ('crs = "EPSG:4326"', "line 4, crs: crs is 'EPSG:4326', which is not a projected system"),
        ('crs = "VN-2000 somewhere"', "line 4, crs: crs is 'VN-2000 somewhere', which is no coord"),
        ("crs = 9208", "line 4, crs: input should be a valid string (found 9208)"),
        ('rule = "vn-vilage"', "line 4, rule: rule 'vn-vilage' is not known; vn-village?"),
        ("rule = 3", "line 4, rule: input should be a valid string (found 3)"),
        ('rule = { name = "r", weak_share = 3 }', "line 4, rule.weak_share: input should be less"),
        ("rule = { weak_share = 0.2 }", "line 4, rule.name is missing"),
        ('rule = { name = " " }', "line 4, rule: name is empty"),
        (
            'rule = { name = "vn-village", covered_share = 0.1 }',
            "line 4, rule: name 'vn-village' is that of a profile",
        ),
        ('rule = { name = "vn-1603" }', "line 4, rule: name 'vn-1603' is that of a profile"),
        ('rule = { name = "r", centre = 1 }', "line 4, rule.centre: input should be a valid bool"),
        ('rule = { name = "r", weak_share = 0.6 }', "weak_share 0.6 should not be above covered"),
        ('rule = { name = "r", base = "x" }', "line 4, rule.base: rule 'x' is not known"),
        ('colour = "red"', "line 4, colour is not a key of this table"),
        ("nam = 1", "line 4, nam is not a key of this table; name?"),
    ],
)
def test_one_fault_in_the_head_is_one_sentence(tmp_path: Path, line: str, sentence: str) -> None:
    head = HEAD.replace("as_of = 2023-08-30\n", "") if line.startswith("as_of") else HEAD
    told = faults(tmp_path, head + ("\n" if head != HEAD else "") + line + "\n")
    assert len(told) == 1
    assert sentence in told[0]


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ('[[layers]]\npath = "gone.gpkg"', "line 8, layers[1].path: file 'gone.gpkg' is not there"),
        ('[[layers]]\npath = "gone/*.gpkg"', "layers[1].path: file 'gone/*.gpkg' is not there"),
        ("[[layers]]\noperator = 'A'", "line 7, layers[1].path is missing"),
        ("[[layers]]\npath = '.'", "layers[1].path: file '.' is not there"),
        ("[[layers]]\npath = '..'", "layers[1].path: file '..' is not there"),
        ("[expected]\ntechnologies = ['6G']", "line 8, expected.technologies[1]: input should be"),
        ("[expected]\noperators = 'Viettel'", "line 8, expected.operators: input should be a"),
        ("[target]\nshare = 98\nby = 2025-12-31", "line 8, target.share: input should be less"),
        ("[target]\nshare = true\nby = 2025-12-31", "line 8, target.share: input should be a"),
        ('[[units]]\nvalid_from = "2023"\ncommunes = "villages.csv"', "line 8, units[1].valid_"),
        ('[zones_5g]\npath = "villages.csv"\ncolumns = { zon = "A" }', "'zon' is not a field of c"),
        ('[layer]\npath = "villages.csv"', "line 7, layer is not a key of this table; layers?"),
    ],
)  # fmt: skip
def test_one_fault_in_a_table_is_one_sentence(tmp_path: Path, table: str, sentence: str) -> None:
    told = faults(tmp_path, tail=TAIL + table + "\n")
    assert len(told) == 1
    assert sentence in told[0]


def test_all_faults_come_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    head = 'schema = 2\nname = 5\ncrs = "EPSG:4326"\nrule = "none"\n'
    told = faults(tmp_path, head, '[villages]\npath = "gone.csv"\nradius = 3\n')
    assert [fault.split(":")[0].split(" is ")[0] for fault in told] == [
        "as_of",
        "line 1, schema",
        "line 2, name",
        "line 3, crs",
        "line 4, rule",
        "line 6, villages.path",
        "line 7, villages.radius",
    ]
    assert told[0] == "as_of is missing"


def test_the_message_numbers_the_faults(tmp_path: Path) -> None:
    with pytest.raises(
        StudyError, match=r"^study\.toml has 2 faults:\n  1\. line 1,.*\n  2\. line"
    ):
        settings(tmp_path, "schema = 2\nname = 5\nas_of = 2023-08-30\n")
    with pytest.raises(StudyError, match=r"^study\.toml has one fault: line 1, schema"):
        settings(tmp_path, 'schema = 2\nname = "x"\nas_of = 2023-08-30\n')


def test_an_inline_rule_changes_its_base_and_is_ours(tmp_path: Path) -> None:
    rule = 'rule = { name = "half", base = "vn-village", centre = false, technologies = ["4G"] }\n'
    made = rule_of(settings(tmp_path, HEAD + rule).rule)
    assert (made.name, made.centre, made.technologies, made.ours) == ("half", False, ("4G",), True)
    assert made.covered_share == 0.5


@pytest.mark.parametrize(
    ("place", "line"),
    [(["name"], 1), (["layers", 1, "path"], 9), (["layers", 0], 4), (["layers", 0, "gone"], 4),
     (["villages", "path"], 13), (["gone"], None), (["rule", "name"], 2)],
)  # fmt: skip
def test_the_line_of_a_key(place: list[str | int], line: int | None) -> None:
    text = (
        'name = "x"\nrule = { name = "path" }\n\n[[layers]]\n# path = "no"\n'
        'path = "a"\n\n[[layers]]\n"path" = "b"\nname = "c"\n\n[villages]\npath = "v"\n'
    )
    assert line_of(place, text) == line


def test_patterns_find_files_in_order_and_absolute_paths_are_taken(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "[odd].csv"):
        (tmp_path / name).touch()
    assert [p.name for p in found_files(tmp_path, "[ab].csv")] == ["a.csv", "b.csv"]
    assert [p.name for p in found_files(tmp_path, "[odd].csv")] == ["[odd].csv"]
    elsewhere = tmp_path / "elsewhere"
    assert [p.name for p in found_files(elsewhere, str(tmp_path / "?.csv"))] == ["a.csv", "b.csv"]
    assert found_files(elsewhere, str(tmp_path / "a.csv")) == [tmp_path / "a.csv"]
    assert found_files(tmp_path, "a" * 300) == found_files(tmp_path, "a\0") == []


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('crs = "EPSG:nine"', "line 9, villages.crs: crs is 'EPSG:nine', which is no coordinate"),
        ('swap_xy = "yes"', "line 9, villages.swap_xy: input should be a valid boolean"),
        ('xy_unit = "mile"', "line 9, villages.xy_unit: input should be 'm', 'km'"),
        ('centres_crs = "?"', "line 9, villages.centres_crs: crs is '?', which is no coordinate"),
        ("swap_yx = true", "line 9, villages.swap_yx is not a key of this table; swap_xy?"),
    ],
)
def test_what_is_said_of_coordinates_is_checked_with_its_line(
    tmp_path: Path, line: str, fault: str
) -> None:
    text = folder.STUDY.replace('path = "villages.gpkg"', f'path = "villages.gpkg"\n{line}')
    with pytest.raises(StudyError) as caught:
        read_settings(folder.write(tmp_path / "s", study=text))
    assert fault in str(caught.value)


def test_a_rule_of_the_study_file_may_set_levels_evidence_and_what_shares_are_of(
    tmp_path: Path,
) -> None:
    rule = (
        'rule = { name = "indoors", base = "ofcom", min_dbm_4g = -100, loss_db = 12, '
        'basis = "people", worth_sites = "weak" }\n'
    )
    made = rule_of(settings(tmp_path, HEAD + rule).rule)
    assert (made.min_dbm("4G"), made.min_dbm("3G"), made.min_dbm("2G")) == (-88, -88, None)
    assert (made.basis, made.worth_sites, made.worth_declared) == ("people", "weak", "covered")


def test_the_numbers_of_a_letter_are_wanted_until_the_study_file_has_them_all(
    tmp_path: Path,
) -> None:
    assert rule_of("vn-1603").needs == ("covered_share", "weak_share")
    one = 'rule = { name = "x", base = "vn-1603", covered_share = 0.7 }\n'
    assert rule_of(settings(tmp_path, HEAD + one).rule).needs == ("weak_share",)
    for name in ("x", "vn-1603"):  # with its numbers it is the profile, and may be called so
        both = (
            f'rule = {{ name = "{name}", base = "vn-1603", covered_share = 0.7, weak_share = 0 }}'
        )
        assert rule_of(settings(tmp_path, HEAD + both + "\n").rule).needs == ()


@pytest.mark.parametrize(
    "told",
    ["min_dbm_4g = -20", "min_dbm_4g = -105.5", "loss_db = 90", 'worth_sites = "much"',
     'basis = "trees"', "unite = true, min_operators = 2"],
)  # fmt: skip
def test_a_setting_of_a_rule_that_makes_no_sense_is_a_fault_of_its_line(
    tmp_path: Path, told: str
) -> None:
    rule = f'rule = {{ name = "x", {told} }}\n'
    with pytest.raises(StudyError, match=r"line \d+, rule"):
        settings(tmp_path, HEAD + rule)
