"""Which channels the process that delivers could not open, for those that are asked how Loa is."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

from service.types import Channel

_PREFIX = "channel_down:"


def keep_down(conn: Connection, down: Mapping[Channel, str]) -> None:
    """Remembers why channels are down, coded, by name; those that are not named are well."""
    conn.execute(text("DELETE FROM meta WHERE key LIKE :any"), {"any": f"{_PREFIX}%"})
    if down:
        rows = [{"key": _PREFIX + name, "value": why} for name, why in sorted(down.items())]
        conn.execute(text("INSERT INTO meta(key, value) VALUES (:key, :value)"), rows)


def load_down(conn: Connection) -> dict[Channel, str]:
    """Why channels are down, coded, by name; empty where all are well."""
    query = text("SELECT key, value FROM meta WHERE key LIKE :any ORDER BY key")
    rows = conn.execute(query, {"any": f"{_PREFIX}%"})
    return {Channel(row.key.removeprefix(_PREFIX)): row.value for row in rows}
