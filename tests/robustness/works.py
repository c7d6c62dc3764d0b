"""What is killed in the middle, and what must be there afterwards."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
from typer.testing import Result

from geodata.incoming import Choice, make_study, receive, studies_in
from geodata.postgis.systems import proj_of, wkt_of
from geodata.staging import leftovers
from geodata.study.cache import kept_in
from geodata.study.settings import study_crs
from tests import folder
from tests.gis import Gis
from tests.robustness.state import assessed, call, exported, figures, is_traceback

BEFORE, AFTER, MENDED = "as before", "new and whole", "mended by the next call"
GOOD = (BEFORE, AFTER, MENDED)

SCHEMA = "schema"
"""The file that names the schema of a database, which is new for each kill."""

OTHER_RULE = ('rule = "vn-village"', 'rule = "vn-without-3g"')
NAMES = "villages", "alpha_4g", "beta_3g", "districts", "communes"


@dataclass(frozen=True, kw_only=True)
class Work:
    """A work on a copy of ``template``, as often as its ``share`` of 200.

    ``prepare`` makes the copy ready; ``begin`` is called in a process of its own, which is killed;
    ``judge`` says what was left.
    """

    name: str
    share: int
    template: Path
    begin: Callable[[Path], object]
    judge: Callable[[Path], str]
    prepare: Callable[[Path], object] = Path.exists


def commanded(words: list[str], home: Path) -> None:
    """The command line with these words; ``HOME`` and ``SCHEMA`` stand for those of this kill."""
    from ui.command import command  # noqa: PLC0415  # in the process that is killed

    told = home / SCHEMA
    schema = told.read_text("utf-8") if told.exists() else ""
    named = [word.replace("HOME", str(home)).replace("SCHEMA", schema) for word in words]
    command(named, standalone_mode=False)


def _wrong(*results: Result) -> str:
    """What is said of commands after a kill, where they do not end well."""
    for done in results:
        if is_traceback(done):
            return f"not told: {done.exception!r}"
        if done.exit_code:
            return f"not told: {done.stderr.strip()}"
    return ""


def assess_work(home: Path) -> Work:
    """``assess`` that publishes a run by another rule than the one that is published."""
    study = home / "assess" / "study"
    file = folder.write(study)
    assessed(study)
    file.write_text(file.read_text("utf-8").replace(*OTHER_RULE), "utf-8")
    _, old = exported(study)  # which says that the study file has another rule by now
    whole = home / "whole"
    shutil.copytree(study, whole)
    wanted = figures(assessed(whole))
    _, new = exported(whole)
    assert old != new

    def judge(copy: Path) -> str:
        left = len(leftovers(copy / "study" / "results"))
        if kept_in(copy / "study").left.count < left:
            return "not told: what is left over"
        done, listed = exported(copy / "study")
        if done.exit_code or listed not in (old, new):
            return _wrong(done) or "changed: the list"
        again = assessed(copy / "study")
        last, relisted = exported(copy / "study")
        if _wrong(again, last):
            return _wrong(again, last)
        if figures(again) != wanted or relisted != new:
            return "changed: the figures of the next call"
        return BEFORE if listed == old else AFTER

    words = ["assess", "HOME/study", "--publish", "--json"]
    return Work(
        name="assess",
        share=40,
        template=study.parent,
        begin=partial(commanded, words),
        judge=judge,
    )


def export_work(home: Path, ending: str) -> Work:
    """``export`` of the uncovered villages over a list of the covered ones."""
    template = home / f"export-{ending}"
    study = folder.write(template / "study").parent
    assessed(study)
    (template / "out").mkdir()
    path, other = template / "out" / f"list.{ending}", home / f"other-{ending}"
    other.mkdir()
    assert not call("export", study, "-o", other / path.name).exit_code
    assert not call("export", study, "-o", path, "--verdict", "covered").exit_code
    old, new = _content(path), _content(other / path.name)
    assert None not in (old, new)
    assert old != new

    def judge(copy: Path) -> str:
        file = copy / "out" / path.name
        found, is_there = _content(file), file.exists()
        other = call("export", copy / "study", "-o", copy / "out" / "other.csv")
        finished = _content(file)
        again = call("export", copy / "study", "-o", file)
        if _wrong(other, again) or _content(file) != new:
            return _wrong(other, again) or "lost: the next call does not write it"
        if finished not in (old, new):
            return "lost: the next call does not finish it"
        if found not in (old, new):
            return "changed: part of a file" if is_there else MENDED
        return BEFORE if found == old else AFTER

    words = ["export", "HOME/study", "-o", f"HOME/out/{path.name}"]
    return Work(
        name=f"export, {ending}",
        share=10,
        template=template,
        begin=partial(commanded, words),
        judge=judge,
    )


def _content(path: Path) -> object:
    """What a list says, apart from times of its making; None where it cannot be read."""
    try:
        if path.suffix == ".csv":
            return path.read_bytes()
        if path.suffix == ".xlsx":
            book = openpyxl.load_workbook(path)
            return [[[cell.value for cell in row] for row in sheet] for sheet in book]
        layer = {"layer": "waypoints"} if path.suffix == ".gpx" else {}
        table = (
            gpd.read_parquet(path) if path.suffix == ".parquet" else gpd.read_file(path, **layer)
        )
        rows = re.sub(r"\d{4}-\d\d-\d\d[T ][\d:.+]+", "", table.drop(columns="geometry").to_csv())
        return rows, list(table.geometry.to_wkb(hex=True))
    except Exception:  # noqa: BLE001  # torn, whoever finds it
        return None


def publish_work(home: Path, gis: Gis) -> Work:
    """``publish`` of a run into a schema where another is current."""
    template = home / "publish"
    file = folder.write(template / "study")
    assessed(template / "study")
    current_run = file.parent / "results" / "current"
    old = current_run.read_text("utf-8").strip()
    file.write_text(file.read_text("utf-8").replace(*OTHER_RULE), "utf-8")
    assessed(template / "study")
    new = current_run.read_text("utf-8").strip()

    crs = study_crs("EPSG:9208")
    gis.execute(
        "INSERT INTO spatial_ref_sys VALUES (9208, 'EPSG', 9208, %s, %s) ON CONFLICT DO NOTHING",
        wkt_of(crs),
        proj_of(crs),
    )

    def current(schema: str) -> list[tuple[Any, ...]]:
        return gis.execute(
            f"SELECT run_id, count(*) FROM {schema}.current_villages GROUP BY run_id"
        )

    def prepare(copy: Path) -> None:
        schema = gis.schema()
        (copy / SCHEMA).write_text(schema, encoding="utf-8")
        assert not _wrong(
            call("publish", copy / "study", gis.planner, "--schema", schema, "--run", old)
        )

    def judge(copy: Path) -> str:
        schema = (copy / "schema").read_text("utf-8")
        found = current(schema)
        again = call("publish", copy / "study", gis.planner, "--schema", schema)
        if _wrong(again) or current(schema) != [(new, 9)]:
            return _wrong(again) or "changed: the next publication"
        gis.execute(f"DROP SCHEMA {schema} CASCADE")
        if found not in ([(old, 9)], [(new, 9)]):
            return f"lost: {found}"
        return BEFORE if found == [(old, 9)] else AFTER

    return Work(
        name="publish",
        share=30,
        template=template,
        begin=partial(commanded, ["publish", "HOME/study", gis.planner, "--schema", "SCHEMA"]),
        judge=judge,
        prepare=prepare,
    )


def upload_work(home: Path) -> Work:
    """What is dropped is unpacked beside a study that was made before."""
    template, new = _made_before(home, "upload")

    def judge(copy: Path) -> str:
        state = BEFORE if len(_files(copy / "dropped")) < len(NAMES) else AFTER
        upload(copy)
        if len(_files(copy / "dropped")) < len(NAMES):
            return "lost: what is dropped anew"
        return _studies_judged(copy, new, state)

    return Work(name="upload", share=20, template=template, begin=upload, judge=judge)


def make_work(home: Path) -> Work:
    """*Make the study* beside one that was made before."""
    template, new = _made_before(home, "make")

    def judge(copy: Path) -> str:
        state = BEFORE if len(studies_in(copy / "studies")) == 1 else AFTER
        make(copy)
        return _studies_judged(copy, new, state, at_least=2)

    return Work(name="make the study", share=20, template=template, begin=make, judge=judge)


def upload(home: Path) -> None:
    """Receive the files of a study, one of them in an archive, as the page does."""
    dropped = home / "dropped"
    shutil.rmtree(dropped, ignore_errors=True)
    files = [(one.name, one.read_bytes()) for one in sorted((home / "files").iterdir())]
    receive(files, dropped)


def make(home: Path) -> None:
    """Make a study of the files, as the page does."""
    at = home / "files"
    choices = [
        Choice(path=at / "villages.gpkg", role="villages"),
        Choice(path=at / "districts.gpkg", role="districts"),
        Choice(path=at / "communes.gpkg", role="communes"),
        Choice(path=at / "alpha_4g.gpkg", role="layer", operator="Alpha", technology="4G"),
        Choice(path=at / "beta_3g.gpkg", role="layer", operator="Beta", technology="3G"),
    ]
    make_study(home / "studies", choices, name="Nine", as_of=date(2023, 8, 30))


def _made_before(home: Path, name: str) -> tuple[Path, bytes]:
    """A folder with files to drop and a study made of them; and what its list is."""
    template = home / name
    study = folder.write(home / f"{name}-source").parent
    (template / "files").mkdir(parents=True)
    for one in (*study.glob("[!c]*.gpkg"), study / "communes.gpkg", *(study / "layers").iterdir()):
        shutil.copy(one, template / "files" / one.name)
    make(template)
    (made,) = studies_in(template / "studies")
    assert not _wrong(assessed(template / "studies" / made))
    _, listed = exported(template / "studies" / made)
    assert listed
    return template, listed


def _files(at: Path) -> list[Path]:
    return [one for one in at.iterdir() if one.is_file()] if at.is_dir() else []


def _studies_judged(copy: Path, new: bytes, state: str, *, at_least: int = 1) -> str:
    """Whether every study of the browser is whole and has the list that it should."""
    there = studies_in(copy / "studies")
    if len(there) < at_least:
        return "lost: a study"
    for name in there:
        done, listed = exported(copy / "studies" / name)
        if done.exit_code or listed != new:
            return _wrong(done) or "changed: the list of a study"
    return state
