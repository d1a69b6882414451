"""The ledger's statements for SQLite, which has one writer: small ones, each by an index, on the
bare driver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
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
    ManyDriver,
    MessageRow,
)
from service.types import Result

_HOST_GROUPS = """SELECT l.key, min(l.cap - l.in_flight, l.host_cap - l.in_flight -
COALESCE(o.in_flight,
    0)) + {beyond}
    FROM host_group l LEFT JOIN host_group o
        ON o.key = CASE l.is_slow WHEN 1 THEN substr(l.key, 1, length(l.key) - 5)
        ELSE l.key || '#slow' END
    WHERE l.channel = ? AND l.is_slow = ? AND l.{due} <= ? ORDER BY l.{due} LIMIT ?"""

_ENDPOINTS = """SELECT key, CASE WHEN min_interval_s > 0 THEN 1
    ELSE cap - in_flight + {beyond} END, min_interval_s > 0
    FROM endpoint WHERE host_group_key = ? AND {due} <= ? ORDER BY {due} LIMIT ?"""

_DUE = """SELECT id, attempts FROM message WHERE endpoint_key = ? AND state = 'due'
    AND due_at <= ?{only} AND NOT EXISTS (SELECT 1 FROM lease WHERE message_id = message.id)
    ORDER BY due_at LIMIT ?"""

_LEASE = "INSERT INTO lease(message_id, endpoint_key, until, token) VALUES (?, ?, ?, ?)"
_ROOMS = """SELECT key, cap - in_flight + {beyond} FROM endpoint
    WHERE key IN (SELECT value FROM json_each(?))"""
_LATER = "UPDATE host_group SET {due} = ? WHERE key = ?"
_SPACE = "UPDATE endpoint SET not_before_at = ? + min_interval_s * 1000000 WHERE key = ?"

_OWNED = """SELECT t.message_id, t.token, t.endpoint_key, e.host_group_key, e.channel,
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

_SHIFT_ENDPOINT = SHIFT_ENDPOINTS.format(n="?2") + " WHERE key = ?1"
_SHIFT_HOST_GROUP = SHIFT_HOST_GROUPS.format(n="?2") + " WHERE key = ?1"

_IDS = "IN (SELECT value FROM json_each(?))"
_MESSAGES = MESSAGES.format(at="?", ids=_IDS)
_CHANGES = CHANGES.format(ids=_IDS)


class _SqliteClaims:
    """The statements of a claim: of all that is due, or of what is urgent alone."""

    def __init__(self, *, is_urgent: bool) -> None:
        due = "urgent_due_at" if is_urgent else "next_due_at"
        host_group, endpoint = (
            (BEYOND.format(cap="l.cap"), BEYOND.format(cap="cap")) if is_urgent else ("0", "0")
        )
        self.host_groups = _HOST_GROUPS.format(beyond=host_group, due=due)
        self.endpoints = _ENDPOINTS.format(beyond=endpoint, due=due)
        self.messages = _DUE.format(only=" AND is_urgent = 1" if is_urgent else "")
        self.rooms = _ROOMS.format(beyond=endpoint)
        self.later = _LATER.format(due=due)


_CLAIMING = {is_urgent: _SqliteClaims(is_urgent=is_urgent) for is_urgent in (False, True)}
_HAS_URGENT = HAS_URGENT.format(value="?")


class SqliteStatements:
    """`service.storage.queue.statements.Statements` for SQLite."""

    def __init__(self, db: ManyDriver) -> None:
        self._db = db

    def instant(self, at: int) -> int:
        """All that write the file are on this machine."""
        return at

    def steer(self) -> None:
        """SQLite finds rows by index unasked."""

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
        """As `Statements.take`: host group by host group, endpoint by endpoint, each in the order
        in which it
        is due."""
        taken, say = ClaimResult(), _CLAIMING[is_urgent]
        by = at if by is None else by
        for host_group_key, room in self._db.execute(
            say.host_groups, (channel, int(is_slow), at, limit)
        ).fetchall():
            left = min(room, limit - len(taken.claimed))
            if room <= 0:
                self._db.execute(say.later, (at + FULL_FOR, host_group_key))
            if left > 0:
                like = ClaimedMessage("", "", token, 0, is_slow, is_urgent)
                taken.host_groups[host_group_key] = self._take_of_group(
                    taken, host_group_key, at, left, like, by=by
                )
            if len(taken.claimed) >= limit:
                break
        self._db.executemany(
            _LEASE, [(one.message_id, one.endpoint_key, until, token) for one in taken.claimed]
        )
        if taken.spaced:
            self._db.executemany(_SPACE, [(at, key) for key in taken.spaced])
        return taken

    def _take_of_group(
        self,
        taken: ClaimResult,
        host_group_key: str,
        at: int,
        room: int,
        like: ClaimedMessage,
        *,
        by: int,
    ) -> int:
        say, left = _CLAIMING[like.is_urgent], room
        for key, places, is_spaced in self._db.execute(
            say.endpoints, (host_group_key, at, room)
        ).fetchall():
            rows = self._db.execute(say.messages, (key, by, min(places, left))).fetchall()
            for message_id, attempts in rows:
                taken.claimed.append(
                    ClaimedMessage(
                        message_id,
                        key,
                        like.lease_token,
                        attempts + 1,
                        like.is_slow,
                        like.is_urgent,
                    )
                )
            taken.endpoints[key] = len(rows)
            if is_spaced:
                taken.spaced.append(key)
            left -= len(rows)
            if left <= 0:
                break
        return room - left

    def hand_out(
        self, wanted: Mapping[str, int], at: int, until: int, token: int, *, is_urgent: bool
    ) -> list[ClaimedMessage]:
        """As `Statements.hand_out`, endpoint by endpoint."""
        say, taken = _CLAIMING[is_urgent], list[ClaimedMessage]()
        for key, room in self._db.execute(say.rooms, (_list(list(wanted)),)).fetchall():
            left = max(0, min(room, wanted[key]))
            for message_id, attempts in self._db.execute(say.messages, (key, at, left)).fetchall():
                taken.append(
                    ClaimedMessage(message_id, key, token, attempts + 1, is_urgent=is_urgent)
                )
        self.lease({one.message_id: one.endpoint_key for one in taken}, until, token)
        return taken

    def lease(self, messages: Mapping[str, str], until: int, token: int) -> None:
        self._db.executemany(_LEASE, [(id_, key, until, token) for id_, key in messages.items()])

    def owned(self, results: Sequence[Result]) -> list[LeasedResult]:
        """The results whose lease still held; their leases are ended."""
        by_id = {result.message_id: result for result in results}
        rows = self._db.execute(_OWNED, (_list(list(by_id)),)).fetchall()
        found = [
            LeasedResult(by_id[message_id], key, host_group_key, channel, bool(is_well))
            for message_id, token, key, host_group_key, channel, is_well in rows
            if by_id[message_id].lease_token == token
        ]
        self._db.executemany(_END, [(one.result.message_id,) for one in found])
        return found

    def write_sent(self, sent: Sequence[AcceptedMessage]) -> None:
        """What webhooks were accepted: each carries one delivery, whatever became of its
        subscription meanwhile."""
        self._db.executemany(_SENT, sent)
        self._db.executemany(_TOLD, [(one.done_at, one.message_id) for one in sent])

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
                self._db.executemany(statement, rows)

    def shift_endpoints(self, moved: Mapping[str, int]) -> None:
        self._db.executemany(_SHIFT_ENDPOINT, moved.items())

    def shift_host_groups(self, moved: Mapping[str, int]) -> None:
        self._db.executemany(_SHIFT_HOST_GROUP, moved.items())

    def messages(self, ids: Sequence[str], at: int) -> list[MessageRow]:
        rows = self._db.execute(_MESSAGES, (at, _list(ids))).fetchall()
        return [MessageRow(*row) for row in rows]

    def changes(self, ids: Sequence[str]) -> list[ChangeRow]:
        return [ChangeRow(*row) for row in self._db.execute(_CHANGES, (_list(ids),)).fetchall()]


def _list(values: Sequence[str]) -> str:
    return orjson.dumps(values).decode()


_FOUND = """CREATE TEMP TABLE IF NOT EXISTS found
    (delivery_id, message_id, subscription_id, endpoint_key, state, reason)"""


class SqliteDialect:
    """`service.storage.queue.statements.QueueDialect` for SQLite, which has one writer: it locks
    nothing, and notices go nowhere."""

    new_id = "(:head || substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6))))"
    """The head of a UUID version 7 and 60 random bits, for a function of ours would take the
    interpreter's lock at every row, beside a thread that delivers."""
    row_lock = ""
    pause_s = 0.005
    """Its lock is not fair: the web process must get its turn."""

    def write_found(
        self,
        conn: Connection,
        found: str,
        inserts: tuple[str, str],
        touched: str,  # noqa: ARG002  # the shape of `QueueDialect`; PostgreSQL uses it
        values: Mapping[str, object],
    ) -> str | None:
        """By a table of its own: a CTE that inserts is none of SQLite's."""
        conn.execute(text(_FOUND))
        conn.execute(text("DELETE FROM found"))
        if not conn.execute(text(f"INSERT INTO found {found}"), values).rowcount:
            return None
        for statement in inserts:
            conn.execute(text(statement), values)
        return "SELECT endpoint_key FROM found"

    def lock_host_groups(self, _conn: Connection, _keys: Sequence[str]) -> None:
        return None

    def host_groups_to_lock(
        self, _conn: Connection, _touched: str, _values: Mapping[str, object]
    ) -> list[str]:
        return []

    def notify(self, _conn: Connection, _channel: str) -> None:
        return None
