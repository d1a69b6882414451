"""What was told of units that stopped hearing, until it is over: so that whoever was told hears of
the return too, whichever way it came.

Stands in `meta`: under a subscription, when it stopped and as what; under a unit and the mark
of a person, since when mail to that contact did not arrive; under the mark, when it did again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, text

from service.channels import ASKED, kind_of
from service.storage.dead_contacts import ALIVE, DeadContact, person_mark
from service.storage.losses import Loss
from service.storage.meta import drop_meta, list_meta, put_meta
from service.storage.schema import from_micros, to_micros
from service.types import Channel, SubscriptionStatus

_LOST, _DEAD = "lost:", "dead:"
_OVER = "over"
"""The last word of what was told to be over: it is not told again."""
_MOVED = "moved"
KEPT = timedelta(days=90)
ADDED, VOUCHED = "by.added", "by.vouched"
"""Why a new subscription hears in the place of one that was removed."""


def notes_of_losses(losses: Iterable[Loss]) -> dict[str, str]:
    return {
        f"{_LOST}{one.subscription_id}": f"{to_micros(one.at)} {one.status.value}" for one in losses
    }


def notes_of_contacts(dead: Iterable[DeadContact]) -> dict[str, str]:
    return {
        f"{_DEAD}{one.unit.id} {person_mark(one.address)}": f"{to_micros(one.at)}" for one in dead
    }


def note_of_move(subscription_id: str, at: datetime) -> dict[str, str]:
    """Of one that goes where nobody has confirmed yet."""
    return {f"{_LOST}{subscription_id}": f"{to_micros(at)} {_MOVED}"}


def not_noted(conn: Connection, notes: Mapping[str, str]) -> dict[str, str]:
    """Those that are not known; of a contact that is known, the first word stays."""
    known = dict([*list_meta(conn, _LOST), *list_meta(conn, _DEAD)]) if notes else {}
    return {
        key: note
        for key, note in notes.items()
        if key not in known
        or (key.startswith(_LOST) and known[key].removesuffix(f" {_OVER}") != note)
    }


def note_told(conn: Connection, notes: Mapping[str, str]) -> None:
    for key, note in notes.items():
        put_meta(conn, key, note)


@dataclass(frozen=True, slots=True)
class UnitReturn:
    """A unit hears by a subscription again. `reason`: coded; None: nobody said. `is_anew`: it was
    removed meanwhile, so that what was published then is not made up for."""

    note: tuple[str, str]
    subscription_id: str
    at: datetime
    reason: str | None
    is_anew: bool


_KNOWN = """SELECT m.key, m.value, s.id, s.status, s.status_at, s.status_reason FROM meta m
    JOIN subscription s ON s.id = substr(m.key, 6) JOIN unit u ON u.id = s.unit_id
    WHERE m.key LIKE 'lost:%' AND u.removed_at IS NULL ORDER BY m.key"""
_IN_ITS_PLACE = f"""SELECT o.id, o.channel, o.confirmed_at, o.status_reason FROM subscription o
    JOIN subscription s ON s.unit_id = o.unit_id AND s.channel = o.channel
    WHERE s.id = :id AND o.id <> s.id AND o.status = 'active' AND o.confirmed_at >= :at
    AND (o.target_key = s.target_key OR o.channel IN ({ASKED})) ORDER BY o.confirmed_at LIMIT 1"""
"""What goes where a removed one went; what is asked for has no such place, and any of the unit's
will do."""


def find_returns(conn: Connection) -> list[UnitReturn]:
    """Of what was told to have stopped, what is sent again and was not told so."""
    found = []
    for row in conn.execute(text(_KNOWN)).all():
        at, was, *over = row.value.split()
        if over:
            continue
        note = (row.key, f"{row.value} {_OVER}")
        is_anew = was == SubscriptionStatus.REMOVED
        if row.status == SubscriptionStatus.ACTIVE and row.status_at >= int(at):
            since = from_micros(row.status_at)
            found.append(UnitReturn(note, row.id, since, row.status_reason, is_anew))
        elif row.status == SubscriptionStatus.REMOVED:
            other = conn.execute(text(_IN_ITS_PLACE), {"id": row.id, "at": int(at)}).first()
            if other is not None:
                since = from_micros(other.confirmed_at)
                found.append(UnitReturn(note, other.id, since, _why_anew(other), is_anew))
    return found


def _why_anew(other: Row[tuple[object, ...]]) -> str:
    """Of one that nobody was asked to confirm: an operator vouched, or it is asked for."""
    if other.status_reason is not None:
        return str(other.status_reason)
    return ADDED if kind_of(Channel(str(other.channel))).is_asked else VOUCHED


@dataclass(frozen=True, slots=True)
class ContactNote:
    """A contact of a unit of which it was told that mail does not arrive."""

    note: str
    unit_id: str
    mark: str
    """Of the person."""
    at: datetime


def contact_notes(conn: Connection) -> list[ContactNote]:
    found = []
    for note, value in list_meta(conn, _DEAD):
        unit_id, _, mark = note.removeprefix(_DEAD).partition(" ")
        found.append(ContactNote(note, unit_id, mark, from_micros(int(value))))
    return found


def end_notes(
    conn: Connection, contacts: Iterable[ContactNote], alive: Collection[str], now: datetime
) -> None:
    """Forgets what was told of these contacts; and what came back until now of those in
    `alive`."""
    for one in contacts:
        drop_meta(conn, one.note)
    for mark in alive:
        put_meta(conn, f"{ALIVE}{mark}", str(to_micros(now)))


def old_notes(conn: Connection, now: datetime) -> list[str]:
    """What nobody can come back from any more: of removed subscriptions and what is over, after
    KEPT; of those that are gone."""
    rows = conn.execute(
        text(
            "SELECT m.key, m.value, s.status FROM meta m LEFT JOIN subscription s"
            " ON s.id = substr(m.key, 6) WHERE m.key LIKE 'lost:%'"
        )
    ).all()
    last = to_micros(now - KEPT)
    old = [
        row.key
        for row in rows
        if row.status is None
        or (int(row.value.split()[0]) < last and (row.status == "removed" or _OVER in row.value))
    ]
    return old + [key for key, at in list_meta(conn, ALIVE) if int(at) < last]
