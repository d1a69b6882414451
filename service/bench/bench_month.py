"""`loa bench month`: thirty days of a busy office in one go: does the last week cost what an early
one did?

Every day has its posts, fan-outs, claims, results and retention; nothing is sent over a network.
The days are told by a clock of their own. The baseline is the second week of the same run, the
first in which something is forgotten.
"""

from __future__ import annotations

import resource
import statistics
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from service.bench.ledger_data import NOW, a_post, store_post, subscribe
from service.services.publish import write_change
from service.storage.engine import Database, open_database, sqlite_path
from service.storage.queue import claim_due, continue_fanouts, record_results
from service.storage.retention import forget_done
from service.types import WEBHOOK, ChangeType, Result, State

DAYS = 30
WEEK = 7
KEPT = timedelta(days=WEEK)
SUBSCRIPTIONS = 100


def run(quick: bool) -> list[dict[str, object]]:
    """100 subscriptions and 200 posts a day (20 when quick), done rows kept for a week."""
    posts_a_day = 20 if quick else 200
    with tempfile.TemporaryDirectory(prefix="loa-month-") as folder:
        database = open_database(f"sqlite:///{folder}/month.db")
        with database.writing() as conn:
            subscribe(conn, [f"http://127.0.{i % 50 + 1}.1/{i}" for i in range(SUBSCRIPTIONS)])
        days = [_day(database, day, posts_a_day) for day in range(DAYS)]
        file = sqlite_path(database.url)
        database.close()
        size_mb = _size_mb(file) if file else 0.0
    early, last = statistics.median(days[WEEK + 1 : 2 * WEEK + 1]), statistics.median(days[-WEEK:])
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        {
            "what": f"a month of {posts_a_day} posts a day to {SUBSCRIPTIONS} subscriptions, "
            "SQLite, a delivery",
            "ours": {
                "last_week_us": round(last),
                "file_mb": round(size_mb, 1),
                "peak_mb": round(peak_mb),
            },
            "baseline": {"second_week_us": round(early)},
            "ratio": round(last / early, 2),
            "budget": "<= 1.5 x the second week",
            "met": last / early <= 1.5,
        }
    ]


def _day(database: Database, day: int, posts: int) -> float:
    """CPU microseconds a delivery, from the post's transaction to the recorded result and the day's
    retention."""
    at = NOW + timedelta(days=day)
    began = time.process_time()
    for n in range(posts):
        post = a_post(day * posts + n)
        with database.writing() as conn:
            payload = store_post(conn, post)
            write_change(conn, post=post, type=ChangeType.PUBLISHED, at=at, payload=payload)
        continue_fanouts(database, at)
        _send_all(database, at)
    forget_done(database, at - KEPT)
    return (time.process_time() - began) * 1e6 / (posts * SUBSCRIPTIONS)


def _send_all(database: Database, at: datetime) -> None:
    while True:
        with database.writing() as conn:
            claimed = claim_due(conn, channel=WEBHOOK, now=at, limit=100, lease_s=30)
        if not claimed:
            return
        results = [
            Result(one.message_id, one.lease_token, State.SENT, 200, "", at, 0.01)
            for one in claimed
        ]
        with database.writing() as conn:
            record_results(conn, results, at)


def _size_mb(file: Path) -> float:
    return file.stat().st_size / 1e6
