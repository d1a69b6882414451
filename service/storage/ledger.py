"""The queue: messages that are due, who has them, and what became of them.

A claim goes from lanes to endpoints to messages, each by an index in due order, never over all that
is due. A result counts only under the lease token it was claimed with. Nobody holds a transaction
here while sending.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, text

from service.storage import ledger_postgresql, ledger_sqlite
from service.storage.driver import driver_of
from service.storage.endpoint_health import judge_endpoints
from service.storage.endpoints import hold_lanes, lanes_of, shift
from service.storage.ledger_rows import Carried, Claimed, Owned, Sent, Tried, Written
from service.storage.schema import from_micros, to_micros
from service.types import Channel, Result, State

__all__ = [
    "Claimed",
    "claim_due",
    "free_all_leases",
    "free_expired",
    "has_expired",
    "instant",
    "is_paused",
    "next_due_at",
    "record_results",
]

_MICROS = 1_000_000


def _statements(conn: Connection) -> ModuleType:
    return ledger_sqlite if conn.dialect.name == "sqlite" else ledger_postgresql


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
) -> list[Claimed]:
    """Leases up to `limit` due messages, no more to an endpoint or lane than it has places.

    `slow_limit`: how many of them may go to endpoints that timed out last; None sets no bound.
    Empty when nothing is due, or while delivery is paused.
    """
    if limit <= 0 or is_paused(conn):
        return []
    statements = _statements(conn)
    at, until = to_micros(now), instant(conn, now) + int(lease_s * _MICROS)
    token = secrets.randbits(63)
    with driver_of(conn) as db:
        statements.steer(db)
        taken = statements.take(db, channel.value, at, until, token, limit, is_slow=False)
        claimed: list[Claimed] = taken.claimed
        rest = limit - len(claimed)
        slow = rest if slow_limit is None else min(rest, slow_limit)
        if slow > 0:
            more = statements.take(db, channel.value, at, until, token, slow, is_slow=True)
            claimed += more.claimed
            taken.endpoints.update(more.endpoints)
            taken.lanes.update(more.lanes)
    shift(conn, taken.endpoints, taken.lanes)
    return claimed


def instant(conn: Connection, now: datetime) -> int:
    """The instant that leases are measured by: PostgreSQL's own, for its workers' clocks may
    differ."""
    if conn.dialect.name == "sqlite":
        return to_micros(now)
    return int(
        conn.execute(
            text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        ).scalar_one()
    )


def record_results(conn: Connection, results: Sequence[Result], now: datetime) -> list[Result]:
    """Writes what became of attempts; gives those that counted. One under a lease that was lost
    changes nothing."""
    latest = list({result.message_id: result for result in results}.values())
    if not latest:
        return []
    at = to_micros(now)
    statements = _statements(conn)
    with driver_of(conn) as db:
        statements.steer(db)
        owned: list[Owned] = statements.owned(db, latest)
        accepted = [one.result for one in owned if one.is_accepted_webhook]
        others = [one.result for one in owned if not one.is_accepted_webhook]
        if accepted:
            statements.write_sent(db, [_sent(result, at) for result in accepted])
        if others:
            _write_others(statements, db, others, at)
    _free_places(conn, owned, now)
    return [one.result for one in owned]


def _write_others(statements: ModuleType, db: Any, results: Sequence[Result], at: int) -> None:
    others = [result for result in results if result.state is not State.SENT]
    statements.write(
        db,
        [_sent(result, at) for result in results if result.state is State.SENT],
        [_written(result, at) for result in others],
        [_tried(result) for result in others if _is_attempt(result)],
        [_carried(result, at) for result in results if result.state is not State.DUE],
    )


def _free_places(conn: Connection, owned: Sequence[Owned], now: datetime) -> None:
    lanes = {one.endpoint_key: one.lane_key for one in owned}
    unwell = {
        one.endpoint_key for one in owned if not one.is_well or one.result.state is not State.SENT
    }
    told = [
        (one.endpoint_key, one.result)
        for one in owned
        if one.endpoint_key in unwell and _is_attempt(one.result)
    ]
    moved = judge_endpoints(conn, told, now) if told else []
    if moved:
        lanes.update(lanes_of(conn, lanes))
    endpoints = Counter(one.endpoint_key for one in owned)
    freed = Counter(dict.fromkeys(moved, 0))
    for key, n in endpoints.items():
        freed[lanes[key]] -= n
    shift(conn, {key: -n for key, n in endpoints.items()}, freed)


def _is_attempt(result: Result) -> bool:
    """Whether something was tried: not so where it was handed back, held or skipped before anything
    was sent."""
    return (
        result.status is not None or result.took_s > 0 or result.state in (State.SENT, State.FAILED)
    )


def _sent(result: Result, at: int) -> Sent:
    return Sent(
        result.message_id,
        at,
        result.detail,
        to_micros(result.started_at),
        round(result.took_s * 1000),
        result.status,
    )


def _written(result: Result, at: int) -> Written:
    return Written(
        result.message_id,
        result.state.value,
        to_micros(result.due_at) if result.due_at else None,
        None if result.state in (State.DUE, State.HELD, State.SUSPENDED) else at,
        result.detail,
        int(result.is_final),
        int(_is_attempt(result)),
    )


def _tried(result: Result) -> Tried:
    return Tried(
        result.message_id, to_micros(result.started_at), round(result.took_s * 1000),
        result.state.value,
        result.status, result.detail,
    )  # fmt: skip


def _carried(result: Result, at: int) -> Carried:
    return Carried(
        result.message_id,
        result.state.value,
        None if result.state is State.HELD else at,
        None if result.state is State.SENT else result.detail,
    )


def free_all_leases(conn: Connection, now: datetime, channel: Channel | None = None) -> int:
    """Makes due whatever is leased: for whoever holds the lock beside a SQLite file, since the
    owners are dead."""
    behind = (
        ""
        if channel is None
        else " WHERE endpoint_key IN (SELECT key FROM endpoint WHERE channel = :channel)"
    )
    return _free(conn, behind, {"channel": channel.value if channel else None})


def has_expired(conn: Connection, now: datetime) -> bool:
    """Whether `free_expired` would find something; reads only."""
    row = conn.execute(
        text("SELECT 1 FROM lease WHERE until < :until LIMIT 1"), {"until": instant(conn, now)}
    ).first()
    return row is not None


def free_expired(conn: Connection, now: datetime) -> int:
    """Makes due again what was leased for longer than a lease. The attempt is not counted: nobody
    saw its end."""
    return _free(conn, " WHERE until < :until", {"until": instant(conn, now)})


def _free(conn: Connection, where: str, values: dict[str, object]) -> int:
    keys = conn.execute(text(f"SELECT DISTINCT endpoint_key FROM lease{where}"), values).scalars()
    lanes = hold_lanes(conn, keys)
    freed = Counter(
        conn.execute(text(f"DELETE FROM lease{where} RETURNING endpoint_key"), values).scalars()
    )
    per_lane: Counter[str] = Counter()
    for key, n in freed.items():
        per_lane[lanes[key]] -= n
    shift(conn, {key: -n for key, n in freed.items()}, per_lane)
    return sum(freed.values())


def next_due_at(conn: Connection, channel: Channel) -> datetime | None:
    """When the next claim could find something; None when nothing waits, or no place is free."""
    at = conn.execute(
        text(
            "SELECT min(next_due_at) FROM lane WHERE channel = :channel AND next_due_at IS NOT NULL"
        ),
        {"channel": channel.value},
    ).scalar_one()
    return None if at is None else from_micros(at)
