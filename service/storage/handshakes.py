"""Messages for one subscription that are about no change: the question that confirms an endpoint,
the test delivery, and the reminder of a receipt.

All go through the ledger like any other message, signed and retried.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, text

from service.alerts.links import Links, Purpose
from service.alerts.message import build_handshake, build_test
from service.channels import Consent, kind_of
from service.errors import Conflict
from service.storage.queue import queue_own, refresh
from service.storage.subscriptions import CONFIRMED, get_subscription, set_status
from service.types import Subscription, SubscriptionStatus
from service.words import coded


def ask_confirmation(conn: Connection, subscription_id: str, links: Links, at: datetime) -> str:
    """Asks a new endpoint whether it wants what is coming: the message's id. Raises Conflict unless
    it is pending."""
    subscription = _subscription(conn, subscription_id, (Consent.ENDPOINT,))
    if subscription.status is not SubscriptionStatus.PENDING:
        raise Conflict(
            coded("conflict.ask", name=subscription_id, status=subscription.status.value)
        )
    url = links.url(Purpose.CONFIRM, subscription_id, address_mark(subscription.target))
    return _send(
        conn, subscription, build_handshake(at, subscription_id, secrets.token_urlsafe(24), url), at
    )


def address_mark(url: str) -> str:
    """What a question says of the address it was about: the answer of an earlier address confirms
    no later one."""
    return sha256(url.encode()).hexdigest()[:32]


def confirm_endpoint(conn: Connection, subscription_id: str, at: datetime, url: str) -> bool:
    """The endpoint at `url` answered the question: a pending subscription is active.

    False, and nothing, for any other, and for one that has moved to another address since.
    """
    row = conn.execute(
        text("SELECT status, target FROM subscription WHERE id = :id"), {"id": subscription_id}
    ).first()
    if row is None or row.status != SubscriptionStatus.PENDING or row.target != url:
        return False
    set_status(conn, subscription_id, SubscriptionStatus.ACTIVE, at=at, reason=CONFIRMED)
    return True


def send_test(conn: Connection, subscription_id: str, at: datetime) -> str:
    """A test delivery: the message's id. Raises Conflict unless the subscription is active."""
    subscription = _subscription(conn, subscription_id, (Consent.ENDPOINT, Consent.TOKEN))
    if subscription.status is not SubscriptionStatus.ACTIVE:
        raise Conflict(
            coded("conflict.test", name=subscription_id, status=subscription.status.value)
        )
    return _send(conn, subscription, build_test(at, subscription_id), at)


def _subscription(
    conn: Connection, subscription_id: str, consents: Sequence[Consent]
) -> Subscription:
    subscription = get_subscription(conn, subscription_id)
    kind = kind_of(subscription.channel)
    if kind.consent not in consents and not (kind.is_testable and Consent.TOKEN in consents):
        raise Conflict(
            coded("conflict.test_channel", name=subscription_id, channel=subscription.channel)
        )
    return subscription


def send_reminder(
    conn: Connection, subscription_id: str, body: str, at: datetime, key: str, *, is_urgent: bool
) -> bool:
    """Asks a webhook again for a receipt, once for each key; whether it was queued."""
    count = "SELECT count(*) FROM message WHERE group_key = :key"
    before = conn.execute(text(count), {"key": key}).scalar_one()
    _send(conn, get_subscription(conn, subscription_id), body, at, key=key, is_urgent=is_urgent)
    return not before


def _send(
    conn: Connection,
    subscription: Subscription,
    body: str,
    at: datetime,
    *,
    key: str = "",
    is_urgent: bool = False,
) -> str:
    message_id = queue_own(conn, subscription.id, body, at, key=key, is_urgent=is_urgent)
    touched = conn.execute(
        text("SELECT endpoint_key FROM subscription WHERE id = :id"), {"id": subscription.id}
    ).scalar_one()
    refresh(conn, [touched])
    return message_id
