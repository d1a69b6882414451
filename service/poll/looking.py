"""Looks at a portal for somebody who asks on a page: what nobody described is probed, what is
configured is read as a poll would. Stores no post.

What is returned is what the page shows, cut to what a person reads: times as text, words coded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from service.errors import NotFound, PortalError
from service.portals.fetch import Fetcher
from service.portals.probe import PortalProbe, SiteReader, first_article, probe_page
from service.posts.classify import classify
from service.posts.portal_areas import as_written, find_spoken_for
from service.posts.province_file import Province
from service.posts.rules import Rules
from service.settings import ListingConfig, PortalConfig
from service.types import LIKE_POSTS, Article, Listing
from service.values import plain

POSTS_SHOWN = REJECTED_SHOWN = 10
_SECTIONS_READ = 6
"""Of those that the menus of a portal lead to: each is a request, politely apart."""


class PortalLooker:
    """`reader` reads apart from this process: what it reads is foreign. `portals`: those that are
    configured now."""

    def __init__(
        self,
        fetcher: Fetcher,
        reader: SiteReader,
        rules: Rules,
        provinces: Sequence[Province],
        portals: Callable[[], Sequence[PortalConfig]],
    ) -> None:
        self._fetcher = fetcher
        self._reader = reader
        self._rules = rules
        self._provinces = provinces
        self._portals = portals

    def look(self, kind: str, subject: str) -> dict[str, Any]:
        """`kind`: probe, of an address; check, of a portal's id. Raises PortalError, NotFound."""
        if kind == "probe":
            return self._probe(subject)
        portal = next((one for one in self._portals() if one.id == subject), None)
        if portal is None:
            raise NotFound("portal", subject)
        listings = [self._check(portal, one) for one in portal.listings]
        return {"portal": _named(portal), "listings": listings}

    def _probe(self, address: str) -> dict[str, Any]:
        found = probe_page(self._fetcher, address, self._reader)
        portal = self._with_area(found.portal)
        first = self._shown(portal.listings[0], found.listing, found.article)
        first["article_error"] = found.article_error
        return {"portal": _named(portal), "listings": [first, *self._sections(found)]}

    def _sections(self, found: PortalProbe) -> list[dict[str, Any]]:
        """What else the portal's menus offer, each read once; what is no list says why."""
        posts = {post.url for post in found.listing.posts}
        known = {found.portal.listings[0].url, found.url, *posts}
        offered = [(url, name) for url, name in found.sections if url not in known]
        sections = []
        for url, name in offered[:_SECTIONS_READ]:
            listing = ListingConfig(url=url)
            portal = found.portal.model_copy(update={"listings": (listing,)})
            sections.append({**self._check(portal, listing, is_with_article=False), "name": name})
        return sections

    def _check(
        self, portal: PortalConfig, listing: ListingConfig, *, is_with_article: bool = True
    ) -> dict[str, Any]:
        try:
            page = self._fetcher.get(listing.url, portal=portal)
            assert page is not None, "a request without validators has no unchanged answer"
            found = self._reader.read_listing(page, portal, listing)
        except PortalError as error:
            failed = self._shown(listing, None, None)
            return {**failed, "outcome": error.outcome.value, "error": error.reason}
        shown = self._shown(listing, found, None)
        if is_with_article:
            try:
                article = first_article(self._fetcher, portal, found, self._reader)
                shown["article"] = _article(article)
            except PortalError as error:
                shown["article_error"] = error.reason
        return shown

    def _shown(
        self, listing: ListingConfig, found: Listing | None, article: Article | None
    ) -> dict[str, Any]:
        posts = found.posts if found else ()
        rejected = sorted(found.rejected if found else (), key=lambda one: one.reason != LIKE_POSTS)
        hints = (listing.category,) if listing.category else ()
        return {
            "url": listing.url, "category": listing.category, "name": "",
            "outcome": None, "error": None, "count": len(posts), "rejected_count": len(rejected),
            "posts": [
                {
                    "url": post.url, "title": post.title,
                    "published_at": plain(post.moment.at) if post.moment else None,
                    "category": classify(self._rules, post.title, hints=hints)[0][0],
                }
                for post in posts[:POSTS_SHOWN]
            ],
            "rejected": [
                {"url": one.url, "text": one.text, "reason": one.reason}
                for one in rejected[:REJECTED_SHOWN]
            ],
            "article": _article(article), "article_error": None,
        }  # fmt: skip

    def _with_area(self, portal: PortalConfig) -> PortalConfig:
        """With its province and districts, where its address tells them."""
        host = urlsplit(portal.base_url).hostname or ""
        spoken = find_spoken_for(self._provinces, name=portal.name, host=host)
        if spoken is None:
            return portal
        province, districts = as_written(self._provinces, spoken)
        return portal.model_copy(update={"province": province, "districts": districts})


def _named(portal: PortalConfig) -> dict[str, Any]:
    wanted = {"id", "name", "base_url", "kind", "province", "districts"}
    return portal.model_dump(mode="json", include=wanted)


def _article(article: Article | None) -> dict[str, Any] | None:
    if article is None:
        return None
    return {
        "url": article.url,
        "title": article.title,
        "published_at": plain(article.moment.at) if article.moment else None,
        "body_chars": len(article.text),
        "attachments": [file.name for file in article.attachments][:POSTS_SHOWN],
    }
