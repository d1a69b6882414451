"""When and where something begins."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from service.posts.due import until_before
from service.posts.due_words import DAY_WORDS, HALF_AFTER, HOUR, hour_of
from service.text import LOCAL, clean, find_dates

_END = r"(?:\s*+(?:[-–]|đến)\s*+\d{1,2}\s*+(?:giờ|h|g|:)\s*+(?:\d{2})?(?:\s*+phút)?)?"
_AT_BEFORE = re.compile(rf"(?<![\w:/.]){HOUR}{_END}{HALF_AFTER}{DAY_WORDS}$", re.IGNORECASE)
_AT_AFTER = re.compile(
    r"[\s,;(]*+(?:(?:vào\s++)?(?:hồi|lúc)|bắt đầu(?:\s++(?:từ|lúc))?|từ|thời gian)?\s*+(?::\s*+)?"
    rf"(?<!\d){HOUR}(?!\d)",
    re.IGNORECASE,
)
_VENUE = re.compile(
    r"[\s,;.):]*+(?:\([^)]{0,30}\)[\s,;.]*+)?(?:[Đđ]ịa "
    r"điểm\s*+:?|tại)\s*+(?::\s*+)?(?P<venue>[^.;\n]{3,120})",
    re.IGNORECASE,
)
_VENUE_LINE = re.compile(
    r"(?<!\w)địa điểm(?: tổ chức)?\s*+:\s*+(?P<venue>[^.;\n]{3,120})", re.IGNORECASE
)
_VENUE_ENDS = re.compile(
    r"(?:,|(?<![\s,]))\s++(?:UBND|HĐND|Ban|Đảng ủy|Huyện ủy|Ủy ban)\b[^,]{0,120}?\s(?:tổ chức|đã "
    r"tổ chức)"
    r"|,\s++(?:đồng chí|ông|bà)\b|(?<!\s)\s++(?:đã\s++)?(?:tổ chức|diễn ra|khai mạc)\b"
)


def find_meeting(text: str, near: date | None) -> tuple[datetime | None, str | None]:
    """When and where a meeting or event begins: `vào hồi 14 giờ 00 ngày …, tại …`; None for what is
    not said."""
    for when, start, end in find_dates(text, near):
        if until_before(text, start):
            continue
        before = _AT_BEFORE.search(text, max(start - 60, 0), start)
        after = None if before else _AT_AFTER.match(text, end)
        hour = hour_of(before or after)
        if hour is not None:
            at = datetime(when.year, when.month, when.day, *hour, tzinfo=LOCAL)
            venue = _VENUE.match(text, after.end() if after else end) or _VENUE_LINE.search(text)
            return at.astimezone(UTC), _venue(venue["venue"]) if venue else None
    return None, None


def _venue(words: str) -> str:
    end = _VENUE_ENDS.search(words)
    return clean(words[: end.start()] if end else words).rstrip(" ,:-")
