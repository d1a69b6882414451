"""Looks at a portal nobody described: what it would be read as, what was found, what was refused
and why.

What it finds can be written down as a portal file. Refuses to guess a category: the operator knows
the sections.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from service.errors import FetchError, PortalError, UnreadableError
from service.portals.addresses import split_address
from service.portals.dom import Tree, attribute, parse
from service.portals.fetch import Fetcher
from service.portals.read import kind_of_page, read_article, read_listing
from service.portals.urls import encode_once, resolve_link
from service.settings import ListingConfig, PortalConfig
from service.settings.portal_kinds import AUTO, KINDS
from service.text import slugify
from service.types import Article, Listing, Outcome, Page
from service.words import coded

_FEEDS = (
    'link[rel~="alternate"][type="application/rss+xml"], '
    'link[rel~="alternate"][type="application/atom+xml"],'
    ' link[rel~="alternate"][type="application/rdf+xml"]'
)
_COMMENTS = ("comment", "binh-luan", "binhluan")
_FEW = 3


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
    """Why not; None when it was, or when there was no post to try."""

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


def probe(fetcher: Fetcher, url: str) -> PortalProbe:
    """Fetches a page, the feed it announces, and one article. Raises PortalError when nothing can
    be read."""
    url = _address(url)
    page = _fetch(fetcher, url, _portal(url, AUTO))
    announced = _announced_feed(fetcher, page)
    if announced is not None:
        portal, feed = announced
        found = PortalProbe(portal, url, portal.listings[0].url, feed, None, None)
    else:
        kind = kind_of_page(page)
        portal = _portal(page.url, kind.name)
        listing = read_listing(page, portal, portal.listings[0])
        found = PortalProbe(portal, url, None if kind.is_page else page.url, listing, None, None)
    return _with_article(fetcher, found)


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


def announced_feeds(tree: Tree) -> list[str]:
    """The feeds that a page names in its head, those of comments left out."""
    found: dict[str, None] = {}
    for node in tree.root.css(_FEEDS):
        address = resolve_link(tree.base_url, attribute(node, "href"))
        if address and not any(word in address.lower() for word in _COMMENTS):
            found.setdefault(address)
    return list(found)


def _announced_feed(fetcher: Fetcher, page: Page) -> tuple[PortalConfig, Listing] | None:
    """The first announced feed that has posts, of whatever kind it is; None for what is data
    itself."""
    if not kind_of_page(page).is_page:
        return None
    for address in announced_feeds(parse(page))[:_FEW]:
        try:
            fetched = _fetch(fetcher, address, _portal(page.url, AUTO, address))
            kind = kind_of_page(fetched)
            portal = _portal(page.url, kind.name, address)
            listing = read_listing(fetched, portal, portal.listings[0])
        except PortalError:
            continue  # the page itself may still be read
        if listing.posts and not kind.is_page:
            return portal, listing
    return None


def _with_article(fetcher: Fetcher, found: PortalProbe) -> PortalProbe:
    if not found.listing.posts:
        raise UnreadableError(coded("read.no_posts", url=found.url), Outcome.NOT_A_LISTING)
    post = found.listing.posts[0]
    if post.article is not None:
        return replace(found, article=post.article)
    try:
        return replace(
            found, article=read_article(_fetch(fetcher, post.url, found.portal), found.portal)
        )
    except PortalError as error:
        return replace(found, article_error=str(error))


def render_portal(portal: PortalConfig) -> str:
    """A portal file as `settings` reads it. TOML's basic strings are JSON's but for DEL, which no
    address has."""

    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False).replace("\x7f", "")

    base = portal.base_url + "/"
    lines = [
        f"id = {quoted(portal.id)}",
        f"name = {quoted(portal.name)}",
        f"base_url = {quoted(portal.base_url)}",
        f"kind = {quoted(portal.kind)}",
    ]
    if portal.province:
        lines.append(f"province = {quoted(portal.province)}")
    if portal.districts:
        lines.append(f"districts = [{', '.join(map(quoted, portal.districts))}]")
    for listing in portal.listings:
        address = urljoin(base, listing.url)
        short = address[len(portal.base_url) :] if address.startswith(base) else address
        lines += ["", "[[listings]]", f"url = {quoted(short)}"]
    return "\n".join(lines) + "\n"
