"""Backfills that were asked for, the last one of each portal: who works on it, and what it came
to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select, update

from service.storage.schema_coverage import backfill
from service.storage.upsert import insert_into


@dataclass(frozen=True, slots=True)
class AskedBackfill:
    portal_id: str
    since: date
    asked_at: datetime
    asked_by: str
    started_at: datetime | None
    """None: it waits."""
    lease_until: datetime | None
    ended_at: datetime | None
    """None: it waits or is worked on."""
    report: Mapping[str, Any] | None
    error: str | None

    def is_running(self, now: datetime) -> bool:
        return self.ended_at is None and self.lease_until is not None and self.lease_until > now


def ask_backfill(
    conn: Connection, portal_id: str, since: date, by: str, now: datetime
) -> AskedBackfill:
    """In the place of the last one of the portal, which nobody works on."""
    values = {
        "since": since.isoformat(),
        "asked_at": now,
        "asked_by": by,
        "started_at": None,
        "lease_until": None,
        "ended_at": None,
        "report": None,
        "error": None,
    }
    statement = insert_into(conn, backfill).values(portal_id=portal_id, **values)
    conn.execute(
        statement.on_conflict_do_update(index_elements=[backfill.c.portal_id], set_=values)
    )
    return load_backfills(conn)[portal_id]


def load_backfills(conn: Connection) -> dict[str, AskedBackfill]:
    """The last one of each portal, by its id."""
    return {row.portal_id: _asked(row) for row in conn.execute(select(backfill))}


def take_backfill(
    conn: Connection, portal_ids: Collection[str], now: datetime, until: datetime
) -> AskedBackfill | None:
    """The first that was asked for of these portals and that nobody works on, leased until then;
    None where there is none."""
    waits = (
        backfill.c.portal_id.in_(portal_ids),
        backfill.c.ended_at.is_(None),
        or_(backfill.c.lease_until.is_(None), backfill.c.lease_until <= now),
    )
    found = conn.execute(
        select(backfill).where(*waits).order_by(backfill.c.asked_at, backfill.c.portal_id).limit(1)
    ).one_or_none()
    if found is None:
        return None
    taken = update(backfill).where(backfill.c.portal_id == found.portal_id, *waits)
    if conn.execute(taken.values(started_at=now, lease_until=until)).rowcount == 0:
        return None  # another worker was faster
    return load_backfills(conn)[found.portal_id]


def keep_lease(conn: Connection, one: AskedBackfill, until: datetime | None) -> None:
    """Whoever works on it does so until then; None lets it go, for another to go on."""
    conn.execute(update(backfill).where(*_is(one)).values(lease_until=until))


def end_backfill(
    conn: Connection,
    one: AskedBackfill,
    now: datetime,
    report: Mapping[str, Any] | None,
    error: str | None,
) -> None:
    values = {"ended_at": now, "lease_until": None, "report": report, "error": error}
    conn.execute(update(backfill).where(*_is(one)).values(**values))


def _is(one: AskedBackfill) -> tuple[ColumnElement[bool], ...]:
    """The same request, and no later one."""
    return (backfill.c.portal_id == one.portal_id, backfill.c.asked_at == one.asked_at)


def _asked(row: Row[Any]) -> AskedBackfill:
    return AskedBackfill(
        row.portal_id,
        date.fromisoformat(row.since),
        row.asked_at,
        row.asked_by,
        row.started_at,
        row.lease_until,
        row.ended_at,
        row.report,
        row.error,
    )
