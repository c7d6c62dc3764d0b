"""Words of the data report's workbook, and of the list of repairs, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from geodata.export.words import Language

__all__ = ["KINDS", "REPAIRS", "ROLES", "SEVERITIES", "WORDS", "Language"]

WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "vi": {
            "title": "Báo cáo kiểm tra dữ liệu",
            "reconstruction": "DỮ LIỆU MÔ PHỎNG: dựng lại từ số liệu đã công bố, không phải số "
            "liệu khảo sát.",
            "files": "Các tệp",
            "findings": "Điều cần xem",
            "rows": "Dòng cần xem",
            "columns": "Các cột",
            "file": "Tệp",
            "role": "Là gì",
            "operator": "Nhà mạng, công nghệ",
            "count": "Số dòng",
            "shapes": "Hình",
            "crs": "Hệ toạ độ",
            "as_of": "Ngày số liệu",
            "extent": "Phạm vi (WGS 84)",
            "error": "Lỗi",
            "warning": "Cảnh báo",
            "note": "Lưu ý",
            "severity": "Mức độ",
            "sentence": "Nội dung và việc cần làm",
            "hits": "Số chỗ",
            "first": "Những dòng đầu",
            "row": "Dòng",
            "lat": "Vĩ độ",
            "lon": "Kinh độ",
            "field": "Hiểu là",
            "column": "Cột trong tệp",
            "strange": "(chưa hiểu)",
            "nothing": "Không có gì.",
        },
        "en": {
            "title": "Data report",
            "reconstruction": "RECONSTRUCTION: rebuilt from published figures, not surveyed.",
            "files": "Files",
            "findings": "Findings",
            "rows": "Rows to look at",
            "columns": "Columns",
            "file": "File",
            "role": "What it is",
            "operator": "Operator, technology",
            "count": "Rows",
            "shapes": "Shapes",
            "crs": "Coordinate system",
            "as_of": "As of",
            "extent": "Extent (WGS 84)",
            "error": "Errors",
            "warning": "Warnings",
            "note": "Notes",
            "severity": "Severity",
            "sentence": "What was found and what to do",
            "hits": "How many",
            "first": "First rows",
            "row": "Row",
            "lat": "Latitude",
            "lon": "Longitude",
            "field": "Understood as",
            "column": "Column of the file",
            "strange": "(not understood)",
            "nothing": "Nothing.",
        },
    }
)

SEVERITIES: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "vi": {"error": "Lỗi", "warning": "Cảnh báo", "note": "Lưu ý"},
        "en": {"error": "Error", "warning": "Warning", "note": "Note"},
    }
)

ROLES: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "vi": {
            "villages": "thôn, bản",
            "centres": "trung tâm thôn, bản",
            "communes": "xã, phường",
            "districts": "huyện, thị, thành",
            "layer": "lớp phủ sóng",
            "extent": "phạm vi số liệu của nhà mạng",
            "zones_5g": "vùng triển khai 5G",
            "sites": "trạm",
            "population": "lưới dân số",
            "settled": "điểm dân cư",
            "terrain": "mô hình địa hình",
            "measurements": "đo kiểm",
            "raster": "ảnh lưới",
            "table": "chưa rõ là gì",
            "study": "tệp mô tả bộ dữ liệu",
        },
        "en": {
            "villages": "villages",
            "centres": "village centres",
            "communes": "communes",
            "districts": "districts",
            "layer": "coverage layer",
            "extent": "extent of a filing",
            "zones_5g": "5G rollout zones",
            "sites": "sites",
            "population": "population raster",
            "settled": "settled places",
            "terrain": "terrain model",
            "measurements": "measurements",
            "raster": "raster",
            "table": "not known what it is",
            "study": "study file",
        },
    }
)

KINDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "vi": {
            "Point": "điểm",
            "MultiPoint": "điểm",
            "LineString": "đường",
            "MultiLineString": "đường",
            "Polygon": "vùng",
            "MultiPolygon": "vùng",
            "GeometryCollection": "hình hỗn hợp",
            "Raster": "ảnh lưới",
        },
        "en": {
            "Point": "points",
            "MultiPoint": "points",
            "LineString": "lines",
            "MultiLineString": "lines",
            "Polygon": "polygons",
            "MultiPolygon": "polygons",
            "GeometryCollection": "mixed shapes",
            "Raster": "raster",
        },
    }
)

REPAIRS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "vi": {
            "sheet": "Đã sửa",
            "file": "Tệp",
            "row": "Dòng",
            "id": "Mã hoặc tên",
            "what": "Đã làm gì",
            "before": "Trước",
            "after": "Sau",
            "geometry": "sửa hình vẽ sai",
            "empty-row": "bỏ dòng không có vị trí",
            "repeated-row": "bỏ dòng trùng hoàn toàn với dòng trước",
            "name": "ghép dấu vào chữ (NFC), bỏ ký tự không nhìn thấy",
            "not-repaired": "giữ nguyên: không ghi lại được loại tệp này",
            "left-alone": "Các thôn, bản chồng lấn nhau được giữ nguyên: đất thuộc về ai là do con "
            "người quyết định.",
        },
        "en": {
            "sheet": "Repairs",
            "file": "File",
            "row": "Row",
            "id": "Id or name",
            "what": "What was done",
            "before": "Before",
            "after": "After",
            "geometry": "broken shape made valid",
            "empty-row": "row without a place taken out",
            "repeated-row": "row that repeats an earlier one taken out",
            "name": "letters and marks joined (NFC), unseen characters taken out",
            "not-repaired": "left as it is: this kind of file is not written again",
            "left-alone": "Villages that overlap are left as they are: whose land it is, people "
            "decide.",
        },
    }
)
