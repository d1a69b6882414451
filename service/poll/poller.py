"""Polls what is due: leases listings, polls portals side by side, and books the next poll of each.

A portal's listings are polled one after the other, since they share its host's patience.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

from service.alerts.links import Links
from service.errors import InvalidInput, LoaError, PortalError
from service.heartbeat import Pulse
from service.logs import Log
from service.poll import decide
from service.poll.article_reading import Articles, hints_of
from service.poll.backfill import BackfillTools
from service.poll.backfill_run import BackfillReport, run_backfill
from service.poll.booking import Booking, EndedPolls, FailedPoll
from service.poll.file_watch import Files
from service.poll.listing import ListingPoll
from service.poll.listing_leases import Leases
from service.poll.look_back import Subject
from service.poll.page_in_progress import NamingSource, ReadPdf
from service.poll.page_sources import Analysing, PageSource, Reader
from service.poll.recheck import RecheckResult, Rechecks
from service.poll.report import ANOTHER, ListingReport, PollReport
from service.poll.runs import Run, Runs
from service.portals import read as portals_read
from service.portals.pdf import read_pdf
from service.services.backfill_acts import Progress
from service.services.post_store import PostStore
from service.settings import ListingConfig, PortalConfig, Settings
from service.storage.archive import file_texts
from service.storage.archive_store import Archive
from service.storage.engine import Database
from service.storage.listings import (
    ListingState,
    is_due,
    know_listings,
    load_listings,
    release_listing,
)
from service.storage.pages import posts_with, scan_readings
from service.storage.posts import get_post, listings_of, walk_posts
from service.storage.watch import ask_newest_checks, portals_to_check
from service.types import Clock, Post, ScanReading, Understanding

_PORTALS_AT_ONCE = 16
PATIENCE_S = 5.0
"""How long a waking waits for its portals; well under the 10 s in which a worker must be gone."""
_RECHECKS_FORCED = (
    20  # of the newest posts, looked at again by a poll by hand: an edit need not wait for its hour
)
_ARTICLES_FORCED = 500  # articles read after a poll by hand: all of a baseline
_ARTICLES_DUE = (
    60  # articles read in one waking: about as many seconds, then the listings have their turn
)
_TRIES = 3
_READ_AT_ONCE = 100  # stored posts in memory while all are read by new rules

log = Log(__name__)


_States = dict[tuple[str, str], ListingState]


class Poller:
    """Safe to be called from several processes and machines at once: listings and posts are
    leased."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        fetcher: PageSource,
        understander: Analysing,
        links: Links,
        clock: Clock,
        *,
        reader: Reader = portals_read,
        read_pdf: ReadPdf = read_pdf,
        chance: Callable[[], float] = random.random,
        patience_s: float = PATIENCE_S,
        pulse: Pulse | None = None,
        archive: Archive,
    ) -> None:
        self._database = database
        self._settings = settings
        self._source = NamingSource(fetcher, database, clock, pulse or Pulse())
        self._reader = self._source.reader(reader)
        self._clock = clock
        self._articles = Articles(
            self._source, self._reader, understander, self._texts, self._scans
        )
        self._store = PostStore(database, links, settings.urgency.now)
        read_files = self._source.pdf_reader(read_pdf)
        self._files = Files(
            database, self._source, self._store, clock, self._understand, read_files, archive
        )
        self._rechecks = Rechecks(database, self._articles, self._store, self._files, clock)
        self._longest = timedelta(
            seconds=settings.polling.interval_s * (1 + settings.polling.jitter)
        )
        self._leases = Leases(database, clock, self._longest)
        self._booking = Booking(database, settings, clock, self._leases, self._reader, chance)
        self._runs: Runs[EndedPolls] = Runs(_PORTALS_AT_ONCE)
        self._patience_s = patience_s

    def poll(
        self,
        portal_ids: Sequence[str] | None = None,
        *,
        is_forced: bool = False,
        ended: Callable[[], None] = lambda: None,
    ) -> PollReport:
        """Polls what is due of these portals (all by default), or all of them when forced, and
        reads their articles. `ended` is called when a portal has been read, from any thread.

        Raises InvalidInput for a portal that is not configured.
        """
        portals = self._chosen(portal_ids)
        return self._poll(
            portals, is_forced=is_forced, articles=_ARTICLES_FORCED, patience_s=None, ended=ended
        )

    def backfill(self, portal_id: str, since: date, progress: Progress) -> BackfillReport:
        """Polls a portal, then looks for all that it published since that day.

        Raises InvalidInput for a portal that is not configured.
        """
        portals = self._chosen([portal_id])
        self._poll(portals, is_forced=True, articles=_ARTICLES_FORCED, patience_s=None)
        tools = BackfillTools(
            self._database,
            self._settings.polling,
            self._source,
            self._reader,
            self._articles,
            self._store,
            self._clock,
        )
        locale = self._settings.service.locale
        with self._source.turn(portal_id):
            return run_backfill(tools, portals[0], since, locale, progress)

    def poll_due(self) -> PollReport:
        """What is due now; called every few seconds. A portal that takes long is left to end by
        itself."""
        states = self._know(self._settings.portals)
        now = self._clock()
        with self._database.reading() as conn:
            checked = portals_to_check(conn, now)
        due = [
            portal
            for portal in self._settings.portals
            if portal.id in checked
            or any(
                is_due(states[portal.id, one.url], now, self._longest) for one in portal.listings
            )
        ]
        return self._poll(due, is_forced=False, articles=_ARTICLES_DUE, patience_s=self._patience_s)

    def _chosen(self, portal_ids: Sequence[str] | None) -> Sequence[PortalConfig]:
        if not portal_ids:
            return self._settings.portals
        by_id = {portal.id: portal for portal in self._settings.portals}
        for portal_id in portal_ids:
            if portal_id not in by_id:
                raise InvalidInput(
                    "portal", f"{portal_id!r} is not configured", ", ".join(sorted(by_id))
                )
        return [by_id[portal_id] for portal_id in dict.fromkeys(portal_ids)]

    def _poll(
        self,
        portals: Sequence[PortalConfig],
        *,
        is_forced: bool,
        articles: int,
        patience_s: float | None,
        ended: Callable[[], None] = lambda: None,
    ) -> PollReport:
        states = self._know(portals)

        def work(portal: PortalConfig) -> EndedPolls:
            done = self._poll_portal(portal, states, is_forced=is_forced, articles=articles)
            ended()
            return done

        works = {portal.id: partial(work, portal) for portal in portals}
        runs = self._runs.run(works, self._book_late, patience_s)
        reports = self._booking.failures([run.result for run in runs if run.result is not None])
        faults = [run.fault for run in runs if run.fault is not None]
        if faults:
            raise faults[0]
        return PollReport(tuple(reports))

    def _book_late(self, run: Run[EndedPolls]) -> None:
        """A portal that took longer than anybody waited."""
        try:
            if run.fault is not None:
                raise run.fault
            self._booking.failures([run.result or []])
        except LoaError as error:
            log.error("cannot poll", error=str(error))
        except Exception:  # a bug at one portal, logged whole: the others are polled
            log.exception("a poll failed by a fault of Loa's own")

    def _know(self, portals: Sequence[PortalConfig]) -> _States:
        pairs = [(portal.id, listing.url) for portal in portals for listing in portal.listings]
        with self._database.reading() as conn:
            known = load_listings(conn)
        if any(pair not in known for pair in pairs):
            with self._database.writing() as conn:
                know_listings(conn, pairs, self._clock())
                known = load_listings(conn)
        return known

    def read_by_new_rules(self, post_ids: Sequence[str] = ()) -> list[Post]:
        """Reads stored posts by the rules of now, and lets these decide again where a person had;
        returns what changed.

        Without ids every post that its portal shows is read, and what a person decided stays.
        Raises NotFound.
        """
        portals = {portal.id: portal for portal in self._settings.portals}
        changed = []
        for post in self._stored(post_ids):
            portal = portals.get(post.portal.id)
            if portal is None:
                continue
            now = self._clock()
            is_old = post.published_at < decide.alerted_since(self._settings.polling, now)
            silenced = decide.silence(
                is_old, self._settings.polling, is_baseline=False, is_flood=False
            )
            understanding = self._understand(portal, post)
            newer = self._store.read_by_new_rules(
                post, understanding, now, silenced, is_lifting=bool(post_ids)
            )
            if newer is not None:
                changed.append(newer)
        return changed

    def _stored(self, post_ids: Sequence[str]) -> Iterator[Post]:
        if post_ids:
            with self._database.reading() as conn:
                yield from [get_post(conn, post_id) for post_id in post_ids]
            return
        after = ""
        while True:
            with self._database.reading() as conn:
                posts = walk_posts(conn, after, _READ_AT_ONCE)
            if not posts:
                return
            yield from posts
            after = posts[-1].id

    def _texts(self, digests: Sequence[str]) -> str:
        with self._database.reading() as conn:
            return file_texts(conn, digests)

    def _scans(self, digests: Sequence[str]) -> tuple[ScanReading, ...]:
        with self._database.reading() as conn:
            return scan_readings(conn, digests)

    def scans_read(self, digest: str) -> int:
        """What a scanned file adds to its posts, now that it was read; returns how many of them
        are told of again."""
        with self._database.reading() as conn:
            ids = posts_with(conn, digest)
        return sum(self._scan_read(digest, post_id) for post_id in ids)

    def _scan_read(self, digest: str, post_id: str) -> bool:
        portals = {portal.id: portal for portal in self._settings.portals}
        for _ in range(_TRIES):  # it may be edited meanwhile
            with self._database.reading() as conn:
                post = get_post(conn, post_id)
            if post.portal.id not in portals or digest not in {
                link.sha256 for link in post.attachments
            }:
                return False
            understanding = self._understand(portals[post.portal.id], post)
            now = self._clock()
            is_old = post.published_at < decide.alerted_since(self._settings.polling, now)
            is_told = self._store.scan_read(post, understanding, now, is_old=is_old)
            if is_told is not None:
                return is_told
        return False

    def _understand(self, portal: PortalConfig, post: Post) -> Understanding:
        with self._database.reading() as conn:
            listings = listings_of(conn, post.id)
        return self._articles.understand(post, hints_of(portal, listings))

    # --- one portal --------------------------------------------------------------------------

    def _poll_portal(
        self, portal: PortalConfig, states: _States, *, is_forced: bool, articles: int
    ) -> EndedPolls:
        with self._source.turn(portal.id):
            return self._poll_in_turn(portal, states, is_forced=is_forced, articles=articles)

    def _poll_in_turn(
        self, portal: PortalConfig, states: _States, *, is_forced: bool, articles: int
    ) -> EndedPolls:
        ended: EndedPolls = []
        try:
            return self._poll_listings(
                portal, states, ended, is_forced=is_forced, articles=articles
            )
        except BaseException:
            for end in ended:
                if isinstance(end, FailedPoll):  # nobody books it: it is free for its next poll
                    self._release(end.state, end.started_at)
            raise

    def _poll_listings(
        self,
        portal: PortalConfig,
        states: _States,
        ended: EndedPolls,
        *,
        is_forced: bool,
        articles: int,
    ) -> EndedPolls:
        """`ended`: where each ends up as soon as it did."""
        is_down = False
        if is_forced:
            with self._database.writing() as conn:
                ask_newest_checks(conn, portal.id, self._clock(), _RECHECKS_FORCED)
        for listing in portal.listings:
            known = states[portal.id, listing.url]
            if not is_forced and not is_due(known, self._clock(), self._longest):
                is_down = is_down or known.failing_since is not None
                continue
            state = self._leases.take(portal.id, listing.url, is_forced=is_forced)
            if state is not None:
                ended.append(self._poll_listing(portal, listing, state))
        if not is_down and not any(isinstance(end, FailedPoll) for end in ended):
            rechecked = self._rechecks.run(portal, articles)
            return [end if isinstance(end, FailedPoll) else _with(end, rechecked) for end in ended]
        return ended

    def _poll_listing(
        self, portal: PortalConfig, listing: ListingConfig, state: ListingState
    ) -> ListingReport | FailedPoll:
        started_at = self._clock()
        subject = Subject(
            database=self._database,
            polling=self._settings.polling,
            source=self._source,
            reader=self._reader,
            portal=portal,
            listing=listing,
            state=state,
        )
        poll = ListingPoll(
            subject,
            articles=self._articles,
            store=self._store,
            files=self._files,
            clock=self._clock,
        )
        try:
            polled = poll.run()
        except PortalError as error:
            return FailedPoll(state, started_at, self._booking.took_s(started_at), error)
        except BaseException:
            self._release(state, started_at)
            raise
        self._booking.success(portal, state, polled, started_at)
        return polled.report

    def _release(self, state: ListingState, started_at: datetime) -> None:
        """Gives a listing back without a result."""
        held = self._leases.drop(state)
        again_at = started_at + timedelta(seconds=self._settings.polling.interval_s)
        with self._database.writing() as conn:
            release_listing(conn, held, again_at)


def _with(report: ListingReport, rechecked: RecheckResult) -> ListingReport:
    return replace(
        report,
        updated=report.updated + rechecked.updated[report.url],
        withdrawn=report.withdrawn + rechecked.withdrawn[report.url],
        dropped=Counter(report.dropped) + Counter({ANOTHER: rechecked.another[report.url]}),
    )
