"""Words that stand before a bracket in WKT, and whether a .prj holds others."""

from __future__ import annotations

import re
from pathlib import Path

PRJ_BYTES = 1_000_000
NO_TEXT = re.compile("[\x00-\x08\x0e-\x19\x1b-\x1f]")
WORD = re.compile(r"([A-Za-z_0-9]+)\s*[\[(]")
QUOTED = re.compile(r'"[^"]*"')
WKT_WORDS = frozenset(
    {
        "PROJCS", "GEOGCS", "GEOCCS", "LOCAL_CS", "COMPD_CS", "VERT_CS",
        "VERTCS", "FITTED_CS", "DATUM", "VERT_DATUM", "VDATUM", "LOCAL_DATUM",
        "SPHEROID", "ELLIPSOID", "PRIMEM", "UNIT", "LINUNIT", "PROJECTION",
        "PARAMETER", "AUTHORITY", "AXIS", "TOWGS84", "EXTENSION", "METADATA",
        "PARAM_MT", "CONCAT_MT", "INVERSE_MT", "PASSTHROUGH_MT", "HIGHPREC", "GEOGCRS",
        "GEODCRS", "GEODETICCRS", "GEOGRAPHICCRS", "BASEGEOGCRS", "BASEGEODCRS", "PROJCRS",
        "PROJECTEDCRS", "BASEPROJCRS", "VERTCRS", "VERTICALCRS", "ENGCRS", "ENGINEERINGCRS",
        "COMPOUNDCRS", "BOUNDCRS", "SOURCECRS", "TARGETCRS", "CONVERSION", "METHOD",
        "ABRIDGEDTRANSFORMATION", "COORDINATEOPERATION", "PARAMETERFILE", "OPERATIONACCURACY",
        "CS", "ORDER",
        "MERIDIAN", "BEARING", "ANGLEUNIT", "ANGULARUNIT", "LENGTHUNIT", "SCALEUNIT",
        "TIMEUNIT", "ID", "CITATION", "URI", "USAGE", "SCOPE",
        "AREA", "BBOX", "REMARK", "ANCHOR", "ENSEMBLE", "MEMBER",
        "ENSEMBLEACCURACY", "DYNAMIC", "FRAMEEPOCH", "MODEL", "VELOCITYGRID", "GEODETICDATUM",
        "TRF", "VERTICALDATUM", "VRF", "EDATUM", "ENGINEERINGDATUM", "PRIMEMERIDIAN",
        "VERSION", "DERIVINGCONVERSION", "AXISMINVALUE", "AXISMAXVALUE", "RANGEMEANING",
        "VERTICALEXTENT",
        "TIMEEXTENT", "DERIVEDPROJCRS", "COORDEPOCH", "EPOCH", "ANCHOREPOCH", "GEOIDMODEL",
        "INTERPOLATIONCRS", "STEP",
        "COORDINATEMETADATA", "CONCATENATEDOPERATION", "POINTMOTIONOPERATION", "DERIVEDCRS",
        "TRIAXIAL", "DEFININGTRANSFORMATION", "CALENDAR", "TIMEORIGIN", "TDATUM", "TIMECRS",
    }
)  # fmt: skip
"""Of WKT 1 (OGC 01-009), of Esri's and of WKT 2 (ISO 19162)."""


def is_wkt(prj: Path) -> bool:
    """Whether a .prj is text whose words before brackets are all words of WKT, or of PROJ."""
    with prj.open("rb") as stream:
        text = stream.read(PRJ_BYTES).decode("utf-8", "replace")
    words = {word.upper() for word in WORD.findall(QUOTED.sub('""', text))}
    is_closed = all(text.count(a) == text.count(b) for a, b in ("[]", "()"))
    begins = text.lstrip("\ufeff \t\r\n")
    is_named = not begins or begins.startswith("+") or WORD.match(begins) is not None
    return not NO_TEXT.search(text) and words <= WKT_WORDS and is_closed and is_named
