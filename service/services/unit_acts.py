"""What may be done to an office that must know: its name, its place, whom to write to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from service.errors import InvalidInput, NotFound
from service.services.context import Context
from service.services.filters import parse_place
from service.services.loss_acts import tell_contact_lost
from service.storage import units
from service.storage.losses import hearing_units
from service.types import Unit
from service.values import address_key, parse_contacts, parse_line
from service.words import coded

MAX_CONTACTS = 10


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """As `parse_unit` found them good. `place`: None, it stands for no commune. `contacts` in order
    of escalation."""

    name: str
    place: str | None
    contacts: tuple[str, ...]


def parse_unit(ctx: Context, *, name: str, place: str | None, contacts: Iterable[str]) -> UnitFacts:
    """Raises InvalidInput: field `name`, `place` or `contacts`."""
    found = parse_contacts(contacts, "contacts")
    if len(found) > MAX_CONTACTS:
        raise InvalidInput(
            "contacts",
            coded("bad.count", n=len(found)),
            coded("allowed.at_most", limit=MAX_CONTACTS),
        )
    return UnitFacts(
        name=parse_line(name, "name", is_required=True),
        place=parse_place(ctx.gazetteer, place) if place else None,
        contacts=found,
    )


def add(conn: Connection, ctx: Context, facts: UnitFacts) -> Unit:
    """Raises Conflict when there is one of that name already."""
    return units.add_unit(
        conn, name=facts.name, at=ctx.clock(), place=facts.place, contacts=facts.contacts
    )


def put(conn: Connection, ctx: Context, facts: UnitFacts) -> str:
    """The office of that name is as it is said to be, made where it was not: `added`, `updated` or
    `unchanged`."""
    try:
        known = units.get_unit(conn, facts.name)
    except NotFound:
        add(conn, ctx, facts)
        return "added"
    if (known.place, known.contacts) == (facts.place, facts.contacts):
        return "unchanged"
    units.set_contacts(conn, known.id, facts.contacts)
    units.set_place(conn, known.id, facts.place)
    kept = {address_key(contact) for contact in facts.contacts}
    gone = [contact for contact in known.contacts if address_key(contact) not in kept]
    tell_contact_lost(conn, ctx, units.get_unit(conn, known.id), gone)
    return "updated"


def deaf_units(conn: Connection, ctx: Context) -> list[Unit]:
    """The units that hear by no channel, where receipts are asked for; by name."""
    if not ctx.settings.receipts.categories:
        return []
    hearing = hearing_units(conn)
    return [unit for unit in units.list_units(conn) if unit.id not in hearing]


def remove(conn: Connection, ctx: Context, id_or_name: str) -> Unit:
    """Ends an office and its subscriptions; what it has acknowledged stays. Raises NotFound."""
    return units.remove_unit(conn, id_or_name, ctx.clock())
