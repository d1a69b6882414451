"""What becomes of mails between the ledger and a relay that fails in every way (D6, D13, D14)."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import text

from service.alerts.owing import OWN_FAULT_REST, UNPREPARED
from service.delivery.email import EmailChannel
from service.storage.alarms import own_faults
from service.storage.engine import Database
from service.storage.mails import MAIL_ENDPOINTS, queue_letter
from service.storage.subscriptions import set_status
from service.storage.units import add_unit
from service.types import ChangeType, Filters, Frequency, State, SubscriptionStatus
from tests.fakes import FakeClock
from tests.fakes_email import drain, publish, states
from tests.fakes_ledger_mail import make_post, subscribe, tell
from tests.fakes_mail import FakeRelay, running_relay

BODILESS = '{"address": "b@xa.example", "language": "vi"}'


def test_a_mail_goes_out_once_with_its_reason_receipt_and_verp(
    any_database: Database, clock: FakeClock, made: Callable[..., EmailChannel]
) -> None:
    with any_database.writing() as conn:
        unit = add_unit(conn, name="UBND xã Quảng Ninh", at=clock())
        subscribe(conn, "chi.lan@xa.example", clock(), unit_id=unit.id, name="Lan")
        tell(conn, make_post(conn, clock()), clock())
    with running_relay() as relay:
        drain(any_database, made(relay), clock)
        drain(any_database, made(relay), clock)
    (one,) = relay.received
    mail = email.message_from_bytes(one.mail, policy=email.policy.default)
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]  # it has one
    assert (
        "https://loa.example/receipts/" in html and "UBND xã Quảng Ninh" in html and "“Lan”" in html
    )
    assert "Chỉ đạo điều hành" in html
    assert one.sender.startswith("loa+b-") and one.sender.endswith("@mail.example")
    assert states(any_database) == {"chi.lan@xa.example": "sent"}


def test_D6_a_refusal_is_that_recipients_alone(
    database: Database, clock: FakeClock, made: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, *(f"{n}@xa.example" for n in ("a", "b", "c", "d", "e")))
    codes = {
        "b@xa.example": "550 no such user",
        "c@xa.example": "451 greylisted",
        "d@xa.example": "452 full",
    }
    late = {"e@xa.example": "552 too big"}
    with running_relay(FakeRelay(at_rcpt=codes.get, at_data=late.get)) as relay:
        channel = made(relay)
        drain(database, channel, clock)
        assert states(database) == {
            "a@xa.example": "sent", "b@xa.example": "failed", "c@xa.example": "due",
            "d@xa.example": "due",
            "e@xa.example": "failed",
        }  # fmt: skip
        codes.clear()
        clock.advance(10)
        drain(database, channel, clock)
    assert relay.recipients == ["a@xa.example", "c@xa.example", "d@xa.example"]


def test_D6_a_lost_answer_is_repeated_under_the_same_message_id(
    database: Database, clock: FakeClock, made: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, "a@xa.example")
    with running_relay(FakeRelay(drop_after_data={"a@xa.example"})) as relay:
        channel = made(relay)
        drain(database, channel, clock)
        clock.advance(10)
        drain(database, channel, clock)
    first, second = relay.received
    assert first.mail == second.mail and states(database) == {"a@xa.example": "sent"}


def test_a_mail_that_cannot_be_composed_waits_alone_and_goes_out_when_it_can_be(
    any_database: Database,
    clock: FakeClock,
    made: Callable[..., EmailChannel],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with any_database.writing() as conn:
        subscribe(conn, "a@xa.example", clock())
        for post_id in ("without-portal", "no-json", "what", "good"):
            tell(conn, make_post(conn, clock(), post_id), clock())
        whole: dict[str, str] = dict(
            conn.execute(text("SELECT post_id, payload FROM change")).all()
        )
        for post_id, payload in (
            ("without-portal", '{"data": {"categories": []}}'),
            ("no-json", "{"),
        ):
            values = {"payload": payload, "post": post_id}
            conn.execute(text("UPDATE change SET payload = :payload WHERE post_id = :post"), values)
        conn.execute(text("UPDATE change SET what = '[' WHERE post_id = 'what'"))
        for n, body in enumerate((BODILESS, "{", "[]", '"b@xa.example"')):
            queue_letter(
                conn,
                key=str(n),
                address="b@xa.example",
                subject="x",
                paragraphs=["x"],
                now=clock(),
                language="vi",
            )
            values = {"body": body, "key": f"letter:{n}"}
            conn.execute(text("UPDATE message SET body = :body WHERE group_key = :key"), values)
    with running_relay() as relay:
        results = drain(any_database, made(relay), clock)
        assert relay.recipients == ["a@xa.example"]
        unsent = [one for one in results if one.state is not State.SENT]
        assert [(one.state, one.detail) for one in unsent] == [(State.DUE, UNPREPARED)] * 7
        assert sum("cannot be composed" in record.message for record in caplog.records) == 7
        with any_database.writing() as conn:
            assert own_faults(conn) == 7
            for post_id, payload in whole.items():
                values = {"payload": payload, "post": post_id}
                conn.execute(
                    text("UPDATE change SET payload = :payload, what = '[]' WHERE post_id = :post"),
                    values,
                )
        clock.advance(OWN_FAULT_REST.total_seconds() + 1)
        drain(any_database, made(relay), clock)
    assert relay.recipients == ["a@xa.example"] * 4
    with any_database.reading() as conn:
        assert own_faults(conn) == 4


def test_D13_five_subscriptions_of_one_person_are_one_mail_that_names_every_reason(
    any_database: Database, clock: FakeClock, made: Callable[..., EmailChannel]
) -> None:
    with any_database.writing() as conn:
        for n, frequency in enumerate(["immediate", "daily", "immediate", "weekly", "immediate"]):
            subscribe(
                conn, "Lan@xa.example", clock(), name=f"số {n}", frequency=Frequency(frequency)
            )
        tell(conn, make_post(conn, clock()), clock())
    with running_relay() as relay:
        drain(any_database, made(relay), clock)
    (one,) = relay.received
    body = email.message_from_bytes(one.mail, policy=email.policy.default).get_body(("plain",))
    assert body is not None
    assert all(f"số {n}" in body.get_content() for n in range(5))


def test_D14_removed_gets_nothing_and_paused_waits(
    database: Database, clock: FakeClock, made: Callable[..., EmailChannel]
) -> None:
    publish(database, clock, "a@xa.example", "b@xa.example")
    with database.writing() as conn:
        ids = list(conn.execute(text("SELECT id FROM subscription ORDER BY target")).scalars())
        set_status(conn, ids[0], SubscriptionStatus.REMOVED, at=clock())
        set_status(conn, ids[1], SubscriptionStatus.PAUSED, at=clock())
    with running_relay() as relay:
        channel = made(relay)
        drain(database, channel, clock)
        assert relay.received == []
        with database.writing() as conn:
            set_status(conn, ids[1], SubscriptionStatus.ACTIVE, at=clock())
        drain(database, channel, clock)
    assert relay.recipients == ["b@xa.example"]


def test_alerts_go_before_digests_and_these_before_what_nobody_waits_for(
    any_database: Database, clock: FakeClock, made: Callable[..., EmailChannel]
) -> None:
    with any_database.writing() as conn:
        for n, key in enumerate(reversed(MAIL_ENDPOINTS * 3)):
            queue_letter(
                conn, key=str(n), address=f"{key.replace('#', '-')}@xa.example", subject="x",
                paragraphs=["x"],
                now=clock(), language="vi", endpoint_key=key,
            )  # fmt: skip
        clock.advance(1)
        subscribe(conn, "alert@xa.example", clock())
        tell(conn, make_post(conn, clock()), clock())
    with running_relay(FakeRelay(max_sessions=1)) as relay:
        drain(any_database, made(relay), clock, limit=100)
    order = [one.recipient.partition("@")[0] for one in relay.received]
    assert order[:4] == ["smtp", "smtp", "smtp", "alert"]
    assert order[4:7] == ["smtp-digest"] * 3 and order[7:] == ["smtp-bulk"] * 3


def test_an_update_and_a_withdrawal_refer_to_the_first_mail(
    any_database: Database, clock: FakeClock, made: Callable[..., EmailChannel]
) -> None:
    with any_database.writing() as conn:
        subscribe(conn, "a@xa.example", clock())
        post = make_post(conn, clock())
        tell(conn, post, clock())
    with running_relay() as relay:
        channel = made(relay)
        drain(any_database, channel, clock)
        for revision, kind in ((2, ChangeType.UPDATED), (2, ChangeType.WITHDRAWN)):
            clock.advance(60)
            with any_database.writing() as conn:
                conn.execute(text("UPDATE post SET revision = :n"), {"n": revision})
                tell(conn, replace(post, revision=revision), clock(), kind)
            drain(any_database, channel, clock)
    first, *later = [email.message_from_bytes(one.mail) for one in relay.received]
    assert first["References"] is None and len(later) == 2
    assert {mail["References"] for mail in later} == {first["Message-ID"]}


def test_no_mail_says_an_id_where_a_name_belongs(
    any_database: Database, clock: FakeClock, made: Callable[..., EmailChannel]
) -> None:
    with any_database.writing() as conn:
        subscribe(
            conn, "a@xa.example", clock(), filters=Filters(("directives",), ("qx",), (), ("trực",))
        )
        subscribe(conn, "b@xa.example", clock(), filters=Filters(("directives",)), language="en")
        tell(conn, replace(make_post(conn, clock()), text="trực 24/24"), clock())
    with running_relay() as relay:
        drain(any_database, made(relay), clock)
    vietnamese, english = [
        plain(one.mail) for one in sorted(relay.received, key=lambda one: one.recipient)
    ]
    assert "chuyên mục Chỉ đạo điều hành; cổng UBND huyện Quảng Xương; từ khóa “trực”" in vietnamese
    assert "Your subscription: category Directives" in english
    assert "directives" not in vietnamese and "cổng qx" not in vietnamese


def plain(mail: bytes) -> str:
    body = email.message_from_bytes(mail, policy=email.policy.default).get_body(("plain",))
    assert body is not None
    return str(body.get_content())
