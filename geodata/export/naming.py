"""Names of files to take away: what, of where, of when, and whether it is simulated."""

from __future__ import annotations

from geodata.columns import plain
from geodata.export.words import Language
from geodata.study.results import Run

LONGEST = 60


def file_name(
    run: Run, ending: str, *, place: str = "", what: str = "", language: Language = "vi"
) -> str:
    """A name in plain ASCII that tells the files of two areas, days and rules apart.

    That of a reconstruction bears SO-LIEU-MO-PHONG or SIMULATED-DATA, that of a what-if the
    name of its rule, that of one operator's figures its name. A long place is cut, and the
    beginning of a long name of a rule: what was narrowed stands at its end.
    """
    vi = language == "vi"
    pieces = [what or ("thon-chua-phu-song" if vi else "uncovered-villages")]
    pieces.append(slug(place, longest=LONGEST))
    pieces.append(f"{run.study.as_of:%Y-%m-%d}")
    if run.what_if:
        name = slug(run.assessment.rule.name)[-LONGEST:].strip("-")
        pieces.append(("phuong-an-" if vi else "variant-") + name)
    elif run.alone:
        pieces.append(f"rieng-{slug(run.alone)}" if vi else f"{slug(run.alone)}-alone")
    if run.study.reconstruction is not None:
        pieces.append("SO-LIEU-MO-PHONG" if vi else "SIMULATED-DATA")
    return "_".join(piece for piece in pieces if piece) + f".{ending}"


def slug(text: str, *, longest: int | None = None) -> str:
    """A name without marks, signs and spaces: "Huyện Kỳ Sơn" is "huyen-ky-son"."""
    return "-".join(plain(text).split())[:longest].strip("-")
