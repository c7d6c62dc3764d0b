"""The changes of units as the command line prints them: for people, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd

from geodata.findings import Finding
from ui.plain import plain
from ui.texts import Translator, phrase_text
from ui.texts import marked as _

KINDS = {
    "same": _("as before"),
    "renamed": _("renamed"),
    "moved": _("moved to another district"),
    "merged": _("merged"),
}
CASES = {
    "unit-none": _("in no unit"),
    "unit-code-foreign": _("code of no unit"),
    "unit-code-name": _("code and name of two units"),
    "unit-name-foreign": _("name of no unit"),
    "unit-name-several": _("name of several units"),
    "unit-name-differs": _("not where its file says"),
    "unit-carried": _("carried forward"),
    "unit-carried-split": _("commune was divided"),
    "unit-split": _("in two units"),
}
"""Kind of a case, in few words."""

MOST_CASES = 40
"""So many villages are printed; a file has them all."""


def printed_units(
    changes: pd.DataFrame,
    cases: pd.DataFrame | None,
    found: Sequence[Finding],
    t: Translator,
) -> list[str]:
    """Totals, each commune that changed by December 2024, and a study's doubtful villages."""
    years = (2023, 2024, 2025)
    lines = [
        t(
            "Units from {date}: {districts} districts, {communes} communes",
            date=t.date(changes[f"valid_from_{year}"].iloc[0]),
            districts=t.number(
                int((changes[f"district_code_{year}"].replace("", pd.NA)).nunique())
            ),
            communes=t.number(int(changes[f"code_{year}"].nunique())),
        )
        for year in years
    ]
    lines.append("")
    changed = (changes["change_2024"] != "same") | (changes["parts_2024"] != "")
    lines += [_change(row, t) for row in changes[changed].to_dict("records")]
    if cases is None:
        return lines
    lines += ["", *(phrase_text(one.sentence, t.language) for one in found)]
    lines += [_case(row, t) for row in cases.head(MOST_CASES).to_dict("records")]
    if not len(cases):
        lines.append(t("No village is split or doubtful."))
    elif len(cases) > MOST_CASES:
        lines.append(t("The first {count} are listed; a file has them all.", count=MOST_CASES))
    return [plain(line) for line in lines]


def _change(row: dict[Any, Any], t: Translator) -> str:
    """One commune of 2023: what it is in 2024 and 2025."""
    told = f"{row['code_2023']} {row['name_2023']} ({row['district_2023']})"
    then = f"{row['code_2024']} {row['name_2024']} ({row['district_2024']})"
    now = f"{row['code_2025']} {row['name_2025']}"
    line = f"{told} → {then} → {now}: {t(KINDS[row['change_2024']])}"
    if row["parts_2024"]:
        line += "; " + t("a part of it went to {codes}", codes=row["parts_2024"])
    return line


def _case(row: dict[Any, Any], t: Translator) -> str:
    """One village: where it lies, the second unit, and what the file says."""
    village = "" if pd.isna(row["village"]) else row["village"]
    told = [
        f"{row['village_id']} {village}",
        f"[{t(CASES[row['kind']])}, {t.date(row['valid_from'])}]",
    ]
    if not pd.isna(row["code"]):
        share = "" if pd.isna(row["share"]) else f" {t.percent(row['share'], digits=0)}"
        told.append(f"{row['code']} {row['name']}{share}")
    if row["kind"] == "unit-split":
        second = t.percent(row["second_share"], digits=0)
        told.append(f"+ {row['second_code']} {row['second_name']} {second}")
    named = [str(row[name]) for name in ("told_code", "told_name") if not pd.isna(row[name])]
    if named:
        told.append(t("the file says {told}", told=" ".join(named)))
    return "  " + " ".join(told)


def printed_units_json(
    changes: pd.DataFrame,
    cases: pd.DataFrame | None,
    found: Sequence[Finding],
    t: Translator,
) -> str:
    """One JSON object: ``changes``, and with a study ``villages`` and ``findings``."""
    told: dict[str, Any] = {"changes": _records(changes)}
    if cases is not None:
        told["villages"] = _records(cases)
        told["findings"] = [
            {
                "kind": one.kind,
                "severity": one.severity,
                "count": one.count,
                "rows": list(one.rows),
                "sentence": phrase_text(one.sentence, t.language),
            }
            for one in found
        ]
    return json.dumps(told, ensure_ascii=False)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): _value(cell) for name, cell in row.items()} for row in table.to_dict("records")
    ]


def _value(cell: Any) -> Any:
    if isinstance(cell, date):
        return cell.isoformat()
    if pd.isna(cell):
        return None
    return round(cell, 4) if isinstance(cell, float) else cell
