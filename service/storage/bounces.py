"""What came back, and the addresses that bounces suspended.

A bounce counts once for a message. Only messages that this service sealed are ever looked up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import Connection, bindparam, text

from service.alerts.bounce import Bounce
from service.alerts.refusal import Kind
from service.alerts.suspension import PROBE_AFTER, AddressProbe
from service.storage.schema import from_micros, to_micros
from service.storage.subscriptions import set_status
from service.types import State, SubscriptionStatus
from service.values import address_key

SOFT_WINDOW = timedelta(days=14)
SOFT_DAYS = 5
"""Days with a soft bounce, within SOFT_WINDOW, after which an address is taken for dead."""
_DAY = 86_400_000_000

REASONS = {
    Kind.HARD: "bounced.hard",
    Kind.SOFT: "bounced.soft",
    Kind.COMPLAINT: "bounced.complaint",
}
BEFORE = "bounced.hard_before"
"""Of an address that an older Loa found dead, by a table that was often wrong: it is asked anew."""
UNMAILABLE = "bounced.unmailable"
"""Of an address that no relay can be given: nobody asks it anew."""
TAKEN_AGAIN = "bounced.taken_again"
"""Of an address that has taken mail since, which did not come back."""
ABOUT_US = "bounced.about_us"
"""Of an address that was found dead with many others of its provider: see `brake`."""
_PROBED = (REASONS[Kind.HARD], REASONS[Kind.SOFT], BEFORE)


def about_us(conn: Connection, since: datetime) -> tuple[int, str]:
    """How many refusals since then spoke of us or of our mail, and what the last of them said,
    coded."""
    query = text(
        "SELECT detail FROM bounce WHERE kind = 'ours' AND at > :since ORDER BY at DESC, message_id"
    )
    details = list(conn.execute(query, {"since": to_micros(since)}).scalars())
    return len(details), details[0] if details else ""


@dataclass(frozen=True, slots=True)
class SuspendedAddress:
    """An address whose mail came back, and the probes that were sent to it since."""

    address: str
    target_key: str
    subscription_id: str
    """One of those that are suspended."""
    language: str
    suspended_at: datetime
    probe_key: str
    """Under which its probes are queued."""
    probes: tuple[AddressProbe, ...]


def probe_key(target_key: str, suspended_at: datetime, reason: str) -> str:
    """Whom an older Loa suspended is asked as if nobody had asked before."""
    return f"probe:{target_key}:{to_micros(suspended_at)}" + (":again" if reason == BEFORE else "")


def load_suspended(conn: Connection) -> list[SuspendedAddress]:
    """Every address that bounces suspended; not those who complained."""
    query = text(
        "SELECT target, target_key, id, language, status_at, status_reason FROM subscription "
        "WHERE channel = 'email'"
        " AND status = 'suspended' AND status_reason IN :reasons ORDER BY target_key, status_at, id"
    ).bindparams(bindparam("reasons", expanding=True))
    found: dict[str, SuspendedAddress] = {}
    for row in conn.execute(query, {"reasons": list(_PROBED)}):
        if row.target_key not in found:
            since = from_micros(row.status_at)
            key = probe_key(row.target_key, since, row.status_reason)
            found[row.target_key] = SuspendedAddress(
                row.target, row.target_key, row.id, row.language, since, key, _probes(conn, key)
            )
    return list(found.values())


def _probes(conn: Connection, key: str) -> tuple[AddressProbe, ...]:
    query = text(
        "SELECT m.group_key, m.state, m.done_at, EXISTS (SELECT 1 FROM bounce b WHERE "
        "b.message_id = m.id) AS bounced"
        " FROM message m WHERE m.group_key IN :keys ORDER BY m.group_key"
    ).bindparams(bindparam("keys", expanding=True))
    rows = conn.execute(query, {"keys": [f"letter:{key}:{n}" for n in range(len(PROBE_AFTER))]})
    return tuple(
        AddressProbe(
            from_micros(row.done_at) if row.state == State.SENT and row.done_at else None,
            bool(row.bounced),
        )
        for row in rows
    )


def resume_suspended(conn: Connection, person: SuspendedAddress, now: datetime) -> list[str]:
    """Makes active what bounces suspended of a person; returns the ids."""
    query = text(
        "SELECT id FROM subscription WHERE channel = 'email' AND target_key = :person AND status "
        "= 'suspended'"
        " AND status_reason IN :reasons"
    ).bindparams(bindparam("reasons", expanding=True))
    reasons = list(_PROBED)
    ids = list(conn.execute(query, {"person": person.target_key, "reasons": reasons}).scalars())
    for subscription_id in ids:
        set_status(conn, subscription_id, SubscriptionStatus.ACTIVE, at=now, reason=TAKEN_AGAIN)
    return ids


def active_of(conn: Connection, person: str) -> list[str]:
    """The ids of the subscriptions by which a person gets mail."""
    query = text(
        "SELECT id FROM subscription WHERE channel = 'email' AND target_key = :person"
        " AND status = 'active'"
    )
    return list(conn.execute(query, {"person": person}).scalars())


def person_of(conn: Connection, message_id: str) -> str | None:
    """The key of the address that a message went to; None when the message is not known any
    more."""
    query = text(
        "SELECT m.body, (SELECT s.target_key FROM delivery d JOIN subscription s ON s.id = "
        "d.subscription_id"
        " WHERE d.message_id = m.id LIMIT 1) AS target_key FROM message m WHERE m.id = :id AND "
        "m.channel = 'email'"
    )
    row = conn.execute(query, {"id": message_id}).first()
    if row is None:
        return None
    if row.target_key is not None:
        return str(row.target_key)
    return address_key(orjson.loads(row.body)["address"]) if row.body else None


def record_bounce(conn: Connection, bounce: Bounce, now: datetime) -> bool:
    """Whether it is the first of its kind for its message."""
    done = conn.execute(
        text(
            "INSERT INTO bounce(message_id, kind, at, detail) VALUES (:id, :kind, :at, :detail)"
            " ON CONFLICT (message_id, kind) DO NOTHING"
        ),
        {
            "id": bounce.message_id,
            "kind": bounce.kind.value,
            "at": to_micros(now),
            "detail": bounce.detail,
        },
    )
    return done.rowcount == 1


def soft_days(conn: Connection, person: str, now: datetime) -> int:
    """On how many days of the last SOFT_WINDOW mail to a person was deferred for good: what they
    are subscribed to, and letters."""
    query = text(
        "SELECT DISTINCT b.at / :day FROM bounce b JOIN delivery d ON d.message_id = b.message_id"
        " JOIN subscription s ON s.id = d.subscription_id"
        " WHERE b.kind = 'soft' AND b.at > :since AND s.target_key = :person"
    )
    since = to_micros(now - SOFT_WINDOW)
    values = {"day": _DAY, "since": since, "person": person}
    days = set(conn.execute(query, values).scalars())
    days |= {one.at // _DAY for one in deferred_letters(conn, now) if one.person == person}
    return len(days)


@dataclass(frozen=True, slots=True)
class DeferredLetter:
    """Instants in microseconds: `sent_at`, when it was handed over; `at`, when it came back."""

    person: str
    sent_at: int
    at: int


def deferred_letters(conn: Connection, now: datetime) -> list[DeferredLetter]:
    """The letters of the last SOFT_WINDOW that came back as not deliverable at the time, the first
    first."""
    query = text(
        "SELECT b.at, COALESCE(m.done_at, b.at) AS sent_at, m.body FROM bounce b"
        " JOIN message m ON m.id = b.message_id WHERE b.kind = 'soft' AND b.at > :since"
        " AND m.group_key LIKE 'letter:%' AND m.body IS NOT NULL ORDER BY b.at, b.message_id"
    )
    rows = conn.execute(query, {"since": to_micros(now - SOFT_WINDOW)})
    return [
        DeferredLetter(address_key(orjson.loads(row.body)["address"]), row.sent_at, row.at)
        for row in rows
    ]


def letters_since(conn: Connection, person: str, since: int) -> int:
    """How many letters were handed over for a person, or given up, since an instant in
    microseconds."""
    query = text(
        "SELECT body FROM message WHERE group_key LIKE 'letter:%' AND state IN ('sent', 'failed')"
        " AND body IS NOT NULL AND done_at >= :since"
    )
    bodies = conn.execute(query, {"since": since}).scalars()
    return sum(address_key(orjson.loads(body)["address"]) == person for body in bodies)
