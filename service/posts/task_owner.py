"""Who owes what is due on a day: resolved from its sentence outwards.

The order is that of a reader: the cell of a table, the subject of the sentence, who stands directly
behind the day, who issues it and asks nobody, the line, the heading above, the addressees. What is
not said near the day is unsure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from service.posts.doers import ANYONE, COMMUNES, OTHER, Doer, DoerRole, PlaceFinder, find_doers
from service.posts.due_table import find_rows
from service.posts.due_words import Due
from service.posts.organs import UPPER
from service.text import fold

TASK_CHARS = 240
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
TO_EVERYBODY = re.compile(
    r"(?<!\w)(?:hồ sơ|đăng ký|dự thi|đặt trước|nộp thuế|đấu giá|góp ý|xét tuyển|dự tuyển"
    r"|tuyển sinh|nhập học|báo giá|chào giá|dự thầu|ủng hộ|đóng góp|quyên góp|tiếp nhận|"
    r"nộp phí|kê khai thuế)(?!\w)"
)
_PUBLIC_TITLE = re.compile(
    r"(?<!\w)(?:thông báo|tuyển sinh|tuyển dụng|đấu giá|lấy ý kiến|mời)(?!\w)"
)
EXTENDS = re.compile(r"(?<!\w)(?:gia hạn|lùi|kéo dài|điều chỉnh (?:thời )?hạn)(?!\w)")
_WHOEVER = re.compile(
    r"(?:các|quý) (?:đơn vị|cơ quan|địa phương|đồng chí|ubnd)|đơn vị", re.IGNORECASE
)
_DIRECTLY_AFTER = re.compile(r"[\s,:)]{0,4}")
_SUBJECT_LATER = re.compile(r"[\s,:)]{0,4}[^.;:\n]{0,60},\s")
"""`Trước 14 giờ hằng ngày, trong thời gian rét, UBND các xã …`."""
_BEGINS = re.compile(r"(?:^|[.;!?]\s{1,3}|\n\s{0,3}(?:(?:[a-zđ]|\d{1,2})[.)]\s)?)$")
_HANDED = re.compile(r"[\s,;(]{1,4}(?:và\s)?(?:giao|đề nghị|yêu cầu|phân công)(?: cho)?\s$")
_TOWARDS = re.compile(r"(?<!\w)(?:cho|đến|tới|về)\s$")
SENTENCE = re.compile(rf"[;]\s|[.!?]\s(?=[{UPPER}\W\d])|\n")
_BELONGS = re.compile(r"(?<!\w)(?:thuộc|của)\s$")
_TOLD_TO = re.compile(r"(?<!\w)(?:đến|tới|để)\s(?:các\s)?$")
"""Without `Kính gửi` it is for those to whom it is said to be sent."""
_STOP = re.compile(rf"[.!?]\s(?=[{UPPER}\W\d])")
_DEMANDS = re.compile(
    r"(?<!\w)(?:đề nghị|yêu cầu|kiến nghị|kêu gọi|khuyến cáo|mời|triệu tập|giao|thông báo"
    r"|nhận được|gia hạn|lùi"
    r"|kéo dài|phê bình|chỉ thị|quyết nghị|trân trọng|đồng ý|thống nhất)(?!\w)|:",
    re.IGNORECASE,
)
_SECTIONS = ("article", "roman", "number", "letter", "sub")
_HEADER_CHARS = 90
_VERB_CHARS = 30


@dataclass(frozen=True, slots=True)
class _TaskLine:
    start: int
    end: int
    marker: str
    is_header: bool


class OwnerReader:
    """Reads one text, whose paragraphs are lines."""

    def __init__(self, title: str, text: str, places_in: PlaceFinder) -> None:
        self._title = fold(title)
        self._text = text
        self.doers = find_doers(text, places_in)
        self._rows = list(find_rows(text))
        self._lines = list(_lines(text))
        self._addressed = self._find_addressed()

    def doer(self, due: Due) -> tuple[Doer | None, bool]:
        """Who owes it, and whether the words say so."""
        for row in self._rows:
            if row.when[0] <= due.start < row.when[1]:
                named = [one for one in self.doers if row.who[0] <= one.start < row.who[1]]
                return next(iter(named), None), bool(named)
        return self._said_of(due)

    def _said_of(self, due: Due) -> tuple[Doer | None, bool]:
        """Who is said to do it in its sentence, its line, or above."""
        number = next(i for i, one in enumerate(self._lines) if due.start <= one.end)
        line = self._lines[number]
        before = [
            one
            for one in self.doers
            if line.start <= one.start < due.end and _acts(one) and not self._receives(one, due)
        ]
        stops = [m.end() for m in _STOP.finditer(self._text, line.start, due.start)]
        start = max([line.start, *stops])
        earlier, before = before, [one for one in before if one.start >= start]
        itself = self._acts_itself(max([start, *(one.end for one in before[-1:])]), due)
        if itself is not None:
            return itself, True
        begins = _BEGINS.search(self._text, max(due.start - 8, 0), due.start) is not None
        if before and self._addressed is not None and self._extends(before[-1]):
            return self._addressed, True
        if before and not begins:
            return before[-1], True
        after = [one for one in self.doers if due.end <= one.start <= line.end and _acts(one)]
        if after and _DIRECTLY_AFTER.fullmatch(self._text, due.end, after[0].start):
            return after[0], True
        if before:
            return before[-1], True
        if begins and after and _SUBJECT_LATER.fullmatch(self._text, due.end, after[0].start):
            return after[0], True
        if after and _HANDED.fullmatch(self._text, due.end, after[0].start):
            return after[0], True
        return self._said_elsewhere(due, number, earlier, after)

    def _said_elsewhere(
        self, due: Due, number: int, earlier: list[Doer], after: list[Doer]
    ) -> tuple[Doer | None, bool]:
        """Who was named before in the line, above it, behind the day, or as the addressee."""
        earlier = [one for one in earlier if not self._is_sent_to(one, due)]
        if earlier and (
            self._addressed is None
            or earlier[-1].role is DoerRole.STRONG
            or self._text.startswith(":", earlier[-1].end)
            or set(earlier[-1].owners) & set(self._addressed.owners)
        ):
            return earlier[-1], True
        above = self._above(number)
        if above is not None:
            return above, True
        if after and (
            after[0].role is DoerRole.STRONG
            or (COMMUNES in after[0].owners and EXTENDS.search(fold(self.clause(due))))
        ):
            return after[0], True
        if self._addressed is not None or self.is_public(due):
            return self._addressed, False
        return self._nearest(due), False

    def _acts_itself(self, start: int, due: Due) -> Doer | None:
        """Who issues something by then, and asks nobody for it: `Đoàn ban hành kết luận trước ngày
        …`."""
        asking = [
            one
            for one in self.doers
            if start <= one.start < due.start and one.role is DoerRole.ASKS
        ]
        if not asking or _DEMANDS.search(self._text, asking[-1].end, due.start):
            return None
        return asking[-1]

    def _extends(self, one: Doer) -> bool:
        """Whether somebody gives others more time."""
        said = fold(self._text[one.end : one.end + _VERB_CHARS])
        match = EXTENDS.search(said)
        return match is not None and match.start() <= 1

    def _is_sent_to(self, one: Doer, due: Due) -> bool:
        """Whether what is due is sent to somebody: `Sở … gửi dự thảo. Ý kiến gửi về Sở trước ngày
        …`."""
        head = one.words.partition(" ")[0]
        said = f"{self._text[max(one.end, due.start - TASK_CHARS) : due.start]} "
        return any(f" {to} {head} " in said for to in ("về", "cho", "đến", "tới"))

    def _nearest(self, due: Due) -> Doer | None:
        """Who was last said to act."""
        first = len(self._title)
        acting = [one for one in self.doers if first < one.start < due.start and _acts(one)]
        return acting[-1] if acting else None

    def _receives(self, one: Doer, due: Due) -> bool:
        """Whether somebody stands directly before a day, with nothing to do: `báo cho các xã trước
        ngày …`; whose term is extended owes it."""
        if self._text[one.end : due.start].strip():
            return False
        is_told = _TOWARDS.search(self._text, max(one.start - 6, 0), one.start) is not None
        return is_told and EXTENDS.search(fold(self.clause(due))) is None

    def _above(self, number: int) -> Doer | None:
        """Who stands in what is above an item: its heading, or the sentence that asks."""
        seen = {self._lines[number].marker}
        for line in reversed(self._lines[:number]):
            if line.marker in seen and line.marker:
                continue
            inside = [one for one in self.doers if line.start <= one.start < line.end]
            if line.start == 0:
                inside = [one for one in inside if ANYONE not in one.owners]
            acting = [one for one in inside if one.role is DoerRole.STRONG]
            if line.is_header:
                acting = acting or [one for one in inside if one.role is DoerRole.PLAIN]
                seen.add(line.marker)
            if acting:
                return acting[-1]
        return None

    def _find_addressed(self) -> Doer | None:
        match = _ADDRESSED.search(self._text, 0, _ADDRESS_CHARS)
        if match is None:
            return next(
                (
                    one
                    for one in self.doers
                    if COMMUNES in one.owners
                    and "các" in one.words
                    and _TOLD_TO.search(self._text, max(one.start - 8, 0), one.start)
                ),
                None,
            )
        start, end = match.span("whom") if match["whom"] is not None else match.span("whom2")
        named = [one for one in self.doers if start <= one.start < end]
        named = [
            one
            for one in named
            if not _BELONGS.search(self._text, max(one.start - 8, start), one.start)
        ]
        communes = [one for one in named if COMMUNES in one.owners]
        return next(iter(communes or named), None)

    def issues(self, one: Doer) -> bool:
        """Whether a text begins with who writes it, and asks others for something after it."""
        named = [other for other in self.doers if other.start > len(self._title)]
        return (
            bool(named)
            and named[0] == one
            and any(other.role is DoerRole.STRONG and other.start > one.end for other in named)
        )

    def owners_of(self, doer: Doer) -> tuple[str, ...]:
        """Those of somebody; `các đơn vị` are those to whom it is addressed."""
        is_whoever = doer.owners == (OTHER,) and _WHOEVER.fullmatch(doer.words) is not None
        return self._addressed.owners if is_whoever and self._addressed else doer.owners

    def clause(self, due: Due) -> str:
        start = max(self._text.rfind("\n", 0, due.start), due.start - 300, 0)
        return self._text[start : due.end]

    def is_public(self, due: Due) -> bool:
        """Whether it is a matter of whoever wants: applications, offers, contests."""
        stop = SENTENCE.search(self._text, due.end, due.end + TASK_CHARS)
        after = fold(self._text[due.end : stop.start() if stop else due.end + TASK_CHARS])
        if not TO_EVERYBODY.search(f"{fold(self.clause(due))} {after}"):
            return False
        return _PUBLIC_TITLE.search(self._title) is not None or any(
            ANYONE in one.owners and _acts(one) for one in self.doers
        )


def _acts(one: Doer) -> bool:
    return one.role in (DoerRole.STRONG, DoerRole.PLAIN)


def _lines(text: str) -> Iterator[_TaskLine]:
    start = 0
    for line in text.split("\n"):
        item = _ITEM.match(line)
        marker = item.lastgroup or "" if item else ""
        is_header = line.rstrip().endswith(":") or (
            marker in _SECTIONS and len(line) < _HEADER_CHARS and line.rstrip()[-1:] not in ".;"
        )
        yield _TaskLine(start, start + len(line), marker, is_header)
        start += len(line) + 1
