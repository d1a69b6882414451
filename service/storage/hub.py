"""Subscriptions of WebSub: to which topic, until when, and what is forgotten of them.

A topic is the address of a feed below `public_url`, as `/feeds/all.atom`. Nothing is known of a
subscriber but its callback; when a lease ends, everything of it is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, text

from service.channels import WEBSUB
from service.storage.queue import queue_own, refresh
from service.storage.schema import to_micros
from service.storage.subscriptions import NewSubscription, add_subscription, set_status
from service.types import SubscriptionStatus

UNVERIFIED_FOR = timedelta(hours=1)
"""So long a callback that has confirmed nothing is remembered."""
WAITING_AT_MOST = 3
"""Questions that wait for the answer of one callback about one topic."""
ENDED_AT_ONCE = 100


def find_hub_subscription(conn: Connection, callback_key: str, topic: str) -> str | None:
    """The id of what a callback has for a topic, confirmed or not; None where there is none."""
    query = text(
        "SELECT s.id FROM subscription s JOIN hub_lease h ON h.subscription_id = s.id"
        " WHERE s.channel = :channel AND s.target_key = :key AND h.topic = :topic"
        " AND s.status IN ('pending', 'active') LIMIT 1"
    )
    values = {"channel": WEBSUB, "key": callback_key, "topic": topic}
    found: str | None = conn.execute(query, values).scalar_one_or_none()
    return found


def add_hub_subscription(conn: Connection, new: NewSubscription, topic: str) -> str:
    """A pending one; returns its id. Raises InvalidInput for a callback that cannot be used."""
    added = add_subscription(conn, new)
    conn.execute(
        text("INSERT INTO hub_lease(subscription_id, topic) VALUES (:id, :topic)"),
        {"id": added.id, "topic": topic},
    )
    return added.id


def count_hub(conn: Connection, host_key: str) -> tuple[int, int]:
    """How many subscriptions there are, and how many of them at one host."""
    query = text(
        "SELECT count(*), COALESCE(sum(CASE WHEN e.host_key = :host THEN 1 ELSE 0 END), 0)"
        " FROM subscription s JOIN endpoint e ON e.key = s.endpoint_key"
        " WHERE s.channel = :channel AND s.status <> 'removed'"
    )
    every, of_host = conn.execute(query, {"host": host_key, "channel": WEBSUB}).one()
    return int(every), int(of_host)


def ask_callback(conn: Connection, subscription_id: str, body: str, at: datetime) -> bool:
    """Queues a question; False where as many as may wait do."""
    waiting = text(
        "SELECT count(*) FROM message m JOIN subscription s ON s.endpoint_key = m.endpoint_key"
        " WHERE s.id = :id AND m.subscription_id = s.id AND m.state = 'due'"
        " AND m.body IS NOT NULL"
    )
    if conn.execute(waiting, {"id": subscription_id}).scalar_one() >= WAITING_AT_MOST:
        return False
    tell_callback(conn, subscription_id, body, at)
    return True


def tell_callback(conn: Connection, subscription_id: str, body: str, at: datetime) -> None:
    queue_own(conn, subscription_id, body, at)
    key = text("SELECT endpoint_key FROM subscription WHERE id = :id")
    refresh(conn, [conn.execute(key, {"id": subscription_id}).scalar_one()])


def active_topics(conn: Connection) -> list[tuple[str, str]]:
    """(subscription, topic) of every lease that holds."""
    query = text(
        "SELECT s.id, h.topic FROM subscription s JOIN hub_lease h ON h.subscription_id = s.id"
        " WHERE s.status = 'active' ORDER BY s.id"
    )
    return [(row.id, row.topic) for row in conn.execute(query)]


def grant_lease(
    conn: Connection, subscription_id: str, secret: bytes | None, until: datetime, at: datetime
) -> None:
    """The callback wants it: good until then. Nothing where it ended meanwhile."""
    row = conn.execute(
        text("SELECT status FROM subscription WHERE id = :id"), {"id": subscription_id}
    ).first()
    if row is None or row.status not in (
        SubscriptionStatus.PENDING,
        SubscriptionStatus.ACTIVE,
    ):
        return
    values = {"id": subscription_id, "secret": secret, "until": to_micros(until)}
    conn.execute(text("UPDATE subscription SET secret = :secret WHERE id = :id"), values)
    conn.execute(text("UPDATE hub_lease SET until = :until WHERE subscription_id = :id"), values)
    set_status(conn, subscription_id, SubscriptionStatus.ACTIVE, at=at)


def end_lease(conn: Connection, subscription_id: str, at: datetime) -> None:
    """The callback wants no more of it; what is left is deleted by `forget_ended`."""
    found = text("SELECT 1 FROM subscription WHERE id = :id")
    if conn.execute(found, {"id": subscription_id}).first() is not None:
        set_status(conn, subscription_id, SubscriptionStatus.REMOVED, at=at)


def topics_of(conn: Connection, subscription_ids: Sequence[str]) -> dict[str, str]:
    query = text(
        "SELECT subscription_id, topic FROM hub_lease WHERE subscription_id IN :ids"
    ).bindparams(bindparam("ids", expanding=True))
    rows = conn.execute(query, {"ids": list(subscription_ids)})
    return {row.subscription_id: row.topic for row in rows}


@dataclass(frozen=True, slots=True)
class EndedLease:
    """A lease that was granted and is no more. `host`: of its callback, whose path may let one in;
    `why`: `lapsed`, `failed` or `asked`; `unit_ids`: the units with an address at that host."""

    host: str
    topic: str
    why: str
    unit_ids: tuple[str, ...]


_ENDED = """SELECT s.id, s.endpoint_key, e.host_key, h.topic, h.until,
    CASE WHEN s.status = 'removed' THEN 'asked' WHEN h.until <= :now THEN 'lapsed'
        ELSE 'failed' END AS why FROM subscription s
    JOIN endpoint e ON e.key = s.endpoint_key
    JOIN hub_lease h ON h.subscription_id = s.id
    WHERE (h.until <= :now OR s.status IN ('removed', 'disabled')
        OR (h.until IS NULL AND s.created_at <= :unverified)
        OR EXISTS (SELECT 1 FROM message m WHERE m.endpoint_key = s.endpoint_key
            AND m.subscription_id = s.id AND m.state = 'failed'
            AND (m.change_id IS NOT NULL OR h.until IS NULL)))
    AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.endpoint_key = s.endpoint_key)
    AND NOT EXISTS (SELECT 1 FROM message m WHERE m.endpoint_key = s.endpoint_key
        AND m.subscription_id = s.id AND m.state = 'due' AND s.status = 'removed')
    ORDER BY s.id LIMIT :n"""
"""Its time is over, it was ended, it confirmed nothing, or it failed at every attempt; nothing is
being sent to its endpoint, and it has been told where it was ended against its will."""

_OF_MESSAGES = (
    "(SELECT m.id FROM message m WHERE m.endpoint_key = :key AND m.subscription_id = :id)"
)
_FORGET = (
    f"DELETE FROM attempt WHERE message_id IN {_OF_MESSAGES}",
    f"DELETE FROM answer WHERE message_id IN {_OF_MESSAGES}",
    "DELETE FROM delivery WHERE subscription_id = :id",
    "DELETE FROM message WHERE endpoint_key = :key AND subscription_id = :id",
    "DELETE FROM owed WHERE subscription_id = :id",
    "DELETE FROM hub_lease WHERE subscription_id = :id",
    "DELETE FROM subscription WHERE id = :id",
    """DELETE FROM endpoint WHERE key = :key AND in_flight = 0
        AND NOT EXISTS (SELECT 1 FROM subscription s WHERE s.endpoint_key = :key)
        AND NOT EXISTS (SELECT 1 FROM message m WHERE m.endpoint_key = :key)""",
)


def forget_ended(conn: Connection, now: datetime) -> tuple[int, list[EndedLease]]:
    """Deletes all that is known of subscriptions that ended, a hundred at most; returns how many,
    and of those that a unit may be behind, what they were."""
    values = {"now": to_micros(now), "unverified": to_micros(now - UNVERIFIED_FOR)}
    ended = conn.execute(text(_ENDED), {**values, "n": ENDED_AT_ONCE}).all()
    leases = []
    for row in ended:
        host = row.host_key.removeprefix(f"{WEBSUB}:")
        unit_ids = _units_at(conn, host) if row.until is not None else ()
        if unit_ids:
            leases.append(EndedLease(host, row.topic, row.why, unit_ids))
        for statement in _FORGET:
            conn.execute(text(statement), {"id": row.id, "key": row.endpoint_key})
        refresh(conn, [row.endpoint_key])
    return len(ended), leases


def _units_at(conn: Connection, host: str) -> tuple[str, ...]:
    """The units that are sent messages at a host: nothing else is known of a subscriber."""
    query = text(
        "SELECT DISTINCT s.unit_id FROM subscription s JOIN endpoint e ON e.key = s.endpoint_key"
        " JOIN unit u ON u.id = s.unit_id WHERE e.host_key = :host AND s.status <> 'removed'"
        " AND u.removed_at IS NULL ORDER BY s.unit_id"
    )
    return tuple(conn.execute(query, {"host": host}).scalars())


def has_lease(conn: Connection, host: str, topic: str) -> bool:
    """Whether something at a host is sent a topic now."""
    query = text(
        "SELECT 1 FROM hub_lease h JOIN subscription s ON s.id = h.subscription_id"
        " JOIN endpoint e ON e.key = s.endpoint_key WHERE h.topic = :topic"
        " AND e.host_key = :host AND s.status = 'active' AND h.until IS NOT NULL LIMIT 1"
    )
    return conn.execute(query, {"topic": topic, "host": f"{WEBSUB}:{host}"}).first() is not None
