"""What values are called on pages: `<kind>.<value>`: (Vietnamese, English)."""

from __future__ import annotations

from collections.abc import Mapping

PAGES: Mapping[str, tuple[str, str]] = {
    # how a poll of a listing ended
    "outcome.new": ("có tin mới", "new posts"),
    "outcome.unchanged": ("không có gì mới", "nothing new"),
    "outcome.layout_changed": (
        "giao diện trang đã thay đổi, chưa đọc được",
        "the layout changed, not readable yet",
    ),
    "outcome.yield_dropped": (
        "số tin đọc được giảm bất thường",
        "far fewer posts than usual were found",
    ),
    "outcome.maintenance": ("cổng đang bảo trì", "the portal is under maintenance"),
    "outcome.login": ("cổng đòi đăng nhập", "the portal asks for a login"),
    "outcome.blocked": ("cổng chặn truy cập tự động", "the portal blocks automatic access"),
    "outcome.not_a_listing": (
        "trang trả về không phải chuyên mục tin",
        "the answer is not a listing of posts",
    ),
    "outcome.robots": (
        "cổng không cho phép đọc tự động (robots.txt)",
        "robots.txt forbids reading it",
    ),
    "outcome.redirected": (
        "cổng đã chuyển sang địa chỉ khác",
        "the portal moved to another address",
    ),
    "outcome.tls": (
        "chứng thư bảo mật của cổng không hợp lệ",
        "the portal's certificate is not valid",
    ),
    "outcome.network": ("không kết nối được tới cổng", "the portal cannot be reached"),
    "outcome.own_network": ("mạng của máy chủ Loa bị gián đoạn", "Loa's own network is down"),
    "outcome.http_error": ("cổng báo lỗi máy chủ", "the portal answers with an error"),
    "outcome.too_big": ("trang quá lớn", "the page is too big"),
    "outcome.possible_gap": ("có thể đã sót tin cũ", "some older posts may have been missed"),
    "outcome.held": (
        "quá nhiều tin mới cùng lúc, đang chờ người vận hành",
        "too many new posts at once, held back",
    ),
    # of a delivery
    "state.due": ("chờ gửi", "due"),
    "state.leased": ("đang gửi", "being sent"),
    "state.sent": ("đã gửi", "sent"),
    "state.failed": ("không gửi được", "failed"),
    "state.suspended": ("tạm ngưng", "suspended"),
    "state.skipped": ("bỏ qua", "skipped"),
    "state.held": ("đang giữ lại", "held"),
    # of a subscription
    "status.pending": ("chờ xác nhận", "pending"),
    "status.active": ("đang hoạt động", "active"),
    "status.paused": ("tạm dừng", "paused"),
    "status.disabled": ("đã ngắt vì lỗi", "disabled"),
    "status.suspended": ("ngưng vì thư bị trả lại", "suspended"),
    "status.removed": ("đã gỡ bỏ", "removed"),
    "channel.webhook": ("webhook", "webhook"),
    "channel.email": ("thư điện tử", "email"),
    "frequency.immediate": ("ngay khi có tin", "immediately"),
    "frequency.daily": ("mỗi ngày một lần", "daily"),
    "frequency.weekly": ("mỗi tuần một lần", "weekly"),
    # of a post to the document it names
    "relation.is": ("đăng toàn văn", "is the document"),
    "relation.relays": ("đưa tin về văn bản", "reports on the document"),
    "urgency.normal": ("thường", "normal"),
    "urgency.khan": ("khẩn", "urgent"),
    "urgency.thuong-khan": ("thượng khẩn", "very urgent"),
    "urgency.hoa-toc": ("hỏa tốc", "express"),
    # of the receipt board: one unit
    "line.not_subscribed": ("không đăng ký", "not subscribed"),
    "line.owed": ("chưa gửi được", "not yet sent"),
    "line.sent": ("đã gửi, chưa xác nhận", "sent, not acknowledged"),
    "line.failed": ("gửi không được", "failed"),
    "line.acknowledged": ("đã xác nhận", "acknowledged"),
    "change.post.published": ("tin mới", "new post"),
    "change.post.updated": ("tin sửa đổi", "changed post"),
    "change.post.withdrawn": ("tin bị gỡ", "withdrawn post"),
    # of a post, which an edit changed
    "part.title": ("tiêu đề", "title"),
    "part.number": ("số văn bản", "document number"),
    "part.text": ("nội dung", "text"),
    "part.attachments": ("tệp đính kèm", "attachments"),
    # the heads of the receipt board as a spreadsheet
    "board.unit": ("Đơn vị", "Unit"),
    "board.state": ("Tình trạng", "State"),
    "board.revision": ("Phiên bản", "Revision"),
    "board.owed_at": ("Phải gửi", "Owed at"),
    "board.sent_at": ("Đã gửi lúc", "Sent at"),
    "board.acknowledged_at": ("Xác nhận lúc", "Acknowledged at"),
    "board.by": ("Người nhận", "By"),
    "board.note": ("Ghi chú", "Note"),
    "board.removed": ("{unit} (đã gỡ bỏ)", "{unit} (removed)"),
}
