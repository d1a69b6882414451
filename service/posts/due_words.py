"""The words of hours and days that a deadline is said with, the clause that it stands in, and the
value that is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time

HOUR = (
    r"(?P<h>\d{1,2})\s*+(?:giờ|h|g|:)(?![^\W\d_])\s*+(?P<i>\d{2})?\s*+(?:phút|['’])?"
    r"\s*+(?P<half>sáng|trưa|chiều|tối)?"
)
HALF_AFTER = r"(?:[\s,;(]*+(?P<half2>sáng|trưa|chiều|tối)(?!\w))?"
DAY_WORDS = (
    r"[\s,;(\-]*+(?:(?:sáng|trưa|chiều|tối|vào|hết|ngày|(?:mùng|mồng)(?:\s\d{1,2}\stết)?"
    r"|tuần (?:này|sau|tới)|thứ\s++\w++"
    r"(?:\s++(?:sáu|bảy|hai|ba|tư|năm)(?!\w))?|chủ nhật)(?!\w)[\s,;(\-]*+){0,6}+"
)
GOES_ON = re.compile(
    r"(?<!\w)(?:nghỉ|hiệu lực|áp dụng|diễn ra|trưng bày|triển lãm|mở cửa|cấm|tạm dừng|tạm "
    r"ngừng|ngừng cấp"
    r"|giữ nguyên|mục tiêu|chỉ tiêu|không thay đổi|hoạt động|nhiệm kỳ|giai đoạn|trực (?:ban|tết"
    r"|lễ|chiến đấu|phòng)|có thời hạn|hợp đồng|đóng cửa|niêm "
    r"yết|phát sóng|được đăng|số liệu (?:lấy|tính|chốt)|sử dụng đất|thuê đất|hạn sử dụng|kỳ báo cáo"
    r"|giảm \d{1,2}%|giá trị|giấy phép|bảo hành"
    r"|mưa|rét|nắng nóng|tính (?:từ|đến)|lễ hội|chương trình khuyến "
    r"mại)(?!\w)"
)
"""What stands in the clause of a day until which something goes on, and owes nothing."""

_CLAUSE_END = re.compile(r"[.;!?]\s|\n(?=[A-ZĐ\-+*\d])")
_CLAUSE_CHARS = 160


@dataclass(frozen=True, slots=True)
class Due:
    """Until when something is owed. `at` is the hour of Asia/Ho_Chi_Minh, None for the day's end.

    `every` is a recurrence rule (RFC 5545, section 3.3.10) where it comes again; then there is no
    `on`. `start` and `end` are the offsets of the words; `is_range`: it is the last day of a period
    (`từ … đến …`), which is owed only where somebody has to act in it.
    """

    on: date | None
    at: time | None
    words: str
    every: str | None = None
    start: int = 0
    end: int = 0
    is_range: bool = False


def clause_before(text: str, end: int) -> str:
    """The words of the same clause before an offset."""
    first = max(end - _CLAUSE_CHARS, 0)
    ends = [match.end() for match in _CLAUSE_END.finditer(text, first, end + 1)]
    ends = [one for one in ends if one <= end]
    return text[ends[-1] if ends else first : end]


def hour_of(match: re.Match[str] | None) -> tuple[int, int] | None:
    """Hour and minute on the 24-hour clock of a match of `HOUR`; None where no clock shows them."""
    if match is None or match["h"] is None:
        return None
    named = match.groupdict()
    half = (named["half"] or named.get("half2") or "").lower()
    hour, minute = int(match["h"]), int(match["i"] or 0)
    if half in ("chiều", "tối") and hour < 12:
        hour += 12
    return (hour, minute) if hour <= 23 and minute <= 59 else None


def time_of(match: re.Match[str] | None) -> time | None:
    """The same as a time of day."""
    hour = hour_of(match)
    return time(*hour) if hour else None
