"""Whether requests came through a proxy that is not configured: noted by web processes, told by
checks."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from service.storage.schema import from_micros, to_micros

_KEY = "proxy:seen"
_TOLD_FOR = timedelta(days=1)
WORDS = (
    "requests come through a proxy (X-Forwarded-For), and server.trusted_proxies is 0: all "
    "visitors count as one, "
    "so limits per address stop everybody at once"
)


def note_proxy(conn: Connection, now: datetime) -> None:
    conn.execute(
        text(
            "INSERT INTO meta(key, value) VALUES (:key, :value)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        ),
        {"key": _KEY, "value": str(to_micros(now))},
    )


def is_proxy_seen(conn: Connection, now: datetime) -> bool:
    """Within the last day."""
    value = conn.execute(
        text("SELECT value FROM meta WHERE key = :key"), {"key": _KEY}
    ).scalar_one_or_none()
    return value is not None and abs(now - from_micros(int(value))) < _TOLD_FOR
