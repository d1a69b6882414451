"""Pictures that a page loads later: the true address is put where readers look for it, or there is
no picture.

A page that waits for a reader to scroll has a blank in `src` and the picture in another attribute
(WordPress, lazysizes, jQuery Lazy Load), in `srcset`, in a `source` beside it or in the `noscript`
after it.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborNode

from service.portals.dom import attribute

_LATER = (
    "data-src",
    "data-original",
    "data-lazy-src",
    "data-lazy",
    "data-url",
    "data-original-src",
    "data-echo",
)
_SETS = ("data-srcset", "data-lazy-srcset", "srcset")
_BLANK = re.compile(
    r"(?:^|[/_.-])(?:blank|trong|placeholder|loading|loader|spacer|lazy\w{0,12}|transparent|pixel|1x1|grey|gray|default-img)"
    r"(?:[/_.-]|$)",
    re.I,
)
_FIRST_OF_SET = re.compile(r"\s*+(\S++)")


def show_true_pictures(part: LexborNode) -> None:
    """Changes `src` of the pictures below an element, and takes out those that have none."""
    pictures = part.css("img")
    if part.tag == "img":
        pictures = [part]
    for picture in pictures:
        src = attribute(picture, "src").strip()
        true = _later(picture, is_blank=_is_blank(src))
        if true:
            picture.attrs["src"] = true
        elif not src or src.startswith("data:"):
            picture.attrs["src"] = ""


def _is_blank(src: str) -> bool:
    return not src or src.startswith("data:") or _BLANK.search(src) is not None


def _later(picture: LexborNode, *, is_blank: bool) -> str:
    for name in _LATER:
        if value := attribute(picture, name).strip():
            return value
    return _elsewhere(picture) if is_blank else ""


def _elsewhere(picture: LexborNode) -> str:
    parent = picture.parent
    sources = parent.css("source") if parent is not None and parent.tag == "picture" else []
    for node in (picture, *sources):
        for name in _SETS:
            told = _FIRST_OF_SET.match(attribute(node, name))
            if told is not None and not told[1].startswith("data:"):
                return told[1].rstrip(",")
    after = picture.next
    while after is not None and after.is_text_node:
        after = after.next
    if after is not None and after.tag == "noscript":
        inner = after.css_first("img[src]")
        return attribute(inner, "src").strip() if inner is not None else ""
    return ""
