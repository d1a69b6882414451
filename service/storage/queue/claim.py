"""What is due, leased to whoever sends it.

A claim goes from lanes to endpoints to messages, each by an index in due order, never over all that
is due. Nobody holds a transaction here while sending.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import Connection, text

from service.storage.queue.capacity import shift
from service.storage.queue.driver import statements_on
from service.storage.queue.ledger_rows import ClaimedMessage
from service.storage.schema import from_micros, to_micros
from service.types import Channel

_MICROS = 1_000_000


def is_paused(conn: Connection) -> bool:
    """Whether nothing is sent at all: the operator's stop switch, or a database that was
    restored."""
    return (
        conn.execute(
            text("SELECT 1 FROM meta WHERE key IN ('delivery_paused', 'restored_at') LIMIT 1")
        ).first()
        is not None
    )


def claim_due(
    conn: Connection,
    *,
    channel: Channel,
    now: datetime,
    limit: int,
    lease_s: float,
    slow_limit: int | None = None,
) -> list[ClaimedMessage]:
    """Leases up to `limit` due messages, no more to an endpoint or lane than it has places.

    `slow_limit`: how many of them may go to endpoints that timed out last; None sets no bound.
    Empty when nothing is due, or while delivery is paused.
    """
    if limit <= 0 or is_paused(conn):
        return []
    at = to_micros(now)
    token = secrets.randbits(63)
    with statements_on(conn) as statements:
        until = statements.instant(at) + int(lease_s * _MICROS)
        statements.steer()
        taken = statements.take(channel, at, until, token, limit, is_slow=False)
        claimed = taken.claimed
        rest = limit - len(claimed)
        slow = rest if slow_limit is None else min(rest, slow_limit)
        if slow > 0:
            more = statements.take(channel, at, until, token, slow, is_slow=True)
            claimed += more.claimed
            taken.endpoints.update(more.endpoints)
            taken.lanes.update(more.lanes)
    shift(conn, taken.endpoints, taken.lanes)
    return claimed


def next_due_at(conn: Connection, channel: Channel) -> datetime | None:
    """When the next claim could find something; None when nothing waits, or no place is free."""
    at = conn.execute(
        text(
            "SELECT min(next_due_at) FROM lane WHERE channel = :channel AND next_due_at IS NOT NULL"
        ),
        {"channel": channel},
    ).scalar_one()
    return None if at is None else from_micros(at)
