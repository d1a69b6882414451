"""What a feed is before it is bytes: its name, its words, its entries, its neighbours (RFC
5005)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import urlencode

from service.types import Post


class Format(StrEnum):
    RSS = "rss"
    ATOM = "atom"
    JSON = "json"
    ICS = "ics"

    @property
    def media_type(self) -> str:
        return _MEDIA_TYPES[self]

    @property
    def content_type(self) -> str:
        return self.media_type if self is Format.JSON else f"{self.media_type}; charset=utf-8"


_MEDIA_TYPES = {
    Format.RSS: "application/rss+xml",
    Format.ATOM: "application/atom+xml",
    Format.JSON: "application/feed+json",
    Format.ICS: "text/calendar",
}

NARROWING = (
    "category", "portal", "place", "q", "kind", "urgency", "number", "issuer",
    "deadline_from", "deadline_to", "day_from", "day_to",
)  # fmt: skip
"""The parameters that narrow a feed, in the order in which they stand in its canonical address."""


@dataclass(frozen=True, slots=True)
class FeedSpec:
    """A feed that exists. `name` is its path below /feeds/ without the format; None filters leave
    everything."""

    name: str
    title: str
    title_en: str
    description: str
    category: str | None = None
    portal: str | None = None
    place: str | None = None
    has_calendar: bool = False
    has_deadlines: bool = False
    """Whether its calendar holds deadlines too."""
    is_owed: bool = False
    """Whether it holds only posts that ask for something until a day."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed with its entries, newest first. Cursors are opaque values of `before`; None where
    there is no such page.

    `query` narrows the feed, in canonical order; `before` is the page's own cursor, None for the
    current page.
    """

    spec: FeedSpec
    posts: tuple[Post, ...]
    query: tuple[tuple[str, str], ...] = ()
    before: str | None = None
    previous: str | None = None
    following: str | None = None
    is_archive: bool = False
    """True when `previous` and `following` are archive documents (RFC 5005, section 4), else pages
    (section 3)."""

    @property
    def is_marked(self) -> bool:
        """Whether it says that it is an archive document. One without another beside it does not:
        validators take it for the rest of an archive that is not whole (`ArchiveIncomplete`)."""
        has_neighbours = self.previous is not None or self.following is not None
        return self.is_archive and self.before is not None and has_neighbours

    @property
    def key(self) -> str:
        """What the feed's id is made of: the same for all its pages."""
        return f"{self.spec.name}?{urlencode(self.query)}" if self.query else self.spec.name

    def address(self, root: str, fmt: Format, before: str | None = None) -> str:
        pairs = (*self.query, ("before", before)) if before else self.query
        query = f"?{urlencode(pairs)}" if pairs else ""
        return f"{root}/feeds/{self.spec.name}.{fmt}{query}"

    def links(self, root: str, fmt: Format) -> dict[str, str]:
        """The relations of RFC 5005 to the other pages of this feed."""
        relations: dict[str, str] = {}
        if self.before is not None:
            relations["current" if self.is_archive else "first"] = self.address(root, fmt)
        if self.previous is not None:
            relations["prev-archive" if self.is_archive else "next"] = self.address(
                root, fmt, self.previous
            )
        if self.following is not None:
            relations["next-archive" if self.is_archive else "previous"] = self.address(
                root, fmt, self.following
            )
        return relations


class Entry(NamedTuple):
    """One post, rendered; empty where a format says nothing of it. `digest` is that of `body`, so
    that a feed's ETag needs no second look at the bytes; `moved_at` is when the post last changed
    what a feed shows of it."""

    post_id: str
    body: bytes
    digest: bytes
    moved_at: datetime

    @classmethod
    def of(cls, post_id: str, body: bytes, moved_at: datetime) -> Entry:
        return cls(post_id, body, digest(body), moved_at)


def digest(*parts: bytes) -> bytes:
    hashed = blake2b(digest_size=16)
    for part in parts:
        hashed.update(part)
    return hashed.digest()


def narrowed_title(
    spec: FeedSpec, labels: Mapping[str, str], query: tuple[tuple[str, str], ...]
) -> str:
    said = [_say_narrowing(name, labels.get(value, value)) for name, value in query]
    return " · ".join([spec.title, *said])


_SAID = {
    "q": "“{}”",
    "number": "số {}",
    "deadline_from": "hạn từ {}",
    "deadline_to": "hạn đến {}",
    "day_from": "từ {}",
    "day_to": "đến {}",
}


def _say_narrowing(name: str, value: str) -> str:
    if name.endswith(("_from", "_to")):
        value = "/".join(reversed(value.split("-")))
    return _SAID.get(name, "{}").format(value)
