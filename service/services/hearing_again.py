"""Tells a unit's contacts and the operator that the unit hears by an address or an endpoint again,
where they were told that it did not.

Found by looking at what is so, as losses are: whichever way it came back, by which door, by whom or
by itself, it is told, once.
"""

from __future__ import annotations

from sqlalchemy import Connection

from service.channels import shown_as
from service.services.context import Context
from service.services.unit_letters import letters_to, letters_to_operator, queue_letters
from service.storage.dead_contacts import LivingContact, find_living_contacts, person_mark
from service.storage.engine import Database
from service.storage.loss_notes import (
    UnitReturn,
    contact_notes,
    end_notes,
    find_returns,
    note_told,
    old_notes,
)
from service.storage.meta import drop_meta
from service.storage.schema import to_micros
from service.storage.subscriptions import CONFIRMED, get_subscription
from service.storage.units import get_unit, list_units
from service.values import address_key
from service.words import coded


def tell_returns(database: Database, ctx: Context) -> int:
    """Queues the letters of what is heard again since the last look; returns of how many
    subscriptions."""
    with database.reading() as conn:
        found = find_returns(conn)
    for one in found:
        with database.writing() as conn:
            _tell_return(conn, ctx, one)
            note_told(conn, dict([one.note]))
    return len(found)


def tell_living_contacts(database: Database, ctx: Context) -> int:
    """Likewise of contacts that mail did not reach: what was sent meanwhile did not come back, or
    it was about us. Forgets what is told of nobody any more."""
    now = ctx.clock()
    with database.reading() as conn:
        told, old = contact_notes(conn), old_notes(conn, now)
        units = {unit.id: unit for unit in list_units(conn)} if told else {}
        named = {(unit.id, person_mark(one)) for unit in units.values() for one in unit.contacts}
        living = find_living_contacts(conn, [one.mark for one in told], now) if told else {}
    gone = [one for one in told if (one.unit_id, one.mark) not in named]
    back = [one for one in told if one.mark in living and one not in gone]
    if not (gone or back or old):
        return 0
    with database.writing() as conn:
        for one in back:
            _tell_living(conn, ctx, one.unit_id, living[one.mark])
        end_notes(conn, [*gone, *back], {one.mark for one in back}, now)
        for key in old:
            drop_meta(conn, key)
    return len(back)


def _tell_return(conn: Connection, ctx: Context, one: UnitReturn) -> None:
    found = get_subscription(conn, one.subscription_id)
    unit = get_unit(conn, str(found.unit_id))
    facts = {"unit": unit.name, "target": shown_as(found.channel, found.target, found.name)}
    code = "loss.again_anew" if one.is_anew else "loss.again"
    reason = one.reason or CONFIRMED
    said = (coded(code, **facts, since_at=one.at.isoformat(), reason=reason),)
    subject, about = coded("loss.again_subject", **facts), f"again:{found.id}:{to_micros(one.at)}"
    letters = letters_to(unit.contacts, about, subject, said)
    letters += letters_to_operator(ctx, one.reason, about, subject, said)
    queue_letters(conn, ctx, letters)


def _tell_living(conn: Connection, ctx: Context, unit_id: str, one: LivingContact) -> None:
    unit = get_unit(conn, unit_id)
    facts = {"unit": unit.name, "target": one.address}
    said = (coded("loss.contact_again", **facts, reason=one.reason),)
    subject = coded("loss.again_subject", **facts)
    about = f"again:{unit.id}:{address_key(one.address)}:{to_micros(one.at)}"
    letters = letters_to(unit.contacts, about, subject, said, without=one.address)
    letters += letters_to_operator(ctx, one.reason, about, subject, said)
    queue_letters(conn, ctx, letters)
