"""Variants of a study's rule, kept under a name: what-ifs that publish nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from coverage.model import Rule
from geodata.columns import plain
from geodata.errors import CallError, UnreadableError
from geodata.files import text_of, whole_file
from geodata.study.model import Study
from geodata.write_errors import writing

FOLDER = "variants"
LONGEST = 80


def slug_of(name: str) -> str:
    """A name as it stands in an address and a file name: "Ngưỡng 70 %" is "nguong-70"."""
    return "-".join(plain(name).split())[:LONGEST].strip("-")


def save_variant(study: Study, name: str, rule: Rule) -> Rule:
    """Keep a rule under a name, in place of one of that name. Returns it as it is kept.

    Raises `CallError` for a name without letters or digits, and for that of a named rule.
    """
    slug = slug_of(name)
    if not slug or slug == study.rule.name:
        raise CallError(
            "a variant cannot be called {name}; give it a name of its own, such as {example}",
            name=repr(name),
            example="70 %",
        )
    kept = replace(
        rule, name=slug, title=" ".join(name.split())[:LONGEST], ours=True, source=rule.source
    )
    folder = study.folder / FOLDER
    file = folder / f"{slug}.json"
    with writing(file):
        folder.mkdir(exist_ok=True)
    with whole_file(file) as path:
        path.write_text(json.dumps(asdict(kept), ensure_ascii=False, indent=2), encoding="utf-8")
    return kept


def load_variants(study: Study) -> Mapping[str, Rule]:
    """All kept variants by slug, in the order of their titles.

    Raises `UnreadableError` for a file that is not a variant.
    """
    found = {}
    for path in sorted((study.folder / FOLDER).glob("*.json")):
        try:
            values: dict[str, Any] = dict(json.loads(text_of(path)))
            held: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
            }
            rule = Rule(**held)
        except (OSError, TypeError, ValueError) as error:
            raise UnreadableError(
                "{file} cannot be read as a variant: {reason}; remove it or repair it",
                file=f"{FOLDER}/{path.name}",
                reason=str(error),
            ) from error
        found[path.stem] = replace(rule, name=path.stem)
    return dict(sorted(found.items(), key=lambda entry: plain(entry[1].title)))


def remove_variant(study: Study, slug: str) -> None:
    """Forget a variant; one that is not there is no error."""
    if slug == slug_of(slug):
        (study.folder / FOLDER / f"{slug}.json").unlink(missing_ok=True)
