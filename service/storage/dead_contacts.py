"""Contacts of units that mail does not reach: what came back says so. Of what was sent to a
subscription, its suspension tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, text

from service.alerts.provider import provider_of
from service.alerts.refusal import Kind
from service.storage.bounces import (
    REASONS,
    SOFT_DAYS,
    DeferredLetter,
    deferred_letters,
    letters_since,
    soft_days,
)
from service.storage.schema import from_micros, to_micros
from service.storage.suspension_breaker import FEW, WINDOW
from service.storage.units import list_units
from service.types import Unit
from service.values import address_key


@dataclass(frozen=True, slots=True)
class DeadContact:
    """`reason`: coded."""

    unit: Unit
    address: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class _Returned:
    """That letters to an address come back."""

    key: str
    at: datetime
    reason: str


SOFT_LETTERS = 3
"""So many days a contact's letters must come back, all of them, for it to be believed dead before
SOFT_DAYS: few are written to one contact."""


def find_dead_contacts(conn: Connection, since: datetime, now: datetime) -> list[DeadContact]:
    """By the letters that came back for good since then, or again and again. Where many addresses
    of a provider are found dead within an hour, it is about us: see `brake`."""
    found = [*_deferred(conn, since, now), *_returned(conn, since)]
    returned = {one.key: one for one in _without_brakes(found)}
    if not returned:
        return []
    suspended = {
        (row.unit_id, row.target_key)
        for row in conn.execute(
            text(
                "SELECT unit_id, target_key FROM subscription WHERE unit_id IS NOT NULL"
                " AND status = 'suspended'"
            )
        )
    }
    return [
        DeadContact(unit, contact, one.at, one.reason)
        for unit in list_units(conn)
        for contact in unit.contacts
        for one in [returned.get(address_key(contact))]
        if one is not None and (unit.id, one.key) not in suspended
    ]


def returned_since(
    conn: Connection, address: str, since: datetime, now: datetime
) -> datetime | None:
    """Since when letters to an address come back; None where they do not, as far as is known."""
    key = address_key(address)
    found = [*_deferred(conn, since, now), *_returned(conn, since)]
    return min((one.at for one in found if one.key == key), default=None)


def _returned(conn: Connection, since: datetime) -> list[_Returned]:
    """The first of each address. Letters that have a subscription are its own."""
    query = text(
        "SELECT b.at, b.kind, m.body FROM bounce b JOIN message m ON m.id = b.message_id"
        " WHERE b.at > :since AND b.kind IN (:hard, :complaint) AND m.group_key LIKE 'letter:%'"
        " ORDER BY b.at, b.message_id"
    )
    kinds = {"hard": Kind.HARD.value, "complaint": Kind.COMPLAINT.value}
    found: dict[str, _Returned] = {}
    for row in conn.execute(query, {"since": to_micros(since), **kinds}):
        key = address_key(orjson.loads(row.body)["address"])
        found.setdefault(key, _Returned(key, from_micros(row.at), REASONS[Kind(row.kind)]))
    return list(found.values())


def _deferred(conn: Connection, since: datetime, now: datetime) -> list[_Returned]:
    """Those whose letters are put off on so many days, the last of them since then."""
    letters: dict[str, list[DeferredLetter]] = defaultdict(list)
    for one in deferred_letters(conn, now):
        letters[one.person].append(one)
    found = []
    for person, own in letters.items():
        days = soft_days(conn, person, now)
        first = min(one.sent_at for one in own)
        is_dead = days >= SOFT_DAYS or (
            days >= SOFT_LETTERS and letters_since(conn, person, first) <= len(own)
        )
        if is_dead and own[-1].at > to_micros(since):
            found.append(_Returned(person, from_micros(own[0].at), REASONS[Kind.SOFT]))
    return found


def _without_brakes(found: list[_Returned]) -> Iterable[_Returned]:
    for one in found:
        near = [
            other
            for other in found
            if provider_of(other.key) == provider_of(one.key) and abs(other.at - one.at) < WINDOW
        ]
        if one.reason != REASONS[Kind.HARD] or len(near) <= FEW:
            yield one
