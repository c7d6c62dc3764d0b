"""The errors of the analysis. Same shape as those of ``geodata``: a template and its parts."""

from __future__ import annotations

from collections.abc import Mapping


class CoverageError(ValueError):
    """What was handed to the analysis cannot be analysed; the sentence says why.

    ``template`` is the English sentence with named gaps and the key of its translation;
    ``parts`` fills the gaps.
    """

    def __init__(self, template: str, /, **parts: object) -> None:
        self.template = template
        self.parts = parts
        super().__init__(template.format(**parts))

    def __reduce__(self) -> tuple[object, ...]:
        """Travels between processes with its template and parts."""
        return _again, (type(self), self.template, dict(self.parts))


def _again(kind: type[CoverageError], template: str, parts: Mapping[str, object]) -> CoverageError:
    """An error as it was in another process."""
    return kind(template, **parts)
