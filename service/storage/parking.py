"""What becomes of what is owed to a subscription when its status changes.

Paused and suspended deliveries wait, those of a removed one are skipped with the reason kept; active again,
what waited is due. A mail that others still want goes out without the one that waits.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from service.storage.endpoints import refresh
from service.storage.engine import uuid7
from service.storage.schema import to_micros
from service.types import State, SubscriptionStatus

_WAITING = "('due', 'held', 'suspended')"
_PARKED_AS = {
    SubscriptionStatus.PENDING: State.HELD,
    SubscriptionStatus.PAUSED: State.HELD,
    SubscriptionStatus.DISABLED: State.SUSPENDED,
    SubscriptionStatus.SUSPENDED: State.SUSPENDED,
    SubscriptionStatus.REMOVED: State.SKIPPED,
}


def parked_as(status: SubscriptionStatus) -> State | None:
    """The state of what is owed under a status; None where it is sent."""
    return _PARKED_AS.get(status)


def park(
    conn: Connection, subscription_id: str, status: SubscriptionStatus, at: datetime, reason: str | None
) -> None:
    """Takes what waits out of the queue. What is in the air ends as it ends."""
    state = _PARKED_AS[status]
    done_at = to_micros(at) if state is State.SKIPPED else None
    values = {"sub": subscription_id, "state": state.value, "done": done_at, "reason": reason or status.value}
    conn.execute(
        text(
            f"UPDATE delivery SET state = :state, done_at = :done, reason = :reason"  # noqa: S608  # constants
            f" WHERE subscription_id = :sub AND state IN {_WAITING}"
        ),
        values,
    )
    touched = conn.execute(
        text(
            f"UPDATE message SET state = :state, done_at = :done, detail = :reason"  # noqa: S608  # constants
            f" WHERE state IN {_WAITING} AND (subscription_id = :sub OR id IN"
            " (SELECT message_id FROM delivery WHERE subscription_id = :sub AND state = :state))"
            " AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.message_id = message.id AND d.state = 'due')"
            " RETURNING endpoint_key"
        ),
        values,
    ).scalars()
    refresh(conn, sorted(set(touched)))


def release(conn: Connection, subscription_id: str, at: datetime) -> None:
    """Makes due what was held or suspended."""
    values = {"sub": subscription_id, "at": to_micros(at)}
    _regroup(conn, values)
    touched = conn.execute(
        text(
            "UPDATE message SET state = 'due', due_at = :at, done_at = NULL"
            " WHERE state IN ('held', 'suspended') AND (subscription_id = :sub OR id IN"
            " (SELECT message_id FROM delivery WHERE subscription_id = :sub AND state IN ('held', 'suspended')))"
            " RETURNING endpoint_key"
        ),
        values,
    ).scalars()
    keys = sorted(set(touched))
    conn.execute(
        text(
            "UPDATE delivery SET state = 'due', reason = NULL, done_at = NULL"
            " WHERE subscription_id = :sub AND state IN ('held', 'suspended')"
        ),
        values,
    )
    refresh(conn, keys)


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
                "INSERT INTO message(id, channel, endpoint_key, group_key, change_id, state, due_at, created_at)"
                " VALUES (:id, :channel, :endpoint, :group, :change, 'held', :at, :at)"
            ),
            {"id": message_id, "channel": row.channel, "endpoint": row.endpoint_key, "at": values["at"],
             "group": f"{row.group_key}:{row.id}", "change": row.change_id},
        )  # fmt: skip
        conn.execute(text("UPDATE delivery SET message_id = :m WHERE id = :id"), {"m": message_id, "id": row.id})
