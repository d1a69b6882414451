"""What the API shows of each thing: plain mappings, times in RFC 3339, no secret, keys always
there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import g

from service.alerts.cut import MAX_ITEMS
from service.alerts.links import Links
from service.alerts.message import post_data
from service.alerts.own_headers import MASK
from service.services.coverage_acts import ListingCoverage, PortalCoverage
from service.storage.same_document import Companion
from service.storage.silence import Silence
from service.types import Post, Subscription, Unit
from service.values import rfc3339
from service.web.pages.portal_state import PortalState
from service.words import say


def instant(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)


def post(post: Post, links: Links) -> dict[str, Any]:
    """A post with what is known of it; `cut` says how many of its files are left out."""
    data = post_data(post, links)
    del data["receipt_url"]
    over = len(post.attachments) - MAX_ITEMS
    return data | {
        "withdrawn_at": instant(post.withdrawn_at),
        "attachments": [asdict(attachment) for attachment in post.attachments[:MAX_ITEMS]],
        "cut": {"attachments": over} if over > 0 else {},
    }


def whole_post(whole: Post, links: Links, others: Sequence[Companion]) -> dict[str, Any]:
    """With its text, the reasons of its categories, and the other posts of the same document."""
    return post(whole, links) | {
        "attachments": [asdict(attachment) for attachment in whole.attachments],
        "cut": {},
        "html": whole.html,
        "text": whole.text,
        "why": [asdict(reason) for reason in whole.understanding.why],
        "urgency_why": None if (why := whole.understanding.urgency_why) is None else asdict(why),
        "same_document": [
            {
                "id": other.id,
                "title": other.title,
                "portal": asdict(other.portal),
                "published_at": instant(other.published_at),
                "relation": str(other.relation),
                "archive_url": links.post_url(other.id),
            }
            for other in others
        ],
    }


def coverage(of: ListingCoverage) -> dict[str, Any]:
    return {
        "covered_since": instant(of.since),
        "covered_to": instant(of.covered_to),
        "gaps": [{key: instant(at) for key, at in hole.shown().items()} for hole in of.holes],
        "held": of.held,
        "silent": dict(of.silent or {}),
    }


def portal(state: PortalState, covered: PortalCoverage) -> dict[str, Any]:
    by_url = {one.url: one for one in covered.listings}
    return {
        "id": state.portal.id,
        "name": state.portal.name,
        "base_url": state.portal.base_url,
        "kind": state.portal.kind,
        "is_failing": bool(state.failing),
        "held": state.held,
        "silent": dict(state.silent),
        "listings": [
            {
                "url": url,
                "outcome": None if listing is None else listing.last_outcome,
                "error": None
                if listing is None or listing.last_error is None
                else say(listing.last_error, g.language),
                "failures": 0 if listing is None else listing.failures,
                "failing_since": None if listing is None else instant(listing.failing_since),
                "last_polled_at": None if listing is None else instant(listing.last_polled_at),
                "last_ok_at": None if listing is None else instant(listing.last_ok_at),
                "last_new_at": None if listing is None else instant(listing.last_new_at),
                "next_poll_at": None if listing is None else instant(listing.next_poll_at),
                **coverage(by_url[url]),
            }
            for url, listing in state.listings
        ],
    }


def silence(silence: Silence) -> dict[str, Any]:
    return {
        "post": silence.post_id,
        "portal": silence.portal_id,
        "title": silence.title,
        "code": silence.code,
        "reason": say(f"silence.{silence.code}", g.language),
        "at": instant(silence.at),
        "published_at": instant(silence.published_at),
    }


def unit(unit: Unit) -> dict[str, Any]:
    return {
        "id": unit.id,
        "name": unit.name,
        "place": unit.place,
        "contacts": list(unit.contacts),
        "created_at": instant(unit.created_at),
    }


def subscription(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "channel": subscription.channel,
        "target": subscription.target,
        "status": subscription.status,
        "filters": {name: list(values) for name, values in asdict(subscription.filters).items()},
        "frequency": subscription.frequency,
        "unit": subscription.unit_id,
        "headers": dict.fromkeys(subscription.headers, MASK),
        "name": subscription.name,
        "created_at": instant(subscription.created_at),
    }


def plain(value: Any) -> Any:
    """A storage value as JSON: instants in RFC 3339 with Z. For values whose fields are the API's
    own names."""
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
