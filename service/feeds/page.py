"""Renders feeds: entries once and for all formats, by content; feeds by joining them.

Owns the memory of rendered entries and heads. Refuses what does not read back as it was meant: then the last good
rendering of that entry stays, and `problems` says so until it reads back.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from service.feeds import json_feed, rss
from service.feeds.check import entry_problem, join_problem
from service.feeds.model import Entry, Feed, Format, digest, narrowed_title
from service.feeds.site import Site, feed_updated_at, moved_at
from service.types import Post

Report = Callable[[str], None]
Check = Callable[[Site, Format, bytes, Post], str | None]
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

ENTRY_BYTES = 12 << 20
"""Of rendered entries in memory: some 2,600 of 4.5 kB: a month of thirty posts a day, in three formats."""

HEADS = 2_000


@dataclass(frozen=True, slots=True)
class Joined:
    """A feed, ready to be joined. `tag` is that of the bytes, found without hashing them again."""

    parts: tuple[bytes, ...]
    tag: str
    updated_at: datetime

    def body(self) -> bytes:
        return b"".join(self.parts)


class Renderer:
    """Renders the feeds of one site. Not for several threads at once (see `rss`).

    `report` hears of every entry that could not be rendered as it was meant; `check` tells what is wrong with one.
    """

    def __init__(
        self,
        site: Site,
        report: Report,
        *,
        capacity_bytes: int = ENTRY_BYTES,
        check: Check = entry_problem,
    ) -> None:
        self.site = site
        self.problems: dict[tuple[Format, str], str] = {}
        """What is wrong with a post's entry in a format, for those that cannot be rendered as they are meant."""
        self._report = report
        self._check = check
        self._capacity_bytes = capacity_bytes
        self._bytes = 0
        self._entries: OrderedDict[tuple[Format, str], tuple[bytes, Entry | None]] = OrderedDict()
        self._heads: OrderedDict[tuple[object, ...], Head] = OrderedDict()

    def render(self, feed: Feed, fmt: Format, stamps: Mapping[str, bytes] | None = None) -> Joined:
        """The feed in one format. An entry that cannot be rendered never spoils the others.

        `stamps` name the states of its posts where somebody knows them (see `known`).
        """
        stamps = stamps or {}
        return self.join(feed, fmt, [self.entry(post, fmt, stamps.get(post.id)) for post in feed.posts])

    def join(self, feed: Feed, fmt: Format, rendered: Iterable[Entry | None]) -> Joined:
        """The feed around entries that are rendered; None leaves one out."""
        entries = [entry for entry in rendered if entry is not None]
        updated_at = feed_updated_at(entry.moved_at for entry in entries)
        before, after = self._head(feed, fmt)
        before = _DATED[fmt](before, updated_at)
        shown = [entry for entry in entries if entry.body]
        tag = digest(before, after, *(entry.digest for entry in shown)).hex()
        bodies = [entry.body for entry in shown]
        if fmt is Format.JSON:
            bodies = [part for body in bodies for part in (b",", body)][1:]
        return Joined((before, *bodies, after), tag, updated_at)

    def _head(self, feed: Feed, fmt: Format) -> Head:
        key = (fmt, feed.spec, feed.query, feed.before, feed.previous, feed.following, feed.is_archive)
        if key not in self._heads:
            title = f"{narrowed_title(feed.spec, self.site.labels, feed.query)} – {self.site.title}"
            self._heads[key] = _HEAD[fmt](self.site, feed, title)
            if len(self._heads) > HEADS:
                self._heads.popitem(last=False)
        return self._heads[key]

    def known(self, post_id: str, fmt: Format, stamp: bytes) -> tuple[bool, Entry | None]:
        """Whether the post is rendered in the state that the stamp names, and its entry if it could be."""
        found = self._entries.get((fmt, post_id))
        if found is None or found[0] != stamp:
            return False, None
        self._entries.move_to_end((fmt, post_id))
        return True, found[1]

    def entry(self, post: Post, fmt: Format, stamp: bytes | None = None) -> Entry | None:
        """The entry's bytes; the last good ones where the present ones are wrong; None where there never were any."""
        stamp = stamp or digest(repr(post).encode(errors="surrogatepass"))
        is_known, entry = self.known(post.id, fmt, stamp)
        if is_known:
            return entry
        key = fmt, post.id
        last = self._entries.pop(key, None)
        entry = self._render_entry(post, fmt, last[1] if last else None)
        self._entries[key] = stamp, entry
        self._bytes += _size(entry) - (_size(last[1]) if last else 0)
        while self._bytes > self._capacity_bytes and len(self._entries) > 1:
            old, (_, gone) = self._entries.popitem(last=False)
            self._bytes -= _size(gone)
            self.problems.pop(old, None)
        return entry

    def _render_entry(self, post: Post, fmt: Format, last_good: Entry | None) -> Entry | None:
        try:
            body = _ENTRY[fmt](self.site, post)
            problem = self._check(self.site, fmt, body, post) if body else None
        except (ValueError, TypeError, AttributeError) as error:  # lxml and feedgen refuse what they cannot write
            body, problem = b"", f"{type(error).__name__}: {error}"
        if problem is None:
            self.problems.pop((fmt, post.id), None)
            return Entry.of(post.id, body, moved_at(post))
        self.problems[fmt, post.id] = problem
        self._report(f"cannot render post {post.id!r} as {fmt}: {problem}")
        return last_good

    def problem(self, joined: Joined, fmt: Format) -> str | None:
        """What is wrong with a feed, None when nothing is.

        Its entries were parsed back alone, each a whole element (see `entry`); what is left to doubt is what stands
        around them. So a feed of any length costs the parsing of its head.
        """
        return join_problem(fmt, joined.parts[0] + joined.parts[-1], [])


def _size(entry: Entry | None) -> int:
    return len(entry.body) if entry is not None else 0
