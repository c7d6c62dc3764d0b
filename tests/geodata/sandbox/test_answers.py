"""Answers come back as they were sent; what a hostile process could send instead does not."""

from __future__ import annotations

import builtins
import functools
import operator
import os
import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import geopandas as gpd
import msgpack
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given
from hypothesis import strategies as st

from coverage.errors import CoverageError
from geodata.access import EVERYTHING
from geodata.errors import DataError, Phrase, StudyError, phrase
from geodata.sandbox import LostError, Sandbox
from geodata.sandbox.answers import BadAnswerError, declared_classes, read_answer, write_answer
from geodata.sandbox.answers.codec import CODECS, SAME
from geodata.understood import Received, Understood, look_into
from tests import tiny
from tests.geodata.sandbox import tasks


class Season(Enum):
    DRY = "dry"


class Place(NamedTuple):
    x: float
    y: float


def again(value: object, *classes: type) -> object:
    return read_answer([bytes(one) for one in write_answer(value)], classes)


@pytest.mark.parametrize(
    "value",
    [
        None, True, 2**70, -(2**90), 0.1, "Thôn bản \ud800", b"\0", (1, (2,)), [1, [2]],
        {"a": (1,), 2: None}, {1, 2}, frozenset({"x"}), date(2023, 8, 30), time(7, 30),
        datetime(2023, 8, 30, tzinfo=UTC), timedelta(days=-1, microseconds=3), Decimal("1.10"),
        1 + 2j, range(2, 9, 3), slice(1, None), Path("/a/b"), np.float32(0.5), np.int64(3),
        np.datetime64("2023-08-30"), np.bool_(True),
        pd.Timestamp("2023-08-30 07:00", tz="Asia/Bangkok"),
        pd.Timedelta("3h"), MappingProxyType({"a": 1}), Season.DRY, Place(1.0, 2.0),
    ],
    ids=repr,
)  # fmt: skip
def test_a_plain_value_comes_back_with_its_type(value: object) -> None:
    found = again(value, Season, Place)
    assert type(found) is type(value)
    assert found == value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_values_in_values_come_back(value: object) -> None:
    assert again(value) == value


def test_tables_of_every_kind_of_column_come_back_equal() -> None:
    table = pd.DataFrame(
        {
            "whole": pd.array([1, None], "Int64"),
            "share": pd.array([0.5, None], "Float32"),
            "truth": pd.array([True, None], "boolean"),
            "text": ["Thôn", None],
            "masked text": pd.array(["a", None], "string"),
            "kind": pd.Categorical(["b", "a"], categories=["b", "a"], ordered=True),
            "day": pd.to_datetime(["2023-08-30", None]),
            "moment": pd.to_datetime(["2023-08-30", None]).tz_localize("Asia/Ho_Chi_Minh"),
            "length": pd.to_timedelta(["1h", None]),
            "anything": pd.Series([[1], "x"], dtype=object),
            "number": np.array([1.5, np.nan]),
        }
    )
    table.attrs["note"] = "kept"
    for index in (
        pd.RangeIndex(3, 7, 2, name="n"),
        pd.Index(["a", "b"], name="village_id"),
        pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["p", "q"]),
        pd.DatetimeIndex(["2023-01-01", "2023-01-03"]),
        pd.Index(["a", None], dtype=object),
    ):
        found = again(table.set_axis(index))
        assert isinstance(found, pd.DataFrame)
        pd.testing.assert_frame_equal(found, table.set_axis(index))
        assert found.attrs == {"note": "kept"}
    pd.testing.assert_frame_equal(again(table.iloc[:0]), table.iloc[:0])  # type: ignore[arg-type]  # a table
    pd.testing.assert_series_equal(again(table["kind"]), table["kind"])  # type: ignore[arg-type]  # a column


def test_villages_come_back_with_both_their_geometries_and_their_system() -> None:
    villages = tiny.villages()
    found = again(villages)
    assert isinstance(found, gpd.GeoDataFrame)
    assert_geodataframe_equal(found, villages)
    assert found.crs == villages.crs


SHAPES = (
    "POINT (1 2)", "POINT EMPTY", "LINESTRING (0 0, 1 1)", "LINESTRING Z (0 0 1, 1 1 2)",
    "POLYGON ((0 0, 9 0, 9 9, 0 0), (2 1, 3 1, 3 2, 2 1))", "POLYGON EMPTY",
    "POLYGON Z ((0 0 1, 9 0 2, 9 9 3, 0 0 1))", "MULTIPOINT (1 2, 3 4)",
    "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))",
    "MULTIPOLYGON (((0 0, 9 0, 9 9, 0 0), (2 1, 3 1, 3 2, 2 1)), ((20 0, 30 0, 30 9, 20 0)))",
    "GEOMETRYCOLLECTION (POINT (1 2), GEOMETRYCOLLECTION (LINESTRING (0 0, 1 1)))",
    "GEOMETRYCOLLECTION EMPTY",
)  # fmt: skip


def test_shapes_of_all_types_and_missing_ones_come_back_in_their_places() -> None:
    column = np.array([*shapely.from_wkt(SHAPES), None, shapely.Point(5, 5)], dtype=object)
    found = again(column)
    assert isinstance(found, np.ndarray)
    assert [None if one is None else one.wkt for one in found] == [
        None if one is None else one.wkt for one in column
    ]
    series = gpd.GeoSeries(column, crs=9208)
    geometry = again(series)
    assert isinstance(geometry, gpd.GeoSeries)
    assert geometry.to_wkt().equals(series.to_wkt())
    assert again(pyproj.CRS(9208)) == pyproj.CRS(9208)


def test_what_stands_in_two_places_is_sent_once_and_is_one_object_again(
    sandbox: Sandbox,
) -> None:
    (one,) = sandbox.call(tasks.declared, Path("/a"))
    assert one.path == Path("/a")
    assert one.table is one.again
    assert_geodataframe_equal(one.table, tiny.villages())
    assert len(write_answer((one.table, one.table))) == len(write_answer(one.table))


def test_errors_and_sentences_come_back_whole() -> None:
    fault = phrase("{where} is missing", where=phrase("line {line}", line=3))
    for error in (
        DataError("{file} is odd", file="a"),
        StudyError("bad", faults=(fault,)),
        CoverageError("{count} villages", count=3),
    ):
        found = again(error)
        assert type(found) is type(error)
        assert str(found) == str(error)
    assert again(fault) == fault


def test_a_function_answers_with_the_classes_it_declares_and_no_other(sandbox: Sandbox) -> None:
    assert declared_classes(look_into) == {Received, Understood, Phrase}
    assert declared_classes(tasks.declared) == {tasks.Declared}
    with pytest.raises(LostError):
        sandbox.call(tasks.undeclared)
    with pytest.raises(BadAnswerError, match="not declared"):
        again(EVERYTHING, Received, Understood)


def touch(path: str) -> None:
    Path(path).write_text("touched", "utf-8")


class Bomb:
    """Pickles as a call."""

    def __init__(self, call: Callable[..., object], *arguments: object) -> None:
        self._call = call, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._call


def test_a_pickle_in_place_of_an_answer_runs_nothing(tmp_path: Path) -> None:
    canary = str(tmp_path / "canary")
    for bomb in (
        Bomb(touch, canary),
        Bomb(os.system, f"touch {canary}"),
        Bomb(builtins.eval, f"open({canary!r}, 'w')"),
        Bomb(functools.partial, touch, canary),
        Bomb(operator.attrgetter("__class__"), 1),
    ):
        body = pickle.dumps(bomb)
        for buffers in ([body], [b"", body], [msgpack.packb(body), body]):
            try:
                found = read_answer(buffers, (Received,))
            except BadAnswerError:
                continue
            assert found == body
    assert not Path(canary).exists()


def _code(name: str) -> int:
    return next(k for k, codec in enumerate(CODECS) if codec.pack.__name__ == name)


def _packed(name: str, content: object) -> list[bytes]:
    data = msgpack.packb(content, default=_nested, strict_types=True)
    return [msgpack.packb(msgpack.ExtType(_code(name), data))]


def _nested(value: object) -> object:
    raise TypeError(value)


CALLABLES = [
    ("os", "system"), ("builtins", "eval"), ("builtins", "type"), ("functools", "partial"),
    ("operator", "attrgetter"), ("geodata.incoming", "make_study"), ("geodata.access", "Rights"),
    ("geodata.sandbox.pool", "Sandbox"), ("geodata.understood", "Received.__init__"),
    ("geodata.errors", "GeodataError.__init__"), ("subprocess", "Popen"),
]  # fmt: skip


@pytest.mark.parametrize(("module", "name"), CALLABLES)
def test_no_function_and_no_undeclared_class_is_found_by_its_name(module: str, name: str) -> None:
    for pack, content in (
        ("_pack_record", [module, name, {}]),
        ("_pack_named", [module, name, ["touch /tmp/canary"]]),
        ("_pack_member", [module, name, "__init__"]),
        ("_pack_error", [module, name, "x", {}, []]),
    ):
        with pytest.raises(BadAnswerError, match="not declared"):
            read_answer(_packed(pack, content), (Received, Understood, Place))


def test_a_declared_class_is_made_of_its_fields_alone_and_stays_as_it_is() -> None:
    before = dict(vars(Phrase))
    for fields in (
        {"template": "x"},
        {"template": "x", "parts": {}, "__class__": 1},
        {"template": "x", "parts": {}, "__str__": 1},
        {"__dict__": {}, "parts": {}},
    ):
        with pytest.raises(BadAnswerError, match="other fields"):
            read_answer(_packed("_pack_record", ["geodata.errors", "Phrase", fields]))
    with pytest.raises(BadAnswerError):
        read_answer(_packed("_pack_record", [Place.__module__, "Place", {}]), (Place,))
    with pytest.raises(BadAnswerError):
        read_answer(_packed("_pack_error", ["geodata.errors", "Phrase", "x", {}, []]))
    assert dict(vars(Phrase)) == before


@pytest.mark.parametrize(
    "template",
    [
        "{a.__class__}", "{a[0]}", "{a.__init__.__globals__[sys]}", "{}", "{0}", "{missing}",
        "{a:>1000000000}", "{a:{a}}", "{a!z}", "{", "x" * 20_000,
    ],
)  # fmt: skip
def test_a_sentence_that_would_look_behind_its_parts_is_refused(template: str) -> None:
    fields = {"template": template, "parts": {"a": "x"}}
    with pytest.raises(BadAnswerError):
        read_answer(_packed("_pack_record", ["geodata.errors", "Phrase", fields]))
    error = ["geodata.errors", "DataError", template, {"a": "x"}, []]
    with pytest.raises(BadAnswerError):
        read_answer(_packed("_pack_error", error))


@pytest.mark.parametrize(
    ("content", "buffer"),
    [
        (["<f8", [2], 0], b"\0" * 8),
        (["<f8", [2**40], 0], b"\0" * 8),
        (["<f8", [-1], 0], b""),
        (["<f8", [1.5], 0], b""),
        (["<f8", [1], 1], b"\0" * 8),
        (["<f8", [1], -1], b"\0" * 8),
        (["|O8", [1], 0], b"\x10" * 8),
        (["O8", [1], 0], b"\x10" * 8),
        (["V8", [1], 0], b"\0" * 8),
        (["O", [3], [1]], b""),
        (["<f8,O", [1], 0], b"\0" * 16),
        (["<U0", [2**20], 0], b""),
    ],
)
def test_an_array_is_as_long_as_its_numbers_and_holds_no_addresses(
    content: list[object], buffer: bytes
) -> None:
    with pytest.raises(BadAnswerError):
        read_answer([*_packed("pack_array", content), buffer])


def _column(family: str, offsets: list[list[int]], coordinates: int = 4) -> list[object]:
    floats = np.zeros((coordinates, 2))
    parts = [
        ["<f8", [coordinates, 2], 1],
        [["<i8", [len(o)], 2 + k] for k, o in enumerate(offsets)],
    ]
    buffers = [np.zeros(1, "<i8"), floats, *(np.array(o, "<i8") for o in offsets)]
    content = [1, [[family, ["<i8", [1], 0], *parts]]]
    return [*_packed("_pack_shape", content), *(one.tobytes() for one in buffers)]


def test_offsets_that_lead_beyond_their_shapes_are_refused() -> None:
    assert read_answer(_column("polygon", [[0, 1], [0, 4]]))  # type: ignore[arg-type]  # buffers
    for family, offsets in (
        ("polygon", [[0, 1], [0, 4000]]),
        ("polygon", [[0, 9], [0, 4]]),
        ("polygon", [[0, 1], [-4, 4]]),
        ("polygon", [[0, 2], [0, 8, 4]]),
        ("polygon", [[0, 4]]),
        ("polygons", [[0, 1], [0, 4]]),
        ("point", [[0, 4]]),
        ("line", [[4, 0]]),
        ("ring", [[0, 4]]),
    ):
        with pytest.raises(BadAnswerError):
            read_answer(_column(family, offsets))  # type: ignore[arg-type]  # buffers


def test_a_column_has_as_many_shapes_as_were_sent() -> None:
    for count in (1, 3_000):
        with pytest.raises(BadAnswerError, match="another number of shapes"):
            read_answer(_packed("_pack_shape", [count, []]))


def test_a_coordinate_system_that_names_a_file_is_refused(tmp_path: Path) -> None:
    told = pyproj.CRS(f"+proj=longlat +ellps=bessel +nadgrids={tmp_path / 'grid'}")
    with pytest.raises(BadAnswerError, match="names a file"):
        read_answer(write_answer(told))


@pytest.mark.parametrize("text", ["1e300000000", "-1e-300000000", "1" * 2_000])
def test_a_decimal_that_would_fill_the_memory_written_out_is_refused(text: str) -> None:
    with pytest.raises(BadAnswerError):
        read_answer(write_answer(phrase("{x:f}", x=Decimal(text))))
    for value in (Decimal("NaN"), Decimal("-Infinity"), Decimal("1e300")):
        assert str(read_answer(write_answer(value))) == str(value)


def test_answers_without_end_are_refused() -> None:
    deep = msgpack.packb(None)
    for _ in range(5_000):
        deep = msgpack.packb(msgpack.ExtType(0, deep))
    for body in (
        deep,
        b"\x91" * 100_000 + b"\xc0",
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\x7f\xff\xff\xff",
        msgpack.packb(msgpack.ExtType(SAME, msgpack.packb(0))),
        msgpack.packb(msgpack.ExtType(99, b"\xc0")),
        msgpack.packb(msgpack.ExtType(_code("<lambda>") + 3, msgpack.packb("f" * 10_000))),
        b"",
    ):
        with pytest.raises(BadAnswerError):
            read_answer([body])


def test_what_writes_into_the_pipe_of_its_answer_is_lost(sandbox: Sandbox) -> None:
    for noise in (b"\xff" * 64, b"\x04" + b"\xff" * 64, b"\x04\0\0\0\1" + b"\xff" * 8):
        with pytest.raises(LostError):
            sandbox.call(tasks.meddled, noise)
    body = pickle.dumps(Bomb(os.system, "true"))
    head = b"\x04\0\0\0\1" + len(body).to_bytes(8, "big")
    with pytest.raises(LostError):
        sandbox.call(tasks.meddled, head + body)
    assert sandbox.call(sorted, [2, 1]) == [1, 2]
