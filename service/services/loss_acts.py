"""Tells the operator and a unit's other contacts when the unit stops hearing by a channel
(promise 6 of the design), and the way back.

Found by looking at what is so, not by what just happened: whichever way a subscription ended, by
which door or by whom, and whoever died meanwhile, it is told, once. The keys of the letters make
them once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from service.alerts.links import Purpose
from service.channels import Consent, kind_of
from service.services.context import Actor, Context
from service.storage.engine import Database
from service.storage.losses import Loss, active_targets, find_losses, known_letters
from service.storage.mails import queue_letter
from service.storage.schema import to_micros
from service.types import SubscriptionStatus, Unit
from service.values import address_key
from service.words import code_of, coded

RECENT = timedelta(days=7)
"""What is older was told; letters are kept for longer, so that none is written again."""
_BY_OPERATOR = frozenset({"by.operator", "by.command"})
"""Whoever did it need not be told."""


@dataclass(frozen=True, slots=True)
class _Letter:
    key: str
    address: str
    subject: str
    paragraphs: tuple[str, ...]
    button: tuple[str, tuple[str, ...], str] | None = None


def tell_losses(database: Database, ctx: Context) -> int:
    """Queues the letters of what stopped since the last look; returns how many."""
    now = ctx.clock()
    with database.reading() as conn:
        letters = [
            letter
            for loss in find_losses(conn, now - RECENT)
            if not loss.is_erased  # by the operator, and told by `tell_erased` without the address
            for letter in _letters(conn, ctx, loss)
        ]
        known = known_letters(conn, [letter.key for letter in letters])
    missing = [letter for letter in letters if letter.key not in known]
    if missing:
        with database.writing() as conn:
            for letter in missing:
                _queue(conn, ctx, letter, now)
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
    for to in after.contacts:
        paragraphs = (*said, _ask_operator(ctx))
        _queue(conn, ctx, _Letter(f"{about}:{address_key(to)}", to, subject, paragraphs), now)
    operator = ctx.settings.operator.email
    if operator and code_of(by.reason or "") not in _BY_OPERATOR:
        paragraphs = (*said, coded("edited.back_command", command=f"loa unit edit {after.id}"))
        _queue(conn, ctx, _Letter(f"{about}:operator", operator, subject, paragraphs), now)


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


def tell_token_lost(conn: Connection, ctx: Context, unit: Unit, name: str) -> None:
    """A unit's contacts hear that a token of theirs is none any more."""
    facts = {"unit": unit.name, "target": name}
    said = coded("loss.token", **facts, since_at=ctx.clock().isoformat())
    _tell_contacts(conn, ctx, unit, f"token:{name}", coded("loss.subject", **facts), said)


def ask_erasure(conn: Connection, ctx: Context, unit: Unit, address: str) -> None:
    """Passes on that somebody wants an address of a unit to be forgotten: the operator decides."""
    now, facts = ctx.clock(), {"unit": unit.name, "target": address}
    day = ctx.settings.service.locale.day(now).isoformat()
    subject, said = coded("loss.erasure_subject", **facts), coded("loss.erasure", **facts)
    about = f"erasure:{unit.id}:{address_key(address)}:{day}"
    letters = [
        _Letter(f"loss:{about}:{address_key(contact)}", contact, subject, (said,))
        for contact in _others(unit.contacts, address)
    ]
    if ctx.settings.operator.email:
        todo = coded("loss.erasure_operator", target=address)
        key, to = f"loss:{about}:operator", ctx.settings.operator.email
        letters.append(_Letter(key, to, subject, (said, todo)))
    for letter in letters:
        _queue(conn, ctx, letter, now)


def _tell_contacts(
    conn: Connection, ctx: Context, unit: Unit, about: str, subject: str, said: str
) -> None:
    now = ctx.clock()
    said_to = (said, _left(active_targets(conn, unit.id)), _ask_operator(ctx))
    for contact in unit.contacts:
        key = f"loss:{unit.id}:{about}:{to_micros(now)}:{address_key(contact)}"
        _queue(conn, ctx, _Letter(key, contact, subject, said_to), now)


def _queue(conn: Connection, ctx: Context, letter: _Letter, now: datetime) -> None:
    if not ctx.settings.email.smtp_url:
        return
    queue_letter(
        conn,
        key=letter.key,
        address=letter.address,
        subject=letter.subject,
        paragraphs=letter.paragraphs,
        now=now,
        language=ctx.settings.service.language,
        button=letter.button,
    )


def _letters(conn: Connection, ctx: Context, loss: Loss) -> list[_Letter]:
    facts = {"unit": loss.unit_name, "target": loss.target}
    subject = coded("loss.subject", **facts)
    said = coded(
        f"loss.{loss.status.value}", **facts, since_at=loss.at.isoformat(), reason=loss.reason or ""
    )
    left = _left(active_targets(conn, loss.unit_id))
    about = f"loss:{loss.subscription_id}:{to_micros(loss.at)}"
    back, button = _way_back(ctx, loss)
    letters = [
        _Letter(f"{about}:{address_key(to)}", to, subject, (said, left, back), button)
        for to in _others(loss.contacts, loss.target)
    ]
    operator = ctx.settings.operator.email
    if operator and code_of(loss.reason or "") not in _BY_OPERATOR:
        undo = _undo(ctx, loss)
        letters.append(_Letter(f"{about}:operator", operator, subject, (said, left, undo)))
    return letters


def _others(contacts: Sequence[str], target: str) -> list[str]:
    gone = address_key(target)
    return list({address_key(to): to for to in contacts if address_key(to) != gone}.values())


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


def _undo(ctx: Context, loss: Loss) -> str:
    where = f"{ctx.settings.service.public_url.rstrip('/')}/admin/subscriptions"
    if loss.status is SubscriptionStatus.REMOVED:
        target = "" if kind_of(loss.channel).is_asked else f"{loss.target} "
        command = f"loa subscription add {loss.channel} {target}--unit {loss.unit_id}"
    else:
        command = f"loa subscription resume {loss.subscription_id}"
    return coded("loss.back_desk", where=where, command=command)
