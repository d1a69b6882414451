"""Workers killed by SIGKILL at random instants, again and again: nothing may be missing, nothing in
vain repeated."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from service.bench.ledger_data import (
    BOX,
    LINKS,
    a_post,
    row,
    sqlite_url,
    store_post,
    subscribe,
)
from service.bench.postgresql_server import MISSING, is_postgresql_there, postgresql
from service.bench.receiver import BenchReceiver
from service.delivery.deliverer import Deliverer
from service.delivery.webhook import WebhookChannel
from service.services.publish import write_change
from service.settings import Settings, WebhookSettings
from service.storage.engine import open_database
from service.types import ChangeType

_WEBHOOKS = WebhookSettings(allow_private_networks=True, lease_s=2.0, timeout_s=1.5, concurrency=64)


def run(quick: bool, minutes: float = 0.0) -> list[dict[str, object]]:
    """Both databases; `minutes` each, or a few seconds."""
    for_s = minutes * 60 or (6.0 if quick else 20.0)
    rows = []
    with tempfile.TemporaryDirectory(prefix="loa-crash-") as name:
        rows.append(_row("SQLite", crash(sqlite_url(Path(name), "crash"), for_s=for_s, workers=1)))
        if not is_postgresql_there():
            return [*rows, row("PostgreSQL", {}, None, None, MISSING, False)]
        with postgresql(Path(name)) as server:
            rows.append(
                _row("PostgreSQL, 2 workers", crash(server.fresh("crash"), for_s=for_s, workers=2))
            )
    return rows


def _row(kind: str, found: dict[str, int]) -> dict[str, object]:
    is_met = found["missing"] == 0 and found["repeated"] <= found["bound"]
    return row(f"{kind}: workers killed by SIGKILL", dict(found), {"expected": found["owed"]}, None,
               "missing 0, repeated <= in flight at the kills", is_met)  # fmt: skip


def crash(
    url: str, *, for_s: float, workers: int, endpoints: int = 40, per_s: int = 200
) -> dict[str, int]:
    """Publishes and kills workers at random for most of the time, lets the last ones finish; what
    arrived."""
    posts, kill_for_s = int(for_s * per_s) // endpoints + 1, for_s * 0.6
    with BenchReceiver() as receiver:
        database = open_database(url)
        with database.writing() as conn:
            subscribe(
                conn, [f"http://127.0.1.{i + 1}:{receiver.port}/{i}" for i in range(endpoints)]
            )
        database.close()  # no connection may be carried over a fork
        publisher = _fork(_publish, url, posts, kill_for_s / posts)
        kills = _kill_until(url, time.monotonic() + kill_for_s, workers, receiver)
        publisher.join()
        last = [_fork(_work, url) for _ in range(workers)]
        ids = _ids(url)
        deadline = time.monotonic() + max(for_s, 15.0)
        while time.monotonic() < deadline and {one[0] for one in receiver.seen()} < ids:
            time.sleep(0.05)
        for process in last:
            _kill(process)
        times = Counter(one[0] for one in receiver.seen())
    return {
        "owed": len(ids),
        "missing": len(ids - set(times)),
        "repeated": sum(times.values()) - len(times),
        "strangers": len(set(times) - ids),
        "kills": kills,
        "bound": kills * _WEBHOOKS.concurrency,
    }


def _ids(url: str) -> set[str]:
    database = open_database(url)
    with database.reading() as conn:
        ids = set(conn.execute(text("SELECT id FROM message")).scalars())
    database.close()
    return ids


def _publish(url: str, posts: int, every_s: float) -> None:
    database = open_database(url)
    for n in range(posts):
        with database.writing() as conn:
            post = a_post(n, 200)
            at = datetime.now(UTC)
            write_change(
                conn, post=post, type=ChangeType.PUBLISHED, at=at, payload=store_post(conn, post)
            )
        time.sleep(every_s)
    database.close()


def _kill_until(url: str, until: float, workers: int, receiver: BenchReceiver) -> int:
    kills = 0
    running = [_fork(_work, url) for _ in range(workers)]
    while time.monotonic() < until:
        time.sleep(random.uniform(0.05, 0.5))  # noqa: S311 — an instant, not a secret
        receiver.seen()  # or its pipe fills, and nothing is answered
        place = random.randrange(workers)  # noqa: S311 — likewise
        _kill(running[place])
        running[place] = _fork(_work, url)
        kills += 1
    for process in running:
        _kill(process)
    return kills + len(running)


def _kill(process: multiprocessing.context.ForkProcess) -> None:
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()


def _fork(work: Callable[..., None], *arguments: object) -> multiprocessing.context.ForkProcess:
    process = multiprocessing.get_context("fork").Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def _work(url: str) -> None:
    database = open_database(url)

    def clock() -> datetime:
        return datetime.now(UTC)

    settings = Settings(webhooks=_WEBHOOKS)
    channel = WebhookChannel(_WEBHOOKS, LINKS, BOX, clock)
    Deliverer(database, settings, clock, [channel]).run(threading.Event())
