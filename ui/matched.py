"""What became of a matched list, printed."""

from __future__ import annotations

import json
from pathlib import Path

from geodata.errors import CallError
from geodata.export.matches import write_matches
from geodata.study.known import MatchedList, match_list
from ui.plain import plain
from ui.texts import Translator, phrase_text


def matched(
    listed: Path, to: Path, output: Path, *, layer: str | None, as_json: bool, t: Translator
) -> str:
    """Match a list, write the workbook of its matches, and say what became of it."""
    if output.suffix.lower() != ".xlsx":
        raise CallError(
            "{file} does not end in .xlsx; matches are written as an Excel workbook",
            file=output.name,
        )
    found = match_list(listed, to, layer=layer)
    write_matches(output, listed=found.listed, known=found.known, matches=found.matches)
    return matched_json(found, output, t) if as_json else matched_text(found, output, t)


def matched_text(found: MatchedList, output: Path, t: Translator) -> str:
    """The findings, one a line with the first rows, and where the workbook is."""
    lines = []
    for one in found.findings:
        rows = ", ".join(map(str, one.rows[:10])) + (" …" if one.count > 10 else "")
        told = plain(phrase_text(one.sentence, t.language))
        lines.append(f"{told} ({t('rows')} {rows})" if one.rows else told)
    lines.append(t("Written: {study}", study=output))
    return "\n".join(lines)


def matched_json(found: MatchedList, output: Path, t: Translator) -> str:
    """Counts, and the rows that a person must look at."""
    matches = found.matches
    told = {
        "rows": len(found.listed),
        "matched": len(matches.matched),
        "ambiguous": [int(row) for row in matches.ambiguous.index.unique()],
        "unmatched": [int(row) for row in matches.unmatched.index],
        "findings": [
            {
                "kind": one.kind,
                "severity": one.severity,
                "sentence": phrase_text(one.sentence, t.language),
                "count": one.count,
            }
            for one in found.findings
        ],
        "output": str(output),
    }
    return json.dumps(told, ensure_ascii=False)
