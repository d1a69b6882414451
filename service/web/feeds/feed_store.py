"""The feeds in memory: made when first asked for, made again when what they show has moved, kept
when a rendering goes wrong.

Owns the copies that are sent, their memory, and the thread that follows the database. No feed waits
for another that is being made: only an entry is rendered by one thread at a time (see `Renderer`).
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from service.errors import LoaError, StorageError
from service.feeds.markup import Site
from service.feeds.model import Feed, FeedSpec, Format
from service.feeds.page import CHECKS, Checks
from service.services.feed_catalogue import load_specs, unlisted_spec
from service.storage.feeds import (
    GenerationWatch,
    StampedWindow,
    feeds_generation,
    record_feeds,
    set_feed_problems,
)
from service.web.feeds.feed_maker import FeedMaker, PreviousRender, RenderedFeed
from service.web.feeds.feed_query import formats_of, path_of
from service.web.server.hot import HotAnswer, build_answer
from service.web.server.memory import give_back

if TYPE_CHECKING:
    from service.bootstrap import Loa

log = logging.getLogger(__name__)

KEPT_BYTES = 12 << 20
"""Of answers in memory, most of them compressed: the current pages of forty feeds in three
formats."""

NARROWED_BYTES = 4 << 20

LOOK_EVERY_S = 0.3
"""A change of another process is served within a second, rendering included."""

WARM_WITHIN_S = 0.3
"""How long feeds are made that nobody asked for yet, before the database is looked at again."""


@dataclass(frozen=True, slots=True)
class HeldPage:
    """A current page in memory, and what it was made of."""

    answer: HotAnswer
    spec: FeedSpec
    fmt: Format
    window: bytes
    last: PreviousRender


class FeedStore:
    """Every feed of one Loa, ready to be sent. Safe to ask from any thread."""

    def __init__(
        self, loa: Loa, report: Callable[[str], None] = log.error, checks: Checks = CHECKS
    ) -> None:
        self._loa = loa
        self._report = report
        self._maker = FeedMaker(loa, report, checks)
        self._answers: dict[str, HotAnswer] = {}
        self._kept: dict[str, HeldPage] = {}
        self._asked: set[str] = set()
        self._narrowed: OrderedDict[str, HotAnswer] = OrderedDict()
        self._generation: int | None = None
        self._building: int | None = None
        """The generation that is being made; what was read before it began is not kept."""
        self._told: dict[str, str] = {}
        self._specs: dict[str, FeedSpec] = {}
        self._following = threading.RLock()
        self._keeping = threading.Lock()
        self._follower: threading.Thread | None = None
        self.is_followed = False
        self.is_telling = True

    @property
    def site(self) -> Site:
        return self._maker.site

    # --- asked by the thin layer and by views ---

    def answer(self, path: str) -> HotAnswer | None:
        """The current page of a feed that is not narrowed, by its path; None where it is not in
        memory."""
        found = self._answers.get(path)
        if found is not None:
            self._asked.add(path)
        return found

    def current(self, spec: FeedSpec, fmt: Format) -> HotAnswer | None:
        """The same, made where it is not in memory; None where it cannot be made as it is meant,
        and never could."""
        self.ensure()
        if spec.name not in self._specs:
            return self.narrowed(spec, fmt, (), None)
        found = self.answer(path_of(spec, fmt))
        if found is None:
            building = self._building
            made = self._make([(spec, fmt, self._maker.window(spec))], building)
            self._tell_news()
            found = made.get(path_of(spec, fmt))
        return found

    def specs(self) -> list[FeedSpec]:
        self.ensure()
        return list(self._specs.values())

    def spec(self, name: str) -> FeedSpec | None:
        """The feed of this name; of any place that is known, though it be in no list."""
        self.ensure()
        return self._specs.get(name) or unlisted_spec(self._loa, name)

    def narrowed(
        self, spec: FeedSpec, fmt: Format, query: tuple[tuple[str, str], ...], before: str | None
    ) -> HotAnswer | None:
        """A feed that is narrowed, or an older page: made when asked for, and kept. Says no
        Last-Modified, for nobody remembers when it became what it is. None where it cannot be made
        as it is meant."""
        self.ensure()
        key = Feed(spec, (), query).address("", fmt, before)
        found = self._kept_narrowed(key)
        if found is not None:
            return found
        generation = self._generation
        feed, stamps = self._maker.load_stamped(spec, query, before)
        made = self._maker.make_narrowed(feed, stamps, fmt)
        self._tell_news()
        if made is None:
            return None
        answer = _answer(made, fmt)
        self._keep_narrowed(key, answer, generation)
        return answer

    def _kept_narrowed(self, key: str) -> HotAnswer | None:
        with self._keeping:
            if key in self._narrowed:
                self._narrowed.move_to_end(key)
            return self._narrowed.get(key)

    def _keep_narrowed(self, key: str, answer: HotAnswer, generation: int | None) -> None:
        """Unless the posts have moved on since `generation`, while it was made."""
        with self._keeping:
            if generation != self._generation:
                return
            self._narrowed[key] = answer
            while (
                len(self._narrowed) > 1
                and sum(kept.size for kept in self._narrowed.values()) > NARROWED_BYTES
            ):
                self._narrowed.popitem(last=False)

    def load(
        self, spec: FeedSpec, query: tuple[tuple[str, str], ...] = (), before: str | None = None
    ) -> Feed:
        """A page of a feed with its posts. Raises InvalidInput for a cursor or a search that cannot
        be."""
        return self._maker.load(spec, query, before)

    # --- made ---

    def _make(
        self, wanted: list[tuple[FeedSpec, Format, StampedWindow]], building: int | None = None
    ) -> dict[str, HotAnswer]:
        """Makes current pages and keeps them: the last good one where a new one does not read back.
        Not kept where posts have moved on since `building`, when they were read; None: whoever
        follows the posts makes them."""
        made: dict[str, tuple[FeedSpec, Format, StampedWindow, RenderedFeed]] = {}
        for spec, fmt, window in wanted:
            path = path_of(spec, fmt)
            kept = self._kept.get(path)
            self._beat()
            found = self._maker.make(spec, fmt, window, kept.last if kept else None)
            if found is not None:
                made[path] = spec, fmt, window, found
            elif kept is not None:
                with self._keeping:
                    self._kept[path] = replace(kept, window=window.stamp)
        modified_at = self._record({path: found for path, (_, _, _, found) in made.items()})
        answers = {
            path: _answer(found, fmt, modified_at.get(path), self._discovery(spec, fmt))
            for path, (spec, fmt, _, found) in made.items()
        }
        with self._keeping:
            if building is None or building == self._building:
                for path, (spec, fmt, window, found) in made.items():
                    self._kept[path] = HeldPage(
                        answers[path],
                        spec,
                        fmt,
                        window.stamp,
                        PreviousRender(found.tag, found.zipped),
                    )
                self._answers.update(answers)
        return answers

    def _discovery(self, spec: FeedSpec, fmt: Format) -> str:
        """The `Link` header by which a subscriber finds the hub; empty where there is none."""
        if fmt is Format.ICS or not self.site.hub:
            return ""
        topic = Feed(spec, ()).address(self.site.root, fmt)
        return f'<{self.site.hub}>; rel="hub", <{topic}>; rel="self"'

    def _record(self, made: dict[str, RenderedFeed]) -> dict[str, datetime]:
        """When each feed became what it is. Nothing where the database does not take it: then a
        reader that knows no ETag is sent the whole feed, and is told nothing wrong."""
        if not made:
            return {}
        tags = {path: one.tag for path, one in made.items()}
        born_at = {path: one.changed_at for path, one in made.items()}
        try:
            return record_feeds(self._loa.database, tags, born_at, self._loa.clock())
        except StorageError as error:
            log.warning("cannot note when feeds changed: %s", error)
            return {}

    def _tell(self) -> None:
        """What could not be published as it was meant is for the operator to see: in /metrics, and
        by mail."""
        if not self.is_telling:
            return
        problems = self._maker.problems
        try:
            set_feed_problems(self._loa.database, problems, self._loa.clock())
            self._told = problems
        except StorageError as error:
            log.warning("cannot note what is wrong with feeds: %s", error)

    def _beat(self) -> None:
        """The thread that follows is alive; others that render are not waited for."""
        if threading.current_thread() is self._follower:
            self._loa.pulse.beat("feeds")

    def _tell_news(self) -> None:
        if self._maker.problems != self._told:
            self._tell()

    # --- kept up to date ---

    def ensure(self) -> None:
        """Up to date when this returns, where no thread sees to it."""
        if not self.is_followed or self._generation is None:
            with self._loa.database.reading() as conn:
                present = feeds_generation(conn)
            if present != self._generation:
                self.rebuild()

    def rebuild(self) -> None:
        """Brings what is kept up to date with the database; what did not change keeps its bytes."""
        with self._following:
            with self._loa.database.reading() as conn:
                generation = feeds_generation(conn)
                self._specs = load_specs(conn, self._loa)
            self._forget_unasked()
            with self._keeping:
                self._building = generation
                all_kept = list(self._kept.values())
            specs = {kept.spec.name: kept.spec for kept in all_kept}
            windows = {name: self._maker.window(spec) for name, spec in specs.items()}
            self._make(
                [
                    (kept.spec, kept.fmt, windows[kept.spec.name])
                    for kept in all_kept
                    if kept.window != windows[kept.spec.name].stamp
                ]
            )
            self._maker.forget_problems(
                {post.id for window in windows.values() for post in window.posts}
            )
            self._tell()
            with self._keeping:
                self._generation = generation
                self._narrowed.clear()

    def _forget_unasked(self) -> None:
        """Where memory is full, what nobody asked for since the last change gives way."""
        with self._keeping:
            size = sum(kept.answer.size for kept in self._kept.values())
            for path in [path for path in self._kept if path not in self._asked]:
                if size <= KEPT_BYTES:
                    break
                size -= self._kept.pop(path).answer.size
                self._answers.pop(path, None)
            self._asked.clear()

    def warm(self, within_s: float) -> bool:
        """Makes feeds that nobody asked for yet, the most general first, while there is time and
        memory; whether there is nothing left to do."""
        deadline = time.monotonic() + within_s
        for spec in self.specs():
            for fmt in formats_of(spec):
                if path_of(spec, fmt) in self._answers:
                    continue
                if sum(kept.answer.size for kept in list(self._kept.values())) > KEPT_BYTES // 2:
                    return True
                if time.monotonic() > deadline:
                    return False
                building = self._building
                self._make([(spec, fmt, self._maker.window(spec))], building)
        return True

    def follow(self, stop: threading.Event, parent_pid: int | None = None) -> threading.Thread:
        """Starts the thread that makes feeds and keeps them up to date until `stop`; ends the
        process when its parent is gone. What is asked for before it is made is made at once."""
        self.is_followed = True
        thread = threading.Thread(
            target=self._follow, args=(stop, parent_pid), name="feeds", daemon=True
        )
        self._follower = thread
        thread.start()
        return thread

    def _follow(self, stop: threading.Event, parent_pid: int | None) -> None:
        watch: GenerationWatch | None = None
        is_failing = is_warm = False
        while not stop.wait(LOOK_EVERY_S if is_warm or is_failing else 0):
            self._beat()
            if parent_pid is not None and os.getppid() != parent_pid:
                os.kill(os.getpid(), signal.SIGTERM)
                break
            try:
                watch = watch or GenerationWatch(self._loa.database)
                if watch.read() != self._generation:
                    self.rebuild()
                    give_back()
                elif not is_warm:
                    is_warm = self.warm(WARM_WITHIN_S)
                    self._tell()
                    give_back()
                is_failing = False
            except (
                Exception
            ) as error:  # whatever it is: readers keep what is known, and the next look tries again
                watch = None
                if not is_failing:
                    self._report(f"cannot bring the feeds up to date: {error}")
                    if not isinstance(error, LoaError):
                        log.exception("that is a fault of Loa's own")
                is_failing = True
        if watch is not None:
            watch.close()


def _answer(
    made: RenderedFeed, fmt: Format, modified_at: datetime | None = None, links: str = ""
) -> HotAnswer:
    return build_answer(made.body, made.zipped.body, made.tag, fmt.content_type, modified_at, links)
