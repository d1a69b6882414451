"""What a mail that came back turned out to be, and what a link in one that was sent has become:
(Vietnamese, English)."""

from __future__ import annotations

from collections.abc import Mapping

MAILBOX: Mapping[str, tuple[str, str]] = {
    "bounce.complaint": ("khiếu nại của người nhận", "a complaint of the recipient"),
    "bounce.feedback": ("báo cáo kiểm tra thư", "a report on our mail"),
    "bounce.unproven": ("không có dấu của dịch vụ này", "without a mark of this service"),
    "bounce.automatic": ("thư trả lời tự động", "an automatic answer"),
    "bounce.deferred": ("thư bị hoãn", "the mail is deferred"),
    "bounce.returned": ("thư bị trả lại", "the mail came back"),
    "bounce.none": ("không phải thư trả lại", "no mail that came back"),
    "bounce.reported": ("{said}", "{said}"),
    "link.ended": (
        "Liên kết này được tạo bằng một khóa đã thay, nay không còn hiệu lực. Xin dùng liên kết "
        "trong thư mới nhất,"
        " hoặc hỏi đơn vị vận hành.",
        "This link was made under a key that was replaced, and opens nothing any more. Please use "
        "the link of the"
        " newest mail, or ask whoever operates this service.",
    ),
}
