"""Tells a unit and the operator when a feed that the unit's software was sent by WebSub is sent no
more, and when it is again.

A subscriber of the hub says nothing of who it is: it is taken for a unit's where that unit is sent
messages at the same host. Of other strangers nobody is told.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from service.alerts.endpoint_words import UnitLeft, say_hears, say_left
from service.services.context import Context
from service.services.operator import tell_operator
from service.services.unit_letters import letters_to, queue_letters
from service.storage.engine import Database
from service.storage.hub import EndedLease, has_lease
from service.storage.losses import active_targets
from service.storage.meta import drop_meta, list_meta, put_meta
from service.storage.schema import from_micros, to_micros
from service.storage.units import list_units
from service.types import Unit
from service.words import coded

_LOST = "lease:"
"""In `meta`: host and topic of what ended and was told; the instant and the units."""
_KEPT = timedelta(days=90)


def tell_lease_ended(conn: Connection, ctx: Context, lease: EndedLease) -> None:
    """Once for each end; the contacts of the units, and the operator. Not what its own software
    ended, nor where another callback of the host is sent the same."""
    if lease.why == "asked" or has_lease(conn, lease.host, lease.topic):
        return
    now = ctx.clock()
    put_meta(
        conn,
        f"{_LOST}{lease.host} {lease.topic}",
        " ".join((str(to_micros(now)), *lease.unit_ids)),
    )
    _tell(conn, ctx, f"ended_{lease.why}", lease.host, lease.topic, lease.unit_ids, now)


def tell_leases_back(database: Database, ctx: Context) -> None:
    """What was told of is there again."""
    now = ctx.clock()
    with database.reading() as conn:
        known = list_meta(conn, _LOST)
        found = [(key, value, has_lease(conn, *_split(key))) for key, value in known]
    for key, value, is_back in found:
        at, *unit_ids = value.split()
        if not is_back and from_micros(int(at)) > now - _KEPT:
            continue
        with database.writing() as conn:
            drop_meta(conn, key)
            if is_back:
                _tell(conn, ctx, "back", *_split(key), tuple(unit_ids), now)


def _split(key: str) -> tuple[str, str]:
    host, _, topic = key.removeprefix(_LOST).partition(" ")
    return host, topic


def _tell(
    conn: Connection,
    ctx: Context,
    code: str,
    host: str,
    topic: str,
    unit_ids: tuple[str, ...],
    now: datetime,
) -> None:
    units = [unit for unit in list_units(conn) if unit.id in unit_ids]
    root = ctx.settings.service.public_url.rstrip("/")
    facts = {"host": host, "topic": f"{root}{topic}", "since_at": now.isoformat()}
    subject, said = coded(f"lease.{code}_subject", **facts), [coded(f"lease.{code}", **facts)]
    if code != "back":
        said.append(coded("lease.way_back", where=f"{root}/hub"))
    key = f"hub:{code}:{host}{topic}:{to_micros(now)}"
    heard = {unit.id: _hears(conn, unit, is_back=code == "back") for unit in units}
    for unit in units:
        words = [*said, *heard[unit.id]]
        queue_letters(conn, ctx, letters_to(unit.contacts, f"{key}:{unit.id}", subject, words))
    told = [*said, *(one for words in heard.values() for one in words)]
    tell_operator(conn, ctx.settings, key, subject, told, now)


def _hears(conn: Connection, unit: Unit, *, is_back: bool) -> list[str]:
    """By what else; of a unit that is sent its feed again, nothing where there is nothing else."""
    left = UnitLeft(unit.name, tuple(active_targets(conn, unit.id)))
    if is_back:
        return [say_hears(left)] if left.targets else []
    return [say_left(left)]
