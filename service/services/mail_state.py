"""Whether anybody is reached by mail at all: the one answer for the boards, `/readyz`, `loa check`
and the alarms."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from service.channels import Consent, kind_of
from service.services.context import Context
from service.storage.dead_contacts import returned_since
from service.storage.down_channels import load_down
from service.storage.mail_reach import relay_away_since
from service.words import coded

RETURNED_WITHIN = timedelta(days=7)
AWAY_LONG = timedelta(hours=1)
"""So long a relay may be away before whoever hears by mail alone is said to hear by nothing."""


def why_no_mail(conn: Connection, ctx: Context) -> str | None:
    """Why mail reaches nobody, coded; None where it does, or may by the next attempt."""
    if not ctx.settings.email.smtp_url:
        return "relay.none"
    down = load_down(conn).items()
    of_mail = [why for name, why in down if kind_of(name).consent is Consent.MAILBOX]
    if of_mail:
        return of_mail[0]
    since = relay_away_since(conn)
    if since is None or ctx.clock() - since < AWAY_LONG:
        return None
    return coded("relay.away_long", since_at=since.isoformat())


def operator_unread_since(conn: Connection, ctx: Context) -> datetime | None:
    """Since when mail to `operator.email` comes back, so that nobody reads what is told there; None
    where it does not, as far as is known."""
    address, now = ctx.settings.operator.email, ctx.clock()
    return returned_since(conn, address, now - RETURNED_WITHIN, now) if address else None


def has_mail(conn: Connection, ctx: Context) -> bool:
    return why_no_mail(conn, ctx) is None
