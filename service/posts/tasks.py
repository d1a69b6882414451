"""What a document asks of whom, until when: each day or hour that is owed with who owes it, and
what.

Takes the words from the text and no others. Who is not said in so many words near the day is looked
for above it, and then the task is marked as unsure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from service.posts.doers import ANYONE, COMMUNES, OTHER, Doer, PlaceFinder, Role, find_doers
from service.posts.due import find_due_and_periods
from service.posts.due_words import GOES_ON, Due
from service.posts.sentences import with_joined_lines
from service.text import LOCAL, clean, excerpt, fold
from service.types import Deadline

_TASK_CHARS = 240
_FARTHEST = timedelta(days=3 * 366)
_MOST = 200  # of one document; a hostile text of thousands of days says nothing
_ITEM = re.compile(
    r"\s{0,8}(?:(?P<article>Điều\s\d{1,3})|(?P<sub>\d{1,2}\.\d{1,2})|(?P<number>\d{1,2}\s?[.)/-])"
    r"|(?P<letter>[a-zđ][.)])|(?P<dash>[-–*•])|(?P<plus>\+)|(?P<word>\w{2,4} là[,:])"
    r"|(?P<roman>[IVX]{1,5}[.)]))"
)
_ADDRESSED = re.compile(
    r"(?<!\w)(?:kính gửi|kính trình|điện|kính mời"
    r"|gửi)\s{0,3}:(?P<whom>[^\n]{0,600}(?:\n\s{0,4}[-–+][^\n]{0,300}){0,12})"
    r"|(?<!\w)kính gửi\s(?P<whom2>[^\n:]{0,300})",
    re.IGNORECASE,
)
_ADDRESS_CHARS = 3_000
_TO_EVERYBODY = re.compile(
    r"(?<!\w)(?:hồ sơ|đăng ký|dự thi|đặt trước|nộp thuế|đấu giá|góp ý|xét tuyển|dự tuyển"
    r"|tuyển sinh|nhập học|báo giá|chào giá|dự thầu|ủng hộ|đóng góp|quyên góp|tiếp nhận|"
    r"nộp phí|kê khai thuế)(?!\w)"
)
_PUBLIC_TITLE = re.compile(
    r"(?<!\w)(?:thông báo|tuyển sinh|tuyển dụng|đấu giá|lấy ý kiến|mời)(?!\w)"
)
_EXTENDS = re.compile(r"(?<!\w)(?:gia hạn|lùi|kéo dài)(?!\w)")
_NO_TASK_OF_PERIOD = re.compile(
    r"(?<!\w)(?:lịch|tham gia|hội chợ|hội nghị|hội thi|lễ|lớp|khóa|khoá|giải (?:bóng|thi|đấu"
    r"|thể thao|vô địch|cờ|chạy)|thời gian[^.;:]{0,30}:|kỳ họp|diễn ra|sinh|nghỉ"
    r"|công tác tại|thời gian (?:diễn|tổ chức|học)|sẽ|thi đấu|dự họp|tham dự"
    r"|(?<!canh )(?<!túc )(?<!ứng )trực|làm việc|tập huấn|bồi dưỡng|đào tạo"
    r"|hội thảo|đợt mưa|không khí lạnh|học kỳ ii bắt|số liệu"
    r"|thời "
    r"kỳ|tổ chức$)(?!\w)|(?<!\w)(?:được )?tổ chức[\s,]*$"
)
_WHOEVER = re.compile(r"(?:các|quý) (?:đơn vị|cơ quan|địa phương|đồng chí)|đơn vị", re.IGNORECASE)
_DIRECTLY_AFTER = re.compile(r"[\s,:)]{0,4}")
_CUTS_OFF = re.compile(r"(?<!\w)(?:cắt|ngừng(?: cung)? cấp|mất) (?:điện|nước)(?!\w)")
_IN_BRACKETS = re.compile(r"\([^()\n]{0,120}\)")
_PART = re.compile(r"[;:]\s|[.!?]\s(?=[^a-zà-ỹ])|\n")
_BEGINS = re.compile(r"(?:^|[.;!?]\s{1,3}|\n\s{0,3})$")
_PROPOSES = re.compile(r"[\W_]{0,4}tờ trình(?!\w)", re.IGNORECASE)
"""What it asks for is asked of those above, who have not decided."""
_REPORTS = re.compile(r"[\W_]{0,4}báo cáo(?!\w)", re.IGNORECASE)
"""Tells of what was done, but for what it asks of somebody in so many words."""
_HANDED = re.compile(r"[\s,;(]{1,4}(?:và\s)?(?:giao|đề nghị|yêu cầu|phân công)(?: cho)?\s$")
_TOWARDS = re.compile(r"(?<!\w)(?:cho|đến|tới|về)\s$")
_ASKS_FOR = re.compile(
    r"(?<!\w)(?:gửi|nộp|báo cáo|hoàn thành|xong|đăng ký|hạn|đề nghị|yêu cầu|cần|phải|rà soát"
    r"|tiếp nhận"
    r"|nhận|cập nhật|thanh toán|bổ sung|trả lời|trình|góp ý|ý kiến)(?!\w)"
)
_SENTENCE = re.compile(r"[;]\s|[.!?]\s(?=[^a-zà-ỹ])|\n")
_SECTIONS = ("article", "roman", "number", "letter", "sub")
_HEADER_CHARS = 90
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


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    marker: str
    is_header: bool


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
    flat = with_joined_lines(f"{title}\n{text}")
    found = find_due_and_periods(flat, near, issued_on, days_off)
    dues = [due for due in found if not _is_far(due, issued_on)][:_MOST]
    if not dues or _PROPOSES.match(title):
        return ()
    return tuple(_TaskReader(title, flat, places_in).tasks(dues, issued_on or near))


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
        self._doers = find_doers(text, places_in)
        self._lines = list(_lines(text))
        self._addressed = self._find_addressed()

    def tasks(self, dues: Collection[Due], since: date | None) -> Iterator[Deadline]:
        told: set[tuple[date | None, time | None, str | None, str]] = set()
        days: set[tuple[date | None, time | None, str | None]] = set()
        for due in dues:
            doer, is_sure = self._doer(due)
            day = (due.on, due.at, due.every)
            if self._is_report and (doer is None or not is_sure or doer.role is not Role.STRONG):
                continue
            if not is_sure and (day in days or (doer is None and not self._is_asked(due, since))):
                continue
            if due.is_range and not self._is_done_in(due, doer, is_sure, since):
                continue
            task = self._task(due, doer)
            owners = self._owners(doer) if doer is not None else (self._default(due),)
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

    def _doer(self, due: Due) -> tuple[Doer | None, bool]:
        """Who owes it, and whether the words say so."""
        number = next(i for i, one in enumerate(self._lines) if due.start <= one.end)
        line = self._lines[number]
        before = [
            one
            for one in self._doers
            if line.start <= one.start < due.end and _acts(one) and not self._receives(one, due)
        ]
        begins = _BEGINS.search(self._text, max(due.start - 4, 0), due.start) is not None
        if before and not begins:
            return before[-1], True
        after = [
            one
            for one in self._doers
            if due.end <= one.start <= line.end and one.role in (Role.STRONG, Role.PLAIN)
        ]
        if after and _DIRECTLY_AFTER.fullmatch(self._text, due.end, after[0].start):
            return after[0], True
        if before:
            return before[-1], True
        if after and _HANDED.fullmatch(self._text, due.end, after[0].start):
            return after[0], True
        above = self._above(number)
        if above is not None:
            return above, True
        if after and after[0].role is Role.STRONG:
            return after[0], True
        if self._addressed is not None or self._is_public(due):
            return self._addressed, False
        return self._nearest(due), False

    def _owners(self, doer: Doer) -> tuple[str, ...]:
        """Those of somebody; `các đơn vị` are those to whom it is addressed."""
        is_whoever = doer.owners == (OTHER,) and _WHOEVER.fullmatch(doer.words) is not None
        return self._addressed.owners if is_whoever and self._addressed else doer.owners

    def _nearest(self, due: Due) -> Doer | None:
        """Who was last said to act."""
        first = len(self._title)
        acting = [one for one in self._doers if first < one.start < due.start and _acts(one)]
        return acting[-1] if acting else None

    def _receives(self, one: Doer, due: Due) -> bool:
        """Whether somebody stands directly before a day, with nothing to do: `báo cho các xã trước
        ngày …`; whose term is extended owes it."""
        if self._text[one.end : due.start].strip():
            return False
        is_told = _TOWARDS.search(self._text, max(one.start - 6, 0), one.start) is not None
        return is_told and _EXTENDS.search(fold(self._clause(due))) is None

    def _above(self, number: int) -> Doer | None:
        """Who stands in what is above an item: its heading, or the sentence that asks."""
        seen = {self._lines[number].marker}
        for line in reversed(self._lines[:number]):
            if line.marker in seen and line.marker:
                continue
            inside = [one for one in self._doers if line.start <= one.start < line.end]
            acting = [one for one in inside if one.role is Role.STRONG]
            if line.is_header:
                acting = acting or [one for one in inside if one.role is Role.PLAIN]
                seen.add(line.marker)
            if acting:
                return acting[-1]
        return None

    def _find_addressed(self) -> Doer | None:
        match = _ADDRESSED.search(self._text, 0, _ADDRESS_CHARS)
        if match is None:
            return None
        start, end = match.span("whom") if match["whom"] is not None else match.span("whom2")
        named = [one for one in self._doers if start <= one.start < end]
        communes = [one for one in named if COMMUNES in one.owners]
        return next(iter(communes or named), None)

    def _default(self, due: Due) -> str:
        """Where nobody is named at all."""
        if self._is_public(due):
            return ANYONE
        return COMMUNES if _EXTENDS.search(fold(self._clause(due))) else OTHER

    def _is_asked(self, due: Due, since: date | None) -> bool:
        """Whether words ask for something though they name nobody."""
        if due.every is not None:
            return True
        is_today = due.at is None and due.on == since
        return not is_today and (
            _ASKS_FOR.search(f"{fold(self._clause(due))}") is not None or self._is_public(due)
        )

    def _clause(self, due: Due) -> str:
        start = max(self._text.rfind("\n", 0, due.start), due.start - 300, 0)
        return self._text[start : due.end]

    def _is_public(self, due: Due) -> bool:
        """Whether it is a matter of whoever wants: applications, offers, contests."""
        stop = _SENTENCE.search(self._text, due.end, due.end + _TASK_CHARS)
        after = fold(self._text[due.end : stop.start() if stop else due.end + _TASK_CHARS])
        if not _TO_EVERYBODY.search(f"{fold(self._clause(due))} {after}"):
            return False
        return _PUBLIC_TITLE.search(self._title) is not None or any(
            ANYONE in one.owners and _acts(one) for one in self._doers
        )

    def _is_done_in(self, due: Due, doer: Doer | None, is_sure: bool, since: date | None) -> bool:
        """Whether the last day of a period is owed: somebody is named who does something in it."""
        if (
            doer is None
            or not is_sure
            or (since is not None and due.on is not None and due.on <= since)
        ):
            return False
        start = max(self._text.rfind("\n", 0, due.start) + 1, due.start - 200)
        start = max([start, *(m.end() for m in _SENTENCE.finditer(self._text, start, due.start))])
        said = fold(_IN_BRACKETS.sub("", self._text[start : due.start]))
        line = fold(self._text[self._text.rfind("\n", 0, due.start) + 1 : due.start])
        return not (
            _CUTS_OFF.search(f"{self._title} {line}")
            or GOES_ON.search(said.replace("giai đoạn", ""))
            or _NO_TASK_OF_PERIOD.search(said)
        )

    def _task(self, due: Due, doer: Doer | None) -> str:
        """The words between who, or the beginning of the clause, and the day; else those after
        it."""
        start = max(self._text.rfind("\n", 0, due.start) + 1, due.start - 2 * _TASK_CHARS)
        parts = [match.end() for match in _PART.finditer(self._text, start, due.start + 1)]
        start = max([start, *parts])
        if doer is not None and doer.end <= due.start:
            start = max(start, doer.end)
        said = _trimmed(self._text[start : due.start])
        if len(said) > 3:
            return excerpt(said, _TASK_CHARS)
        end = due.end
        if doer is not None and due.end <= doer.start <= due.end + 4:
            end = doer.end
        stop = _PART.search(self._text, end, end + _TASK_CHARS)
        said = _trimmed(self._text[end : stop.start() if stop else end + _TASK_CHARS])
        return excerpt(said, _TASK_CHARS)


def _acts(one: Doer) -> bool:
    return one.role in (Role.STRONG, Role.PLAIN)


def _rule(due: Due) -> str | None:
    if due.every is None or due.at is None:
        return due.every
    minute = f";BYMINUTE={due.at.minute}" if due.at.minute else ""
    return f"{due.every};BYHOUR={due.at.hour}{minute}"


def _lines(text: str) -> Iterator[_Line]:
    start = 0
    for line in text.split("\n"):
        item = _ITEM.match(line)
        marker = item.lastgroup or "" if item else ""
        is_header = line.rstrip().endswith(":") or (
            marker in _SECTIONS and len(line) < _HEADER_CHARS and line.rstrip()[-1:] not in ".;"
        )
        yield _Line(start, start + len(line), marker, is_header)
        start += len(line) + 1


def _trimmed(words: str) -> str:
    said = clean(words).strip(_TRIM)
    for pattern in (_LEADING, _TRAILING):
        said = pattern.sub("", said).strip(_TRIM)
    return said
