"""Reads configured portals as a poll would, storing nothing: what `loa portal check` and `probe`
show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from service.cli.common import as_plain, echo_facts, echo_table, local, printable_cell
from service.errors import PortalError
from service.types import LIKE_POSTS

if TYPE_CHECKING:
    from service.portals.fetch import Fetcher
    from service.settings import ListingConfig, PortalConfig
    from service.types import Article, ListedPost, Listing
    from service.values import Locale

_FOR_PEOPLE = ("outcome", "error", "dating")
SHOWN = 10  # rows of each list that people are shown; JSON has all


def check_portal(fetcher: Fetcher, portal: PortalConfig, locale: Locale) -> dict[str, Any]:
    """Every listing of a portal, each in the shape of `portal probe`, with `outcome` and `error`
    besides."""
    return {
        "id": portal.id,
        "listings": [check_listing(fetcher, portal, item, locale) for item in portal.listings],
    }


def check_listing(
    fetcher: Fetcher, portal: PortalConfig, listing: ListingConfig, locale: Locale
) -> dict[str, Any]:
    from service.portals.probe import first_article
    from service.portals.read import read_listing

    try:
        page = fetcher.get(listing.url, portal=portal)
        assert page is not None, "a request without validators is never answered with 'unchanged'"
        found = read_listing(page, portal, listing)
    except PortalError as error:
        return _shape(portal, listing, None, None, error, locale)
    try:
        return _shape(portal, listing, found, first_article(fetcher, portal, found), None, locale)
    except PortalError as error:
        return _shape(portal, listing, found, None, error, locale)


def _shape(
    portal: PortalConfig,
    listing: ListingConfig,
    found: Listing | None,
    article: Article | None,
    error: PortalError | None,
    locale: Locale,
) -> dict[str, Any]:
    from service.settings.portal_kinds import KINDS

    return {
        "url": listing.url,
        "kind": portal.kind,
        "feed": None if KINDS[portal.kind].is_page else listing.url,
        "outcome": error.outcome.value if error else None,
        "error": str(error) if error else None,
        "posts": [
            {
                "url": post.url,
                "title": post.title,
                "published_at": as_plain(post.moment.at) if post.moment else None,
                "dated_by": _witnesses(post, article if number == 0 else None),
            }
            for number, post in enumerate(found.posts if found else ())
        ],
        "rejected": as_plain(found.rejected) if found else [],
        "article": _article_shape(article) if article else None,
        "dating": _dating(found, article, locale) if found and found.posts else None,
    }


def _witnesses(post: ListedPost, article: Article | None) -> list[dict[str, Any]]:
    """All that says when a post was published, those who agree first. Of the first post its article
    was read too."""
    from datetime import UTC, datetime

    from service.poll.dating import settle_dating

    dating = settle_dating(post, article, datetime.now(UTC)).dating
    return [
        {
            "source": one.source.value,
            "at": as_plain(one.moment.at),
            "said": one.said,
            "is_update": one.is_update,
            "agrees": one in dating.agreed,
        }
        for one in dating.witnesses
    ]


def _dating(found: Listing, article: Article | None, locale: Locale) -> list[str]:
    """Who says when the first post was published, in words."""
    from datetime import UTC, datetime

    from service.cli.dating_shape import dating_lines
    from service.poll.dating import settle_dating

    return dating_lines(settle_dating(found.posts[0], article, datetime.now(UTC)).dating, locale)


def _article_shape(article: Article) -> dict[str, Any]:
    return {
        "url": article.url,
        "title": article.title,
        "published_at": as_plain(article.moment.at) if article.moment else None,
        "body_chars": len(article.text),
        "attachments": [link.url for link in article.attachments],
    }


def probe_shape(checked: dict[str, Any]) -> dict[str, Any]:
    """What JSON shows of a portal: its listings in the shape of `portal probe`; stderr tells what
    failed."""
    listings = [
        {key: value for key, value in one.items() if key not in _FOR_PEOPLE}
        for one in checked["listings"]
    ]
    return {**checked, "listings": listings}


def is_failed(listing: dict[str, Any]) -> bool:
    return listing.get("error") is not None or not listing["posts"]


def echo_checked(checked: list[dict[str, Any]], locale: Locale) -> None:
    for portal in checked:
        for listing in portal["listings"]:
            click.secho(f"{portal['id']}: {listing['url']}", bold=True)
            echo_probe(listing, locale)
            click.echo()


def echo_probe(found: dict[str, Any], locale: Locale) -> None:
    """What was found on one listing, for people."""
    if found.get("error"):
        click.echo(f"{found.get('outcome')}: {printable_cell(found['error'])}")
    article = found.get("article") or {}
    echo_facts(
        {
            "kind": found.get("kind"),
            "feed": found.get("feed"),
            "posts": str(len(found["posts"])),
            "rejected links": str(len(found["rejected"])),
            "first article": article.get("title"),
            "published": _local(article.get("published_at"), locale),
            "published says": found.get("dating"),
            "body": f"{article['body_chars']} characters" if article else None,
            "attachments": [
                str(link.get("url") if isinstance(link, dict) else link)
                for link in article.get("attachments", [])
            ],
        }
    )
    rows = [
        (_local(post["published_at"], locale), post["title"], post["url"])
        for post in found["posts"][:SHOWN]
    ]
    echo_table(["published", "title", "address"], rows, empty="no post was found")
    if found["rejected"]:
        click.echo("taken for no post, among others:")
        telling = sorted(found["rejected"], key=lambda link: link["reason"] != LIKE_POSTS)
        rejected = [(link["reason"], link["text"], link["url"]) for link in telling[:SHOWN]]
        echo_table(["reason", "text", "address"], rejected)


def _local(instant: str | None, locale: Locale) -> str:
    from datetime import datetime

    return local(datetime.fromisoformat(instant), locale) if instant else ""
