"""The clause that a number stands in, and the verb of the document's own that governs it there.

A verb that is denied, planned, asked of another, done by another document or in the title of one
says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from service.posts.numbers import NumberMatch
from service.posts.organs import UPPER
from service.posts.relation_verbs import AFTER, BEFORE, IGNORE, PAPER, SELF, WORD
from service.types import Link

_CLAUSE_CHARS = 260
END = re.compile(r"[.;!?]\s|\n")
_MARKS = re.compile(r"[\s\d.)+\-–]{0,8}(?:[a-hđ]\)\s?)?$", IGNORE)
_NEAR = rf"\s(?:{WORD}\s){{0,3}}$"
_NOT_OWN = re.compile(
    rf"{SELF}(?:tham mưu|(?<!này được )xây dựng|soạn thảo|dự thảo|nghiên cứu|đề xuất|kiến nghị|rà"
    rf" soát|sẽ"
    r"|không|chưa|dự kiến|(?<!quyết định )được(?! (?:ban hành|xây dựng|lập)(?!\w))|đã|bị|văn"
    r" bản(?! này)|xem xét|nếu"
    r"|(?<!về )(?<!báo )việc|hồ sơ|danh sách|kinh phí|nguồn vốn|hoàn thành|công tác|thủ tục"
    rf"|trường hợp|khi|\d{{1,2}} lần){_NEAR}",
    IGNORE,
)
_DENIED = re.compile(rf"{SELF}(?:không|chưa|nếu|sẽ|đã)\s(?:{WORD}\s){{0,2}}$", IGNORE)
_HEDGED = re.compile(
    rf"{SELF}(?:(?<!theo )(?<!xét )đề nghị|kiến nghị|đề xuất|xem xét|(?<!tờ )trình|mong|dự thảo"
    r"|dự kiến"
    r"|sẽ|lấy ý kiến|tham mưu|soạn thảo|xin ý kiến)(?!\w)",
    IGNORE,
)
_AGAIN_OWN = re.compile(
    rf"{SELF}(?:này|nay)(?!\w)|,\s(?=[{UPPER}])|[;:]\s|{SELF}(?i:thông báo|quyết định (?=hủy|huỷ"
    r"|gia|hoãn)|đồng ý|thống nhất)(?!\w)"
)
"""From here on the office speaks of itself again."""
_ASKED = re.compile(
    rf"{SELF}(?:đề nghị|xin(?! thông báo)|kiến nghị|xem xét|(?<!tờ )trình){_NEAR}", IGNORE
)
_PUTS_OFF = re.compile(r"(?:tạm |xin )?(?:hoãn|lùi|lui)(?! (?:thời )?hạn)", IGNORE)
_AS_A_DUTY = re.compile(
    rf"{SELF}(?:theo dõi|kiểm tra|giao|phân công|hướng dẫn|chủ trì)(?!\w)[^.;]{{0,50}}$", IGNORE
)
_ORDERED = re.compile(
    rf"{SELF}(?:đề nghị|yêu cầu) (?:các|quý)\s(?:{WORD}[\s,]{{1,2}}){{1,8}}$", IGNORE
)
"""Of those below, to whom it was sent."""
_GIVEN = re.compile(
    rf"{SELF}(?<!bàn )(?<!bảng )(?<!được )(?:giao|phân công)\s[^.;,]{{2,50}}$", IGNORE
)
_ABOUT = re.compile(rf"{SELF}(?:về|v/v|đề nghị|yêu cầu|xin|kiến nghị|quy định)(?!\w)", IGNORE)
_OF_THE_WHOLE = re.compile(
    r"(?:hết|không còn|không có|chấm dứt) (?:hiệu lực|giá trị)"
    r"|bị (?:hủy|huỷ|bãi bỏ)(?: bỏ)? (?:do|vì|kể từ|từ)(?!\w)",
    IGNORE,
)
"""Is said of a document, never of what it is about."""
_SUBJECT = re.compile(rf"[\W\d_]{{0,6}}(?:nội dung )?{PAPER} số", IGNORE)
_PASSIVE = re.compile(r"(?:được|bị) (?:hủy|huỷ|bãi bỏ|thu hồi|gia hạn|thay thế)", IGNORE)
"""Said of the document with which the clause begins, whatever it is about."""
_BY_ANOTHER = re.compile(
    rf"[^.;]{{0,60}}?{SELF}(?:tại|bởi|theo|bằng)\s(?:các\s)?{PAPER}\s(?:số|ngày)", IGNORE
)
_AGENT = re.compile(
    rf"{SELF}(?:sửa đổi|bổ sung|thay thế)[^.;/]{{0,60}}? (?:theo|bởi|tại|bằng) {PAPER} số"
    rf" [\w/\-]{{3,30}}$",
    IGNORE,
)
"""Of what a relative clause says: `đã được sửa đổi theo Luật số …`."""
_OF_ANOTHER_TIME = re.compile(r"[\W\d_]{0,6}(?:sau|trước)\s(?!khi)", IGNORE)
_ON_THE_MATTER = re.compile(
    rf"[\W_]{{0,4}}(?:(?:{PAPER}) )?(?:v/v|về việc|về) (?=sửa|bổ sung|điều chỉnh|đính|thay|bãi|hủy"
    r"|huỷ|thu|gia hạn|kéo dài|hoãn|tạm|dừng|lùi|chuyển|đổi|dời|sao|trả|nhắc|đôn)",
    IGNORE,
)
"""A document's own title: what it is about it does."""
NEW_SUBJECT = re.compile(
    rf",\s{{1,2}}(?:[^.;,(]{{0,40}},\s)?[{UPPER}][^()]{{0,120}}$|{SELF}này\s[^()]{{0,60}}$"
)
_AND_ALSO = re.compile(
    r"(?:[^()]|\([^()]{0,30}\)){0,160}"
    r"(?:[,;]|và|đồng thời)\s(?:đồng thời\s|và\s)?$",
    IGNORE,
)
"""Between what one verb governs and a second verb of the same subject."""


def clause_start(text: str, at: int) -> int:
    first = max(at - _CLAUSE_CHARS, 0)
    ends = [first, *(match.end() for match in END.finditer(text, first, at))]
    while len(ends) > 1 and _opens_list(text, first, ends[-1]):
        ends.pop()  # a list goes on with what it is a list of
    return ends[-1]


def _opens_list(text: str, first: int, end: int) -> bool:
    before = text[first:end]
    marks = _MARKS.search(before)
    return before[: marks.start() if marks else None].rstrip()[-1:] == ":"


def sentence_end(text: str, at: int, end: int) -> int:
    stop = END.search(text, at, end)
    return stop.start() if stop else end


def verb_before(
    text: str,
    start: int,
    end: int,
    earlier: Sequence[NumberMatch],
    last: Link | None = None,
) -> tuple[Link, int] | None:
    """The own verb of the clause that stands nearest before a number, with no other number between
    them. `last` is what becomes of the number before."""
    found: tuple[int, Link] | None = None
    for link, pattern in BEFORE:
        for match in pattern.finditer(text, start, end):
            if found is None or match.start() > found[0]:
                found = (match.start(), link)
    if found is None or any(one.start > found[0] for one in earlier):
        return None
    at, link = found
    others = [one for one in earlier if one.end <= at]
    if others and not NEW_SUBJECT.search(text, others[-1].end, at):
        is_one_more = last not in (None, Link.MENTIONS)
        if not (is_one_more and _AND_ALSO.fullmatch(text, others[-1].end, at)):
            return None
    return (link, at) if _is_own(text, start, at, link) else None


def _is_own(text: str, start: int, at: int, link: Link) -> bool:
    """Whether the document itself does it: not asked of others, planned, given to somebody."""
    is_title = _ON_THE_MATTER.match(text, start) is not None
    if not is_title and _NOT_OWN.search(text, max(at - 50, start), at):
        return False
    if link in (Link.REMINDS, Link.ANSWERS):
        return not _AS_A_DUTY.search(text, max(at - 60, start), at) and not (
            link is Link.ANSWERS and _ASKED.search(text, max(at - 90, start), at)
        )
    if _GIVEN.search(text, max(at - 60, start), at):
        return False
    if link is Link.POSTPONES or _PUTS_OFF.match(text, at):
        return True
    if link is Link.CANCELS and _ORDERED.search(text, max(at - 80, start), at):
        return True
    hedges = [match.end() for match in _HEDGED.finditer(text, start, at)]
    return not hedges or is_title or _AGAIN_OWN.search(text, hedges[-1], at) is not None


def verb_after(text: str, end: int, stop: int) -> tuple[Link, int] | None:
    """The verb of which a number is the subject."""
    if _AGENT.search(text, max(end - 160, 0), end) or _OF_ANOTHER_TIME.match(
        text, clause_start(text, end)
    ):
        return None
    is_subject = _SUBJECT.match(text, clause_start(text, end)) is not None
    found: tuple[int, Link] | None = None
    for link, pattern in AFTER:
        match = pattern.search(text, end, stop)
        if match is None:
            continue
        is_of_whole = _OF_THE_WHOLE.match(text, match.start()) is not None
        is_of_whole = is_of_whole or (
            is_subject and _PASSIVE.match(text, match.start()) is not None
        )
        if not is_of_whole and _ABOUT.search(text, end, match.start()):
            continue
        if _DENIED.search(text, max(match.start() - 30, end), match.start()):
            continue
        if link is Link.AMENDS and _BY_ANOTHER.match(text, match.start(), stop):
            continue
        if found is None or match.start() < found[0]:
            found = (match.start(), link)
    return (found[1], found[0]) if found else None
