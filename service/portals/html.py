"""Listings of portals whose selectors an operator wrote down."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from service.errors import ConfigurationError, UnreadableError
from service.instants import Moment
from service.portals.dates import WrittenDate, dates_in_row, dates_of_mark, published
from service.portals.dom import Tree, ancestors, attribute, first, select, text_of, words_of
from service.portals.listing_page import ListingPage
from service.portals.pager import find_pager
from service.portals.rows import listed_post
from service.portals.titles import is_title, split_glued, title_of, unlabelled
from service.portals.urls import resolve_link
from service.posts.identity import canonical_key, is_cut
from service.settings import ListingSelectors, PortalConfig
from service.text import clean
from service.types import ListedPost, Listing, Outcome, RejectedLink
from service.words import coded

_MOST_NESTED = 12
"""Rows within each other: a menu has four."""


def read_html_listing(tree: Tree, selectors: ListingSelectors | None) -> Listing:
    """The rows that the selectors name. Raises UnreadableError where they match nothing."""
    if selectors is None:
        raise ConfigurationError(
            "listing: a portal of kind 'html' needs the selectors of its rows, at least 'item'"
        )
    items = select(tree.root, selectors.item)
    posts: dict[str, ListedPost] = {}
    rejected: list[RejectedLink] = []
    for item in _innermost(items):
        post = _read_item(tree, item, selectors)
        if not isinstance(post, ListedPost):
            rejected.append(post)
        elif (key := canonical_key(post.url)) in posts:
            rejected.append(RejectedLink(post.url, post.title, "same_post"))
        else:
            posts[key] = post
    if not posts:
        raise UnreadableError(
            coded("read.no_rows", url=tree.url, selector=selectors.item, n=len(items)),
            Outcome.LAYOUT_CHANGED,
        )
    next_url, is_postback = _next(tree, selectors)
    if is_postback:
        rejected.append(RejectedLink(tree.url, "", "postback_pager"))
    return Listing(tuple(posts.values()), tuple(rejected), next_url)


def _innermost(items: list[LexborNode]) -> list[LexborNode]:
    """The rows without those that hold others a dozen deep: each row is read whole, so that a page
    of rows within rows would be read as often as it nests (F16)."""
    if len(items) <= _MOST_NESTED:
        return items
    index = {item.mem_id: n for n, item in enumerate(items)}
    around: dict[int, int] = {}  # of a node, the row that holds it; -1: none
    storeys = [1] * len(items)
    for n in range(len(items) - 1, -1, -1):  # what is within comes after what holds it
        holder = _holder(items[n], index, around)
        if holder >= 0:
            storeys[holder] = max(storeys[holder], storeys[n] + 1)
    return [item for n, item in enumerate(items) if storeys[n] <= _MOST_NESTED]


def _holder(item: LexborNode, index: dict[int, int], around: dict[int, int]) -> int:
    """Looks at each node of a page once for all its rows."""
    way: list[int] = []
    found = -1
    for node in ancestors(item):
        key = node.mem_id
        if key in index or key in around:
            found = index[key] if key in index else around[key]
            break
        way.append(key)
    around.update(dict.fromkeys(way, found))
    return found


def _next(tree: Tree, selectors: ListingSelectors) -> tuple[str | None, bool]:
    named = first(tree.root, selectors.next_page)
    if named is None:
        pager = find_pager(tree, tree.root.css("a[href]"))
        return pager.next_url, pager.is_postback
    href = attribute(named, "href")
    return resolve_link(tree.base_url, href), "__dopostback" in href.lower()


def _read_item(
    tree: Tree, item: LexborNode, selectors: ListingSelectors
) -> ListedPost | RejectedLink:
    links = [item] if item.tag == "a" and selectors.link == "a" else select(item, selectors.link)
    links = [link for link in links if attribute(link, "href")]
    url = next(
        (url for link in links if (url := resolve_link(tree.base_url, attribute(link, "href")))),
        None,
    )
    if url is None:
        return RejectedLink("", clean(text_of(item))[:200], "no_address")
    row = [link for link in links if _leads_to(tree, link, url)]
    told = _told(tree, item, selectors)
    own = published(told) or published(dates_in_row(item, but=row, now=tree.now))
    title, glued = _title(item, row, selectors, own.moment if own else None)
    if not title:
        return RejectedLink(url, clean(text_of(item))[:200], "no_title")
    return listed_post(url, title, told or ([own] if own else []), glued)


def _leads_to(tree: Tree, link: LexborNode, url: str) -> bool:
    return resolve_link(tree.base_url, attribute(link, "href")) == url


def _title(
    item: LexborNode, row: list[LexborNode], selectors: ListingSelectors, own: Moment | None
) -> tuple[str, WrittenDate | None]:
    named = first(item, selectors.title)
    text, glued = split_glued(unlabelled(clean(words_of(named))), own) if named else ("", None)
    return (text, glued) if is_title(text) and not is_cut(text) else title_of(row, own)


def _told(tree: Tree, item: LexborNode, selectors: ListingSelectors) -> list[WrittenDate]:
    named = first(item, selectors.date)
    if named is None:
        return []
    told = dates_of_mark(named, tree.now)
    return told if published(told) else [*told, *dates_in_row(named, now=tree.now)]


def read_html_portal(shown: ListingPage, portal: PortalConfig) -> Listing:
    return read_html_listing(shown.tree, portal.listing)
