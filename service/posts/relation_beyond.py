"""What the sentences after a number say of the document: `…; nay thu hồi Công văn nêu trên`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from service.posts.kinds import NOUN
from service.posts.numbers import NumberMatch
from service.posts.relation_verbs import IGNORE, SELF, clause_start, sentence_end, verb_before
from service.types import Link

_BACK = re.compile(
    rf"(?<!\w)(?P<many>các |những |hai |ba )?(?:{NOUN}|văn bản)(?: số [\w/-]{{1,20}})?"
    r"(?: (?:được )?(?:nêu|nói|kể))? (?:trên|đó)(?!\w)",
    IGNORE,
)
"""Points back to what was named before: `thu hồi Công văn nêu trên`."""
_BEYOND = 360
_NOW = re.compile(r"(?<!\w)nay,?\s(?:[^\s.;,]{1,9}\s){0,4}", IGNORE)
_ENCLOSED = re.compile(
    rf"\((?:{NOUN}|văn bản|bản sao|bản chụp|toàn văn|có văn bản)[^()]{{0,20}}"
    r"(?:gửi|sao|đính|photo) kèm[^()]{0,20}\)",
    IGNORE,
)
_PASSES_ON = re.compile(
    rf"{SELF}(?:sao gửi|sao lục|gửi kèm|gửi nguyên văn|chuyển|truyền đạt|gửi)"
    r"(?: (?:đến|tới|cho|và|để|các|toàn văn|nguyên văn|bản)(?!\w))",
    IGNORE,
)
_SENDS = re.compile(
    rf"{SELF}(?:gửi|chuyển|sao lục"
    rf"|triển khai)(?: [^\s.;,]{{1,9}}){{0,6}}\s$",
    IGNORE,
)
_RECEIVED = re.compile(rf"{SELF}nhận được\s[^.;]{{0,20}}$", IGNORE)
_OVERDUE = re.compile(
    rf"{SELF}(?:(?:chưa|chậm|không)(?: \w+)? (?:gửi|nộp|báo cáo|nhận được|trả lời|phúc đáp"
    rf"|thực hiện)"
    r"|quá (?:thời )?hạn|(?:gửi )?lần (?:2|3|hai|ba|thứ)|mới có \d)(?!\w)",
    IGNORE,
)
_URGES = re.compile(rf"{SELF}(?:đề nghị|yêu cầu|đôn đốc|khẩn trương|nhắc)(?!\w)", IGNORE)
_TASKED_BY = re.compile(
    rf"{SELF}(?:theo|tại|thực hiện|của|trong|yêu cầu|ban hành|đã có|đã gửi)\s(?:(?:nội dung"
    rf"|tinh thần|yêu cầu)\s)?(?:{NOUN})"
    r"(?: hoả tốc| hỏa tốc| khẩn)?(?: số:?)?\s?$",
    IGNORE,
)
OF_OFFICES = frozenset(
    [
        "cong-van",
        "ke-hoach",
        "huong-dan",
        "thong-bao",
        "chi-thi",
        "cong-dien",
        "giay-moi",
        "quyet-dinh",
    ]
)


def link_beyond(text: str, numbers: Sequence[NumberMatch], place: int) -> Link | None:
    """What the sentences after a number say of it: `…; nay thu hồi Công văn nêu trên`."""
    one = numbers[place]
    following = numbers[place + 1].start if place + 1 < len(numbers) else len(text)
    end = min(one.end + _BEYOND, following)
    back = _BACK.search(text, one.end, one.end + _BEYOND)
    if back is not None and (following > back.start() or back["many"]):
        start = clause_start(text, back.start())
        verb = verb_before(text, start, back.end(), ())
        if verb is not None:
            return verb[0]
        if _SENDS.search(text, start, back.start()):
            return Link.RELAYS
    now = _NOW.search(text, one.end, end)
    if now is not None:
        verb = verb_before(text, now.start(), min(now.end() + 12, end), ())
        if verb is not None:
            return verb[0]
    sentence = sentence_end(text, one.end, end)
    if _ENCLOSED.search(text, one.end, sentence):
        return Link.RELAYS
    if _RECEIVED.search(text, max(one.start - 60, 0), one.start) and _PASSES_ON.search(
        text, one.end, end
    ):
        return Link.RELAYS
    return Link.REMINDS if _is_urged(text, one, end) else None


def _is_urged(text: str, one: NumberMatch, end: int) -> bool:
    """Whether what a document asked for has not been done, and is asked for again."""
    start = clause_start(text, one.start)
    if one.kind not in OF_OFFICES or not _TASKED_BY.search(text, start, one.start):
        return False
    stop = sentence_end(text, min(sentence_end(text, one.end, end) + 2, end), end)
    return (
        _OVERDUE.search(text, start, stop) is not None
        and _URGES.search(text, start, sentence_end(text, min(stop + 2, end), end)) is not None
    )
