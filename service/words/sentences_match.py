"""Which filters of a subscription a post met or lacks: (Vietnamese, English)."""

from __future__ import annotations

MET, LACKS = "match", "match.lacks"
CATEGORY, PORTAL, PLACE, KEYWORD = "category", "portal", "place", "keyword"
URGENCY, KIND = "urgency", "kind"
"""The fields of filters, in the order in which they are said."""

FIELDS: dict[str, tuple[str, str]] = {
    MET: ("không đặt bộ lọc: nhận mọi tin", "no filters: all posts"),
    LACKS: ("tin không có", "the post does not have"),
    "match.category": ("chuyên mục", "category"),
    "match.portal": ("cổng", "portal"),
    "match.place": ("địa bàn", "place"),
    "match.keyword": ("từ khóa", "keyword"),
    "match.urgency": ("độ khẩn", "urgency"),
    "match.kind": ("loại văn bản", "document kind"),
    "match.related": ("thay đổi văn bản đã nhận", "changes a document received before"),
}
OR = (" hoặc ", " or ")
