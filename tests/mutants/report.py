"""The figures and the survivors, as Markdown; a person's verdicts on survivors, kept by hand."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.sample import PACKAGES, Mutant
from tests.mutants.trial import Outcome

ABOUT = 50
VERDICTS = Path(__file__).with_name("verdicts.toml")

TITLE = """# What the tests notice

    uv run python -m tests.mutants {words}

changes statements of the program at random, one at a time: a comparison or its boundary,
*and*/*or*, a sign of arithmetic, a number by 1, a text, a bound of a slice, an argument left out,
a statement deleted. The tests that reach the changed line run, the quickest first, until one
fails: then the change is *noticed* (a test that hangs notices too). A change that nobody could
see is *equivalent*; a person says which are, in `tests/mutants/verdicts.toml`, and they do not
count. JavaScript is not changed.

"""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a change can be seen at all, and why not."""

    equivalent: bool
    why: str


def verdicts(path: Path = VERDICTS) -> dict[str, Verdict]:
    """What a person has said, by file and change."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("verdict", [])
    return {
        f"{one['file']}: {one['diff']}": Verdict(equivalent=one["equivalent"], why=one["why"])
        for one in entries
    }


def asked_for(mutants: Sequence[Mutant]) -> str:
    """Entries to fill in and add to the file, for survivors nobody has judged."""
    return "".join(
        "[[verdict]]\n"
        f"file = {json.dumps(one.file)}\n"
        f"diff = {json.dumps(one.diff, ensure_ascii=False)}\n"
        'equivalent = false\nwhy = ""\n\n'
        for one in mutants
    )


def report(
    mutants: Sequence[Mutant],
    outcomes: Sequence[Outcome],
    said: dict[str, Verdict],
    failing: Sequence[str],
    words: str,
) -> str:
    pairs = list(zip(mutants, outcomes, strict=True))
    left = [(mutant, outcome) for mutant, outcome in pairs if not outcome.noticed]
    text = TITLE.format(words=words) + "\n".join(_figures(pairs, said))
    if left:
        text += "\n\n## Not noticed\n\n" + "\n".join(_survivors(left, said))
    if failing:
        text += "\n\n## Left out: these fail on the program as it is\n\n"
        text += "\n".join(f"- `{test}`" for test in failing)
    return text + "\n"


def _figures(pairs: Sequence[tuple[Mutant, Outcome]], said: dict[str, Verdict]) -> list[str]:
    def row(name: str, mine: Callable[[Mutant], bool]) -> str:
        own = [(mutant, outcome) for mutant, outcome in pairs if mine(mutant)]
        found = [outcome for _, outcome in own if outcome.noticed]
        quick = sum(one.tier == "fast" for one in found)
        late = sum(one.ending == "timeout" for one in found)
        alike = sum(_is_equivalent(m, said) for m, outcome in own if not outcome.noticed)
        matter = len(own) - alike
        share = f"{100 * len(found) / matter:.0f} %" if matter else ""
        cells = [len(own), alike, len(found), quick, late, matter - len(found)]
        return f"| {name} | " + " | ".join(map(str, cells)) + f" | {share} |"

    names = [name for name in PACKAGES if any(m.package == name for m, _ in pairs)]
    heads = [
        "package", "changes", "equivalent", "noticed", "of these by fast tests", "by hanging",
        "not noticed", "share noticed",
    ]  # fmt: skip
    return [
        "| " + " | ".join(heads) + " |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(row(f"`{name}`", lambda m, name=name: m.package == name) for name in names),
        row("**all**", lambda _: True),
    ]


def _survivors(left: Sequence[tuple[Mutant, Outcome]], said: dict[str, Verdict]) -> list[str]:
    rows = [
        "| number | line | change | | equivalent? |",
        "| ---: | --- | --- | --- | --- |",
    ]
    for mutant, outcome in left:
        verdict = said.get(mutant.key)
        told = "not yet judged" if verdict is None else _told(verdict)
        if outcome.ending == "not reached":
            told += " (no test reaches it)"
        rows.append(
            f"| {mutant.number} | `{mutant.file}:{mutant.first}` | {mutant.kind} "
            f"| {_difference(mutant.old, mutant.new)} | {told} |"
        )
    return rows


def _is_equivalent(mutant: Mutant, said: dict[str, Verdict]) -> bool:
    verdict = said.get(mutant.key)
    return verdict is not None and verdict.equivalent


def _told(verdict: Verdict) -> str:
    return ("yes: " if verdict.equivalent else "no: ") + verdict.why


def _difference(old: str, new: str) -> str:
    """Both texts, and of long ones only what is about the change."""
    start = next((k for k, (a, b) in enumerate(zip(old, new)) if a != b), 0)  # noqa: B905  # lengths differ
    first = max(0, start - ABOUT) if start > 2 * ABOUT else 0
    ends = [one[first : start + 2 * ABOUT] for one in (old, new)]
    shown = [("… " if first else "") + one for one in ends]
    return " → ".join(map(_code, shown))


def _code(text: str) -> str:
    bars = text.replace("|", "\\|")
    return f"`` {bars} ``" if "`" in bars else f"`{bars}`"
