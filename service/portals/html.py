"""Listings of portals whose selectors an operator wrote down."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from service.errors import ConfigurationError, UnreadableError
from service.portals.dates import moment_in, moment_of_mark
from service.portals.dom import Tree, attribute, first, select, text_of
from service.portals.pager import find_pager
from service.portals.titles import is_title, title_of
from service.portals.urls import resolve_link
from service.posts.identity import canonical_key, is_cut
from service.settings import ListingSelectors
from service.text import clean, split_trailing_moment
from service.types import ListedPost, Listing, Moment, Outcome, RejectedLink


def read_html_listing(tree: Tree, selectors: ListingSelectors | None) -> Listing:
    """The rows that the selectors name. Raises UnreadableError where they match nothing."""
    if selectors is None:
        raise ConfigurationError("listing: a portal of kind 'html' needs the selectors of its rows, at least 'item'")
    items = select(tree.root, selectors.item)
    posts: dict[str, ListedPost] = {}
    rejected: list[RejectedLink] = []
    for item in items:
        post = _read_item(tree, item, selectors)
        if isinstance(post, ListedPost):
            posts.setdefault(canonical_key(post.url), post)
        else:
            rejected.append(post)
    if not posts:
        raise UnreadableError(
            f"cannot read listing {tree.url!r}: {selectors.item!r} matches {len(items)} rows, none with a post",
            Outcome.LAYOUT_CHANGED,
        )
    next_url, is_postback = _next(tree, selectors)
    if is_postback:
        rejected.append(RejectedLink(tree.url, "", "postback_pager"))
    return Listing(tuple(posts.values()), tuple(rejected), next_url)


def _next(tree: Tree, selectors: ListingSelectors) -> tuple[str | None, bool]:
    named = first(tree.root, selectors.next_page)
    if named is None:
        pager = find_pager(tree, tree.root.css("a[href]"))
        return pager.next_url, pager.is_postback
    href = attribute(named, "href")
    return resolve_link(tree.base_url, href), "__dopostback" in href.lower()


def _read_item(tree: Tree, item: LexborNode, selectors: ListingSelectors) -> ListedPost | RejectedLink:
    links = [item] if item.tag == "a" and selectors.link == "a" else select(item, selectors.link)
    links = [link for link in links if attribute(link, "href")]
    url = next((url for link in links if (url := resolve_link(tree.base_url, attribute(link, "href")))), None)
    if url is None:
        return RejectedLink("", clean(text_of(item))[:200], "no_address")
    row = [link for link in links if _leads_to(tree, link, url)]
    title, glued = _title(item, row, selectors)
    if not title:
        return RejectedLink(url, clean(text_of(item))[:200], "no_title")
    moment = _moment(item, selectors) or glued or moment_in(item, but=row)
    return ListedPost(url, title, moment, is_cut(title))


def _leads_to(tree: Tree, link: LexborNode, url: str) -> bool:
    return resolve_link(tree.base_url, attribute(link, "href")) == url


def _title(item: LexborNode, row: list[LexborNode], selectors: ListingSelectors) -> tuple[str, Moment | None]:
    named = first(item, selectors.title)
    text, moment = split_trailing_moment(clean(text_of(named))) if named else ("", None)
    return (text, moment) if is_title(text) and not is_cut(text) else title_of(row)


def _moment(item: LexborNode, selectors: ListingSelectors) -> Moment | None:
    named = first(item, selectors.date)
    return moment_of_mark(named) if named is not None else None
