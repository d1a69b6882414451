"""Listings of the portals of one family, whose article addresses carry their day: `/portal/Pages/2024-1-28/….aspx`.

The address decides what is a post, wherever on the page it stands; selectors only help to find its date.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from service.errors import UnreadableError
from service.portals.addresses import bare_host
from service.portals.dom import Tree, attribute, text_of
from service.portals.pager import find_pager
from service.portals.rows import merge, to_post
from service.portals.urls import resolve_link
from service.posts.identity import canonical_key
from service.text import clean
from service.types import Listing, Outcome, RejectedLink

_DATED_FOLDER = re.compile(r"pages(?:/|%2f)\d{4}-\d{1,2}-\d{1,2}/|^(?:\.{1,2}/)*\d{4}-\d{1,2}-\d{1,2}/", re.I)


def is_article_key(key: str) -> bool:
    """Whether a canonical key is an article's of this family: a path alone, where others begin with their host."""
    return key.startswith("/")


def sort_links(tree: Tree, links: list[LexborNode]) -> tuple[list[tuple[LexborNode, str]], list[RejectedLink]]:
    """The anchors that lead to posts of this portal, and the rest, each with a reason."""
    host = bare_host(urlsplit(tree.url).hostname or "")
    posts: list[tuple[LexborNode, str]] = []
    rejected: list[RejectedLink] = []
    judged: dict[str, tuple[str | None, str | None]] = {}
    for link in links:
        href = attribute(link, "href")
        if href not in judged:
            judged[href] = _judge(tree, href, host)
        url, reason = judged[href]
        if reason is None and url is not None:
            posts.append((link, url))
        elif href[:1] not in ("#", ""):
            text = "" if reason == "not_a_post" else clean(text_of(link))
            rejected.append(RejectedLink(url or href, text, reason or "no_address"))
    return posts, rejected


def _judge(tree: Tree, href: str, host: str) -> tuple[str | None, str | None]:
    """The address that a link means, and why it is no post; None when it is one."""
    if not _DATED_FOLDER.search(href):
        return None, "not_a_post"
    url = resolve_link(tree.base_url, href)
    if url is None:
        return None, "no_address"
    if bare_host(urlsplit(url).hostname or "") != host:
        return url, "other_host"
    return url, None if is_article_key(canonical_key(url)) else "not_a_post"


def read_td_listing(tree: Tree) -> Listing:
    """Every post that a page links to. Raises UnreadableError when there is none."""
    links = tree.root.css("a[href]")
    found, rejected = sort_links(tree, links)
    if not found:
        raise UnreadableError(
            f"cannot read listing {tree.url!r}: no link to an article among {len(links)} links",
            Outcome.LAYOUT_CHANGED,
        )
    posts = []
    for row in merge(found, canonical_key).values():
        post = to_post(row)
        if post is None:
            rejected.append(RejectedLink(row.url, "", "no_title"))
        else:
            posts.append(post)
    pager = find_pager(tree, links)
    if pager.is_postback:
        rejected.append(RejectedLink(tree.url, "", "postback_pager"))
    return Listing(tuple(posts), tuple(rejected), pager.next_url)
