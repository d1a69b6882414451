"""What a service tells of its work in its log: which changes were fanned out, and which
subscriptions Loa stopped."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from service.types import ChangeType, SubscriptionStatus

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class FanOutSummary:
    """A change that is owed to whoever wants it; `deliveries`: to how many."""

    change_id: str
    type: ChangeType
    post_id: str
    deliveries: int


def newest_change(conn: Connection) -> str:
    """Its id; empty where there is none."""
    return str(conn.execute(text("SELECT max(id) FROM change")).scalar_one() or "")


def fanned_out_since(conn: Connection, change_id: str) -> tuple[list[FanOutSummary], str]:
    """What was fanned out after a change, in order, and the id to go on from: before one that is
    not finished."""
    rows = conn.execute(
        text(
            "SELECT id, type, post_id, silenced, fanned_out_at FROM change WHERE id > :id ORDER "
            "BY id LIMIT :limit"
        ),
        {"id": change_id, "limit": _AT_ONCE},
    ).all()
    found = []
    count = text("SELECT count(*) FROM delivery WHERE change_id = :id")
    for row in rows:
        if row.fanned_out_at is None:
            break
        change_id = row.id
        if row.silenced is None:
            deliveries = conn.execute(count, {"id": row.id}).scalar_one()
            found.append(FanOutSummary(row.id, ChangeType(row.type), row.post_id, deliveries))
    return found, change_id


@dataclass(frozen=True, slots=True)
class StoppedSubscription:
    """A subscription that is disabled or suspended since what is behind it failed, and why."""

    id: str
    status: SubscriptionStatus
    endpoint_key: str
    reason: str | None


def stopped_subscriptions(conn: Connection) -> dict[str, StoppedSubscription]:
    """By id."""
    rows = conn.execute(
        text(
            "SELECT id, status, endpoint_key, status_reason FROM subscription"
            " WHERE status IN ('disabled', 'suspended') ORDER BY id"
        )
    )
    return {
        row.id: StoppedSubscription(
            row.id, SubscriptionStatus(row.status), row.endpoint_key, row.status_reason
        )
        for row in rows
    }
