"""What a webhook says: the JSON of design.md section 6, the same bytes for the same change.

Refuses to know who it goes to, but for the one link that is made for a unit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import orjson

from service.alerts.cut import cut_to_fit
from service.alerts.links import Links
from service.alerts.post_fields import fields_of
from service.types import ChangeType, Post
from service.values import plain, rfc3339

_NO_RECEIPT = '"receipt_url":null}}'


def build_payload(
    change_type: ChangeType,
    at: datetime,
    post: Post,
    links: Links,
    kept: Collection[str] = (),
    also_at: Sequence[tuple[str, str]] = (),
) -> str:
    """The body of a change. `receipt_url` is its last key and null: `with_receipt_url` fills it in
    for a unit. `kept`: the digests of the files of which there is a copy.

    `also_at` are the portals and addresses of other posts of its document.

    At most `cut.MAX_BYTES`; what is left out is said in its `cut`.
    """
    return orjson.dumps(
        {
            "type": change_type.value,
            "timestamp": rfc3339(at),
            "data": cut_to_fit(plain(fields_of(post, links, kept, also_at))),
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


def build_reminder(
    at: datetime,
    post_id: str,
    revision: int,
    title: str,
    due: Sequence[tuple[datetime, str]],
    archive_url: str,
    receipt_url: str,
) -> str:
    """Asks again for the receipt of a post. `due`: until when it asks for something, and in which
    words."""
    data = {
        "id": post_id,
        "revision": revision,
        "title": title,
        "due": [{"at": rfc3339(instant), "text": words} for instant, words in due],
        "archive_url": archive_url,
        "receipt_url": receipt_url,
    }
    return orjson.dumps(
        {"type": "receipt.reminder", "timestamp": rfc3339(at), "data": data}
    ).decode()
