"""The offices that must know. A unit that is removed keeps its row: receipts and deliveries name
it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from service.errors import Conflict, NotFound
from service.storage import schema
from service.storage.engine import uuid7
from service.storage.subscriptions import list_subscriptions, set_status
from service.types import EMAIL, SubscriptionStatus, Unit
from service.values import address_key
from service.words import coded
from service.words.collation import name_key


def add_unit(
    conn: Connection,
    *,
    name: str,
    at: datetime,
    place: str | None = None,
    contacts: tuple[str, ...] = (),
) -> Unit:
    """Raises Conflict when there is one of that name already."""
    unit = Unit(uuid7(), name, place, contacts, at)
    try:
        with conn.begin_nested():
            conn.execute(
                insert(schema.unit).values(
                    id=unit.id,
                    name=name,
                    place=place,
                    contacts=list(contacts),
                    created_at=unit.created_at,
                )
            )
    except IntegrityError as error:
        raise Conflict(coded("conflict.unit_name", name=name)) from error
    return unit


def get_unit(conn: Connection, id_or_name: str) -> Unit:
    """A unit by id or name. Raises NotFound, also for one that was removed."""
    table = schema.unit
    row = conn.execute(
        select(table).where(
            (table.c.id == id_or_name) | (table.c.name == id_or_name), table.c.removed_at.is_(None)
        )
    ).first()
    if row is None:
        raise NotFound("unit", id_or_name)
    return _unit(row._mapping)


def units_called(conn: Connection, said: str) -> list[str]:
    """The ids of the units of this id or name, the one that is there first; then those that were
    removed under that name."""
    table = schema.unit.c
    query = (
        select(table.id)
        .where(
            (table.id == said) | (table.name == said) | (table.name == said + " (" + table.id + ")")
        )
        .order_by(table.removed_at.is_not(None), table.id)
    )
    return list(conn.execute(query).scalars())


def list_units(conn: Connection, *, place: str | None = None) -> list[Unit]:
    """All that were not removed, by name."""
    query = select(schema.unit).where(schema.unit.c.removed_at.is_(None)).order_by(schema.unit.c.id)
    if place is not None:
        query = query.where(schema.unit.c.place == place)
    found = [_unit(row._mapping) for row in conn.execute(query)]
    return sorted(found, key=lambda unit: name_key(unit.name))


def units_of_address(conn: Connection, keys: AbstractSet[str]) -> list[Unit]:
    """The units that an address belongs to: as a contact, or as where one of their subscriptions
    goes."""
    table = schema.subscription.c
    query = select(table.unit_id).where(
        table.channel == EMAIL,
        table.target_key.in_(keys),
        table.unit_id.is_not(None),
        table.status != SubscriptionStatus.REMOVED.value,
    )
    subscribed = set(conn.execute(query).scalars())
    return [
        unit
        for unit in list_units(conn)
        if unit.id in subscribed or not keys.isdisjoint(map(address_key, unit.contacts))
    ]


def lock_unit(conn: Connection, id_or_name: str) -> Unit:
    """The same, which nobody else changes before this transaction ends. Raises NotFound."""
    unit = get_unit(conn, id_or_name)
    conn.execute(select(schema.unit.c.id).where(schema.unit.c.id == unit.id).with_for_update())
    return get_unit(conn, unit.id)


def rename_unit(conn: Connection, unit_id: str, name: str) -> None:
    """Raises Conflict when there is one of that name already."""
    try:
        with conn.begin_nested():
            conn.execute(update(schema.unit).where(schema.unit.c.id == unit_id).values(name=name))
    except IntegrityError as error:
        raise Conflict(coded("conflict.unit_name", name=name)) from error


def set_contacts(conn: Connection, unit_id: str, contacts: tuple[str, ...]) -> None:
    """In order of escalation."""
    conn.execute(
        update(schema.unit).where(schema.unit.c.id == unit_id).values(contacts=list(contacts))
    )


def set_place(conn: Connection, unit_id: str, place: str | None) -> None:
    """None: it stands for no commune."""
    conn.execute(update(schema.unit).where(schema.unit.c.id == unit_id).values(place=place))


def remove_unit(conn: Connection, id_or_name: str, at: datetime) -> Unit:
    """Removes a unit and its subscriptions; its name is free again. Raises NotFound."""
    unit = get_unit(conn, id_or_name)
    for subscription in list_subscriptions(conn, unit_id=unit.id):
        set_status(
            conn, subscription.id, SubscriptionStatus.REMOVED, at=at, reason="by.unit_removed"
        )
    retire(conn, unit, at)
    return unit


def retire(conn: Connection, unit: Unit, at: datetime) -> None:
    """Its row stays, and its name is free again."""
    conn.execute(
        update(schema.unit)
        .where(schema.unit.c.id == unit.id)
        .values(removed_at=at, name=f"{unit.name} ({unit.id})")
    )


def own_name(unit_id: str, name: str) -> str:
    """What a unit is called: of one that was removed, without the id that freed its name."""
    return name.removesuffix(f" ({unit_id})")


def _unit(row: RowMapping | dict[str, Any]) -> Unit:
    return Unit(row["id"], row["name"], row["place"], tuple(row["contacts"]), row["created_at"])
