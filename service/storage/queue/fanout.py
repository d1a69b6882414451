"""From a change to the deliveries and messages that are owed for it: INSERT … SELECT in chunks.

Channels are walked one after the other, by subscription, or by target where a person gets one
message, so that one person's subscriptions are always in one chunk. Where a walk stands is kept in
the change: who dies, another goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import Connection, text

from service.alerts.owing import UNDER
from service.channels import CHANNELS, ChannelKind, Grouping
from service.storage.engine import Database, uuid7
from service.storage.queue.capacity import lock_host_groups
from service.storage.queue.driver import dialect_of
from service.storage.queue.notices import notify
from service.storage.queue.statements import BEYOND, WAITING_URGENT
from service.storage.reminder_alarm import ring_by
from service.storage.schema import to_micros
from service.types import ChangeType, Channel

CHUNK = 1500
"""Subscriptions looked at in one transaction: about 35 ms of CPU on SQLite, the commit included."""

_REMIND_IN = timedelta(seconds=10)
"""After a post with a deadline was told of: reminders of many at once are one look."""

_WANTED = """EXISTS (SELECT 1 FROM change_match cm
    WHERE cm.change_id = :change AND cm.filter_id = s.filter_id AND cm.is_silent = 0)"""
_NEVER_OWED = """NOT EXISTS (SELECT 1 FROM change c JOIN delivery d ON d.change_id = c.id
    AND d.subscription_id = s.id
    WHERE c.post_id = :post AND c.id <> :change)
    AND NOT EXISTS (SELECT 1 FROM owed o WHERE o.post_id = :post AND o.subscription_id = s.id)"""
_OWED = """(EXISTS (SELECT 1 FROM owed o WHERE o.post_id = :post AND o.subscription_id = s.id)
    OR EXISTS (SELECT 1 FROM change c JOIN delivery d ON d.change_id = c.id
    AND d.subscription_id = s.id
    WHERE c.post_id = :post AND c.id <> :change AND c.revision < :before))"""

_UNFINISHED = (
    "SELECT type, post_id, revision, fanout_after, urgent FROM change WHERE id = :id AND "
    "fanned_out_at IS NULL"
)

_STATE = "CASE s.status {} ELSE 'due' END".format(
    " ".join(f"WHEN '{status}' THEN '{state}'" for status, (state, _) in UNDER.items())
)
_REASON = (
    "CASE WHEN s.status = 'active' THEN NULL ELSE COALESCE(s.status_reason, CASE s.status {} END) "
    "END".format(" ".join(f"WHEN '{status}' THEN '{code}'" for status, (_, code) in UNDER.items()))
)
_BEFORE = """JOIN change p ON p.post_id = :post AND p.id <> :change AND p.type = 'post.published'
    AND p.revision = (SELECT c.revision FROM change c WHERE c.id = :change)
    JOIN message m ON m.group_key = '{prefix}:' || p.id || ':' || s.target_key
        AND m.state IN ('due', 'leased', 'sent')"""
_NOT_WRITTEN = (
    "NOT EXISTS (SELECT 1 FROM delivery j WHERE j.change_id = :change AND j.subscription_id = s.id)"
)
_AT_ONCE = "(s.frequency = 'immediate' OR CAST(:urgent AS SMALLINT) = 1)"
"""Whether a subscription is told by a message of this change: of urgent ones by no digest."""
_TOLD_BY_MAIL = "message.told_by_mail"

_COUNTS = """(s.status IN ('active', 'paused', 'disabled', 'suspended')
    OR (s.status = 'pending' AND s.confirmed_at IS NOT NULL))"""
"""Pending again, since it has moved to another address: what is published meanwhile waits for its
confirmation."""


@dataclass(frozen=True, slots=True)
class _FanOutRange:
    """The part of a channel's subscriptions that a chunk looks at: from after `after` to `upto`, by
    `column`."""

    kind: ChannelKind
    after: str
    upto: str
    is_last: bool

    @property
    def column(self) -> str:
        return _COLUMNS[self.kind.grouping]

    @property
    def within(self) -> str:
        upto = "" if self.is_last else f" AND s.{self.column} <= :upto"
        return f"s.channel = '{self.kind.name}' AND s.{self.column} > :after{upto}"


_COLUMNS = {Grouping.SUBSCRIPTION: "id", Grouping.PERSON: "target_key"}


def fan_out(conn: Connection, change_id: str, now: datetime) -> bool:
    """Writes the next chunk of a change, and with the last of a channel the first of the next. True
    when all is written."""
    row = conn.execute(text(_UNFINISHED + dialect_of(conn).row_lock), {"id": change_id}).first()
    if row is None:
        return True
    cursor = row.fanout_after
    is_withdrawal = row.type == ChangeType.WITHDRAWN.value
    owed, is_again = _OWED, False
    if row.type == ChangeType.PUBLISHED.value:
        is_again = _was_told(conn, change_id, row.post_id)
        owed = f"{_WANTED} AND {_NEVER_OWED}" if is_again else _WANTED
    values = {
        "head": uuid7()[:20],
        "change": change_id,
        "post": row.post_id,
        "before": row.revision + is_withdrawal,
        "now": to_micros(now),
        "urgent": int(row.urgent is not None),
    }
    while True:
        walk = _next_walk(conn, cursor)
        within = {"after": walk.after, "upto": walk.upto}
        if walk.kind.grouping is Grouping.PERSON:
            _write_for_persons(conn, owed, walk, {**values, **within}, is_again=is_again)
        else:
            _write_for_subscriptions(conn, owed, walk, {**values, **within})
        cursor = _cursor_after(walk)
        if cursor is None or not walk.is_last:
            break
    conn.execute(
        text("UPDATE change SET fanout_after = :cursor, fanned_out_at = :done WHERE id = :id"),
        {"id": change_id, "cursor": cursor, "done": to_micros(now) if cursor is None else None},
    )
    if cursor is None and not is_withdrawal and _has_deadlines(conn, row.post_id):
        ring_by(conn, now + _REMIND_IN)
    return cursor is None


def _has_deadlines(conn: Connection, post_id: str) -> bool:
    query = text("SELECT facts FROM post WHERE id = :post")
    facts = conn.execute(query, {"post": post_id}).scalar_one()
    return bool(orjson.loads(facts).get("deadlines"))


def _was_told(conn: Connection, change_id: str, post_id: str) -> bool:
    """Whether anybody may have been owed the post before; else nobody needs to be asked for."""
    row = conn.execute(
        text(
            "SELECT 1 FROM change WHERE post_id = :post AND id <> :change"
            " UNION ALL SELECT 1 FROM owed WHERE post_id = :post LIMIT 1"
        ),
        {"post": post_id, "change": change_id},
    ).first()
    return row is not None


def continue_fanouts(
    database: Database, now: datetime, wake: Callable[[], None] = lambda: None
) -> int:
    """Finishes what fan-outs were begun, the oldest first, calling `wake` after each chunk; returns
    how many."""
    finished = 0
    while True:
        with database.reading() as conn:
            change_id = conn.execute(
                text("SELECT id FROM change WHERE fanned_out_at IS NULL ORDER BY at, id LIMIT 1")
            ).scalar_one_or_none()
        if change_id is None:
            return finished
        is_done = False
        while not is_done:
            with database.writing() as conn:
                is_done = fan_out(conn, change_id, now)
                pause_s = dialect_of(conn).pause_s
            wake()
            time.sleep(pause_s)
        finished += 1


def _next_walk(conn: Connection, cursor: str | None) -> _FanOutRange:
    name, _, after = (cursor or "").partition(":")
    kind = CHANNELS.get(Channel(name))
    if kind is None:  # nothing yet; or a channel that is gone: what is written is not written again
        kind, after = next(iter(CHANNELS.values())), ""
    column = _COLUMNS[kind.grouping]
    upto = conn.execute(
        text(
            f"SELECT {column} FROM subscription WHERE channel = :channel AND {column} > :after"
            f" ORDER BY {column} LIMIT 1 OFFSET :chunk"
        ),
        {"channel": kind.name, "after": after, "chunk": CHUNK - 1},
    ).scalar_one_or_none()
    return _FanOutRange(kind, after, upto or "", upto is None)


def _cursor_after(walk: _FanOutRange) -> str | None:
    if not walk.is_last:
        return f"{walk.kind.name}:{walk.upto}"
    names = list(CHANNELS)
    rest = names[names.index(walk.kind.name) + 1 :]
    return f"{rest[0]}:" if rest else None


def _write_for_subscriptions(
    conn: Connection, owed: str, walk: _FanOutRange, values: dict[str, object]
) -> None:
    """Looks at the subscriptions once; their deliveries and messages are written from what was
    found."""
    within, messages = walk.within, _messages(walk.kind)
    touched = f"SELECT s.endpoint_key FROM subscription s WHERE {within}"
    dialect = dialect_of(conn)
    found = _found(within, f"{owed} AND {_NOT_WRITTEN}", dialect.new_id)
    woken = dialect.write_found(conn, found, (_DELIVERIES, messages), touched, values)
    if woken is not None:
        _wake(conn, woken, values)


def _write_for_persons(
    conn: Connection, owed: str, walk: _FanOutRange, values: dict[str, object], *, is_again: bool
) -> None:
    """`is_again`: there may be a message about this revision before this change."""
    within, group = walk.within, f"'{walk.kind.prefix}:' || :change || ':'"
    if is_again:
        _join_messages_before(conn, walk, owed, values)
        owed = f"{owed} AND {_NOT_WRITTEN}"
    conn.execute(text(_for_persons(walk.kind, within, owed, dialect_of(conn).new_id)), values)
    written = _write_deliveries(
        conn,
        f"subscription s LEFT JOIN message m ON {_AT_ONCE}"
        f" AND m.group_key = {group} || s.target_key WHERE {within} AND {_COUNTS} AND {owed}",
        values,
    )
    if written:
        _wake(conn, f"SELECT s.endpoint_key FROM subscription s WHERE {within}", values)


def _join_messages_before(
    conn: Connection, walk: _FanOutRange, owed: str, values: dict[str, object]
) -> None:
    """One person is told of a revision by one mail: the one that waits, is in the air or was sent.

    A unit gets another all the same, for the link by which it acknowledges may be missing from the
    first.
    """
    within, before = walk.within, _BEFORE.format(prefix=walk.kind.prefix)
    _lock_host_groups(conn, f"SELECT s.endpoint_key FROM subscription s WHERE {within}", values)
    _write_deliveries(
        conn,
        f"subscription s {before} WHERE {within} AND {_COUNTS} AND {_AT_ONCE}"
        f" AND s.unit_id IS NULL AND {owed} ORDER BY p.round DESC",
        values,
    )


def _write_deliveries(conn: Connection, source: str, values: dict[str, object]) -> int:
    """The deliveries of subscriptions `s` with the mail `m` that carries each; one that was sent
    has told."""
    told = "COALESCE(m.state, '') = 'sent'"
    return conn.execute(
        text(
            "INSERT INTO delivery(id, change_id, subscription_id, message_id, state, reason, "
            "created_at, done_at)"
            f" SELECT {dialect_of(conn).new_id}, CAST(:change AS TEXT), s.id, m.id,"
            f" CASE WHEN {told} THEN 'sent' ELSE {_STATE} END,"
            f" CASE WHEN {told} THEN '{_TOLD_BY_MAIL}' ELSE {_REASON} END,"
            f" CAST(:now AS BIGINT), CASE WHEN {told} THEN CAST(:now AS BIGINT) END FROM {source}"
            " ON CONFLICT (change_id, subscription_id) DO NOTHING"
        ),
        values,
    ).rowcount


_DELIVERIES = """INSERT INTO delivery(id, change_id, subscription_id, message_id, state, reason,
    created_at)
    SELECT delivery_id, CAST(:change AS TEXT), subscription_id, message_id, state, reason, CAST(:now
    AS BIGINT)
    FROM found"""


def _messages(kind: ChannelKind) -> str:
    return (
        "INSERT INTO message(id, change_id, subscription_id, channel, endpoint_key, group_key, "
        "state, due_at,"
        f" created_at, is_urgent) SELECT message_id, CAST(:change AS TEXT), subscription_id,"
        f" '{kind.name}', endpoint_key,"
        f" '{kind.prefix}:' || :change || ':' || subscription_id, state, CAST(:now AS BIGINT),"
        " CAST(:now AS BIGINT), CAST(:urgent AS SMALLINT) FROM found WHERE true"
        " ON CONFLICT (group_key) DO NOTHING"
    )


def _found(within: str, owed: str, new_id: str) -> str:
    """What a chunk owes, sorted: rows of one host, which are claimed and recorded together, are to
    lie together."""
    return (
        f"SELECT {new_id} AS delivery_id, {new_id} AS message_id, s.id AS subscription_id, "
        f"s.endpoint_key,"
        f" {_STATE} AS state, {_REASON} AS reason FROM subscription s WHERE {within} AND "
        f"{_COUNTS} AND {owed}"
        " ORDER BY s.endpoint_key"
    )


def _for_persons(kind: ChannelKind, within: str, owed: str, new_id: str) -> str:
    """One message for each address that wants it at once; held while all of its subscriptions
    are."""
    return (
        "INSERT INTO message(id, change_id, channel, endpoint_key, group_key, state, due_at, "
        "created_at, is_urgent)"
        f" SELECT {new_id}, CAST(:change AS TEXT), '{kind.name}', w.endpoint_key,"
        f" '{kind.prefix}:' || :change || ':' || w.target_key, w.state, CAST(:now AS BIGINT),"
        " CAST(:now AS BIGINT), CAST(:urgent AS SMALLINT) FROM"
        f" (SELECT s.target_key, s.endpoint_key, min({_STATE}) AS state FROM subscription s"
        f" WHERE {within} AND {_COUNTS} AND {_AT_ONCE} AND {owed}"
        " GROUP BY s.target_key, s.endpoint_key) AS w WHERE true ON CONFLICT (group_key) DO NOTHING"
    )


def _lock_host_groups(conn: Connection, touched: str, values: dict[str, object]) -> None:
    """Whoever records a result holds them too: until the end, no message of the chunk becomes done
    unseen."""
    lock_host_groups(conn, dialect_of(conn).host_groups_to_lock(conn, touched, values))


_WAKE_URGENT = (
    "UPDATE endpoint SET urgent_due_at = CASE WHEN COALESCE(not_before_at, 0) > :now THEN"
    " not_before_at ELSE CAST(:now AS BIGINT) END WHERE status <> 'disabled'"
    " AND (urgent_due_at IS NULL OR urgent_due_at > :now)"
    f" AND in_flight < cap + {BEYOND.format(cap='cap')} AND key IN ({{touched}})"
    f" AND EXISTS (SELECT 1 {WAITING_URGENT})",
    "UPDATE host_group SET urgent_due_at = CAST(:now AS BIGINT)"
    " WHERE (urgent_due_at IS NULL OR urgent_due_at > :now)"
    f" AND in_flight < cap + {BEYOND.format(cap='cap')} AND key IN (SELECT host_group_key FROM "
    f"endpoint"
    " WHERE key IN ({touched}) AND urgent_due_at <= :now)",
)


def _wake(conn: Connection, touched: str, values: dict[str, object]) -> None:
    """The endpoints that `touched` selects have something due now; host groups before endpoints, as
    everywhere."""
    wanted = (
        f"(next_due_at IS NULL OR next_due_at > :now) AND in_flight < cap AND key IN ({touched})"
    )
    _lock_host_groups(conn, touched, values)
    if values["urgent"]:
        for statement in _WAKE_URGENT:
            conn.execute(text(statement.format(touched=touched)), values)
    conn.execute(
        text(
            "UPDATE endpoint SET next_due_at = CASE WHEN COALESCE(not_before_at, 0) > :now THEN "
            "not_before_at"
            f" ELSE CAST(:now AS BIGINT) END WHERE status <> 'disabled' AND {wanted}"
            " AND EXISTS (SELECT 1 FROM message m WHERE m.endpoint_key = endpoint.key AND m.state "
            "= 'due')"
        ),
        values,
    )
    conn.execute(
        text(
            "UPDATE host_group SET next_due_at = CAST(:now AS BIGINT) WHERE (next_due_at IS NULL "
            "OR "
            "next_due_at > :now)"
            f" AND in_flight < cap AND key IN (SELECT host_group_key FROM endpoint WHERE key IN "
            f"({touched})"
            " AND next_due_at <= :now)"
        ),
        values,
    )
    notify(conn)
