"""Who is asked for something: every office or person that a text names, and whether as the one who
has to act, as the one who asks, or as the one who receives.

Refuses to know of days (`tasks`) and to guess: what stands after `về`, `gửi`, `của` … owes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.posts.organ_names import read_organ
from service.posts.organs import UPPER

COMMUNES = "communes"
OTHER = "other"
ANYONE = "anyone"


_NOBODY_NAMED = (COMMUNES, OTHER, ANYONE)


class DoerRole(StrEnum):
    """`STRONG`: after `yêu cầu`, `đề nghị` …; `ASKS`: before them; `OBJECT`: who receives."""

    STRONG = "strong"
    PLAIN = "plain"
    ASKS = "asks"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class Doer:
    """Somebody named at [start, end). `owners`: COMMUNES, ANYONE, OTHER, or ids of places; `words`
    are those of the text."""

    owners: tuple[str, ...]
    words: str
    start: int
    end: int
    role: DoerRole


_NAME = rf"(?![{UPPER}]{{2}})[{UPPER}][\w'’]{{0,12}}(?:[ ][{UPPER}\d][\w'’]{{0,12}}){{0,4}}"
_KIND = r"(?i:xã|phường|đặc khu|thị trấn)"
_KINDS = rf"{_KIND}(?:(?:, ?| và |/| - )(?:(?i:các) )?{_KIND}){{0,3}}"
_BODY = (
    r"(?:(?i:(?:phó )?chủ tịch|thường trực|ban thường vụ|btv|(?:đại diện )?lãnh đạo) ){0,2}"
    r"(?i:ubnd|hđnd|(?:ủy|uỷ) ban nhân dân|hội đồng nhân dân|(?:đảng|cấp) (?:ủy|uỷ)|chính quyền)"
    r"(?:,? (?:và )?(?i:ubnd|hđnd|đảng (?:ủy|uỷ)|mttq)){0,3}"
)
_HEADS = (
    r"(?:(?:sở|phòng|ban|công an|văn phòng|trung tâm)(?= (?-i:[A-ZĐ][a-zà-ỹ]))|Sở|SỞ|Phòng"
    r"|PHÒNG|Ban|BAN|Công an|CÔNG AN|Văn phòng|VĂN PHÒNG|Chi cục|CHI CỤC|Cục|Tổng cục"
    r"|Trung tâm|TRUNG TÂM|Hội|HỘI|Đoàn|ĐOÀN|Tỉnh đoàn|Liên đoàn|Công đoàn|công đoàn|Kho bạc"
    r"|(?:Thuế|Thống kê|THUẾ|THỐNG KÊ)(?= (?i:cơ sở|tỉnh|thành))|Hải quan|Hạt|HẠT|Trạm|TRẠM|Trường"
    r"|(?<!MÔI )TRƯỜNG|(?<!Bắc )(?<!Trung )(?<!Nam )Bộ|BỘ|Viện|VIỆN|T(?:òa|oà) án|TÒA ÁN|Đài"
    r"|Điện lực|ĐIỆN LỰC|Công ty|CÔNG TY|Tổng công ty"
    r"|Tập đoàn|Chi nhánh|CHI NHÁNH|BCH|Ban CHQS|(?:Ủy|Uỷ) ban (?:Kiểm tra|MTTQ|Mặt trận|bầu cử)"
    r"|(?:UB ?)?MTTQ"
    r"|Mặt trận|Thanh tra|THANH TRA|Bảo hiểm xã hội|BHXH|Ngân hàng|Bưu điện|Đồn|Đội|Tổ|Chi đoàn"
    r"|Chi hội|Chi bộ|Đảng bộ|Trưởng|trưởng(?= các| thôn)|Hiệu trưởng|Bí thư|Tổ trưởng"
    r"|Đội trưởng|Giám đốc|Chánh|Thủ trưởng"
    r"|Chủ đầu tư|Bộ phận|Thường trực|Liên minh|Hội đồng|Xã đoàn|Viễn thông|Công chức|Cán bộ"
    r"|Đài truyền thanh|Thành viên|Quỹ|Hợp tác xã|HTX|Cơ quan|Nhà thầu|Kế toán"
    r"|(?:UBND|HĐND|(?:Ủy|Uỷ) ban nhân dân) (?i:tỉnh|huyện|thành phố|quận|thị xã)"
    r"|(?:Tỉnh|Thành|Huyện|Đảng) (?:ủy|uỷ)|Đảng ủy)"
)
_NO_HEAD = (
    r"(?! (?:hợp|hành|nghị|thảo|trường|kết|ngũ|chức|luật|thi|chợ|diễn|tưởng|chống|cháy|bệnh|họp"
    r"|học|mạc|quốc)"
    r"(?!\w))(?!, chống)"
)
_MANY = (
    r"(?i:(?:các|mọi|từng|mỗi|những|toàn thể) (?:đồng chí(?! (?:phó )?chủ tịch)|sở|phòng|ban|ngành"
    r"|cơ quan|thôn"
    r"|tổ dân phố"
    r"|tổ chức (?:đảng|chính trị|đoàn|hội)|trường|chi bộ|chi đoàn|chi hội|chi ủy|bộ phận|đoàn thể"
    r"|cơ sở|chủ đầu tư|thành viên|cấp ủy|đảng bộ|đảng viên|cán bộ|công chức|(?:vị )?đại biểu"
    r"|khu dân cư"
    r"|tổ(?! chức)|đảng ủy trực thuộc|nhà thầu|đội|hội viên|cụm|khối|tổ đại biểu|trung tâm|trạm"
    r"|chi cục|bản|ấp|khóm|khu phố|(?:tổ )?trưởng (?:bản|thôn|ấp|khóm|khu|phòng|tổ|các)"
    r"|doanh nghiệp|công ty|hợp tác xã|cửa hàng|bệnh viện|nhà trường|tổ chức tín dụng))"
    r"|(?i:doanh nghiệp|nhà trường|nhà thầu|đơn vị (?:tư vấn|thi công|trúng thầu"
    r"|cung cấp|cung ứng|kiểm toán))"
    r"|(?i:chủ (?:doanh nghiệp|đầu tư|các cơ sở|cơ sở|rừng))"
    r"|(?i:đồng chí) (?:nào|[A-ZĐ])|[Tt]ổ dân phố|[Hh]iệu trưởng|[Tt]rưởng (?:bản|thôn|ấp)"
    r"|Đơn vị sử dụng (?:ngân sách|lao động)|[Tt]hú y viên|[Nn]ghệ nhân|Chủ thể(?! OCOP)"
    r"|(?:Thôn|Bản|Ấp)(?= [a-zà-ỹ])"
)
_PERSONS = (
    r"(?i:(?:mọi |các )?(?:tổ chức,? (?:và )?)?(?:cá nhân|công dân|người dân|(?:hộ|chủ hộ) (?:gia "
    r"đình|dân|nào|kinh doanh|nghèo|cận nghèo|ông|bà|chăn nuôi|sản xuất|nuôi|trồng|có)|các hộ"
    r"|thí sinh|phụ huynh|khách hàng|người nộp thuế|bà con|ứng viên"
    r"|học viên|chủ thể ocop|nhà cung cấp|hãng|chủ sở hữu|chủ (?:phương tiện|tàu|nuôi|xe)|nhân dân"
    r"|người lao động|ai(?= là| có| muốn)|hội viên|đoàn viên|học sinh|sinh viên|nhà đầu tư"
    r"|tác giả|cử tri|bạn đọc"
    r"|người (?!đứng đầu|phụ trách|đại diện|phát ngôn|quản lý|chủ trì|có thẩm quyền)[^\W\d_]+))"
    rf"|(?:[Ôô]ng|[Bb]à)(?: \(bà\)|, bà)?(?= [{UPPER}]| phải| có)"
)
_MENTION = re.compile(
    rf"(?<![\w/])(?:(?P<named>{_BODY} (?:(?i:các|hai|ba|bốn|năm|sáu|\d{{1,2}}) )?{_KIND}:? {_NAME}"
    rf"(?:(?:, ?| và )(?:UBND )?(?:{_KIND} )?{_NAME}){{0,12}})"
    rf"|(?P<communes>{_BODY} (?i:(?:của |tại )?(?:tất cả |toàn bộ )?"
    rf"(?:các |cấp |hai |ba |bốn |năm |sáu |\d{{1,2}} )){_KINDS}"
    rf"|{_BODY} {_KIND}(?:(?:, ?| và |/| - ){_KIND}){{1,3}}(?! [{UPPER}]))"
    rf"|(?P<of_all>{_HEADS}{_NO_HEAD}(?:(?: -|,)? (?!(?i:yêu|đề|giao|chỉ|phối|và|thông|hướng|kiểm"
    rf"|đôn|với"
    rf"|gửi|các|cấp|ubnd|hđnd)(?!\w))"
    rf"[^\W\d_]{{1,9}}){{0,6}} (?i:các|cấp) {_KINDS})"
    rf"|(?P<own>{_BODY} (?i:xã|phường|đặc khu|thị trấn)(?! [{UPPER}]))"
    rf"|(?P<organ>{_HEADS}{_NO_HEAD})"
    rf"|(?P<back>(?i:(?:ubnd |đảng ủy )?(?:các|những|\d{{1,2}}|hai|ba|bốn|năm|sáu) (?:đơn vị"
    rf"|địa phương|xã|phường"
    rf"|cơ quan)"
    r"(?:,? (?:xã|phường))?(?: (?:có tên|nêu|kể)? ?trên| này)|\d{1,2} đơn vị|(?:hai|ba|bốn|năm"
    r"|sáu) đơn vị"
    r"|quý (?:cơ quan|đơn vị|địa phương|vị|ubnd)|các đơn vị|đơn vị)(?! sử dụng| hành chính"
    r"| sự nghiệp"
    r"| tính| tư vấn| thi công| trúng thầu| cung cấp| cung ứng| kiểm toán))"
    rf"|(?P<bare>(?i:(?:các|tất cả các|toàn bộ các|từng|mỗi|(?:chính quyền )?các) (?:địa phương"
    rf"|{_KINDS}))"
    rf"(?! [{UPPER}][a-zà-ỹ])|[Cc]ấp xã(?! trở)"
    r"|Địa phương(?= (?:nào|đạt|có|chưa|dưới|trên|còn|không)(?!\w)))"
    rf"|(?P<plain>(?i:các )?{_KIND} {_NAME}(?:(?:, ?| và )(?:{_KIND} )?{_NAME}){{0,12}})"
    rf"|(?P<many>{_MANY})|(?P<unknown>(?:(?<=ề nghị )"
    rf"|(?<=êu cầu ))(?:[{UPPER}][\w&\-]{{1,20}} ?){{1,5}})|(?P<anyone>{_PERSONS}))(?!\w)"
)
_STRONG = re.compile(
    r"(?<!\w)(?:đề nghị|yêu cầu|giao(?: cho)?|chuyển|phê bình|phân công|(?:kính )?mời|xử phạt"
    r"|giao nhiệm vụ cho"
    r"|nhắc nhở|triệu tập|điện|thông báo(?: (?:đến|tới|cho))?|kiến nghị|kêu gọi|khuyến cáo|chỉ định"
    r"|(?<!\w)chuyển (?:[^\W\d_]{1,9} ){1,3}(?:đến|cho|tới))[\s:]{1,3}(?:(?:các )?đồng chí |lãnh"
    r" đạo )?$",
    re.IGNORECASE,
)
_OBJECT = re.compile(
    r"(?<!\w)(?:gửi|về|cho|(?<!đối )với|qua|của|từ|do|theo|tại|bởi|đến|tới|trình|nộp|vào|ở|thuộc"
    r"|cùng|báo "
    r"cáo|tham mưu|giúp|phối hợp|ý kiến|liên hệ|phản ánh|gặp|công chức|thủ quỹ|trước|trên|dự|và các"
    r"|mẫu|cơ quan|tài khoản|thông qua|trong)[^\S\n]?[ (:]{1,2}$|\($",
    re.IGNORECASE,
)
_OF_SAID = re.compile(r"(?<!\w)(?:ý kiến(?: góp ý)?|báo cáo|danh sách) của\s$", re.IGNORECASE)
_FOR = re.compile(r"(?<!\w)cho\s$", re.IGNORECASE)
_EXTENDED = re.compile(r"(?<!\w)(?:gia hạn|lùi|kéo dài)(?!\w)", re.IGNORECASE)
_ASKS = re.compile(
    r"[^.;:,\n]{0,40}?(?<!\w)(?:kính )?(?:đề nghị|quyết nghị|khuyến cáo|kiến nghị"
    r"|kêu gọi (?:cán bộ|nhân dân|các|toàn thể|mọi)|yêu cầu|thông báo|kết luận|chỉ thị|có ý kiến"
    r"|(?<!ngày )(?<!khi )nhận"
    r" được|nhận thấy|đồng ý|thống nhất|phê bình|trân trọng|kính mời|triệu tập"
    r"|(?<!bàn )giao(?: nhiệm vụ| chỉ tiêu)?(?: cho)?:?\s*$"
    r"|xây dựng kế hoạch(?=[^.;\n]{0,60}(?:như sau|nội dung|cụ thể))"
    r"|hướng dẫn một số|trả lời|kính trình|ban hành)(?!\w)",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"(?<!\w)các\s(?:xã|phường)", re.IGNORECASE)
_PLURAL = re.compile(r"(?<!\w)(?:các|những|mọi|từng)\s[^.;:\n]{1,60}$", re.IGNORECASE)
"""Who issues a document is one; of many who ask, each is told to."""
_CAPITALS = re.compile(
    rf"(?: ?(?!(?:ĐỀ NGHỊ|YÊU CẦU|THÔNG BÁO|GIAO|KÍNH|MỜI|ĐIỆN)(?!\w))[{UPPER}\d,\-–&]{{1,20}}"
    r"(?!\w)){1,24}"
)
"""An organ in capitals, as far as they go."""
_BEGINS_CLAUSE = re.compile(
    r"(?:^|[.,:;|!?\n)\]“\"–\-+•*\d/])\s{0,4}(?:các\s)?$"
    r"|(?<!\w)(?:và|thì|nếu|khi|để|riêng|còn|đồng thời|mà|rằng|trong đó|nay|ngoài ra|sau đó|do|là"
    r"|hoặc"
    r"|đối với|trường hợp|cùng|hằng tháng|hàng tháng|hằng năm|hàng năm)\s$",
    re.IGNORECASE,
)
"""Where a subject can stand: what is named further on in a clause is acted upon."""
_WITH_PLACES = re.compile(
    r"(?:(?:, | và |; )(?:các )?(?:sở|ban|ngành|cơ quan|đơn vị|đoàn thể|tổ chức)){0,4}"
    r"(?:,? và |, )(?:các )?địa phương(?!\w)",
    re.IGNORECASE,
)
_STAFF_OF = re.compile(
    r"(?<!\w)(?:công chức|cán bộ|viên chức|bộ phận)(?:\s[^\W\d_]{1,9}){0,6}\s(?:của|tại)\s$",
    re.IGNORECASE,
)
_OFFICIAL = re.compile(r"(?:giao|phân công)\s$")
"""A person after it is a member of the office."""
_JOINS = re.compile(
    r"(?:\s?[,;]\s?|\s(?:và|hoặc)\s|,\svà\s|[ ]-[ ])(?:các\s)?"
    r"(?:(?:trường học|đoàn thể|tổ chức|doanh nghiệp|hợp tác xã|hộ kinh doanh|đơn vị|ban|ngành"
    r"|phòng|cơ quan"
    r"|địa phương)(?:[,;]\s|\svà\s)){0,4}"
)
_BEGINS = re.compile(r"(?:^|[.:;|\n])[\s\W]{0,6}$|\n.{1,4}\s$")
_SAID_ABOVE = re.compile(r"\s(?:có tên|nêu|kể)\s?trên|\strên(?!\s)")
_LOOK_BACK = 40

PlaceFinder = Callable[[str], tuple[str, ...]]


def find_doers(text: str, places_in: PlaceFinder) -> list[Doer]:
    """Everybody whom a text names, in its order; those of one enumeration are one.

    `places_in` returns the ids of the communes that some words name.
    """
    found: list[Doer] = []
    last_named: tuple[str, ...] = ()
    matches = list(_MENTION.finditer(text))
    for number, match in enumerate(matches):
        start, end = match.start(), match.end()
        if match[0].isupper():
            capitals = _CAPITALS.match(text, start) if match["organ"] else None
            end = max(end, capitals.end() if capitals else end)
        elif match["organ"]:
            end = max(end, read_organ(text, start) or end)
        if found and start < found[-1].end:
            continue
        owners = _owners(match, places_in, last_named, found)
        if match["named"] or match["plain"]:
            is_listed = bool(found) and _JOINS.fullmatch(text, found[-1].end, start) is not None
            ids = owners if owners != (OTHER,) else ()
            last_named = (*last_named, *ids) if is_listed and last_named else ids or last_named
        following = next(
            (m.start() for m in matches[number + 1 :][:4] if m.start() >= end), end + 80
        )
        role = _role(text, start, end, following)
        if text[start:end].isupper() and _is_heading(text, start, end):
            role = DoerRole.OBJECT
        is_inside = (match["plain"] and _is_after_area(text, start)) or (
            match["anyone"] and not _BEGINS.search(text, max(start - 9, 0), start)
        )
        if is_inside and role is DoerRole.PLAIN:
            role = DoerRole.OBJECT
        if found and _JOINS.fullmatch(text, found[-1].end, start):
            found[-1] = _joined(text, found[-1], owners, end, role)
        else:
            found.append(Doer(owners, text[start:end], start, end, role))
    return found


def _is_heading(text: str, start: int, end: int) -> bool:
    """Whether words in capitals are a line of their own: who issues it."""
    return text[max(start - 1, 0)] in "\n" and text[end : end + 1] in ("", "\n")


def _is_after_area(text: str, start: int) -> bool:
    """Whether a commune's name only says where something is: `thôn 5, xã …`, `công an xã …`."""
    before = text[max(start - 12, 0) : start].rstrip()
    return before.endswith(",") or (before[-1:].isalpha() and not before.endswith(("còn", "là")))


def _owners(
    match: re.Match[str],
    places_in: PlaceFinder,
    last_named: tuple[str, ...],
    found: Sequence[Doer],
) -> tuple[str, ...]:
    words = match[0]
    if match["named"] or match["plain"]:
        return places_in(words) or ((COMMUNES,) if _SEVERAL.search(words) else (OTHER,))
    if match["own"]:
        named = next(
            (one.owners for one in found if one.owners[0] not in _NOBODY_NAMED), (COMMUNES,)
        )
        return last_named or named
    is_back = match["back"] or _SAID_ABOVE.match(match.string, match.end())
    if (match["communes"] or match["bare"]) and not (is_back and last_named):
        return (COMMUNES,)
    if is_back:
        if last_named:
            return last_named
        if words.lower().startswith(("ubnd", "đảng")) or "địa phương" in words.lower():
            return (COMMUNES,)
        acting = (
            one.owners for one in reversed(found) if one.role in (DoerRole.STRONG, DoerRole.PLAIN)
        )
        return next(acting, (OTHER,))
    if match["many"] and _WITH_PLACES.match(match.string, match.end()):
        return (OTHER, COMMUNES)
    if match["anyone"] and not _OFFICIAL.search(
        match.string, max(match.start() - 10, 0), match.start()
    ):
        return (ANYONE,)
    return (OTHER,)


def _role(text: str, start: int, end: int, following: int) -> DoerRole:
    first = max(start - _LOOK_BACK, 0)
    if _STRONG.search(text, first, start):
        return DoerRole.STRONG
    if _FOR.search(text, first, start) and _EXTENDED.search(text, max(start - 200, 0), start):
        return DoerRole.PLAIN
    if _STAFF_OF.search(text, max(start - 80, 0), start):
        return DoerRole.PLAIN
    if _OF_SAID.search(text, first, start):
        return DoerRole.PLAIN
    if _OBJECT.search(text, first, start):
        return DoerRole.OBJECT
    if _ASKS.match(text, end, following) and not _PLURAL.search(text, first, end):
        return DoerRole.ASKS
    return (
        DoerRole.PLAIN
        if _BEGINS_CLAUSE.search(text, max(start - 14, 0), start)
        else DoerRole.OBJECT
    )


def _joined(text: str, one: Doer, owners: Sequence[str], end: int, role: DoerRole) -> Doer:
    """Two of one enumeration: places add up, a person among offices makes it everybody's."""
    both = tuple(dict.fromkeys((*one.owners, *owners)))
    if ANYONE in both:
        both = (ANYONE,)
    kept = DoerRole.ASKS if role is DoerRole.ASKS and one.role is DoerRole.PLAIN else one.role
    return Doer(both, text[one.start : end], one.start, end, kept)
