"""Boxes of other posts on a listing's page: the newest of the whole portal in a column of its own,
tabs of other sections that nobody has opened.

Refuses to judge a front page: its boxes are its list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from service.portals.dom import attribute, names, pieces
from service.text import clean

COLUMN = re.compile(
    r"(?:^|[\s_-])(?:col|cols|column|span|large|medium|grid|cell|pane|cot)(?:$|[\s_-]|\d)"
)
_BESIDE = re.compile(
    r"(?:^|[\s_-])(?:left|right|centre|center|trai|phai|giua)(?:$|[\s_-])|(?:left|right|center)box"
)
_FRONT = re.compile(
    r"/?(?:[a-z]{2}/?)?(?:(?:index|default|home|trang-?chu)(?:\.\w{2,5})?)?/?", re.IGNORECASE
)
_NEWEST = re.compile(
    r"\W*(?:(?:các|những)\s+)?(?:tin(?: tức| bài| nóng)?|bài(?: viết| đăng)?|văn bản|thông báo"
    r"|sự kiện)\s+(?:mới|nổi bật|tiêu điểm|xem nhiều|đọc nhiều)\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"\W*(?:tin |bài |bài viết )?(?:xem nhiều|đọc nhiều|được quan tâm|most "
    r"(?:read|viewed)|popular)\b",
    re.IGNORECASE,
)
_LONGEST_HEADING = 40
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_STATES = frozenset({
    "active", "show", "in", "fade", "hidden", "hide", "d-none", "current", "selected", "open",
    "is-active", "tab-active",
})  # fmt: skip
_PAGES = re.compile(r"(?:^|[\s_-])(?:page|trang|slide|item|swiper|owl)(?:$|[\s_-]|\d)")
"""Pages of one list that a script turns, and what a carousel shows in turn."""
_TABS = frozenset({"div", "section", "ul", "ol", "table"})
_MOST_SIBLINGS = 40


def is_front(url: str) -> bool:
    """Whether an address is a portal's front page."""
    parts = urlsplit(url)
    return not parts.query and _FRONT.fullmatch(parts.path) is not None


def is_side_box(heading: str) -> bool:
    """`Xem nhiều`: whatever stands under it stands elsewhere too."""
    return _ASIDE.match(heading) is not None


def is_newest(heading: str) -> bool:
    """`Tin mới nhất`, `Văn bản mới ban hành`: the newest of the portal, or the list itself."""
    return _NEWEST.match(heading) is not None


def heading_above(holder: LexborNode | None) -> str:
    """The short words right above an element, or above one that begins with it; empty where none
    are."""
    node = holder
    for _ in range(3):
        if node is None or node.tag in ("body", "html", "main"):
            return ""
        before = node.prev
        while before is not None and not before.is_element_node:
            before = before.prev
        text = _short_text(before) if before is not None else ""
        if text:
            return text
        node = node.parent
    return ""


def _short_text(node: LexborNode) -> str:
    """What a heading says; empty for an element that holds more."""
    said = ""
    for count, piece in enumerate(pieces(node)):
        said += piece
        if len(said) > _LONGEST_HEADING * 4 or count > _LONGEST_HEADING:
            return ""
    text = clean(said)
    return text if len(text) <= _LONGEST_HEADING else ""


def are_columns(one: LexborNode, other: LexborNode) -> bool:
    """Whether two parts of an element stand beside each other."""
    if one.tag == other.tag == "td":
        return True
    said, others = names(one), names(other)
    return said != others and all(
        COLUMN.search(words) is not None or _BESIDE.search(words) is not None
        for words in (said, others)
    )


def is_hidden(node: LexborNode) -> bool:
    """Whether an element is hidden as the page comes."""
    if "hidden" in node.attrs or _HIDDEN.search(attribute(node, "style")):
        return True
    words = names(node).split()
    return "tab-pane" in words and not {"active", "show"} & {*words}


def shown_beside(node: LexborNode) -> Iterator[LexborNode]:
    """The tabs of an element's kind that are shown where a hidden one is not; none where it is no
    tab."""
    kind = _kind(node)
    if node.tag not in _TABS or node.parent is None or _PAGES.search(names(node)) or not kind:
        return
    one = node.parent.first_child
    for _ in range(_MOST_SIBLINGS):
        if one is None:
            return
        if one.tag == node.tag and _kind(one) == kind and not is_hidden(one):
            yield one
        one = one.next


def beside(node: LexborNode) -> list[LexborNode]:
    """The other elements of an element's parent, the first ones."""
    found: list[LexborNode] = []
    one = node.parent.first_child if node.parent is not None else None
    while one is not None and len(found) < _MOST_SIBLINGS:
        if one.is_element_node and one.mem_id != node.mem_id:
            found.append(one)
        one = one.next
    return found


def _kind(node: LexborNode) -> frozenset[str]:
    return frozenset(attribute(node, "class").lower().split()) - _STATES
