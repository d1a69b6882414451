"""Signing in to the desk without a token: named operators and viewers, by a link that is mailed to
them, or by the name that a trusted proxy says.

Who they are stands in the configuration; whoever is taken out of it is signed out.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from service.alerts.links import Purpose
from service.errors import NotFound
from service.services.audit_acts import audited
from service.services.context import Context
from service.services.optin import check_mail, read_link
from service.settings import OperatorSettings
from service.storage.handshakes import address_mark
from service.storage.mails import queue_letter
from service.storage.schema import from_micros, to_micros
from service.storage.sessions import use_once
from service.storage.tokens import Role
from service.values import Locale, MailAddress, address_key
from service.words import coded

SIGN_IN_FOR = timedelta(minutes=30)
_ONCE_IN_MIN = 5
"""Minutes in which an address is mailed one link, however often it is asked for."""


def role_of(people: OperatorSettings, name: str) -> Role | None:
    """What a named person may do; None: nothing. Who is in both lists only looks."""
    key = address_key(name)
    if key in map(address_key, people.viewers):
        return Role.VIEWER
    return Role.OPERATOR if key in map(address_key, people.people) else None


def role_by_proxy(people: OperatorSettings, name: str) -> Role | None:
    """The same of whom a trusted proxy names; an operator, where the configuration names nobody."""
    if not people.people and not people.viewers:
        return Role.OPERATOR
    return role_of(people, name)


@audited("act.sign_in_ask", "person")
def request_sign_in(conn: Connection, ctx: Context, address: MailAddress, locale: Locale) -> None:
    """Mails a link to who is named, and nothing to anybody else.

    Raises InvalidInput where no mail can be sent.
    """
    check_mail(ctx)
    now = ctx.clock()
    if role_of(ctx.settings.operator, str(address)) is None:
        return
    slot = int(now.timestamp()) // (_ONCE_IN_MIN * 60)
    queue_letter(
        conn,
        key=f"sign-in:{address.key}:{slot}",
        address=str(address),
        subject="letter.sign_in_subject",
        paragraphs=[
            coded("letter.sign_in_body", title=ctx.settings.service.title),
            coded("letter.sign_in_ends", minutes=int(SIGN_IN_FOR.total_seconds()) // 60),
        ],
        now=now,
        language=locale.language,
        button=(Purpose.SIGN_IN.value, sign_in_subject(ctx, str(address)), "letter.sign_in_button"),
    )


def sign_in_subject(ctx: Context, name: str) -> tuple[str, str]:
    """What a link that signs in says: of whom, not the address itself, and when it was made."""
    return address_mark(address_key(name)), str(to_micros(ctx.clock()))


def read_sign_in(ctx: Context, token: str) -> str:
    """Whom a link signs in. Raises NotFound: for what was not made here for this, past
    SIGN_IN_FOR, and for who is named no more."""
    mark, made_at = read_link(ctx, Purpose.SIGN_IN, token)
    people = ctx.settings.operator
    for name in (*people.people, *people.viewers):
        is_over = from_micros(int(made_at)) + SIGN_IN_FOR < ctx.clock()
        if address_mark(address_key(name)) == mark and not is_over:
            return name
    raise NotFound("link", "(token)")


@audited("act.sign_in", "person")
def use_sign_in(conn: Connection, ctx: Context, token: str) -> str:
    """The same, once: a link that was used signs nobody in again. Raises NotFound."""
    name = read_sign_in(ctx, token)
    if not use_once(conn, token, ctx.clock(), SIGN_IN_FOR):
        raise NotFound("link", "(token)")
    return name
