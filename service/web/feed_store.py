"""The feeds in memory: made at start, made again when what they show has moved, kept when a rendering goes wrong.

Owns the copies that are sent and the thread that follows the database. One thread renders at a time.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from isal import igzip

from service.errors import StorageError
from service.feeds.catalogue import Catalogue, labels, place_spec
from service.feeds.ical import render_calendar
from service.feeds.model import Feed, FeedSpec, Format, digest
from service.feeds.page import Joined, Renderer
from service.feeds.site import Site
from service.storage.feeds import (
    GenerationWatch,
    Window,
    archive_page,
    current_window,
    feeds_generation,
    known_places,
    known_portals,
)
from service.storage.posts import PostQuery, cursor_of, newest_posts
from service.types import Place, PortalName
from service.web.hot import Answer, build_answer

if TYPE_CHECKING:
    from service.bootstrap import Loa

log = logging.getLogger(__name__)

XML_AND_JSON = (Format.RSS, Format.ATOM, Format.JSON)
GZIP_LEVEL = 2
"""Of isal: 0.4 ms for 294 kB where zlib's 6 takes 12, and hardly larger."""

CACHE_BYTES = 64 << 20
LOOK_EVERY_S = 0.4
"""A change of another process is served within a second, rendering included."""


class FeedStore:
    """Every feed of one Loa, ready to be sent. Safe to ask from any thread."""

    def __init__(self, loa: Loa, report: Callable[[str], None] = log.error) -> None:
        self._loa = loa
        self._report = report
        self._answers: dict[str, Answer] = {}
        self._tags: dict[str, str] = {}
        self._narrowed: OrderedDict[str, Answer] = OrderedDict()
        self._generation: int | None = None
        self._specs: dict[str, FeedSpec] = {}
        self._rendering = threading.RLock()
        self.is_followed = False

    @cached_property
    def site(self) -> Site:
        service = self._loa.settings.service
        names = labels(self._loa.rules.categories, service.language)
        ttl_min = max(1, self._loa.settings.polling.interval_s // 60)
        return Site(service.public_url, service.title, service.language, names, ttl_min)

    @cached_property
    def _renderer(self) -> Renderer:
        return Renderer(self.site, self._report)

    # --- asked by the thin layer and by views ---

    def answer(self, path: str) -> Answer | None:
        """The current page of a feed that is not narrowed, by its path."""
        return self._answers.get(path)

    def current(self) -> list[tuple[str, Answer]]:
        """Path and answer of every feed in memory."""
        self.ensure()
        return list(self._answers.items())

    def specs(self) -> list[FeedSpec]:
        self.ensure()
        return list(self._specs.values())

    def spec(self, name: str) -> FeedSpec | None:
        """The feed of this name; a place that no post concerns has one too."""
        self.ensure()
        if name in self._specs:
            return self._specs[name]
        if name.startswith("places/") and (place := self._loa.gazetteer.get(name.removeprefix("places/"))):
            return place_spec(place)
        return None

    def narrowed(self, spec: FeedSpec, fmt: Format, query: tuple[tuple[str, str], ...], before: str | None) -> Answer:
        """A feed that is narrowed, or an older page, or of a place without posts: made when asked for, and kept."""
        self.ensure()
        key = Feed(spec, (), query).address("", fmt, before)
        with self._rendering:
            if key in self._narrowed:
                self._narrowed.move_to_end(key)
                return self._narrowed[key]
            feed = self.load(spec, query, before)
            answer = self._make(key, feed, fmt) or self._pack(self._join(feed, fmt), fmt)
            self._narrowed[key] = answer
            while len(self._narrowed) > 1 and sum(kept.size for kept in self._narrowed.values()) > CACHE_BYTES:
                self._narrowed.popitem(last=False)
            return answer

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
        return _feed_of(spec, window, before)

    # --- kept up to date ---

    def ensure(self) -> None:
        """Up to date when this returns, where no thread sees to it."""
        if not self.is_followed or self._generation is None:
            with self._loa.database.reading() as conn:
                present = feeds_generation(conn)
            if present != self._generation:
                self.rebuild()

    def rebuild(self) -> None:
        """Makes every feed anew from the database; what did not change keeps its bytes."""
        with self._rendering:
            with self._loa.database.reading() as conn:
                generation = feeds_generation(conn)
                portals, place_ids = known_portals(conn), known_places(conn)
            specs = {spec.name: spec for spec in self._catalogue(portals, place_ids).specs()}
            answers: dict[str, Answer] = {}
            for spec in specs.values():
                answers.update(self._answers_of(spec))
            self._specs = specs
            self._narrowed.clear()
            self._answers = answers
            self._generation = generation

    def _answers_of(self, spec: FeedSpec) -> dict[str, Answer]:
        feed = self.load(spec)
        formats = (*XML_AND_JSON, Format.ICS) if spec.has_calendar else XML_AND_JSON
        made = {path: self._make(path, feed, fmt) for fmt in formats if (path := f"/feeds/{spec.name}.{fmt}")}
        return {path: answer for path, answer in made.items() if answer is not None}

    def _make(self, path: str, feed: Feed, fmt: Format) -> Answer | None:
        """The answer for a path: the last good one when nothing changed, or when the new one does not read back."""
        joined = self._join(feed, fmt)
        last = self._answers.get(path)
        if last is not None and self._tags.get(path) == joined.tag:
            return last
        problem = None if fmt is Format.ICS else self._renderer.problem(joined, fmt)
        if problem is not None:
            self._report(f"cannot replace the feed {path!r}: it {problem}; the last good one stays")
            return last
        if feed.before is None and not feed.query:
            self._tags[path] = joined.tag
        return self._pack(joined, fmt)

    def _join(self, feed: Feed, fmt: Format) -> Joined:
        if fmt is Format.ICS:
            body, updated_at = render_calendar(self.site, feed)
            return Joined((body,), digest(body).hex(), updated_at)
        return self._renderer.render(feed, fmt)

    def _pack(self, joined: Joined, fmt: Format) -> Answer:
        body = joined.body()
        zipped = igzip.compress(body, GZIP_LEVEL, mtime=0)
        return build_answer(body, zipped, joined.tag, fmt.content_type, joined.updated_at)

    def _catalogue(self, posting: list[PortalName], place_ids: list[str]) -> Catalogue:
        configured = [PortalName(portal.id, portal.name) for portal in self._loa.settings.portals]
        known = {portal.id for portal in configured}
        portals = (*configured, *(portal for portal in posting if portal.id not in known))
        gazetteer = self._loa.gazetteer
        places = tuple(gazetteer.get(place_id) or Place(place_id, place_id) for place_id in place_ids)
        return Catalogue(self.site.title, tuple(self._loa.rules.categories), portals, places)

    def follow(self, stop: threading.Event, parent_pid: int | None = None) -> threading.Thread:
        """Starts the thread that keeps feeds up to date until `stop`; ends the process when its parent is gone.

        Feeds are made before this returns, so that the first request after a start meets them.
        """
        self.ensure()
        self.is_followed = True
        thread = threading.Thread(target=self._follow, args=(stop, parent_pid), name="feeds", daemon=True)
        thread.start()
        return thread

    def _follow(self, stop: threading.Event, parent_pid: int | None) -> None:
        watch = GenerationWatch(self._loa.database)
        is_failing = False
        while not stop.wait(LOOK_EVERY_S):
            if parent_pid is not None and os.getppid() != parent_pid:
                os.kill(os.getpid(), signal.SIGTERM)
                break
            try:
                if watch.read() != self._generation:
                    self.rebuild()
                is_failing = False
            except Exception as error:  # whatever it is: readers keep what is known, and the next look tries again
                watch = GenerationWatch(self._loa.database)
                if not is_failing:
                    self._report(f"cannot bring the feeds up to date: {error}")
                    log.debug("the whole fault", exc_info=not isinstance(error, StorageError))
                is_failing = True
        watch.close()


def post_query(spec: FeedSpec, query: tuple[tuple[str, str], ...] = ()) -> PostQuery:
    """What the feed shows of the narrowing's posts: a fixed filter of the feed and one asked for both hold."""
    asked: dict[str, tuple[str, ...]] = {}
    for name, value in query:
        asked[name] = (*asked.get(name, ()), value)
    return PostQuery(
        categories=_both(spec.category, asked.get("category", ())),
        portals=_both(spec.portal, asked.get("portal", ())),
        places=_both(spec.place, asked.get("place", ())),
        q=" ".join(asked.get("q", ())),
    )


NOTHING = "\x00nothing"
"""An id that nothing has: two filters of one kind that exclude each other leave no post."""


def _both(fixed: str | None, asked: tuple[str, ...]) -> tuple[str, ...]:
    if fixed is None:
        return asked
    return (fixed,) if not asked or fixed in asked else (NOTHING,)


def _feed_of(spec: FeedSpec, window: Window, before: str | None) -> Feed:
    posts = tuple(window.posts)
    return Feed(spec, posts, (), before, window.previous, window.following, is_archive=True)
