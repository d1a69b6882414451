"""How long a claim takes, whatever lies in the tables; and the fan-out beside a bare INSERT …
SELECT."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import text

from service.bench.ledger_data import (
    NOW,
    NUMBERS,
    a_post,
    fill_messages,
    row,
    sqlite_url,
    store_post,
    subscribe,
)
from service.bench.postgresql_server import MISSING, is_postgresql_there, postgresql
from service.services.publish import write_change
from service.storage.engine import Database, open_database
from service.storage.queue import claim_due, continue_fanouts, record_results
from service.types import WEBHOOK, ChangeType, Result, State

_CLAIMS = 40
_SMALL = 10_000

Row = dict[str, object]


def run(quick: bool) -> list[Row]:
    """Every ledger row of the budgets on SQLite, and on PostgreSQL where its server is
    installed."""
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        folder = Path(name)
        rows = _rows(
            "SQLite", lambda n: open_database(sqlite_url(folder, n)), time.process_time, quick, 5.0
        )
        if not is_postgresql_there():
            return [*rows, row("PostgreSQL", {}, None, None, MISSING, False)]
        with postgresql(folder) as server:

            def cpu_s() -> float:
                return server.cpu_s() + time.process_time()

            return rows + _rows(
                "PostgreSQL", lambda n: open_database(server.fresh(n)), cpu_s, quick, 10.0
            )


def _rows(
    kind: str,
    fresh: Callable[[str], Database],
    cpu_s: Callable[[], float],
    quick: bool,
    most_ms: float,
) -> list[Row]:
    million, many, subscribers = (
        (100_000, 20_000, 20_000) if quick else (1_000_000, 100_000, 100_000)
    )
    cases = {
        f"claim of 100 with {million:,} rows done": (_SMALL, million, 5_000),
        f"claim of 100 with {many:,} due": (many, 0, 10_000),
        f"claim of 100 with {many // 2:,} due behind one endpoint": (_SMALL, -many // 2, 5_000),
    }
    rows = []
    for number, (what, (due, done, endpoints)) in enumerate(cases.items()):
        case, small = fresh(f"case{number}"), fresh(f"small{number}")
        _fill(case, due, done, endpoints)
        _fill(small, _SMALL, 0, 5_000)
        ours, baseline = _claims_ms(case, small)
        ratio = ours / baseline
        rows.append(
            row(f"{kind}: {what}", {"median_ms": round(ours, 2)},
            {"median_ms": round(baseline, 2), "rows": _SMALL},
                round(ratio, 2), f"<= 1.5 x, <= {most_ms:g} ms", ratio <= 1.5 and ours <= most_ms)
        )  # fmt: skip
    for endpoints in (1_000, subscribers):
        rows.append(
            _fan_out(
                kind, fresh(f"fanout{endpoints}"), cpu_s, subscribers, endpoints, 2 if quick else 3
            )
        )
    return rows


def _fill(database: Database, due: int, done: int, endpoints: int) -> None:
    """`done` below zero: so many are due behind one endpoint."""
    if done < 0:
        fill_messages(database, -done, state="due", n_endpoints=1, first=10_000_000)
    elif done:
        fill_messages(database, done, state="sent", n_endpoints=endpoints, first=10_000_000)
    fill_messages(database, due, state="due", n_endpoints=endpoints)


def _claims_ms(*databases: Database) -> list[float]:
    """Median milliseconds of a claim of 100 in each, in turn; what was claimed is recorded as
    sent."""
    took: list[list[float]] = [[] for _ in databases]
    for _ in range(_CLAIMS):
        for database, times in zip(databases, took, strict=True):
            with database.writing() as conn:
                began = time.perf_counter()
                claimed = claim_due(conn, channel=WEBHOOK, now=NOW, limit=100, lease_s=30)
                times.append(time.perf_counter() - began)
            results = [
                Result(c.message_id, c.lease_token, State.SENT, 200, "", NOW, 0.01) for c in claimed
            ]
            with database.writing() as conn:
                record_results(conn, results, NOW)
    for database in databases:
        database.close()
    return [statistics.median(times) * 1000 for times in took]


def _fan_out(
    kind: str, database: Database, cpu_s: Callable[[], float], n: int, endpoints: int, rounds: int
) -> Row:
    """Beside INSERT … SELECT of the same rows into the same tables, all in one transaction; in
    turn, by CPU time."""
    with database.writing() as conn:
        subscribe(conn, [f"http://127.0.{i % 50 + 1}.1/{i}" for i in range(endpoints)])
        if n > endpoints:
            conn.execute(text(_MANY), {"n": n // endpoints - 1})
    bare: list[tuple[float, float]] = []
    ours: list[tuple[float, float]] = []
    for number in range(rounds):
        bare.append(_timed(partial(_bare, database, number), cpu_s))
        ours.append(_timed(partial(_publish, database, 1_000 + number), cpu_s))
    database.close()
    wall, ratio = (
        round(
            statistics.median(mine[i] / theirs[i] for mine, theirs in zip(ours, bare, strict=True)),
            2,
        )
        for i in range(2)
    )
    return row(f"{kind}: fan-out of one post to {n:,} subscriptions at {endpoints:,} endpoints",
               {**_medians(ours), "wall_ratio": wall}, _medians(bare), ratio,
               "<= 3 x the CPU of INSERT … SELECT alone", ratio <= 3)  # fmt: skip


def _timed(work: Callable[[], None], cpu_s: Callable[[], float]) -> tuple[float, float]:
    began, cpu = time.perf_counter(), cpu_s()
    work()
    return time.perf_counter() - began, cpu_s() - cpu


def _medians(measured: list[tuple[float, float]]) -> Row:
    wall, cpu = zip(*measured, strict=True)
    return {
        "s": round(statistics.median(wall), 3),
        "cpu_s": round(statistics.median(cpu), 3),
        "rounds": len(measured),
    }


def _bare(database: Database, number: int) -> None:
    with database.writing() as conn:
        post = a_post(number)
        store_post(conn, post)
        values = {"change": f"bare-{number}", "post": post.id}
        for statement in (_BARE_CHANGE, _BARE_DELIVERIES, _BARE_MESSAGES):
            conn.execute(text(statement), values)


def _publish(database: Database, number: int) -> None:
    with database.writing() as conn:
        post = a_post(number)
        write_change(
            conn, post=post, type=ChangeType.PUBLISHED, at=NOW, payload=store_post(conn, post)
        )
    continue_fanouts(database, NOW)


_MANY = (
    NUMBERS
    # constants
    + "INSERT INTO subscription(id, channel, target, target_key, endpoint_key, filter_id, "
    "frequency,"
    " name, status, status_at, secret, created_at) SELECT loa_uuid7(), s.channel, s.target, "
    "s.target_key,"
    " s.endpoint_key, s.filter_id, s.frequency, s.name, s.status, s.status_at, s.secret, "
    "s.created_at"
    " FROM subscription s, r"
)
_BARE_CHANGE = """INSERT INTO change(id, post_id, revision, type, at, payload, what, fanned_out_at)
    VALUES (:change, :post, 1, 'post.published', 0, '{}', '[]', 1)"""
_BARE_DELIVERIES = """INSERT INTO delivery(id, change_id, subscription_id, message_id, state,
    created_at)
    SELECT loa_uuid7(), :change, id, loa_uuid7(), 'due', 0 FROM subscription"""
_BARE_MESSAGES = """INSERT INTO message(id, change_id, subscription_id, channel, endpoint_key,
    group_key, state,
    due_at, created_at) SELECT d.message_id, d.change_id, d.subscription_id, 'webhook',
    s.endpoint_key,
    'hook:' || d.change_id || ':' || s.id, 'due', 0, 0
    FROM subscription s JOIN delivery d ON d.change_id = :change AND d.subscription_id = s.id"""
