"""Operators who are signed in: what a cookie names ends here, on signing out or with its time; and
the links that signed somebody in, which do so once.

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

PERSON = "person:"
"""Begins the subject of a session that no token began, but somebody whom the configuration
names."""
_PREFIX = "session:"
_USED = "used-link:"


def begin_session(conn: Connection, subject: str, at: datetime) -> str:
    """What the cookie is to say, the only time that it is seen. `subject`: the id of the token that
    signs in, or PERSON and an address. Forgets the sessions that are over."""
    _forget(conn, _PREFIX, at)
    words = secrets.token_urlsafe(32)
    conn.execute(
        text("INSERT INTO meta(key, value) VALUES (:key, :value)"),
        {"key": _key(words), "value": f"{subject} {to_micros(at + LASTS)}"},
    )
    return words


def session_subject(conn: Connection, words: str, at: datetime) -> str | None:
    """Who signed in, as `begin_session` was told; None for a session that is over, or never was."""
    value = get_meta(conn, _key(words))
    return value.partition(" ")[0] if value is not None and _until(value) > at else None


def end_session(conn: Connection, words: str) -> None:
    """From now on its cookie is worth nothing. May be done again."""
    drop_meta(conn, _key(words))


def use_once(conn: Connection, link: str, at: datetime, lasts: timedelta) -> bool:
    """Whether a link is used for the first time; it is remembered as long as it could be good."""
    _forget(conn, _USED, at)
    key = _USED + sha256(link.encode("utf-8", "replace")).hexdigest()
    statement = "INSERT INTO meta(key, value) VALUES (:key, :value) ON CONFLICT (key) DO NOTHING"
    values = {"key": key, "value": f"- {to_micros(at + lasts)}"}
    return conn.execute(text(statement), values).rowcount == 1


def _forget(conn: Connection, prefix: str, at: datetime) -> None:
    for key, value in list_meta(conn, prefix):
        if _until(value) <= at:
            drop_meta(conn, key)


def _key(words: str) -> str:
    return _PREFIX + sha256(words.encode("utf-8", "replace")).hexdigest()


def _until(value: str) -> datetime:
    return from_micros(int(value.partition(" ")[2]))
