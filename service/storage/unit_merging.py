"""What becomes of what a unit has when it is merged into another: its subscriptions, tokens and
receipts are its successor's. Its own row stays, and says which that is.

Refuses to decide who is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, text, update

from service.alerts.match import join_filters
from service.storage import schema
from service.storage.queue import release_parked
from service.storage.subscriptions import (
    get_subscription,
    list_subscriptions,
    set_filters,
    set_frequency,
    set_status,
)
from service.storage.units import get_unit, retire
from service.types import Frequency, Subscription, SubscriptionStatus, Unit
from service.values import address_key

MERGED = "by.unit_merged"
"""Why a subscription was removed that another one of the successor stands in for."""
_VIA = "merged"
"""How a successor acknowledged what a unit that became part of it had acknowledged."""


@dataclass(frozen=True, slots=True)
class UnitMerge:
    """What followed. `moved`: subscriptions that are the successor's now; `joined`: those that it
    had already, by channel and target, and that are one now."""

    unit: Unit
    into: Unit
    moved: tuple[Subscription, ...]
    joined: tuple[Subscription, ...]


def merge_unit(conn: Connection, unit: Unit, into: Unit, at: datetime) -> UnitMerge:
    """Everything of `unit` is `into`'s. Both must be there, and be two."""
    before = list_subscriptions(conn, unit_id=unit.id)
    twins = _find_twins(conn, unit.id, into.id)
    _hand_over_receipts(conn, unit, into)
    table = schema.subscription
    conn.execute(update(table).where(table.c.unit_id == unit.id).values(unit_id=into.id))
    joined: dict[str, str] = {}
    for own_id, other_id in twins:
        kept, gone = _join(conn, own_id, joined.get(other_id, other_id), at)
        joined[gone] = kept
    tokens = schema.api_token
    conn.execute(update(tokens).where(tokens.c.unit_id == unit.id).values(unit_id=into.id))
    known = {address_key(contact) for contact in into.contacts}
    new = [contact for contact in unit.contacts if address_key(contact) not in known]
    units = schema.unit
    conn.execute(update(units).where(units.c.id == into.id).values(contacts=[*into.contacts, *new]))
    conn.execute(update(units).where(units.c.id == unit.id).values(merged_into=into.id))
    retire(conn, unit, at)
    paired = {own_id for own_id, _ in twins}
    return UnitMerge(
        unit,
        get_unit(conn, into.id),
        tuple(one for one in before if one.id not in paired),
        tuple(one for one in before if one.id in paired),
    )


def successor_of(conn: Connection, unit_id: str) -> str:
    """The id of the unit that a unit became part of in the end; its own where it did not."""
    table = schema.unit.c
    following = unit_id
    while (
        after := conn.execute(
            select(table.merged_into).where(table.id == following)
        ).scalar_one_or_none()
    ) is not None:
        following = after
    return following


def _find_twins(conn: Connection, unit_id: str, into_id: str) -> list[tuple[str, str]]:
    """(a subscription, that of the successor to the same target): else both would be told."""
    query = text(
        "SELECT own.id, min(other.id) AS other_id FROM subscription own JOIN subscription other"
        " ON other.channel = own.channel AND other.target_key = own.target_key"
        " WHERE own.unit_id = :unit AND other.unit_id = :into AND own.status <> 'removed'"
        " AND other.status <> 'removed' GROUP BY own.id ORDER BY own.id"
    )
    return [
        (row.id, row.other_id) for row in conn.execute(query, {"unit": unit_id, "into": into_id})
    ]


def _join(conn: Connection, own_id: str, other_id: str, at: datetime) -> tuple[str, str]:
    """Two subscriptions to one target are one: that of the successor, or the one that works.
    Returns the ids of the one that is kept and of the one that is not.

    It asks for what either asked for, as soon as either wanted it; what the other one was owed is
    its own.
    """
    active = SubscriptionStatus.ACTIVE
    own, other = get_subscription(conn, own_id), get_subscription(conn, other_id)
    kept, gone = (own, other) if own.status is active is not other.status else (other, own)
    set_filters(conn, kept.id, join_filters(kept.filters, gone.filters), at)
    if Frequency.IMMEDIATE in (kept.frequency, gone.frequency):
        set_frequency(conn, kept.id, Frequency.IMMEDIATE)
    elif Frequency.DAILY in (kept.frequency, gone.frequency):
        set_frequency(conn, kept.id, Frequency.DAILY)
    for statement in _HAND_OVER:
        conn.execute(text(statement), {"kept": kept.id, "gone": gone.id})
    set_status(conn, gone.id, SubscriptionStatus.REMOVED, at=at, reason=MERGED)
    if kept.status is active:
        release_parked(conn, kept.id, at)
    return kept.id, gone.id


_HAND_OVER = (
    "INSERT INTO owed(post_id, subscription_id) SELECT post_id, :kept FROM owed"
    " WHERE subscription_id = :gone ON CONFLICT DO NOTHING",
    "UPDATE message SET subscription_id = :kept WHERE subscription_id = :gone"
    " AND change_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM delivery k"
    " WHERE k.subscription_id = :kept AND k.change_id = message.change_id)",
    "UPDATE delivery SET subscription_id = :kept WHERE subscription_id = :gone"
    " AND NOT EXISTS (SELECT 1 FROM delivery k"
    " WHERE k.subscription_id = :kept AND k.change_id = delivery.change_id)",
)
"""What one was told of and is owed is the other's, but for what that one is owed too."""


def _hand_over_receipts(conn: Connection, unit: Unit, into: Unit) -> None:
    """A successor has acknowledged what each unit of which it is made had, where it was owed it
    itself too: so nobody is asked again, and nobody's silence is hidden behind another's word."""
    values = {"unit": unit.id, "into": into.id, "name": unit.name, "via": _VIA}
    owed_to = (
        "EXISTS (SELECT 1 FROM change c JOIN delivery d ON d.change_id = c.id"
        " JOIN subscription s ON s.id = d.subscription_id WHERE c.post_id = receipt.post_id"
        " AND c.revision = receipt.revision AND c.type <> 'post.withdrawn' AND s.unit_id = {})"
    )
    acknowledged = (
        "EXISTS (SELECT 1 FROM receipt k WHERE k.post_id = receipt.post_id"
        " AND k.revision = receipt.revision AND k.unit_id = :unit)"
    )
    conn.execute(
        text(
            f"DELETE FROM receipt WHERE unit_id = :into AND via = :via"
            f" AND {owed_to.format(':unit')} AND NOT {acknowledged}"
        ),
        values,
    )
    conn.execute(
        text(
            'INSERT INTO receipt(post_id, revision, unit_id, at, "by", note, via)'
            " SELECT post_id, revision, CAST(:into AS TEXT), at, CASE WHEN \"by\" = '' THEN"
            " CAST(:name AS TEXT) ELSE \"by\" || ' (' || CAST(:name AS TEXT) || ')' END, note,"
            " CAST(:via AS TEXT) FROM receipt WHERE unit_id = :unit"
            f" AND NOT {owed_to.format(':into')}"
            " ON CONFLICT (post_id, revision, unit_id) DO NOTHING"
        ),
        values,
    )
