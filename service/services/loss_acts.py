"""Tells the operator and a unit's other contacts when the unit stops hearing by a channel
(promise 6 of the design), and the way back.

Found by looking at what is so, not by what just happened: whichever way a subscription ended, by
which door or by whom, and whoever died meanwhile, it is told, once. The keys of the letters make
them once.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from service.alerts.links import Purpose
from service.alerts.match import asks_less
from service.channels import Consent, kind_of, shown_as
from service.services.context import Actor, Context
from service.services.lost_names import find_lost_names
from service.services.unit_letters import (
    UnitLetter,
    letters_to,
    letters_to_operator,
    queue_letters,
)
from service.services.wants import say_filters
from service.services.way_back import TO_FILL_IN, add_command, edit_command, unit_command
from service.storage.dead_contacts import DeadContact, find_dead_contacts
from service.storage.engine import Database
from service.storage.loss_notes import (
    not_noted,
    note_of_move,
    note_told,
    notes_of_contacts,
    notes_of_losses,
)
from service.storage.losses import (
    Loss,
    active_targets,
    find_losses,
    known_letters,
    mail_targets,
)
from service.storage.schema import to_micros
from service.storage.subscriptions import get_subscription
from service.storage.units import get_unit
from service.types import Frequency, Subscription, SubscriptionStatus, Unit
from service.values import address_key
from service.words import coded
from service.words.labels import label

RECENT = timedelta(days=7)
"""What is older was told; letters are kept for longer, so that none is written again."""


def tell_losses(database: Database, ctx: Context) -> int:
    """Queues the letters of what stopped since the last look; returns how many."""
    since = ctx.clock() - RECENT
    with database.reading() as conn:
        # what was erased was so by the operator, and told by `tell_erased` without the address
        losses = [loss for loss in find_losses(conn, since) if not loss.is_erased]
        letters = [letter for loss in losses for letter in _letters(conn, ctx, loss)]
        dead = find_dead_contacts(conn, since, ctx.clock())
        for one in dead:
            letters += _of_dead(conn, ctx, one)
        known = known_letters(conn, [letter.key for letter in letters])
        missing = [letter for letter in letters if letter.key not in known]
        new = not_noted(conn, notes_of_losses(losses) | notes_of_contacts(dead))
    if missing or new:
        with database.writing() as conn:
            queue_letters(conn, ctx, missing)
            note_told(conn, new)
    return len(missing)


def tell_unit_changed(conn: Connection, ctx: Context, before: Unit, after: Unit, by: Actor) -> None:
    """A unit's contacts hear what is another of it, those who are new too; so does the operator,
    unless it did it itself. One letter each, however much was changed at once."""
    now = ctx.clock()
    gone, new = _without(before.contacts, after.contacts), _without(after.contacts, before.contacts)
    said = [coded("loss.contact", unit=after.name, target=one, since_at=now.isoformat())
            for one in gone]  # fmt: skip
    said += [coded("edited.contact_added", unit=after.name, target=one) for one in new]
    if not gone and not new and after.contacts != before.contacts:
        said.append(coded("edited.contacts_ordered", targets=", ".join(after.contacts)))
    if after.name != before.name:
        said.append(coded("edited.renamed", old=before.name, unit=after.name))
    if after.place != before.place:
        places = {"old": _place(ctx, before), "place": _place(ctx, after)}
        said.append(coded("edited.moved", unit=after.name, **places))
    said.append(coded("edited.by", reason=by.reason or "by.command"))
    if gone:
        said.append(_left(active_targets(conn, after.id)))
    subject = coded("edited.subject", unit=after.name)
    if gone:
        subject = coded("loss.subject", unit=after.name, target=", ".join(gone))
    about = f"loss:{after.id}:changed:{to_micros(now)}"
    letters = letters_to(after.contacts, about, subject, (*said, _ask_operator(ctx)))
    undo = coded("edited.back_command", command=unit_command(before, after))
    letters += letters_to_operator(ctx, by.reason, about, subject, (*said, undo))
    queue_letters(conn, ctx, letters)


def tell_subscription_changed(
    conn: Connection, ctx: Context, before: Subscription, after: Subscription, by: Actor
) -> None:
    """A unit that was heard by a subscription hears that it asks for less, is sent it later, or
    goes where nobody has confirmed yet; so does the operator, unless it did it itself."""
    if before.unit_id is None or before.status is SubscriptionStatus.PENDING:
        return
    now, unit = ctx.clock(), get_unit(conn, before.unit_id)
    shown = shown_as(before.channel, before.target, before.name)
    facts = {"unit": unit.name, "target": shown, "since_at": now.isoformat()}
    changes = [coded(code, **facts, old=old, what=what)
               for code, old, what in _less(ctx, before, after)]  # fmt: skip
    if not changes:
        return
    said = (*changes, coded("edited.by", reason=by.reason or "by.command"))
    said = (*said, _left(active_targets(conn, unit.id)))
    subject = coded("less.subject", **facts)
    about = f"loss:{before.id}:changed:{to_micros(now)}"
    back, button = _ask_operator(ctx), None
    owners = unit.contacts
    if kind_of(before.channel).consent is Consent.MAILBOX:
        subjects = (before.id, str(to_micros(now)))
        back, button = "loss.back", (Purpose.MANAGE.value, subjects, "less.button")
        owners = (*owners, before.target)
    letters = letters_to(owners, about, subject, (*said, back), button=button)
    undo = coded("less.back_command", command=edit_command(before, after))
    letters += letters_to_operator(ctx, by.reason, about, subject, (*said, undo))
    queue_letters(conn, ctx, letters)
    if after.status is SubscriptionStatus.PENDING:  # it is told again when it was confirmed
        note_told(conn, note_of_move(before.id, now))


def tell_unit_gone(conn: Connection, ctx: Context, unit: Unit, by: Actor) -> None:
    """Whoever hears for a unit that is removed hears that it ends, before it does; the operator
    too, unless it did it itself. `unit`: as it is before."""
    where = f"{ctx.settings.service.public_url.rstrip('/')}/admin/units"
    _tell_whole_unit(
        conn, ctx, unit, "unit", by, [coded("loss.unit_back", where=where)], _ask_operator(ctx)
    )


def tell_unit_back(conn: Connection, ctx: Context, unit: Unit, by: Actor) -> None:
    """The same people hear that it is there again."""
    _tell_whole_unit(conn, ctx, unit, "unit_again", by, [], _left(active_targets(conn, unit.id)))


def _tell_whole_unit(
    conn: Connection,
    ctx: Context,
    unit: Unit,
    what: str,
    by: Actor,
    undo: Sequence[str],
    more: str,
) -> None:
    now = ctx.clock()
    subject = coded(f"loss.{what}_subject", unit=unit.name)
    said = coded(
        f"loss.{what}",
        unit=unit.name,
        title=ctx.settings.service.title,
        since_at=now.isoformat(),
        reason=by.reason or "by.command",
    )
    about = f"loss:{unit.id}:{what}:{to_micros(now)}"
    addresses = (*unit.contacts, *mail_targets(conn, unit.id))
    letters = letters_to(addresses, about, subject, (said, more))
    letters += letters_to_operator(ctx, by.reason, about, subject, (said, *undo))
    queue_letters(conn, ctx, letters)


def tell_dead_contact(
    conn: Connection, ctx: Context, unit: Unit, address: str, at: datetime, reason: str
) -> bool:
    """A unit's other contacts and the operator hear that mail to one does not arrive, once a month.
    Whether they had not heard yet."""
    return queue_letters(conn, ctx, _of_dead(conn, ctx, DeadContact(unit, address, at, reason))) > 0


def tell_asks_nothing(database: Database, ctx: Context) -> int:
    """The contacts of a unit hear that a subscription of it asks only for what is not there any
    more, once for each; the operator is told by an alarm. Returns how many letters were queued."""
    made = 0
    with database.reading() as conn:
        lost = find_lost_names(conn, ctx)
        found = [(one.value, sub) for one in lost for sub in one.deaf if sub.unit_id is not None]
        units = {sub.unit_id: get_unit(conn, sub.unit_id) for _, sub in found if sub.unit_id}
    for value, sub in found:
        unit = units[sub.unit_id or ""]
        facts = {"unit": unit.name, "target": sub.target}
        said = (coded("loss.asks_nothing", **facts, what=value), _ask_operator(ctx))
        subject, about = coded("loss.subject", **facts), f"loss:{sub.id}:nothing:{sub.filter_id}"
        with database.writing() as conn:
            people = (*unit.contacts, *mail_targets(conn, unit.id))
            made += queue_letters(conn, ctx, letters_to(people, about, subject, said))
    return made


def _of_dead(conn: Connection, ctx: Context, one: DeadContact) -> list[UnitLetter]:
    unit, address = one.unit, one.address
    facts = {"unit": unit.name, "target": address}
    subject = coded("loss.subject", **facts)
    said = coded("loss.contact_dead", **facts, since_at=one.at.isoformat(), reason=one.reason)
    about = f"loss:{unit.id}:dead:{address_key(address)}:{one.at:%Y-%m}"
    about += f":{one.alive}" if one.alive else ""
    left = _left(active_targets(conn, unit.id))
    words = (said, left, _ask_operator(ctx))
    letters = letters_to(unit.contacts, about, subject, words, without=address)
    change = f"--remove-contact {address} --add-contact …"
    todo = coded("loss.contact_dead_do", command=f"loa unit edit {unit.id} {change}")
    return letters + letters_to_operator(ctx, None, about, subject, (said, left, todo))


_RARER = (Frequency.IMMEDIATE, Frequency.DAILY, Frequency.WEEKLY)


def _less(
    ctx: Context, before: Subscription, after: Subscription
) -> Iterator[tuple[str, str, str]]:
    """(code, what it was, what it is)"""
    language = ctx.settings.service.language
    if asks_less(before.filters, after.filters):
        old, new = (say_filters(ctx, one.filters, language) for one in (before, after))
        yield "less.filters", old, new
    if _RARER.index(after.frequency) > _RARER.index(before.frequency):
        old, new = (label("frequency", one.frequency, language) for one in (before, after))
        yield "less.frequency", old, new
    if after.target != before.target and after.status is SubscriptionStatus.PENDING:
        yield "less.target", before.target, after.target


def _without(contacts: Sequence[str], others: Sequence[str]) -> list[str]:
    known = {address_key(one) for one in others}
    return [one for one in contacts if address_key(one) not in known]


def _place(ctx: Context, unit: Unit) -> str:
    place = ctx.gazetteer.get(unit.place) if unit.place else None
    return place.name if place is not None else unit.place or "–"


def tell_erased(conn: Connection, ctx: Context, unit: Unit) -> None:
    """The contacts that a unit still has hear that one of its addresses was forgotten; not which.
    `unit`: as it is now."""
    said = coded("loss.contact_erased", unit=unit.name, since_at=ctx.clock().isoformat())
    _tell_contacts(conn, ctx, unit, "erased", coded("loss.erased_subject", unit=unit.name), said)


def tell_token_lost(conn: Connection, ctx: Context, unit: Unit, name: str, by: Actor) -> None:
    """A unit's contacts hear that a token of theirs is none any more."""
    facts = {"unit": unit.name, "target": name}
    said = coded("loss.token", **facts, since_at=ctx.clock().isoformat())
    why = coded("edited.by", reason=by.reason or "by.command")
    _tell_contacts(conn, ctx, unit, f"token:{name}", coded("loss.subject", **facts), said, why)


def ask_erasure(conn: Connection, ctx: Context, unit: Unit, address: str) -> None:
    """Passes on that somebody wants an address of a unit to be forgotten: the operator decides."""
    now, facts = ctx.clock(), {"unit": unit.name, "target": address}
    day = ctx.settings.service.locale.day(now).isoformat()
    subject, said = coded("loss.erasure_subject", **facts), coded("loss.erasure", **facts)
    about = f"loss:erasure:{unit.id}:{address_key(address)}:{day}"
    letters = letters_to(unit.contacts, about, subject, (said,), without=address)
    todo = coded("loss.erasure_operator", target=address)
    letters += letters_to_operator(ctx, None, about, subject, (said, todo))
    queue_letters(conn, ctx, letters)


def _tell_contacts(
    conn: Connection, ctx: Context, unit: Unit, about: str, subject: str, *said: str
) -> None:
    words = (*said, _left(active_targets(conn, unit.id)), _ask_operator(ctx))
    key = f"loss:{unit.id}:{about}:{to_micros(ctx.clock())}"
    queue_letters(conn, ctx, letters_to(unit.contacts, key, subject, words))


def _letters(conn: Connection, ctx: Context, loss: Loss) -> list[UnitLetter]:
    facts = {"unit": loss.unit_name, "target": loss.shown}
    subject = coded("loss.subject", **facts)
    said = coded(
        f"loss.{loss.status.value}", **facts, since_at=loss.at.isoformat(), reason=loss.reason or ""
    )
    left = _left(active_targets(conn, loss.unit_id))
    about = f"loss:{loss.subscription_id}:{to_micros(loss.at)}"
    back, button = _way_back(ctx, loss)
    words = (said, left, back)
    letters = letters_to(loss.contacts, about, subject, words, without=loss.target, button=button)
    undo = tuple(_undo(conn, ctx, loss))
    return letters + letters_to_operator(ctx, loss.reason, about, subject, (said, left, *undo))


def _left(targets: Sequence[str]) -> str:
    if not targets:
        return "loss.none_left"
    return coded("loss.left", n=len(targets), targets=", ".join(targets))


def _way_back(ctx: Context, loss: Loss) -> tuple[str, tuple[str, tuple[str, ...], str] | None]:
    """What a contact can do, with its button where there is one."""
    about = (loss.subscription_id, str(to_micros(loss.at)))
    if kind_of(loss.channel).consent is not Consent.MAILBOX:
        return _ask_operator(ctx), None
    if loss.status is SubscriptionStatus.REMOVED:
        return "loss.back", (Purpose.RESTORE.value, about, "loss.restore_button")
    return "loss.back", (Purpose.MANAGE.value, about, "loss.resume_button")


def _ask_operator(ctx: Context) -> str:
    operator = ctx.settings.operator.email
    return coded("loss.back_operator", operator=f" ({operator})" if operator else "")


def _undo(conn: Connection, ctx: Context, loss: Loss) -> Iterator[str]:
    where = f"{ctx.settings.service.public_url.rstrip('/')}/admin/subscriptions"
    again = add_command(get_subscription(conn, loss.subscription_id))
    if loss.status is SubscriptionStatus.REMOVED:
        yield coded("loss.back_desk", where=where, command=again)
        if kind_of(loss.channel).is_sealed:
            yield "loss.back_sealed"
        if TO_FILL_IN in again:
            yield coded("loss.back_headers", mark=TO_FILL_IN)
        return
    command = f"loa subscription resume {loss.subscription_id}"
    if loss.status is SubscriptionStatus.SUSPENDED:
        other = again.replace(shlex.quote(loss.target), TO_FILL_IN, 1)
        yield coded("loss.back_bounced", where=where, command=command, other=other)
    else:
        yield coded("loss.back_desk", where=where, command=command)
