"""All that is kept of one person, found by the keys of the address: what erasure looks for too."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, bindparam, text

from service.storage.audit import AuditEntry, list_audit
from service.storage.consents import RecordedConsent, consents_of
from service.storage.schema import from_micros
from service.storage.units import units_of_address
from service.types import Subscription, Unit
from service.values import address_keys

MOST_LISTED = 1_000
"""Mails and posts of one person that are listed, the last first."""


@dataclass(frozen=True, slots=True)
class SentLetter:
    """A mail about no post. `subject` is coded."""

    at: datetime
    subject: str
    state: str


@dataclass(frozen=True, slots=True)
class SentPost:
    """`done_at`: None for what is not sent yet. `title`: as the post is called now."""

    post_id: str
    title: str
    change: str
    subscription_id: str
    state: str
    created_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnData:
    address: str
    subscriptions: tuple[Subscription, ...]
    consents: tuple[RecordedConsent, ...]
    units: tuple[Unit, ...]
    """Whose contact the address is."""
    letters: tuple[SentLetter, ...]
    posts: tuple[SentPost, ...]
    bounces: tuple[tuple[datetime, str], ...]
    """When a mail came back, and what kind of answer that was."""
    log: tuple[AuditEntry, ...]


def load_own_data(conn: Connection, address: str, subscriptions: Sequence[Subscription]) -> OwnData:
    keys, ids = address_keys(address), [one.id for one in subscriptions]
    log = [entry for one in ids for entry in list_audit(conn, subject_id=one, limit=MOST_LISTED)]
    return OwnData(
        address,
        tuple(subscriptions),
        tuple(consents_of(conn, ids)),
        tuple(units_of_address(conn, keys)),
        tuple(_letters(conn, keys)),
        tuple(_posts(conn, ids)),
        tuple(_bounces(conn, ids)),
        tuple(sorted(log, key=lambda entry: entry.at, reverse=True)),
    )


def _letters(conn: Connection, keys: Collection[str]) -> list[SentLetter]:
    query = text(
        "SELECT created_at, body, state FROM message WHERE channel = 'email' AND body IS NOT NULL"
        " AND lower(body) LIKE :like ESCAPE '!' ORDER BY created_at DESC LIMIT :most"
    )
    found = {}
    for key in keys:
        like = "%" + key.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
        for row in conn.execute(query, {"like": like, "most": MOST_LISTED}):
            body = orjson.loads(row.body)
            if key in address_keys(body["address"]):
                at = from_micros(row.created_at)
                found[at, body["subject"]] = SentLetter(at, body["subject"], row.state)
    return sorted(found.values(), key=lambda one: one.at, reverse=True)


def _posts(conn: Connection, ids: Sequence[str]) -> list[SentPost]:
    query = text(
        "SELECT c.post_id, p.title, c.type, d.subscription_id, d.state, d.created_at, d.done_at"
        " FROM delivery d JOIN change c ON c.id = d.change_id JOIN post p ON p.id = c.post_id"
        " WHERE d.subscription_id IN :ids ORDER BY d.created_at DESC, d.id LIMIT :most"
    ).bindparams(bindparam("ids", expanding=True))
    return [
        SentPost(
            row.post_id,
            row.title,
            row.type,
            row.subscription_id,
            row.state,
            from_micros(row.created_at),
            from_micros(row.done_at) if row.done_at else None,
        )
        for row in conn.execute(query, {"ids": list(ids), "most": MOST_LISTED})
    ]


def _bounces(conn: Connection, ids: Sequence[str]) -> list[tuple[datetime, str]]:
    query = text(
        "SELECT DISTINCT b.at, b.kind FROM bounce b JOIN delivery d ON d.message_id = b.message_id"
        " WHERE d.subscription_id IN :ids ORDER BY b.at DESC LIMIT :most"
    ).bindparams(bindparam("ids", expanding=True))
    rows = conn.execute(query, {"ids": list(ids), "most": MOST_LISTED})
    return [(from_micros(row.at), row.kind) for row in rows]
