"""From the ledger to the recorded result: every row of delivery in the budgets, on SQLite and on
PostgreSQL.

Receivers are other processes. Both sides are measured in turn, several times, and the median of the
rounds counts.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from service.bench.bench_urgent import urgent
from service.bench.burst import burst
from service.bench.hanging import hanging
from service.bench.ledger_data import row, sqlite_url
from service.bench.postgresql_server import MISSING, Server, is_postgresql_there, postgresql
from service.bench.receiver import BenchReceiver
from service.bench.rivals import bare_curl, celery
from service.bench.sending import SentBatch, deliver_by, owing, send_all_due
from service.bench.servers import nginx_path, plain_receiver, tls_receiver

_IDEAL_PER_S = 256 / 0.2
_RATE = "webhook fan-out, ledger to recorded result"
_TLS, _TLS_BUDGET = "new TLS connection for every delivery", "<= 1.3 x the CPU of pycurl alone"

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Size:
    endpoints: int
    posts: int
    tasks: int
    rounds: int
    tls: int
    late: int
    turns: int
    subscriptions: int
    urgent_endpoints: int
    bulk: int
    workers: tuple[int, ...]


_FULL = _Size(5_000, 6, 2_000, 5, 2_000, 12_000, 9, 100_000, 3_321, 100_000, (1, 2, 4))
_QUICK = _Size(1_000, 5, 300, 2, 300, 4_000, 3, 3_000, 500, 5_000, ())


def run(quick: bool) -> list[Row]:
    """Every delivery row. A quick run has PostgreSQL for the rate only."""
    size = _QUICK if quick else _FULL
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        folder = Path(name)
        rows, rival = _rates(folder, size)
        rows.append(
            _late(
                "SQLite",
                [sqlite_url(folder, f"late{n}") for n in range(1 + size.rounds // 3)],
                1,
                size,
            )
        )
        rows.append(
            _tls(
                "SQLite",
                folder,
                [sqlite_url(folder, f"tls{n}") for n in range(size.rounds)],
                1,
                size.tls,
            )
        )
        rows += hanging("SQLite", [sqlite_url(folder, f"hang{n}") for n in range(4)], 1, size.turns)
        rows.append(
            burst(
                "SQLite",
                sqlite_url(folder, "burst"),
                sqlite_url(folder, "one"),
                1,
                size.subscriptions,
            )
        )
        rows.append(
            urgent(
                "SQLite",
                sqlite_url(folder, "urgent"),
                sqlite_url(folder, "urgent-alone"),
                1,
                size.urgent_endpoints,
                size.bulk,
            )
        )
        if not is_postgresql_there():
            return [*rows, row("PostgreSQL", {}, None, None, MISSING, False)]
        with postgresql(folder) as server:
            rows += _on_postgresql(folder, server, size, rival)
    return rows


def _on_postgresql(folder: Path, server: Server, size: _Size, rival: Row | None) -> list[Row]:
    rows = _postgresql_rates(folder, server, size, rival)
    rows.append(
        urgent(
            "PostgreSQL",
            server.fresh("urgent"),
            server.fresh("urgent-alone"),
            1,
            size.urgent_endpoints,
            size.bulk,
        )
    )
    for workers in size.workers:
        kind = f"PostgreSQL, workers: {workers}"
        rows.append(_late(kind, [server.fresh(f"late{workers}")], workers, size))
        rows.append(
            _tls(
                kind,
                folder,
                [server.fresh(f"tls{workers}{n}") for n in range(2)],
                workers,
                size.tls,
            )
        )
        rows += hanging(
            kind, [server.fresh(f"hang{workers}{n}") for n in range(4)], workers, size.turns
        )
        if workers == max(size.workers):
            rows.append(
                burst(kind, server.fresh("burst"), server.fresh("one"), workers, size.subscriptions)
            )
    return rows


def _rates(folder: Path, size: _Size) -> tuple[list[Row], Row | None]:
    """SQLite and Celery in turn; and what Celery came to."""
    ours: list[SentBatch] = []
    theirs: list[SentBatch] = []
    with plain_receiver(folder) as port, celery(folder) as worker:
        urls = _urls(port, size.endpoints)
        for number in range(size.rounds):
            url = sqlite_url(folder, f"rate{number}")
            owing(url, urls, size.posts)
            ours.append(send_all_due(url))
            if worker is not None:
                theirs.append(worker.measure(urls, size.tasks))
    rival = _medians(theirs, size.tasks) if theirs else None
    budget = ">= 25 x the rate of Celery with Redis, <= 1/50 of its CPU"
    what = f"{_RATE}, SQLite synchronous=FULL"
    return [
        _rate_row(what, _medians(ours, size.endpoints * size.posts), rival, budget, 25, 50)
    ], rival


def _postgresql_rates(folder: Path, server: Server, size: _Size, rival: Row | None) -> list[Row]:
    """With one, two and four workers in turn. The server's CPU is told apart."""
    sent: dict[int, list[SentBatch]] = {1: [], 2: [], 4: []}
    at_server: dict[int, list[float]] = {1: [], 2: [], 4: []}
    n = size.endpoints * size.posts
    with plain_receiver(folder) as port:
        for number in range(1 + size.rounds // 3):
            for workers in sent:
                url = server.fresh(f"rate{workers}{number}")
                owing(url, _urls(port, size.endpoints), size.posts)
                cpu = server.cpu_s()
                sent[workers].append(deliver_by(url, workers))
                at_server[workers].append((server.cpu_s() - cpu) / n)
    rows = []
    one_per_s = statistics.median(one.per_s for one in sent[1])
    for workers, measured in sent.items():
        ours = _medians(measured, n)
        ours["server_cpu_us"] = round(statistics.median(at_server[workers]) * 1e6, 1)
        ours["times_one_worker"] = round(float(str(ours["per_s"])) / one_per_s, 2)
        budget = ">= 10 x the rate of Celery with Redis" + (
            ", more than one worker" if workers > 1 else ""
        )
        made = _rate_row(f"{_RATE}, PostgreSQL, workers: {workers}", ours, rival, budget, 10, None)
        rows.append(
            {
                **made,
                "met": bool(made["met"])
                and (workers == 1 or float(str(ours["per_s"])) > one_per_s),
            }
        )
    return rows


def _urls(port: int, n: int) -> list[str]:
    """Addresses on fifty hosts."""
    return [f"http://127.0.1.{i % 50 + 1}:{port}/hook/{i}" for i in range(n)]


def _medians(measured: Sequence[SentBatch], n: int) -> Row:
    return {
        "per_s": round(statistics.median(one.per_s for one in measured)),
        "cpu_us": round(statistics.median(one.cpu_s for one in measured) * 1e6, 1),
        "deliveries": n,
        "rounds": len(measured),
    }


def _rate_row(
    what: str, ours: Row, theirs: Row | None, budget: str, faster: float, cheaper: float | None
) -> Row:
    if theirs is None:
        return row(what, ours, None, None, budget, False)
    ratio = float(str(ours["per_s"])) / float(str(theirs["per_s"]))
    cpu_ratio = float(str(theirs["cpu_us"])) / float(str(ours["cpu_us"]))
    is_met = ratio >= faster and (cheaper is None or cpu_ratio >= cheaper)
    return row(
        what, {**ours, "cpu_ratio": f"1/{cpu_ratio:.0f}"}, theirs, round(ratio, 1), budget, is_met
    )


def _late(kind: str, urls: Sequence[str], workers: int, size: _Size) -> Row:
    """A receiver that takes 200 ms for each. From the first claim to the last result, the idle ends
    included."""
    n, sent = size.late * workers, []
    with BenchReceiver(delay_s=0.2) as receiver:
        targets = [f"http://127.0.1.{i % 32 + 1}:{receiver.port}/{i}" for i in range(1_000)]
        for url in urls:
            owing(url, targets, n // len(targets))
            sent.append(
                send_all_due(url)
                if workers == 1 and url.startswith("sqlite")
                else deliver_by(url, workers)
            )
    ours, ideal = _medians(sent, n), _IDEAL_PER_S * workers
    ratio = float(str(ours["per_s"])) / ideal
    flying = f"{256 * workers} in flight"
    return row(f"receiver answers after 200 ms, {flying}, {kind}", ours, {"ideal_per_s": ideal},
    round(ratio, 2),
               ">= 0.85 of the ideal", ratio >= 0.85)  # fmt: skip


def _tls(kind: str, folder: Path, urls: Sequence[str], workers: int, n: int) -> Row:
    """Beside libcurl's multi interface alone, in this process, in turn. CPU of what sends, not of
    PostgreSQL."""
    what = f"{_TLS}, {kind}"
    if nginx_path() is None:
        return row(what, {}, None, None, f"{_TLS_BUDGET}; install nginx", False)
    ours, bare = [], []
    with tls_receiver(folder) as (port, authority):
        targets = [f"https://127.0.1.{i % 50 + 1}:{port}/{i}" for i in range(100)]
        for url in urls:
            owing(url, targets, n // len(targets))
            bare.append(bare_curl(targets, n, concurrency=100, authority=authority))
            is_here = url.startswith("sqlite")
            sent = (
                send_all_due(url, authority=authority)
                if is_here
                else deliver_by(url, workers, authority=authority)
            )
            ours.append(sent.cpu_s)
    measured, theirs = statistics.median(ours) * 1e6, statistics.median(bare) * 1e6
    return row(what, {"cpu_us": round(measured), "deliveries": n, "rounds": len(urls)},
    {"cpu_us": round(theirs)},
               round(measured / theirs, 2), _TLS_BUDGET, measured <= 1.3 * theirs)  # fmt: skip
