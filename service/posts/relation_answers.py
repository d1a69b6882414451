"""Whether a document came in and the office says what it thinks of what is asked there."""

from __future__ import annotations

import re

from service.posts.numbers import NumberMatch
from service.posts.organs import UPPER
from service.posts.relation_verbs import IGNORE, PAPER, SELF

_ANSWER_CHARS = 320
_ASKED_FOR = re.compile(
    rf"{SELF}(?:nhận được|sau khi (?:xem|đọc|rà soát)|nghiên cứu|xem xét|tiếp nhận"
    rf"|về (?:nội dung|đề nghị|việc|vấn đề"
    rf"|kiến nghị|phản ánh|ý kiến)|xét"
    rf" (?:báo cáo"
    r"|đề nghị|văn bản|công văn|nội dung)|liên quan (?:đến|tới|kiến nghị|phản ánh)"
    r"|(?:theo|căn cứ|trên cơ sở) (?:nội dung )?(?:đề nghị|kiến nghị|yêu cầu) (?:của|tại)"
    r"|(?:tham gia|góp) ý(?: kiến)?)(?!\w)",
    IGNORE,
)
_SAYS = re.compile(
    rf"{SELF}(?:trả lời|có ý kiến|phúc đáp|tham gia ý kiến|(?:hướng dẫn|góp ý|trao đổi|thông tin"
    r"|giải đáp) như sau|đồng ý|nhất trí|thống nhất (?:với|chủ trương|nội dung|như)|chấp thuận"
    r"|không có ý kiến)(?!\w)",
    IGNORE,
)
_ON_PAPER = re.compile(rf"[\W\d_]{{0,6}}về {PAPER} số", IGNORE)
_IN_REPLY = re.compile(
    rf"{SELF}(?:về (?:vấn đề|nội dung|việc|đề nghị) (?:này|nêu trên|trên)|sau khi (?:xem xét"
    rf"|nghiên cứu)|qua"
    rf" (?:nghiên cứu|xem xét))[^.;]{{0,80}}?(?:trả lời|có ý kiến|hướng dẫn|trao đổi|thông"
    rf" tin)(?!\w)[^.;]{{0,20}}?(?:như sau|:)",
    IGNORE,
)
_DEMANDS = re.compile(
    rf"{SELF}(?:đề nghị|yêu cầu|giao|mời|để|chưa|không được|khi|sẽ|có thể"
    rf"|phải)(?!\w)[^.;]{{0,120}}$",
    IGNORE,
)
_CONSULTS = re.compile(rf"{SELF}(?:(?:lấy|xin|tham gia|cho)(?: tham gia)? ý kiến|góp ý)", IGNORE)
_AGREES = re.compile(
    rf"{SELF}(?:thống nhất với|nhất trí|(?:tham gia|có) ý kiến như sau|góp ý như sau)(?!\w)", IGNORE
)
_NEW_CLAUSE = re.compile(rf"[.;!?]\s|\n|,\s(?=[{UPPER}])")


def is_answered(text: str, start: int, one: NumberMatch) -> bool:
    """Whether a document came in and the office says what it thinks of what is asked there."""
    if _ASKED_FOR.search(text, start, one.start) or _ON_PAPER.match(text, start):
        says = _SAYS.search(text, one.end, one.end + _ANSWER_CHARS)
        if says is not None and not _is_demanded(text, one.end, says.start()):
            return True
    if _IN_REPLY.search(text, one.end, one.end + _ANSWER_CHARS):
        return True
    return is_consulted(text, one)


def is_consulted(text: str, one: NumberMatch) -> bool:
    """Whether a document asks for an opinion, and the office has one."""
    agrees = _AGREES.search(text, one.end, one.end + _ANSWER_CHARS)
    return agrees is not None and _CONSULTS.search(text, one.end, agrees.start()) is not None


def _is_demanded(text: str, start: int, at: int) -> bool:
    """Whether it is others who shall say something."""
    clauses = [match.end() for match in _NEW_CLAUSE.finditer(text, start, at)]
    return _DEMANDS.search(text, clauses[-1] if clauses else at, at) is not None
