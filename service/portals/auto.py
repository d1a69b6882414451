"""Finds the posts of a page nobody described: links alike in place and address, with dates near them.

Refuses menus, side columns, pagers and footers, and says of every link it refused why. Knows no portal by name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import parse_qsl, urlsplit

from selectolax.lexbor import LexborNode

from service.errors import UnreadableError
from service.portals.addresses import bare_host
from service.portals.dom import Tree, ancestors, attribute, names, text_of
from service.portals.files import media_type_of
from service.portals.pager import find_pager
from service.portals.rows import Row, merge, to_post
from service.portals.urls import resolve_link
from service.posts.identity import canonical_key
from service.text import clean
from service.types import ListedPost, Listing, Outcome, RejectedLink

_MENU_TAGS = frozenset({"nav", "footer"})
_SIDE_TAGS = frozenset({"aside", "marquee"})
_MENU_ROLES = frozenset({"navigation", "menu", "menubar", "banner", "contentinfo", "search"})
_MENU = re.compile(
    r"(?:^|[\s_-])(?:menu|mainmenu|topmenu|submenu|nav|navbar|navigation|footer|foot|breadcrumbs?|topbar|site-header|top-header"
    r"|page-header|site-?map|language|social|share|banner|login|dang-?nhap|quang-?cao)(?:$|[\s_-])"
)
_SIDE = re.compile(
    r"(?:^|[\s_-])(?:aside|sidebar|side-?bar|(?:left|right)-?(?:pane|bar|side|block)|col-?right|right-?col(?:umn)?|cot-?phai|col-?left|left-?col(?:umn)?|cot-?trai|widget"
    r"|xem-?nhieu|doc-?nhieu|most-?read|popular|lien-?ket|related)(?:$|[\s_-])"
)
_PAGER = re.compile(r"(?:^|[\s_-])(?:pager|paging|pagination|phan-?trang)(?:$|[\s_-])")
_CARDS = frozenset({"article", "section", "main", "li"})
_SIGNATURE = 5  # ancestors that make up a place in the tree
_LEAST_SCORE = 0.55  # what one undated link of five words in the text of a page stays below
_TRUNK = frozenset({"html", "body"})


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows that stand alike in the tree."""

    rows: tuple[Row, ...]
    posts: tuple[ListedPost, ...]
    shape: str
    score: float
    dated: float
    words: float


class _Regions:
    """Which part of a page an element is in; each element is looked at once."""

    def __init__(self) -> None:
        self._known: dict[int, str | None] = {}

    def of(self, node: LexborNode) -> str | None:
        """`menu`, `side` or `pager`; None for the page's own matter."""
        chain: list[int] = []
        found: str | None = None
        for one in ancestors(node):
            if one.mem_id in self._known:
                found = self._known[one.mem_id]
                break
            chain.append(one.mem_id)
            found = _region(one)
            if found is not None:
                break
        self._known.update(dict.fromkeys(chain, found))
        return found


def _region(node: LexborNode) -> str | None:
    if node.tag in _TRUNK:
        return None
    if node.tag in _MENU_TAGS or attribute(node, "role") in _MENU_ROLES:
        return "menu"
    if node.tag == "header" and not any(one.tag in _CARDS for one in ancestors(node)):
        return "menu"
    if node.tag in _SIDE_TAGS:
        return "side"
    words = names(node)
    if not words.strip():
        return None
    if _PAGER.search(words):
        return "pager"
    if _MENU.search(words):
        return "menu"
    return "side" if _SIDE.search(words) else None


def url_shape(url: str) -> str:
    """What addresses of one kind have in common: depth, ending, a number at the end or none, query names."""
    parts = urlsplit(url)
    path = PurePosixPath(parts.path)
    has_number = any(char.isdecimal() for char in path.stem)
    keys = ",".join(sorted({name.lower() for name, _ in parse_qsl(parts.query)}))
    return f"{len(path.parts)}{path.suffix.lower()}{'#' if has_number else ''}?{keys}"


def _signature(link: LexborNode) -> str:
    chain = [link, *ancestors(link)][: _SIGNATURE + 1]
    return "<".join(f"{node.tag}.{(names(node).split() or [''])[0].rstrip('0123456789-_')}" for node in chain)


def _sort(tree: Tree, links: Iterable[LexborNode]) -> tuple[list[tuple[LexborNode, str]], list[RejectedLink]]:
    """Links that may lead to posts, and those that cannot, with the reason."""
    host = bare_host(urlsplit(tree.url).hostname or "")
    here = canonical_key(tree.url)
    regions = _Regions()
    kept: list[tuple[LexborNode, str]] = []
    rejected: list[RejectedLink] = []
    for link in links:
        href = attribute(link, "href")
        url = resolve_link(tree.base_url, href)
        reason = _refuse(link, url, host, here, regions)
        if reason is None and url is not None:
            kept.append((link, url))
        else:
            rejected.append(RejectedLink(url or href, clean(text_of(link))[:200], reason or "no_address"))
    return kept, rejected


def _refuse(link: LexborNode, url: str | None, host: str, here: str, regions: _Regions) -> str | None:
    if url is None:
        return "no_address"
    region = regions.of(link)
    if region is not None:
        return region
    if bare_host(urlsplit(url).hostname or "") != host:
        return "other_host"
    if canonical_key(url) == here or urlsplit(url).path in ("", "/"):
        return "same_page"
    return None


def _group(rows: Iterable[Row]) -> list[_Group]:
    by_place: dict[str, list[Row]] = {}
    for row in rows:
        by_place.setdefault(_signature(row.links[0]), []).append(row)
    return [group for members in by_place.values() if (group := _weigh(members))]


def _weigh(rows: list[Row]) -> _Group | None:
    pairs = [(row, post) for row in rows if (post := to_post(row))]
    if not pairs:
        return None
    posts = tuple(post for _, post in pairs)
    count = len(posts)
    dated = sum(1 for post in posts if post.moment) / count
    words = sum(min(len(post.title.split()), 14) for post in posts) / count
    shape, alike = Counter(url_shape(post.url) for post in posts).most_common(1)[0]
    score = min(count, 40) ** 0.7 * (0.15 + dated) * (0.3 + words / 8) * (0.4 + 0.6 * alike / count)
    return _Group(tuple(row for row, _ in pairs), posts, shape, score, dated, words)


def _is_kin(group: _Group, best: _Group) -> bool:
    """Whether a group is of the same list as the best: a top story, a second column, a pinned row."""
    if group is best:
        return True
    if group.shape != best.shape:
        return False
    if best.dated >= 0.5:
        return group.dated >= 0.5
    return group.words >= 0.5 * best.words and group.score >= 0.3 * best.score


def detect_listing(tree: Tree) -> Listing:
    """The posts of a page, by detection alone. Raises UnreadableError when it looks like no listing."""
    links = tree.root.css("a[href]")
    kept, rejected = _sort(tree, links)
    files = [(link, url) for link, url in kept if media_type_of(url)]
    pages = [(link, url) for link, url in kept if not media_type_of(url)]
    rows = merge([(link, url, canonical_key(url)) for link, url in pages], tree.root)
    groups = _group(rows.values())
    best = max(groups, key=lambda group: group.score, default=None)
    if best is None or best.score < _LEAST_SCORE:
        raise UnreadableError(
            f"cannot read listing {tree.url!r}: nothing among {len(links)} links looks like a list of posts",
            Outcome.NOT_A_LISTING,
        )
    chosen = [group for group in groups if _is_kin(group, best)]
    taken = {row.key: post for group in chosen for row, post in zip(group.rows, group.posts, strict=True)}
    posts = tuple(taken[key] for key in rows if key in taken)
    rejected += [RejectedLink(url, clean(text_of(link))[:200], "file") for link, url in files]
    rejected += [
        RejectedLink(row.url, clean(text_of(row.links[0]))[:200], "unlike_the_posts")
        for key, row in rows.items()
        if key not in taken
    ]
    of_posts = {link.mem_id for key in taken for link in rows[key].links}
    pager = find_pager(tree, [link for link in links if link.mem_id not in of_posts])
    if pager.is_postback:
        rejected.append(RejectedLink(tree.url, "", "postback_pager"))
    return Listing(posts, tuple(rejected), pager.next_url, is_by_detection=False)
