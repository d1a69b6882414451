"""What a sentence as a whole, and those after it, say of a document: that it is answered, that it
is enclosed, that what it asked for is overdue, and `…; nay thu hồi Công văn nêu trên`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from service.posts.numbers import NumberMatch
from service.posts.relation_clauses import END, clause_start, sentence_end, verb_before
from service.posts.relation_later import changed_later
from service.posts.relation_verbs import IGNORE, PAPER, SELF, TO_A_DAY, WORD
from service.types import Link

_BACK = re.compile(
    rf"(?<!\w)(?P<many>các |những |hai |ba )?{PAPER}(?: số [\w/-]{{1,20}})?"
    r"(?:(?: (?:được )?(?:nêu|nói|kể))? (?:trên|đó)|(?<=văn bản) này)(?!\w)",
    IGNORE,
)
"""Points back to what was named before: `thu hồi Công văn nêu trên`."""
_IN_ERROR = re.compile(rf"{SELF}(?:nhầm|sai sót|lỗi|sai|sơ suất)(?!\w)", IGNORE)
_TO_BE_VOID = re.compile(
    rf"{SELF}(?:đề nghị|yêu cầu|xin)\s(?:{WORD}\s){{0,5}}?(?:không (?:thực hiện|sử dụng|áp dụng)"
    r"|(?:hủy|huỷ)(?: bỏ)?|thu hồi|trả lại)\s$",
    IGNORE,
)
_CORRECTS = re.compile(
    rf"{SELF}(?:nay|xin|như sau)?\s?(?:xin )?(?:được )?(?:đính chính|sửa (?:lại )?(?:là|thành|như"
    r" sau)|sửa lại|điều chỉnh lại)(?!\w)",
    IGNORE,
)
_SAYS_OTHERWISE = re.compile(
    rf"{SELF}(?:viết|ghi|in|nêu|đăng|thông báo)(?: nhầm| sai)?\s?(?::|là\s)|nhầm|sai|sơ suất",
    IGNORE,
)
_BEYOND = 360
_NOW = re.compile(rf"(?<!\w)nay,?\s(?:{WORD}\s){{0,4}}", IGNORE)
_HEADS = re.compile(rf"[\W\d_]{{0,6}}(?:về )?{PAPER}(?: số:?)?\s?", IGNORE)
_COLON = re.compile(r"(?:,? (?:đề )?ngày [\d/.\-]{6,10})?\s?:\s")
"""`Giấy mời số 88-GM/TU ngày …: Thường trực quyết định hoãn cuộc họp.`"""
_ENCLOSED = re.compile(
    rf"\((?:(?:có )?(?:{PAPER}|bản sao|bản chụp|bản photo|toàn văn)\s(?:số [\w/-]{{1,20}} )?)?"
    r"(?:được |xin |có )?(?:sao )?(?:gửi|sao|đính|photo|chụp)? ?kèm(?: theo)?[^()]{0,20}\)",
    IGNORE,
)
_PASSES_ON = re.compile(
    rf"{SELF}(?:sao gửi|sao lục|gửi kèm|gửi nguyên văn|chuyển|truyền đạt|gửi)"
    r"(?: (?:đến|tới|cho|và|để|các|toàn văn|nguyên văn|bản)(?!\w))"
    rf"|{SELF}thông báo (?:đến|tới|cho|để)\s[^.;]{{0,60}}?biết(?!\w)"
    rf"|{SELF}thông tin (?:đến|tới)(?!\w)",
    IGNORE,
)
_IN_FULL = re.compile(
    rf"{SELF}(?:gửi|chuyển|sao gửi|phổ biến)(?: kèm| lại)? (?:toàn văn|nguyên văn) {PAPER}(?! số)",
    IGNORE,
)
_ISSUED = re.compile(
    rf"(?:^|[.;\n])\s{{0,3}}[^.;,\n]{{3,50}}? (?:đã |vừa )?ban hành {PAPER} số:?\s?$", IGNORE
)
_TELLS = re.compile(rf"{SELF}thông báo (?:đến|tới|cho|để)\s[^.;]{{0,60}}?biết(?!\w)", IGNORE)
_SENDS = re.compile(rf"{SELF}(?:gửi|chuyển|sao lục|triển khai)(?: {WORD}){{0,6}}\s$", IGNORE)
_GIVES = re.compile(
    rf"{SELF}(?:gửi|chuyển)(?: kèm)?(?: theo)?(?: toàn văn| nguyên văn)? {PAPER}(?: số:?)?\s?$",
    IGNORE,
)
_GIVEN_TO = re.compile(r"[^.;]{0,40}? của [^.;]{3,80}? (?:đến|tới|cho|để)\s", IGNORE)
_RECEIVED = re.compile(rf"{SELF}(?:nhận|tiếp nhận)(?: được)?\s[^.;]{{0,20}}$", IGNORE)
_OVERDUE = re.compile(
    rf"{SELF}(?:(?:chưa|chậm|không)(?: \w+)? (?:gửi|nộp|báo cáo|nhận được|trả lời|phúc đáp"
    rf"|thực hiện|chấp hành|triển khai|hoàn thành)"
    r"|(?:quá|hết) (?:thời )?hạn|(?:gửi )?lần (?:2|3|hai|ba|thứ)|(?:mới|chỉ) (?:có|nhận"
    r" được)[^.;]{0,20}? \d+|chưa có (?:báo cáo|kết quả|ý kiến|phản hồi|hồ sơ|số liệu))(?!\w)",
    IGNORE,
)
_URGES = re.compile(rf"{SELF}(?:đề nghị|yêu cầu|đôn đốc|khẩn trương|nhắc|phê bình)(?!\w)", IGNORE)
_TASKED_BY = re.compile(
    rf"{SELF}(?:(?:theo|tại|thực hiện|của|trong|yêu cầu|ban hành|có|và)\s(?:(?:nội dung"
    rf"|tinh thần|yêu cầu|các)\s)?|gửi\s(?:{WORD}\s){{0,4}}?){PAPER}"
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
        "ket-luan",
    ]
)
_UNTIL = re.compile(r"(?:[^.;]{0,120}?\s)đến (?:hết )?(?:ngày|năm|tháng|khi hết)\s", IGNORE)
_GOES_ON = re.compile(
    rf"^[\W\d]{{0,6}}(?:điều \d{{1,2}}\. )?(?:[^.;,]{{0,40}} )?tiếp tục (?:thực hiện|áp dụng)"
    rf" (?:toàn bộ )?(?:{PAPER}) số\s?$",
    IGNORE,
)
_PROLONGABLE = ("nghi-quyet", "quyet-dinh")


def link_beyond(text: str, numbers: Sequence[NumberMatch], place: int) -> Link | None:
    """What the sentences around a number say of it where no verb governs it."""
    one = numbers[place]
    following = numbers[place + 1].start if place + 1 < len(numbers) else len(text)
    end = min(one.end + _BEYOND, following)
    said = _back(text, one, following) or _now(text, one, end) or changed_later(text, one, end)
    if said is not None:
        return said
    if _is_corrected(text, one, end):
        return Link.AMENDS
    if _is_passed_on(text, one, end):
        return Link.RELAYS
    if _is_urged(text, one, end):
        return Link.REMINDS
    return Link.EXTENDS if _goes_on(text, one, end) else None


def _now(text: str, one: NumberMatch, end: int) -> Link | None:
    """What is done by a clause that begins with `nay`."""
    if _HEADS.fullmatch(text, clause_start(text, one.start), one.start):
        headed = _COLON.match(text, one.end)
        start = headed.end() if headed else end
        stop = sentence_end(text, start, end)
        verb = verb_before(text, start, stop, ())
        if verb is not None and verb[0] in (Link.POSTPONES, Link.MOVES):
            return Link.MOVES if TO_A_DAY.search(text, verb[1], stop) else verb[0]
    now = _NOW.search(text, one.end, end)
    verb = verb_before(text, now.start(), min(now.end() + 12, end), ()) if now else None
    return verb[0] if verb else None


def _is_passed_on(text: str, one: NumberMatch, end: int) -> bool:
    """Whether a document is enclosed, or was received and goes to others."""
    if _ENCLOSED.search(text, one.end, sentence_end(text, one.end, end)):
        return True
    first = max(one.start - 60, 0)
    if _IN_FULL.search(text, one.end, sentence_end(text, one.end, end)):
        return True
    if _ISSUED.search(text, first, one.start) and _TELLS.search(text, one.end, end):
        return True
    if _RECEIVED.search(text, first, one.start) and _PASSES_ON.search(text, one.end, end):
        return True
    return (
        _GIVES.search(text, first, one.start) is not None
        and _GIVEN_TO.match(text, one.end) is not None
    )


def _goes_on(text: str, one: NumberMatch, end: int) -> bool:
    """Whether a rule is kept in force until a day."""
    return (
        one.kind in _PROLONGABLE
        and _UNTIL.match(text, one.end, sentence_end(text, one.end, end)) is not None
        and _GOES_ON.search(text[clause_start(text, one.start) : one.start]) is not None
    )


def _back(text: str, one: NumberMatch, following: int) -> Link | None:
    """What is done to `văn bản nêu trên`."""
    back = _BACK.search(text, one.end, one.end + _BEYOND)
    if back is None or not (following > back.start() or back["many"]):
        return None
    start = clause_start(text, back.start())
    if _TO_BE_VOID.search(text, start, back.start()) and _IN_ERROR.search(
        text, one.end, back.start()
    ):
        return Link.CANCELS
    verb = verb_before(text, start, back.end(), ())
    if verb is not None:
        return verb[0]
    return Link.RELAYS if _SENDS.search(text, start, back.start()) else None


def _is_corrected(text: str, one: NumberMatch, end: int) -> bool:
    """Whether a document has a fault, and the same or the next sentence mends it."""
    corrects = _CORRECTS.search(text, one.end, end)
    if corrects is None:
        return False
    sentences = list(END.finditer(text, one.end, corrects.start()))
    start = clause_start(text, one.start)
    says_fault = _SAYS_OTHERWISE.search(text, start, corrects.start())
    return len(sentences) <= 1 and says_fault is not None


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


_ASKS_AGAIN = re.compile(
    rf"{SELF}(?:yêu cầu|đề nghị)(?!\w)[^.;]{{0,80}}?(?:tiếp tục|nghiêm túc"
    rf"|khẩn trương)[^.;]{{0,40}}?"
    rf"(?:thực hiện|theo)\s(?:đúng )?(?:nội dung )?{PAPER}(?: số:?)?\s?$"
    rf"|{SELF}(?:yêu cầu|đề nghị)(?!\w)[^.;]{{0,80}}?(?:chấp hành|thực hiện)"
    rf" (?:nghiêm(?: túc)?|đúng|đầy đủ)\s(?:nội dung )?{PAPER}(?: số:?)?\s?$"
    rf"|{SELF}(?:tiếp tục|lần nữa) (?:đề nghị|yêu cầu)(?!\w)[^.;]{{0,80}}?{PAPER}(?: số:?)?\s?$",
    IGNORE,
)


def is_repeated(text: str, start: int, one: NumberMatch, own: str | None) -> bool:
    """Whether an office asks again for what it asked for in a paper of the same series."""
    series = one.number.rpartition("/")[2]
    is_own = own is not None and "-" in series and own.rpartition("/")[2] == series
    return is_own and _ASKS_AGAIN.search(text, start, one.start) is not None
