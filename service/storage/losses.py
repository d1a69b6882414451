"""The subscriptions of units that stopped lately, and by what a unit still hears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import orjson
from sqlalchemy import Connection, bindparam, text

from service.channels import ASKED, Grouping, kind_of, shown_as
from service.storage.erasure import ERASED
from service.storage.schema import from_micros, to_micros
from service.types import Channel, SubscriptionStatus


@dataclass(frozen=True, slots=True)
class Loss:
    """A subscription of a unit that is not sent to any more. `reason`: coded; None: not known."""

    subscription_id: str
    unit_id: str
    unit_name: str
    contacts: tuple[str, ...]
    channel: Channel
    target: str
    shown: str
    """What people are told that it went to."""
    status: SubscriptionStatus
    reason: str | None
    at: datetime

    @property
    def is_erased(self) -> bool:
        return self.target.startswith(ERASED)


def find_losses(conn: Connection, since: datetime) -> list[Loss]:
    """What its owner once confirmed and what stopped since then, of units that are there. Endpoints
    that Loa disabled are told of with their trouble."""
    query = text(
        "SELECT s.id, s.unit_id, u.name AS unit, u.contacts, s.channel, s.target, s.name, s.status,"
        " s.status_reason, s.status_at FROM subscription s JOIN unit u ON u.id = s.unit_id"
        " WHERE u.removed_at IS NULL AND s.status IN ('removed', 'paused', 'suspended')"
        " AND s.status_at > :since AND s.confirmed_at IS NOT NULL"
        # another subscription to the same target took its place
        " AND COALESCE(s.status_reason, '') <> 'by.unit_merged' ORDER BY s.status_at, s.id"
    )
    return [
        Loss(
            row.id,
            row.unit_id,
            row.unit,
            tuple(orjson.loads(row.contacts)),
            Channel(row.channel),
            row.target,
            shown_as(row.channel, row.target, row.name),
            SubscriptionStatus(row.status),
            row.status_reason,
            from_micros(row.status_at),
        )
        for row in conn.execute(query, {"since": to_micros(since)})
    ]


def known_letters(conn: Connection, keys: Sequence[str]) -> set[str]:
    """Those of these keys under which a letter was queued before."""
    query = text("SELECT group_key FROM message WHERE group_key IN :keys").bindparams(
        bindparam("keys", expanding=True)
    )
    wanted = [f"letter:{key}" for key in keys]
    return {
        key.removeprefix("letter:")
        for start in range(0, len(wanted), 500)
        for key in conn.execute(query, {"keys": wanted[start : start + 500]}).scalars()
    }


_WORKS = f"""s.status = 'active' AND NOT EXISTS (SELECT 1 FROM endpoint e
    WHERE e.key = s.endpoint_key AND (e.status = 'disabled' OR e.warned_at IS NOT NULL
    OR (s.channel IN ({ASKED}) AND s.asked_at IS NULL)))"""
"""What accepts nothing for so long that its owner is told, or what nobody asks for, is heard by
nobody."""


_NOT_BY_MAIL = " AND s.channel <> 'email'"


def active_targets(
    conn: Connection, unit_id: str, *, has_mail: bool = True, without: str = ""
) -> list[str]:
    """Where a unit still hears, as people are told; `has_mail`: whether mail reaches anybody;
    `without`: the id of a subscription that does not count."""
    query = (
        "SELECT s.channel, s.target, s.name FROM subscription s"
        f" WHERE s.unit_id = :unit AND s.id <> :without AND {_WORKS}"
    )
    query += "" if has_mail else _NOT_BY_MAIL
    rows = conn.execute(text(query), {"unit": unit_id, "without": without})
    return sorted({shown_as(row.channel, row.target, row.name) for row in rows})


def mail_targets(conn: Connection, unit_id: str) -> list[str]:
    """The addresses that a unit is subscribed by, by age."""
    query = text(
        "SELECT target FROM subscription WHERE unit_id = :unit AND channel = 'email'"
        " AND status IN ('active', 'paused') ORDER BY id"
    )
    return list(conn.execute(query, {"unit": unit_id}).scalars())


def hearing_units(conn: Connection, *, has_mail: bool = True) -> set[str]:
    """The ids of the units that hear by some channel."""
    query = f"SELECT s.unit_id FROM subscription s WHERE s.unit_id IS NOT NULL AND {_WORKS}"
    query += "" if has_mail else _NOT_BY_MAIL
    return set(conn.execute(text(query)).scalars())


def count_by_mail(conn: Connection) -> int:
    """How many subscriptions are sent mail."""
    query = "SELECT count(*) FROM subscription WHERE channel = 'email' AND status = 'active'"
    return int(conn.execute(text(query)).scalar_one())


@dataclass(frozen=True, slots=True)
class ContactChannels:
    """By what a unit can be asked that names no contact: its working subscriptions. `addresses`, by
    age; `hooks`: ids of those whose messages are theirs alone, webhooks and what is asked for."""

    addresses: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()


def load_ways(conn: Connection) -> dict[str, ContactChannels]:
    """By unit; those that hear by nothing are not in it."""
    query = text(
        "SELECT s.unit_id, s.id, s.channel, s.target FROM subscription s"
        f" WHERE s.unit_id IS NOT NULL AND {_WORKS} ORDER BY s.id"
    )
    found: dict[str, ContactChannels] = {}
    for row in conn.execute(query):
        known = found.get(row.unit_id, ContactChannels())
        if kind_of(row.channel).grouping is Grouping.PERSON:
            known = replace(known, addresses=(*known.addresses, row.target))
        else:
            known = replace(known, hooks=(*known.hooks, row.id))
        found[row.unit_id] = known
    return found
