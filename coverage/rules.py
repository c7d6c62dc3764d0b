"""The named rules. Each states where it comes from and whether its numbers are ours."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from coverage.model import Rule

VN_VILLAGE = Rule(
    name="vn-village",
    title="Village has mobile broadband (3G or better)",
    source=(
        "Ours. 3G or better, never 2G, and the signal at the village centre follow provincial "
        "practice (Tuyên Quang, 12 January 2026); half and a tenth of the area are our settings"
    ),
    ours=True,
)

RULES: Mapping[str, Rule] = MappingProxyType({VN_VILLAGE.name: VN_VILLAGE})
"""Rules by name."""
