"""How a document stands to the others that it names: what it replaces, amends, extends, cancels,
postpones, moves, reminds of, answers or relays.

The verb has to be the document's own, and stand in one clause with the number: `sửa đổi` inside the
title of a law that is cited, what is only planned, denied or was done by another says nothing, and
then it is a mention.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from service.posts.kinds import NOUN
from service.posts.numbers import NumberMatch, find_numbers, number_key
from service.posts.relation_beyond import OF_OFFICES, link_beyond
from service.posts.relation_verbs import (
    END,
    IGNORE,
    NEW_SUBJECT,
    SELF,
    clause_start,
    verb_after,
    verb_before,
)
from service.posts.sentences import with_joined_lines
from service.text import clean
from service.types import DocumentLink, Link, Mention

_CHARS = 20_000
_MOST = 100
_AFTER_CHARS = 200
_ANSWER_CHARS = 320
_CARRIES_OUT = re.compile(
    r"[\W\d_]{0,6}(?:để |nhằm )?(?:thực hiện|triển khai"
    r"|theo (?:chỉ đạo|đề nghị|tinh thần|yêu cầu))(?!\w)",
    IGNORE,
)
_CITES = re.compile(r"[\W\d_]{0,6}(?:căn cứ|xét (?:tờ trình|đề nghị))(?!\w)", IGNORE)
_BY = re.compile(
    rf"(?<!kèm )(?<!lập )(?<!hành )(?<!duyệt )(?<!bố )(?<!\w)theo (?:{NOUN})(?: số:?)?\s?$", IGNORE
)
_AS_RULED = re.compile(
    rf"(?<!\w)theo (?:đúng )?(?:quy định|hướng dẫn|chỉ đạo|tinh thần) (?:tại|của"
    rf"|trong) [^.;]{{0,20}}?"
    rf"(?:{NOUN})(?: số:?)?\s?$",
    IGNORE,
)
_NEVER_AS_RULED = (
    Link.REPLACES,
    Link.AMENDS,
    Link.CANCELS,
    Link.ANSWERS,
    Link.RELAYS,
    Link.POSTPONES,
)
_CONSULTS = re.compile(rf"{SELF}(?:lấy|xin|tham gia|cho) ý kiến|{SELF}góp ý", IGNORE)
_AGREES = re.compile(
    rf"{SELF}(?:thống nhất với|nhất trí|(?:tham gia|có) ý kiến như sau|góp ý như sau)(?!\w)", IGNORE
)
_CONDITIONAL = re.compile(r"[\W\d_]{0,6}(?:trường hợp|nếu)(?!\w)", IGNORE)
_CHANGES = (Link.REPLACES, Link.AMENDS, Link.CANCELS, Link.EXTENDS)
_STOPS = re.compile(r"(?:tạm )?(?:dừng|ngừng)(?! (?:họp|hội nghị))", IGNORE)
_NEVER_BY = (Link.REPLACES, Link.AMENDS, Link.ANSWERS, Link.RELAYS)
_CENTRAL = re.compile(r"QH\d|-CP|TTg|/TTLT-|/TT-|/TW")
"""Documents that nobody below can change."""
_ANNOUNCED = re.compile(
    rf"{SELF}(?:đã|được) (?:được )?(?:công bố|ban hành|quy định|phê duyệt) tại\s",
    IGNORE,
)
_MEETS = re.compile(
    rf"{SELF}(?:họp|cuộc họp|hội nghị|khai mạc|kỳ họp|phiên|buổi|lễ|lịch|đại hội"
    rf"|thời gian tổ chức|lớp)(?!\w)",
    IGNORE,
)
_PART = re.compile(
    rf"{SELF}(?:khoản|điều|điểm|nội dung|phụ lục|cụm từ|biểu|mục|danh mục|một phần|chương"
    rf"|thành viên"
    r"|đoạn|mẫu|bảng|số liệu|tên)(?!\w)",
    IGNORE,
)
_AMENDED = re.compile(rf"{SELF}(?:sửa đổi|bổ sung|thay thế)(?!\w)[^.;]{{0,80}}$", IGNORE)
_WHEN_MEETING = re.compile(
    r"[^.;,]{0,30}?(?<!\w)(?:thời gian|địa điểm|giờ|ngày|lịch)(?:, (?:thời gian|địa điểm))?"
    r"(?: tổ chức| diễn ra)? (?:họp|cuộc họp|hội nghị|phiên|buổi|kỳ họp|lễ|đại hội|lớp)(?!\w)",
    IGNORE,
)
_OVER = re.compile(r"(?<!\w)sang\s", IGNORE)
_LATE = re.compile(r"(?<!\w)(?:quá hạn|chậm|chưa)(?!\w)", IGNORE)
_TO_A_DAY = re.compile(rf"{SELF}(?:sang|đến|vào|thành)\s[^.;]{{0,40}}?\d", IGNORE)
_ASKED_FOR = re.compile(
    rf"{SELF}(?:nhận được|nghiên cứu|về (?:nội dung|đề nghị|việc)|xét (?:báo cáo|đề nghị|văn bản"
    rf"|công văn))(?!\w)",
    IGNORE,
)
_SAYS = re.compile(
    rf"{SELF}(?:trả lời|có ý kiến|phúc đáp|tham gia ý kiến|(?:hướng dẫn|góp ý|trao đổi) như sau"
    rf"|đồng ý|nhất trí"
    r"|thống nhất với|chấp thuận)(?!\w)",
    IGNORE,
)
_LISTED = re.compile(
    r"[^.;()]{0,90}(?:[,;]|và|cùng)\s(?:[-+\d.)]{1,3}\s)?(?:(?:\w+\s){1,3})?số:?\s?$|\s?(?:,"
    r"|và)\s$",
    IGNORE,
)
_VERB_BETWEEN = re.compile(
    rf"{SELF}(?:sửa đổi|bổ sung|thay thế|bãi bỏ|theo|quy định|hướng dẫn|thực hiện|căn cứ)(?!\w)",
    IGNORE,
)


@dataclass(frozen=True, slots=True)
class _Clause:
    start: int
    end: int


def find_links(title: str, text: str, own: str | None = None) -> tuple[DocumentLink, ...]:
    """Every other document that a text names, the first time that it says what becomes of it; `own`
    is the document's own number."""
    flat = with_joined_lines(f"{title}\n{text}")[:_CHARS]
    numbers = find_numbers(flat)[:_MOST]
    own_key = number_key(own) if own else None
    found: dict[str, DocumentLink] = {}
    last: Link | None = None
    for place, one in enumerate(numbers):
        key = number_key(one.number)
        if key == own_key:
            last = None
            continue
        before = numbers[place - 1] if place else None
        link, words = _link(flat, numbers, place, own)
        if link is Link.MENTIONS and last is not None and before is not None:
            between = flat[before.end : one.start]
            if _LISTED.fullmatch(between) and not _VERB_BETWEEN.search(between):
                link = last
        last = link
        known = found.get(key)
        if known is None or (known.link is Link.MENTIONS and link is not Link.MENTIONS):
            mention = Mention(one.kind, one.number, one.issued_on, one.issuer)
            found[key] = DocumentLink(link, mention, words)
    return tuple(found.values())


def _link(
    text: str, numbers: Sequence[NumberMatch], place: int, own: str | None
) -> tuple[Link, str]:
    one = numbers[place]
    own_key = number_key(own) if own else None
    clause = _clause(text, one)
    said = clean(text[clause.start : clause.end])
    if _CITES.match(text, clause.start) and not NEW_SUBJECT.search(text, clause.start, one.start):
        return Link.MENTIONS, said
    earlier = [
        n
        for n in numbers[max(place - 8, 0) : place]
        if n.start >= clause.start and number_key(n.number) != own_key
    ]
    verb = verb_before(text, clause.start, one.start, earlier)
    carries_out = (
        _CARRIES_OUT.match(text, clause.start) and "," not in text[clause.start : one.start]
    )
    if _CONDITIONAL.match(text, clause.start):
        return Link.MENTIONS, said
    if verb is None and not carries_out:
        verb = verb_after(text, one.end, clause.end)
    if verb is not None:
        return _as_meant(text, verb, clause, one, own), said
    beyond = link_beyond(text, numbers, place)
    if beyond is not None:
        return beyond, said
    if _ASKED_FOR.search(text, clause.start, one.start) and _SAYS.search(
        text, one.end, one.end + _ANSWER_CHARS
    ):
        return Link.ANSWERS, said
    agrees = _AGREES.search(text, one.end, one.end + _ANSWER_CHARS)
    if agrees is not None and _CONSULTS.search(text, one.end, agrees.start()):
        return Link.ANSWERS, said
    return Link.MENTIONS, said


def _clause(text: str, one: NumberMatch) -> _Clause:
    stop = END.search(text, one.end, one.end + _AFTER_CHARS)
    return _Clause(
        clause_start(text, one.start),
        stop.start() if stop else min(one.end + _AFTER_CHARS, len(text)),
    )


def _as_meant(
    text: str, verb: tuple[Link, int], clause: _Clause, one: NumberMatch, own: str | None
) -> Link:
    """The same verb means another thing of a meeting, of a part, and with a new day."""
    link, at = verb
    if _is_of_another(text, verb, clause, one, own):
        return Link.MENTIONS
    if link in (Link.REPLACES, Link.CANCELS) and at < one.start:
        return Link.AMENDS if _is_of_a_part(text, verb, clause, one) else link
    if link is Link.AMENDS and _is_of_meeting(text, at, clause, one):
        return Link.MOVES
    if link is Link.POSTPONES and _TO_A_DAY.search(text, one.end, clause.end):
        return Link.MOVES
    return link


def _is_of_another(
    text: str, verb: tuple[Link, int], clause: _Clause, one: NumberMatch, own: str | None
) -> bool:
    """Whether what is done is done by the document's rule, or to something else than it."""
    link, at = verb
    if link in _CHANGES and _CENTRAL.search(one.number):
        return own is not None and not _CENTRAL.search(own)
    if link in _NEVER_AS_RULED and _AS_RULED.search(text, max(at, one.start - 80), one.start):
        return True
    if link is Link.REMINDS:
        whole = text[at : clause.end]
        is_timely = whole.lower().startswith("khẩn") and not _LATE.search(whole)
        return is_timely or one.kind not in OF_OFFICES
    is_by = _BY.search(text, max(at, one.start - 60), one.start) is not None
    return is_by and (link in _NEVER_BY or _STOPS.match(text, at) is not None)


def _is_of_a_part(text: str, verb: tuple[Link, int], clause: _Clause, one: NumberMatch) -> bool:
    """Whether a part is replaced, or one is annulled and another changed."""
    link, at = verb
    if link is Link.REPLACES:
        return _PART.search(text, at, one.start) is not None
    return (
        _ANNOUNCED.search(text, at, one.start) is not None
        or _AMENDED.search(text, clause.start, at) is not None
    )


def _is_of_meeting(text: str, at: int, clause: _Clause, one: NumberMatch) -> bool:
    """Whether what is changed is when or where people meet."""
    if at > one.end and _MEETS.search(text, clause.start, one.start):
        return True
    whole = text[at : clause.end]
    return _WHEN_MEETING.match(whole) is not None or (
        _MEETS.search(whole) is not None and _OVER.search(whole) is not None
    )
