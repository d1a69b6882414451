"""Looks at a portal nobody described: what it would be read as, what was found, what was refused
and why.

What it finds can be written down (`portal_text`). Refuses to guess a category: the operator knows
the sections.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urlsplit

from service.errors import FetchError, PortalError, UnreadableError
from service.portals.addresses import split_address
from service.portals.fetch import Fetcher
from service.portals.glance import glance
from service.portals.read import read_article, read_listing
from service.portals.urls import encode_once
from service.settings import ListingConfig, PortalConfig
from service.settings.portal_kinds import AUTO, KINDS
from service.text import slugify
from service.types import Article, Listing, Outcome, Page, PageGlance
from service.words import coded

_FEW = 3


class SiteReader(Protocol):
    """What reads the pages of a site: here, or apart from everything else."""

    def glance(self, page: Page) -> PageGlance: ...
    def read_listing(self, page: Page, portal: PortalConfig, listing: ListingConfig) -> Listing: ...
    def read_article(self, page: Page, portal: PortalConfig) -> Article: ...


class _InProcessReader:
    """In this very process, as the command line does."""

    glance = staticmethod(glance)
    read_listing = staticmethod(read_listing)
    read_article = staticmethod(read_article)


_HERE = _InProcessReader()


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What people and programs are shown: the shape of `loa portal probe --json`."""

    url: str
    kind: str
    feed: str | None
    """The upstream feed; None when there is none that can be read."""
    posts: list[dict[str, str | None]]
    rejected: list[dict[str, str]]
    article: dict[str, object] | None
    """The first post's page, read; None when it could not be."""


@dataclass(frozen=True, slots=True)
class PortalProbe:
    """What was found. `portal` is ready to be used or written down."""

    portal: PortalConfig
    url: str
    feed: str | None
    """The feed that the page announces; None when it announces none that can be read."""
    listing: Listing
    article: Article | None
    """The first post's page, read; None when it could not be."""
    article_error: str | None
    """Why not, coded; None when it was, or when there was no post to try."""
    sections: tuple[tuple[str, str], ...] = ()
    """(address, name) of what its menus lead to, of a portal that is read by its pages."""

    def shown(self) -> ProbeResult:
        return ProbeResult(
            self.portal.listings[0].url if KINDS[self.portal.kind].is_page else self.url,
            self.portal.kind,
            self.feed,
            [
                {
                    "url": post.url,
                    "title": post.title,
                    "published_at": _stamp(post.moment and post.moment.at),
                }
                for post in self.listing.posts
            ],
            [
                {"url": link.url, "text": link.text, "reason": link.reason}
                for link in self.listing.rejected
            ],
            _article_json(self.article),
        )


def _stamp(at: object) -> str | None:
    return None if at is None else str(at.isoformat()).replace("+00:00", "Z")  # type: ignore[attr-defined]  # a datetime


def _article_json(article: Article | None) -> dict[str, object] | None:
    if article is None:
        return None
    return {
        "url": article.url,
        "title": article.title,
        "published_at": _stamp(article.moment and article.moment.at),
        "body_chars": len(article.text),
        "attachments": [file.url for file in article.attachments],
    }


def _portal(url: str, kind: str, listing_url: str | None = None) -> PortalConfig:
    parts = urlsplit(url)
    host = parts.hostname or "portal"
    return PortalConfig(
        id=slugify(host.removeprefix("www."))[:64].strip("-") or "portal",
        name=host,
        base_url=f"{parts.scheme}://{parts.netloc}",
        kind=kind,
        listings=(ListingConfig(url=listing_url or url),),
    )


def probe_page(fetcher: Fetcher, url: str, reader: SiteReader = _HERE) -> PortalProbe:
    """Fetches a page, the feed it announces, and one article. Raises PortalError when nothing can
    be read.

    All is fetched as of a portal of the address that was typed: what its page names is trusted no
    more than any link, and may be on no private network.
    """
    url = _address(url)
    asked = _portal(url, AUTO)
    page = _fetch(fetcher, url, asked)
    seen = reader.glance(page)
    announced = _announced_feed(fetcher, page, seen.feeds, reader, asked)
    if announced is not None:
        portal, feed = announced
        found = PortalProbe(portal, url, portal.listings[0].url, feed, None, None)
    else:
        portal = _portal(page.url, seen.kind)
        listing = reader.read_listing(page, portal, portal.listings[0])
        feed_url = None if KINDS[seen.kind].is_page else page.url
        found = PortalProbe(portal, url, feed_url, listing, None, None, seen.sections)
    return _with_article(fetcher, found, reader, asked)


def _address(url: str) -> str:
    """What somebody typed, as an address: `https://` is added where it was left out."""
    try:
        found = encode_once(url.strip() if "://" in url else f"https://{url.strip()}")
    except ValueError as error:
        raise FetchError(coded("fetch.no_address", url=url), Outcome.NETWORK) from error
    split_address(found)
    return found


def _fetch(fetcher: Fetcher, url: str, portal: PortalConfig) -> Page:
    page = fetcher.get(url, portal=portal)
    assert page is not None, "a request without validators has no unchanged answer"
    return page


def _announced_feed(
    fetcher: Fetcher, page: Page, feeds: Sequence[str], reader: SiteReader, asked: PortalConfig
) -> tuple[PortalConfig, Listing] | None:
    """The first announced feed that has posts, of whatever kind it is."""
    for address in feeds[:_FEW]:
        try:
            fetched = _fetch(fetcher, address, asked)
            kind = KINDS[reader.glance(fetched).kind]
            portal = _portal(page.url, kind.name, address)
            listing = reader.read_listing(fetched, portal, portal.listings[0])
        except PortalError:
            continue  # the page itself may still be read
        if listing.posts and not kind.is_page:
            return portal, listing
    return None


def _with_article(
    fetcher: Fetcher, found: PortalProbe, reader: SiteReader, asked: PortalConfig
) -> PortalProbe:
    if not found.listing.posts:
        raise UnreadableError(coded("read.no_posts", url=found.url), Outcome.NOT_A_LISTING)
    try:
        article = first_article(fetcher, found.portal, found.listing, reader, asked)
        return replace(found, article=article)
    except PortalError as error:
        return replace(found, article_error=error.reason)


def first_article(
    fetcher: Fetcher,
    portal: PortalConfig,
    listing: Listing,
    reader: SiteReader = _HERE,
    asked: PortalConfig | None = None,
) -> Article | None:
    """The page of the first post; None where the listing shows none. Raises PortalError.

    `asked`: as whose it is fetched; None: the portal's own.
    """
    if not listing.posts:
        return None
    post = listing.posts[0]
    return post.article or reader.read_article(_fetch(fetcher, post.url, asked or portal), portal)
