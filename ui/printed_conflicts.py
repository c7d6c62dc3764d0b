"""Conflicts between measurements and layers as the command line prints them, and as JSON.

What comes from files goes through `ui.plain.plain`: a name must not steer the terminal.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd

from geodata.export.standing import difference_json
from ui.conflicts import claim_sentence, place_of, subject_of
from ui.plain import plain
from ui.printed import reconstruction_notice
from ui.texts import Translator, phrase_text

if TYPE_CHECKING:
    from geodata.study.conflicts import FoundConflicts
    from geodata.study.results import Run

MOST_ROWS = 60
"""So many conflicts are printed; a file has them all."""


def printed_conflicts(found: FoundConflicts, run: Run, t: Translator) -> list[str]:
    """How many there are, each in two lines, the first of them first; what was left out."""
    table = found.conflicts
    over = int((table["kind"] == "overclaims").sum())
    lines = [
        t(
            "{count} conflicts: {over} declared served and measured below, {under} declared not "
            "served and measured good ({used} of {given} measurements compared)",
            count=t.number(len(table)),
            over=t.number(over),
            under=t.number(len(table) - over),
            used=t.number(found.used),
            given=t.number(found.given),
        )
    ]
    few = int((found.table["kind"] == "too_few").sum())
    if few:
        lines.append(t("{count} more have too few samples to say.", count=t.number(few)))
    lines.append("")
    for row in table.head(MOST_ROWS).to_dict("records"):
        lines.append(f"{int(row['rank']):>4}  {place_of(row)} [{row['village_id']}]")
        lines.append(f"      {subject_of(row, t)}: {claim_sentence(row, t)}")
    if len(table) > MOST_ROWS:
        lines.append(t("The first {count} are listed; a file has them all.", count=MOST_ROWS))
    if len(table):
        lines.append("")
    lines += [phrase_text(one.sentence, t.language) for one in found.findings]
    lines.append(t("No verdict is changed by measurements; they show which claims to look into."))
    lines.append(t("Rule: {rule}. Run: {run}.", rule=run.assessment.rule.name, run=run.run_id))
    if run.study.reconstruction:
        lines.append(reconstruction_notice(t))
    return [plain(line) if line.strip() == line else _indented(line) for line in lines]


def _indented(line: str) -> str:
    """A line made plain that keeps its indent."""
    bare = line.lstrip(" ")
    return " " * (len(line) - len(bare)) + plain(bare)


def conflicts_json(found: FoundConflicts, run: Run, t: Translator) -> str:
    """One JSON object: counts, every comparison (``rank`` null where none), findings."""
    told = {
        "run_id": run.run_id,
        "as_of": run.study.as_of.isoformat(),
        "rule": run.assessment.rule.name,
        "reconstruction": run.study.reconstruction is not None,
        "outdated": difference_json(run.outdated),
        "measurements": found.given,
        "compared": found.used,
        "conflicts": len(found.conflicts),
        "comparisons": [
            {str(name): _value(cell) for name, cell in row.items()}
            for row in found.table.to_dict("records")
        ],
        "findings": [
            {
                "kind": one.kind,
                "severity": one.severity,
                "sentence": phrase_text(one.sentence, t.language),
                "count": one.count,
            }
            for one in found.findings
        ],
    }
    return json.dumps(told, ensure_ascii=False)


def _value(cell: Any) -> Any:
    if cell is None or pd.isna(cell):
        return None
    if isinstance(cell, pd.Timestamp):
        return cell.date().isoformat()
    return round(cell, 6) if isinstance(cell, float) else cell
