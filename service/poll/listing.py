"""Polls one listing: fetch, parse, compare, read the articles of what is new, store.

Raises PortalError where nothing could be read; the Poller decides what that means for the next poll.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from service.errors import FetchError, PortalError
from service.poll import decide
from service.poll.article import Articles, ReadArticle
from service.poll.rename import Renames
from service.poll.report import ListingReport
from service.poll.sources import PageSource, Reader
from service.poll.store import Store
from service.settings import ListingConfig, PollingSettings, PortalConfig
from service.storage.engine import Database
from service.storage.listings import ListingState
from service.storage.posts import KnownPost, get_post, is_overruled, listings_of, post_by_key
from service.storage.watch import ask_check
from service.types import Article, Clock, ListedPost, Listing, Outcome, Page, Post, Understanding, Validators

_BATCH = 10  # posts stored in one transaction where nobody waits for an alert: well under 50 ms
_MAX_FAILURES = 2  # articles in a row that cannot be reached; the rest are stored from their rows, to be read later


@dataclass(frozen=True, slots=True)
class Polled:
    """A listing that could be read. `validators` None: the page was unchanged, and what is known stays."""

    report: ListingReport
    validators: Validators | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """All pages of one poll of a listing, merged."""

    rows: dict[str, ListedPost]
    first_page: dict[str, ListedPost]
    known: dict[str, KnownPost]
    is_gap: bool
    is_by_detection: bool
    dropped: Mapping[str, int]


class ListingPoll:
    """The poll of one listing of one portal, once."""

    def __init__(
        self,
        *,
        database: Database,
        polling: PollingSettings,
        source: PageSource,
        reader: Reader,
        articles: Articles,
        store: Store,
        clock: Clock,
        portal: PortalConfig,
        listing: ListingConfig,
        state: ListingState,
    ) -> None:
        self._database = database
        self._polling = polling
        self._source = source
        self._reader = reader
        self._articles = articles
        self._store = store
        self._clock = clock
        self._portal = portal
        self._listing = listing
        self._state = state
        self._categories = {one.url: one.category for one in portal.listings if one.category}

    def run(self) -> Polled:
        """Raises PortalError."""
        is_same_reader = self._state.reader_version == self._reader.reader_version(self._portal)
        validators = self._state.validators if is_same_reader else Validators()
        page = self._source.get(self._listing.url, validators, portal=self._portal)
        if page is None:
            return Polled(replace(self._report(Outcome.UNCHANGED), unchanged=self._state.last_rows or 0))
        return self._compare(page)

    def _report(self, outcome: Outcome) -> ListingReport:
        return ListingReport(self._portal.id, self._listing.url, outcome)

    # --- what the pages show -----------------------------------------------------------------

    def _compare(self, page: Page) -> Polled:
        seen = self._look_back(self._reader.read_listing(page, self._portal, self._listing))
        sorted_ = decide.sort_rows(seen.rows, seen.known, self._listing.url)
        renamed = self._take_renamed(sorted_.new, seen)
        is_flood = not self._is_quiet and len(sorted_.new) > self._polling.flood_limit
        held = self._store_new(sorted_.new, seen, is_flood=is_flood)
        updated = renamed + self._look_again(sorted_.edited, seen.known)
        self._take_from_elsewhere(sorted_.other, seen.known)
        outcome = decide.success_outcome(
            new=len(sorted_.new) + updated,
            rows=len(seen.first_page),
            last_rows=self._state.last_rows,
            is_flood=is_flood,
            is_gap=seen.is_gap,
            is_by_detection=seen.is_by_detection,
        )
        report = replace(
            self._report(outcome),
            new=len(sorted_.new),
            updated=updated,
            unchanged=len(sorted_.again) + len(sorted_.other) + len(sorted_.edited) - updated + renamed,
            held=held,
            dropped=seen.dropped,
            error=f"moved permanently to {page.moved_to!r}" if page.moved_to else None,
        )
        return Polled(report, Validators(page.etag, page.last_modified, page.sha256), len(seen.first_page))

    @property
    def _is_baseline(self) -> bool:
        return self._state.baseline_at is None

    @property
    def _is_quiet(self) -> bool:
        return self._is_baseline and not self._polling.alert_on_first_poll

    def _look_back(self, first: Listing) -> _Seen:
        """Page one, and older pages until a known post; only page one of a baseline."""
        dropped: Counter[str] = Counter()
        rows: dict[str, ListedPost] = {}
        first_rows: dict[str, ListedPost] = {}
        known: dict[str, KnownPost] = {}
        listing, pages, is_gap = first, 0, False
        while True:
            dropped.update(link.reason for link in listing.rejected)
            page_rows = {key: row for key, row in decide.merge_rows(listing.posts).items() if key not in rows}
            first_rows = first_rows or dict(page_rows)
            page_known = self._known(page_rows)
            rows.update(page_rows)
            known.update(page_known)
            if self._is_baseline or decide.is_joined(page_rows, page_known):
                break
            if listing.next_url is None or pages >= self._polling.backfill_pages:
                is_gap = True
                break
            pages += 1
            older = self._older_page(listing.next_url)
            if older is None:
                is_gap = True
                break
            listing = older
        return _Seen(rows, first_rows, known, is_gap, self._is_drifted(first), dict(dropped))

    def _is_drifted(self, listing: Listing) -> bool:
        return listing.is_by_detection and self._portal.kind != "auto"

    def _older_page(self, url: str) -> Listing | None:
        """None where it cannot be read: a gap, and what page one shows is not lost for it."""
        try:
            page = self._source.get(url, Validators(), portal=self._portal)
            return None if page is None else self._reader.read_listing(page, self._portal, self._listing)
        except PortalError:
            return None

    def _known(self, rows: Mapping[str, ListedPost]) -> dict[str, KnownPost]:
        with self._database.reading() as conn:
            return post_by_key(conn, self._portal.id, list(rows))

    # --- what is new -------------------------------------------------------------------------

    def _store_new(self, new: Mapping[str, ListedPost], seen: _Seen, *, is_flood: bool) -> int:
        """Stores the new posts, oldest last on the page first; gives how many a flood holds back."""
        moved_up = decide.moved_up(seen.first_page, seen.known, self._state.last_rows)
        order = list(new.items())[::-1]
        if self._is_quiet or is_flood:
            return self._store_from_rows(order, moved_up, is_flood=is_flood)
        failures = 0
        for key, row in order:
            read = None
            if row.article is not None or failures < _MAX_FAILURES:
                read, has_failed = self._read(row)
                failures = failures + 1 if has_failed else 0
            now = self._clock()
            draft = self._articles.draft(self._portal, key, row, read, self._hints(), now)
            silenced = self._silence(draft.published_at, is_moved_up=key in moved_up)
            self._store.new(draft, self._listing.url, row.title, silenced)
        return 0

    def _silence(self, published_at: datetime, *, is_moved_up: bool, is_flood: bool = False) -> str | None:
        if is_moved_up:
            return "baseline"
        return decide.silence(
            published_at, self._clock(), self._polling, is_baseline=self._is_baseline, is_flood=is_flood
        )

    def _store_from_rows(self, order: list[tuple[str, ListedPost]], moved_up: set[str], *, is_flood: bool) -> int:
        """Stores what the listing says, at once and for no alert; the articles are read afterwards."""
        held = 0
        for start in range(0, len(order), _BATCH):
            batch = []
            for key, row in order[start : start + _BATCH]:
                read = None if row.article is None else self._read(row)[0]
                draft = self._articles.draft(self._portal, key, row, read, self._hints(), self._clock())
                silenced = self._silence(draft.published_at, is_moved_up=key in moved_up, is_flood=is_flood)
                held += silenced == "flood"
                batch.append((draft, row.title, silenced))
            self._store.new_batch(batch, self._listing.url)
        return held

    def _hints(self, others: list[str] | None = None) -> tuple[str, ...]:
        urls = [*(others or []), self._listing.url]
        return tuple(dict.fromkeys(self._categories[url] for url in urls if url in self._categories))

    def _read(self, row: ListedPost) -> tuple[ReadArticle | None, bool]:
        """The article, and whether it could not even be reached."""
        if row.article is not None:
            return ReadArticle(row.article, None, self._articles.version(self._portal)), False
        try:
            return self._articles.read(row.url, self._portal), False
        except FetchError as error:
            return None, error.status is None
        except PortalError:
            return None, False

    # --- what is known -----------------------------------------------------------------------

    def _take_renamed(self, new: dict[str, ListedPost], seen: _Seen) -> int:
        """Takes out of the new rows those that are known posts under a new address; gives how many."""
        if self._is_baseline:
            return 0
        renames = Renames(self._database, self._source)
        count = 0
        for key, row in list(new.items()):
            post = renames.find(self._portal, self._listing.url, row, seen.first_page, seen.known)
            if post is None:
                continue
            del new[key]
            read, _ = self._read(row)
            if read is None:
                read = ReadArticle(_article_of(post, row), None, self._articles.version(self._portal))
            draft = self._articles.draft(self._portal, key, row, read, self._hints(), self._clock())
            self._store.renamed(post, draft, self._listing.url, row.title)
            count += 1
        return count

    def _look_again(self, edited: Mapping[str, ListedPost], known: Mapping[str, KnownPost]) -> int:
        """Reads the articles of posts that the listing shows under another title than before."""
        count = 0
        for key, row in edited.items():
            post_id = known[key].id
            read, _ = self._read(row)
            now = self._clock()
            if read is None:
                with self._database.writing() as conn:
                    ask_check(conn, post_id, now)
                continue
            with self._database.reading() as conn:
                post, listings = get_post(conn, post_id), listings_of(conn, post_id)
            drafted = self._articles.redraft(self._portal, post, read, self._hints(listings), now, row.moment)
            if known[key].has_article:
                count += self._store.edited(post_id, drafted)
            else:
                self._store.completed(post, drafted)
            self._store.listed(post_id, self._listing.url, row.title, now)
        return count

    def _take_from_elsewhere(self, other: Mapping[str, ListedPost], known: Mapping[str, KnownPost]) -> None:
        """Posts that another listing showed first: both hints, one post, one alert."""
        for key, row in other.items():
            now = self._clock()
            with self._database.reading() as conn:
                post = get_post(conn, known[key].id)
                listings = listings_of(conn, post.id)
                is_decided = is_overruled(conn, post.id)
            understanding = None if is_decided else self._reconsidered(post, self._hints(listings))
            silenced = decide.silence(
                post.published_at, now, self._polling, is_baseline=self._is_baseline, is_flood=False
            )
            is_news = silenced is None and not self._is_baseline
            self._store.listed_elsewhere(post, self._listing.url, row.title, understanding, now, is_news=is_news)

    def _reconsidered(self, post: Post, hints: tuple[str, ...]) -> Understanding | None:
        """What the post is about by all its hints; None where they change nothing."""
        understanding = self._articles.understand(self._portal, post, hints)
        return None if understanding.categories == post.categories else understanding


def _article_of(post: Post, row: ListedPost) -> Article:
    """The article as it was stored, under the title that the listing shows now."""
    title = post.title if row.is_cut else row.title
    return Article(row.url, title, row.moment, post.html, post.text, post.attachments)
