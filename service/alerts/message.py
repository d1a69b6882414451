"""What a webhook says: the JSON of design.md section 6, the same bytes for the same change.

Refuses to know who it goes to, but for the one link that is made for a unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from service.alerts.cut import cut_to_fit
from service.alerts.links import Links
from service.types import AttachmentLink, ChangeType, Document, Post
from service.values import rfc3339

_NO_RECEIPT = '"receipt_url":null}}'


def build_payload(
    change_type: ChangeType,
    at: datetime,
    post: Post,
    links: Links,
) -> str:
    """The body of a change. `receipt_url` is its last key and null: `with_receipt_url` fills it in
    for a unit.

    At most `cut.MAX_BYTES`; what is left out is said in its `cut`.
    """
    return orjson.dumps(
        {
            "type": change_type.value,
            "timestamp": rfc3339(at),
            "data": cut_to_fit(post_data(post, links)),
        }
    ).decode()


def with_type(payload: str, change_type: ChangeType) -> str:
    """The same body under another type: a post that comes to match later is published to those who
    hear it first."""
    old = payload.split('","', 1)[0]
    return f'{{"type":"{change_type.value}' + payload[len(old) :]


def says_else(old: str, new: str) -> bool:
    """Whether two bodies differ in more than their type and their time."""
    return old.partition('"data":')[2] != new.partition('"data":')[2]


def with_receipt_url(payload: str | bytes, url: str | None) -> bytes:
    """The body for one unit; the payload itself where nobody owes a receipt."""
    body = payload.encode() if isinstance(payload, str) else payload
    if url is None:
        return body
    return body.removesuffix(_NO_RECEIPT.encode()) + b'"receipt_url":' + orjson.dumps(url) + b"}}"


def owes_receipt(categories: Sequence[str], receipt_categories: Sequence[str]) -> bool:
    """Receipts are owed for the primary category, the first."""
    return bool(categories) and categories[0] in receipt_categories


def build_handshake(at: datetime, subscription_id: str, challenge: str, confirm_url: str) -> str:
    """What a new endpoint is asked before anything real is sent to it."""
    data = {"subscription_id": subscription_id, "challenge": challenge, "confirm_url": confirm_url}
    return orjson.dumps(
        {"type": "subscription.confirm", "timestamp": rfc3339(at), "data": data}
    ).decode()


def build_test(at: datetime, subscription_id: str) -> str:
    """A test delivery, which says nothing but that it is one."""
    data = {"subscription_id": subscription_id}
    return orjson.dumps(
        {"type": "subscription.test", "timestamp": rfc3339(at), "data": data}
    ).decode()


def post_data(post: Post, links: Links) -> dict[str, Any]:
    """What every program is told of a post: `data` of the payload, and the same in the API."""
    facts = post.understanding
    return {
        "id": post.id,
        "revision": post.revision,
        "url": post.url,
        "title": post.title,
        "summary": post.summary,
        "portal": {"id": post.portal.id, "name": post.portal.name},
        "categories": list(post.categories),
        "places": [{"id": place.id, "name": place.name} for place in facts.places],
        "addressees": list(facts.addressees),
        "urgency": facts.urgency.value,
        "document": _document(facts.document),
        "mentions": [
            {"kind": m.kind, "number": m.number, "issued_on": _day(m.issued_on), "issuer": m.issuer}
            for m in facts.mentions
        ],
        "deadlines": [
            {"on": deadline.on.isoformat(), "text": deadline.text} for deadline in facts.deadlines
        ],
        "begins_at": rfc3339(facts.begins_at) if facts.begins_at else None,
        "venue": facts.venue,
        "published_at": rfc3339(post.published_at),
        "updated_at": rfc3339(post.updated_at),
        "first_seen_at": rfc3339(post.first_seen_at),
        "is_late": post.dating is not None and post.dating.is_late,
        "attachments": [_attachment(link) for link in post.attachments],
        "archive_url": links.post_url(post.id),
        "receipt_url": None,
    }


def _document(document: Document | None) -> dict[str, Any] | None:
    if document is None:
        return None
    return {
        "kind": document.kind,
        "number": document.number,
        "issued_on": _day(document.issued_on),
        "issuer": document.issuer,
        "relation": document.relation.value,
    }


def _attachment(link: AttachmentLink) -> dict[str, Any]:
    return {
        "url": link.url,
        "media_type": link.media_type,
        "bytes": link.bytes,
        "sha256": link.sha256,
    }


def _day(day: Any) -> str | None:
    return day.isoformat() if day else None
