"""What a document asks of whom, until when: each day or hour that is owed with who owes it, and
what.

Takes the words from the text and no others. Who is not said in so many words near the day is looked
for above it, and then the task is marked as unsure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date, datetime, time, timedelta

from service.posts.doers import ANYONE, COMMUNES, OTHER, Doer, DoerRole, PlaceFinder
from service.posts.due import find_due_and_periods
from service.posts.due_words import GOES_ON, Due
from service.posts.kinds import NOUN
from service.posts.organs import UPPER
from service.posts.sentences import with_joined_lines
from service.posts.task_owner import EXTENDS, SENTENCE, TASK_CHARS, TO_EVERYBODY, OwnerReader
from service.text import LOCAL, clean, excerpt, fold
from service.types import Deadline

_FARTHEST = timedelta(days=3 * 366)
_MOST = 200  # of one document; a hostile text of thousands of days says nothing
_NO_TASK_OF_PERIOD = re.compile(
    r"(?<!\w)(?:lịch|tham gia|hội chợ|hội nghị|hội thi|lễ|lớp|khóa|khoá|giải (?:bóng|thi|đấu"
    r"|thể thao|vô địch|cờ|chạy)|thời gian[^.;:]{0,30}:|kỳ họp|diễn ra|sinh|nghỉ"
    r"|công tác tại|thời gian (?:diễn|tổ chức|học)|sẽ|thi đấu|dự họp|tham dự"
    r"|(?<!canh )(?<!túc )(?<!ứng )trực(?! tuyến| tiếp)|làm việc|tập huấn|bồi dưỡng|đào tạo"
    r"|nâng cấp|bảo trì|(?:đợt|tháng) cao điểm"
    r"|hội thảo|đợt mưa|không khí lạnh|học kỳ ii bắt|số liệu"
    r"|thời "
    r"kỳ|tổ chức$)(?!\w)|(?<!\w)(?:được )?tổ chức[\s,]*$"
)
_EVERY_DAY = re.compile(r"(?<!\w)(?:hằng ngày|hàng ngày|thường xuyên|24/24|buổi/ngày)(?!\w)")
_CUTS_OFF = re.compile(r"(?<!\w)(?:cắt|ngừng(?: cung)? cấp|mất) (?:điện|nước)(?!\w)")
_IN_BRACKETS = re.compile(r"\([^()\n]{0,120}\)")
_PART = re.compile(rf"[;:]\s|[.!?]\s(?=[{UPPER}\W\d])|\n")
_PROPOSES = re.compile(r"[\W_]{0,4}tờ trình(?!\w)", re.IGNORECASE)
"""What it asks for is asked of those above, who have not decided."""
_REPORTS = re.compile(r"[\W_]{0,4}báo cáo(?!\w)", re.IGNORECASE)
"""Tells of what was done, but for what it asks of somebody in so many words."""
_ASKS_FOR = re.compile(
    r"(?<!\w)(?:gửi|nộp|báo cáo|hoàn thành|xong|đăng ký|hạn|đề nghị|yêu cầu|cần|phải|rà soát"
    r"|tiếp nhận"
    r"|nhận|cập nhật|thanh toán|bổ sung|trả lời|trình|góp ý|ý kiến|phản hồi|chốt|xác nhận|xin"
    r"|bàn giao|khắc phục|chuyển|tổng hợp"
    r"|báo|chậm nhất|muộn nhất)(?!\w)"
)
_DOCUMENT = re.compile(
    rf"\W*(?:(?:dự thảo|toàn văn|hoả tốc|khẩn|số \S{{1,20}})\W+)?"
    rf"(?:{NOUN}|v/v|về|lịch|thư|mời|nội dung|nhắc|đ/c)(?!\w)"
)
_DOCUMENT_LINE = re.compile(r"(?im)^\s{0,8}(?:kính gửi|điều 1\.|số\s?:)")
"""In the beginning of a title, or of a line, it says that this is a document and no news."""
_NEWS = re.compile(
    r"(?<!\w)(?:cho biết|chia sẻ|phát biểu|khẳng định|phấn khởi|diễn ra|năm ngoái|tham dự"
    r"|theo quyết định"
    r"|kiểm tra tiến độ)(?!\w)|[”\"], ",
    re.IGNORECASE,
)
"""How one tells of others."""
_ASKS = re.compile(
    r"(?<!\w)(?:yêu cầu|đề nghị|giao|chỉ đạo|kêu gọi|khuyến cáo|nhắc|đăng ký|nộp|gửi về)(?!\w)"
)
_MUST = re.compile(r"(?<!\w)(?:phải|yêu cầu|đề nghị|được giao|chỉ đạo)(?!\w)")
_PARAGRAPH_CHARS = 600
_WILL = re.compile(r"(?<!\w)sẽ(?!\w)")
_ORDERS = re.compile(r"\W*(?:công điện|chỉ thị|v/v|về việc|công văn|hoả tốc|kế hoạch)(?!\w)")
"""A title under which what is to be done by a day is an order, whoever it is for."""
_LABELLED = re.compile(r"(?:trước|chậm|muộn|xong|hoàn thành|không)(?!\w)", re.IGNORECASE)
_REWARDS = re.compile(r"[^.;\n]{0,60}?(?<!\w)sẽ được(?!\w)")
_AHEAD = re.compile(
    r"(?<!\w)(?:nhiệm vụ|phương hướng|kế hoạch)(?:\s[^\W\d_]+){0,3}\s(?:tới|trọng tâm"
    r"|tiếp theo|tiếp|tuần|tháng"
    r"|quý|năm)(?!\w)[^\n.;]{0,40}:"
)
"""The heading under which a report says what is to be done."""
_OPENS, _CLOSES = "“", "”"
_TRIM = " \t\n,;:-–+*•()."
_LEADING = re.compile(
    r"^(?:\d{1,2}(?:\.\d{1,2})?[.)/-]|[a-zđ][.)]|\w{2,4} là,|(?:và|đồng thời|riêng|phải"
    r"|có trách nhiệm"
    r"|khẩn trương)(?!\w))\s{0,3}",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    r"[\s,;(:]{1,3}(?:chậm nhất|xong|hoàn thành|thời hạn|hạn|là|và|vào|trong|định kỳ)$",
    re.IGNORECASE,
)


def find_tasks(
    title: str,
    text: str,
    near: date | None,
    issued_on: date | None = None,
    days_off: Collection[date] = (),
    places_in: PlaceFinder = lambda _: (),
) -> tuple[Deadline, ...]:
    """All that a document asks for until a day, in the order of its text; one for each who owes it.

    `near` is the day on which it was published, `places_in` returns the ids of the communes that
    some words name.
    """
    flat = f"{title}\n{with_joined_lines(text)}"
    found = find_due_and_periods(flat, near, issued_on, days_off)
    dues = [due for due in found if not _is_far(due, issued_on)][:_MOST]
    if not dues or _PROPOSES.match(title):
        return ()
    return tuple(_TaskReader(title, flat, places_in).tasks(dues, issued_on or near))


def _is_document(title: str, text: str) -> bool:
    """Whether a post is a document, and not what somebody tells of one."""
    return _DOCUMENT.match(title) is not None or _DOCUMENT_LINE.search(text) is not None


def _is_far(due: Due, issued_on: date | None) -> bool:
    """Whether a document only tells of a day before its own, or of a far year that it aims at."""
    if due.on is None or issued_on is None:
        return False
    return due.on < issued_on or due.on > issued_on + _FARTHEST


class _TaskReader:
    """Reads one text, whose paragraphs are lines."""

    def __init__(self, title: str, text: str, places_in: PlaceFinder) -> None:
        self._title = fold(title)
        self._is_report = _REPORTS.match(title) is not None
        self._text = text
        self._owner = OwnerReader(title, text, places_in)
        self._is_news = _NEWS.search(text) is not None
        self._is_document = _is_document(self._title, text)

    def tasks(self, dues: Collection[Due], since: date | None) -> Iterator[Deadline]:
        told: set[tuple[date | None, time | None, str | None, str]] = set()
        days: set[tuple[date | None, time | None, str | None]] = set()
        for due in dues:
            doer, is_sure = self._owner.doer(due)
            day = (due.on, due.at, due.every)
            if self._is_background(due, doer, is_sure):
                continue
            if not is_sure and (day in days or (doer is None and not self._is_asked(due, since))):
                continue
            if due.is_range and not self._is_done_in(due, doer, is_sure, since):
                continue
            task = self._task(due, doer)
            owners = self._owner.owners_of(doer) if doer is not None else (self._default(due),)
            at = datetime.combine(due.on, due.at, tzinfo=LOCAL) if due.on and due.at else None
            days.add(day)
            for owner in owners:
                if (*day, owner) in told:
                    continue
                told.add((*day, owner))
                yield Deadline(
                    due.on,
                    due.words,
                    at=at,
                    owner=owner,
                    owner_words=clean(doer.words) if doer is not None else "",
                    task=task,
                    recurs=_rule(due),
                    is_unsure=not is_sure,
                )

    def _is_background(self, due: Due, doer: Doer | None, is_sure: bool) -> bool:
        """Whether a day is only told of: quoted, announced, or reported."""
        line = self._text.rfind("\n", 0, due.start) + 1
        before = self._text[line : due.start]
        if before.rfind(_OPENS) > before.rfind(_CLOSES) or before.count('"') % 2:
            return True
        said = fold(self._sentence(due))
        is_strong = doer is not None and is_sure and doer.role is DoerRole.STRONG
        if not is_strong and (_WILL.search(said) or _REWARDS.match(self._text, due.end)):
            return True
        if due.is_range and not self._is_document:
            return True
        if self._is_report:
            return not (
                is_strong or _AHEAD.search(fold(self._text[max(due.start - 2000, 0) : due.start]))
            )
        is_asked = _ASKS.search(f"{said} {fold(due.words)}") is not None
        if self._is_document or is_strong or self._owner.is_public(due) or is_asked:
            return False
        if doer is not None and is_sure and _MUST.search(fold(before[-_PARAGRAPH_CHARS:])):
            return False  # the paper that is told of goes on asking
        return doer is None or not is_sure or self._is_news

    def _sentence(self, due: Due) -> str:
        """What its sentence says before it."""
        return self._text[self._sentence_start(due) : due.start]

    def _sentence_start(self, due: Due) -> int:
        line = max(self._text.rfind("\n", 0, due.start) + 1, due.start - 600)
        return max([line, *(m.end() for m in SENTENCE.finditer(self._text, line, due.start))])

    def _default(self, due: Due) -> str:
        """Where nobody is named at all."""
        if self._owner.is_public(due):
            return ANYONE
        said = fold(self._owner.clause(due))
        if not EXTENDS.search(said):
            return OTHER
        are_named = any(COMMUNES in one.owners for one in self._owner.doers)
        return ANYONE if TO_EVERYBODY.search(said) and not are_named else COMMUNES

    def _is_asked(self, due: Due, since: date | None) -> bool:
        """Whether words ask for something though they name nobody."""
        if due.every is not None:
            return True
        if due.at is None and due.on == since:
            return False
        if _CUTS_OFF.search(self._title):
            return False
        is_labelled = self._sentence(due).rstrip().endswith(":")
        is_asking = is_labelled or _ORDERS.match(self._title) is not None
        if self._is_document and is_asking and _LABELLED.match(due.words):
            return True
        return _ASKS_FOR.search(fold(self._owner.clause(due))) is not None or self._owner.is_public(
            due
        )

    def _is_done_in(self, due: Due, doer: Doer | None, is_sure: bool, since: date | None) -> bool:
        """Whether the last day of a period is owed: somebody is named who does something in it."""
        if (
            doer is None
            or not is_sure
            or (since is not None and due.on is not None and due.on <= since)
        ):
            return False
        if doer.role is DoerRole.PLAIN and self._owner.issues(doer):
            return False
        start = max(self._text.rfind("\n", 0, due.start) + 1, due.start - 200)
        start = max([start, *(m.end() for m in SENTENCE.finditer(self._text, start, due.start))])
        said = fold(_IN_BRACKETS.sub("", self._text[start : due.start]))
        line = fold(self._text[self._text.rfind("\n", 0, due.start) + 1 : due.start])
        return not (
            _CUTS_OFF.search(f"{self._title} {line}")
            or GOES_ON.search(said.replace("giai đoạn", ""))
            or _EVERY_DAY.search(said)
            or _NO_TASK_OF_PERIOD.search(said)
        )

    def _task(self, due: Due, doer: Doer | None) -> str:
        """The words between who, or the beginning of the clause, and the day; else those after
        it."""
        start = max(self._text.rfind("\n", 0, due.start) + 1, due.start - 2 * TASK_CHARS)
        parts = [match.end() for match in _PART.finditer(self._text, start, due.start + 1)]
        start = max([start, *parts])
        if doer is not None and doer.end <= due.start:
            start = max(start, doer.end)
        said = _trimmed(self._text[start : due.start])
        if len(said) > 3:
            return excerpt(said, TASK_CHARS)
        end = due.end
        if doer is not None and due.end <= doer.start <= due.end + 4:
            end = doer.end
        stop = _PART.search(self._text, end, end + TASK_CHARS)
        said = _trimmed(self._text[end : stop.start() if stop else end + TASK_CHARS])
        return excerpt(said, TASK_CHARS)


def _rule(due: Due) -> str | None:
    if due.every is None or due.at is None:
        return due.every
    minute = f";BYMINUTE={due.at.minute}" if due.at.minute else ""
    return f"{due.every};BYHOUR={due.at.hour}{minute}"


def _trimmed(words: str) -> str:
    said = clean(words).strip(_TRIM)
    for pattern in (_LEADING, _TRAILING):
        said = pattern.sub("", said).strip(_TRIM)
    return said
