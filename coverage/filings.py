"""Who filed what, and who should have."""

from __future__ import annotations

import pandas as pd

from coverage.model import Assessment
from coverage.summarise import by_layer


def filings(assessment: Assessment) -> pd.DataFrame:
    """Every filing there is, then every expected one that is missing; one row each.

    Columns: ``operator``, ``technology`` ("" where any would do), ``as_of`` (None where the
    filing bears no date), ``evidence``, ``source``, ``admitted`` (the rule counts and
    can judge it), ``villages_served`` (NA for a missing one) and ``filed``.
    """
    m, rule, expected = assessment.measures, assessment.rule, assessment.expected
    served = by_layer(assessment)["villages_served"].tolist()
    rows = [
        {
            "operator": layer.operator,
            "technology": str(layer.technology),
            "as_of": layer.as_of,
            "evidence": layer.evidence,
            "source": layer.source,
            "admitted": rule.admits(layer) and rule.judges(layer),
            "villages_served": count,
            "filed": True,
        }
        for layer, count in zip(m.layers, served, strict=True)
    ]
    wanted: list[str] = [t for t in expected.technologies if t in rule.technologies]
    for operator in expected.operators:
        for technology in wanted or [""]:
            there = any(
                layer.operator == operator
                and layer.technology in ((technology,) if technology else rule.technologies)
                for layer in m.layers
            )
            if not there:
                rows.append(_missing(operator, technology))
    table = pd.DataFrame(rows, columns=list(_missing("", "")))
    return table.astype({"villages_served": "Int64", "filed": bool, "admitted": bool})


def _missing(operator: str, technology: str) -> dict[str, object]:
    return {
        "operator": operator,
        "technology": technology,
        "as_of": None,
        "evidence": "",
        "source": "",
        "admitted": True,
        "villages_served": None,
        "filed": False,
    }
