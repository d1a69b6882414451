"""What came back for messages: a row for each attempt that was answered with something."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from service.storage.schema_ledger import answer
from service.storage.upsert import insert_into
from service.types import Result


def keep_answers(conn: Connection, results: Sequence[Result]) -> None:
    if results:
        rows = [
            {"message_id": one.message_id, "started_at": one.started_at, "body": one.answer}
            for one in results
        ]
        conn.execute(insert_into(conn, answer).on_conflict_do_nothing(), rows)


def answers_to(conn: Connection, message_id: str | None) -> dict[datetime, str]:
    """By when the attempt began."""
    query = select(answer.c.started_at, answer.c.body).where(answer.c.message_id == message_id)
    return {row.started_at: row.body for row in conn.execute(query)}
