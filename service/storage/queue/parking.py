"""What becomes of what is owed to a subscription when its status changes.

Paused and suspended deliveries wait, those of a removed one are skipped with the reason kept;
active again, what waited is due. A mail that others still want goes out without the one that waits.
Messages are found by what they carry, or, where they are about the subscription itself, by its
endpoint: never among all there are.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from service.alerts.owing import UNDER
from service.channels import kind_of
from service.storage.engine import uuid7
from service.storage.queue.capacity import hold_host_groups, refresh
from service.storage.schema import to_micros
from service.types import State, SubscriptionStatus

_WAITING = ("due", "held", "suspended")
_IS_WAITING = "state IN ('due', 'held', 'suspended')"
_CARRYING = (
    "id IN (SELECT message_id FROM delivery WHERE subscription_id = :sub AND state = :state)"
)
_OF_OTHERS = "EXISTS (SELECT 1 FROM delivery d WHERE d.message_id = message.id AND d.state = 'due')"
_OWN = "subscription_id = :sub AND change_id IS NULL AND endpoint_key = :key"


def park(
    conn: Connection,
    subscription_id: str,
    status: SubscriptionStatus,
    at: datetime,
    reason: str | None,
) -> None:
    """Takes what waits out of the queue. What is in the air ends as it ends."""
    state, code = UNDER[status]
    key = _hold(conn, subscription_id)
    values = {
        "sub": subscription_id,
        "key": key,
        "state": state.value,
        "done": to_micros(at) if state is State.SKIPPED else None,
        "reason": reason or code,
    }
    conn.execute(
        text(
            "UPDATE delivery SET state = :state, done_at = :done, reason = :reason"
            f" WHERE subscription_id = :sub AND {_IS_WAITING}"
        ),
        values,
    )
    change = "UPDATE message SET state = :state, done_at = :done, detail = :reason"
    carrying = (
        f"{change} WHERE {_IS_WAITING} AND {_CARRYING} AND NOT {_OF_OTHERS} RETURNING endpoint_key"
    )
    touched = {key, *conn.execute(text(carrying), values).scalars()}
    for waiting in _WAITING:
        conn.execute(text(f"{change} WHERE state = '{waiting}' AND {_OWN}"), values)
    refresh(conn, sorted(touched))


def retry_failed(conn: Connection, subscription_id: str, at: datetime) -> None:
    """Makes due what an endpoint has refused that somebody vouches for again: nothing else may come
    for days, and no probe goes to one that has said that it is gone."""
    failed = "subscription_id = :id AND state = 'failed' AND is_final = 0 AND change_id IS NOT NULL"
    key = _hold(conn, subscription_id)
    values = {"id": subscription_id, "at": to_micros(at)}
    conn.execute(
        text(
            "UPDATE delivery SET state = 'due', done_at = NULL, reason = NULL WHERE message_id IN"
            f" (SELECT id FROM message WHERE {failed})"
        ),
        values,
    )
    again = "state = 'due', due_at = :at, done_at = NULL, attempts = 0"
    conn.execute(text(f"UPDATE message SET {again} WHERE {failed}"), values)
    refresh(conn, [key])


def drop_questions(conn: Connection, subscription_id: str, at: datetime) -> None:
    """Skips what would ask about, or test, an address that a subscription no longer has."""
    values = {"sub": subscription_id, "key": _hold(conn, subscription_id), "at": to_micros(at)}
    for waiting in _WAITING:
        question = (
            f"state = '{waiting}' AND {_OWN} AND body LIKE '{{\"type\":\"subscription.confirm\"%'"
        )
        conn.execute(
            text(
                "UPDATE message SET state = 'skipped', done_at = :at, detail = "
                "'message.address_changed'"
                f" WHERE {question}"
            ),
            values,
        )


def redirect(conn: Connection, subscription_id: str, before: str, after: str) -> None:
    """What waits or failed at an endpoint that a subscription left is its next endpoint's."""
    values = {"sub": subscription_id, "key": before, "after": after}
    for waiting in ("state = 'held'", "state IN ('failed', 'suspended')"):
        conn.execute(
            text(
                "UPDATE message SET endpoint_key = :after"
                f" WHERE {waiting} AND endpoint_key = :key AND subscription_id = :sub"
            ),
            values,
        )


def release_parked(conn: Connection, subscription_id: str, at: datetime) -> None:
    """Makes due what was held or suspended."""
    key = _hold(conn, subscription_id)
    values: dict[str, object] = {"sub": subscription_id, "key": key, "at": to_micros(at)}
    _regroup(conn, values)
    again = "UPDATE message SET state = 'due', due_at = :at, done_at = NULL"
    carrying = (
        "(SELECT message_id FROM delivery WHERE subscription_id = :sub AND state IN ('held', "
        "'suspended'))"
    )
    where = f"state IN ('held', 'suspended') AND id IN {carrying} RETURNING endpoint_key"
    touched = {key, *conn.execute(text(f"{again} WHERE {where}"), values).scalars()}
    for waiting in ("held", "suspended"):
        conn.execute(text(f"{again} WHERE state = '{waiting}' AND {_OWN}"), values)
    conn.execute(
        text(
            "UPDATE delivery SET state = 'due', reason = NULL, done_at = NULL"
            " WHERE subscription_id = :sub AND state IN ('held', 'suspended')"
        ),
        values,
    )
    refresh(conn, sorted(touched))


def unpark(conn: Connection, subscription_id: str, removed_at: datetime) -> None:
    """What was skipped when a subscription was removed is held again; what is about the
    subscription itself, a question or a test, is not."""
    _hold(conn, subscription_id)
    values = {"sub": subscription_id, "at": to_micros(removed_at)}
    conn.execute(
        text(
            "UPDATE delivery SET state = 'held', done_at = NULL"
            " WHERE subscription_id = :sub AND state = 'skipped' AND done_at = :at"
        ),
        values,
    )
    conn.execute(
        text(
            "UPDATE message SET state = 'held', done_at = NULL, detail = NULL"
            " WHERE state = 'skipped' AND done_at = :at AND id IN (SELECT message_id FROM delivery"
            " WHERE subscription_id = :sub AND state = 'held')"
        ),
        values,
    )


def _hold(conn: Connection, subscription_id: str) -> str:
    """Locks what claims and results lock first, before any message is changed; returns the
    endpoint."""
    row = conn.execute(
        text("SELECT endpoint_key, channel FROM subscription WHERE id = :id"),
        {"id": subscription_id},
    ).one()
    hold_host_groups(conn, kind_of(row.channel).places.shared or [row.endpoint_key])
    return str(row.endpoint_key)


def _regroup(conn: Connection, values: dict[str, object]) -> None:
    """Deliveries whose mail went out without them get a mail of their own."""
    late = conn.execute(
        text(
            "SELECT d.id, m.channel, m.endpoint_key, m.group_key, m.change_id FROM delivery d"
            " JOIN message m ON m.id = d.message_id WHERE d.subscription_id = :sub"
            " AND d.state IN ('held', 'suspended') AND m.state NOT IN ('held', 'suspended', 'due')"
        ),
        values,
    ).all()
    for row in late:
        message_id = uuid7()
        conn.execute(
            text(
                "INSERT INTO message(id, channel, endpoint_key, group_key, change_id, state,"
                " due_at, created_at)"
                " VALUES (:id, :channel, :endpoint, :group, :change, 'held', :at, :at)"
            ),
            {"id": message_id, "channel": row.channel, "endpoint": row.endpoint_key,
            "at": values["at"],
             "group": f"{row.group_key}:{row.id}", "change": row.change_id},
        )  # fmt: skip
        conn.execute(
            text("UPDATE delivery SET message_id = :m WHERE id = :id"),
            {"m": message_id, "id": row.id},
        )
