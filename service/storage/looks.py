"""Looks at portals that somebody asked for: who works on one, and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from service.errors import NotFound
from service.storage.engine import uuid7
from service.storage.schema_coverage import portal_look


@dataclass(frozen=True, slots=True)
class PortalLook:
    """`kind`: probe or check; `subject`: an address, of a check the portal's id."""

    id: str
    kind: str
    subject: str
    asked_at: datetime
    ended_at: datetime | None
    """None: it waits or is worked on."""
    report: Mapping[str, Any] | None
    """None: it has not ended, or came to nothing: see `error`, which is coded."""
    error: str | None


def ask_look(conn: Connection, kind: str, subject: str, now: datetime) -> PortalLook:
    """Another one, beside those of before."""
    id_ = uuid7()
    conn.execute(insert(portal_look).values(id=id_, kind=kind, subject=subject, asked_at=now))
    return get_look(conn, id_)


def get_look(conn: Connection, look_id: str) -> PortalLook:
    """Raises NotFound."""
    row = conn.execute(select(portal_look).where(portal_look.c.id == look_id)).one_or_none()
    if row is None:
        raise NotFound("look", look_id)
    return _look(row)


def last_look(conn: Connection, kind: str, subject: str) -> PortalLook | None:
    """The last that was asked for; None where there is none, or it is forgotten."""
    query = select(portal_look).where(portal_look.c.kind == kind, portal_look.c.subject == subject)
    row = conn.execute(query.order_by(portal_look.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else _look(row)


def take_look(conn: Connection, now: datetime, until: datetime) -> PortalLook | None:
    """The first that nobody works on, leased until then; None where there is none."""
    table = portal_look.c
    waits = (table.ended_at.is_(None), or_(table.lease_until.is_(None), table.lease_until <= now))
    first = select(table.id).where(*waits).order_by(table.id).limit(1).scalar_subquery()
    taken = update(portal_look).where(table.id == first, *waits).values(lease_until=until)
    row = conn.execute(taken.returning(*table)).one_or_none()
    return None if row is None else _look(row)


def end_look(
    conn: Connection,
    look_id: str,
    now: datetime,
    report: Mapping[str, Any] | None,
    error: str | None,
) -> None:
    """What it came to, for whoever asked."""
    values = {"ended_at": now, "lease_until": None, "report": report, "error": error}
    conn.execute(update(portal_look).where(portal_look.c.id == look_id).values(**values))


def forget_looks(conn: Connection, before: datetime) -> None:
    """Those that were asked for before an instant."""
    conn.execute(delete(portal_look).where(portal_look.c.asked_at < before))


def _look(row: Row[Any]) -> PortalLook:
    return PortalLook(
        row.id, row.kind, row.subject, row.asked_at, row.ended_at, row.report, row.error
    )
