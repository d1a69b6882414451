"""What is to be done within a month or a quarter: `hoàn thành trong tháng 11 năm 2026`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from service.posts.due_words import GOES_ON, Due, clause_before
from service.text import clean, fold

_MONTH_END = re.compile(
    r"(?<!\w)trong\s(?:tháng\s(?P<month>1[0-2]|0?[1-9])|quý\s(?P<quarter>IV|I{1,3}|[1-4])"
    r"|(?P<whole>năm(?=\s20\d\d)))"
    r"(?:(?:\s?(?:/|năm\s)\s?|(?<=năm)\s)(?P<year>20\d\d))?(?![\w/])",
    re.IGNORECASE,
)
_ASKED = re.compile(r"(?<!\w)(?:hoàn thành|xong|báo cáo|nộp|gửi|trình|dứt điểm|thu|ban hành)(?!\w)")
_TOLD = re.compile(r"(?<!\w)(?:đã|kết quả|tình hình|dự kiến|sẽ)(?!\w)")
_QUARTERS = {"i": 1, "ii": 2, "iii": 3, "iv": 4}


def find_month_ends(text: str, since: date | None) -> Iterator[Due]:
    """The last day of each month or quarter within which something has to be done after `since`;
    none where that is not known."""
    if since is None or " trong " not in text:
        return
    for match in _MONTH_END.finditer(text):
        on = _last_day(match, since)
        before = fold(clause_before(text, match.start()))
        if on <= since or _TOLD.search(before) or GOES_ON.search(before):
            continue
        is_range = _ASKED.search(before) is None
        if is_range and not match["year"]:
            continue
        words, (start, end) = clean(match[0]), match.span()
        yield Due(on, None, words, start=start, end=end, is_range=is_range)


def _last_day(match: re.Match[str], since: date) -> date:
    """Where no year is said, that of the next such month."""
    if match["whole"]:
        return date(int(match["year"]), 12, 31)
    quarter = (match["quarter"] or "").lower()
    month = int(match["month"] or 3 * (_QUARTERS.get(quarter) or int(quarter)))
    year = int(match["year"] or since.year + (month < since.month))
    first = date(year, month, 1)
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
