"""Renders feeds: entries once and for all formats, by content; feeds by joining them.

Owns the memory of rendered entries. Refuses what does not read back as it was meant: then the last good rendering of
that entry stays, and whoever asked is told.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from service.feeds import json_feed, rss
from service.feeds.check import entry_problem, join_problem
from service.feeds.model import Entry, Feed, Format, digest, narrowed_title
from service.feeds.site import Site, feed_updated_at
from service.types import Post

Report = Callable[[str], None]

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
    Memory holds one entry a post and format: `capacity` of them, those asked for last.
    """

    def __init__(
        self,
        site: Site,
        report: Report,
        *,
        capacity: int = 20_000,
        check: Callable[[Site, Format, bytes, Post], str | None] = entry_problem,
    ) -> None:
        self.site = site
        self._report = report
        self._check = check
        self._capacity = capacity
        self._entries: OrderedDict[tuple[Format, str], tuple[Post, Entry | None]] = OrderedDict()

    def render(self, feed: Feed, fmt: Format) -> Joined:
        """The feed in one format. An entry that cannot be rendered never spoils the others."""
        title = f"{narrowed_title(feed.spec, self.site.labels, feed.query)} – {self.site.title}"
        before, after = _HEAD[fmt](self.site, feed, title)
        entries = [entry for post in feed.posts if (entry := self.entry(post, fmt)) is not None and entry.body]
        bodies = [entry.body for entry in entries]
        tag = digest(before, after, *(entry.digest for entry in entries)).hex()
        inside = (b",".join(bodies),) if fmt is Format.JSON else bodies
        return Joined((before, *inside, after), tag, feed_updated_at(feed.posts))

    def entry(self, post: Post, fmt: Format) -> Entry | None:
        """The entry's bytes; the last good ones where the present ones are wrong; None where there never were any."""
        key = fmt, post.id
        known = self._entries.get(key)
        if known is not None and (known[0] is post or known[0] == post):
            self._entries.move_to_end(key)
            return known[1]
        entry = self._render_entry(post, fmt, known[1] if known else None)
        self._entries[key] = post, entry
        while len(self._entries) > self._capacity:
            self._entries.popitem(last=False)
        return entry

    def _render_entry(self, post: Post, fmt: Format, last_good: Entry | None) -> Entry | None:
        try:
            body = _ENTRY[fmt](self.site, post)
            problem = self._check(self.site, fmt, body, post) if body else None
        except (ValueError, TypeError, AttributeError) as error:  # lxml and feedgen refuse what they cannot write
            body, problem = b"", f"{type(error).__name__}: {error}"
        if problem is None:
            return Entry.of(post.id, body)
        self._report(f"cannot render post {post.id!r} as {fmt}: {problem}")
        return last_good

    def problem(self, joined: Joined, fmt: Format) -> str | None:
        """What is wrong with a feed, None when nothing is.

        Its entries were parsed back alone, each a whole element (see `entry`); what is left to doubt is what stands
        around them. So a feed of any length costs the parsing of its head.
        """
        return join_problem(fmt, joined.parts[0] + joined.parts[-1], [])
