"""Dates that a page states in words: "Posted on 12 September 2023. Modified on 14.09.2023"."""

import re
from datetime import UTC, datetime
from typing import NamedTuple

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = (
    r"(?:(?P<y1>\d{4})-(?P<m1>\d{1,2})-(?P<d1>\d{1,2})"
    r"|(?P<d2>\d{1,2})\.(?P<m2>\d{1,2})\.(?P<y2>\d{4})"
    r"|(?P<d3>\d{1,2})(?:st|nd|rd|th)?\s+(?P<m3>[A-Za-z]{3,9})\.?,?\s+(?P<y3>\d{4})"
    r"|(?P<m4>[A-Za-z]{3,9})\.?\s+(?P<d4>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y4>\d{4}))"
    r"(?:,?\s+(?:at\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?:\s*(?:UTC|GMT|Z)\b)?)?"
)
_WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+)?"
_PUBLISHED = re.compile(rf"\b(?:posted|published|first published)(?:\s+on)?[:\s]+{_WEEKDAY}{_DATE}", re.IGNORECASE)
_MODIFIED = re.compile(
    rf"\b(?:modified|updated|last updated|last modified|corrected)(?:\s+on)?[:\s]+{_WEEKDAY}{_DATE}", re.IGNORECASE
)


class Stated(NamedTuple):
    published: datetime | None
    modified: datetime | None


def stated_dates(text: str) -> Stated:
    """The first of either kind. A day without a time is its beginning, UTC; dotted dates are day.month.year."""
    return Stated(_first(_PUBLISHED, text), _first(_MODIFIED, text))


def _first(pattern: re.Pattern[str], text: str) -> datetime | None:
    return next((date for found in pattern.finditer(text) if (date := _date(found))), None)


def _date(found: re.Match[str]) -> datetime | None:
    parts = found.groupdict()
    for n in "1234":
        if parts[f"y{n}"]:
            month = _month(parts[f"m{n}"])
            try:
                return datetime(
                    int(parts[f"y{n}"]),
                    month,
                    int(parts[f"d{n}"]),
                    int(parts["hour"] or 0),
                    int(parts["minute"] or 0),
                    tzinfo=UTC,
                )
            except ValueError:
                return None
    return None


def _month(word: str) -> int:
    """1 to 12; 0, which is no month, for any other word."""
    if word.isdigit():
        return int(word)
    return _MONTHS.index(word[:3].lower()) + 1 if word[:3].lower() in _MONTHS else 0
