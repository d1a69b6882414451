"""What a mail that came back turned out to be: (Vietnamese, English)."""

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
}
