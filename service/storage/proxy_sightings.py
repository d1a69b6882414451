"""Whether requests came through a proxy that is not configured: noted by web processes, told by
checks."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from service.storage.meta import get_meta, put_meta
from service.storage.schema import from_micros, to_micros

_KEY = "proxy:seen"
_TOLD_FOR = timedelta(days=1)
WORDS = (
    "requests come through a proxy (X-Forwarded-For), and server.trusted_proxies is 0: all "
    "visitors count as one, "
    "so limits per address stop everybody at once"
)


def note_proxy(conn: Connection, now: datetime) -> None:
    put_meta(conn, _KEY, str(to_micros(now)))


def is_proxy_seen(conn: Connection, now: datetime) -> bool:
    """Within the last day."""
    value = get_meta(conn, _KEY)
    return value is not None and abs(now - from_micros(int(value))) < _TOLD_FOR
