"""Who issued a document, by the words around its number; and when two writings of an issuer are
one."""

from __future__ import annotations

import re

from service.posts.kinds import NOUN
from service.posts.organ_names import read_organ, written
from service.posts.organs import UPPER, organ_words
from service.text import fold

DAY = (
    r"(?:\d{1,2}\s?[/.\-–]\s?\d{1,2}\s?[/.\-–]\s?\d{4}"
    r"|\d{1,2}\s{0,2}tháng\s{0,2}\d{1,2}\s{0,2}(?:,\s?|/\s?)?năm\s{0,2}\d{4})"
)
_BY = re.compile(
    rf"[\s,(]{{0,4}}(?:(?:hoả|hỏa) tốc[\s,)]{{0,3}})?"
    rf"(?:(?:được\s)?(?:ký\s)?(?:ban hành\s)?(?:đề\s)?(?:ngày\s{{1,2}})?{DAY}[\s,)]{{0,4}})?"
    rf"(?:ban hành\s)?(?:của|do)\s{{1,2}}",
    re.IGNORECASE,
)
_OF = re.compile(r"(?<!\w)của\s{1,2}")
_UP_TO_NUMBER = re.compile(r"[\s,]{0,3}(?:số\s?:?\s?)?")
_TELLS = re.compile(
    r"(?<!\w)(?:(?:vừa|đã|có|mới|cũng|tiếp tục)\s){0,3}"
    r"(?:ban hành|ký(?: ban hành)?|có(?=\s(?:văn bản|công văn|công điện|thông báo|giấy mời|hướng "
    r"dẫn"
    r"|kế hoạch|báo cáo))|ra"
    r"|gửi|phát đi)(?!\w)",
    re.IGNORECASE,
)
_FULL_STOP = re.compile(r"[.;!?]\s|\n")
_CAPITAL_WORD = re.compile(rf"(?<!\w)[{UPPER}]\w*")
_NOT_SUBJECT = re.compile(
    r"(?<!\w)(?:của|theo|tại|với|gửi|cho|từ|bởi|và|đến|được|thực hiện|căn cứ|giao|chỉ đạo)\s{1,2}$",
    re.IGNORECASE,
)
_ADVERBS = re.compile(
    rf"[\s,]{{0,3}}(?:(?:ông|bà|đồng "
    rf"chí)\s)?(?:[{UPPER}]\w*+\s?){{0,5}}(?:(?:vừa|đã|có|mới|cũng|tiếp tục"
    rf"|tỉnh|huyện|xã)\s){{0,3}}"
)
_DIRECTLY = re.compile(
    rf"[\W_]{{0,4}}(?:{NOUN})(?:\s(?:hoả tốc|khẩn|thượng khẩn|liên tịch))?\scủa\s", re.IGNORECASE
)
_SENTENCE = 300
_SAME = (
    (re.compile(r"uỷ ban nhân dân"), "ubnd"),
    (re.compile(r"hội đồng nhân dân"), "hđnd"),
    (re.compile(r"uỷ ban (?:mặt trận tổ quốc|mttq)(?: việt nam)?|ub ?mttq(?: việt nam)?"), "mttq"),
    (re.compile(r"toà án nhân dân"), "tand"),
    (re.compile(r"viện kiểm sát nhân dân"), "vksnd"),
    (re.compile(r"bảo hiểm xã hội"), "bhxh"),
    (re.compile(r"thành phố|tp\.? ?(?=\w)"), "tp "),
    (re.compile(r" {2,}"), " "),
    (
        re.compile(
            r"^(?:(?:phó )?chủ tịch (?!nước)|thường trực |ban thường vụ |ban thường trực |ban "
            r"chấp hành (?!trung))"
        ),
        "",
    ),
    (re.compile(r"^(?:thủ tướng )?chính phủ$|^thủ tướng$"), "chính phủ"),
)
_LOCAL = re.compile(
    r"(?:ubnd|hđnd|(?:đảng|tỉnh|thành|huyện|thị|quận) uỷ|đảng bộ|chi bộ|công "
    r"an|mttq|sở|phòng|ban|trường|hội"
    r"|đoàn|văn phòng|thuế|thống kê|bệnh viện|bưu điện|đài|báo|quỹ|hợp tác xã|liên minh"
    r"|liên hiệp|chi "
    r"nhánh|tỉnh đoàn|xã đoàn|huyện đoàn|thành đoàn|đội|đồn|bộ đội|công ty|hội đồng"
    r"|trung tâm|chi cục|tand|vksnd|bhxh|kho bạc|liên đoàn|bộ chỉ huy|trạm|hạt|điện lực|thanh "
    r"tra)(?!\w)"
)
_BARE_AREA = re.compile(
    r"(?:^| )(?:uỷ|tỉnh|huyện|tp|thị xã|quận|xã|phường|thị trấn|đặc khu|khu vực)$"
)


def organ_after(text: str, end: int) -> tuple[str, int] | None:
    """The organ after `của` that follows a number and its day, with the offset of its end."""
    by = _BY.match(text, end)
    stop = read_organ(text, by.end()) if by else None
    return (text[by.end() : stop], stop) if by and stop else None


def find_issuer(text: str, start: int, end: int) -> str | None:
    """Who issued the document whose number stands at [start, end): after `của`, else the organ that
    tells of it."""
    after = organ_after(text, end)
    if after is not None:
        return _spaced(after[0])
    sentence = text[_sentence_start(text, start) : start]
    return _between(sentence) or _teller(sentence)


def issuer_of_title(title: str) -> str | None:
    """Whom a title names as the issuer of what it is: `Chỉ thị của UBND tỉnh …`, `UBND xã A: Kế
    hoạch …`."""
    directly = _DIRECTLY.match(title)
    start = directly.end() if directly else 0
    stop = read_organ(title, start)
    if stop is None or not (directly or title[stop:].lstrip().startswith(":")):
        return None
    return _spaced(title[start:stop])


def issuer_key(issuer: str) -> str:
    """The organ behind the words: `Chủ tịch Ủy ban nhân dân huyện X` and `UBND huyện X` are one.

    >>> issuer_key("Chủ tịch Uỷ ban nhân dân huyện Nga Sơn")
    'ubnd huyện nga sơn'
    """
    key = fold(issuer)
    for pattern, replacement in _SAME:
        key = pattern.sub(replacement, key)
    return key.strip()


def is_one_organ(issuer: str) -> bool:
    """Whether the words name one organ of the whole country: `Bộ Y tế`, `UBND xã A`; never `UBND
    xã` or `Sở Y tế`."""
    key = issuer_key(issuer)
    if not _LOCAL.match(key):
        return True
    return any(word in _AREA_WORDS for word in organ_words(key)[:-1]) and not _BARE_AREA.search(key)


_AREA_WORDS = frozenset(["tỉnh", "huyện", "tp", "xã", "phường", "quận", "trấn", "khu", "uỷ"])


def _sentence_start(text: str, start: int) -> int:
    first = max(start - _SENTENCE, 0)
    ends = [match.end() for match in _FULL_STOP.finditer(text, first, start)]
    return ends[-1] if ends else first


def _between(sentence: str) -> str | None:
    """The organ between a noun and its number: `Công văn của Sở Nội vụ số …`."""
    for by in reversed(list(_OF.finditer(sentence))[-3:]):
        stop = read_organ(sentence, by.end())
        if stop is not None and _UP_TO_NUMBER.fullmatch(sentence, stop):
            return _spaced(sentence[by.end() : stop])
    return None


def _teller(sentence: str) -> str | None:
    """The subject of the telling verb that stands nearest to the number."""
    tells = list(_TELLS.finditer(sentence))
    if not tells:
        return None
    last = tells[-1].start()
    at, found = 0, None
    while (word := _CAPITAL_WORD.search(sentence, at, last)) is not None:
        stop = read_organ(sentence, word.start())
        if stop is None or stop > last:
            at = word.end()
            continue
        if not _NOT_SUBJECT.search(sentence, max(word.start() - 20, 0), word.start()):
            found = (word.start(), stop)
        at = stop
    if found is None or not _ADVERBS.fullmatch(sentence, found[1], last):
        return None
    return _spaced(sentence[found[0] : found[1]])


def _spaced(name: str) -> str:
    return written(name) if name.isupper() else " ".join(name.split())
