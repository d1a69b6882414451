"""Since when the relay takes no mail. Noted by who sends; without a note it takes what it is
given."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from service.storage.meta import drop_meta, get_meta, keep_meta
from service.storage.schema import from_micros, to_micros

_AWAY = "mail:away_since"


def note_relay_away(conn: Connection, at: datetime) -> None:
    """The relay could not be used at this instant; since when stays."""
    keep_meta(conn, _AWAY, str(to_micros(at)))


def note_relay_back(conn: Connection) -> None:
    """It answered for a mail. May be done again."""
    drop_meta(conn, _AWAY)


def relay_away_since(conn: Connection) -> datetime | None:
    """None: it answered last, or was given nothing yet."""
    since = get_meta(conn, _AWAY)
    return None if since is None else from_micros(int(since))
