"""Makes feeds from the database: windows into bytes, by way of entries that are rendered once.

Owns the renderer and what is wrong with feeds now. Refuses to keep a feed (see `feed_store`). For one thread at a
time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from isal import igzip

from service.feeds.catalogue import labels
from service.feeds.check import entry_problem
from service.feeds.model import Entry, Feed, FeedSpec, Format, digest
from service.feeds.page import Check, Joined, Renderer
from service.feeds.site import Site
from service.storage.feeds import StampedWindow, archive_page, current_window, stamped_window, stamps_of
from service.storage.posts import cursor_of, load_posts, newest_posts
from service.web.feed_query import path_of, post_query

if TYPE_CHECKING:
    from service.bootstrap import Loa

GZIP_LEVEL = 1
"""Of isal: 0.4 ms for 240 kB where zlib takes 17 at level 6, and an eighth larger; level 2 is a fiftieth smaller and
takes a seventh longer."""

LOAD_AT_ONCE = 100
"""Posts in memory at a time: a feed of thousands costs the memory of its entries, not of its posts."""


@dataclass(frozen=True, slots=True)
class Made:
    """A feed as bytes. `tag` names them, `changed_at` is when its posts last changed what it shows."""

    body: bytes
    zipped: bytes
    tag: str
    changed_at: datetime


class FeedMaker:
    """The feeds of one Loa. `report` hears of what could not be made as it was meant."""

    def __init__(self, loa: Loa, report: Callable[[str], None], check: Check = entry_problem) -> None:
        self._loa = loa
        self._check = check
        self._report = report
        self._refused: dict[str, str] = {}

    @cached_property
    def site(self) -> Site:
        service = self._loa.settings.service
        names = labels(self._loa.rules.categories, service.language)
        ttl_min = max(1, self._loa.settings.polling.interval_s // 60)
        return Site(service.public_url, service.title, service.language, names, ttl_min)

    @cached_property
    def _renderer(self) -> Renderer:
        return Renderer(self.site, self._report, check=self._check)

    @property
    def problems(self) -> dict[str, str]:
        """What cannot be published as it is meant, by the name of the feed or the entry; empty is well."""
        entries = {f"{post_id}.{fmt}": problem for (fmt, post_id), problem in self._renderer.problems.items()}
        return self._refused | entries

    def window(self, spec: FeedSpec) -> StampedWindow:
        """The feed's current page, by the states of its posts."""
        settings = self._loa.settings.feeds
        with self._loa.database.reading() as conn:
            return stamped_window(conn, post_query(spec), settings.entries, settings.days)

    def make(self, spec: FeedSpec, fmt: Format, window: StampedWindow, known_tag: str | None = None) -> Made | None:
        """The current page; None when it is what `known_tag` names, or does not read back as it was meant."""
        path = path_of(spec, fmt)
        if fmt is Format.ICS:
            joined, problem = self._calendar(self.load(spec))
        else:
            feed = Feed(spec, (), previous=window.previous, is_archive=True)
            joined = self._renderer.join(feed, fmt, self._entries(window, fmt))
            problem = None if joined.tag == known_tag else self._renderer.problem(joined, fmt)
        if problem is not None:
            self._refused[path] = problem
            self._report(f"cannot replace the feed {path!r}: it {problem}; the last good one stays")
            return None
        self._refused.pop(path, None)
        return None if joined.tag == known_tag else _pack(joined)

    def make_narrowed(self, feed: Feed, stamps: Mapping[str, bytes], fmt: Format) -> Made:
        """A feed that is narrowed, or an older page, of what `load_stamped` gave. Asks the database nothing."""
        if fmt is Format.ICS:
            return _pack(self._calendar(feed)[0])
        return _pack(self._renderer.render(feed, fmt, stamps))

    def load_stamped(
        self, spec: FeedSpec, query: tuple[tuple[str, str], ...] = (), before: str | None = None
    ) -> tuple[Feed, Mapping[str, bytes]]:
        """A page of a feed, and the states of its posts. For any number of threads at once."""
        feed = self.load(spec, query, before)
        with self._loa.database.reading() as conn:
            return feed, stamps_of(conn, [post.id for post in feed.posts])

    def load(self, spec: FeedSpec, query: tuple[tuple[str, str], ...] = (), before: str | None = None) -> Feed:
        """A page of a feed with its posts. Raises InvalidInput for a cursor or a search that cannot be."""
        settings = self._loa.settings.feeds
        asked = post_query(spec, query)
        with self._loa.database.reading() as conn:
            if query:
                posts = newest_posts(conn, asked, settings.entries + 1, before)
                has_more = len(posts) > settings.entries
                posts = posts[: settings.entries]
                return Feed(spec, tuple(posts), query, before, cursor_of(posts[-1]) if has_more else None)
            if before is not None:
                window = archive_page(conn, asked, before, settings.entries)
            else:
                window = current_window(conn, asked, settings.entries, settings.days)
        return Feed(spec, tuple(window.posts), (), before, window.previous, window.following, is_archive=True)

    def _entries(self, window: StampedWindow, fmt: Format) -> list[Entry | None]:
        """The entries of a window; only posts that are not rendered in their present state are read."""
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
            found.update((post.id, self._renderer.entry(post, fmt, stamps[post.id])) for post in posts.values())
        return [found.get(post.id) for post in window.posts]

    def _calendar(self, feed: Feed) -> tuple[Joined, str | None]:
        from service.feeds.ical import calendar_problem, render_calendar  # only those who ask pay for its import

        body, updated_at = render_calendar(self.site, feed)
        return Joined((body,), digest(body).hex(), updated_at), calendar_problem(body, feed.posts)


def _pack(joined: Joined) -> Made:
    body = joined.body()
    return Made(body, igzip.compress(body, GZIP_LEVEL, mtime=0), joined.tag, joined.updated_at)
