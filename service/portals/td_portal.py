"""Listings of the portals of one family, whose article addresses carry their day:
`/portal/Pages/2024-1-28/….aspx`.

The address decides what is a post, wherever on the page it stands; selectors only help to find its
date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from service.errors import UnreadableError
from service.portals.addresses import bare_host
from service.portals.boxes import is_front
from service.portals.dom import Tree, text_of
from service.portals.link_groups import choose, group
from service.portals.listing_page import ListingPage
from service.portals.pager import find_pager
from service.portals.regions import LinkPlaces, Regions
from service.portals.rows import Row, merge_links, to_post
from service.portals.urls import resolve_link
from service.posts.identity import canonical_key, is_article_key
from service.settings import PortalConfig
from service.text import clean
from service.types import LIKE_POSTS, Listing, Outcome, RejectedLink
from service.words import coded

# Most links of such a page: their key is their own path in lower case, with the folder's day
# padded.
_PLAIN = re.compile(
    r"/(portal|tinhuy)/pages/(\d{4})-(\d\d?)-(\d\d?)/([a-z0-9_-]+)\.aspx", re.I | re.A
)
_SEVERAL = 3  # links of a page that is no portal of this family may look so by chance
_DATED_FOLDER = re.compile(
    r"pages(?:/|%2f)\d{4}-\d{1,2}-\d{1,2}/|^(?:\.{1,2}/)*\d{4}-\d{1,2}-\d{1,2}/", re.I
)


@dataclass(frozen=True, slots=True)
class SortedLinks:
    """The anchors that lead to posts, each with its address and key; the others; and why those were
    refused."""

    posts: list[tuple[LexborNode, str, str]]
    others: list[LexborNode]
    rejected: list[RejectedLink]


def sort_links(tree: Tree, links: list[LexborNode]) -> SortedLinks:
    """The anchors that lead to posts of this portal, and the rest, each with a reason."""
    judge = _LinkFilter(tree)
    sorted_ = SortedLinks([], [], [])
    judged: dict[str, tuple[str | None, str, str | None]] = {}
    for link in links:
        href = link.attrs.get("href") or ""
        verdict = judged.get(href) or judged.setdefault(href, judge(href))
        url, key, reason = verdict
        if reason is None and url is not None:
            sorted_.posts.append((link, url, key))
            continue
        sorted_.others.append(link)
        if href[:1] not in ("#", ""):
            shown = url or resolve_link(tree.base_url, href) or href
            sorted_.rejected.append(
                RejectedLink(shown, clean(text_of(link))[:200], reason or "no_address")
            )
    return sorted_


class _LinkFilter:
    """Of a link: the address it means, its key, and why it is no post; None when it is one."""

    def __init__(self, tree: Tree) -> None:
        self._base_url = tree.base_url
        self._host = bare_host(urlsplit(tree.url).hostname or "")
        root = resolve_link(tree.base_url, "/")
        is_ours = root is not None and bare_host(urlsplit(root).hostname or "") == self._host
        self._origin = root[:-1] if root and is_ours else None

    def __call__(self, href: str) -> tuple[str | None, str, str | None]:
        plain = _PLAIN.fullmatch(href) if self._origin else None
        if plain is not None:
            return f"{self._origin}{href}", _key_of(plain), None
        if not _DATED_FOLDER.search(href):
            return None, "", "not_a_post"
        url = resolve_link(self._base_url, href)
        if url is None:
            return None, "", "no_address"
        if bare_host(urlsplit(url).hostname or "") != self._host:
            return url, "", "other_host"
        key = canonical_key(url)
        return url, key, None if is_article_key(key) else "not_a_post"


def _key_of(match: re.Match[str]) -> str:
    """What `canonical_key` answers for an address without anything to decode or to strip."""
    site, year, month, day, rest = match.groups()
    return f"/{site.lower()}/pages/{year}-{month:0>2}-{day:0>2}/{rest.lower()}.aspx"


def read_td_listing(tree: Tree) -> Listing:
    """Every post that a page links to. Raises UnreadableError when there is none."""
    links = tree.root.css("a[href]")
    found = sort_links(tree, links)
    if not found.posts:
        raise UnreadableError(
            coded("read.no_links", url=tree.url, n=len(links)),
            Outcome.LAYOUT_CHANGED,
        )
    posts = []
    rows = merge_links(found.posts, tree.root, tree.now)
    elsewhere = _in_boxes(tree, links, rows)
    for row in rows.values():
        post = to_post(row)
        if post is None:
            found.rejected.append(RejectedLink(row.url, "", "no_title"))
        elif row.key in elsewhere:
            found.rejected.append(RejectedLink(row.url, post.title, LIKE_POSTS))
        else:
            posts.append(post)
    pager = find_pager(tree, found.others)
    if pager.is_postback:
        found.rejected.append(RejectedLink(tree.url, "", "postback_pager"))
    return Listing(tuple(posts), tuple(found.rejected), pager.next_url)


def _in_boxes(tree: Tree, links: list[LexborNode], rows: dict[str, Row]) -> set[str]:
    """Keys of the rows that stand in boxes beside the page's list (`Xem nhiều`, the newest of the
    whole portal); none on a front page, whose boxes are its list, nor where no list stands out."""
    holders = {row.boxes[0].parent.mem_id for row in rows.values() if row.boxes[0].parent}
    if len(holders) < 2 or is_front(tree.url):
        return set()
    places = LinkPlaces(links)
    regions = Regions(places)
    at_side = {key for key, row in rows.items() if all(map(regions.of, row.links))}
    groups = group(rows.values(), "", at_side)
    chosen = choose(groups, places)
    kept = {row.key for one in chosen for row in one.rows}
    return {row.key for one in groups for row in one.rows if row.key not in kept} if kept else set()


def read_td_portal(shown: ListingPage, _portal: PortalConfig) -> Listing:
    return read_td_listing(shown.tree)


def is_td_portal(shown: ListingPage) -> bool:
    """Whether a page links to several posts of such addresses."""
    found = sort_links(shown.tree, shown.tree.root.css("a[href]"))
    return len({key for _, _, key in found.posts}) >= _SEVERAL
