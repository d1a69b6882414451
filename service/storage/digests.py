"""Deliveries that wait for a digest, gathered into one message for each person and day.

The key of the message makes it once, however often and by however many workers a run is started.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Connection, text

from service.channels import CHANNELS, ChannelKind
from service.storage.engine import Database
from service.storage.mails import queue_message
from service.storage.schema import to_micros
from service.types import Frequency

CHUNK = 50
"""People in one transaction: some 10 ms on SQLite."""

_WHERE = (
    " FROM delivery d JOIN subscription s ON s.id = d.subscription_id"
    " WHERE d.message_id IS NULL AND d.state = 'due' AND s.channel = :channel AND s.status = "
    "'active'"
    " AND ((s.frequency = 'daily' AND d.created_at < :daily) OR (s.frequency = 'weekly' AND "
    "d.created_at < :weekly)"
    # it was a digest when the delivery was written
    " OR (s.frequency = 'immediate' AND d.created_at < :daily))"
)

# into a message, with what is said of the post by now: it may have come to another category
# meanwhile
_TAKE = text(
    "UPDATE delivery SET message_id = :message, change_id = COALESCE((SELECT n.id FROM change c "
    "JOIN change n"
    " ON n.post_id = c.post_id AND n.revision = c.revision AND n.type = c.type AND n.silenced IS "
    "NULL"
    " WHERE c.id = delivery.change_id AND NOT EXISTS (SELECT 1 FROM delivery x"
    " WHERE x.change_id = n.id AND x.subscription_id = delivery.subscription_id AND x.id <> "
    "delivery.id)"
    " ORDER BY n.round DESC LIMIT 1), change_id) WHERE id = :id AND message_id IS NULL"
)


def gather_digests(
    database: Database, runs: Mapping[Frequency, datetime], on: date, now: datetime
) -> int:
    """Makes the messages of the runs that are past; returns how many. `on` is the local day, the
    digest's name."""
    return sum(_gather_all(database, kind, runs, on, now) for kind in _digesting())


def _digesting() -> list[ChannelKind]:
    return [kind for kind in CHANNELS.values() if kind.digest_endpoint]


def _gather_all(
    database: Database,
    kind: ChannelKind,
    runs: Mapping[Frequency, datetime],
    on: date,
    now: datetime,
) -> int:
    made, after, bounds = 0, "", _bounds(kind, runs)
    while True:
        with database.reading() as conn:
            people = _people(conn, bounds, after)
        if not people:
            return made
        with database.writing() as conn:
            made += sum(_gather(conn, kind, person, bounds, on, now) for person in people)
        after = people[-1]


def _bounds(kind: ChannelKind, runs: Mapping[Frequency, datetime]) -> dict[str, object]:
    daily, weekly = runs.get(Frequency.DAILY), runs.get(Frequency.WEEKLY)
    return {
        "channel": kind.name,
        "daily": to_micros(daily) if daily else 0,
        "weekly": to_micros(weekly) if weekly else 0,
    }


def _people(conn: Connection, bounds: dict[str, object], after: str) -> list[str]:
    query = text(
        "SELECT DISTINCT s.target_key"
        + _WHERE
        + " AND s.target_key > :after ORDER BY s.target_key LIMIT :limit"
    )
    return list(conn.execute(query, {**bounds, "after": after, "limit": CHUNK}).scalars())


def _gather(
    conn: Connection,
    kind: ChannelKind,
    person: str,
    bounds: dict[str, object],
    on: date,
    now: datetime,
) -> int:
    query = text("SELECT d.id, s.frequency" + _WHERE + " AND s.target_key = :person")
    rows = conn.execute(query, {**bounds, "person": person}).all()
    if not rows:
        return 0
    often = "weekly" if all(row.frequency == Frequency.WEEKLY for row in rows) else "daily"
    message_id = queue_message(
        conn,
        group_key=f"{kind.digest_prefix}:{often}:{on.isoformat()}:{person}",
        now=now,
        body=None,
        endpoint_key=kind.digest_endpoint,
        channel=kind.name,
    )
    if message_id is None:
        return 0
    conn.execute(_TAKE, [{"message": message_id, "id": row.id} for row in rows])
    return 1


def waits_for_digest(conn: Connection, post_id: str) -> bool:
    """Whether somebody is to be told of the post by a digest that is not written yet."""
    query = text(
        "SELECT 1 FROM change c JOIN delivery d ON d.change_id = c.id"
        " WHERE c.post_id = :post AND d.message_id IS NULL AND d.state = 'due' LIMIT 1"
    )
    return conn.execute(query, {"post": post_id}).first() is not None


def overdue_digests(conn: Connection, runs: Mapping[Frequency, datetime]) -> int:
    """Deliveries that a past run should have taken, and did not."""
    query = text("SELECT count(*)" + _WHERE)
    return sum(conn.execute(query, _bounds(kind, runs)).scalar_one() for kind in _digesting())
