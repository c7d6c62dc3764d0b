"""Tables and queries of PostGIS are read as the files they came from would be."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pytest
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon, box

import geodata
from geodata import CallError, DataError, StudyError, UnreadableError
from geodata.postgis import connect
from geodata.postgis.address import address_of, hidden, name_of, with_source, without_passwords
from geodata.postgis.table import read_source
from geodata.report.repair import repair_study
from geodata.study.settings import read_settings
from tests import legacy, table_study, tiny_study
from tests.gis import PASSWORD, Gis


@pytest.fixture
def study(gis: Gis, tmp_path: Path) -> tuple[Path, str]:
    """A study wholly on tables (its file and the schema), and beside it ``files``."""
    return table_study.write(tmp_path, gis)


def test_a_study_on_tables_gives_what_the_same_study_gives_from_files(
    study: tuple[Path, str], tmp_path: Path
) -> None:
    of_files = geodata.assess_study(geodata.open_study(tmp_path / "files"))
    of_tables = geodata.assess_study(geodata.open_study(study[0]))
    assert of_tables.study.villages.drop(columns=["geometry", "centre"]).equals(
        of_files.study.villages.drop(columns=["geometry", "centre"])
    )
    for column in ("geometry", "centre"):
        assert shapely.equals_identical(
            of_tables.study.villages[column].to_numpy(), of_files.study.villages[column].to_numpy()
        ).all()
    ours, theirs = of_tables.assessment, of_files.assessment
    pd.testing.assert_frame_equal(ours.verdicts, theirs.verdicts, rtol=0, atol=1e-9)
    pd.testing.assert_frame_equal(ours.operator_shares, theirs.operator_shares, rtol=0, atol=1e-9)
    assert of_tables.summary.headline == of_files.summary.headline


def test_no_password_stands_in_manifest_notes_or_any_kept_file(
    study: tuple[Path, str], gis: Gis
) -> None:
    run = geodata.assess_study(geodata.open_study(study[0]), publish=True)
    told = [str(note) for note in run.study.notes]
    told += [p.read_bytes().decode("latin-1") for p in run.folder.parent.rglob("*") if p.is_file()]
    encoded = gis.planner.split(":", 2)[2].split("@")[0]
    for text in told:
        assert PASSWORD not in text
        assert encoded not in text
    manifest = json.loads((run.folder / "manifest.json").read_text("utf-8"))
    labels = [table["label"] for table in manifest["tables"]]
    assert labels[:2] == [
        f"{study[1]}.communes ({gis.place})",
        f"{study[1]}.districts ({gis.place})",
    ]
    assert [table["rows"] for table in manifest["tables"]] == [3, 2, 9, 9, 1, 2]


@pytest.mark.heavy
def test_measures_are_taken_again_when_rows_change_and_not_when_they_only_move(
    study: tuple[Path, str], gis: Gis
) -> None:
    file, schema = study
    first = geodata.assess_study(geodata.open_study(file))
    assert first.measured
    # an update moves a row to the end of its table
    gis.execute(f"UPDATE {schema}.villages SET village = village WHERE village_id = 'v2'")
    moved = geodata.open_study(file)
    assert not geodata.assess_study(moved).measured
    assert [t.sha256 for t in moved.tables] == [t.sha256 for t in first.study.tables]
    gis.execute(
        f"UPDATE {schema}.villages SET geometry = ST_Translate(geometry, 0, 1) "
        "WHERE village_id = 'v9'"
    )
    changed = geodata.open_study(file)
    assert geodata.assess_study(changed).measured
    assert changed.tables[2].sha256 != first.study.tables[2].sha256


def test_text_of_before_unicode_is_read_right(study: tuple[Path, str], gis: Gis) -> None:
    names = ["Bản Đồng Mới", "Xóm Nghĩa Thượng", "Thôn Hồng Kỳ", "Khối Quỳnh Lưu", "Bản Mường Lống",
             "Xóm Yên Hoà", "Thôn Tường Vi", "Bản Huồi Tụ", "Xóm Bắc Sơn"]  # fmt: skip
    file, schema = study
    for k, name in enumerate(names, 1):
        gis.execute(
            f"UPDATE {schema}.villages SET village = %s WHERE village_id = %s",
            legacy.misread(name, "tcvn3"),
            f"v{k}",
        )
    read = geodata.open_study(file)
    assert list(read.villages["village"]) == names
    assert any("TCVN3" in str(note) for note in read.notes)


def test_a_database_of_bytes_is_told_and_read(gis: Gis) -> None:
    old = f"old_{uuid4().hex[:8]}"
    gis.execute(f"CREATE DATABASE {old} ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0")
    address = gis.admin.replace(gis.name, old)
    try:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION postgis")
        told = "convert_from(decode('58D66D', 'hex'), 'SQL_ASCII')"  # bytes that are no UTF-8
        query = f"select {told} as ten, 'SRID=3405;POINT(1 2)'::geometry as g"
        refused(UnreadableError, with_source(address, query=query), "client_encoding=LATIN1")
        read, _ = read_source(with_source(address + "?client_encoding=LATIN1", query=query))
        assert read["ten"].iloc[0] == "XÖm"
    finally:
        gis.execute(f"DROP DATABASE {old}")


def test_rows_that_row_security_hides_are_told(gis: Gis) -> None:
    table = tiny_study.villages().drop(columns="centre").reset_index()
    name = gis.load(table, gis.schema(), "thon")
    for what in ("ENABLE", "FORCE"):
        gis.execute(f"ALTER TABLE {name} {what} ROW LEVEL SECURITY")
    gis.execute(f"CREATE POLICY part ON {name} USING (village_id < 'v4')")
    for source in (
        with_source(gis.planner, table=name.replace('"', "")),
        with_source(gis.planner, query=f"select * from {name} -- all of them"),
    ):
        read, found = read_source(source)
        assert len(read) == 3
        assert [one.kind for one in found.findings] == ["rows-hidden"]
        assert "3 were read" in str(found.findings[0].sentence)
    assert not read_source(with_source(gis.admin, table=name.replace('"', "")))[1].findings
    gis.execute(f"DROP POLICY part ON {name}")
    refused(DataError, source, "hides every row")


def test_hostile_names_and_columns_survive(gis: Gis) -> None:
    schema, name = gis.schema(), 'thôn "x"\'; drop table y; --'
    table = tiny_study.villages().drop(columns="centre").reset_index()
    table = table.rename(columns={"village": 'Tên "thôn"; --{}%s'})
    gis.load(table, schema, name)
    quoted = name.replace('"', '""')
    read, found = read_source(with_source(gis.planner, table=f'"{schema}"."{quoted}"'))
    assert sorted(read['Tên "thôn"; --{}%s']) == sorted(table['Tên "thôn"; --{}%s'])
    assert found.rows == 9
    assert isinstance(read, gpd.GeoDataFrame)
    assert read.crs == "EPSG:9208"
    assert list(read.index) == list(range(1, 10))


def test_every_type_of_column_is_read(gis: Gis) -> None:
    query = (
        "select 17329::numeric(8,2) as ma, 1.5::numeric as so, 'infinity'::timestamp as luc, "
        "date '2023-08-30' as ngay, array[1,2] as day, '{\"a\": 1}'::jsonb as j, "
        "null::int as trong, "
        "true as co, 'NaN'::numeric as nan, 'Hà'::varchar(9) as ten, "
        "ST_SetSRID(ST_Point(1, 2), 4326)::geography as geom"
    )
    read, _ = read_source(with_source(gis.planner, query=query))
    row = read.iloc[0]
    assert (row["ma"], row["so"], row["luc"], row["ngay"]) == (17329, 1.5, "infinity", "2023-08-30")
    assert (row["day"], row["j"], row["ten"], bool(row["co"])) == ("{1,2}", '{"a": 1}', "Hà", True)
    assert pd.isna(row["trong"])
    assert np.isnan(row["nan"])
    assert read.crs == "EPSG:4326"
    assert row.geometry == Point(1, 2)


def test_curves_are_read_as_polygons_and_z_is_kept_as_files_keep_it(gis: Gis) -> None:
    circle = "CURVEPOLYGON(CIRCULARSTRING(0 0, 1 1, 2 0, 1 -1, 0 0))"
    read, _ = read_source(
        with_source(gis.planner, query=f"select ST_GeomFromText('{circle}', 3405) as g")
    )
    assert read.geometry.iloc[0].area == pytest.approx(np.pi, rel=0.01)
    read, _ = read_source(
        with_source(gis.planner, query="select 'SRID=3405;POINT Z (1 2 3)'::geometry as g")
    )
    assert read.geometry.iloc[0].z == 3


def test_a_table_without_geometry_is_read_as_a_csv_file_would_be(gis: Gis) -> None:
    schema = gis.schema()
    name = gis.load(
        pd.DataFrame({"village_id": ["v1"], "lon": [105.7], "lat": [18.7]}), schema, "t"
    )
    read, _ = read_source(with_source(gis.planner, table=name))
    assert type(read) is pd.DataFrame
    assert read["lon"].iloc[0] == 105.7


def test_vn_2000_is_known_by_its_srid_also_where_spatial_ref_sys_has_none(gis: Gis) -> None:
    for srid, system in ((9208, "EPSG:9208"), (3405, "EPSG:3405"), (5896, "EPSG:5896")):
        query = f"select ST_SetSRID(ST_Point(500000, 2065000), {srid}) as g"
        read, _ = read_source(with_source(gis.planner, query=query))
        assert read.crs == system


def test_an_srid_of_ones_own_is_taken_from_its_text(gis: Gis) -> None:
    gis.execute(
        "INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text) "
        "VALUES (990105, 'so tnmt', 7, '', '+proj=tmerc +lat_0=0 +lon_0=104.75 +k=0.9999 "
        "+x_0=500000 +y_0=0 +ellps=WGS84 +units=m +no_defs')"
    )
    query = "select ST_SetSRID(ST_Point(1, 2), 990105) as g"
    read, _ = read_source(with_source(gis.planner, query=query))
    assert read.crs is not None
    assert read.crs.coordinate_operation.params[1].value == 104.75


def refused(kind: type[Exception], source: str, *words: str, **options: str) -> str:
    with pytest.raises(kind) as told:
        read_source(source, **options)
    sentence = str(told.value)
    for word in words:
        assert word in sentence
    assert PASSWORD not in sentence
    assert "\n" not in sentence
    return sentence


def test_srid_0_is_a_file_without_a_system(gis: Gis) -> None:
    source = with_source(gis.planner, query="select ST_Point(598773, 2065678) as g")
    refused(DataError, source, "SRID is 0", "set crs")
    read, _ = read_source(source, crs="EPSG:9208")
    assert read.crs == "EPSG:9208"


@pytest.mark.heavy
def test_a_table_of_srid_0_in_a_study_is_told_with_the_likely_system(
    study: tuple[Path, str], gis: Gis, tmp_path: Path
) -> None:
    file, schema = study
    gis.execute(f"UPDATE {schema}.villages SET geometry = ST_SetSRID(geometry, 0)")
    with pytest.raises(DataError, match="EPSG:9208") as told:
        geodata.open_study(file)
    assert f"{schema}.villages ({gis.place})" in str(told.value)
    entry = f"table = '{schema}.villages'\n"
    file.write_text(file.read_text("utf-8").replace(entry, entry + 'crs = "EPSG:9208"\n'), "utf-8")
    ours, theirs = geodata.open_study(file), geodata.open_study(tmp_path / "files")
    assert list(ours.villages.geometry) == list(theirs.villages.geometry)


def test_an_srid_nobody_knows_and_a_mix_of_them_are_told(gis: Gis) -> None:
    one = "select ST_SetSRID(ST_Point(1, 2), 77777) as g"
    refused(DataError, with_source(gis.planner, query=one), "SRID 77777", "set crs")
    two = f"{one} union all select ST_SetSRID(ST_Point(1, 2), 4326)"
    refused(DataError, with_source(gis.planner, query=two), "4326, 77777", "ST_Transform")


def test_no_rows_and_no_shapes_are_told(gis: Gis) -> None:
    none = "select 1 as a, null::geometry as g where false"
    refused(DataError, with_source(gis.planner, query=none), "no rows")
    empty = "select 1 as a, null::geometry as g"
    refused(DataError, with_source(gis.planner, query=empty), "no geometry")


def test_several_geometry_columns_need_a_choice(gis: Gis) -> None:
    query = "select 'POINT(1 2)'::geometry as hall, 'POINT(3 4)'::geometry as geom"
    source = with_source(gis.planner, query=query)
    refused(CallError, source, "2 geometry columns (hall, geom)", "layer = …", crs="EPSG:9208")
    read, _ = read_source(source, layer="geom", crs="EPSG:9208")
    assert read.geometry.iloc[0] == Point(3, 4)
    refused(CallError, source, "no geometry column ranh", "hall, geom", layer="ranh")


def test_mixed_shapes_are_read_as_from_a_file(gis: Gis) -> None:
    shapes = [
        box(0, 0, 1, 1),
        MultiPolygon([box(2, 2, 3, 3)]),
        Point(9, 9),
        LineString([(0, 0), (1, 1)]),
    ]
    table = gpd.GeoDataFrame({"a": range(4)}, geometry=shapes, crs="EPSG:9208")
    name = gis.load(table, gis.schema(), "mixed")
    read, _ = read_source(with_source(gis.planner, table=name))
    assert list(read.geometry) == shapes


def test_a_server_that_is_down_is_one_sentence() -> None:
    source = with_source(f"postgresql://an:{'x' * 9}@127.0.0.1:9/gis", table="a.b")
    assert "x" * 9 not in refused(UnreadableError, source, "127.0.0.1:9/gis", "cannot be reached")


def test_a_wrong_and_a_missing_password_are_told(gis: Gis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSFILE", "/nowhere")
    wrong = with_source(gis.plain.replace("@", ":saisaisai@", 1), table="a.b")
    assert "saisaisai" not in refused(UnreadableError, wrong, gis.place, "password")
    refused(UnreadableError, with_source(gis.plain, table="a.b"), "none was found", "~/.pgpass")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    query = "select 'SRID=3405;POINT(1 2)'::geometry as g"
    assert read_source(with_source(gis.plain, query=query))[1].rows == 1


def test_a_password_file_is_used(gis: Gis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pgpass"
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    file.write_text(f"*:*:*:{gis.user}:{escaped}\n", "utf-8")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    query = "select 'SRID=3405;POINT(1 2)'::geometry as g"
    assert read_source(with_source(gis.plain, query=query))[1].rows == 1


def test_a_database_or_table_or_column_that_is_not_there(gis: Gis) -> None:
    lost = with_source(gis.planner.replace(gis.name, "khong_co"), table="a.b")
    refused(UnreadableError, lost, "khong_co", "no database of this name")
    schema = gis.schema()
    gis.load(gpd.GeoDataFrame({"a": [1]}, geometry=[Point(1, 2)], crs=3405), schema, "thon")
    near = with_source(gis.planner, table=f"{schema}.Thon")
    refused(UnreadableError, near, f"no table {schema}.Thon", f"{schema}.thon?")
    gone = with_source(gis.planner, query=f"select dan_so from {schema}.thon")
    refused(UnreadableError, gone, "dan_so", "check the query")
    refused(CallError, with_source(gis.planner, table="a.b.c"), "not a table's name")


def test_a_table_one_may_not_read_is_told(gis: Gis) -> None:
    gis.execute("CREATE TABLE IF NOT EXISTS public.kin (g geometry)")
    source = with_source(gis.planner, table="public.kin")
    refused(UnreadableError, source, "public.kin", "permission denied", "administrator")


def test_a_database_without_postgis_is_told(gis: Gis) -> None:
    bare = f"bare_{uuid4().hex[:8]}"
    gis.execute(f"CREATE DATABASE {bare}")
    try:
        source = with_source(gis.planner.replace(gis.name, bare), table="a.b")
        refused(UnreadableError, source, bare, "no PostGIS", "CREATE EXTENSION postgis")
    finally:
        gis.execute(f"DROP DATABASE {bare}")


def test_postgis_in_a_schema_of_its_own_is_found(gis: Gis) -> None:
    other = f"ext_{uuid4().hex[:8]}"
    gis.execute(f"CREATE DATABASE {other}")
    address = gis.admin.replace(gis.name, other)
    try:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA maps")
            connection.execute("CREATE EXTENSION postgis SCHEMA maps")
        query = "select maps.ST_SetSRID(maps.ST_Point(1, 2), 3405) as g"
        assert read_source(with_source(address, query=query))[0].crs == "EPSG:3405"
    finally:
        gis.execute(f"DROP DATABASE {other}")


def test_the_server_s_time_limit_is_told(gis: Gis) -> None:
    url = gis.planner + "?options=-c%20statement_timeout%3D200ms"
    slow = "select pg_sleep(5)::text as a, 'SRID=3405;POINT(1 2)'::geometry as g"
    refused(UnreadableError, with_source(url, query=slow), "time limit", "statement_timeout")


def test_a_table_that_somebody_has_locked_is_no_publication(
    gis: Gis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "LOCK_S", 1)
    schema = gis.schema()
    gis.execute(f"CREATE TABLE {schema}.held AS SELECT ST_Point(1, 2, 3405) AS geom")
    with psycopg.connect(gis.admin) as theirs:
        theirs.execute(f"LOCK TABLE {schema}.held IN ACCESS EXCLUSIVE MODE".encode())
        sentence = refused(
            UnreadableError, with_source(gis.planner, table=f"{schema}.held"), "is locked by"
        )
    assert "publication" not in sentence


def test_a_query_changes_nothing(gis: Gis) -> None:
    schema = gis.schema()
    gis.execute(f"CREATE TABLE {schema}.diary (a int)")
    gis.execute(f"GRANT ALL ON {schema}.diary TO {gis.user}")
    gis.execute(
        f"CREATE FUNCTION {schema}.writes() RETURNS int LANGUAGE plpgsql AS "
        f"$$ BEGIN INSERT INTO {schema}.diary VALUES (1); RETURN 1; END $$"
    )
    geometry = "'SRID=3405;POINT(1 2)'::geometry as g"
    by_function = f"select {schema}.writes() as a, {geometry}"
    refused(CallError, with_source(gis.planner, query=by_function), "would change the database")
    off = "set_config('transaction_read_only', 'off', false)"
    talked_out = f"select {off} as b, {schema}.writes() as a, {geometry}"
    refused(UnreadableError, with_source(gis.planner, query=talked_out))
    for trick in (
        f"select 1) as a; insert into {schema}.diary values (1); select (1",
        f"select 1 as a; commit; insert into {schema}.diary values (1)",
        f"insert into {schema}.diary values (1) returning a",
        f"with w as (insert into {schema}.diary values (1) returning a) select a from w",
    ):
        refused(UnreadableError, with_source(gis.planner, query=trick))
    assert gis.execute(f"SELECT count(*) FROM {schema}.diary") == [(0,)]


def test_a_comment_or_semicolon_at_the_end_of_a_query_does_no_harm(gis: Gis) -> None:
    for end in (";", " -- hết", " ;\n"):
        query = f"select 'SRID=3405;POINT(1 2)'::geometry as g, '50 %s {{}}' as a{end}"
        assert read_source(with_source(gis.planner, query=query))[0]["a"].iloc[0] == "50 %s {}"


def test_two_columns_of_one_name_are_told(gis: Gis) -> None:
    query = "select 1 as a, 2 as a, 'SRID=3405;POINT(1 2)'::geometry as g"
    refused(CallError, with_source(gis.planner, query=query), "two columns called a")


def test_an_exact_round_trip(gis: Gis) -> None:
    random = np.random.default_rng(5)
    rings = [random.normal(size=(4, 2)) * 1e6 for _ in range(50)]
    table = gpd.GeoDataFrame(
        {"a": range(50)}, geometry=[Polygon(r) for r in rings], crs="EPSG:9208"
    )
    name = gis.load(table, gis.schema(), "t")
    read, _ = read_source(with_source(gis.planner, table=name))
    assert shapely.equals_identical(read.geometry.to_numpy(), table.geometry.to_numpy()).all()
    assert not shapely.get_srid(read.geometry.to_numpy()).any()


# addresses and the study file: no server is needed


@pytest.mark.parametrize(
    ("address", "label"),
    [
        (
            "postgresql://an:x@gis.nghean.vn/gis?table=quyhoach.thon",
            "quyhoach.thon (gis.nghean.vn/gis)",
        ),
        ("postgres://an@h:5433/gis?sslmode=require&table=t%22h%C3%B4n", 't"hôn (h:5433/gis)'),
        ("postgresql://an:a?b@h/gis?table=t", "t (h/gis)"),
        ("postgresql:///?service=tinh&table=t", "t (service tinh)"),
        ("postgresql://h/gis?query=select%20*%0Afrom%20t", "select * from t (h/gis)"),
        (
            "postgresql://h/gis?query=select%20dblink('password%3Dx%20host%3Dy')",
            "select dblink('password=… host=y') (h/gis)",
        ),
    ],
)
def test_an_address_is_called_by_table_and_place(address: str, label: str) -> None:
    assert name_of(address) == label
    assert "an:" not in repr(address_of(address))


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://an:m@tkhau@h/gis?table=t",
        "postgresql://an:mat/khau@h/gis?table=t",
        "postgresql://an:mat%khau@h/gis?table=t",
        "postgresql://an@h/gis?nosuch=matkhau&table=t",
    ],
)
def test_an_address_that_cannot_be_is_refused_without_being_repeated(address: str) -> None:
    with pytest.raises(CallError, match="%40") as told:
        address_of(address)
    assert "khau" not in str(told.value)


def test_passwords_are_hidden_in_what_looks_like_an_address() -> None:
    for text in (
        "postgressql://an:mat@khau/x@h/gis",
        "jdbc:postgresql://an:matkhau@h/gis",
        "postgresql://h/gis?sslpassword=matkhau&password=mat'khau",
    ):
        assert "khau" not in hidden(text)


def test_a_copy_for_others_has_no_password() -> None:
    for told, wanted in (
        ('a = "postgresql://an:matkhau@h:5433/g?table=x.y@z"', 'a = "postgresql://an@h:5433/g?table=x.y@z"'),
        ("a = 'postgres://an:mat%40khau@h/g'", "a = 'postgres://an@h/g'"),
        ("a = 'postgres://an@h/g?password=matkhau&table=t'", "a = 'postgres://an@h/g?table=t'"),
        ("a = 'postgres://an@h/g?table=t&sslpassword=matkhau'", "a = 'postgres://an@h/g?table=t'"),
        ("a = 'postgres://an:mat@khau@h/g'", "a = 'postgresql://…'"),
        ("{ a = 'postgres://an:matkhau@h/g', b = 'postgres://b:khau@h/g' }",
         "{ a = 'postgres://an@h/g', b = 'postgres://b@h/g' }"),
        ('path = "villages.gpkg" # an@h', 'path = "villages.gpkg" # an@h'),
    ):  # fmt: skip
        assert without_passwords(told) == wanted


def test_the_repaired_copy_and_the_report_of_a_study_have_no_password(
    study: tuple[Path, str], gis: Gis, tmp_path: Path
) -> None:
    made = repair_study(study[0], tmp_path / "repaired", language="vi")
    text = (made.folder / "study.toml").read_text("utf-8")
    encoded = gis.planner.split(":", 2)[2].split("@")[0]
    assert encoded not in text
    assert gis.plain in text


FAULTY = [
    ('path = "postgresql://an:matkhau@h/gis"', "one of table and query"),
    ('path = "postgresql://an:matkhau@h/gis"\ntable = "a"\nquery = "select 1"', "one of table"),
    ('path = "postgresql://an:matkhau@h/gis"\ntable = " "', "one of table and query"),
    ('path = "postgresql://an:matkhau@h/gis"\ntable = "a.b.c"', "not a table's name"),
    ('path = "postgresql://an:mat@khau@h/gis"\ntable = "a"', "%40"),
    ('path = "postgressql://an:matkhau@h/gis"\ntable = "a"', "is for databases"),
    (
        'path = "postgresql://an:matkhau@h/gis"\ntable = "a"\ncentres = "postgresql://an:matkhau@h/g"',
        "?table=schema.name",
    ),
    ('path = "postgresql://h/g"\ntable = "a"\nradius_m = "postgres://an:matkhau@h/g"', "a number"),
]


@pytest.mark.parametrize(("entry", "words"), FAULTY)
def test_faults_of_an_address_are_told_with_their_line_and_without_password(
    tmp_path: Path, entry: str, words: str
) -> None:
    file = tmp_path / "study.toml"
    file.write_text(f'schema = 1\nname = "n"\nas_of = 2023-08-30\n[villages]\n{entry}\n', "utf-8")
    with pytest.raises(StudyError) as told:
        read_settings(file)
    assert words in str(told.value)
    assert "line " in str(told.value)
    assert "khau" not in str(told.value)


def test_what_is_a_file_alone_is_not_read_from_a_database(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text(
        'schema = 1\nname = "n"\nas_of = 2023-08-30\n[villages]\npath = "postgresql://h/g?table=a"\n'
        '[population]\npath = "postgresql://an:matkhau@h/g?table=raster"\n',
        "utf-8",
    )
    with pytest.raises(StudyError, match="not read from a database") as told:
        read_settings(file)
    assert "khau" not in str(told.value)
