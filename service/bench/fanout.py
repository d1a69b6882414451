"""From the ledger to the recorded result: rate and CPU a delivery, beside Celery with Redis; and who waits for whom.

Receivers are other processes. Sides are measured in turn, and the median of the rounds counts.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from service.bench.ledger_data import row
from service.bench.receiver import Receiver
from service.bench.rivals import bare_curl, celery
from service.bench.sending import deliver, deliver_by, is_postgresql_there, owing, postgresql
from service.bench.servers import nginx_path, plain_receiver, tls_receiver

_RATE = "webhook fan-out, ledger to recorded result"


def run(quick: bool) -> list[dict[str, object]]:
    """Every delivery row of the budgets that this machine can measure."""
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        folder = Path(name)
        return [
            *_rates(folder, quick),
            _latency(folder, 5_000 if quick else 20_000),
            _tls(folder, 600 if quick else 3_000, 2 if quick else 5),
            _hanging(folder, "1 of 20 endpoints hangs", 20, 1, quick, is_one_host=False),
            _hanging(folder, "40 of 166 endpoints hang, all on one host", 166, 40, quick, is_one_host=True),
        ]


def _rates(folder: Path, quick: bool) -> list[dict[str, object]]:
    """SQLite and Celery in turn; then PostgreSQL with one, two and four workers."""
    endpoints, posts, theirs, rounds = (1_000, 8, 400, 2) if quick else (5_000, 12, 2_000, 5)
    ours: list[tuple[float, float]] = []
    rival: list[tuple[float, float]] = []
    with plain_receiver(folder) as port, celery(folder) as worker:
        urls = _urls(port, endpoints)
        for number in range(rounds):
            ours.append(_sqlite_rate(folder, number, urls, posts))
            if worker is not None:
                rival.append(worker.measure(urls, theirs))
    baseline = _medians(rival, theirs) if rival else None
    rows = [_rate_row(f"{_RATE}, SQLite synchronous=FULL", _medians(ours, endpoints * posts), baseline,
                      ">= 25 x the rate of Celery with Redis, <= 1/50 of its CPU", 25, 50)]  # fmt: skip
    return rows + _postgresql_rates(folder, endpoints, posts, baseline)


def _urls(port: int, n: int) -> list[str]:
    """Addresses on fifty hosts."""
    return [f"http://127.0.1.{i % 50 + 1}:{port}/hook/{i}" for i in range(n)]


def _sqlite_rate(folder: Path, number: int, urls: list[str], posts: int) -> tuple[float, float]:
    url = f"sqlite:///{folder / f'rate{number}.db'}"
    owing(url, urls, posts)
    return deliver(url)


def _postgresql_rates(
    folder: Path, endpoints: int, posts: int, baseline: dict[str, object] | None
) -> list[dict[str, object]]:
    if not is_postgresql_there():
        return [row(f"{_RATE}, PostgreSQL", {}, None, None, "pip install 'loa[bench]'", False)]
    rows = []
    with plain_receiver(folder) as port, postgresql(folder) as fresh:
        urls = _urls(port, endpoints)
        for workers in (1, 2, 4):
            url = fresh(f"w{workers}")
            owing(url, urls, posts)
            measured = _medians([deliver_by(url, workers)], len(urls) * posts)
            budget = ">= 10 x the rate of Celery with Redis, more with two workers; CPU without the server's"
            rows.append(_rate_row(f"{_RATE}, PostgreSQL, workers: {workers}", measured, baseline, budget, 10, None))
    return rows


def _medians(measured: list[tuple[float, float]], n: int) -> dict[str, object]:
    return {
        "per_s": round(statistics.median(rate for rate, _ in measured)),
        "cpu_us": round(statistics.median(cpu for _, cpu in measured) * 1e6, 1),
        "deliveries": n,
    }


def _rate_row(
    what: str, ours: dict[str, object], theirs: dict[str, object] | None, budget: str, faster: float,
    cheaper: float | None,
) -> dict[str, object]:  # fmt: skip
    if theirs is None:
        return row(what, ours, None, None, budget, False)
    ratio = float(str(ours["per_s"])) / float(str(theirs["per_s"]))
    cpu_ratio = float(str(theirs["cpu_us"])) / float(str(ours["cpu_us"]))
    is_met = ratio >= faster and (cheaper is None or cpu_ratio >= cheaper)
    return row(what, {**ours, "cpu_ratio": f"1/{cpu_ratio:.0f}"}, theirs, round(ratio, 1), budget, is_met)


def _latency(folder: Path, n: int) -> dict[str, object]:
    url = f"sqlite:///{folder / 'latency.db'}"
    with Receiver(delay_s=0.2) as receiver:
        owing(url, [f"http://127.0.1.{i % 250 + 1}:{receiver.port}/{i}" for i in range(500)], max(1, n // 500))
        rate, _ = deliver(url)
    ideal = 256 / 0.2
    return row("receiver answers after 200 ms, 256 in flight", {"per_s": round(rate)}, {"ideal_per_s": ideal},
               round(rate / ideal, 2), ">= 0.85 of the ideal", rate >= 0.85 * ideal)  # fmt: skip


def _tls(folder: Path, n: int, rounds: int) -> dict[str, object]:
    what, budget = "new TLS connection for every delivery", "<= 1.3 x the CPU of pycurl alone"
    if nginx_path() is None:
        return row(what, {}, None, None, f"{budget}; install nginx", False)
    ours, bare = [], []
    with tls_receiver(folder) as (port, authority):
        for number in range(rounds):
            url = f"sqlite:///{folder / f'tls{number}.db'}"
            hosts = [f"https://127.0.1.{i % 50 + 1}:{port}/{i}" for i in range(100)]
            owing(url, hosts, n // 100)
            bare.append(bare_curl(hosts, n, concurrency=100, authority=authority))
            ours.append(deliver(url, authority=authority)[1])
    measured, theirs = statistics.median(ours) * 1e6, statistics.median(bare) * 1e6
    return row(what, {"cpu_us": round(measured)}, {"cpu_us": round(theirs)}, round(measured / theirs, 2), budget,
               measured <= 1.3 * theirs)  # fmt: skip


def _hanging(folder: Path, what: str, n: int, hanging: int, quick: bool, *, is_one_host: bool) -> dict[str, object]:
    """Without and with those that hang, in turn; p95 of when the others were reached."""
    p95: dict[bool, list[float]] = {False: [], True: []}
    for number in range(3 if quick else 5):
        for is_hanging in (False, True):
            name = f"{n}-{hanging}-{number}-{is_hanging}"
            posts = (1_000 if quick else 4_000) // n
            p95[is_hanging].append(_p95(folder / f"{name}.db", n, hanging, posts, _paths(is_hanging, is_one_host)))
    without, with_ = statistics.median(p95[False]), statistics.median(p95[True])
    ratio = with_ / without
    return row(what, {"p95_ms": round(with_ * 1000, 1)}, {"p95_ms": round(without * 1000, 1)}, round(ratio, 2),
               "<= 1.10 x", ratio <= 1.10)  # fmt: skip


def _paths(is_hanging: bool, is_one_host: bool) -> Callable[[int, bool, int], str]:
    def path(i: int, is_bad: bool, port: int) -> str:
        host = "127.0.9.9" if is_one_host and is_bad else f"127.0.1.{i + 1}"
        return f"http://{host}:{port}/{'hang' if is_bad and is_hanging else 'hook'}{'/bad' if is_bad else ''}/{i}"

    return path


def _p95(file: Path, n: int, hanging: int, posts: int, path: Callable[[int, bool, int], str]) -> float:
    url = f"sqlite:///{file}"
    with Receiver() as receiver:
        owing(url, [path(i, i < hanging, receiver.port) for i in range(n)], posts)
        stop = threading.Event()
        began = time.monotonic()
        thread = threading.Thread(target=deliver, args=(url,), kwargs={"timeout_s": 1.0, "stop": stop})
        thread.start()
        good: list[float] = []
        while len(good) < posts * (n - hanging) and time.monotonic() < began + 30:
            time.sleep(0.1)
            good = sorted(at - began for _, at, path_ in receiver.seen() if "/bad" not in path_)
        stop.set()
        thread.join()
    return good[int(len(good) * 0.95)]
