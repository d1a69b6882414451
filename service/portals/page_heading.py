"""Which words of an article page are its title: by their place before the body, their tag, and the
page's own name.

Refuses the site's name, section labels, and whatever stands in menus or after the body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from service.portals.contents import HIDDEN, INLINE, Contents
from service.portals.dom import Tree, ancestors, attribute, names, text_of
from service.portals.titles import is_badge
from service.text import clean, fold

_NAMED = (
    '[class*="title" i], [id*="title" i], [class*="tieude" i], [class*="tieu-de" i], '
    '[class*="headline" i]'
)
_HEADINGS = "h1, h2, h3"
_PLAIN = "b, strong, font, span, div, td, p"
_WEIGHT = {"h1": 3.0, "h2": 2.0, "h3": 1.5}
_SPLIT = re.compile(r"(?<!\s)\s++(?:\||-|–|—|::|»|:)\s+")
_SITE = re.compile(r"\b(?:logo|site-title|site-name|breadcrumbs?)\b")
_BESIDE_TAGS = frozenset({"nav", "footer", "aside", "li", "a", "title", "head"})
_GENERIC = frozenset(
    map(fold, (
        "chi tiết", "chi tiết tin", "chi tiết tin tức", "chi tiết văn bản", "chi tiết bài viết",
        "nội dung chi tiết",
        "tin tức", "tin tức - sự kiện", "tin tức sự kiện", "văn bản", "thông báo", "trang chủ",
        "bài viết",
        "nội dung", "thông tin chi tiết", "thông tin văn bản", "xem chi tiết",
    ))
)  # fmt: skip
_OF_A_SITE = re.compile(
    r"\W*(?:(?:cổng|trang|chuyên trang)\s+(?:thông tin|tt|tin|web)"
    r"|(?:ubnd|[uủ][yỷ] ban nhân dân|đảng ủy|hđnd)(?:\s+\S+){1,6}$)",
    re.I,
)
"""What a portal is called, that some write into every page's name."""
_ABSTRACT = re.compile(r"\W*(?:trích yếu(?: nội dung)?|tiêu đề|tên văn bản|về việc)\W*", re.I)
_LONGEST = 500
_ALIKE = 0.5  # of the words of a heading: the page's name for itself may be cut, or longer
_MOST_NODES = 4_000  # looked at for each kind of element: a title is never behind more of them
_MOST_INSIDE = 300  # elements and texts within a title
_MOST_LOOKED = 60_000
"""Elements and texts of all candidates of a page together: where hundreds nest, each is within
each."""


@dataclass(frozen=True, slots=True)
class PageHeading:
    """`node` is None where the title is only told by the page's head."""

    node: LexborNode | None
    text: str
    is_sure: bool = False
    """Whether the page calls itself so, or has no other heading of the first rank."""


def is_generic(title: str) -> bool:
    """Whether a title would fit every page of a portal."""
    return fold(title).strip(" .:") in _GENERIC


def find_heading(tree: Tree, body: LexborNode | None, regions: Contents) -> PageHeading:
    """The article's title; its text is empty where nothing says one."""
    shared = _shared_title(tree)
    window = _window_title(tree)
    segments = {fold(one) for one in (shared, window, *_SPLIT.split(window)) if one}
    own = {fold(one) for one in (shared, window) if one and not _OF_A_SITE.match(one)}
    best = _best(tree, body, segments, own, regions)
    if best is not None and fold(best.text) in segments and not is_generic(best.text):
        return best
    sheet = _of_sheet(body) if body is not None and body.tag == "table" else None
    if sheet is not None:
        return sheet
    return (
        best if best is not None and not is_generic(best.text) else _fallback(best, shared, window)
    )


def _best(
    tree: Tree, body: LexborNode | None, segments: set[str], own: set[str], regions: Contents
) -> PageHeading | None:
    """`own`: what the page calls itself, where that is not its site's name."""
    headings = tree.root.css(_HEADINGS)
    above = {node.mem_id for node in ancestors(body)} if body else set()
    if len(headings) == 1 and headings[0].tag == "h1":
        raw = heading_words(headings[0])
        score, text = _score(
            headings[0], raw, segments, _SiteChrome(regions, above), is_plain=False
        )
        if score > 0 and not is_generic(text):
            return PageHeading(headings[0], text, is_sure=True)
    order = regions.order
    inside = (
        [order[node.mem_id] for node in body.traverse() if node.mem_id in order] if body else []
    )
    end = inside[-1] if inside else len(order)
    scored: list[tuple[float, int, PageHeading]] = []
    is_of_boxes = False
    seen: set[int] = set()
    beside = _SiteChrome(regions, above)
    looked = 0
    for selector in (_HEADINGS, _NAMED, _PLAIN):
        for node in tree.root.css(selector)[:_MOST_NODES]:
            index = order.get(node.mem_id or -1, end)
            if (
                node.mem_id in seen
                or node.mem_id in above
                or (index > end and selector != _HEADINGS)
                or looked > _MOST_LOOKED
            ):
                continue
            seen.add(node.mem_id)
            raw, size = _looked_at(node)
            looked += size
            score, text = _score(node, raw, segments, beside, is_plain=selector == _PLAIN)
            is_named = fold(text) in segments
            if is_of_boxes and (fold(text) not in own or node.css_first("a[href]") is not None):
                continue
            if score > 0:
                heading = PageHeading(node, text, is_sure=node.tag == "h1" or is_named)
                scored.append((score - (2.0 if index > end else 0.0), -index, heading))
        if any(score >= _WEIGHT["h3"] for score, _, _ in scored):
            if any(_is_like(one.text, segments) for _, _, one in scored):
                break
            is_of_boxes = True  # perhaps all of them: then the title stands in no heading
    best = max(scored, default=None, key=lambda one: one[:2])
    return best[2] if best is not None and best[0] > 0 else None


def _is_like(text: str, segments: set[str]) -> bool:
    """Whether the page calls itself so, or nearly so."""
    return any(_overlap(fold(text), one) >= _ALIKE for one in segments)


def _score(
    node: LexborNode, raw: str, segments: set[str], beside: _SiteChrome, *, is_plain: bool
) -> tuple[float, str]:
    if not 1 < len(raw) < _LONGEST * 3:
        return 0.0, ""
    text = clean(raw)
    if not 1 < len(text) < _LONGEST:
        return 0.0, ""
    folded = fold(text)
    is_named = folded in segments
    if is_plain and not is_named:
        return 0.0, ""
    if beside.holds(node):
        return 0.0, ""
    score = _WEIGHT.get(node.tag or "", 1.5 if not is_plain else 0.5)
    score += (
        4.0 if is_named else 2.0 * max((_overlap(folded, one) for one in segments), default=0.0)
    )
    return score + min(len(text.split()), 10) * 0.1 - (4.0 if is_generic(text) else 0.0), text


class _SiteChrome:
    """Whether an element is the site's own, or stands in what is: each is looked at once.

    `above`: what holds the body too, whatever it is called (WordPress: `body.wp-custom-logo`)."""

    def __init__(self, regions: Contents, above: set[int]) -> None:
        self._foreign, self._above = regions.foreign, above
        self._known: dict[int, bool] = {}

    def holds(self, node: LexborNode) -> bool:
        return bool(_SITE.search(names(node))) or self._is_around(node)

    def _is_around(self, node: LexborNode) -> bool:
        way: list[int] = []
        found = False
        for one in ancestors(node):
            known = self._known.get(one.mem_id)
            if known is not None:
                found = known
                break
            way.append(one.mem_id)
            if one.mem_id in self._above or one.tag == "body":
                break
            if one.tag in _BESIDE_TAGS or one.mem_id in self._foreign or _SITE.search(names(one)):
                found = True
                break
        self._known.update(dict.fromkeys(way, found))
        return found


def heading_words(node: LexborNode) -> str:
    """The visible text below a node without badges, `<br>` and blocks standing for a space between
    words; empty for what holds so many elements that it is no title."""
    return _looked_at(node)[0]


def _looked_at(node: LexborNode) -> tuple[str, int]:
    """Its words, and how many elements and texts were looked at for them."""
    child = node.first_child
    if child is not None and child.next is None and child.is_text_node and node.tag not in HIDDEN:
        return child.text_content or "", 1
    parts: list[str] = []
    todo: list[LexborNode | None] = [node]
    looked_at = 0
    while todo:
        one = todo.pop()
        looked_at += 1
        if looked_at > _MOST_INSIDE:
            return "", looked_at
        if one is None:
            parts.append(" ")
        elif one.is_text_node:
            parts.append(one.text_content or "")
        elif one.tag not in HIDDEN and (one is node or not is_badge(one)):
            is_apart = (
                one.tag == "br" or one.tag not in INLINE or "block" in attribute(one, "style")
            )
            if is_apart:
                parts.append(" ")
                todo.append(None)
            child = one.last_child
            while child is not None:
                todo.append(child)
                child = child.prev
    return "".join(parts), looked_at


def _overlap(text: str, named: str) -> float:
    """The share of words that both have, of the longer one."""
    words, others = set(text.split()), set(named.split())
    return len(words & others) / max(len(words), len(others), 1)


def _of_sheet(body: LexborNode) -> PageHeading | None:
    """The abstract of a document's sheet: the cell after one that says `Trích yếu`."""
    for label in body.css("td, th"):
        if label.first_child is None or not _ABSTRACT.fullmatch(text_of(label).strip() or "-"):
            continue
        following = label.next
        while following is not None and not text_of(following).strip():
            following = following.next
        if following is not None and 2 < len(text := clean(text_of(following))) < _LONGEST:
            return PageHeading(None, text)
    return None


def _fallback(best: PageHeading | None, shared: str, window: str) -> PageHeading:
    """What the page calls itself to others: og:title, else its window title without the site's
    name."""
    first = _SPLIT.split(window)[0] if window else ""
    told = next((text for text in (shared, first, window) if text and not is_generic(text)), "")
    return PageHeading(
        best.node if best else None, told or (best.text if best else shared or first)
    )


def _shared_title(tree: Tree) -> str:
    node = tree.root.css_first('meta[property="og:title"]')
    return clean(attribute(node, "content")) if node else ""


def _window_title(tree: Tree) -> str:
    node = tree.root.css_first("title")
    return clean(text_of(node)) if node else ""
