"""What a verb is done to: the same one means another thing of a meeting, of a term, of a part, of
what follows a rule.
"""

from __future__ import annotations

import re

from service.posts.numbers import NumberMatch
from service.posts.relation_beyond import OF_OFFICES
from service.posts.relation_verbs import IGNORE, MEETING, PAPER, SELF
from service.types import Link

_BY = re.compile(
    rf"(?<!kèm )(?<!lập )(?<!hành )(?<!duyệt )(?<!bố )(?<!giao )(?<!mời )(?<!động )(?<!\w)theo"
    rf" (?:{PAPER})(?: \w{{1,9}}){{0,2}}(?: số:?)?\s?$",
    IGNORE,
)
_AS_RULED = re.compile(
    rf"(?<!\w)(?:thực hiện|áp dụng|tính|xử lý|giải quyết) (?:đúng )?theo (?:{PAPER})(?: số:?)?\s?$"
    rf"|(?<!\w)theo (?:đúng )?(?:quy định|hướng dẫn|chỉ đạo|tinh thần) (?:tại|của|trong)"
    rf" [^.;]{{0,20}}?(?:{PAPER})(?: số:?)?\s?$",
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
_NEVER_BY = (Link.REPLACES, Link.AMENDS, Link.ANSWERS, Link.RELAYS)
_CHANGES = (Link.REPLACES, Link.AMENDS, Link.CANCELS, Link.EXTENDS)
_OF_BODY = re.compile(
    rf"{SELF}(?:thành viên|danh sách|nhân sự|thành phần|ban chỉ đạo|tổ công tác|hội đồng|ban tổ"
    r" chức|tổ giúp việc|đoàn|tổ chức)(?!\w)",
    IGNORE,
)
"""A body or list that a decision set up: what is changed in it changes the decision."""
_IN_A_BODY = re.compile(r"thay (?:thế )?(?:ông|bà|đồng chí)(?!\w)", IGNORE)
"""`thay ông A bằng bà B trong Tổ giúp việc`."""
_LOWERS_BURDEN = re.compile(rf"{SELF}(?:thuế|phí|nợ|khoản)(?!\w)", IGNORE)
_STOPS = re.compile(r"(?:tạm )?(?:dừng|ngừng)(?! (?:họp|hội nghị))", IGNORE)
_CENTRAL = re.compile(r"QH\d|-CP|TTg|/TTLT-|/TT-|/TW")
"""Documents that nobody below can change."""
_ANNOUNCED = re.compile(
    rf"{SELF}thủ tục[^.;]{{0,60}}? tại\s|{SELF}(?:thủ tục|danh mục|\d{{1,3}} )[^.;]{{0,60}}?(?:đã"
    rf"|được) (?:được )?(?:công bố|ban hành"
    r"|quy định|phê duyệt) tại\s",
    IGNORE,
)
_ENDS_ON_A_DAY = re.compile(
    r"hết hiệu lực(?: thi hành)? (?:kể )?từ (?!ngày \D)[^.;]{0,20}\d", IGNORE
)
_RECORDS = ("bien-ban", "bao-cao", "to-trinh")
"""Kinds that are grounds of a decision and are not annulled by it."""
_AGREES = re.compile(r"nhất|đồng|thống|chấp", IGNORE)
_REQUESTS = ("cong-van", "to-trinh", "bao-cao", "phieu-chuyen")
_OWN_ACTS = ("thong-bao", "giay-moi")
_MEETS = re.compile(rf"{SELF}(?:{MEETING}|lịch|thời gian tổ chức)(?!\w)", IGNORE)
_WHEN = re.compile(
    r"[\W\d_]{0,6}(?:thời gian|lịch)(?!\w)"
    r"(?!,? (?:nộp|nhận|gửi|thực hiện|đăng ký|báo cáo)(?!\w))",
    IGNORE,
)
"""Of what happens then."""
_INVITES = ("giay-moi", "giay-trieu-tap")
_PART = re.compile(
    rf"{SELF}(?:khoản|điều|điểm|nội dung(?! (?:đã )?(?:nêu|thông báo))|phụ lục|cụm từ|biểu|mục"
    rf"|danh mục|một phần|chương"
    rf"|thành viên|đoạn|mẫu|bảng(?! phân công)|số liệu|tên|từ \")(?!\w)",
    IGNORE,
)
_WHOLE = re.compile(rf"{SELF}(?:toàn bộ|toàn văn)(?!\w)", IGNORE)
_PART_OF_IT = re.compile(
    r"[^.;]{0,60}?(?<!\w)(?:phụ lục|biểu|danh sách|mẫu|điều|khoản|mục|điểm)(?!\w)[^.;,]{0,60}$",
    IGNORE,
)
_AMENDED = re.compile(rf"{SELF}(?:sửa đổi|bổ sung|thay thế)(?!\w)[^.;/]{{0,80}}$", IGNORE)
_AND_AMENDED = re.compile(r"bãi bỏ[^.;]{0,60}?(?:và|,) (?:sửa đổi|bổ sung)", IGNORE)
_WHEN_MEETING = re.compile(
    r"[^.;,]{0,30}?(?<!\w)(?:thời gian|địa điểm|giờ|ngày|lịch)(?:, (?:thời gian|địa điểm))?"
    rf"(?: tổ chức| diễn ra)? {MEETING}(?!\w)",
    IGNORE,
)
_OVER = re.compile(r"(?<!\w)sang\s", IGNORE)
_TERM = re.compile(
    rf"{SELF}(?:thời hạn|hạn (?:cuối|chót|nộp|nhận|gửi|đăng ký|cuối cùng)|thời gian (?:nộp|nhận|gửi"
    r"|đăng ký|báo cáo|góp ý|lấy ý kiến|tiếp nhận|hoàn thành|trả lời))(?!\w)",
    IGNORE,
)
_LATE = re.compile(r"(?<!\w)(?:quá hạn|quá thời hạn|chậm|chưa)(?!\w)", IGNORE)
_PRESSES = re.compile(rf"{SELF}(?:đôn đốc|nhắc)(?!\w)", IGNORE)
_SOME_TIME = re.compile(
    rf"{SELF}(?:sang|vào|đến) (?:một )?(?:thời (?:điểm|gian)|dịp|ngày|tuần|tháng) (?:khác|thích"
    rf" hợp|phù hợp)",
    IGNORE,
)
_TO_A_DAY = re.compile(rf"{SELF}(?:sang|đến|vào|thành)\s[^.;]{{0,40}}?\d", IGNORE)


def as_meant(
    text: str, verb: tuple[Link, int], clause: tuple[int, int], one: NumberMatch, own: str | None
) -> Link:
    """What a verb at an offset says of a number in the clause [start, end)."""
    if verb[0] is Link.REPLACES and _IN_A_BODY.match(text, verb[1]):
        verb = (Link.AMENDS, verb[1])
    if _is_of_another(text, verb, clause, one, own):
        return Link.MENTIONS
    link, at = verb
    start, end = clause
    if link in (Link.REPLACES, Link.CANCELS):
        return _of_whole_or_part(text, verb, start, one)
    if link in (Link.MOVES, Link.AMENDS) and at > one.end and _TERM.search(text, start, one.start):
        return Link.EXTENDS
    if link is Link.AMENDS and _is_of_meeting(text, at, start, end, one):
        return Link.MOVES
    if link is Link.MOVES:
        return _moved(text, at, clause, one)
    if link is Link.POSTPONES and _TO_A_DAY.search(text, one.end, end):
        return Link.MOVES
    return link


def _of_whole_or_part(text: str, verb: tuple[Link, int], start: int, one: NumberMatch) -> Link:
    """Whether all of a document goes, or a part of it, which amends it."""
    link, at = verb
    if at < one.start:
        return Link.AMENDS if _is_of_a_part(text, verb, start, one) else link
    if link is Link.CANCELS:
        return link
    if _ENDS_ON_A_DAY.match(text, at):
        return Link.CANCELS
    return Link.AMENDS if _PART_OF_IT.match(text[start : one.start]) else link


def _moved(text: str, at: int, clause: tuple[int, int], one: NumberMatch) -> Link:
    """A meeting that is put off without a day is postponed."""
    start, end = clause
    if _SOME_TIME.search(text, at, end):
        return Link.POSTPONES
    if at > one.end:
        is_meeting = (
            one.kind in _INVITES
            or _MEETS.search(text, start, end) is not None
            or _WHEN.match(text, start) is not None
        )
        return Link.MOVES if is_meeting else Link.MENTIONS
    is_put_off = text[at : at + 3].lower() in ("lùi", "lui")
    return Link.POSTPONES if is_put_off and not _TO_A_DAY.search(text, one.end, end) else Link.MOVES


def _is_of_another(
    text: str, verb: tuple[Link, int], clause: tuple[int, int], one: NumberMatch, own: str | None
) -> bool:
    """Whether what is done is done by the document's rule, or to something else than it."""
    link, at = verb
    start, end = clause
    if link in _CHANGES and _CENTRAL.search(one.number):
        return own is not None and not _CENTRAL.search(own)
    if link in _NEVER_AS_RULED and _AS_RULED.search(text, max(at, one.start - 80), one.start):
        return True
    if link is Link.REMINDS:
        whole = text[at:end]
        is_timely = whole.lower().startswith("khẩn") and not (
            _LATE.search(whole) or _PRESSES.search(text, start, at) or _is_of_own_series(one, own)
        )
        return is_timely or one.kind not in OF_OFFICES
    is_by = _BY.search(text, max(at, one.start - 60), one.start) is not None
    if is_by and link is Link.AMENDS and _OF_BODY.search(text, at, one.start):
        return False
    if is_by and link is Link.CANCELS:
        return one.kind in _RECORDS or _LOWERS_BURDEN.search(text, at, one.start) is not None
    if link is Link.ANSWERS and _AGREES.match(text, at) and one.kind not in _REQUESTS:
        return True
    is_stopped = _STOPS.match(text, at) is not None and one.kind not in _OWN_ACTS
    return is_by and (link in _NEVER_BY or is_stopped)


def _is_of_own_series(one: NumberMatch, own: str | None) -> bool:
    """Whether the office itself, and the same unit of it, wrote what is to be done at once."""
    letters = one.number.rpartition("/")[2]
    return own is not None and "-" in letters and own.rpartition("/")[2] == letters


def _is_of_a_part(text: str, verb: tuple[Link, int], start: int, one: NumberMatch) -> bool:
    """Whether a part is replaced, or one is annulled and another changed."""
    link, at = verb
    if link is Link.REPLACES:
        part = _PART.search(text, at, one.start)
        if part is None:
            return False
        is_all = part[0].lower().startswith("nội dung")
        return _WHOLE.search(text, at, part.start() - (0 if is_all else 3)) is None
    return (
        _ANNOUNCED.search(text, at, one.start) is not None
        or _AMENDED.search(text, start, at) is not None
        or _AND_AMENDED.match(text, at) is not None
    )


def _is_of_meeting(text: str, at: int, start: int, end: int, one: NumberMatch) -> bool:
    """Whether what is changed is when or where people meet."""
    if at > one.end and _MEETS.search(text, start, one.start):
        return True
    whole = text[at:end]
    return _WHEN_MEETING.match(whole) is not None or (
        _MEETS.search(whole) is not None and _OVER.search(whole) is not None
    )
