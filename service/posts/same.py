"""Whether what two posts are or relay is one document. Strict: a wrong yes would keep somebody from
hearing, a wrong no tells him twice."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

from service.posts.issuer import is_one_organ, issuer_key
from service.posts.kinds import NOUN
from service.posts.numbers import number_key
from service.posts.organs import UPPER
from service.posts.provinces import province_on, split_province
from service.posts.same_title import differ_in_counts, is_one_title
from service.text import fold
from service.types import Document, Mention

_NATIONWIDE = re.compile(
    r"ttg|cp|tw|ctn|qh\d{1,2}|ubtvqh\d{0,2}|vpcp|tandtc|vksndtc|nhnn|ktnn|ttcp|bnv|btc|byt|bca"
    r"|bqp|bng|btp|bxd|bct|bkhcn"
    r"|bgdđt|bnnmt|bnnptnt|bvhttdl|bdttg|btnmt|bgtvt|bkhđt|btttt|blđtbxh"
)
_IN_ENGLISH = {
    "government": "chính phủ",
    "the government": "chính phủ",
    "prime minister": "thủ tướng chính phủ",
    "the prime minister": "thủ tướng chính phủ",
    "national assembly": "quốc hội",
}
_ISSUER_PARTS = 2  # of the letters of a number: the issuer is the first, or stands after the kind
_SHORT = (
    (re.compile(r"(?<!\w)gd ?(?:&|và|-)? ?đt(?!\w)"), "giáo dục và đào tạo"),
    (re.compile(r"(?<!\w)nn ?(?:&|và)? ?mt(?!\w)"), "nông nghiệp và môi trường"),
    (re.compile(r"(?<!\w)vh,? ?tt ?(?:&|và)? ?dl(?!\w)"), "văn hoá, thể thao và du lịch"),
    (re.compile(r"(?<!\w)kh ?(?:&|và)? ?cn(?!\w)"), "khoa học và công nghệ"),
    (re.compile(r"(?<!\w)dt ?(?:&|và)? ?tg(?!\w)"), "dân tộc và tôn giáo"),
    (re.compile(r"(?<!\w)btgdv(?!\w)"), "ban tuyên giáo và dân vận"),
    (re.compile(r"(?<!\w)ubtvqh(?!\w)"), "uỷ ban thường vụ quốc hội"),
    (re.compile(r"(?<!\w)ubkt(?!\w)"), "uỷ ban kiểm tra"),
    (re.compile(r"(?<!\w)lhpn(?!\w)"), "liên hiệp phụ nữ"),
    (re.compile(r"(?<!\w)ccb(?!\w)"), "cựu chiến binh"),
    (re.compile(r"(?<!\w)lđlđ(?!\w)"), "liên đoàn lao động"),
    (re.compile(r"(?<!\w)chqs(?!\w)"), "chỉ huy quân sự"),
    (re.compile(r"(?<!\w)bql ?da(?!\w)"), "ban quản lý dự án"),
    (re.compile(r"(?<!\w)qlda(?!\w)"), "quản lý dự án"),
    (re.compile(r"(?<!\w)c(?:ông )?ty (?:cp|cổ phần)(?!\w)"), "công ty cổ phần"),
    (re.compile(r"(?<!\w)cty(?!\w)"), "công ty"),
    (re.compile(r"(?<!\w)vksnd(?!\w)"), "viện kiểm sát nhân dân"),
    (re.compile(r"^ban thường trực (?=(?:uỷ ban )?(?:mttq|mặt trận))"), ""),
    (re.compile(r"(?<!\w)bql(?!\w)"), "ban quản lý"),
    (re.compile(r"(?<!\w)bcđ(?!\w)"), "ban chỉ đạo"),
    (re.compile(r"(?<!\w)kkt(?!\w)"), "khu kinh tế"),
    (re.compile(r"(?<!\w)kcn(?!\w)"), "khu công nghiệp"),
    (re.compile(r"(?<!\w)gdnn(?!\w)"), "giáo dục nghề nghiệp"),
    (re.compile(r"(?<!\w)gdtx(?!\w)"), "giáo dục thường xuyên"),
    (re.compile(r"(?<!\w)mttqvn(?!\w)"), "mttq việt nam"),
    (re.compile(r"(?<!\w)ttpvhcc(?!\w)"), "trung tâm phục vụ hành chính công"),
    (re.compile(r"(?<!\w)hcc(?!\w)"), "hành chính công"),
    (
        re.compile(r"(?<!\w)tt(?= (?:phục vụ|gdnn|giáo dục|y tế|văn hoá|kiểm soát|khuyến|phát))"),
        "trung tâm",
    ),
    (re.compile(r"(?<!\w)đtxd(?!\w)"), "đầu tư xây dựng"),
    (re.compile(r"(?<!\w)p\. ?(?=\w)"), "phường "),
    (re.compile(r"(?<!\w)x\. ?(?=\w)"), "xã "),
    (re.compile(r"(?<!\w)ttg ?(?:cp)?(?!\w)"), "thủ tướng chính phủ"),
    (re.compile(r"(?<!\w)btc(?= (?:tỉnh|thành|đảng|trung))"), "ban tổ chức"),
    (re.compile(r"(?<!\w)cn ?(?:&|và)? ?ty(?!\w)"), "chăn nuôi và thú y"),
    (re.compile(r"(?<!\w)ksnd(?!\w)"), "kiểm sát nhân dân"),
    (re.compile(r"(?<!\w)csxh(?!\w)"), "chính sách xã hội"),
    (re.compile(r" ?[-–] ?"), "-"),
    (re.compile(r"-bộ [^-()]{3,40}$"), ""),
    (re.compile(r"^cục (?=(?:thuế|hải quan|thống kê)$)"), "tổng cục "),
    (re.compile(r"^(?:bảo hiểm xã hội|bhxh) việt nam$"), "tổng cục bảo hiểm xã hội"),
    (re.compile(r"^chi cục (?=hải quan khu vực)"), ""),
    (re.compile(r"^[^()]{2,80}\(nay là ([^()]{2,60})\)$"), r"\1"),
    (re.compile(r"(?<!\w)hđnd ?[-,&] ?ubnd(?!\w)"), "hđnd và ubnd"),
    (re.compile(r"^chủ tịch (?=(?:tỉnh|xã|phường|tp|thành phố)(?!\w))"), "ubnd "),
    (re.compile(r"^chủ tịch (?=(?:ubnd|hđnd|uỷ ban nhân dân|hội đồng nhân dân)(?!\w))"), ""),
    (re.compile(r"^(?:bộ trưởng|giám đốc) (?=bộ |sở )"), ""),
    (re.compile(r"(?<!\w)(?:tp|thành phố)\.? ?hcm(?!\w)"), "thành phố hồ chí minh"),
    (re.compile(r"(?<!\w)vpcp(?!\w)"), "văn phòng chính phủ"),
    (re.compile(r"(?<!\w)vp ?(?=(?:ubnd|hđnd|đoàn đbqh)(?!\w))"), "văn phòng "),
    (re.compile(r"(?<!\w)vp(?!\w)"), "văn phòng"),
    (re.compile(r"(?<!\w)(?:bv|bệnh viện) ?đk(?!\w)"), "bệnh viện đa khoa"),
    (re.compile(r"(?<!\w)bv(?!\w)"), "bệnh viện"),
    (re.compile(r"(?<!\w)ttyt(?!\w)"), "trung tâm y tế"),
    (re.compile(r"(?<!\w)kbnn(?!\w)"), "kho bạc nhà nước"),
    (re.compile(r"(?<!\w)nhnn(?!\w)"), "ngân hàng nhà nước"),
    (re.compile(r"(?<!\w)ttvh(?!\w)"), "trung tâm văn hoá"),
    (re.compile(r"(?<!\w)tncs ?hcm(?!\w)"), "thanh niên cộng sản hồ chí minh"),
    (re.compile(r"(?<!\w)tncs(?!\w)"), "thanh niên cộng sản"),
    (re.compile(r"(?<!\w)ptds(?!\w)"), "phòng thủ dân sự"),
    (re.compile(r"(?<!\w)bch(?= (?:phòng thủ|pctt|quân sự|chỉ huy))"), "ban chỉ huy"),
    (re.compile(r"(?<!\w)bch(?!\w)"), "ban chấp hành"),
    (re.compile(r"(?<!\w)btv(?!\w)"), "ban thường vụ"),
    (re.compile(r"(?<!\w)cđ (?=y tế|sư phạm|nghề|công|kỹ thuật)"), "cao đẳng "),
    (re.compile(r"(?<!\w)đh (?=\w)"), "đại học "),
    (re.compile(r"(?<!\w)vh ?-? ?xh(?!\w)"), "văn hoá-xã hội"),
    (re.compile(r"(?<!\w)ca(?= (?:tỉnh|xã|phường))"), "công an"),
    (re.compile(r" (?:việt nam|khoá [ivx]{1,6}|tỉnh khoá [ivx]{1,6})(?!\w)"), ""),
    (re.compile(r"^công ty (?=điện lực)"), ""),
    (re.compile(r"^thường trực (?=hđnd|hội đồng nhân dân)"), ""),
    (re.compile(r"trung học phổ thông"), "thpt"),
    (re.compile(r"trung học cơ sở"), "thcs"),
    (re.compile(r"^trường (?=cao đẳng|đại học)"), ""),
    (re.compile(r"^(?=(?:thpt|thcs|tiểu học|mầm non)(?!\w))"), "trường "),
    (re.compile(r" và các khu công nghiệp$"), ""),
    (re.compile(r"\s{2,}"), " "),
)
_FIRST_FIGURES = re.compile(r"0*(\d{1,5})(?!\d)")
_WORD_BEFORE = re.compile(r"^\s*+số\s*+:?\s*+", re.IGNORECASE)
_LIKE_FIGURES = (
    (re.compile(r"(?<=\d)[oO]|[oO](?=\d)"), "0"),
    (re.compile(r"(?<=\d)[lI]|[lI](?=\d)"), "1"),
)
"""What a reader of scans takes a figure for."""
_LOST_BARS = {"nd": "nđ", "qd": "qđ", "cd": "cđ", "hdnd": "hđnd", "du": "đu"}
"""Letters whose bar a keyboard lost: no other kind or organ is written so."""
_DEPARTMENT = re.compile(r"s[a-zđ]{1,6}")
"""A `sở`, of which a province has one of each name."""
_OF_PROVINCE = re.compile(r"^(?:sở|chi cục|bảo hiểm|bhxh|kho bạc|trường chính trị)(?!\w)")
_OF_PROVINCE_TOO = re.compile(
    r"^(?:trung tâm (?:dịch vụ|khuyến nông|kiểm soát|xúc tiến|phục vụ)|quỹ)(?!\w)"
)
_ONLY_FIGURES = re.compile(r"\d{1,5}")
_OPENING = re.compile(rf"\W*(?P<kind>{NOUN})(?!\w)")
_RARE = 1000
"""From this number on, of one year, a commune hardly has one that its province has too."""
_PLACE_END = re.compile(r",\s?(?:tỉnh|tp|thành phố)$")
_PROVINCIAL_END = re.compile(r" (?:tỉnh|tp)$")
_OWN_NAME = re.compile(
    rf"(?<!\w)[{UPPER}]\w{{0,9}} [{UPPER}\d]\w{{0,9}}(?: [{UPPER}\d]\w{{0,9}}){{0,3}}$"
)
_NO_NAME = re.compile(
    r"(?:hồ chí minh|việt nam|tổ quốc|chiến binh|nông dân|phụ nữ|thanh niên|lao động|nhân dân"
    r"|xã hội|dân sự"
    r"|quân sự|nhà nước|chính trị|đảng uỷ|thường vụ|giao thông|chữ thập đỏ|y tế|công an|văn phòng)$"
)
"""Capitals at the end of a name that every commune's organ of that kind has."""
_NATIONAL = re.compile(
    r"(?:bộ (?!chỉ huy|đội|tư lệnh|phận)|chính phủ|quốc hội|uỷ ban thường vụ quốc hội|ban bí thư"
    r"|chủ tịch "
    r"nước|thanh tra chính phủ|kiểm toán nhà nước$|ngân hàng nhà nước$|văn phòng (?:chính phủ"
    r"|quốc hội)"
    r"|(?:hải quan|kho bạc nhà nước|kiểm toán nhà nước|ngân hàng nhà nước) khu vực"
    r"|tổng cục|tổng liên đoàn|thông tấn xã|(?:tand|vksnd) tối cao)|(?!bệnh viện|trường"
    r"|viện).*trung ương(?!\w)"
)
_NUMBERED = re.compile(r"(?:khu vực|cơ sở) (?:\d{1,2}|[ivx]{1,5})$|(?:^| )(?:tỉnh|tp|xã|phường)$")
"""Every province has one of that number, or of no name of its own."""
_MANY_OF_ONE_NAME = re.compile(
    r"trường (?:mầm non|mn|tiểu học|th|thcs)(?!\w)|hợp tác xã|chi (?:bộ|hội|đoàn)"
)
"""A province has several of one name."""
_WELL_NAMED = re.compile(r"^trường thpt \w+ \w+ \d$|^bệnh viện đa khoa khu vực \w+ \w+$")
"""After an old district, of which the country has one."""
_PROVINCE_LEVEL = re.compile(r"(?:^| )tỉnh(?: uỷ| đoàn)?$|(?:^| )tp$|^sở ")


def is_same_document(
    one: Document | Mention,
    other: Document | Mention,
    areas: tuple[str | None, str | None] = (None, None),
    titles: tuple[str, str] = ("", ""),
) -> bool:
    """Whether two are one document: equal numbers and kinds, no day that differs, and one issuer,
    known to be one. Where a number is missing, kind, day, issuer and the words of the titles.

    Every office counts from one: an equal number of an equal day tells nothing where the offices
    may be two. `areas` are the provinces of the portals, to tell whose `Sở Y tế` it is.
    """
    if one.number is None or other.number is None or _is_abridged(one.number, other.number):
        return _is_one_unnumbered(one, other, areas, titles)
    if differ_in_counts(*titles):
        return False
    numbers = (_compact(it.number or "", one.issued_on and other.issued_on) for it in (one, other))
    if len(set(numbers)) > 1 or _differ(one.kind, other.kind):
        return False
    if not _is_one_day(one.issued_on, other.issued_on):
        return False
    if _is_joint(one) and None not in (one.issued_on, other.issued_on):
        return True
    if one.issuer is not None and other.issuer is not None:
        return _is_same_issuer(one, areas[0], other, areas[1]) or _is_reposted(
            one, other, areas, titles
        )
    if None in (one.issued_on, other.issued_on):
        return False
    first, second = (province_on(area, one.issued_on) for area in areas)
    is_in_one_province = first is not None and first == second
    if not is_in_one_province:
        return _is_nationwide(one)
    return _is_nationwide(one) or _is_of_department(one) or _is_of_a_large_office(one, other)


def _is_one_unnumbered(
    one: Document | Mention,
    other: Document | Mention,
    areas: tuple[str | None, str | None],
    titles: tuple[str, str],
) -> bool:
    """Whether a document and one without a number are one."""
    figures = (one.number or "").partition("/")[0], (other.number or "").partition("/")[0]
    own_words = " ".join((one.issuer or "", other.issuer or "", "số", *figures))
    if not is_one_title(*titles, own_words):
        return False
    if None in (one.kind, other.kind):  # then the titles say of what kind both are
        first, second = (_OPENING.match(fold(title)) for title in titles)
        if first is None or second is None or first["kind"] != second["kind"]:
            return False
        kind = one.kind or other.kind
        one, other = replace(one, kind=kind), replace(other, kind=kind)
    return is_of_day(one, other, areas)


def _is_abridged(one: str, other: str) -> bool:
    """Whether one of two numbers is the figures of the other alone: `87` of `87/TB-TCT`."""
    if bool(_ONLY_FIGURES.fullmatch(one)) == bool(_ONLY_FIGURES.fullmatch(other)):
        return False
    first, second = (_FIRST_FIGURES.match(number) for number in (one, other))
    return first is not None and second is not None and first[1] == second[1]


def _is_reposted(
    one: Document | Mention,
    other: Document | Mention,
    areas: tuple[str | None, str | None],
    titles: tuple[str, str],
) -> bool:
    """Whether a commune shows a province's document as its own: number, day and title are the
    same, and the number is one that communes do not reach."""
    figures = _FIRST_FIGURES.match(one.number or "")
    if figures is None or int(figures[1]) < _RARE or None in (one.issued_on, other.issued_on):
        return False
    first, second = (province_on(area, one.issued_on) for area in areas)
    if first is None or first != second:
        return False
    levels = [_PROVINCE_LEVEL.search(_organ(it.issuer or "", None)[0]) for it in (one, other)]
    own_words = f"{one.issuer} {other.issuer} {one.number}"
    return levels.count(None) == 1 and is_one_title(*titles, own_words)


def is_of_day(
    one: Document | Mention, other: Document | Mention, areas: tuple[str | None, str | None]
) -> bool:
    """Whether two are of one kind, day and office, all of them known."""
    if None in (one.kind, one.issued_on, one.issuer, other.issuer):
        return False
    if one.kind != other.kind or one.issued_on != other.issued_on:
        return False
    return _is_same_issuer(one, areas[0], other, areas[1])


def _is_one_day(one: date | None, other: date | None) -> bool:
    """Portals that keep instants in UTC show the day before, others write the month first."""
    if one is None or other is None or abs(one - other) <= timedelta(days=1):
        return True
    return (one.year, one.month, one.day) == (other.year, other.day, other.month)


def _differ(one: object, other: object) -> bool:
    return one is not None and other is not None and one != other


def _compact(number: str, day: date | None) -> str:
    """A number without the marks between its letters, which word processors lose, without the word
    before it, and without the year where that is its day's: some write it, some do not."""
    for letter, figure in _LIKE_FIGURES:
        number = letter.sub(figure, number)
    key = number_key(_WORD_BEFORE.sub("", number, 1))
    parts = [_LOST_BARS.get(part, part) for part in key.split("/")]
    figures = [part for part in parts if part.isdecimal()]
    if day is not None and figures[1:] == [str(day.year)]:
        del figures[1:]
    return "/".join([*figures, "".join(part for part in parts if not part.isdecimal())])


def _is_same_issuer(
    one: Document | Mention, area: str | None, other: Document | Mention, other_area: str | None
) -> bool:
    day = one.issued_on or other.issued_on
    first, first_area, is_first_one = _organ(one.issuer or "", area)
    second, second_area, is_second_one = _organ(other.issuer or "", other_area)
    first_area, second_area = province_on(first_area, day), province_on(second_area, day)
    if first != second:
        return False
    if _NATIONAL.match(first):
        return True
    if _differ(first_area, second_area):
        return False
    if None not in (first_area, second_area):
        return is_first_one and is_second_one
    if _NUMBERED.search(first):
        return False
    is_of_one_day = None not in (one.issued_on, other.issued_on)
    return is_one_organ(first) or (is_of_one_day and _WELL_NAMED.search(first) is not None)


def _organ(issuer: str, area: str | None) -> tuple[str, str | None, bool]:
    """The name in one writing without its province, the province, and whether that is one organ."""
    key = _IN_ENGLISH.get(fold(issuer), fold(issuer))
    for pattern, whole in _SHORT:
        key = pattern.sub(whole, key)
    key = issuer_key(key)
    # `UBND xã Quảng Ninh` is a commune, `Sở Y tế Quảng Ninh` is a province's
    bare, named = split_province(key)
    if named is not None and re.search(r"(?:xã|phường|trấn|đặc khu|huyện|quận)$", bare):
        bare, named = key, None
    bare = _PLACE_END.sub("", bare).replace(",", "")
    is_provincial = _PROVINCE_LEVEL.search(bare) or _OF_PROVINCE.match(bare)
    if _OF_PROVINCE.match(bare) or _OF_PROVINCE_TOO.match(bare):
        bare = _PROVINCIAL_END.sub("", bare)
    has_name = _OWN_NAME.search(issuer.strip()) is not None and not _NO_NAME.search(fold(issuer))
    has_name = has_name and not _MANY_OF_ONE_NAME.match(bare)
    is_one = has_name or is_provincial is not None or is_one_organ(bare)
    return bare, named or area, is_one


def _is_of_a_large_office(one: Document | Mention, other: Document | Mention) -> bool:
    """Whether the one issuer that is known is a province's, and the number one that communes do
    not reach."""
    figures = _FIRST_FIGURES.match(one.number or "")
    issuer = _organ(one.issuer or other.issuer or "", None)[0]
    return (
        figures is not None
        and int(figures[1]) >= _RARE
        and _PROVINCE_LEVEL.search(issuer) is not None
    )


def _is_joint(document: Document | Mention) -> bool:
    """Whether ministries issued it together: its letters name them all, in one order."""
    return document.kind == "thong-tu-lien-tich"


def _is_of_department(document: Document | Mention) -> bool:
    """Whether the letters of a công văn are those of a province's department: `3402/SNV-TCBC`."""
    letters = fold(document.number or "").rpartition("/")[2].partition("-")[0]
    return document.kind == "cong-van" and _DEPARTMENT.fullmatch(letters) is not None


def _is_nationwide(document: Document | Mention) -> bool:
    """Whether a number's letters are those of an office of which the country has one: `280/CĐ-TTg`,
    `38-CT/TW`."""
    parts = [
        part
        for part in fold(document.number or "").replace("/", "-").split("-")
        if not part.isdecimal()
    ]
    return any(_NATIONWIDE.fullmatch(part) for part in parts[:_ISSUER_PARTS])
