"""Until when something is owed: the day and hour, with the words that say so.

On doubt nothing: a day on which something ends, opens, was born or took effect is no deadline.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, time, timedelta

from service.posts.due_counted import find_counted
from service.posts.due_month import find_month_ends
from service.posts.due_recurring import find_recurring
from service.posts.due_table import find_rows
from service.posts.due_words import (
    DAY_WORDS,
    GOES_ON,
    HALF_AFTER,
    HOUR,
    Due,
    clause_before,
    hour_of,
    time_of,
)
from service.text import clean, find_dates, fold

_FILLERS = (
    r"(?:[\s:]++(?:là|vào|đến|trước|hết|khi (?:kết thúc|hết)|thời điểm|nộp|gửi|hồ sơ|báo "
    r"cáo|giờ làm việc|lúc|hồi|cuối|trong)(?!\w)){0,8}[\s:]*+"
)
_UNTIL = re.compile(
    r"(?<!\w)(?P<key>trước|chậm nhất|đến hết|cho đến hết|hết|muộn nhất|trễ nhất|không (?:để )?quá"
    r"|không (?:để )?(?:muộn|chậm|trễ) hơn|không để sau|thời điểm đóng thầu\s?:"
    r"|(?:thời gian )?(?:hoàn thành|báo cáo|gửi|nộp|trả lời|trình)(?:\s[^\W\d_]++){0,4}?\s?:"
    r"|(?<!quá )(?<!hết )(?:gia |thời "
    r")?hạn(?! cũ| dùng| sử dụng)"
    r"(?:\s(?!(?:từ|kể)\s)[^\W\d_]++){0,8}?(?:\s(?:là|đến|vào|trước)|\s?:"
    r"|(?=\s(?:\d|ngày|$)))"
    r"|(?:hoàn thành|xong) (?:trong|trước|vào)|kết thúc trước"
    r"|(?:khóa|khoá|đóng) (?:sổ |cổng |hệ thống |phần mềm )?(?:lúc|vào)"
    r"|(?:ngay )?trong|vào|hoàn thành|xong|kết thúc)"
    rf"{_FILLERS}(?:{HOUR}{HALF_AFTER})?{DAY_WORDS}$",
    re.IGNORECASE,
)
_HOUR_SAID = re.compile(rf"(?<!\d){HOUR}{HALF_AFTER}", re.IGNORECASE)
_HOUR_BEHIND = re.compile(rf"\s?[,(]\s?(?:lúc\s|trước\s)?{HOUR}(?=\s?(?:[.;)\n]|$))", re.IGNORECASE)
"""`chậm nhất là trưa 28/11, 11 giờ 30.`"""
_TO = re.compile(
    rf"(?<![\w\-–])(?P<key>đến|[-–])\s++(?:{HOUR}{HALF_AFTER})?{DAY_WORDS}$", re.IGNORECASE
)
_ON = frozenset({"trong", "vào", "ngay trong", "hoàn thành", "xong", "kết thúc"})
_HANDED = re.compile(
    r"(?<!\w)(?:xong|hoàn thành|gửi|nộp|báo cáo|báo|trình|trả lời|chốt|bàn giao|phản hồi)"
    r"(?!\scũ)(?!(?:\s[^\s.;]++){0,12}?\s(?:họp|hội nghị|phiên|lễ|đại hội|kỳ họp|tổ chức"
    r"|diễn ra|đã|được|cho biết"
    r"|làm việc|kiểm tra|khai mạc|sẽ|dự|tại)(?!\w))(?:\s[^\s.;]++){0,16}\s*$",
    re.IGNORECASE,
)
"""Somebody hands something over on the day itself: `gửi về Sở trong ngày …`."""
_SAME_DAY = re.compile(
    rf"(?<!\w)(?:trước|chậm nhất|muộn nhất|không quá)(?:\s(?:là|vào"
    rf"|lúc)){{0,2}}\s{HOUR}{HALF_AFTER}[\s,]{{0,3}}(?:trong\s)?cùng ngày",
    re.IGNORECASE,
)
_NUMBERED_DAY = re.compile(
    r"(?:ngày|sáng|trưa|chiều|tối|đêm|hôm nay|hôm qua)\s*\(?$|(?<!\w)(?:trước|hạn|nhất|hết|cuối"
    r"|chót|hơn|trong|đến)"
    r"(?:\s?:|\s(?:là|đến|vào))?\s$"
    r"|\d{1,2}/\d{1,2}\s(?:đến|-|–)\s$|từ\s(?:ngày\s)?\d{1,2}\s(?:đến|-|–)\s$|(?:thứ\s\w{2,4}"
    r"|chủ nhật)[\s,(]{1,3}$",
    re.IGNORECASE,
)
_BARE = re.compile(r"\d{1,2}/\d{1,2}")
_AFTER_BARE = re.compile(r"\s*(?:[.;,:!?)\n]|$|(?:để|về|và|theo|nhằm|cho)(?!\w))")
_RECURRING = re.compile(r"[\s,]*(?:của\s)?(?:hằng|hàng|mỗi|các|từng)\s(?:năm|tháng|quý|tuần)")
_OWES = re.compile(
    r"(?<!\w)(?:nhận|nộp|đăng ký|gửi|góp ý|ý kiến|gia hạn|kéo dài|lùi|hồ sơ|kê khai|thời "
    r"hạn|hạn|báo cáo"
    r"|bình chọn|dự thi)(?!\w)"
)
_TO_ANOTHER = re.compile(r"\s*+(?:[-–]|đến\s)")
_OWES_IN = re.compile(
    r"(?<!\w)(?:(?:tiếp )?nhận (?:hồ sơ|đơn|bài|phiếu|ảnh|tác phẩm)|nộp|xác nhận|đăng ký|góp ý"
    r"|ý kiến|gia hạn|kéo dài|lùi"
    r"|kê khai|thời hạn|hạn|bình chọn|dự thi|bán hồ sơ|hồ sơ (?:được )?nhận)(?!\w)"
)
"""The same of a period: to report on it is not to report in it."""
_AS_OF = re.compile(r"(?<!\w)(?:tính|từ ngày[^.;]{1,40}tính|kể)\s$", re.IGNORECASE)
_NEVER_OWED = re.compile(
    r"(?<!\w)(?:từ|(?<!học )(?<!thí )(?<!tuyển )(?<!vệ )sinh|nhập ngũ|kết hôn|nghỉ hưu|trở về"
    r"|ngay|ngày|bế mạc|khai mạc|diễn ra|bắt đầu"
    r"|(?:trận|giải|thi|thi đấu|kỳ họp|chương trình)(?:\s[^\W\d_]+){0,3}\skết thúc)\s$",
    re.IGNORECASE,
)
_ENTITLES = re.compile(r"[\s,]{0,3}(?:thì )?(?:được|hưởng|vẫn|tiếp tục)(?!\w)")
"""After a day before which something had to be, for a right: `hồ sơ nộp trước ngày … được …`."""
_WEATHER = re.compile(r"(?<!\w)(?:trời|không khí lạnh|nhiệt độ|thời tiết)(?!\w)", re.IGNORECASE)
_FORBIDS = re.compile(r"[\s,]{0,3}(?:không được|bị cấm|mới được|cấm)(?!\w)")
_OF_THE_PAST = re.compile(
    r"(?<!\w)(?:sử dụng|tuyển dụng|ban hành|cấp|phát sinh|xảy ra|thành lập|xây dựng|hình thành|vi "
    r"phạm"
    r"|công nhận|tồn tại|ký"
    r"|hoạt động|làm việc|được giao|hưởng|tham gia|đóng|bổ nhiệm)(?:\s[^\W\d_]+){0,3}\s$",
    re.IGNORECASE,
)
_DONE = re.compile(r"[^.;\n]{0,60}(?<!\w)(?:đã|đạt)(?!\w)")
_SAME_TERM = re.compile(r"(?<!\w)cùng (?:thời )?hạn(?: (?:nêu )?trên)?(?!\w)", re.IGNORECASE)
_TODAY = re.compile(
    rf"(?<!\w)(?:trước|chậm nhất|muộn nhất|không quá)(?:\s(?:là|vào|lúc)){{0,2}}\s"
    rf"{HOUR}{HALF_AFTER}"
    r"\s{0,3}(?P<day>(?:(?:ngày\s)?hôm\s)?nay|(?:ngày\s)?mai)(?!\w)",
    re.IGNORECASE,
)
_HOUR_ALONE = re.compile(
    rf"(?<!\w)(?:xong )?(?:trước|chậm nhất|muộn nhất|không quá)(?:\s(?:là|vào|lúc)){{0,2}}\s{HOUR}",
    re.IGNORECASE,
)
_DAY_FOLLOWS = re.compile(
    r"[\s,(]{0,3}(?:ngày|mùng|mồng|rằm|hằng|hàng|mỗi|cùng|các ngày|nay|mai|hôm|sáng|trưa|chiều|tối"
    r"|thứ|chủ nhật|\d)(?!\w)"
    r"|[\s,(]{0,3}\d",
    re.IGNORECASE,
)
_AGAIN = re.compile(r"(?<!\w)(?:hằng|hàng|mỗi) (?:ngày|tuần|tháng)|lần/|/lần", re.IGNORECASE)
_HANDS_OVER = re.compile(
    r"(?<!\w)(?:xong|hoàn thành|gửi|nộp|báo cáo|báo|trình|trả lời|chốt|bàn giao|chuyển|phản hồi"
    r"|cung cấp)(?!\w)",
    re.IGNORECASE,
)
_FROM = re.compile(r"(?<!\w)từ\s(?:(?!từ\s)[^.;:\n]){2,60}$", re.IGNORECASE)
_KEPT_UP = re.compile(
    r"(?<!\w)(?:duy trì|túc trực|thường trực|canh trực|ứng trực|canh gác|tuần tra"
    r"|bố trí lực lượng)(?!\w)",
    re.IGNORECASE,
)
"""What somebody has to keep up until a day."""
_PHASE = re.compile(
    r"giai đoạn\s\w{1,4}\s?\((?:từ\s)?(?:ngày\s)?\d{1,2}/\d{1,2}(?:/\d{4})?\s?(?:[-–]|đến)\s?"
    r"(?:ngày\s)?$",
    re.IGNORECASE,
)
_AFTER_PHASE = re.compile(r"\s?\)\s?[:,]")
_IN_CITATION = re.compile(
    r"\((?:theo|tại|nêu tại|quy định tại)\s[^()\n]{2,150}$"
    r"|/[^\W\d_]{2}[\w\-]{0,20}(?:\sngày\s[\d/]{6,10})?\s\([^()\n]{0,150}$",
    re.IGNORECASE,
)
_FORECAST = re.compile(r"(?<!\w)dự kiến(?!\w)[^,;:]*$", re.IGNORECASE)
_SET_ELSEWHERE = re.compile(
    r"(?<!\w)(?:phê duyệt|giao|quy định|ấn định|yêu cầu)\stại\s[^.;]{2,120}$", re.IGNORECASE
)
_SET_BEFORE = re.compile(
    r"(?:tại|theo|trước đó,?)\s(?:công văn|văn bản|kế hoạch|thông báo|công điện|quyết định|hướng "
    r"dẫn)",
    re.IGNORECASE,
)
_CHANGED = re.compile(r"(?<!\w)(?:nay|gia hạn|lùi|kéo dài|điều chỉnh)(?!\w)", re.IGNORECASE)
_EXTENDS = re.compile(r"(?<!\w)(?:gia hạn|lùi|kéo dài|điều chỉnh)(?!\w)", re.IGNORECASE)
_TELLS = re.compile(
    r"(?<!\w)(?:năm ngoái|năm trước|đã|đạt|theo|như kế hoạch|căn cứ|thực hiện)(?!\w)", re.IGNORECASE
)
_IN_YEAR = re.compile(r"[\W_]*+năm (?P<year>20\d\d)(?!\d)", re.IGNORECASE)
_TELLS_AFTER = re.compile(r"(?<!\w)(?:đã|đạt|như kế hoạch|chưa|còn|mới)(?!\w)", re.IGNORECASE)
_CITED = 160
# A post may come months after its document; a day years before it is history, no deadline.
_OLDEST = timedelta(days=730)
_BACK = 90
_SAME_DAY_BACK = 300


def find_due_and_periods(
    text: str, near: date | None, issued_on: date | None = None, days_off: Collection[date] = ()
) -> tuple[Due, ...]:
    """All until when a text asks for something, past days too, in its order, as often as it is
    said; and the last days of periods in which something goes on or is done.

    `near` is the day on which it was published, and counts as that of its receipt; `issued_on` that
    of the document.
    """
    dates = find_dates(text, near, _NUMBERED_DAY)
    reference = issued_on or near
    recurring = list(find_recurring(text))
    found = [
        *_dated(text, dates, reference),
        *_same_day(text, dates),
        *(_today(text, near) if near else ()),
        *find_month_ends(text, reference),
        *find_counted(text, near, issued_on, days_off),
        *recurring,
    ]
    if near:
        found += [
            due
            for due in _hour_alone(text, dates, near)
            if not any(due.start < one.end and one.start < due.end for one in found)
        ]
    found = list(_with_tables(text, dates, found))
    kept: list[Due] = []
    for due in sorted(found, key=lambda due: due.start):
        if due.on is not None and any(
            due.start < one.end and one.start < due.end for one in recurring
        ):
            continue  # the day is that of each year
        if due.on is not None and _FORECAST.search(clause_before(text, due.start)):
            continue
        if due.on is None or near is None or due.on >= near - _OLDEST:
            kept.append(due)
    for match in _SAME_TERM.finditer(text):
        before = [due for due in kept if due.end <= match.start() and due.on is not None]
        if before:
            last, (start, end) = before[-1], match.span()
            kept.append(replace(last, words=clean(match[0]), start=start, end=end))
    return tuple(sorted(kept, key=lambda due: due.start))


def hour_in(words: str) -> time | None:
    """The hour that the words of a deadline name; None where they name none."""
    hour = hour_of(_HOUR_SAID.search(words))
    return time(*hour) if hour else None


def until_before(text: str, start: int) -> re.Match[str] | None:
    """The words for a deadline that end where a day begins."""
    match = _words_before(text, start)
    return match if match is not None and match["key"].lower() not in _ON else None


def _words_before(text: str, start: int) -> re.Match[str] | None:
    """The same, and those that only may be: `vào ngày …`."""
    return _UNTIL.search(text, max(start - _BACK, 0), start)


def _dated(text: str, dates: list[tuple[date, int, int]], reference: date | None) -> Iterator[Due]:
    for when, start, end in dates:
        phase = _PHASE.search(text, max(start - _BACK, 0), start)
        if phase is not None and _AFTER_PHASE.match(text, end):
            words = clean(text[phase.start() : end])
            yield Due(when, None, words, start=phase.start(), end=end, is_range=True)
            continue
        match = _words_before(text, start) or _TO.search(text, max(start - _BACK, 0), start)
        if match is None or _RECURRING.match(text, end) or _is_fraction(text, match, start, end):
            continue
        at = time_of(match)
        hour = None if at else _HOUR_BEHIND.match(text, end)
        if hour is not None and (behind := time_of(hour)) is not None:
            at, end = behind, hour.end()
        due = Due(when, at, clean(text[match.start() : end]), start=match.start(), end=end)
        if _is_told(text, match, when, end, reference):
            continue
        if _is_owed(text, match, when, end, reference):
            yield due
        elif match["key"].lower().startswith(("đến", "-", "–")):
            yield from _period(text, due)


def _is_fraction(text: str, match: re.Match[str], start: int, end: int) -> bool:
    """`trước 2/3 số hộ`."""
    return (
        _BARE.fullmatch(text, start, end) is not None
        and "ngày" not in match[0].lower()
        and _AFTER_BARE.match(text, end) is None
    )


def _period(text: str, due: Due) -> Iterator[Due]:
    """The period that a day ends, where its beginning is said, or where something is kept up."""
    since = _FROM.search(text, max(due.start - _BACK, 0), due.start)
    if since is not None:
        words = clean(text[since.start() : due.end])
        yield replace(due, words=words, start=since.start(), is_range=True)
    elif _KEPT_UP.search(clause_before(text, due.start)):
        yield replace(due, is_range=True)


def _is_told(text: str, match: re.Match[str], when: date, end: int, reference: date | None) -> bool:
    """Whether a day is only told of: one that was kept, missed, or stood in the document before."""
    key, start = match["key"].lower(), match.start()
    clause = clause_before(text, start)
    year = _IN_YEAR.match(clause)
    if year is not None and reference is not None and int(year["year"]) < reference.year:
        return True
    if _IN_CITATION.search(text, max(start - _CITED, 0), start) or _SET_ELSEWHERE.search(clause):
        return True
    if _SET_BEFORE.match(clause.lstrip()) and _CHANGED.search(text, end, end + _CITED):
        return True
    if reference is None or when > reference:
        return False
    following = text[end : end + 60].partition(";")[0].partition(". ")[0]
    is_told = _TELLS.search(clause) is not None or _TELLS_AFTER.search(following) is not None
    if key.startswith("đến") and not _EXTENDS.search(clause):
        is_period = _FROM.search(text, max(start - _BACK, 0), start) is not None
        return is_told or is_period or not clause.strip()
    return is_told and when < reference


def _is_owed(text: str, match: re.Match[str], when: date, end: int, near: date | None) -> bool:
    key, start = match["key"].lower(), match.start()
    clause = clause_before(text, start)
    if key in ("-", "–") or (key.endswith(":") and _TO_ANOTHER.match(text, end)):
        return False
    if key.startswith("trước"):
        if _NEVER_OWED.search(text, max(start - 60, 0), start) or _ENTITLES.match(text, end):
            return False
        is_past = near is not None and when < near
        told = _OF_THE_PAST.search(text, max(start - 60, 0), start) if is_past else None
        return told is None and _WEATHER.search(clause) is None
    if key == "kết thúc trước":
        ended = start + len("kết thúc ")
        return _NEVER_OWED.search(text, max(start - 60, 0), ended) is None
    if key.startswith(("khóa", "khoá", "đóng")):
        return _OWES.search(fold(clause)) is not None
    if key == "kết thúc":
        return _OWES_IN.search(fold(clause)) is not None
    if key in _ON:
        return _HANDED.search(f"{clause}{key}") is not None
    if key.endswith(("đến", "hết", "đến hết")) or "hạn" in key:
        return _ends_a_term(text, match, end, clause)
    return True


def _ends_a_term(text: str, match: re.Match[str], end: int, clause: str) -> bool:
    """Whether something is owed until then, and does not only go on."""
    key, start = match["key"].lower(), match.start()
    whole = fold(f"{clause}{match[0]}")
    if (
        GOES_ON.search(whole)
        or _AS_OF.search(text, max(start - 60, 0), start)
        or _FORBIDS.match(text, end)
        or (not clause.strip() and _DONE.match(text, end))
    ):
        return False
    owes = _OWES_IN if _FROM.search(text, max(start - _BACK, 0), start) else _OWES
    return key != "đến" or owes.search(whole) is not None


def _with_tables(text: str, dates: list[tuple[date, int, int]], found: list[Due]) -> Iterator[Due]:
    """What stands in a table's column of the time is the term, with or without a word for it."""
    cells = [row.when for row in find_rows(text)]
    for first, last in cells:
        inside = [one for one in dates if first <= one[1] < last]
        if inside and not any(first <= due.start < last and not due.is_range for due in found):
            when, start, end = inside[-1]
            yield Due(when, None, clean(text[first:last]), start=start, end=end)
    for due in found:
        if not (due.is_range and any(first <= due.start < last for first, last in cells)):
            yield due


def _hour_alone(text: str, dates: list[tuple[date, int, int]], near: date) -> Iterator[Due]:
    """`xong trước 15 giờ`: of the day named last in the same line, else of the text's own."""
    for match in _HOUR_ALONE.finditer(text):
        said = clause_before(text, match.start()) + match[0]
        if (
            _DAY_FOLLOWS.match(text, match.end())
            or _AGAIN.search(said)
            or not _HANDS_OVER.search(said)
        ):
            continue
        line = text.rfind("\n", 0, match.start())
        on = next((one[0] for one in reversed(dates) if line < one[1] < match.start()), near)
        at = time_of(match)
        if at is not None and on >= near:
            yield Due(on, at, clean(match[0]), start=match.start(), end=match.end())


def _same_day(text: str, dates: list[tuple[date, int, int]]) -> Iterator[Due]:
    """`trước 19 giờ cùng ngày`: of the day that stands nearest before it."""
    for match in _SAME_DAY.finditer(text) if "cùng ngày" in text else ():
        before = [
            when for when, _, end in dates if match.start() - _SAME_DAY_BACK <= end <= match.start()
        ]
        at = time_of(match)
        if before and at is not None:
            yield Due(before[-1], at, clean(match[0]), start=match.start(), end=match.end())


def _today(text: str, near: date) -> Iterator[Due]:
    """`trước 12 giờ trưa nay`, `trước 8 giờ sáng mai`: of the day of the text, or the next."""
    for match in _TODAY.finditer(text):
        at = time_of(match)
        if at is not None:
            on = near + timedelta(days=match["day"].lower().endswith("mai"))
            yield Due(on, at, clean(match[0]), start=match.start(), end=match.end())
