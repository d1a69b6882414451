"""Until when something is owed: the day and hour, with the words that say so; also counted days,
and each month's.

On doubt nothing: a day on which something ends, opens, was born or took effect is no deadline.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta

from service.text import clean, find_dates, fold

HOUR = (
    r"(?P<h>\d{1,2})\s*+(?:giờ|h|g|:)\s*+(?P<i>\d{2})?\s*+(?:phút|['’])?"
    r"\s*+(?P<half>sáng|trưa|chiều|tối)?"
)
HALF_AFTER = r"(?:[\s,;(]*+(?P<half2>sáng|trưa|chiều|tối)(?!\w))?"
DAY_WORDS = (
    r"[\s,;(\-]*+(?:(?:(?:thứ\s++\w++(?:\s++(?:sáu|bảy|hai|ba|tư|năm)(?!\w))?|chủ "
    r"nhật)[\s,;(\-]*+)?"
    r"(?:(?:vào\s++)?(?:hết\s++)?ngày\s++)?)\(?"
)
_FILLERS = (
    r"(?:[\s:]++(?:là|vào|đến|trước|hết|nộp|gửi|hồ sơ|báo "
    r"cáo|lúc|hồi|cuối|trong)(?!\w)){0,8}[\s:]*+"
)
_UNTIL = re.compile(
    r"(?<!\w)(?P<key>trước|chậm nhất|đến hết|cho đến hết|hết|muộn nhất|không quá|không muộn hơn"
    r"|(?:gia |thời "
    r")?hạn(?:\s(?!(?:từ|kể)\s)[^\W\d_]++){0,8}?(?:\s(?:là|đến|vào|trước)|\s?:|(?=\s(?:\d|ngày)))"
    r"|hoàn thành (?:trong|trước)|(?:xong|gửi|nộp|báo cáo|trả lời)(?:\s[^\W\d_]++){0,3}?\strong)"
    rf"{_FILLERS}(?:{HOUR}{HALF_AFTER})?{DAY_WORDS}$",
    re.IGNORECASE,
)
_HOUR_SAID = re.compile(rf"(?<!\d){HOUR}{HALF_AFTER}", re.IGNORECASE)
_TO = re.compile(rf"(?<!\w)(?P<key>đến)\s++(?:{HOUR}{HALF_AFTER})?{DAY_WORDS}$", re.IGNORECASE)
_SAME_DAY = re.compile(
    rf"(?<!\w)(?:trước|chậm nhất|muộn nhất|không quá)(?:\s(?:là|vào"
    rf"|lúc)){{0,2}}\s{HOUR}{HALF_AFTER}[\s,]{{0,3}}(?:trong\s)?cùng ngày",
    re.IGNORECASE,
)
_NUMBERED_DAY = re.compile(
    r"(?:ngày|sáng|trưa|chiều|tối|đêm|hôm nay|hôm qua)\s*\(?$|(?<!\w)(?:trước|hạn|nhất|hết)\s$",
    re.IGNORECASE,
)
_BARE = re.compile(r"\d{1,2}/\d{1,2}")
_AFTER_BARE = re.compile(r"\s*(?:[.;,:!?)\n]|$|(?:để|về|và|theo|nhằm|cho)(?!\w))")
_RECURRING = re.compile(r"[\s,]*(?:của\s)?(?:hằng|hàng|mỗi|các|từng)\s(?:năm|tháng|quý|tuần)")
_EVERY_MONTH = re.compile(
    r"(?<!\w)(?:(?:hằng|hàng|mỗi) tháng[\s,]{0,3}(?:[^\W\d_]+\s){0,4}?trước ngày "
    r"(?P<d1>\d{1,2})(?![\w/.\-]| tháng)"
    r"|trước ngày (?P<d2>\d{1,2})(?: của)? (?:hằng|hàng|mỗi) tháng)",
    re.IGNORECASE,
)
# What stands in the clause of a day until which something goes on, and owes nothing.
_GOES_ON = re.compile(
    r"(?<!\w)(?:nghỉ|hiệu lực|áp dụng|diễn ra|trưng bày|triển lãm|mở cửa|cấm|tạm dừng|tạm "
    r"ngừng|ngừng cấp"
    r"|nhiệm kỳ|giai đoạn|trực (?:ban|tết|lễ|chiến đấu|phòng)|có thời hạn|hợp đồng|đóng cửa|niêm "
    r"yết|phát sóng"
    r"|giá trị|giấy phép|bảo hành|mưa|rét|nắng nóng|tính (?:từ|đến)|lễ hội|chương trình khuyến "
    r"mại)(?!\w)"
)
_OWES = re.compile(
    r"(?<!\w)(?:nhận|nộp|đăng ký|gửi|góp ý|ý kiến|gia hạn|kéo dài|lùi|hồ sơ|kê khai|thời "
    r"hạn|hạn|báo cáo"
    r"|bình chọn|dự thi)(?!\w)"
)
_AS_OF = re.compile(r"(?<!\w)(?:tính|từ ngày[^.;]{1,40}tính|kể)\s$", re.IGNORECASE)
_NEVER_OWED = re.compile(
    r"(?<!\w)(?:từ|sinh|nhập ngũ|kết hôn|nghỉ hưu|về|ngay|ngày|bế mạc|khai mạc|diễn ra|bắt đầu"
    r"|(?:trận|giải|thi|thi đấu|kỳ họp|chương trình)(?:\s[^\W\d_]+){0,3}\skết thúc)\s$",
    re.IGNORECASE,
)
_DONE_BEFORE = re.compile(r"(?<!\w)đã(?:\s[^\W\d_]+){0,4}\s$", re.IGNORECASE)
_FORBIDS = re.compile(r"[\s,]{0,3}(?:không được|bị cấm|mới được|cấm)(?!\w)")
_OF_THE_PAST = re.compile(
    r"(?<!\w)(?:sử dụng|tuyển dụng|ban hành|cấp|phát sinh|xảy ra|thành lập|xây dựng|hình thành|vi "
    r"phạm"
    r"|công nhận|tồn tại|ký"
    r"|hoạt động|làm việc|được giao|hưởng|tham gia|đóng|bổ nhiệm)(?:\s[^\W\d_]+){0,3}\s$",
    re.IGNORECASE,
)
_DONE = re.compile(r"[^.;\n]{0,60}(?<!\w)(?:đã|đạt)(?!\w)")
_CLAUSE_END = re.compile(r"[.;!?]\s|\n(?=[A-ZĐ\-+*\d])")
_PAPER = (
    r"(?:văn bản|công văn|thông báo|kế hoạch|quyết định|công điện|chỉ thị|hướng dẫn|nghị "
    r"quyết|giấy mời"
    r"|quy chế|quy định)"
)
_COUNTED = re.compile(
    r"(?<!\w)(?:(?:trong|chậm nhất|muộn nhất|thời hạn|không quá)\s)(?:(?:thời hạn|vòng|thời "
    r"gian|là|sau"
    r"|không quá|tối đa)\s){0,3}"
    r"(?P<n>\d{1,3})\s?(?:\([^)\d]{1,30}\)\s?)?ngày(?P<working>\slàm việc)?[\s,]{0,3}(?:kể\s)?(?:từ"
    r"|sau)\s(?:ngày|khi)\s"
    rf"(?:(?P<received>(?:nhận|tiếp "
    rf"nhận)(?:\sđược)?\s(?:{_PAPER})(?:\s(?:này|trên))?(?![^\S\n]+của))"
    rf"|(?P<issued>(?:được\s)?(?:ký|ban hành|phát hành)(?:\sban "
    rf"hành)?(?:\s{_PAPER}(?:\snày)?|(?=\s?[,.;:)\n]|\s?$))"
    rf"|{_PAPER}\snày\sđược\s(?:ký|ban hành))(?!\w)|(?P<day>(?=\d)))",
    re.IGNORECASE,
)
_COUNTS = ("từ ngày", "từ khi", "sau ngày", "sau khi")
_MONTHS = ("ằng tháng", "àng tháng", "ỗi tháng")  # a text without them costs no search
# A post may come months after its document; a day years before it is history, no deadline.
_OLDEST = timedelta(days=730)
_BACK = 90
_CLAUSE = 160
_SAME_DAY_BACK = 300


@dataclass(frozen=True, slots=True)
class Due:
    """Until when something is owed. `at` is the hour of Asia/Ho_Chi_Minh, None for the day's end.

    `every` is a recurrence rule (RFC 5545, section 3.3.10) where it comes again; then there is no
    `on`.
    """

    on: date | None
    at: time | None
    words: str
    every: str | None = None


def find_due(
    text: str, near: date | None, issued_on: date | None = None, days_off: Collection[date] = ()
) -> tuple[Due, ...]:
    """All until when a text asks for something, past days too, in its order, each once.

    `near` is the day on which it was published, and counts as that of its receipt; `issued_on` that
    of the document.
    """
    dates = find_dates(text, near, _NUMBERED_DAY)
    found = [
        *_dated(text, dates, near),
        *_same_day(text, dates),
        *_counted(text, near, issued_on, days_off),
        *_monthly(text),
    ]
    first: dict[tuple[date | None, time | None, str | None], Due] = {}
    for _, due in sorted(found, key=lambda pair: pair[0]):
        if due.on is None or near is None or due.on >= near - _OLDEST:
            first.setdefault((due.on, due.at, due.every), due)
    return tuple(first.values())


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


def hour_said(words: str) -> time | None:
    """The hour that the words of a deadline name; None where they name none."""
    hour = hour_of(_HOUR_SAID.search(words))
    return time(*hour) if hour else None


def until_before(text: str, start: int) -> re.Match[str] | None:
    """The words for a deadline that end where a day begins."""
    return _UNTIL.search(text, max(start - _BACK, 0), start)


def _dated(
    text: str, dates: list[tuple[date, int, int]], near: date | None
) -> Iterator[tuple[int, Due]]:
    for when, start, end in dates:
        match = until_before(text, start) or _TO.search(text, max(start - _BACK, 0), start)
        if match is None or _RECURRING.match(text, end):
            continue
        if (
            _BARE.fullmatch(text, start, end)
            and "ngày" not in match[0].lower()
            and not _AFTER_BARE.match(text, end)
        ):
            continue  # a fraction: `trước 2/3 số hộ`
        if _is_owed(text, match, when, end, near):
            yield match.start(), Due(when, _time(match), clean(text[match.start() : end]))


def _is_owed(text: str, match: re.Match[str], when: date, end: int, near: date | None) -> bool:
    key, start = match["key"].lower(), match.start()
    clause = _clause(text, start)
    if near and when <= near and _DONE_BEFORE.search(text, max(start - 60, 0), start):
        return False
    if key.startswith("trước"):
        if _NEVER_OWED.search(text, max(start - 60, 0), start):
            return False
        return not (near and when < near and _OF_THE_PAST.search(text, max(start - 60, 0), start))
    if key.endswith(("đến", "hết", "đến hết")) or "hạn" in key:
        whole = fold(f"{clause}{match[0]}")
        if (
            _GOES_ON.search(whole)
            or _AS_OF.search(text, max(start - 60, 0), start)
            or _FORBIDS.match(text, end)
        ):
            return False
        if not clause.strip() and _DONE.match(text, end):
            return False
        return key != "đến" or _OWES.search(whole) is not None
    return True


def _clause(text: str, end: int) -> str:
    first = max(end - _CLAUSE, 0)
    ends = [match.end() for match in _CLAUSE_END.finditer(text, first, end)]
    return text[ends[-1] if ends else first : end]


def _time(match: re.Match[str]) -> time | None:
    hour = hour_of(match)
    return time(*hour) if hour else None


def _same_day(text: str, dates: list[tuple[date, int, int]]) -> Iterator[tuple[int, Due]]:
    """`trước 19 giờ cùng ngày`: of the day that stands nearest before it."""
    for match in _SAME_DAY.finditer(text) if "cùng ngày" in text else ():
        before = [
            when for when, _, end in dates if match.start() - _SAME_DAY_BACK <= end <= match.start()
        ]
        at = _time(match)
        if before and at is not None:
            yield match.start(), Due(before[-1], at, clean(match[0]))


def _counted(
    text: str, near: date | None, issued_on: date | None, days_off: Collection[date]
) -> Iterator[tuple[int, Due]]:
    """`trong thời hạn 05 ngày làm việc kể từ ngày ký`; the day from which is counted is none of
    them."""
    for match in _COUNTED.finditer(text) if any(words in text for words in _COUNTS) else ():
        end = match.end()
        since = near if match["received"] else issued_on
        if match["day"] is not None:
            explicit = find_dates(text[end : end + 40])
            since = explicit[0][0] if explicit and explicit[0][1] == 0 else None
            end += explicit[0][2] if explicit else 0
        if since is None or _GOES_ON.search(fold(_clause(text, match.start()))):
            continue
        on = _after(since, int(match["n"]), days_off if match["working"] else None)
        yield match.start(), Due(on, None, clean(text[match.start() : end]))


def _after(since: date, days: int, days_off: Collection[date] | None) -> date:
    """The day that comes `days` after another; where days off are given, those and week-ends are
    not counted."""
    if days_off is None:
        return since + timedelta(days=days)
    on = since
    while days:
        on += timedelta(days=1)
        days -= on.weekday() < 5 and on not in days_off
    return on


def _monthly(text: str) -> Iterator[tuple[int, Due]]:
    for match in _EVERY_MONTH.finditer(text) if any(words in text for words in _MONTHS) else ():
        day = int(match["d1"] or match["d2"])
        if 1 <= day <= 31:
            yield match.start(), Due(None, None, clean(match[0]), f"FREQ=MONTHLY;BYMONTHDAY={day}")
