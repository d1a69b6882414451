"""What is kept once: values by their key, of which a noun's own file knows the meaning."""

from __future__ import annotations

from sqlalchemy import Connection, text


def get_meta(conn: Connection, key: str) -> str | None:
    """None: there is no such key."""
    query = text("SELECT value FROM meta WHERE key = :key")
    return conn.execute(query, {"key": key}).scalar_one_or_none()


def list_meta(conn: Connection, prefix: str) -> list[tuple[str, str]]:
    """(key, value) of all keys that begin so, by key. `prefix` holds no `%` and no `_`."""
    query = text("SELECT key, value FROM meta WHERE key LIKE :like ORDER BY key")
    return [(row.key, row.value) for row in conn.execute(query, {"like": f"{prefix}%"})]


def put_meta(conn: Connection, key: str, value: str) -> None:
    """In the place of what was there."""
    statement = (
        "INSERT INTO meta(key, value) VALUES (:key, :value)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    )
    conn.execute(text(statement), {"key": key, "value": value})


def keep_meta(conn: Connection, key: str, value: str) -> None:
    """Where nothing is there yet; what is there stays."""
    statement = "INSERT INTO meta(key, value) VALUES (:key, :value) ON CONFLICT (key) DO NOTHING"
    conn.execute(text(statement), {"key": key, "value": value})


def drop_meta(conn: Connection, key: str) -> None:
    """May be done again."""
    conn.execute(text("DELETE FROM meta WHERE key = :key"), {"key": key})
