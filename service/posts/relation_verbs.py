"""The verbs with which a document says what it does to another, and the one beside a number.

The verb has to be the document's own, and stand in one clause with the number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from service.posts.kinds import NOUN
from service.posts.numbers import NumberMatch
from service.posts.organs import UPPER
from service.types import Link

_CLAUSE_CHARS = 260
END = re.compile(r"[.;!?]\s|\n")
IGNORE = re.IGNORECASE
SELF = r"(?<!\w)"
_BEFORE: tuple[tuple[Link, re.Pattern[str]], ...] = (
    (
        Link.REPLACES,
        re.compile(
            rf"{SELF}(?:thay thế|thay cho|thay)(?!\w| đổi)",
            IGNORE,
        ),
    ),
    (
        Link.CANCELS,
        re.compile(
            rf"{SELF}(?:bãi bỏ|(?:hủy|huỷ)(?: bỏ)?|(?:xin )?rút(?: lại)?(?= (?:{NOUN}))"
            rf"|(?:đề nghị|yêu cầu)(?: [^\s.;,]{{1,9}}){{1,6}}? không (?:thực hiện|áp dụng"
            rf"|sử dụng)(?= (?:{NOUN}))"
            rf"|chấm dứt (?:hiệu lực|thực hiện))(?!\w)",
            IGNORE,
        ),
    ),
    (
        Link.CANCELS,
        re.compile(
            rf"{SELF}thu hồi(?= và| (?:{NOUN})(?!\w)| hiệu lực)",
            IGNORE,
        ),
    ),
    (
        Link.AMENDS,
        re.compile(
            rf"{SELF}(?:sửa đổi(?:, bổ sung)?|bổ sung|điều chỉnh|đính chính|chỉnh sửa|sửa (?:lại"
            rf"|thành)"
            r"|thay đổi (?:thành viên|thành phần|nội dung|số lượng|mức))(?!\w)",
            IGNORE,
        ),
    ),
    (
        Link.EXTENDS,
        re.compile(
            rf"{SELF}(?:gia hạn|kéo dài|nới|lùi (?:thời hạn|hạn)|chậm (?:nộp|gửi)|nộp chậm)(?!\w)",
            IGNORE,
        ),
    ),
    (
        Link.POSTPONES,
        re.compile(
            rf"{SELF}(?:tạm |xin )?(?:hoãn|dừng|lùi|ngừng)(?!\w)",
            IGNORE,
        ),
    ),
    (
        Link.MOVES,
        re.compile(
            rf"{SELF}(?:dời|chuyển|đổi|thay đổi)(?: thời gian| lịch| địa điểm| ngày)(?!\w)", IGNORE
        ),
    ),
    (
        Link.REMINDS,
        re.compile(
            rf"{SELF}(?:nhắc (?:lại|việc|nhở)|đôn đốc|sớm (?:có ý kiến|trả lời|báo cáo"
            rf"|cho ý kiến|phúc đáp)"
            r"|khẩn trương (?:báo cáo|gửi|hoàn thành))(?!\w)",
            IGNORE,
        ),
    ),
    (
        Link.ANSWERS,
        re.compile(
            rf"{SELF}(?:phúc đáp|trả lời)(?!\w)",
            IGNORE,
        ),
    ),
    (
        Link.RELAYS,
        re.compile(
            rf"{SELF}(?:sao (?:lục|gửi|y)|gửi kèm|chuyển tiếp|truyền đạt"
            rf"|chuyển)(?= (?:{NOUN})(?!\w))",
            IGNORE,
        ),
    ),
    (
        Link.RELAYS,
        re.compile(
            rf"{SELF}(?:gửi|chuyển|triển khai|phổ biến|thông tin)(?: nguyên văn| kèm)?"
            rf" (?:đến|tới|cho) (?:(?!(?:theo|tại|kèm|trong|của|về|báo|kết"
            rf"|nội)\s)[^\s.;:()]{{1,20}}\s){{1,12}}?(?:toàn văn |nội dung )?"
            rf"(?:{NOUN})(?: hoả tốc| hỏa tốc| khẩn)?(?: số:?)?\s?$",
            IGNORE,
        ),
    ),
)
_AFTER: tuple[tuple[Link, re.Pattern[str]], ...] = (
    (
        Link.CANCELS,
        re.compile(
            rf"{SELF}(?:(?:sẽ )?không (?:còn )?tổ chức(?: nữa)?|bị (?:hủy|huỷ|bãi bỏ"
            rf"|thu hồi)(?: bỏ)?(?! (?:đất|giấy|tiền|kinh phí|kết quả|tư cách|hợp đồng))"
            r"|không còn hiệu lực|được (?:hủy|huỷ|bãi bỏ)(?: bỏ)?)(?!\w)",
            IGNORE,
        ),
    ),
    (
        Link.REPLACES,
        re.compile(
            rf"{SELF}(?:hết hiệu lực|được thay thế (?:bởi|bằng) [^.;\d]{{2,30}} này)(?!\w)", IGNORE
        ),
    ),
    (
        Link.AMENDS,
        re.compile(
            rf"{SELF}được (?:sửa đổi|bổ sung|đính chính|điều chỉnh"
            rf"|sửa)(?:, bổ sung)?(?: lại)? (?:như sau"
            r"|thành)(?!\w)",
            IGNORE,
        ),
    ),
    (
        Link.EXTENDS,
        re.compile(
            rf"{SELF}(?:được )?(?:gia hạn|kéo dài|nới|lùi (?:thời hạn|hạn))(?!\w)",
            IGNORE,
        ),
    ),
    (
        Link.MOVES,
        re.compile(
            rf"{SELF}(?:(?:được )?(?:chuyển(?! toàn| nguyên| văn| bản)|đổi|dời|lùi|thay đổi"
            rf"|điều chỉnh)[^.;]{{0,30}}?) (?:sang|thành|vào|đến)(?!\w)",
            IGNORE,
        ),
    ),
    (
        Link.POSTPONES,
        re.compile(
            rf"{SELF}(?:(?:được |tạm |bị )(?:tạm )?(?:hoãn|dừng|lùi)|hoãn lại"
            rf"|tạm hoãn)(?!\w)",
            IGNORE,
        ),
    ),
    (
        Link.RELAYS,
        re.compile(
            rf"{SELF}(?:nay )?(?:chuyển đến|sao gửi|sao lục)(?!\w)",
            IGNORE,
        ),
    ),
)
_NOT_OWN = re.compile(
    rf"{SELF}(?:tham mưu|xây dựng|soạn thảo|dự thảo|nghiên cứu|đề xuất|kiến nghị|rà soát|sẽ"
    rf"|không|chưa"
    r"|dự kiến|được|đã|bị|văn bản|xem xét|nếu|việc|hồ sơ|danh sách|kinh phí|nguồn vốn|hoàn thành"
    r"|công tác|thủ tục|trường hợp|khi)\s(?:[^\s.;,]{1,9}\s){0,3}$",
    IGNORE,
)
_DENIED = re.compile(rf"{SELF}(?:không|chưa|nếu|sẽ)\s(?:[^\s.;,]{{1,9}}\s){{0,2}}$", IGNORE)
_ASKED = re.compile(
    rf"{SELF}(?:đề nghị|xin(?! thông báo)|kiến nghị|xem xét"
    rf"|(?<!tờ )trình)\s(?:[^\s.;,]{{1,9}}\s){{0,3}}$"
    rf"|{SELF}(?:đề nghị|xin|kiến nghị|(?<!tờ )trình|mong)\s[^.;,]{{0,60}}(?:cho phép|xem xét|cho)"
    r"\s(?:[^\s.;,]{1,9}\s){0,3}$",
    IGNORE,
)
_AS_A_DUTY = re.compile(
    rf"{SELF}(?:theo dõi|kiểm tra|giao|phân công|hướng dẫn|chủ trì)(?!\w)[^.;]{{0,50}}$", IGNORE
)
_GIVEN = re.compile(rf"{SELF}(?<!bàn )(?<!được )(?:giao|phân công)\s[^.;,]{{2,50}}$", IGNORE)
_ABOUT = re.compile(rf"{SELF}(?:về|v/v|đề nghị|yêu cầu|xin|kiến nghị)(?!\w)", IGNORE)
_ON_THE_MATTER = re.compile(
    rf"[\W_]{{0,4}}(?:(?:{NOUN}) )?(?:v/v|về việc|về) (?=sửa|bổ sung|điều chỉnh|đính|thay|bãi|hủy"
    rf"|huỷ|thu"
    r"|gia hạn|kéo dài|hoãn|tạm|dừng|lùi)",
    IGNORE,
)
"""A document's own title: what it is about it does."""
NEW_SUBJECT = re.compile(
    rf",\s{{1,2}}(?:[^.;,(]{{0,40}},\s)?[{UPPER}][^()]{{0,120}}$|{SELF}này\s[^()]{{0,60}}$"
)
_MARKS = " \n\t0123456789.)-+"


def clause_start(text: str, at: int) -> int:
    first = max(at - _CLAUSE_CHARS, 0)
    ends = [first, *(match.end() for match in END.finditer(text, first, at))]
    while len(ends) > 1 and text[first : ends[-1]].rstrip(_MARKS)[-1:] == ":":
        ends.pop()  # a list goes on with what it is a list of
    return ends[-1]


def sentence_end(text: str, at: int, end: int) -> int:
    stop = END.search(text, at, end)
    return stop.start() if stop else end


def verb_before(
    text: str, start: int, end: int, earlier: Sequence[NumberMatch]
) -> tuple[Link, int] | None:
    """The own verb of the clause that stands nearest before a number, with no other number between
    them."""
    found: tuple[int, Link] | None = None
    for link, pattern in _BEFORE:
        for match in pattern.finditer(text, start, end):
            if found is None or match.start() > found[0]:
                found = (match.start(), link)
    if found is None:
        return None
    at, link = found
    is_own = _ON_THE_MATTER.match(text, start) is not None
    if (not is_own and _NOT_OWN.search(text, max(at - 50, start), at)) or any(
        n.start > at for n in earlier
    ):
        return None
    others = [n for n in earlier if n.end <= at]
    if others and not NEW_SUBJECT.search(text, others[-1].end, at):
        return None
    if link not in (Link.POSTPONES, Link.REMINDS) and _ASKED.search(text, max(at - 90, start), at):
        return None
    if _GIVEN.search(text, max(at - 60, start), at):
        return None
    if link in (Link.REMINDS, Link.ANSWERS) and _AS_A_DUTY.search(text, max(at - 60, start), at):
        return None
    return link, at


def verb_after(text: str, end: int, stop: int) -> tuple[Link, int] | None:
    found: tuple[int, Link] | None = None
    for link, pattern in _AFTER:
        match = pattern.search(text, end, stop)
        if match is not None and _ABOUT.search(text, end, match.start()):
            continue
        if match is None or _DENIED.search(text, max(match.start() - 30, end), match.start()):
            continue
        if found is None or match.start() < found[0]:
            found = (match.start(), link)
    return (found[1], found[0]) if found else None
