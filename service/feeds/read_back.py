"""Reads a whole feed as a feed reader does, by feedparser, and compares it with the posts, entry by
entry.

What `loa demo` and the tests call valid. Ten times what `check` and `document` take, so no feed
waits for it.
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from typing import Any

import feedparser
import orjson

from service.feeds.markup import (
    Site,
    author_of,
    entry_id,
    shown_attachments,
    uri,
    whole_seconds,
    written_title_of,
)
from service.feeds.model import Format
from service.feeds.self_check import differing, json_item_problem
from service.types import Post


def feed_problem(site: Site, fmt: Format, body: bytes, posts: list[Post]) -> str | None:
    """Why a whole feed does not hold exactly these posts, in order; None when it does. Withdrawn
    ones are none."""
    if fmt is Format.JSON:
        return _json_feed_problem(site, body, posts)
    parsed = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False)
    if parsed.bozo:
        return f"is not well-formed: {parsed.bozo_exception}"
    living = [post for post in posts if post.withdrawn_at is None]
    if len(parsed.entries) != len(living):
        return f"has {len(parsed.entries)} entries instead of {len(living)}"
    for read, post in zip(parsed.entries, living, strict=True):
        wrong = differing(_found(fmt, read), _meant(site, fmt, post))
        if wrong is not None:
            return f"entry {post.id!r}: {wrong}"
    return None


def _json_feed_problem(site: Site, body: bytes, posts: list[Post]) -> str | None:
    try:
        items = orjson.loads(body)["items"]
    except orjson.JSONDecodeError as error:
        return f"is not well-formed: {error}"
    if len(items) != len(posts):
        return f"has {len(items)} entries instead of {len(posts)}"
    for item, post in zip(items, posts, strict=True):
        wrong = json_item_problem(site, item, post)
        if wrong is not None:
            return f"entry {post.id!r}: {wrong}"
    return None


def _found(fmt: Format, read: Any) -> dict[str, object]:
    return {
        "id": read.get("id"),
        "title": read.get("title"),
        "link": read.get("link"),
        "author": read.get("author"),
        "published": _instant(read.get("published_parsed")),
        "updated": _instant(dict.get(read, "updated_parsed")),
        "categories": _categories(fmt, read),
        "enclosures": [e.get("href") for e in read.get("enclosures", [])],
        "has content": bool(read.get("content")),
    }


def _meant(site: Site, fmt: Format, post: Post) -> dict[str, object]:
    attachments = shown_attachments(post)[: 1 if fmt is Format.RSS else None]
    meant: dict[str, object] = {
        "id": entry_id(post),
        "title": as_feedparser_reads(written_title_of(post)),
        "link": uri(post.url) or site.post_url(post),
        "author": as_feedparser_reads(author_of(post)),
        "published": whole_seconds(post.published_at),
        "categories": _meant_categories(site, fmt, post),
        "enclosures": [uri(attachment.url) for attachment in attachments],
        "has content": True,
    }
    if fmt is Format.ATOM or post.updated_at != post.published_at:
        meant["updated"] = whole_seconds(post.updated_at)
    return meant


def as_feedparser_reads(text: str) -> str:
    """feedparser takes text that is Latin-1 and also UTF-8 for UTF-8 that was misread, and mends
    it."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def _instant(parsed: Any) -> datetime | None:
    return None if parsed is None else datetime.fromtimestamp(calendar.timegm(parsed), UTC)


def _categories(fmt: Format, read: Any) -> list[tuple[str, str, str]]:
    label = "label" if fmt is Format.ATOM else "term"
    return [
        (t.get("scheme") or "", t.get("term") or "", t.get(label) or "")
        for t in read.get("tags", [])
    ]


def _meant_categories(site: Site, fmt: Format, post: Post) -> list[tuple[str, str, str]]:
    labels = [(c, site.labels.get(c, c)) for c in post.categories]
    return [
        (site.category_scheme, c if fmt is Format.ATOM else label, label) for c, label in labels
    ]
