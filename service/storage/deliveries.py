"""The ledger as people read it, and what they may do to it: list, show, replay, pause, resume.

Also what a webhook's sender needs of its messages. Refuses to send anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, RowMapping, bindparam, text

from service.errors import InvalidInput, NotFound
from service.storage.endpoints import refresh
from service.storage.schema import from_micros, to_micros
from service.types import ChangeType, Channel, State, SubscriptionStatus


@dataclass(frozen=True, slots=True)
class Delivery:
    """One change owed to one subscription. `message_id` is None while it waits for its digest."""

    id: str
    change_id: str
    type: ChangeType
    post_id: str
    revision: int
    subscription_id: str
    channel: Channel
    message_id: str | None
    state: State
    reason: str | None
    created_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a message, in words."""

    number: int
    started_at: datetime
    took_ms: int
    state: State
    status: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A delivery with all that was tried. `next_attempt_at` is None where none is planned."""

    delivery: Delivery
    attempts: tuple[Attempt, ...]
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a webhook's sender needs of a message."""

    message_id: str
    url: str
    status: SubscriptionStatus
    status_reason: str | None
    subscription_id: str
    unit_id: str | None
    sealed: tuple[bytes, ...]
    headers: Mapping[str, str]
    payload: str
    change_id: str | None
    post_id: str | None
    revision: int


_SELECT = """SELECT d.id, d.change_id, c.type, c.post_id, c.revision, d.subscription_id, s.channel, d.message_id,
    CASE WHEN d.state = 'due' AND m.state IN ('leased', 'held', 'suspended') THEN m.state ELSE d.state END AS state,
    d.reason, d.created_at, d.done_at
    FROM delivery d JOIN change c ON c.id = d.change_id JOIN subscription s ON s.id = d.subscription_id
    LEFT JOIN message m ON m.id = d.message_id"""


def list_deliveries(
    conn: Connection,
    *,
    state: State | None = None,
    subscription_id: str | None = None,
    post_id: str | None = None,
    unit_id: str | None = None,
    since: datetime | None = None,
    before: str | None = None,
    limit: int = 100,
) -> list[Delivery]:
    """The newest first; `before` is the id of the last one of the page before."""
    wanted: dict[str, object] = {
        "d.state = :state": state.value if state else None,
        "d.subscription_id = :sub": subscription_id,
        "c.post_id = :post": post_id,
        "s.unit_id = :unit": unit_id,
        "d.created_at >= :since": to_micros(since) if since else None,
        "d.id < :before": before,
    }
    given = {clause: value for clause, value in wanted.items() if value is not None}
    values = {clause.rsplit(":", 1)[1]: value for clause, value in given.items()}
    where = f" WHERE {' AND '.join(given)}" if given else ""
    rows = conn.execute(text(f"{_SELECT}{where} ORDER BY d.id DESC LIMIT :limit"), {**values, "limit": limit})
    return [_delivery(row._mapping) for row in rows]


def show_delivery(conn: Connection, id: str) -> Shown:
    """A delivery by its id, or by its message's. Raises NotFound."""
    row = conn.execute(text(f"{_SELECT} WHERE d.id = :id OR d.message_id = :id LIMIT 1"), {"id": id}).first()
    if row is None:
        raise NotFound("delivery", id)
    delivery = _delivery(row._mapping)
    due_at = conn.execute(
        text("SELECT due_at FROM message WHERE id = :id AND state = 'due'"), {"id": delivery.message_id}
    ).scalar_one_or_none()
    return Shown(delivery, attempts_of(conn, delivery.message_id), None if due_at is None else from_micros(due_at))


def attempts_of(conn: Connection, message_id: str | None) -> tuple[Attempt, ...]:
    """Every try at a message, the first one first."""
    rows = conn.execute(
        text(
            "SELECT number, started_at, took_ms, state, status, detail FROM attempt WHERE message_id = :id ORDER BY number"
        ),
        {"id": message_id},
    )
    return tuple(
        Attempt(row.number, from_micros(row.started_at), row.took_ms, State(row.state), row.status, row.detail)
        for row in rows
    )


def replay(
    conn: Connection,
    *,
    at: datetime,
    delivery_id: str | None = None,
    subscription_id: str | None = None,
    since: datetime | None = None,
    is_failed_only: bool = False,
) -> int:
    """Makes due again what is done: one delivery, a subscription's, or all since a time; gives how many messages.

    The same message id goes out again, so that a receiver knows the repeat. What was skipped stays so.
    """
    if delivery_id is None and subscription_id is None and since is None and not is_failed_only:
        raise InvalidInput(
            "delivery", "nothing was named to replay", "a delivery, a subscription, a time, or all failed"
        )
    states = "('failed', 'suspended')" if is_failed_only else "('sent', 'failed', 'suspended')"
    clauses = {"(d.id = :one OR d.message_id = :one)": delivery_id, "d.subscription_id = :sub": subscription_id,
               "d.created_at >= :since": to_micros(since) if since else None}  # fmt: skip
    given = {clause: value for clause, value in clauses.items() if value is not None}
    values = {clause.rsplit(":", 1)[1].rstrip(")"): value for clause, value in given.items()}
    if delivery_id is not None:
        show_delivery(conn, delivery_id)
    where = "".join(f" AND {clause}" for clause in given)
    ids = list(
        conn.execute(
            text(
                "SELECT d.message_id FROM delivery d JOIN subscription s ON s.id = d.subscription_id"  # noqa: S608  # constants
                f" WHERE d.message_id IS NOT NULL AND s.status = 'active' AND d.state IN {states}{where}"
            ),
            values,
        ).scalars()
    )
    return _requeue(conn, sorted(set(ids)), at)


def _requeue(conn: Connection, message_ids: Sequence[str], at: datetime) -> int:
    keys: set[str] = set()
    done = 0
    message = text(
        "UPDATE message SET state = 'due', due_at = :at, done_at = NULL, attempts = 0, is_final = 0"
        " WHERE id IN :ids AND state IN ('sent', 'failed', 'suspended') RETURNING endpoint_key"
    ).bindparams(bindparam("ids", expanding=True))
    delivery = text(
        "UPDATE delivery SET state = 'due', done_at = NULL, reason = NULL"
        " WHERE message_id IN :ids AND state IN ('sent', 'failed', 'suspended')"
    ).bindparams(bindparam("ids", expanding=True))
    for start in range(0, len(message_ids), 500):
        values = {"ids": message_ids[start : start + 500], "at": to_micros(at)}
        touched = list(conn.execute(message, values).scalars())
        conn.execute(delivery, values)
        done += len(touched)
        keys.update(touched)
    refresh(conn, sorted(keys))
    return done


def pause_all(conn: Connection, at: datetime) -> None:
    """The stop switch: nothing is claimed until `resume_all`."""
    conn.execute(
        text("INSERT INTO meta(key, value) VALUES ('delivery_paused', :at) ON CONFLICT (key) DO NOTHING"),
        {"at": str(to_micros(at))},
    )


def resume_all(conn: Connection) -> None:
    conn.execute(text("DELETE FROM meta WHERE key = 'delivery_paused'"))


def count_states(conn: Connection) -> dict[State, int]:
    """How many messages are in each state, for metrics."""
    rows = conn.execute(text("SELECT state, count(*) FROM message GROUP BY state"))
    return {State(row[0]): row[1] for row in rows}


_OUTGOING = text(
    """SELECT m.id, s.target, s.status, s.status_reason, s.id AS subscription_id, s.unit_id, s.secret, s.headers,
    CASE WHEN s.old_secret_until > :now THEN s.old_secret END AS old_secret,
    m.body, m.change_id, c.payload, c.post_id, c.revision FROM message m
    JOIN subscription s ON s.id = m.subscription_id LEFT JOIN change c ON c.id = m.change_id WHERE m.id IN :ids"""
).bindparams(bindparam("ids", expanding=True))


def load_outgoing(conn: Connection, message_ids: Sequence[str], now: datetime) -> dict[str, Outgoing]:
    """What webhooks' messages say and where they go, by message id."""
    rows = conn.execute(_OUTGOING, {"ids": list(message_ids), "now": to_micros(now)})
    return {
        row.id: Outgoing(
            row.id, row.target, SubscriptionStatus(row.status), row.status_reason, row.subscription_id, row.unit_id,
            tuple(s for s in (row.secret, row.old_secret) if s is not None),
            orjson.loads(row.headers) if row.headers != "{}" else {},
            row.body or row.payload or "", row.change_id, row.post_id, row.revision or 0,
        )
        for row in rows
    }  # fmt: skip


def _delivery(row: RowMapping) -> Delivery:
    done_at = row["done_at"]
    return Delivery(
        row["id"], row["change_id"], ChangeType(row["type"]), row["post_id"], row["revision"], row["subscription_id"],
        Channel(row["channel"]), row["message_id"], State(row["state"]), row["reason"], from_micros(row["created_at"]),
        None if done_at is None else from_micros(done_at),
    )  # fmt: skip
