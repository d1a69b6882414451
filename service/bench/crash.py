"""Workers killed by SIGKILL at random instants, again and again: nothing may be missing, nothing in vain repeated."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from service.bench.ledger_data import BOX, LINKS, NOW, a_post, row, sqlite_url, store_post, subscribe
from service.bench.receiver import Receiver
from service.bench.sending import is_postgresql_there, postgresql
from service.delivery.run import Deliverer
from service.delivery.webhook import WebhookChannel
from service.settings import Settings, WebhookSettings
from service.storage.changes import continue_fanouts, write_change
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
            return [*rows, row("PostgreSQL", {}, None, None, "pip install 'loa[bench]'", False)]
        with postgresql(Path(name)) as fresh:
            rows.append(_row("PostgreSQL, 2 workers", crash(fresh("crash"), for_s=for_s, workers=2)))
    return rows


def _row(kind: str, found: dict[str, int]) -> dict[str, object]:
    is_met = found["missing"] == 0 and found["repeated"] <= found["bound"]
    return row(f"{kind}: workers killed by SIGKILL", dict(found), {"expected": found["owed"]}, None,
               "missing 0, repeated <= in flight at the kills", is_met)  # fmt: skip


def crash(url: str, *, for_s: float, workers: int, endpoints: int = 40, per_s: int = 100) -> dict[str, int]:
    """Owes messages, kills workers at random until the time is up, lets one finish; what arrived how often."""
    database = open_database(url)
    owed = int(for_s * per_s) // endpoints + 1
    with Receiver() as receiver:
        with database.writing() as conn:
            subscribe(conn, [f"http://127.0.1.{i + 1}:{receiver.port}/{i}" for i in range(endpoints)])
        for n in range(owed):
            with database.writing() as conn:
                post = a_post(n, 200)
                write_change(conn, post=post, type=ChangeType.PUBLISHED, at=NOW, payload=store_post(conn, post))
        continue_fanouts(database, NOW)
        with database.reading() as conn:
            ids = set(conn.execute(text("SELECT id FROM message")).scalars())
        database.close()
        kills = _kill_until(url, time.monotonic() + for_s * 0.6, workers)
        last = [_start(url) for _ in range(workers)]
        deadline = time.monotonic() + max(for_s, 15.0)
        while time.monotonic() < deadline and {one[0] for one in receiver.seen()} < ids:
            time.sleep(0.05)
        for process in last:
            os.kill(process.pid or 0, signal.SIGKILL)
            process.join()
        times = Counter(one[0] for one in receiver.seen())
    return {
        "owed": len(ids),
        "missing": len(ids - set(times)),
        "repeated": sum(times.values()) - len(times),
        "strangers": len(set(times) - ids),
        "kills": kills,
        "bound": kills * _WEBHOOKS.concurrency,
    }


def _kill_until(url: str, until: float, workers: int) -> int:
    kills = 0
    running = [_start(url) for _ in range(workers)]
    while time.monotonic() < until:
        time.sleep(random.uniform(0.05, 0.5))  # noqa: S311 — an instant, not a secret
        place = random.randrange(workers)  # noqa: S311 — likewise
        os.kill(running[place].pid or 0, signal.SIGKILL)
        running[place].join()
        running[place] = _start(url)
        kills += 1
    for process in running:
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
    return kills + len(running)


def _start(url: str) -> multiprocessing.context.ForkProcess:
    process = multiprocessing.get_context("fork").Process(target=_work, args=(url,), daemon=True)
    process.start()
    return process


def _work(url: str) -> None:
    database = open_database(url)

    def clock() -> datetime:
        return datetime.now(UTC)

    settings = Settings(webhooks=_WEBHOOKS)
    channel = WebhookChannel(_WEBHOOKS, LINKS, BOX, clock)
    Deliverer(database, settings, clock, [channel]).run(threading.Event())
