"""What changes between publication and delivery: states, secrets, limits, answers of everybody, the
clock itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text
from standardwebhooks import Webhook

from service.alerts.owing import OWN_FAULT_REST
from service.alerts.own_headers import MASK, seal_headers
from service.alerts.signing import new_secret
from service.errors import Conflict, InvalidInput
from service.storage.alarms import own_faults
from service.storage.deliveries import list_deliveries
from service.storage.engine import Database
from service.storage.subscription_secrets import rotate_secret, seal_plain_headers
from service.storage.subscriptions import (
    get_subscription,
    min_interval,
    set_min_interval,
    set_status,
)
from service.types import State, SubscriptionStatus
from tests.fakes import FakeClock
from tests.fakes_ledger import BOX, NOW, a_post, deliverer, hook, tell
from tests.fakes_receiver import FakeReceiver, status
from tests.journeys.cli import Terminal


@pytest.fixture
def receiver() -> Iterator[FakeReceiver]:
    with FakeReceiver() as made:
        yield made


def test_D14_a_secret_that_changed_since_publication_signs_and_the_old_one_beside_it(
    database: Database, receiver: FakeReceiver
) -> None:
    old, new = new_secret(), new_secret()
    with database.writing() as conn:
        subscription = hook(conn, receiver.url(), secret=old)
        tell(conn, a_post())
        rotate_secret(conn, subscription.id, new, BOX, datetime.now(UTC))
    assert deliverer(database, lambda: datetime.now(UTC)).deliver_due().sent == 1
    (got,) = receiver.received
    Webhook(old).verify(got.body, got.headers)
    Webhook(new).verify(got.body, got.headers)


def test_D14_an_address_that_changed_since_publication_is_asked_and_then_gets_what_waited(
    tmp_path: Path, receiver: FakeReceiver
) -> None:
    terminal = Terminal(tmp_path)
    terminal.configure("[webhooks]\nallow_private_networks = true\n")
    added = terminal.json("subscription", "add", "webhook", receiver.url("/old"), "--confirmed")
    terminal.run("subscription", "test", added["id"])
    terminal.run("subscription", "edit", added["id"], "--url", receiver.url("/new"))
    shown = terminal.json("subscription", "show", added["id"])
    assert (shown["status"], shown["target"]) == ("pending", receiver.url("/new"))
    assert terminal.json("deliver")["sent"] == 1
    assert orjson.loads(receiver.received[0].body)["type"] == "subscription.confirm"
    terminal.run("subscription", "confirm", added["id"])
    assert terminal.json("deliver")["sent"] == 1
    assert [one.path for one in receiver.received] == ["/new", "/new"]
    Webhook(added["secret"]).verify(receiver.received[1].body, receiver.received[1].headers)
    terminal.run("subscription", "edit", added["id"], "--url", receiver.url("/old"), "--confirmed")
    assert terminal.json("subscription", "show", added["id"])["status"] == "active"
    assert "http" in terminal.refused(
        "subscription", "edit", added["id"], "--url", "ftp://a.example/"
    )


@pytest.mark.parametrize(
    ("status_now", "state"),
    [
        (SubscriptionStatus.PAUSED, State.HELD),
        (SubscriptionStatus.DISABLED, State.SUSPENDED),
        (SubscriptionStatus.SUSPENDED, State.SUSPENDED),
        (SubscriptionStatus.REMOVED, State.SKIPPED),
    ],
)
def test_D14_the_state_at_the_time_of_sending_counts(
    any_database: Database,
    clock: FakeClock,
    receiver: FakeReceiver,
    status_now: SubscriptionStatus,
    state: State,
) -> None:
    with any_database.writing() as conn:
        subscription = hook(conn, receiver.url())
        tell(conn, a_post())
        set_status(conn, subscription.id, status_now, at=NOW, reason="lý do")
    sender = deliverer(any_database, clock)
    assert sender.deliver_due().sent == 0
    with any_database.writing() as conn:
        (delivery,) = list_deliveries(conn)
        assert (delivery.state, delivery.reason) == (state, "lý do")
        if status_now is SubscriptionStatus.REMOVED:
            with pytest.raises(Conflict):
                set_status(conn, subscription.id, SubscriptionStatus.ACTIVE, at=NOW)
        else:
            set_status(conn, subscription.id, SubscriptionStatus.ACTIVE, at=NOW)
    assert sender.deliver_due().sent == (status_now is not SubscriptionStatus.REMOVED)


def test_D16_endpoints_that_all_answer_429_at_once_come_again_spread_out(
    database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    n = 100
    with database.writing() as conn:
        for i in range(n):
            receiver.answers[f"/{i}"] = status(429)
            hook(conn, receiver.url(f"/{i}"))
        tell(conn, a_post())
    sender = deliverer(database, clock, retry_schedule_s=[0, 600], per_host_concurrency=64)
    assert sender.deliver_due().retry == n
    with database.reading() as conn:
        due = [
            at / 1e6 - clock().timestamp()
            for at in conn.execute(text("SELECT due_at FROM message")).scalars()
        ]
    assert all(600 * 0.8 <= wait <= 600 * 1.2 for wait in due)
    assert max(Counter(int(wait // 24) for wait in due).values()) < n / 4


def test_M2_a_clock_that_jumps_forward_sends_once_and_signs_with_the_time_it_is(
    database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    receiver.answers["/hook"] = status(503)
    with database.writing() as conn:
        hook(conn, receiver.url())
        for i in range(20):
            tell(conn, a_post(f"post-{i}"))
    sender = deliverer(database, clock)
    assert sender.deliver_due().retry == 20
    clock.advance(30 * 86400)
    assert sender.deliver_due().retry == 20
    assert len(receiver.received) == 40
    stamps = {int(one.headers["webhook-timestamp"]) for one in receiver.received[20:]}
    assert stamps == {int(clock().timestamp())}
    with database.reading() as conn:
        assert set(conn.execute(text("SELECT attempts FROM message")).scalars()) == {2}


def test_M2_a_clock_that_jumps_back_sends_nothing_twice_and_signs_with_the_time_it_is(
    database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    with database.writing() as conn:
        hook(conn, receiver.url())
        tell(conn, a_post("one"), at=clock())
    sender = deliverer(database, clock)
    assert sender.deliver_due().sent == 1
    clock.advance(-3600)
    with database.writing() as conn:
        tell(conn, a_post("two"), at=clock())
    assert sender.deliver_due().sent == 1
    assert int(receiver.received[1].headers["webhook-timestamp"]) == int(clock().timestamp())
    clock.advance(7200)
    assert sender.deliver_due().sent == 0


def test_an_endpoint_gets_no_more_than_it_asked_for(
    any_database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    with any_database.writing() as conn:
        subscription = hook(conn, receiver.url())
        set_min_interval(conn, subscription.id, 10)
        assert min_interval(conn, subscription.id) == 10
        for i in range(3):
            tell(conn, a_post(f"post-{i}"))
    sender = deliverer(any_database, clock)
    for sent in (1, 2, 3):
        assert sender.deliver_due().sent == 1
        clock.advance(9)
        assert sender.deliver_due().sent == 0
        assert len(receiver.received) == sent
        clock.advance(1)
    with any_database.writing() as conn:
        set_min_interval(conn, subscription.id, None)
        for i in range(3, 6):
            tell(conn, a_post(f"post-{i}"), at=clock())
    assert sender.deliver_due().sent == 3


def test_who_has_not_confirmed_may_not_slow_an_endpoint_down(
    database: Database, receiver: FakeReceiver
) -> None:
    with database.writing() as conn:
        stranger = hook(conn, receiver.url(), is_confirmed=False)
        with pytest.raises(Conflict, match="pending"):
            set_min_interval(conn, stranger.id, 3600)
        with pytest.raises(InvalidInput):
            set_min_interval(conn, hook(conn, receiver.url()).id, 100_000)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": "b\r\nX-Evil: 1"},
        {"X-A\r\nX-Evil": "1"},
        {"X A": "1"},
        {"": "1"},
        {"Host": "example.org"},
        {"webhook-id": "1"},
        {"Webhook-Signature": "v1,AAAA"},
        {"content-length": "0"},
        {"Transfer-Encoding": "chunked"},
        {"User-Agent": "x"},
        {"X-A": "đ"},
        {"X-A": "x" * 1001},
        {f"X-{i}": "1" for i in range(11)},
    ],
    ids=lambda headers: ascii(next(iter(headers.items())))[:40],
)
def test_D12_a_header_that_would_forge_or_break_the_request_is_refused(
    headers: dict[str, str],
) -> None:
    with pytest.raises(InvalidInput, match="headers"):
        seal_headers(headers, BOX)


def test_a_receivers_own_headers_are_sent(tmp_path: Path, receiver: FakeReceiver) -> None:
    terminal = Terminal(tmp_path)
    terminal.configure("[webhooks]\nallow_private_networks = true\n")
    add = ("subscription", "add", "webhook", receiver.url(), "--confirmed")
    assert "no colon" in terminal.refused(*add, "--header", "Tenant")
    assert "Loa sets itself" in terminal.refused(*add, "--header", "Host: x")
    added = terminal.json(*add, "--header", "Tenant-Id: 7", "--header", "Authorization: Bearer a:b")
    terminal.run("subscription", "edit", added["id"], "--min-interval", "5")
    assert terminal.json("subscription", "show", added["id"])["min_interval_s"] == 5
    terminal.run("subscription", "test", added["id"])
    terminal.run("deliver")
    (got,) = receiver.received
    assert (got.headers["tenant-id"], got.headers["authorization"]) == ("7", "Bearer a:b")


def test_the_values_of_a_receivers_own_headers_are_shown_to_nobody_and_unreadable_in_the_file(
    tmp_path: Path, receiver: FakeReceiver
) -> None:
    terminal = Terminal(tmp_path)
    terminal.configure("[webhooks]\nallow_private_networks = true\n")
    given = ("--header", "Authorization: Bearer very-secret-1")
    added = terminal.json("subscription", "add", "webhook", receiver.url(), "--confirmed", *given)
    terminal.run(
        "subscription", "edit", added["id"], "--header", "Authorization: Bearer very-secret-2"
    )
    shown = terminal.run("subscription", "show", added["id"]).stdout
    assert f"Authorization: {MASK}" in shown and "secret-2" not in shown
    assert terminal.json("subscription", "show", added["id"])["headers"] == {"Authorization": MASK}
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("loa.db*"))
    assert b"very-secret" not in kept


def test_a_header_that_an_older_loa_kept_plain_is_sent_and_sealed_by_the_next_worker(
    any_database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    with any_database.writing() as conn:
        subscription = hook(conn, receiver.url())
        plain = 'UPDATE subscription SET headers = \'{"Tenant":"7","Authorization":"Bearer x"}\''
        conn.exec_driver_sql(plain)
        tell(conn, a_post("one"))
    sender = deliverer(any_database, clock)
    assert sender.deliver_due().sent == 1
    with any_database.writing() as conn:
        assert seal_plain_headers(conn, BOX) == 1
        assert seal_plain_headers(conn, BOX) == 0
        assert "Bearer" not in str(
            conn.exec_driver_sql("SELECT headers FROM subscription").scalar_one()
        )
        assert get_subscription(conn, subscription.id).headers == ("Tenant", "Authorization")
        tell(conn, a_post("two"))
    assert sender.deliver_due().sent == 1
    sent = [(one.headers["tenant"], one.headers["authorization"]) for one in receiver.received]
    assert sent == [("7", "Bearer x")] * 2


def test_one_row_that_is_broken_stops_no_other(
    any_database: Database, clock: FakeClock, receiver: FakeReceiver
) -> None:
    with any_database.writing() as conn:
        broken = [hook(conn, receiver.url(f"/broken-{n}")).id for n in range(4)]
        hook(conn, receiver.url("/good"))
        for subscription_id, headers in zip(
            broken, ("{", "[]", '{"A": {}}', '{"A": {"sealed": "?"}}'), strict=True
        ):
            values = {"h": headers, "id": subscription_id}
            conn.execute(text("UPDATE subscription SET headers = :h WHERE id = :id"), values)
        tell(conn, a_post())
    sender = deliverer(any_database, clock)
    counts = sender.deliver_due()
    assert (counts.sent, counts.failed, counts.retry) == (1, 0, 4)
    assert [one.path for one in receiver.received] == ["/good"]
    with any_database.writing() as conn:
        assert own_faults(conn) == 4
        conn.execute(text("UPDATE subscription SET headers = '{}'"))
    clock.advance(OWN_FAULT_REST.total_seconds() + 1)
    assert sender.deliver_due().sent == 4


def test_secrets_are_unreadable_in_the_database_file(
    tmp_path: Path, receiver: FakeReceiver
) -> None:
    terminal = Terminal(tmp_path)
    terminal.configure("[webhooks]\nallow_private_networks = true\n")
    secrets = [terminal.json("subscription", "add", "webhook", receiver.url())["secret"]]
    subscription_id = terminal.json("subscription", "list")[0]["id"]
    secrets.append(terminal.json("subscription", "rotate", subscription_id)["secret"])
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("loa.db*"))
    for secret in secrets:
        assert secret.encode() not in kept
        assert secret.removeprefix("whsec_").encode() not in kept
