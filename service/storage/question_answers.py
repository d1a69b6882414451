"""What an endpoint answered when it was asked about a subscription itself: the question that
confirms it, or a test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, text

from service.storage.deliveries import Attempt, attempts_of
from service.storage.schema import from_micros


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """`type`: `subscription.confirm` or `subscription.test`. `next_attempt_at`: None, there is
    none."""

    type: str
    at: datetime
    state: str
    attempts: tuple[Attempt, ...]
    next_attempt_at: datetime | None


def last_asked(conn: Connection, subscription_id: str) -> QuestionAnswer | None:
    """None where it was never asked, or where that is forgotten."""
    row = conn.execute(
        text(
            "SELECT id, body, state, due_at, created_at FROM message"
            " WHERE group_key LIKE 'own:%' AND subscription_id = :id"
            " ORDER BY id DESC LIMIT 1"
        ),
        {"id": subscription_id},
    ).first()
    if row is None:
        return None
    return QuestionAnswer(
        str(orjson.loads(row.body)["type"]),
        from_micros(row.created_at),
        row.state,
        attempts_of(conn, row.id),
        from_micros(row.due_at) if row.state == "due" else None,
    )
