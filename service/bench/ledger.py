"""How long a claim takes, whatever lies in the tables; and the fan-out beside a bare INSERT … SELECT."""

from __future__ import annotations

import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from service.bench.ledger_data import NOW, NUMBERS, a_post, fill_messages, row, sqlite_url, store_post, subscribe
from service.bench.sending import is_postgresql_there, postgresql
from service.storage.changes import continue_fanouts, write_change
from service.storage.engine import Database, open_database
from service.storage.ledger import claim_due, record_results
from service.types import ChangeType, Channel, Result, State

_CLAIMS = 30


def run(quick: bool) -> list[dict[str, object]]:
    """Every ledger row of the budgets on SQLite, and on PostgreSQL where its server is installed."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        folder = Path(name)
        rows += _rows("SQLite", lambda n: open_database(sqlite_url(folder, n)), quick, 5.0)
        rows += _postgresql(folder, quick)
    return rows


def _postgresql(folder: Path, quick: bool) -> list[dict[str, object]]:
    if not is_postgresql_there():
        return [row("PostgreSQL", {}, None, None, "pip install 'loa[bench]'", False)]
    with postgresql(folder) as fresh:
        return _rows("PostgreSQL", lambda name: open_database(fresh(name)), quick, 10.0)


def _rows(kind: str, fresh: Callable[[str], Database], quick: bool, most_ms: float) -> list[dict[str, object]]:
    small = _claim_ms(fresh("small"), due=10_000, done=0, endpoints=5_000)
    million, many = (100_000, 20_000) if quick else (1_000_000, 100_000)
    cases = {
        f"claim of 100 with {million:,} rows done": (10_000, million, 5_000),
        f"claim of 100 with {many:,} due": (many, 0, 10_000),
        f"claim of 100 with {many // 2:,} due behind one endpoint": (10_000, -many // 2, 5_000),
    }
    rows = []
    for number, (what, (due, done, endpoints)) in enumerate(cases.items()):
        ours = _claim_ms(fresh(f"case{number}"), due=due, done=done, endpoints=endpoints)
        ratio = ours / small
        rows.append(
            row(f"{kind}: {what}", {"median_ms": round(ours, 2)}, {"median_ms": round(small, 2), "rows": 10_000},
                round(ratio, 2), f"<= 1.5 x, <= {most_ms:g} ms", ratio <= 1.5 and ours <= most_ms)
        )  # fmt: skip
    rows.append(_fan_out(kind, fresh("fanout"), 20_000 if quick else 100_000))
    return rows


def _claim_ms(database: Database, *, due: int, done: int, endpoints: int) -> float:
    if done < 0:
        fill_messages(database, -done, state="due", n_endpoints=1, first=10_000_000)
    elif done:
        fill_messages(database, done, state="sent", n_endpoints=endpoints, first=10_000_000)
    fill_messages(database, due, state="due", n_endpoints=endpoints)
    took: list[float] = []
    for _ in range(_CLAIMS):
        with database.writing() as conn:
            began = time.perf_counter()
            claimed = claim_due(conn, channel=Channel.WEBHOOK, now=NOW, limit=100, lease_s=30)
            took.append(time.perf_counter() - began)
        results = [Result(c.message_id, c.lease_token, State.SENT, 200, "", NOW, 0.01) for c in claimed]
        with database.writing() as conn:
            record_results(conn, results, NOW)
    database.close()
    return statistics.median(took) * 1000


def _fan_out(kind: str, database: Database, n: int) -> dict[str, object]:
    """Beside INSERT … SELECT of the same rows into the same tables, all in one transaction."""
    with database.writing() as conn:
        subscribe(conn, [f"http://127.0.{i % 50 + 1}.1/{i}" for i in range(1_000)])
        conn.execute(text(_MANY), {"n": n // 1_000 - 1})
        bare_post, post = a_post(0), a_post(1)
        store_post(conn, bare_post)
        payload = store_post(conn, post)
        conn.execute(text(_BARE_CHANGE), {"post": bare_post.id})
    began = time.perf_counter()
    with database.writing() as conn:
        conn.execute(text(_BARE_DELIVERIES))
        conn.execute(text(_BARE_MESSAGES))
    bare = time.perf_counter() - began
    began, cpu = time.perf_counter(), time.process_time()
    with database.writing() as conn:
        write_change(conn, post=post, type=ChangeType.PUBLISHED, at=NOW, payload=payload)
    first_s = time.perf_counter() - began
    continue_fanouts(database, NOW)
    ours, cpu = time.perf_counter() - began, time.process_time() - cpu
    database.close()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return row(f"{kind}: fan-out of one post to {n:,} subscriptions",
               {"s": round(ours, 3), "cpu_s": round(cpu, 3), "first_chunk_s": round(first_s, 4),
                "peak_mb": round(peak_mb)},
               {"s": round(bare, 3)}, round(ours / bare, 2), "<= 3 x INSERT … SELECT alone",
               ours / bare <= 3)  # fmt: skip


_MANY = (
    NUMBERS
    + "INSERT INTO subscription(id, channel, target, target_key, endpoint_key, filter_id, frequency,"  # constants
    " name, status, status_at, secret, created_at) SELECT loa_uuid7(), s.channel, s.target, s.target_key,"
    " s.endpoint_key, s.filter_id, s.frequency, s.name, s.status, s.status_at, s.secret, s.created_at"
    " FROM subscription s, r"
)
_BARE_CHANGE = """INSERT INTO change(id, post_id, revision, type, at, payload, what, fanned_out_at)
    VALUES ('bare', :post, 1, 'post.published', 0, '{}', '[]', 1)"""
_BARE_DELIVERIES = """INSERT INTO delivery(id, change_id, subscription_id, message_id, state, created_at)
    SELECT loa_uuid7(), 'bare', id, loa_uuid7(), 'due', 0 FROM subscription"""
_BARE_MESSAGES = """INSERT INTO message(id, change_id, subscription_id, channel, endpoint_key, group_key, state,
    due_at, created_at)
    SELECT d.message_id, d.change_id, d.subscription_id, 'webhook', s.endpoint_key, 'hook:bare:' || s.id,
    'due', 0, 0 FROM subscription s JOIN delivery d ON d.change_id = 'bare' AND d.subscription_id = s.id"""
