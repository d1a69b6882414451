"""The queue: messages that are due, who has them, and what became of them.

A claim goes from lanes to endpoints to messages, each by an index in due order, never over all that is due.
A result counts only under the lease token it was claimed with. Nobody holds a transaction here while sending.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, text

from service.storage.endpoint_health import judge_endpoints
from service.storage.endpoints import lanes_of, lock_lanes, shift
from service.storage.schema import from_micros, to_micros
from service.types import Channel, Result, State

_MICROS = 1_000_000
_LANE_MAX = 64
_ENDPOINT_MAX = 8
"""SQLite takes no column as a limit: these are fetched, and what has no place is left where it is."""

_LANES = """SELECT key, cap - in_flight AS room FROM lane
    WHERE channel = :channel AND is_slow = :slow AND next_due_at <= :now ORDER BY next_due_at LIMIT :limit"""

_DUE_SQLITE = """SELECT m.id, m.endpoint_key, m.lease_token, m.attempts, e.cap - e.in_flight AS room, e.lane_key
    FROM (SELECT key FROM lane WHERE channel = :channel AND is_slow = :slow AND next_due_at <= :now
        ORDER BY next_due_at LIMIT :limit) l
    CROSS JOIN endpoint e CROSS JOIN message m
    WHERE e.key IN (SELECT x.key FROM endpoint x WHERE x.lane_key = l.key AND x.next_due_at <= :now
        ORDER BY x.next_due_at LIMIT :room)
    AND m.id IN (SELECT y.id FROM message y WHERE y.endpoint_key = e.key AND y.state = 'due' AND y.due_at <= :now
        ORDER BY y.due_at LIMIT :most)"""

_DUE_POSTGRESQL = """SELECT m.id, e.key AS endpoint_key, m.lease_token, m.attempts, e.room, e.lane_key
    FROM unnest(CAST(:lanes AS TEXT[]), CAST(:rooms AS INTEGER[])) WITH ORDINALITY AS l(key, room, place)
    CROSS JOIN LATERAL (SELECT x.key, x.lane_key, x.cap - x.in_flight AS room, x.next_due_at FROM endpoint x
        WHERE x.lane_key = l.key AND x.next_due_at <= :now ORDER BY x.next_due_at LIMIT l.room) e
    CROSS JOIN LATERAL (SELECT y.id, y.lease_token, y.attempts, y.due_at FROM message y
        WHERE y.endpoint_key = e.key AND y.state = 'due' AND y.due_at <= :now ORDER BY y.due_at LIMIT e.room) m
    ORDER BY l.place, e.next_due_at, m.due_at LIMIT :limit"""

_LEASE = """UPDATE message SET state = 'leased', lease_until = :until, lease_token = lease_token + 1,
    attempts = attempts + 1 WHERE id = :id AND state = 'due'"""

_FREE = """UPDATE message SET state = 'due', lease_until = NULL, lease_token = lease_token + 1,
    attempts = attempts - 1, due_at = :now WHERE state = 'leased'"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours until its lease ends. `attempts` counts this one."""

    message_id: str
    endpoint_key: str
    lease_token: int
    attempts: int
    is_slow: bool = False
    """Its endpoint timed out last."""


def is_paused(conn: Connection) -> bool:
    """Whether nothing is sent at all: the operator's stop switch, or a database that was restored."""
    return (
        conn.execute(text("SELECT 1 FROM meta WHERE key IN ('delivery_paused', 'restored_at') LIMIT 1")).first()
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
    claimed = _claim_lanes(conn, channel, now, limit, is_slow=False)
    rest = limit - len(claimed)
    slow = rest if slow_limit is None else min(rest, slow_limit)
    if slow > 0:
        claimed += _claim_lanes(conn, channel, now, slow, is_slow=True)
    if not claimed:
        return []
    until = instant(conn, now) + int(lease_s * _MICROS)
    conn.execute(text(_LEASE), [{"id": row.id, "until": until} for row in claimed])
    shift(conn, Counter(row.endpoint_key for row in claimed), Counter(row.lane_key for row in claimed))
    return [
        Claimed(row.id, row.endpoint_key, row.lease_token + 1, row.attempts + 1, row.lane_key.endswith("#slow"))
        for row in claimed
    ]


def _claim_lanes(
    conn: Connection, channel: Channel, now: datetime, limit: int, *, is_slow: bool
) -> list[Row[tuple[object, ...]]]:
    is_sqlite = conn.dialect.name == "sqlite"
    at = to_micros(now)
    lanes = conn.execute(
        text(_LANES + ("" if is_sqlite else " FOR UPDATE SKIP LOCKED")),
        {"channel": channel.value, "slow": int(is_slow), "now": at, "limit": limit},
    ).all()
    if not lanes:
        return []
    if not is_sqlite:
        values = {"lanes": [lane.key for lane in lanes], "rooms": [lane.room for lane in lanes]}
        rows = conn.execute(text(_DUE_POSTGRESQL), {**values, "now": at, "limit": limit * 2}).all()
        return _trimmed(rows, lanes)[:limit]
    query = text(_DUE_SQLITE)
    found = conn.execute(
        query, {"channel": channel.value, "slow": int(is_slow), "now": at, "limit": limit, "room": min(limit, _LANE_MAX),
                "most": min(limit, _ENDPOINT_MAX)},
    ).all()  # fmt: skip
    return _trimmed(found, lanes)[:limit]


def _trimmed(
    found: Sequence[Row[tuple[object, ...]]], lanes: Sequence[Row[tuple[object, ...]]]
) -> list[Row[tuple[object, ...]]]:
    """What the lanes have room for, in the order of the lanes."""
    by_lane: dict[str, list[Row[tuple[object, ...]]]] = {lane.key: [] for lane in lanes}
    for row in found:
        by_lane[row.lane_key].append(row)
    return [row for lane in lanes for row in _within_room(by_lane[lane.key], lane.room)]


def _within_room(rows: Sequence[Row[tuple[object, ...]]], room: int) -> list[Row[tuple[object, ...]]]:
    used: Counter[str] = Counter()
    kept: list[Row[tuple[object, ...]]] = []
    for row in rows:
        if len(kept) < room and used[row.endpoint_key] < row.room:
            used[row.endpoint_key] += 1
            kept.append(row)
    return kept


def instant(conn: Connection, now: datetime) -> int:
    """The instant that leases are measured by: PostgreSQL's own, for its workers' clocks may differ."""
    if conn.dialect.name == "sqlite":
        return to_micros(now)
    return int(conn.execute(text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")).scalar_one())


def record_results(conn: Connection, results: Sequence[Result], now: datetime) -> int:
    """Writes what became of attempts; gives how many counted. One under a lease that was lost changes nothing."""
    owned = _owned(conn, results)
    if not owned:
        return 0
    at = to_micros(now)
    conn.execute(text(_RECORD), [_message_values(result, at) for result, _ in owned])
    attempts = [
        {"id": r.message_id, "n": n.attempts, "at": to_micros(r.started_at), "ms": round(r.took_s * 1000),
         "state": r.state.value, "status": r.status, "detail": r.detail}
        for r, n in owned if _is_attempt(r)
    ]  # fmt: skip
    if attempts:
        conn.execute(text(_ATTEMPT), attempts)
    done = [
        {"id": r.message_id, "state": r.state.value, "at": None if r.state is State.HELD else at,
         "reason": None if r.state is State.SENT else r.detail}
        for r, _ in owned if r.state is not State.DUE
    ]  # fmt: skip
    if done:
        conn.execute(text(_DELIVERIES), done)
    moved = judge_endpoints(conn, [(row.endpoint_key, r) for r, row in owned if _is_attempt(r)], now)
    lanes = lanes_of(conn, (row.endpoint_key for _, row in owned))
    freed: Counter[str] = Counter()
    for _, row in owned:
        freed[lanes[row.endpoint_key]] -= 1
    shift(
        conn,
        {key: -n for key, n in Counter(row.endpoint_key for _, row in owned).items()},
        {**dict.fromkeys(moved, 0), **freed},
    )
    return len(owned)


_RECORD = """UPDATE message SET state = :state, due_at = COALESCE(:due, due_at), done_at = :done, lease_until = NULL,
    detail = :detail, is_final = :final, attempts = attempts - :uncounted WHERE id = :id"""

_ATTEMPT = """INSERT INTO attempt(message_id, number, started_at, took_ms, state, status, detail)
    VALUES (:id, :n, :at, :ms, :state, :status, :detail)
    ON CONFLICT (message_id, number) DO UPDATE SET started_at = excluded.started_at, took_ms = excluded.took_ms,
    state = excluded.state, status = excluded.status, detail = excluded.detail"""

_DELIVERIES = """UPDATE delivery SET state = :state, done_at = :at, reason = :reason
    WHERE message_id = :id AND state IN ('due', 'failed')"""


def _is_attempt(result: Result) -> bool:
    """Whether something was tried: not so where it was handed back, held or skipped before anything was sent."""
    return result.status is not None or result.took_s > 0 or result.state in (State.SENT, State.FAILED)


def _message_values(result: Result, at: int) -> dict[str, object]:
    is_open = result.state in (State.DUE, State.HELD, State.SUSPENDED)
    return {
        "id": result.message_id,
        "state": result.state.value,
        "due": to_micros(result.due_at) if result.due_at else None,
        "done": None if is_open else at,
        "detail": result.detail,
        "final": int(result.is_final),
        "uncounted": 0 if _is_attempt(result) else 1,
    }


def _owned(conn: Connection, results: Sequence[Result]) -> list[tuple[Result, Row[tuple[object, ...]]]]:
    """The results whose lease still holds, their lanes locked."""
    if not results:
        return []
    by_id = {result.message_id: result for result in results}
    query = text("SELECT id, endpoint_key, lease_token, attempts, state FROM message WHERE id IN :ids").bindparams(
        bindparam("ids", expanding=True)
    )
    if conn.dialect.name != "sqlite":
        keys = conn.execute(query, {"ids": list(by_id)}).all()
        lock_lanes(conn, lanes_of(conn, (row.endpoint_key for row in keys)).values())
    rows = conn.execute(query, {"ids": list(by_id)}).all()
    return [
        (by_id[row.id], row) for row in rows if row.state == "leased" and row.lease_token == by_id[row.id].lease_token
    ]


def free_all_leases(conn: Connection, now: datetime, channel: Channel | None = None) -> int:
    """Makes due whatever is leased: for whoever holds the lock beside a SQLite file, since the owners are dead."""
    where = "" if channel is None else " AND channel = :channel"
    return _free(conn, where, {"channel": channel.value if channel else None, "now": to_micros(now)})


def free_expired(conn: Connection, now: datetime) -> int:
    """Makes due again what was leased for longer than a lease. The attempt is not counted: nobody saw its end."""
    return _free(conn, " AND lease_until < :until", {"until": instant(conn, now), "now": to_micros(now)})


def _free(conn: Connection, where: str, values: dict[str, object]) -> int:
    keys = conn.execute(text(f"SELECT DISTINCT endpoint_key FROM message WHERE state = 'leased'{where}"), values)  # noqa: S608  # constants
    lanes = lanes_of(conn, keys.scalars())
    lock_lanes(conn, lanes.values())
    freed = Counter(conn.execute(text(f"{_FREE}{where} RETURNING endpoint_key"), values).scalars())
    per_lane: Counter[str] = Counter()
    for key, n in freed.items():
        per_lane[lanes[key]] -= n
    shift(conn, {key: -n for key, n in freed.items()}, per_lane)
    return sum(freed.values())


def next_due_at(conn: Connection, channel: Channel) -> datetime | None:
    """When the next claim could find something; None when nothing waits, or no place is free."""
    at = conn.execute(
        text("SELECT min(next_due_at) FROM lane WHERE channel = :channel AND next_due_at IS NOT NULL"),
        {"channel": channel.value},
    ).scalar_one()
    return None if at is None else from_micros(at)
