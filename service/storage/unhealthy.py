"""Whom nothing reaches at present: failing endpoints, suspended addresses; and what somebody asked
of the operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import Connection, text

from service.storage.schema import from_micros, to_micros
from service.types import Channel, SubscriptionStatus
from service.values import address_key


@dataclass(frozen=True, slots=True)
class UnwellChannel:
    """A subscription that is not heard. `since_at`: None where it is not known."""

    subscription_id: str
    target: str
    channel: Channel
    status: SubscriptionStatus
    reason: str | None
    unit_id: str | None
    unit_name: str | None
    since_at: datetime | None
    failures: int


def load_unwell(conn: Connection, limit: int) -> list[UnwellChannel]:
    """Those that were stopped by what their endpoint or mailbox answered, or fail now; the longest
    ill first."""
    query = text(
        "SELECT s.id, s.target, s.channel, s.status, s.status_reason, s.unit_id, u.name,"
        " e.failures, COALESCE(CASE WHEN s.status = 'suspended' THEN s.status_at END,"
        " e.failing_since, s.status_at) AS since_at"
        " FROM subscription s JOIN endpoint e ON e.key = s.endpoint_key"
        " LEFT JOIN unit u ON u.id = s.unit_id"
        " WHERE s.status IN ('disabled', 'suspended') OR (s.status = 'active'"
        " AND s.channel <> 'email' AND (e.status = 'disabled' OR e.failing_since IS NOT NULL))"
        " ORDER BY since_at, s.id LIMIT :limit"
    )
    return [
        UnwellChannel(
            row.id,
            row.target,
            Channel(row.channel),
            SubscriptionStatus(row.status),
            row.status_reason,
            row.unit_id,
            row.name,
            from_micros(row.since_at) if row.since_at else None,
            row.failures,
        )
        for row in conn.execute(query, {"limit": limit})
    ]


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """Somebody wants an address of a unit to be forgotten, which is still its contact."""

    unit_id: str
    unit_name: str
    address: str
    asked_at: datetime


_ASKED = "letter:loss:erasure:"
_KEPT = timedelta(days=90)


def load_erasure_requests(conn: Connection, now: datetime) -> list[ErasureRequest]:
    """By the letters that passed them on: one is done with when the address is no contact more."""
    query = text(
        "SELECT group_key, min(created_at) AS at FROM message WHERE group_key LIKE :asked"
        " AND created_at >= :since GROUP BY group_key ORDER BY at"
    )
    rows = conn.execute(query, {"asked": f"{_ASKED}%", "since": to_micros(now - _KEPT)}).all()
    if not rows:
        return []
    units = {
        row.id: row
        for row in conn.execute(
            text("SELECT id, name, contacts FROM unit WHERE removed_at IS NULL")
        )
    }
    found: dict[tuple[str, str], ErasureRequest] = {}
    for row in rows:
        unit_id, _, rest = row.group_key.removeprefix(_ASKED).partition(":")
        unit = units.get(unit_id)
        contacts = orjson.loads(unit.contacts) if unit is not None else []
        for contact in contacts:
            if unit is not None and rest.startswith(f"{address_key(contact)}:"):
                request = ErasureRequest(unit_id, unit.name, contact, from_micros(row.at))
                found.setdefault((unit_id, contact), request)
    return list(found.values())
