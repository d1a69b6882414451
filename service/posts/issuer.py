"""Who issued a document, by the words around its number; and when two writings of an issuer are one."""

from __future__ import annotations

import re

from service.text import fold

_UPPER = "".join(
    c
    for c in map(chr, range(0x41, 0x1EFA))
    if c.isupper() and (c.isascii() or c in "ĂÂĐÊÔƠƯ" or c >= "Ạ" or "À" <= c <= "Ý" or c in "ĨŨ")
)
_CAPITALS = rf"[{_UPPER}]\w*"
_AREA = rf"(?:\s+(?:tỉnh|huyện|thành phố|TP\.?|thị xã|quận|xã|phường|thị trấn)(?:\s+{_CAPITALS}){{0,6}})?"
_ORGAN = re.compile(
    rf"(?:(?:Phó\s+)?Chủ tịch\s+|Thường trực\s+|Ban Thường vụ\s+|Ban Chấp hành\s+|Văn phòng\s+"
    rf"|Ban Chỉ đạo\s+|Ban Tuyên giáo\s+)?"
    rf"(?:(?:UBND|HĐND|Ủy ban nhân dân|Uỷ ban nhân dân|Hội đồng nhân dân|Đảng ủy|Đảng uỷ|Công an|Ủy ban MTTQ){_AREA}"
    rf"|(?:Tỉnh|Thành|Huyện|Thị)\s+(?:ủy|uỷ)(?:\s+{_CAPITALS}){{0,5}}"
    rf"|Thủ tướng Chính phủ|Chính phủ|Quốc hội|Ủy ban Thường vụ Quốc hội|Bộ Chính trị|Ban Bí thư(?: Trung ương)?"
    rf"|Ban Chấp hành Trung ương|Văn phòng (?:Chính phủ|Trung ương Đảng)"
    rf"|(?:Bộ|Sở|Phòng|Chi cục|Cục|Tổng cục)\s+{_CAPITALS}(?:(?:,?\s+|\s+và\s+){_CAPITALS}(?:\s+\w+)??){{0,4}})"
)
_BY = re.compile(r"[^.;\n]{0,60}?\bcủa\s+(?=\S)")
_TELLS = re.compile(r"ban hành|ký|vừa có|đã có|\bcó\b|\bra\b")
_SAME = (
    (re.compile(r"uỷ ban nhân dân"), "ubnd"),
    (re.compile(r"hội đồng nhân dân"), "hđnd"),
    (re.compile(r"^(?:phó )?chủ tịch |^thường trực |^ban thường vụ |^ban chấp hành "), ""),
    (re.compile(r"^(?:thủ tướng )?chính phủ$"), "chính phủ"),
)


def find_issuer(text: str, start: int, end: int) -> str | None:
    """Who issued the document whose number stands at [start, end): after `của`, else the organ that tells of it."""
    by = _BY.match(text, end)
    organ = _ORGAN.match(text, by.end()) if by else None
    if organ is None:
        sentence_start = max(text.rfind(". ", 0, start), text.rfind("\n", 0, start), start - 250, 0)
        sentence = text[sentence_start:start]
        tells = _TELLS.search(sentence)
        organ = next(_ORGAN.finditer(sentence, 0, tells.start()), None) if tells else None
    return _without_person(organ[0]) if organ else None


def issuer_key(issuer: str) -> str:
    """The organ behind the words: `Chủ tịch Ủy ban nhân dân huyện X` and `UBND huyện X` are one.

    >>> issuer_key("Chủ tịch Uỷ ban nhân dân huyện Nga Sơn")
    'ubnd huyện nga sơn'
    """
    key = fold(issuer)
    for pattern, replacement in _SAME:
        key = pattern.sub(replacement, key)
    return key


def _without_person(name: str) -> str:
    """An organ's name without the person's that follows it: an area has up to three words, a person three more."""
    words = name.split()
    tail = 0
    while tail < len(words) and words[-1 - tail][:1].isupper() and not words[-1 - tail].isupper():
        tail += 1
    return " ".join(words[: len(words) - tail + 2] if tail >= 4 else words)
