"""Done messages, deliveries and attempts leave after a while, in chunks that nobody notices."""

from __future__ import annotations

import time
from datetime import datetime

from sqlalchemy import bindparam, text

from service.storage.engine import Database
from service.storage.schema import to_micros

_CHUNK = 500
_PAUSE_S = 0.005


def forget_done(database: Database, before: datetime) -> int:
    """Deletes what was sent, failed or skipped before an instant; gives how many messages. Changes stay."""
    find = text(
        "SELECT id FROM message WHERE done_at IS NOT NULL AND done_at < :before ORDER BY done_at LIMIT :chunk"
    )
    deletes = [
        text(f"DELETE FROM {table} WHERE {column} IN :ids").bindparams(bindparam("ids", expanding=True))  # noqa: S608  # constants
        for table, column in (("attempt", "message_id"), ("delivery", "message_id"), ("message", "id"))
    ]
    total = 0
    while True:
        with database.writing() as conn:
            ids = list(conn.execute(find, {"before": to_micros(before), "chunk": _CHUNK}).scalars())
            for delete in deletes if ids else ():
                conn.execute(delete, {"ids": ids})
        total += len(ids)
        if len(ids) < _CHUNK:
            return total
        time.sleep(_PAUSE_S)
