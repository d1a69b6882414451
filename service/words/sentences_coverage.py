"""What is told of what was not watched: (Vietnamese, English)."""

from __future__ import annotations

from collections.abc import Mapping

COVERAGE: Mapping[str, tuple[str, str]] = {
    "coverage.all": (
        "Từ {since_at}, Loa đã theo dõi đầy đủ {n} cổng thông tin.",
        "Since {since_at}, all of {n} portals were watched without a gap.",
    ),
    "coverage.some": (
        "Từ {since_at}, Loa đã theo dõi đầy đủ {n} cổng thông tin. Có lúc không theo dõi được: "
        "{portals}. Tin của các cổng này có thể đến muộn hoặc thiếu.",
        "Since {since_at}, {n} portals were watched without a gap. Not watched all the time: "
        "{portals}. What they published may come late, or be missing.",
    ),
    "backfill.interrupted": ("đã bị ngắt giữa chừng", "it was interrupted"),
    "backfill.fault": (
        "Loa gặp lỗi của chính nó; chi tiết có trong nhật ký",
        "Loa failed by a fault of its own; the log says more",
    ),
    "bad.no_day": ("không phải là một ngày như 2026-11-20", "is no day as 2026-11-20"),
    "bad.day_to_come": ("{day} là ngày chưa đến", "{day} is to come"),
    "allowed.day_of_past": ("hôm nay hoặc một ngày đã qua", "today or a day of the past"),
    "conflict.backfill_running": (
        "đang đọc lại cổng {name!r}; hãy chờ xong rồi yêu cầu tiếp",
        "{name!r} is being read back now; ask again when that has ended",
    ),
    "coverage.unread_subject": (
        "Loa: chưa đọc được {portal} từ {since_at}",
        "Loa: {portal} could not be read since {since_at}",
    ),
    "coverage.unread": (
        "Loa không đọc được {portal} từ {since_at}. Văn bản và tin mà cổng này đăng từ lúc đó chưa "
        "được gửi cho ai.",
        "Loa could not read {portal} since {since_at}. What it published since then was sent to "
        "nobody yet.",
    ),
    "coverage.unread_listing": ("Chuyên mục: {url}", "Listing: {url}"),
    "coverage.unread_do": (
        "Trong khi chờ, hãy xem trực tiếp trên cổng: {base_url}. Loa sẽ báo khi đọc lại được.",
        "Meanwhile look at the portal itself: {base_url}. Loa tells you when it can be read again.",
    ),
    "coverage.unread_reason": ("Lý do: {reason}", "Reason: {reason}"),
    "coverage.back_subject": (
        "Loa: đã đọc lại được {portal}",
        "Loa: {portal} can be read again",
    ),
    "coverage.back": (
        "Loa đã đọc lại được {portal}. Không đọc được từ {since_at} đến {back_at}. Số tin đăng "
        "trong thời gian đó nay mới tìm thấy: {n}.",
        "Loa reads {portal} again. It could not be read from {since_at} to {back_at}. Posts of that "
        "time that were found only now: {n}.",
    ),
    "coverage.late_post": ("– {title}", "– {title}"),
    "coverage.late_more": ("… và {n} tin khác.", "… and {n} more."),
    "coverage.back_whole": (
        "Không thiếu tin nào trong các trang mà Loa đọc lại được.",
        "No post of the pages that Loa reads is missing.",
    ),
    "coverage.back_gap": (
        "Các trang của cổng không còn cho thấy đủ: có thể thiếu tin từ {from_at} đến {to_at}. Hãy "
        "xem trực tiếp trên cổng: {base_url}",
        "The pages of the portal no longer show all of it: posts from {from_at} to {to_at} may be "
        "missing. Look at the portal itself: {base_url}",
    ),
    "coverage.back_gap_do": (
        "Để tìm lại: loa portal backfill {id} --since {day}",
        "To look for them: loa portal backfill {id} --since {day}",
    ),
}
