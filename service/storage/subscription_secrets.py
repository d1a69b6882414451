"""The secrets of webhooks, and what is sealed beside them: made anew, counted, sealed."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, text, update

from service.alerts.own_headers import open_value, seal_headers
from service.alerts.signing import SecretBox
from service.channels import kind_of
from service.errors import Conflict
from service.storage import schema
from service.storage.subscriptions import get_subscription, set_headers
from service.types import SubscriptionStatus
from service.values import rfc3339
from service.words import coded

ROTATION_OVERLAP = timedelta(hours=24)


def rotate_secret(
    conn: Connection,
    subscription_id: str,
    secret: str,
    box: SecretBox,
    at: datetime,
    *,
    is_forced: bool = False,
) -> None:
    """A new secret; the old one signs beside it for 24 hours, unless another key than ours sealed
    it.

    Raises Conflict while an older one still signs: two do at a time. Forced, the older one ends
    now.
    """
    if not kind_of(get_subscription(conn, subscription_id).channel).is_signed:
        raise Conflict(coded("conflict.rotate_unsigned", name=subscription_id))
    table = schema.subscription
    columns = (table.c.secret, table.c.old_secret, table.c.old_secret_until)
    old, older, until = conn.execute(select(*columns).where(table.c.id == subscription_id)).one()
    if not is_forced and older is not None and until > at and box.is_ours(older):
        raise Conflict(coded("conflict.rotate_again", name=subscription_id, until=rfc3339(until)))
    values = (
        {"old_secret": old, "old_secret_until": at + ROTATION_OVERLAP} if box.is_ours(old) else {}
    )
    given = {"old_secret": None, "old_secret_until": None, **values, "secret": box.encrypt(secret)}
    conn.execute(update(table).where(table.c.id == subscription_id).values(**given))


def count_unopened(conn: Connection, box: SecretBox) -> int:
    """How many webhooks that are not removed have a secret that another key than ours sealed."""
    table = schema.subscription.c
    query = select(table.secret).where(
        table.secret.is_not(None), table.status != SubscriptionStatus.REMOVED.value
    )
    return sum(not box.is_ours(sealed) for sealed in conn.execute(query).scalars())


def needs_key(conn: Connection) -> bool:
    """Whether another secret key would lose something: a sealed secret, or the links in mail that
    was sent."""
    query = (
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM subscription WHERE secret IS NOT NULL AND status <> "
        "'removed')"
    )
    mail = " OR EXISTS (SELECT 1 FROM message WHERE channel = 'email' AND state = 'sent')"
    return conn.execute(text(query + mail)).first() is not None


def seal_plain_headers(conn: Connection, box: SecretBox) -> int:
    """Seals what an older Loa kept plain; returns of how many subscriptions."""
    table = schema.subscription.c
    rows = conn.execute(select(table.id, table.headers).where(table.headers != {})).all()
    plain = {
        row.id: row.headers
        for row in rows
        if any(isinstance(value, str) for value in row.headers.values())
    }
    for subscription_id, headers in plain.items():
        set_headers(
            conn,
            subscription_id,
            seal_headers({k: open_value(v, box) for k, v in headers.items()}, box),
        )
    return len(plain)
