"""Sentences that say why a shown run is not what its study would give now, in both languages.

Every face and every export that shows a run has them from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from geodata.export.safe import without_controls
from geodata.export.words import Language
from geodata.study.difference import Difference
from geodata.study.results import Run

MOST_FILES = 5
"""So many changed files are named."""

LONGEST = 80
"""No name is told longer."""

WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "vi": {
            "stored": "Số liệu này là của lần tính {run} ngày {day}, do phiên bản khác của chương "
            "trình tính; kết luận giữ nguyên như đã lưu.",
            "changed": "Số liệu này là của lần tính {run} ngày {day}, chưa theo dữ liệu và thiết "
            "lập hiện nay.",
            "measured": "Số liệu này là của lần tính {run} ngày {day}; chương trình hiện nay đo "
            "theo cách khác.",
            "since": "Thay đổi so với lần tính {run} ngày {day}:",
            "what": "Từ đó đã thay đổi: {changes}.",
            "unnamed": "các tệp hoặc thiết lập của bộ dữ liệu",
            "more": "{count} tệp khác",
            "file": "study.toml ({settings})",
            "rule": "cách tính",
            "expected": "nhà mạng phải khai báo",
            "layers": "thông tin các lớp",
            "as_of": "ngày số liệu",
            "tried": "cách tính (lần trước là tính thử)",
            "reading": "cách chương trình đọc tệp",
            "judging": "cách chương trình kết luận",
            "untold": "phiên bản của chương trình (lần tính đó không ghi phiên bản)",
            "engine": "cách chương trình đo",
            "turned": "Với cùng số đo, phiên bản này kết luận khác ở {count} thôn, bản.",
            "same": "Với cùng số đo, phiên bản này kết luận như vậy ở mọi thôn, bản.",
            "villages": "{count} thôn, bản có kết luận khác.",
            "others": "Cách tính thử và số liệu riêng từng nhà mạng do phiên bản này kết luận.",
            "drawn": "Bản đồ vẽ các lớp theo tệp hiện nay.",
            "short": "chưa tính lại theo hiện trạng",
        },
        "en": {
            "stored": "These figures are of run {run}, made on {day} by another version of the "
            "program; its verdicts stand as they were stored.",
            "changed": "These figures are of run {run}, made on {day}, not of the files and "
            "settings as they are now.",
            "measured": "These figures are of run {run}, made on {day}; this program measures "
            "otherwise.",
            "since": "What changed since run {run}, made on {day}:",
            "what": "Changed since: {changes}.",
            "unnamed": "files or settings of the study",
            "more": "{count} more files",
            "file": "study.toml ({settings})",
            "rule": "rule",
            "expected": "who should have filed",
            "layers": "what is said of layers",
            "as_of": "the day",
            "tried": "the rule (another was tried out before)",
            "reading": "how the program reads files",
            "judging": "how the program judges",
            "untold": "the version of the program (the run names none)",
            "engine": "how the program measures",
            "turned": "By the same measures this version gives another verdict to villages: "
            "{count}.",
            "same": "By the same measures this version gives every village the same verdict.",
            "villages": "Villages with another verdict: {count}.",
            "others": "Rules tried out and figures of one operator alone are judged by this "
            "version.",
            "drawn": "The map draws the layers of the files as they are now.",
            "short": "not assessed anew since changes",
        },
    }
)  # fmt: skip


def standing_text(run: Run, language: Language) -> str:
    """Why a run is not what its study would give now, and what it is; "" where it is that."""
    found = run.outdated
    if found is None:
        return ""
    words = WORDS[language]
    lead = "stored" if found.versions else "changed" if found.inputs else "measured"
    told = [words[lead].format(run=found.run_id, day=_day(found.made_at, language))]
    if found.inputs or found.versions:
        told.append(words["what"].format(changes=_changes(found, words)))
    if found.turned is not None:
        told.append(words["turned" if found.turned else "same"].format(count=found.turned))
    if found.versions:
        told.append(words["others"])
    if found.files:
        told.append(words["drawn"])
    return " ".join(told)


def since_text(run: Run, language: Language) -> str:
    """What changed between a run and that shown before it; "" where none was, or it is the same."""
    found = run.since
    if found is None:
        return ""
    words = WORDS[language]
    told = words["since"].format(run=found.run_id, day=_day(found.made_at, language))
    told += f" {_changes(found, words)}."
    if found.turned is None:
        return told
    return f"{told} {words['villages'].format(count=found.turned)}"


def kind_text(run: Run, told: str, language: Language) -> str:
    """What kind of data rows are of, as it stands in each of them: ``told``, and if outdated."""
    return told if run.outdated is None else f"{told}; {WORDS[language]['short']}"


def difference_json(found: Difference | None) -> dict[str, Any] | None:
    """A difference for programs."""
    if found is None:
        return None
    return {
        "run_id": found.run_id,
        "made_at": found.made_at.isoformat(),
        "versions": list(found.versions),
        "files": list(found.files),
        "settings": list(found.settings),
        "other_verdicts": found.turned,
    }


def _changes(found: Difference, words: Mapping[str, str]) -> str:
    """Files, settings and versions, comma-separated."""
    told = [_name(file) for file in found.files[:MOST_FILES]]
    if len(found.files) > MOST_FILES:
        told.append(words["more"].format(count=len(found.files) - MOST_FILES))
    settings = [words[setting] for setting in found.settings if setting != "tried"]
    if settings:
        told.append(words["file"].format(settings=", ".join(settings)))
    if "tried" in found.settings:
        told.append(words["tried"])
    if found.inputs and not told:
        told.append(words["unnamed"])
    told += [words[version] for version in found.versions]
    return ", ".join(told or [words["engine"]])


def _name(file: str) -> str:
    """The name of a file, harmless in a line of text."""
    name = str(without_controls(PurePosixPath(file).name or file))
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _day(when: datetime, language: Language) -> str:
    return f"{when:%d/%m/%Y}" if language == "vi" else f"{when.day} {when:%B %Y}"
