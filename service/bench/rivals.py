"""The other side of the benchmarks of delivery: Celery with Redis, and libcurl without anything of
ours."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pycurl

from service.bench.cpu import family_cpu_s
from service.bench.sending import SentBatch
from service.bench.servers import redis_server
from service.storage.engine import uuid7

_BODY = "a" * 3000


class Celery:
    """A Celery worker of two processes that is running, and its broker."""

    def __init__(self, url: str, worker_pid: int, broker_pid: int) -> None:
        self._pids = (worker_pid, broker_pid)
        self._app = import_module("service.bench.celery_app")
        self._app.app.conf.update(broker_url=url, result_backend=url)
        self._redis: Any = import_module("redis").Redis.from_url(url)

    def measure(self, urls: Sequence[str], n: int) -> SentBatch:
        """Deliveries a second, and CPU seconds a delivery of workers and broker, from the queue to
        the kept result.

        What enqueues is not counted, for our fan-out is not either.
        """
        self._app.app.control.cancel_consumer("celery", reply=True, timeout=1)
        for i in range(n):
            self._app.deliver.delay(urls[i % len(urls)], uuid7(), _BODY)
        began, cpu = time.perf_counter(), self._cpu_s()
        self._app.app.control.add_consumer("celery")
        while self._left():
            time.sleep(0.01)
        return SentBatch(n / (time.perf_counter() - began), (self._cpu_s() - cpu) / n)

    def _left(self) -> int:
        return int(self._redis.llen("celery")) + int(self._redis.hlen("unacked"))

    def _cpu_s(self) -> float:
        return sum(family_cpu_s(pid) for pid in self._pids)


@contextmanager
def celery(folder: Path) -> Iterator[Celery | None]:
    """None where Celery, its client of Redis, or Redis itself is not installed."""
    if find_spec("celery") is None or find_spec("redis") is None:
        yield None
        return
    with redis_server(folder) as broker:
        if broker is None:
            yield None
            return
        url, broker_pid = broker
        command = [sys.executable, "-m", "celery", "-A", "service.bench.celery_app",
                   "--broker", url, "--result-backend", url,
                   "worker", "--pool", "prefork", "--concurrency", "2", "--loglevel", "CRITICAL",
                   "--without-gossip",
                   "--without-mingle", "--without-heartbeat"]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 — ours
        try:
            rival = Celery(url, process.pid, broker_pid)
            _wait_until_ready(rival)
            yield rival
        finally:
            process.terminate()
            process.wait(20)


def _wait_until_ready(rival: Celery) -> None:
    for _ in range(40):
        if rival._app.app.control.ping(timeout=0.5):
            return
    raise TimeoutError("Celery's worker did not answer within 20 s")


def bare_curl(urls: Sequence[str], n: int, *, concurrency: int, authority: str) -> float:
    """CPU seconds a POST of libcurl's multi interface alone, as its manual shows it."""
    multi: Any = pycurl.CurlMulti()
    free: list[Any] = [_curl(urls[i % len(urls)], authority) for i in range(concurrency)]
    begun = ended = 0
    cpu = time.process_time()
    while ended < n:
        while free and begun < n:
            multi.add_handle(free.pop(0))
            begun += 1
        multi.perform()
        _left, well, failed = multi.info_read()
        for curl in (*well, *(one[0] for one in failed)):
            multi.remove_handle(curl)
            free.append(curl)
            ended += 1
        multi.select(0.1)
    cpu = time.process_time() - cpu
    multi.close()
    return cpu / n


def _curl(url: str, authority: str) -> Any:
    curl: Any = pycurl.Curl()
    for option, value in (
        (pycurl.URL, url), (pycurl.POST, 1), (pycurl.POSTFIELDS, _BODY), (pycurl.CAINFO, authority),
        (pycurl.HTTPHEADER, ["content-type: application/json", "Expect:"]), (pycurl.NOSIGNAL, 1),
        (pycurl.WRITEFUNCTION, lambda _data: None),
    ):  # fmt: skip
        curl.setopt(option, value)
    return curl
