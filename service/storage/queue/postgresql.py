"""The ledger's statements for PostgreSQL and its many workers: few round trips, each for a whole
batch.

Locks are taken on host groups only, by key; a claim skips the host groups that others hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, text

from service.storage.queue.ledger_rows import (
    AcceptedMessage,
    ClaimedMessage,
    ClaimResult,
    DeliveryUpdate,
    LeasedResult,
    MessageUpdate,
    RejectedAttempt,
)
from service.storage.queue.statements import (
    BEYOND,
    CHANGES,
    FULL_FOR,
    HAS_URGENT,
    MESSAGES,
    SHIFT_ENDPOINTS,
    SHIFT_HOST_GROUPS,
    ChangeRow,
    Driver,
    MessageRow,
)
from service.types import Result

_STEER = """SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off',
    true),
    set_config('enable_mergejoin', 'off', true)"""

_HOST_GROUPS = """SELECT key FROM host_group WHERE channel = %s AND is_slow = %s AND {due} <= %s
    ORDER BY {due} LIMIT %s FOR UPDATE SKIP LOCKED"""

_ROOMS = """SELECT l.key, LEAST(l.cap - l.in_flight, l.host_cap - l.in_flight -
    COALESCE(o.in_flight, 0)) + {beyond}
    FROM unnest(%s::text[]) WITH ORDINALITY AS v(key, place) JOIN host_group l ON l.key = v.key LEFT
    JOIN host_group o
        ON o.key = CASE l.is_slow WHEN 1 THEN left(l.key, -5) ELSE l.key || '#slow' END
        ORDER BY v.place"""

_DUE = """SELECT m.id, m.attempts, e.key, l.key, l.room, e.is_spaced
    FROM unnest(%s::text[], %s::int[]) AS l(key, room)
    CROSS JOIN LATERAL (SELECT x.key, COALESCE(x.min_interval_s, 0) > 0 AS is_spaced,
            CASE WHEN x.min_interval_s > 0 THEN 1 ELSE x.cap - x.in_flight + {beyond} END AS places
        FROM endpoint x WHERE x.host_group_key = l.key AND x.{due} <= %s ORDER BY x.{due}
        LIMIT l.room) e
    CROSS JOIN LATERAL (SELECT y.id, y.attempts FROM message y
        WHERE y.endpoint_key = e.key AND y.state = 'due' AND y.due_at <= %s{only}
        AND NOT EXISTS (SELECT 1 FROM lease z WHERE z.message_id = y.id) ORDER BY y.due_at
        LIMIT e.places) m
    LIMIT %s"""

_LEASE = """INSERT INTO lease(message_id, endpoint_key, until, token)
    SELECT v.id, v.key, %s, %s FROM unnest(%s::text[], %s::text[]) AS v(id, key)"""
_HAND_OUT = """SELECT m.id, m.attempts, e.key FROM unnest(%s::text[], %s::int[]) AS w(key, n)
    JOIN endpoint e ON e.key = w.key
    CROSS JOIN LATERAL (SELECT y.id, y.attempts, y.due_at FROM message y
        WHERE y.endpoint_key = e.key AND y.state = 'due' AND y.due_at <= %s{only}
        AND NOT EXISTS (SELECT 1 FROM lease z WHERE z.message_id = y.id) ORDER BY y.due_at
        LIMIT GREATEST(0, LEAST(w.n, e.cap - e.in_flight + {beyond}))) m ORDER BY m.due_at"""
_LATER = "UPDATE host_group SET {due} = %s WHERE key = ANY(%s)"
_SPACE = (
    "UPDATE endpoint SET not_before_at = %s + min_interval_s * 1000000::bigint WHERE key = ANY(%s)"
)

_LOCK = """SELECT key FROM host_group WHERE key IN (SELECT unnest(ARRAY[e.host_key, e.host_key ||
    '#slow'])
        FROM lease t JOIN endpoint e ON e.key = t.endpoint_key WHERE t.message_id = ANY(%s))
    ORDER BY key FOR UPDATE"""

_END = """WITH ended AS (DELETE FROM lease t USING unnest(%s::text[], %s::bigint[]) AS v(id, token)
        WHERE t.message_id = v.id AND t.token = v.token RETURNING t.message_id, t.endpoint_key)
    SELECT ended.message_id, ended.endpoint_key, e.host_group_key, e.channel,
        e.status = 'ok' AND e.failures = 0 AND e.last_ok_at IS NOT NULL
    FROM ended JOIN endpoint e ON e.key = ended.endpoint_key"""

_SENT = """UPDATE message SET state = 'sent', done_at = v.done_at, detail = v.detail,
    sent_started_at = v.started_at,
    sent_took_ms = v.took_ms, sent_status = v.status, is_final = 0, attempts = attempts + 1
    FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::int[], %s::int[])
    AS v(id, done_at, detail, started_at, took_ms, status) WHERE message.id = v.id"""
_TOLD = """UPDATE delivery SET state = 'sent', done_at = v.done_at, reason = NULL
    FROM unnest(%s::bigint[], %s::text[]) AS v(done_at, id) WHERE delivery.message_id = v.id"""
_WRITE = """UPDATE message SET state = v.state, due_at = COALESCE(v.due_at, message.due_at), done_at
    = v.done_at,
    detail = v.detail, is_final = v.is_final, attempts = attempts + v.counted
    FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::smallint[],
    %s::int[])
    AS v(id, state, due_at, done_at, detail, is_final, counted) WHERE message.id = v.id"""
_TRIED = """INSERT INTO attempt(message_id, number, started_at, took_ms, state, status, detail)
    SELECT v.id, (SELECT COALESCE(max(a.number), 0) + 1 FROM attempt a WHERE a.message_id = v.id),
        v.started_at, v.took_ms, v.state, v.status, v.detail
    FROM unnest(%s::text[], %s::bigint[], %s::int[], %s::text[], %s::int[], %s::text[])
    AS v(id, started_at, took_ms, state, status, detail)"""
_CARRIED = """UPDATE delivery SET state = v.state, done_at = v.done_at, reason = v.reason
    FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[]) AS v(id, state, done_at, reason)
    WHERE delivery.message_id = v.id AND delivery.state IN ('due', 'failed')"""

_SHIFTED = " FROM unnest(%s::text[], %s::int[]) AS v(key, n) WHERE {table}.key = v.key"
_SHIFT_ENDPOINTS = SHIFT_ENDPOINTS.format(n="v.n") + _SHIFTED.format(table="endpoint")
_SHIFT_HOST_GROUPS = SHIFT_HOST_GROUPS.format(n="v.n") + _SHIFTED.format(table="host_group")

_CLOCK = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_MESSAGES = MESSAGES.format(at="%s", ids="= ANY(%s)")
_CHANGES = CHANGES.format(ids="= ANY(%s)")


class _PostgresqlClaims:
    """The statements of a claim: of all that is due, or of what is urgent alone."""

    def __init__(self, *, is_urgent: bool) -> None:
        due = "urgent_due_at" if is_urgent else "next_due_at"
        host_group, endpoint = (
            (BEYOND.format(cap="l.cap"), BEYOND.format(cap="x.cap")) if is_urgent else ("0", "0")
        )
        self.host_groups = _HOST_GROUPS.format(due=due)
        self.rooms = _ROOMS.format(beyond=host_group)
        only = " AND y.is_urgent = 1" if is_urgent else ""
        self.messages = _DUE.format(beyond=endpoint, due=due, only=only)
        own = BEYOND.format(cap="e.cap") if is_urgent else "0"
        self.hand_out = _HAND_OUT.format(only=only, beyond=own)
        self.later = _LATER.format(due=due)


_CLAIMING = {is_urgent: _PostgresqlClaims(is_urgent=is_urgent) for is_urgent in (False, True)}
_HAS_URGENT = HAS_URGENT.format(value="%s")


class PostgresqlStatements:
    """`service.storage.queue.statements.Statements` for PostgreSQL."""

    def __init__(self, db: Driver) -> None:
        self._db = db

    def instant(self, at: int) -> int:  # noqa: ARG002  # the shape of `Statements`; SQLite uses it
        """The database's own clock, for its workers' clocks may differ."""
        return int(self._db.execute(_CLOCK).fetchall()[0][0])

    def steer(self) -> None:
        """Has the rest of the transaction find rows by index: unasked, it would read tables of
        30,000 rows whole."""
        self._db.execute(_STEER)

    def has_urgent(self, channel: str, at: int) -> bool:
        return bool(self._db.execute(_HAS_URGENT, (channel, at)).fetchall())

    def take(
        self,
        channel: str,
        at: int,
        until: int,
        token: int,
        limit: int,
        *,
        is_slow: bool,
        is_urgent: bool = False,
        by: int | None = None,
    ) -> ClaimResult:
        """As `Statements.take`, in two steps: the host groups that are due, then what is due there.

        Room is counted in a statement after the lock, or an endpoint that moved to the other host
        group meanwhile would be counted in both, and the host's places exceeded.
        """
        taken, say = ClaimResult(), _CLAIMING[is_urgent]
        by = at if by is None else by
        held = [
            row[0]
            for row in self._db.execute(
                say.host_groups, (channel, int(is_slow), at, limit)
            ).fetchall()
        ]
        host_groups = self._db.execute(say.rooms, (held,)).fetchall() if held else []
        full = [key for key, room in host_groups if room <= 0]
        if full:
            self._db.execute(say.later, (at + FULL_FOR, full))
        rooms = {key: room for key, room in host_groups if room > 0}
        if not rooms:
            return taken
        due = self._db.execute(
            say.messages, (list(rooms), list(rooms.values()), at, by, limit * 2)
        ).fetchall()
        taken.host_groups.update(dict.fromkeys(rooms, 0) if not due else {})
        spaced: set[str] = set()
        for message_id, attempts, endpoint_key, host_group_key, room, is_spaced in due:
            if taken.host_groups[host_group_key] < room and len(taken.claimed) < limit:
                taken.claimed.append(
                    ClaimedMessage(
                        message_id, endpoint_key, token, attempts + 1, is_slow, is_urgent
                    )
                )
                taken.endpoints[endpoint_key] += 1
                taken.host_groups[host_group_key] += 1
                if is_spaced:
                    spaced.add(endpoint_key)
        ids, keys = (
            [one.message_id for one in taken.claimed],
            [one.endpoint_key for one in taken.claimed],
        )
        self.lease(dict(zip(ids, keys, strict=True)), until, token)
        taken.spaced += spaced
        if spaced:
            self._db.execute(_SPACE, (at, taken.spaced))
        return taken

    def hand_out(
        self, wanted: Mapping[str, int], at: int, until: int, token: int, *, is_urgent: bool
    ) -> list[ClaimedMessage]:
        """As `Statements.hand_out`, all endpoints by one statement."""
        rows = self._db.execute(
            _CLAIMING[is_urgent].hand_out, (list(wanted), list(wanted.values()), at)
        ).fetchall()
        taken = [
            ClaimedMessage(id_, key, token, attempts + 1, is_urgent=is_urgent)
            for id_, attempts, key in rows
        ]
        self.lease({one.message_id: one.endpoint_key for one in taken}, until, token)
        return taken

    def lease(self, messages: Mapping[str, str], until: int, token: int) -> None:
        self._db.execute(_LEASE, (until, token, list(messages), list(messages.values())))

    def owned(self, results: Sequence[Result]) -> list[LeasedResult]:
        """The results whose lease still held; their leases are ended. Both host groups of their
        hosts are locked first."""
        by_id = {result.message_id: result for result in results}
        ids = list(by_id)
        self._db.execute(_LOCK, (ids,))
        rows = self._db.execute(
            _END, (ids, [result.lease_token for result in by_id.values()])
        ).fetchall()
        return [LeasedResult(by_id[row[0]], *row[1:]) for row in rows]

    def write_sent(self, sent: Sequence[AcceptedMessage]) -> None:
        """What webhooks were accepted: each carries one delivery, whatever became of its
        subscription meanwhile."""
        self._db.execute(_SENT, _columns(sent))
        self._db.execute(_TOLD, ([one.done_at for one in sent], [one.message_id for one in sent]))

    def write(
        self,
        sent: Sequence[AcceptedMessage],
        others: Sequence[MessageUpdate],
        tried: Sequence[RejectedAttempt],
        carried: Sequence[DeliveryUpdate],
    ) -> None:
        """What became of all other messages."""
        for statement, rows in (
            (_SENT, sent),
            (_WRITE, others),
            (_TRIED, tried),
            (_CARRIED, carried),
        ):
            if rows:
                self._db.execute(statement, _columns(rows))

    def shift_endpoints(self, moved: Mapping[str, int]) -> None:
        self._db.execute(_SHIFT_ENDPOINTS, (list(moved), list(moved.values())))

    def shift_host_groups(self, moved: Mapping[str, int]) -> None:
        self._db.execute(_SHIFT_HOST_GROUPS, (list(moved), list(moved.values())))

    def messages(self, ids: Sequence[str], at: int) -> list[MessageRow]:
        return [MessageRow(*row) for row in self._db.execute(_MESSAGES, (at, list(ids))).fetchall()]

    def changes(self, ids: Sequence[str]) -> list[ChangeRow]:
        return [ChangeRow(*row) for row in self._db.execute(_CHANGES, (list(ids),)).fetchall()]


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


class PostgresqlDialect:
    """`service.storage.queue.statements.QueueDialect` for PostgreSQL."""

    new_id = "loa_uuid7()"
    row_lock = " FOR UPDATE"
    pause_s = 0.0

    def write_found(
        self,
        conn: Connection,
        found: str,
        inserts: tuple[str, str],
        touched: str,
        values: Mapping[str, object],
    ) -> str | None:
        """In one statement, and so in one round trip."""
        first, second = inserts
        whole = f"WITH found AS MATERIALIZED ({found}), told AS ({first}) {second}"
        return touched if conn.execute(text(whole), values).rowcount else None

    def lock_host_groups(self, conn: Connection, keys: Sequence[str]) -> None:
        conn.execute(
            text("SELECT key FROM host_group WHERE key = ANY(:keys) ORDER BY key FOR UPDATE"),
            {"keys": list(keys)},
        )

    def host_groups_to_lock(
        self, conn: Connection, touched: str, values: Mapping[str, object]
    ) -> list[str]:
        host_groups = f"SELECT DISTINCT host_group_key FROM endpoint WHERE key IN ({touched})"
        return list(conn.execute(text(host_groups), values).scalars())

    def notify(self, conn: Connection, channel: str) -> None:
        conn.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})
