"""The words that pages share, Vietnamese beside English, and how instants and sizes are said in
each.

Owns labels of states and outcomes. Sentences of one page live in its template, both languages side
by side.
"""

from __future__ import annotations

from datetime import date, datetime

from service.alerts.receipt_rules import Line
from service.types import (
    EMAIL,
    WEBHOOK,
    ChangeType,
    Frequency,
    Outcome,
    Relation,
    State,
    SubscriptionStatus,
    Urgency,
)
from service.values import Language, Locale

LANGUAGES: dict[Language, str] = {"vi": "Tiếng Việt", "en": "English"}


_WEEKDAYS = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ nhật")

OUTCOMES: dict[str, tuple[str, str]] = {
    Outcome.NEW: ("có tin mới", "new posts"),
    Outcome.UNCHANGED: ("không có gì mới", "nothing new"),
    Outcome.LAYOUT_CHANGED: ("giao diện trang đã thay đổi, chưa đọc được",
    "the layout changed, not readable yet"),
    Outcome.YIELD_DROPPED: ("số tin đọc được giảm bất thường",
    "far fewer posts than usual were found"),
    Outcome.MAINTENANCE: ("cổng đang bảo trì", "the portal is under maintenance"),
    Outcome.LOGIN: ("cổng đòi đăng nhập", "the portal asks for a login"),
    Outcome.BLOCKED: ("cổng chặn truy cập tự động", "the portal blocks automatic access"),
    Outcome.NOT_A_LISTING: ("trang trả về không phải chuyên mục tin",
    "the answer is not a listing of posts"),
    Outcome.ROBOTS: ("cổng không cho phép đọc tự động (robots.txt)",
    "robots.txt forbids reading it"),
    Outcome.REDIRECTED: ("cổng đã chuyển sang địa chỉ khác", "the portal moved to another address"),
    Outcome.TLS: ("chứng thư bảo mật của cổng không hợp lệ",
    "the portal's certificate is not valid"),
    Outcome.NETWORK: ("không kết nối được tới cổng", "the portal cannot be reached"),
    Outcome.OWN_NETWORK: ("mạng của máy chủ Loa bị gián đoạn", "Loa's own network is down"),
    Outcome.HTTP_ERROR: ("cổng báo lỗi máy chủ", "the portal answers with an error"),
    Outcome.TOO_BIG: ("trang quá lớn", "the page is too big"),
    Outcome.POSSIBLE_GAP: ("có thể đã sót tin cũ", "some older posts may have been missed"),
    Outcome.HELD: ("quá nhiều tin mới cùng lúc, đang chờ người vận hành",
    "too many new posts at once, held back"),
}  # fmt: skip

STATES: dict[str, tuple[str, str]] = {
    State.DUE: ("chờ gửi", "due"),
    State.LEASED: ("đang gửi", "being sent"),
    State.SENT: ("đã gửi", "sent"),
    State.FAILED: ("không gửi được", "failed"),
    State.SUSPENDED: ("tạm ngưng", "suspended"),
    State.SKIPPED: ("bỏ qua", "skipped"),
    State.HELD: ("đang giữ lại", "held"),
}

STATUSES: dict[str, tuple[str, str]] = {
    SubscriptionStatus.PENDING: ("chờ xác nhận", "pending"),
    SubscriptionStatus.ACTIVE: ("đang hoạt động", "active"),
    SubscriptionStatus.PAUSED: ("tạm dừng", "paused"),
    SubscriptionStatus.DISABLED: ("đã ngắt vì lỗi", "disabled"),
    SubscriptionStatus.SUSPENDED: ("ngưng vì thư bị trả lại", "suspended"),
    SubscriptionStatus.REMOVED: ("đã gỡ bỏ", "removed"),
}

CHANNELS: dict[str, tuple[str, str]] = {
    WEBHOOK: ("webhook", "webhook"),
    EMAIL: ("thư điện tử", "email"),
}

FREQUENCIES: dict[str, tuple[str, str]] = {
    Frequency.IMMEDIATE: ("ngay khi có tin", "immediately"),
    Frequency.DAILY: ("mỗi ngày một lần", "daily"),
    Frequency.WEEKLY: ("mỗi tuần một lần", "weekly"),
}

RELATIONS: dict[str, tuple[str, str]] = {
    Relation.IS: ("đăng toàn văn", "is the document"),
    Relation.RELAYS: ("đưa tin về văn bản", "reports on the document"),
}

URGENCIES: dict[str, tuple[str, str]] = {
    Urgency.NORMAL: ("thường", "normal"),
    Urgency.KHAN: ("khẩn", "urgent"),
    Urgency.THUONG_KHAN: ("thượng khẩn", "very urgent"),
    Urgency.HOA_TOC: ("hỏa tốc", "express"),
}

LINES: dict[str, tuple[str, str]] = {
    Line.NOT_SUBSCRIBED: ("không đăng ký", "not subscribed"),
    Line.OWED: ("chưa gửi được", "not yet sent"),
    Line.SENT: ("đã gửi, chưa xác nhận", "sent, not acknowledged"),
    Line.FAILED: ("gửi không được", "failed"),
    Line.ACKNOWLEDGED: ("đã xác nhận", "acknowledged"),
}

CHANGES: dict[str, tuple[str, str]] = {
    ChangeType.PUBLISHED: ("tin mới", "new post"),
    ChangeType.UPDATED: ("tin sửa đổi", "changed post"),
    ChangeType.WITHDRAWN: ("tin bị gỡ", "withdrawn post"),
}

PARTS: dict[str, tuple[str, str]] = {
    "title": ("tiêu đề", "title"),
    "number": ("số văn bản", "document number"),
    "text": ("nội dung", "text"),
    "attachments": ("tệp đính kèm", "attachments"),
}

KINDS: dict[str, str] = {
    "nghi-quyet": "Nghị quyết", "quyet-dinh": "Quyết định", "chi-thi": "Chỉ thị",
    "quy-che": "Quy chế",
    "quy-dinh": "Quy định", "thong-cao": "Thông cáo", "thong-bao": "Thông báo",
    "huong-dan": "Hướng dẫn",
    "chuong-trinh": "Chương trình", "ke-hoach": "Kế hoạch", "phuong-an": "Phương án",
    "de-an": "Đề án",
    "du-an": "Dự án", "bao-cao": "Báo cáo", "bien-ban": "Biên bản", "to-trinh": "Tờ trình",
    "hop-dong": "Hợp đồng",
    "cong-van": "Công văn", "cong-dien": "Công điện", "ban-ghi-nho": "Bản ghi nhớ",
    "ban-thoa-thuan": "Bản thỏa thuận", "giay-uy-quyen": "Giấy ủy quyền", "giay-moi": "Giấy mời",
    "giay-gioi-thieu": "Giấy giới thiệu", "giay-nghi-phep": "Giấy nghỉ phép",
    "phieu-gui": "Phiếu gửi",
    "phieu-chuyen": "Phiếu chuyển", "phieu-bao": "Phiếu báo", "thu-cong": "Thư công",
    "luat": "Luật",
    "phap-lenh": "Pháp lệnh", "nghi-dinh": "Nghị định", "thong-tu": "Thông tư",
    "thong-tu-lien-tich": "Thông tư liên tịch", "ket-luan": "Kết luận",
    "chuong-trinh-hanh-dong": "Chương trình hành động",
}  # fmt: skip

CATALOGUES = (
    OUTCOMES,
    STATES,
    STATUSES,
    CHANNELS,
    FREQUENCIES,
    RELATIONS,
    URGENCIES,
    PARTS,
    LINES,
    CHANGES,
)


def label(catalogue: dict[str, tuple[str, str]], value: str, language: str) -> str:
    """The words for a value; the value itself where the catalogue does not know it (data of a newer
    Loa)."""
    pair = catalogue.get(value)
    return value if pair is None else pair[language == "en"]


def kind_name(kind: str | None) -> str:
    """A document kind as Vietnamese documents write it; in every language, since it is a name."""
    return "" if kind is None else KINDS.get(kind, kind.replace("-", " ").capitalize())


def say_instant(at: datetime, locale: Locale) -> str:
    """`09:16, 28/01/2024` as Vietnamese people write; `28 January 2024, 09:16` in English."""
    local = locale.at(at)
    return (
        f"{local:%H:%M, %d/%m/%Y}"
        if locale.language == "vi"
        else f"{local.day} {local:%B %Y, %H:%M}"
    )


def say_instant_fully(at: datetime, locale: Locale) -> str:
    """With the day of the week: `09:16, Chủ nhật, 28/01/2024`."""
    local = locale.at(at)
    if locale.language == "vi":
        return f"{local:%H:%M}, {_WEEKDAYS[local.weekday()]}, {local:%d/%m/%Y}"
    return f"{local:%A}, {local.day} {local:%B %Y, %H:%M}"


def say_day(day: date, language: str) -> str:
    return f"{day:%d/%m/%Y}" if language == "vi" else f"{day.day} {day:%B %Y}"


def say_bytes(size: int | None) -> str:
    """`1,4 MB`, with the decimal comma of Vietnamese; empty where the size is unknown."""
    if size is None:
        return ""
    for unit, scale in (("MB", 1 << 20), ("kB", 1 << 10)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}".replace(".", ",")
    return f"{size} B"
