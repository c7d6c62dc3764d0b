"""Six kinds of accounts and folders that may do less, and what the commands make of them.

    uv run python -m tests.robustness accounts [--seconds 900]

Each kind is given the nine villages, a published run and an old list; each command runs as a
service account does (`tests.service_account`): root's rights do not help it. *Done*: status 0, and
figures and lists are those of any other account. *Told*: another status, one sentence on stderr,
and what was there is as it was. Anything else is lost, changed or not told.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from tests import folder
from tests.robustness.state import assessed, exported
from tests.service_account import Account, service_account, shut

DONE, TOLD = "done", "told"
GOOD = (DONE, TOLD)

OTHER_USER = 64_986
"""A number that no user has."""

CALLS: tuple[tuple[str, ...], ...] = (
    ("assess", "STUDY"),
    ("assess", "STUDY", "--publish"),
    ("export", "STUDY", "-o", "OUT/list.csv"),
    ("export", "STUDY", "-o", "OUT/list.shp"),
    ("check", "STUDY"),
    ("cache", "STUDY", "--clear"),
    ("demo", "OUT/new", "--districts", "STUDY/districts.gpkg"),
)
"""The last is refused whatever the account is: its file is of no province."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A study with a published run, a folder with an old list, and who asks."""

    study: Path
    out: Path
    account: Account
    umask: int = 0o022
    variables: Mapping[str, str | None] = field(default_factory=dict)

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command as this account; ``STUDY`` and ``OUT`` stand for the folders."""
        named = [w.replace("STUDY", str(self.study)).replace("OUT", str(self.out)) for w in words]
        return self.account.run(
            "-m",
            "ui.command",
            *named,
            umask=self.umask,
            variables=self.variables,
        )


Kind = Callable[[Place], Place]


def _as_it_is(place: Place) -> Place:
    return place


def _read_only(place: Place) -> Place:
    shut(place.study)
    return place


def _without_rights(place: Place) -> Place:
    place.out.chmod(0)
    (place.study / "results").chmod(0)
    return place


def _without_home(place: Place) -> Place:
    return Place(study=place.study, out=place.out, account=place.account, variables={"HOME": None})


def _file_for_folder(place: Place) -> Place:
    """``results`` and the folder of the list are files."""
    for at in (place.study / "results", place.out):
        shutil.rmtree(at)
        at.write_text("x", encoding="utf-8")
    return place


def _other_owner(place: Place) -> Place:
    """What is there is somebody else's; what is written is for the account alone."""
    for top in (place.study, place.out):
        for one in (top, *top.rglob("*")):
            os.chown(one, OTHER_USER, OTHER_USER)
    return replace(place, umask=0o077)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "program and home not writable": _as_it_is,
        "study read-only": _read_only,
        "folders without rights": _without_rights,
        "HOME unset": _without_home,
        "file in the place of a folder": _file_for_folder,
        "another's study, umask 077": _other_owner,
    }
)


State = dict[str, bytes]
OLD = b"an old list\n"


def judged(place: Place, done: subprocess.CompletedProcess[str], listed: bytes, old: State) -> str:
    """What became of a call."""
    if "Traceback" in done.stderr or done.returncode not in (0, 1, 2):
        return f"not told: {done.stderr.strip().splitlines()[-1:]}"
    if done.returncode == 0:
        return DONE if _is_right(place, listed) else "changed: the list"
    said = [line for line in done.stderr.splitlines() if line]
    if not said:
        return "not told: nothing was said"
    return TOLD if state(place) == old else "lost: what was there"


def state(place: Place) -> State:
    """What must be as it was where a command is refused: the published run and the old list."""
    found: State = {}
    for at in (place.study, place.out):
        files = [at] if at.is_file() else at.rglob("*")
        for one in files:
            name = one.relative_to(at.parent).as_posix()
            kept = "measures" in one.parts or ".locks" in one.parts or "levels" in one.parts
            if one.is_file() and not kept:
                found[name] = one.read_bytes()
    return found


def _is_right(place: Place, listed: bytes) -> bool:
    """Whether the list, where one was written, is that of any other account."""
    path = place.out / "list.csv"
    return not path.is_file() or path.read_bytes() in (listed, OLD)


def outcomes(
    *, kinds: Sequence[str] = tuple(KINDS), calls: Sequence[Sequence[str]] = CALLS, seconds: float
) -> Iterator[tuple[str, str, str]]:
    """Kind, call and what became of it, for so long at most."""
    until = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as made:
        home = Path(made)
        home.chmod(0o755)
        whole = folder.write(home / "whole" / "study").parent
        assessed(whole)
        _, listed = exported(whole)
        (home / "whole" / "list.csv").unlink()
        account = service_account(home)
        for number, kind in enumerate(kinds):
            for position, words in enumerate(calls):
                if time.monotonic() > until:
                    return
                at = home / f"{number}-{position}"
                place = KINDS[kind](_place(whole, at, account))
                old = state(place)
                yield kind, " ".join(words), judged(place, place.call(*words), listed, old)


def _place(whole: Path, at: Path, account: Account) -> Place:
    shutil.copytree(whole, at / "study")
    (at / "out").mkdir()
    (at / "out" / "list.csv").write_bytes(OLD)
    return Place(study=at / "study", out=at / "out", account=account)


def main(words: Sequence[str]) -> int:
    """Print the counts; 1 where anything was lost, changed or not told."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness accounts")
    parser.add_argument("--seconds", type=float, default=900)
    asked = parser.parse_args(words)
    if sys.platform == "win32" or os.geteuid() != 0:
        parser.error("accounts are made by root, on Linux")
    counts = Counter[tuple[str, str]]()
    for kind, call, outcome in outcomes(seconds=asked.seconds):
        counts[kind, outcome if outcome in GOOD else "bad"] += 1
        if outcome not in GOOD:
            print(f"{kind}: {call}: {outcome}", flush=True)  # noqa: T201  # what it is for
    for kind in KINDS:
        told = ", ".join(f"{counts[kind, one]} {one}" for one in GOOD)
        print(f"{kind:32} {told}")  # noqa: T201  # the same
    bad = sum(number for (_, outcome), number in counts.items() if outcome == "bad")
    tried = f"{counts.total()} of {len(KINDS) * len(CALLS)} tried"
    print(f"{tried}, {bad} lost, changed or not told")  # noqa: T201  # the same
    return 1 if bad else 0
