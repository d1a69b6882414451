"""What a deliverer meets beneath it: lost notices and connections, a database that fails, bugs, the
stop switch."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import text

from service.delivery.channel import Record, Work
from service.delivery.deliverer import Deliverer, LedgerWork
from service.delivery.webhook import WebhookChannel
from service.settings import Settings, WebhookSettings
from service.storage.deliveries import list_deliveries, switch_sending_off, switch_sending_on
from service.storage.engine import Database, open_database
from service.storage.queue import ClaimedMessage, claim_due, listen
from service.types import EMAIL, WEBHOOK, Result, State
from tests.fakes_ledger import BOX, LINKS, a_post, deliverer, hook, mail, tell
from tests.fakes_receiver import FakeReceiver, status
from tests.fakes_trouble import TroubledDatabase, When, wait_until

QUICK: dict[str, object] = {"timeout_s": 0.5, "lease_s": 2.0}
"""Leases that end soon, for what only their end brings back."""


@pytest.fixture
def receiver() -> Iterator[FakeReceiver]:
    with FakeReceiver() as made:
        yield made


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def running(made: Deliverer) -> Iterator[Thread]:
    stop = Event()
    thread = Thread(target=made.run, args=(stop,))
    thread.start()
    try:
        yield thread
        assert thread.is_alive()
    finally:
        stop.set()
        thread.join(15)


def publish(database: Database, posts: int, first: int = 0) -> None:
    for i in range(first, first + posts):
        with database.writing() as conn:
            tell(conn, a_post(f"post-{i}"), at=now())


def states(database: Database) -> Counter[State]:
    with database.reading() as conn:
        return Counter(delivery.state for delivery in list_deliveries(conn, limit=10_000))


def repeats(receiver: FakeReceiver) -> int:
    return len(receiver.received) - len({one.headers["webhook-id"] for one in receiver.received})


# --- notices ----------------------------------------------------------------------------------


def test_M3_what_becomes_due_in_another_process_is_heard_at_once(
    postgresql_url: str, postgresql_database: Database, tmp_path: Path
) -> None:
    database = postgresql_database
    with database.writing() as conn:
        subscription = hook(conn, "http://127.0.0.1:49999/")
    work, heard = LedgerWork(database, WEBHOOK, now, 30), Event()

    def wake() -> None:
        work.wake()
        heard.set()

    waiting = Thread(target=work.wait, args=(120,), daemon=True)
    environ = {"LOA_DATABASE__URL": postgresql_url, "LOA_SERVICE__SECRET_KEY": "k" * 40, "PATH": ""}
    command = [sys.executable, "-m", "service", "subscription", "test", subscription.id]
    with listening(database, wake):
        assert heard.wait(10)
        work.wait(1)
        waiting.start()
        subprocess.run(command, check=True, env=environ, cwd=tmp_path, capture_output=True)
        waiting.join(20)
        assert not waiting.is_alive()
    assert work.is_due()


@contextmanager
def listening(database: Database, wake: Callable[[], None]) -> Iterator[None]:
    stop = Event()
    listener = Thread(target=listen, args=(database, stop, wake))
    listener.start()
    try:
        yield
    finally:
        stop.set()
        listener.join(10)


def listeners(database: Database) -> list[int]:
    query = text(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE "
        "'LISTEN%'"
        " AND pid <> pg_backend_pid()"
    )
    with database.reading() as conn:
        return list(conn.execute(query).scalars())


def test_M3_a_listener_whose_connection_is_cut_listens_again_and_polling_finds_the_rest(
    postgresql_database: Database, receiver: FakeReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    database = postgresql_database
    with database.writing() as conn:
        hook(conn, receiver.url())
    with running(deliverer(database, now)):
        assert wait_until(lambda: len(listeners(database)) == 1)
        (first,) = listeners(database)
        with database.writing() as conn:
            conn.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": first})
        publish(database, 3)
        assert wait_until(lambda: len(receiver.received) == 3)
        assert wait_until(lambda: listeners(database) not in ([], [first]))
        publish(database, 3, first=3)
        assert wait_until(lambda: states(database) == {State.SENT: 6})
    assert any(
        "listening for what becomes due stopped, begins again" in one.message
        for one in caplog.records
    )
    assert not any(one.exc_info for one in caplog.records)
    assert repeats(receiver) == 0


def test_M3_a_notice_that_is_lost_delays_and_loses_nothing(
    postgresql_database: Database, receiver: FakeReceiver
) -> None:
    database = postgresql_database
    mute = "CREATE FUNCTION public.pg_notify(text, text) RETURNS void LANGUAGE sql AS 'SELECT'"
    heard = Event()
    with database.writing() as conn:
        hook(conn, receiver.url())
        conn.exec_driver_sql(mute)
    with running(deliverer(database, now)), listening(database, heard.set):
        assert heard.wait(10)
        assert wait_until(lambda: len(listeners(database)) == 2)
        heard.clear()
        with database.writing() as conn:
            conn.exec_driver_sql("SET LOCAL search_path = public, pg_catalog")
            tell(conn, a_post(), at=now())
        assert wait_until(lambda: len(receiver.received) == 1)
        assert not heard.is_set()
        assert wait_until(lambda: states(database) == {State.SENT: 1})


# --- a database that fails --------------------------------------------------------------------


@pytest.mark.parametrize("when", ["before", "at commit", "after commit"])
def test_M1_what_was_sent_while_the_database_was_away_is_recorded_once_it_is_back(
    any_database: Database, receiver: FakeReceiver, when: When
) -> None:
    troubled = TroubledDatabase(any_database, when=when)
    with any_database.writing() as conn:
        for i in range(5):
            hook(conn, receiver.url(f"/{i}"))

    def fail(handler: object) -> None:
        troubled.failures = 3
        receiver.answers.clear()
        status(204)(handler)  # type: ignore[arg-type] # a handler

    receiver.answers["/0"] = fail
    lease_s = (
        4.0 if when == "after commit" else 60.0
    )  # what was claimed by a commit that nobody saw waits for its end
    with running(deliverer(troubled, now, timeout_s=0.5, lease_s=lease_s)):
        publish(any_database, 6)
        assert wait_until(lambda: states(any_database) == {State.SENT: 30}, within_s=60)
        assert troubled.failures < 0
    assert repeats(receiver) == 0
    assert len(receiver.received) == 30


def test_D1_what_could_not_be_recorded_before_the_worker_died_is_sent_again_under_the_same_id(
    any_database: Database, receiver: FakeReceiver
) -> None:
    troubled = TroubledDatabase(any_database)
    with any_database.writing() as conn:
        hook(conn, receiver.url())

    def fail(handler: object) -> None:
        troubled.failures = 1_000_000
        status(204)(handler)  # type: ignore[arg-type] # a handler

    receiver.answers["/hook"] = fail
    publish(any_database, 1)
    with running(deliverer(troubled, now, **QUICK)):
        assert wait_until(lambda: len(receiver.received) == 1)
        assert wait_until(lambda: troubled.failures < 1_000_000)
    assert states(any_database) != {State.SENT: 1}
    receiver.answers.clear()
    with running(deliverer(any_database, now, **QUICK)):
        assert wait_until(lambda: states(any_database) == {State.SENT: 1}, within_s=60)
    assert len({(one.headers["webhook-id"], one.body) for one in receiver.received}) == 1
    assert len(receiver.received) == 2


# --- bugs -------------------------------------------------------------------------------------


def meet_bugs(
    database: Database, receiver: FakeReceiver, caplog: pytest.LogCaptureFixture, thread: str
) -> None:
    troubled = TroubledDatabase(database)
    with database.writing() as conn:
        for i in range(5):
            hook(conn, receiver.url(f"/{i}"))
    troubled.bugs[thread] = 2
    with running(deliverer(troubled, now, **QUICK)):
        publish(database, 6)
        assert wait_until(lambda: troubled.bugs[thread] == 0)
        assert wait_until(lambda: states(database) == {State.SENT: 30}, within_s=60)
    said = [
        one
        for one in caplog.records
        if one.exc_info and "stopped by a bug, begins again" in one.message
    ]
    assert said
    assert Counter(one.path for one in receiver.received) >= Counter({f"/{i}": 6 for i in range(5)})


@pytest.mark.parametrize(
    "thread", ["delivery by webhook", "the fan-out", "the end of leases", "tending"]
)
def test_a_bug_in_a_thread_is_told_begun_again_and_stops_and_loses_nothing(
    any_database: Database, receiver: FakeReceiver, caplog: pytest.LogCaptureFixture, thread: str
) -> None:
    meet_bugs(any_database, receiver, caplog, thread)


def test_a_bug_in_the_thread_that_trades_with_postgresql_stops_and_loses_nothing(
    postgresql_database: Database, receiver: FakeReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    meet_bugs(postgresql_database, receiver, caplog, "trade")


def test_leases_end_however_often_the_tending_of_the_ledger_breaks(
    any_database: Database, receiver: FakeReceiver
) -> None:
    troubled = TroubledDatabase(any_database)
    with any_database.writing() as conn:
        hook(conn, receiver.url())
    troubled.bugs["tending"] = 1_000_000
    with running(deliverer(troubled, now, **QUICK)):
        publish(any_database, 1)
        assert wait_until(lambda: states(any_database) == {State.SENT: 1})
        with any_database.writing() as conn:
            switch_sending_off(conn, now())
            tell(conn, a_post("left"), at=now())
        with any_database.writing() as conn:
            switch_sending_on(conn)
            assert len(claim_due(conn, channel=WEBHOOK, now=now(), limit=9, lease_s=1)) == 1
        assert wait_until(lambda: states(any_database) == {State.SENT: 2})
    assert len(receiver.received) == 2


class ClaimsAndBreaks:
    """A channel with a bug: the first time it takes messages, and drops them."""

    name = WEBHOOK

    def __init__(self, sound: WebhookChannel) -> None:
        self._sound = sound
        self.dropped = 0

    def stream(self, database: Database, work: Work, stop: Event, *, is_draining: bool) -> None:
        if not self.dropped and work.is_due():
            claimed, _ = work.exchange((), 100, 100, lambda _conn, _claimed: None)
            self.dropped = len(claimed)
        if not self.dropped:
            stop.wait(0.05)
            raise RuntimeError("nothing yet")
        if self.dropped > 0:
            self.dropped = -1
            raise RuntimeError("a bug in a channel")
        self._sound.stream(database, work, stop, is_draining=is_draining)


class SendsMail:
    """A channel that accepts everything, and remembers it."""

    name = EMAIL

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(
        self, _database: Database, claimed: Sequence[ClaimedMessage], record: Record, _stop: Event
    ) -> None:
        self.sent += [one.message_id for one in claimed]
        record(
            [
                Result(one.message_id, one.lease_token, State.SENT, 250, "", now(), 0.1)
                for one in claimed
            ]
        )

    def rest(self) -> None:
        pass

    def close(self) -> None:
        pass


def test_a_channel_that_breaks_while_it_holds_messages_leaves_none_in_its_lease_and_stops_no_other_channel(
    any_database: Database, receiver: FakeReceiver
) -> None:
    given = WebhookSettings.model_validate({"allow_private_networks": True, **QUICK})
    broken, mails = ClaimsAndBreaks(WebhookChannel(given, LINKS, BOX, now)), SendsMail()
    with any_database.writing() as conn:
        hook(conn, receiver.url())
        mail(conn, "an@example.vn")
    publish(any_database, 2)
    with running(Deliverer(any_database, Settings(webhooks=given), now, [broken, mails])):
        assert wait_until(lambda: broken.dropped == -1)
        publish(any_database, 2, first=2)
        assert wait_until(lambda: states(any_database) == {State.SENT: 8}, within_s=60)
    assert (len(receiver.received), len(set(mails.sent))) == (4, 4)


# --- the stop switch --------------------------------------------------------------------------


def test_the_stop_switch_while_sending_lets_what_is_on_its_way_arrive_and_begins_nothing(
    any_database: Database, receiver: FakeReceiver
) -> None:
    gate = Event()

    def hold(handler: object) -> None:
        gate.wait(20)
        status(204)(handler)  # type: ignore[arg-type] # a handler

    receiver.answers["/hook"] = hold
    with any_database.writing() as conn:
        hook(conn, receiver.url())
    publish(any_database, 5)
    with running(deliverer(any_database, now, timeout_s=20.0)):
        assert wait_until(lambda: len(receiver.received) == 2)
        with any_database.writing() as conn:
            switch_sending_off(conn, now())
        gate.set()
        assert wait_until(lambda: states(any_database) == {State.SENT: 2, State.DUE: 3})
        other = open_database(any_database.url)
        assert deliverer(other, now).deliver_due().sent == 0
        other.close()
        assert len(receiver.received) == 2
        with any_database.writing() as conn:
            switch_sending_on(conn)
        assert wait_until(lambda: states(any_database) == {State.SENT: 5})
    assert repeats(receiver) == 0
