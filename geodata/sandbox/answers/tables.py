"""Tables, columns and indexes of pandas and geopandas, by their columns."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from geopandas.array import GeometryArray

from geodata.sandbox.answers.arrays import pack_array, unpack_array
from geodata.sandbox.answers.base import Codec, Reader, Writer, below
from geodata.sandbox.answers.geometries import pack_shapes, unpack_shapes

Packed = list[Any]

MASKED = (pd.arrays.BooleanArray, pd.arrays.IntegerArray, pd.arrays.FloatingArray)


def _pack_values(values: Any, writer: Writer) -> Packed:
    """The cells of one column, by the kind of array that pandas keeps them in."""
    if isinstance(values, np.ndarray):
        return ["numbers", pack_array(values, writer)]
    if isinstance(values, pd.arrays.NumpyExtensionArray):
        return ["numbers", pack_array(values.to_numpy(), writer)]
    if isinstance(values, GeometryArray):
        return ["shapes", pack_shapes(np.asarray(values), writer), values.crs]
    if isinstance(values, pd.Categorical):
        codes = pack_array(np.asarray(values.codes), writer)
        return ["categories", codes, values.categories, bool(values.ordered)]
    return _pack_extension(values, writer)


def _pack_extension(values: Any, writer: Writer) -> Packed:
    """Texts, numbers with a mask, and times. Raises `TypeError` for other arrays."""
    if isinstance(values.dtype, pd.StringDtype):
        cells = [None if pd.isna(cell) else str(cell) for cell in values]
        return ["texts", values.dtype.storage, values.dtype.na_value is pd.NA, cells]
    if isinstance(values, MASKED):
        missing = pack_array(np.asarray(values.isna()), writer)
        plain = values.to_numpy(values.dtype.numpy_dtype, na_value=values.dtype.type(0))
        return ["masked", pack_array(plain, writer), missing]
    if isinstance(values, pd.arrays.DatetimeArray):
        numbers = _whole_numbers(values).view(f"M8[{values.unit}]")
        zone = None if values.tz is None else str(values.tz)
        return ["times", pack_array(numbers, writer), zone]
    if isinstance(values, pd.arrays.TimedeltaArray):
        return [
            "times",
            pack_array(_whole_numbers(values).view(f"m8[{values.unit}]"), writer),
            None,
        ]
    raise TypeError(f"a column of {values.dtype} cannot leave a sandbox")


def _whole_numbers(times: Any) -> np.ndarray:
    return np.asarray(times.asi8)


def _unpack_values(packed: Any, reader: Reader) -> Any:
    kind, *rest = packed
    return {
        "numbers": _unpack_numbers,
        "shapes": _unpack_geometry,
        "categories": _unpack_categories,
        "texts": _unpack_texts,
        "masked": _unpack_masked,
        "times": _unpack_times,
    }[kind](rest, reader)


def _unpack_numbers(packed: Packed, reader: Reader) -> Any:
    (array,) = packed
    return unpack_array(array, reader)


def _unpack_geometry(packed: Packed, reader: Reader) -> Any:
    shapes, crs = packed
    return GeometryArray(unpack_shapes(shapes, reader), crs=crs)


def _unpack_categories(packed: Packed, reader: Reader) -> Any:
    codes, categories, ordered = packed
    return pd.Categorical.from_codes(
        unpack_array(codes, reader),
        categories=categories,
        ordered=bool(ordered),
    )


def _unpack_texts(packed: Packed, _: Reader) -> Any:
    storage, is_masked, cells = packed
    kind = pd.StringDtype(storage=storage, na_value=pd.NA if is_masked else np.nan)
    return pd.array(cells, dtype=kind)


def _unpack_masked(packed: Packed, reader: Reader) -> Any:
    values, missing = (unpack_array(one, reader).copy() for one in packed)
    kinds = {"b": pd.arrays.BooleanArray, "f": pd.arrays.FloatingArray}
    return kinds.get(values.dtype.kind, pd.arrays.IntegerArray)(values, missing)


def _unpack_times(packed: Packed, reader: Reader) -> Any:
    values, zone = packed
    array = unpack_array(values, reader)
    if array.dtype.kind not in "mM":
        raise TypeError("no times")
    if zone is None:
        return array
    return pd.DatetimeIndex(array, tz="UTC").tz_convert(str(zone)).array


def _pack_index(index: pd.Index, writer: Writer) -> Packed:
    if isinstance(index, pd.RangeIndex):
        return ["range", [index.start, index.stop, index.step], index.name]
    if isinstance(index, pd.MultiIndex):
        codes = [pack_array(np.asarray(one), writer) for one in index.codes]
        return ["levels", list(index.levels), codes, list(index.names)]
    return ["index", _pack_values(_cells(index), writer), index.name]


def _unpack_index(packed: Any, reader: Reader) -> Any:
    kind, *rest = packed
    if kind == "range":
        start, stop, step = rest[0]
        return pd.RangeIndex(start, stop, step, name=rest[1])
    if kind == "levels":
        levels, codes, names = rest
        return pd.MultiIndex(
            levels=levels, codes=[unpack_array(one, reader).tolist() for one in codes], names=names
        )
    values, name = rest
    cells = _unpack_values(values, reader)
    return pd.Index(cells, dtype=cells.dtype, name=name)


def _pack_series(series: pd.Series, writer: Writer) -> Packed:
    return [_pack_values(_cells(series), writer), series.index, series.name]


def _unpack_series(packed: Any, reader: Reader) -> Any:
    values, index, name = packed
    cells = _unpack_values(values, reader)
    if isinstance(cells, GeometryArray):
        return gpd.GeoSeries(cells, index=index, name=name)
    return pd.Series(cells, index=index, dtype=cells.dtype, name=name)


def _pack_frame(frame: pd.DataFrame, writer: Writer) -> Packed:
    columns = [_pack_values(_cells(frame.iloc[:, k]), writer) for k in range(frame.shape[1])]
    is_placed = isinstance(frame, gpd.GeoDataFrame)
    active = frame.active_geometry_name if isinstance(frame, gpd.GeoDataFrame) else None
    return [columns, frame.columns, frame.index, is_placed, active, dict(frame.attrs)]


def _unpack_frame(packed: Any, reader: Reader) -> pd.DataFrame:
    packed_columns, names, index, is_placed, active, attributes = packed
    cells = [_unpack_values(one, reader) for one in packed_columns]
    columns = {
        k: pd.Series(values, index=index, dtype=values.dtype) for k, values in enumerate(cells)
    }
    frame = pd.DataFrame(columns, index=index)
    frame.columns = names
    if is_placed:
        frame = gpd.GeoDataFrame(frame, geometry=active)
    frame.attrs = attributes
    return frame


def _cells(held: Any) -> Any:
    """The array behind a column or index; numpy's own where pandas adds nothing."""
    return (
        held.to_numpy()
        if isinstance(held.dtype, np.dtype) and held.dtype.kind not in "mM"
        else held.array
    )


def _pack_time(value: Any, _: Writer) -> Packed:
    return [value.asm8, None if getattr(value, "tz", None) is None else str(value.tz)]


def _unpack_time(packed: Any, _: Reader) -> object:
    value, zone = packed
    if isinstance(value, np.timedelta64):
        return pd.Timedelta(value)
    if not isinstance(value, np.datetime64):
        raise TypeError("no moment")
    moment = pd.Timestamp(value)
    return moment if zone is None else moment.tz_localize("UTC").tz_convert(str(zone))


CODECS = (
    Codec(takes=below(pd.DataFrame), pack=_pack_frame, unpack=_unpack_frame, is_shared=True),
    Codec(takes=below(pd.Series), pack=_pack_series, unpack=_unpack_series, is_shared=True),
    Codec(takes=below(pd.Index), pack=_pack_index, unpack=_unpack_index, is_shared=True),
    Codec(
        takes=below(pd.api.extensions.ExtensionArray),
        pack=_pack_values,
        unpack=_unpack_values,
        is_shared=True,
    ),
    Codec(takes=below(type(pd.NaT)), pack=lambda *_: None, unpack=lambda *_: pd.NaT),
    Codec(takes=below(type(pd.NA)), pack=lambda *_: None, unpack=lambda *_: pd.NA),
    Codec(takes=below(pd.Timestamp, pd.Timedelta), pack=_pack_time, unpack=_unpack_time),
)
