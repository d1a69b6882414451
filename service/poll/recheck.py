"""Looks at posts again: the article that could not be read, the edit, the withdrawal, the
return."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from service.errors import AnotherArticle, FetchError, PortalError
from service.logs import Log
from service.poll import decide
from service.poll.article_reading import Articles, ReadArticle, hints_of
from service.poll.file_watch import Files
from service.services.post_store import PostStore
from service.settings import PortalConfig
from service.storage.engine import Database
from service.storage.posts import get_post, listed_titles, listings_of
from service.storage.watch import (
    DueCheck,
    claim_check,
    count_missing,
    due_checks,
    mark_missing,
    mark_present,
    postpone_check,
)
from service.types import Clock, Post, Validators

_CLAIM = timedelta(minutes=15)  # longer than any article and its files can take
_RETRY = timedelta(
    minutes=10
)  # the first, after an article could not be read; then as old as the post is
_MAX_RETRY = timedelta(days=1)
_MAX_FAILURES = 2  # in a row at one portal: it is down, the others wait
_MANY_MISSING = (
    10  # more than so many, and more than half: the portal was rebuilt, nothing is withdrawn
)

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class RecheckResult:
    """What a round of rechecks found, by the address of the first listing that shows the post."""

    updated: Counter[str] = field(default_factory=Counter)
    withdrawn: Counter[str] = field(default_factory=Counter)
    another: Counter[str] = field(default_factory=Counter)
    """Answers with success that were not the article: an error page, a login, the front page,
    another post."""


class Rechecks:
    def __init__(
        self, database: Database, articles: Articles, store: PostStore, files: Files, clock: Clock
    ) -> None:
        self._database = database
        self._articles = articles
        self._store = store
        self._files = files
        self._clock = clock

    def run(self, portal: PortalConfig, limit: int) -> RecheckResult:
        """The posts of a portal that are due for a look, at most `limit`; stops where the portal is
        down."""
        counts = RecheckResult()
        with self._database.reading() as conn:
            due = due_checks(conn, self._clock(), limit, [portal.id])
        failures = 0
        for check in due:
            if failures >= _MAX_FAILURES:
                break
            failures = failures + 1 if self._look(portal, check, counts) else 0
        return counts

    def _look(self, portal: PortalConfig, check: DueCheck, counts: RecheckResult) -> bool:
        """Looks at one post; whether its portal could not even be reached."""
        now = self._clock()
        with self._database.writing() as conn:
            if not claim_check(conn, check.post_id, now, now + _CLAIM):
                return False
            post, listings = get_post(conn, check.post_id), listings_of(conn, check.post_id)
            titles = listed_titles(conn, check.post_id)
        hints, shown_by = hints_of(portal, listings), next(iter(listings), "")
        try:
            read = self._read(portal, post, check, titles)
        except AnotherArticle as error:
            counts.another[shown_by] += 1
            self._postpone(post)
            log.warning("not this article", portal=portal.id, url=post.url, error=str(error))
            return False
        except PortalError as error:
            counts.withdrawn[shown_by] += self._is_withdrawn(portal, post, check, error)
            return isinstance(error, FetchError) and error.status is None
        fetched: frozenset[str] = frozenset()
        if read is None:
            with self._database.writing() as conn:
                mark_present(conn, post.id, decide.next_check_at(post.first_seen_at, now))
        else:
            is_edited, fetched = self._take(portal, post, check, read, hints)
            counts.updated[shown_by] += is_edited
        counts.updated[shown_by] += self._files.watch(portal, post.id, but=fetched)
        return False

    def _read(
        self, portal: PortalConfig, post: Post, check: DueCheck, titles: Sequence[str]
    ) -> ReadArticle | None:
        validators = self._validators(portal, check)
        if check.article_at is None:
            return self._articles.read_first(post.url, portal, post.title, validators)
        return self._articles.read_again(post, portal, titles, validators)

    def _validators(self, portal: PortalConfig, check: DueCheck) -> Validators:
        is_same = check.version == self._articles.version(portal) and check.article_at is not None
        return check.validators if is_same and check.withdrawn_at is None else Validators()

    def _take(
        self,
        portal: PortalConfig,
        post: Post,
        check: DueCheck,
        read: ReadArticle,
        hints: tuple[str, ...],
    ) -> tuple[bool, frozenset[str]]:
        """Stores what the article says now: whether that is an edit, and which files were fetched
        with it."""
        read, files = self._files.fetch(portal, read, post.attachments)
        draft = self._articles.redraft(
            portal, post, read, hints, self._clock(), decide.remembered_row(post)
        )
        draft = replace(draft, files=files)
        is_edited = False
        if check.article_at is None:
            self._store.completed(post, draft)
        else:
            is_edited = self._store.edited(post.id, draft)
        return is_edited, frozenset(file.url for file in files)

    def _is_withdrawn(
        self, portal: PortalConfig, post: Post, check: DueCheck, error: PortalError
    ) -> bool:
        """The article could not be read. Whether that withdraws the post."""
        if isinstance(error, FetchError) and decide.is_gone(error.status):
            return self._missed(portal, post, check)
        self._postpone(post)
        return False

    def _postpone(self, post: Post) -> None:
        now = self._clock()
        with self._database.writing() as conn:
            postpone_check(
                conn, post.id, now + min(max(_RETRY, now - post.first_seen_at), _MAX_RETRY)
            )

    def _missed(self, portal: PortalConfig, post: Post, check: DueCheck) -> bool:
        """The article is gone. Whether that makes it withdrawn: the second time, hours after the
        first."""
        now = self._clock()
        later = decide.next_check_at(post.first_seen_at, now + decide.WITHDRAWAL_AFTER)
        if post.withdrawn_at is not None:
            with self._database.writing() as conn:
                postpone_check(conn, post.id, later)
            return False
        since = check.missing_since
        if since is None or now - since < decide.WITHDRAWAL_AFTER:
            with self._database.writing() as conn:
                mark_missing(conn, post.id, since or now, (since or now) + decide.WITHDRAWAL_AFTER)
            return False
        with self._database.reading() as conn:
            missing, present = count_missing(conn, portal.id, now - timedelta(days=1))
        if missing > _MANY_MISSING and missing > present:
            with self._database.writing() as conn:
                postpone_check(conn, post.id, now + _MAX_RETRY)
            return False
        self._store.withdrawn(post, now, later)
        return True
