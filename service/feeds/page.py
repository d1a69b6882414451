"""Renders feeds: entries once and for all formats, by content; feeds by joining them.

Owns what is known of rendered entries and heads. Refuses an entry that does not read back as it was
meant: then its last good rendering stays, and `problems` says so until it reads back. Whole feeds
are judged by `problem`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from threading import RLock
from typing import Any, Protocol

from service.feeds import json_feed, rss
from service.feeds.feed_document import BETWEEN, document_problem
from service.feeds.markup import Site, feed_title, feed_updated_at, moved_at
from service.feeds.model import Entry, Feed, Format, digest
from service.feeds.self_check import entry_problem
from service.feeds.zipped import NO_PIECES, Pieces
from service.types import Post

Report = Callable[[str], None]
Head = tuple[bytes, bytes]

_ENTRY = {
    Format.RSS: rss.render_rss_entry,
    Format.ATOM: rss.render_atom_entry,
    Format.JSON: json_feed.render_json_entry,
}
_HEAD = {
    Format.RSS: rss.render_rss_head,
    Format.ATOM: rss.render_atom_head,
    Format.JSON: json_feed.render_json_head,
}
_DATED: dict[Format, Callable[[bytes, datetime], bytes]] = {
    Format.RSS: rss.dated_rss,
    Format.ATOM: rss.dated_atom,
    Format.JSON: lambda head, _updated_at: head,
}

ENTRY_BYTES = 48 << 20
"""Of rendered entries that are kept: 10,000 of 4.8 kB, four months of thirty posts a day, in three
formats."""

HEADS = 2_000


@dataclass(frozen=True, slots=True)
class Checks:
    """What tells why an entry, and a whole feed, is not as it was meant; None when it is."""

    entry: Callable[[Site, Format, bytes, Post], str | None] = entry_problem
    document: Callable[[Site, Feed, Format, bytes, Sequence[Entry], datetime], str | None] = (
        document_problem
    )


CHECKS = Checks()


class EntryCache(Protocol):
    """Where rendered entries stand until they are needed; what `put` gives is for `get` and
    `drop`."""

    def put(self, entry: Entry) -> Any: ...
    def get(self, cached: Any) -> Entry: ...
    def drop(self, cached: Any) -> None: ...


class MemoryEntries:
    """Entries in memory, as they are."""

    def put(self, entry: Entry) -> Entry:
        return entry

    def get(self, cached: Entry) -> Entry:
        return cached

    def drop(self, cached: Entry) -> None:
        """Nothing else holds it."""


@dataclass(frozen=True, slots=True)
class _RenderedEntry:
    """A post in the state that `stamp` names; `shelved` is None where it could not be rendered."""

    stamp: bytes
    cached: Any
    size: int


@dataclass(frozen=True, slots=True)
class JoinedPage:
    """A feed as bytes. `tag` names them, found without hashing them again; `pieces` are its head,
    entries and end."""

    body: bytes
    tag: str
    updated_at: datetime
    entries: tuple[Entry, ...] = ()
    pieces: Pieces = NO_PIECES


class Renderer:
    """Renders the feeds of one site. For several threads at once: each entry and each head is made
    by one of them at a time (see `rss`), and no thread has the renderer for longer.

    `report` hears of every entry that could not be rendered as it was meant.
    """

    def __init__(
        self,
        site: Site,
        report: Report,
        *,
        capacity_bytes: int = ENTRY_BYTES,
        checks: Checks = CHECKS,
        shelf: EntryCache | None = None,
    ) -> None:
        self.site = site
        self.problems: dict[tuple[Format, str], str] = {}
        """What is wrong with a post's entry in a format, for those that cannot be rendered as they
        are meant."""
        self._report = report
        self._checks = checks
        self._capacity_bytes = capacity_bytes
        self._bytes = 0
        self._shelf = shelf or MemoryEntries()
        self._entries: OrderedDict[tuple[Format, str], _RenderedEntry] = OrderedDict()
        self._heads: OrderedDict[tuple[object, ...], Head] = OrderedDict()
        self._lock = RLock()

    def render(
        self, feed: Feed, fmt: Format, stamps: Mapping[str, bytes] | None = None
    ) -> JoinedPage:
        """The feed in one format. An entry that cannot be rendered never spoils the others.

        `stamps` name the states of its posts where somebody knows them (see `known`).
        """
        stamps = stamps or {}
        return self.join(
            feed, fmt, [self.entry(post, fmt, stamps.get(post.id)) for post in feed.posts]
        )

    def join(self, feed: Feed, fmt: Format, rendered: Iterable[Entry | None]) -> JoinedPage:
        """The feed around entries that are rendered; None leaves one out."""
        entries = tuple(entry for entry in rendered if entry is not None)
        updated_at = feed_updated_at(entry.moved_at for entry in entries)
        before, after = self._head(feed, fmt)
        before = _DATED[fmt](before, updated_at)
        shown = [entry for entry in entries if entry.body]
        bodies, digests = [entry.body for entry in shown], [entry.digest for entry in shown]
        if between := BETWEEN[fmt]:
            bodies[1:] = [between + body for body in bodies[1:]]
            digests[1:] = [digest + between for digest in digests[1:]]
        parts = (before, *bodies, after)
        pieces = Pieces(
            (digest(before), *digests, digest(after)), tuple(accumulate(map(len, parts)))
        )
        return JoinedPage(
            b"".join(parts), digest(b"".join(pieces.digests)).hex(), updated_at, entries, pieces
        )

    def problem(self, feed: Feed, fmt: Format, joined: JoinedPage) -> str | None:
        """What is wrong with a feed, None when nothing is."""
        return self._checks.document(
            self.site, feed, fmt, joined.body, joined.entries, joined.updated_at
        )

    def _head(self, feed: Feed, fmt: Format) -> Head:
        key = (
            fmt,
            feed.spec,
            feed.query,
            feed.before,
            feed.previous,
            feed.following,
            feed.is_archive,
        )
        with self._lock:
            if key not in self._heads:
                self._heads[key] = _HEAD[fmt](self.site, feed, feed_title(self.site, feed))
                if len(self._heads) > HEADS:
                    self._heads.popitem(last=False)
            return self._heads[key]

    def known(self, post_id: str, fmt: Format, stamp: bytes) -> tuple[bool, Entry | None]:
        """Whether the post is rendered in the state that the stamp names, and its entry if it could
        be."""
        with self._lock:
            found = self._entries.get((fmt, post_id))
            if found is None or found.stamp != stamp:
                return False, None
            self._entries.move_to_end((fmt, post_id))
            return True, self._entry_of(found)

    def _entry_of(self, rendered: _RenderedEntry | None) -> Entry | None:
        return self._shelf.get(rendered.cached) if rendered and rendered.cached else None

    def entry(self, post: Post, fmt: Format, stamp: bytes | None = None) -> Entry | None:
        """The entry's bytes; the last good ones where the present ones are wrong; None where there
        never were any."""
        stamp = stamp or digest(repr(post).encode(errors="surrogatepass"))
        with self._lock:
            return self._entry(post, fmt, stamp)

    def _entry(self, post: Post, fmt: Format, stamp: bytes) -> Entry | None:
        is_known, entry = self.known(post.id, fmt, stamp)
        if is_known:
            return entry
        entry = self._render_entry(post, fmt, self._entry_of(self._entries.get((fmt, post.id))))
        self._forget((fmt, post.id))
        cached = self._shelf.put(entry) if entry else None
        self._entries[fmt, post.id] = _RenderedEntry(stamp, cached, len(entry.body) if entry else 0)
        self._bytes += self._entries[fmt, post.id].size
        while self._bytes > self._capacity_bytes and len(self._entries) > 1:
            oldest = next(iter(self._entries))
            self._forget(oldest)
            self.problems.pop(oldest, None)
        return entry

    def forget_problems(self, shown: Container[str]) -> None:
        """Of posts that are not `shown` anywhere: nobody can see them, and they are looked at anew
        when they are."""
        with self._lock:
            for key in [key for key in self.problems if key[1] not in shown]:
                del self.problems[key]
                self._forget(key)

    def _forget(self, key: tuple[Format, str]) -> None:
        rendered = self._entries.pop(key, None)
        if rendered is not None:
            self._bytes -= rendered.size
            if rendered.cached is not None:
                self._shelf.drop(rendered.cached)

    def _render_entry(self, post: Post, fmt: Format, last_good: Entry | None) -> Entry | None:
        try:
            body = _ENTRY[fmt](self.site, post)
            problem = self._checks.entry(self.site, fmt, body, post) if body else None
        except (
            ValueError,
            TypeError,
            AttributeError,
        ) as error:  # lxml and feedgen refuse what they cannot write
            body, problem = b"", f"{type(error).__name__}: {error}"
        if problem is None:
            self.problems.pop((fmt, post.id), None)
            return Entry.of(post.id, body, moved_at(post))
        self.problems[fmt, post.id] = problem
        self._report(f"cannot render post {post.id!r} as {fmt}: {problem}")
        return last_good
