"""Kept measures of a study as the command line prints them."""

from __future__ import annotations

import json
from pathlib import Path

from geodata.study.cache import MEGABYTE, Cache, clear_kept, kept_in
from geodata.study.parts import AREAS
from geodata.study.store import Entry
from ui.plain import plain
from ui.texts import Translator, path_text


def cached(path: Path, *, clear: bool, everything: bool, as_json: bool, t: Translator) -> str:
    """What is kept, and, where it is to be cleared, what went."""
    before = kept_in(path)
    gone = clear_kept(path, everything=everything) if clear else ()
    cache = kept_in(path) if clear else before
    if as_json:
        return json.dumps(_told(cache, gone), ensure_ascii=False)
    lines = _cleared(gone, cache, t, everything=everything) if clear else []
    return "\n".join([*lines, *_listed(cache, t)])


def _cleared(gone: tuple[Entry, ...], left: Cache, t: Translator, *, everything: bool) -> list[str]:
    freed = sum(entry.size_bytes for entry in gone)
    lines = [
        t("{count} removed, {size} free again", count=t.number(len(gone)), size=_size(freed, t))
    ]
    if left.entries:
        why = (
            t("What a process is at work with stays.")
            if everything
            else t("What kept runs need stays; --clear --all removes it too.")
        )
        lines.append(why)
    return lines


def _listed(cache: Cache, t: Translator) -> list[str]:
    """The whole in one line, then each entry in one, the one used last first."""
    head = t(
        "{count} kept in {folder}: {size} of at most {limit}",
        count=t.number(len(cache.entries)),
        folder=plain(path_text(cache.folder / "results" / "measures")),
        size=_size(cache.size_bytes, t),
        limit=_size(cache.limit_bytes, t),
    )
    lines = [head]
    for entry in reversed(cache.entries):
        runs = [_run(name, cache, t) for name in cache.needed.get(entry.key, ())]
        used = entry.used.astimezone()
        line = t(
            "{key}  {size}  used {date} {time}  {what}; {needed}",
            key=plain(entry.key),
            size=_size(entry.size_bytes, t),
            date=t.date(used.date()),
            time=f"{used:%H:%M}",
            what=_what(entry, t),
            needed=t("needed by {runs}", runs=", ".join(runs)) if runs else t("no run needs it"),
        )
        lines.append(line)
    if cache.left.count:
        said = t(
            "{count} left unfinished: {size}; cleared away after a day, if nobody is at work there",
            count=t.number(cache.left.count),
            size=_size(cache.left.size_bytes, t),
        )
        lines.append(said)
    return lines


def _run(name: str, cache: Cache, t: Translator) -> str:
    return t("{run} (published)", run=plain(name)) if name == cache.published else plain(name)


def _what(entry: Entry, t: Translator) -> str:
    """What an entry is, in words; a kind we have no words for by its own name."""
    titles = entry.about.get("titles")
    if entry.kind == AREAS and isinstance(titles, list):
        return t("areas by {layers}", layers=plain(", ".join(map(str, titles)))) if titles else ""
    words = {
        "": t("of an earlier version, or broken"),
        "amounts": t("people, settled places or hexagons by layers"),
        "levels": t("signal levels of villages"),
        "moved": t("areas with footprints drawn in and let out"),
        "outline": t("a footprint drawn in and let out"),
        "weights": t("pixels of villages"),
    }
    return words.get(entry.kind) or plain(entry.kind)


def _size(size_bytes: float, t: Translator) -> str:
    return f"{t.number(round(size_bytes / MEGABYTE, 1))} MB"


def _told(cache: Cache, gone: tuple[Entry, ...]) -> dict[str, object]:
    return {
        "folder": str(cache.folder),
        "size_bytes": cache.size_bytes,
        "limit_bytes": cache.limit_bytes,
        "leftovers": cache.left.count,
        "leftover_bytes": cache.left.size_bytes,
        "removed": [entry.key for entry in gone],
        "entries": [
            {
                "key": entry.key,
                "kind": entry.kind,
                "layers": entry.about.get("titles"),
                "size_bytes": entry.size_bytes,
                "used": entry.used.isoformat(),
                "runs": list(cache.needed.get(entry.key, ())),
            }
            for entry in reversed(cache.entries)
        ],
    }
