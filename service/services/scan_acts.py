"""Asks for scanned files to be read once more: those of before there was a reader, or of another
one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from service.services.audit_acts import record
from service.storage.engine import Database
from service.storage.pages import ask_pages_again, scans_since
from service.storage.posts import get_post

_AT_ONCE = 200


def ask_for_scans(
    database: Database,
    now: datetime,
    reader: str,
    *,
    since: datetime | None = None,
    post_ids: Sequence[str] = (),
) -> int:
    """Puts the kept PDFs of these posts into the queue, or those of all posts published since then;
    returns how many. What `reader` read already is left alone, unless its post is named. Raises
    NotFound."""
    with database.reading() as conn:
        for post_id in post_ids:
            get_post(conn, post_id)
        digests = scans_since(conn, since, post_ids)
    asked = 0
    for start in range(0, len(digests), _AT_ONCE):
        with database.writing() as conn:
            some = digests[start : start + _AT_ONCE]
            asked += ask_pages_again(conn, some, now, None if post_ids else reader)
    with database.writing() as conn:
        record(conn, now, "act.scans_read", "service", more={"n": asked})
    return asked
