"""The functions that an SQL statement calls and the tables that it reads from or writes to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from geodata.readers.sql_tokens import Token, closing

BEFORE_PARENTHESIS = frozenset(
    ("ABORT", "ALL", "AND", "AS", "BETWEEN", "BY", "CASE", "CAST", "CHECK", "CONFLICT", "DEFAULT",
    "DISTINCT", "DO", "ELSE", "END", "ESCAPE", "EXCEPT", "EXISTS", "FILTER", "FROM", "GLOB",
    "HAVING", "IN", "INTERSECT", "IS", "JOIN", "KEY", "LIKE", "LIMIT", "MATCH", "MATERIALIZED",
    "NOT", "NULL", "OFFSET", "ON", "OR", "OVER", "RAISE", "REGEXP", "RETURNING", "SELECT", "SET",
    "THEN", "UNION", "UNIQUE", "USING", "VALUES", "WHEN", "WHERE", "WINDOW", "WITH")
)  # fmt: skip
"""Keywords that may stand before a parenthesis and are no function."""

TABLE_FOLLOWS = frozenset(("REFERENCES", "INTO", "TABLE", "VIEW", "WITH", "RECURSIVE"))
"""Keywords after which a name before a parenthesis is that of a table with its columns."""

ENDS_SOURCES = frozenset(
    ("WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "UNION", "INTERSECT", "EXCEPT", "SELECT",
     "WITH", "WINDOW", "RETURNING", "SET", "VALUES", ";")
)  # fmt: skip
"""What ends the list of tables after FROM."""

RESERVED = re.compile(r"(?i)(pragma_|sqlite_|json|dbstat|bytecode|tables_used|generate_series|fts)")
"""Names under which SQLite keeps virtual tables of its own; WITH gives them to nothing else."""

FUNCTIONS = frozenset(
    ("abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "avg", "ceil", "ceiling",
    "changes", "char", "coalesce", "concat", "concat_ws", "cos", "cosh", "count", "cume_dist",
    "current_date", "current_time", "current_timestamp", "date", "datetime", "degrees",
    "dense_rank", "exp", "first_value", "floor", "format", "glob", "gpkg_isassignable",
    "group_concat", "hex", "hstore_get_value", "ifnull", "iif", "if", "instr", "json",
    "json_array", "json_array_length", "json_extract", "json_group_array", "json_group_object",
    "json_insert", "json_object", "json_patch", "json_quote", "json_remove", "json_replace",
    "json_set", "json_type", "json_valid", "julianday", "lag", "last_insert_rowid", "last_value",
    "lead", "length", "like", "likelihood", "likely", "ln", "log", "log10", "log2", "lower",
    "ltrim", "max", "median", "min", "mod", "nth_value", "ntile", "nullif", "octet_length",
    "percent_rank", "pi", "pow", "power", "printf", "quote", "radians", "random", "randomblob",
    "rank", "regexp", "replace", "round", "row_number", "rtrim", "sign", "sin", "sinh", "soundex",
    "sqlite_version", "sqrt", "strftime", "string_agg", "substr", "substring", "sum", "tan",
    "tanh", "time", "timediff", "total", "total_changes", "trim", "trunc", "typeof", "unhex",
    "unicode", "unistr", "unixepoch", "unlikely", "upper", "zeroblob")
)  # fmt: skip
"""Functions of SQLite and of the GeoPackage standard that only reckon with what they are given."""


def unknown_calls(tokens: Sequence[Token], *, types: bool) -> Iterator[str]:
    """The names of the functions called that are not among `FUNCTIONS` (or ``ST_…``).

    ``types``: the statement declares columns, whose types may have a length in parentheses.
    """
    for at, token in enumerate(tokens[:-1]):
        if not token.is_name or tokens[at + 1].upper != "(":
            continue
        name = token.value.lower()
        known = token.kind != "text" and (name in FUNCTIONS or name.startswith("st_"))
        if not known and not _is_no_call(tokens, at, types=types):
            yield token.value


def _is_no_call(tokens: Sequence[Token], at: int, *, types: bool) -> bool:
    """Whether a name before a parenthesis is a keyword, a table with columns, or a type."""
    before = tokens[at - 1].upper if at else ""
    if tokens[at].upper in BEFORE_PARENTHESIS or before in TABLE_FOLLOWS:
        return True
    if before == "." and at > 2 and tokens[at - 3].upper in TABLE_FOLLOWS:
        return True
    end = closing(tokens, at + 1)
    if (types or before == "AS") and all(
        one.kind == "number" or one.upper in ("+", "-", ",") for one in tokens[at + 2 : end]
    ):
        return True
    after = [one.upper for one in tokens[end + 1 : end + 3]]
    return after[:1] == ["AS"] and after[1:] in (["("], ["NOT"], ["MATERIALIZED"])


def sources(tokens: Sequence[Token]) -> Iterator[str]:
    """The tables after FROM, JOIN, INTO, UPDATE and IN, without those that WITH defines.

    A table of another database than the file's own comes with its name: "temp.x".
    """
    defined = {
        one.value.lower()
        for at, one in enumerate(tokens)
        if one.is_name and _defines(tokens, at) and not RESERVED.match(one.value)
    }
    for at in _source_places(tokens):
        name = _dotted(tokens, at)
        if name.lower() not in defined:
            yield name


def _defines(tokens: Sequence[Token], at: int) -> bool:
    """Whether a name is one that WITH gives to what follows: ``name [(…)] AS [NOT …] (``."""
    before = tokens[at - 1].upper if at else ""
    if before not in ("WITH", "RECURSIVE", ","):
        return False
    bare = at + 1 < len(tokens) and tokens[at + 1].upper == "("
    end = closing(tokens, at + 1) if bare else at
    after = [one.upper for one in tokens[end + 1 : end + 3]]
    return after[:1] == ["AS"] and after[1:] in (["("], ["NOT"], ["MATERIALIZED"])


def _source_places(tokens: Sequence[Token]) -> Iterator[int]:
    """Where a name of a table stands."""
    lists = [False]  # for each open parenthesis: whether a list of tables is being read
    awaited = False
    for at, token in enumerate(tokens):
        sign = token.upper
        if sign == "(":
            lists.append(awaited)
        elif sign == ")":
            lists = lists[:-1] or [False]
            awaited = False
        elif sign in ("FROM", "JOIN", "INTO", "UPDATE", "IN") and _leads_to_table(tokens, at):
            lists[-1] = lists[-1] or sign in ("FROM", "JOIN")
            awaited = True
        elif sign == "," and lists[-1]:
            awaited = True
        elif sign in ENDS_SOURCES:
            lists[-1] = awaited = False
        elif awaited and token.is_name:
            if sign == "OR" or (tokens[at - 1].upper == "OR"):  # UPDATE OR REPLACE t
                continue
            awaited = False
            yield at


def _leads_to_table(tokens: Sequence[Token], at: int) -> bool:
    """Whether a table follows, and not a list of values, a comparison or an event's columns."""
    before = tokens[at - 1].upper if at else ""
    after = tokens[at + 1].upper if at + 1 < len(tokens) else ""
    if tokens[at].upper == "IN":
        return after != "("
    if tokens[at].upper == "UPDATE":
        return after not in ("ON", "OF") and before not in ("ON", "DO")
    return before != "DISTINCT"


def _dotted(tokens: Sequence[Token], at: int) -> str:
    """The name at a place, with the database before it unless that is the file's own."""
    name = tokens[at].value
    if at + 2 < len(tokens) and tokens[at + 1].upper == ".":
        inside = tokens[at + 2].value
        return inside if name.lower() == "main" else f"{name}.{inside}"
    return name
