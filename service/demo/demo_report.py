"""What `loa demo --once` reports: every feed, read back over HTTP and held against the database,
and what arrived."""

from __future__ import annotations

from typing import Any

from service.demo.demonstration import Demo
from service.feeds.model import Format
from service.feeds.read_back import feed_problem
from service.web.feeds.feed_store import FeedStore

FORMATS = (Format.RSS, Format.ATOM, Format.JSON)
VALID = "valid"


def report(demo: Demo) -> dict[str, Any]:
    """The shape that design.md gives `demo --once`; `ok` only when nothing is missing and nothing
    is wrong."""
    webhooks, mails = demo.inbox.webhooks, demo.inbox.mails
    feeds = _feeds(demo)
    posts = len(demo.read_json_feed())
    verified = sum(webhook.is_verified for webhook in webhooks)
    arrived = bool(webhooks) and verified == len(webhooks) and bool(mails)
    return {
        "posts": posts,
        "feeds": feeds,
        "webhooks": {"received": len(webhooks), "verified": verified},
        "mails": {"received": len(mails)},
        "ok": arrived and posts == len(demo.portal.posts) and set(feeds.values()) == {VALID},
    }


def _feeds(demo: Demo) -> dict[str, str]:
    store = FeedStore(demo.loa)
    verdicts = {}
    for spec in store.specs():
        posts = list(store.load(spec).posts)
        for fmt in FORMATS:
            path = f"/feeds/{spec.name}.{fmt}"
            problem = feed_problem(store.site, fmt, demo.read(path), posts)
            verdicts[demo.addresses.site.rstrip("/") + path] = problem or VALID
    return verdicts
