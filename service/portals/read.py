"""Picks the reader of a portal, and stands in with detection where what is configured finds
nothing."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from service.errors import UnreadableError
from service.portals.article import read_article_tree
from service.portals.auto import detect_listing
from service.portals.dom import Tree, parse
from service.portals.feed import is_feed, read_feed
from service.portals.html import read_html_listing
from service.portals.recognise import recognise
from service.portals.td_portal import read_td_listing
from service.settings import ListingConfig, PortalConfig
from service.types import Article, Listing, Outcome, Page

# moves whenever a reader understands the same bytes differently: validators are dropped then
_READERS = "5"


def reader_version(portal: PortalConfig) -> str:
    """Changes when this code or the portal's configuration would read the same page differently."""
    told = portal.model_dump_json(include={"kind", "base_url", "listing", "article"})
    return f"{_READERS}-{sha256(told.encode()).hexdigest()[:16]}"


def read_listing(page: Page, portal: PortalConfig, listing: ListingConfig) -> Listing:  # noqa: ARG001  # a Reader is handed both; this one needs the portal's rules alone
    """The posts of a listing page. Raises UnreadableError with the outcome when it is none."""
    if portal.kind == "feed" or (portal.kind == "auto" and is_feed(page)):
        if not is_feed(page):
            recognise(page)
        return read_feed(page)
    recognise(page)
    tree = parse(page)
    if portal.kind == "auto":
        return detect_listing(tree)
    try:
        return (
            read_td_listing(tree)
            if portal.kind == "td-portal"
            else read_html_listing(tree, portal.listing)
        )
    except UnreadableError as configured:
        return _stand_in(tree, configured)


def _stand_in(tree: Tree, configured: UnreadableError) -> Listing:
    """What detection finds where the configuration found nothing; what that said, when it finds
    nothing either."""
    try:
        return replace(detect_listing(tree), is_by_detection=True)
    except UnreadableError:
        raise UnreadableError(configured.reason, Outcome.LAYOUT_CHANGED) from configured


def read_article(page: Page, portal: PortalConfig) -> Article:
    """What an article page says. Raises UnreadableError when it is none."""
    recognise(page)
    return read_article_tree(parse(page), portal.article)
