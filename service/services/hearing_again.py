"""Tells a unit's contacts and the operator that the unit hears by an address or an endpoint again,
where they were told that it did not."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from service.channels import shown_as
from service.services.context import Actor, Context
from service.services.operator import tell_operator
from service.storage.mails import queue_letter
from service.storage.schema import to_micros
from service.storage.subscriptions import get_subscription
from service.storage.units import get_unit
from service.types import Subscription
from service.values import address_key
from service.words import code_of, coded

_BY_OPERATOR = frozenset({"by.operator", "by.command"})
"""Whoever did it need not be told."""


def tell_takes_mail(conn: Connection, ctx: Context, subscription_ids: Sequence[str]) -> None:
    """Loa has found by itself that these take mail again: nobody did anything, so nobody else can
    know. Of those that are a unit's."""
    for subscription_id in subscription_ids:
        found = get_subscription(conn, subscription_id)
        if found.unit_id is not None:
            _tell(conn, ctx, found, "loss.again", "", is_operator_told=True)


def tell_resumed(conn: Connection, ctx: Context, found: Subscription, by: Actor) -> None:
    """Somebody has resumed a unit's subscription of which it was told that it had stopped."""
    is_told = code_of(by.reason or "") not in _BY_OPERATOR
    who = by.reason or "by.command"
    _tell(conn, ctx, found, "loss.again_by", who, is_operator_told=is_told)


def _tell(
    conn: Connection,
    ctx: Context,
    found: Subscription,
    code: str,
    reason: str,
    *,
    is_operator_told: bool,
) -> None:
    now, unit = ctx.clock(), get_unit(conn, str(found.unit_id))
    shown = shown_as(found.channel, found.target, found.name)
    facts = {"unit": unit.name, "target": shown}
    subject = coded("loss.again_subject", **facts)
    said = [coded(code, **facts, since_at=now.isoformat(), reason=reason)]
    key = f"again:{found.id}:{to_micros(now)}"
    contacts = unit.contacts if ctx.settings.email.smtp_url else ()
    for to in {address_key(one): one for one in contacts}.values():
        queue_letter(
            conn,
            key=f"{key}:{address_key(to)}",
            address=to,
            subject=subject,
            paragraphs=said,
            now=now,
            language=ctx.settings.service.language,
        )
    if is_operator_told:
        tell_operator(conn, ctx.settings, key, subject, said, now)
