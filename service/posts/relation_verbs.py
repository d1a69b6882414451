"""The verbs with which a document says what it does to another. Tables alone.

They are those of Nghị định 30/2020/NĐ-CP, 78/2025/NĐ-CP and 187/2025/NĐ-CP and of everyday letters:
`BEFORE` govern the number that follows, `AFTER` that which stands before them. Longer forms come
first; the nearest one to the number counts.
"""

from __future__ import annotations

import re

from service.posts.kinds import NOUN
from service.types import Link

IGNORE = re.IGNORECASE
SELF = r"(?<!\w)"
PAPER = rf"(?:{NOUN}|văn bản)"
WORD = r"[^\s.;,:]{1,9}"
MEETING = (
    r"(?:cuộc họp|họp|hội nghị|hội thảo|kỳ họp|phiên (?:họp|toà|tòa|đấu giá|giải trình)|phiên|buổi"
    r"|lễ|đại hội|hội thi|hội diễn|hội chợ|hội thao|giải|lớp|khóa|khoá|tập huấn|toạ đàm|tọa đàm"
    r"|đối thoại|ngày hội|chương trình|kỳ thi|cuộc thi|khai mạc|đoàn)"
)
TO_A_DAY = re.compile(rf"{SELF}(?:sang|đến|vào|thành|lúc)\s[^.;]{{0,40}}?\d", IGNORE)
DOES_IT = r"(?:thực hiện|thi hành|áp dụng|triển khai)"
_RAISES = r"(?:gửi|nộp|báo cáo|nhận|trả lời|thực hiện)"


def _verb(words: str) -> str:
    return rf"{SELF}(?:{words})(?!\w)"


_BEFORE: tuple[tuple[Link, str], ...] = (
    (
        Link.REPLACES,
        _verb(
            r"(?:các|những) [^.;:]{2,40}? (?:sau|sau đây|dưới đây) hết hiệu lực(?: thi"
            r" hành)?(?=\s?:)|thay thế|thay cho|thế cho|thay(?! (?:đổi|mặt|vì|nhau))"
        ),
    ),
    (
        Link.CANCELS,
        _verb(
            rf"bãi bỏ|(?:hủy|huỷ)(?: bỏ)?|(?:xin )?rút(?: lại)?(?= {PAPER})"
            rf"|(?:đề nghị|yêu cầu)(?: {WORD}){{1,6}}? không (?:{DOES_IT}|sử dụng)(?= {PAPER})"
            rf"|(?:chấm dứt|kết thúc)(?: việc)? (?:hiệu lực|{DOES_IT})"
            rf"|thu hồi(?= và| {PAPER}(?!\w)| hiệu lực| giấy (?:phép|chứng nhận))"
            rf"|không (?:tổ chức|tiến hành)(?= (?:các |các cuộc )?{MEETING})"
        ),
    ),
    (
        Link.CANCELS,
        rf"(?:(?<=\n)|(?<=\.\s))không {DOES_IT}(?= {PAPER}(?!\w))",
    ),
    (
        Link.EXTENDS,
        _verb(
            r"gia hạn|kéo dài|nới|(?:lùi|lui|dời|giãn|đổi|chuyển|tăng|cộng thêm|thay đổi|điều"
            r" chỉnh)(?= (?:thời hạn|hạn))"
            r"|(?:điều chỉnh|thay đổi|lùi|lui|dời)(?= thời gian (?:nộp|nhận|gửi|đăng ký|báo cáo|góp"
            r" ý|lấy ý kiến|tiếp nhận|hoàn thành|trả lời))"
            rf"|(?:cho(?: phép)?|được|phép|đồng ý)(?: {WORD}){{0,6}}? (?:(?:nộp|gửi|báo cáo) chậm"
            rf"|chậm"
            r" (?:nộp|gửi|báo cáo))"
            r"|(?:cho phép|được|đồng ý)(?: cho)? chậm (?:nộp|gửi|báo cáo)|lùi"
            r" (?:thời hạn|hạn)"
        ),
    ),
    (
        Link.MOVES,
        _verb(
            r"(?:dời|chuyển|đổi|thay đổi|đẩy(?: sớm)?|lùi|lui|điều chỉnh)(?: lại)?"
            r"(?= (?:thời gian(?!,? (?:nộp|nhận|gửi|thực hiện|đăng ký))|thời điểm|lịch|địa điểm"
            rf"|giờ|ngày|{MEETING}|hình thức họp|phòng họp|hội trường))"
        ),
    ),
    (
        Link.POSTPONES,
        _verb(
            r"(?:tạm |xin )?(?:hoãn|dừng|lùi|lui|ngừng|ngưng|đình chỉ|đình hoãn)"
            r"(?! (?:và|cấp|cung cấp)(?!\w))"
            rf"|tạm thời (?:chưa|không)(?= (?:tổ chức|{DOES_IT}))|chưa tổ chức"
        ),
    ),
    (
        Link.AMENDS,
        _verb(
            r"sửa đổi(?:, bổ sung)?|bổ sung|điều chỉnh|đính chính|hiệu chỉnh|chỉnh (?:sửa|lý)"
            r"|sửa(?= (?:lại|thành|tên|số|nội dung|cụm từ|chữ|mục|điều|khoản)(?!\w))"
            r"|(?:bỏ|thay)(?= (?:các )?(?:cụm từ|từ|chữ|đoạn|nội dung|số|câu|mục|dòng|cột)\s)"
            r"|kiện toàn|thay đổi(?= (?:thành viên|thành phần|nội dung|số lượng|mức|người|đơn vị"
            r"|tên|nhân sự|danh sách|cơ cấu|chủ đầu tư|số liệu|hình thức (?!họp)))"
            r"|thay đổi(?! (?:lại|phòng|hội trường|thời|lịch|địa điểm|giờ|ngày|hình thức|hạn"
            r"|từ|kế hoạch))"
        ),
    ),
    (
        Link.REMINDS,
        _verb(
            r"nhắc(?= (?:lại|việc|nhở|nộp|gửi|các|thực hiện|báo cáo|tiến độ|lần|đơn vị|hoàn thành))"
            r"|nhắc (?:lại|việc|nhở)|đôn đốc|sớm (?:có ý kiến|trả lời|báo cáo|cho ý kiến|phúc đáp)"
            r"|khẩn trương (?:báo cáo|gửi|hoàn thành|nộp|khắc phục|thực hiện|triển khai)"
        ),
    ),
    (
        Link.ANSWERS,
        _verb(
            r"(?:nhất trí|đồng ý|thống nhất|chấp thuận)(?= (?:với |theo )?(?:các )?(?:nội dung|đề"
            r" nghị|đề xuất"
            r"|kiến nghị)(?!\w))|phúc đáp|trả lời|hồi đáp|đáp lại|đáp ứng(?= (?:yêu cầu|đề"
            r" nghị)[^.;,]{0,60}tại)"
        ),
    ),
    (
        Link.RELAYS,
        _verb(
            r"(?:sao (?:lục|gửi|y(?: bản chính)?)|gửi kèm|chuyển tiếp|truyền đạt"
            r"|chuyển|phổ biến|giới thiệu|đăng(?: tải)?|thông tin)"
            rf"(?: (?:nguyên văn|toàn văn|toàn bộ|nội dung|bản sao|kèm)){{0,2}}(?= {PAPER}(?!\w))"
            rf"|(?:sao gửi|sao lục|gửi kèm|truyền đạt|sao chuyển)(?: kèm theo)?"
            rf"(?=(?::| ý kiến| các {PAPER}| đến| tới| cho| {PAPER}(?!\w)))"
            rf"|(?:gửi )?kèm theo (?:{PAPER}) này(?: là)?(?= {PAPER})"
        ),
    ),
    (
        Link.RELAYS,
        (
            rf"{SELF}(?:sao gửi|sao lục|gửi|chuyển|triển khai|phổ biến|thông tin)"
            rf"(?: nguyên văn| kèm)? (?:đến |tới |cho |(?=các |quý |toàn thể ))"
            r"(?:(?!(?:theo|tại|kèm|trong|của|về|báo|kết|nội|thực|lại)\s)[^\s.;:()]{1,20}\s)"
            r"{1,12}?(?:toàn văn |nội dung |nguyên văn )?"
            rf"(?:{PAPER})(?: hoả tốc| hỏa tốc| khẩn)?(?: số:?)?\s?$"
        ),
    ),
)

_TO_ITS_TEXT = r"[^.;]{0,40}?(?:như sau|thành|nội dung sau|nội dung như|cụ thể)"
_AFTER: tuple[tuple[Link, str], ...] = (
    (
        Link.CANCELS,
        _verb(
            r"(?:sẽ )?không (?:còn )?(?:tổ chức|diễn ra|tiến hành)(?: nữa)?"
            r"(?! (?:tại|ở|vào|lúc) [^.;]{1,60} mà )"
            r"|bị (?:hủy|huỷ|bãi bỏ|thu hồi)(?: bỏ)?"
            r"(?! (?:đất|giấy|tiền|kinh phí|kết quả|tư cách|hợp đồng))"
            r"|không (?:còn|có) (?:hiệu lực|giá trị)|chấm dứt hiệu lực"
            r"|không còn (?:được )?(?:áp dụng|sử dụng|thực hiện)"
            r"|được (?:hủy|huỷ|bãi bỏ|thu hồi)(?: bỏ)?(?! (?:đất|giấy|tiền|kinh phí|kết quả))"
        ),
    ),
    (
        Link.REPLACES,
        _verb(r"hết hiệu lực|(?:được|bị) thay(?: thế)? (?:bởi|bằng) [^.;\d]{2,60} này"),
    ),
    (
        Link.AMENDS,
        _verb(
            r"được (?:sửa đổi|bổ sung|đính chính|điều chỉnh|sửa|hiệu chỉnh)(?:, bổ sung)?(?: lại)?"
            rf"{_TO_ITS_TEXT}"
        ),
    ),
    (
        Link.EXTENDS,
        _verb(r"(?:được )?(?:gia hạn|kéo dài|nới|(?:lùi|lui|dời|chuyển) (?:thời hạn|hạn))"),
    ),
    (
        Link.MOVES,
        _verb(
            r"(?:được )?(?:chuyển(?! toàn| nguyên| văn| bản)|đổi|dời|lùi|lui|thay đổi|điều chỉnh"
            r"|đẩy)[^.;]{0,30}? (?:sang|thành|vào|đến|tới|về|lên|từ(?= \d| ngày| sáng| chiều"
            r"| phòng| hình))"
            r"|(?:được )?(?:thay đổi|điều chỉnh|dời|chuyển|tổ chức lại)(?: lại)? (?:như sau|lúc)"
            r"|(?:được )?tổ chức (?:sớm|muộn|chậm) hơn"
            r"|(?:sẽ )?(?:được )?(?:tổ chức|diễn ra|bắt đầu|khai mạc)(?: (?:vào|lúc))[^.;]{3,40}?"
            r" thay (?:vì|cho)"
        ),
    ),
    (
        Link.POSTPONES,
        _verb(
            r"(?:được |bị |phải |nay )(?:tạm )?(?:hoãn|dừng|lùi|lui|ngừng)|hoãn lại|tạm (?:hoãn"
            rf"|lùi|lui|dừng|ngừng|thời (?:hoãn|dừng|chưa|không))|chưa tổ chức|{MEETING} hoãn"
        ),
    ),
    (Link.RELAYS, _verb(r"(?:nay )?(?:chuyển đến|sao gửi|sao lục)")),
)
BEFORE = tuple((link, re.compile(words, IGNORE)) for link, words in _BEFORE)
AFTER = tuple((link, re.compile(words, IGNORE)) for link, words in _AFTER)
