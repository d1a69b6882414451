"""Addresses that an older Loa took and that no relay can be given: found, so that nobody is missed
in silence.

They load like any other; what is sent to them fails with a reason.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from service.storage import schema
from service.types import EMAIL, SubscriptionStatus
from service.values import can_be_mailed
from service.words.collation import name_key


@dataclass(frozen=True, slots=True)
class UnmailableAddresses:
    """`subscriptions`: their ids, those that were not removed; `units`: names of units with such a
    contact."""

    subscriptions: tuple[str, ...]
    units: tuple[str, ...]


def find_unmailable(conn: Connection) -> UnmailableAddresses:
    """Reads every address that is kept."""
    table, unit = schema.subscription.c, schema.unit.c
    is_there = (table.channel == EMAIL, table.status != SubscriptionStatus.REMOVED.value)
    targets = conn.execute(select(table.id, table.target).where(*is_there).order_by(table.id)).all()
    contacts = conn.execute(
        select(unit.name, unit.contacts).where(unit.removed_at.is_(None)).order_by(unit.id)
    ).all()
    contacts = sorted(contacts, key=lambda row: name_key(row.name))
    return UnmailableAddresses(
        tuple(row.id for row in targets if not can_be_mailed(row.target)),
        tuple(row.name for row in contacts if not all(map(can_be_mailed, row.contacts))),
    )
