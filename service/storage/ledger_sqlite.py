"""The ledger's statements for SQLite, which has one writer: small ones, each by an index, on the
bare driver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from service.storage.ledger_rows import Carried, Claimed, Owned, Sent, Taken, Tried, Written
from service.types import Result

_LANES = """SELECT l.key, min(l.cap - l.in_flight, l.host_cap - l.in_flight - COALESCE(o.in_flight,
    0))
    FROM lane l LEFT JOIN lane o
        ON o.key = CASE l.is_slow WHEN 1 THEN substr(l.key, 1, length(l.key) - 5)
        ELSE l.key || '#slow' END
    WHERE l.channel = ? AND l.is_slow = ? AND l.next_due_at <= ? ORDER BY l.next_due_at LIMIT ?"""

_ENDPOINTS = """SELECT key, CASE WHEN min_interval_s > 0 THEN 1
    ELSE cap - in_flight END, min_interval_s > 0
    FROM endpoint WHERE lane_key = ? AND next_due_at <= ? ORDER BY next_due_at LIMIT ?"""

_DUE = """SELECT id, attempts FROM message WHERE endpoint_key = ? AND state = 'due' AND due_at <= ?
    AND NOT EXISTS (SELECT 1 FROM lease WHERE message_id = message.id) ORDER BY due_at LIMIT ?"""

_LEASE = "INSERT INTO lease(message_id, endpoint_key, until, token) VALUES (?, ?, ?, ?)"
_LATER = "UPDATE lane SET next_due_at = ? WHERE key = ?"
_SPACE = "UPDATE endpoint SET not_before_at = ? + min_interval_s * 1000000 WHERE key = ?"

_OWNED = """SELECT t.message_id, t.token, t.endpoint_key, e.lane_key,
    e.status = 'ok' AND e.failures = 0 AND e.last_ok_at IS NOT NULL
    FROM json_each(?) j JOIN lease t ON t.message_id = j.value JOIN endpoint e
    ON e.key = t.endpoint_key"""
_END = "DELETE FROM lease WHERE message_id = ?"

_SENT = """UPDATE message SET state = 'sent', done_at = ?2, detail = ?3, sent_started_at = ?4,
    sent_took_ms = ?5,
    sent_status = ?6, is_final = 0, attempts = attempts + 1 WHERE id = ?1"""
_TOLD = "UPDATE delivery SET state = 'sent', done_at = ?, reason = NULL WHERE message_id = ?"
_WRITE = """UPDATE message SET state = ?2, due_at = COALESCE(?3, due_at), done_at = ?4, detail = ?5,
    is_final = ?6,
    attempts = attempts + ?7 WHERE id = ?1"""
_TRIED = """INSERT INTO attempt(message_id, number, started_at, took_ms, state, status, detail)
    SELECT ?1, COALESCE(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6 FROM attempt
    WHERE message_id = ?1"""
_CARRIED = """UPDATE delivery SET state = ?2, done_at = ?3, reason = ?4
    WHERE message_id = ?1 AND state IN ('due', 'failed')"""

_FULL_FOR = 1_000_000
"""Microseconds until a lane is looked at again whose host has no place: its other lane is giving up
some."""


def steer(db: Any) -> None:
    """SQLite finds rows by index unasked."""


def take(
    db: Any, channel: str, at: int, until: int, token: int, limit: int, *, is_slow: bool
) -> Taken:
    """Leases up to `limit` messages: from each lane that is due its endpoints, from each endpoint
    its messages."""
    taken = Taken()
    for lane_key, room in db.execute(_LANES, (channel, int(is_slow), at, limit)).fetchall():
        left = min(room, limit - len(taken.claimed))
        if room <= 0:
            db.execute(_LATER, (at + _FULL_FOR, lane_key))
        if left > 0:
            taken.lanes[lane_key] = _take_lane(
                db, taken, lane_key, at, token, left, is_slow=is_slow
            )
        if len(taken.claimed) >= limit:
            break
    db.executemany(
        _LEASE, [(one.message_id, one.endpoint_key, until, token) for one in taken.claimed]
    )
    if taken.spaced:
        db.executemany(_SPACE, [(at, key) for key in taken.spaced])
    return taken


def _take_lane(
    db: Any, taken: Taken, lane_key: str, at: int, token: int, room: int, *, is_slow: bool
) -> int:
    left = room
    for key, places, is_spaced in db.execute(_ENDPOINTS, (lane_key, at, room)).fetchall():
        rows = db.execute(_DUE, (key, at, min(places, left))).fetchall()
        for message_id, attempts in rows:
            taken.claimed.append(Claimed(message_id, key, token, attempts + 1, is_slow))
        taken.endpoints[key] = len(rows)
        if is_spaced:
            taken.spaced.append(key)
        left -= len(rows)
        if left <= 0:
            break
    return room - left


def owned(db: Any, results: Sequence[Result]) -> list[Owned]:
    """The results whose lease still held; their leases are ended."""
    by_id = {result.message_id: result for result in results}
    rows = db.execute(_OWNED, (orjson.dumps(list(by_id)).decode(),)).fetchall()
    found = [
        Owned(by_id[message_id], key, lane_key, bool(is_well))
        for message_id, token, key, lane_key, is_well in rows
        if by_id[message_id].lease_token == token
    ]
    db.executemany(_END, [(one.result.message_id,) for one in found])
    return found


def write_sent(db: Any, sent: Sequence[Sent]) -> None:
    """What webhooks were accepted: each carries one delivery, whatever became of its subscription
    meanwhile."""
    db.executemany(_SENT, sent)
    db.executemany(_TOLD, [(one.done_at, one.message_id) for one in sent])


def write(
    db: Any,
    sent: Sequence[Sent],
    others: Sequence[Written],
    tried: Sequence[Tried],
    carried: Sequence[Carried],
) -> None:
    """What became of all other messages."""
    for statement, rows in ((_SENT, sent), (_WRITE, others), (_TRIED, tried), (_CARRIED, carried)):
        if rows:
            db.executemany(statement, rows)
