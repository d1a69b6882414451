"""The restore fence: a database behind the counter in a file beside the key was restored from a backup.

It sends nothing until an operator says what of it may still be sent.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, text

from service.storage.endpoints import heal
from service.storage.schema import to_micros

COUNTER = "restore_counter"
RESTORED = "restored_at"


def check_fence(conn: Connection, file: Path, at: datetime) -> bool:
    """Moves the counter on in both places. False, and nothing is sent, when the database is behind its file."""
    in_database = int(_get(conn, COUNTER) or 0)
    in_file = _read(file)
    if in_database < in_file:
        _set(conn, RESTORED, str(to_micros(at)))
    reached = max(in_database, in_file) + 1
    _set(conn, COUNTER, str(reached))
    _write(file, reached)
    return _get(conn, RESTORED) is None


def is_fenced(conn: Connection) -> bool:
    """Whether the database was restored and nobody has yet said what it may send."""
    return _get(conn, RESTORED) is not None


def release_fence(conn: Connection, at: datetime, *, since: datetime | None = None) -> int:
    """Lets the database send again: what was written since a time, or nothing of what waits (`since` None).

    Gives how many messages were discarded: they are skipped, with the reason kept.
    """
    values = {"at": to_micros(at), "since": to_micros(since) if since else to_micros(at) + 1,
              "why": "cơ sở dữ liệu được khôi phục: có thể đã gửi trước đó"}  # fmt: skip
    conn.execute(
        text(
            "UPDATE delivery SET state = 'skipped', done_at = :at, reason = :why"
            " WHERE state IN ('due', 'failed', 'suspended') AND created_at < :since"
        ),
        values,
    )
    done = conn.execute(
        text(
            "UPDATE message SET state = 'skipped', done_at = :at, detail = :why, lease_until = NULL,"
            " lease_token = lease_token + 1"
            " WHERE state IN ('due', 'leased', 'failed', 'suspended') AND created_at < :since"
        ),
        values,
    ).rowcount
    conn.execute(text("UPDATE endpoint SET next_due_at = NULL"))
    conn.execute(text("UPDATE lane SET next_due_at = NULL"))
    heal(conn)
    conn.execute(text("DELETE FROM meta WHERE key = :key"), {"key": RESTORED})
    return done


def _get(conn: Connection, key: str) -> str | None:
    return conn.execute(text("SELECT value FROM meta WHERE key = :key"), {"key": key}).scalar_one_or_none()


def _set(conn: Connection, key: str, value: str) -> None:
    conn.execute(
        text(
            "INSERT INTO meta(key, value) VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        ),
        {"key": key, "value": value},
    )


def _read(file: Path) -> int:
    """0 where there is none yet, or it cannot be understood: a fence must not stop a first start."""
    try:
        return int(file.read_text())
    except (FileNotFoundError, ValueError):
        return 0


def _write(file: Path, reached: int) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(str(reached))
    fresh.replace(file)
