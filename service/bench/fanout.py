"""From the ledger to the recorded result: rate and CPU a delivery, beside Celery with Redis; and who waits for whom.

Celery's side is not measured here: its row says that the baseline is missing.
"""

from __future__ import annotations

import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from service.bench.ledger_data import BOX, LINKS, NOW, a_post, row, sqlite_url, store_post, subscribe
from service.bench.receiver import Receiver
from service.delivery.run import Counts, Deliverer
from service.delivery.webhook import WebhookChannel
from service.settings import Settings, WebhookSettings
from service.storage.changes import continue_fanouts, write_change
from service.storage.engine import Database, open_database
from service.types import ChangeType

_NGINX = """worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 10000000; keepalive_timeout 600; client_body_temp_path {folder};
 proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
 server {{ listen 0.0.0.0:{port} backlog=4096; location / {{ return 204; }} }} }}"""


def run(quick: bool) -> list[dict[str, object]]:
    """The rows of the budgets that this machine can measure."""
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        folder = Path(name)
        return [
            _rate(folder, 6_000 if quick else 60_000),
            _latency(folder, 1_500 if quick else 6_000),
            _hanging(folder, "1 of 20 endpoints hangs", 20, 1, quick, is_one_host=False),
            _hanging(folder, "40 of 166 endpoints hang, all on one host", 166, 40, quick, is_one_host=True),
        ]


def _rate(folder: Path, n: int) -> dict[str, object]:
    rates, cpus = [], []
    with _keep_alive_receiver(folder) as port:
        for round_number in range(3):
            database = _owing(folder, f"rate{round_number}", [f"http://127.0.{i // 250 + 1}.{i % 250 + 1}:{port}/hook"
                              for i in range(500)], n // 500)  # fmt: skip
            counts, took_s, cpu_s = _deliver(database)
            database.close()
            rates.append(counts.sent / took_s)
            cpus.append(cpu_s / max(counts.sent, 1) * 1e6)
    ours: dict[str, object] = {
        "per_s": round(statistics.median(rates)), "cpu_us": round(statistics.median(cpus), 1), "deliveries": n,
    }  # fmt: skip
    budget = ">= 25 x the rate, <= 1/50 of the CPU of Celery with Redis"
    return row("webhook fan-out, SQLite synchronous=FULL", ours, None, None, budget, False)


def _latency(folder: Path, n: int) -> dict[str, object]:
    with Receiver(delay_s=0.2) as receiver:
        urls = [f"http://127.0.1.{i % 250 + 1}:{receiver.port}/{i}" for i in range(250)]
        database = _owing(folder, "latency", urls, max(1, n // 250))
        counts, took_s, _ = _deliver(database)
        database.close()
    rate, ideal = counts.sent / took_s, 256 / 0.2
    return row("receiver answers after 200 ms, 256 in flight", {"per_s": round(rate)}, {"ideal_per_s": ideal},
               round(rate / ideal, 2), ">= 0.85 of the ideal", rate >= 0.85 * ideal)  # fmt: skip


def _hanging(folder: Path, what: str, n: int, hanging: int, quick: bool, *, is_one_host: bool) -> dict[str, object]:
    """Interleaved: without and with those that hang; p95 of when the others were reached."""
    p95: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 if quick else 5):
        for is_hanging in (False, True):
            p95[is_hanging].append(
                _p95(folder, f"{n}-{hanging}-{number}-{is_hanging}", n, hanging, is_hanging, is_one_host)
            )
    without, with_ = statistics.median(p95[False]), statistics.median(p95[True])
    ratio = with_ / without
    return row(what, {"p95_ms": round(with_ * 1000, 1)}, {"p95_ms": round(without * 1000, 1)}, round(ratio, 2),
               "<= 1.10 x", ratio <= 1.10)  # fmt: skip


def _p95(folder: Path, name: str, n: int, hanging: int, is_hanging: bool, is_one_host: bool) -> float:
    with Receiver() as receiver:
        urls = []
        for i in range(n):
            is_bad = i < hanging
            host = "127.0.9.9" if is_one_host and is_bad else f"127.0.1.{i + 1}"
            urls.append(
                f"http://{host}:{receiver.port}/{'hang' if is_bad and is_hanging else 'hook'}{'/bad' if is_bad else ''}/{i}"
            )
        database = _owing(folder, name, urls, 10)
        began = time.monotonic()
        stop = threading.Event()
        thread = threading.Thread(target=_deliver, args=(database,), kwargs={"timeout_s": 1.0, "stop": stop})
        thread.start()
        good: list[float] = []
        while len(good) < 10 * (n - hanging) and time.monotonic() < began + 20:
            time.sleep(0.02)
            good = sorted(at - began for _, at, path in receiver.seen() if "/bad" not in path)
        stop.set()
        thread.join()
        database.close()
    return good[int(len(good) * 0.95)]


def _owing(folder: Path, name: str, urls: list[str], posts: int) -> Database:
    database = open_database(sqlite_url(folder, name))
    with database.writing() as conn:
        subscribe(conn, urls)
        conn.execute(text("UPDATE subscription SET headers = '{}'"))
    for n in range(posts):
        with database.writing() as conn:
            post = a_post(n)
            write_change(conn, post=post, type=ChangeType.PUBLISHED, at=NOW, payload=store_post(conn, post))
    continue_fanouts(database, NOW)
    return database


def _deliver(
    database: Database, *, timeout_s: float = 15.0, stop: threading.Event | None = None
) -> tuple[Counts, float, float]:
    """Counts, wall-clock seconds and CPU seconds of sending all that is due."""
    webhooks = WebhookSettings(allow_private_networks=True, timeout_s=timeout_s)

    def clock() -> datetime:
        return datetime.now(UTC)

    deliverer = Deliverer(
        database, Settings(webhooks=webhooks), LINKS, BOX, clock, [WebhookChannel(webhooks, LINKS, BOX, clock)]
    )
    began, cpu = time.perf_counter(), time.process_time()
    counts = deliverer.deliver_due(stop)
    return counts, time.perf_counter() - began, time.process_time() - cpu


@contextmanager
def _keep_alive_receiver(folder: Path) -> Iterator[int]:
    """nginx where it is installed, else our own; gives the port."""
    nginx = shutil.which("nginx")
    if nginx is None:
        with Receiver() as receiver:
            yield receiver.port
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, port=port))
    process = subprocess.Popen([nginx, "-c", str(config), "-p", str(folder)], stderr=subprocess.DEVNULL)  # noqa: S603 — found above
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
