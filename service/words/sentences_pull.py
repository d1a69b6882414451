"""Sentences about asking for what is owed."""

from __future__ import annotations

PULL_WORDS: dict[str, tuple[str, str]] = {
    "bad.day": ("phải là một ngày như 2026-11-29", "must be a day as 2026-11-29"),
    "refused.stream_token": (
        "cần khóa truy cập của một đăng ký pull (`loa subscription add pull`) hoặc của đơn vị",
        "the token of a pull subscription (`loa subscription add pull`) or of a unit is needed",
    ),
    "refused.many_waiting": (
        "đã có {limit} máy cùng chờ bằng khóa này",
        "{limit} clients wait with this token already",
    ),
    "conflict.no_stream": (
        "đơn vị chưa có đăng ký pull nào: `loa subscription add pull --unit`",
        "the unit has no pull subscription: `loa subscription add pull --unit`",
    ),
    "conflict.limit_asked": (
        "không giới hạn được {name!r}: đơn vị tự hỏi lấy khi nào tùy ý",
        "cannot limit {name!r}: its office asks as often as it likes",
    ),
}
