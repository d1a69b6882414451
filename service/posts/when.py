"""Until when something is owed, and when and where something begins, with the words that say so."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from service.text import LOCAL, clean, find_dates
from service.types import Deadline

_HOUR = r"(?P<h>\d{1,2})\s*+(?:giờ|h|g|:)\s*+(?P<i>\d{2})?\s*+(?:phút|['’])?\s*+(?P<half>sáng|trưa|chiều|tối)?"
_END = r"(?:\s*+(?:[-–]|đến)\s*+\d{1,2}\s*+(?:giờ|h|g|:)\s*+(?:\d{2})?(?:\s*+phút)?)?"
_DAY_WORDS = r"[\s,;(\-]*+(?:(?:thứ\s++\w++|chủ nhật)[\s,;(\-]*+)?(?:(?:vào\s++)?(?:hết\s++)?ngày\s++)?"
_UNTIL = re.compile(
    r"(?<!\w)(?:trước|chậm nhất|đến hết|cho đến hết|hết|muộn nhất|thời hạn|không quá|không muộn hơn"
    r"|hạn (?:chót|cuối cùng|cuối|nộp|trả lời|báo cáo|đăng ký)|hoàn thành (?:trong|trước))"
    r"(?:[\s:]++(?:là|vào|đến|trước|hết|nộp|gửi|hồ sơ|báo cáo|lúc|hồi|cuối)){0,8}[\s:]*+"
    rf"(?:{re.sub('[?]P<[a-z]+>', '', _HOUR)})?"
    rf"{_DAY_WORDS}$",
    re.IGNORECASE,
)
_AT_BEFORE = re.compile(rf"(?<![\w:/.]){_HOUR}{_END}{_DAY_WORDS}$", re.IGNORECASE)
_AT_AFTER = re.compile(
    r"[\s,;(]*+(?:(?:vào\s++)?(?:hồi|lúc)|bắt đầu(?:\s++(?:từ|lúc))?|từ|thời gian)?\s*+(?::\s*+)?"
    rf"(?<!\d){_HOUR}(?!\d)",
    re.IGNORECASE,
)
_VENUE = re.compile(
    r"[\s,;.):]*+(?:\([^)]{0,30}\)[\s,;.]*+)?(?:[Đđ]ịa điểm\s*+:?|tại)\s*+(?::\s*+)?(?P<venue>[^.;\n]{3,120})",
    re.IGNORECASE,
)
_VENUE_LINE = re.compile(r"(?<!\w)địa điểm(?: tổ chức)?\s*+:\s*+(?P<venue>[^.;\n]{3,120})", re.IGNORECASE)
_VENUE_ENDS = re.compile(
    r"(?:,|(?<![\s,]))\s++(?:UBND|HĐND|Ban|Đảng ủy|Huyện ủy|Ủy ban)\b[^,]{0,120}?\s(?:tổ chức|đã tổ chức)"
    r"|,\s++(?:đồng chí|ông|bà)\b|(?<!\s)\s++(?:đã\s++)?(?:tổ chức|diễn ra|khai mạc)\b"
)
# A post may come months after its document; a day years before it is history, no deadline.
_OLDEST = timedelta(days=730)


def find_deadlines(text: str, near: date | None) -> tuple[Deadline, ...]:
    """The days until which something is asked for, past ones too, each once, with its words. `near`: its day."""
    found: dict[date, Deadline] = {}
    for when, start, end in find_dates(text, near):
        match = _UNTIL.search(text, max(start - 60, 0), start)
        if match and (near is None or when >= near - _OLDEST):
            found.setdefault(when, Deadline(when, clean(text[match.start() : end])))
    return tuple(found.values())


def find_meeting(text: str, near: date | None) -> tuple[datetime | None, str | None]:
    """When and where a meeting or event begins: `vào hồi 14 giờ 00 ngày …, tại …`; None for what is not said."""
    for when, start, end in find_dates(text, near):
        if _UNTIL.search(text, max(start - 60, 0), start):
            continue
        before = _AT_BEFORE.search(text, max(start - 60, 0), start)
        after = None if before else _AT_AFTER.match(text, end)
        hour = _hour(before or after)
        if hour is not None:
            at = datetime(when.year, when.month, when.day, *hour, tzinfo=LOCAL)
            venue = _VENUE.match(text, after.end() if after else end) or _VENUE_LINE.search(text)
            return at.astimezone(UTC), _venue(venue["venue"]) if venue else None
    return None, None


def _hour(match: re.Match[str] | None) -> tuple[int, int] | None:
    """Hour and minute on the 24-hour clock; None where no clock shows them."""
    if match is None:
        return None
    hour, minute, half = int(match["h"]), int(match["i"] or 0), (match["half"] or "").lower()
    if half in ("chiều", "tối") and hour < 12:
        hour += 12
    return (hour, minute) if hour <= 23 and minute <= 59 else None


def _venue(words: str) -> str:
    end = _VENUE_ENDS.search(words)
    return clean(words[: end.start()] if end else words).rstrip(" ,:-")
