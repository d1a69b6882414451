"""Portals that could not be read for long: since when, until when, and who was told of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, func, select, text, update

from service.storage import schema
from service.storage.schema_coverage import outage


@dataclass(frozen=True, slots=True)
class Outage:
    """`back_at`: when something of the portal was read again first; None: it lasts. `told_at` None:
    nobody was told that it is."""

    portal_id: str
    since_at: datetime
    told_at: datetime | None
    back_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reliance:
    """Whoever hears by some subscription, at which address, and the portals that were asked for;
    empty: all. `subscription_id`, `language`: of a person; None: it is a unit's."""

    address: str
    portals: tuple[str, ...]
    subscription_id: str | None = None
    language: str | None = None


def begin_outage(
    conn: Connection, portal_id: str, since_at: datetime, back_at: datetime | None = None
) -> None:
    """The portal could not be read since then, and until `back_at` where it is read again; one that
    is not over yet goes on."""
    query = text(
        "SELECT since_at FROM outage WHERE portal_id = :portal AND back_told_at IS NULL LIMIT 1"
    )
    if conn.execute(query, {"portal": portal_id}).first() is None:
        conn.execute(
            text(
                "INSERT INTO outage (portal_id, since_at) VALUES (:portal, :since)"
                " ON CONFLICT DO NOTHING"
            ),
            {"portal": portal_id, "since": schema.to_micros(since_at)},
        )
    if back_at is not None:
        is_open = (outage.c.portal_id == portal_id, outage.c.back_told_at.is_(None))
        conn.execute(
            update(outage).where(*is_open, outage.c.back_at.is_(None)).values(back_at=back_at)
        )


def open_outages(conn: Connection) -> list[Outage]:
    """Those whose end was not told yet."""
    rows = conn.execute(select(outage).where(outage.c.back_told_at.is_(None)))
    return [Outage(row.portal_id, row.since_at, row.told_at, row.back_at) for row in rows]


def mark_outage(conn: Connection, one: Outage, **values: datetime | int | None) -> None:
    """Remembers of an outage what became of it: `told_at`, `back_at`, `back_told_at`, `late`."""
    conn.execute(
        update(outage)
        .where(outage.c.portal_id == one.portal_id, outage.c.since_at == one.since_at)
        .values(**values)
    )


def late_titles(
    conn: Connection, portal_id: str, back_at: datetime, limit: int
) -> tuple[int, list[str]]:
    """How many posts of a portal were published before it was read again and found only then, and
    the titles of the newest."""
    post = schema.post
    found = (
        post.c.portal_id == portal_id,
        post.c.first_seen_at >= back_at,
        post.c.published_at < back_at,
    )
    count = conn.execute(select(func.count()).where(*found)).scalar_one()
    newest = select(post.c.title).where(*found).order_by(post.c.published_at.desc(), post.c.id)
    return count, list(conn.execute(newest.limit(limit)).scalars())


def relying(conn: Connection) -> Iterator[Reliance]:
    """The contacts of every unit with an active subscription, for each set of portals that it asked
    for; where it named none, the addresses that it is subscribed by. Then persons."""
    query = text(
        "SELECT DISTINCT u.id, u.contacts, f.definition, CASE WHEN s.channel = 'email' AND"
        " u.contacts = '[]' THEN s.target END AS target FROM subscription s"
        " JOIN unit u ON u.id = s.unit_id JOIN filter f ON f.id = s.filter_id"
        " WHERE s.status = 'active' AND u.removed_at IS NULL ORDER BY u.id"
    )
    for row in conn.execute(query):
        own = [row.target] if row.target else []
        for address in orjson.loads(row.contacts) or own:
            yield Reliance(address, _portals(row.definition))
    persons = text(
        "SELECT s.id, s.target, s.language, f.definition FROM subscription s"
        " JOIN filter f ON f.id = s.filter_id"
        " WHERE s.status = 'active' AND s.channel = 'email' AND s.unit_id IS NULL ORDER BY s.id"
    )
    for row in conn.execute(persons):
        yield Reliance(row.target, _portals(row.definition), row.id, row.language)


def _portals(definition: str) -> tuple[str, ...]:
    return tuple(orjson.loads(definition).get("portals", ()))
