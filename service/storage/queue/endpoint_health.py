"""What attempts say of their endpoints: well, slow, failing, gone; and what follows for who is
behind them.

An endpoint is disabled only by time and by count. One that answers again gets by itself what failed
before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, bindparam, text

from service.alerts.message import build_test
from service.channels import kind_of
from service.storage.engine import uuid7
from service.storage.queue.capacity import SLOW, hold_host_groups, share_again, share_places, shift
from service.storage.queue.ledger_rows import LeasedResult
from service.storage.queue.parking import park
from service.storage.schema import to_micros
from service.types import Result, State, SubscriptionStatus

MIN_FAILURES = 20
PROBE_EVERY = timedelta(hours=6)
GONE = "endpoint.gone"
FAILED_LONG = "endpoint.failed_long"

_Endpoint = Row[tuple[object, ...]]


def judge_endpoints(conn: Connection, outcomes: Sequence[LeasedResult], now: datetime) -> list[str]:
    """Updates the health of endpoints, in the order of the results; returns the host groups that
    a move touched."""
    for one in outcomes:
        if one.result.disables:
            _gone(conn, one.result, now)
    values = _by_endpoint(outcomes, now)
    if not values:
        return []
    rows = _noted(conn, values)
    for key, row in rows.items():
        if values[key]["ok"] and row.failures > 0:
            revive(conn, key, now)
    unwell = [
        value
        for key, value in sorted(values.items())
        if key in rows or not value["ok"] or value["n"]
    ]
    if unwell:
        conn.execute(text(_HEALTH), unwell)
    for key, row in rows.items():
        if row.probe_at is not None and not values[key]["ok"]:
            _close_again(conn, key)
    return _move(conn, [(row, str(values[key]["status"])) for key, row in rows.items()])


def _by_endpoint(outcomes: Sequence[LeasedResult], now: datetime) -> dict[str, dict[str, object]]:
    """What the attempts say of each endpoint that is judged, by its key: as `_HEALTH` is told."""
    values: dict[str, dict[str, object]] = {}
    for one in outcomes:
        key, result = one.endpoint_key, one.result
        if not kind_of(one.channel).is_judged:
            continue
        value = values.setdefault(key, {"key": key, "n": 0, "ok": 0, "at": to_micros(now)})
        value["status"] = "slow" if result.timed_out else "ok"
        if result.state is State.SENT:
            value.update(n=0, ok=1)
        else:
            value["n"] = int(str(value["n"])) + 1
    return values


_HEALTH = """UPDATE endpoint SET
    failing_since = CASE WHEN :n = 0 THEN NULL WHEN :ok = 1 OR failing_since IS NULL
        THEN CAST(:at AS BIGINT) ELSE failing_since END,
    failed_at = CASE WHEN :n = 0 THEN NULL ELSE CAST(:at AS BIGINT) END,
    warned_at = CASE WHEN :ok = 1 THEN NULL ELSE warned_at END,
    failures = CASE WHEN :ok = 1 THEN CAST(:n AS INTEGER) ELSE failures + :n END,
    last_ok_at = CASE WHEN :ok = 1 THEN CAST(:at AS BIGINT) ELSE last_ok_at END,
    status = CASE WHEN status = 'disabled' AND :ok = 0 THEN status ELSE CAST(:status AS TEXT) END
    WHERE key = :key"""


def _noted(conn: Connection, values: dict[str, dict[str, object]]) -> dict[str, _Endpoint]:
    """The endpoints whose row says something that a success would change, and those that timed out
    now."""
    query = text(
        "SELECT key, host_key, host_group_key, in_flight, failures, probe_at FROM endpoint"
        " WHERE key IN :keys AND (status <> 'ok' OR failures > 0 OR last_ok_at IS NULL OR key IN "
        ":slow)"
    ).bindparams(bindparam("keys", expanding=True), bindparam("slow", expanding=True))
    slow = [key for key, value in values.items() if value["status"] == "slow"] or [""]
    return {row.key: row for row in conn.execute(query, {"keys": list(values), "slow": slow})}


def _move(conn: Connection, moved: Sequence[tuple[_Endpoint, str]]) -> list[str]:
    """Brings endpoints to the host group of the slow, or back, with what they have in the air."""
    touched: list[str] = []
    for row, status in moved:
        host_group = row.host_key + (SLOW if status == "slow" else "")
        if host_group == row.host_group_key:
            continue
        conn.execute(
            text("UPDATE endpoint SET host_group_key = :host_group WHERE key = :key"),
            {"host_group": host_group, "key": row.key},
        )
        conn.execute(
            text("UPDATE host_group SET in_flight = in_flight + :n WHERE key = :key"),
            [
                {"key": row.host_group_key, "n": -row.in_flight},
                {"key": host_group, "n": row.in_flight},
            ],
        )
        touched += [row.host_group_key, host_group]
    return touched + share_places(conn, (host_group.removesuffix(SLOW) for host_group in touched))


def revive(conn: Connection, endpoint_key: str, now: datetime) -> None:
    """Makes due what failed at an endpoint that answers again, and lifts what Loa disabled for its
    failing."""
    values = {"key": endpoint_key, "at": to_micros(now), "why": FAILED_LONG}
    conn.execute(
        text("UPDATE endpoint SET status = 'ok', probe_at = NULL WHERE key = :key"), values
    )
    conn.execute(
        text(
            "UPDATE subscription SET status = 'active', status_reason = NULL, status_at = :at"
            " WHERE endpoint_key = :key AND status = 'disabled' AND status_reason = :why"
        ),
        values,
    )
    active = "SELECT s.id FROM subscription s WHERE s.endpoint_key = :key AND s.status = 'active'"
    revived = (
        "SELECT m.id FROM message m WHERE m.endpoint_key = :key"
        " AND m.state IN ('failed', 'suspended') AND m.is_final = 0"
    )
    conn.execute(
        text(
            "UPDATE delivery SET state = 'due', done_at = NULL, reason = NULL"
            f" WHERE message_id IN ({revived}) AND subscription_id IN ({active})"
        ),
        values,
    )
    conn.execute(
        text(
            "UPDATE message SET state = 'due', due_at = :at, done_at = NULL, attempts = 0"
            f" WHERE id IN ({revived}) AND subscription_id IN ({active})"
        ),
        values,
    )


# an endpoint that is not judged never has failures
_TO_DISABLE = (
    "status <> 'disabled' AND probe_at IS NULL AND failures >= :count AND failed_at - "
    "failing_since >= :after"
)
_TO_WARN = (
    "status <> 'disabled' AND warned_at IS NULL AND failures > 0 AND failed_at - failing_since >= "
    ":half"
)
_TO_PROBE = "probe_at <= :at"


def has_news(conn: Connection, now: datetime, after: timedelta) -> bool:
    """Whether there is any endpoint to warn of, to disable or to probe; reads only."""
    given = {
        "at": to_micros(now),
        "count": MIN_FAILURES,
        "after": _micros(after),
        "half": _micros(after / 2),
    }
    query = f"SELECT 1 FROM endpoint WHERE ({_TO_DISABLE}) OR ({_TO_WARN}) OR {_TO_PROBE} LIMIT 1"
    return conn.execute(text(query), given).first() is not None


def disable_failing(conn: Connection, now: datetime, after: timedelta) -> list[str]:
    """Disables the endpoints that failed for so long and so often; returns their keys. They are
    probed from now on.

    Measured from the first failure to the last: time in which nothing was tried, since Loa was
    stopped or the clock jumped, says nothing of them.
    """
    keys = _update(
        conn,
        "status = 'disabled', probe_at = :probe, next_due_at = NULL, urgent_due_at = NULL",
        _TO_DISABLE,
        {"probe": to_micros(now + PROBE_EVERY), "count": MIN_FAILURES, "after": _micros(after)},
    )
    for key in keys:
        _disable_behind(conn, key, now)
    share_again(conn, keys)
    return keys


def _update(conn: Connection, values: str, where: str, given: dict[str, object]) -> list[str]:
    """Changes endpoints under the locks that claims and results take, first; returns the keys of
    those changed."""
    keys = list(conn.execute(text(f"SELECT key FROM endpoint WHERE {where}"), given).scalars())
    if not keys:
        return []
    hold_host_groups(conn, keys)
    changed = conn.execute(text(f"UPDATE endpoint SET {values} WHERE {where} RETURNING key"), given)
    return list(changed.scalars())


def _disable_behind(conn: Connection, key: str, now: datetime) -> None:
    values = {"key": key, "at": to_micros(now), "why": FAILED_LONG}
    conn.execute(
        text(
            "UPDATE subscription SET status = 'disabled', status_reason = :why, status_at = :at"
            " WHERE endpoint_key = :key AND status IN ('active', 'paused')"
        ),
        values,
    )
    conn.execute(
        text("UPDATE message SET state = 'suspended' WHERE endpoint_key = :key AND state = 'due'"),
        values,
    )
    conn.execute(
        text(
            "UPDATE delivery SET state = 'suspended', reason = :why WHERE state = 'due'"
            " AND subscription_id IN (SELECT id FROM subscription WHERE endpoint_key = :key)"
        ),
        values,
    )


def warn_failing(conn: Connection, now: datetime, after: timedelta) -> list[str]:
    """The endpoints that are half way to being disabled, each once in a failure."""
    return _update(
        conn,
        "warned_at = :at",
        _TO_WARN,
        {"at": to_micros(now), "half": _micros(after / 2)},
    )


def _micros(duration: timedelta) -> int:
    return duration // timedelta(microseconds=1)


def probe_disabled(conn: Connection, now: datetime) -> int:
    """Lets one message through to each disabled endpoint whose time has come: half open."""
    times: dict[str, object] = {"at": to_micros(now), "next": to_micros(now + PROBE_EVERY)}
    keys = _update(conn, "probe_at = :next, status = 'slow'", _TO_PROBE, times)
    for key in keys:
        _send_probe(conn, key, now)
    share_again(conn, keys)
    return len(keys)


def _send_probe(conn: Connection, key: str, now: datetime) -> None:
    """The oldest message that the endpoint missed; where none is left, a test delivery."""
    values = {"key": key, "at": to_micros(now), "why": FAILED_LONG}
    behind = "s.endpoint_key = :key AND s.status = 'disabled' AND s.status_reason = :why"
    missed = conn.execute(
        text(
            "SELECT m.id FROM message m JOIN subscription s ON s.id = m.subscription_id"
            f" WHERE m.endpoint_key = :key AND m.state IN ('suspended', 'failed') AND m.is_final "
            f"= 0 AND {behind}"
            " ORDER BY m.id LIMIT 1"
        ),
        values,
    ).scalar_one_or_none()
    if missed is not None:
        one = {"id": missed, "at": values["at"]}
        conn.execute(
            text(
                "UPDATE message SET state = 'due', due_at = :at, done_at = NULL, attempts = 0 "
                "WHERE id = :id"
            ),
            one,
        )
        conn.execute(
            text("UPDATE delivery SET state = 'due', done_at = NULL WHERE message_id = :id"), one
        )
        return
    subscription_id = conn.execute(
        text(f"SELECT s.id FROM subscription s WHERE {behind} ORDER BY s.id LIMIT 1"),
        values,
    ).scalar_one_or_none()
    if subscription_id is not None:
        queue_own(conn, subscription_id, build_test(now, subscription_id), now)


def _close_again(conn: Connection, key: str) -> None:
    """A probe that failed: the endpoint is as disabled as before, and what was let through waits
    again."""
    values = {"key": key, "why": FAILED_LONG}
    conn.execute(
        text(
            "UPDATE endpoint SET status = 'disabled', next_due_at = NULL, urgent_due_at = NULL"
            " WHERE key = :key"
        ),
        values,
    )
    conn.execute(
        text(
            "UPDATE delivery SET state = 'suspended', reason = :why WHERE state IN ('due', "
            "'failed')"
            " AND message_id IN (SELECT id FROM message WHERE endpoint_key = :key AND state IN "
            "('due', 'failed')"
            " AND is_final = 0)"
        ),
        values,
    )
    conn.execute(
        text("UPDATE message SET state = 'suspended' WHERE endpoint_key = :key AND state = 'due'"),
        values,
    )


def reopen(conn: Connection, subscription_id: str) -> None:
    """Somebody vouches for a disabled endpoint again: it starts afresh, and its first success heals
    as ever."""
    keys = _update(
        conn,
        "status = 'ok', probe_at = NULL, failures = 1, failing_since = NULL, failed_at = NULL, "
        "warned_at = NULL",
        "probe_at IS NOT NULL AND key = (SELECT endpoint_key FROM subscription WHERE id = :id)",
        {"id": subscription_id},
    )
    share_again(conn, keys)


def abandon(conn: Connection, endpoint_key: str) -> None:
    """Nobody is behind an endpoint any more: that it timed out last costs its host no places."""
    hold_host_groups(conn, [endpoint_key])
    row = conn.execute(
        text(
            "SELECT host_key, host_group_key, key, in_flight FROM endpoint WHERE key = :key AND "
            "host_group_key <> host_key"
            " AND NOT EXISTS (SELECT 1 FROM subscription s WHERE s.endpoint_key = :key AND "
            "s.status <> 'removed')"
        ),
        {"key": endpoint_key},
    ).first()
    if row is not None:
        shift(conn, {}, dict.fromkeys(sorted(set(_move(conn, [(row, "ok")]))), 0))


def queue_own(
    conn: Connection,
    subscription_id: str,
    body: str,
    at: datetime,
    *,
    key: str = "",
    is_urgent: bool = False,
) -> str:
    """A due message for one subscription that is about no change, for its own endpoint: its id. The
    caller refreshes the endpoint. With a `key` it is queued once."""
    message_id = uuid7()
    conn.execute(
        text(
            "INSERT INTO message(id, subscription_id, channel, endpoint_key, group_key, body, "
            "state, due_at,"
            " created_at, is_urgent) SELECT :id, s.id, s.channel, s.endpoint_key, :key, :body, "
            "'due', :at, :at, CAST(:urgent AS SMALLINT)"
            " FROM subscription s WHERE s.id = :subscription ON CONFLICT (group_key) DO NOTHING"
        ),
        {
            "id": message_id,
            "subscription": subscription_id,
            "key": key or f"own:{message_id}",
            "body": body,
            "at": to_micros(at),
            "urgent": int(is_urgent),
        },
    )
    return message_id


def _gone(conn: Connection, result: Result, now: datetime) -> None:
    """410: the subscription is disabled, and what it is owed waits for somebody to decide."""
    subscription_id = conn.execute(
        text("SELECT subscription_id FROM message WHERE id = :id"), {"id": result.message_id}
    ).scalar_one_or_none()
    if subscription_id is None:
        return
    conn.execute(
        text(
            "UPDATE subscription SET status = :status, status_reason = :why, status_at = :at"
            " WHERE id = :id AND (status IN ('active', 'paused') OR (status = 'disabled' AND "
            "status_reason = :long))"
        ),
        {
            "id": subscription_id,
            "long": FAILED_LONG,
            "status": SubscriptionStatus.DISABLED.value,
            "why": GONE,
            "at": to_micros(now),
        },
    )
    park(conn, subscription_id, SubscriptionStatus.DISABLED, now, GONE)
