"""What is due, leased to whoever sends it.

A claim goes from host groups to endpoints to messages, each by an index in due order, never over
all that is due. Nobody holds a transaction here while sending.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import Connection, text

from service.storage.queue.capacity import shift
from service.storage.queue.driver import statements_on
from service.storage.queue.ledger_rows import ClaimedMessage, ClaimResult
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
    urgent_limit: int | None = None,
    due_by: datetime | None = None,
) -> list[ClaimedMessage]:
    """Leases up to `limit` due messages, no more to an endpoint or host group than it has places;
    the urgent ones before all others.

    `due_by`: only what was due then already; None: what is due now.
    `slow_limit`: how many of them may go to endpoints that timed out last; None sets no bound.
    `urgent_limit`: how many urgent ones, where that is more than `limit`; while there are any,
    nothing else is claimed. Empty when nothing is due, or
    while delivery is paused.
    """
    urgent_limit = limit if urgent_limit is None else max(limit, urgent_limit)
    if urgent_limit <= 0 or is_paused(conn):
        return []
    at = to_micros(now)
    by = at if due_by is None else min(at, to_micros(due_by))
    token = secrets.randbits(63)
    with statements_on(conn) as statements:
        until = statements.instant(at) + int(lease_s * _MICROS)
        statements.steer()

        def take(limit: int, slow_limit: int | None, *, is_urgent: bool) -> ClaimResult:
            taken = ClaimResult()
            if limit > 0:
                taken = statements.take(
                    channel, at, until, token, limit, by=by, is_slow=False, is_urgent=is_urgent
                )
            rest = limit - len(taken.claimed)
            slow = rest if slow_limit is None else min(rest, slow_limit)
            if slow > 0:
                taken.add(
                    statements.take(
                        channel, at, until, token, slow, by=by, is_slow=True, is_urgent=is_urgent
                    )
                )
            return taken

        if statements.has_urgent(channel, at):
            first = take(urgent_limit, slow_limit, is_urgent=True)
            shift(conn, first.endpoints, first.host_groups)
            if first.claimed:
                return first.claimed
        taken = take(limit, slow_limit, is_urgent=False)
    shift(conn, taken.endpoints, taken.host_groups)
    return taken.claimed


def has_urgent(conn: Connection, channel: Channel, now: datetime) -> bool:
    """Whether an urgent message is due and has a place; reads only."""
    with statements_on(conn) as statements:
        return statements.has_urgent(channel, to_micros(now))


def next_due_at(conn: Connection, channel: Channel) -> datetime | None:
    """When the next claim could find something; None when nothing waits, or no place is free."""
    at = conn.execute(
        text(
            "SELECT min(at) FROM (SELECT min(next_due_at) AS at FROM host_group"
            " WHERE channel = :channel AND next_due_at IS NOT NULL"
            " UNION ALL SELECT min(urgent_due_at) FROM host_group"
            " WHERE channel = :channel AND urgent_due_at IS NOT NULL) AS soonest"
        ),
        {"channel": channel},
    ).scalar_one()
    return None if at is None else from_micros(at)
