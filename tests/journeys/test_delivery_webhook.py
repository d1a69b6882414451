"""Webhooks, from a change in the ledger to what a receiver on loopback gets."""

from __future__ import annotations

import gzip
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from threading import Event

import orjson
import pytest
from sqlalchemy import text
from standardwebhooks import Webhook

from service.alerts.owing import OWN_FAULT_REST, UNSIGNABLE
from service.alerts.signing import SecretBox, new_secret
from service.delivery.deliverer import DeliveryCounts
from service.services.alarm_acts import tell_alarms
from service.storage.alarms import own_faults
from service.storage.deliveries import (
    list_deliveries,
    make_due_again,
    show_delivery,
    switch_sending_off,
    switch_sending_on,
)
from service.storage.engine import Database
from service.storage.explanation import explain_delivery
from service.storage.subscription_secrets import rotate_secret
from service.storage.subscriptions import get_subscription, set_status
from service.storage.units import add_unit
from service.types import State, SubscriptionStatus
from service.words import say
from tests.fakes import FakeClock
from tests.fakes_ledger import BOX, NOW, a_post, deliverer, hook, tell
from tests.fakes_mail import letter_text
from tests.fakes_receiver import FakeReceiver, hang, raw, reset, status
from tests.fakes_web import make_loa

BOMB = gzip.compress(b"\0" * 20_000_000)
"""20 MB in 20 kB."""


def real_clock() -> datetime:
    return datetime.now(UTC)


def test_a_webhook_arrives_signed_and_the_foreign_library_verifies_it(
    any_database: Database,
) -> None:
    secret = new_secret()
    with FakeReceiver() as receiver:
        with any_database.writing() as conn:
            unit = add_unit(conn, name="Xã Quảng Chính", at=NOW)
            hook(conn, receiver.url(), secret=secret, unit_id=unit.id)
            tell(conn, a_post())
        counts = deliverer(any_database, real_clock).deliver_due()
    assert counts.as_dict() == {"sent": 1, "failed": 0, "retry": 0, "suspended": 0, "skipped": 0}
    (got,) = receiver.received
    Webhook(secret).verify(got.body, got.headers)
    said = orjson.loads(got.body)
    assert said["type"] == "post.published"
    assert said["data"]["receipt_url"].startswith("https://loa.example/receipts/")
    with any_database.reading() as conn:
        (delivery,) = list_deliveries(conn)
        assert (delivery.state, delivery.message_id) == (State.SENT, got.headers["webhook-id"])
        assert show_delivery(conn, delivery.id).attempts[0].status == 204


def test_both_secrets_sign_while_they_rotate_and_the_old_one_no_longer_after_a_day(
    database: Database, clock: FakeClock
) -> None:
    old, new = new_secret(), new_secret()
    with FakeReceiver() as receiver:
        with database.writing() as conn:
            subscription = hook(conn, receiver.url(), secret=old)
            rotate_secret(conn, subscription.id, new, BOX, clock())
            tell(conn, a_post("one"))
        deliverer(database, clock).deliver_due()
        clock.advance(25 * 3600)
        with database.writing() as conn:
            tell(conn, a_post("two"), at=clock())
        deliverer(database, clock).deliver_due()
    during, after = (one.headers["webhook-signature"].split() for one in receiver.received)
    assert (len(during), len(after)) == (2, 1)


def test_every_attempt_has_the_same_id_and_the_same_bytes(
    database: Database, clock: FakeClock
) -> None:
    with FakeReceiver({"/hook": status(500)}) as receiver:
        with database.writing() as conn:
            hook(conn, receiver.url())
            tell(conn, a_post())
        sender = deliverer(database, clock)
        for _ in range(3):
            assert sender.deliver_due().retry == 1
            clock.advance(400)
    assert len({(one.headers["webhook-id"], one.body) for one in receiver.received}) == 1
    assert len(receiver.received) == 3


def test_a_message_that_we_cannot_sign_waits_alone_blames_nobody_and_goes_out_when_it_can_be(
    any_database: Database, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    with FakeReceiver() as receiver:
        with any_database.writing() as conn:
            of_another_key, broken, _ = (
                hook(conn, receiver.url(path)) for path in ("/key", "/broken", "/good")
            )
            sealed = SecretBox("another key").encrypt(new_secret())
            for subscription, value in ((of_another_key, sealed), (broken, b"?")):
                values = {"secret": value, "id": subscription.id}
                conn.execute(
                    text("UPDATE subscription SET secret = :secret WHERE id = :id"), values
                )
            tell(conn, a_post())
        sender = deliverer(any_database, clock, disable_after_s=3600.0)
        for _ in range(30):
            counts = sender.deliver_due()
            assert (counts.failed, counts.retry) == (0, 2)
            clock.advance(OWN_FAULT_REST.total_seconds() + 1)
        assert [one.path for one in receiver.received] == ["/good"]
        assert any("cannot be signed" in one.message for one in caplog.records)
        with any_database.writing() as conn:
            assert own_faults(conn) == 2
            for one in (of_another_key, broken):
                assert get_subscription(conn, one.id).status is SubscriptionStatus.ACTIVE
                assert say(UNSIGNABLE, "vi") in explain_delivery(conn, a_post(), one.id).words("vi")
                (delivery,) = list_deliveries(conn, subscription_id=one.id)
                assert (delivery.state, show_delivery(conn, delivery.id).attempts) == (
                    State.DUE,
                    (),
                )
                rotate_secret(conn, one.id, new_secret(), BOX, clock())
        assert sender.deliver_due().sent == 2
        with any_database.reading() as conn:
            assert own_faults(conn) == 0


def test_the_operator_is_told_by_mail_of_what_waits_for_our_own_fault(
    sqlite_url: str, clock: FakeClock
) -> None:
    loa = make_loa(
        sqlite_url,
        clock,
        operator={"email": "huyen@example.vn"},
        webhooks={"allow_private_networks": True},
    )
    with FakeReceiver() as receiver, loa.database.writing() as conn:
        hook(conn, receiver.url())
        tell(conn, a_post())
    loa.deliverer.deliver_due()
    assert [alarm.key for alarm in tell_alarms(loa.database, loa)] == ["own_fault"]
    tell_alarms(loa.database, loa)
    with loa.database.reading() as conn:
        (letter,) = conn.execute(text("SELECT body FROM message WHERE channel = 'email'")).scalars()
    said = orjson.loads(letter)
    assert said["address"] == "huyen@example.vn"
    assert "service.secret_key" in letter_text(said)
    loa.close()


def test_what_exhausts_its_schedule_is_failed_and_due_again_when_its_endpoint_answers(
    database: Database, clock: FakeClock
) -> None:
    with FakeReceiver({"/hook": status(503)}) as receiver:
        with database.writing() as conn:
            hook(conn, receiver.url())
            tell(conn, a_post("one"))
        sender = deliverer(database, clock, retry_schedule_s=[0, 5])
        sender.deliver_due()
        clock.advance(7)
        assert sender.deliver_due().failed == 1
        receiver.answers["/hook"] = status(200)
        with database.writing() as conn:
            tell(conn, a_post("two"), at=clock())
        assert sender.deliver_due().sent == 2


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_D3_a_redirect_fails_and_is_never_followed(
    database: Database, clock: FakeClock, code: int
) -> None:
    with FakeReceiver() as receiver:
        receiver.answers["/hook"] = status(code, location=receiver.url("/elsewhere"))
        with database.writing() as conn:
            hook(conn, receiver.url())
            tell(conn, a_post())
        assert deliverer(database, clock).deliver_due().retry == 1
    assert receiver.count("/elsewhere") == 0


@pytest.mark.parametrize("code", [200, 201, 204, 299])
def test_D3_every_2xx_is_success(database: Database, clock: FakeClock, code: int) -> None:
    with FakeReceiver({"/hook": status(code)}) as receiver:
        with database.writing() as conn:
            hook(conn, receiver.url())
            tell(conn, a_post())
        assert deliverer(database, clock).deliver_due().sent == 1


def test_D3_410_disables_the_subscription_and_keeps_the_reason(
    database: Database, clock: FakeClock
) -> None:
    with FakeReceiver({"/hook": status(410)}) as receiver:
        with database.writing() as conn:
            subscription = hook(conn, receiver.url())
            tell(conn, a_post())
        assert deliverer(database, clock).deliver_due().failed == 1
    with database.reading() as conn:
        assert get_subscription(conn, subscription.id).status is SubscriptionStatus.DISABLED


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 409, 418, 451, 500, 502, 504])
def test_D3_any_other_refusal_is_tried_again(
    database: Database, clock: FakeClock, code: int
) -> None:
    with FakeReceiver({"/hook": status(code)}) as receiver:
        with database.writing() as conn:
            hook(conn, receiver.url())
            tell(conn, a_post())
        assert deliverer(database, clock).deliver_due().retry == 1


@pytest.mark.parametrize("code", [413, 415, 422])
def test_D3_a_refusal_of_the_content_is_final(
    database: Database, clock: FakeClock, code: int
) -> None:
    with FakeReceiver({"/hook": status(code)}) as receiver:
        with database.writing() as conn:
            hook(conn, receiver.url())
            tell(conn, a_post())
        sender = deliverer(database, clock)
        assert sender.deliver_due().failed == 1
        clock.advance(1e6)
        assert sender.deliver_due() == DeliveryCounts()


SOON = "Fri, 31 Dec 2100 00:00:00 GMT"


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [("2", 5, 7), ("7", 7, 10), ("-1", 4, 6), ("1e9", 4, 10), ("999999999", 10, 10),
    ("rubbish", 4, 6),
     (SOON, 10, 10), ("Sat, 01 Jan 2000 00:00:00 GMT", 4, 6)],
)  # fmt: skip
def test_D3_retry_after_holds_between_the_schedule_and_twice_that(
    database: Database, clock: FakeClock, code: int, asked: str, least: int, most: int
) -> None:
    with FakeReceiver({"/hook": status(code, retry_after=asked)}) as receiver:
        with database.writing() as conn:
            hook(conn, receiver.url())
            tell(conn, a_post())
        deliverer(database, clock).deliver_due()
    with database.reading() as conn:
        due_at = show_delivery(conn, list_deliveries(conn)[0].id).next_attempt_at
    assert due_at is not None
    assert timedelta(seconds=least) <= due_at - clock() <= timedelta(seconds=most)


@pytest.mark.parametrize(
    ("answer", "is_sent"),
    [
        (hang(9), False),
        (raw(*[b"H"] * 200, every_s=0.1), False),
        (raw(b"HTTP/1.1 100 Continue\r\n\r\n", b"", every_s=5), False),
        (raw(b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 65536] * 300), True),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n"), True),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 100_000 + b"\r\n"), True),
        (raw(b"HTTP/1.1 200 OK\r\na: " + b"b" * 1_000_000), True),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"), True),
        (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), False),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB),
        BOMB), True),
        (raw(b"HTTP/1.1 200 OK\r\n\r\n", *[b"x"] * 200, every_s=0.1), True),
        (reset(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody"), True),
        (reset(b"HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\nbody"), False),
        (reset(b"HTTP/1.1 20"), False),
    ],
    ids=["hang", "drip", "continue", "endless", "bad-chunk", "headers", "header-line", "cut-short",
    "ssh",
         "gzip-bomb", "dripped-body", "reset-after-body", "reset-after-500",
         "reset-in-status-line"],
)  # fmt: skip
def test_D2_a_hostile_receiver_costs_its_deadline_and_no_more(
    database: Database, answer: object, is_sent: bool
) -> None:
    with FakeReceiver({"/hook": answer}) as receiver:  # type: ignore[dict-item] # parametrised
        with database.writing() as conn:
            hook(conn, receiver.url())
            tell(conn, a_post(), at=real_clock())
        began = time.monotonic()
        counts = deliverer(database, real_clock, timeout_s=1.0).deliver_due()
        assert time.monotonic() - began < 3
    assert (counts.sent, counts.retry) == ((1, 0) if is_sent else (0, 1))


def test_D2_of_an_answer_of_200_megabytes_sixteen_kilobytes_are_read(database: Database) -> None:
    piece, written, ended = b"x" * 65_536, [0], Event()

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        try:
            while written[0] < 200_000_000:
                handler.wfile.write(piece)
                written[0] += len(piece)
        finally:
            ended.set()

    with FakeReceiver({"/hook": endless}) as receiver:
        with database.writing() as conn:
            hook(conn, receiver.url())
            tell(conn, a_post(), at=real_clock())
        assert deliverer(database, real_clock).deliver_due().sent == 1
        assert ended.wait(10)
    assert written[0] < 20_000_000  # what the sockets hold


def test_D2_one_hanging_endpoint_of_twenty_does_not_delay_the_others(database: Database) -> None:
    with FakeReceiver({"/hook-0": hang(9)}) as receiver:
        with database.writing() as conn:
            for i in range(20):
                hook(conn, receiver.url(f"/hook-{i}"))
            for i in range(5):
                tell(conn, a_post(f"post-{i}"), at=real_clock())
        began = time.monotonic()
        counts = deliverer(
            database, real_clock, timeout_s=2.0, retry_schedule_s=[0, 60]
        ).deliver_due()
    healthy = [one.at - began for one in receiver.received if one.path != "/hook-0"]
    assert (counts.sent, counts.retry) == (95, 5)
    assert max(healthy) < 1.5


def test_D14_paused_waits_and_removed_gets_nothing_more(
    database: Database, clock: FakeClock
) -> None:
    with FakeReceiver() as receiver:
        with database.writing() as conn:
            paused, removed = (
                hook(conn, receiver.url("/paused")),
                hook(conn, receiver.url("/removed")),
            )
            tell(conn, a_post())
            set_status(conn, paused.id, SubscriptionStatus.PAUSED, at=NOW)
            set_status(conn, removed.id, SubscriptionStatus.REMOVED, at=NOW, reason="không còn cần")
        sender = deliverer(database, clock)
        assert sender.deliver_due().sent == 0
        with database.writing() as conn:
            set_status(conn, paused.id, SubscriptionStatus.ACTIVE, at=NOW)
            assert list_deliveries(conn, subscription_id=removed.id)[0].reason == "không còn cần"
        assert sender.deliver_due().sent == 1
    assert [one.path for one in receiver.received] == ["/paused"]


def test_the_stop_switch_stops_everything_until_it_is_released(
    database: Database, clock: FakeClock
) -> None:
    with FakeReceiver() as receiver:
        with database.writing() as conn:
            hook(conn, receiver.url())
            tell(conn, a_post())
            switch_sending_off(conn, NOW)
        sender = deliverer(database, clock)
        assert sender.deliver_due().sent == 0
        with database.writing() as conn:
            switch_sending_on(conn)
        assert sender.deliver_due().sent == 1


def test_a_replay_goes_out_under_the_same_id(database: Database, clock: FakeClock) -> None:
    with FakeReceiver() as receiver:
        with database.writing() as conn:
            subscription = hook(conn, receiver.url())
            tell(conn, a_post())
        sender = deliverer(database, clock)
        sender.deliver_due()
        with database.writing() as conn:
            assert make_due_again(conn, at=clock(), subscription_id=subscription.id) == 1
        sender.deliver_due()
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_D5_the_environment_names_no_proxy_for_us(
    database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with FakeReceiver() as receiver:
        with database.writing() as conn:
            hook(conn, receiver.url())
            tell(conn, a_post())
        assert deliverer(database, clock).deliver_due().sent == 1


def test_D5_a_private_address_is_refused_again_when_it_is_dialled(
    database: Database, clock: FakeClock
) -> None:
    with FakeReceiver() as receiver:
        with database.writing() as conn:
            hook(conn, receiver.url())
            hook(conn, receiver.url(host="localhost"))
            tell(conn, a_post())
        assert deliverer(database, clock, allow_private_networks=False).deliver_due().failed == 2
    assert receiver.received == []
