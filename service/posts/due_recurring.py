"""What is owed again and again, as rules of RFC 5545, section 3.3.10: each day, week, month,
quarter or year.

A rhythm alone is none (`tiếp công dân vào ngày 15 hằng tháng`): somebody has to report, send or be
done by then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import time

from service.posts.due_words import HALF_AFTER, HOUR, Due, clause_before, time_of
from service.text import clean, fold

_EACH = r"(?:hằng|hàng|mỗi)"
_BEFORE = r"(?:trước|chậm nhất|muộn nhất|không quá)"
_HOUR_FIRST = r"(?:\d{1,2}\s?(?:giờ|h|g|:)\s?(?:\d\d)?(?:\sphút)?,?\s)?"
_NTH = r"(?:mùng\s|mồng\s|thứ\s)?"
_NO_MONTH = r"(?![\w/\-]|\.\d|(?:\scủa)?\stháng\s(?:\d|đầu|cuối|thứ))"
_AT = rf"(?:{HOUR}{HALF_AFTER}[\s,]{{0,3}})"
_DAY_NAME = r"(?:thứ\s(?P<name>hai|ba|tư|năm|sáu|bảy|[2-7])|(?P<sunday>chủ\snhật))"
_DAILY = re.compile(
    rf"(?<!\w)(?:{_BEFORE}|(?P<on>vào|lúc))(?:\s(?:là|vào|lúc)){{0,2}}\s{_AT}(?:(?:và|,)\s\d{{1,2}}\s?(?:giờ"
    rf"|h)\s?(?:\d\d)?\s)?(?:{_EACH}\sngày|các ngày trong tuần)"
    rf"|(?<!\w){_EACH}\sngày,?\s{_BEFORE}(?:\s(?:là|vào|lúc)){{0,2}}\s"
    rf"{HOUR.replace('<h>', '<h3>').replace('<i>', '<i3>').replace('<half>', '<half3>')}",
    re.IGNORECASE,
)
_WEEKLY = re.compile(
    rf"(?<!\w)(?:(?:{_BEFORE}|định kỳ|vào|chiều|sáng)(?:\s(?:là|vào|lúc|chiều|sáng|ngày))"
    rf"{{0,2}}\s)?{_AT}?(?:(?:chiều|sáng)\s)?(?:ngày\s)?{_DAY_NAME},?\s{_EACH}\stuần(?!\w)"
    rf"|(?<!\w){_EACH}\stuần[\s,(]{{1,3}}(?:[^\W\d_]{{1,9}}\s){{0,3}}?(?P<until>{_BEFORE}|vào)\s"
    rf"{_HOUR_FIRST}"
    r"(?:(?:[^\W\d_]{1,6}\s){0,2}?)(?:ngày\s)?thứ\s(?P<name2>hai|ba|tư|năm|sáu|bảy|[2-7])(?!\w)",
    re.IGNORECASE,
)
_MONTHLY = re.compile(
    rf"(?<!\w)(?:(?:{_EACH}"
    rf"|báo cáo)\stháng[\s,(]{{0,3}}(?:(?!quý|năm"
    rf"|tuần)[^\W\d_]{{1,12}}\s){{0,4}}?{_BEFORE}(?:\slà)?"
    rf"(?:\svào)?\s{_HOUR_FIRST}ngày\s{_NTH}(?P<d1>\d{{1,2}}){_NO_MONTH}"
    rf"|{_BEFORE}(?:\slà)?(?:\svào)?\s{_HOUR_FIRST}ngày\s{_NTH}(?P<d2>\d{{1,2}})(?:\scủa)?\s(?:{_EACH}\stháng"
    rf"|tháng\s(?:sau|kế tiếp|tiếp theo|liền kề))"
    rf"|các\stháng\s(?:sau|tiếp theo|còn"
    rf" lại),?\s(?:[^\W\d_]{{1,12}}\s){{0,2}}?{_BEFORE}\s(?:ngày\s)?"
    rf"{_NTH}(?P<d4>\d{{1,2}}){_NO_MONTH}"
    rf"|(?P<on>(?:(?<=:)|vào|định kỳ|vào các)\s)ngày\s{_NTH}(?P<d3>\d{{1,2}})\s{_EACH}\stháng)",
    re.IGNORECASE,
)
_QUARTERLY = re.compile(
    rf"(?<!\w)(?:{_BEFORE}|(?P<on>vào))\sngày\s{_NTH}(?P<d>\d{{1,2}})(?:\scủa)?\stháng"
    rf"\s(?P<which>đầu|cuối|thứ hai)"
    rf"(?:\scủa)?(?:\s{_EACH})?\squý(?P<next>\ssau|\skế tiếp|\stiếp theo|\sliền kề)?",
    re.IGNORECASE,
)
_YEARLY = re.compile(
    rf"(?<!\w)(?:{_BEFORE}\s(?:ngày\s)?(?P<d1>\d{{1,2}})(?:/|\stháng\s)(?P<m1>\d{{1,2}})"
    rf"(?:\scủa)?\s{_EACH}\snăm"
    rf"|{_EACH}\snăm[\s,(]{{0,3}}(?:[^\W\d_]{{1,12}}\s){{0,4}}?{_BEFORE}\s(?:ngày\s)?"
    r"(?P<d2>\d{1,2})(?:/|\stháng\s)(?P<m2>\d{1,2})(?![/\d]))",
    re.IGNORECASE,
)
_ANY_HOUR = re.compile(rf"(?<!\d){HOUR}", re.IGNORECASE)
_OTHER_DAYS = re.compile(
    rf"(?<!\w){_BEFORE}\s(?:ngày\s)?(?P<d>\d{{1,2}})/(?P<m>\d{{1,2}})(?![/\d])", re.IGNORECASE
)
_OTHER_DAYS_BACK = 120
_OWES = re.compile(
    r"(?<!\w)(?:báo cáo|gửi|nộp|trình|cập nhật|tổng hợp|đăng ký|thông báo|quyết toán|chốt|đồng bộ"
    r"|đối chiếu"
    r"|kê khai|hoàn thành|nhắn|báo|(?:tổng|dọn) vệ sinh)(?!\w)"
)
_WEEKDAYS = {
    "hai": "MO", "ba": "TU", "tư": "WE", "năm": "TH", "sáu": "FR", "bảy": "SA",
    "2": "MO", "3": "TU", "4": "WE", "5": "TH", "6": "FR", "7": "SA",
}  # fmt: skip
_MONTHS = {"đầu": "1,4,7,10", "thứ hai": "2,5,8,11", "cuối": "3,6,9,12"}
_MARKS = (
    "ằng",
    "àng ",
    "ỗi ",
    "quý",
    "tháng sau",
    "tháng kế",
    "tháng tiếp",
    "tháng còn",
    "trong tuần",
)
"""A text without them costs no search."""
_REST, _NEAR_REST = re.compile(r"[^.;\n]{0,50}"), re.compile(r"[^.;\n]{0,16}")
_MEETS = re.compile(r"(?<!\w)(?:họp|giao ban|sinh hoạt|tiếp công dân|phiên|chào cờ)(?!\w)")


def find_recurring(text: str) -> Iterator[Due]:
    """All of a text; the hour, where one is said, is that of each day."""
    lowered = text.lower()
    if not any(mark in lowered for mark in _MARKS):
        return
    for pattern, read in _KINDS:
        for match in pattern.finditer(text):
            found = read(text, match)
            if found is not None:
                rule, at = found
                words = clean(match[0])
                yield Due(None, at, words, rule, match.start(), match.end())
            if pattern is _YEARLY:
                yield from _days_before(text, match.start())


def _days_before(text: str, end: int) -> Iterator[Due]:
    """The other days of one enumeration: `trước ngày 31/7 và … trước ngày 30/11 hằng năm`."""
    clause = max(text.rfind(mark, max(end - _OTHER_DAYS_BACK, 0), end) for mark in ".\n")
    first = max(clause + 1, end - _OTHER_DAYS_BACK, 0)
    for match in _OTHER_DAYS.finditer(text, first, end):
        rule = _yearly(match["d"], match["m"])
        if rule is not None:
            yield Due(None, None, clean(match[0]), rule, match.start(), match.end())


def _read_daily(text: str, match: re.Match[str]) -> tuple[str, time | None] | None:
    if match["on"] and not _is_owed(text, match):
        return None
    at = time_of(match)
    if at is None and match["h3"] and int(match["h3"]) < 24:
        at = time(int(match["h3"]), min(int(match["i3"] or 0), 59))
    return "FREQ=DAILY", at


def _read_weekly(text: str, match: re.Match[str]) -> tuple[str, time | None] | None:
    name = (match["name"] or match["name2"] or "").lower()
    is_until = (
        re.match(_BEFORE, match[0], re.IGNORECASE) or (match["until"] or "vào").lower() != "vào"
    )
    if not is_until and not _is_owed(text, match):
        return None
    return f"FREQ=WEEKLY;BYDAY={_WEEKDAYS.get(name, 'SU')}", time_of(match)


def _read_monthly(text: str, match: re.Match[str]) -> tuple[str, time | None] | None:
    day = int(match["d1"] or match["d2"] or match["d3"] or match["d4"])
    if not 1 <= day <= 31 or (match["on"] and not _is_owed(text, match)):
        return None
    return f"FREQ=MONTHLY;BYMONTHDAY={day}", time_of(_ANY_HOUR.search(match[0]))


def _read_quarterly(text: str, match: re.Match[str]) -> tuple[str, None] | None:
    if match["on"] and not _is_owed(text, match):
        return None
    day = int(match["d"])
    months = _MONTHS[match["which"].lower()]
    return (f"FREQ=YEARLY;BYMONTH={months};BYMONTHDAY={day}", None) if 1 <= day <= 31 else None


def _read_yearly(_: str, match: re.Match[str]) -> tuple[str, None] | None:
    rule = _yearly(match["d1"] or match["d2"], match["m1"] or match["m2"])
    return (rule, None) if rule is not None else None


def _yearly(day: str, month: str) -> str | None:
    if not (1 <= int(day) <= 31 and 1 <= int(month) <= 12):
        return None
    return f"FREQ=YEARLY;BYMONTH={int(month)};BYMONTHDAY={int(day)}"


def _is_owed(text: str, match: re.Match[str]) -> bool:
    before = clause_before(text, match.start())
    rest = _REST if not before.strip() else _NEAR_REST
    after = rest.match(text, match.end())
    around = fold(f"{before} {after[0] if after else ''}")
    return _OWES.search(around) is not None and _MEETS.search(around) is None


_Reader = Callable[[str, "re.Match[str]"], "tuple[str, time | None] | None"]
_KINDS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (_DAILY, _read_daily),
    (_WEEKLY, _read_weekly),
    (_MONTHLY, _read_monthly),
    (_QUARTERLY, _read_quarterly),
    (_YEARLY, _read_yearly),
)
