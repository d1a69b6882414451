"""Subscriptions that are asked for: whose a token is, when it was used, what was owed on a day.

A token is 256 random bits, kept as its hash; after a rotation the old one is good as long as the
old secret signs.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, text

from service.channels import ASKED
from service.storage.schema import to_micros
from service.storage.tokens import token_hash

PREFIX = "loa_pull_"
UNASKED_AFTER = timedelta(days=1)
"""So long may nobody ask for what a subscription is owed, until its owner is told."""


@dataclass(frozen=True, slots=True)
class PullStream:
    """A subscription that is asked for. `key`: its endpoint's."""

    id: str
    key: str
    name: str
    unit_id: str | None


def new_token() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def find_stream(conn: Connection, token: str, now: datetime) -> PullStream | None:
    """Whose a token is; None for one that never was, or is no more."""
    query = text(
        f"{_STREAM} AND (token_hash = :hash OR (old_token_hash = :hash"
        " AND old_secret_until > :now))"
    )
    values = {"hash": token_hash(token), "now": to_micros(now)}
    row = conn.execute(query, values).first()
    return None if row is None else PullStream(*row)


def streams_of(conn: Connection, unit_id: str) -> list[PullStream]:
    """All that a unit may ask for, by age."""
    query = text(f"{_STREAM} AND unit_id = :unit ORDER BY id")
    return [PullStream(*row) for row in conn.execute(query, {"unit": unit_id})]


_STREAM = (
    "SELECT id, endpoint_key, name, unit_id FROM subscription"
    f" WHERE channel IN ({ASKED}) AND status <> 'removed'"
)


def rotate_token(conn: Connection, subscription_id: str, token: str) -> None:
    """Another token; the one before stays good as long as the old secret signs."""
    conn.execute(
        text(
            "UPDATE subscription SET old_token_hash = token_hash, token_hash = :hash WHERE id = :id"
        ),
        {"id": subscription_id, "hash": token_hash(token)},
    )


def note_asked(conn: Connection, subscription_ids: Iterable[str], at: datetime) -> None:
    """Somebody asks for them: what was told of their silence is over."""
    rows = [{"id": id_, "at": to_micros(at)} for id_ in sorted(set(subscription_ids))]
    if not rows:
        return
    conn.execute(text("UPDATE subscription SET asked_at = :at WHERE id = :id"), rows)
    conn.execute(
        text(
            "UPDATE endpoint SET warned_at = NULL, failing_since = NULL, last_ok_at = :at"
            " WHERE key = (SELECT endpoint_key FROM subscription WHERE id = :id)"
        ),
        rows,
    )


_UNASKED = f"""SELECT s.endpoint_key, COALESCE(s.asked_at, s.confirmed_at, s.created_at) AS since
    FROM subscription s JOIN endpoint e ON e.key = s.endpoint_key
    WHERE s.channel IN ({ASKED}) AND s.status = 'active' AND e.warned_at IS NULL
    AND COALESCE(s.asked_at, s.confirmed_at, s.created_at) < :before"""


def find_unasked(conn: Connection, now: datetime) -> list[tuple[str, int]]:
    """(endpoint, since when) of what nobody asked for in UNASKED_AFTER, and was not told yet."""
    values = {"before": to_micros(now - UNASKED_AFTER)}
    return [(row.endpoint_key, row.since) for row in conn.execute(text(_UNASKED), values)]


def mark_unasked(conn: Connection, now: datetime) -> int:
    """Marks them, as an endpoint that fails for long: `owners` tells whom it concerns."""
    rows = [
        {"key": key, "since": since, "at": to_micros(now)} for key, since in find_unasked(conn, now)
    ]
    if rows:
        statement = "UPDATE endpoint SET warned_at = :at, failing_since = :since WHERE key = :key"
        conn.execute(text(statement), rows)
    return len(rows)


def owed_between(
    conn: Connection, subscription_ids: Sequence[str], start: datetime, end: datetime
) -> list[str]:
    """The ids of messages that were owed to subscriptions from `start` until before `end`, sorted;
    without those that are skipped."""
    query = text(
        "SELECT DISTINCT message_id FROM delivery WHERE subscription_id IN :ids"
        " AND created_at >= :start AND created_at < :end AND state <> 'skipped'"
        " AND message_id IS NOT NULL ORDER BY message_id"
    ).bindparams(bindparam("ids", expanding=True))
    values = {
        "ids": list(subscription_ids), "start": to_micros(start), "end": to_micros(end)
    }  # fmt: skip
    return list(conn.execute(query, values).scalars())


def sealed_secrets(conn: Connection, subscription_ids: Sequence[str], now: datetime) -> list[bytes]:
    """What signs for these subscriptions now, sealed."""
    query = text(
        "SELECT secret, CASE WHEN old_secret_until > :now THEN old_secret END FROM subscription"
        " WHERE id IN :ids ORDER BY id"
    ).bindparams(bindparam("ids", expanding=True))
    rows = conn.execute(query, {"ids": list(subscription_ids), "now": to_micros(now)})
    return [sealed for row in rows for sealed in row if sealed is not None]


def own_messages(
    conn: Connection, subscription_ids: Sequence[str], ids: Sequence[str]
) -> list[str]:
    """Those of these messages that are the subscriptions' own and are sent or due."""
    query = text(
        "SELECT id FROM message WHERE id IN :ids AND subscription_id IN :own"
        " AND state IN ('sent', 'due') ORDER BY id"
    ).bindparams(bindparam("ids", expanding=True), bindparam("own", expanding=True))
    values = {"ids": list(ids), "own": list(subscription_ids)}
    return list(conn.execute(query, values).scalars())
