"""What is done with leaves after some time, in chunks that nobody notices: messages, polls, files.

What must be known for ever stays: who was owed a post (a later edit goes to them), and the
deliveries by which a unit was told, on which the receipt board stands. A message that still carries
something undone stays whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, text

from service.storage.archive_cleaning import FORGOTTEN_FILES, forget_old, forget_unused
from service.storage.archive_folder import ArchiveFolder
from service.storage.audit import forget_audit
from service.storage.engine import Database
from service.storage.poll_history import FORGOTTEN_AT_ONCE, forget_polls
from service.storage.post_retention import forget_posts
from service.storage.quarantine import forget_asides
from service.storage.schema import to_micros

CHUNK = 100
"""Messages in one transaction: about 10 ms on SQLite with three attempts each, and never near
50."""

_PAUSE_S = 0.005

_DONE = """SELECT id FROM message WHERE done_at < :before AND NOT EXISTS
    (SELECT 1 FROM delivery d WHERE d.message_id = message.id AND d.done_at IS NULL)
    ORDER BY done_at LIMIT :chunk"""

_PERSONS = "(SELECT s.id FROM subscription s WHERE s.unit_id IS NULL)"

_FORGET = (
    """INSERT INTO owed(post_id, subscription_id) SELECT c.post_id, d.subscription_id
        FROM delivery d
    JOIN change c ON c.id = d.change_id JOIN subscription s ON s.id = d.subscription_id
    WHERE d.message_id IN :ids AND s.unit_id IS NULL AND s.status <> 'removed'
    ON CONFLICT (post_id, subscription_id) DO NOTHING""",
    f"DELETE FROM delivery WHERE message_id IN :ids AND subscription_id IN {_PERSONS}",
    "DELETE FROM attempt WHERE message_id IN :ids",
    "DELETE FROM answer WHERE message_id IN :ids",
    "DELETE FROM message WHERE id IN :ids",
)


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long what is done with is kept; None: for ever."""

    messages: timedelta
    polls: timedelta
    files: timedelta | None
    posts: timedelta | None = None
    audit: timedelta | None = None


def forget_all(database: Database, folder: ArchiveFolder, kept: Retention, now: datetime) -> int:
    """Deletes what is older than it is to be kept; returns how many messages that were.

    Acknowledgements and the deliveries by which a unit was told stay, and their posts.
    """
    with database.writing() as conn:
        forget_asides(conn, now)
        if kept.audit is not None:
            forget_audit(conn, now - kept.audit)
    _until_done(lambda: _forget_polls(database, now - kept.polls), FORGOTTEN_AT_ONCE)
    _until_done(lambda: forget_unused(database, folder, now), FORGOTTEN_FILES)
    if kept.files is not None:
        before = now - kept.files
        _until_done(lambda: forget_old(database, folder, before), FORGOTTEN_FILES)
    done = forget_done(database, now - kept.messages)
    if kept.posts is not None:
        seen_before = now - kept.posts
        while forget_posts(database, seen_before):
            time.sleep(_PAUSE_S)
    return done


def _forget_polls(database: Database, before: datetime) -> int:
    with database.writing() as conn:
        return forget_polls(conn, before)


def _until_done(forget: Callable[[], int], at_once: int) -> None:
    while forget() == at_once:
        time.sleep(_PAUSE_S)


def forget_done(database: Database, before: datetime) -> int:
    """Forgets what was sent, failed or skipped before an instant; returns how many messages.
    Changes stay.

    On PostgreSQL several workers may do this at once: each takes other messages.
    """
    find = text(_DONE + ("" if database.is_sqlite else " FOR UPDATE SKIP LOCKED"))
    statements = [text(one).bindparams(bindparam("ids", expanding=True)) for one in _FORGET]
    total = 0
    while True:
        with database.writing() as conn:
            ids = list(conn.execute(find, {"before": to_micros(before), "chunk": CHUNK}).scalars())
            for statement in statements if ids else ():
                conn.execute(statement, {"ids": ids})
        total += len(ids)
        if len(ids) < CHUNK:
            return total
        time.sleep(_PAUSE_S)
