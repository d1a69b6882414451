"""Finds the posts of a page nobody described: links alike in place and address, with dates near
them.

Refuses menus, side columns, pagers and footers, and says of every link it refused why. Knows no
portal by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from service.errors import UnreadableError
from service.portals.addresses import bare_host
from service.portals.boxes import is_front
from service.portals.dates import is_date
from service.portals.dom import Tree, attribute, text_of
from service.portals.files import is_file, media_type_of
from service.portals.link_groups import choose, group, is_alike
from service.portals.listing_page import ListingPage
from service.portals.pager import find_pager
from service.portals.regions import LinkPlaces, Regions
from service.portals.rows import merge_links
from service.portals.urls import resolve_link
from service.posts.identity import canonical_key, route_of
from service.settings import PortalConfig
from service.text import clean
from service.types import LIKE_POSTS, Listing, Outcome, RejectedLink
from service.words import coded

_MOST_FILES = 5  # of one post; more beside one link to a page are a list of files
_MOST_AROUND = 24  # links in an element, from which on it is no row
_ROWS = frozenset({"tr", "li"})

_Link = tuple[LexborNode, str, str]
"""An anchor, its address and its key."""


@dataclass(slots=True)
class _Sorted:
    """The links of a page that may lead to posts, and those that cannot, with the reason."""

    pages: list[_Link] = field(default_factory=list)
    files: list[_Link] = field(default_factory=list)
    at_side: list[_Link] = field(default_factory=list)
    rejected: list[RejectedLink] = field(default_factory=list)

    def reject(self, link: LexborNode, url: str, reason: str) -> None:
        self.rejected.append(RejectedLink(url, clean(text_of(link))[:200], reason))


def _sort(tree: Tree, places: LinkPlaces) -> _Sorted:
    host = bare_host(urlsplit(tree.url).hostname or "")
    here = canonical_key(tree.url)
    regions = Regions(places, is_front=is_front(tree.url))
    found = _Sorted()
    for link in places.links:
        href = attribute(link, "href")
        url = resolve_link(tree.base_url, href)
        if url is None:
            found.reject(link, href, "no_address")
            continue
        region = regions.of(link)
        key = canonical_key(url)
        reason = region if region != "side" else None
        reason = (
            reason
            or _refuse(url, key, host, here)
            or ("date" if is_date(text_of(link).strip()) else None)
        )
        if reason is not None:
            found.reject(link, url, reason)
        elif region == "side":
            found.at_side.append((link, url, key))
        else:
            (found.files if is_file(link, url) else found.pages).append((link, url, key))
    return found


def _refuse(url: str, key: str, host: str, here: str) -> str | None:
    parts = urlsplit(url)
    if bare_host(parts.hostname or "") != host:
        return "other_host"
    if key == here or (parts.path in ("", "/") and not parts.query and not route_of(url)):
        return "same_page"
    return None


def _free_files(found: _Sorted, places: LinkPlaces) -> list[_Link]:
    """The files that are no attachments of a row that leads to a page. Those of one row are one
    post."""
    keys: list[tuple[str, bool] | None] = [None] * len(places.links)
    for of_file, links in ((False, found.pages), (True, found.files)):
        for link, _, key in links:
            keys[places.index[link.mem_id or -1]] = (key, of_file)
    free: list[_Link] = []
    named: dict[int, _Link] = {}
    for one in found.files:
        if _is_of_page(one[0], keys, places):
            found.reject(one[0], one[1], "file")
            continue
        row = _row_around(one[0], places)
        _, url, key = named.setdefault(row.mem_id or -1, one) if row is not None else one
        if key != one[2]:
            found.reject(one[0], one[1], "file")
        else:
            free.append((one[0], url, key))
    return free


def _is_of_page(
    link: LexborNode, keys: Sequence[tuple[str, bool] | None], places: LinkPlaces
) -> bool:
    node = link.parent
    while node is not None:
        first, last = places.spans[node.mem_id or -1]
        if last - first >= _MOST_AROUND:
            return False
        around = {key for key in keys[first : last + 1] if key is not None}
        files = sum(is_file for _, is_file in around)
        if files > _MOST_FILES:
            return False
        if len(around) > files:
            return len(around) - files == 1
        node = node.parent
    return False


def _row_around(link: LexborNode, places: LinkPlaces) -> LexborNode | None:
    node = link.parent
    while node is not None and node.tag not in ("table", "ul", "ol", "body"):
        if node.tag in _ROWS:
            first, last = places.spans[node.mem_id or -1]
            return node if last - first < _MOST_FILES else None
        node = node.parent
    return None


def detect_listing(tree: Tree) -> Listing:
    """The posts of a page, by detection alone. Raises UnreadableError when it looks like no
    listing."""
    links = tree.root.css("a[href]")
    places = LinkPlaces(links)
    found = _sort(tree, places)
    main = [*found.pages, *_free_files(found, places)] if found.files else found.pages
    shown = {key for _, _, key in main}
    for link, url, key in found.at_side:
        if key in shown or media_type_of(url):
            found.reject(link, url, "side")
    aside = [one for one in found.at_side if one[2] not in shown and not media_type_of(one[1])]
    at_side = {key for _, _, key in aside}
    order = sorted([*main, *aside], key=lambda one: places.index[one[0].mem_id or -1])
    rows = merge_links(order, tree.root, tree.now)
    groups = group(rows.values(), urlsplit(tree.url).path.rstrip("/"), at_side)
    chosen = choose(groups, places, is_front=is_front(tree.url))
    if not chosen:
        raise UnreadableError(
            coded("read.no_list", url=tree.url, n=len(links)),
            Outcome.NOT_A_LISTING,
        )
    taken = {row.key: post for one in chosen for row, post in zip(one.rows, one.posts, strict=True)}
    alike = {
        row.key for one in groups if one not in chosen and is_alike(one, chosen) for row in one.rows
    }
    for key, row in rows.items():
        if key not in taken:
            unlike = "side" if key in at_side else "unlike_the_posts"
            found.reject(row.links[0], row.url, LIKE_POSTS if key in alike else unlike)
    of_posts = {link.mem_id for key in taken for link in rows[key].links}
    pager = find_pager(tree, [link for link in links if link.mem_id not in of_posts])
    if pager.is_postback:
        found.rejected.append(RejectedLink(tree.url, "", "postback_pager"))
    posts = tuple(taken[key] for key in rows if key in taken)
    return Listing(posts, tuple(found.rejected), pager.next_url, is_by_detection=False)


def read_any_portal(shown: ListingPage, _portal: PortalConfig) -> Listing:
    return detect_listing(shown.tree)
