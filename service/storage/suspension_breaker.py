"""The brake on suspensions: when many addresses of one provider are refused at once, it is about
us.

A relay of ours that is listed somewhere is refused as "no such user" by some. Then nobody of that
provider is suspended, whoever was within the hour is resumed, and the operator is told. State of it
stands in `meta`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from service.alerts.provider import provider_of
from service.storage.meta import drop_meta, get_meta, list_meta, put_meta
from service.storage.schema import from_micros, to_micros

FEW = 5
"""Addresses of one provider that may be found dead within WINDOW: a unit that closed has no
more."""
WINDOW = timedelta(hours=1)
_PREFIX = "brake:"


def is_braked(conn: Connection, provider: str, now: datetime) -> bool:
    """Whether nobody of the provider may be suspended now."""
    at = _braked_at(conn, provider)
    return at is not None and now - at < WINDOW


def brake(conn: Connection, provider: str, now: datetime) -> None:
    """Brakes, or goes on braking, for WINDOW from now on; forgets those that ended."""
    for key, value in list_meta(conn, _PREFIX):
        if now - from_micros(int(value)) >= WINDOW:
            drop_meta(conn, key)
    put_meta(conn, _PREFIX + provider, str(to_micros(now)))


def suspended_by_address(
    conn: Connection, provider: str, reason: str, now: datetime
) -> dict[str, list[str]]:
    """By the key of an address of the provider, its subscriptions that `reason` suspended within
    WINDOW."""
    query = text(
        "SELECT id, target_key FROM subscription WHERE channel = 'email' AND status = 'suspended'"
        " AND status_reason = :reason AND status_at > :since ORDER BY target_key, id"
    )
    found: dict[str, list[str]] = {}
    for row in conn.execute(query, {"reason": reason, "since": to_micros(now - WINDOW)}):
        if provider_of(row.target_key) == provider:
            found.setdefault(row.target_key, []).append(row.id)
    return found


def braked_providers(conn: Connection, now: datetime) -> list[str]:
    """The providers whose addresses are not suspended now, by name."""
    return [
        key.removeprefix(_PREFIX)
        for key, value in list_meta(conn, _PREFIX)
        if now - from_micros(int(value)) < WINDOW
    ]


def _braked_at(conn: Connection, provider: str) -> datetime | None:
    at = get_meta(conn, _PREFIX + provider)
    return None if at is None else from_micros(int(at))
