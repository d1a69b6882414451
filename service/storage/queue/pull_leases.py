"""Messages handed to who asks for them, and what he says he has: for channels that are asked.

The same leases as a worker has: what is not acknowledged until they end is handed out again, under
its id. Who says that he has a message has it, whether his lease held or not: there is no result to
fence off, and a second one changes nothing.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, bindparam, text

from service.storage.queue.capacity import hold_host_groups, shift
from service.storage.queue.claim import is_paused
from service.storage.queue.driver import statements_on
from service.storage.queue.ledger_rows import ClaimedMessage
from service.storage.queue.record import record_results
from service.storage.schema import to_micros
from service.types import Result, State

_MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class AcknowledgeResult:
    """`ended`: ids that are done, now or since before. `unknown`: not the subscriptions' own."""

    ended: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def hand_out(
    conn: Connection, wanted: Mapping[str, int], *, now: datetime, lease_s: float
) -> list[ClaimedMessage]:
    """Leases up to so many messages of each endpoint (by its key), urgent ones first, then the
    oldest. Empty while delivery is paused."""
    if not wanted or is_paused(conn):
        return []
    host_groups = hold_host_groups(conn, wanted)
    at, token = to_micros(now), secrets.randbits(63)
    taken: list[ClaimedMessage] = []
    with statements_on(conn) as statements:
        until = statements.instant(at) + int(lease_s * _MICROS)
        statements.steer()
        left = Counter({key: n for key, n in wanted.items() if key in host_groups})
        for is_urgent in (True, False):
            found = statements.hand_out(left, at, until, token, is_urgent=is_urgent)
            taken += found
            left -= Counter(one.endpoint_key for one in found)
    _move(conn, host_groups, [one.endpoint_key for one in taken])
    return taken


def due_endpoints(conn: Connection, channel: str, now: datetime) -> list[str]:
    """The endpoints of a channel that is asked for which something is due now; reads only."""
    if is_paused(conn):
        return []
    values = {"channel": channel, "at": to_micros(now)}
    return list(conn.execute(text(_DUE_HOST_GROUPS), values).scalars())


# such an endpoint has a host group of its own, which has its key
_DUE_HOST_GROUPS = """SELECT key FROM host_group WHERE channel = :channel AND is_slow = 0 AND
next_due_at <= :at
    UNION SELECT key FROM host_group WHERE channel = :channel AND is_slow = 0 AND urgent_due_at <=
    :at"""


def due_among(conn: Connection, keys: Sequence[str], now: datetime) -> list[str]:
    """Those of these endpoints for which something is due, the most urgent first; reads only.
    Empty while delivery is paused."""
    if is_paused(conn):
        return []
    query = text(
        "SELECT key FROM endpoint WHERE key IN :keys AND (next_due_at <= :at OR urgent_due_at <= "
        ":at) ORDER BY CASE WHEN urgent_due_at <= :at THEN 0 ELSE 1 END, next_due_at, key"
    ).bindparams(bindparam("keys", expanding=True))
    return list(conn.execute(query, {"keys": list(keys), "at": to_micros(now)}).scalars())


def end_pulled(
    conn: Connection, subscription_ids: Sequence[str], ids: Sequence[str], now: datetime
) -> AcknowledgeResult:
    """Ends messages of these subscriptions. May be done again. Waits for nothing but the host
    groups."""
    query = text(
        "SELECT id, endpoint_key, state FROM message WHERE id IN :ids AND subscription_id IN :own"
    ).bindparams(bindparam("ids", expanding=True), bindparam("own", expanding=True))
    values = {"ids": list(dict.fromkeys(ids)), "own": list(subscription_ids)}
    keys = [row.endpoint_key for row in conn.execute(query, values)]
    host_groups = hold_host_groups(conn, keys)
    rows = {row.id: row for row in conn.execute(query, values)}  # as they are under the lock
    open_ = {row.id: row.endpoint_key for row in rows.values() if row.state in _OPEN}
    tokens = _tokens(conn, open_)
    fresh, at = secrets.randbits(63), to_micros(now)
    free = {id_: key for id_, key in open_.items() if id_ not in tokens}
    if free:
        with statements_on(conn) as statements:
            statements.lease(free, at, fresh)
        _move(conn, host_groups, free.values())
    record_results(
        conn,
        [
            Result(id_, tokens.get(id_, fresh), State.SENT, None, ACKNOWLEDGED, now, 0.0)
            for id_ in open_
        ],
        now,
    )
    ended = [id_ for id_, row in rows.items() if row.state in (*_OPEN, State.SENT.value)]
    return AcknowledgeResult(ended, [id_ for id_ in values["ids"] if id_ not in ended])


ACKNOWLEDGED = "pull.acknowledged"
_OPEN = tuple(s.value for s in (State.DUE, State.HELD, State.SUSPENDED, State.FAILED))


def _tokens(conn: Connection, ids: Iterable[str]) -> dict[str, int]:
    query = text("SELECT message_id, token FROM lease WHERE message_id IN :ids")
    rows = conn.execute(query.bindparams(bindparam("ids", expanding=True)), {"ids": [*ids, ""]})
    return {row.message_id: row.token for row in rows}


def _move(conn: Connection, host_groups: Mapping[str, str], keys: Iterable[str]) -> None:
    endpoints = Counter(keys)
    moved: Counter[str] = Counter()
    for key, n in endpoints.items():
        moved[host_groups[key]] += n
    shift(conn, endpoints, moved)
