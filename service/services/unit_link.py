"""The link to a unit's own page: who may be mailed one, what it opens, and when it ends.

A link names the unit, when it was made, and by what right: that of a contact, whom it was mailed
to, or of one of the unit's tokens. It ends with its time, and with that right before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from service.alerts.links import Purpose
from service.errors import Conflict, NotFound
from service.services.audit_acts import audited
from service.services.context import Context
from service.services.optin import check_mail, read_link
from service.storage import tokens
from service.storage.handshakes import address_mark
from service.storage.mails import queue_letter
from service.storage.schema import from_micros, to_micros
from service.storage.unit_merging import successor_of
from service.storage.units import get_unit, list_units
from service.types import Unit
from service.values import Locale, MailAddress, address_key, address_keys
from service.words import coded

UNIT_FOR = timedelta(days=90)
"""As long as links to see one's own subscriptions."""
TOKEN_FOR = timedelta(hours=12)
"""A working day: a link that a token opened, so that the token itself stands in no address."""
_BY_TOKEN = "token:"  # noqa: S105  # how a right is written, not a token


@dataclass(frozen=True, slots=True)
class UnitAccess:
    """The unit that a link opens. `is_expired`: it is past its time, and only has a new one
    mailed."""

    unit: Unit
    is_expired: bool


def open_unit(conn: Connection, ctx: Context, token: str) -> UnitAccess:
    """What a link, or a unit's own token in its place, opens; a unit that was merged is its
    successor.

    Raises NotFound: for what was not made here for this, for one whose contact is none any more or
    whose token was revoked, and for a unit that was removed.
    """
    if token.startswith(tokens.PREFIX):
        found = _check_own(tokens.select_token(conn, token, ctx.clock()))
        return UnitAccess(get_unit(conn, str(found.unit_id)), is_expired=False)
    unit_id, made_at, right = read_link(ctx, Purpose.UNIT, token)
    age = ctx.clock() - from_micros(int(made_at))
    if right.startswith(_BY_TOKEN):
        found = _check_own(tokens.get_token(conn, right.removeprefix(_BY_TOKEN), ctx.clock()))
        return UnitAccess(get_unit(conn, str(found.unit_id)), is_expired=age > TOKEN_FOR)
    unit = get_unit(conn, successor_of(conn, unit_id))
    if right not in map(contact_mark, unit.contacts):
        raise NotFound("link", "(token)")
    return UnitAccess(unit, is_expired=age > UNIT_FOR)


def link_of_token(conn: Connection, ctx: Context, words: str) -> str:
    """What stands in the address of the page that a unit's own token opens, for TOKEN_FOR. Raises
    NotFound."""
    found = _check_own(tokens.select_token(conn, words, ctx.clock()))
    made_at = str(to_micros(ctx.clock()))
    return ctx.links.token(Purpose.UNIT, str(found.unit_id), made_at, _BY_TOKEN + found.id)


def _check_own(token: tokens.ApiToken | None) -> tokens.ApiToken:
    """Raises NotFound for one that is revoked, unknown, or no unit's."""
    if token is None or token.unit_id is None:
        raise NotFound("link", "(token)")
    return token


@audited("act.unit_link", "unit", "id_or_name")
def mail_links(conn: Connection, ctx: Context, id_or_name: str) -> Unit:
    """Mails each contact of a unit its own link, in the language of the service.

    Raises NotFound, InvalidInput where no mail can be sent, and Conflict for a unit without
    contacts.
    """
    check_mail(ctx)
    unit = get_unit(conn, id_or_name)
    if not unit.contacts:
        raise Conflict(coded("conflict.unit_no_contacts", name=unit.name))
    made_at = str(to_micros(ctx.clock()))
    _queue(conn, ctx, unit, unit.contacts, ctx.settings.service.locale, made_at)
    return unit


@audited("act.unit_link_ask", "person")
def request_links(conn: Connection, ctx: Context, address: MailAddress, locale: Locale) -> None:
    """Mails whoever is a contact a link for each unit that it is a contact of; once a day at most,
    and nothing to anybody else.

    Raises InvalidInput where no mail can be sent.
    """
    check_mail(ctx)
    keys, day = address_keys(str(address)), locale.day(ctx.clock()).isoformat()
    for unit in list_units(conn):
        own = [one for one in unit.contacts if address_key(one) in keys]
        _queue(conn, ctx, unit, own, locale, day)


@audited("act.unit_link_ask", "person")
def renew(conn: Connection, ctx: Context, token: str, locale: Locale) -> None:
    """Mails the contacts of the unit of a link that is past its time new ones; once a day at most.
    Raises NotFound, InvalidInput where no mail can be sent."""
    check_mail(ctx)
    unit = open_unit(conn, ctx, token).unit
    _queue(conn, ctx, unit, unit.contacts, locale, locale.day(ctx.clock()).isoformat())


def _queue(
    conn: Connection, ctx: Context, unit: Unit, to: Iterable[str], locale: Locale, once: str
) -> None:
    """`once`: of what an address gets one letter."""
    now = ctx.clock()
    for contact in to:
        queue_letter(
            conn,
            key=f"unit:{unit.id}:{address_key(contact)}:{once}",
            address=contact,
            subject=coded("letter.unit_subject", unit=unit.name),
            paragraphs=[
                coded("letter.unit_body", unit=unit.name, title=ctx.settings.service.title),
                coded("letter.unit_ends", days=UNIT_FOR.days),
            ],
            now=now,
            language=locale.language,
            button=(
                Purpose.UNIT.value,
                (unit.id, str(to_micros(now)), contact_mark(contact)),
                "letter.unit_button",
            ),
        )


def contact_mark(contact: str) -> str:
    """What a link says of whom it was mailed to; not the address itself."""
    return address_mark(address_key(contact))
