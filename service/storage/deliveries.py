"""The ledger as people read it, and what they may do to it: list, show, replay, pause, resume.

Refuses to send anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, text

from service.errors import Conflict, InvalidInput, NotFound
from service.storage.answers import answers_to
from service.storage.meta import drop_meta, get_meta, keep_meta
from service.storage.queue import FENCED_WORDS, is_fenced, refresh
from service.storage.schema import from_micros, to_micros
from service.types import ChangeType, Channel, State, SubscriptionStatus
from service.words import coded

PAUSED = "the stop switch is off: nothing is sent until `loa delivery resume`"


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
    answer: str = ""
    """What came back, its beginning, secrets masked; empty: nothing, or it was forgotten."""


@dataclass(frozen=True, slots=True)
class DeliveryHistory:
    """A delivery with all that was tried. `next_attempt_at` is None where none is planned."""

    delivery: Delivery
    attempts: tuple[Attempt, ...]
    next_attempt_at: datetime | None


_SELECT = """SELECT d.id, d.change_id, c.type, c.post_id, c.revision, d.subscription_id, s.channel,
    d.message_id,
    CASE WHEN d.state = 'due' AND m.state IN ('held', 'suspended') THEN m.state
    WHEN d.state = 'due' AND EXISTS
    (SELECT 1 FROM lease WHERE message_id = m.id) THEN 'leased' ELSE d.state END AS state,
    d.reason, d.created_at, d.done_at
    FROM delivery d JOIN change c ON c.id = d.change_id JOIN subscription s
    ON s.id = d.subscription_id
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
    rows = conn.execute(
        text(f"{_SELECT}{where} ORDER BY d.id DESC LIMIT :limit"), {**values, "limit": limit}
    )
    return [_delivery(row._mapping) for row in rows]


def show_delivery(conn: Connection, key: str) -> DeliveryHistory:
    """A delivery by its id, or by its message's. Raises NotFound."""
    row = conn.execute(
        text(f"{_SELECT} WHERE d.id = :id OR d.message_id = :id LIMIT 1"), {"id": key}
    ).first()
    if row is None:
        raise NotFound("delivery", key)
    delivery = _delivery(row._mapping)
    due_at = conn.execute(
        text("SELECT due_at FROM message WHERE id = :id AND state = 'due'"),
        {"id": delivery.message_id},
    ).scalar_one_or_none()
    return DeliveryHistory(
        delivery,
        attempts_of(conn, delivery.message_id),
        None if due_at is None else from_micros(due_at),
    )


def payload_sent(conn: Connection, change_id: str) -> str:
    """What a delivery tells, as the body of a webhook: mails and messages of chats are written of
    it."""
    query = text("SELECT payload FROM change WHERE id = :id")
    return str(conn.execute(query, {"id": change_id}).scalar_one())


def attempts_of(conn: Connection, message_id: str | None) -> tuple[Attempt, ...]:
    """Every try at a message, the first one first."""
    rows = conn.execute(
        text(
            "SELECT started_at, took_ms, state, status, detail FROM attempt WHERE message_id = "
            ":id UNION ALL"
            " SELECT sent_started_at, sent_took_ms, 'sent', sent_status, detail FROM message"
            " WHERE id = :id AND sent_started_at IS NOT NULL ORDER BY started_at"
        ),
        {"id": message_id},
    )
    answers = answers_to(conn, message_id)
    return tuple(
        Attempt(
            number,
            from_micros(row.started_at),
            row.took_ms,
            State(row.state),
            row.status,
            row.detail or "",
            answers.get(from_micros(row.started_at), ""),
        )
        for number, row in enumerate(rows, start=1)
    )


def make_due_again(
    conn: Connection,
    *,
    at: datetime,
    delivery_id: str | None = None,
    subscription_id: str | None = None,
    since: datetime | None = None,
    is_failed_only: bool = False,
) -> int:
    """Makes due now what is done, or waits for its next attempt: one delivery, a subscription's, or
    all since a time.

    Gives how many messages. The same message id goes out again, so that a receiver knows the
    repeat. What was skipped stays so. `is_failed_only`: what failed, is suspended, or waits since
    its last attempt failed.
    """
    if delivery_id is None and subscription_id is None and since is None and not is_failed_only:
        raise InvalidInput(
            "delivery",
            "bad.nothing_to_replay",
            "allowed.replay",
        )
    states = (
        "('due', 'failed', 'suspended')"
        if is_failed_only
        else "('due', 'sent', 'failed', 'suspended')"
    )
    clauses = {"(d.id = :one OR d.message_id = :one)": delivery_id,
    "d.subscription_id = :sub": subscription_id,
               "d.created_at >= :since": to_micros(since) if since else None}  # fmt: skip
    given = {clause: value for clause, value in clauses.items() if value is not None}
    values = {clause.rsplit(":", 1)[1].rstrip(")"): value for clause, value in given.items()}
    if delivery_id is not None:
        _check_active(conn, show_delivery(conn, delivery_id).delivery.subscription_id)
    if subscription_id is not None:
        _check_active(conn, subscription_id)
    where = "".join(f" AND {clause}" for clause in given)
    ids = list(
        conn.execute(
            text(
                "SELECT d.message_id FROM delivery d JOIN subscription s ON s.id = "
                "d.subscription_id"
                f" WHERE d.message_id IS NOT NULL AND s.status = 'active' AND d.state IN "
                f"{states}{where}"
            ),
            values,
        ).scalars()
    )
    return _requeue(conn, sorted(set(ids)), at, is_failed_only=is_failed_only)


def _check_active(conn: Connection, subscription_id: str) -> None:
    """Raises NotFound, and Conflict where nothing would be sent anyway."""
    status = conn.execute(
        text("SELECT status FROM subscription WHERE id = :id"), {"id": subscription_id}
    ).scalar_one_or_none()
    if status is None:
        raise NotFound("subscription", subscription_id)
    if status != SubscriptionStatus.ACTIVE:
        remedy = _REMEDIES.get(status, "conflict.remedy_resume_first")
        raise Conflict(coded("conflict.replay", name=subscription_id, status=status, reason=remedy))


_REMEDIES = {
    SubscriptionStatus.REMOVED.value: "conflict.remedy_add_more",
    SubscriptionStatus.PENDING.value: "conflict.remedy_confirm_first",
}


def _requeue(
    conn: Connection, message_ids: Sequence[str], at: datetime, *, is_failed_only: bool
) -> int:
    """What was forgotten since is passed over: its message is gone."""
    keys: set[str] = set()
    done = 0
    for start in range(0, len(message_ids), 500):
        values = {"ids": message_ids[start : start + 500], "at": to_micros(at)}
        conn.execute(_KEEP_ACCEPTED, values)
        touched = list(conn.execute(_DUE_AGAIN, values))
        if touched:
            conn.execute(_OWED_AGAIN, {"ids": [row.id for row in touched]})
        touched += conn.execute(_DUE_NOW, {**values, "all": int(not is_failed_only)})
        done += len(touched)
        keys.update(row.endpoint_key for row in touched)
    refresh(conn, sorted(keys))
    return done


_KEEP_ACCEPTED = text(
    "INSERT INTO attempt(message_id, number, started_at, took_ms, state, status, detail) SELECT "
    "m.id,"
    " (SELECT COALESCE(max(a.number), 0) + 1 FROM attempt a WHERE a.message_id = m.id), "
    "m.sent_started_at,"
    " m.sent_took_ms, 'sent', m.sent_status, COALESCE(m.detail, '') FROM message m"
    " WHERE m.id IN :ids AND m.sent_started_at IS NOT NULL"
).bindparams(bindparam("ids", expanding=True))

_DUE_AGAIN = text(
    "UPDATE message SET state = 'due', due_at = :at, done_at = NULL, attempts = 0, is_final = 0,"
    " sent_started_at = NULL, sent_took_ms = NULL, sent_status = NULL"
    " WHERE id IN :ids AND state IN ('sent', 'failed', 'suspended') RETURNING id, endpoint_key"
).bindparams(bindparam("ids", expanding=True))

_DUE_NOW = text(
    "UPDATE message SET due_at = :at WHERE id IN :ids AND state = 'due' AND due_at > :at"
    " AND (:all = 1 OR attempts > 0 OR detail IS NOT NULL)"
    " AND NOT EXISTS (SELECT 1 FROM lease WHERE message_id = message.id) RETURNING id, endpoint_key"
).bindparams(bindparam("ids", expanding=True))

_OWED_AGAIN = text(
    "UPDATE delivery SET state = 'due', done_at = NULL, reason = NULL"
    " WHERE message_id IN :ids AND state IN ('sent', 'failed', 'suspended')"
).bindparams(bindparam("ids", expanding=True))

_PAUSED_SINCE = "delivery_paused"


def switch_sending_off(conn: Connection, at: datetime) -> None:
    """The stop switch: nothing is claimed until `switch_sending_on`."""
    keep_meta(conn, _PAUSED_SINCE, str(to_micros(at)))


def paused_at(conn: Connection) -> datetime | None:
    """Since when the stop switch is off; None while messages are sent."""
    at = get_meta(conn, _PAUSED_SINCE)
    return None if at is None else from_micros(int(at))


def why_stopped(conn: Connection) -> str:
    """Why nothing is sent at all, and what ends it; empty while messages are sent."""
    if is_fenced(conn):
        return FENCED_WORDS
    return PAUSED if paused_at(conn) is not None else ""


def switch_sending_on(conn: Connection) -> None:
    drop_meta(conn, _PAUSED_SINCE)


def _delivery(row: RowMapping) -> Delivery:
    done_at = row["done_at"]
    return Delivery(
        row["id"], row["change_id"], ChangeType(row["type"]), row["post_id"], row["revision"],
        row["subscription_id"], Channel(row["channel"]), row["message_id"], State(row["state"]),
        row["reason"],
        from_micros(row["created_at"]), None if done_at is None else from_micros(done_at),
    )  # fmt: skip
