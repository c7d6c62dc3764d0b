"""What is published into PostGIS: whole, once, ours alone, and marked where it is made."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import geopandas as gpd
import numpy as np
import psycopg
import pytest
import shapely

import geodata
from geodata import CallError, DataError, Run, UnreadableError
from geodata.postgis import connect
from geodata.postgis.address import with_source
from geodata.postgis.publish import publish
from geodata.postgis.rows import rows_of
from geodata.postgis.shape import MARK, TABLES, WITH_VIEWS
from geodata.postgis.systems import proj_of, wkt_of
from geodata.postgis.table import read_source
from tests import folder, tiny_study
from tests.gis import PASSWORD, Gis

GOLDEN = (598773.437, 2065678.573)
"""(105.6882, 18.6734) of WGS 84 in EPSG:9208, to a millimetre."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A reconstruction with hostile names, as a study of files."""
    file = tiny_study.write_study(tmp_path_factory.mktemp("publish") / "study")
    return geodata.assess_study(geodata.open_study(file), publish=True)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same study after a change: another run."""
    file = tiny_study.write_study(tmp_path_factory.mktemp("other") / "study")
    villages = gpd.read_file(file.parent / "villages.gpkg")
    villages["population"] += 1
    villages.to_file(file.parent / "villages.gpkg")
    return geodata.assess_study(geodata.open_study(file), publish=True)


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A study that is not a reconstruction."""
    file = folder.write(tmp_path_factory.mktemp("observed") / "study")
    return geodata.assess_study(geodata.open_study(file))


@pytest.fixture
def schema(gis: Gis) -> str:
    """A schema of the planner's; the system of Nghệ An is entered by the administrator."""
    crs = geodata.study.settings.study_crs("EPSG:9208")
    gis.execute(
        "INSERT INTO spatial_ref_sys VALUES (9208, 'EPSG', 9208, %s, %s) ON CONFLICT DO NOTHING",
        wkt_of(crs),
        proj_of(crs),
    )
    return gis.schema()


def test_every_village_stands_there_as_it_was_judged(gis: Gis, schema: str, run: Run) -> None:
    done = publish(run, gis.planner, schema=schema)
    assert (done.villages, done.already, done.place) == (9, False, gis.place)
    read, _ = read_source(with_source(gis.planner, table=f"{schema}.current_villages"))
    read = read.set_index("village_id")
    ours, verdicts = run.study.villages, run.assessment.verdicts
    read = read.loc[ours.index]
    assert read.crs == run.study.crs
    several = [shapely.MultiPolygon([shape]) for shape in ours.geometry]
    assert shapely.equals_identical(read.geometry.to_numpy(), np.array(several)).all()
    for column in ("verdict", "best_operator", "operators", "technologies", "decided_by"):
        told = verdicts[column].astype(object).where(verdicts[column].notna(), None)
        assert [x or None for x in read[column]] == [x or None for x in told]
    for column in ("best_share", "any_share", "margin"):
        np.testing.assert_allclose(read[column].astype(float), verdicts[column], atol=1e-12)
    assert list(read["name"]) == [name.strip() for name in ours["village"]]
    assert list(read["population"]) == list(ours["population"])
    assert list(read["electrified"]) == list(ours["electrified"])
    shares = {k: json.loads(v) for k, v in read["operator_shares"].items()}
    assert shares["v2"] == pytest.approx({"Alpha": 0.5, "Beta": 0.0})
    assert set(read["verdict_vi"]) == {"Đã phủ sóng", "Lõm sóng", "Trắng sóng"}


def test_a_village_without_a_place_has_no_geometry_and_no_share(
    gis: Gis, schema: str, tmp_path: Path
) -> None:
    file = tiny_study.write_study(tmp_path / "unplaced")
    villages = gpd.read_file(tmp_path / "unplaced" / "villages.gpkg")
    villages.loc[8, "geometry"] = None
    villages.to_file(tmp_path / "unplaced" / "villages.gpkg")
    text = file.read_text("utf-8").replace(
        'centres = "centres.csv"', 'centres = "centres.csv"\nrows_without_place = "unknown"'
    )
    file.write_text(text, "utf-8")
    study = geodata.open_study(file)
    assert publish(geodata.assess_study(study), gis.planner, schema=schema).villages == 9
    columns, view = "verdict, decided_by, best_share, geom", f"{schema}.current_villages"
    row = gis.execute(f"SELECT {columns} FROM {view} WHERE village_id = 'v9'")
    assert row == [("unknown", "no_place", None, None)]


def test_summaries_layers_and_manifest_stand_beside_them(gis: Gis, schema: str, run: Run) -> None:
    publish(run, gis.planner, schema=schema)
    districts = gis.execute(
        f"SELECT code, villages, covered, uncovered, ST_Area(geom) FROM {schema}.current_districts "
        "ORDER BY code"
    )
    assert [row[0] for row in districts] == ["412", "417"]
    for code, villages, covered, uncovered, area in districts:
        row = run.summary.by_district.loc[code]
        assert (villages, covered, uncovered) == (row["villages"], row["covered"], row["uncovered"])
        assert area == pytest.approx(villages * 1e6)
    assert gis.execute(f"SELECT count(*), count(geom) FROM {schema}.communes") == [(3, 3)]
    layers = gis.execute(f"SELECT operator, technology FROM {schema}.layers ORDER BY position")
    assert layers == [(i.operator, i.technology) for i in run.assessment.measures.layers]
    told = gis.execute(
        f"SELECT manifest->>'run_id', covered, publication, study FROM {schema}.runs"
    )
    assert told == [(run.run_id, run.summary.headline.covered, 1, run.study.name)]


def test_publishing_twice_changes_nothing(gis: Gis, schema: str, run: Run) -> None:
    publish(run, gis.planner, schema=schema)
    rows = f"SELECT xmin::text, ctid::text, village_id FROM {schema}.villages ORDER BY 3"
    runs = f"SELECT xmin::text, published_at FROM {schema}.runs"
    before = gis.execute(rows), gis.execute(runs)
    assert publish(run, gis.planner, schema=schema).already
    assert (gis.execute(rows), gis.execute(runs)) == before


@pytest.mark.heavy
def test_history_stays_and_the_latest_is_current(
    gis: Gis, schema: str, run: Run, other: Run
) -> None:
    current = f"SELECT DISTINCT run_id FROM {schema}.current_villages"
    publish(run, gis.planner, schema=schema)
    publish(other, gis.planner, schema=schema)
    assert gis.execute(current) == [(other.run_id,)]
    assert gis.execute(f"SELECT count(*) FROM {schema}.villages") == [(18,)]
    publish(run, gis.planner, schema=schema)  # back again
    assert gis.execute(current) == [(run.run_id,)]
    assert gis.execute(f"SELECT count(*) FROM {schema}.villages") == [(18,)]
    gis.execute(f"DELETE FROM {schema}.runs WHERE run_id = '{run.run_id}'")
    assert gis.execute(f"SELECT count(*) FROM {schema}.villages") == [(9,)]
    assert gis.execute(current) == [(other.run_id,)]


def test_two_studies_are_current_side_by_side(
    gis: Gis, schema: str, run: Run, observed: Run
) -> None:
    publish(run, gis.planner, schema=schema)
    publish(observed, gis.planner, schema=schema)
    kinds = gis.execute(
        f"SELECT run_id, data_kind, count(*) FROM {schema}.current_villages GROUP BY 1, 2"
    )
    assert sorted(kinds) == sorted(
        [(run.run_id, "reconstruction", 9), (observed.run_id, "observed", 9)]
    )


def comments(gis: Gis, schema: str) -> dict[str, str]:
    rows = gis.execute(
        "SELECT relname, obj_description(c.oid, 'pg_class') FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = %s AND relkind IN ('r', 'v')",
        schema,
    )
    return {str(name): str(comment) for name, comment in rows}


def test_a_reconstruction_is_marked_in_rows_comments_and_views(
    gis: Gis, schema: str, run: Run, observed: Run
) -> None:
    publish(observed, gis.planner, schema=schema)
    told = comments(gis, schema)
    assert set(told) == {t.name for t in TABLES} | {t.current for t in WITH_VIEWS}
    assert all(c.endswith(MARK) and "MÔ PHỎNG" not in c for c in told.values())
    publish(run, gis.planner, schema=schema)
    assert all(c.startswith("SỐ LIỆU MÔ PHỎNG") for c in comments(gis, schema).values())
    notices = gis.execute(
        f"SELECT DISTINCT data_kind, notice FROM {schema}.current_villages ORDER BY 1"
    )
    assert notices[0] == ("observed", "")
    assert notices[1][1].startswith("SỐ LIỆU MÔ PHỎNG")
    assert "RECONSTRUCTION" in notices[1][1]


def test_every_column_has_a_comment_in_both_languages(gis: Gis, schema: str, run: Run) -> None:
    publish(run, gis.planner, schema=schema)
    rows = gis.execute(
        "SELECT c.relname, a.attname, col_description(c.oid, a.attnum) FROM pg_attribute a "
        "JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relkind IN ('r', 'v') AND a.attnum > 0",
        schema,
    )
    assert len(rows) > 100
    assert [row for row in rows if " / " not in (row[2] or "")] == []


def test_maps_find_type_system_key_and_index(gis: Gis, schema: str, run: Run) -> None:
    publish(run, gis.planner, schema=schema)
    found = gis.execute(
        "SELECT f_table_name, srid, type FROM geometry_columns WHERE f_table_schema = %s", schema
    )
    wanted = ["communes", "districts", "villages"]
    wanted += [f"current_{name}" for name in wanted]
    assert sorted(found) == sorted((name, 9208, "MULTIPOLYGON") for name in wanted)
    indexes = gis.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = %s", schema)
    assert sum("USING gist (geom)" in row[0] for row in indexes) == 3


@pytest.fixture
def bare(gis: Gis) -> Iterator[str]:
    """The superuser's address of a database that does not know EPSG:9208."""
    name = f"bare_{uuid4().hex[:8]}"
    gis.execute(f"CREATE DATABASE {name}")
    address = gis.admin.replace(gis.name, name)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION postgis")
        connection.execute("DELETE FROM spatial_ref_sys WHERE srid = 9208")
        connection.execute(f"GRANT CREATE ON DATABASE {name} TO {gis.user}".encode())
    yield address
    gis.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_the_system_of_nghe_an_is_entered_where_it_is_missing(bare: str, run: Run) -> None:
    publish(run, bare)
    with psycopg.connect(bare) as connection:
        point = "ST_Transform(ST_SetSRID(ST_Point(105.6882, 18.6734), 4326), 9208)"
        x, y = connection.execute(f"SELECT ST_X(p), ST_Y(p) FROM {point} p".encode()).fetchone()
        assert (x, y) == pytest.approx(GOLDEN, abs=1e-3)
        # what stands beside the name is right too, for servers whose PROJ does not know it
        for column in ("srtext", "proj4text"):
            made = connection.execute(
                "INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, "
                f"{column}) SELECT srid + 900000, 'x', 1, {column} FROM spatial_ref_sys "
                "WHERE srid = 9208 RETURNING srid".encode()
            ).fetchone()
            shifted = point.replace("9208", str(made[0]))
            x, y = connection.execute(
                f"SELECT ST_X(p), ST_Y(p) FROM {shifted} p".encode()
            ).fetchone()
            assert (x, y) == pytest.approx(GOLDEN, abs=1e-3)
            connection.rollback()
        plain = read_source(with_source(bare, table="phusong.villages"))[0]
        assert plain.crs == "EPSG:9208"


def test_a_system_that_may_not_be_entered_is_told_and_the_documented_statement_enters_it(
    bare: str, gis: Gis, run: Run
) -> None:
    planner = gis.planner.replace(gis.name, bare.rpartition("/")[2])
    sentence = refused(UnreadableError, run, planner, schema="phusong")
    assert "EPSG:9208" in sentence
    assert "docs/postgis.md" in sentence
    text = (Path(__file__).parents[2] / "docs" / "postgis.md").read_text("utf-8")
    statement = text[text.index("INSERT INTO spatial_ref_sys") :].partition("```")[0]
    with psycopg.connect(bare, autocommit=True) as connection:
        connection.execute(statement.encode())
        row = connection.execute("SELECT srtext, proj4text FROM spatial_ref_sys WHERE srid = 9208")
        assert row.fetchone() == (wkt_of(run.study.crs), proj_of(run.study.crs))
    assert publish(run, planner).villages == 9


def refused(kind: type[Exception], run: Run, url: str, *, schema: str) -> str:
    with pytest.raises(kind) as told:
        publish(run, url, schema=schema)
    sentence = str(told.value)
    assert PASSWORD not in sentence
    assert "\n" not in sentence
    return sentence


def state(gis: Gis, schema: str) -> list[object]:
    """All that stands in a schema: its tables, their rows, their comments."""
    found: list[object] = [sorted(comments(gis, schema).items())]
    names = sorted(comments(gis, schema))
    found += [gis.execute(f'SELECT t::text FROM {schema}."{n}" t ORDER BY 1') for n in names]
    return found


@pytest.mark.parametrize(
    "how", ["RAISE EXCEPTION 'hỏng'", "PERFORM pg_terminate_backend(pg_backend_pid())"]
)
def test_a_failure_midway_leaves_what_was_there(
    gis: Gis, schema: str, run: Run, other: Run, how: str
) -> None:
    publish(run, gis.planner, schema=schema)
    gis.execute(
        f"CREATE FUNCTION {schema}.fails() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS "
        f"$$ BEGIN IF NEW.village_id = 'v5' THEN {how}; END IF; RETURN NEW; END $$"
    )
    gis.execute(
        f"CREATE TRIGGER t BEFORE INSERT ON {schema}.villages FOR EACH ROW "
        f"EXECUTE FUNCTION {schema}.fails()"
    )
    before = state(gis, schema)
    sentence = refused(UnreadableError, other, gis.planner, schema=schema)
    assert ("hỏng" in sentence) == ("RAISE" in how)
    assert ("connection was lost" in sentence) == ("terminate" in how)
    assert state(gis, schema) == before


def test_a_first_publication_that_fails_leaves_nothing(
    gis: Gis, schema: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_short(*given: Any, **named: Any) -> dict[str, Any]:
        rows = dict(rows_of(*given, **named))

        def some() -> Iterator[Any]:
            yield from itertools.islice(rows["villages"], 5)
            raise DataError("cut short")

        return {**rows, "villages": some()}

    monkeypatch.setattr("geodata.postgis.publish.rows_of", cut_short)
    assert refused(DataError, run, gis.planner, schema=schema) == "cut short"
    assert comments(gis, schema) == {}


def test_a_reader_sees_the_old_until_the_new_is_whole(
    gis: Gis, schema: str, run: Run, other: Run
) -> None:
    publish(run, gis.planner, schema=schema)
    query = f"SELECT run_id, count(*) FROM {schema}.current_villages GROUP BY 1".encode()
    with psycopg.connect(gis.admin) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        assert reader.execute(query).fetchall() == [(run.run_id, 9)]
        publish(other, gis.planner, schema=schema)  # and is not held up by the reader
        assert reader.execute(query).fetchall() == [(run.run_id, 9)]
        reader.rollback()
        assert reader.execute(query).fetchall() == [(other.run_id, 9)]


def test_publishers_at_once_do_not_corrupt(gis: Gis, schema: str, run: Run, other: Run) -> None:
    troubles: list[BaseException] = []
    gate = threading.Barrier(6)

    def work(mine: Run) -> None:
        try:
            gate.wait()
            publish(mine, gis.planner, schema=schema)
        except BaseException as error:  # noqa: BLE001  # told by the assertion below
            troubles.append(error)

    threads = [threading.Thread(target=work, args=(r,)) for r in (run, other) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    counts = gis.execute(f"SELECT run_id, count(*) FROM {schema}.villages GROUP BY 1")
    assert sorted(counts) == sorted([(run.run_id, 9), (other.run_id, 9)])
    assert len(gis.execute(f"SELECT DISTINCT run_id FROM {schema}.current_villages")) == 1


def test_another_publication_that_takes_long_is_told(
    gis: Gis, schema: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "LOCK_S", 1)
    with psycopg.connect(gis.admin) as theirs:
        theirs.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"phusong {schema}"]
        )
        assert "another publication is still going on" in refused(
            UnreadableError, run, gis.planner, schema=schema
        )


def test_tables_of_others_are_never_touched(gis: Gis, schema: str, run: Run) -> None:
    gis.execute(f"CREATE TABLE {schema}.layers AS SELECT 1 AS mine")
    sentence = refused(CallError, run, gis.planner, schema=schema)
    assert f"schema {schema}" in sentence
    assert "has layers" in sentence
    assert gis.execute(f"SELECT * FROM {schema}.layers") == [(1,)]
    assert list(comments(gis, schema)) == ["layers"]


def test_another_system_needs_another_schema(gis: Gis, schema: str, run: Run) -> None:
    publish(run, gis.planner, schema=schema)
    settings = run.study.settings.model_copy(update={"crs": "EPSG:32648"})
    moved = replace(run, study=replace(run.study, settings=settings))
    assert "SRID 9208" in refused(CallError, moved, gis.planner, schema=schema)


def test_what_right_is_missing_is_told(gis: Gis, schema: str, run: Run) -> None:
    """The statements run as they are told, whatever signs a name has."""
    theirs = f"Sở-TT {uuid4().hex[:8]}"
    sentence = refused(UnreadableError, run, gis.planner, schema=theirs)
    assert sentence.endswith(f'CREATE SCHEMA "{theirs}" AUTHORIZATION "{gis.user}"')
    gis.execute(f'CREATE SCHEMA "{theirs}"')
    sentence = refused(UnreadableError, run, gis.planner, schema=theirs)
    assert sentence.endswith(f'GRANT USAGE, CREATE ON SCHEMA "{theirs}" TO "{gis.user}"')
    gis.execute(sentence[sentence.index("GRANT ") :])
    assert publish(run, gis.planner, schema=theirs).villages == 9
    assert schema


def test_a_hostile_schema_name_is_a_name(gis: Gis, schema: str, run: Run) -> None:
    name = f'a"b; drop schema {schema} cascade; --{{}}%s'
    assert publish(run, gis.admin, schema=name).villages == 9
    quoted = name.replace('"', '""').replace("%", "%%")
    assert gis.execute(f'SELECT count(*) FROM "{quoted}".villages WHERE %s', True) == [(9,)]
    assert "not a name" in refused(CallError, run, gis.planner, schema="x" * 64)


@pytest.mark.heavy
def test_a_run_published_long_ago_is_published_as_it_was(
    gis: Gis, schema: str, tmp_path: Path
) -> None:
    file = tiny_study.write_study(tmp_path / "study")
    first = geodata.assess_study(geodata.open_study(file))
    villages = gpd.read_file(file.parent / "villages.gpkg").iloc[:8]
    villages.to_file(file.parent / "villages.gpkg")
    centres = file.parent / "centres.csv"
    centres.write_text("\n".join(centres.read_text("utf-8").splitlines()[:9]), "utf-8")
    now = geodata.open_study(file)
    geodata.assess_study(now)
    publish(geodata.open_run(now, first.run_id), gis.planner, schema=schema)
    told = gis.execute(f"SELECT count(*) FROM {schema}.current_villages")
    assert told == [(9,)]
    manifest = gis.execute(f"SELECT manifest FROM {schema}.runs")[0][0]
    assert manifest == json.loads((first.folder / "manifest.json").read_text("utf-8"))
