"""Which study the server shows, opened once for all sessions."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock, Thread
from weakref import WeakValueDictionary

import platformdirs
import streamlit as st

import geodata
from geodata.access import EVERYTHING, Rights
from geodata.errors import CallError, GeodataError
from geodata.report import Report
from geodata.sandbox import Limits, Sandbox
from geodata.study.assess import assess_study, run_to_show
from geodata.study.inputs import Seen, are_unchanged
from geodata.study.results import Run
from geodata.upload import SandboxedStudy
from geodata.upload.kernels import prepare_kernels
from ui.making import making
from ui.opened import Opened, opened_run
from ui.turns import turns
from ui.variables import STUDIES_VARIABLE, STUDY_VARIABLE, TILES_VARIABLE

LOG = logging.getLogger(__name__)

BUILT_IN_VERSION = 4
"""Part of the built-in study's folder: a reconstruction made otherwise gets another."""

DROPPED_S = 24 * 3600

LONGEST_SLUG = 200
"""No folder's name is longer: an address may ask for one that the system refuses to look for."""

READ = Limits(seconds=20, cpu_seconds=3, megabytes=800)
"""What unpacking, looking into or reading one dropped file may take.

The processor's time is what counts: a machine that has much else to do accuses no file.
"""

MAKE = Limits(seconds=300, cpu_seconds=120, megabytes=2_000, answer_megabytes=600)
"""What opening, measuring and drawing a study made of dropped files may take, each."""

PRELOAD = (
    "geodata.understood", "geodata.incoming", "geodata.report", "geodata.followup",
    "geodata.upload", "geodata.map_files", "geodata.map_stills", "geodata.nearest",
    "geodata.export.picture", "geodata.study.zones",
    "coverage.kernel", "coverage.direct", "coverage.tally",
    "scipy.spatial", "scipy.special",
)  # fmt: skip
"""What reads dropped files, and measures: compiled code is loaded before a process is shut in."""

Progress = Callable[[float], None]


def named_study() -> Path | None:
    """The study somebody asked for when starting the server, or None for the built-in one."""
    named = os.environ.get(STUDY_VARIABLE, "").strip()
    return Path(named) if named else None


def tile_address() -> str | None:
    """The address pattern of online map tiles: none unless the server's owner sets one."""
    return os.environ.get(TILES_VARIABLE, "").strip() or None


def studies_home() -> Path:
    """Where the studies made in the browser are kept."""
    named = os.environ.get(STUDIES_VARIABLE, "").strip()
    home = Path(named) if named else Path(platformdirs.user_data_dir("phusong")) / "studies"
    return home.absolute()  # what reads dropped files works in another folder


def upload_folder() -> Path:
    """A fresh folder for dropped files; folders of an earlier day are cleared away."""
    home = studies_home() / ".dropped"
    home.mkdir(parents=True, exist_ok=True)
    for old in home.iterdir():
        if time.time() - old.stat().st_mtime > DROPPED_S:
            with suppress(RecursionError):  # folders in folders without end
                shutil.rmtree(old, ignore_errors=True)
    return Path(mkdtemp(dir=home))


@st.cache_resource(show_spinner=False)
def sandbox() -> Sandbox:
    """Where dropped files are read, shared by all sessions."""
    return Sandbox(READ, preload=PRELOAD, aside=turns().aside)


def built_in_folder() -> Path:
    """Where the reconstruction lives on this machine, made or not."""
    return Path(platformdirs.user_data_dir("phusong")) / f"nghe_an-{BUILT_IN_VERSION}"


def built_in_study(*, progress: Progress | None = None) -> Path:
    """The reconstruction's folder, made on first use.

    It is made beside its place and moved there whole, so that neither a crash nor a
    second process leaves or sees half a study.
    """
    folder = built_in_folder()
    if (folder / "study.toml").is_file():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(mkdtemp(prefix=".unfinished-", dir=folder.parent))
    try:
        geodata.reconstruct(unfinished, progress=progress)
        _move(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def is_there() -> bool:
    """Whether the server's own study is named or made: without either it has to be made first."""
    return named_study() is not None or (built_in_folder() / "study.toml").is_file()


def study_path(slug: str = "") -> Path:
    """The folder or file of a study made in the browser, or without a name the server's own.

    Waits for the built-in one where it is being made, and makes it where it is not there.
    """
    found = made_folder(slug) or named_study()
    if found is not None:
        return found
    making().wait()
    return built_in_study()


def is_unmade() -> bool:
    """Whether the server's own study is the built-in one and has still to be made or measured."""
    results = built_in_folder() / "results" / "current"
    return named_study() is None and not (is_there() and results.is_file())


def made_folder(slug: str) -> Path | None:
    """The folder of a study made in the browser; None where there is none of this name."""
    made = studies_home() / slug
    is_name = len(slug) < LONGEST_SLUG and Path(slug).name == slug and not slug.startswith(".")
    try:
        return made if is_name and slug and (made / "study.toml").is_file() else None
    except OSError as error:
        LOG.warning("A study cannot be opened: %s", error)
        return None


def open_study(slug: str = "", *, rights: Rights = EVERYTHING) -> Opened:
    """A study with its published run, as far as ``rights`` go; measured now if it never was.

    Where its inputs or the program have changed since, the run is as it was, and says so.
    """
    path = study_path(slug)
    return _opened(str(path), _stamp(path), rights, repr(rights), slug)


def assess_anew(slug: str = "") -> None:
    """Assess and publish a study by its own rule, whatever is kept of it."""
    path = study_path(slug)
    received = _received(path)
    if received is None:
        assess_study(geodata.open_study(path), publish=True)
    else:
        received.assess_anew()


class _Open:
    """What is open in this process: studies at hand, and the files that they were read from."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._at_hand: WeakValueDictionary[tuple[str, str, str], Opened] = WeakValueDictionary()
        self._read: dict[Path, Mapping[Path, Seen]] = {}
        self._replaced: Counter[Path] = Counter()

    def find(self, path: Path, rights: Rights) -> Opened | None:
        """A study that is open, its pictures made; None for any other."""
        key = (str(path), _stamp(path), repr(rights))
        with self._lock:
            return self._at_hand.get(key)

    def make_ready(self, path: str, stamp: str, audience: str, opened: Opened) -> None:
        """Make what every first view needs; from then on the study is at hand.

        Where that cannot be made the log says so, and the study never is.
        """
        try:
            opened.stills()
        except GeodataError as error:  # who comes to the page is told
            LOG.warning("The pictures of a study could not be made: %s", error)
            return
        with self._lock:
            self._at_hand[path, stamp, audience] = opened

    def read(self, folder: Path, seen: Mapping[Path, Seen]) -> None:
        """Remember what a study was read from; a file changed meanwhile counts as replaced."""
        with self._lock:
            self._read[folder] = seen

    def times_replaced(self, folder: Path) -> int:
        """How often a file of a study has turned out to be another than was read.

        One that is gone, or cannot be asked about, changes nothing: what was read still stands.
        """
        with self._lock:
            read = self._read.get(folder, {})
        is_same = are_unchanged(read)
        with self._lock:
            if read is self._read.get(folder) and not is_same:
                self._replaced[folder] += 1
                del self._read[folder]  # until it is read again
            return self._replaced[folder]


@cache
def _open() -> _Open:
    return _Open()


def at_hand(slug: str = "", *, rights: Rights = EVERYTHING) -> Opened | None:
    """As `open_study`, for who cannot wait: None where the study has yet to be opened."""
    if making().part is not None or not is_there():
        return None
    return _open().find(study_path(slug), rights)


@st.cache_resource(max_entries=24, show_spinner=False)
def _opened(path: str, stamp: str, _rights: Rights, audience: str, slug: str) -> Opened:
    run = _run(path, stamp)
    received = _received(Path(path))
    if received is None:
        opened = opened_run(run, rights=_rights, slug=slug)
    else:
        opened = opened_run(run, rights=_rights, slug=slug, beside=received.beside(run))
    _leave_to_stay()
    if _rights.public:
        ready = (path, stamp, audience, opened)
        Thread(target=_open().make_ready, args=ready, daemon=True).start()
    return opened


def _leave_to_stay() -> None:
    """Take what is there now out of the garbage collector's rounds.

    Streamlit has it look at every object after every answer; with a study open that is
    most of the time an answer takes. What a closed study left is cleared away here.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@st.cache_resource(max_entries=6, show_spinner=False)
def _run(path: str, stamp: str) -> Run:  # noqa: ARG001  # the stamp only names the entry
    received = _received(Path(path))
    if received is not None:
        prepare_kernels()
        run = received.run()
        _open().read(received.folder, run.study.seen)
        return run
    study = geodata.open_study(Path(path))
    _open().read(_folder(Path(path)), study.seen)
    run = run_to_show(study)
    for sentence in run.mended:
        LOG.warning("%s", sentence)
    return run


def _received(path: Path) -> SandboxedStudy | None:
    """A study made of dropped files, which is opened in a sandbox; None for any other."""
    folder = _folder(path)
    if folder.parent != studies_home():
        return None
    return SandboxedStudy(folder=folder, sandbox=sandbox(), limits=MAKE)


def report_of(opened: Opened) -> Report:
    """The data report of the whole study, made once. Only for those who see all of it.

    Raises `CallError` for anybody else: it speaks of every file and every operator.
    """
    if not opened.rights.sees_all or not opened.run.study.inputs:
        raise CallError("the data report is for those who see the whole study")
    file = opened.run.study.inputs[0]
    return _report(str(file), _stamp(file), opened.report)


@st.cache_resource(max_entries=6, show_spinner=False)
def _report(file: str, stamp: str, _make: Callable[[], Report]) -> Report:  # noqa: ARG001  # the stamp only names the entry
    return _make()


def _stamp(path: Path) -> str:
    """Changes when the study file, a file that it was read from, or what is published does."""
    folder = _folder(path)
    toml = folder / "study.toml" if path.is_dir() else path
    looked_at = (toml, folder / "results" / "current", folder / "results")
    told = [*map(_state, looked_at), _open().times_replaced(folder)]
    return " ".join(map(str, told))


def _folder(path: Path) -> Path:
    """The folder of a study named by its folder or its study file."""
    return path if path.is_dir() else path.parent


def _state(path: Path) -> str:
    """What changes whenever a file does, or what a folder holds; "" where there is none."""
    try:
        told = path.stat()
    except OSError:
        return ""
    return f"{told.st_size} {told.st_mtime_ns} {told.st_ctime_ns} {told.st_ino}"


def _move(unfinished: Path, folder: Path) -> None:
    """Put the finished study in place, unless another process was first."""
    try:
        unfinished.replace(folder)
    except OSError:
        if not (folder / "study.toml").is_file():
            raise
