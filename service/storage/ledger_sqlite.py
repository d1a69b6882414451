"""The ledger's statements for SQLite, which has one writer: small ones, each by an index, on the bare driver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.storage.ledger_rows import Carried, Claimed, Owned, Taken, Tried, Written
from service.types import Result

_LANES = """SELECT l.key, min(l.cap - l.in_flight, l.host_cap - l.in_flight - COALESCE(o.in_flight, 0))
    FROM lane l LEFT JOIN lane o
        ON o.key = CASE l.is_slow WHEN 1 THEN substr(l.key, 1, length(l.key) - 5) ELSE l.key || '#slow' END
    WHERE l.channel = ? AND l.is_slow = ? AND l.next_due_at <= ? ORDER BY l.next_due_at LIMIT ?"""

_ENDPOINTS = """SELECT key, CASE WHEN min_interval_s > 0 THEN 1 ELSE cap - in_flight END, min_interval_s > 0
    FROM endpoint WHERE lane_key = ? AND next_due_at <= ? ORDER BY next_due_at LIMIT ?"""

_TAKE = """UPDATE message SET state = 'leased', lease_until = ?, lease_token = lease_token + 1,
    attempts = attempts + 1 WHERE rowid IN (SELECT rowid FROM message
        WHERE endpoint_key = ? AND state = 'due' AND due_at <= ?
        ORDER BY due_at LIMIT ?) RETURNING id, lease_token, attempts"""

_LATER = "UPDATE lane SET next_due_at = ? WHERE key = ?"
_SPACE = "UPDATE endpoint SET not_before_at = ? + min_interval_s * 1000000 WHERE key = ?"

_OWNED = """SELECT m.rowid, m.endpoint_key, e.lane_key, m.attempts,
    e.status = 'ok' AND e.failures = 0 AND e.last_ok_at IS NOT NULL
    FROM message m JOIN endpoint e ON e.key = m.endpoint_key
    WHERE m.id = ? AND m.state = 'leased' AND m.lease_token = ?"""

_WRITE = """UPDATE message SET state = ?3, due_at = COALESCE(?4, due_at), done_at = ?5, lease_until = NULL,
    detail = ?6, is_final = ?7, attempts = attempts - ?8 WHERE rowid = ?1 AND id = ?2"""

_TRIED = """INSERT INTO attempt(message_id, number, started_at, took_ms, state, status, detail)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (message_id, number) DO UPDATE SET started_at = excluded.started_at,
    took_ms = excluded.took_ms, state = excluded.state, status = excluded.status, detail = excluded.detail"""

_CARRIED = """UPDATE delivery SET state = ?2, done_at = ?3, reason = ?4
    WHERE message_id = ?1 AND state IN ('due', 'failed')"""

_FULL_FOR = 1_000_000
"""Microseconds until a lane is looked at again whose host has no place: its other lane is giving up some."""


def take(db: Any, channel: str, at: int, until: int, limit: int, *, is_slow: bool) -> Taken:
    """Leases up to `limit` messages: from each lane that is due its endpoints, from each endpoint its messages."""
    taken = Taken()
    for lane_key, room in db.execute(_LANES, (channel, int(is_slow), at, limit)).fetchall():
        left = min(room, limit - len(taken.claimed))
        if room <= 0:
            db.execute(_LATER, (at + _FULL_FOR, lane_key))
        if left > 0:
            taken.lanes[lane_key] = _take_lane(db, taken, lane_key, at, until, left, is_slow=is_slow)
        if len(taken.claimed) >= limit:
            break
    if taken.spaced:
        db.executemany(_SPACE, [(at, key) for key in taken.spaced])
    return taken


def _take_lane(db: Any, taken: Taken, lane_key: str, at: int, until: int, room: int, *, is_slow: bool) -> int:
    left = room
    for key, places, is_spaced in db.execute(_ENDPOINTS, (lane_key, at, room)).fetchall():
        rows = db.execute(_TAKE, (until, key, at, min(places, left))).fetchall()
        taken.claimed += [Claimed(row[0], key, row[1], row[2], is_slow) for row in rows]
        taken.endpoints[key] = len(rows)
        if is_spaced:
            taken.spaced.append(key)
        left -= len(rows)
        if left <= 0:
            break
    return room - left


def owned(db: Any, results: Sequence[Result]) -> list[Owned]:
    """The results whose lease still holds."""
    found: list[Owned] = []
    for result in results:
        row = db.execute(_OWNED, (result.message_id, result.lease_token)).fetchone()
        if row is not None:
            found.append(Owned(result, *row))
    return found


def write(db: Any, messages: Sequence[Written], tried: Sequence[Tried], carried: Sequence[Carried]) -> None:
    """What became of attempts."""
    db.executemany(_WRITE, messages)
    if tried:
        db.executemany(_TRIED, tried)
    if carried:
        db.executemany(_CARRIED, carried)
