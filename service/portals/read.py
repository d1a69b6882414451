"""Picks the reader of a portal by its kind, and stands in with detection where what is configured
finds nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from hashlib import sha256
from importlib import import_module
from typing import Any

from service.errors import UnreadableError
from service.portals.article import read_article_tree
from service.portals.auto import detect_listing
from service.portals.dom import parse_tree
from service.portals.listing_page import ListingPage
from service.portals.recognise import recognise
from service.settings import ListingConfig, PortalConfig
from service.settings.portal_kinds import AUTO, KINDS, PortalKind
from service.types import Article, Listing, Outcome, Page

# moves whenever a reader understands the same bytes differently: validators are dropped then
_READERS = "6"


def reader_version(portal: PortalConfig) -> str:
    """Changes when this code or the portal's configuration would read the same page differently."""
    told = portal.model_dump_json(include={"kind", "base_url", "listing", "article"})
    return f"{_READERS}-{sha256(told.encode()).hexdigest()[:16]}"


def read_listing(page: Page, portal: PortalConfig, listing: ListingConfig) -> Listing:  # noqa: ARG001  # a Reader is handed both; this one needs the portal's rules alone
    """The posts of a listing page. Raises UnreadableError with the outcome when it is none."""
    shown, kind = ListingPage(page), KINDS[portal.kind]
    if kind.name == AUTO:
        kind = next((one for one in KINDS.values() if not one.is_page and _is(one, shown)), kind)
    if kind.is_page or not _is(kind, shown):
        recognise(page)
    if kind.name == AUTO or not kind.is_page:
        return _read(kind, shown, portal)
    try:
        return _read(kind, shown, portal)
    except UnreadableError as configured:
        return _stand_in(shown, configured)


def kind_of_page(page: Page) -> PortalKind:
    """The kind of a page nobody described: that of data first, for it is told by its first
    bytes."""
    shown = ListingPage(page)
    told = sorted((one for one in KINDS.values() if one.told_by), key=lambda one: one.is_page)
    return next((one for one in told if _is(one, shown)), KINDS[AUTO])


def _is(kind: PortalKind, shown: ListingPage) -> bool:
    return bool(_named(kind.told_by)(shown))


def _read(kind: PortalKind, shown: ListingPage, portal: PortalConfig) -> Listing:
    found: Listing = _named(kind.reader)(shown, portal)
    return found


@cache
def _named(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    return getattr(import_module(module), function)  # type: ignore[no-any-return]  # as the table says


def _stand_in(shown: ListingPage, configured: UnreadableError) -> Listing:
    """What detection finds where the configuration found nothing; what that said, when it finds
    nothing either."""
    try:
        return replace(detect_listing(shown.tree), is_by_detection=True)
    except UnreadableError:
        raise UnreadableError(configured.reason, Outcome.LAYOUT_CHANGED) from configured


def read_article(page: Page, portal: PortalConfig) -> Article:
    """What an article page says. Raises UnreadableError when it is none."""
    recognise(page)
    return read_article_tree(parse_tree(page), portal.article)
