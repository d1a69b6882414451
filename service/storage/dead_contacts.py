"""Contacts of units that mail does not reach: what came back says so. Of what was sent to a
subscription, its suspension tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import orjson
from sqlalchemy import Connection, text

from service.alerts.provider import provider_of
from service.alerts.refusal import Kind
from service.alerts.suspension import PROVED_AFTER
from service.storage.bounces import (
    ABOUT_US,
    REASONS,
    SOFT_DAYS,
    SOFT_WINDOW,
    TAKEN_AGAIN,
    DeferredLetter,
    deferred_letters,
    letters_since,
    soft_days,
)
from service.storage.meta import list_meta
from service.storage.schema import from_micros, to_micros
from service.storage.suspension_breaker import FEW, WINDOW
from service.storage.units import list_units
from service.types import State, Unit
from service.values import address_key


def person_mark(address: str) -> str:
    """What stands for an address where it is not to be read: notes outlive an erasure."""
    return sha256(address_key(address).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class DeadContact:
    """`reason`: coded. `alive`: the instant, in microseconds, until which it was found to be alive
    meanwhile; 0: it was not."""

    unit: Unit
    address: str
    at: datetime
    reason: str
    alive: int = 0


@dataclass(frozen=True, slots=True)
class _Returned:
    """That letters to an address come back."""

    key: str
    at: datetime
    reason: str


ALIVE = "alive:"
"""In `meta`, before the mark of a person: what came back until then says nothing of them."""
_READ_BACK = timedelta(days=90)
SOFT_LETTERS = 3
"""So many days a contact's letters must come back, all of them, for it to be believed dead before
SOFT_DAYS: few are written to one contact."""


def find_dead_contacts(conn: Connection, since: datetime, now: datetime) -> list[DeadContact]:
    """By the letters that came back for good since then, or again and again. Where many addresses
    of a provider are found dead within an hour, it is about us: see `brake`."""
    found = [*_deferred(conn, since, now), *_returned(conn, since)]
    alive = _alive(conn)
    returned = {
        one.key: one
        for one in _without_brakes(found)
        if to_micros(one.at) > alive.get(person_mark(one.key), 0)
    }
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
        DeadContact(unit, contact, one.at, one.reason, alive.get(person_mark(one.key), 0))
        for unit in list_units(conn)
        for contact in unit.contacts
        for one in [returned.get(address_key(contact))]
        if one is not None and (unit.id, one.key) not in suspended
    ]


@dataclass(frozen=True, slots=True)
class LivingContact:
    """An address that takes mail again, or did all the time. `reason`: coded."""

    address: str
    at: datetime
    reason: str


def find_living_contacts(
    conn: Connection, marks: Collection[str], now: datetime
) -> dict[str, LivingContact]:
    """By mark, those of these people that were found dead and are not: a later letter has not
    come back for PROVED_AFTER, or many of their provider came back within an hour (see `brake`)."""
    found = [*_deferred(conn, now - SOFT_WINDOW, now), *_returned(conn, now - SOFT_WINDOW)]
    dead = {one.key for one in _without_brakes(found)}
    about_us = {person_mark(one.key): one.key for one in found if one.key not in dead}
    living = {
        mark: LivingContact(address, from_micros(sent_at), TAKEN_AGAIN)
        for mark, address, sent_at in _proved(conn, marks, now)
    }
    for mark in about_us.keys() & set(marks) - living.keys():
        living[mark] = LivingContact(about_us[mark], now, ABOUT_US)
    return living


def _proved(
    conn: Connection, marks: Collection[str], now: datetime
) -> Iterator[tuple[str, str, int]]:
    """(mark, address, when the letter was handed over that proves it). Nothing proves that whoever
    complained of spam reads what comes."""
    query = text(
        "SELECT m.body, m.state, m.done_at, (SELECT max(CASE b.kind WHEN 'complaint' THEN :now"
        " ELSE b.at END) FROM bounce b WHERE b.message_id = m.id AND b.kind <> 'ours')"
        " AS returned_at FROM message m WHERE m.state IN ('sent', 'failed') AND m.done_at > :since"
        " AND m.group_key LIKE 'letter:%' AND m.body IS NOT NULL ORDER BY m.done_at"
    )
    returned_at: dict[str, int] = {}
    proofs: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in conn.execute(query, {"since": to_micros(now - _READ_BACK), "now": to_micros(now)}):
        address = orjson.loads(row.body)["address"]
        mark = person_mark(address)
        if mark not in marks:
            continue
        if row.returned_at is not None:
            returned_at[mark] = max(returned_at.get(mark, 0), row.returned_at)
        elif row.state == State.SENT and row.done_at <= to_micros(now - PROVED_AFTER):
            proofs[mark].append((address, row.done_at))
    for mark, sent in proofs.items():
        later = [one for one in sent if one[1] > returned_at.get(mark, 0)]
        if later:
            yield mark, *later[0]


def returned_since(
    conn: Connection, address: str, since: datetime, now: datetime
) -> datetime | None:
    """Since when letters to an address come back; None where they do not, as far as is known."""
    key = address_key(address)
    found = [*_deferred(conn, since, now), *_returned(conn, since)]
    return min((one.at for one in found if one.key == key), default=None)


def _returned(conn: Connection, since: datetime) -> list[_Returned]:
    """The first of each address, after it was last found to be alive where there is any."""
    query = text(
        "SELECT b.at, b.kind, m.body FROM bounce b JOIN message m ON m.id = b.message_id"
        " WHERE b.at > :since AND b.kind IN (:hard, :complaint) AND m.group_key LIKE 'letter:%'"
        " ORDER BY b.at, b.message_id"
    )
    kinds = {"hard": Kind.HARD.value, "complaint": Kind.COMPLAINT.value}
    found: dict[str, _Returned] = {}
    alive = _alive(conn)
    for row in conn.execute(query, {"since": to_micros(since), **kinds}):
        key = address_key(orjson.loads(row.body)["address"])
        is_first = key not in found or to_micros(found[key].at) <= alive.get(person_mark(key), 0)
        if is_first:
            found[key] = _Returned(key, from_micros(row.at), REASONS[Kind(row.kind)])
    return list(found.values())


def _alive(conn: Connection) -> dict[str, int]:
    return {key.removeprefix(ALIVE): int(at) for key, at in list_meta(conn, ALIVE)}


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
