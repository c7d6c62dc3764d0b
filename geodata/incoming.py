"""Files dropped into the browser: received safely, recognised, and made a study."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from secrets import token_hex
from types import MappingProxyType
from typing import ParamSpec, Protocol
from uuid import uuid4

import pyogrio

from geodata.archives import LONGEST, RESERVED, Limits, unpacked_gzip, unpacked_zip
from geodata.columns import plain
from geodata.containers import is_data, together
from geodata.errors import DataError, GeodataError, Phrase, phrase
from geodata.files import whole_file, whole_folder
from geodata.kinds import recognise
from geodata.parts import BESIDE, beside_raster, parts_of, split_ending
from geodata.read import read_table
from geodata.study.open import open_study
from geodata.understood import Received, Role

LOG = logging.getLogger(__name__)

MOST_MB = 200
"""The largest file that is taken in the browser; the server's own limit is the same."""

DROPPED = Limits(most_files=2_000, most_bytes=1_000_000_000, most_seconds=2)
"""What a dropped archive may hold: somebody waits for it, and others share the machine."""

NO_LAYER = ("centres", "communes", "districts")
"""Roles whose entry in the study file is a path alone: a layer of several, or a system that
somebody says, stands in the copy itself."""

_NAME = re.compile(r'^name = "(.*)"$', re.MULTILINE)

P = ParamSpec("P")

PACKED = (b"PK\x03\x04", b"\x1f\x8b")
"""How a ZIP and a gzip file begin; others are no archives that are opened."""

SIDECARS = (
    *BESIDE, ".sbn", ".sbx", ".qmd", ".qpj", ".xml", ".fix", ".atx",
    ".gpkg-wal", ".gpkgshm", ".gpkgjourna",
)  # fmt: skip
"""Endings of files that are no data: parts of others, and what GIS programs keep beside them."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What somebody says a file is. ``crs`` is for a file that says none, ``layer`` for several.

    ``tells`` names what the file says itself, of "operator", "technology" and "as_of": it may
    be left open then. ``convention``, ``kind``, ``reach_m`` and ``threshold_dbm`` stand in the
    study file as they are here.
    """

    path: Path
    role: Role
    operator: str = ""
    technology: str = ""
    layer: str | None = None
    crs: str = ""
    as_of: date | None = None
    source: str = ""
    convention: str = ""
    kind: str = ""
    reach_m: float | None = None
    threshold_dbm: float | None = None
    tells: tuple[str, ...] = ()


class Unpack(Protocol):
    """Calls `unpack_archive`, here or in a sandbox that may open the folder of ``inside``."""

    def __call__(self, path: Path, inside: Path) -> tuple[Received, ...] | None:
        """As `unpack_archive`."""


class Run(Protocol):
    """Calls a function that reads what somebody sent, here or in a sandbox.

    It may read and write ``folders`` and read ``readable``.
    """

    def __call__(
        self,
        function: Callable[P, None],
        folders: Sequence[Path],
        readable: Sequence[Path],
        *args: P.args,
        **named: P.kwargs,
    ) -> None:
        """Call it with the other arguments."""


def unpack_archive(path: Path, inside: Path) -> tuple[Received, ...] | None:
    """Unpack an archive or gzip file into a new folder: the files in it that may be data.

    None where the file is neither. Raises `DataError` and `UnreadableError` for an archive that
    is refused; what was unpacked by then is left for the caller to remove.
    """
    try:
        kind = recognise(path)
    except GeodataError:  # it is told when the file is looked into
        return None
    if kind not in ("zip", "gzip"):
        return None
    inside.mkdir()
    if kind == "gzip":
        one = unpacked_gzip(path, inside, limits=DROPPED)
        return (Received(name=one.path.name, path=one.path),)
    found = together([(o.name, o.path) for o in unpacked_zip(path, inside, limits=DROPPED)])
    kept = tuple(Received(name=p.name, path=p) for name, p in found if is_data(name, p))
    if not kept:
        raise DataError(
            "{file} is an archive without a table or map layer; put one into it", file=path.name
        )
    return kept


def receive(
    files: Sequence[tuple[str, bytes]], folder: Path, *, unpack: Unpack = unpack_archive
) -> tuple[Received, ...]:
    """Write dropped files into an empty folder and give the main ones.

    Names are made harmless; archives and gzip files are unpacked by ``unpack``. A file that is
    too large, and an archive that leads out of itself, holds another, or unpacks beyond
    `DROPPED`, is not kept: it comes with its trouble.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = _names([name for name, _ in files])
    mains = [
        one
        for name, (_, body) in zip(names, files, strict=True)
        for one in _received(name, body, folder, unpack)
    ]
    return tuple(one for one in mains if not _is_part(one.path))


def _is_part(path: Path) -> bool:
    return path.suffix.lower() in SIDECARS or beside_raster(path.name)


def _received(name: str, body: bytes, folder: Path, unpack: Unpack) -> list[Received]:
    if len(body) > MOST_MB * 1_000_000:
        large = phrase(
            "{file} is larger than {most} MB, the most that is taken here; name it in a study "
            "file and read it from the command line",
            file=name,
            most=MOST_MB,
        )
        return [Received(name=name, path=folder / name, trouble=large)]
    path = _placed(folder, name, body)
    if not body.startswith(PACKED):
        return [Received(name=path.name, path=path)]
    inside = folder / f"{path.name.replace('.', '-')}-{uuid4().hex[:6]}"
    try:
        found = unpack(path, inside)
        if found is None:
            return [Received(name=path.name, path=path)]
        _require_inside(found, inside, path.name)
    except GeodataError as error:
        shutil.rmtree(inside, ignore_errors=True)
        path.unlink()
        return [Received(name=path.name, path=path, trouble=Phrase(error.template, error.parts))]
    path.unlink()
    return list(found)


def _require_inside(found: Sequence[Received], inside: Path, file: str) -> None:
    """Raise `DataError` where what unpacked an archive names files that did not come with it."""
    for one in found:
        if not one.path.resolve().is_relative_to(inside.resolve()):
            raise DataError(
                "{file} holds {entry}, which leads out of the archive; it was not unpacked",
                file=file,
                entry=repr(one.name[:LONGEST]),
            )


def _run_here(
    function: Callable[P, None],
    folders: Sequence[Path],  # noqa: ARG001  # this process may open all
    readable: Sequence[Path],  # noqa: ARG001  # the same
    *args: P.args,
    **named: P.kwargs,
) -> None:
    function(*args, **named)


def make_study(  # noqa: PLR0913  # what a study is asked for, and where its files are read
    home: Path,
    choices: Sequence[Choice],
    *,
    name: str,
    as_of: date,
    crs: str = "EPSG:9208",
    units_from: date | None = None,
    expected: Sequence[str] = (),
    beside: Mapping[str, str] = MappingProxyType({}),
    run: Run = _run_here,
) -> Path:
    """Make a study of chosen files in a folder of its own under ``home`` and open it once.

    Whole or not at all. The folder's name ends in 64 random bits: it stands in addresses, and
    none can be guessed. ``beside`` are texts by the names of further files there. What reads
    the files is called by ``run``; their bytes are copied and the study file is written here.
    Gives the folder. Raises `DataError` without villages, and whatever is wrong with the files.
    """
    _require(choices, name)
    home.mkdir(parents=True, exist_ok=True)
    folder = home / _free(home, name)
    with whole_folder(folder) as made:
        taken = [_copied(choice, made, run) for choice in choices if choice.role != "aside"]
        text = _toml(taken, name=name, as_of=as_of, crs=crs, units_from=units_from or as_of)
        text += _expected(expected)
        (made / "study.toml").write_text(text, encoding="utf-8")
        for file, content in beside.items():
            (made / file).write_text(content, encoding="utf-8")
        # of the study file it may only read: a process that was taken over would name others
        run(require_study, [one for one in made.iterdir() if one.is_dir()], [made], made)
    return folder


def require_study(folder: Path) -> None:
    """Open a study once. Raises whatever is wrong with it."""
    open_study(folder)


def convert_layer(source: Path, target: Path, *, layer: str | None, crs: str) -> None:
    """Write one layer of a file, or one in a system that somebody says, as a GeoPackage."""
    pyogrio.write_dataframe(read_table(source, layer=layer, crs=crs or None), target)


def studies_in(home: Path, *, is_listed: Callable[[Path], bool] = lambda _: True) -> dict[str, str]:
    """The studies under a home folder: folder name → the study's own name, by name.

    Study files of folders that are not to be listed are not read. One that cannot be read, or
    is gone by then, is left out, and the log says so.
    """
    found = {}
    for file in sorted(home.glob("[!.]*/study.toml")):  # others are being made or deleted
        try:
            if is_listed(file.parent):
                found[file.parent.name] = _name_in(file)
        except (OSError, UnicodeError) as error:
            LOG.warning("A study is in no list: %s cannot be read: %s", file, error)
    return dict(sorted(found.items(), key=lambda entry: plain(entry[1])))


def _name_in(file: Path) -> str:
    """The name that a study file gives, else that of its folder."""
    match = _NAME.search(file.read_text(encoding="utf-8"))
    return _untold(match[1]) if match else file.parent.name


def rename_study(folder: Path, name: str) -> None:
    """Give a study that `make_study` made another name. Raises `DataError` for an empty one."""
    _require_name(name)
    file = folder / "study.toml"
    line = f"name = {_told(name.strip())}"
    text = _NAME.sub(lambda _: line, file.read_text(encoding="utf-8"), count=1)
    with whole_file(file) as path:
        path.write_text(text, encoding="utf-8")


def _names(names: Sequence[str]) -> list[str]:
    """Harmless names that nothing else has, in the same order.

    Files that belong together by their names do so by the new ones, and no others do.
    """
    groups: dict[str, tuple[str, set[str]]] = {}  # a stem, its new one, and the endings it has
    taken: set[str] = set()
    found = []
    for name in names:
        old = split_ending(name)[0]
        stem, ending = split_ending(safe_name(name))
        held = groups.get(old)
        if held is None or ending in held[1]:
            held = groups[old] = (_untaken(stem, taken), set())
        held[1].add(ending)
        found.append(held[0] + ending)
    return found


def _untaken(stem: str, taken: set[str]) -> str:
    """A stem that nothing else has, from now on taken."""
    new, k = stem, 1
    while new in taken:
        k += 1
        new = f"{stem}-{k}"
    taken.add(new)
    return new


def _placed(folder: Path, name: str, body: bytes) -> Path:
    """Write one file under its name, which is harmless and nothing else's."""
    path = folder / name
    path.write_bytes(body)
    return path


def safe_name(name: str) -> str:
    """A file name without folders, signs and surprises: plain letters, digits, - and _."""
    last = re.split(r"[/\\]", name.replace("\0", ""))[-1]
    stem, ending = split_ending(last)
    stem = "-".join(plain(stem).split())[:LONGEST].strip("-") or "file"
    parts = [re.sub(r"[^a-z0-9](?!wal$)", "", part)[:10] for part in ending.lower().split(".")]
    stem = f"{stem}-file" if stem in RESERVED else stem
    return ".".join([stem, *filter(None, parts)])


def _require(choices: Sequence[Choice], name: str) -> None:
    _require_name(name)
    counts = {role: sum(c.role == role for c in choices) for role in ("villages", "centres")}
    if counts["villages"] != 1:
        raise DataError(
            "{count} files are chosen as villages; a study has exactly one",
            count=counts["villages"],
        )
    for choice in choices:
        named = {"operator": choice.operator, "technology": choice.technology}
        silent = [field for field, value in named.items() if not value]
        if choice.role == "layer" and not set(silent) <= set(choice.tells):
            raise DataError(
                "{file} is a coverage layer without operator or technology; choose both",
                file=choice.path.name,
            )


def _require_name(name: str) -> None:
    if not name.strip():
        raise DataError("the study has no name; give it one, such as Nghệ An, Quý 3 năm 2025")


def _free(home: Path, name: str) -> str:
    """A folder name for a study that no other has, and nobody can guess."""
    base = "-".join(plain(name).split())[:LONGEST].strip("-") or "study"
    while (home / (slug := f"{base}-{token_hex(8)}")).exists():
        continue
    return slug


def _copied(choice: Choice, made: Path, run: Run) -> tuple[Choice, str]:
    """Copy a file with those that belong to it; its path in the study."""
    inside = made / ("layers" if choice.role == "layer" else "data")
    inside.mkdir(exist_ok=True)
    stem = f"{choice.role}-{uuid4().hex[:6]}-{safe_name(choice.path.stem)}"[:LONGEST]
    if choice.role in NO_LAYER and (choice.layer is not None or choice.crs):
        target = inside / f"{stem}.gpkg"
        folders = [choice.path.parent, inside]
        run(
            convert_layer, folders, [],
            choice.path, target, layer=choice.layer, crs=choice.crs,
        )  # fmt: skip
        return choice, f"{inside.name}/{target.name}"
    target = inside / f"{stem}{choice.path.suffix.lower()}"
    if choice.path.is_dir():
        _require_no_links(choice.path, *choice.path.rglob("*"))
        shutil.copytree(choice.path, target)
        return choice, f"{inside.name}/{target.name}"
    parts = parts_of(choice.path)
    _require_no_links(choice.path, *parts.values())
    shutil.copyfile(choice.path, target)
    for ending, part in parts.items():
        shutil.copyfile(part, inside / f"{stem}{ending}")
    return choice, f"{inside.name}/{target.name}"


def _require_no_links(*paths: Path) -> None:
    """What unpacked a stranger's archive may have left links to files of this server."""
    for one in paths:
        if one.is_symlink():
            raise DataError(
                "{file} holds {entry}, which is a link and no file; send the file itself",
                file=paths[0].name,
                entry=repr(one.name),
            )


def _toml(
    taken: Sequence[tuple[Choice, str]],
    *,
    name: str,
    as_of: date,
    crs: str,
    units_from: date,
) -> str:
    by_role: dict[str, list[tuple[Choice, str]]] = {}
    for choice, path in taken:
        by_role.setdefault(choice.role, []).append((choice, path))
    lines = ["schema = 1", f"name = {_told(name.strip())}", f"as_of = {as_of.isoformat()}"]
    lines += [f"crs = {_told(crs)}", 'rule = "vn-village"', "", "[villages]"]
    lines += _file(*by_role["villages"][0])
    for _, path in by_role.get("centres", [])[:1]:
        lines.append(f"centres = {_told(path)}")
    communes = by_role.get("communes", [])
    if communes:
        lines += ["", "[[units]]", f"valid_from = {units_from.isoformat()}"]
        lines.append(f"communes = {_told(communes[0][1])}")
        for _, path in by_role.get("districts", [])[:1]:
            lines.append(f"districts = {_told(path)}")
    for choice, path in by_role.get("layer", []):
        lines += ["", "[[layers]]", *_layer(choice, path, as_of)]
    for role in ("zones_5g", "sites", "measurements"):
        for choice, path in by_role.get(role, [])[:1]:
            lines += ["", f"[{role}]", *_file(choice, path)]
    return "\n".join(lines) + "\n"


def _layer(choice: Choice, path: str, as_of: date) -> list[str]:
    """The keys of a layer: what somebody chose, and nothing that the file tells itself."""
    texts = {
        "operator": choice.operator,
        "technology": choice.technology,
        "kind": choice.kind,
        "convention": choice.convention,
        "source": choice.source,
    }
    numbers = {"reach_m": choice.reach_m, "threshold_dbm": choice.threshold_dbm}
    lines = [f"{key} = {_told(value)}" for key, value in texts.items() if value]
    lines += [f"{key} = {value:g}" for key, value in numbers.items() if value is not None]
    day = choice.as_of or (None if "as_of" in choice.tells else as_of)
    lines += [f"as_of = {day.isoformat()}"] if day else []
    return [*lines, *_file(choice, path)]


def _file(choice: Choice, path: str) -> list[str]:
    more = {"layer": choice.layer or "", "crs": choice.crs}
    return [f"path = {_told(path)}", *(f"{k} = {_told(v)}" for k, v in more.items() if v)]


def _expected(operators: Sequence[str]) -> str:
    if not operators:
        return ""
    return f"\n[expected]\noperators = [{', '.join(map(_told, operators))}]\n"


def _told(text: str) -> str:
    """A text as TOML writes it."""
    out = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in out) + '"'


def _untold(text: str) -> str:
    return text.replace('\\"', '"').replace("\\\\", "\\")
