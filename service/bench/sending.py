"""Fills a ledger with webhooks that are owed, and delivers them: in this process, in several, once
or for ever."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe

from service.bench.cpu import peak_mb
from service.bench.ledger_data import BOX, LINKS, NOW, a_post, store_post, subscribe
from service.delivery.deliverer import Deliverer
from service.delivery.email import EmailChannel
from service.delivery.webhook import WebhookChannel
from service.services.publish import write_change
from service.settings import Settings, WebhookSettings
from service.storage.engine import Database, open_database
from service.storage.queue import continue_fanouts
from service.types import ChangeType

_Job = Callable[[Deliverer, Pipe], None]


@dataclass(frozen=True, slots=True)
class SentBatch:
    """What a run of the deliverer came to. `cpu_s` is of one delivery, in the delivering
    processes."""

    per_s: float
    cpu_s: float


def owing(url: str, targets: Sequence[str], posts: int) -> None:
    """A new ledger that owes each target so many posts, published one after the other."""
    database = open_database(url)
    with database.writing() as conn:
        subscribe(conn, list(targets))
    for n in range(posts):
        at = NOW + timedelta(seconds=n)
        publish(database, n, at)
        continue_fanouts(database, at)
    database.close()


def publish(database: Database, n: int, at: datetime) -> None:
    """One more post, in one transaction with the first of what is owed for it."""
    with database.writing() as conn:
        post = a_post(n)
        write_change(
            conn, post=post, type=ChangeType.PUBLISHED, at=at, payload=store_post(conn, post)
        )


def send_all_due(url: str, *, authority: str | None = None) -> SentBatch:
    """Sends all that is due, in this process."""
    database = open_database(url)
    began, cpu = time.perf_counter(), time.process_time()
    sent = _deliverer(database, 15.0, authority).deliver_due().sent
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    database.close()
    return SentBatch(sent / took_s, cpu_s / max(sent, 1))


def deliver_by(url: str, workers: int, *, authority: str | None = None) -> SentBatch:
    """The same by so many processes at once, from when all are ready until the last has ended."""
    pipes, processes = _start(_drain, url, workers, 15.0, authority)
    began = time.perf_counter()
    for pipe in pipes:
        pipe.send(None)
    results = [pipe.recv() for pipe in pipes]
    took_s = time.perf_counter() - began
    for process in processes:
        process.join()
    sent = sum(result[0] for result in results)
    return SentBatch(sent / took_s, sum(result[1] for result in results) / max(sent, 1))


@dataclass(slots=True)
class RunningSender:
    """Processes that deliver. `peak_mb`: the most memory that one of them had resident; known when
    all have ended."""

    peak_mb: float = 0.0


@contextmanager
def delivering(
    url: str, workers: int, *, timeout_s: float = 15.0, smtp_url: str = ""
) -> Iterator[RunningSender]:
    """So many processes that deliver from a ledger until the end, as `loa worker` does; with a
    relay, mail alone."""
    running = RunningSender()
    pipes, processes = _start(_run, url, workers, timeout_s, None, smtp_url)
    try:
        yield running
    finally:
        for pipe in pipes:
            pipe.send(None)
        running.peak_mb = max(pipe.recv() for pipe in pipes)
        for process in processes:
            process.join()


def _start(
    work: _Job,
    url: str,
    workers: int,
    timeout_s: float,
    authority: str | None,
    smtp_url: str = "",
) -> tuple[list[Pipe], list[multiprocessing.context.SpawnProcess]]:
    """Processes that have said that they are ready."""
    context = multiprocessing.get_context("spawn")  # a fork would have pycares without its thread
    pairs = [context.Pipe() for _ in range(workers)]
    processes = [
        context.Process(
            target=_work, args=(work, url, far, timeout_s, authority, smtp_url), daemon=True
        )
        for _, far in pairs
    ]
    for process in processes:
        process.start()
    for near, _ in pairs:
        near.recv()
    return [near for near, _ in pairs], processes


def _work(
    work: _Job, url: str, pipe: Pipe, timeout_s: float, authority: str | None, smtp_url: str
) -> None:
    database = open_database(url)
    made = _mailer(database, smtp_url) if smtp_url else _deliverer(database, timeout_s, authority)
    work(made, pipe)
    database.close()


def _drain(deliverer: Deliverer, pipe: Pipe) -> None:
    pipe.send(None)
    pipe.recv()
    cpu = time.process_time()
    sent = deliverer.deliver_due().sent
    pipe.send((sent, time.process_time() - cpu))


def _run(deliverer: Deliverer, pipe: Pipe) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=deliverer.run, args=(stop,))
    thread.start()
    pipe.send(None)
    pipe.recv()
    stop.set()
    thread.join()
    pipe.send(peak_mb())


def _deliverer(database: Database, timeout_s: float, authority: str | None) -> Deliverer:
    webhooks = WebhookSettings(allow_private_networks=True, timeout_s=timeout_s)

    def clock() -> datetime:
        return datetime.now(UTC)

    channel = WebhookChannel(webhooks, LINKS, BOX, clock, authority=authority)
    return Deliverer(database, Settings(webhooks=webhooks), clock, [channel])


def _mailer(database: Database, smtp_url: str) -> Deliverer:
    settings = Settings.model_validate({"email": {"smtp_url": smtp_url, "rate_per_s": 1e9}})

    def clock() -> datetime:
        return datetime.now(UTC)

    channel = EmailChannel(settings, LINKS, "key", clock, {})
    return Deliverer(database, settings, clock, [channel])
