"""Polls one listing: fetch, parse, compare, read the articles of what is new, store.

Raises PortalError where nothing could be read; the Poller decides what that means for the next
poll.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from service.errors import FetchError, PortalError
from service.instants import Witness
from service.poll import decide
from service.poll.article_reading import Articles, ReadArticle, hints_of
from service.poll.dating import by_order
from service.poll.file_watch import PATIENCE, Files
from service.poll.look_back import ListingView, LookBack, Subject
from service.poll.rename import Renames
from service.poll.report import ListingReport
from service.posts.diff import is_another
from service.services.post_store import PostStore
from service.storage.archive import WatchedFile
from service.storage.listings import CoverageStep
from service.storage.posts import (
    Draft,
    KnownPost,
    get_post,
    is_overruled,
    listings_of,
    oldest_listed,
)
from service.storage.watch import watch_post
from service.types import Article, Clock, ListedPost, Outcome, Page, Post, Understanding, Validators
from service.words import coded

_BATCH = 10  # posts stored in one transaction where nobody waits for an alert: well under 50 ms
_MOST_NEIGHBOURS = 200
# articles in a row that cannot be reached; the rest are stored from their rows, to be read later
_MAX_FAILURES = 2


@dataclass(frozen=True, slots=True)
class PollResult:
    """A listing that could be read. `validators` None: the page was unchanged, and what is known
    stays."""

    report: ListingReport
    validators: Validators | None = None
    rows: int | None = None
    resume_url: str | None = None
    coverage: CoverageStep = CoverageStep.WHOLE


class ListingPoll:
    """The poll of one listing of one portal, once."""

    def __init__(
        self, of: Subject, *, articles: Articles, store: PostStore, files: Files, clock: Clock
    ) -> None:
        self._of = of
        self._articles = articles
        self._store = store
        self._files = files
        self._clock = clock
        self._look_back = LookBack(of)

    def run(self) -> PollResult:
        """Raises PortalError."""
        is_same_reader = self._of.state.reader_version == self._of.reader.reader_version(
            self._of.portal
        )
        validators = self._of.state.validators if is_same_reader else Validators()
        page = self._of.source.get(self._of.listing.url, validators, portal=self._of.portal)
        if page is None:
            return PollResult(
                replace(self._report(Outcome.UNCHANGED), unchanged=self._of.state.last_rows or 0)
            )
        return self._compare(page)

    def _report(self, outcome: Outcome) -> ListingReport:
        return ListingReport(self._of.portal.id, self._of.listing.url, outcome)

    # --- what the pages show -----------------------------------------------------------------

    def _compare(self, page: Page) -> PollResult:
        listing = self._of.reader.read_listing(page, self._of.portal, self._of.listing)
        seen = self._look_back.run(listing)
        sorted_ = decide.sort_rows(seen.rows, seen.known, self._of.listing.url)
        if seen.aliases:
            self._store.named(self._of.portal.id, seen.aliases)
        renamed = self._take_renamed(sorted_.new, seen)
        is_flood = not self._is_quiet and len(sorted_.new) > self._of.polling.flood_limit
        held = self._store_new(sorted_.new, seen, is_flood=is_flood)
        updated = renamed + self._look_again(sorted_.edited, seen.known)
        self._take_from_elsewhere(sorted_.other, seen.known)
        outcome = decide.success_outcome(
            new=len(sorted_.new) + updated,
            rows=len(seen.first_page),
            last_rows=self._rows_expected(),
            is_flood=is_flood,
            is_gap=seen.is_gap,
            is_by_detection=listing.is_by_detection,
        )
        report = replace(
            self._report(outcome),
            new=len(sorted_.new),
            updated=updated,
            unchanged=len(sorted_.again)
            + len(sorted_.other)
            + len(sorted_.edited)
            - updated
            + renamed,
            held=held,
            dropped=dict(seen.dropped),
            error=_remark(page, seen),
        )
        return self._remembered(report, page, seen, is_drifted=listing.is_by_detection)

    def _remembered(
        self, report: ListingReport, page: Page, seen: ListingView, *, is_drifted: bool
    ) -> PollResult:
        """What the next poll is to know. While something is wrong the page is read again, equal
        bytes or not."""
        has_dropped = decide.has_dropped(len(seen.first_page), self._rows_expected())
        is_well = not (is_drifted or has_dropped or seen.resume_url)
        validators = (
            Validators(page.etag, page.last_modified, page.sha256) if is_well else Validators()
        )
        rows = None if has_dropped else len(seen.first_page)
        coverage = CoverageStep.WHOLE if is_well else CoverageStep.UNKNOWN
        if seen.is_gap:
            coverage = CoverageStep.GAP
        return PollResult(report, validators, rows, seen.resume_url, coverage)

    def _rows_expected(self) -> int | None:
        return decide.rows_expected(self._of.state, self._clock())

    @property
    def _is_baseline(self) -> bool:
        return self._of.state.baseline_at is None

    @property
    def _is_quiet(self) -> bool:
        return self._is_baseline and not self._of.polling.alert_on_first_poll

    # --- what is new -------------------------------------------------------------------------

    def _store_new(
        self, new: Mapping[str, ListedPost], seen: ListingView, *, is_flood: bool
    ) -> int:
        """Stores the new posts, oldest last on the page first; returns how many a flood holds
        back."""
        moved_up = self._moved_up(seen) if new else set()
        order = list(new.items())[::-1]
        if self._is_quiet or is_flood:
            return self._store_from_rows(order, moved_up, seen, is_flood=is_flood)
        failures = 0
        until = self._clock() + PATIENCE
        for key, row in order:
            read = None
            if row.article is not None or failures < _MAX_FAILURES:
                read, has_failed = self._read(row, is_new=True)
                failures = failures + 1 if has_failed else 0
            self._store_one(
                key, row, read, until, _place_of(key, seen), is_moved_up=key in moved_up
            )
        return 0

    def _store_one(
        self,
        key: str,
        row: ListedPost,
        read: ReadArticle | None,
        until: datetime,
        order: Sequence[Witness],
        *,
        is_moved_up: bool,
    ) -> None:
        """Its files are fetched first, so that the alert says what they say; until `until`, then it
        goes without."""
        files: tuple[WatchedFile, ...] = ()
        if read is not None and read.article.attachments:
            read, files = self._files.fetch(self._of.portal, read, until=until)
        now = self._clock()
        draft = self._articles.draft(self._of.portal, key, row, read, self._hints(), now, order)
        draft = replace(draft, files=files)
        if len(files) < len(draft.attachments):
            draft = replace(draft, next_check_at=now)
        silenced = self._silence(draft, is_moved_up=is_moved_up)
        self._store.new(self._marked(draft, silenced), self._of.listing.url, row.title, silenced)

    def _marked(self, draft: Draft, silenced: str | None) -> Draft:
        """As late, where it says an old day and is told nevertheless."""
        is_late = silenced is None and draft.published_at < decide.alerted_since(
            self._of.polling, self._clock()
        )
        return (
            replace(draft, dating=replace(draft.dating, is_late=True))
            if is_late and draft.dating
            else draft
        )

    def _moved_up(self, seen: ListingView) -> set[str]:
        with self._of.database.reading() as conn:
            oldest = oldest_listed(conn, self._of.portal.id, self._of.listing.url)
        return decide.moved_up(seen.first_page, seen.known, self._of.state.last_rows, oldest)

    def _silence(self, draft: Draft, *, is_moved_up: bool, is_flood: bool = False) -> str | None:
        if is_moved_up:
            return "baseline"
        is_old = decide.is_agreed_old(draft.dating, self._of.polling, self._clock())
        return decide.silence(
            is_old, self._of.polling, is_baseline=self._is_baseline, is_flood=is_flood
        )

    def _store_from_rows(
        self,
        order: list[tuple[str, ListedPost]],
        moved_up: set[str],
        seen: ListingView,
        *,
        is_flood: bool,
    ) -> int:
        """Stores what the listing says, at once and for no alert; the articles are read
        afterwards."""
        held = 0
        for start in range(0, len(order), _BATCH):
            batch = []
            for key, row in order[start : start + _BATCH]:
                read = None if row.article is None else self._read(row)[0]
                place = _place_of(key, seen)
                draft = self._articles.draft(
                    self._of.portal, key, row, read, self._hints(), self._clock(), place
                )
                silenced = self._silence(draft, is_moved_up=key in moved_up, is_flood=is_flood)
                held += silenced == "flood"
                batch.append((draft, row.title, silenced))
            self._store.new_batch(batch, self._of.listing.url)
        return held

    def _hints(self, others: Sequence[str] = ()) -> tuple[str, ...]:
        return hints_of(self._of.portal, [*others, self._of.listing.url])

    def _read(self, row: ListedPost, *, is_new: bool = False) -> tuple[ReadArticle | None, bool]:
        """The article, and whether it could not even be reached."""
        if row.article is not None:
            return ReadArticle(row.article, None, self._articles.version(self._of.portal)), False
        try:
            if is_new:
                return self._articles.read_first(row.url, self._of.portal, row.title), False
            return self._articles.read(row.url, self._of.portal), False
        except FetchError as error:
            return None, error.status is None
        except PortalError:
            return None, False

    # --- what is known -----------------------------------------------------------------------

    def _take_renamed(self, new: dict[str, ListedPost], seen: ListingView) -> int:
        """Takes out of the new rows those that are known posts under a new address; returns how
        many."""
        if self._is_baseline:
            return 0
        renames = Renames(self._of.database, self._of.source)
        count = 0
        for key, row in list(new.items()):
            post = renames.find(
                self._of.portal, self._of.listing.url, row, seen.first_page, seen.known
            )
            if post is None:
                continue
            del new[key]
            read, _ = self._read(row)
            if read is None:
                read = ReadArticle(
                    _article_of(post, row), None, self._articles.version(self._of.portal)
                )
            draft = self._articles.draft(
                self._of.portal, key, row, read, self._hints(), self._clock()
            )
            self._store.renamed(post, draft, self._of.listing.url, row.title)
            count += 1
        return count

    def _look_again(self, edited: Mapping[str, ListedPost], known: Mapping[str, KnownPost]) -> int:
        """Reads the articles of posts that the listing shows under another title than before."""
        count = 0
        for key, row in edited.items():
            post_id = known[key].id
            with self._of.database.reading() as conn:
                post, listings = get_post(conn, post_id), listings_of(conn, post_id)
            read, _ = self._read(row)
            now = self._clock()
            if read is None or (
                known[key].has_article and is_another(post, read.article, [row.title])
            ):
                with self._of.database.writing() as conn:
                    watch_post(conn, post_id, now)
                continue
            read, files = self._files.fetch(self._of.portal, read, post.attachments)
            drafted = self._articles.redraft(
                self._of.portal, post, read, self._hints(listings), now, row
            )
            drafted = replace(drafted, files=files)
            if known[key].has_article:
                count += self._store.edited(post_id, drafted)
            else:
                self._store.completed(post, drafted)
            self._store.listed(post_id, self._of.listing.url, row.title, now)
        return count

    def _take_from_elsewhere(
        self, other: Mapping[str, ListedPost], known: Mapping[str, KnownPost]
    ) -> None:
        """Posts that another listing showed first: both hints, one post, one alert."""
        for key, row in other.items():
            now = self._clock()
            with self._of.database.reading() as conn:
                post = get_post(conn, known[key].id)
                listings = listings_of(conn, post.id)
                is_decided = is_overruled(conn, post.id)
            understanding = None if is_decided else self._reconsidered(post, self._hints(listings))
            # that it stood elsewhere before is the second witness of its age
            is_old = post.published_at < decide.alerted_since(self._of.polling, now)
            silenced = decide.silence(
                is_old, self._of.polling, is_baseline=self._is_baseline, is_flood=False
            )
            is_news = silenced is None and not self._is_baseline
            self._store.listed_elsewhere(
                post, self._of.listing.url, row.title, understanding, now, is_news=is_news
            )

    def _reconsidered(self, post: Post, hints: tuple[str, ...]) -> Understanding | None:
        """What the post is about by all its hints; None where they change nothing."""
        understanding = self._articles.understand(post, hints)
        return None if understanding.categories == post.categories else understanding


def _remark(page: Page, seen: ListingView) -> str | None:
    """What the operator is told of a listing that could be read."""
    if page.moved_to:
        return coded("fetch.moved", target=page.moved_to)
    return coded("poll.moved_posts", n=seen.moved) if seen.moved else None


def _place_of(key: str, seen: ListingView) -> tuple[Witness, ...]:
    """What its place among its neighbours says of a post's date."""
    is_asked = key in seen.first_page and len(seen.first_page) <= _MOST_NEIGHBOURS
    told = by_order(seen.first_page, key) if is_asked else None
    return (told,) if told is not None else ()


def _article_of(post: Post, row: ListedPost) -> Article:
    """The article as it was stored, under the title that the listing shows now."""
    title = post.title if row.is_cut else row.title
    return Article(row.url, title, row.moment, post.html, post.text, post.attachments)
