"""The link from a listing page to its older page. A pager that works by postback is reported, never
guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from service.portals.dom import Tree, attribute, names, text_of
from service.portals.urls import resolve_link

_NEXT = re.compile(
    r"\W*+(?:(?:trang )?(?:sau|kế tiếp|tiếp(?: theo)?|cũ hơn)|next(?: page)?|older(?: posts| "
    r"entries)?"
    r"|(?:xem|tải|hiển thị) (?:thêm|tiếp)(?: tin| bài| bài viết)?|(?:load|show|view) more"
    r"|(?:(?:các|những|xem) )?(?:tin|bài|bài viết|bài đăng|tin tức|tin bài|thông báo) cũ "
    r"hơn)\W*|[>»›→]{1,2}",
    re.IGNORECASE,
)
_MORE = re.compile(r"\W*+(?:xem|tải|hiển thị|load|show|view)\b", re.IGNORECASE)
"""What buttons of rows say too: of a page only where the address is that of one."""
_POSTBACK = re.compile(r"__doPostBack|WebForm_DoPostBack|javascript:", re.I)
_PAGER = re.compile(
    r"pagination|paging|pager|phan-?trang|page-?(?:nav|row|num|link|index)|\bpages?\b"
)
# Words that are said of pages alone, and addresses that name one: such a link needs no pager around
# it.
_NEXT_PAGE = re.compile(
    r"\W*+(?:trang (?:sau|tiếp|kế)(?: theo| tiếp)?|next page|older (?:posts|entries)|bài đăng cũ "
    r"hơn)\W*",
    re.IGNORECASE,
)
_PAGE_ADDRESS = re.compile(
    r"(?:[?&/_-](?:page|trang|paged?|pg|p|cur|pageindex|pageno|pagenumber|start|limitstart|offset)[=/_-]?\d+)",
    re.I,
)
_PAGE_IN_PATH = re.compile(r"/(?:page|trang)[-/]?\d{1,6}/?$", re.IGNORECASE)
_CURRENT = re.compile(
    r"(?:^|[\s_-])(?:active|current|selected|on|cur|hien-?tai|dang-?chon)(?:$|[\s_-])"
)
_LAST_NUMBER = re.compile(r"(?<!\d)\d{1,6}$")
_NUMBER = re.compile(r"\d{1,6}")
_LONGEST_WORDS = 30


@dataclass(frozen=True, slots=True)
class Pager:
    """`next_url`: None when there is no older page by link. `is_postback`: there is one by
    postback."""

    next_url: str | None = None
    is_postback: bool = False


def _is_in_pager(node: LexborNode) -> bool:
    one: LexborNode | None = node
    for _ in range(5):
        if one is None:
            return False
        if _PAGER.search(names(one)):
            return True
        one = one.parent
    return False


def _leads_to_page(tree: Tree, link: LexborNode, url: str, text: str) -> bool:
    if _MORE.match(text):
        return _is_page_address(tree, url)
    return bool(_NEXT_PAGE.fullmatch(text) or _is_in_pager(link) or _is_page_address(tree, url))


def _spoken(link: LexborNode) -> str:
    """What a link without words is called for who cannot see it."""
    image = link.css_first("img[alt]")
    said = (
        attribute(link, "aria-label")
        or attribute(link, "title")
        or (attribute(image, "alt") if image else "")
    )
    return said.strip()


def _is_page_address(tree: Tree, url: str) -> bool:
    """Whether an address is this page's own with the number of a page put in."""
    if _PAGE_ADDRESS.search(url) is None:
        return False
    here = tree.url.partition("#")[0].partition("?")[0]
    folder, _, name = _PAGE_IN_PATH.sub("", here).rstrip("/").rpartition("/")
    return url.startswith(
        f"{folder}/{name.partition('.')[0]}" if "://" not in name and folder[-2:] != ":/" else here
    )


def _same_site(tree: Tree, url: str) -> bool:
    here, there = urlsplit(tree.url), urlsplit(url)
    return here.hostname == there.hostname and url.partition("#")[0] != tree.url.partition("#")[0]


def _numbered(tree: Tree, links: Iterable[LexborNode]) -> Pager:
    """The page after the current one, of a row of numbers."""
    is_postback = False
    numbered: dict[int, str] = {}
    current: int | None = None
    for link in links:
        text = text_of(link).strip()
        if not (text.isdecimal() and len(text) < 5):
            continue
        href = attribute(link, "href")
        url = resolve_link(tree.base_url, href)
        if not (_is_in_pager(link) or _is_page_address(tree, url or "")):
            continue
        is_postback = is_postback or bool(_POSTBACK.search(href))
        is_here = url is not None and url.partition("#")[0] == tree.url.partition("#")[0]
        if _is_marked(link) or (is_here and not href.startswith("#")):
            current = int(text)
        elif url and _same_site(tree, url):
            numbered[int(text)] = url
    if current is None and numbered:
        current = _unmarked(tree, numbered)
    return Pager(numbered.get((current or 1) + 1), is_postback)


def _is_marked(link: LexborNode) -> bool:
    """Whether a number is marked as that of the page that is shown: on itself, or on what holds it
    alone."""
    parent = link.parent
    for node in (link, parent):
        if node is None:
            continue
        is_alone = node is link or (
            node.tag in ("li", "span", "td", "b", "strong") and len(node.css("a")) == 1
        )
        if is_alone and (
            attribute(node, "aria-current") not in ("", "false")
            or _CURRENT.search(attribute(node, "class").lower())
            or node.tag in ("b", "strong")
        ):
            return True
    return link.css_first("b, strong") is not None


def _unmarked(tree: Tree, numbered: dict[int, str]) -> int:
    """The current page where no number is marked: the one that is no link, else what this page's
    address says."""
    gaps = [
        number - 1 for number in numbered if number - 1 not in numbered and number - 2 in numbered
    ]
    if 1 in numbered and gaps:
        return gaps[0]
    own = _PAGE_ADDRESS.search(tree.url.partition("#")[0])
    said = _LAST_NUMBER.search(own[0]) if own else None
    if said is None or own is None:
        return 1
    stem = own[0][: -len(said[0])]
    shifts = (
        number - int(found[0])
        for number, url in numbered.items()
        if stem in url and (found := _NUMBER.match(url.partition(stem)[2]))
    )
    return int(said[0]) + next(shifts, 0)


def find_pager(tree: Tree, links: list[LexborNode]) -> Pager:
    """`links` are the page's anchors. `rel=next` first, then words, then numbers."""
    for node in tree.root.css('link[rel="next"], a[rel="next"]'):
        url = resolve_link(tree.base_url, attribute(node, "href"))
        if url and _same_site(tree, url):
            return Pager(url)
    is_postback = False
    for link in links:
        if link.first_child is None:
            continue
        text = text_of(link).strip() or _spoken(link)
        if len(text) > _LONGEST_WORDS or not _NEXT.fullmatch(text):
            continue
        href = attribute(link, "href")
        is_postback = is_postback or ("__dopostback" in href.lower())
        url = resolve_link(tree.base_url, href)
        if url and _same_site(tree, url) and _leads_to_page(tree, link, url, text):
            return Pager(url)
    numbered = _numbered(tree, links)
    return Pager(numbered.next_url, not numbered.next_url and (is_postback or numbered.is_postback))
