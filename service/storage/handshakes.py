"""Messages about a subscription itself: the question that confirms an endpoint, and the test delivery.

Both go through the ledger like any other message, signed and retried.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import Connection, text

from service.alerts.links import Links, Purpose
from service.alerts.message import build_handshake, build_test
from service.errors import Conflict
from service.storage.endpoints import refresh
from service.storage.engine import uuid7
from service.storage.schema import to_micros
from service.storage.subscriptions import get_subscription
from service.types import Channel, Subscription, SubscriptionStatus


def ask_confirmation(conn: Connection, subscription_id: str, links: Links, at: datetime) -> str:
    """Asks a new endpoint whether it wants what is coming: the message's id. Raises Conflict unless it is pending."""
    subscription = _webhook(conn, subscription_id)
    if subscription.status is not SubscriptionStatus.PENDING:
        raise Conflict(f"cannot ask {subscription_id!r} to confirm: it is {subscription.status.value}")
    url = links.url(Purpose.CONFIRM, subscription_id)
    return _send(conn, subscription, build_handshake(at, subscription_id, secrets.token_urlsafe(24), url), at)


def send_test(conn: Connection, subscription_id: str, at: datetime) -> str:
    """A test delivery: the message's id. Raises Conflict unless the subscription is active."""
    subscription = _webhook(conn, subscription_id)
    if subscription.status is not SubscriptionStatus.ACTIVE:
        raise Conflict(f"cannot test {subscription_id!r}: it is {subscription.status.value}")
    return _send(conn, subscription, build_test(at, subscription_id), at)


def _webhook(conn: Connection, subscription_id: str) -> Subscription:
    subscription = get_subscription(conn, subscription_id)
    if subscription.channel is not Channel.WEBHOOK:
        raise Conflict(f"cannot send {subscription_id!r} a webhook: it is subscribed by {subscription.channel.value}")
    return subscription


def _send(conn: Connection, subscription: Subscription, body: str, at: datetime) -> str:
    id = uuid7()
    key = conn.execute(
        text(
            "INSERT INTO message(id, subscription_id, channel, endpoint_key, group_key, body, state, due_at, created_at)"
            " SELECT :id, s.id, s.channel, s.endpoint_key, 'own:' || :id, :body, 'due', :at, :at FROM subscription s"
            " WHERE s.id = :subscription RETURNING endpoint_key"
        ),
        {"id": id, "subscription": subscription.id, "body": body, "at": to_micros(at)},
    ).scalar_one()
    refresh(conn, [key])
    return id
