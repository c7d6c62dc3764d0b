"""The named rules. Each states where it comes from, what that leaves open, and what is ours."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from coverage.model import Rule

VN_VILLAGE = Rule(
    name="vn-village",
    title="Village has mobile broadband (3G or better)",
    source=(
        "Ours. 3G or better, never 2G, and the signal at the village centre follow provincial "
        "practice (Tuyên Quang, 12 January 2026); half and a tenth of the area and the levels of "
        "signal are our settings"
    ),
    not_known="How strong a signal must be, and how much of a village it must reach",
    ours=True,
    min_dbm_3g=-100,
    min_dbm_4g=-105,
    min_dbm_5g=-110,
)

VN_1603 = Rule(
    name="vn-1603",
    title="Letter 1603/BTTTT-CVT",
    source=(
        "Letter 1603/BTTTT-CVT of 25 April 2024 sets the official criteria for no signal and "
        "signal dips; its text was not obtained"
    ),
    not_known="All its numbers: what share of a village, and how strong a signal",
    needs=("covered_share", "weak_share"),
    letter="1603/BTTTT-CVT (2024-04-25)",
)

VN_WITHOUT_3G = Rule(
    name="vn-without-3g",
    title="Village has mobile broadband once 3G is closed (4G or better)",
    source=("Ours. As vn-village without 3G, whose closing is planned for September 2028 (press)"),
    not_known="The day on which each operator closes 3G",
    ours=True,
    technologies=("4G", "5G"),
    min_dbm_4g=-105,
    min_dbm_5g=-110,
)

SDG_9C1 = Rule(
    name="sdg-9.c.1",
    title="People within reach of a signal (SDG 9.c.1)",
    source=(
        "SDG indicator 9.c.1: the share of people within reach of a signal where they live; of "
        "several operators the one that reaches most, and the union beside it. 4G from −90 dBm "
        "outdoors; that a village counts from half of its people is ours"
    ),
    not_known="Levels for 2G, 3G and 5G, and when a village as such counts",
    technologies=("2G", "3G", "4G", "5G"),
    centre=False,
    basis="people",
    settled_first=False,
    min_dbm_4g=-90,
)

OFCOM = Rule(
    name="ofcom",
    title="Signal outdoors as Ofcom counts it",
    source=(
        "Ofcom: outdoors from −100 dBm for 3G, −105 dBm for 4G and −110 dBm for 5G (likely; "
        "-100 dBm where it is to be very sure); that half of a village must have it is ours"
    ),
    not_known="How much of a village must be reached: Ofcom tells areas, not villages",
    centre=False,
    min_dbm_3g=-100,
    min_dbm_4g=-105,
    min_dbm_5g=-110,
)

FCC_BDC = Rule(
    name="fcc-bdc",
    title="Hexagons whose centre lies in the footprint (FCC)",
    source=(
        "FCC Broadband Data Collection: an H3 hexagon of resolution 9 is covered if its centroid "
        "lies in the polygon, 4G or 5G; that half of a village's hexagons must be is ours"
    ),
    not_known="A least level: the FCC asks for speeds at the cell's edge, and names no dBm",
    technologies=("4G", "5G"),
    centre=False,
    basis="hexes",
    settled_first=False,
)

SPAIN = Rule(
    name="spain",
    title="4G from −90 dBm in the middle of its places (Spain)",
    source=(
        "Spain: 4G from −90 dBm, median, outdoors; the median is reached where half of the village "
        "has that level"
    ),
    not_known="Levels for other technologies",
    technologies=("4G",),
    centre=False,
    min_dbm_4g=-90,
)

PERU_60 = Rule(
    name="peru-60",
    title="60 % of a settlement's territory (Peru)",
    source="Peru's regulation as announced: 60 % of a centre's territory; a tenth is our setting",
    not_known="How strong a signal must be; the levels are those of vn-village",
    centre=False,
    covered_share=0.6,
    settled_first=False,
    min_dbm_3g=-100,
    min_dbm_4g=-105,
    min_dbm_5g=-110,
)

BELGIUM_ZONES = Rule(
    name="belgium-zones",
    title="Zones by the share that is served (Belgium)",
    source=(
        "BIPT: every zone has its percentage, 0 to 100, by area, people and households, for each "
        "operator, technology and quality; that a zone counts as covered from half on is ours"
    ),
    not_known="A share from which a zone is covered: the percentages are the result",
    centre=False,
    settled_first=False,
    min_dbm_3g=-100,
    min_dbm_4g=-105,
    min_dbm_5g=-110,
)

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        rule.name: rule
        for rule in (
            VN_VILLAGE, VN_1603, VN_WITHOUT_3G, SDG_9C1, OFCOM, FCC_BDC, SPAIN, PERU_60,
            BELGIUM_ZONES,
        )
    }
)  # fmt: skip
"""Rules by name."""
