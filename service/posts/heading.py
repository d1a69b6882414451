"""The heading of a document inside a text or a file: its own number, place and day, and issuer.

Nghị định 30/2020/NĐ-CP, phụ lục I, and Hướng dẫn 36-HD/VPTW: the issuer and the line that begins
with `Số` stand above the title, the place and the day beside it. What a document cites stands below
and is never its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from service.posts.kinds import (
    ABBREVIATIONS,
    KIND_NAMES,
    KIND_OF_ABBREVIATION,
    KIND_OF_NAME,
    PARTY_KIND_OF_ABBREVIATION,
)
from service.posts.numbers import number_at
from service.posts.organ_names import read_organ, written
from service.posts.organs import UPPER
from service.text import find_dates, fold

_HEADING_CHARS = 1_500
_BODY = re.compile(
    r"(?m)^[\W\d_]{0,8}(?:Căn cứ|CĂN CỨ|Kính gửi|KÍNH GỬI|Thực hiện|Theo|Xét|Trong|Triển "
    r"khai|Điều 1|Để|Nhằm)(?!\w)"
)
_LABEL = re.compile(
    r"(?m)^[^\w\n]{0,8}(?:Số|SỐ)(?:(?:\s{0,2}[/,]?\s{0,2}(?:ký hiệu|Ký hiệu|hiệu|KÝ "
    r"HIỆU))?(?:\s(?:văn bản|VB))?)"
    r"[^\S\n]{0,3}(?:[:.]\s{0,12}|[^\S\n]{1,12}|$\n\s{0,12})"
)
_CAPITALS = "|".join(
    sorted((re.escape(name.upper()) for name in KIND_NAMES.values()), key=len, reverse=True)
)
_TITLE = re.compile(
    rf"(?m)^[^\w\n]{{0,8}}(?P<name>{_CAPITALS})[^\S\n]{{1,4}}(?:Số|SỐ|số)[^\S\n]{{0,3}}:?[^\S\n]{{0,3}}(?=\d)"
)
_KINDS = "|".join(re.escape(a) for a in sorted(ABBREVIATIONS.values(), key=len, reverse=True))
_BLANK = re.compile(
    rf"[\s._…]{{0,40}}(?:/\s?(?:20\d\d\s?/\s?)?(?P<state>[A-ZĐÐ][\wĐÐ]{{0,8}})(?!\w)|[-–]\s?(?P<party>{_KINDS})\s?/)"
)
_AFTER_NUMBER = re.compile(rf"[^\S\n]{{0,80}}(?:[|,;.)][^\S\n]{{0,80}})?(?:$|\n|[{UPPER}]|ngày\s)")
_DAY_LABEL = re.compile(
    r"(?<!\w)(?:Ngày (?:ban hành|ký|văn bản|ra văn bản)(?: văn bản)?|NGÀY BAN "
    r"HÀNH)\s{0,3}[:|]?\s{0,3}(?=\d)"
)
_ISSUER_LABEL = re.compile(
    r"(?<!\w)(?:Cơ quan|Nơi|Đơn vị|Tổ chức)(?:/\w+)? (?:ban hành|ký)(?: văn bản)?"
    r"(?:\s{0,3}[:|]\s{0,3}|[^\S\n]{0,3}\n[^\S\n]{0,3})(?=\w)"
)
_BEFORE_DAY = re.compile(rf"[{UPPER}][\w'’]{{0,20}}+\.?\s{{0,3}}[,.]\s{{0,3}}(?:[Nn]gày\s{{0,3}})$")
_PLACE_LINE = re.compile(
    rf"\n[\W_]{{0,4}}(?:[{UPPER}][\w'’]{{0,20}}+\s){{0,4}}[{UPPER}][\w'’]{{0,20}}+,\s{{0,3}}[Nn]gày\s{{1,3}}$"
)
"""Before a day in figures: only a line that is nothing but a place and its day."""
_NO_ISSUER = re.compile(
    r"c[ộọ]ng h(?:òa|oà) x(?:ã|ả) hội chủ nghĩa việt nam|độc lập\s{0,2}[-–—]\s{0,2}tự "
    r"do\s{0,2}[-–—]\s{0,2}hạnh phúc"
    r"|đảng cộng sản việt nam|h(?:ỏa|oả) tốc|thượng khẩn"
    r"|(?<!\w)(?:khẩn|mật|tối mật|tuyệt mật|dự thảo|bản sao|sao y|công báo)(?!\w)",
    re.IGNORECASE,
)
_BESIDE = re.compile(r"[^\S\n]{1,9}[-–—][^\S\n]{1,9}")
"""Between two organs of one line, which issue together."""
_OWN_OFFICES = frozenset(
    map(
        fold,
        (
            "Văn phòng",
            "Thường trực",
            "Ban Thường trực",
            "Ban Thường vụ",
            "Ban Chấp hành",
            "Đảng đoàn",
        ),
    )
)
"""What stands below an organ as a part of it: `TỈNH ỦY THANH HÓA`, `VĂN PHÒNG`."""
_SPACE = re.compile(r"\s")
_FIRST_CAPITAL = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class DocumentHeading:
    """What a heading says; `number` is None where it was left blank, to be written by hand when it
    is signed."""

    kind: str | None
    number: str | None
    issued_on: date | None
    issuer: str | None
    words: str
    """The whole region, to compare a title with."""


def read_heading(text: str) -> DocumentHeading | None:
    """The heading with which a text begins; None where no line of it begins with `Số` and a number,
    or its blank."""
    head = text[:_HEADING_CHARS]
    body = _BODY.search(head)
    region = head[: body.start()] if body else head
    for label in _LABEL.finditer(region):
        found = number_at(region, label.end())
        if found is not None and _AFTER_NUMBER.match(region, found.end):
            day = found.issued_on or place_day(region)
            return DocumentHeading(
                found.kind, found.number, day, _issuer(region, label.start()), head
            )
        blank = _BLANK.match(region, label.end()) if found is None else None
        if blank is not None:
            return DocumentHeading(
                _kind(blank), None, place_day(region), _issuer(region, label.start()), head
            )
    return _read_title(region, head)


def _read_title(region: str, head: str) -> DocumentHeading | None:
    """Where no line begins with `Số`: a title in capitals that has the number in it, `CHỈ THỊ số
    07/CT-UBND`."""
    for title in _TITLE.finditer(region):
        found = number_at(region, title.end())
        if found is not None and found.kind == KIND_OF_NAME[fold(title["name"])]:
            day = found.issued_on or place_day(region)
            return DocumentHeading(
                found.kind, found.number, day, found.issuer or _issuer(region, title.start()), head
            )
    return None


def _kind(blank: re.Match[str]) -> str | None:
    if blank["party"]:
        return PARTY_KIND_OF_ABBREVIATION.get(fold(blank["party"]))
    return KIND_OF_ABBREVIATION.get(fold(blank["state"]), "cong-van")


def place_day(region: str) -> date | None:
    """That of the place-and-day line: `Quảng Ninh, ngày 22 tháng 10 năm 2019`; else the one
    labelled as such."""
    labelled = _DAY_LABEL.search(region)
    for day, start, end in find_dates(region):
        is_beside_place = (
            _BEFORE_DAY.search(region, max(start - 40, 0), start)
            if "tháng" in fold(region[start:end])
            else _PLACE_LINE.search(region, max(start - 80, 0), start)
            and region[end : end + 1] in "\n"
        )
        if is_beside_place or (labelled is not None and labelled.end() == start):
            return day
    return None


def _issuer(region: str, number_start: int) -> str | None:
    label = _ISSUER_LABEL.search(region)
    if label is not None:
        stop = read_organ(region, label.end())
        return " ".join(region[label.end() : stop].split()) if stop else None
    lines = [
        _NO_ISSUER.sub(" ", line).strip(" \t*-–—_|:") for line in region[:number_start].split("\n")
    ]
    capitals = [
        line
        for line in lines
        if len(line) > 2 and line == line.upper() and _FIRST_CAPITAL.match(line)
    ]
    return _last_organ("\n".join(capitals))


def _last_organ(text: str) -> str | None:
    """The organ that stands nearest above the number, under those that it belongs to; None if other
    words follow."""
    at, found = 0, None
    while at < len(text):
        stop = read_organ(text, at, is_heading=True)
        if stop is not None:
            if found is not None and _BESIDE.fullmatch(text, found[1], at):
                return None
            found = (at, stop)
            at = stop
        else:
            space = _SPACE.search(text, at)
            if space is None:
                break
            at = space.start()
        while at < len(text) and not text[at].isalnum():
            at += 1
    if found is None:
        return None
    organ, rest = written(text[found[0] : found[1]]), " ".join(text[found[1] :].split())
    if fold(rest) in _OWN_OFFICES:
        return f"{written(rest)} {organ}"
    return None if any(letter.isalnum() for letter in rest) else organ
