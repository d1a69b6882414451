"""Forgets a person: out of subscriptions, units, messages and their keys, and what relays
answered."""

from __future__ import annotations

from collections.abc import Collection

import orjson
from sqlalchemy import Connection, delete, select, text, update

from service.storage import schema
from service.storage.consents import forget_consents
from service.types import EMAIL
from service.values import address_key, address_keys

ERASED = "erased:"
"""Begins the target of a subscription whose owner was forgotten."""


def subscriptions_of(conn: Connection, keys: Collection[str]) -> tuple[str, ...]:
    """The ids of all subscriptions of a person, by the keys of the address, removed ones too."""
    table = schema.subscription.c
    query = select(table.id).where(table.channel == EMAIL, table.target_key.in_(keys))
    return tuple(conn.execute(query).scalars())


def forget_address(conn: Connection, keys: Collection[str]) -> int:
    """The address stands nowhere any more; returns how many subscriptions and units held it.

    Its subscriptions must have been removed before.
    """
    table = schema.subscription.c
    held = subscriptions_of(conn, keys)
    found = len(held)
    forget_consents(conn, held)
    for subscription_id in held:
        gone = f"{ERASED}{subscription_id}"
        conn.execute(
            update(schema.subscription)
            .where(table.id == subscription_id)
            .values(target=gone, target_key=gone, name="")
        )
    for key in sorted(keys):
        _erase_messages(conn, key)
    for row in conn.execute(select(schema.unit.c.id, schema.unit.c.contacts)).all():
        kept = [contact for contact in row.contacts if address_key(contact) not in keys]
        if kept != row.contacts:
            conn.execute(
                update(schema.unit).where(schema.unit.c.id == row.id).values(contacts=kept)
            )
            found += 1
    return found


def _erase_messages(conn: Connection, key: str) -> None:
    """Out of the keys of messages, of letters' bodies and of what relays answered."""
    wanted = text(
        "SELECT id, group_key, body FROM message WHERE channel = 'email' AND (lower(group_key) "
        "LIKE :like ESCAPE '!'"
        " OR lower(body) LIKE :like ESCAPE '!')"
    )
    like = "%" + key.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
    for row in conn.execute(wanted, {"like": like}).all():
        is_letter_to = row.body is not None and key in address_keys(
            orjson.loads(row.body)["address"]
        )
        if not (is_letter_to or key in row.group_key.lower().split(":")):
            continue
        conn.execute(
            update(schema.message)
            .where(schema.message.c.id == row.id)
            .values(group_key=f"erased:{row.id}", body=None, detail=None)
        )
        conn.execute(
            update(schema.attempt).where(schema.attempt.c.message_id == row.id).values(detail="")
        )
        if is_letter_to:
            conn.execute(delete(schema.attempt).where(schema.attempt.c.message_id == row.id))
            conn.execute(
                text(
                    "UPDATE message SET state = 'skipped' WHERE id = :id AND state IN ('due', "
                    "'held')"
                ),
                {"id": row.id},
            )
