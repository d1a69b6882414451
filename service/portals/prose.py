"""Finds the body of an article on a page nobody described: where running text is dense and links are few."""

from __future__ import annotations

import re
from collections import defaultdict

from selectolax.lexbor import LexborNode

from service.portals.dom import ancestors, names

_MARKED = (
    ".article-content", "#art-content", "[itemprop=articleBody]", ".bodytext", "#news-bodyhtml", ".detail-content",
    ".news-content", ".entry-content", ".post-content", ".content-detail", ".noidung", ".noi-dung",
)  # fmt: skip
_BESIDE = re.compile(
    r"\b(?:menu|nav\w*|footer|header|sidebar|side-?bar|breadcrumbs?|comments?|banner|related|lien-?quan|widget)\b"
)
_BESIDE_TAGS = frozenset({"nav", "header", "footer", "aside", "a", "button", "label", "script", "style", "noscript"})
_INLINE = frozenset({"p", "span", "font", "b", "strong", "i", "em", "u", "o:p", "center", "blockquote", "pre", "a"})
_LEAST_PIECE = 25  # characters: shorter ones are labels
_LEAST_BODY = 40


def find_body(root: LexborNode) -> LexborNode | None:
    """The element that holds the article; None where a page has no running text."""
    for selector in _MARKED:
        node = root.css_first(selector)
        if node is not None and node.text(deep=True).strip():
            return node
    return _densest(root)


def _densest(root: LexborNode) -> LexborNode | None:
    weight: dict[int, float] = defaultdict(float)
    nodes: dict[int, LexborNode] = {}
    for text in root.traverse(include_text=True):
        if not text.is_text_node:
            continue
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
