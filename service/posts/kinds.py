"""The kinds of administrative documents, their names and their abbreviations. A table, and the
look-ups into it.

The kinds are those of Nghị định 30/2020/NĐ-CP, article 7, the legal ones above them, and the
Party's (Hướng dẫn 36-HD/VPTW).
"""

from __future__ import annotations

import re

from service.text import fold

# (slug, name, abbreviations); the order is that of the decree, then what stands outside it.
_KINDS = (
    ("nghi-quyet", "nghị quyết", "NQ NQLT"),
    ("quyet-dinh", "quyết định", "QĐ"),
    ("chi-thi", "chỉ thị", "CT"),
    ("quy-che", "quy chế", "QC"),
    ("quy-dinh", "quy định", "QyĐ QĐi"),
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
    ("giay-trieu-tap", "giấy triệu tập", "GTT"),
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
KIND_NAMES = {slug: name for slug, name, _ in _KINDS}
KIND_OF_NAME = {fold(name): slug for slug, name, _ in _KINDS}
KIND_OF_ABBREVIATION = {
    fold(a): slug for slug, _, abbreviations in _KINDS for a in abbreviations.split()
}
PARTY_KIND_OF_ABBREVIATION = KIND_OF_ABBREVIATION | {"tt": "thong-tri"}
"""In the Party's numbers TT is a thông tri; the State's TT is a thông tư."""
ABBREVIATIONS = {fold(a): a for _, _, abbreviations in _KINDS for a in abbreviations.split()}

NOUN = "|".join(re.escape(name) for name in sorted(KIND_OF_NAME, key=len, reverse=True))
"""An expression for the folded name of any kind, the longest first."""
