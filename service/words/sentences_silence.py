"""Why a post was told to nobody, and what an operator's daily mail says of it: (Vietnamese,
English)."""

from __future__ import annotations

from collections.abc import Mapping

SILENCE: Mapping[str, tuple[str, str]] = {
    "silence.baseline": (
        "chỉ vào nguồn tin (lần đọc đầu tiên của chuyên mục)",
        "in the feeds only: it was there when the listing was first read",
    ),
    "silence.too_old": (
        "chỉ vào nguồn tin (tin quá cũ)",
        "in the feeds only: its date is too old",
    ),
    "silence.flood": (
        "đang giữ lại, chờ quản trị viên",
        "held back: too many came at once, the operator decides",
    ),
    "silence.restored": (
        "chỉ vào nguồn tin (đã báo trước khi khôi phục cơ sở dữ liệu)",
        "in the feeds only: the database before the restore is taken to have told of it",
    ),
    "silence.discarded": (
        "chỉ vào nguồn tin (quản trị viên quyết định không báo)",
        "in the feeds only: the operator decided that nobody has to be told",
    ),
    "silence.same_document": (
        "văn bản này đã được báo qua một tin khác",
        "its document was told by another post",
    ),
    "silence.short_same_document": ("Cùng văn bản", "Same document"),
    "silence.short_baseline": ("Lần đọc đầu", "First reading"),
    "silence.short_too_old": ("Tin cũ", "Too old"),
    "silence.short_flood": ("Đang giữ", "Held"),
    "silence.short_restored": ("Sau khôi phục", "After a restore"),
    "silence.short_discarded": ("Đã bỏ qua", "Discarded"),
    "letter.daily_subject": (
        "Loa: {n} tin chưa báo cho ai, chờ quyết định",
        "Loa: {n} posts were told to nobody and wait for a decision",
    ),
    "letter.daily_silent": (
        "Những tin dưới đây đã có trong nguồn tin nhưng chưa báo cho ai, dù có đơn vị hoặc người "
        "đã đăng ký nhận. Hãy cho gửi hoặc bỏ qua tại {where}, hay bằng lệnh `loa post release` và "
        "`loa post discard`.",
        "The posts below are in the feeds and nobody was told, although somebody asked for them. "
        "Release or discard them at {where}, or by `loa post release` and `loa post discard`.",
    ),
    "letter.daily_portal": (
        "{portal}: {n} tin, lý do: {reason}",
        "{portal}: {n} posts, reason: {reason}",
    ),
    "letter.daily_post": ("– {title} ({post_id})", "– {title} ({post_id})"),
    "letter.daily_more": ("… và {n} tin khác", "… and {n} more"),
}
