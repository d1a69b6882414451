"""Operators who are signed in: what a cookie names ends here, on signing out or with its time.

Kept only as a hash, as tokens are; a row of `meta` for each. A copy of the database holds nothing
that signs in.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, text

from service.storage.meta import drop_meta, get_meta, list_meta
from service.storage.schema import from_micros, to_micros

LASTS = timedelta(hours=12)
"""A working day, from signing in."""

_PREFIX = "session:"


def begin_session(conn: Connection, token_id: str, at: datetime) -> str:
    """What the cookie is to say, the only time that it is seen. Forgets the sessions that are
    over."""
    for key, value in list_meta(conn, _PREFIX):
        if _until(value) <= at:
            drop_meta(conn, key)
    words = secrets.token_urlsafe(32)
    conn.execute(
        text("INSERT INTO meta(key, value) VALUES (:key, :value)"),
        {"key": _key(words), "value": f"{token_id} {to_micros(at + LASTS)}"},
    )
    return words


def session_token(conn: Connection, words: str, at: datetime) -> str | None:
    """The id of the token that signed in; None for a session that is over, or never was."""
    value = get_meta(conn, _key(words))
    return value.partition(" ")[0] if value is not None and _until(value) > at else None


def end_session(conn: Connection, words: str) -> None:
    """From now on its cookie is worth nothing. May be done again."""
    drop_meta(conn, _key(words))


def _key(words: str) -> str:
    return _PREFIX + sha256(words.encode("utf-8", "replace")).hexdigest()


def _until(value: str) -> datetime:
    return from_micros(int(value.partition(" ")[2]))
