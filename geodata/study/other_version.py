"""A published run of a version that read files, or judged measures, in another way."""

from __future__ import annotations

from geodata.errors import Phrase, UnreadableError, phrase
from geodata.study.manifests import read_manifest
from geodata.study.results import Run, published_id
from geodata.study.run_ids import VERSIONS

FIRST = dict.fromkeys(VERSIONS, 1)
"""What runs were made with that do not say it."""


def made_otherwise(run: Run) -> Phrase | None:
    """What is to be said beside a run where the published one is of another version.

    None where it is the published one, where none is published, or that cannot be read (which
    is told elsewhere).
    """
    published = published_id(run.study)
    if published is None or published == run.run_id:
        return None
    try:
        manifest = read_manifest(run.study.folder / "results" / published)
    except (UnreadableError, FileNotFoundError):
        return None
    if manifest.get("versions", FIRST) == VERSIONS:
        return None
    before = manifest["headline"]
    return phrase(
        "the published run {run} was made by an earlier version, which read files or judged them "
        "in another way: {before} villages uncovered and {before_unknown} unknown then, {now} and "
        "{now_unknown} now; phusong check says what is doubtful, and assess --publish publishes "
        "the new one",
        run=published,
        before=before["weak"] + before["none"],
        before_unknown=before["unknown"],
        now=run.summary.headline.uncovered,
        now_unknown=run.summary.headline.unknown,
    )
