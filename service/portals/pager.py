"""The link from a listing page to its older page. A pager that works by postback is reported, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from service.portals.dom import Tree, attribute, names, text_of
from service.portals.urls import resolve_link

_NEXT = re.compile(
    r"\W*(?:(?:trang )?(?:sau|kế tiếp|tiếp(?: theo)?|cũ hơn)|next(?: page)?|older(?: posts)?)\W*|[>»›→]{1,2}", re.I
)
_POSTBACK = re.compile(r"__doPostBack|WebForm_DoPostBack|javascript:", re.I)
_PAGER = re.compile(r"pagination|paging|pager|phan-?trang|page-?(?:nav|row|num|link|index)|\bpages?\b")
# Words that are said of pages alone, and addresses that name one: such a link needs no pager around it.
_NEXT_PAGE = re.compile(r"\W*(?:trang (?:sau|tiếp|kế)(?: theo| tiếp)?|next page|older posts)\W*", re.I)
_PAGE_ADDRESS = re.compile(
    r"(?:[?&/_-](?:page|trang|paged?|pg|p|cur|pageindex|pageno|pagenumber|start|limitstart|offset)[=/_-]?\d+)", re.I
)


@dataclass(frozen=True, slots=True)
class Pager:
    """`next_url`: None when there is no older page by link. `is_postback`: there is one by postback."""

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
    return bool(_NEXT_PAGE.fullmatch(text) or _is_in_pager(link) or _is_page_address(tree, url))


def _is_page_address(tree: Tree, url: str) -> bool:
    """Whether an address is this page's own with the number of a page put in."""
    here = tree.url.partition("#")[0]
    return _PAGE_ADDRESS.search(url) is not None and url.startswith(here.partition("?")[0].rpartition(".")[0] or here)


def _same_site(tree: Tree, url: str) -> bool:
    here, there = urlsplit(tree.url), urlsplit(url)
    return here.hostname == there.hostname and url.partition("#")[0] != tree.url.partition("#")[0]


def _numbered(tree: Tree, links: Iterable[LexborNode]) -> Pager:
    """Page two of a row of numbers, when this page is the first; else the number after the current one."""
    is_postback = False
    numbered: dict[int, str] = {}
    current = 1
    for link in links:
        text = text_of(link).strip()
        if not (text.isdecimal() and len(text) < 5):
            continue
        href = attribute(link, "href")
        if not (_is_in_pager(link) or _is_page_address(tree, resolve_link(tree.base_url, href) or "")):
            continue
        is_postback = is_postback or bool(_POSTBACK.search(href))
        url = resolve_link(tree.base_url, href)
        parent = link.parent
        if "active" in names(link) or "current" in names(link) or (parent and "active" in names(parent)):
            current = int(text)
        elif url and _same_site(tree, url):
            numbered[int(text)] = url
    if 1 in numbered and current == 1:  # page one is a link: this is another one, and it does not say which
        return Pager(_after_gap(numbered), is_postback)
    return Pager(numbered.get(current + 1), is_postback)


def _after_gap(numbered: dict[int, str]) -> str | None:
    gap = next(number for number in range(1, max(numbered) + 2) if number not in numbered)
    return numbered.get(gap + 1)


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
        text = text_of(link).strip()
        if len(text) > 20 or not _NEXT.fullmatch(text):
            continue
        href = attribute(link, "href")
        is_postback = is_postback or ("__dopostback" in href.lower())
        url = resolve_link(tree.base_url, href)
        if url and _same_site(tree, url) and _leads_to_page(tree, link, url, text):
            return Pager(url)
    numbered = _numbered(tree, links)
    return Pager(numbered.next_url, not numbered.next_url and (is_postback or numbered.is_postback))
