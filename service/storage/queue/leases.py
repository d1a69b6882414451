"""Leases that nobody will end any more: their messages are due again, and their places free."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import Connection, text

from service.channels import ASKED
from service.storage.queue.capacity import hold_host_groups, shift
from service.storage.queue.driver import statements_on
from service.storage.schema import to_micros
from service.types import Channel


def free_all_leases(conn: Connection, channel: Channel | None = None) -> int:
    """Makes due whatever is leased: for whoever holds the lock beside a SQLite file, since the
    owners are dead. What was handed to who asked for it is in his hand still, and runs out."""
    wanted = "= :channel" if channel is not None else f"NOT IN ({ASKED})"
    behind = f" WHERE endpoint_key IN (SELECT key FROM endpoint WHERE channel {wanted})"
    return _free(conn, behind, {"channel": channel} if channel is not None else {})


def has_expired(conn: Connection, now: datetime) -> bool:
    """Whether `free_expired` would find something; reads only."""
    row = conn.execute(
        text("SELECT 1 FROM lease WHERE until < :until LIMIT 1"), {"until": _instant(conn, now)}
    ).first()
    return row is not None


def free_expired(conn: Connection, now: datetime) -> int:
    """Makes due again what was leased for longer than a lease. The attempt is not counted: nobody
    saw its end."""
    return _free(conn, " WHERE until < :until", {"until": _instant(conn, now)})


def _free(conn: Connection, where: str, values: dict[str, object]) -> int:
    keys = conn.execute(text(f"SELECT DISTINCT endpoint_key FROM lease{where}"), values).scalars()
    host_groups = hold_host_groups(conn, keys)
    freed = Counter(
        conn.execute(text(f"DELETE FROM lease{where} RETURNING endpoint_key"), values).scalars()
    )
    per_host_group: Counter[str] = Counter()
    for key, n in freed.items():
        per_host_group[host_groups[key]] -= n
    shift(conn, {key: -n for key, n in freed.items()}, per_host_group)
    return sum(freed.values())


def _instant(conn: Connection, now: datetime) -> int:
    with statements_on(conn) as statements:
        return statements.instant(to_micros(now))
