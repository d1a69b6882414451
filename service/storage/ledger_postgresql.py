"""The ledger's statements for PostgreSQL and its many workers: few round trips, each for a whole batch.

Locks are taken on lanes only, by key; a claim skips the lanes that others hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from service.storage.ledger_rows import Carried, Claimed, Owned, Taken, Tried, Written
from service.types import Result

_LANES = """SELECT l.key, LEAST(l.cap - l.in_flight, l.host_cap - l.in_flight - COALESCE(o.in_flight, 0))
    FROM lane l LEFT JOIN lane o
        ON o.key = CASE l.is_slow WHEN 1 THEN left(l.key, -5) ELSE l.key || '#slow' END
    WHERE l.channel = %s AND l.is_slow = %s AND l.next_due_at <= %s ORDER BY l.next_due_at LIMIT %s
    FOR UPDATE OF l SKIP LOCKED"""

_DUE = """SELECT m.id, e.key, l.key, l.room, e.places, e.is_spaced
    FROM unnest(%s::text[], %s::int[]) AS l(key, room)
    CROSS JOIN LATERAL (SELECT x.key, COALESCE(x.min_interval_s, 0) > 0 AS is_spaced,
            CASE WHEN x.min_interval_s > 0 THEN 1 ELSE x.cap - x.in_flight END AS places
        FROM endpoint x WHERE x.lane_key = l.key AND x.next_due_at <= %s ORDER BY x.next_due_at LIMIT l.room) e
    CROSS JOIN LATERAL (SELECT y.id FROM message y
        WHERE y.endpoint_key = e.key AND y.state = 'due' AND y.due_at <= %s ORDER BY y.due_at LIMIT e.places) m
    LIMIT %s"""

_TAKE = """UPDATE message SET state = 'leased', lease_until = %s, lease_token = lease_token + 1,
    attempts = attempts + 1 WHERE id = ANY(%s) AND state = 'due' RETURNING id, lease_token, attempts"""

_LATER = "UPDATE lane SET next_due_at = %s WHERE key = ANY(%s)"
_SPACE = "UPDATE endpoint SET not_before_at = %s + min_interval_s * 1000000::bigint WHERE key = ANY(%s)"

_LOCK = """SELECT key FROM lane WHERE key IN (
        SELECT unnest(CASE WHEN m.id = ANY(%s) THEN ARRAY[e.lane_key, e.host_key, e.host_key || '#slow']
            ELSE ARRAY[e.lane_key, e.host_key] END)
        FROM message m JOIN endpoint e ON e.key = m.endpoint_key WHERE m.id = ANY(%s))
    ORDER BY key FOR UPDATE"""

_OWNED = """SELECT m.id, m.endpoint_key, e.lane_key, m.attempts,
    e.status = 'ok' AND e.failures = 0 AND e.last_ok_at IS NOT NULL
    FROM unnest(%s::text[], %s::bigint[]) AS v(id, token) JOIN message m ON m.id = v.id
    JOIN endpoint e ON e.key = m.endpoint_key WHERE m.state = 'leased' AND m.lease_token = v.token"""

_WRITE = """UPDATE message SET state = v.state, due_at = COALESCE(v.due_at, message.due_at), done_at = v.done_at,
    lease_until = NULL, detail = v.detail, is_final = v.is_final, attempts = attempts - v.uncounted
    FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::smallint[], %s::int[])
    AS v(id, state, due_at, done_at, detail, is_final, uncounted) WHERE message.id = v.id"""

_TRIED = """INSERT INTO attempt(message_id, number, started_at, took_ms, state, status, detail)
    SELECT * FROM unnest(%s::text[], %s::int[], %s::bigint[], %s::int[], %s::text[], %s::int[], %s::text[])
    ON CONFLICT (message_id, number) DO UPDATE SET started_at = excluded.started_at,
    took_ms = excluded.took_ms, state = excluded.state, status = excluded.status, detail = excluded.detail"""

_CARRIED = """UPDATE delivery SET state = v.state, done_at = v.done_at, reason = v.reason
    FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[]) AS v(id, state, done_at, reason)
    WHERE delivery.message_id = v.id AND delivery.state IN ('due', 'failed')"""

_FULL_FOR = 1_000_000
"""Microseconds until a lane is looked at again whose host has no place: its other lane is giving up some."""


def take(db: Any, channel: str, at: int, until: int, limit: int, *, is_slow: bool) -> Taken:
    """Leases up to `limit` messages: from each lane that is due its endpoints, from each endpoint its messages."""
    taken = Taken()
    lanes = db.execute(_LANES, (channel, int(is_slow), at, limit)).fetchall()
    full = [key for key, room in lanes if room <= 0]
    if full:
        db.execute(_LATER, (at + _FULL_FOR, full))
    rooms = {key: room for key, room in lanes if room > 0}
    if not rooms:
        return taken
    due = db.execute(_DUE, (list(rooms), list(rooms.values()), at, at, limit * 2)).fetchall()
    taken.lanes.update(dict.fromkeys(rooms, 0) if not due else {})
    chosen = _within_rooms(due, limit)
    rows = db.execute(_TAKE, (until, list(chosen))).fetchall() if chosen else ()
    for message_id, token, attempts in rows:
        endpoint_key, lane_key, is_spaced = chosen[message_id]
        taken.claimed.append(Claimed(message_id, endpoint_key, token, attempts, is_slow))
        taken.endpoints[endpoint_key] += 1
        taken.lanes[lane_key] += 1
        if is_spaced:
            taken.spaced.append(endpoint_key)
    if taken.spaced:
        db.execute(_SPACE, (at, taken.spaced))
    return taken


def _within_rooms(due: Sequence[tuple[Any, ...]], limit: int) -> dict[str, tuple[str, str, bool]]:
    """What lanes have room for, by message id; endpoints were bounded by the query."""
    used: Counter[str] = Counter()
    chosen: dict[str, tuple[str, str, bool]] = {}
    for message_id, endpoint_key, lane_key, room, _places, is_spaced in due:
        if used[lane_key] < room and len(chosen) < limit:
            used[lane_key] += 1
            chosen[message_id] = (endpoint_key, lane_key, is_spaced)
    return chosen


def owned(db: Any, results: Sequence[Result]) -> list[Owned]:
    """The results whose lease still holds; their lanes are locked, and those their endpoints may move to."""
    ids = [result.message_id for result in results]
    db.execute(_LOCK, ([result.message_id for result in results if result.timed_out], ids))
    by_id = {result.message_id: result for result in results}
    rows = db.execute(_OWNED, (ids, [result.lease_token for result in results])).fetchall()
    return [Owned(by_id[row[0]], *row) for row in rows]


def write(db: Any, messages: Sequence[Written], tried: Sequence[Tried], carried: Sequence[Carried]) -> None:
    """What became of attempts."""
    _row, *columns = map(list, zip(*messages, strict=True))
    db.execute(_WRITE, columns)
    if tried:
        db.execute(_TRIED, [list(column) for column in zip(*tried, strict=True)])
    if carried:
        db.execute(_CARRIED, [list(column) for column in zip(*carried, strict=True)])
