"""The provinces, present and of before July 2025, as addresses and names have them: which one a
portal's host belongs to. A table, and the look-ups into it."""

from __future__ import annotations

from datetime import date

from service.text import fold, fold_plain

_NAMES = """
    An Giang; Bà Rịa - Vũng Tàu; Bạc Liêu; Bắc Giang; Bắc Kạn; Bắc Ninh; Bến Tre; Bình Dương;
    Bình Định; Bình Phước; Bình Thuận; Cà Mau; Cao Bằng; Cần Thơ; Đà Nẵng; Đắk Lắk; Đắk Nông;
    Điện Biên; Đồng Nai; Đồng Tháp; Gia Lai; Hà Giang; Hà Nam; Hà Nội; Hà Tĩnh; Hải Dương; Hải
    Phòng; Hậu Giang; Hòa Bình; Huế; Thừa Thiên Huế; Hồ Chí Minh; Hưng Yên; Khánh Hòa; Kiên
    Giang; Kon Tum; Lai Châu; Lạng Sơn; Lào Cai; Lâm Đồng; Long An; Nam Định; Nghệ An; Ninh
    Bình; Ninh Thuận; Phú Thọ; Phú Yên; Quảng Bình; Quảng Nam; Quảng Ngãi; Quảng Ninh; Quảng
    Trị; Sóc Trăng; Sơn La; Tây Ninh; Thái Bình; Thái Nguyên; Thanh Hóa; Tiền Giang; Trà Vinh;
    Tuyên Quang; Vĩnh Long; Vĩnh Phúc; Yên Bái
"""
_ALIASES = {
    "tphcm": "hochiminh",
    "hcm": "hochiminh",
    "hochiminhcity": "hochiminh",
    "brvt": "bariavungtau",
}
_MERGED_ON = date(2025, 7, 1)
_MERGED = """
    angiang kiengiang; bacninh bacgiang; camau baclieu; cantho soctrang haugiang; daklak phuyen;
    danang quangnam; dongnai binhphuoc; dongthap tiengiang; gialai binhdinh; haiphong haiduong;
    hochiminh binhduong bariavungtau; hue thuathienhue; hungyen thaibinh; khanhhoa ninhthuan;
    lamdong daknong binhthuan; laocai yenbai; ninhbinh hanam namdinh; phutho vinhphuc hoabinh;
    quangngai kontum; quangtri quangbinh; tayninh longan; thainguyen backan; tuyenquang hagiang;
    vinhlong bentre travinh
"""
_SUCCESSORS = {
    old: new for line in _MERGED.split(";") for new, *olds in [line.split()] for old in olds
}
_DOMAINS = (".gov.vn", ".dcs.vn", ".edu.vn", ".org.vn", ".vn")


def _code(name: str) -> str:
    return "".join(letter for letter in fold_plain(name) if letter.isalnum())


NAMES = {fold(name): _code(name) for name in (" ".join(n.split()) for n in _NAMES.split(";"))}
"""By the folded name the letters by which an address knows it: `thanh hoá`: `thanhhoa`."""
_CODES = frozenset(NAMES.values())
_SHORTEST = 5  # letters: `hue` ends other words too


def province_of_host(host: str) -> str | None:
    """The province of a portal by its address; None where it tells none.

    >>> province_of_host("quangxuong.thanhhoa.gov.vn")
    'thanhhoa'
    """
    name = host.lower().rstrip(".")
    domain = next((end for end in _DOMAINS if name.endswith(end)), None)
    if domain is None:
        return None
    for label in reversed(name.removesuffix(domain).split(".")):
        plain = _ALIASES.get(label.replace("-", ""), label.replace("-", ""))
        if plain in _CODES:
            return plain
    return _province_within(name.removesuffix(domain))


def province_on(code: str | None, day: date | None) -> str | None:
    """The province that an address or a name meant on a day: portals keep the names of provinces
    that were merged.

    >>> province_on("vinhphuc", date(2026, 1, 5)), province_on("vinhphuc", date(2025, 1, 5))
    ('phutho', 'vinhphuc')
    """
    if code is None or day is None or day < _MERGED_ON:
        return code
    return _SUCCESSORS.get(code, code)


def _province_within(name: str) -> str | None:
    """The one that a label ends with, after the name of an office: `quansuthanhhoa`."""
    label = name.rpartition(".")[2].replace("-", "")
    found = [n for n in range(_SHORTEST, len(label)) if label[-n:] in _CODES]
    return label[-found[-1] :] if found else None


def split_province(key: str) -> tuple[str, str | None]:
    """An organ's folded name without the province at its end, and that province's code."""
    words = key.split(" ")
    for n in (4, 3, 2, 1):
        code = NAMES.get(" ".join(words[-n:]).strip(" ,-"))
        if code is not None and len(words) > n:
            return " ".join(words[:-n]).rstrip(" ,-"), code
    return key, None
