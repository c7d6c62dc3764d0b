"""Headings and words of the exported lists, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Language = Literal["vi", "en"]

_VI = {
    "number": "STT",
    "village_id": "Mã thôn",
    "village": "Thôn, bản",
    "commune_code": "Mã xã",
    "commune": "Xã, phường",
    "district_code": "Mã huyện",
    "district": "Huyện, thị, thành",
    "units_from": "Đơn vị hành chính từ ngày",
    "other_commune_code": "Mã xã từ {day}",
    "other_commune": "Xã, phường từ {day}",
    "other_district_code": "Mã huyện từ {day}",
    "other_district": "Huyện từ {day}",
    "verdict": "Tình trạng sóng",
    "best_operator": "Nhà mạng tốt nhất",
    "best_share": "Tỷ lệ diện tích của nhà mạng tốt nhất",
    "any_share": "Tỷ lệ diện tích của mọi nhà mạng",
    "margin": "Chênh so với ngưỡng",
    "sure": "Độ chắc chắn",
    "missing": "Thiếu dữ liệu của",
    "others": "Nhà mạng khác phục vụ",
    "population": "Dân số",
    "households": "Số hộ",
    "electrified": "Điện lưới",
    "fund_eligible": "Thuộc diện viễn thông công ích",
    "lat": "Vĩ độ (WGS 84)",
    "lon": "Kinh độ (WGS 84)",
    "north": "X bắc, m ({system})",
    "east": "Y đông, m ({system})",
    "as_of": "Ngày số liệu",
    "rule": "Cách tính",
    "run": "Mã lần tính",
    "data": "Loại số liệu",
}

_EN = {
    "number": "No.",
    "village_id": "Village id",
    "village": "Village",
    "commune_code": "Commune code",
    "commune": "Commune",
    "district_code": "District code",
    "district": "District",
    "units_from": "Units from",
    "other_commune_code": "Commune code from {day}",
    "other_commune": "Commune from {day}",
    "other_district_code": "District code from {day}",
    "other_district": "District from {day}",
    "verdict": "Signal",
    "best_operator": "Best operator",
    "best_share": "Share of area, best operator",
    "any_share": "Share of area, all operators",
    "margin": "Margin to the threshold",
    "sure": "How sure",
    "missing": "Missing filings",
    "others": "Served by others",
    "population": "Population",
    "households": "Households",
    "electrified": "Grid power",
    "fund_eligible": "Eligible for the telecom fund",
    "lat": "Latitude (WGS 84)",
    "lon": "Longitude (WGS 84)",
    "north": "X north, m ({system})",
    "east": "Y east, m ({system})",
    "as_of": "As of",
    "rule": "Rule",
    "run": "Run",
    "data": "Kind of data",
}

HEADINGS: Mapping[Language, Mapping[str, str]] = MappingProxyType({"vi": _VI, "en": _EN})
"""Column headings by language."""

VERDICTS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "vi": {
            "covered": "Đã phủ sóng",
            "weak": "Lõm sóng",
            "none": "Trắng sóng",
            "unknown": "Thiếu dữ liệu",
            "yes": "Có",
            "no": "Không",
            "firm": "chắc chắn",
            "borderline": "sát ngưỡng",
            "no_place": "vị trí (tệp không ghi)",
            "made": "SỐ LIỆU MÔ PHỎNG",
            "observed": "Số liệu được cung cấp",
        },
        "en": {
            "covered": "Covered",
            "weak": "Weak signal",
            "none": "No signal",
            "unknown": "Missing data",
            "yes": "Yes",
            "no": "No",
            "firm": "firm",
            "borderline": "borderline",
            "no_place": "place (none in the file)",
            "made": "RECONSTRUCTION",
            "observed": "As supplied",
        },
    }
)
"""Verdicts and other values by language."""

SHEETS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "vi": {
            "list": "Danh sách",
            "method": "Cách tính và nguồn",
            "title": "Thôn, bản chưa có sóng băng rộng di động",
            "title_all": "Thôn, bản theo tình trạng sóng băng rộng di động",
            "warning": "SỐ LIỆU MÔ PHỎNG: tỉnh được dựng lại từ số liệu công bố, không phải kết quả "
            "khảo sát. Không dùng làm căn cứ cho từng thôn, bản.",
            "study": "Bộ số liệu",
            "as_of": "Ngày số liệu",
            "rule": "Cách tính",
            "run": "Mã lần tính",
            "headline": "Toàn bộ số liệu",
            "counts": "{covered}/{villages} thôn, bản đã phủ sóng; {uncovered} chưa phủ sóng = {none} "
            "trắng sóng + {weak} lõm sóng; {unknown} thiếu dữ liệu",
            "how": "Phủ sóng: ít nhất {operators} nhà mạng phục vụ trung tâm thôn{centre} hoặc từ "
            "{covered} diện tích trở lên, bằng {technologies}. Lõm sóng: từ {weak} diện tích. Trắng "
            "sóng: dưới mức đó. Thiếu dữ liệu không được tính là chưa phủ sóng.",
            "no_centre": " (không áp dụng)",
            "layer": "Lớp",
            "source": "Nguồn",
            "filed": "Ngày",
            "evidence": "Loại bằng chứng",
            "whose": "Phạm vi",
            "alone": "chỉ tính lớp phủ sóng của {operator}; về nhà mạng khác chỉ cho biết có phục vụ "
            "hay không",
        },
        "en": {
            "list": "List",
            "method": "Method and sources",
            "title": "Villages without mobile broadband",
            "title_all": "Villages by mobile broadband",
            "warning": "RECONSTRUCTION: the province is rebuilt from published figures and not "
            "surveyed. Do not rely on it for any single village.",
            "study": "Study",
            "as_of": "As of",
            "rule": "Rule",
            "run": "Run",
            "headline": "Whole study",
            "counts": "{covered} of {villages} villages covered; {uncovered} uncovered = {none} with no "
            "signal + {weak} weak; {unknown} with missing data",
            "how": "Covered: at least {operators} operators serve the village centre{centre} or {covered} "
            "or more of its area, by {technologies}. Weak: {weak} or more of the area. No signal: less. "
            "Missing data never counts as uncovered.",
            "no_centre": " (not applied)",
            "layer": "Layer",
            "source": "Source",
            "filed": "Date",
            "evidence": "Evidence",
            "whose": "Figures of",
            "alone": "the layers of {operator} alone; of other operators only whether they serve a "
            "village",
        },
    }
)
"""Words of the Excel list's title block and second sheet."""
