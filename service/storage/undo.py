"""What was removed is there again: a subscription with what waited for it, a unit with its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select, text, update

from service.errors import Conflict, NotFound
from service.storage import schema
from service.storage.queue import park, release_parked, reopen, unpark
from service.storage.schema import from_micros, to_micros
from service.storage.subscriptions import get_subscription
from service.storage.units import get_unit, own_name, rename_unit
from service.types import Subscription, SubscriptionStatus, Unit
from service.words import coded


@dataclass(frozen=True, slots=True)
class RemovedUnit:
    """`merged_into`: the id of the unit that it became part of; None: of none."""

    id: str
    name: str
    removed_at: datetime
    merged_into: str | None


@dataclass(frozen=True, slots=True)
class RemovedSubscription:
    """`reason`: who removed it, coded; None: not known. `before`: what it was; where an older Loa
    removed it, what its owner's consent allows."""

    id: str
    target: str
    channel: str
    unit_id: str | None
    removed_at: datetime
    reason: str | None
    before: SubscriptionStatus


def list_removed_units(conn: Connection, since: datetime) -> list[RemovedUnit]:
    """Removed since then, the last first; not those that became part of another."""
    table = schema.unit.c
    query = (
        select(schema.unit)
        .where(table.removed_at >= since, table.merged_into.is_(None))
        .order_by(table.removed_at.desc(), table.id)
    )
    return [_unit(row) for row in conn.execute(query).mappings()]


def get_removed_unit(conn: Connection, id_or_name: str) -> RemovedUnit:
    """By its id or the name that it had, the last of that name. Raises NotFound, also for one that
    was not removed."""
    table = schema.unit.c
    query = (
        select(schema.unit)
        .where(table.removed_at.is_not(None))
        .where(
            (table.id == id_or_name) | (table.name.startswith(f"{id_or_name} (", autoescape=True))
        )
        .order_by(table.removed_at.desc())
    )
    for row in conn.execute(query).mappings():
        found = _unit(row)
        if id_or_name in (found.id, found.name):
            return found
    raise NotFound("unit", id_or_name)


def _unit(row: RowMapping) -> RemovedUnit:
    return RemovedUnit(
        row["id"], own_name(row["id"], row["name"]), row["removed_at"], row["merged_into"]
    )


def bring_unit_back(conn: Connection, unit: RemovedUnit) -> Unit:
    """Under its own name. Raises Conflict where another unit has that now."""
    rename_unit(conn, unit.id, unit.name)
    table = schema.unit
    conn.execute(update(table).where(table.c.id == unit.id).values(removed_at=None))
    return get_unit(conn, unit.id)


def removed_with(conn: Connection, unit: RemovedUnit) -> list[str]:
    """The ids of the subscriptions that ended with a unit."""
    query = text(
        "SELECT id FROM subscription WHERE unit_id = :unit AND status = 'removed'"
        " AND status_reason = 'by.unit_removed' AND status_at = :at ORDER BY id"
    )
    values = {"unit": unit.id, "at": to_micros(unit.removed_at)}
    return list(conn.execute(query, values).scalars())


_GONE = (
    "SELECT id, target, channel, unit_id, status_at, status_reason, removed_from, confirmed_at"
    " FROM subscription WHERE status = 'removed'"
)


def list_removed_subscriptions(conn: Connection, since: datetime) -> list[RemovedSubscription]:
    """Removed since then, the last first."""
    query = text(f"{_GONE} AND status_at >= :since ORDER BY status_at DESC, id")
    rows = conn.execute(query, {"since": to_micros(since)}).mappings()
    return [_subscription(row) for row in rows]


def get_removed_subscription(conn: Connection, key: str) -> RemovedSubscription:
    """Raises NotFound, and Conflict for one that was not removed."""
    row = conn.execute(text(f"{_GONE} AND id = :id"), {"id": key}).mappings().first()
    if row is None:
        get_subscription(conn, key)
        raise Conflict(coded("conflict.restore_there", name=key))
    return _subscription(row)


def _subscription(row: RowMapping) -> RemovedSubscription:
    known = row["removed_from"]
    return RemovedSubscription(
        row["id"],
        row["target"],
        row["channel"],
        row["unit_id"],
        from_micros(row["status_at"]),
        row["status_reason"],
        SubscriptionStatus(known) if known else _confirmed(row),
    )


def _confirmed(row: RowMapping) -> SubscriptionStatus:
    return SubscriptionStatus.ACTIVE if row["confirmed_at"] else SubscriptionStatus.PENDING


def bring_subscription_back(
    conn: Connection, gone: RemovedSubscription, at: datetime, reason: str | None
) -> Subscription:
    """As it was before, with what waited for it then."""
    status, table = gone.before, schema.subscription
    conn.execute(
        update(table)
        .where(table.c.id == gone.id)
        .values(status=status.value, status_at=at, status_reason=reason, removed_from=None)
    )
    unpark(conn, gone.id, gone.removed_at)
    if status is SubscriptionStatus.ACTIVE:
        reopen(conn, gone.id)
        release_parked(conn, gone.id, at)
    else:
        park(conn, gone.id, status, at, reason)
    return get_subscription(conn, gone.id)


def is_unit_gone(conn: Connection, unit_id: str) -> bool:
    query = text("SELECT 1 FROM unit WHERE id = :id AND removed_at IS NOT NULL")
    return conn.execute(query, {"id": unit_id}).first() is not None
