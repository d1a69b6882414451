"""What a document makes, in a later clause, of one that it first only names: `Ngày …, UBND xã ban
hành Giấy mời số 5. Do mưa bão, UBND xã hoãn cuộc họp nêu trên.`"""

from __future__ import annotations

import re

from service.posts.numbers import NumberMatch
from service.posts.organs import UPPER
from service.posts.relation_clauses import END, clause_start, verb_after, verb_before
from service.posts.relation_verbs import IGNORE, MEETING, PAPER, SELF, TO_A_DAY
from service.types import Link

_FIRST_NAMED = re.compile(
    rf"(?:^|{SELF}(?:tại|theo|tiếp theo|liên quan đến|ban hành|phát hành|có|gửi|sau khi ban hành"
    rf"|về)"
    rf"\s)(?:nội dung )?(?:{PAPER})(?: số:?)?\s?$",
    IGNORE,
)
_CARRIES_OUT = re.compile(
    r"[\W\d_]{0,6}(?:để |nhằm )?(?:thực hiện|triển khai|căn cứ|xét|trường hợp|nếu|báo cáo)(?!\w)"
    r"|[\W\d_]{0,6}theo (?:chỉ đạo|đề nghị|tinh thần|yêu cầu)",
    IGNORE,
)
_NEW_CLAUSE = re.compile(rf"[.;!?]\s|\n|,\s(?=[{UPPER}]|nay\s)")
_OWN_KINDS = frozenset({"giay-moi", "giay-trieu-tap", "thong-bao", "cong-van", "ke-hoach"})
_CHANGES = frozenset(
    {Link.AMENDS, Link.EXTENDS, Link.CANCELS, Link.POSTPONES, Link.MOVES, Link.REPLACES}
)
_AGAIN = re.compile(
    rf"{SELF}(?:(?:nêu |nói )?trên|này|như sau|trở lại|nội dung sau)(?!\w)|:\s", IGNORE
)
"""Words that tie what is changed to what was named before."""
_THAT_ONE = re.compile(rf"{SELF}(?:trên|này)(?!\w)", IGNORE)
_OF_OTHER = re.compile(
    rf"(?:,? ngày \d[\d/\-.]{{2,10}})?,? của (?P<whose>[{UPPER}]\w{{0,9}}(?:"
    rf" [^\s,.;]{{1,9}}){{0,2}})"
)
_MEETS = re.compile(rf"{SELF}{MEETING}(?!\w)", IGNORE)
_TERM = re.compile(
    rf"{SELF}(?:thời hạn|hạn nộp|hạn cuối|thời gian (?:nộp|nhận|gửi|đăng ký))", IGNORE
)
_NOW = re.compile(r"[\s,]{0,3}(?:tuy nhiên,? )?nay,?\s", IGNORE)


def changed_later(text: str, one: NumberMatch, end: int) -> Link | None:
    """The change that a clause between a number and the offset `end` makes of the document; None
    where the document is another office's rule that is carried out."""
    start = clause_start(text, one.start)
    named = text[start : one.start]
    if one.kind not in _OWN_KINDS or _CARRIES_OUT.match(named) or not _FIRST_NAMED.search(named):
        return None
    other = _OF_OTHER.match(text, one.end)
    if other is not None and other["whose"] not in text[other.end() : end]:
        return None
    starts = [match.end() for match in _NEW_CLAUSE.finditer(text, one.end, end)]
    for number, begins in enumerate(starts):
        stop = END.search(text, begins, end)
        stops = stop.start() if stop else end
        ends = min(starts[number + 1] if number + 1 < len(starts) else end, stops)
        link = _change(text, begins, max(ends, begins), stops)
        if link is not None:
            return link
    return None


def _change(text: str, start: int, end: int, stop: int) -> Link | None:
    verb = verb_before(text, start, end, ())
    if verb is None:
        is_now = _NOW.match(text, start) is not None
        verb = verb_after(text, start, end) if is_now or _AGAIN.search(text, start, end) else None
        if verb is None or not (is_now or _MEETS.search(text, start, verb[1])):
            return None
    link, at = verb
    said = text[at:stop]
    is_tied = _AGAIN.search(said) is not None or _NOW.match(text, start) is not None
    if link not in _CHANGES or not is_tied:
        return None
    if link is Link.REPLACES and _THAT_ONE.search(said) is None:
        return None  # something else is replaced
    if _TERM.search(said) and link is not Link.CANCELS:
        return Link.EXTENDS
    if link in (Link.AMENDS, Link.MOVES) and _MEETS.search(text, start, stop):
        return Link.MOVES
    if link in (Link.POSTPONES, Link.MOVES):
        return Link.MOVES if TO_A_DAY.search(said) else Link.POSTPONES
    return link
