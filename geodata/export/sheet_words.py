"""Words of the area sheet, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from geodata.export.words import Language

_VI = {
    "agency": "ỦY BAN NHÂN DÂN",
    "unit_line": "{unit}",
    "nation": "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    "motto": "Độc lập - Tự do - Hạnh phúc",
    "number": "Số: ……/……",
    "place_date": "………, ngày …… tháng …… năm ……",
    "title": "DANH SÁCH THÔN, BẢN CHƯA PHỦ SÓNG BĂNG RỘNG DI ĐỘNG",
    "title_alone": "DANH SÁCH THÔN, BẢN CHƯA CÓ SÓNG BĂNG RỘNG DI ĐỘNG CỦA {operator}",
    "alone": "Chỉ tính lớp phủ sóng của {operator}. Trong số chưa phủ sóng và thiếu dữ liệu, nhà "
    "mạng khác phục vụ {others}.",
    "others": "(nhà mạng khác có)",
    "no_place": "(tệp không có vị trí)",
    "not_compared": "Số liệu riêng của một nhà mạng không so sánh với lần tính trước.",
    "of": "{unit} (số liệu đến ngày {date})",
    "simulated": "SỐ LIỆU MÔ PHỎNG",
    "simulated_long": "SỐ LIỆU MÔ PHỎNG: dựng lại từ số liệu công bố, không phản ánh thôn, bản có "
    "thật; không dùng làm căn cứ.",
    "variant": "PHƯƠNG ÁN “{name}”: số liệu giả định, chưa công bố",
    "headline": "{covered}/{villages} thôn, bản đã phủ sóng ({share}). Chưa phủ sóng: {uncovered} "
    "= {none} trắng sóng + {weak} lõm sóng; {unknown} thiếu dữ liệu. Dân số ở thôn, bản chưa phủ "
    "sóng: {people}.",
    "change": "Từ {since} ({run}): thêm {covered} thôn có sóng, {uncovered} thôn mất sóng, "
    "{unknown} thôn thiếu dữ liệu.",
    "no_change": "Từ {since} ({run}): không thay đổi.",
    "first": "Chưa có kết quả trước để so sánh.",
    "nothing": "Không còn thôn, bản nào chưa phủ sóng.",
    "stt": "STT",
    "village": "Thôn, bản",
    "unit": "Xã, phường",
    "former": "Trước đây thuộc",
    "verdict": "Tình trạng",
    "people": "Dân số",
    "households": "Số hộ",
    "power": "Điện lưới",
    "duty": "Trách nhiệm",
    "best": "Nhà mạng tốt nhất",
    "note": "Ghi chú",
    "place": "Tọa độ (vĩ độ, kinh độ)",
    "more": "… và {count} thôn, bản nữa",
    "maker": "NGƯỜI LẬP BIỂU",
    "head": "THỦ TRƯỞNG ĐƠN VỊ",
    "sign": "(Ký, ghi rõ họ tên)",
    "seal": "(Ký tên, đóng dấu)",
    "foot": "{unit} · số liệu {date} · tiêu chí: {rule} · lần tính {run}",
    "page": "Trang {page}/{pages}",
    "covered": "Đã phủ sóng",
    "weak": "Lõm sóng",
    "none": "Trắng sóng",
    "unknown": "Thiếu dữ liệu",
    "no_power": "Cần điện lưới trước",
    "fund": "Quỹ viễn thông công ích",
    "operator": "Doanh nghiệp",
    "not_known": "Chưa rõ",
    "yes": "Có",
    "no": "Không",
    "north": "Bắc",
    "sheet": "Danh sách",
    "map": "Bản đồ thôn, bản chưa phủ sóng",
}

_EN = {
    "agency": "PEOPLE'S COMMITTEE",
    "unit_line": "{unit}",
    "nation": "SOCIALIST REPUBLIC OF VIET NAM",
    "motto": "Independence - Freedom - Happiness",
    "number": "No.: ……/……",
    "place_date": "………, …… / …… / ……",
    "title": "VILLAGES WITHOUT MOBILE BROADBAND",
    "title_alone": "VILLAGES WITHOUT MOBILE BROADBAND OF {operator}",
    "alone": "Counted are the layers of {operator} alone. Of the villages uncovered or with "
    "missing data, other operators serve {others}.",
    "others": "(others serve it)",
    "no_place": "(no place in the file)",
    "not_compared": "Figures of one operator alone are not compared with an earlier run.",
    "of": "{unit} (data as of {date})",
    "simulated": "SIMULATED DATA",
    "simulated_long": "SIMULATED DATA: rebuilt from published figures; it says nothing about any "
    "real village and is no basis for decisions.",
    "variant": "VARIANT “{name}”: a what-if, not published",
    "headline": "{covered} of {villages} villages covered ({share}). Uncovered: {uncovered} = "
    "{none} no signal + {weak} weak; {unknown} missing data. People in uncovered villages: "
    "{people}.",
    "change": "Since {since} ({run}): {covered} villages newly covered, {uncovered} newly "
    "uncovered, {unknown} newly without data.",
    "no_change": "Since {since} ({run}): no change.",
    "first": "No earlier result to compare with.",
    "nothing": "No village here is uncovered.",
    "stt": "No.",
    "village": "Village",
    "unit": "Commune",
    "former": "Formerly of",
    "verdict": "Signal",
    "people": "People",
    "households": "Households",
    "power": "Grid power",
    "duty": "Responsible",
    "best": "Best operator",
    "note": "Note",
    "place": "Place (lat, lon)",
    "more": "… and {count} more villages",
    "maker": "PREPARED BY",
    "head": "HEAD OF UNIT",
    "sign": "(Signature and full name)",
    "seal": "(Signature and seal)",
    "foot": "{unit} · data as of {date} · rule: {rule} · run {run}",
    "page": "Page {page} of {pages}",
    "covered": "Covered",
    "weak": "Weak signal",
    "none": "No signal",
    "unknown": "Missing data",
    "no_power": "Grid power first",
    "fund": "Telecom fund",
    "operator": "Operators",
    "not_known": "Not known",
    "yes": "Yes",
    "no": "No",
    "north": "N",
    "sheet": "List",
    "map": "Map of villages without coverage",
}

SHEET: Mapping[Language, Mapping[str, str]] = MappingProxyType({"vi": _VI, "en": _EN})
"""Words of the area sheet by language."""
