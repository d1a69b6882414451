"""What may be done to an office that must know: its name, its place, whom to write to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from service.errors import InputFaults, InvalidInput, NotFound
from service.services.audit_acts import audited
from service.services.context import OPERATOR, Actor, Context
from service.services.filters import parse_place
from service.services.loss_acts import tell_unit_changed, tell_unit_gone
from service.services.mail_state import has_mail
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


@dataclass(frozen=True, slots=True)
class UnitChanges:
    """What is to be another. None stays as it is; `add_contacts` come last, `contacts` replaces all
    of them."""

    name: str | None = None
    place: str | None = None
    has_no_place: bool = False
    """It stands for no commune from now on."""
    contacts: Sequence[str] | None = None
    add_contacts: Sequence[str] = ()
    remove_contacts: Sequence[str] = ()


def parse_unit(ctx: Context, *, name: str, place: str | None, contacts: Iterable[str]) -> UnitFacts:
    """Raises InvalidInput, with all that cannot be: field `name`, `place` or `contacts`."""
    faults = InputFaults()
    with faults:
        line = parse_line(name, "name", is_required=True)
    with faults:
        place_id = parse_place(ctx.gazetteer, place) if place else None
    with faults:
        addresses = _parse_contacts(contacts)
    faults.require_none()
    return UnitFacts(line, place_id, addresses)


def _parse_contacts(contacts: Iterable[str]) -> tuple[str, ...]:
    return _few(parse_contacts(contacts, "contacts"))


def _few(contacts: tuple[str, ...]) -> tuple[str, ...]:
    if len(contacts) > MAX_CONTACTS:
        raise InvalidInput(
            "contacts",
            coded("bad.count", n=len(contacts)),
            coded("allowed.at_most", limit=MAX_CONTACTS),
        )
    return contacts


@audited("act.unit_add", "unit")
def add(conn: Connection, ctx: Context, facts: UnitFacts) -> Unit:
    """Raises Conflict when there is one of that name already."""
    return units.add_unit(
        conn, name=facts.name, at=ctx.clock(), place=facts.place, contacts=facts.contacts
    )


@audited("act.unit_edit", "unit", "id_or_name")
def edit(conn: Connection, ctx: Context, id_or_name: str, changes: UnitChanges, by: Actor) -> Unit:
    """The office as it is now; what it was owed, sent and acknowledged stays its own. Its contacts
    are told what is another, and the operator, unless that is who did it (U1, U2).

    Raises NotFound, InvalidInput (field `name`, `place` or `contacts`), and Conflict for a name
    that another has.
    """
    before = units.lock_unit(conn, id_or_name)
    facts, faults = UnitFacts(before.name, before.place, before.contacts), InputFaults()
    with faults:
        if changes.name is not None:
            facts = replace(facts, name=parse_line(changes.name, "name", is_required=True))
    with faults:
        if changes.place is not None or changes.has_no_place:
            place = parse_place(ctx.gazetteer, changes.place) if changes.place else None
            facts = replace(facts, place=place)
    with faults:
        facts = replace(facts, contacts=_contacts(before, changes))
    faults.require_none()
    return _keep(conn, ctx, before, facts, by)


def _contacts(before: Unit, changes: UnitChanges) -> tuple[str, ...]:
    """Each once; those of before are taken as they are, however old."""
    listed = before.contacts if changes.contacts is None else _parse_contacts(changes.contacts)
    by_key = {address_key(contact): contact for contact in listed}
    for contact in changes.remove_contacts:
        if by_key.pop(address_key(contact), None) is None:
            raise InvalidInput(
                "contacts",
                coded("bad.no_contact", text=contact[:100]),
                coded("allowed.among", names=", ".join(listed) or "–"),
            )
    for contact in _parse_contacts(changes.add_contacts):
        by_key.setdefault(address_key(contact), contact)
    return _few(tuple(by_key.values()))


def _keep(conn: Connection, ctx: Context, before: Unit, facts: UnitFacts, by: Actor) -> Unit:
    """Writes what is another, and tells of it."""
    after = replace(before, name=facts.name, place=facts.place, contacts=facts.contacts)
    if after == before:
        return before
    if after.name != before.name:
        units.rename_unit(conn, before.id, after.name)
    units.set_contacts(conn, before.id, after.contacts)
    units.set_place(conn, before.id, after.place)
    tell_unit_changed(conn, ctx, before, after, by)
    return after


def put(conn: Connection, ctx: Context, facts: UnitFacts) -> str:
    """The office of that name is as it is said to be, made where it was not: `added`, `updated` or
    `unchanged`."""
    try:
        known = units.lock_unit(conn, facts.name)
    except NotFound:
        add(conn, ctx, facts)
        return "added"
    if (known.place, known.contacts) == (facts.place, facts.contacts):
        return "unchanged"
    changes = UnitChanges(
        place=facts.place, has_no_place=facts.place is None, contacts=facts.contacts
    )
    edit(conn, ctx, known.id, changes, OPERATOR)
    return "updated"


def deaf_units(conn: Connection, ctx: Context) -> list[Unit]:
    """The units that hear by no channel, where receipts are asked for; by name."""
    if not ctx.settings.receipts.categories:
        return []
    hearing = hearing_units(conn, has_mail=has_mail(conn, ctx))
    return [unit for unit in units.list_units(conn) if unit.id not in hearing]


@audited("act.unit_remove", "unit", "id_or_name")
def remove(conn: Connection, ctx: Context, id_or_name: str, by: Actor = OPERATOR) -> Unit:
    """Ends an office and its subscriptions; what it has acknowledged stays. Whoever heard for it is
    told (U1). Raises NotFound."""
    heard = units.get_unit(conn, id_or_name)
    tell_unit_gone(conn, ctx, heard, by)
    return units.remove_unit(conn, heard.id, ctx.clock())
