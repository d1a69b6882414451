"""Who is behind an endpoint that fails, and that they and the operator are told: by mail, once for
each trouble.

An owner is shown the endpoint and their own subscriptions of it; the operator its host and all
subscriptions. Found by looking at what is so, not by what just happened: a worker that dies between
the two tells it later. The keys of the letters make them once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import Connection, bindparam, text

from service.alerts.endpoint_words import (
    EndpointTrouble,
    TroubleLetter,
    tell_operator_too,
    tell_trouble,
)
from service.alerts.target import host_of
from service.channels import CHANNELS, kind_of
from service.storage.engine import Database
from service.storage.mails import queue_letter
from service.storage.queue import GONE
from service.storage.schema import from_micros, to_micros
from service.values import address_key

_OF_ALL = (EndpointTrouble.FAILING, EndpointTrouble.UNASKED)
"""Troubles that concern whoever is behind the endpoint; the others, whom they stopped."""

RECENT = timedelta(days=7)
"""What is older was told, or nobody could be told; letters are kept for longer, so that none is
written again."""


@dataclass(frozen=True, slots=True)
class TroubleNotifier:
    """How troubles are told. `operator_email` may be empty: then only owners are."""

    operator_email: str
    language: str
    disable_after: timedelta


@dataclass(frozen=True, slots=True)
class _Trouble:
    trouble: EndpointTrouble
    endpoint_key: str
    at: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class _EndpointSubscription:
    """A subscription of an endpoint, and the addresses of its owner. `name`: its unit's, and its
    own; empty where it has neither."""

    id: str
    name: str
    addresses: Sequence[str]


def tell_troubles(database: Database, teller: TroubleNotifier, now: datetime) -> int:
    """Queues a letter for each trouble that was not told yet; returns how many. Writes only where
    there is any."""
    since = to_micros(now - RECENT)
    with database.reading() as conn:
        found = [*_failing(conn, since), *_disabled(conn, since)]
    told = 0
    for one in found:
        with database.writing() as conn:
            told += _tell(conn, teller, one, now)
    return told


def _failing(conn: Connection, since: int) -> Iterator[_Trouble]:
    query = text(
        "SELECT key, channel, warned_at, failing_since FROM endpoint WHERE status <> 'disabled'"
        " AND warned_at > :since"
    )
    for row in conn.execute(query, {"since": since}).all():
        is_asked = kind_of(row.channel).is_asked
        trouble = EndpointTrouble.UNASKED if is_asked else EndpointTrouble.FAILING
        yield _Trouble(trouble, row.key, row.warned_at, _instant(row.failing_since))


def _disabled(conn: Connection, since: int) -> Iterator[_Trouble]:
    query = text(
        "SELECT DISTINCT s.endpoint_key, s.status_at, s.status_reason, e.failing_since FROM "
        "subscription s"
        " JOIN endpoint e ON e.key = s.endpoint_key"
        " WHERE s.channel IN :judged AND s.status = 'disabled' AND s.status_at > :since"
    ).bindparams(bindparam("judged", expanding=True))
    judged = [kind.name for kind in CHANNELS.values() if kind.is_judged]
    for row in conn.execute(query, {"since": since, "judged": judged}).all():
        trouble = EndpointTrouble.GONE if row.status_reason == GONE else EndpointTrouble.DISABLED
        yield _Trouble(trouble, row.endpoint_key, row.status_at, _instant(row.failing_since))


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _tell(conn: Connection, teller: TroubleNotifier, one: _Trouble, now: datetime) -> int:
    behind = _behind(conn, one)
    owners = _owners(behind)
    told = 0
    for address, names in owners.items():
        said = _say(teller, one, one.endpoint_key, names)
        told += _write(conn, one, said, address, teller.language, now)
    if teller.operator_email:
        names = [f"{sub.name} ({sub.id})" if sub.name else sub.id for sub in behind]
        said = tell_operator_too(_say(teller, one, host_of(one.endpoint_key), names), list(owners))
        told += _write(conn, one, said, teller.operator_email, teller.language, now, "operator:")
    return told


def _say(teller: TroubleNotifier, one: _Trouble, where: str, names: Sequence[str]) -> TroubleLetter:
    return tell_trouble(
        one.trouble,
        where=where,
        names=names,
        since=one.since,
        until=one.since + teller.disable_after if one.since else None,
    )


def _behind(conn: Connection, one: _Trouble) -> list[_EndpointSubscription]:
    """The subscriptions of an endpoint that this is about."""
    rows = conn.execute(
        text(
            "SELECT s.id, s.name, s.unit_id, u.name AS unit, u.contacts FROM subscription s"
            " LEFT JOIN unit u ON u.id = s.unit_id"
            " WHERE s.endpoint_key = :key AND (s.status IN ('active', 'paused') OR s.status = "
            "'disabled')"
            " AND (:any = 1 OR (s.status = 'disabled' AND s.status_at = :at)) ORDER BY s.id"
        ),
        {"key": one.endpoint_key, "at": one.at, "any": int(one.trouble in _OF_ALL)},
    ).all()
    return [
        _EndpointSubscription(
            row.id,
            ", ".join(filter(None, (row.unit, row.name))),
            _addresses(conn, row.unit_id, orjson.loads(row.contacts) if row.contacts else ()),
        )
        for row in rows
    ]


def _owners(behind: Sequence[_EndpointSubscription]) -> dict[str, list[str]]:
    """By address, each person once: what that owner calls their subscriptions."""
    first: dict[str, str] = {}
    owners: dict[str, list[str]] = {}
    for subscription in behind:
        for address in subscription.addresses:
            known = first.setdefault(address_key(address), address)
            owners.setdefault(known, []).append(subscription.name or subscription.id)
    return owners


def _addresses(conn: Connection, unit_id: str | None, contacts: Sequence[str]) -> Sequence[str]:
    """All contacts of a unit; where it named none, an address that it is subscribed by."""
    if contacts or unit_id is None:
        return contacts
    query = text(
        "SELECT target FROM subscription WHERE unit_id = :unit AND channel = 'email' AND status = "
        "'active'"
        " ORDER BY id LIMIT 1"
    )
    return list(conn.execute(query, {"unit": unit_id}).scalars())


def _write(
    conn: Connection,
    one: _Trouble,
    said: TroubleLetter,
    address: str,
    language: str,
    now: datetime,
    to: str = "",
) -> bool:
    queued = queue_letter(
        conn,
        key=f"endpoint:{to}{one.trouble.value}:{one.endpoint_key}:{one.at}:{address_key(address)}",
        address=address,
        subject=said.subject,
        paragraphs=said.paragraphs,
        now=now,
        language=language,
    )
    return queued is not None
