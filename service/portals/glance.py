"""What a page that nobody described is taken for at a glance: its kind, the feeds that it
announces, and the sections that its menus lead to."""

from __future__ import annotations

from urllib.parse import urlsplit

from service.portals.dom import Tree, attribute, parse_tree, text_of
from service.portals.read import kind_of_page
from service.portals.urls import resolve_link
from service.text import clean, fold_plain
from service.types import Page, PageGlance

_FEEDS = (
    'link[rel~="alternate"][type="application/rss+xml"], '
    'link[rel~="alternate"][type="application/atom+xml"],'
    ' link[rel~="alternate"][type="application/rdf+xml"]'
)
_COMMENTS = ("comment", "binh-luan", "binhluan")
_SECTIONS = (
    "chi dao", "dieu hanh", "van ban", "thong bao", "tin tuc", "su kien", "hoat dong", "ke hoach",
    "lich cong tac", "lich lam viec", "giay moi", "cong dien", "thu tuc",
)  # fmt: skip
"""Words by which portals call what is a list of posts."""
_MOST_NAME = 60
"""A longer link is the title of a post."""
_MOST_SECTIONS = 20


def glance(page: Page) -> PageGlance:
    """Data for programs announces nothing and has no menu."""
    kind = kind_of_page(page)
    if not kind.is_page:
        return PageGlance(kind.name)
    tree = parse_tree(page)
    return PageGlance(kind.name, _announced_feeds(tree), _sections(tree))


def _announced_feeds(tree: Tree) -> tuple[str, ...]:
    """The feeds that a page names in its head, those of comments left out."""
    found: dict[str, None] = {}
    for node in tree.root.css(_FEEDS):
        address = resolve_link(tree.base_url, attribute(node, "href"))
        if address and not any(word in address.lower() for word in _COMMENTS):
            found.setdefault(address)
    return tuple(found)


def _sections(tree: Tree) -> tuple[tuple[str, str], ...]:
    """Links on the page's own host that are called as sections are, each address once."""
    host = urlsplit(tree.url).netloc
    found: dict[str, str] = {}
    for node in tree.root.css("a[href]"):
        name = clean(text_of(node))
        if not name or len(name) > _MOST_NAME:
            continue
        folded = fold_plain(name)
        if not any(word in folded for word in _SECTIONS):
            continue
        url = resolve_link(tree.base_url, attribute(node, "href"))
        url = None if url is None else url.partition("#")[0]
        if url and urlsplit(url).netloc == host and url != tree.url:
            found.setdefault(url, name)
    return tuple(found.items())[:_MOST_SECTIONS]
