"""Names of columns that hold classes of coverage, and words for "no coverage" in them."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

from geodata.columns import plain

ClassKind = Literal["pixels", "dbm", "yes-no", "class"]
"""Of what a column's name says it is: values of a polygonised raster, levels, yes or no, or any."""

PIXELS = frozenset(
    [
        "dn",
        "gridcode",
        "gridvalue",
        "rastervalue",
        "rastervalu",
        "rasterval",
        "rastercode",
        "pixelvalue",
        "pixelvalu",
        "pixel",
        "cellvalue",
    ]
)
DBM = frozenset(
    [
        "rsl",
        "rss",
        "rssi",
        "rxl",
        "rxlev",
        "rxlevel",
        "rxpower",
        "signal",
        "signallevel",
        "signalleve",
        "signalstrength",
        "signalstre",
        "siglevel",
        "sigstrength",
        "bestsignal",
        "strength",
        "fieldstrength",
        "fieldstren",
        "power",
        "receivedpower",
        "minsignal",
        "mucthu",
        "muctinhieu",
        "mucsong",
        "cuongdo",
        "cuongdosong",
        "cuongdoson",
        "cuongdotinhieu",
        "cuongdotin",
        "tinhieu",
    ]
)
YES_NO = frozenset(
    [
        "covered",
        "coverage",
        "iscovered",
        "cover",
        "cov",
        "served",
        "isserved",
        "service",
        "hassignal",
        "hascoverage",
        "incoverage",
        "phusong",
        "cosong",
        "daphusong",
        "vungphu",
        "song",
    ]
)
CLASS = frozenset(
    [
        "value",
        "values",
        "giatri",
        "val",
        "class",
        "classes",
        "classid",
        "classcode",
        "classname",
        "loai",
        "maloai",
        "tenloai",
        "loaisong",
        "loaivung",
        "phanloai",
        "lop",
        "level",
        "levels",
        "lvl",
        "muc",
        "mucphu",
        "mucdo",
        "cap",
        "capdo",
        "category",
        "categories",
        "cat",
        "type",
        "kieu",
        "nhom",
        "status",
        "state",
        "tinhtrang",
        "trangthai",
        "quality",
        "chatluong",
        "legend",
        "chugiai",
        "pct",
        "percent",
        "percentage",
        "pctcov",
        "pctcovered",
        "pctcoverage",
        "covpct",
        "coveredpct",
        "coveragepct",
        "percentcov",
        "percentcovered",
        "percentcoverage",
        "coveragepercent",
        "phantram",
        "phantramphu",
        "phantramphusong",
        "tyle",
        "tylephu",
        "tylephusong",
        "tile",
        "tilephu",
        "tilephusong",
        "range",
        "bin",
        "grade",
        "rank",
    ]
)

NO = frozenset(
    {
        "0", "no", "n", "none", "false", "f", "null", "nodata", "no data", "background", "nen",
        "outside", "khong", "khong co", "chua", "chua co", "ko", "k", "k co", "trang", "empty",
        "chua phu", "khong phu", "vung trang", "vung lom", "mat song", "khong song",
    }
)  # fmt: skip
"""What says "no coverage" in a column of classes, in `plain` form."""

SURELY_NO = frozenset(
    {
        "no coverage", "no signal", "no service", "not covered", "not served", "no cover",
        "uncovered", "unserved", "non covered", "without coverage", "without signal",
        "out of coverage", "out of service", "outside coverage", "zero coverage", "dead zone",
        "khong co song", "khong phu song", "khong duoc phu song",
        "khong co vung phu", "khong co tin hieu", "khong tin hieu", "chua co song",
        "chua phu song", "chua duoc phu song", "trang song", "vung trang song",
        "vung khong co song", "vung khong phu song", "ngoai vung phu",
        "ngoai vung phu song", "lom song", "vung lom song", "out of range",
    }
)  # fmt: skip
"""What says it in any column; without marks no name of a place reads so (Chùa Phú, mặt sông)."""

DOUBTED_NO = frozenset(
    {
        "no data",
        "nodata",
        "background",
        "outside",
        "null",
        "none",
        "khong co",
        "chua co",
        "khong phu",
        "chua phu",
        "vung lom",
        "khong song",
        "uncovered",
        "noncoverage",
    }
)
"""What may say it under a name that tells of no classes; what is so called is doubted."""

YES = frozenset(
    {
        "yes", "y", "true", "t", "x", "1", "co", "da co", "phu", "da phu", "covered", "served",
        "coverage", "co song", "phu song", "da phu song", "in", "inside",
    }
)  # fmt: skip
"""What says that there is something, in `plain` form; "no" beside it means there is none."""

JOINED_NO = frozenset(one.replace(" ", "") for one in SURELY_NO)
"""The words of `SURELY_NO` as "NoCoverage" and "KHONGPHUSONG" have them."""

MOST_WORDS = 6
"""In a text of more, such words may be part of something else."""


def kind_of_column(name: str) -> ClassKind | None:
    """What a column's name says that it holds, None where it is no name of classes.

    >>> kind_of_column("DN"), kind_of_column("Grid_Code"), kind_of_column("RSRP_dBm")
    ('pixels', 'pixels', 'dbm')
    >>> kind_of_column("LOẠI"), kind_of_column("Phủ sóng"), kind_of_column("village")
    ('class', 'yes-no', None)
    """
    key = re.sub(r"\d+g?$", "", plain(name).replace(" ", ""))
    if key in PIXELS:
        return "pixels"
    if key in DBM or re.search(r"rsrp|rscp|dbm", key):
        return "dbm"
    if key in YES_NO:
        return "yes-no"
    return "class" if key in CLASS else None


def says_no(word: str, *, in_classes: bool) -> bool:
    """Whether a word says that there is no coverage; in a column of classes "no" alone does.

    >>> says_no("0: Không có sóng", in_classes=False), says_no("không", in_classes=False)
    (True, False)
    >>> says_no("vùng không có sóng 4G", in_classes=False), says_no("có sóng", in_classes=True)
    (True, False)
    """
    told = re.sub(r"^\d+ (?=\D)", "", plain(word))  # "0 - no coverage"
    if told in SURELY_NO or told in JOINED_NO or (in_classes and told in NO):
        return True
    within = f" {told} "
    short = told.count(" ") < MOST_WORDS
    return short and any(f" {one} " in within for one in SURELY_NO if " " in one)


def may_say_no(words: Collection[str]) -> bool:
    """Whether a column whose name tells nothing may say yes and no of coverage.

    >>> may_say_no({"Có", "Không"}), may_say_no({"N", "S"}), may_say_no({"4G", "background"})
    (True, False, True)
    """
    told = {plain(one) for one in words}
    if len(told) < 2:
        return False
    return bool(told & DOUBTED_NO) or bool(told & YES and told & NO)
