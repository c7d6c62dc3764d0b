"""Damages what a study keeps, file by file, and counts what the commands make of it.

    uv run python -m tests.robustness state [-n 200] [--seed 17] [--seconds 1200]

A study with three runs (published, published before, and a trial by another rule) is copied; one
file below ``results``, drawn by the seed, is damaged; then its list is exported, it is assessed
and published, and exported again. Every figure is compared with that of the whole study.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner, Result

import geodata
from geodata.study.manifests import damaged_file, read_manifest
from tests import folder
from ui.command import command

SEED = 17
DEEP = 100_000

Damage = Callable[[Path, random.Random], object]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one damage. ``traceback``, ``changed``: must never be."""

    file: str
    damage: str
    traceback: str = ""
    changed: str = ""
    told: bool = False
    anew: bool = False
    left: str = ""

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost, wrong or left damaged without a word."""
        return not self.traceback and not self.changed and (self.told or not self.left)


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A study with its runs, and what the commands say of it."""

    folder: Path
    figures: object
    listed: bytes


def whole_study(home: Path) -> Whole:
    """The study, assessed, tried by another rule, and published twice."""
    file = folder.write(home / "whole")
    geodata.assess_study(geodata.open_study(file), publish=True)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("as_of = 2023-08-30\ncrs", "as_of = 2024-06-30\ncrs"), "utf-8")
    study = geodata.open_study(file)
    geodata.assess_study(study, rule="vn-without-3g")
    geodata.assess_study(study, publish=True)
    copy = home / "first"
    shutil.copytree(file.parent, copy)
    done, listed = exported(copy)
    assert done.exit_code == 0, done.output
    return Whole(folder=file.parent, figures=figures(assessed(copy)), listed=listed)


def _flipped(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def _folder(path: Path, _: random.Random) -> None:
    path.unlink()
    path.mkdir()


def _of_another(path: Path, chance: random.Random) -> None:
    """The file of the same name of another run or entry, or another file."""
    others = [one for one in sorted(path.parents[1].rglob(path.name)) if one != path]
    if not others:
        others = [one for one in sorted(path.parent.iterdir()) if one.is_file()]
    path.write_bytes(chance.choice(others).read_bytes())


def _wrong_type(path: Path, chance: random.Random) -> None:
    """One value of a JSON file is of another type; else a number in the place of all."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        told[chance.choice(sorted(told))] = chance.choice([None, 7, "x", [], {}, [[1]], True])
    except (ValueError, TypeError):
        told = 7
    path.write_text(json.dumps(told), encoding="utf-8")


def _value(path: Path, chance: random.Random) -> None:
    """One digit is another."""
    content = bytearray(path.read_bytes())
    places = [k for k, byte in enumerate(content) if 48 <= byte <= 57]
    if places:
        content[chance.choice(places)] = 48 + chance.randrange(10)
    path.write_bytes(content)


DAMAGES: dict[str, Damage] = {
    "a bit flipped": _flipped,
    "a digit changed": _value,
    "cut short": lambda path, c: path.write_bytes(
        path.read_bytes()[: c.randrange(path.stat().st_size)]
    ),
    "empty": lambda path, _: path.write_bytes(b""),
    "zeros": lambda path, _: path.write_bytes(bytes(path.stat().st_size)),
    "other words": lambda path, _: path.write_text("Xin chào\n[]\x00", encoding="utf-8"),
    "a wrong type": _wrong_type,
    "nested without end": lambda path, _: path.write_text("[" * DEEP, encoding="utf-8"),
    "a folder": _folder,
    "another's": _of_another,
    "gone": lambda path, _: path.unlink(),
}


def outcomes(count: int, *, seed: int = SEED, seconds: float = 1200) -> Iterator[Outcome]:
    """Damage ``count`` files one after the other, for so long at most."""
    chance, until = random.Random(seed), time.monotonic() + seconds  # noqa: S311  # no secret
    with tempfile.TemporaryDirectory() as home:
        whole = whole_study(Path(home))
        for _ in range(count):
            if time.monotonic() > until:
                return
            yield tried(whole, Path(home) / "damaged", chance)


def tried(whole: Whole, copy: Path, chance: random.Random) -> Outcome:
    """Damage one file of a copy, and see what the commands make of it."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(whole.folder, copy)
    files = [path for path in sorted((copy / "results").rglob("*")) if path.is_file()]
    groups = sorted({_group(path) for path in files})
    group = chance.choice(groups)
    path = chance.choice(
        [one for one in files if _group(one) == group and ".locks" not in one.parts]
    )
    damage = chance.choice(sorted(DAMAGES))
    DAMAGES[damage](path, chance)
    return judged(whole, copy, path.relative_to(copy).as_posix(), damage)


def _group(path: Path) -> str:
    """Files of one kind are drawn as often as those of another."""
    return "current" if ".locks" in path.parts else path.name


def judged(whole: Whole, copy: Path, file: str, damage: str) -> Outcome:
    """What the commands make of a study of which one file is damaged."""
    first, listed = exported(copy)
    done = assessed(copy)
    second, again = exported(copy)
    results = (first, done, second)
    broken = [repr(one.exception) for one in results if is_traceback(one)]
    wrong = [
        name
        for name, differs in (
            ("the first list", first.exit_code == 0 and listed != whole.listed),
            ("the figures", done.exit_code == 0 and figures(done) != whole.figures),
            ("the second list", second.exit_code == 0 and again != whole.listed),
        )
        if differs
    ]
    return Outcome(
        file=file,
        damage=damage,
        traceback="; ".join(broken),
        changed=", ".join(wrong),
        told=any("results/" in one.stderr for one in results),
        anew=done.exit_code == 0 and second.exit_code == 0,
        left=_left(copy),
    )


def is_traceback(done: Result) -> bool:
    """Whether a command ended in an error that is not ours."""
    return done.exception is not None and not isinstance(done.exception, SystemExit)


def _left(copy: Path) -> str:
    """What of the published run is not what was written."""
    try:
        name = (copy / "results" / "current").read_text(encoding="utf-8").strip()
        return damaged_file(copy / "results" / name, read_manifest(copy / "results" / name))
    except (OSError, ValueError) as error:
        return str(error)


def figures(done: Result) -> object:
    """All that an assessment says but for how much it had to measure."""
    told = json.loads(done.stdout)
    told.pop("measured_layers", None)
    return told


def assessed(copy: Path) -> Result:
    """Assess and publish the study in a folder."""
    return call("assess", copy, "--publish", "--json")


def exported(copy: Path) -> tuple[Result, bytes]:
    """Export the list of the study in a folder, beside it; gives its bytes too."""
    target = copy.parent / "list.csv"
    target.unlink(missing_ok=True)
    done = call("export", copy, "-o", target)
    return done, target.read_bytes() if target.is_file() else b""


def call(*words: object) -> Result:
    """A command, in English."""
    return CliRunner().invoke(
        command, [str(word) for word in words], env={"PHUSONG_LANGUAGE": "en"}
    )


def main(words: Sequence[str]) -> int:
    """Print the counts, and every outcome that is not good; 1 where there is one."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness state")
    parser.add_argument("-n", "--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--seconds", type=float, default=1200)
    asked = parser.parse_args(words)
    found = list(outcomes(asked.count, seed=asked.seed, seconds=asked.seconds))
    for one in found:
        if not one.is_good:
            print(one)  # noqa: T201  # what it is for
    counts = Counter[str]()
    for one in found:
        counts["damages"] += 1
        counts["tracebacks"] += bool(one.traceback)
        counts["changed figures"] += bool(one.changed)
        counts["told"] += one.told
        counts["made anew"] += one.anew
        counts["left damaged without a word"] += bool(one.left) and not one.told
    print(", ".join(f"{name}: {count}" for name, count in counts.items()))  # noqa: T201
    return 0 if all(one.is_good for one in found) else 1
