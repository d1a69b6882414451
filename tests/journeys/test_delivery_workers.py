"""Several deliverers over one ledger, and one that is told to stop while it works."""

from __future__ import annotations

import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from subprocess import Popen
from threading import Event, Thread

import pytest
from sqlalchemy import text

from service.storage.deliveries import list_deliveries, show_delivery
from service.storage.engine import Database, open_database
from service.types import State
from tests.fakes_ledger import a_post, deliverer, hook, tell
from tests.fakes_receiver import FakeReceiver, hang, status
from tests.fakes_trouble import wait_until


@pytest.fixture
def receiver() -> Iterator[FakeReceiver]:
    with FakeReceiver() as made:
        yield made


def now() -> datetime:
    return datetime.now(UTC)


def test_M3_deliverers_at_once_send_everything_once(
    any_database: Database, receiver: FakeReceiver
) -> None:
    posts, hooks = 10, 20
    with any_database.writing() as conn:
        for i in range(hooks):
            hook(conn, receiver.url(f"/{i}"))
        for i in range(posts):
            tell(conn, a_post(f"post-{i}"), at=now())
    others = [open_database(any_database.url) for _ in range(1 if any_database.is_sqlite else 3)]
    try:
        with ThreadPoolExecutor(4) as pool:
            counts = list(
                pool.map(lambda one: deliverer(one, now).deliver_due(), [any_database, *others])
            )
    finally:
        for other in others:
            other.close()
    assert sum(one.sent for one in counts) == posts * hooks
    assert set(Counter(one.headers["webhook-id"] for one in receiver.received).values()) == {1}
    assert len(receiver.received) == posts * hooks


def test_M3_of_two_services_on_one_sqlite_file_one_delivers_and_the_other_takes_over(
    database: Database, receiver: FakeReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    with database.writing() as conn:
        for i in range(10):
            hook(conn, receiver.url(f"/{i}"))
    others = [open_database(database.url) for _ in range(2)]
    stops = [Event(), Event()]
    threads = [
        Thread(target=deliverer(other, now).run, args=(stop,))
        for other, stop in zip(others, stops, strict=True)
    ]
    threads[0].start()
    assert wait_until(lambda: publish_and_count(database, receiver, "first") == 10)
    threads[1].start()
    assert wait_until(
        lambda: any("another process delivers" in one.message for one in caplog.records)
    )
    assert wait_until(lambda: publish_and_count(database, receiver, "second") == 20)
    stops[0].set()
    threads[0].join(15)
    assert wait_until(lambda: publish_and_count(database, receiver, "third") == 30)
    stops[1].set()
    threads[1].join(15)
    assert set(Counter(one.headers["webhook-id"] for one in receiver.received).values()) == {1}
    for other in others:
        other.close()


def publish_and_count(database: Database, receiver: FakeReceiver, post_id: str) -> int:
    """Publishes the post, where it is not, and gives how much was received."""
    with database.writing() as conn:
        tell(conn, a_post(post_id), at=now())
    return len(receiver.received)


WORKER = """
import sys, threading
from datetime import UTC, datetime
from service.storage.engine import open_database
from tests.fakes_ledger import deliverer

database = open_database(sys.argv[1], is_migrating=False)
deliverer(database, lambda: datetime.now(UTC), timeout_s=1.0, lease_s=2.0).run(threading.Event())
"""


def test_D1_a_worker_stopped_for_longer_than_its_lease_and_woken_changes_nothing_that_another_did(
    postgresql_database: Database, receiver: FakeReceiver
) -> None:
    gate = Event()

    def hold(handler: BaseHTTPRequestHandler) -> None:
        gate.wait(30)
        status(204)(handler)

    receiver.answers["/hook"] = hold
    with postgresql_database.writing() as conn:
        subscription = hook(conn, receiver.url())
        tell(conn, a_post(), at=now())
    folder = Path(__file__).parents[2]
    with Popen([sys.executable, "-c", WORKER, postgresql_database.url], cwd=folder) as stopped:
        assert wait_until(lambda: len(receiver.received) == 1)
        stopped.send_signal(signal.SIGSTOP)
        receiver.answers.clear()
        stop = Event()
        other = Thread(
            target=deliverer(postgresql_database, now, timeout_s=1.0, lease_s=2.0).run, args=(stop,)
        )
        other.start()
        assert wait_until(lambda: len(receiver.received) == 2)
        stop.set()
        other.join(15)
        gate.set()
        with postgresql_database.writing() as conn:
            before = show_delivery(conn, list_deliveries(conn)[0].id)
            tell(conn, a_post("after"), at=now())
        stopped.send_signal(signal.SIGCONT)
        assert wait_until(lambda: len(receiver.received) == 3)
        stopped.terminate()
    with postgresql_database.reading() as conn:
        assert show_delivery(conn, before.delivery.id) == before
        assert before.delivery.state is State.SENT
        assert len(list_deliveries(conn, subscription_id=subscription.id)) == 2
    first, second, _ = receiver.received
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)


def test_M4_told_to_stop_under_load_it_ends_in_time_and_hands_back_what_is_in_the_air(
    any_database: Database, receiver: FakeReceiver
) -> None:
    with any_database.writing() as conn:
        for i in range(10):
            receiver.answers[f"/{i}"] = hang(60)
            hook(conn, receiver.url(f"/{i}"))
        for i in range(10, 20):
            hook(conn, receiver.url(f"/{i}"))
        for i in range(10):
            tell(conn, a_post(f"post-{i}"), at=now())
    stop = Event()
    thread = Thread(
        target=lambda: deliverer(any_database, now, timeout_s=25.0, per_host_concurrency=64).run(
            stop
        )
    )
    thread.start()
    deadline = time.monotonic() + 20
    while len(receiver.received) < 120 and time.monotonic() < deadline:
        time.sleep(0.02)
    stop.set()
    began = time.monotonic()
    thread.join(15)
    assert time.monotonic() - began < 10
    with any_database.reading() as conn:
        states = Counter(delivery.state for delivery in list_deliveries(conn, limit=1000))
        assert states == {State.SENT: 100, State.DUE: 100}
        assert (
            conn.execute(text("SELECT max(attempts) FROM message WHERE state = 'due'")).scalar_one()
            <= 1
        )
        assert conn.execute(text("SELECT sum(in_flight) FROM endpoint")).scalar_one() == 0
