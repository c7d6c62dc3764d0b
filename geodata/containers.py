"""Files that hold files: whatever a user hands over, as the parts that can be read.

A ZIP, a KMZ, a gzip, a folder, a geodatabase, a file with several layers and a plain file all
become a tuple of `Part`. What is unpacked lies in a passing folder and is gone afterwards.
"""

from __future__ import annotations

import glob
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import pyogrio
import python_calamine

from geodata.archives import Limits, files_in, unpacked_gzip, unpacked_zip
from geodata.errors import CallError, GeodataError, MissingFileError, UnreadableError
from geodata.files import copy_folder
from geodata.findings import Finding
from geodata.kinds import HEAD, LAYERED, recognise
from geodata.parts import BESIDE, LOG, beside_raster, log_of, parts_of
from geodata.readers import require_self_contained
from geodata.readers.consistency import require_consistent
from geodata.readers.geojson_forms import plain_geojson
from geodata.readers.geopackage_rows import recounted_gpkg, with_log
from geodata.readers.kml_structure import plain_kml, structure_of
from geodata.readers.workbook_cells import cells_of
from geodata.refusal import refused

MAP_ENDINGS = (".gpkg", ".shp", ".fgb", ".tab", ".mif", ".geojson", ".kml")
NO_DATA = re.compile(
    r"(?i)(\.(md|pdf|docx?|html?|xml|css|js|py|png|jpe?g|gif|aux|log|ini|lnk"
    r"|qml|qgz|qgs|sld|lyrx?|mxd|sbn|sbx|qpj|qmd|fix|atx|cst|wor|toml|gpkg-?(wal|shm|journal))"
    r"|(readme|licen[cs]e)[^/]*\.txt)$"
)
"""Names inside an archive or a folder that are no data, whatever they begin with."""

SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Part:
    """One table, layer or raster of what a user handed over.

    ``name`` is the file as it is called in its archive or folder (with folders, "/" between),
    ``path`` where it lies while it is open, ``layer`` the layer or sheet in a file of a kind
    that may hold several (``several``: it does), ``kind`` as `geodata.kinds.recognise` has it.
    """

    name: str
    path: Path
    layer: str | None
    kind: str
    several: bool = False

    @property
    def is_raster(self) -> bool:
        """Whether it is an image of cells, as a GeoTIFF is."""
        return self.kind == "raster"

    @property
    def title(self) -> str:
        """What people call it, and may write after ``layer =``."""
        return f"{self.name}: {self.layer}" if self.several else self.name


@contextmanager
def opened(path: Path | str, *, limits: Limits | None = None) -> Iterator[tuple[Part, ...]]:
    """The parts of a file, an archive or a folder, for as long as the block lasts.

    Raises `MissingFileError`, `UnreadableError` for what is none of these or holds no part,
    `DataError` for an archive that is a trap (see `geodata.archives`). Files inside that
    nobody reads (pictures, documents) are passed over.
    """
    path = Path(path)
    if not path.exists():
        raise MissingFileError("{file} is not there; check the path", file=str(path))
    kind = recognise(path)
    if kind == "folder":
        found = [(p.relative_to(path).as_posix(), p) for p in files_in(path)]
        yield _parts_inside(path.name, found, packed=False)
        return
    if kind not in ("zip", "gzip"):
        yield _parts_of(path.name, path, kind)
        return
    with TemporaryDirectory(prefix="phusong-") as folder:
        if kind == "zip":
            inside = unpacked_zip(path, Path(folder), limits=limits)
            found = together([(one.name, one.path) for one in inside])
            yield _parts_inside(path.name, found, packed=True)
        else:
            one = unpacked_gzip(path, Path(folder), limits=limits)
            yield _parts_of(one.name, one.path, not_packed(one.path, path.name))


def not_packed(path: Path, outer: str) -> str:
    """The kind of an unpacked file. Raises `UnreadableError` for an archive in an archive."""
    kind = recognise(path)
    if kind in ("zip", "gzip"):
        raise UnreadableError(
            "{file} holds another archive, {entry}; send that one by itself",
            file=outer,
            entry=repr(path.name),
        )
    return kind


def together(found: Sequence[tuple[str, Path]]) -> list[tuple[str, Path]]:
    """Names and paths, with the tables of a geodatabase as the one folder they make."""
    out: dict[Path, str] = {}
    for name, path in found:
        inside = path.parent
        if inside.suffix.lower() == ".gdb":
            out.setdefault(inside, PurePosixPath(name).parent.as_posix())
        else:
            out[path] = name
    return [(name, path) for path, name in out.items()]


def chosen(parts: Sequence[Part], layer: str | None, *, file: str) -> Part:
    """The part asked for, or the only one that is a table.

    ``layer`` may be a layer's name, a file's name in an archive (with or without folders and
    ending), or both as `Part.title` has them. Raises `CallError` where that leaves a choice.
    """
    if layer is None:
        return _only([part for part in parts if not part.is_raster] or list(parts), file)
    fitting = [part for part in parts if layer == part.title]
    fitting = fitting or [part for part in parts if layer in _names(part)]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting and len({part.path for part in parts}) == 1:
        return _unplaced(parts[0], layer, file)
    if fitting:
        return _only(fitting, file)
    raise _no_such_layer(layer, _listed(parts), file)


def _unplaced(part: Part, layer: str, file: str) -> Part:
    """A layer without geometry, which is read where it is asked for by name."""
    names = [part.name]
    if part.kind == "excel":
        with refused(part.path):
            names = list(python_calamine.CalamineWorkbook.from_path(str(part.path)).sheet_names)
    elif part.kind in LAYERED:
        with refused(part.path), known_to_gdal(part.path, part.kind) as address:
            names = [str(name) for name, _ in pyogrio.list_layers(address)]
    if layer not in names:
        raise _no_such_layer(layer, ", ".join(names), file)
    return replace(part, layer=layer)


def _no_such_layer(layer: str, names: str, file: str) -> CallError:
    return CallError(
        "{file} has no layer {layer}; it has {names}", file=file, layer=layer, names=names
    )


def _only(parts: Sequence[Part], file: str) -> Part:
    if len(parts) == 1:
        return parts[0]
    raise CallError(
        "{file} has {count} layers ({names}); say which with layer = …",
        file=file,
        count=len(parts),
        names=_listed(parts),
    )


def _listed(parts: Sequence[Part]) -> str:
    """Names that tell the parts apart: of layers in one file, else of files."""
    one_file = len({part.path for part in parts}) == 1
    names = [(part.layer or part.name) if one_file else part.title for part in parts]
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def _names(part: Part) -> tuple[str, ...]:
    last = PurePosixPath(part.name)
    layers = (part.layer,) if part.several and part.layer else ()
    return (*layers, part.name, last.name, last.stem)


def _parts_inside(
    outer: str, found: Sequence[tuple[str, Path]], *, packed: bool
) -> tuple[Part, ...]:
    """The parts of several files; those that are no data are passed over.

    A file that should be data and is not is told only where nothing else can be read.
    """
    parts: list[Part] = []
    trouble: GeodataError | None = None
    for name, path in found:
        if not is_data(name, path):
            continue
        try:
            parts += _parts_of(name, path, not_packed(path, outer))
        except GeodataError as error:
            trouble = trouble or error
    if parts:
        return tuple(parts)
    if trouble is not None:
        raise trouble
    raise UnreadableError(
        "{file} is an archive without a table or map layer; put one into it"
        if packed
        else "{file} is a folder without a table or map layer; name the file it should be",
        file=outer,
    )


def is_data(name: str, path: Path) -> bool:
    """Whether a file of an archive or a folder may be data, and not what lies beside it."""
    if path.suffix.lower() in BESIDE or beside_raster(name) or NO_DATA.search(name):
        return False
    return not name.lower().endswith(".txt") or _splits(path)


def _splits(path: Path) -> bool:
    """Whether a text is a table: two of its first lines hold the same sign equally often."""
    with path.open("rb") as stream:
        lines = stream.read(HEAD).replace(b"\0", b"").splitlines()[:20]
    counts = [[line.count(sign) for line in lines] for sign in (b"\t", b";", b"|", b",")]
    return any(max((one.count(n) for n in one if n), default=0) > 1 for one in counts)


def _parts_of(name: str, path: Path, kind: str) -> tuple[Part, ...]:
    """One part a layer where a file holds several, else the file."""
    layers: Sequence[str] = ()
    if kind == "excel":
        layers = _filled_sheets(path)
    elif kind in LAYERED:
        with refused(path, name=name), known_to_gdal(path, kind) as address:
            layers = placed_layers(address)
            if kind == ".kml" and structure_of(path, name=name).bare_folders:
                layers = _filled_layers(address, layers)
    if not layers:
        return (Part(name=name, path=path, layer=None, kind=kind),)
    several = len(layers) > 1
    return tuple(
        Part(name=name, path=path, layer=layer, kind=kind, several=several) for layer in layers
    )


def placed_layers(address: str) -> list[str]:
    """Layers that have geometry (QGIS keeps its styles beside), or all where none has."""
    layers = pyogrio.list_layers(address)
    placed = [str(name) for name, kind in layers if kind is not None]
    return placed or [str(name) for name, _ in layers]


def _filled_layers(address: str, layers: list[str]) -> list[str]:
    """The layers with rows, or all where none has any: folders of a KML that only hold folders."""
    if len(layers) < 2:
        return layers
    filled = [one for one in layers if pyogrio.read_info(address, layer=one)["features"]]
    return filled or layers


def _filled_sheets(path: Path) -> list[str]:
    """The sheets that hold anything. One sheet is not looked into."""
    with refused(path):
        cells_of(path, name=path.name)  # refuses what would not fit into memory
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        names = list(book.sheet_names)
        if len(names) < 2:
            return names
        return [name for name in names if book.get_sheet_by_name(name).total_height > 0]


@contextmanager
def known_to_gdal(path: Path, kind: str) -> Iterator[str]:
    """An address under which GDAL takes a file for what it is, whatever its ending.

    A file under a wrong ending is copied, with those beside it, to a passing folder. Raises
    `UnreadableError` for a file that leads to others than came with it, and for one whose parts
    disagree (see `geodata.readers`).
    """
    log = log_of(path) if kind == ".gpkg" else None
    if log is not None:
        with with_log(path, log) as whole, known_to_gdal(whole, kind) as address:
            yield address
        return
    beside = parts_of(path)
    state = _state(path)
    _require_fit(path, kind, state)
    kind = ".gdb" if kind == "gdb" else kind
    named = path.suffix.lower() in (kind, ".json" if kind == ".geojson" else kind)
    if named and (kind not in REWRITTEN or _is_fit(path, kind, state)):
        yield str(path)
        return
    with TemporaryDirectory(prefix="phusong-") as folder:
        copy = Path(folder) / (path.stem + kind)
        rewritten = kind in REWRITTEN and _rewritten(path, kind, copy, state)
        if named and not rewritten:
            yield str(path)
            return
        if not rewritten:
            _copy(path, copy, beside)
        yield str(copy)


REWRITTEN = {".kml": plain_kml, ".geojson": plain_geojson, ".gpkg": recounted_gpkg}
"""Kinds of which GDAL is given another form where it would read a part of what a file holds."""


State = tuple[tuple[int, ...], ...]
"""Of a file and those beside it: what changes whenever one of them does. Of a folder nothing."""

LOOKED_THROUGH = 512
"""So many files are remembered that were found fit: each is opened to be listed and to be read."""

_AS_IT_IS: dict[tuple[Path, str, State], None] = {}


def _state(path: Path) -> State:
    """Of the file, and of all that lies beside it under its name, links as links."""
    if not path.is_file():
        return ()
    beside = sorted(path.parent.glob(f"{glob.escape(path.stem)}*"))
    told = (path.stat(), *(one.lstat() for one in beside))
    return tuple((x.st_ino, x.st_size, x.st_mtime_ns, x.st_ctime_ns) for x in told)


def _is_fit(path: Path, kind: str, state: State) -> bool:
    """Whether a file was found to fit, and to be read as it is, and is the same still."""
    return bool(state) and (path, kind, state) in _AS_IT_IS


def _require_fit(path: Path, kind: str, state: State) -> None:
    """Raise `UnreadableError` unless a file opens nothing else and its parts agree."""
    if _is_fit(path, kind, state):
        return
    require_self_contained(path, kind)
    with refused(path):
        require_consistent(path, kind, parts_of(path), name=path.name)
    if kind not in REWRITTEN:
        _remember(path, kind, state)


def _rewritten(path: Path, kind: str, copy: Path, state: State) -> bool:
    """Whether GDAL is given a copy in another form, which is then written."""
    if _is_fit(path, kind, state):
        return False
    with refused(path):
        done = REWRITTEN[kind](path, copy, name=path.name)
    if done and kind == ".geojson":
        require_self_contained(copy, kind)  # what was in another encoding is seen only now
    if not done:
        _remember(path, kind, state)
    return done


def _remember(path: Path, kind: str, state: State) -> None:
    """A file that fits and is read as it is, for as long as it does not change."""
    if len(_AS_IT_IS) >= LOOKED_THROUGH:
        _AS_IT_IS.clear()
    if state:
        _AS_IT_IS[path, kind, state] = None


_LOOKED: dict[tuple[Part, State], tuple[Finding, ...]] = {}


def is_looked_through(part: Part) -> bool:
    """Whether it was looked through, and its file has not changed since."""
    return (part, _state(part.path)) in _LOOKED


def looked_through(part: Part, look: Callable[[], tuple[Finding, ...]]) -> tuple[Finding, ...]:
    """What ``look`` finds in a part, looked for once for as long as its file does not change."""
    key = (part, _state(part.path))
    if not key[1]:
        return look()
    found = _LOOKED.get(key)
    if found is None:
        found = look()
        if len(_LOOKED) >= LOOKED_THROUGH:
            _LOOKED.clear()
        _LOOKED[key] = found
    return found


def _copy(path: Path, copy: Path, beside: Mapping[str, Path]) -> None:
    """Copy a file, and those beside it, under the name that GDAL knows its kind by."""
    if path.is_dir():
        copy_folder(path, copy)
    else:
        shutil.copyfile(path, copy)
    for ending, other in beside.items():
        shutil.copyfile(
            other, copy.with_suffix(copy.suffix + LOG if ending.endswith(LOG) else ending)
        )
