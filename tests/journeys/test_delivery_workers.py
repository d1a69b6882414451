"""Several deliverers over one ledger, and one that is told to stop while it works."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event, Thread

import pytest
from sqlalchemy import text

from service.storage.deliveries import list_deliveries
from service.storage.engine import Database, open_database
from service.types import State
from tests.fakes_ledger import a_post, deliverer, hook, tell
from tests.fakes_receiver import FakeReceiver, hang


@pytest.fixture
def receiver() -> Iterator[FakeReceiver]:
    with FakeReceiver() as made:
        yield made


def now() -> datetime:
    return datetime.now(UTC)


def test_M3_deliverers_at_once_send_everything_once(any_database: Database, receiver: FakeReceiver) -> None:
    posts, hooks = 10, 20
    with any_database.writing() as conn:
        for i in range(hooks):
            hook(conn, receiver.url(f"/{i}"))
        for i in range(posts):
            tell(conn, a_post(f"post-{i}"), at=now())
    others = [open_database(any_database.url) for _ in range(1 if any_database.is_sqlite else 3)]
    try:
        with ThreadPoolExecutor(4) as pool:
            counts = list(pool.map(lambda one: deliverer(one, now).deliver_due(), [any_database, *others]))
    finally:
        for other in others:
            other.close()
    assert sum(one.sent for one in counts) == posts * hooks
    assert set(Counter(one.headers["webhook-id"] for one in receiver.received).values()) == {1}
    assert len(receiver.received) == posts * hooks


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
    thread = Thread(target=lambda: deliverer(any_database, now, timeout_s=25.0, per_host_concurrency=64).run(stop))
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
        assert conn.execute(text("SELECT max(attempts) FROM message WHERE state = 'due'")).scalar_one() <= 1
        assert conn.execute(text("SELECT sum(in_flight) FROM endpoint")).scalar_one() == 0
