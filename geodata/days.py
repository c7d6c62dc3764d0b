"""Days as files write them: ISO, Vietnamese, months, years, quarters, Unix seconds."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd

from geodata.columns import text

FIRST, LAST = date(1990, 1, 1), date(2100, 1, 1)


PATTERNS = (
    r"(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})(?!\d)",
    r"(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?P<year>\d{4})(?!\d)",
    r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)$",
    r"(?P<year>\d{4})[-_/ ]?(?P<month>\d\d)$",
    r"(?P<year>\d{4})[-_/ ]?[TQtq](?P<quarter>[1-4])$",
    r"[TQtq](?P<quarter>[1-4])[-_/ ]?(?P<year>\d{4})$",
    r"(?P<year>\d{4})$",
)


def day_of(word: str) -> date | None:
    """The day a cell or a name tells, None for anything else; of a period, its first day.

    >>> day_of("2023-08-30T10:00:00Z"), day_of("30/8/2023"), day_of("201812")
    (datetime.date(2023, 8, 30), datetime.date(2023, 8, 30), datetime.date(2018, 12, 1))
    >>> day_of("2023T3"), day_of("2021"), day_of("soon")
    (datetime.date(2023, 7, 1), datetime.date(2021, 1, 1), None)
    """
    bare = word.strip()
    for pattern in PATTERNS:
        if found := re.match(pattern, bare):
            return _day(**found.groupdict())
    return None


def _day(year: str, month: str = "1", day: str = "1", quarter: str | None = None) -> date | None:
    try:
        found = date(int(year), 3 * int(quarter) - 2 if quarter else int(month), int(day))
    except ValueError:
        return None
    return found if FIRST <= found < LAST else None


IN_NAMES = re.compile(
    r"(?<!\d)(?:\d{1,2}[-_.]\d{1,2}[-_.]20\d\d|20\d\d[-_.]?\d\d[-_.]?\d\d|20\d\d[-_.]?\d\d"
    r"|20\d\d[-_ ]?[TQtq][1-4]|[TQtq][1-4][-_ ]?20\d\d|\d{1,2}[-_.]20\d\d|20\d\d)(?!\d)"
)
"""Days, months, quarters and years of this century as names of files have them."""


def day_in_name(name: str) -> date | None:
    """The day that the name of a file or layer tells, the last where it tells several.

    >>> day_in_name("viettel_4g_2023-06.gpkg"), day_in_name("2022/viettel_4g.gpkg")
    (datetime.date(2023, 6, 1), datetime.date(2022, 1, 1))
    >>> day_in_name("VT_30_08_2023.zip"), day_in_name("thang 6-2023"), day_in_name("xa_17329")
    (datetime.date(2023, 8, 30), datetime.date(2023, 6, 1), None)
    """
    told = [re.sub(r"[_.]", "-", one) for one in IN_NAMES.findall(name)]
    turned = [re.sub(r"^(\d{1,2})-(\d{4})$", r"\2-0\1", one) for one in told]
    days = [day_of(re.sub(r"-0(\d\d)$", r"-\1", one)) for one in turned]
    return next((day for day in reversed(days) if day is not None), None)


def days_of(column: pd.Series) -> pd.Series:
    """Each cell as a day, None where it tells none. The index is kept."""
    if pd.api.types.is_datetime64_any_dtype(column):
        held = [None if pd.isna(moment) else moment.date() for moment in column]
    else:
        words = text(column)
        known = {word: day_of(word) for word in words.dropna().unique()}
        held = [known.get(word) for word in words.fillna("")]
    return pd.Series(held, index=column.index, dtype="object")


def unix_days(seconds: pd.Series) -> pd.Series:
    """Days (UTC) of seconds since 1970, None for what is no plausible time. The index is kept."""
    values = seconds.to_numpy("float64", na_value=np.nan)
    low, high = (datetime(d.year, d.month, d.day, tzinfo=UTC).timestamp() for d in (FIRST, LAST))
    held = [
        datetime.fromtimestamp(value, UTC).date() if low <= value < high else None
        for value in values.tolist()
    ]
    return pd.Series(held, index=seconds.index, dtype="object")
