"""Makes feeds from the database: windows into bytes, by way of entries that are rendered once.

Owns the renderer and what is wrong with feeds now. Refuses to keep a feed (see `feed_store`). For
any number of threads at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from service.feeds.markup import Site
from service.feeds.model import Entry, Feed, FeedSpec, Format, digest
from service.feeds.page import CHECKS, Checks, JoinedPage, Renderer
from service.feeds.zipped import CompressedBody, zip_feed
from service.services.feed_catalogue import feed_site
from service.storage.feeds import (
    WINDOW_LIMIT,
    StampedWindow,
    archive_page,
    current_window,
    stamped_window,
    stamps_of,
)
from service.storage.posts import PostQuery, cursor_of, load_posts, newest_posts
from service.types import Post
from service.web.feeds.feed_cache import FeedCache
from service.web.feeds.feed_query import path_of, post_query

if TYPE_CHECKING:
    from service.bootstrap import Loa

LOAD_AT_ONCE = 100
"""Posts in memory at a time: a feed of thousands costs the memory of its entries, not of its
posts."""


Making = Callable[[], tuple[JoinedPage, str | None]]
"""Returns a feed, and why it is not as it was meant; None when it is."""


@dataclass(frozen=True, slots=True)
class RenderedFeed:
    """A feed as bytes. `tag` names them, `changed_at` is when its posts last changed what it
    shows."""

    body: bytes
    zipped: CompressedBody
    tag: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class PreviousRender:
    """What the next making of a feed needs of its last one."""

    tag: str
    zipped: CompressedBody


class FeedMaker:
    """The feeds of one Loa. `report` hears of what could not be made as it was meant; `has_hub`:
    whether they name the WebSub hub."""

    def __init__(
        self,
        loa: Loa,
        report: Callable[[str], None],
        checks: Checks = CHECKS,
        *,
        has_hub: bool = True,
    ) -> None:
        self._has_hub = has_hub
        self._loa = loa
        self._checks = checks
        self._report = report
        self._refused: dict[str, str] = {}
        self._lock = threading.Lock()
        self._shared: Renderer | None = None

    @cached_property
    def site(self) -> Site:
        return feed_site(self._loa, has_hub=self._has_hub)

    @property
    def _renderer(self) -> Renderer:
        with self._lock:
            if self._shared is None:
                self._shared = Renderer(
                    self.site, self._report, checks=self._checks, shelf=FeedCache()
                )
            return self._shared

    @property
    def problems(self) -> dict[str, str]:
        """What cannot be published as it is meant, by the name of the feed or the entry; empty is
        well."""
        entries = {
            f"{post_id}.{fmt}": problem
            for (fmt, post_id), problem in list(self._renderer.problems.items())
        }
        return self._refused | entries

    def forget_problems(self, shown: Container[str]) -> None:
        """Of posts that are not `shown` in any feed that is kept."""
        self._renderer.forget_problems(shown)

    def window(self, spec: FeedSpec) -> StampedWindow:
        """The feed's current page, by the states of its posts."""
        settings = self._loa.settings.feeds
        with self._loa.database.reading() as conn:
            return stamped_window(conn, post_query(spec), settings.entries, settings.days)

    def make(
        self, spec: FeedSpec, fmt: Format, window: StampedWindow, last: PreviousRender | None = None
    ) -> RenderedFeed | None:
        """The current page; None when it is what it was last, or does not read back as it was
        meant."""
        if fmt is Format.ICS:
            return self._made(path_of(spec, fmt), lambda: self._calendar(self.load(spec)), last)
        feed = Feed(spec, (), previous=window.previous, is_archive=True)

        def join() -> tuple[JoinedPage, str | None]:
            joined = self._renderer.join(feed, fmt, self._entries(window, fmt))
            is_known = last is not None and joined.tag == last.tag
            return joined, None if is_known else self._renderer.problem(feed, fmt, joined)

        return self._made(path_of(spec, fmt), join, last)

    def make_narrowed(
        self, feed: Feed, stamps: Mapping[str, bytes], fmt: Format
    ) -> RenderedFeed | None:
        """A feed that is narrowed, or an older page, of what `load_stamped` gave. Asks the database
        nothing. None when it does not read back as it was meant."""
        if fmt is Format.ICS:
            return self._made(f"{path_of(feed.spec, fmt)}?…", lambda: self._calendar(feed))

        def join() -> tuple[JoinedPage, str | None]:
            joined = self._renderer.render(feed, fmt, stamps)
            return joined, self._renderer.problem(feed, fmt, joined)

        return self._made(f"{path_of(feed.spec, fmt)}?…", join)

    def _made(
        self, name: str, make: Making, last: PreviousRender | None = None
    ) -> RenderedFeed | None:
        made = None
        try:
            joined, problem = make()
            if problem is None and (last is None or joined.tag != last.tag):
                made = _pack(joined, last)
        except (
            ValueError,
            TypeError,
            AttributeError,
        ) as error:  # lxml and feedgen refuse what they cannot write
            problem = f"cannot be written: {error}"
        if problem is None:
            self._refused.pop(name, None)
        else:
            self._refused[name] = problem
            self._report(f"cannot replace the feed {name!r}: it {problem}; the last good one stays")
        return made

    def load_stamped(
        self, spec: FeedSpec, query: tuple[tuple[str, str], ...] = (), before: str | None = None
    ) -> tuple[Feed, Mapping[str, bytes]]:
        """A page of a feed, and the states of its posts. For any number of threads at once."""
        feed = self.load(spec, query, before)
        with self._loa.database.reading() as conn:
            return feed, stamps_of(conn, [post.id for post in feed.posts])

    def load(
        self, spec: FeedSpec, query: tuple[tuple[str, str], ...] = (), before: str | None = None
    ) -> Feed:
        """A page of a feed with its posts. Raises InvalidInput for a cursor or a search that cannot
        be."""
        settings = self._loa.settings.feeds
        asked = post_query(spec, query)
        with self._loa.database.reading() as conn:
            if query:
                posts, has_more = self._narrowed(conn, asked, before)
                return Feed(
                    spec, tuple(posts), query, before, cursor_of(posts[-1]) if has_more else None
                )
            if before is not None:
                window = archive_page(conn, asked, before, settings.entries)
            else:
                window = current_window(conn, asked, settings.entries, settings.days)
        return Feed(
            spec,
            tuple(window.posts),
            (),
            before,
            window.previous,
            window.following,
            is_archive=True,
        )

    def _narrowed(
        self, conn: Connection, asked: PostQuery, before: str | None
    ) -> tuple[list[Post], bool]:
        """A page as wide as the feed's own would be, and whether there are older posts."""
        least, days = (
            self._loa.settings.feeds.entries,
            timedelta(days=self._loa.settings.feeds.days),
        )
        posts = newest_posts(conn, asked, least + 1, before)
        if (
            before is None
            and len(posts) > least
            and posts[0].first_seen_at - posts[least].first_seen_at <= days
        ):
            posts = newest_posts(conn, asked, WINDOW_LIMIT + 1)
            least = sum(
                posts[0].first_seen_at - post.first_seen_at <= days for post in posts[:WINDOW_LIMIT]
            )
        return posts[:least], len(posts) > least

    def _entries(self, window: StampedWindow, fmt: Format) -> list[Entry | None]:
        """The entries of a window; only posts that are not rendered in their present state are
        read."""
        found: dict[str, Entry | None] = {}
        stamps = {post.id: post.stamp for post in window.posts}
        missing = []
        for post_id, stamp in stamps.items():
            is_known, entry = self._renderer.known(post_id, fmt, stamp)
            if is_known:
                found[post_id] = entry
            else:
                missing.append(post_id)
        for start in range(0, len(missing), LOAD_AT_ONCE):
            with self._loa.database.reading() as conn:
                posts = load_posts(conn, missing[start : start + LOAD_AT_ONCE])
            found.update(
                (post.id, self._renderer.entry(post, fmt, stamps[post.id]))
                for post in posts.values()
            )
        return [found.get(post.id) for post in window.posts]

    def _calendar(self, feed: Feed) -> tuple[JoinedPage, str | None]:
        from service.feeds.ical import (
            calendar_problem,
            render_calendar,
        )  # only those who ask pay for its import

        body, updated_at = render_calendar(self.site, feed)
        return JoinedPage(body, digest(body).hex(), updated_at), calendar_problem(body, feed.posts)


def _pack(joined: JoinedPage, last: PreviousRender | None) -> RenderedFeed:
    zipped = zip_feed(joined.body, joined.pieces, last.zipped if last is not None else None)
    return RenderedFeed(joined.body, zipped, joined.tag, joined.updated_at)
