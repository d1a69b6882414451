"""Walks back through a listing's pages to a day, stores what was missed, and closes the gaps that
it covers.

A post that was published within a gap is told as a late one, unless it is agreed to be older than
anybody is alerted of; another one fills feeds only. Every page is stored before the next is asked
for, so that a walk may be interrupted and run again: what is known by then is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import median_low

from service.errors import PortalError
from service.poll import decide
from service.poll.article_reading import Articles, ReadArticle, hints_of
from service.poll.guids import asked, keyed, match
from service.poll.page_sources import PageSource, Reader
from service.services.backfill_acts import Progress
from service.services.post_store import PostStore
from service.settings import ListingConfig, PollingSettings, PortalConfig
from service.storage.coverage import Gap, close_gaps, load_gaps
from service.storage.engine import Database
from service.storage.listings import load_listings
from service.storage.posts import Draft, KnownPost, post_by_key
from service.types import UNCONDITIONAL, Clock, ListedPost, Listing

MAX_PAGES = 1_000
"""Of one listing in one walk: twenty thousand posts, some twenty minutes at a second a page."""
_DAY = timedelta(days=1)  # many portals print no hour: a day's posts stand at its first instant


@dataclass(slots=True)
class ListingBackfill:
    """What a walk through one listing did. `reached_at`: all that it shows since then was seen;
    None: nothing is known of that."""

    url: str
    pages: int = 0
    found: int = 0
    alerted: int = 0
    reached_at: datetime | None = None
    error: str | None = None
    """Why it ended before the day that was asked for, coded; None: it did not, or the listing has
    no older page."""
    left: list[Gap] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BackfillTools:
    """What a walk works with."""

    database: Database
    polling: PollingSettings
    source: PageSource
    reader: Reader
    articles: Articles
    store: PostStore
    clock: Clock


class BackfillStore:
    """Stores posts that were missed, and decides who hears of them."""

    def __init__(self, tools: BackfillTools, portal: PortalConfig, fresh_after: datetime) -> None:
        """What was published after `fresh_after` may be new: it is never kept silent."""
        self._tools = tools
        self._portal = portal
        self._fresh_after = fresh_after
        self._told = 0

    def known(self, rows: Mapping[str, ListedPost]) -> dict[str, KnownPost]:
        """Those rows that are known posts."""
        with self._tools.database.reading() as conn:
            known = post_by_key(conn, self._portal.id, asked(rows))
        return match(rows, known).known

    def keep(
        self,
        key: str,
        row: ListedPost,
        listing_url: str,
        gaps: Sequence[Gap],
        read: ReadArticle | None = None,
    ) -> bool | None:
        """Stores a post. Whether those who asked are told of it; None where it was known by
        then."""
        at = None if row.moment is None else row.moment.at
        is_missed = at is None or self._is_missed(at, gaps)
        if is_missed and read is None:
            read = self._read(row)
        tools, now = self._tools, self._tools.clock()
        hints = hints_of(self._portal, [listing_url])
        draft = tools.articles.draft(self._portal, key, row, read, hints, now)
        silenced = self._silence(draft, is_missed=self._is_missed(draft.published_at, gaps))
        if silenced is None and draft.dating is not None:
            draft = replace(draft, dating=replace(draft.dating, is_late=True))
        if tools.store.new(draft, listing_url, row.title, silenced) is None:
            return None
        self._told += silenced is None
        return silenced is None

    def _is_missed(self, at: datetime, gaps: Sequence[Gap]) -> bool:
        return at >= self._fresh_after or any(
            gap.from_at - _DAY <= at <= gap.to_at + _DAY for gap in gaps
        )

    def _silence(self, draft: Draft, *, is_missed: bool) -> str | None:
        polling = self._tools.polling
        if not is_missed:
            return "baseline"
        is_old = decide.is_agreed_old(draft.dating, polling, self._tools.clock())
        is_flood = self._told >= polling.flood_limit
        return decide.silence(is_old, polling, is_baseline=False, is_flood=is_flood)

    def _read(self, row: ListedPost) -> ReadArticle | None:
        tools = self._tools
        if row.article is not None:
            return ReadArticle(row.article, None, tools.articles.version(self._portal))
        try:
            return tools.articles.read_first(row.url, self._portal, row.title)
        except PortalError:
            return None  # a later look reads it


def walk_back(
    tools: BackfillTools,
    portal: PortalConfig,
    listing: ListingConfig,
    since: datetime,
    finds: BackfillStore,
    progress: Progress,
    walked: ListingBackfill,
) -> None:
    """Reads older and older pages until one was published before `since`, and tells `walked` as it
    goes."""
    with tools.database.reading() as conn:
        gaps = load_gaps(conn).get((portal.id, listing.url), [])
        state = load_listings(conn).get((portal.id, listing.url))
    try:
        for page in _pages(tools, portal, listing, walked):
            reached_at = _take(page, listing, finds, gaps, walked)
            if reached_at is not None:
                walked.reached_at = min(reached_at, walked.reached_at or reached_at)
            progress(listing.url, walked.pages, walked.reached_at)
            if walked.reached_at is not None and walked.reached_at < since:
                break
    except PortalError as error:
        walked.error = error.reason
    finally:  # whoever interrupts it keeps what was walked
        walked.left = _close(tools, portal, walked, state.last_ok_at if state else None)


def _pages(
    tools: BackfillTools, portal: PortalConfig, listing: ListingConfig, walked: ListingBackfill
) -> Iterator[dict[str, ListedPost]]:
    """The rows of each page that no page before it showed. Raises PortalError."""
    seen: set[str] = set()
    url: str | None = listing.url
    while url is not None and walked.pages < MAX_PAGES:
        page = tools.source.get(url, UNCONDITIONAL, portal=portal)
        assert page is not None, "nothing was known of it"
        found: Listing = tools.reader.read_listing(page, portal, listing)
        walked.pages += 1
        rows = {key: row for key, row in keyed(found.posts).items() if key not in seen}
        if not rows:
            return  # a pager that leads in a circle, or past its end
        seen.update(rows)
        yield rows
        url = found.next_url


def _take(
    rows: Mapping[str, ListedPost],
    listing: ListingConfig,
    finds: BackfillStore,
    gaps: Sequence[Gap],
    walked: ListingBackfill,
) -> datetime | None:
    """Stores what is unknown of a page, the last row first; returns the instant since when all was
    seen then: that of its middle row, so that a pinned or a wrongly dated one claims nothing."""
    known = finds.known(rows)
    for key, row in reversed(list(rows.items())):
        if key in known:
            continue
        is_told = finds.keep(key, row, listing.url, gaps)
        if is_told is not None:
            walked.found += 1
            walked.alerted += is_told
    moments = [one.published_at for one in known.values()]
    unknown = [row.moment for key, row in rows.items() if key not in known]
    moments += [moment.at for moment in unknown if moment is not None]
    return median_low(moments) if moments else None


def _close(
    tools: BackfillTools, portal: PortalConfig, walked: ListingBackfill, read_at: datetime | None
) -> list[Gap]:
    with tools.database.writing() as conn:
        if walked.reached_at is None or read_at is None:
            return load_gaps(conn).get((portal.id, walked.url), [])
        return close_gaps(conn, portal.id, walked.url, Gap(walked.reached_at, read_at))
