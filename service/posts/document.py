"""What administrative document a text is, relays, or mentions: kind, number, date of issue, issuer.

The kinds are those of Nghị định 30/2020/NĐ-CP, article 7, the legal ones above them, and the Party's (Hướng dẫn
36-HD/VPTW). A number is only taken where its shape and its letters are those of a document: `24/7` is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from service.text import clean, find_dates, fold
from service.types import Document, Mention, Relation

# (slug, name, abbreviations); the order is that of the decree.
_KINDS = (
    ("nghi-quyet", "nghị quyết", "NQ NQLT"),
    ("quyet-dinh", "quyết định", "QĐ QÐ"),
    ("chi-thi", "chỉ thị", "CT"),
    ("quy-che", "quy chế", "QC"),
    ("quy-dinh", "quy định", "QyĐ QĐi QĐI"),
    ("thong-cao", "thông cáo", "TC"),
    ("thong-bao", "thông báo", "TB"),
    ("huong-dan", "hướng dẫn", "HD"),
    ("chuong-trinh", "chương trình", "CTr CTHĐ"),
    ("ke-hoach", "kế hoạch", "KH"),
    ("phuong-an", "phương án", "PA"),
    ("de-an", "đề án", "ĐA"),
    ("du-an", "dự án", "DA"),
    ("bao-cao", "báo cáo", "BC"),
    ("bien-ban", "biên bản", "BB"),
    ("to-trinh", "tờ trình", "TTr"),
    ("hop-dong", "hợp đồng", "HĐ"),
    ("cong-van", "công văn", "CV"),
    ("cong-dien", "công điện", "CĐ"),
    ("ban-ghi-nho", "bản ghi nhớ", "BGN"),
    ("ban-thoa-thuan", "bản thỏa thuận", "BTT"),
    ("giay-uy-quyen", "giấy ủy quyền", "GUQ"),
    ("giay-moi", "giấy mời", "GM"),
    ("giay-gioi-thieu", "giấy giới thiệu", "GGT"),
    ("giay-nghi-phep", "giấy nghỉ phép", "GNP"),
    ("phieu-gui", "phiếu gửi", "PG"),
    ("phieu-chuyen", "phiếu chuyển", "PC"),
    ("phieu-bao", "phiếu báo", "PB"),
    ("thu-cong", "thư công", ""),
    ("luat", "luật", ""),
    ("phap-lenh", "pháp lệnh", "PL"),
    ("nghi-dinh", "nghị định", "NĐ"),
    ("thong-tu-lien-tich", "thông tư liên tịch", "TTLT"),
    ("thong-tu", "thông tư", "TT"),
    ("lenh", "lệnh", "L"),
    ("ket-luan", "kết luận", "KL"),
    ("thong-tri", "thông tri", "TTri"),
    ("quy-hoach", "quy hoạch", "QH"),
)
_KIND_OF_ABBREVIATION = {fold(a): slug for slug, _, abbreviations in _KINDS for a in abbreviations.split()}
KIND_NAMES = {slug: name for slug, name, _ in _KINDS}
_KIND_OF_NAME = {fold(name): slug for slug, name, _ in _KINDS}
_NOUN = "|".join(re.escape(name) for name in sorted(_KIND_OF_NAME, key=len, reverse=True))

_D = r"[-–—‐−]"
_LETTERS = r"[A-ZĐÐa-zđ&]{1,12}"
_NUMBER = re.compile(
    rf"(?<![\w/.,:])(?P<n>\d{{1,5}}[a-zA-Z]?)\s{{0,2}}"
    rf"(?:/\s?(?P<year>(?:19|20)\d\d)\s?/\s?(?P<legal>[A-ZĐÐ][A-ZĐÐa-z]{{0,5}}\d{{0,2}}(?:\s?{_D}\s?[A-ZĐÐ][\wĐÐ]{{0,12}})*)"
    rf"|/\s?(?P<state>[A-ZĐÐ][A-ZĐÐa-z]{{0,6}}\s?(?:{_D}|\.)\s?[A-ZĐÐ][\w&ĐÐ]{{0,12}}(?:\s?[{_D[1:-1]}.,&]\s?[A-ZĐÐ][\wĐÐ]{{0,12}}){{0,3}})"
    rf"|\s?{_D}\s?(?P<party>[A-ZĐÐ][A-ZĐÐa-z]{{0,4}}\s?/\s?[A-ZĐÐ][\wĐÐ]{{0,12}}(?:{_D}[A-ZĐÐ][\wĐÐ]{{0,12}})*)"
    rf"|{_D}?\s?(?P<loose>(?:GM|CĐ|CT|CV|KH|QĐ|TB|NQ|BC|KL|HD)\s?{_D}\s?[A-ZĐÐ][\wĐÐ]{{1,12}}(?:{_D}[A-ZĐÐ][\wĐÐ]{{0,12}})*))"
    r"(?![\w/])"
)
_LAW = re.compile(r"QH\d{1,2}")
_TIGHT = re.compile(rf"\s*({_D}|[/.&,])\s*")


@dataclass(frozen=True, slots=True)
class Found:
    """A document named in a text; the offsets are those of its number, or of its noun where it has none."""

    kind: str | None
    number: str | None
    issued_on: date | None
    issuer: str | None
    start: int
    end: int


def normalise_number(text: str) -> str:
    """A number as its issuer writes it: no spaces, plain dashes, Đ for its lookalike.

    >>> normalise_number("704 /TB–VPUBND")
    '704/TB-VPUBND'
    """
    tight = _TIGHT.sub(lambda match: "-" if match[1] in "-–—‐−" else match[1], " ".join(text.split()))
    return tight.replace("Ð", "Đ")


def find_numbers(text: str) -> list[Found]:
    """Every document number in a text, with what stands around it. The text is one that `clean` has seen."""
    found = []
    for match in _NUMBER.finditer(text):
        kind = _kind_before(text, match.start()) or _kind_of_letters(match)
        if kind is not None:
            number = normalise_number(match[0])
            issued_on = _issued_after(text, match.end()) or _issued_before(text, match.start())
            found.append(
                Found(kind, number, issued_on, _issuer(text, match.start(), match.end()), match.start(), match.end())
            )
    return found


def _kind_before(text: str, start: int) -> str | None:
    before = fold(text[max(start - 70, 0) : start])
    nouns = list(_NOUN_NEAR.finditer(before))
    return _KIND_OF_NAME[nouns[-1][1]] if nouns and _CLOSE.fullmatch(before, nouns[-1].end()) else None


_NOUN_NEAR = re.compile(rf"(?<!\w)({_NOUN})(?!\w)")
_CLOSE = re.compile(r"(?:[^.;,:]{0,40}\bsố|(?:\s(?:hoả tốc|thượng khẩn|khẩn))?)\s*:?\s*")


def _kind_of_letters(match: re.Match[str]) -> str | None:
    """The kind by the letters of the number; None when they are those of no document."""
    letters = fold(match["legal"] or match["state"] or match["party"] or match["loose"])
    if match["legal"] and _LAW.fullmatch(match["legal"]):
        return "luat"
    parts = re.split(r"\s?[/.\-]\s?", letters)
    if parts[0] in _KIND_OF_ABBREVIATION:
        return _KIND_OF_ABBREVIATION[parts[0]]
    is_letter = bool(match["state"]) and len(parts[0]) >= 2 and match["state"][:2].isupper()
    return "cong-van" if is_letter else None


_DATE_AFTER = re.compile(r"[\s,(]*(?:ký\s+)?(?:ban hành\s+)?ngày\s+", re.IGNORECASE)
_DATE_BEFORE = re.compile(r"(?<!\w)ngày\s+$", re.IGNORECASE)


def _issued_after(text: str, end: int) -> date | None:
    match = _DATE_AFTER.match(text, end)
    dates = find_dates(text[match.end() : match.end() + 40]) if match else []
    return dates[0][0] if dates and dates[0][1] == 0 else None


def _issued_before(text: str, start: int) -> date | None:
    """The day with which the same sentence begins, where it tells of the issuing."""
    sentence = text[max(text.rfind(". ", 0, start) + 1, text.rfind("\n", 0, start) + 1, start - 300) : start]
    if "ban hành" not in fold(sentence):
        return None
    dates = [found for found in find_dates(sentence) if _DATE_BEFORE.search(sentence, 0, found[1])]
    return dates[0][0] if len(dates) == 1 else None


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


def _issuer(text: str, start: int, end: int) -> str | None:
    """Who issued it: named after `của`, else the last organ before the number in the same sentence."""
    by = _BY.match(text, end)
    organ = _ORGAN.match(text, by.end()) if by else None
    if organ is None:
        sentence_start = max(text.rfind(". ", 0, start), text.rfind("\n", 0, start), start - 250, 0)
        sentence = text[sentence_start:start]
        tells = re.search(r"ban hành|ký|vừa có|đã có|\bcó\b|\bra\b", sentence)
        organs = list(_ORGAN.finditer(sentence, 0, tells.start())) if tells else []
        organ = organs[0] if organs else None
    return _without_person(organ[0]) if organ else None


def _without_person(name: str) -> str:
    """An organ's name without the person's that follows it: an area has up to three words, a person three more."""
    words = name.split()
    tail = 0
    while tail < len(words) and words[-1 - tail][:1].isupper() and not words[-1 - tail].isupper():
        tail += 1
    return " ".join(words[: len(words) - tail + 2] if tail >= 4 else words)


_TITLE_NOUN = re.compile(rf"(?:[^:]{{0,40}}:\s*)?[\W_]*(?P<noun>{_NOUN})(?!\w)")
_VERBAL = ("chương trình", "dự án", "lệnh")  # also plain words: at a title's start they count only with a number


def understand_document(title: str, text: str, attachment: str = "") -> tuple[Document | None, tuple[Mention, ...]]:
    """The document that a post is or relays, and those that it only mentions.

    It *is* the document when its title says so and its text does not tell of the issuing; it *relays* one when
    its first sentences say that somebody issued it. `attachment` is the text or the name of an attached file:
    it can complete the document, never bring in another.
    """
    title, text = clean(title), text[:20_000]
    in_title, in_text = find_numbers(title), find_numbers(text)
    noun = _TITLE_NOUN.match(fold(title))
    kind = _KIND_OF_NAME[noun["noun"]] if noun and (noun["noun"] not in _VERBAL or in_title) else None
    told = next((f for f in in_text if f.start < 700 and _is_told(text, f)), None)
    document, used = None, None
    if kind is not None:
        used = next((f for f in (*in_title, *in_text[:3]) if f.kind == kind), None)
        if used is None:
            used = next((f for f in find_numbers(clean(attachment)) if f.kind == kind), None)
        relation = Relation.RELAYS if told is not None and told.kind == kind else Relation.IS
        document = Document(
            kind,
            used.number if used else None,
            used.issued_on if used else None,
            used.issuer if used else None,
            relation,
        )
        if told is not None and told.kind == kind and used is not None and used.number == told.number:
            document = Document(
                kind, told.number, told.issued_on or used.issued_on, told.issuer or used.issuer, relation
            )
    elif told is not None:
        used = told
        document = Document(told.kind, told.number, told.issued_on, told.issuer, Relation.RELAYS)
    mentions: dict[str, Mention] = {}
    for found in (*in_title, *in_text):
        if found.number and (document is None or found.number != document.number):
            mentions.setdefault(found.number, Mention(found.kind, found.number, found.issued_on, found.issuer))
    return document, tuple(mentions.values())


def _is_told(text: str, found: Found) -> bool:
    before = fold(text[max(found.start - 60, 0) : found.start])
    return re.search(r"(?:ban hành|vừa ký|đã ký|vừa có|đã có|có|ra|gửi)\s[^.;,]{0,45}$", before) is not None
