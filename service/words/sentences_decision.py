"""What is said of what a person decided of a post: (Vietnamese, English)."""

from __future__ import annotations

from collections.abc import Mapping

DECISIONS: Mapping[str, tuple[str, str]] = {
    "act.post_task": ("quyết định việc phải làm", "decide a task"),
    "act.post_relation": ("quyết định quan hệ với văn bản khác", "decide a relation"),
    "act.post_document": (
        "quyết định hai tin có cùng văn bản không",
        "decide whether two posts are one document",
    ),
    "act.post_undo": ("hoàn tác quyết định về tin", "undo a decision of a post"),
    "done.task": ("Đã lưu việc phải làm.", "The task is saved."),
    "done.task_dropped": ("Đã bỏ việc đọc sai.", "The wrong task is dropped."),
    "done.relation": ("Đã lưu quan hệ.", "The relation is saved."),
    "done.relation_dropped": ("Đã bỏ quan hệ đọc sai.", "The wrong relation is dropped."),
    "done.document_same": (
        "Hai tin từ nay là của một văn bản.",
        "The two posts are of one document now.",
    ),
    "done.document_other": (
        "Hai tin từ nay là của hai văn bản khác nhau.",
        "The two posts are of different documents now.",
    ),
    "done.post_undo": (
        "Đã hoàn tác: máy lại quyết định theo những gì đọc được.",
        "Undone: what was read counts again.",
    ),
    "bad.no_hour": ("{text!r} không phải là giờ", "{text!r} is no hour"),
    "allowed.hour": ("giờ như 17:00, hoặc để trống", "an hour as 17:00, or nothing"),
    "bad.no_reading": (
        "tin không còn mục {text!r}: có thể đã được sửa trong lúc này",
        "the post has no reading {text!r} any more: it may have been changed meanwhile",
    ),
    "allowed.reading": ("mục đang có trong tin", "the key of one that the post has"),
    "allowed.other_post": (
        "số văn bản, địa chỉ hoặc tiêu đề của tin kia",
        "the number, the address or the title of the other post",
    ),
    "bad.base64": ("không phải là base64", "is no base64"),
    "allowed.base64": ("tệp viết theo base64", "a file in base64"),
    "conflict.itself": (
        "không nối được tin {name!r} với chính nó",
        "cannot relate the post {name!r} to itself",
    ),
    "conflict.document_same": (
        "không gộp được: tin {name!r} đã được coi là cùng văn bản",
        "cannot join them: the post {name!r} is taken to be of this document already",
    ),
    "conflict.document_other": (
        "không tách được: tin {name!r} không được coi là cùng văn bản",
        "cannot part them: the post {name!r} is not taken to be of this document",
    ),
    "missing.decision": ("không có quyết định {name!r}", "there is no decision {name!r}"),
}
