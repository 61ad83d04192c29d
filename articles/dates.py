"""When an original appeared: as a seed gives the date, or as a dateline tells it. Pure."""

import re
from datetime import date

_DATE = re.compile(r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})(?!\d)\s*日?")
_DATELINE = re.compile(
    r"(?:(?P<start>)|.{0,100}?(?<!\d)(?=\d{4}年\d{1,2}月\d{1,2}日(?:电|讯|消息|报道)))"
    r"(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})日"
)


def given(value: str) -> tuple[date | None, bool]:
    """The date that a value begins with, and whether it says nothing more."""
    match = _DATE.match(value)
    return (_valid(match), match.end() == len(value)) if match else (None, False)


def in_text(text: str) -> date | None:
    """The date with which a text begins, or that of its dateline: 新华社北京2024年5月6日电."""
    match = _DATELINE.match(text)
    return _valid(match) if match else None


def _valid(match: re.Match) -> date | None:
    try:
        found = date(*(int(match[part]) for part in ("year", "month", "day")))
    except ValueError:
        return None
    return found if 1990 <= found.year < 2100 else None
