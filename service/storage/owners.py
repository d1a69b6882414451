"""Who is behind an endpoint that fails, and that they and the operator are told: by mail, once for
each trouble, and once when it is over.

An owner is shown the endpoint and their own subscriptions of it; the operator its host and all
subscriptions. Found by looking at what is so, not by what just happened: a worker that dies between
the two tells it later. The keys of the letters make them once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import orjson
from sqlalchemy import Connection, bindparam, text

from service.alerts.endpoint_words import (
    EndpointTrouble,
    TroubleLetter,
    UnitLeft,
    tell_back,
    tell_operator_too,
    tell_owner_how,
    tell_trouble,
)
from service.alerts.target import host_of
from service.channels import CHANNELS, kind_of, shown_as
from service.storage.engine import Database
from service.storage.losses import active_targets
from service.storage.mails import queue_letter
from service.storage.meta import drop_meta, list_meta, put_meta
from service.storage.queue import GONE
from service.storage.schema import from_micros, to_micros
from service.types import Channel
from service.values import address_key

_OF_ALL = (EndpointTrouble.FAILING, EndpointTrouble.UNASKED)
"""Troubles that concern whoever is behind the endpoint; the others, whom they stopped."""

_OPEN = "trouble:"
"""In `meta`, before the endpoint's key: what was told of it, until it is over."""
_COMMANDS = 5
"""Of so many subscriptions a letter names the commands."""
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

    @property
    def kept(self) -> str:
        """Under its endpoint, until it is over."""
        return f"{self.trouble.value}:{self.at}"


@dataclass(frozen=True, slots=True)
class _EndpointSubscription:
    """A subscription of an endpoint, and the addresses of its owner. `name`: its unit's, and its
    own; empty where it has neither."""

    id: str
    name: str
    addresses: Sequence[str]
    channel: Channel
    shown: str
    """What people are told that it goes to."""
    unit: tuple[str, str] | None
    """Its id and name."""


def tell_troubles(database: Database, teller: TroubleNotifier, now: datetime) -> int:
    """Queues a letter for each trouble that was not told yet, and for each that is over; returns
    how many. Writes only where there is any."""
    since = to_micros(now - RECENT)
    with database.reading() as conn:
        known = dict(list_meta(conn, _OPEN))
        found = [*_failing(conn, since), *_disabled(conn, since)]
        new = [one for one in found if known.get(_OPEN + one.endpoint_key) != one.kept]
        over = list(_over(conn, known)) if known else []
    told = 0
    for one in new:
        with database.writing() as conn:
            put_meta(conn, _OPEN + one.endpoint_key, one.kept)
            told += _tell(conn, teller, one, now)
    for key, back in over:
        with database.writing() as conn:
            drop_meta(conn, _OPEN + key)
            told += 0 if back is None else _tell_back(conn, teller, back, now)
    return told


def _over(conn: Connection, known: Mapping[str, str]) -> Iterator[tuple[str, _Trouble | None]]:
    """(endpoint, what was told of it) where it has accepted something since; None where nobody is
    behind it any more. `at`: when that was."""
    query = text(
        "SELECT e.warned_at, e.status, e.last_ok_at,"
        " (SELECT count(*) FROM subscription s WHERE s.endpoint_key = e.key"
        " AND s.status <> 'removed') AS behind, (SELECT count(*) FROM subscription s"
        " WHERE s.endpoint_key = e.key AND s.status = 'disabled') AS disabled"
        " FROM endpoint e WHERE e.key = :key"
    )
    for meta_key, kept in known.items():
        key, trouble = meta_key.removeprefix(_OPEN), kept.partition(":")[0]
        row = conn.execute(query, {"key": key}).first()
        if row is None or not row.behind:
            yield key, None
            continue
        is_well = row.warned_at is None and row.status != "disabled" and not row.disabled
        if is_well and row.last_ok_at is not None and row.last_ok_at >= int(kept.partition(":")[2]):
            yield key, _Trouble(EndpointTrouble(trouble), key, row.last_ok_at, None)


def _failing(conn: Connection, since: int) -> Iterator[_Trouble]:
    query = text(
        "SELECT key, channel, warned_at, failing_since FROM endpoint WHERE status <> 'disabled'"
        " AND warned_at > :since AND EXISTS (SELECT 1 FROM subscription s"
        " WHERE s.endpoint_key = endpoint.key AND s.status <> 'removed')"
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

    def say(
        where: str, own: Sequence[_EndpointSubscription], names: Sequence[str]
    ) -> TroubleLetter:
        return tell_trouble(
            one.trouble,
            where=where,
            names=names,
            since=one.since,
            until=one.since + teller.disable_after if one.since else None,
            units=_left(conn, own, is_shown=own is not behind),
            is_chat=any(kind_of(sub.channel).is_sealed for sub in own),
        )

    told = 0
    for address, own in owners.items():
        said = say(_where(one, own), own, [sub.name or sub.id for sub in own])
        said = tell_owner_how(one.trouble, said, teller.operator_email)
        told += _write(conn, one, said, address, teller.language, now)
    if teller.operator_email:
        said = say(_where(one, behind, host_of(one.endpoint_key)), behind, _named(behind))
        ids = [sub.id for sub in behind[:_COMMANDS]]
        said = tell_operator_too(one.trouble, said, list(owners), ids)
        told += _write(conn, one, said, teller.operator_email, teller.language, now, "operator:")
    return told


def _tell_back(conn: Connection, teller: TroubleNotifier, one: _Trouble, now: datetime) -> int:
    """Those behind it now, and the operator. `one.at`: since when it accepts again."""
    behind = _behind(conn, replace(one, trouble=EndpointTrouble.FAILING))
    owners, at, trouble = _owners(behind), from_micros(one.at), one.trouble

    def say(
        where: str, own: Sequence[_EndpointSubscription], names: Sequence[str]
    ) -> TroubleLetter:
        units = [one for one in _left(conn, own, is_shown=own is not behind) if one.targets]
        return tell_back(trouble, where=where, names=names, at=at, units=units)

    told = 0
    for address, own in owners.items():
        said = say(_where(one, own), own, [sub.name or sub.id for sub in own])
        told += _write(conn, one, said, address, teller.language, now, "back:")
    if teller.operator_email:
        said = say(_where(one, behind, host_of(one.endpoint_key)), behind, _named(behind))
        said = tell_operator_too(None, said, list(owners))
        to = "back:operator:"
        told += _write(conn, one, said, teller.operator_email, teller.language, now, to)
    return told


def _named(behind: Sequence[_EndpointSubscription]) -> list[str]:
    return [f"{sub.name} ({sub.id})" if sub.name else sub.id for sub in behind]


def _where(one: _Trouble, behind: Sequence[_EndpointSubscription], host: str | None = None) -> str:
    """What the trouble is at. `host`: what is said instead of a web address that lets one in."""
    for sub in behind:
        kind = kind_of(sub.channel)
        if kind.is_asked:
            return f"{sub.shown}, {sub.unit[1]}" if sub.unit else sub.shown
        if kind.is_sealed:
            return sub.shown
    return host or one.endpoint_key


def _left(
    conn: Connection, behind: Sequence[_EndpointSubscription], *, is_shown: bool
) -> list[UnitLeft]:
    """By what each unit behind it hears now. `is_shown`: whether whole web addresses are."""
    units = dict(sub.unit for sub in behind if sub.unit is not None)
    return [
        UnitLeft(
            name,
            tuple(
                one if is_shown or "://" not in one else host_of(one)
                for one in active_targets(conn, unit_id)
            ),
        )
        for unit_id, name in units.items()
    ]


def _behind(conn: Connection, one: _Trouble) -> list[_EndpointSubscription]:
    """The subscriptions of an endpoint that this is about."""
    rows = conn.execute(
        text(
            "SELECT s.id, s.name, s.channel, s.target, s.unit_id, u.name AS unit, u.contacts"
            " FROM subscription s"
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
            Channel(row.channel),
            shown_as(row.channel, row.target, row.name),
            None if row.unit_id is None else (row.unit_id, row.unit),
        )
        for row in rows
    ]


def _owners(
    behind: Sequence[_EndpointSubscription],
) -> dict[str, list[_EndpointSubscription]]:
    """By address, each person once: their own of it."""
    first: dict[str, str] = {}
    owners: dict[str, list[_EndpointSubscription]] = {}
    for subscription in behind:
        for address in subscription.addresses:
            known = first.setdefault(address_key(address), address)
            owners.setdefault(known, []).append(subscription)
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
