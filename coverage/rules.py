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

VN_1603 = Rule(
    name="vn-1603",
    title="Letter 1603/BTTTT-CVT (numbers are ours)",
    source=(
        "Letter 1603/BTTTT-CVT of 25 April 2024 sets the official criteria for no signal and "
        "signal dips; its text was not obtained, so these numbers are settings of ours"
    ),
    ours=True,
    covered_share=0.75,
    weak_share=0.1,
)

VN_WITHOUT_3G = Rule(
    name="vn-without-3g",
    title="Village has mobile broadband once 3G is closed (4G or better)",
    source=("Ours. As vn-village without 3G, whose closing is planned for September 2028 (press)"),
    ours=True,
    technologies=("4G", "5G"),
)

PE_TERRITORY = Rule(
    name="pe-territory",
    title="60 % of a settlement's territory (Peru)",
    source="Peru's regulation as announced: 60 % of a centre's territory; a tenth is our setting",
    centre=False,
    covered_share=0.6,
    weak_share=0.1,
)

US_CENTRE = Rule(
    name="us-centre",
    title="The centre point lies in the footprint (FCC)",
    source=(
        "FCC Broadband Data Collection: a cell is covered if its centroid is in the polygon, "
        "4G or 5G; here the village's centre stands for it"
    ),
    technologies=("4G", "5G"),
    covered_share=1.0,
    weak_share=0.1,
)

RULES: Mapping[str, Rule] = MappingProxyType(
    {rule.name: rule for rule in (VN_VILLAGE, VN_1603, VN_WITHOUT_3G, PE_TERRITORY, US_CENTRE)}
)
"""Rules by name."""
