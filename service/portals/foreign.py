"""Takes out of an article's body what stands inside it and is not the article's: related posts,
comments, buttons to share."""

from __future__ import annotations

import re
from collections.abc import Sequence

from selectolax.lexbor import LexborNode

from service.portals.contents import LEAST_RUNNING, Contents
from service.portals.dom import attribute, names, text_of
from service.portals.files import media_type_of
from service.text import clean

FOREIGN = re.compile(
    r"(?<![a-z])(?:related\w*+|lien-?quan|tin-?khac|other[-_]?news|comments?|comment-\w++|kommentar\w*+|shares?|sharing"
    r"|share[-_]?(?:bar|box|buttons?|links?)|shariff|socials?|social\w*+|ratings?|rate|rate-box|tags?|tag-list|tag-links"
    r"|print|breadcrumbs?|subscri\w*+|signup\w*+|license|credits?|captions?"
    r"|author-?(?:box|bio|info|desc|card)\w*+|about-?author|advert\w*+|ad-\w++|postmeta\w*+|entry-?meta|post-?meta"
    r"|pagination|post-navigation|nav-links|disclaimer|paywall\w*+|cookie\w*+)(?![a-z])|newsletter|copyright|(?<![\w-])toc(?:[-_](?:container|list))?(?![\w-])"
)
_OFFER = re.compile(
    r"teaser|promo|recommend|read-?more|read-?also|lire-aussi|xem-them|doc-them|box-?tin"
)
"""Foreign where it leads to another page; the lead of an article may be called so too."""
_BLOCKS = "p, li, ul, ol, table, h2, h3, h4, h5, h6, div, section, aside, td"
_ALL_LINK = 0.8
_LISTED = 0.5
_MOST_LISTED = 0.9
_MOST_LOOKED_AT = (
    20  # times the text: what is nested deeper than that is not looked at again and again
)
_OTHER_POSTS = re.compile(
    r"\W*(?:(?:các |những )?(?:tin|bài)(?: viết)?(?: đã đưa| đã đăng| khác| liên quan| cùng "
    r"chuyên mục| mới hơn"
    r"| cũ hơn| mới nhất| mới)+|có thể bạn quan tâm|xem thêm|đọc thêm|văn bản (?:liên quan|cùng "
    r"loại|khác))\W*",
    re.I,
)
_FEW_LINKS = 3


def take_out_foreign(
    found: Sequence[LexborNode], main: LexborNode, regions: Contents
) -> tuple[LexborNode, ...]:
    """The parts of a body without lists of other posts, comments and buttons: never without a file
    or most of the text.

    Changes the tree.
    """
    parts = list(found)
    for part in found:
        is_main = part.mem_id == main.mem_id
        if is_main or len(parts) < 2 or not part.is_element_node or not is_list_of_posts(part):
            continue
        label = _label_of(part)
        out = {part.mem_id, label.mem_id if label is not None else 0}
        parts = [one for one in parts if one.mem_id not in out]
    whole = sum(regions.chars.get(part.mem_id, 0) for part in parts)
    kept = {part.mem_id for part in parts}
    for part in parts:
        if part.is_element_node:
            _take_out_of(part, whole, kept, regions)
    return tuple(parts)


def _take_out_of(part: LexborNode, whole: int, kept: set[int], regions: Contents) -> None:
    chars, linked = regions.chars, regions.linked
    gone = []
    for node in part.css("[class], [id], nav, aside, footer"):
        key = node.mem_id
        if key in kept or chars.get(key, 0) >= whole / 2:
            continue
        said = names(node)
        is_offer = _OFFER.search(said) is not None and linked.get(key, 0) > 0
        if node.tag != "figcaption" and (
            key in regions.foreign or is_offer or FOREIGN.search(said)
        ):
            gone.append(node)
    lists = _lists_in(part, whole, kept, chars, linked)
    taken = {node.mem_id: node for node in [*gone, *lists] if not _holds_file(node)}
    for node in lists:
        if (
            node.mem_id in taken
            and (label := _label_of(node)) is not None
            and label.mem_id not in kept
        ):
            taken.setdefault(label.mem_id, label)
    for node in sorted(taken.values(), key=lambda one: -regions.order[one.mem_id]):
        node.decompose()  # what is inside another goes first: freed memory is never looked at


def _lists_in(
    part: LexborNode, whole: int, kept: set[int], chars: dict[int, int], linked: dict[int, int]
) -> list[LexborNode]:
    """The blocks that lead to other posts, within what may be looked at of so much text."""
    lists: list[LexborNode] = []
    budget = _MOST_LOOKED_AT * whole
    if part.css_first("a[href]") is not None:
        for node in part.css(_BLOCKS):
            length = chars.get(node.mem_id, 0)
            share = linked.get(node.mem_id, 0) / max(length, 1)
            if node.mem_id in kept or not LEAST_RUNNING <= length < _MOST_LISTED * whole:
                continue
            budget -= length if share > _LISTED else 0
            is_list = share > _LISTED and budget > 0 and is_list_of_posts(node)
            if is_list or (share >= _ALL_LINK and length < whole / 4):
                lists.append(node)
    return lists


def _holds_file(node: LexborNode) -> bool:
    return any(media_type_of(attribute(link, "href")) for link in node.css("a[href]"))


def is_list_of_posts(block: LexborNode) -> bool:
    """Whether nearly all its text leads to other pages, and none of it to a file."""
    links = [link for link in block.css("a[href]") if len(text_of(link).strip()) >= LEAST_RUNNING]
    if len(links) < _FEW_LINKS or _holds_file(block):
        return False
    return sum(len(text_of(link)) for link in links) > 0.6 * len(clean(text_of(block)))


def _label_of(block: LexborNode) -> LexborNode | None:
    """The words above a list of other posts: `Các tin đã đưa`."""
    before = block.prev
    while before is not None and not text_of(before).strip() and before.tag != "img":
        before = before.prev
    if (
        before is not None
        and before.is_element_node
        and _OTHER_POSTS.fullmatch(clean(text_of(before)))
    ):
        return before
    return None
