"""Answers kept for requests that may be repeated: one row for each caller and key, for a day.

The row is written in the transaction that does the work, so that either both are there or neither.
Two requests at once meet at the primary key: the second waits for the first and gets its answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from service.storage.schema_web import idempotency

KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What the first request was answered. `body` is as it was kept, encrypted."""

    fingerprint: str
    status: int
    body: bytes


def reserve(
    conn: Connection, caller: str, key: str, fingerprint: str, now: datetime
) -> StoredAnswer | None:
    """Takes the key for this request, or gives what an earlier request with it was answered."""
    conn.execute(delete(idempotency).where(idempotency.c.created_at < now - KEPT))
    insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    taken = conn.execute(
        insert(idempotency)
        .values(caller=caller, key=key, fingerprint=fingerprint, status=0, body=b"", created_at=now)
        .on_conflict_do_nothing()
        .returning(idempotency.c.key)
    ).first()
    return None if taken else _kept(conn, caller, key)


def _kept(conn: Connection, caller: str, key: str) -> StoredAnswer:
    row = conn.execute(
        select(idempotency.c.fingerprint, idempotency.c.status, idempotency.c.body).where(
            idempotency.c.caller == caller, idempotency.c.key == key
        )
    ).one()
    return StoredAnswer(row.fingerprint, row.status, row.body)


def keep(conn: Connection, caller: str, key: str, status: int, body: bytes) -> None:
    """Keeps the answer of the request that reserved the key. Same transaction as `reserve`."""
    conn.execute(
        update(idempotency)
        .where(idempotency.c.caller == caller, idempotency.c.key == key)
        .values(status=status, body=body)
    )
