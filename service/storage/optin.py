"""Subscribing by a stranger's word: pending until the owner of the address says yes, and erasure when asked.

Whatever the state of an address, the same rows are written and a mail is queued at most once a day: nobody
learns whether an address is known.
"""

from __future__ import annotations

from datetime import datetime

import orjson
from sqlalchemy import Connection, delete, select, text, update

from service.alerts.links import Purpose
from service.alerts.words import words
from service.errors import NotFound
from service.storage import schema
from service.storage.mails import queue_letter
from service.storage.schema import to_micros
from service.storage.subscriptions import (
    NewSubscription,
    add_subscription,
    address_key,
    get_subscription,
    list_subscriptions,
    set_filters,
    set_frequency,
    set_status,
)
from service.types import Channel, Filters, Frequency, Subscription, SubscriptionStatus


def request_subscription(
    conn: Connection,
    *,
    address: str,
    filters: Filters,
    frequency: Frequency,
    language: str,
    what: str,
    title: str,
    now: datetime,
) -> None:
    """One pending subscription for an address, and one mail a day that asks its owner.

    `what` says in words what is asked for; `title` is the service's name.
    """
    known = [one for one in list_subscriptions(conn, channel=Channel.EMAIL, target=address) if one.unit_id is None]
    same = [one for one in known if one.filters == filters and one.frequency is frequency]
    if any(one.status is SubscriptionStatus.ACTIVE for one in same):
        subscription, kind = same[0], "already"
    else:
        subscription, kind = _pending(conn, known, address, filters, frequency, language, now), "confirm"
    says = words(language)
    purpose = Purpose.CONFIRM if kind == "confirm" else Purpose.MANAGE
    subject = [subscription.id, str(to_micros(now))] if kind == "confirm" else [subscription.id]
    paragraphs = [says[f"{kind}.body"].format(title=title, what=what)]
    paragraphs += [says["confirm.hint"]] if kind == "confirm" else []
    queue_letter(
        conn,
        key=f"optin:{address_key(address)}:{now.date().isoformat()}",
        address=subscription.target,
        subject=says[f"{kind}.subject"],
        paragraphs=paragraphs,
        now=now,
        language=language,
        button=(purpose.value, subject, says["confirm.button" if kind == "confirm" else "manage.button"]),
        subscription_id=subscription.id,
    )


def _pending(
    conn: Connection,
    known: list[Subscription],
    address: str,
    filters: Filters,
    frequency: Frequency,
    language: str,
    now: datetime,
) -> Subscription:
    """The one that waits, with what was asked for last; so fifty requests are one row."""
    for one in known:
        if one.status is SubscriptionStatus.PENDING:
            set_frequency(conn, one.id, frequency)
            return set_filters(conn, one.id, filters, now)
    new = NewSubscription(Channel.EMAIL, address, now, filters=filters, frequency=frequency, language=language)
    return add_subscription(conn, new)


def ask_owner(
    conn: Connection, subscription: Subscription, *, language: str, what: str, title: str, now: datetime
) -> None:
    """Queues the mail that asks the owner of a pending subscription, which an operator added; once a day at most."""
    says = words(language)
    queue_letter(
        conn,
        key=f"optin:{address_key(subscription.target)}:{now.date().isoformat()}",
        address=subscription.target,
        subject=says["confirm.subject"],
        paragraphs=[says["confirm.body"].format(title=title, what=what), says["confirm.hint"]],
        now=now,
        language=language,
        button=(Purpose.CONFIRM.value, [subscription.id, str(to_micros(now))], says["confirm.button"]),
        subscription_id=subscription.id,
    )


def confirm(conn: Connection, subscription_id: str, now: datetime) -> Subscription:
    """Makes a pending one active; any other stays as it is. Raises NotFound."""
    subscription = get_subscription(conn, subscription_id)
    if subscription.status is SubscriptionStatus.PENDING:
        return set_status(conn, subscription_id, SubscriptionStatus.ACTIVE, at=now)
    return subscription


def unsubscribe(conn: Connection, subscription_ids: tuple[str, ...], now: datetime, reason: str) -> int:
    """Removes those that are still there; gives how many. Twice is once, and one that is gone is no error."""
    done = 0
    for subscription_id in subscription_ids:
        try:
            if get_subscription(conn, subscription_id).status is SubscriptionStatus.REMOVED:
                continue
        except NotFound:
            continue
        set_status(conn, subscription_id, SubscriptionStatus.REMOVED, at=now, reason=reason)
        done += 1
    return done


def erase(conn: Connection, address: str, now: datetime) -> int:
    """Forgets a person: the address stands nowhere any more. Gives how many subscriptions held it."""
    key = address_key(address)
    table = schema.subscription.c
    query = select(table.id).where(table.channel == Channel.EMAIL.value, table.target_key == key)
    ids = tuple(conn.execute(query).scalars())
    unsubscribe(conn, ids, now, "đã xóa dữ liệu theo yêu cầu")
    for subscription_id in ids:
        gone = f"erased:{subscription_id}"
        conn.execute(
            update(schema.subscription)
            .where(table.id == subscription_id)
            .values(target=gone, target_key=gone, name="")
        )
    _erase_messages(conn, key)
    for row in conn.execute(select(schema.unit.c.id, schema.unit.c.contacts)).all():
        kept = [contact for contact in row.contacts if address_key(contact) != key]
        if kept != row.contacts:
            conn.execute(update(schema.unit).where(schema.unit.c.id == row.id).values(contacts=kept))
    return len(ids)


def _erase_messages(conn: Connection, key: str) -> None:
    """Out of the keys of messages, of letters' bodies and of what relays answered."""
    wanted = text(
        "SELECT id, group_key, body FROM message WHERE channel = 'email' AND (lower(group_key) LIKE :like ESCAPE '!'"
        " OR lower(body) LIKE :like ESCAPE '!')"
    )
    like = "%" + key.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
    for row in conn.execute(wanted, {"like": like}).all():
        is_letter_to = row.body is not None and address_key(orjson.loads(row.body)["address"]) == key
        if not (is_letter_to or key in row.group_key.lower().split(":")):
            continue
        conn.execute(
            update(schema.message)
            .where(schema.message.c.id == row.id)
            .values(group_key=f"erased:{row.id}", body=None, detail=None)
        )
        conn.execute(update(schema.attempt).where(schema.attempt.c.message_id == row.id).values(detail=""))
        if is_letter_to:
            conn.execute(delete(schema.attempt).where(schema.attempt.c.message_id == row.id))
            conn.execute(
                text("UPDATE message SET state = 'skipped' WHERE id = :id AND state IN ('due', 'held')"),
                {"id": row.id},
            )
