"""Places: how many messages may be in the air to one endpoint, and to the endpoints that share a
host group.

A host group is the concurrency group of one host: it holds its endpoints and has all of its places.
Those that timed out last get a host group of their own with a quarter of them, which the other
gives up for as long. `in_flight` and `next_due_at` of both are changed in the transaction that
changes a message, host groups first and by key, so that workers cannot deadlock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, text

from service.channels import ConcurrencyLimits, kind_of
from service.storage.queue.driver import dialect_of, statements_on
from service.storage.queue.notices import notify
from service.storage.queue.statements import BEYOND, WAITING, WAITING_URGENT
from service.storage.schema import to_micros
from service.types import Channel

SLOW = "#slow"

_QUARTER = "CASE WHEN host_cap < 8 THEN 1 ELSE host_cap / 4 END"
_HAS_SLOW = """EXISTS (SELECT 1 FROM endpoint e
    WHERE e.host_group_key = host_group.key || '#slow' AND e.host_group_key <> e.host_key
    AND e.status <> 'disabled')"""
_CAP = f"""CASE WHEN is_slow = 1 THEN {_QUARTER}
    WHEN host_cap > 1 AND {_HAS_SLOW} THEN host_cap - {_QUARTER} ELSE host_cap END"""
_SHARE = f"UPDATE host_group SET cap = {_CAP} WHERE cap <> {_CAP}"


def add_endpoint(conn: Connection, channel: Channel, key: str, host_key: str) -> None:
    """An endpoint and its host groups, unless they are there."""
    places = kind_of(channel).places
    host = places.shared.get(key, 1) if places.shared else places.per_host
    host_groups = [{"key": host_key, "channel": channel, "slow": 0, "cap": host, "host": host}]
    if not places.shared:
        slow = {
            "key": host_key + SLOW,
            "channel": channel,
            "slow": 1,
            "cap": host // 4,
            "host": host,
        }
        host_groups.append(slow)
    conn.execute(
        text(
            "INSERT INTO host_group(key, channel, is_slow, cap, host_cap) VALUES (:key, :channel, "
            ":slow, :cap, :host)"
            " ON CONFLICT (key) DO NOTHING"
        ),
        host_groups,
    )
    conn.execute(
        text(
            "INSERT INTO endpoint(key, host_key, host_group_key, channel, cap) VALUES (:key, "
            ":host, "
            ":host, :channel, :cap)"
            " ON CONFLICT (key) DO NOTHING"
        ),
        {
            "key": key,
            "host": host_key,
            "channel": channel,
            "cap": host if places.shared else places.per_endpoint,
        },
    )


def lock_host_groups(conn: Connection, keys: Iterable[str]) -> None:
    """Takes both host groups of each host, in the order that everybody does. SQLite has one
    writer and needs none.

    Who holds both knows that no endpoint moves between them meanwhile.
    """
    hosts = {key.removesuffix(SLOW) for key in keys}
    wanted = sorted(hosts | {host + SLOW for host in hosts})
    if wanted:
        dialect_of(conn).lock_host_groups(conn, wanted)


def host_groups_of(conn: Connection, endpoint_keys: Iterable[str]) -> dict[str, str]:
    """The host group of each endpoint."""
    keys = sorted(set(endpoint_keys))
    found: dict[str, str] = {}
    query = text("SELECT key, host_group_key FROM endpoint WHERE key IN :keys").bindparams(
        bindparam("keys", expanding=True)
    )
    for start in range(0, len(keys), 500):
        found.update(
            {row[0]: row[1] for row in conn.execute(query, {"keys": keys[start : start + 500]})}
        )
    return found


def hold_host_groups(conn: Connection, endpoint_keys: Iterable[str]) -> dict[str, str]:
    """Locks the host groups of endpoints, and returns the host group that each is in now: it may
    have moved before the lock."""
    keys = set(endpoint_keys)
    lock_host_groups(conn, host_groups_of(conn, keys).values())
    return host_groups_of(conn, keys)


def shift(conn: Connection, endpoints: Mapping[str, int], host_groups: Mapping[str, int]) -> None:
    """Adds to what is in flight, and finds anew what is due next. Zero only finds anew."""
    with statements_on(conn) as statements:
        if endpoints:
            statements.shift_endpoints(endpoints)
        if host_groups:
            statements.shift_host_groups(host_groups)


def share_places(conn: Connection, host_keys: Iterable[str]) -> list[str]:
    """Returns hosts' host groups the places they are to have now; returns the host groups that
    were changed."""
    changed: list[str] = []
    for host in sorted(set(host_keys)):
        changed += conn.execute(text(f"{_SHARE} AND key IN (:key, :slow) RETURNING key"),
                                {"key": host, "slow": host + SLOW}).scalars()  # fmt: skip
    return changed


def share_again(conn: Connection, endpoint_keys: Sequence[str]) -> None:
    """Finds anew how the host groups of these endpoints share their hosts' places, and what is
    due next there."""
    hosts = {
        host_group.removesuffix(SLOW)
        for host_group in hold_host_groups(conn, endpoint_keys).values()
    }
    changed = share_places(conn, hosts)
    refresh(conn, endpoint_keys)
    shift(conn, {}, dict.fromkeys(changed, 0))


def refresh(conn: Connection, endpoint_keys: Sequence[str]) -> None:
    """Finds anew what is due next at these endpoints, after their messages were changed."""
    host_groups = hold_host_groups(conn, endpoint_keys)
    shift(conn, dict.fromkeys(host_groups, 0), dict.fromkeys(host_groups.values(), 0))
    notify(conn)


def space_endpoint(conn: Connection, key: str, interval_s: int | None) -> None:
    """At least so long between two messages to an endpoint; None: as fast as it answers."""
    hold_host_groups(conn, [key])
    conn.execute(
        text("UPDATE endpoint SET min_interval_s = :s, not_before_at = NULL WHERE key = :key"),
        {"key": key, "s": interval_s},
    )
    refresh(conn, [key])


def is_off(conn: Connection, wanted: Mapping[Channel, ConcurrencyLimits]) -> bool:
    """Whether `apply_caps` or `heal` would mend anything; reads only, for looking takes longer than
    mending."""
    if any(_are_off(conn, channel, places) for channel, places in wanted.items()):
        return True
    return any(conn.execute(query).first() is not None for query in (_WRONG, _WRONG_HOST_GROUPS))


_CAPS = "channel = :channel AND cap <> :one"
_PLACES = f"channel = :channel AND (host_cap <> :host OR cap <> {_CAP})"
_OFF = (
    text(f"SELECT 1 FROM endpoint WHERE {_CAPS} LIMIT 1"),
    text(f"SELECT 1 FROM host_group WHERE {_PLACES} LIMIT 1"),
)


def _are_off(conn: Connection, channel: Channel, places: ConcurrencyLimits) -> bool:
    given = _given(channel, places)
    return any(conn.execute(query, given).first() is not None for query in _OFF)


def _given(channel: Channel, places: ConcurrencyLimits) -> dict[str, object]:
    return {"channel": channel, "one": places.per_endpoint, "host": places.per_host}


def apply_caps(conn: Connection, wanted: Mapping[Channel, ConcurrencyLimits]) -> None:
    """Brings channels' places to what is configured; a changed cap moves what is due next."""
    for channel, places in wanted.items():
        if _are_off(conn, channel, places):
            _apply_caps(conn, _given(channel, places))


def _apply_caps(conn: Connection, given: dict[str, object]) -> None:
    keys = list(conn.execute(text(f"SELECT key FROM endpoint WHERE {_CAPS}"), given).scalars())
    host_groups = list(
        conn.execute(text(f"SELECT key FROM host_group WHERE {_PLACES}"), given).scalars()
    )
    lock_host_groups(conn, [*host_groups, *host_groups_of(conn, keys).values()])
    conn.execute(text(f"UPDATE endpoint SET cap = :one WHERE {_CAPS}"), given)
    conn.execute(
        text(
            "UPDATE host_group SET host_cap = :host WHERE channel = :channel AND host_cap <> :host"
        ),
        given,
    )
    host_groups += conn.execute(
        text(f"{_SHARE} AND channel = :channel RETURNING key"), given
    ).scalars()
    touched = {*host_groups, *host_groups_of(conn, keys).values()}
    shift(conn, dict.fromkeys(keys, 0), dict.fromkeys(sorted(touched), 0))


def hold_back(conn: Connection, key: str, until: datetime | None) -> None:
    """Sends nothing to an endpoint before an instant: a relay that refuses our login stops all
    mail, not each."""
    hold_host_groups(conn, [key])
    conn.execute(
        text("UPDATE endpoint SET not_before_at = :until WHERE key = :key"),
        {"key": key, "until": None if until is None else to_micros(until)},
    )
    refresh(conn, [key])


def heal(conn: Connection) -> int:
    """Counts anew what is in flight and due next wherever a row says otherwise; returns how many
    were mended.

    Looked at again once the host groups are locked: another worker may have mended them meanwhile.
    """
    endpoints, host_groups = conn.execute(_WRONG).all(), conn.execute(_WRONG_HOST_GROUPS).all()
    if not endpoints and not host_groups:
        return 0
    lock_host_groups(
        conn, {row.host_group_key for row in endpoints} | {row.key for row in host_groups}
    )
    held = {row.key for row in endpoints}
    off = {row.key: row.n for row in conn.execute(_WRONG) if row.key in held}
    shift(conn, off, {})
    touched = {row.key for row in host_groups} | {row.host_group_key for row in endpoints}
    host_groups_off = {
        row.key: row.n for row in conn.execute(_WRONG_HOST_GROUPS) if row.key in touched
    }
    shift(conn, {}, host_groups_off)
    return len(off) + len(host_groups_off)


_WRONG = text(
    "SELECT key, host_group_key, COALESCE(f.n, 0) - in_flight AS n FROM endpoint LEFT JOIN"
    " (SELECT endpoint_key, count(*) AS n FROM lease GROUP BY endpoint_key) AS f ON "
    "f.endpoint_key = key"
    " WHERE COALESCE(f.n, 0) <> in_flight OR (next_due_at IS NULL AND in_flight < cap"
    f" AND status <> 'disabled' AND EXISTS (SELECT 1 {WAITING}))"
    f" OR (urgent_due_at IS NULL AND in_flight < cap + {BEYOND.format(cap='cap')}"
    f" AND status <> 'disabled' AND EXISTS (SELECT 1 {WAITING_URGENT}))"
)
_WRONG_HOST_GROUPS = text(
    "SELECT key, COALESCE(flying, 0) - in_flight AS n FROM host_group LEFT JOIN"
    " (SELECT host_group_key, sum(in_flight) AS flying, min(next_due_at) AS soonest,"
    " min(urgent_due_at) AS urgent_soonest FROM endpoint GROUP BY host_group_key) AS e"
    " ON e.host_group_key = key WHERE COALESCE(flying, 0) <> in_flight"
    " OR (soonest IS NOT NULL AND in_flight < cap AND (next_due_at IS NULL OR next_due_at > "
    "soonest))"
    f" OR (urgent_soonest IS NOT NULL AND in_flight < cap + {BEYOND.format(cap='cap')}"
    " AND (urgent_due_at IS NULL OR urgent_due_at > urgent_soonest))"
)
