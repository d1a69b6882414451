"""Places: how many messages may be in the air to one endpoint, and to the endpoints that share a
lane.

A lane holds the endpoints of one host and has all of its places; those that timed out last get a
lane of their own with a quarter of them, which the other lane gives up for as long. `in_flight` and
`next_due_at` of both are changed in the transaction that changes a message, lanes first and by key,
so that workers cannot deadlock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, text

from service.storage.driver import driver_of
from service.storage.notices import notify
from service.storage.schema import to_micros
from service.types import Channel

ENDPOINT_CAP = 2
HOST_CAP = 16
SMTP = "smtp"
"""The endpoint of mail: the relay."""
SMTP_DIGEST = SMTP + "#digest"
SMTP_BULK = SMTP + "#bulk"
SMTP_CAPS = {SMTP: 8, SMTP_DIGEST: 4, SMTP_BULK: 2}
"""The relay once more for what may wait: places of its own, so that 10,000 digests delay no
alert."""

SLOW = "#slow"

_WAITING = """FROM message m WHERE m.endpoint_key = endpoint.key AND m.state = 'due'
    AND NOT EXISTS (SELECT 1 FROM lease t WHERE t.message_id = m.id)"""
_MIN_DUE = f"""(SELECT CASE WHEN m.due_at < COALESCE(endpoint.not_before_at, 0)
    THEN endpoint.not_before_at
    ELSE m.due_at END {_WAITING} ORDER BY m.due_at LIMIT 1)"""
_SOONEST = (
    "(SELECT min(e.next_due_at) FROM endpoint e WHERE e.lane_key = lane.key AND e.next_due_at IS "
    "NOT NULL)"
)

_ENDPOINT = f"""UPDATE endpoint SET in_flight = in_flight + {{n}}, next_due_at =
    CASE WHEN in_flight + {{n}} >= cap OR status = 'disabled' THEN NULL
    ELSE {_MIN_DUE} END"""
_LANE = f"""UPDATE lane SET in_flight = in_flight + {{n}}, next_due_at =
    CASE WHEN in_flight + {{n}} >= cap THEN NULL ELSE {_SOONEST} END"""

_SQLITE = " WHERE key = ?1"
_POSTGRESQL = " FROM unnest(%s::text[], %s::int[]) AS v(key, n) WHERE {table}.key = v.key"

_SHIFT = {
    "sqlite": (_ENDPOINT.format(n="?2") + _SQLITE, _LANE.format(n="?2") + _SQLITE),
    "postgresql": (
        _ENDPOINT.format(n="v.n") + _POSTGRESQL.format(table="endpoint"),
        _LANE.format(n="v.n") + _POSTGRESQL.format(table="lane"),
    ),
}


_QUARTER = "CASE WHEN host_cap < 8 THEN 1 ELSE host_cap / 4 END"
_HAS_SLOW = """EXISTS (SELECT 1 FROM endpoint e
    WHERE e.lane_key = lane.key || '#slow' AND e.lane_key <> e.host_key
    AND e.status <> 'disabled')"""
_CAP = f"""CASE WHEN is_slow = 1 THEN {_QUARTER}
    WHEN host_cap > 1 AND {_HAS_SLOW} THEN host_cap - {_QUARTER} ELSE host_cap END"""
_SHARE = f"UPDATE lane SET cap = {_CAP} WHERE channel = 'webhook' AND cap <> {_CAP}"


def add_endpoint(conn: Connection, channel: Channel, key: str, host_key: str) -> None:
    """An endpoint and its lanes, unless they are there."""
    is_mail = channel is Channel.EMAIL
    cap = SMTP_CAPS.get(key, 1) if is_mail else HOST_CAP
    lanes = [{"key": host_key, "channel": channel.value, "slow": 0, "cap": cap, "host": cap}]
    if not is_mail:
        lanes.append(
            {
                "key": host_key + SLOW,
                "channel": channel.value,
                "slow": 1,
                "cap": cap // 4,
                "host": cap,
            }
        )
    conn.execute(
        text(
            "INSERT INTO lane(key, channel, is_slow, cap, host_cap) VALUES (:key, :channel, "
            ":slow, :cap, :host)"
            " ON CONFLICT (key) DO NOTHING"
        ),
        lanes,
    )
    conn.execute(
        text(
            "INSERT INTO endpoint(key, host_key, lane_key, channel, cap) VALUES (:key, :host, "
            ":host, :channel, :cap)"
            " ON CONFLICT (key) DO NOTHING"
        ),
        {
            "key": key,
            "host": host_key,
            "channel": channel.value,
            "cap": cap if is_mail else ENDPOINT_CAP,
        },
    )


def lock_lanes(conn: Connection, keys: Iterable[str]) -> None:
    """Takes both lanes of each host, in the order that everybody does. SQLite has one writer and
    needs none.

    Who holds both knows that no endpoint moves between them meanwhile.
    """
    hosts = {key.removesuffix(SLOW) for key in keys}
    wanted = sorted(hosts | {host + SLOW for host in hosts})
    if conn.dialect.name == "sqlite" or not wanted:
        return
    conn.execute(
        text("SELECT key FROM lane WHERE key = ANY(:keys) ORDER BY key FOR UPDATE"),
        {"keys": wanted},
    )


def lanes_of(conn: Connection, endpoint_keys: Iterable[str]) -> dict[str, str]:
    """The lane of each endpoint."""
    keys = sorted(set(endpoint_keys))
    found: dict[str, str] = {}
    query = text("SELECT key, lane_key FROM endpoint WHERE key IN :keys").bindparams(
        bindparam("keys", expanding=True)
    )
    for start in range(0, len(keys), 500):
        found.update(
            {row[0]: row[1] for row in conn.execute(query, {"keys": keys[start : start + 500]})}
        )
    return found


def hold_lanes(conn: Connection, endpoint_keys: Iterable[str]) -> dict[str, str]:
    """Locks the lanes of endpoints, and gives the lane that each is in now: it may have moved
    before the lock."""
    keys = set(endpoint_keys)
    lock_lanes(conn, lanes_of(conn, keys).values())
    return lanes_of(conn, keys)


def shift(conn: Connection, endpoints: Mapping[str, int], lanes: Mapping[str, int]) -> None:
    """Adds to what is in flight, and finds anew what is due next. Zero only finds anew."""
    statements = _SHIFT[conn.dialect.name]
    with driver_of(conn) as db:
        for statement, moved in zip(statements, (endpoints, lanes), strict=True):
            if not moved:
                continue
            if conn.dialect.name == "sqlite":
                db.executemany(statement, moved.items())
            else:
                db.execute(statement, (list(moved), list(moved.values())))


def share_places(conn: Connection, host_keys: Iterable[str]) -> list[str]:
    """Gives hosts' lanes the places they are to have now; gives the lanes that were changed."""
    changed: list[str] = []
    for host in sorted(set(host_keys)):
        changed += conn.execute(text(f"{_SHARE} AND key IN (:key, :slow) RETURNING key"),
                                {"key": host, "slow": host + SLOW}).scalars()  # fmt: skip
    return changed


def share_again(conn: Connection, endpoint_keys: Sequence[str]) -> None:
    """Finds anew how the lanes of these endpoints share their hosts' places, and what is due next
    there."""
    hosts = {lane.removesuffix(SLOW) for lane in hold_lanes(conn, endpoint_keys).values()}
    changed = share_places(conn, hosts)
    refresh(conn, endpoint_keys)
    shift(conn, {}, dict.fromkeys(changed, 0))


def refresh(conn: Connection, endpoint_keys: Sequence[str]) -> None:
    """Finds anew what is due next at these endpoints, after their messages were changed."""
    lanes = hold_lanes(conn, endpoint_keys)
    shift(conn, dict.fromkeys(lanes, 0), dict.fromkeys(lanes.values(), 0))
    notify(conn)


def set_min_interval(conn: Connection, key: str, interval_s: int | None) -> None:
    """At least so long between two messages to an endpoint; None: as fast as it answers."""
    hold_lanes(conn, [key])
    conn.execute(
        text("UPDATE endpoint SET min_interval_s = :s, not_before_at = NULL WHERE key = :key"),
        {"key": key, "s": interval_s},
    )
    refresh(conn, [key])


def is_off(conn: Connection, *, per_endpoint: int, per_host: int) -> bool:
    """Whether `apply_caps` or `heal` would mend anything; reads only, for looking takes longer than
    mending."""
    caps = {"one": per_endpoint, "host": per_host}
    wrong = (
        text(f"SELECT 1 FROM endpoint WHERE {_CAPS} LIMIT 1"),
        text(f"SELECT 1 FROM lane WHERE {_PLACES} LIMIT 1"),
        _WRONG,
        _WRONG_LANES,
    )
    return any(conn.execute(query, caps).first() is not None for query in wrong)


_CAPS = "channel = 'webhook' AND cap <> :one"
_PLACES = f"channel = 'webhook' AND (host_cap <> :host OR cap <> {_CAP})"


def apply_caps(conn: Connection, *, per_endpoint: int, per_host: int) -> None:
    """Brings webhooks' places to what is configured; a changed cap moves what is due next."""
    caps = {"one": per_endpoint, "host": per_host}
    keys = list(conn.execute(text(f"SELECT key FROM endpoint WHERE {_CAPS}"), caps).scalars())
    lanes = list(conn.execute(text(f"SELECT key FROM lane WHERE {_PLACES}"), caps).scalars())
    if not keys and not lanes:
        return
    lock_lanes(conn, [*lanes, *lanes_of(conn, keys).values()])
    conn.execute(text(f"UPDATE endpoint SET cap = :one WHERE {_CAPS}"), caps)
    conn.execute(
        text("UPDATE lane SET host_cap = :host WHERE channel = 'webhook' AND host_cap <> :host"),
        caps,
    )
    lanes += conn.execute(text(f"{_SHARE} RETURNING key")).scalars()
    touched = {*lanes, *lanes_of(conn, keys).values()}
    shift(conn, dict.fromkeys(keys, 0), dict.fromkeys(sorted(touched), 0))


def hold_back(conn: Connection, key: str, until: datetime | None) -> None:
    """Sends nothing to an endpoint before an instant: a relay that refuses our login stops all
    mail, not each."""
    hold_lanes(conn, [key])
    conn.execute(
        text("UPDATE endpoint SET not_before_at = :until WHERE key = :key"),
        {"key": key, "until": None if until is None else to_micros(until)},
    )
    refresh(conn, [key])


def heal(conn: Connection) -> int:
    """Counts anew what is in flight and due next wherever a row says otherwise; gives how many were
    mended.

    Looked at again once the lanes are locked: another worker may have mended them meanwhile.
    """
    endpoints, lanes = conn.execute(_WRONG).all(), conn.execute(_WRONG_LANES).all()
    if not endpoints and not lanes:
        return 0
    lock_lanes(conn, {row.lane_key for row in endpoints} | {row.key for row in lanes})
    held = {row.key for row in endpoints}
    off = {row.key: row.n for row in conn.execute(_WRONG) if row.key in held}
    shift(conn, off, {})
    touched = {row.key for row in lanes} | {row.lane_key for row in endpoints}
    lanes_off = {row.key: row.n for row in conn.execute(_WRONG_LANES) if row.key in touched}
    shift(conn, {}, lanes_off)
    return len(off) + len(lanes_off)


_WRONG = text(
    "SELECT key, lane_key, COALESCE(f.n, 0) - in_flight AS n FROM endpoint LEFT JOIN"
    " (SELECT endpoint_key, count(*) AS n FROM lease GROUP BY endpoint_key) AS f ON "
    "f.endpoint_key = key"
    " WHERE COALESCE(f.n, 0) <> in_flight OR (next_due_at IS NULL AND in_flight < cap"
    f" AND status <> 'disabled' AND EXISTS (SELECT 1 {_WAITING}))"
)
_WRONG_LANES = text(
    "SELECT key, COALESCE(flying, 0) - in_flight AS n FROM lane LEFT JOIN"
    " (SELECT lane_key, sum(in_flight) AS flying, min(next_due_at) AS soonest FROM endpoint GROUP "
    "BY lane_key) AS e"
    " ON e.lane_key = key WHERE COALESCE(flying, 0) <> in_flight"
    " OR (soonest IS NOT NULL AND in_flight < cap AND (next_due_at IS NULL OR next_due_at > "
    "soonest))"
)
