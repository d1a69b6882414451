"""An urgent change beside very many due bulk messages, at the same endpoints: when its first is
claimed and its last has arrived. Beside the same change with nothing else to do."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from sqlalchemy import text

from service.bench.ledger_data import NUMBERS, a_post, row, store_post, subscribe
from service.bench.receiver import BenchReceiver
from service.bench.sending import delivering
from service.services.publish import write_change
from service.storage.engine import Database, open_database
from service.storage.queue import continue_fanouts, refresh
from service.types import ChangeType

FIRST_WITHIN_S, LAST_WITHIN_S, _TIMES_ALONE = 0.2, 10.0, 1.2
GIVE_UP_S = 120.0
_BULK = "bulk-1"
_URGENT = ("normal",)
"""The bench's posts say nothing of urgency; whatever they say is urgent here."""


def urgent(
    kind: str, url: str, url_alone: str, workers: int, endpoints: int, bulk: int
) -> dict[str, object]:
    """By webhooks. The first claim counts from when the change is written, the rest from before
    that until receivers have got it."""
    alone = _measure(url_alone, workers, endpoints, 0)
    ours = _measure(url, workers, endpoints, bulk)
    is_met = (
        ours["arrived"] == endpoints
        and ours["first_claimed_s"] <= FIRST_WITHIN_S
        and ours["last_p99_s"] <= LAST_WITHIN_S
    )
    return row(
        f"an urgent change beside {bulk:,} due bulk messages, {endpoints:,} endpoints, {kind}",
        dict(ours), dict(alone), round(ours["last_p99_s"] / alone["last_p99_s"], 2),
        f"first claimed <= {FIRST_WITHIN_S:g} s, last p99 <= {LAST_WITHIN_S:g} s,"
        f" <= {_TIMES_ALONE:g} x without the bulk",
        is_met,
    )  # fmt: skip


def _measure(url: str, workers: int, endpoints: int, bulk: int) -> dict[str, float]:
    database = open_database(url)
    with BenchReceiver() as receiver:
        targets = [f"http://127.0.1.{i % 50 + 1}:{receiver.port}/{i}" for i in range(endpoints)]
        with database.writing() as conn:
            subscribe(conn, targets)
        if bulk:
            _fill(database, bulk)
        with delivering(url, workers) as _running:
            time.sleep(1.0)  # by now bulk messages go out as fast as they can
            began = time.monotonic()
            urge(database, 2)
            written = time.monotonic()
            claimed_s = claimed_after(database, written)
            continue_fanouts(database, datetime.now(UTC))
            ids = set(_message_ids(database))
            while time.monotonic() < began + GIVE_UP_S:
                if sum(one in ids for one, _, _ in receiver.seen()) >= endpoints:
                    break
                time.sleep(0.02)
        arrived = sorted(at - began for one, at, _ in receiver.seen() if one in ids)
    database.close()
    return {
        "written_s": round(written - began, 3),
        "first_claimed_s": round(claimed_s, 3),
        "first_s": round(arrived[0], 3) if arrived else GIVE_UP_S,
        "last_p99_s": round(arrived[len(arrived) * 99 // 100], 2) if arrived else GIVE_UP_S,
        "arrived": len(arrived),
    }


def urge(database: Database, n: int) -> None:
    """Publishes an urgent change."""
    now = datetime.now(UTC)
    with database.writing() as conn:
        post = a_post(n)
        write_change(
            conn, post=post, type=ChangeType.PUBLISHED, at=now, payload=store_post(conn, post),
            urgent=_URGENT,
        )  # fmt: skip


def claimed_after(database: Database, began: float) -> float:
    """Seconds until an urgent message is leased or sent."""
    query = text(
        "SELECT 1 FROM change c JOIN delivery d ON d.change_id = c.id"
        " JOIN message m ON m.id = d.message_id WHERE c.urgent IS NOT NULL"
        " AND (m.state <> 'due' OR EXISTS (SELECT 1 FROM lease t WHERE t.message_id = m.id))"
        " LIMIT 1"
    )
    while time.monotonic() < began + GIVE_UP_S:
        with database.reading() as conn:
            if conn.execute(query).first() is not None:
                break
        time.sleep(0.002)
    return time.monotonic() - began


def _message_ids(database: Database) -> list[str]:
    query = text(
        "SELECT m.id FROM change c JOIN delivery d ON d.change_id = c.id"
        " JOIN message m ON m.id = d.message_id WHERE c.urgent IS NOT NULL"
    )
    with database.reading() as conn:
        return list(conn.execute(query).scalars())


def _fill(database: Database, n: int) -> None:
    """So many due messages over all endpoints, as a change of long ago left them."""
    with database.writing() as conn:
        post = a_post(1)
        write_change(
            conn, post=post, type=ChangeType.PUBLISHED, at=datetime(2026, 1, 2, tzinfo=UTC),
            payload=store_post(conn, post), silenced="baseline",
        )  # fmt: skip
        conn.execute(
            text(
                NUMBERS + "INSERT INTO message(id, change_id, subscription_id, channel,"
                " endpoint_key, group_key, state, due_at, created_at)"
                " SELECT loa_uuid7(), (SELECT id FROM change), s.id, 'webhook', s.endpoint_key,"
                " 'b:' || i || ':' || s.id, 'due', 1, 1 FROM r, subscription s LIMIT :total"
            ),
            {"n": -(-n // _count(database)), "total": n},
        )
        keys = list(conn.execute(text("SELECT key FROM endpoint")).scalars())
        refresh(conn, keys)


def _count(database: Database) -> int:
    with database.reading() as conn:
        return int(conn.execute(text("SELECT count(*) FROM subscription")).scalar_one())
