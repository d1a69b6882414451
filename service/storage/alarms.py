"""What the alarms ask of the database: what is late, unsent or silent, and which alarms are
raised."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, text

from service.alerts.owing import OWN_FAULTS
from service.channels import ASKED
from service.storage.mails import MAIL_ENDPOINTS
from service.storage.meta import drop_meta, keep_meta, list_meta
from service.storage.schema import from_micros, to_micros

_LATE = "late-alarm:"


def raised_alarms(conn: Connection) -> set[str]:
    """The keys, `alarm:…`, under which the operator was told of something that is still wrong."""
    return set(conn.execute(text("SELECT key FROM meta WHERE key LIKE 'alarm:%'")).scalars())


def raise_alarm(conn: Connection, key: str, now: datetime) -> None:
    keep_meta(conn, key, now.isoformat())


def clear_alarm(conn: Connection, key: str) -> None:
    drop_meta(conn, key)


def seen_late(conn: Connection) -> dict[str, datetime]:
    """Since when each alarm is seen of which the operator is told only if it stays, by key."""
    return {
        key.removeprefix(_LATE): datetime.fromisoformat(at) for key, at in list_meta(conn, _LATE)
    }


def keep_seen_late(conn: Connection, keys: Collection[str], now: datetime) -> None:
    """Those that are seen now, and no others; of those seen before, since when stays."""
    for key in seen_late(conn).keys() - keys:
        drop_meta(conn, _LATE + key)
    for key in sorted(keys):
        keep_meta(conn, _LATE + key, now.isoformat())


def is_mail_held(conn: Connection, since: datetime) -> bool:
    """Whether the relay took no mail at some instant since then."""
    query = text("SELECT max(not_before_at) FROM endpoint WHERE key IN :endpoints").bindparams(
        bindparam("endpoints", expanding=True)
    )
    at = conn.execute(query, {"endpoints": list(MAIL_ENDPOINTS)}).scalar_one()
    return at is not None and from_micros(at) > since


def oldest_due_at(conn: Connection) -> datetime | None:
    """Since when the message waits that waits longest to be sent; None where none does. What waits
    to be asked for is late by nobody's fault here: see `pull_streams.find_unasked`."""
    query = f"SELECT min(due_at) FROM message WHERE state = 'due' AND channel NOT IN ({ASKED})"
    oldest = conn.execute(text(query)).scalar_one()
    return None if oldest is None else from_micros(oldest)


def own_faults(conn: Connection) -> int:
    """How many messages wait because Loa itself cannot prepare them."""
    query = text("SELECT count(*) FROM message WHERE state = 'due' AND detail IN :own").bindparams(
        bindparam("own", expanding=True)
    )
    return int(conn.execute(query, {"own": list(OWN_FAULTS)}).scalar_one())


def unsent_posts(
    conn: Connection, categories: Sequence[str], since: datetime, until: datetime
) -> tuple[tuple[str, str], ...]:
    """(id, title) of posts of these categories that were published between two instants and have
    reached nobody."""
    query = text(
        "SELECT p.id, p.title FROM change c JOIN post p ON p.id = c.post_id"
        " JOIN post_category k ON k.post_id = p.id AND k.position = 0 AND k.category IN :categories"
        " WHERE c.at BETWEEN :since AND :until AND c.silenced IS NULL AND c.type = 'post.published'"
        " AND EXISTS (SELECT 1 FROM delivery d JOIN subscription s ON s.id = d.subscription_id"
        " WHERE d.change_id = c.id AND d.state IN ('due', 'failed')"
        f" AND s.channel NOT IN ({ASKED}))"
        " AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.change_id = c.id AND d.state = 'sent') "
        "ORDER BY c.at, p.id"
    ).bindparams(bindparam("categories", expanding=True))
    values = {"categories": list(categories), "since": to_micros(since), "until": to_micros(until)}
    return tuple((row.id, row.title) for row in conn.execute(query, values))


def last_seen(conn: Connection, portal_id: str) -> list[datetime]:
    """When the latest twenty posts of a portal were first seen, newest first."""
    query = text(
        "SELECT first_seen_at FROM post WHERE portal_id = :id ORDER BY first_seen_at DESC LIMIT 20"
    )
    return [from_micros(at) for at in conn.execute(query, {"id": portal_id}).scalars()]
