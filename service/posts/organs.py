"""The organs that issue documents: those of the State on two levels, of the Party, the Front,
unions and companies.

A table, and the look-ups into it. Names are compared word by word and folded, so that case, tone
placement and line ends do not count. What is no closed list (schools, centres, companies) is told
by its first words alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from service.text import fold

_MINISTRIES = """
    Nội vụ; Tài chính; Y tế; Công an; Quốc phòng; Ngoại giao; Tư pháp; Xây dựng; Công Thương;
    Khoa học và Công nghệ; Giáo dục và Đào tạo; Nông nghiệp và Môi trường; Văn hóa, Thể thao và Du lịch;
    Dân tộc và Tôn giáo; Nông nghiệp và Phát triển nông thôn; Tài nguyên và Môi trường; Giao thông vận tải;
    Kế hoạch và Đầu tư; Thông tin và Truyền thông; Lao động - Thương binh và Xã hội
"""
_DEPARTMENTS = """
    Ngoại vụ; Dân tộc; Tôn giáo; Du lịch; Văn hóa và Thể thao; Văn hóa, Thông tin và Du lịch;
    Quy hoạch - Kiến trúc; Giao thông công chánh; An toàn thực phẩm; Văn hóa; Văn hóa và Thông tin;
    Văn hóa và Du lịch; Công nghiệp
"""
_OFFICES = """
    Kinh tế; Văn hóa - Xã hội; Kinh tế, Hạ tầng và Đô thị; Kinh tế - Hạ tầng; Kinh tế và Hạ tầng;
    Quản lý đô thị; Tài chính - Kế hoạch; Tài chính và Kế hoạch; Văn hóa - Thông tin; Tư pháp; Nông nghiệp;
    Cảnh sát giao thông; Giáo dục; Lao động; Tổ chức cán bộ; Cảnh sát phòng cháy, chữa cháy và cứu nạn, cứu hộ;
    Quản lý xuất nhập cảnh; Cảnh sát quản lý hành chính về trật tự xã hội;
    An ninh mạng và phòng, chống tội phạm sử dụng công nghệ cao; Nông nghiệp và Môi trường;
    Giao dịch Ngân hàng Chính sách xã hội
"""
_PARTY_BOARDS = """
    Tổ chức; Tuyên giáo; Dân vận; Tuyên giáo và Dân vận; Nội chính; Kinh tế; Chính sách, chiến lược;
    Xây dựng Đảng; Đối ngoại; Bảo vệ, chăm sóc sức khỏe cán bộ; Kinh tế - Xã hội; Pháp chế; Văn hóa - Xã hội;
    Kinh tế - Ngân sách; Dân tộc; Dân tộc, tôn giáo; Tôn giáo; Thi đua - Khen thưởng; An toàn giao thông
"""
_BUREAUS = """
    Thuế; Hải quan; Thống kê; Thi hành án dân sự; Quản lý thị trường; Kiểm lâm; Thủy lợi; Thủy sản; Lâm nghiệp;
    Chăn nuôi và Thú y; Trồng trọt và Bảo vệ thực vật; Phát triển nông thôn; An toàn vệ sinh thực phẩm;
    Bảo vệ môi trường; Dân số; Dân số - Kế hoạch hóa gia đình; Quản lý đất đai; Biển và Hải đảo;
    Đường bộ Việt Nam; Cảnh sát giao thông; Tiêu chuẩn Đo lường Chất lượng; Văn thư và Lưu trữ nhà nước;
    Thủy lợi và Phòng, chống thiên tai; Hàng không Việt Nam; Quản lý đê điều và Phòng, chống thiên tai;
    Phòng bệnh; Quản lý Khám, chữa bệnh; An toàn thực phẩm; Đăng kiểm Việt Nam;
    Cảnh sát phòng cháy, chữa cháy và cứu nạn, cứu hộ; Quản lý lao động ngoài nước; Việc làm; Viễn thông;
    Hàng hải
"""
_FIXED = """
    UBND; HĐND; Ủy ban nhân dân; Hội đồng nhân dân; Ủy ban hành chính; HĐND và UBND; HĐND-UBND;
    Thủ tướng Chính phủ; Thủ tướng; Chính phủ; Quốc hội; Ủy ban Thường vụ Quốc hội; Chủ tịch nước;
    Hội đồng Bầu cử quốc gia; Văn phòng Chính phủ; Văn phòng Quốc hội; Văn phòng Chủ tịch nước;
    Văn phòng Trung ương Đảng; Văn phòng Trung ương; Bộ Chính trị; Ban Bí thư; Ban Bí thư Trung ương;
    Ban Bí thư Trung ương Đảng; Ban Chấp hành Trung ương; Ban Chấp hành Trung ương Đảng; Trung ương Đảng;
    Ủy ban Kiểm tra Trung ương; Ban Tổ chức Trung ương; Ban Tuyên giáo và Dân vận Trung ương;
    Ban Tuyên giáo Trung ương; Ban Dân vận Trung ương; Ban Nội chính Trung ương;
    Ban Chính sách, chiến lược Trung ương; Đoàn đại biểu Quốc hội; Đoàn ĐBQH; Đoàn ĐBQH và HĐND; Đảng ủy;
    Đảng bộ; Chi bộ; Tỉnh ủy; Thành ủy; Huyện ủy; Thị ủy; Quận ủy; Đảng ủy UBND; Đảng ủy các cơ quan Đảng;
    Đảng ủy Công an; Đảng ủy Quân sự; Ủy ban Kiểm tra; Ủy ban Kiểm tra Đảng ủy; UBKT; UBKT Đảng ủy; MTTQ;
    MTTQ Việt Nam; Ủy ban MTTQ; Ủy ban MTTQ Việt Nam; UBMTTQ; UBMTTQ Việt Nam; UB MTTQ; UB MTTQ Việt Nam;
    Ủy ban Mặt trận Tổ quốc; Ủy ban Mặt trận Tổ quốc Việt Nam; Mặt trận Tổ quốc; Mặt trận Tổ quốc Việt Nam;
    Ủy ban Trung ương Mặt trận Tổ quốc Việt Nam; Ủy ban Trung ương MTTQ Việt Nam; Liên đoàn Lao động;
    Tổng Liên đoàn Lao động Việt Nam; Công đoàn; Công đoàn ngành Giáo dục; Công đoàn Viên chức; Hội Nông dân;
    Hội Nông dân Việt Nam; Hội Liên hiệp Phụ nữ; Hội Liên hiệp Phụ nữ Việt Nam; Hội LHPN; Hội LHPN Việt Nam;
    Hội Phụ nữ; Hội Cựu chiến binh; Hội Cựu chiến binh Việt Nam; Hội CCB; Hội Chữ thập đỏ; Hội Người cao tuổi;
    Hội Khuyến học; Hội Đông y; Hội Luật gia; Hội Nhà báo; Hội Cựu thanh niên xung phong;
    Hội Làm vườn và Trang trại; Hội Nạn nhân chất độc da cam/dioxin; Liên minh Hợp tác xã;
    Liên hiệp các Hội Khoa học và Kỹ thuật; Đoàn Thanh niên; Đoàn TNCS Hồ Chí Minh;
    Đoàn Thanh niên Cộng sản Hồ Chí Minh; Tỉnh đoàn; Huyện đoàn; Thành đoàn; Thị đoàn; Xã đoàn; Trung ương Đoàn;
    Hội Liên hiệp Thanh niên Việt Nam; Hội LHTN Việt Nam; Hội đồng Đội; Công an; Cơ quan Cảnh sát điều tra;
    Cơ quan Cảnh sát điều tra Công an; Cơ quan An ninh điều tra; Bộ Tổng Tham mưu; Bộ Chỉ huy Quân sự; Bộ CHQS;
    Ban Chỉ huy Quân sự; Ban CHQS; Bộ Tư lệnh; Bộ Tư lệnh Thủ đô; Bộ Tư lệnh Quân khu; Quân khu;
    Bộ Chỉ huy Bộ đội Biên phòng; Ban Chỉ huy Bộ đội Biên phòng; Bộ đội Biên phòng; Đồn Biên phòng;
    Cảnh sát biển; Ban Chỉ huy Phòng thủ khu vực; Hội đồng nghĩa vụ quân sự; Hội đồng NVQS;
    Ban Chỉ huy phòng thủ dân sự; Ban Chỉ huy PTDS; Ban Chỉ huy phòng, chống thiên tai và tìm kiếm cứu nạn;
    Ban Chỉ huy PCTT và TKCN; Ban Chỉ huy PCTT&TKCN; Ban Chỉ đạo quốc gia về phòng, chống thiên tai;
    Ban Chỉ đạo phòng thủ dân sự quốc gia; Ban Chỉ đạo Phòng thủ dân sự; Tòa án nhân dân;
    Tòa án nhân dân tối cao; TAND; TAND tối cao; Viện kiểm sát nhân dân; Viện kiểm sát nhân dân tối cao; VKSND;
    VKSND tối cao; Thi hành án dân sự; Phòng Thi hành án dân sự; Ủy ban bầu cử; Hội đồng bầu cử; UBBC;
    Thanh tra Chính phủ; Thanh tra; Thanh tra nhà nước; Kiểm toán nhà nước; Kiểm toán Nhà nước khu vực;
    Ngân hàng Nhà nước; Ngân hàng Nhà nước Việt Nam; Ngân hàng Chính sách xã hội; Ngân hàng Nhà nước chi nhánh;
    Ngân hàng Nông nghiệp và Phát triển nông thôn; Kho bạc Nhà nước; KBNN; Bảo hiểm xã hội;
    Bảo hiểm xã hội Việt Nam; BHXH; BHXH Việt Nam; Đài Tiếng nói Việt Nam; Đài Truyền hình Việt Nam;
    Thông tấn xã Việt Nam; Đài Phát thanh và Truyền hình; Báo và Phát thanh, Truyền hình;
    Báo và Đài Phát thanh, Truyền hình; Viện Hàn lâm Khoa học xã hội Việt Nam;
    Viện Hàn lâm Khoa học và Công nghệ Việt Nam; Học viện Chính trị quốc gia Hồ Chí Minh; Trường Chính trị;
    Trung tâm Chính trị; Văn phòng Đăng ký đất đai; Văn phòng điều phối nông thôn mới;
    Văn phòng Điều phối xây dựng nông thôn mới; Văn phòng HĐND và UBND;
    Văn phòng Đoàn đại biểu Quốc hội và HĐND; Văn phòng Đoàn ĐBQH và HĐND; Trung tâm Phục vụ hành chính công;
    Trung tâm Phục vụ HCC; Trung tâm Văn hóa, Thông tin, Thể thao và Du lịch; Trung tâm Kiểm soát bệnh tật; CDC;
    Thuế tỉnh; Thuế thành phố; Thuế cơ sở; Thống kê tỉnh; Thống kê thành phố; Thống kê cơ sở; Bảo hiểm xã hội cơ sở; BHXH cơ sở;
    Ngân hàng Chính sách xã hội chi nhánh; Phòng giao dịch Ngân hàng Chính sách xã hội;
    Hạt Kiểm lâm; Hạt Quản lý đê; Trung ương Hội Nông dân Việt Nam; Trung ương Hội Liên hiệp Phụ nữ Việt Nam;
    Ban Tiếp công dân; Ban Tiếp công dân Trung ương; Ban Quản lý Khu kinh tế; Ban Quản lý các Khu công nghiệp
"""
_ROLES = """
    Chủ tịch; Phó Chủ tịch; Phó Chủ tịch Thường trực; Quyền Chủ tịch; Thường trực; Ban Thường vụ; BTV;
    Ban Chấp hành; BCH; Ban Thường trực; Văn phòng; Chánh Văn phòng; Giám đốc; Phó Giám đốc; Bộ trưởng;
    Thứ trưởng; Trưởng; Trưởng phòng; Cục trưởng; Chi cục trưởng; Trưởng ban; Hiệu trưởng; Bí thư; Phó Bí thư;
    Thống đốc; Tổng Thanh tra; Chánh Thanh tra; Chánh án; Viện trưởng; Thủ trưởng; Lãnh đạo; Đảng đoàn;
    Ban cán sự đảng; Chỉ huy trưởng; Ban Pháp chế; Ban Giám hiệu
"""
_OPEN = """
    Trường; Trung tâm; Công ty; Tổng công ty; Tập đoàn; Ban Quản lý; BQL; Ban QLDA; Ban Chỉ đạo; BCĐ;
    Ban Chỉ huy; Ban Tổ chức; Ban Vận động; Ban Đại diện; Hội đồng; Hội; Hiệp hội; Bệnh viện; Trạm; Hạt;
    Chi cục; Cục; Tổng cục; Phòng; Sở; Bộ; Vụ; Viện; Ngân hàng; Chi nhánh; Liên minh; Liên hiệp; Quỹ;
    Tổ công tác; Đội; Hợp tác xã; Đài; Nhà máy; Ủy ban; Tiểu ban; Điện lực; Xí nghiệp; Học viện; Bưu điện;
    Nhà văn hóa; Thư viện; Bảo tàng; Khu; Ban; Văn phòng; Trại; Đoàn; Lữ đoàn; Trung đoàn
"""
_SCHOOLS = """
    Trường Mầm non; Trường Tiểu học; Trường Trung học cơ sở; Trường THCS; Trường Trung học phổ thông;
    Trường THPT; Trường TH; Trường Tiểu học và THCS; Trường TH&THCS; Trường THCS&THPT; Trường Phổ thông;
    Trường Cao đẳng; Trường Đại học; Trường MN; Trường Tiểu học và Trung học cơ sở;
    Trường Phổ thông dân tộc nội trú; Trường PTDTNT; Trung tâm Y tế; Trạm Y tế; Bệnh viện Đa khoa; Bệnh viện;
    Trung tâm Dịch vụ nông nghiệp; Trung tâm Cung ứng dịch vụ sự nghiệp công;
    Trung tâm Giáo dục nghề nghiệp - Giáo dục thường xuyên; Trung tâm GDNN-GDTX; Trung tâm Dịch vụ việc làm;
    Trung tâm Khuyến nông; Ban Quản lý dự án đầu tư xây dựng; Trung tâm Dịch vụ tổng hợp;
    Trung tâm Văn hóa - Thông tin
"""
_AREA_KINDS = """
    tỉnh; thành phố; tp; huyện; thị xã; quận; xã; phường; thị trấn; đặc khu; khu vực; vùng; quân khu
"""

_STOPS = """
    về; v; gửi; ngày; đã; vừa; ký; là; để; sẽ; thì; theo; tại; cho; do; được; nhằm; từ; đến; tới; nên; kèm; gồm;
    nêu; có; ra; ban hành; triển khai; yêu cầu; đề nghị; hướng dẫn; quy định; chỉ đạo; tổ chức; thông báo;
    phê duyệt; công bố; kính mời; trân trọng; phối hợp; kiểm tra; quyết định; tiếp nhận; tăng cường; thông qua;
    đồng ý; cảnh báo; gia hạn; điều chỉnh; rà soát; báo cáo; nộp; đôn đốc; chủ trì; tham mưu; hoãn; hủy; huỷ
"""

UPPER = "".join(
    c
    for c in map(chr, range(0x41, 0x1EFA))
    if c.isupper() and (c.isascii() or c in "ĂÂĐÐÊÔƠƯĨŨ" or c >= "Ạ" or "À" <= c <= "Ý")
)
"""Every capital letter of Vietnamese, for a class of an expression."""

TOKEN = re.compile(r"\w+(?:['’]\w+)*\.?(?=\W|$)|[^\w\s]|\w+")
Trie = dict[str, "Trie"]
END = ""
"""The key under which a trie tells that a name may end here, and how it is written."""


def organ_words(name: str) -> list[str]:
    """The folded words and marks of a name, as a trie holds them."""
    return [fold(match[0]).rstrip(".") or "." for match in TOKEN.finditer(name)]


def _trie(names: Iterable[str]) -> Trie:
    root: Trie = {}
    for name in names:
        node = root
        for word in organ_words(name):
            node = node.setdefault(word, {})
        node[END] = {name: {}}
    return root


def table_entries(table: str) -> list[str]:
    """The entries of a table, which semicolons part."""
    return [" ".join(name.split()) for name in table.split(";")]


def _with(heads: str, *tables: str) -> Iterator[str]:
    return (
        f"{head} {name}"
        for head in heads.split("; ")
        for table in tables
        for name in table_entries(table)
    )


ORGANS = _trie(
    [
        *table_entries(_FIXED),
        *_with("Bộ", _MINISTRIES),
        *_with("Sở", _MINISTRIES, _DEPARTMENTS),
        *_with("Phòng", _MINISTRIES, _DEPARTMENTS, _OFFICES),
        *_with("Ban", _PARTY_BOARDS),
        *_with("Cục; Chi cục; Tổng cục", _BUREAUS),
    ]
)
AREAS = _trie(table_entries(_AREA_KINDS))
ROLES = _trie(table_entries(_ROLES))
OPEN = _trie(table_entries(_OPEN))
NAMED = _trie(table_entries(_SCHOOLS))
"""In a heading's capitals the proper name follows these without a mark."""
STOPS = frozenset(table_entries(_STOPS))
"""Small words, one or two, at which the name of an organ of the open list has certainly ended."""
