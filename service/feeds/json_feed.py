"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/): items rendered once, a feed as their
join."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from service.feeds.markup import (
    ICON,
    LARGE_ICON,
    Site,
    author_of,
    body_html,
    entry_id,
    entry_summary,
    entry_title,
    feed_id,
    shown_attachments,
    uri,
    whole_seconds,
    xml_text,
)
from service.feeds.model import Feed, Format
from service.types import Post

VERSION = "https://jsonfeed.org/version/1.1"


def _rfc3339(instant: datetime) -> str:
    return whole_seconds(instant).isoformat().replace("+00:00", "Z")


def render_json_entry(site: Site, post: Post) -> bytes:
    """An item; of a withdrawn post an extension that says so, since the format knows no tombstone.

    A copy, for it is kept: what orjson returns holds all the memory that it was written in, 64 kB
    for 6.
    """
    written = orjson.dumps(_withdrawn(site, post) if post.withdrawn_at else _item(site, post))
    return memoryview(written).tobytes()


def _item(site: Site, post: Post) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": entry_id(post),
        "url": uri(post.url) or site.post_url(post),
        "title": entry_title(post),
        "summary": entry_summary(post),
        "content_html": body_html(post),
        "date_published": _rfc3339(post.published_at),
        "date_modified": _rfc3339(post.updated_at),
        "authors": [{"name": author_of(post)}],
        "language": site.language,
        "tags": [site.labels.get(category, category) for category in post.categories],
        "_loa": _facts(site, post),
    }
    attachments = [
        _attachment(a.url, a.media_type, a.name, a.bytes) for a in shown_attachments(post)
    ]
    return item | ({"attachments": attachments} if attachments else {})


def _attachment(url: str, media_type: str, name: str, size: int | None) -> dict[str, Any]:
    attachment: dict[str, Any] = {
        "url": uri(url),
        "mime_type": xml_text(media_type) or "application/octet-stream",
    }
    if name:
        attachment["title"] = xml_text(name)
    if size is not None:
        attachment["size_in_bytes"] = size
    return attachment


def _facts(site: Site, post: Post) -> dict[str, Any]:
    document = post.understanding.document
    return {
        "categories": list(post.categories),
        "portal": post.portal.id,
        "places": [place.id for place in post.understanding.places],
        "number": xml_text(document.number or "") if document else "",
        "archive_url": site.post_url(post),
    }


def _withdrawn(site: Site, post: Post) -> dict[str, Any]:
    at = post.withdrawn_at
    return {
        "id": entry_id(post),
        "url": site.post_url(post),
        "title": entry_title(post),
        "content_text": "Cổng thông tin đã gỡ tin này. / The portal has withdrawn this post.",
        "date_published": _rfc3339(post.published_at),
        "_loa": {"expired": True, "withdrawn_at": _rfc3339(at) if at else None},
    }


def render_json_head(site: Site, feed: Feed, title: str) -> tuple[bytes, bytes]:
    """What stands before and after the items."""
    head: dict[str, Any] = {
        "version": VERSION,
        "title": xml_text(title),
        "description": xml_text(feed.spec.description),
        "home_page_url": f"{site.root}/",
        "feed_url": feed.address(site.root, Format.JSON, feed.before),
        "icon": f"{site.root}/{LARGE_ICON}",
        "favicon": f"{site.root}/{ICON}",
        "language": site.language,
        "authors": [{"name": xml_text(site.title), "url": f"{site.root}/"}],
        "_loa": {"about": f"{site.root}/feeds/", "id": feed_id(feed.key)},
    }
    if feed.previous is not None:
        head["next_url"] = feed.address(site.root, Format.JSON, feed.previous)
    if hub := site.hub_of(feed):
        head["hubs"] = [{"type": "WebSub", "url": hub}]
    return orjson.dumps(head)[:-1] + b',"items":[', b"]}"
