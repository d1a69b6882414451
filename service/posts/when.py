"""Until when something is owed, and when and where something begins, with the words that say so."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from service.text import LOCAL, clean, find_dates
from service.types import Deadline

_UNTIL = re.compile(
    r"(?:trước|chậm nhất|đến hết|hết|muộn nhất|hạn (?:chót|cuối|nộp|cuối cùng)|thời hạn|không quá|hoàn thành trong)"
    r"(?:\s+(?:là|vào|đến|trước|hết|nộp|gửi))*(?:\s*:)?(?:\s+\d{1,2}\s*(?:giờ|h|g|:)\s*(?:\d{2})?)?"
    r"(?:\s*(?:phút|,))*(?:\s+(?:ngày|hết ngày))?\s*\(?$",
    re.IGNORECASE,
)
_AT = re.compile(
    r"(?:(?:vào\s+)?(?:hồi|lúc)|thời gian\s*:?|bắt đầu(?:\s+từ)?|từ)\s*:?\s*(?P<h>\d{1,2})\s*(?:giờ|h|g|:)"
    r"\s*(?P<i>\d{2})?\s*(?:phút|['’])?"
    r"(?:\s*(?:sáng|chiều|tối))?[\s,(]*(?:thứ\s+\w+|chủ nhật)?[\s,(]*(?:ngày\s+)?$",
    re.IGNORECASE,
)
_VENUE = re.compile(
    r"[\s,;.):]*(?:\([^)]{0,30}\)[\s,;.]*)?(?:[Đđ]ịa điểm\s*:?|tại)\s*:?\s*(?P<venue>[^.;\n]{3,120})", re.IGNORECASE
)
_VENUE_ENDS = re.compile(
    r",?\s+(?:UBND|HĐND|Ban|Đảng ủy|Huyện ủy|Ủy ban)\b[^,]*?\s+(?:tổ chức|đã tổ chức)"
    r"|,\s+(?:đồng chí|ông|bà)\b|\s+(?:đã\s+)?(?:tổ chức|diễn ra|khai mạc)\b"
)


def find_deadlines(text: str, near: date | None) -> tuple[Deadline, ...]:
    """The days until which something is asked for, each once, with the words. `near` dates the text."""
    found: dict[date, Deadline] = {}
    for when, start, end in find_dates(text, near):
        match = _UNTIL.search(text, max(start - 60, 0), start)
        if match:
            found.setdefault(when, Deadline(when, clean(text[match.start() : end])))
    return tuple(found.values())


def find_meeting(text: str, near: date | None) -> tuple[datetime | None, str | None]:
    """When and where a meeting or event begins: `vào hồi 14 giờ 00 ngày …, tại …`; None for what is not said."""
    for when, start, end in find_dates(text, near):
        match = _AT.search(text, max(start - 60, 0), start)
        if match is None or int(match["h"]) > 23 or int(match["i"] or 0) > 59:
            continue
        at = datetime(when.year, when.month, when.day, int(match["h"]), int(match["i"] or 0), tzinfo=LOCAL)
        venue = _VENUE.match(text, end)
        return at.astimezone(UTC), _venue(venue["venue"]) if venue else None
    return None, None


def _venue(words: str) -> str:
    end = _VENUE_ENDS.search(words)
    return clean(words[: end.start()] if end else words).rstrip(" ,:-")
