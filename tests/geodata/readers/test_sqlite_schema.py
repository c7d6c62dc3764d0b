"""What statements of a schema use, by hand."""

from __future__ import annotations

import pytest

from geodata.readers.sql_tokens import NoStatementError
from geodata.readers.sqlite_schema import entry_of


@pytest.mark.parametrize(
    ("statement", "module"),
    [
        ("CREATE VIRTUAL TABLE t USING rtree(id, minx, maxx)", "rtree"),
        ('create  virtual\ttable "a ""b" using "VirtualText"(1)', "VirtualText"),
        ("CREATE/* x */VIRTUAL--y\nTABLE IF NOT EXISTS main.[t] USING\n`VirtualDbf`", "VirtualDbf"),
        ("\ufeffCREATE VIRTUAL TABLE 't' USING 'fts5'", "fts5"),
        ("CREATE VIRTUAL TABLE t", "?"),
    ],
)  # fmt: skip
def test_the_module_of_a_virtual_table_is_found_however_it_is_written(
    statement: str, module: str
) -> None:
    assert entry_of(statement).kind == "VIRTUAL"
    assert entry_of(statement).module == module


@pytest.mark.parametrize(
    "statement",
    ["", "SELECT 1", "CREATE TEMP TABLE t (a)", "CREATE TABLE 'open", "CREATE\x00 TABLE t (a)",
     "CREATE TABLE", "INSERT INTO t VALUES (1)", "ATTACH 'x' AS y"],
)  # fmt: skip
def test_what_creates_nothing_is_no_entry_of_a_schema(statement: str) -> None:
    with pytest.raises(NoStatementError):
        entry_of(statement)


@pytest.mark.parametrize(
    ("body", "used"),
    [
        ("SELECT * FROM a, b AS x LEFT JOIN (c JOIN d ON f.x = 1) WHERE g IN (1, 2)", "a b c d"),
        ("SELECT * FROM (SELECT 1, 2 FROM a), b UNION SELECT x, y FROM c ORDER BY z, w", "a b c"),
        ("SELECT 1 WHERE x IN a AND y IN main.b AND z IN temp.c", "a b temp.c"),
        ("WITH n(k) AS (SELECT 1), m AS MATERIALIZED (SELECT 2) SELECT * FROM n, m, a", "a"),
        ("WITH pragma_database_list AS (SELECT 1) SELECT * FROM pragma_database_list",
         "pragma_database_list"),
        ("SELECT a IS NOT DISTINCT FROM b, c FROM d", "d"),
        ('SELECT "from a", [from b], \'from c\' FROM "e f"', "e f"),
    ],
)  # fmt: skip
def test_the_tables_a_view_reads_are_found(body: str, used: str) -> None:
    found = entry_of(f"CREATE VIEW v AS {body}").sources
    assert " ".join(sorted(found)) == used


@pytest.mark.parametrize(
    ("statement", "called"),
    [
        ("CREATE VIEW v AS SELECT upper(a), ST_MinX(g), CAST(b AS VARCHAR(20)) FROM t", ""),
        ("CREATE VIEW v(a, b) AS SELECT row_number() OVER (PARTITION BY a), 2 FROM t", ""),
        ("CREATE VIEW v AS SELECT load_extension ('x')", "load_extension"),
        ('CREATE VIEW v AS SELECT "BlobFromFile"/**/(x) FROM t', "BlobFromFile"),
        ("CREATE VIEW v AS SELECT * FROM json_each('[1]')", "json_each"),
        ("CREATE TABLE t (a VARCHAR(9), b DECIMAL(9, -2), CHECK (a IN ('x')), UNIQUE (a))", ""),
        ("CREATE TABLE t (a AS (readfile('/etc/passwd')))", "readfile"),
        ("CREATE INDEX i ON t (lower(a), evil(b))", "evil"),
        ("CREATE TRIGGER x AFTER INSERT ON t BEGIN INSERT INTO u (a) VALUES (ImportSHP('x')); END",
         "ImportSHP"),
        ("CREATE TRIGGER x UPDATE ON t BEGIN SELECT RAISE(ABORT, 'no') WHERE NOT (1); END", ""),
    ],
)  # fmt: skip
def test_functions_that_only_reckon_are_let_through(statement: str, called: str) -> None:
    assert " ".join(entry_of(statement).calls) == called
