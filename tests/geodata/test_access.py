"""Who may see what: the settings, and that nothing else is reachable from a restricted run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from shapely import Point
from shapely.geometry.base import BaseGeometry

import coverage
import geodata
from coverage.model import Amounts, Areas, Levels, Moved
from coverage.summarise import operator_technology_matrix
from geodata.access import (
    EVERYTHING,
    Access,
    Rights,
    check_access,
    read_access,
    restrict,
    restrict_follow_up,
)
from geodata.errors import CallError, MissingFileError, StudyError, UnreadableError, phrase
from geodata.filing import Measurements
from geodata.findings import finding
from geodata.followup import FIELDS
from geodata.nearest import nearest_signal
from geodata.operators import names_any, operator_in, same_operator
from geodata.postgis.model import TableInput
from geodata.study.assess import assess_study
from geodata.study.places import structures_of
from geodata.study.reopen import latest_run
from geodata.study.results import Run
from geodata.study.settings import MeasurementsTable
from geodata.study.zones import zone_figures
from tests import tiny
from tests.laws import examples
from tests.tiny_study import write_study

SECRET = "0123456789abcdef" * 2
IDS = [f"v{k}" for k in range(1, 10)]
HILLS = Rights(districts=frozenset({"417"}))
ALPHA = Rights(operator="Alpha")
BETA = Rights(operator="Beta")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    file = write_study(
        tmp_path_factory.mktemp("access") / "study",
        expected=("Alpha", "Beta"),
        published=((6, 9),),
    )
    study = geodata.open_study(file)
    note = phrase("{file}, row {row}: {name} again", file="Beta.gpkg", row=9, name="v9")
    return assess_study(replace(study, notes=(*study.notes, note)))


def reachable(thing: Any) -> Iterator[str | BaseGeometry]:
    """Every text and every shape that can be reached from an object."""
    waiting: list[Any] = [thing]
    seen: dict[int, Any] = {}  # the things themselves: an id is given again once its owner is gone
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Path):
            yield one.name
        elif isinstance(one, BaseGeometry):
            yield one
        elif id(one) not in seen:
            seen[id(one)] = one
            waiting += _parts(one)


def _parts(one: Any) -> list[Any]:
    found: list[Any] = []
    if isinstance(one, BaseModel):
        found = [getattr(one, name) for name in type(one).model_fields]
    elif is_dataclass(one):
        found = [getattr(one, field.name) for field in fields(one)]
    elif isinstance(one, pd.DataFrame):
        columns = [one.iloc[:, k] for k in range(one.shape[1])]
        found = [*columns, one.index, one.columns, one.attrs]
    elif isinstance(one, pd.Series):
        found = [*one.tolist(), one.index, one.name, one.attrs]
    elif isinstance(one, pd.Index):
        found = [*one.tolist(), *one.names]
    elif isinstance(one, dict):
        found = [*one.keys(), *one.values()]
    elif isinstance(one, tuple | list | set | frozenset):
        found = list(one)
    elif isinstance(one, np.ndarray) and one.dtype == object:
        found = one.tolist()
    return found


def texts(thing: Any) -> str:
    return "\n".join(text for text in reachable(thing) if isinstance(text, str))


@pytest.mark.heavy
def test_the_walk_finds_what_stands_anywhere(run: Run) -> None:
    told = texts(run)
    for word in ("Alpha", "Beta", "v9", "Beta.gpkg", "Xã Núi <b>Cao</b>", "B1", "again"):
        assert word in told
    assert sum(isinstance(one, BaseGeometry) for one in reachable(run)) >= 20


def test_who_sees_everything_gets_the_run_itself(run: Run) -> None:
    assert restrict(run, EVERYTHING) is run
    assert restrict(run, Rights(may_change_rules=False)) is run


def test_one_district_and_nothing_of_the_rest(run: Run) -> None:
    part = restrict(run, HILLS)
    assert list(part.study.villages.index) == ["v7", "v8", "v9"]
    assert part.run_id == run.run_id
    told = texts(part)
    for word in (
        "v1",
        "v6",
        "412",
        "Thành phố Vinh",
        "Xã 0",
        "Xã 1",
        "Xã Mường Mới",
        "A1",
        "B1",
        "again",
    ):
        assert word not in told
    area = run.study.villages.geometry[["v7", "v8", "v9"]].union_all().buffer(1e-6)
    boundary = run.study.units[1].communes.loc["99"].geometry.buffer(1e-6)
    for shape in reachable(part):
        if isinstance(shape, BaseGeometry) and not boundary.equals(shape.buffer(1e-6)):
            assert shape.is_empty or area.covers(shape)


@pytest.mark.parametrize("rights", [HILLS, ALPHA])
def test_what_was_found_in_files_and_measured_by_others_stays_with_the_whole(
    run: Run, rights: Rights
) -> None:
    table = gpd.GeoDataFrame(
        {"operator": ["Rival"]}, geometry=[Point(tiny.X0, tiny.Y0)], crs=tiny.CRS
    )
    measured = MeasurementsTable(path="rival.csv", operator="Rival", source="Rival's own tests")
    study = replace(
        run.study,
        amounts={"people": "people_of_Rival.tif"},  # type: ignore[dict-item]  # any thing with its name
        settings=run.study.settings.model_copy(update={"measurements": measured}),
        measurements=Measurements(table=table, source="Rival's own tests"),
        findings=(finding("understood", "note", "{file}: read as Rival", file="r.csv"),),
    )
    whole = replace(run, study=study)
    assert "Rival" in texts(whole)
    assert "Rival" not in texts(restrict(whole, rights))


def test_the_figures_of_a_part_are_those_of_its_villages(run: Run) -> None:
    part = restrict(run, HILLS)
    headline = part.summary.headline
    assert (headline.villages, headline.covered, headline.none) == (3, 2, 1)
    assert list(part.summary.by_district.index) == ["417"]
    assert part.summary.comparisons == ()
    again = coverage.judge(
        part.assessment.measures, run.assessment.rule, expected=run.study.expected
    )
    pd.testing.assert_frame_equal(again.verdicts, part.assessment.verdicts)
    pd.testing.assert_frame_equal(again.served_by, part.assessment.served_by)


def test_layers_of_a_part_are_cut_and_measure_the_same(run: Run) -> None:
    part = restrict(run, HILLS)
    alpha, beta = part.study.layers
    assert alpha.footprint.area.sum() == pytest.approx(1.5e6)
    assert beta.footprint.area.sum() == 0
    again = coverage.measure(part.study.villages, part.study.layers)
    judged = coverage.judge(again, run.assessment.rule, expected=run.study.expected)
    pd.testing.assert_frame_equal(judged.verdicts, part.assessment.verdicts, rtol=1e-6)


def test_what_pages_ask_of_a_part_still_works(run: Run) -> None:
    part = restrict(run, HILLS)
    structures = structures_of(part.study)
    assert [list(s.places["commune_code"]) for s in structures] == [["12"] * 3, ["99"] * 3]
    figures = zone_figures(part.study, part.assessment, structures[0])
    assert figures is not None
    assert list(figures.zones["zone"]) == ["Vinh"]
    assert figures.zones["area_km2"][0] == pytest.approx(1.0)
    near = nearest_signal(part.study.villages, [x.footprint for x in part.study.layers], of=["v9"])
    assert near["distance_m"]["v9"] == pytest.approx(1000, abs=0.1)


def test_a_zone_named_after_a_place_is_cut_by_place_not_by_name(run: Run) -> None:
    zones = restrict(run, Rights(communes=frozenset({"10"}))).study.zones_5g
    assert zones is not None
    assert list(zones["zone"]) == ["Vinh", "Sau <i>này</i>"]
    assert zones.area.tolist() == pytest.approx([1e6, 1e6])


@pytest.mark.parametrize(
    ("rights", "seen"),
    [
        (Rights(districts=frozenset({"412"})), IDS[:6]),
        (Rights(communes=frozenset({"11"})), IDS[3:6]),
        (Rights(communes=frozenset({"99"})), IDS[3:]),
        (Rights(districts=frozenset({"417"}), communes=frozenset({"10"})), [*IDS[:3], *IDS[6:]]),
        (Rights(districts=frozenset({"412", "417"})), IDS),
        (Rights(districts=frozenset()), []),
        (Rights(districts=frozenset({"", "41", "999"})), []),
    ],
)
def test_units_of_the_study_and_the_newest_communes_open_villages(
    run: Run, rights: Rights, seen: list[str]
) -> None:
    part = restrict(run, rights)
    assert list(part.study.villages.index) == seen
    assert bool(part.summary.comparisons) == (seen == IDS)


def test_an_operator_sees_its_own_and_no_name_of_another(run: Run) -> None:
    part = restrict(run, BETA)
    told = texts(part)
    for word in ("Alpha", "alpha", "A1", "Alpha 4G"):
        assert word not in told
    assert "Beta" in told
    footprint = run.study.layers[0].footprint.union_all()
    assert not any(
        shape.equals_exact(footprint, 1e-6)
        for shape in reachable(part)
        if isinstance(shape, BaseGeometry)
    )
    assert [layer.info.operator for layer in part.study.layers] == ["Beta"]
    assert list(operator_technology_matrix(part.assessment).index) == ["Beta"]
    assert part.study.expected.operators == ("Beta",)


def test_an_operators_columns_speak_of_it_alone(run: Run) -> None:
    part = restrict(run, BETA).assessment
    assert list(part.operator_shares.columns) == ["Beta"]
    assert list(part.served_by.columns) == ["Beta 3G"]
    table = part.verdicts
    assert list(table["verdict"]) == ["none", "none", "weak"] * 2 + ["none"] * 3
    assert list(table["served_by_others"]) == [k % 3 < 2 for k in range(9)]
    assert set(table["best_operator"]) == {"Beta", ""}
    assert table["best_share"].to_dict() == pytest.approx(
        {**dict.fromkeys(IDS, 0.0), "v3": 0.3, "v6": 0.1}
    )
    assert table["any_share"].tolist() == pytest.approx(table["best_share"].tolist())
    assert set(table["n_operators"]) == {0}
    assert set(table["operators"]) == {""}
    assert set(table["decided_by"]) == {"area"}
    assert set(table["missing"]) == {""}


def test_an_operator_that_serves_is_told_how_it_does_itself(run: Run) -> None:
    table = restrict(run, ALPHA).assessment.verdicts
    assert set(table["served_by_others"]) == {False}
    assert table["decided_by"]["v1"] == "centre"
    assert table["operators"]["v1"] == "Alpha"
    assert table["best_share"]["v2"] == pytest.approx(0.5)
    assert table["best_share"]["v3"] == 0.0
    assert table["verdict"]["v3"] == "none"


def test_an_operators_figures_are_of_its_own_coverage(run: Run) -> None:
    part = restrict(run, BETA)
    headline = part.summary.headline
    assert (headline.covered, headline.weak, headline.none, headline.unknown) == (0, 2, 7, 0)
    assert part.alone == "Beta"
    assert part.study.settings.target is None
    assert part.summary.comparisons == ()
    assert part.assessment.rule.name == "vn-village Beta"
    assert part.assessment.rule == part.study.rule
    assert list(part.summary.by_district["weak"]) == [2, 0]
    assert list(part.summary.by_operator.index) == ["Beta"]
    assert list(part.summary.by_layer["operator"]) == ["Beta"]
    assert part.summary.by_number_of_operators.to_dict() == {0: 9, 1: 0}


def test_people_levels_and_moved_outlines_are_of_its_own_layers_too(run: Run) -> None:
    m = run.assessment.measures
    signals = tuple(replace(layer, kind="signal") for layer in m.layers)
    bits, one = np.array([1, 2, 3], np.uint64), np.zeros(3, np.int32)
    people = Amounts(
        village=one, combination=bits, amount=np.array([5.0, 7.0, 11.0]), total=np.full(9, 23.0)
    )
    areas = Areas(
        village=one, combination=bits, area_m2=np.ones(3), centre=np.full(9, 3, np.uint64)
    )
    levels = tuple(
        Levels(
            operator=name,
            evidence="declared",
            technologies=("4G",),
            village=one[:1],
            level=np.array([[40]], np.uint8),
            parts={"area": np.ones(1)},
            centre=np.full((9, 1), 40, np.uint8),
        )
        for name in ("Alpha", "Beta", "")
    )
    told = replace(m, layers=signals, amounts={"people": people}, levels=levels,
                   moved=Moved(inward=areas, outward=areas))  # fmt: skip
    whole = replace(run, assessment=replace(run.assessment, measures=told))
    part = restrict(whole, BETA).assessment.measures
    assert [one.operator for one in part.levels] == ["Beta"]
    assert part.amounts["people"].combination.tolist() == [0, 1]
    assert part.amounts["people"].amount.tolist() == [5.0, 18.0]
    assert part.moved is not None
    for moved in (part.moved.inward, part.moved.outward):
        assert moved.combination.tolist() == [0, 1]
        assert moved.area_m2.tolist() == [1.0, 2.0]
        assert set(moved.centre) == {1}


def test_an_operator_is_found_however_its_name_is_written(run: Run) -> None:
    part = restrict(run, Rights(operator=" BETA"))
    assert list(part.assessment.operator_shares.columns) == ["Beta"]
    stranger = restrict(run, Rights(operator="Gamma"))
    assert stranger.study.layers == ()
    assert stranger.summary.headline.none == 9
    assert "Alpha" not in texts(stranger)
    assert "Beta" not in texts(stranger)
    assert set(stranger.assessment.verdicts["best_share"]) == {0.0}


def test_an_operator_in_one_district_sees_both_limits(run: Run) -> None:
    part = restrict(run, Rights(districts=frozenset({"412"}), operator="Beta"))
    told = texts(part)
    assert list(part.study.villages.index) == IDS[:6]
    for word in ("Alpha", "v9", "Kỳ Sơn"):
        assert word not in told
    assert part.study.sites is not None
    assert list(part.study.sites["site"]) == ["B1"]


def test_what_names_another_operator_in_passing_is_gone(run: Run) -> None:
    rule = replace(
        run.assessment.rule, name="no-alpha", title="Without  ÁLPHA", operators=("Alpha", "Beta")
    )
    judged = coverage.judge(run.assessment.measures, rule, expected=run.study.expected)
    source = run.study.settings.published[0].model_copy(update={"source": "Alpha's own filing"})
    settings = run.study.settings.model_copy(update={"published": (source,)})
    whole = replace(run, study=replace(run.study, settings=settings, rule=rule), assessment=judged)
    part = restrict(whole, BETA)
    assert "lpha" not in texts(part)
    assert part.assessment.rule.operators == ("Beta",)
    assert part.summary.comparisons == ()
    assert restrict(whole, ALPHA).assessment.rule.title == "Without  ÁLPHA"


def test_a_rule_that_asks_for_two_operators_still_tells_only_one_bit(run: Run) -> None:
    rule = replace(run.assessment.rule, min_operators=2)
    judged = coverage.judge(run.assessment.measures, rule)
    part = restrict(replace(run, assessment=judged), BETA).assessment
    assert list(part.verdicts["verdict"]) == ["none", "none", "weak"] * 2 + ["none"] * 3
    assert part.verdicts["served_by_others"].tolist() == [k % 3 < 2 for k in range(9)]
    assert part.rule.min_operators == 1


def test_a_filing_that_another_did_not_make_is_not_told(run: Run) -> None:
    expected = replace(run.study.expected, operators=("Alpha", "Beta", "Delta"))
    judged = coverage.judge(run.assessment.measures, run.assessment.rule, expected=expected)
    table = run.study.settings.expected.model_copy(update={"operators": expected.operators})
    settings = run.study.settings.model_copy(update={"expected": table})
    study = replace(run.study, settings=settings)
    whole = replace(run, study=study, assessment=judged)
    assert judged.verdicts["verdict"]["v9"] == "unknown"
    part = restrict(whole, BETA)
    assert part.assessment.verdicts["verdict"]["v9"] == "none"
    assert part.assessment.verdicts["missing"]["v9"] == ""
    assert "Delta" not in texts(part)
    delta = restrict(whole, Rights(operator="Delta")).assessment.verdicts
    assert set(delta["verdict"]) == {"unknown"}
    assert set(delta["missing"]) == {"Delta"}


@pytest.mark.heavy
def test_villages_in_no_unit_are_seen_by_nobody_in_particular(tmp_path: Path) -> None:
    study = geodata.open_study(write_study(tmp_path / "study"))
    villages = study.villages.copy()
    villages.loc["v9", ["district_code", "district", "commune_code", "commune"]] = pd.NA
    away = study.units[1].communes.iloc[:1]
    whole = assess_study(
        replace(study, villages=villages, units=(replace(study.units[1], communes=away),))
    )
    assert "v9" not in restrict(whole, HILLS).study.villages.index
    part = restrict(whole, Rights(communes=frozenset({"12"})))
    assert list(part.study.villages.index) == ["v7", "v8"]
    assert [len(structure.places) for structure in structures_of(part.study)] == [2]


@pytest.mark.heavy
@settings(max_examples=examples(25), deadline=None)
@given(
    districts=st.sets(st.sampled_from(["412", "417", "x"])),
    communes=st.sets(st.sampled_from(["10", "11", "12", "99"])),
    operator=st.sampled_from(["", "Alpha", "Beta"]),
)
def test_more_rights_never_show_less(
    run: Run, districts: set[str], communes: set[str], operator: str
) -> None:
    less = restrict(
        run,
        Rights(districts=frozenset(districts), communes=frozenset(communes), operator=operator),
    )
    shown = less.study.villages.index
    whole = restrict(run, Rights(operator=operator)) if operator else run
    assert list(less.assessment.verdicts["verdict"]) == list(
        whole.assessment.verdicts["verdict"].loc[shown]
    )
    more = restrict(run, Rights(districts=frozenset(districts | {"412"}), operator=operator))
    if not communes:
        assert set(shown) <= set(more.study.villages.index)
    for layer, uncut in zip(less.study.layers, whole.study.layers, strict=True):
        assert layer.footprint.area.sum() <= uncut.footprint.area.sum() + 1e-6


def test_an_audience_is_what_is_seen_and_nothing_else() -> None:
    assert EVERYTHING.audience == ""
    everyone = [Rights(), HILLS, ALPHA, BETA, Rights(communes=frozenset({"417"})),
                Rights(districts=frozenset()), replace(HILLS, operator="Alpha")]  # fmt: skip
    assert len({one.audience for one in everyone}) == len(everyone)
    assert "" not in {one.audience for one in everyone}
    assert replace(HILLS, may_change_rules=False).audience == HILLS.audience


SETTINGS = f"""
[access]
secret = "{SECRET}"
token_minutes = 5

[[access.people]]
email = "Lan.Nguyen@KySon.vn "
districts = ["417"]
may_change_rules = true

[[access.people]]
email = "noc@viettel.vn"
districts = ["*"]
operator = "Viettel"

[[access.people]]
email = "chief@province.vn"
communes = ["*"]
may_change_data = true
"""


def _read(tmp_path: Path, text: str) -> Access | None:
    file = tmp_path / "settings.toml"
    file.write_text(text, encoding="utf-8")
    return read_access(file)


def test_settings_say_who_sees_what(tmp_path: Path) -> None:
    access = _read(tmp_path, "\ufeff" + SETTINGS)
    assert access is not None
    assert (access.token_minutes, access.sign_in_hours) == (5, 12)
    lan = access.rights_of("lan.nguyen@kyson.vn")
    assert lan == replace(HILLS, communes=frozenset(), may_change_data=False)
    noc = access.rights_of("NOC@viettel.vn")
    assert noc == Rights(operator="Viettel", may_change_rules=False, may_change_data=False)
    assert access.rights_of("chief@province.vn") == Rights(may_change_rules=False)
    assert access.rights_of("chief@province.vn") != EVERYTHING


@pytest.mark.parametrize("email", [None, "", "  ", "x@y.vn", "lan.nguyen@kyson.vn.evil.vn"])
def test_a_stranger_has_no_rights(tmp_path: Path, email: str | None) -> None:
    access = _read(tmp_path, SETTINGS)
    assert access is not None
    assert access.rights_of(email) is None


def test_an_address_nobody_vouches_for_has_no_rights(tmp_path: Path) -> None:
    access = _read(tmp_path, SETTINGS + '\n[access.everyone_else]\ndistricts = ["412"]\n')
    assert access is not None
    assert access.rights_of("lan.nguyen@kyson.vn", verified=False) is None
    assert access.rights_of("x@y.vn", verified=False) is None
    other = access.rights_of("x@y.vn")
    assert other is not None
    assert other.districts == frozenset({"412"})


@pytest.mark.parametrize(
    ("listed", "asked"), [("mark@k.vn", "mar\u212a@k.vn"), ("strasse@k.vn", "straße@k.vn")]
)
def test_letters_that_only_look_alike_are_other_people(
    tmp_path: Path, listed: str, asked: str
) -> None:
    access = _read(
        tmp_path,
        f'[access]\nsecret = "{SECRET}"\n[[access.people]]\nemail = "{listed}"\n',
    )
    assert access is not None
    assert access.rights_of(listed.upper()) is not None
    assert access.rights_of(asked) is None


def test_nothing_given_is_nothing_seen(tmp_path: Path) -> None:
    access = _read(tmp_path, f'[access]\nsecret = "{SECRET}"\n[[access.people]]\nemail = "a@b"\n')
    assert access is not None
    rights = access.rights_of("a@b")
    assert rights is not None
    assert (rights.districts, rights.communes) == (frozenset(), frozenset())
    assert not rights.sees_all


def test_without_the_table_access_is_off(tmp_path: Path) -> None:
    assert _read(tmp_path, "") is None


def test_all_faults_are_told_with_their_lines(tmp_path: Path) -> None:
    text = (
        '[access]\nsecret = "hush"\ntoken_minutes = 0\n\n'
        "[[access.people]]\ndistricts = [417]\n\n"
        '[[access.people]]\nemail = "a@b.vn"\nrank = 1\nmay_change_rules = "yes"\n\n'
        '[[access.people]]\nemail = "c@d.vn"\noperator = "Alpha"\nmay_change_rules = true\n'
    )
    with pytest.raises(StudyError) as caught:
        _read(tmp_path, text)
    told = str(caught.value)
    assert "hush" not in told
    for line in (
        "line 2, access.secret: a secret has at least 32 characters",
        "line 3, access.token_minutes: input should be greater than or equal to 1",
        "line 5, access.people[1].email is missing",
        "line 6, access.people[1].districts[1]: input should be a valid string",
        "line 10, access.people[2].rank is not a key of this table",
        "line 11, access.people[2].may_change_rules: input should be a valid boolean",
        "line 13, access.people[3]: people of an operator may change neither",
    ):
        assert line in told


@pytest.mark.parametrize("email", ["A@b.vn", " a@B.vn"])
def test_one_person_stands_there_once(tmp_path: Path, email: str) -> None:
    text = SETTINGS + "".join(f'[[access.people]]\nemail = "{one}"\n' for one in ("a@b.vn", email))
    with pytest.raises(StudyError, match="stands there twice"):
        _read(tmp_path, text)


def test_the_secret_is_in_no_picture_of_the_settings(tmp_path: Path) -> None:
    assert SECRET not in repr(_read(tmp_path, SETTINGS))


@pytest.mark.parametrize("text", ["[acess]\nx = 1\n", "x = 1\n"])
def test_a_misspelt_table_does_not_open_the_doors(tmp_path: Path, text: str) -> None:
    with pytest.raises(StudyError, match="is not a key"):
        _read(tmp_path, text)


def test_settings_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        read_access(tmp_path / "none.toml")
    with pytest.raises(UnreadableError):
        _read(tmp_path, "[access\n")


@pytest.mark.province
def test_a_district_of_the_province_is_a_part_that_adds_up(province: Path) -> None:
    study = geodata.open_study(province)
    whole = latest_run(study) or assess_study(study)
    counted = 0
    for code in ("417", "412", "432"):
        given = frozenset({f"{code}@2023-01-01"})
        part = restrict(whole, Rights(districts=given, operator="Viettel"))
        row = whole.summary.by_district.loc[code]
        headline = part.summary.headline
        assert headline.villages == row["villages"]
        assert headline.covered <= row["covered"]
        ids = set(map(str, whole.study.villages.index)) - set(map(str, part.study.villages.index))
        told = set(texts(part).splitlines())
        assert not told & ids
        for name in ("VinaPhone", "MobiFone", "Vietnamobile"):
            assert not any(name in text for text in told)
        counted += headline.villages
    assert counted > 300


def told(**fields: str) -> dict[str, str]:
    return {**dict.fromkeys(FIELDS, ""), **fields}


def test_an_operator_reads_the_follow_up_in_its_charge_and_no_text_that_names_another(
    run: Run,
) -> None:
    rows = {
        "v1": told(operator="beta", note="mast in March", letter="12/BETA"),
        "v2": told(operator="BETA ", note="waits for Alpha's mast", confirmed="none"),
        "v3": told(operator="Alpha", note="theirs"),
        "v4": told(note="nobody in charge"),
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(FIELDS))
    seen = restrict_follow_up(table, run, BETA)
    assert list(seen.index) == ["v1", "v2"]
    assert set(seen["operator"]) == {"Beta"}
    assert seen["note"].to_dict() == {"v1": "mast in March", "v2": ""}
    assert seen["letter"]["v1"] == "12/BETA"
    assert seen["confirmed"]["v2"] == "none"
    assert restrict_follow_up(table, run, EVERYTHING) is table
    hills = restrict_follow_up(table, run, Rights(districts=frozenset({"417"})))
    assert list(hills.index) == []
    nothing = restrict_follow_up(table.iloc[:0], run, BETA)
    assert list(nothing.columns) == list(FIELDS)


def test_an_operator_is_known_by_every_word_for_it() -> None:
    assert names_any("chờ VNPT kéo cáp", ["VinaPhone"])
    assert not names_any("chờ kéo cáp", ["VinaPhone", "Viettel"])
    assert same_operator("vnpt nghệ an", "VinaPhone")
    assert not same_operator("Gtel", "Viettel")
    assert not same_operator("", "")
    assert operator_in("452-01") == "MobiFone"
    assert operator_in("45209") == ""


def test_one_operator_is_never_taken_for_another_whose_name_it_holds() -> None:
    assert operator_in("Vietnamobile") == "Vietnamobile"
    assert not same_operator("Vietnamobile", "MobiFone")
    assert not same_operator("Automobile Telecom", "MobiFone")
    assert same_operator("Viet-Tel", "viettel nghệ an")


def test_mobifone_is_not_shown_what_vietnamobile_filed(run: Run) -> None:
    m = run.assessment.measures
    names = {"Alpha": "Vietnamobile", "Beta": "MobiFone"}
    layers = tuple(replace(x, operator=names[x.operator]) for x in m.layers)
    footprints = zip(run.study.layers, layers, strict=True)
    study = replace(run.study, layers=tuple(replace(x, info=info) for x, info in footprints))
    judged = coverage.judge(replace(m, layers=layers), run.assessment.rule)
    part = restrict(replace(run, study=study, assessment=judged), Rights(operator="MobiFone"))
    assert [layer.info.operator for layer in part.study.layers] == ["MobiFone"]
    assert "ietnamobile" not in texts(part)


@pytest.mark.parametrize(
    ("text", "operator"),
    [
        ("trạm Viettel4G", "Viettel"),
        ("Al pha mast", "Alpha"),
        ("chờ GTEL", "G-Tel"),
        ("chờ VinaPhone", "VNPT"),
        ("chờ Viettel", "Viettel Nghệ An"),
        ("Vietnam Mobile", "Vietnamobile"),
        ("chờ Связь", "Связь"),
    ],
)
def test_a_text_names_an_operator_however_it_is_written(text: str, operator: str) -> None:
    assert names_any(text, [operator])


def test_a_text_that_only_holds_the_letters_of_a_name_names_nobody() -> None:
    assert not names_any("Vietnamobile: the alphabet", ["MobiFone", "Alpha"])


def test_a_follow_up_names_no_operator_that_the_study_knows_nothing_of(run: Run) -> None:
    rows = {
        "v1": told(operator="Beta", note="Delta said so"),
        "v2": told(operator="Beta", note="as Viettel did"),
        "v3": told(operator="Delta"),
        "v4": told(operator="Beta", note="soon"),
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(FIELDS))
    seen = restrict_follow_up(table, run, BETA)
    assert seen["note"].to_dict() == {"v1": "", "v2": "", "v4": "soon"}


def test_a_source_that_names_another_operator_is_gone(run: Run) -> None:
    m = run.assessment.measures
    layers = tuple(replace(x, source=f"letter of Alpha on {x.operator}") for x in m.layers)
    footprints = zip(run.study.layers, layers, strict=True)
    study = replace(run.study, layers=tuple(replace(x, info=info) for x, info in footprints))
    assert study.zones_5g is not None
    zones = study.zones_5g.assign(source="letter of Alpha")
    tables = tuple(
        table.model_copy(update={"source": "letter of Alpha"}) for table in study.settings.layers
    )
    study = replace(
        study, zones_5g=zones, settings=study.settings.model_copy(update={"layers": tables})
    )
    judged = coverage.judge(replace(m, layers=layers), run.assessment.rule)
    part = restrict(replace(run, study=study, assessment=judged), BETA)
    assert "Alpha" not in texts(part)


def test_what_was_read_of_a_database_is_not_told(run: Run) -> None:
    table = TableInput(label="db.example/alpha_2023", rows=3, sha256="0" * 64)
    whole = replace(run, study=replace(run.study, tables=(table,)))
    assert "alpha_2023" in texts(whole)
    for rights in (BETA, HILLS):
        assert "alpha_2023" not in texts(restrict(whole, rights))


@pytest.mark.heavy
def test_a_code_that_is_another_area_in_another_structure_needs_its_day(run: Run) -> None:
    later = run.study.units[1]
    codes = later.communes.rename(index={"99": "11"})  # in 2025 a larger area, of another name
    study = replace(run.study, units=(run.study.units[0], replace(later, communes=codes)))
    moved = replace(run, study=study)
    with pytest.raises(CallError, match="11@2023-01-01 or 11@2025-07-01"):
        restrict(moved, Rights(communes=frozenset({"11"})))
    person = {"email": "a@b.example", "communes": ["11"]}
    with pytest.raises(CallError, match="commune 11, which is another area"):
        check_access(Access(secret=SECRET, people=(person,)), study)  # type: ignore[arg-type]  # pydantic makes it
    for told, seen in (
        ("11@2023-01-01", IDS[3:6]), ("11@2025-07-01", IDS[3:]), ("11@2025", IDS[3:]),
        ("11@2024", []), ("@2025", []), ("10", IDS[:3]),
    ):  # fmt: skip
        part = restrict(moved, Rights(communes=frozenset({told})))
        assert list(part.study.villages.index) == seen


def test_settings_nested_without_end_are_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("[access]\nx = " + "[" * 100_000, "utf-8")
    with pytest.raises(UnreadableError, match="cannot be read: nested too deeply"):
        read_access(file)
