"""The instant at which the next reminder before a deadline is due: one row, which whoever publishes
a post with a deadline moves forward, so that the work is woken in time.

Refuses to know which reminder that is.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from service.storage.meta import drop_meta, get_meta, put_meta
from service.storage.schema import from_micros, to_micros

_KEY = "next_reminder_at"


def alarm_at(conn: Connection) -> datetime | None:
    """None: none is known to be due."""
    found = get_meta(conn, _KEY)
    return None if found is None else from_micros(int(found))


def ring_by(conn: Connection, at: datetime) -> None:
    """Reminders are looked at by then, or earlier where that was set."""
    known = alarm_at(conn)
    if known is None or at < known:
        put_meta(conn, _KEY, str(to_micros(at)))


def set_alarm(conn: Connection, seen: datetime | None, at: datetime | None) -> None:
    """After a look at all: the next instant is `at`; None: none. `seen`: what it was before that
    look; one that was set meanwhile stays where it is earlier."""
    query = text("SELECT value FROM meta WHERE key = :key" + _FOR_UPDATE[conn.dialect.name])
    conn.execute(query, {"key": _KEY})
    known = alarm_at(conn)
    if known != seen and known is not None:
        at = known if at is None else min(known, at)
    if at is None:
        drop_meta(conn, _KEY)
    elif at != known:
        put_meta(conn, _KEY, str(to_micros(at)))


_FOR_UPDATE = {"sqlite": "", "postgresql": " FOR UPDATE"}
