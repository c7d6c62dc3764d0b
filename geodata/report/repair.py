"""A repaired copy of a study, on request: the original is never touched."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pyogrio

from geodata.columns import text
from geodata.containers import Part, chosen, known_to_gdal, opened
from geodata.errors import CallError, GeodataError
from geodata.export.report_words import REPAIRS, Language
from geodata.export.safe import for_csv, without_controls
from geodata.files import copy_folder, whole_folder
from geodata.postgis.address import without_passwords
from geodata.read import read_part
from geodata.report.entries import entries_of
from geodata.report.lenient import lenient_settings
from geodata.report.mend import Change, mended
from geodata.report.reading import RASTERS, Entry, columns_of
from geodata.sheets import csv_table, excel_table
from geodata.study.settings import FILE
from geodata.written import replace_layer, workbook, write_map, write_parquet

LISTING = "repairs.xlsx"
WORKBOOK = {"strings_to_formulas": False, "strings_to_urls": False}
"""Texts stay texts. From memory, as xlsxwriter sets times of its files, which a sandbox refuses."""

LEFT_BEHIND = ("results", ".unfinished-*", ".dropped")
DRIVERS: Mapping[str, str] = MappingProxyType(
    {".gpkg": "GPKG", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON", ".fgb": "FlatGeobuf"}
)
"""Kinds of map files that are written again as they were."""


RECODED = frozenset({"encoding", "encoding-doubt"})
"""Findings of the readers that say that text was taken to be in an older encoding."""

HEADED = 2
"""The row of a sheet where its table begins, if nothing stands above the header."""


@dataclass(frozen=True, kw_only=True)
class Repaired:
    """A repaired copy: its folder, the workbook that lists the changes, and the changes."""

    folder: Path
    listing: Path
    changes: tuple[Change, ...]

    @property
    def count(self) -> int:
        """How many things were changed."""
        return sum(change.what != "not-repaired" for change in self.changes)


def repair_study(
    path: Path | str, target: Path | str, *, language: Language, follows_links: bool = True
) -> Repaired:
    """Write a copy of a study with what can be mended mended, and the list of changes.

    Shapes are made valid; rows that are empty or repeat another are taken out; letters and
    marks are joined and unseen characters taken out. Neighbours that overlap are left as
    they are. Kept results are left behind. The folder appears whole or not at all. Raises
    `CallError` where ``target`` is there already or lies in the study, or where the study
    names files outside of its folder by a relative path, and `UnreadableError` for a link in
    its folder, unless they are followed.
    """
    path, target = Path(path), Path(target)
    file = path / FILE if path.is_dir() or not path.suffix else path
    settings = lenient_settings(file).settings
    folder = file.resolve().parent
    _require_free(target, folder)
    entries = entries_of(settings, folder)
    for entry in entries:
        _require_inside(entry, folder)
    with whole_folder(target) as made:
        copy_folder(folder, made, without=LEFT_BEHIND, follows_links=follows_links)
        if file.name != FILE:
            shutil.copyfile(file, made / file.name)
        _take_passwords_out(made)
        changes = [change for entry in _once(entries, folder) for change in _mend(entry, made)]
        _write_listing(made / LISTING, changes, language)
    return Repaired(folder=target, listing=target / LISTING, changes=tuple(changes))


def _take_passwords_out(made: Path) -> None:
    """A copy goes to others; passwords of databases do not go with it."""
    for file in made.rglob("*.toml"):
        told = file.read_bytes().decode("utf-8", "surrogateescape")
        bare = without_passwords(told)
        if bare != told:
            file.write_bytes(bare.encode("utf-8", "surrogateescape"))


def repaired_zip(path: Path | str, *, language: Language, follows_links: bool = True) -> bytes:
    """The repaired copy of a study as a zip archive. Raises as `repair_study` does."""
    with tempfile.TemporaryDirectory(prefix="phusong-") as folder:
        target = Path(folder) / "repaired"
        made = repair_study(path, target, language=language, follows_links=follows_links)
        archive = shutil.make_archive(str(Path(folder) / "repaired"), "zip", made.folder)
        return Path(archive).read_bytes()


def _require_free(target: Path, folder: Path) -> None:
    if target.exists():
        raise CallError("{file} is there already; name a new folder", file=str(target))
    if folder in target.resolve().parents or target.resolve() == folder:
        raise CallError(
            "{file} lies in the study itself; name a folder outside of it", file=str(target)
        )


def _require_inside(entry: Entry, folder: Path) -> None:
    """A file outside is named by its full path, or the copy would not find it."""
    inside = bool(entry.source) or folder in entry.path.resolve().parents
    if not inside and not Path(entry.name).is_absolute() and entry.name != entry.path.name:
        raise CallError(
            "the study names {file}, which lies outside of its folder; put it into the folder "
            "before a copy is made",
            file=entry.name,
        )


def _once(entries: tuple[Entry, ...], folder: Path) -> tuple[Entry, ...]:
    """Tables inside the folder, each layer of a file once."""
    out: dict[tuple[Path, str | None], Entry] = {}
    for entry in entries:
        if entry.role in RASTERS or entry.source:
            continue
        if folder in entry.path.resolve().parents:
            out.setdefault((entry.path, entry.layer), entry)
    return tuple(out.values())


def _mend(entry: Entry, made: Path) -> tuple[Change, ...]:
    """One file of the copy mended in its place; a file that cannot be read stays as it is."""
    copy = made / entry.name
    try:
        with opened(copy) as parts:
            part = chosen(parts, entry.layer, file=entry.name)
            held = read_part(part, crs=entry.crs, encoding=entry.encoding)
            # text in an older encoding is read otherwise than it is written: it stays as it is
            recoded = entry.encoding or any(f.kind in RECODED for f in held.findings)
            table = held.table if recoded else as_written(part, held.table)
            found = columns_of(table, entry)
            field = next((f for f in ("village_id", "code", "village", "name") if f in found), "")
            ids = text(table[found[field]]) if field else None
            out, changes = mended(table, file=entry.name, role=entry.role, ids=ids)
            if not changes:
                return ()
            stays = recoded or _is_a_part(part, held.table)
            write = None if stays else _writer(part, copy)
            if write is None:
                return (Change(file=entry.name, row=0, id="", what="not-repaired"),)
            write(out, part, copy)
    except GeodataError:
        return ()
    return changes


def _is_a_part(part: Part, table: pd.DataFrame) -> bool:
    """Whether a sheet or a CSV holds more than its table: titles above, sheets beside."""
    return part.kind in ("excel", "csv") and (part.several or table.index[0] != HEADED)


def as_written(part: Part, read: pd.DataFrame) -> pd.DataFrame:
    """The table letter by letter as it stands in its file; reading joins letters and marks."""
    if part.kind == "csv":
        return csv_table(part.path).table
    if part.kind == "excel":
        return excel_table(part.path, part.layer)
    if part.kind not in DRIVERS:
        return read
    with known_to_gdal(part.path, part.kind) as address:
        table: pd.DataFrame = pyogrio.read_dataframe(address, layer=part.layer)
    return table.set_axis(read.index)


Write = Callable[[pd.DataFrame, Part, Path], None]


def _writer(part: Part, copy: Path) -> Write | None:
    """How a file is written again as the kind it is; None for a kind that is not."""
    if part.path != copy:  # it came out of an archive
        return None
    if part.kind in DRIVERS:
        return _write_map
    if part.kind == "excel" and copy.suffix.lower() != ".xlsx":
        return None
    return {"csv": _write_csv, "excel": _write_excel, "parquet": _write_parquet}.get(part.kind)


def _write_map(table: pd.DataFrame, part: Part, copy: Path) -> None:
    """A map file again under its own name; a GeoPackage keeps its other layers."""
    if part.kind == ".gpkg" and copy.suffix.lower() == ".gpkg":
        layer = part.layer or str(pyogrio.list_layers(copy)[0][0])
        replace_layer(table, copy, layer=layer)
        return
    with tempfile.TemporaryDirectory() as folder:
        named = Path(folder) / (copy.stem + part.kind)
        encoding = "UTF-8" if part.kind == ".shp" else None
        write_map(table, named, driver=DRIVERS[part.kind], encoding=encoding)
        for one in Path(folder).iterdir():
            place = copy if one == named else copy.with_suffix(one.suffix)
            shutil.move(os.fspath(one), place)


def _write_parquet(table: pd.DataFrame, part: Part, copy: Path) -> None:  # noqa: ARG001  # one shape for all writers
    """A table with places gets another order of rows, Hilbert's.

    No figure depends on it, and the listing of changes names rows as the original counts them.
    """
    write_parquet(table, copy, index=False)


def _write_csv(table: pd.DataFrame, part: Part, copy: Path) -> None:  # noqa: ARG001  # one shape for all writers
    table.map(for_csv).to_csv(copy, index=False, encoding="utf-8-sig")


def _write_excel(table: pd.DataFrame, part: Part, copy: Path) -> None:
    options = {**WORKBOOK, "nan_inf_to_errors": True}
    with workbook(copy, options) as book:
        page = book.add_worksheet(part.layer) if part.layer else book.add_worksheet()
        for k, name in enumerate(table.columns):
            page.write_string(0, k, str(name))
            for at, cell in enumerate(table[name].tolist(), 1):
                if isinstance(cell, (int, float)) and not pd.isna(cell):
                    page.write_number(at, k, cell)
                elif not pd.isna(cell):
                    page.write_string(at, k, str(cell))


def _write_listing(path: Path, changes: list[Change], language: Language) -> None:
    """The changes as a workbook, row by row."""
    words = REPAIRS[language]
    with workbook(path, WORKBOOK) as book:
        page = book.add_worksheet(words["sheet"])
        head = book.add_format({"bold": True, "border": 1, "bg_color": "#DCE6F1"})
        page.write_string(0, 0, words["left-alone"])
        for k, name in enumerate(("file", "row", "id", "what", "before", "after")):
            page.write_string(2, k, words[name], head)
            page.set_column(k, k, (30, 8, 18, 40, 50, 50)[k])
        for at, change in enumerate(changes, 3):
            row = str(change.row) if change.row else ""
            told = (change.file, row, change.id, words[change.what], change.before, change.after)
            for k, cell in enumerate(told):
                page.write_string(at, k, str(without_controls(cell)))
        page.autofilter(2, 0, max(3, len(changes) + 2), 5)
        page.freeze_panes(3, 1)
