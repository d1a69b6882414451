"""What one subscription was sent that is about no change: the question, tests, reminders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from service.storage.deliveries import Attempt, attempts_of
from service.storage.schema import from_micros
from service.types import State


@dataclass(frozen=True, slots=True)
class OwnMessage:
    """`body`: its bytes. `due_at`: when it is tried next; None: it is done with."""

    id: str
    body: str
    state: State
    created_at: datetime
    due_at: datetime | None
    attempts: tuple[Attempt, ...]


def last_own_messages(conn: Connection, subscription_id: str, limit: int) -> list[OwnMessage]:
    """The last first."""
    query = text(
        "SELECT id, body, state, created_at, due_at FROM message WHERE subscription_id = :id"
        " AND change_id IS NULL AND group_key LIKE 'own:%' ORDER BY id DESC LIMIT :limit"
    )
    return [
        OwnMessage(
            row.id,
            row.body,
            State(row.state),
            from_micros(row.created_at),
            from_micros(row.due_at) if row.state == State.DUE else None,
            attempts_of(conn, row.id),
        )
        for row in conn.execute(query, {"id": subscription_id, "limit": limit})
    ]
