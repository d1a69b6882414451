"""Looks through a portal's sitemaps for posts that no listing shows any more.

robots.txt names them, else /sitemap.xml is tried. An address is read where its sitemap or its own
date folder says a day within the time that is asked for, and where it is made like those of the
portal's posts. What a sitemap names counts as watched only as far as it names the posts that are
known.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from service.errors import PortalError
from service.moments.address import by_address
from service.poll.backfill import BackfillStore, BackfillTools
from service.portals.sitemap import SitemapEntry, read_sitemap, sitemaps_of
from service.posts.identity import canonical_key
from service.services.backfill_acts import Progress
from service.settings import PortalConfig
from service.storage.coverage import Gap
from service.storage.posts import post_keys
from service.types import UNCONDITIONAL, ListedPost

MAX_SITEMAPS = 50
MAX_ARTICLES = 2_000
"""Of one run: at a second an article, half an hour. What is left is found by the next run."""
_NAMED_OF_TEN = 9
"""How many of ten known posts a sitemap must name to be trusted for the time between them."""
_DIGITS = re.compile(r"\d{1,20}")


@dataclass(slots=True)
class SitemapBackfill:
    """What the sitemaps of a portal told. `span`: between these, all posts are known; None: no
    sitemap can be trusted for any time."""

    url: str | None = None
    """The first sitemap that was read; None: there is none."""
    read: int = 0
    found: int = 0
    alerted: int = 0
    has_more: bool = False
    """Addresses are left for a further run."""
    span: Gap | None = None
    errors: list[str] = field(default_factory=list)


def search_sitemaps(
    tools: BackfillTools,
    portal: PortalConfig,
    since: datetime,
    gaps: Collection[Gap],
    finds: BackfillStore,
    progress: Progress,
    searched: SitemapBackfill,
) -> None:
    """Stores the posts since then that the sitemaps name and nobody knows, and tells `searched` as
    it goes, so that who interrupts it has what was found."""
    with tools.database.reading() as conn:
        known = post_keys(conn, portal.id)
    shapes = {shape_of(key) for key in known}
    named: set[str] = set()
    for entry in _entries(tools, portal, since.date(), searched):
        key = canonical_key(entry.url)
        if key in known:
            named.add(key)
        if key in known or shape_of(key) not in shapes or not _is_of(entry, since.date()):
            continue
        if searched.read == MAX_ARTICLES:
            searched.has_more = True
            break
        _read(tools, portal, entry, searched, list(gaps), finds)
        progress(searched.url or "", searched.read, None)
    if not searched.has_more and not searched.errors:
        searched.span = trusted_span(known, named)


def trusted_span(known: Mapping[str, datetime], named: Collection[str]) -> Gap | None:
    """The time between the oldest and the newest known post that is named, if nearly all known
    posts within are."""
    moments = sorted(known[key] for key in named)
    if len(moments) < 2:
        return None
    within = sum(moments[0] <= at <= moments[-1] for at in known.values())
    is_trusted = len(moments) * 10 >= within * _NAMED_OF_TEN
    return Gap(moments[0], moments[-1]) if is_trusted else None


def shape_of(key: str) -> str:
    """How an address is made: its folders without numbers, and how its last part ends."""
    folder, _, name = key.partition("?")[0].partition("#")[0].rpartition("/")
    return f"{_DIGITS.sub('0', folder)}/.{name.rpartition('.')[2] if '.' in name else ''}"


def _is_of(entry: SitemapEntry, since: date) -> bool:
    """Whether a sitemap or the address itself says a day since then; one that says none is read."""
    told = by_address(entry.url)
    days = [entry.changed_on, None if told is None else told.moment.at.date()]
    said = [day for day in days if day is not None]
    return not said or max(said) >= since


def _entries(
    tools: BackfillTools, portal: PortalConfig, since: date, searched: SitemapBackfill
) -> Iterator[SitemapEntry]:
    """What all sitemaps name, an index before what it leads to; those that changed last before
    `since` are left out."""
    waiting = deque(_roots(tools, portal))
    asked: set[str] = set()
    while waiting and len(asked) < MAX_SITEMAPS:
        url = waiting.popleft()
        if url in asked:
            continue
        asked.add(url)
        try:
            page = tools.source.get(url, UNCONDITIONAL, portal=portal)
        except PortalError as error:
            searched.errors.append(error.reason)
            continue
        found = read_sitemap(page.body if page is not None else b"")
        searched.url = searched.url or (url if found.entries else None)
        if not found.is_index:
            yield from found.entries
            continue
        newer = [one for one in found.entries if one.changed_on is None or one.changed_on >= since]
        waiting.extend(one.url for one in newer)
    searched.has_more = searched.has_more or bool(waiting)


def _roots(tools: BackfillTools, portal: PortalConfig) -> list[str]:
    host = portal.base_url.rstrip("/")
    try:
        page = tools.source.get(f"{host}/robots.txt", UNCONDITIONAL, portal=portal)
    except PortalError:
        page = None  # none, or nothing that can be read: then the usual place
    named = sitemaps_of(page.body.decode("utf-8", "replace")) if page is not None else []
    return named or [f"{host}/sitemap.xml"]


def _read(
    tools: BackfillTools,
    portal: PortalConfig,
    entry: SitemapEntry,
    searched: SitemapBackfill,
    gaps: list[Gap],
    finds: BackfillStore,
) -> None:
    searched.read += 1
    try:
        read = tools.articles.read(entry.url, portal)
    except PortalError:
        return  # no article: a page of another kind, or one that is gone
    if read is None or not read.article.title:
        return
    moment, told = read.article.moment, by_address(entry.url)
    if moment is None and told is not None:
        moment = told.moment
    if moment is None:
        return  # what says no day is a page of the portal, and no post of it
    row = ListedPost(entry.url, read.article.title, moment)
    assert searched.url is not None, "an entry came from some sitemap"
    is_told = finds.keep(canonical_key(entry.url), row, searched.url, gaps, read)
    if is_told is not None:
        searched.found += 1
        searched.alerted += is_told
