"""Finds the body of an article on a page nobody described: where running text is dense and links are few.

What stands inside it but is not the article's (related posts, comments, buttons to share) is taken out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from service.portals.dom import ancestors, attribute, names, text_of
from service.portals.files import media_type_of
from service.text import clean

_MARKED = (
    ".article-content", "#art-content", "[itemprop=articleBody]", ".bodytext", "#news-bodyhtml", ".detail-content",
    ".news-content", ".entry-content", ".post-content", ".content-detail", ".noidung", ".noi-dung",
)  # fmt: skip
_ALL_MARKED = ", ".join(_MARKED)
_BESIDE = re.compile(
    r"\b(?:menu|nav\w*|footer|header|sidebar|side-?bar|breadcrumbs?|comments?|banner|related|lien-?quan|widget)\b"
)
_BESIDE_TAGS = frozenset({"nav", "header", "footer", "aside", "a", "button", "label", "script", "style", "noscript"})
_INLINE = frozenset({"p", "span", "font", "b", "strong", "i", "em", "u", "o:p", "center", "blockquote", "pre", "a"})
_LEAST_PIECE = 25  # characters: shorter ones are labels
_LEAST_BODY = 40
_SHORT = 600  # characters below which a body may be the cell of a sheet
_LEAD = re.compile(
    r"\b(?:hometext|sapo|lead|summary|mo-?ta|trich-?(?:dan|yeu)|description\w*|divarticledescription)\b"
)
_LONGEST_LEAD = 3_000
_FOREIGN = re.compile(
    r"\b(?:related\w*|lien-?quan|tin-?khac|other_?news|comments?|comment-\w+|share\w*|social\w*|rating\w*|tags?|print)\b"
)
_MAY_BE_FOREIGN = ", ".join(
    f'[{name}*="{part}" i]'
    for name in ("class", "id")
    for part in ("relat", "quan", "khac", "other", "comment", "share", "social", "rating", "tag", "print")
)
_OTHER_POSTS = re.compile(
    r"\W*(?:(?:các |những )?(?:tin|bài)(?: viết)?(?: đã đưa| đã đăng| khác| liên quan| cùng chuyên mục| mới hơn"
    r"| cũ hơn| mới nhất| mới)+|có thể bạn quan tâm|xem thêm|đọc thêm|văn bản (?:liên quan|cùng loại|khác))\W*",
    re.I,
)
_LISTS = "ul, ol, table, div, section"
_FEW = 3


def find_body(root: LexborNode) -> LexborNode | None:
    """The element that holds the article; None where a page has no running text."""
    if root.css_first(_ALL_MARKED) is not None:
        for selector in _MARKED:
            node = root.css_first(selector)
            if node is not None and any((one.text_content or "").strip() for one in _texts(node)):
                return node
    found = _densest(root)
    return _sheet_around(found) if found is not None else None


def _texts(node: LexborNode) -> Iterator[LexborNode]:
    return (one for one in node.traverse(include_text=True) if one.is_text_node)


def _densest(root: LexborNode) -> LexborNode | None:
    weight: dict[int, float] = defaultdict(float)
    nodes: dict[int, LexborNode] = {}
    for text in _texts(root):
        length = len((text.text_content or "").strip())
        if length < _LEAST_PIECE:
            continue
        chain = list(ancestors(text))
        if any(node.tag in _BESIDE_TAGS or _BESIDE.search(names(node)) for node in chain[:12]):
            continue
        blocks = [node for node in chain if node.tag not in _INLINE][:2]
        for share, node in zip((1.0, 0.45), blocks, strict=False):
            weight[node.mem_id] += length * share
            nodes[node.mem_id] = node
    if not weight:
        return None
    best = max(weight, key=lambda key: weight[key])
    return nodes[best] if weight[best] >= _LEAST_BODY else None


def _sheet_around(body: LexborNode) -> LexborNode:
    """The whole table where the densest element is one short cell of it: a document's sheet."""
    if body.tag not in ("td", "tr", "tbody") or len(text_of(body)) > _SHORT:
        return body
    table = next((node for node in ancestors(body) if node.tag == "table"), None)
    return table if table is not None and len(text_of(table)) < 8 * _SHORT else body


def find_lead(body: LexborNode) -> LexborNode | None:
    """The paragraph that portals set apart before the body; None when there is none."""
    before = _before(body)
    for _ in range(8):
        if before is None:
            return None
        if before.is_element_node and _LEAD.search(names(before)):
            return before if 0 < len(text_of(before).strip()) < _LONGEST_LEAD else None
        before = before.prev
    return None


def _before(body: LexborNode) -> LexborNode | None:
    """What stands before the body, or before a wrapper around nothing but it."""
    node = body
    for _ in range(3):
        before = node.prev
        while before is not None and before.is_text_node and not (before.text_content or "").strip():
            before = before.prev
        if before is not None or node.parent is None or node.parent.tag in ("body", "form", "td"):
            return before
        node = node.parent
    return None


def take_out_foreign(body: LexborNode) -> None:
    """Removes lists of other posts, comments and buttons from the tree, never a file and never most of the text."""
    links = [link for link in body.css("a[href]") if not media_type_of(attribute(link, "href"))]
    if not links:
        return
    foreign = [node for node in body.css(_MAY_BE_FOREIGN) if _FOREIGN.search(names(node)) and not _holds_file(node)]
    whole = len(text_of(body)) if foreign else 0
    for node in reversed(foreign):  # what is inside another goes first: freed memory is never looked at
        if len(text_of(node)) < whole / 2:
            node.decompose()
    if len(links) >= _FEW:
        for block in reversed(body.css(_LISTS)):
            if block.mem_id != body.mem_id and _is_list_of_posts(block):
                _remove_with_label(block)


def _holds_file(node: LexborNode) -> bool:
    return any(media_type_of(attribute(link, "href")) for link in node.css("a[href]"))


def _is_list_of_posts(block: LexborNode) -> bool:
    links = [link for link in block.css("a[href]") if len(text_of(link).strip()) >= _LEAST_PIECE]
    if len(links) < _FEW or _holds_file(block):
        return False
    return sum(len(text_of(link)) for link in links) > 0.6 * len(clean(text_of(block)))


def _remove_with_label(block: LexborNode) -> None:
    before = block.prev
    while before is not None and not text_of(before).strip() and before.tag != "img":
        before = before.prev
    if before is not None and before.is_element_node and _OTHER_POSTS.fullmatch(clean(text_of(before))):
        before.decompose()
    block.decompose()
