"""Our own dataclasses, named tuples, enumerations and errors.

Built without running any code of theirs, of the fields they declare. Sentences are looked
through: ``str.format`` would follow ``{error.__init__.__globals__}`` to the secrets of whoever
shows them.
"""

from __future__ import annotations

import dataclasses
import re
import string
from collections.abc import Mapping
from enum import Enum
from typing import Any

from coverage.errors import CoverageError
from geodata.errors import GeodataError, Phrase
from geodata.sandbox.answers.base import Codec, Reader, Writer, below

NAME = re.compile(r"[A-Za-z_]\w{0,60}")
LAYOUT = re.compile(r"[<>^=]?[+ ]?0?\d{0,2},?(\.\d{1,2})?[a-z%]?")
LONGEST_SENTENCE = 10_000


def always() -> tuple[type, ...]:
    """The classes that any answer may hold: sentences and errors of ours."""
    return (Phrase, *_descended(GeodataError), *_descended(CoverageError))


def _descended(kind: type[Exception]) -> tuple[type, ...]:
    derived = [one for child in kind.__subclasses__() for one in _descended(child)]
    return (kind, *derived)


def require_plain_sentence(template: object, parts: object) -> None:
    """Raise `ValueError` for a sentence whose gaps are anything but names with a part each."""
    if not isinstance(template, str) or len(template) > LONGEST_SENTENCE:
        raise ValueError("no sentence")
    if not isinstance(parts, Mapping):
        raise TypeError("a sentence without parts")
    for _, name, layout, _ in string.Formatter().parse(template):
        if name is None:
            continue
        if not NAME.fullmatch(name) or name not in parts:
            raise ValueError(f"a sentence with the gap {name[:60]!r}")
        if not LAYOUT.fullmatch(layout or ""):
            raise ValueError("a sentence with a layout of its own")
    template.format(**parts)  # raises where a part has no such layout


def _name(value: object) -> list[Any]:
    return [type(value).__module__, type(value).__qualname__]


def _pack_record(value: Any, _: Writer) -> list[Any]:
    fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    return [*_name(value), fields]


def _unpack_record(packed: Any, reader: Reader) -> object:
    module, name, fields = packed
    kind = reader.find_class(module, name)
    if not dataclasses.is_dataclass(kind):
        raise TypeError("no record")
    if {one.name for one in dataclasses.fields(kind)} != set(fields):
        raise ValueError(f"{name} with other fields")
    if "template" in fields:
        require_plain_sentence(fields["template"], fields.get("parts"))
    value: object = object.__new__(kind)
    for field, content in fields.items():
        object.__setattr__(value, field, content)
    return value


def _pack_named(value: Any, _: Writer) -> list[Any]:
    return [*_name(value), list(value)]


def _unpack_named(packed: Any, reader: Reader) -> object:
    module, name, values = packed
    kind = reader.find_class(module, name)
    if not _is_named(kind) or not isinstance(values, list):
        raise TypeError("no named tuple")
    return kind(*values)


def _pack_member(value: Enum, _: Writer) -> list[Any]:
    return [*_name(value), value.name]


def _unpack_member(packed: Any, reader: Reader) -> object:
    module, name, member = packed
    kind = reader.find_class(module, name)
    if not issubclass(kind, Enum):
        raise TypeError("no enumeration")
    return kind[member]


def _pack_error(error: Any, _: Writer) -> list[Any]:
    return [*_name(error), error.template, dict(error.parts), list(getattr(error, "faults", ()))]


def _unpack_error(packed: Any, reader: Reader) -> object:
    module, name, template, parts, faults = packed
    kind = reader.find_class(module, name)
    if not issubclass(kind, GeodataError | CoverageError):
        raise TypeError("no error of ours")
    require_plain_sentence(template, parts)
    if not all(isinstance(one, Phrase) for one in faults):
        raise TypeError("a fault that is no sentence")
    error = kind(template, **parts)
    if faults:
        error.faults = tuple(faults)  # type: ignore[union-attr]  # where it had some before
    return error


def _is_named(kind: type) -> bool:
    return issubclass(kind, tuple) and hasattr(kind, "_fields")


CODECS = (
    Codec(takes=dataclasses.is_dataclass, pack=_pack_record, unpack=_unpack_record, is_shared=True),
    Codec(takes=_is_named, pack=_pack_named, unpack=_unpack_named),
    Codec(takes=below(Enum), pack=_pack_member, unpack=_unpack_member),
    Codec(takes=below(GeodataError, CoverageError), pack=_pack_error, unpack=_unpack_error),
)
